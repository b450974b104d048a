/* A mixture of Gaussians of equal weight and deviation, and what samples make of it. */
#ifndef GAN_EVAL_MODES_H
#define GAN_EVAL_MODES_H

#include "base/context.h"
#include "base/philox.h"

/* What was found at the modes; sums are over good samples, from the centre, in deviations. */
typedef struct {
    int64_t count;   /* samples */
    int64_t *counts; /* [modes]: samples nearest to each; those that are good */
    int64_t *good;
    double *sums;    /* [modes, elements] */
    double *squares; /* [modes] */
} gan__tally;

typedef struct {
    gan_context *context;
    int64_t count, elements; /* count 0: not set yet */
    double deviation, threshold;
    double *centres; /* [count, elements] */
    gan__tally tally;
    /* The block of samples that is looked at. */
    int64_t *nearest;  /* [BLOCK] */
    double *distances; /* [BLOCK]: squared, in deviations */
} gan__modes;

/* The values, in the order of the kind's names. */
enum {
    GAN__MODES_FOUND,
    GAN__MODES_SHARE,
    GAN__MODES_KL,
    GAN__MODES_RATIO,
    GAN__MODES_LEAST_RATIO,
    GAN__MODES_GREATEST_RATIO,
    GAN__MODES_OFFSET,
    GAN__MODES_VALUES
};

/* Makes a mixture with an empty tally. centres: [count, elements], copied. Errors: MEMORY. */
int32_t gan__modes_make(gan_context *context, int64_t count, int64_t elements,
                        const double *centres, double deviation, gan__modes *modes);
void gan__modes_free(gan__modes *modes);

/* Takes n samples. x: [n, elements] */
void gan__modes_add(gan__modes *modes, gan__tally *tally, int64_t n, const float *x);

void gan__modes_clear(const gan__modes *modes, gan__tally *tally);

/* values: [GAN__MODES_VALUES]; minimum: good samples that find a mode */
void gan__modes_values(const gan__modes *modes, const gan__tally *tally, int64_t minimum,
                       double *values);

/* s / sigma and |mean - centre| / sigma of one mode; NaN where there are too few good samples. */
void gan__modes_spread(const gan__modes *modes, const gan__tally *tally, int64_t mode,
                       double *ratio, double *offset);

/* The values of `simulations` perfect samplers of tally.count samples each: their means and
 * standard deviations, [GAN__MODES_VALUES]; NaN where one of them was. Sampler i draws by the key
 * at step i. Errors: MEMORY. */
int32_t gan__modes_floor(gan__modes *modes, int64_t minimum, int64_t simulations,
                         gan__random_key key, double *means, double *deviations);

#endif
