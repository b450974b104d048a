/* Products of rows of two sets, block by block, by the engine: what kernels, distances and
 * projections are made of. */
#ifndef GAN_EVAL_PAIRS_H
#define GAN_EVAL_PAIRS_H

#include "graph/plan.h"

/* A set of vectors, of which a block is packed: scale * (x - centre), in `real`. */
typedef struct {
    const float *values;    /* [count, elements] */
    const int64_t *indices; /* [count]: of vectors in values; NULL: all in turn */
    int64_t count;
    bool plain;           /* packed as they are, neither centred nor scaled */
    int64_t block;        /* in a full block; a shorter one is filled up with zeros */
    int64_t first, taken; /* the block that is packed */
    real *packed;         /* [block, elements] */
    double *squares;      /* [block]: |x|^2 as packed */
} gan__pair_side;

typedef struct {
    gan_context *context;
    int64_t elements;
    const double *centre; /* [elements]; NULL for none */
    double scale;
    gan__pair_side rows, columns;
    real *products;    /* [rows.block, columns.block] */
    double unit, lost; /* slack = unit (|a|^2 + |b|^2) + lost, see gan__estimate */
    gan__plan *plan;
    real *workspace;
} gan__pairs;

/* How many vectors of `count` go into a block of at most `most`, all blocks being about even. */
int64_t gan__pairs_block(int64_t count, int64_t most);

/* Makes the arrays; context, elements and both blocks are set. The caller frees them, also after an
 * error. Errors: MEMORY. */
int32_t gan__pairs_make(gan__pairs *pairs);
void gan__pairs_free(gan__pairs *pairs);

/* Packs the block of a set from vector `first` on. */
void gan__pairs_pack(const gan__pairs *pairs, gan__pair_side *side, int64_t first);

/* Products of the blocks that are packed. */
void gan__pairs_run(const gan__pairs *pairs);

/* The squared distance of two vectors, not scaled, by their product: it lies within `slack`.
 *     |a - b|^2 = |a|^2 - 2 a.b + |b|^2  with a product in `real` is wrong by at most
 *     slack = g / (1 - g) (|a|^2 + |b|^2),  g = (elements + 4) u,  u: the rounding unit of `real`
 * (Higham 2002, section 3.1; 4 for the rounding of centred values). */
typedef struct {
    double distance, slack;
} gan__estimate;

/* Of a row and a column of the blocks. */
static inline gan__estimate gan__pairs_estimate(const gan__pairs *pairs, int64_t row,
                                                int64_t column)
{
    const double squares = pairs->rows.squares[row] + pairs->columns.squares[column];
    const double product = (double)pairs->products[row * pairs->columns.block + column];
    const double back = 1 / (pairs->scale * pairs->scale);
    return (gan__estimate){(squares - 2 * product) * back,
                           (pairs->unit * squares + pairs->lost) * back};
}

/* The same from the vectors themselves, in double. Both sides are without indices. */
double gan__pairs_distance(const gan__pairs *pairs, int64_t row, int64_t column);

/* A power of two that brings numbers up to `peak` near 1, so that products neither overflow nor
 * vanish; and the greatest size of n numbers, or *peak if that is greater. */
double gan__scale_of(double peak);
void gan__find_peak(int64_t n, const float *x, double *peak);

/* The mean of vectors: distances do not depend on where they are measured from, but rounding is
 * least around the mean. x: [count, elements]; mean: [elements] */
void gan__find_mean(int64_t count, int64_t elements, const float *x, double *mean);

#endif
