#include "stacked_run.h"

#include "check.h"
#include "curves.h"
#include "digits.h"
#include "files.h"
#include "gallery.h"
#include "player.h"
#include "session.h"
#include "stacked.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    BATCH = 64,
    STEPS = 7000,
    SCORE_SEED = 1000000, /* of the samples that are scored */
    SHEET_ROWS = 8,
    SHEET_COLUMNS = 16,
    MOMENTS = 9,  /* of the training, whose samples are shown */
    POINTS = 1024 /* scores of a training, at most */
};

static const double GOOD_ACCURACY = 0.985, GOOD_KL = 0.08;

/* Published rows. Scores of other networks and classifiers, but of the same protocol. */
static const char PACGAN[] = "Lin et al. 2018, PacGAN, Table 2",
                  R3GAN[] = "Huang et al. 2024, as quoted";
static const struct {
    const char *who, *where;
    double modes, kl;
} PUBLISHED[] = {{"ALI", PACGAN, 16, 5.40},
                 {"Unrolled GAN", PACGAN, 48.7, 4.32},
                 {"DCGAN", PACGAN, 99, 3.40},
                 {"DCGAN, run anew for PacGAN", PACGAN, 78.9, 4.50},
                 {"VEEGAN", PACGAN, 150, 2.95},
                 {"PacDCGAN2", PACGAN, 1000, 0.06},
                 {"PacDCGAN3", PACGAN, 1000, 0.06},
                 {"PacDCGAN4", PACGAN, 1000, 0.07},
                 {"StyleGAN2", R3GAN, 940, 0.42},
                 {"GAN + R1 + R2", R3GAN, 693, 0.927},
                 {"RpGAN + R1 + R2", R3GAN, 1000, 0.078},
                 {"R3GAN", R3GAN, 1000, 0.029}};

typedef struct {
    gan_context *context;
    const stacked_settings *settings;
    labelled digits;
    stacked *data;
    gan_network *classifier, *G, *D, *average;
    int64_t steps, batch, samples;
    double accuracy;    /* of the classifier on the test digits */
    stacked_score real; /* of pictures of the test digits */
    int points;         /* scores so far */
    double at[POINTS], modes[POINTS], kl[POINTS], raw_kl[POINTS];
    stacked_score raw, mean; /* the last scores of G and of its average */
    stacked_score untrained; /* of G before training; none after --resume */
    int moments;             /* of this sitting, whose samples are kept */
    float *shown;            /* [MOMENTS, SHEET_COLUMNS, 3, 28, 28] in [0, 1] */
} bench;

/* ---- The classifier -------------------------------------------------------------------------- */

static void make_classifier(bench *b, metrics *log)
{
    const stacked_settings *s = b->settings;
    b->classifier = stacked_classifier(b->context, (uint64_t)s->seed);
    if (s->classifier != NULL) {
        check(b->context, gan_network_load(b->classifier, s->classifier));
        b->accuracy = stacked_accuracy(b->context, b->classifier, b->digits.test);
    } else {
        char *path = join_path(s->out, "classifier.safetensors");
        b->accuracy = stacked_train_classifier(b->context, b->classifier, &b->digits,
                                               s->classifier_epochs, (uint64_t)s->seed, log);
        check(b->context, gan_network_save(b->classifier, path));
        free(path);
    }
    b->real = stacked_score_digits(b->context, b->classifier, b->digits.test, b->samples,
                                   SCORE_SEED + (uint64_t)s->seed);
    printf("the classifier names %.2f %% of %lld test digits rightly%s\n", 100 * b->accuracy,
           (long long)gan_dataset_count(b->digits.test),
           b->accuracy < GOOD_ACCURACY ? "; 98.5 % are wanted" : "");
    printf("%lld pictures of real test digits: %.0f modes, KL %.4f\n", (long long)b->samples,
           b->real.modes, b->real.kl);
    fflush(stdout);
}

/* ---- The training ---------------------------------------------------------------------------- */

