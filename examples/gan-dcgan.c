/* DCGAN (Radford et al. 2016) on small pictures: clothes, CIFAR-10, digits, and digits by their
 * class. Draws samples, and measures what was learned: how well the discriminator's features serve
 * a linear classifier, or how well samples of known classes do as nearest neighbours. */
#include <gan/gan.h>

#include "check.h"
#include "conditional.h"
#include "dcgan.h"
#include "feature_test.h"
#include "files.h"
#include "gallery.h"
#include "interrupt.h"
#include "labelled.h"
#include "metrics.h"
#include "options.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>

enum { SHEET_ROWS = 10 };

/* ---- The command line ---------------------------------------------------------------------- */

typedef struct {
    const char *model, *data, *features, *out, *save, *resume;
    int64_t filters, epochs, steps, batch, draws, seed, threads, score_every;
    double average;
} arguments;

static arguments read_arguments(int argc, char **argv)
{
    arguments a = {.model = "fashion",
                   .out = "out/dcgan",
                   .filters = 32,
                   .batch = 64,
                   .draws = FEATURES_DRAWS,
                   .average = 0.999};
    const option table[] = {
        {"--model", "M", "fashion, cifar10, digits, or conditional (digits by their class)",
         .text = &a.model, .choices = DCGAN_NAMES},
        {"--data", "DIR", "folder with the pictures; not needed for digits and Debian's fashion",
         .text = &a.data},
        {"--filters", "N", "maps of the layers next to the picture; twice as many in each further",
         .whole = &a.filters, .minimum = 1, .maximum = 1024},
        {"--epochs", "N", "passes over the data, resumed ones included; 0 for the model's own",
         .whole = &a.epochs, .maximum = 1e6},
        {"--steps", "N", "ends the training after so many batches; 0 for no limit",
         .whole = &a.steps, .maximum = 1e12},
        {"--batch", "N", "pictures of a batch", .whole = &a.batch, .minimum = 2, .maximum = 1e6},
        {"--average", "D", "decay of the averaged generator in an update of G; 0 for none",
         .number = &a.average, .maximum = 0.999999999},
        {"--score-every", "N", "epochs between scores on validation pictures; 0 for none",
         .whole = &a.score_every, .maximum = 1e6},
        {"--draws", "N", "of 1000 labels, for the test of D's features; 0 leaves it out",
         .whole = &a.draws, .maximum = 1000},
        {"--features", "FILE", "only tests the features of a saved discriminator.safetensors",
         .text = &a.features},
        {"--save", "FILE", "receives the state of the training after each epoch", .text = &a.save},
        {"--resume", "FILE", "goes on from a saved state; give the same settings again",
         .text = &a.resume},
        {"--seed", "N", "seed of all that is random", .whole = &a.seed, .maximum = 1e12},
        {"--threads", "N", "0 for one a processor; the results do not depend on it",
         .whole = &a.threads, .maximum = 256},
        {"--out", "DIR", "folder for the results, made if need be", .text = &a.out},
        {.name = NULL}};
    options_parse(
        argc, argv,
        "Trains the networks of Radford et al. 2016 (DCGAN) on 28 x 28 or 32 x 32 pictures,\n"
        "draws samples, and tests what was learned: D's features with a linear classifier, or,\n"
        "for --model conditional, samples of each class as nearest neighbours of the test\n"
        "pictures. Ctrl-C ends the training early and keeps the rest.",
        table);
    const dcgan_model *m = dcgan_find(a.model);
    a.epochs = a.epochs > 0 ? a.epochs : m->epochs;
    if (a.features != NULL && m->conditional) {
        usage_error("--features is for discriminators that judge pictures without their class");
    }
    if (a.features != NULL && (a.draws == 0 || !features_available())) {
        usage_error(a.draws == 0 ? "--features needs --draws"
                                 : "--features: this program was built without liblinear");
    }
    return a;
}

/* ---- The experiment ------------------------------------------------------------------------ */

typedef struct {
    gan_context *context;
    const dcgan_model *model;
    int64_t filters, score_every, draws;
    uint64_t seed;
    labelled data;
    gan_dataset *classes;       /* of the training pictures; NULL if not conditional */
    dcgan_player G, D, average; /* average.network: NULL for none */
} experiment;

