/* Whether the library's own products are chains of fused multiply-adds here, to the bit: what
 * test_tiled asks, in a program that needs nothing but them and can be compiled for a processor that
 * is not there. machines.sh runs it. */
#include "kernel/sparse.h"
#include "kernel/tiled.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRODUCTS = 150, MOST_ROWS = 330, MOST_COLUMNS = 70, MOST_DEPTH = 330 };

static uint64_t state = 2014;

/* 0 to n - 1 */
static int64_t roll(int64_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((state >> 33) % (uint64_t)n);
}

static void fill(int64_t count, real *out)
{
    for (int64_t i = 0; i < count; i++) {
        out[i] = (real)roll(20001) / 10000 - 1;
    }
}

static real fused(real a, real b, real c)
{
#ifdef GAN_REAL_DOUBLE
    return fma(a, b, c);
#else
    return fmaf(a, b, c);
#endif
}

/* How many elements of a product are wrong: all of its terms, or without the zeros of a first factor
 * that has some, row by row and column by column. */
static int64_t wrong(const gan__tile *tile, int64_t m, int64_t n, int64_t k, int32_t way)
{
    static real a[MOST_ROWS * MOST_DEPTH], b[MOST_DEPTH * MOST_COLUMNS],
        c[MOST_ROWS * MOST_COLUMNS], sparse[MOST_ROWS * MOST_COLUMNS],
        columns[MOST_ROWS * MOST_COLUMNS];
    const bool turn_a = way & 1, turn_b = way >> 1 & 1;
    gan__factor x = gan__factor_of(turn_a, a, turn_a ? m : k);
    gan__factor y = gan__factor_of(turn_b, b, turn_b ? k : n);
    x.near = way >> 2 & 1;
    y.near = way >> 3 & 1;
    fill(m * k, a);
    fill(k * n, b);
    for (int64_t i = 0; i < m * k && way % 3 == 0; i++) {
        a[i] = roll(2) == 0 ? 0 : a[i];
    }
    gan__tiled_multiply(tile, m, n, k, x, y, false, c, n);
    gan__sparse_multiply(tile, m, n, k, x, y, false, sparse, n, 1);
    gan__sparse_multiply(tile, m, n, k, x, y, false, columns, 1, m);
    int64_t count = 0;
    for (int64_t i = 0; i < m * n; i++) {
        real sum = 0;
        for (int64_t l = 0; l < k; l++) {
            sum = fused(a[i / n * x.row + l * x.column], b[l * y.row + i % n * y.column], sum);
        }
        count += memcmp(&sum, &c[i], sizeof sum) != 0;
        count += memcmp(&sum, &sparse[i], sizeof sum) != 0;
        count += memcmp(&sum, &columns[i % n * m + i / n], sizeof sum) != 0;
    }
    return count;
}

int main(void)
{
    const gan__tile *tile = gan__tile_at(0);
    int64_t count = 0;
    if (tile == NULL) {
        puts("no products of our own");
        return EXIT_FAILURE;
    }
    for (int32_t way = 0; way < 4; way++) { /* more than one block and one depth */
        count += wrong(tile, 216, MOST_COLUMNS, 320, way);
    }
    for (int32_t i = 0; i < PRODUCTS; i++) {
        count += wrong(tile, 1 + roll(MOST_ROWS), 1 + roll(MOST_COLUMNS), 1 + roll(MOST_DEPTH), i);
    }
    printf("%s: %d products, %lld elements wrong\n", tile->level, PRODUCTS + 4, (long long)count);
    return count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
