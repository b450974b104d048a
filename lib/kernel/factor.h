/* A factor of a matrix product. */
#ifndef GAN_KERNEL_FACTOR_H
#define GAN_KERNEL_FACTOR_H

#include "kernel/real.h"

#include <stdbool.h>
#include <stdint.h>

/* Its rows and columns stand so far apart; one of the two distances is 1. The rest is for our own
 * products. */
typedef struct {
    const real *at;
    int64_t row, column;
    bool near;           /* it is in the second-level cache: need not be copied to be read */
    const real *strips;  /* the same as gan__product_pack made it, or NULL; of a first factor */
    int64_t strips_k;    /* columns that were packed, */
    int64_t strips_from; /* of which this factor has those from here on */
} gan__factor;

/* A matrix that stands row by row, the rows `apart`; or its transpose. */
static inline gan__factor gan__factor_of(bool transpose, const real *at, int64_t apart)
{
    return (gan__factor){.at = at, .row = transpose ? 1 : apart, .column = transpose ? apart : 1};
}

/* A factor that is not packed, from a row and a column on. */
static inline gan__factor gan__factor_from(gan__factor f, int64_t row, int64_t column)
{
    f.at += row * f.row + column * f.column;
    return f;
}

/* Its transpose. */
static inline gan__factor gan__factor_turned(gan__factor f)
{
    return (gan__factor){.at = f.at, .row = f.column, .column = f.row};
}

#endif
