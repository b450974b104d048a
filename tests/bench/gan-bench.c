/* Measures libgan; docs/performance.md says what and how. */
#include "arguments.h"
#include "cases.h"
#include "handover.h"
#include "options.h"
#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Numbers ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the values. */
static double median(double *values, int64_t count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* Of this process, in bytes. */
static double peak_memory(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
    return (double)usage.ru_maxrss;
#else
    return 1024 * (double)usage.ru_maxrss;
#endif
}

/* ---- Lines --------------------------------------------------------------------------------- */

static void print_number(const char *name, double value)
{
    printf(",\"%s\":%.6g", name, value);
}

static void print_bytes(const char *name, double value)
{
    printf(",\"%s\":%.0f", name, value);
}

/* The beginning of a line: the case, and its products. */
static void print_case(const bench_case *c, const subject *s)
{
    printf("{\"case\":\"%s\",\"threads\":%d", c->name, (int)s->threads);
    if (s->batch > 0) {
        printf(",\"batch\":%lld", (long long)s->batch);
    }
    printf(",\"products\":\"%s\"", gan_context_products(s->context));
    if (c->needed != NULL) {
        print_number("gflop", c->needed(s) * 1e-9);
        print_number("gflop_made", (c->made != NULL ? c->made : c->needed)(s)*1e-9);
    }
}

/* The timings of a case: repeats of it between products of reference. */
typedef struct {
    int64_t steps;      /* of a repeat */
    double *seconds;    /* [repeats] of a step */
    double *references; /* [repeats + 1] operations per second before and after each repeat */
    double *fractions;  /* [repeats] */
    double *handovers;  /* [repeats + 1] in seconds, with more than one thread */
} timings;

/* What the machine does beside the case: before repeat `index`, and after the one before it. */
static void measure_machine(const reference *r, int64_t index, timings *t)
{
    t->references[index] = reference_rate(r);
    if (r->threads > 1) {
        t->handovers[index] = handover_seconds();
    }
}

static void measure(const bench_case *c, subject *s, int64_t repeats, double at_least, timings *t)
{
    const double one = c->run(s, 1); /* the step before it prepared what the first one must */
    t->steps = one < at_least ? (int64_t)ceil(at_least / one) : 1;
    reference r = reference_open(s->threads);
    reference_rate(&r);
    measure_machine(&r, 0, t);
    for (int64_t i = 0; i < repeats; i++) {
        t->seconds[i] = c->run(s, t->steps) / (double)t->steps;
        measure_machine(&r, i + 1, t);
        if (c->needed != NULL) {
            const double beside = (t->references[i] + t->references[i + 1]) / 2;
            t->fractions[i] = c->needed(s) / t->seconds[i] / beside;
        }
    }
    reference_close(&r);
}

static void print_timings(const bench_case *c, const subject *s, int64_t repeats, timings *t)
{
    const double seconds = median(t->seconds, repeats);
    printf(",\"repeats\":%lld,\"steps\":%lld", (long long)repeats, (long long)t->steps);
    print_number("seconds", seconds);
    print_number("seconds_min", t->seconds[0]);
    print_number("seconds_max", t->seconds[repeats - 1]);
    if (c->needed != NULL) {
        print_number("gflops", c->needed(s) / seconds * 1e-9);
        print_number("reference_gflops", median(t->references, repeats + 1) * 1e-9);
        print_number("gemm_fraction", median(t->fractions, repeats));
    }
    if (s->threads > 1) {
        print_number("handover_ns", median(t->handovers, repeats + 1) * 1e9);
        print_number("handover_ns_min", t->handovers[0] * 1e9);
        print_number("handover_ns_max", t->handovers[repeats] * 1e9);
    }
}

static void measure_case(const bench_case *c, subject *s, const arguments *a)
{
    const size_t repeats = (size_t)a->repeats;
    int64_t library_peak = 0;
    c->prepare(s, c);
    c->run(s, 1);
    const double peak = peak_memory(); /* before the matrices of the reference */
    check(s->context, gan_context_memory(s->context, NULL, &library_peak));
    double *values = allocate(4 * repeats + 2, sizeof *values);
    timings t = {.seconds = values,
                 .fractions = values + repeats,
                 .references = values + 2 * repeats,
                 .handovers = values + 3 * repeats + 1};
    measure(c, s, a->repeats, a->seconds, &t);
    print_timings(c, s, a->repeats, &t);
    free(values);
    print_bytes("peak_memory", peak);
    if (library_peak > 0 && c->needed != NULL) {
        print_bytes("library_memory", (double)library_peak);
    }
}

static void do_case(const bench_case *c, int64_t threads, const char *by, int64_t batch,
                    const arguments *a)
{
    subject s = case_open(c, (int32_t)threads, by, batch);
    print_case(c, &s);
    if (a->repeats > 0) {
        measure_case(c, &s, a);
    }
    puts("}");
    case_close(&s);
}

/* ---- The program --------------------------------------------------------------------------- */

/* In a process of its own: its peak of memory is the case's, and what the case before left behind
 * does not matter. */
static void do_case_apart(const bench_case *c, int64_t threads, const char *by, int64_t batch,
                          const arguments *a)
{
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        do_case(c, threads, by, batch, a);
        exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        fail("the case %s failed at %lld threads", c->name, (long long)threads);
    }
}

static bool is_chosen(const arguments *a, const bench_case *c)
{
    for (int32_t i = 0; i < a->case_count; i++) {
        if (strcmp(a->cases[i], c->name) == 0) {
            return true;
        }
    }
    return a->case_count == 0;
}

static void do_chosen(const bench_case *c, const arguments *a)
{
    const int32_t batches = c->trains && a->batch_count > 0 ? a->batch_count : 1;
    for (int32_t b = 0; b < batches; b++) {
        const int64_t batch = c->trains && a->batch_count > 0 ? a->batches[b] : 0;
        for (int32_t t = 0; t < a->thread_count; t++) {
            for (int32_t p = 0; p < a->products_count; p++) {
                do_case_apart(c, a->threads[t], a->products[p], batch, a);
            }
        }
    }
}

static void print_library(const char *path)
{
    struct stat file;
    if (path != NULL && stat(path, &file) == 0) {
        printf("{\"case\":\"library\",\"version\":\"%s\"", gan_version_text());
        for (int32_t i = 0; gan_backend_name(i) != NULL; i++) {
            printf(",\"%s\":\"%s\"", gan_backend_name(i), gan_backend_text(gan_backend_name(i)));
        }
        print_bytes("stripped_bytes", (double)file.st_size);
        puts("}");
    } else if (path != NULL) {
        fprintf(stderr, "the size of the library is left out: no file %s\n", path);
    }
}

int main(int argc, char **argv)
{
    const char *names[LIST_MAX] = {NULL};
    for (int32_t i = 0; CASES[i].name != NULL; i++) {
        names[i] = CASES[i].name;
    }
#ifdef GAN_BENCH_LIBRARY
    const arguments a = arguments_read(argc, argv, names, GAN_BENCH_LIBRARY);
#else
    const arguments a = arguments_read(argc, argv, names, NULL);
#endif
    for (const bench_case *c = CASES; c->name != NULL; c++) {
        if (is_chosen(&a, c)) {
            do_chosen(c, &a);
        }
    }
    print_library(a.library);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