/* The recipe, with a rate that suits networks so small, a penalty in every fourth step, which costs
 * no quality, and one that does not fade: where it did, the divergence rose again. */
static gan_trainer *make_trainer(bench *b)
{
    const double rate = 5e-4, end = 1e-4, penalty = 3;
    gan_trainer *trainer = NULL;
    check(b->context, gan_trainer_create(b->G, b->D, b->data->pictures, &trainer));
    check(b->context, gan_trainer_set_number(trainer, GAN_BATCH_SIZE, (double)b->batch));
    check(b->context, gan_trainer_set_number(trainer, GAN_SEED, (double)b->settings->seed));
    check(b->context, gan_trainer_set_number(trainer, GAN_DROP_LAST, 1));
    check(b->context, gan_trainer_use_recipe(trainer, b->steps, penalty));
    check(b->context, gan_trainer_set_number(trainer, GAN_FINAL_PENALTY, 1));
    check(b->context, gan_trainer_set_number(trainer, GAN_PENALTY_INTERVAL, 4));
    const player adam = {GAN_ADAM, GAN_COSINE, .learning_rate = rate, .final_learning_rate = end,
                         .beta2 = 0.9};
    for (int i = 0; i < 2; i++) {
        gan_optimizer *optimizer = player_optimizer(b->context, &adam, b->steps);
        check(b->context, gan_optimizer_set_number(optimizer, GAN_BETA1, 0));
        check(b->context, gan_optimizer_set_number(optimizer, GAN_FINAL_BETA2, 0.99));
        check(b->context, i == 0 ? gan_trainer_set_discriminator_optimizer(trainer, optimizer)
                                 : gan_trainer_set_generator_optimizer(trainer, optimizer));
        gan_optimizer_free(optimizer);
    }
    check(b->context, gan_network_clone(b->G, "average", &b->average));
    check(b->context, gan_trainer_set_average(trainer, b->average));
    return trainer;
}

static void write_score(metrics *log, const char *prefix, const stacked_score *score)
{
    char key[32];
    snprintf(key, sizeof key, "%smodes", prefix);
    metrics_number(log, key, score->modes);
    snprintf(key, sizeof key, "%skl", prefix);
    metrics_number(log, key, score->kl);
}

/* Samples of the averaged generator, always from the same z, in [0, 1].
 *   out  [count, 3, 28, 28] */
static void draw_samples(const bench *b, int64_t count, float *out)
{
    const int64_t all = count * gan_network_output_elements(b->average);
    check(b->context, gan_network_sample(b->average, (uint64_t)b->settings->seed, count, out, all));
    for (int64_t i = 0; i < all; i++) {
        out[i] = (out[i] + 1) / 2; /* from [-1, 1] */
    }
}

/* Keeps samples of the first score after each part of what this sitting trains. */
static void keep_samples(bench *b, const session *s)
{
    const int64_t gone = s->step - s->first, all = b->steps - s->first;
    if (b->moments < MOMENTS && gone * (MOMENTS - 1) >= all * b->moments) {
        const int64_t elements = SHEET_COLUMNS * gan_network_output_elements(b->average);
        draw_samples(b, SHEET_COLUMNS, b->shown + b->moments * elements);
        b->moments++;
    }
}

/* Scores G and its average at the end of an epoch, and at the end of all. */
static void score(void *user, session *s)
{
    bench *b = user;
    keep_samples(b, s);
    const uint64_t seed = SCORE_SEED + (uint64_t)b->settings->seed;
    b->raw = stacked_score_generator(b->context, b->classifier, b->G, b->samples, seed);
    b->mean = stacked_score_generator(b->context, b->classifier, b->average, b->samples, seed);
    if (s->step == 0) {
        b->untrained = b->raw;
    }
    if (b->points < POINTS) {
        b->at[b->points] = (double)s->step;
        b->modes[b->points] = b->mean.modes;
        b->kl[b->points] = b->mean.kl;
        b->raw_kl[b->points] = b->raw.kl;
        b->points++;
    }
    progress_end(&s->progress);
    printf("step %lld: %.0f modes, KL %.3f; of the averaged generator %.0f, %.3f\n",
           (long long)s->step, b->raw.modes, b->raw.kl, b->mean.modes, b->mean.kl);
    fflush(stdout);
    metrics_begin(s->log, "score");
    metrics_whole(s->log, "step", s->step);
    write_score(s->log, "raw_", &b->raw);
    write_score(s->log, "", &b->mean);
    metrics_number(s->log, "seconds", session_seconds(s));
    metrics_end(s->log);
}

