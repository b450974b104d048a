/* Matrix products of our own, for processors with fused multiply-adds. */
#ifndef GAN_KERNEL_TILED_H
#define GAN_KERNEL_TILED_H

#include "kernel/factor.h"
#include "kernel/tile.h"

#include <string.h>

/* The tile for each level of processors that this one is of, the best first: index 0, 1, ... until
 * NULL. */
const gan__tile *gan__tile_at(int32_t index);

/* c = a b, or c += a b with `accumulate`, on the calling thread. c: [m, n], its rows c_row apart;
 * a: [m, k]; b: [k, n]. c must not overlap a or b. Each element is one chain of fused multiply-adds
 * in the order of k: its bits depend on nothing else. Takes some 150 kB of stack. */
void gan__tiled_multiply(const gan__tile *tile, int64_t m, int64_t n, int64_t k, gan__factor a,
                         gan__factor b, bool accumulate, real *c, int64_t c_row);

/* Copies a: [m, k] to strips: [m k] elements, as tiles read a first factor fastest. */
void gan__tiled_pack(const gan__tile *tile, int64_t m, int64_t k, gan__factor a, real *strips);

/* Copies b: [k, columns] to a panel of [k, width], zeros where b has no columns. */
static inline void gan__tiled_panel(const gan__tile *tile, int64_t k, int64_t columns,
                                    gan__factor b, int64_t width, real *panel)
{
    tile->pack(k, columns, b.at, b.row, b.column, width, panel);
    for (int64_t i = 0; i < k && columns < width; i++) {
        memset(panel + i * width + columns, 0, (size_t)(width - columns) * sizeof *panel);
    }
}

/* The size of even parts of `length`, at most `most` each, rounded up to whole steps. */
int64_t gan__even_part(int64_t length, int64_t most, int64_t step);

#endif
