/* The five models of the published code of Goodfellow et al. 2014, "Generative Adversarial Nets":
 * digits, faces in two stages, and CIFAR-10 with dense and with convolutional networks; each draws
 * its part of Figure 2, and digits and faces get the Parzen-window score of Table 1. */
#include <gan/gan.h>

#include "check.h"
#include "files.h"
#include "gallery.h"
#include "interrupt.h"
#include "metrics.h"
#include "options.h"
#include "parzen.h"
#include "pictures.h"
#include "published.h"
#include "session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHEET_ROWS = 4 }; /* of Figure 2 */

/* How the players are trained. */
#define PUBLISHED "published"
#define RECIPE "recipe"

/* ---- The command line ---------------------------------------------------------------------- */

typedef struct {
    const char *model, *training, *out, *save, *resume, *generator;
    texts data;
    int64_t epochs, steps, batch, seed, threads;
    double width, average;
} arguments;

static arguments read_arguments(int argc, char **argv)
{
    static const char *const trainings[] = {PUBLISHED, RECIPE, NULL};
    arguments a = {.training = PUBLISHED, .out = "out/paper", .width = 1, .average = 0.999};
    const option table[] = {
        {"MODEL", "", "mnist, tfd-pretrain, tfd, cifar10-full or cifar10-conv", .text = &a.model,
         .choices = PUBLISHED_NAMES},
        {"--data", "PATH...", "folder or files of faces or of CIFAR-10; folder of digits",
         .list = &a.data},
        {"--width", "F", "times the published numbers of hidden units and filters",
         .number = &a.width, .minimum = 1e-6, .maximum = 16},
        {"--training", "T", "published, or recipe: the library's default recipe, beyond the paper",
         .text = &a.training, .choices = trainings},
        {"--epochs", "N", "passes over the data, resumed ones included; 0 for the model's own",
         .whole = &a.epochs, .maximum = 1e6},
        {"--steps", "N", "ends the training after so many batches; 0 for no limit",
         .whole = &a.steps, .maximum = 1e12},
        {"--batch", "N", "pictures of a batch; 0 for the model's own", .whole = &a.batch,
         .maximum = 1e6},
        {"--generator", "FILE", "for tfd: generator.safetensors of tfd-pretrain",
         .text = &a.generator},
        {"--average", "D",
         "decay of the averaged generator in an update of G (the recipe has its own); 0: none",
         .number = &a.average, .maximum = 0.999999999},
        {"--save", "FILE", "receives the state of the training after each epoch", .text = &a.save},
        {"--resume", "FILE", "goes on from a saved state; give the same settings again",
         .text = &a.resume},
        {"--seed", "N", "seed of all that is random", .whole = &a.seed, .maximum = 1e15},
        {"--threads", "N", "0 for one a processor; the results do not depend on it",
         .whole = &a.threads, .maximum = 256},
        {"--out", "DIR", "folder for the results, made if need be", .text = &a.out},
        {.name = NULL}};
    options_parse(
        argc, argv,
        "Trains a model of Goodfellow et al. 2014 as published, or a narrower one, draws\n"
        "samples beside the nearest pictures of the training set, and scores digits and\n"
        "faces. Ctrl-C ends the training early and keeps the rest.",
        table);
    const published *p = published_find(a.model);
    a.epochs = a.epochs > 0 ? a.epochs : p->epochs;
    a.batch = a.batch > 0 ? a.batch : p->batch;
    if (p->above == NULL && a.generator != NULL) {
        usage_error("--generator is for tfd, %s starts from nothing", a.model);
    }
    if (p->above != NULL && a.generator == NULL && a.resume == NULL) {
        usage_error("%s stands on a trained generator: train %s first and give its "
                    "generator.safetensors as --generator",
                    a.model, p->above);
    }
    return a;
}

/* ---- The players --------------------------------------------------------------------------- */

typedef struct {
    gan_context *context;
    const published *model;
    pictures data;
    gan_network *G, *D, *average; /* average: NULL for none */
    uint64_t seed;
} experiment;

/* The trained generator of the model above, from a file; not initialised if there is none. */
static gan_network *load_above(const experiment *e, const arguments *a)
{
    const published *p = published_find(e->model->above);
    gan_network *above = published_generator(e->context, p, a->width, e->data.train, NULL);
    if (a->generator != NULL) {
        int32_t status = gan_network_load(above, a->generator);
        if (status == GAN_ERROR_SHAPE) {
            fail("%s (--width %g; was %s trained with that width?)",
                 gan_context_message(e->context), a->width, p->name);
        }
        check(e->context, status);
    }
    return above;
}

