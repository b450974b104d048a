/* The MNIST experiment of Goodfellow et al. 2014, "Generative Adversarial Nets": the networks and
 * hyper-parameters of the published code, its Parzen-window score, and Figures 2 and 3. */
#include <gan/gan.h>

#include "check.h"
#include "digits.h"
#include "files.h"
#include "gallery.h"
#include "interrupt.h"
#include "metrics.h"
#include "options.h"
#include "player.h"
#include "progress.h"
#include "watch.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The digits shipped with libgan; the build gives the full path. */
#ifndef GAN_EXAMPLE_DATA
#define GAN_EXAMPLE_DATA "examples/data"
#endif

/* ---- Settings ------------------------------------------------------------------------------ */

/* The published rule: momentum from 0.5 to 0.7 over 250 epochs, and a learning rate that shrinks
 * a little with every update. */
static const player PUBLISHED = {
    GAN_MOMENTUM,
    GAN_EXPONENTIAL,
    .learning_rate = 0.1,
    .decay = 1.000004,
    .final_learning_rate = 1e-6,
    .momentum = 0.5,
    .final_momentum = 0.7,
    .momentum_epochs = 250,
};

/* What depends on the order of the updates. */
typedef struct {
    const char *schedule;
    double range;                /* G's weights start within -range to range */
    int64_t discriminator_steps; /* k */
    double half, blend;          /* of the objective, see gan/trainer.h */
    const player *generator, *discriminator;
} game;

/* Against the updated D, the published range of 0.05 is too narrow: G starts as almost one picture
 * for all z, and D, always a step ahead, drives its pixels to where they cannot move. docs/guide.md
 * has the measurements. */
static const game GAMES[] = {
    {GAN_SIMULTANEOUS, 0.05, 1, 1, 0, &PUBLISHED, &PUBLISHED},
    {GAN_ALTERNATING, 0.1, 1, 1, 0, &PUBLISHED, &PUBLISHED},
};

enum {
    NOISE = 100,            /* elements of z */
    PARZEN_SAMPLES = 10000, /* of the generator, for the score */
    SIGMAS = 10             /* bandwidths tried, from 0.1 to 1 */
};

/* ---- The command line ---------------------------------------------------------------------- */

typedef struct {
    const char *data, *schedule, *out;
    int64_t epochs, batch, seed, threads;
} arguments;

static arguments read_arguments(int argc, char **argv)
{
    static const char *const schedules[] = {GAN_SIMULTANEOUS, GAN_ALTERNATING, NULL};
    arguments a = {.data = GAN_EXAMPLE_DATA,
                   .schedule = GAN_SIMULTANEOUS,
                   .out = "out/mnist",
                   .epochs = 50,
                   .batch = 100};
    const option table[] = {
        {"--data", "DIR", "folder with the digits", .text = &a.data},
        {"--epochs", "N", "passes over the training digits", .whole = &a.epochs, .minimum = 1,
         .maximum = 1e6},
        {"--batch", "N", "digits of a batch", .whole = &a.batch, .minimum = 1, .maximum = 1e6},
        {"--schedule", "S", "simultaneous (as published) or alternating (Algorithm 1)",
         .text = &a.schedule, .choices = schedules},
        {"--seed", "N", "seed of all that is random", .whole = &a.seed, .maximum = 1e15},
        {"--threads", "N", "0 for one a processor; the results do not depend on it",
         .whole = &a.threads, .maximum = 256},
        {"--out", "DIR", "folder for the results, made if need be", .text = &a.out},
        {.name = NULL}};
    options_parse(argc, argv,
                  "Trains the MNIST networks of Goodfellow et al. 2014, scores the samples and\n"
                  "draws Figures 2 and 3. Ctrl-C ends the training early and keeps the rest.",
                  table);
    return a;
}

static const game *find_game(const char *schedule)
{
    const game *g = GAMES;
    while (strcmp(g->schedule, schedule) != 0) {
        g++; /* the command line allows no schedule that is not in the table */
    }
    return g;
}

/* ---- The players --------------------------------------------------------------------------- */

/* G: 100 -> 1200 -> 1200 -> 784. */
static gan_network *make_generator(gan_context *context, gan_dataset *train, double range,
                                   uint64_t seed)
{
    gan_network *G = NULL;
    check(context, gan_network_create(context, "G", &G));
    int32_t h = gan_network_input(G, "z", 1, (int64_t[]){NOISE});
    h = gan_network_relu(G, gan_network_dense(G, h, 1200));
    h = gan_network_relu(G, gan_network_dense(G, h, 1200));
    int32_t x = gan_network_dense(G, h, DIGIT_PIXELS);
    check(context, gan_network_output(G, gan_network_sigmoid(G, x)));
    check(context, gan_network_set_initializer(G, 0, GAN_INIT_UNIFORM, -range, range));
    check(context, gan_network_set_bias_from_marginals(G, x, train));
    check(context, gan_network_set_noise(G, GAN_NOISE_UNIFORM, -sqrt(3), sqrt(3)));
    check(context, gan_network_initialize(G, seed));
    return G;
}

