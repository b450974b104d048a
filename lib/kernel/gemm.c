#include "kernel/gemm.h"

#include "base/threads.h"
#include "kernel/blas.h"

/* A tile is a band of rows of c, which stands in one piece of memory, or of columns where c is wide
 * and has few rows: bands of rows would be few, or short. */
enum {
    TILE_LENGTH = 192,      /* shorter bands lose more than they win: 3 to 5 % at 192 to 256 */
    TILE_OF_TWO = 112,      /* but where it takes these to employ a second thread, that wins most */
    TILE_ALIGN = 16,        /* vector width of the widest BLAS kernels, in floats */
    TILE_WORK = 1024 * 1024 /* multiply-adds worth handing to another thread */
};

typedef struct {
    bool transpose_a, transpose_b, accumulate, by_rows;
    int64_t m, n, k, tiles;
    const real *a, *b;
    real *c;
} product;

static void multiply(const product *p, int64_t row, int64_t rows, int64_t column, int64_t columns)
{
    const int64_t lda = p->transpose_a ? p->m : p->k, ldb = p->transpose_b ? p->k : p->n;
    const real *a = p->a + (p->transpose_a ? row : row * lda);
    const real *b = p->b + (p->transpose_b ? column * ldb : column);
    gan__blas_multiply(p->transpose_a, p->transpose_b, rows, columns, p->k, a, lda, b, ldb,
                       p->accumulate, p->c + row * p->n + column, p->n);
}

/* Where tile `index` starts: whole vectors, as even as can be. */
static int64_t tile_start(int64_t length, int64_t tiles, int64_t index)
{
    if (index == tiles) {
        return length;
    }
    return length * index / tiles / TILE_ALIGN * TILE_ALIGN;
}

static void multiply_tile(void *argument, int64_t tile)
{
    const product *p = argument;
    const int64_t length = p->by_rows ? p->m : p->n;
    const int64_t from = tile_start(length, p->tiles, tile);
    const int64_t count = tile_start(length, p->tiles, tile + 1) - from;
    if (p->by_rows) {
        multiply(p, from, count, 0, p->n);
    } else {
        multiply(p, 0, p->m, from, count);
    }
}

/* How many bands: few counts, all of which share well between 2, 3, 4 and 6 threads. */
static int64_t tile_count(int64_t length, int64_t work)
{
    static const int64_t counts[] = {48, 24, 12, 6, 4, 2};
    for (int32_t i = 0; i < (int32_t)(sizeof counts / sizeof counts[0]); i++) {
        const int64_t least = counts[i] > 2 ? TILE_LENGTH : TILE_OF_TWO;
        if (length >= counts[i] * least && work >= counts[i] * TILE_WORK) {
            return counts[i];
        }
    }
    return 1;
}

void gan__gemm(gan_context *context, bool transpose_a, bool transpose_b, int64_t m, int64_t n,
               int64_t k, const real *a, const real *b, bool accumulate, real *c)
{
    product p = {.transpose_a = transpose_a,
                 .transpose_b = transpose_b,
                 .accumulate = accumulate,
                 .by_rows = m > n || (m >= 2 * TILE_LENGTH && m >= n / 2),
                 .m = m,
                 .n = n,
                 .k = k,
                 .a = a,
                 .b = b,
                 .c = c};
    const int64_t most = (int64_t)48 * TILE_WORK;
    const int64_t area = m * n;
    p.tiles = tile_count(p.by_rows ? m : n, area > most / k ? most : area * k);
    gan__parallel(context, p.tiles, multiply_tile, &p);
}