static void open_data(experiment *e, const char *folder)
{
    e->data = labelled_open(e->context, e->model->data, folder, !e->model->conditional);
    if (e->model->conditional) {
        check(e->context, gan_dataset_one_hot(e->data.train, LABELLED_CLASSES, &e->classes));
    }
}

static void make_players(experiment *e)
{
    e->G = dcgan_generator(e->context, e->model, e->filters);
    e->D = dcgan_discriminator(e->context, e->model, e->filters);
    check(e->context, gan_network_initialize(e->G.network, 2 * e->seed));
    check(e->context, gan_network_initialize(e->D.network, 2 * e->seed + 1));
}

static gan_trainer *make_trainer(experiment *e, const arguments *a)
{
    gan_trainer *trainer =
        dcgan_trainer(e->context, &e->G, &e->D, e->data.train, e->classes, a->batch, a->seed);
    if (a->average > 0) {
        e->average = dcgan_copy_generator(e->context, e->model, e->filters, &e->G);
        check(e->context, gan_trainer_set_average(trainer, e->average.network));
        check(e->context, gan_trainer_set_number(trainer, GAN_AVERAGE_DECAY, a->average));
    }
    return trainer;
}

/* The weights of another discriminator that was never trained. */
static dcgan_player random_discriminator(const experiment *e)
{
    dcgan_player D = dcgan_discriminator(e->context, e->model, e->filters);
    check(e->context, gan_network_initialize(D.network, 2 * e->seed + 1000003));
    dcgan_recalibrate(e->context, &D, e->data.train, NULL, e->seed);
    return D;
}