/* D: 784 -> maxout 240 x 5 -> maxout 240 x 5 -> the logit of the probability of a real digit. */
static gan_network *make_discriminator(gan_context *context, uint64_t seed)
{
    gan_network *D = NULL;
    check(context, gan_network_create(context, "D", &D));
    int32_t x = gan_network_input(D, "x", 1, (int64_t[]){DIGIT_PIXELS});
    x = gan_network_maxout(D, gan_network_dropout(D, x, 0.8), 240, 5);
    x = gan_network_maxout(D, gan_network_dropout(D, x, 0.5), 240, 5);
    x = gan_network_dense(D, gan_network_dropout(D, x, 0.5), 1);
    check(context, gan_network_output(D, x));
    check(context, gan_network_set_initializer(D, 0, GAN_INIT_UNIFORM, -0.005, 0.005));
    check(context, gan_network_initialize(D, seed));
    return D;
}

static gan_trainer *make_trainer(gan_context *context, gan_network *G, gan_network *D,
                                 gan_dataset *train, const arguments *a)
{
    const game *g = find_game(a->schedule);
    const struct {
        const char *key;
        double value;
    } numbers[] = {{GAN_BATCH_SIZE, (double)a->batch},
                   {GAN_DISCRIMINATOR_STEPS, (double)g->discriminator_steps},
                   {GAN_HALF, g->half},
                   {GAN_BLEND, g->blend},
                   {GAN_SEED, (double)a->seed}};
    gan_trainer *trainer = NULL;
    check(context, gan_trainer_create(G, D, train, &trainer));
    check(context, gan_trainer_set_text(trainer, GAN_SCHEDULE, g->schedule));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        check(context, gan_trainer_set_number(trainer, numbers[i].key, numbers[i].value));
    }
    int64_t batches = (gan_dataset_count(train) + a->batch - 1) / a->batch * a->epochs;
    gan_optimizer *for_d = player_optimizer(context, g->discriminator, batches);
    gan_optimizer *for_g =
        player_optimizer(context, g->generator, batches / g->discriminator_steps);
    check(context, gan_trainer_set_discriminator_optimizer(trainer, for_d));
    check(context, gan_trainer_set_generator_optimizer(trainer, for_g));
    gan_optimizer_free(for_d); /* the trainer keeps them alive */
    gan_optimizer_free(for_g);
    return trainer;
}

/* ---- The training -------------------------------------------------------------------------- */

typedef struct {
    int64_t epochs, samples; /* to be trained: passes, and digits shown to D */
    int64_t done;            /* passes that have ended */
    bool stopped;            /* by Ctrl-C */
    progress progress;
    watch watch;
    metrics *log;
} training;

static void record_start(metrics *log, const arguments *a, const digits *d, int32_t threads)
{
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
    metrics_whole(log, "threads", threads);
    metrics_end(log);
}

/* Prints and records the means over an epoch that has ended. */
static void end_epoch(training *t)
{
    progress_line(
        &t->progress, "epoch %lld/%lld, V %.3f, D(x) %.3f, D(G(z)) %.3f", (long long)t->done,
        (long long)t->epochs, watch_value(&t->watch, GAN_METRIC_VALUE),
        watch_value(&t->watch, GAN_METRIC_D_REAL), watch_value(&t->watch, GAN_METRIC_D_FAKE));
    metrics_begin(t->log, "epoch");
    watch_write(&t->watch, t->log);
    metrics_number(t->log, "seconds", progress_seconds(&t->progress));
    metrics_end(t->log);
}

/* The step callback: shows and records how the training goes. Ctrl-C ends it. */
static int32_t on_step(void *user, gan_trainer *trainer)
{
    training *t = user;
    watch_step(&t->watch, trainer);
    double shown = watch_value(&t->watch, GAN_METRIC_SAMPLES);
    int64_t step = (int64_t)watch_value(&t->watch, GAN_METRIC_STEP);
    int64_t epoch = (int64_t)watch_value(&t->watch, GAN_METRIC_EPOCH);
    progress_update(&t->progress, shown / (double)t->samples, step);
    progress_bar(&t->progress, "epoch %lld/%lld, V %.3f",
                 (long long)(epoch < t->epochs ? epoch + 1 : epoch), (long long)t->epochs,
                 watch_value(&t->watch, GAN_METRIC_VALUE));
    if (epoch > t->done) {
        t->done = epoch;
        end_epoch(t);
    }
    return interrupted();
}

static void train(gan_context *context, gan_trainer *trainer, training *t)
{
    int32_t status = gan_trainer_run_epochs(trainer, t->epochs, on_step, t);
    progress_end(&t->progress);
    t->stopped = status == GAN_ERROR_STOPPED;
    if (t->stopped) {
        printf("stopped after %lld whole epoch%s; another Ctrl-C ends the program at once\n",
               (long long)t->done, plural(t->done));
        fflush(stdout);
        return;
    }
    check(context, status);
}

