/* The MNIST experiment of Goodfellow et al. 2014, "Generative Adversarial Nets": the networks and
 * hyper-parameters of the published code, its Parzen-window score, and Figures 2 and 3. Beside the
 * generator G itself, an average of its parameters over the training is scored and drawn. */
#include <gan/gan.h>

#include "check.h"
#include "digits.h"
#include "files.h"
#include "gallery.h"
#include "interrupt.h"
#include "metrics.h"
#include "options.h"
#include "parzen.h"
#include "published.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where G's weights start, for each order of the updates. Against the updated D, the published
 * range of 0.05 is too narrow: G starts as almost one picture for all z, and D, always a step
 * ahead, drives its pixels to where they cannot move. docs/guide.md has the measurements. */
static const struct {
    const char *schedule;
    double range; /* uniform on -range to range */
} STARTS[] = {{GAN_SIMULTANEOUS, 0.05}, {GAN_ALTERNATING, 0.15}};

enum { VALIDATION_SCORED = 4000 }; /* rows scored during the training, at most */

static const gallery SHOWN = {.rows = 10, .channels = 1, .side = DIGIT_SIDE};

/* ---- The command line ---------------------------------------------------------------------- */

typedef struct {
    const char *data, *schedule, *out, *save, *resume, *log;
    int64_t epochs, batch, seed, threads, score_every, keep;
    double average, momentum, truncation;
} arguments;

static arguments read_arguments(int argc, char **argv)
{
    static const char *const schedules[] = {GAN_SIMULTANEOUS, GAN_ALTERNATING, NULL};
    arguments a = {.data = DIGITS_SHIPPED,
                   .schedule = GAN_SIMULTANEOUS,
                   .out = "out/mnist",
                   .epochs = 50,
                   .batch = 100,
                   .average = 0.999,
                   .truncation = 1};
    const option table[] = {
        {"--data", "DIR", "folder with the digits", .text = &a.data},
        {"--epochs", "N", "passes over the training digits, resumed ones included",
         .whole = &a.epochs, .minimum = 1, .maximum = 1e6},
        {"--batch", "N", "digits of a batch", .whole = &a.batch, .minimum = 1, .maximum = 1e6},
        {"--schedule", "S", "simultaneous (as published) or alternating (Algorithm 1)",
         .text = &a.schedule, .choices = schedules},
        {"--average", "D", "decay of the averaged generator in an update of G; 0 for none",
         .number = &a.average, .maximum = 0.999999999},
        {"--truncation", "T", "what z is multiplied by when the averaged generator is sampled",
         .number = &a.truncation, .minimum = 0.01, .maximum = 1},
        {"--momentum", "MU", "of both players from the start on; 0 for the published ramp",
         .number = &a.momentum, .maximum = 0.99},
        {"--score-every", "N", "epochs between scores on validation digits; 0 for none",
         .whole = &a.score_every, .maximum = 1e6},
        {"--save", "FILE", "receives the state of the training after each epoch", .text = &a.save},
        {"--keep", "N",
         "checkpoints to keep in the folder for results: the last, and the best scored",
         .whole = &a.keep, .maximum = 1e6},
        {"--resume", "FILE", "goes on from a saved state, or from the last or best checkpoint",
         .text = &a.resume},
        {"--log", "FILE",
         "receives the metrics of each step: .jsonl, .csv, or tfevents in its name",
         .text = &a.log},
        {"--seed", "N", "seed of all that is random", .whole = &a.seed, .maximum = 1e15},
        {"--threads", "N", "0 for one a processor; the results do not depend on it",
         .whole = &a.threads, .maximum = 256},
        {"--out", "DIR", "folder for the results, made if need be", .text = &a.out},
        {.name = NULL}};
    options_parse(argc, argv,
                  "Trains the MNIST networks of Goodfellow et al. 2014, scores the samples and\n"
                  "draws Figures 2 and 3. Ctrl-C ends the training early and keeps the rest.",
                  table);
    if (a.average == 0 && a.truncation < 1) {
        usage_error("--truncation is for the averaged generator, --average 0 makes none");
    }
    return a;
}

/* ---- The experiment ------------------------------------------------------------------------ */

typedef struct {
    gan_context *context;
    digits data;
    gan_network *G, *D, *average; /* average: NULL for none */
    uint64_t seed;
    int64_t score_every; /* epochs */
    float *samples;      /* [PARZEN_SAMPLES, DIGIT_PIXELS], room for */
} experiment;

static void make_players(experiment *e, const char *schedule)
{
    const published *p = published_find("mnist");
    e->G = published_generator(e->context, p, 1, e->data.train, NULL);
    e->D = published_discriminator(e->context, p, 1, e->data.train);
    for (size_t i = 0; i < sizeof STARTS / sizeof STARTS[0]; i++) {
        if (strcmp(STARTS[i].schedule, schedule) == 0) {
            double range = STARTS[i].range;
            check(e->context,
                  gan_network_set_initializer(e->G, 0, GAN_INIT_UNIFORM, -range, range));
        }
    }
    check(e->context, gan_network_initialize(e->G, 2 * e->seed));
    check(e->context, gan_network_initialize(e->D, 2 * e->seed + 1));
}

