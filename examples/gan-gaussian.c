/* Figure 1 of Goodfellow et al. 2014, "Generative Adversarial Nets": a generator learns a normal
 * distribution of one dimension by Algorithm 1, and the figure shows both players on the way. */
#include <gan/gan.h>

#include "check.h"
#include "figure.h"
#include "files.h"
#include "interrupt.h"
#include "metrics.h"
#include "options.h"
#include "player.h"
#include "progress.h"
#include "score.h"
#include "watch.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Settings ------------------------------------------------------------------------------ */

static const struct {
    int64_t generator_units, discriminator_units; /* of a hidden layer: G has one, D two */
    double start; /* where G starts, in deviations from the data's mean */
    int64_t batch, discriminator_steps, steps;
    double half, blend; /* of the objective, see gan/trainer.h */
    player generator, discriminator;
} SETTINGS = {
    .generator_units = 16,
    .discriminator_units = 16,
    .start = -3,
    .batch = 128,
    .discriminator_steps = 5, /* k of Algorithm 1 */
    .steps = 5000,
    .half = 1,
    .blend = 0,
    /* Not Adam: it moves all of G's weights as fast as its output bias, and bends G on the way. */
    .generator = {GAN_MOMENTUM, GAN_COSINE, .learning_rate = 0.03, .momentum = 0.5},
    .discriminator = {GAN_ADAM, GAN_COSINE, .learning_rate = 0.002, .beta1 = 0.5},
};

/* When the panels of the figure are taken, as shares of the training. */
static const double PANEL_SHARES[FIGURE_PANELS_MAX] = {0, 0.05, 0.25, 1};

enum {
    SAMPLES = 200000, /* behind each number reported, and behind each density drawn */
    RECORDS = 100     /* in metrics.jsonl; every tenth of them is printed */
};

/* ---- The command line ---------------------------------------------------------------------- */

typedef struct {
    moments target;
    int64_t steps, seed, threads;
    const char *out;
} arguments;

static arguments read_arguments(int argc, char **argv)
{
    arguments a = {.target = {4, 0.5}, .steps = SETTINGS.steps, .out = "out/gaussian"};
    double *mean = &a.target.mean, *deviation = &a.target.deviation;
    const option table[] = {
        {"--mean", "X", "mean of the data", .number = mean, .minimum = -1e6, .maximum = 1e6},
        {"--std", "X", "deviation of the data", .number = deviation, .minimum = 1e-6,
         .maximum = 1e6},
        {"--steps", "N", "updates of the generator", .whole = &a.steps, .minimum = 1,
         .maximum = 1e8},
        {"--seed", "N", "seed of all that is random", .whole = &a.seed, .maximum = 1e15},
        {"--threads", "N", "0 for one a processor; the results do not depend on it",
         .whole = &a.threads, .maximum = 256},
        {"--out", "DIR", "folder for the results, made if need be", .text = &a.out},
        {.name = NULL}};
    options_parse(argc, argv,
                  "Trains a generator to draw from a normal distribution, and draws Figure 1 of\n"
                  "Goodfellow et al. 2014. Ctrl-C ends the training early.",
                  table);
    if (fabs(*mean) > 1e4 * *deviation) {
        usage_error("--mean %g is over 10,000 deviations from 0: too far for float32", *mean);
    }
    return a;
}

/* ---- The players --------------------------------------------------------------------------- */

/* G: z -> x. It speaks in units of the data, so that any target will do. */
static gan_network *make_generator(gan_context *context, moments unit, uint64_t seed)
{
    gan_network *G = NULL;
    check(context, gan_network_create(context, "G", &G));
    int32_t h = gan_network_input(G, "z", 1, (int64_t[]){1});
    h = gan_network_tanh(G, gan_network_dense(G, h, SETTINGS.generator_units));
    int32_t x = gan_network_dense(G, h, 1);
    check(context, gan_network_output(G, gan_network_affine(G, x, unit.deviation, unit.mean)));
    check(context, gan_network_set_bias(G, x, SETTINGS.start));
    check(context, gan_network_set_noise(G, GAN_NOISE_NORMAL, 0, 1));
    check(context, gan_network_initialize(G, seed));
    return G;
}