/* ---- Results --------------------------------------------------------------------------------- */

static void print_row(const char *who, double modes, double kl, const char *where)
{
    printf("%-28s %5.*f  %6.3f   %s\n", who, modes != floor(modes), modes, kl, where);
}

static void print_score(const char *who, const stacked_score *score)
{
    print_row(who, score->modes, score->kl, "");
}

/* Beside published rows if as many samples were scored: with fewer, even a perfect sampler finds
 * fewer modes and has a greater divergence. */
static void print_table(const bench *b)
{
    printf("%-28s modes      KL   (%lld samples)\n", "", (long long)b->samples);
    print_score("the averaged generator", &b->mean);
    print_score("the generator itself", &b->raw);
    if (b->untrained.modes > 0) {
        print_score("before training", &b->untrained);
    }
    print_score("pictures of test digits", &b->real);
    if (b->samples != STACKED_SAMPLES) {
        printf("(published figures are of %d samples and stand beside such only)\n",
               STACKED_SAMPLES);
        return;
    }
    for (size_t i = 0; i < sizeof PUBLISHED / sizeof PUBLISHED[0]; i++) {
        print_row(PUBLISHED[i].who, PUBLISHED[i].modes, PUBLISHED[i].kl, PUBLISHED[i].where);
    }
    const bool reached = b->mean.modes >= STACKED_MODES && b->mean.kl < GOOD_KL;
    printf("1,000 modes with a KL below %.2f: %s%s\n", GOOD_KL, reached ? "reached" : "not reached",
           b->accuracy < GOOD_ACCURACY ? ", by a classifier that is not good enough" : "");
}

static void draw_sheets(const bench *b, const char *directory)
{
    const gallery g = {SHEET_ROWS, STACKED_CHANNELS, DIGIT_SIDE, false};
    const gallery moments = {b->moments, STACKED_CHANNELS, DIGIT_SIDE, false};
    const int64_t count = (int64_t)SHEET_ROWS * SHEET_COLUMNS;
    float *samples =
        allocate((size_t)(count * gan_network_output_elements(b->average)), sizeof *samples);
    draw_samples(b, count, samples);
    gallery_grid(&g, SHEET_COLUMNS, samples, directory, "samples.png");
    gallery_grid(&moments, SHEET_COLUMNS, b->shown, directory, "moments.png");
    free(samples);
}

static void draw_curves(const bench *b, const char *directory)
{
    const curves c = {.title = "Stacked MNIST, averaged generator",
                      .panel_count = 3,
                      .panels = {{"modes found", false, 0, STACKED_MODES, b->real.modes},
                                 {"KL from equal modes, nats", true, 1e-2, 10, b->real.kl},
                                 {"the same without averaging", true, 1e-2, 10, b->real.kl}},
                      .runs = 1,
                      .points = b->points,
                      .steps = b->at,
                      .values = {b->modes, b->kl, b->raw_kl}};
    curves_save(&c, directory, "curves");
}

static void save_generator(const bench *b)
{
    char *path = join_path(b->settings->out, "average.safetensors");
    check(b->context, gan_network_save(b->average, path));
    free(path);
}