/* The averaged generator is a network of its own: its prior need not be the one that G is trained
 * with. A narrower one gives up some variety for samples nearer to the middle of what was learned
 * (the truncation trick of Brock et al. 2019, Large Scale GAN Training). */
static void truncate_noise(const experiment *e, double truncation)
{
    double range = truncation * published_find("mnist")->noise;
    if (e->average != NULL) {
        check(e->context, gan_network_set_noise(e->average, GAN_NOISE_UNIFORM, -range, range));
    }
}

static void record_start(const session *s, const arguments *a, const digits *d)
{
    metrics *log = s->log;
    metrics_begin(log, "start");
    metrics_text(log, "libgan", gan_version_text());
    metrics_text(log, "schedule", a->schedule);
    metrics_text(log, "data", a->data);
    metrics_whole(log, "digits", gan_dataset_count(d->train));
    metrics_whole(log, "validation_digits", gan_dataset_count(d->validation));
    metrics_whole(log, "test_digits", gan_dataset_count(d->test));
    metrics_whole(log, "epochs", a->epochs);
    metrics_whole(log, "batch", a->batch);
    metrics_whole(log, "seed", a->seed);
    metrics_number(log, "average", a->average);
    metrics_number(log, "truncation", a->truncation);
    metrics_number(log, "momentum", a->momentum);
    metrics_whole(log, "threads", gan_context_threads(s->context));
    if (a->resume != NULL) {
        metrics_text(log, "resumed", a->resume);
        metrics_whole(log, "step", s->first);
    }
    metrics_end(log);
}

static gan_dataset *slice(gan_context *context, gan_dataset *data, int64_t start, int64_t count)
{
    gan_dataset *part = NULL;
    check(context, gan_dataset_slice(data, start, count, &part));
    return part;
}

static void draw_samples(const experiment *e, gan_network *generator)
{
    check(e->context, gan_network_sample(generator, e->seed, PARZEN_SAMPLES, e->samples,
                                         (int64_t)PARZEN_SAMPLES * DIGIT_PIXELS));
}

static parzen score_generator(const experiment *e, gan_network *generator, gan_dataset *chooses,
                              gan_dataset *scored)
{
    draw_samples(e, generator);
    return parzen_score(e->context, e->samples, chooses, scored);
}

/* At the end of some epochs: scores on validation digits only, so that the test digits stay unseen
 * whatever is chosen by these numbers. The rows that choose the bandwidth are not scored; where
 * there are few rows, one half chooses and the other is scored. */
static void score_epoch(void *user, session *s)
{
    const experiment *e = user;
    if (e->score_every == 0 || s->done % e->score_every != 0) {
        return;
    }
    int64_t rows = gan_dataset_count(e->data.validation);
    int64_t first = rows < 2 * PARZEN_VALIDATION ? rows / 2 : PARZEN_VALIDATION,
            next = rows - first;
    next = next > VALIDATION_SCORED ? VALIDATION_SCORED : next;
    gan_dataset *chooses = slice(e->context, e->data.validation, 0, first);
    gan_dataset *scored = slice(e->context, e->data.validation, first, next);
    parzen raw = score_generator(e, e->G, chooses, scored), average = {.mean = 0};
    s->value = raw.mean;
    metrics_begin(s->log, "score");
    metrics_whole(s->log, "epoch", s->done);
    metrics_whole(s->log, "step", s->step);
    metrics_whole(s->log, "rows", next);
    parzen_write(&raw, s->log, "mean", "se", "sigma", "edge");
    progress_end(&s->progress);
    printf("epoch %lld, Parzen log-likelihood of %lld validation digits: %.1f +- %.1f",
           (long long)s->done, (long long)next, raw.mean, raw.standard_error);
    if (e->average != NULL) {
        average = score_generator(e, e->average, chooses, scored);
        s->value = average.mean;
        parzen_write(&average, s->log, "average_mean", "average_se", "average_sigma",
                     "average_edge");
        printf(", averaged %.1f +- %.1f", average.mean, average.standard_error);
    }
    metrics_number(s->log, "seconds", session_seconds(s));
    metrics_end(s->log);
    printf("\n");
    fflush(stdout);
    parzen_warn(&raw, "raw");
    parzen_warn(&average, "averaged");
    gan_dataset_free(scored);
    gan_dataset_free(chooses);
}

