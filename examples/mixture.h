/* Mixtures of Gaussians in the plane, on a ring or a grid, and the players that learn them: the
 * oldest test of whether a generator finds all modes. */
#ifndef EXAMPLES_MIXTURE_H
#define EXAMPLES_MIXTURE_H

#include <gan/gan.h>

#include "metrics.h"

#include <stdbool.h>
#include <stdint.h>

enum { MIXTURE_MODES_MAX = 25, MIXTURE_SAMPLES = 2500, MIXTURE_PUBLISHED = 4 };

/* What is measured of samples, by the names of gan/score.h; see there. */
enum {
    MIXTURE_MODES,
    MIXTURE_SHARE,
    MIXTURE_RATIO,
    MIXTURE_KL,
    MIXTURE_LEAST,
    MIXTURE_GREATEST,
    MIXTURE_OFFSET,
    MIXTURE_FIGURES
};
extern const char *const MIXTURE_NAMES[MIXTURE_FIGURES];

typedef struct {
    double value[MIXTURE_FIGURES];
} mixture_figures;

/* A published row: modes, with what the table has behind its +-, share in percent, KL. */
typedef struct {
    const char *who;
    double modes, error, share, kl;
} mixture_published;

typedef struct {
    const char *name;
    int modes;
    double reach;     /* the radius, or half the side of the grid */
    double deviation; /* of each mode */
    int64_t steps;
    int64_t falling;  /* updates of a player in which its learning rate falls; then it stays */
    int64_t fading;   /* steps in which the penalty falls */
    int d_steps;      /* updates of D in a step */
    double penalty;   /* gamma at the start */
    double steepness; /* what D multiplies its input with */
    bool sharp;       /* whether D's first layer is of tanh, and G divides z: see mixture.c */
    double g_end;     /* G's learning rate in the end */
    mixture_published published[MIXTURE_PUBLISHED];
} mixture;

/* The mixture of that name, "ring" or "grid". */
const mixture *mixture_find(const char *name);

/* Its centres. centres: [modes, 2] */
void mixture_centres(const mixture *m, double *centres);

/* Its samples, new ones in every epoch of as many as the protocol has, 100,000. */
gan_dataset *mixture_data(gan_context *context, const mixture *m, uint64_t seed);

/* The score of samples of it. The caller frees it. */
gan_score *mixture_score(gan_context *context, const mixture *m);

/* What `samples` samples of a generator score. */
mixture_figures mixture_measure(gan_context *context, gan_score *score, gan_network *G,
                                int64_t samples, uint64_t seed);

/* Adds them to a record, each under its name behind the prefix. */
void mixture_log(metrics *log, const char *prefix, const mixture_figures *figures);

/* What a perfect sampler scores with as many samples as were measured last.
 *   deviation  receives by how much each figure varies from one set of samples to the next */
mixture_figures mixture_floor(gan_context *context, gan_score *score, mixture_figures *deviation);

/* The players, initialised. The caller frees them. */
gan_network *mixture_generator(gan_context *context, const mixture *m, uint64_t seed);
gan_network *mixture_discriminator(gan_context *context, const mixture *m, uint64_t seed);

/* A trainer by the default recipe, with numbers for the plane: see mixture.c. The caller frees it.
 */
gan_trainer *mixture_trainer(gan_context *context, const mixture *m, gan_network *G, gan_network *D,
                             gan_dataset *data, int64_t steps, int64_t batch, uint64_t seed);

#endif