static void record_start(const bench *b, metrics *log)
{
    metrics_begin(log, "start");
    metrics_text(log, "libgan", gan_version_text());
    metrics_text(log, "kind", "stacked");
    metrics_whole(log, "digits", gan_dataset_count(b->digits.train));
    metrics_whole(log, "pictures", gan_dataset_count(b->data->pictures));
    metrics_whole(log, "filters", b->settings->filters);
    metrics_whole(log, "generator_parameters", gan_network_parameter_elements(b->G));
    metrics_whole(log, "discriminator_parameters", gan_network_parameter_elements(b->D));
    metrics_whole(log, "steps", b->steps);
    metrics_whole(log, "batch", b->batch);
    metrics_whole(log, "samples", b->samples);
    metrics_whole(log, "seed", b->settings->seed);
    metrics_whole(log, "threads", gan_context_threads(b->context));
    metrics_end(log);
}

static void record_result(const bench *b, const session *s)
{
    const char *classifier = b->settings->classifier;
    metrics_begin(s->log, "result");
    metrics_text(s->log, "classifier", classifier != NULL ? classifier : "classifier.safetensors");
    metrics_number(s->log, "accuracy", b->accuracy);
    metrics_whole(s->log, "samples", b->samples);
    metrics_whole(s->log, "score_seed", SCORE_SEED + b->settings->seed);
    write_score(s->log, "real_", &b->real);
    write_score(s->log, "raw_", &b->raw);
    write_score(s->log, "", &b->mean);
    metrics_whole(s->log, "step", s->step);
    metrics_number(s->log, "seconds", session_seconds(s));
    if (s->stopped) {
        metrics_flag(s->log, "interrupted", true);
    }
    metrics_end(s->log);
}

/* ---- All of it ------------------------------------------------------------------------------- */

static void train(bench *b, gan_trainer *trainer)
{
    const int64_t batches = gan_dataset_count(b->data->pictures) / b->batch;
    session s = {.context = b->context,
                 .trainer = trainer,
                 .epochs = (b->steps + batches - 1) / batches,
                 .steps = b->steps,
                 .batches = batches,
                 .save = b->settings->save,
                 .at_epoch = score,
                 .user = b};
    session_open(&s, b->settings->out, b->settings->resume);
    record_start(b, s.log);
    make_classifier(b, s.log);
    printf("G has %lld parameters, D %lld; %lld steps of %lld pictures\n",
           (long long)gan_network_parameter_elements(b->G),
           (long long)gan_network_parameter_elements(b->D), (long long)b->steps,
           (long long)b->batch);
    if (s.step == 0) {
        score(b, &s);
    }
    session_train(&s);
    if (b->points == 0 || b->at[b->points - 1] < (double)s.step) {
        score(b, &s);
    }
    print_table(b);
    draw_sheets(b, b->settings->out);
    draw_curves(b, b->settings->out);
    save_generator(b);
    record_result(b, &s);
    session_close(&s);
    printf("wrote samples.png, moments.png, curves.png, curves.svg, average.safetensors and "
           "metrics.jsonl to %s\n",
           b->settings->out);
}

void stacked_run(gan_context *context, const stacked_settings *settings)
{
    bench b = {.context = context,
               .settings = settings,
               .steps = settings->steps > 0 ? settings->steps : STEPS,
               .batch = settings->batch > 0 ? settings->batch : BATCH,
               .samples = settings->samples > 0 ? settings->samples : STACKED_SAMPLES};
    const uint64_t seed = (uint64_t)settings->seed;
    b.digits = labelled_open(context, LABELLED_DIGITS, settings->data, true);
    b.data = stacked_open(context, b.digits.train, STACKED_PICTURES, seed);
    b.G = stacked_generator(context, settings->filters, 2 * seed);
    b.D = stacked_discriminator(context, settings->filters, 2 * seed + 1);
    b.shown = allocate((size_t)(MOMENTS * SHEET_COLUMNS * gan_network_output_elements(b.G)),
                       sizeof *b.shown);
    gan_trainer *trainer = make_trainer(&b);
    train(&b, trainer);
    gan_trainer_free(trainer);
    gan_network_free(b.average);
    gan_network_free(b.D);
    gan_network_free(b.G);
    gan_network_free(b.classifier);
    free(b.shown);
    stacked_free(b.data);
    labelled_free(&b.digits);
}