/* ---- The score ----------------------------------------------------------------------------- */

typedef struct {
    double mean, standard_error, sigma;
} parzen;

static float *read_all(gan_context *context, gan_dataset *data)
{
    int64_t count = gan_dataset_count(data);
    float *rows = allocate((size_t)count * DIGIT_PIXELS, sizeof *rows);
    check(context, gan_dataset_read(data, 0, count, rows, count * DIGIT_PIXELS));
    return rows;
}

/* The published protocol: the bandwidth is chosen on the validation digits, and the same samples
 * score the test digits.
 *   samples  [PARZEN_SAMPLES, DIGIT_PIXELS] */
static parzen score_samples(gan_context *context, const float *samples, const digits *d)
{
    double sigmas[SIGMAS];
    for (int i = 0; i < SIGMAS; i++) {
        sigmas[i] = pow(10, -1 + (double)i / (SIGMAS - 1));
    }
    float *validation = read_all(context, d->validation), *test = read_all(context, d->test);
    int64_t best = 0;
    check(context, gan_parzen_choose_sigma(context, DIGIT_PIXELS, PARZEN_SAMPLES, samples,
                                           gan_dataset_count(d->validation), validation, SIGMAS,
                                           sigmas, NULL, &best));
    parzen p = {.sigma = sigmas[best]};
    check(context, gan_parzen_log_likelihood(context, DIGIT_PIXELS, PARZEN_SAMPLES, samples,
                                             gan_dataset_count(d->test), test, p.sigma, &p.mean,
                                             &p.standard_error));
    free(validation);
    free(test);
    if (best == 0 || best == SIGMAS - 1) {
        fprintf(stderr,
                "warning: the bandwidth %g is at the edge of those tried, the score is "
                "not to be trusted\n",
                p.sigma);
    }
    return p;
}

static void record_result(metrics *log, const parzen *p, const training *t, double seconds)
{
    metrics_begin(log, "result");
    metrics_number(log, "parzen_mean", p->mean);
    metrics_number(log, "parzen_se", p->standard_error);
    metrics_number(log, "sigma", p->sigma);
    metrics_whole(log, "samples", PARZEN_SAMPLES);
    metrics_whole(log, "epochs", t->done);
    metrics_number(log, "seconds", seconds);
    if (t->stopped) {
        metrics_flag(log, "interrupted", true);
    }
    metrics_end(log);
}

/* ---- The experiment -------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
    hold_standard_files();
    const arguments a = read_arguments(argc, argv);
    const uint64_t seed = (uint64_t)a.seed;
    gan_context *context = NULL;
    check(NULL, gan_context_create(&context));
    if (a.threads > 0) {
        check(context, gan_context_set_threads(context, (int32_t)a.threads));
    }
    digits d = digits_open(context, a.data);
    make_directories(a.out);
    catch_interrupts();

    gan_network *G = make_generator(context, d.train, find_game(a.schedule)->range, 2 * seed);
    gan_network *D = make_discriminator(context, 2 * seed + 1);
    gan_trainer *trainer = make_trainer(context, G, D, d.train, &a);

    int64_t count = gan_dataset_count(d.train);
    int32_t threads = gan_context_threads(context);
    printf("%lld training digits, %lld epoch%s, batches of %lld, %s updates, %d thread%s\n",
           (long long)count, (long long)a.epochs, plural(a.epochs), (long long)a.batch, a.schedule,
           (int)threads, plural(threads));
    fflush(stdout);
    training t = {.epochs = a.epochs,
                  .samples = a.epochs * count,
                  .progress = progress_start(),
                  .watch = {.context = context},
                  .log = metrics_open(a.out, "metrics.jsonl")};
    record_start(t.log, &a, &d, threads);
    train(context, trainer, &t);
    double seconds = progress_seconds(&t.progress);

    float *samples = allocate((size_t)PARZEN_SAMPLES * DIGIT_PIXELS, sizeof *samples);
    check(context, gan_network_sample(G, seed, PARZEN_SAMPLES, samples,
                                      (int64_t)PARZEN_SAMPLES * DIGIT_PIXELS));
    gallery_samples(context, samples, &d, a.out, "samples.png");
    gallery_interpolation(context, G, seed + 1, a.out, "interpolation.png");
    parzen p = score_samples(context, samples, &d);
    printf("Parzen log-likelihood of %lld test digits: %.1f +- %.1f nats (bandwidth %.3f)\n",
           (long long)gan_dataset_count(d.test), p.mean, p.standard_error, p.sigma);
    record_result(t.log, &p, &t, seconds);
    metrics_close(t.log);
    printf("wrote samples.png, interpolation.png and metrics.jsonl to %s\n", a.out);

    free(samples);
    gan_trainer_free(trainer);
    gan_network_free(D);
    gan_network_free(G);
    digits_free(&d);
    gan_context_free(context);
    flush_file(stdout, "stdout");
    return EXIT_SUCCESS;
}
