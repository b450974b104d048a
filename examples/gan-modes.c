/* Does a generator find all modes? The published benchmarks: eight Gaussians on a ring, 25 on a
 * grid, and Stacked MNIST with its 1,000 modes, each figure beside that of a perfect sampler. */
#include <gan/gan.h>

#include "check.h"
#include "files.h"
#include "interrupt.h"
#include "mixture_run.h"
#include "options.h"
#include "stacked_run.h"

#include <stdlib.h>
#include <string.h>

static const char *const KINDS[] = {"ring", "grid", "stacked", NULL};

int main(int argc, char **argv)
{
    hold_standard_files();
    const char *kind = NULL, *data = NULL, *out = NULL, *classifier = NULL, *save = NULL,
               *resume = NULL;
    int64_t seeds = 10, seed = 0, steps = 0, batch = 0, samples = 0, filters = 16, epochs = 8,
            threads = 0;
    const option table[] = {
        {"KIND", "", "ring, grid, or stacked (Stacked MNIST)", .text = &kind, .choices = KINDS},
        {"--seeds", "N", "trainings of ring and grid, one after the other", .whole = &seeds,
         .minimum = 1, .maximum = 1000},
        {"--seed", "N", "the first of the seeds, or the one of stacked", .whole = &seed,
         .maximum = 1e12},
        {"--steps", "N", "of a training; 0 for the benchmark's own", .whole = &steps,
         .maximum = 1e9},
        {"--batch", "N", "samples of a batch; 0 for the benchmark's own", .whole = &batch,
         .maximum = 1e5},
        {"--samples", "N", "that are scored; 0 for the protocol's 2,500 or 26,000",
         .whole = &samples, .maximum = 1e7},
        {"--data", "DIR", "stacked: folder with the digits; those shipped with libgan without it",
         .text = &data},
        {"--filters", "N", "stacked: maps of the layers next to the picture", .whole = &filters,
         .minimum = 1, .maximum = 1024},
        {"--classifier", "FILE", "stacked: a saved classifier.safetensors, instead of training one",
         .text = &classifier},
        {"--classifier-epochs", "N", "stacked: passes over the digits to train it",
         .whole = &epochs, .minimum = 1, .maximum = 1000},
        {"--save", "FILE", "stacked: receives the state of the training", .text = &save},
        {"--resume", "FILE", "stacked: goes on from a saved state; give the same settings again",
         .text = &resume},
        {"--threads", "N", "0 for one a processor; the results do not depend on it",
         .whole = &threads, .maximum = 256},
        {"--out", "DIR", "folder for the results, made if need be; out/modes-KIND without it",
         .text = &out},
        {.name = NULL}};
    options_parse(argc, argv,
                  "Trains by the default recipe (gan_trainer_use_recipe) on data whose modes are\n"
                  "known, and counts those that samples meet: ring and grid as in PacGAN (Lin et\n"
                  "al. 2018), Stacked MNIST as in VEEGAN and PacGAN. Each figure stands beside\n"
                  "that of a perfect sampler. Ctrl-C ends the training early.",
                  table);
    gan_context *context = NULL;
    check(NULL, gan_context_create(&context));
    if (threads > 0) {
        check(context, gan_context_set_threads(context, (int32_t)threads));
    }
    const char *const folders[] = {"out/modes-ring", "out/modes-grid", "out/modes-stacked"};
    for (int i = 0; out == NULL && KINDS[i] != NULL; i++) {
        out = strcmp(kind, KINDS[i]) == 0 ? folders[i] : NULL;
    }
    make_directories(out);
    catch_interrupts();
    if (strcmp(kind, "stacked") == 0) {
        const stacked_settings s = {data,    classifier, out,   save,    resume, epochs,
                                    filters, steps,      batch, samples, seed};
        stacked_run(context, &s);
    } else {
        const mixture_settings s = {out, seeds, seed, steps, batch, samples};
        mixture_run(context, mixture_find(kind), &s);
    }
    gan_context_free(context);
    flush_file(stdout, "stdout");
    return EXIT_SUCCESS;
}