static void make_players(experiment *e, const arguments *a)
{
    gan_network *above = e->model->above != NULL ? load_above(e, a) : NULL;
    e->G = published_generator(e->context, e->model, a->width, e->data.train, above);
    e->D = published_discriminator(e->context, e->model, a->width, e->data.train);
    check(e->context, gan_network_initialize(e->G, 2 * e->seed));
    check(e->context, gan_network_initialize(e->D, 2 * e->seed + 1));
    if (a->generator != NULL) {
        check(e->context, gan_network_copy_parameters(e->G, above, NULL));
    }
    gan_network_free(above);
}

/* ---- The results --------------------------------------------------------------------------- */

static void record_start(const experiment *e, const session *s, const arguments *a)
{
    metrics *log = s->log;
    metrics_begin(log, "start");
    metrics_text(log, "libgan", gan_version_text());
    metrics_text(log, "model", a->model);
    metrics_text(log, "training", a->training);
    metrics_number(log, "width", a->width);
    metrics_whole(log, "generator_parameters", gan_network_parameter_elements(e->G));
    metrics_whole(log, "discriminator_parameters", gan_network_parameter_elements(e->D));
    metrics_whole(log, "pictures", gan_dataset_count(e->data.train));
    metrics_whole(log, "epochs", a->epochs);
    metrics_whole(log, "steps", a->steps);
    metrics_whole(log, "batch", a->batch);
    metrics_whole(log, "seed", a->seed);
    metrics_number(log, "average", a->average);
    metrics_whole(log, "threads", gan_context_threads(s->context));
    if (a->resume != NULL) {
        metrics_text(log, "resumed", a->resume);
        metrics_whole(log, "step", s->first);
    }
    metrics_end(log);
}

/* The score of all folds. Of several: the mean of their scores and its standard error across them,
 * which is what Table 1 has of faces, and the least of their bandwidths. */
typedef struct {
    parzen all;
    double greatest_sigma;
} folds_score;

/* The score of a generator, each fold in a record of its own. */
static folds_score score_folds(const experiment *e, gan_network *generator, const char *whose,
                               metrics *log)
{
    const int64_t elements = gan_network_output_elements(generator);
    const int folds = e->data.folds;
    float *samples = allocate((size_t)(PARZEN_SAMPLES * elements), sizeof *samples);
    check(e->context, gan_network_sample(generator, e->seed, PARZEN_SAMPLES, samples,
                                         PARZEN_SAMPLES * elements));
    parzen p = {.mean = 0}, all = {.sigma = HUGE_VAL};
    double squares = 0, greatest = 0;
    for (int k = 0; k < folds; k++) {
        p = parzen_score(e->context, samples, e->data.validation[k], e->data.test[k]);
        parzen_warn(&p, whose);
        metrics_begin(log, "fold");
        metrics_text(log, "generator", whose);
        metrics_whole(log, "fold", k);
        metrics_whole(log, "rows", gan_dataset_count(e->data.test[k]));
        metrics_whole(log, "validation_rows", gan_dataset_count(e->data.validation[k]));
        parzen_write(&p, log, "mean", "se", "sigma", "edge");
        metrics_end(log);
        double change = p.mean - all.mean;
        all.mean += change / (k + 1);
        squares += change * (p.mean - all.mean);
        all.sigma = fmin(all.sigma, p.sigma);
        greatest = fmax(greatest, p.sigma);
        all.edge |= p.edge;
    }
    free(samples);
    all.standard_error = folds > 1 ? sqrt(squares / (folds - 1) / folds) : p.standard_error;
    return (folds_score){all, greatest};
}

static void print_score(const folds_score *f, const char *whose, int folds)
{
    printf("Parzen log-likelihood, %s generator: %.1f +- %.1f nats (%d fold%s, bandwidth%s %.3f",
           whose, f->all.mean, f->all.standard_error, folds, plural(folds), plural(folds),
           f->all.sigma);
    if (folds > 1) {
        printf(" to %.3f", f->greatest_sigma);
    }
    printf(")\n");
    fflush(stdout);
}

/* Writes the score into a record under the keys of parzen_write, and one for the greatest bandwidth
 * of several. */
static void record_score(const folds_score *f, int folds, const char *const *keys, metrics *log)
{
    parzen_write(&f->all, log, keys[0], keys[1], keys[2], keys[3]);
    if (folds > 1) {
        metrics_number(log, keys[4], f->greatest_sigma);
    }
}

/* Draws the samples of one generator, saves its parameters, scores it. */
static folds_score finish(const experiment *e, gan_network *generator, const char *whose,
                          metrics *log, const char *directory, const char *sheet,
                          const char *parameters)
{
    const gallery g = {SHEET_ROWS, e->data.channels, e->data.side, e->data.centred};
    const int64_t count = SHEET_ROWS * GALLERY_SAMPLES;
    const int64_t elements = count * gan_network_output_elements(generator);
    float *samples = allocate((size_t)elements, sizeof *samples);
    check(e->context, gan_network_sample(generator, e->seed, count, samples, elements));
    gallery_samples(e->context, &g, samples, e->data.train, directory, sheet);
    free(samples);
    char *path = join_path(directory, parameters);
    check(e->context, gan_network_save(generator, path));
    free(path);
    folds_score f = {.all = {.mean = 0}};
    if (e->data.folds > 0) {
        f = score_folds(e, generator, whose, log);
        print_score(&f, whose, e->data.folds);
    }
    return f;
}

