/* Does a generator find all modes? The published benchmarks: eight Gaussians on a ring, 25 on a
 * grid, and Stacked MNIST with its 1,000 modes, each figure beside that of a perfect sampler. */
#include <gan/gan.h>

#include "check.h"
#include "files.h"
#include "interrupt.h"
#include "mixture_run.h"
#include "options.h"
#include "stacked_run.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const KINDS[] = {"ring", "grid", "stacked", NULL};

typedef struct {
    const char *kind, *data, *out, *classifier, *save, *resume;
    int64_t seeds, seed, steps, batch, samples, filters, classifier_epochs, threads;
} arguments;

static const arguments DEFAULTS = {.seeds = 10, .filters = 48, .classifier_epochs = 8};

/* Options that the kind would not heed were meant for another one. (One that is given its default
 * is not noticed.) */
static void refuse_others(const arguments *a)
{
    const bool stacked = strcmp(a->kind, "stacked") == 0;
    const struct {
        const char *name;
        bool given, for_stacked;
    } options[] = {
        {"--seeds", a->seeds != DEFAULTS.seeds, false},
        {"--data", a->data != NULL, true},
        {"--filters", a->filters != DEFAULTS.filters, true},
        {"--classifier", a->classifier != NULL, true},
        {"--classifier-epochs", a->classifier_epochs != DEFAULTS.classifier_epochs, true},
        {"--save", a->save != NULL, true},
        {"--resume", a->resume != NULL, true},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (options[i].given && options[i].for_stacked != stacked) {
            usage_error("%s has no effect on %s", options[i].name, a->kind);
        }
    }
}

static arguments read_arguments(int argc, char **argv)
{
    arguments a = DEFAULTS;
    const option table[] = {
        {"KIND", "", "ring, grid, or stacked (Stacked MNIST)", .text = &a.kind, .choices = KINDS},
        {"--seeds", "N", "ring, grid: trainings, as many at a time as threads", .whole = &a.seeds,
         .minimum = 1, .maximum = 1000},
        {"--seed", "N", "the first of the seeds, or the one of stacked", .whole = &a.seed,
         .maximum = 1e12},
        {"--steps", "N", "of a training; 0 for the benchmark's own", .whole = &a.steps,
         .maximum = 1e9},
        {"--batch", "N", "samples of a batch; 0 for the benchmark's own", .whole = &a.batch,
         .maximum = 1e5},
        {"--samples", "N", "that are scored; 0 for the protocol's 2,500 or 26,000",
         .whole = &a.samples, .maximum = 1e7},
        {"--data", "DIR",
         "stacked: folder with the full MNIST; without it the shipped 10,000 digits",
         .text = &a.data},
        {"--filters", "N", "stacked: maps of D's first layer; the others in proportion",
         .whole = &a.filters, .minimum = 1, .maximum = 1024},
        {"--classifier", "FILE", "stacked: a saved classifier.safetensors, instead of training one",
         .text = &a.classifier},
        {"--classifier-epochs", "N", "stacked: passes over the digits to train it",
         .whole = &a.classifier_epochs, .minimum = 1, .maximum = 1000},
        {"--save", "FILE", "stacked: receives the state of the training", .text = &a.save},
        {"--resume", "FILE", "stacked: goes on from a saved state; give the same settings again",
         .text = &a.resume},
        {"--threads", "N", "0 for one a processor; the results do not depend on it",
         .whole = &a.threads, .maximum = 256},
        {"--out", "DIR", "folder for the results, made if need be; out/modes-KIND without it",
         .text = &a.out},
        {.name = NULL}};
    options_parse(argc, argv,
                  "Trains by the default recipe (gan_trainer_use_recipe) on data whose modes are\n"
                  "known, and counts those that samples meet: ring and grid as in PacGAN (Lin et\n"
                  "al. 2018), Stacked MNIST as in VEEGAN and PacGAN. Each figure stands beside\n"
                  "that of a perfect sampler. Ctrl-C ends the training early.",
                  table);
    refuse_others(&a);
    const char *const folders[] = {"out/modes-ring", "out/modes-grid", "out/modes-stacked"};
    for (int i = 0; a.out == NULL && KINDS[i] != NULL; i++) {
        a.out = strcmp(a.kind, KINDS[i]) == 0 ? folders[i] : NULL;
    }
    return a;
}

int main(int argc, char **argv)
{
    hold_standard_files();
    const arguments a = read_arguments(argc, argv);
    gan_context *context = NULL;
    check(NULL, gan_context_create(&context));
    if (a.threads > 0) {
        check(context, gan_context_set_threads(context, (int32_t)a.threads));
    }
    make_directories(a.out);
    catch_interrupts();
    if (strcmp(a.kind, "stacked") == 0) {
        stacked_run(context, &(stacked_settings){.data = a.data,
                                                 .classifier = a.classifier,
                                                 .out = a.out,
                                                 .save = a.save,
                                                 .resume = a.resume,
                                                 .classifier_epochs = a.classifier_epochs,
                                                 .filters = a.filters,
                                                 .steps = a.steps,
                                                 .batch = a.batch,
                                                 .samples = a.samples,
                                                 .seed = a.seed});
    } else {
        mixture_run(context, mixture_find(a.kind),
                    &(mixture_settings){.out = a.out,
                                        .seeds = a.seeds,
                                        .first = a.seed,
                                        .steps = a.steps,
                                        .batch = a.batch,
                                        .samples = a.samples});
    }
    gan_context_free(context);
    flush_file(stdout, "stdout");
    return EXIT_SUCCESS;
}
