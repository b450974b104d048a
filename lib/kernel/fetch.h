/* Asking for memory before it is needed. */
#ifndef GAN_KERNEL_FETCH_H
#define GAN_KERNEL_FETCH_H

#include "base/context.h"
#include "base/simd.h"
#include "kernel/factor.h"
#include "kernel/tile.h"

/* Runs of `length` elements, so far apart. */
typedef struct {
    const real *at;
    int64_t runs, apart, length;
} gan__runs;

/* The panel of columns from `column` on, of k rows: each run is one of its rows, or a column where
 * these stand in one piece. */
static inline gan__runs gan__runs_of_panel(gan__factor b, int64_t k, int64_t column,
                                           int64_t columns)
{
    const real *at = b.at + column * b.column;
    return b.column == 1 ? (gan__runs){at, k, b.row, columns}
                         : (gan__runs){at, columns, b.column, k};
}

/* Has runs that are read next brought to the second-level cache, `share` more of them each time. */
GAN__INLINE void gan__fetch(gan__runs *next, int64_t share)
{
    const int64_t runs = gan__smaller(share, next->runs), length = next->length;
    const real *at = next->at;
    for (int64_t i = 0; i < runs; i++, at += next->apart) {
        for (int64_t j = 0; j < length; j += GAN__TILE_LINE) {
            __builtin_prefetch(at + j, 0, 2);
        }
        __builtin_prefetch(at + length - 1, 0, 2);
    }
    next->at = at;
    next->runs -= runs;
}

/* Has runs that are written next brought to the first-level cache: where they come from memory,
 * they would be waited for. */
GAN__INLINE void gan__fetch_to_write(const real *at, int64_t runs, int64_t apart, int64_t length)
{
    for (int64_t i = 0; i < runs; i++, at += apart) {
        for (int64_t j = 0; j < length; j += GAN__TILE_LINE) {
            __builtin_prefetch(at + j, 1, 3);
        }
        __builtin_prefetch(at + length - 1, 1, 3);
    }
}

#endif