/* D: x -> the logit of the probability that x comes from the data. */
static gan_network *make_discriminator(gan_context *context, moments unit, uint64_t seed)
{
    gan_network *D = NULL;
    check(context, gan_network_create(context, "D", &D));
    int32_t h = gan_network_input(D, "x", 1, (int64_t[]){1});
    h = gan_network_affine(D, h, 1 / unit.deviation, -unit.mean / unit.deviation);
    h = gan_network_tanh(D, gan_network_dense(D, h, SETTINGS.discriminator_units));
    h = gan_network_tanh(D, gan_network_dense(D, h, SETTINGS.discriminator_units));
    check(context, gan_network_output(D, gan_network_dense(D, h, 1)));
    check(context, gan_network_initialize(D, seed));
    return D;
}

/* Algorithm 1: k updates of D, then one of G. */
static gan_trainer *make_trainer(gan_context *context, gan_network *G, gan_network *D,
                                 gan_dataset *data, const arguments *a)
{
    const struct {
        const char *key;
        double value;
    } numbers[] = {{GAN_BATCH_SIZE, (double)SETTINGS.batch},
                   {GAN_DISCRIMINATOR_STEPS, (double)SETTINGS.discriminator_steps},
                   {GAN_HALF, SETTINGS.half},
                   {GAN_BLEND, SETTINGS.blend},
                   {GAN_SHUFFLE, 0}, /* no sample comes twice */
                   {GAN_SEED, (double)a->seed}};
    gan_trainer *trainer = NULL;
    check(context, gan_trainer_create(G, D, data, &trainer));
    check(context, gan_trainer_set_text(trainer, GAN_SCHEDULE, GAN_ALTERNATING));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        check(context, gan_trainer_set_number(trainer, numbers[i].key, numbers[i].value));
    }
    int64_t updates = a->steps * SETTINGS.discriminator_steps;
    gan_optimizer *for_d = player_optimizer(context, &SETTINGS.discriminator, updates);
    gan_optimizer *for_g = player_optimizer(context, &SETTINGS.generator, a->steps);
    check(context, gan_trainer_set_discriminator_optimizer(trainer, for_d));
    check(context, gan_trainer_set_generator_optimizer(trainer, for_g));
    gan_optimizer_free(for_d); /* the trainer keeps them alive */
    gan_optimizer_free(for_g);
    return trainer;
}

/* As many samples of the data as the training will use. */
static gan_dataset *make_data(gan_context *context, const arguments *a)
{
    gan_dataset *data = NULL;
    int64_t count = a->steps * SETTINGS.discriminator_steps * SETTINGS.batch;
    check(context, gan_dataset_gaussian(context, count, a->target.mean, a->target.deviation,
                                        (uint64_t)a->seed, &data));
    return data;
}

/* The data's own mean and deviation, measured on its first samples. */
static moments measure(gan_context *context, gan_dataset *data)
{
    enum { MEASURED = 10000 };
    int64_t count = gan_dataset_count(data) < MEASURED ? gan_dataset_count(data) : MEASURED;
    float *x = allocate(MEASURED, sizeof *x);
    check(context, gan_dataset_read(data, 0, count, x, MEASURED));
    moments unit = moments_of(x, count);
    free(x);
    return unit;
}

/* ---- The panels of the figure -------------------------------------------------------------- */

/* D at the points of the figure. */
static void draw_discriminator(gan_context *context, gan_network *D, const figure *f,
                               figure_panel *panel)
{
    float x[FIGURE_POINTS], logits[FIGURE_POINTS];
    for (int i = 0; i < FIGURE_POINTS; i++) {
        x[i] = (float)figure_point(f, i);
    }
    check(context, gan_network_forward(D, FIGURE_POINTS, x, logits, FIGURE_POINTS));
    for (int i = 0; i < FIGURE_POINTS; i++) {
        panel->discriminator[i] = 1 / (1 + exp(-(double)logits[i]));
    }
}

/* The density of G: how evenly spread quantiles of z fall into the cells of the figure. */
static void draw_density(gan_context *context, gan_network *G, const figure *f, figure_panel *panel)
{
    float *z = allocate(SAMPLES, sizeof *z), *x = allocate(SAMPLES, sizeof *x);
    for (int i = 0; i < SAMPLES; i++) {
        z[i] = (float)figure_quantile((i + 0.5) / SAMPLES);
    }
    check(context, gan_network_forward(G, SAMPLES, z, x, SAMPLES));
    check(context,
          gan_histogram(context, SAMPLES, x, f->low, f->high, FIGURE_POINTS, panel->density));
    for (int i = 0; i < FIGURE_POINTS; i++) {
        panel->density[i] *= FIGURE_POINTS / (f->high - f->low);
    }
    free(z);
    free(x);
}