static void record_start(const experiment *e, const session *s, const arguments *a)
{
    metrics *log = s->log;
    metrics_begin(log, "start");
    metrics_text(log, "libgan", gan_version_text());
    metrics_text(log, "model", a->model);
    metrics_whole(log, "filters", a->filters);
    metrics_whole(log, "generator_parameters", gan_network_parameter_elements(e->G.network));
    metrics_whole(log, "discriminator_parameters", gan_network_parameter_elements(e->D.network));
    metrics_whole(log, "pictures", gan_dataset_count(e->data.train));
    metrics_whole(log, "validation_pictures", gan_dataset_count(e->data.validation));
    metrics_whole(log, "test_pictures", gan_dataset_count(e->data.test));
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

/* ---- Scores while it trains ------------------------------------------------------------------ */

/* One draw of labels; one half of the validation rows chooses, the other is scored. */
static double score_features(const experiment *e)
{
    const int64_t rows = gan_dataset_count(e->data.validation), half = rows / 2;
    gan_dataset *chooses = NULL, *scored = NULL;
    check(e->context, gan_dataset_slice(e->data.validation, 0, half, &chooses));
    check(e->context, gan_dataset_slice(e->data.validation, half, rows - half, &scored));
    dcgan_player D = dcgan_copy_discriminator(e->context, e->model, e->filters, &e->D);
    dcgan_recalibrate(e->context, &D, e->data.train, NULL, e->seed);
    double accuracy = features_accuracy(e->context, &D, e->data.train, chooses, scored, e->seed, 0);
    gan_network_free(D.network);
    gan_dataset_free(scored);
    gan_dataset_free(chooses);
    return accuracy;
}

static neighbour_test score_samples(const experiment *e)
{
    const dcgan_player *best = e->average.network != NULL ? &e->average : &e->G;
    dcgan_player G = dcgan_copy_generator(e->context, e->model, e->filters, best);
    dcgan_recalibrate(e->context, &G, NULL, e->classes, e->seed);
    neighbour_test t = conditional_generated(e->context, &G, e->data.validation, e->seed);
    gan_network_free(G.network);
    return t;
}

/* At the end of some epochs, on copies of the players: their training does not depend on it. */
static void score_epoch(void *user, session *s)
{
    const experiment *e = user;
    const bool possible = e->model->conditional || features_available();
    if (e->score_every == 0 || s->done % e->score_every != 0 || !possible) {
        return;
    }
    progress_end(&s->progress);
    metrics_begin(s->log, "score");
    metrics_whole(s->log, "epoch", s->done);
    metrics_whole(s->log, "step", s->step);
    if (e->model->conditional) {
        neighbour_test t = score_samples(e);
        conditional_write(&t, "generated", s->log);
        printf("epoch %lld, validation pictures classified wrongly:\n", (long long)s->done);
        conditional_print(&t, "generated pictures", gan_dataset_count(e->data.validation));
    } else {
        double accuracy = score_features(e);
        metrics_number(s->log, "trained", accuracy);
        printf("epoch %lld, features: %.2f %% of validation pictures right\n", (long long)s->done,
               100 * accuracy);
    }
    metrics_number(s->log, "seconds", session_seconds(s));
    metrics_end(s->log);
    fflush(stdout);
}

/* ---- Results ------------------------------------------------------------------------------- */

static void save_player(const experiment *e, const dcgan_player *p, const char *directory,
                        const char *name)
{
    char *path = join_path(directory, name);
    check(e->context, gan_network_save(p->network, path));
    free(path);
}

/* Measures G's statistics, draws its samples, and saves its parameters. */
static void finish_generator(const experiment *e, const dcgan_player *G, const char *directory,
                             const char *sheet, const char *parameters)
{
    const gallery g = {SHEET_ROWS, e->model->channels, e->model->side, !e->model->conditional};
    dcgan_recalibrate(e->context, G, NULL, e->classes, e->seed);
    save_player(e, G, directory, parameters);
    if (e->model->conditional) {
        conditional_sheet(e->context, &g, G, e->seed, directory, sheet);
        return;
    }
    const int64_t count = (int64_t)SHEET_ROWS * GALLERY_SAMPLES;
    const int64_t all = count * gan_network_output_elements(G->network);
    float *samples = allocate((size_t)all, sizeof *samples);
    check(e->context, gan_network_sample(G->network, e->seed, count, samples, all));
    gallery_samples(e->context, &g, samples, e->data.train, directory, sheet);
    free(samples);
}

static void draw_lines(const experiment *e, const char *directory)
{
    const gallery g = {SHEET_ROWS, e->model->channels, e->model->side, !e->model->conditional};
    const dcgan_player *G = e->average.network != NULL ? &e->average : &e->G;
    if (e->model->conditional) {
        conditional_lines(e->context, &g, G, e->seed + 1, directory, "interpolation.png");
    } else {
        gallery_interpolation(e->context, &g, G->network, e->seed + 1, directory,
                              "interpolation.png");
    }
}

/* The nearest-neighbour test of both generators, into a record that was begun. */
static void test_samples(const experiment *e, metrics *log)
{
    const int64_t tests = gan_dataset_count(e->data.test);
    printf("test pictures classified wrongly by their nearest neighbour, with standard error:\n");
    neighbour_test real = conditional_real(e->context, e->data.train, e->data.test);
    conditional_print(&real, "real pictures", tests);
    conditional_write(&real, "real", log);
    neighbour_test raw = conditional_generated(e->context, &e->G, e->data.test, e->seed);
    conditional_print(&raw, "raw generator's", tests);
    conditional_write(&raw, "generated", log);
    if (e->average.network != NULL) {
        neighbour_test mean = conditional_generated(e->context, &e->average, e->data.test, e->seed);
        conditional_print(&mean, "averaged generator's", tests);
        conditional_write(&mean, "average", log);
    }
    fflush(stdout);
}

/* The test of D's features; its statistics are measured for it. */
static features_result test_features(const experiment *e, metrics *log)
{
    dcgan_player random = random_discriminator(e);
    features_result r = features_test(e->context, &e->D, &random, &e->data, e->seed, e->draws, log);
    gan_network_free(random.network);
    features_print(&r);
    fflush(stdout);
    return r;
}

static void finish_all(const experiment *e, const session *s, const char *directory)
{
    metrics *log = s->log;
    const bool averaged = e->average.network != NULL;
    finish_generator(e, &e->G, directory, averaged ? "samples-raw.png" : "samples.png",
                     "generator.safetensors");
    if (averaged) {
        finish_generator(e, &e->average, directory, "samples.png", "average.safetensors");
    }
    draw_lines(e, directory);
    dcgan_recalibrate(e->context, &e->D, e->data.train, e->classes, e->seed);
    save_player(e, &e->D, directory, "discriminator.safetensors");
    printf("wrote samples.png, interpolation.png, %sgenerator.safetensors, %s"
           "discriminator.safetensors and metrics.jsonl to %s\n",
           averaged ? "samples-raw.png, " : "", averaged ? "average.safetensors, " : "", directory);
    fflush(stdout);

    const bool wanted = !e->model->conditional && e->draws > 0, possible = features_available();
    features_result features = {.draws = 0};
    if (wanted && possible) {
        features = test_features(e, log);
    } else if (wanted) {
        printf("D's features are not tested: this program was built without liblinear\n");
    }
    metrics_begin(log, "result");
    if (e->model->conditional) {
        test_samples(e, log);
    } else if (features.draws > 0) {
        features_write(&features, log);
    }
    metrics_whole(log, "epochs", s->done);
    metrics_whole(log, "step", s->step);
    metrics_number(log, "seconds", session_seconds(s));
    if (s->stopped) {
        metrics_flag(log, "interrupted", true);
    }
    metrics_end(log);
}

/* ---- The program --------------------------------------------------------------------------- */

static void print_plan(const experiment *e, const arguments *a)
{
    int64_t threads = gan_context_threads(e->context);
    printf("%s, %lld filter%s: G has %lld parameters, D %lld\n", a->model, (long long)a->filters,
           plural(a->filters), (long long)gan_network_parameter_elements(e->G.network),
           (long long)gan_network_parameter_elements(e->D.network));
    printf("%lld pictures, %lld epoch%s, ", (long long)gan_dataset_count(e->data.train),
           (long long)a->epochs, plural(a->epochs));
    if (a->steps > 0) {
        printf("at most %lld step%s, ", (long long)a->steps, plural(a->steps));
    }
    printf("batches of %lld, %d thread%s\n", (long long)a->batch, (int)threads, plural(threads));
    fflush(stdout);
}

static void train_and_test(experiment *e, const arguments *a)
{
    make_players(e);
    gan_trainer *trainer = make_trainer(e, a);
    session s = {.context = e->context,
                 .trainer = trainer,
                 .epochs = a->epochs,
                 .steps = a->steps,
                 .batches = gan_dataset_count(e->data.train) / a->batch,
                 .save = a->save,
                 .at_epoch = score_epoch,
                 .user = e};
    session_open(&s, a->out, a->resume);
    print_plan(e, a);
    record_start(e, &s, a);
    session_train(&s);
    finish_all(e, &s, a->out);
    session_close(&s);
    gan_trainer_free(trainer);
    gan_network_free(e->average.network);
    gan_network_free(e->G.network);
    gan_network_free(e->D.network);
}

/* --features: the test alone. Its log is a file of its own, beside that of a training. */
static void test_saved(experiment *e, const char *path, const char *directory)
{
    e->D = dcgan_discriminator(e->context, e->model, e->filters);
    int32_t status = gan_network_load(e->D.network, path);
    if (status == GAN_ERROR_SHAPE) {
        fail("%s (--filters %lld; was it trained with that many?)", gan_context_message(e->context),
             (long long)e->filters);
    }
    check(e->context, status);
    dcgan_recalibrate(e->context, &e->D, e->data.train, NULL, e->seed);
    metrics *log = metrics_open(directory, "features.jsonl");
    features_result r = test_features(e, log);
    metrics_begin(log, "result");
    features_write(&r, log);
    metrics_end(log);
    metrics_close(log);
    gan_network_free(e->D.network);
}

int main(int argc, char **argv)
{
    hold_standard_files();
    const arguments a = read_arguments(argc, argv);
    experiment e = {.model = dcgan_find(a.model),
                    .filters = a.filters,
                    .score_every = a.score_every,
                    .draws = a.draws,
                    .seed = (uint64_t)a.seed};
    check(NULL, gan_context_create(&e.context));
    if (a.threads > 0) {
        check(e.context, gan_context_set_threads(e.context, (int32_t)a.threads));
    }
    open_data(&e, a.data);
    if (a.features == NULL && a.batch > gan_dataset_count(e.data.train)) {
        fail("there are %lld training pictures, no batch of %lld (--batch)",
             (long long)gan_dataset_count(e.data.train), (long long)a.batch);
    }
    make_directories(a.out);
    if (a.features != NULL) {
        test_saved(&e, a.features, a.out);
    } else {
        catch_interrupts();
        train_and_test(&e, &a);
    }
    gan_dataset_free(e.classes);
    labelled_free(&e.data);
    gan_context_free(e.context);
    flush_file(stdout, "stdout");
    return EXIT_SUCCESS;
}