/* Draws the samples of one generator, scores them on the test digits, and saves its parameters. */
static parzen finish(const experiment *e, gan_network *generator, const char *whose,
                     const char *directory, const char *sheet, const char *parameters)
{
    int64_t rows = gan_dataset_count(e->data.validation);
    rows = rows < PARZEN_VALIDATION ? rows : PARZEN_VALIDATION;
    gan_dataset *chooses = slice(e->context, e->data.validation, 0, rows);
    parzen p = score_generator(e, generator, chooses, e->data.test);
    gan_dataset_free(chooses);
    gallery_samples(e->context, &SHOWN, e->samples, e->data.train, directory, sheet);
    char *path = join_path(directory, parameters);
    check(e->context, gan_network_save(generator, path));
    free(path);
    printf("Parzen log-likelihood of %lld test digits, %s generator: %.1f +- %.1f nats "
           "(bandwidth %.3f)\n",
           (long long)gan_dataset_count(e->data.test), whose, p.mean, p.standard_error, p.sigma);
    fflush(stdout);
    parzen_warn(&p, whose);
    return p;
}

static void record_result(const session *s, const parzen *raw, const parzen *average)
{
    metrics *log = s->log;
    metrics_begin(log, "result");
    parzen_write(raw, log, "parzen_mean", "parzen_se", "sigma", "edge");
    if (average != NULL) {
        parzen_write(average, log, "average_mean", "average_se", "average_sigma", "average_edge");
    }
    metrics_whole(log, "samples", PARZEN_SAMPLES);
    metrics_whole(log, "epochs", s->done);
    metrics_whole(log, "step", s->step);
    metrics_number(log, "seconds", session_seconds(s));
    if (s->stopped) {
        metrics_flag(log, "interrupted", true);
    }
    metrics_end(log);
}

/* Scores and draws what was learned. The pictures are those of the averaged generator if there is
 * one. */
static void finish_all(const experiment *e, const session *s, const char *directory)
{
    const char *others = "generator.safetensors and metrics.jsonl";
    gan_network *best = e->average != NULL ? e->average : e->G;
    if (e->average != NULL) {
        parzen raw = finish(e, e->G, "raw", directory, "samples-raw.png", "generator.safetensors");
        parzen average =
            finish(e, e->average, "averaged", directory, "samples.png", "average.safetensors");
        record_result(s, &raw, &average);
        others = "samples-raw.png, generator.safetensors, average.safetensors and metrics.jsonl";
    } else {
        parzen raw = finish(e, e->G, "raw", directory, "samples.png", "generator.safetensors");
        record_result(s, &raw, NULL);
    }
    gallery_interpolation(e->context, &SHOWN, best, e->seed + 1, directory, "interpolation.png");
    printf("wrote samples.png, interpolation.png, %s to %s\n", others, directory);
}

static void print_plan(const experiment *e, const arguments *a)
{
    int64_t threads = gan_context_threads(e->context);
    printf("%lld training digits, %lld epoch%s, batches of %lld, %s updates, %d thread%s\n",
           (long long)gan_dataset_count(e->data.train), (long long)a->epochs, plural(a->epochs),
           (long long)a->batch, a->schedule, (int)threads, plural(threads));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    hold_standard_files();
    const arguments a = read_arguments(argc, argv);
    experiment e = {.seed = (uint64_t)a.seed, .score_every = a.score_every};
    check(NULL, gan_context_create(&e.context));
    if (a.threads > 0) {
        check(e.context, gan_context_set_threads(e.context, (int32_t)a.threads));
    }
    e.data = digits_open(e.context, a.data);
    e.samples = allocate((size_t)PARZEN_SAMPLES * DIGIT_PIXELS, sizeof *e.samples);
    make_directories(a.out);
    catch_interrupts();

    make_players(&e, a.schedule);
    gan_trainer *trainer = published_trainer(e.context, published_find("mnist"), e.G, e.D,
                                             e.data.train, a.schedule, a.momentum, a.batch, a.seed);
    e.average = session_average(e.context, trainer, e.G, a.average);
    truncate_noise(&e, a.truncation);
    gan_monitor *monitor = NULL;
    check(e.context, gan_monitor_create(trainer, &monitor));
    check(e.context, gan_monitor_set_held_out(monitor, e.data.validation, NULL));
    session s = {.context = e.context,
                 .trainer = trainer,
                 .monitor = monitor,
                 .epochs = a.epochs,
                 .batches = (gan_dataset_count(e.data.train) + a.batch - 1) / a.batch,
                 .save = a.save,
                 .trace = a.log,
                 .keep = a.keep,
                 .at_epoch = score_epoch,
                 .user = &e};
    session_open(&s, a.out, a.resume);
    print_plan(&e, &a);
    record_start(&s, &a, &e.data);
    session_train(&s);
    finish_all(&e, &s, a.out);
    session_close(&s);

    gan_monitor_free(monitor);
    gan_trainer_free(trainer);
    gan_network_free(e.average);
    gan_network_free(e.D);
    gan_network_free(e.G);
    digits_free(&e.data);
    free(e.samples);
    gan_context_free(e.context);
    flush_file(stdout, "stdout");
    return EXIT_SUCCESS;
}