/* x = G(z) for the arrows. */
static void draw_arrows(gan_context *context, gan_network *G, figure_panel *panel)
{
    float z[FIGURE_ARROWS], x[FIGURE_ARROWS];
    for (int i = 0; i < FIGURE_ARROWS; i++) {
        z[i] = (float)figure_quantile((i + 0.5) / FIGURE_ARROWS);
    }
    check(context, gan_network_forward(G, FIGURE_ARROWS, z, x, FIGURE_ARROWS));
    for (int i = 0; i < FIGURE_ARROWS; i++) {
        panel->arrows[i] = (double)x[i];
    }
}

static void add_panel(gan_context *context, gan_network *G, gan_network *D, int64_t steps,
                      figure *f)
{
    figure_panel *panel = &f->panels[f->panel_count++];
    if (steps == 0) {
        snprintf(panel->caption, sizeof panel->caption, "before training");
    } else {
        snprintf(panel->caption, sizeof panel->caption, "after %lld step%s", (long long)steps,
                 plural(steps));
    }
    draw_discriminator(context, D, f, panel);
    draw_density(context, G, f, panel);
    draw_arrows(context, G, panel);
}

/* ---- The training -------------------------------------------------------------------------- */

typedef struct {
    int64_t steps; /* to be made */
    int64_t made;  /* so far */
    bool stopped;  /* by Ctrl-C */
    progress progress;
    watch watch;
    metrics *log;
} training;

static void record_start(metrics *log, const arguments *a, int32_t threads)
{
    metrics_begin(log, "start");
    metrics_text(log, "libgan", gan_version_text());
    metrics_number(log, "target_mean", a->target.mean);
    metrics_number(log, "target_deviation", a->target.deviation);
    metrics_whole(log, "steps", a->steps);
    metrics_whole(log, "batch", SETTINGS.batch);
    metrics_whole(log, "k", SETTINGS.discriminator_steps);
    metrics_whole(log, "seed", a->seed);
    metrics_whole(log, "threads", threads);
    metrics_end(log);
}

/* The step callback: shows and records how the training goes. Ctrl-C ends it. */
static int32_t on_step(void *user, gan_trainer *trainer)
{
    training *t = user;
    watch_step(&t->watch, trainer);
    int64_t step = t->made = (int64_t)watch_value(&t->watch, GAN_METRIC_STEP);
    double value = watch_value(&t->watch, GAN_METRIC_VALUE);
    progress_update(&t->progress, (double)step / (double)t->steps, step);
    progress_bar(&t->progress, "step %lld/%lld, V %.3f", (long long)step, (long long)t->steps,
                 value);
    if (step * RECORDS / t->steps != (step - 1) * RECORDS / t->steps) {
        if (step * RECORDS / t->steps % 10 == 0) {
            progress_line(&t->progress, "step %lld/%lld, V %.3f", (long long)step,
                          (long long)t->steps, value);
        }
        metrics_begin(t->log, "progress");
        watch_write(&t->watch, t->log);
        metrics_number(t->log, "seconds", progress_seconds(&t->progress));
        metrics_end(t->log);
    }
    return interrupted();
}

/* Trains, and stops on the way to look at the players. */
static void train(gan_context *context, gan_trainer *trainer, gan_network *G, gan_network *D,
                  training *t, figure *f)
{
    add_panel(context, G, D, 0, f);
    t->progress = progress_start();
    for (int i = 1; i < FIGURE_PANELS_MAX && !t->stopped; i++) {
        int64_t missing = (int64_t)ceil(PANEL_SHARES[i] * (double)t->steps) - t->made;
        if (missing > 0) { /* a short training has fewer panels */
            int32_t status = gan_trainer_run(trainer, missing, on_step, t);
            t->stopped = status == GAN_ERROR_STOPPED;
            if (status != GAN_OK) {
                progress_end(&t->progress);
            }
            check(context, t->stopped ? GAN_OK : status);
            add_panel(context, G, D, t->made, f);
        }
    }
    progress_end(&t->progress);
    if (t->stopped) {
        printf("stopped after %lld of %lld step%s\n", (long long)t->made, (long long)t->steps,
               plural(t->steps));
        fflush(stdout);
    }
}

