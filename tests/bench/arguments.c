#include "arguments.h"

#include "options.h"

#include <gan/context.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static noreturn void print_help(const char *program, const char *const *names)
{
    printf(
        "Usage: %s [options]\n"
        "Measures libgan on fixed cases and prints one line of JSON for each; docs/performance.md\n"
        "says what is measured and what the fields mean.\n"
        "\n"
        "Options, with their defaults:\n"
        "  --cases A,B,...     which cases [all]:\n"
        "                     ",
        program);
    for (const char *const *name = names; *name != NULL; name++) {
        printf(" %s", *name);
    }
    puts("\n"
         "  --threads N,...     numbers of threads [1,2]\n"
         "  --products A,...    who makes matrix products: auto, own, blas [auto]\n"
         "  --batch N,...       batch sizes of the cases that train [the case's own]\n"
         "  --repeats N         timings of each case; 0 counts its products only [5]\n"
         "  --seconds X         each of at least so long [0.5]\n"
         "  --library FILE      stripped library, whose size is reported [that of this build]\n"
         "  --help              this text");
    exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static int64_t whole(const char *name, const char *text, int64_t minimum, int64_t maximum)
{
    char *end = NULL;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < minimum || value > maximum) {
        usage_error("%s: '%s' is not a whole number from %lld to %lld", name, text,
                    (long long)minimum, (long long)maximum);
    }
    return value;
}

/* Cuts a list at its commas, in place; returns how many values it has. */
static int32_t split(const char *name, char *text, const char **values)
{
    int32_t count = 0;
    for (char *next = text; next != NULL;) {
        char *comma = strchr(next, ',');
        if (comma != NULL) {
            *comma++ = '\0';
        }
        if (*next == '\0' || count == LIST_MAX) {
            usage_error("%s takes 1 to %d values with commas between them", name, LIST_MAX);
        }
        values[count++] = next;
        next = comma;
    }
    return count;
}

static int32_t split_whole(const char *name, char *text, int64_t maximum, int64_t *values)
{
    const char *parts[LIST_MAX];
    const int32_t count = split(name, text, parts);
    for (int32_t i = 0; i < count; i++) {
        values[i] = whole(name, parts[i], 1, maximum);
    }
    return count;
}

static void check_names(const arguments *a, const char *const *names)
{
    for (int32_t i = 0; i < a->case_count; i++) {
        const char *const *name = names;
        while (*name != NULL && strcmp(*name, a->cases[i]) != 0) {
            name++;
        }
        if (*name == NULL) {
            usage_error("--cases: there is no case '%s'", a->cases[i]);
        }
    }
}

static double positive(const char *name, const char *text)
{
    char *end = NULL;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value) || value <= 0 || value > 3600) {
        usage_error("%s: '%s' is not a number above 0, at most 3600", name, text);
    }
    return value;
}

static void set(arguments *a, const char *name, char *value)
{
    if (strcmp(name, "--cases") == 0) {
        a->case_count = split(name, value, a->cases);
    } else if (strcmp(name, "--threads") == 0) {
        a->thread_count = split_whole(name, value, 256, a->threads);
    } else if (strcmp(name, "--products") == 0) {
        a->products_count = split(name, value, a->products);
    } else if (strcmp(name, "--batch") == 0) {
        a->batch_count = split_whole(name, value, 1 << 20, a->batches);
    } else if (strcmp(name, "--repeats") == 0) {
        a->repeats = whole(name, value, 0, 1000);
    } else if (strcmp(name, "--seconds") == 0) {
        a->seconds = positive(name, value);
    } else if (strcmp(name, "--library") == 0) {
        a->library = value;
    } else {
        usage_error("unknown option '%s'", name);
    }
}

arguments arguments_read(int argc, char **argv, const char *const *names, const char *library)
{
    arguments a = {.thread_count = 2,
                   .threads = {1, 2},
                   .products_count = 1,
                   .products = {GAN_PRODUCTS_AUTO},
                   .repeats = 5,
                   .seconds = 0.5,
                   .library = library};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(argv[0], names);
        }
        char *value = strchr(argv[i], '=');
        char *name = argv[i];
        if (value != NULL) {
            *value++ = '\0';
        } else if (i + 1 < argc) {
            value = argv[++i];
        } else {
            usage_error("%s needs a value", name);
        }
        set(&a, name, value);
    }
    check_names(&a, names);
    return a;
}
