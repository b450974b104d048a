/* Scores inside the library: the object, and what a kind must be able to do. */
#ifndef GAN_EVAL_SCORE_H
#define GAN_EVAL_SCORE_H

#include <gan/score.h>

#include "base/options.h"
#include "base/philox.h"
#include "eval/kept.h"
#include "eval/modes.h"
#include "eval/moments.h"

enum {
    GAN__SCORE_SEED,
    GAN__SCORE_SAMPLES,
    GAN__SCORE_SUBSETS,
    GAN__SCORE_SUBSET_SIZE,
    GAN__SCORE_K,
    GAN__SCORE_PROJECTIONS,
    GAN__SCORE_THRESHOLD,
    GAN__SCORE_MINIMUM,
    GAN__SCORE_SIMULATIONS,
    GAN__SCORE_OPTIONS
};

enum {
    GAN__SCORE_STREAM_KEEP = GAN__STREAM_SCORE, /* and one more, for the fake ones */
    GAN__SCORE_STREAM_SUBSETS = GAN__STREAM_SCORE + 2,
    GAN__SCORE_STREAM_DIRECTIONS = GAN__STREAM_SCORE + 4,
    GAN__SCORE_STREAM_SIMULATE = GAN__STREAM_SCORE + 5
};

enum { GAN__REAL, GAN__FAKE, GAN__SIDES };

enum { GAN__SCORE_VALUES = 8, GAN__PROTOCOL_BYTES = 512 };

/* One of the two sets. */
typedef struct {
    int64_t count;
    uint64_t fingerprint; /* the sum of the vectors' hashes */
    gan__kept kept;       /* of kinds that keep vectors */
    gan__moments moments; /* of frechet */
} gan__score_side;

typedef struct {
    const char *name;
    const char *values[GAN__SCORE_VALUES + 1]; /* ends with NULL */
    uint32_t reads;                            /* bits: 1 << option */
    int64_t most_elements;
    /* Makes room for n more vectors, and checks that they are wanted. Errors: MEMORY, STATE. */
    int32_t (*reserve)(gan_score *score, int32_t side, int64_t n);
    /* Takes them. x: [n, elements] */
    void (*take)(gan_score *score, int32_t side, int64_t n, const float *x);
    /* Forgets a set. */
    void (*clear)(gan_score *score, int32_t side);
    /* Computes the values. Errors: STATE (too few vectors), MEMORY. */
    int32_t (*compute)(gan_score *score, double *values);
    /* What a perfect model scores; NaN for what is not known. NULL: nothing is. Errors: MEMORY. */
    int32_t (*floor)(gan_score *score, double *means, double *deviations);
    bool mixture; /* the real distribution is a mixture that is set; values may be NaN */
} gan__score_kind;

struct gan_score {
    gan_context *context;
    const gan__score_kind *kind;
    int64_t elements;
    char features[GAN__NAME_BYTES];
    double options[GAN__SCORE_OPTIONS];
    gan__score_side sides[GAN__SIDES];
    gan__modes modes; /* of modes */
    bool computed, floored;
    double values[GAN__SCORE_VALUES];
    double floor_means[GAN__SCORE_VALUES], floor_deviations[GAN__SCORE_VALUES];
    char protocol[GAN__PROTOCOL_BYTES];
};

/* The table of options, and that of kinds; NULL after the last. */
extern const gan__option_table gan__score_options;
const gan__score_kind *gan__score_kind_at(int32_t index);

/* A whole number among the options. */
static inline int64_t gan__score_option(const gan_score *score, int32_t option)
{
    return (int64_t)score->options[option];
}

/* Vectors of a set that the result is made of. */
int64_t gan__score_used(const gan_score *score, int32_t side);

/* Errors: STATE (a set has fewer than `least` vectors). */
int32_t gan__score_need(const gan_score *score, int64_t least);

/* The computations of the kinds. */
int32_t gan__score_frechet(gan_score *score, double *values);
int32_t gan__score_kernel(gan_score *score, double *values);
int32_t gan__score_neighbours(gan_score *score, double *values);
int32_t gan__score_sliced(gan_score *score, double *values);

#endif