static void finish_all(const experiment *e, const session *s, const char *directory)
{
    static const char *const keys[][5] = {
        {"parzen_mean", "parzen_se", "sigma", "edge", "greatest_sigma"},
        {"average_mean", "average_se", "average_sigma", "average_edge", "average_greatest_sigma"}};
    metrics *log = s->log;
    const char *raw_sheet = e->average != NULL ? "samples-raw.png" : "samples.png";
    folds_score average = {.all = {.mean = 0}};
    folds_score raw = finish(e, e->G, "raw", log, directory, raw_sheet, "generator.safetensors");
    if (e->average != NULL) {
        average =
            finish(e, e->average, "averaged", log, directory, "samples.png", "average.safetensors");
    }
    metrics_begin(log, "result");
    metrics_whole(log, "pictures", gan_dataset_count(e->data.train));
    if (e->data.folds > 0) {
        record_score(&raw, e->data.folds, keys[0], log);
        metrics_whole(log, "folds", e->data.folds);
        metrics_whole(log, "samples", PARZEN_SAMPLES);
    }
    if (e->data.folds > 0 && e->average != NULL) {
        record_score(&average, e->data.folds, keys[1], log);
    }
    metrics_whole(log, "epochs", s->done);
    metrics_whole(log, "step", s->step);
    metrics_number(log, "seconds", session_seconds(s));
    if (s->stopped) {
        metrics_flag(log, "interrupted", true);
    }
    metrics_end(log);
    printf("wrote samples.png, generator.safetensors%s and metrics.jsonl to %s\n",
           e->average != NULL ? ", samples-raw.png, average.safetensors" : "", directory);
}

/* ---- The experiment ------------------------------------------------------------------------ */

static void print_plan(const experiment *e, const arguments *a)
{
    int64_t threads = gan_context_threads(e->context);
    printf("%s at width %g: G has %lld parameters, D %lld\n", a->model, a->width,
           (long long)gan_network_parameter_elements(e->G),
           (long long)gan_network_parameter_elements(e->D));
    printf("%lld pictures, %lld epoch%s, ", (long long)gan_dataset_count(e->data.train),
           (long long)a->epochs, plural(a->epochs));
    if (a->steps > 0) {
        printf("at most %lld step%s, ", (long long)a->steps, plural(a->steps));
    }
    printf("batches of %lld, %d thread%s\n", (long long)a->batch, (int)threads, plural(threads));
    printf("%s\n", e->data.rows);
    fflush(stdout);
}

/* The batches of an epoch. */
static int64_t count_batches(const experiment *e, const arguments *a)
{
    return (gan_dataset_count(e->data.train) + a->batch - 1) / a->batch;
}

static gan_trainer *make_trainer(const experiment *e, const arguments *a)
{
    gan_trainer *trainer = published_trainer(e->context, e->model, e->G, e->D, e->data.train,
                                             GAN_SIMULTANEOUS, 0, a->batch, a->seed);
    if (strcmp(a->training, RECIPE) == 0) {
        int64_t steps = a->epochs * count_batches(e, a);
        if (a->steps > 0 && a->steps < steps) {
            steps = a->steps;
        }
        check(e->context, gan_trainer_use_recipe(trainer, steps, -1));
    }
    return trainer;
}

int main(int argc, char **argv)
{
    hold_standard_files();
    const arguments a = read_arguments(argc, argv);
    experiment e = {.model = published_find(a.model), .seed = (uint64_t)a.seed};
    check(NULL, gan_context_create(&e.context));
    if (a.threads > 0) {
        check(e.context, gan_context_set_threads(e.context, (int32_t)a.threads));
    }
    e.data = pictures_open(e.context, e.model->data, a.data.count, a.data.values);
    make_directories(a.out);
    catch_interrupts();

    make_players(&e, &a);
    gan_trainer *trainer = make_trainer(&e, &a);
    e.average = session_average(e.context, trainer, e.G, a.average);
    session s = {.context = e.context,
                 .trainer = trainer,
                 .epochs = a.epochs,
                 .steps = a.steps,
                 .batches = count_batches(&e, &a),
                 .save = a.save};
    session_open(&s, a.out, a.resume);
    print_plan(&e, &a);
    record_start(&e, &s, &a);
    session_train(&s);
    finish_all(&e, &s, a.out);
    session_close(&s);

    gan_trainer_free(trainer);
    gan_network_free(e.average);
    gan_network_free(e.D);
    gan_network_free(e.G);
    pictures_free(&e.data);
    gan_context_free(e.context);
    flush_file(stdout, "stdout");
    return EXIT_SUCCESS;
}