/* ---- The result ---------------------------------------------------------------------------- */

static void print_result(const score *s, moments target)
{
    /* Four digits of a deviation like the target's, and the columns stay in line. */
    int digits = (int)fmax(0, 3 - floor(log10(target.deviation)));
    int width = digits > 7 ? digits + 3 : 10;
    printf("mean       %*.*f        data %.9g, off by %.3f deviations\n", width, digits,
           s->learned.mean, target.mean, fabs(score_mean_error(s, target)));
    printf("deviation  %*.*f        data %.9g, off by %.1f %%\n", width, digits,
           s->learned.deviation, target.deviation, 100 * fabs(score_deviation_error(s, target)));
    printf("divergence %*.4f nats   Jensen-Shannon, 0 for equal, %.3f for disjoint\n", width,
           s->divergence, log(2));
    printf("V(D, G)    %*.4f nats   -log 4 = %.4f at the solution, off by %.4f\n", width, s->value,
           -log(4), fabs(score_value_error(s)));
    printf("|D - 1/2|  %*.4f        mean over data and samples, 0 at the solution\n", width,
           s->off_half);
}

static void record_result(metrics *log, const score *s, bool converged, const training *t,
                          double seconds)
{
    metrics_begin(log, "result");
    metrics_number(log, "mean", s->learned.mean);
    metrics_number(log, "deviation", s->learned.deviation);
    metrics_number(log, "divergence", s->divergence);
    metrics_number(log, "value", s->value);
    metrics_number(log, "off_half", s->off_half);
    metrics_flag(log, "converged", converged);
    metrics_whole(log, "steps", t->made);
    metrics_number(log, "seconds", seconds);
    if (t->stopped) {
        metrics_flag(log, "interrupted", true);
    }
    metrics_end(log);
}

int main(int argc, char **argv)
{
    hold_standard_files();
    const arguments a = read_arguments(argc, argv);
    const uint64_t seed = (uint64_t)a.seed;
    make_directories(a.out);
    catch_interrupts();

    gan_context *context = NULL;
    check(NULL, gan_context_create(&context));
    if (a.threads > 0) {
        check(context, gan_context_set_threads(context, (int32_t)a.threads));
    }
    gan_dataset *data = make_data(context, &a);
    moments unit = measure(context, data);
    gan_network *G = make_generator(context, unit, 2 * seed);
    gan_network *D = make_discriminator(context, unit, 2 * seed + 1);
    gan_trainer *trainer = make_trainer(context, G, D, data, &a);

    printf("Algorithm 1 towards N(%.9g, %.9g^2): %lld step%s, k = %lld, batches of %lld\n",
           a.target.mean, a.target.deviation, (long long)a.steps, plural(a.steps),
           (long long)SETTINGS.discriminator_steps, (long long)SETTINGS.batch);
    fflush(stdout);
    training t = {.steps = a.steps,
                  .watch = {.context = context},
                  .log = metrics_open(a.out, "metrics.jsonl")};
    figure f = {.mean = a.target.mean,
                .deviation = a.target.deviation,
                .low = a.target.mean - 5 * a.target.deviation,
                .high = a.target.mean + 4 * a.target.deviation,
                .z_low = -3,
                .z_high = 3};
    record_start(t.log, &a, gan_context_threads(context));
    train(context, trainer, G, D, &t, &f);
    double seconds = progress_seconds(&t.progress);

    score s = score_players(context, G, D, a.target, SAMPLES, seed + 1);
    bool converged = score_converged(&s, a.target);
    print_result(&s, a.target);
    puts(converged ? "converged" : "not converged");
    figure_save(&f, a.out);
    record_result(t.log, &s, converged, &t, seconds);
    metrics_close(t.log);
    printf("wrote figure1.png, figure1.svg and metrics.jsonl to %s\n", a.out);

    gan_trainer_free(trainer);
    gan_network_free(D);
    gan_network_free(G);
    gan_dataset_free(data);
    gan_context_free(context);
    flush_file(stdout, "stdout");
    return EXIT_SUCCESS;
}
