#include "kernel/gemm.h"

#include "base/threads.h"
#include "kernel/product.h"
#include "kernel/reduce.h"
#include "kernel/sparse.h"

/* A band is one of rows of c, which stands in one piece of memory, or of columns where c is wide
 * and has few rows: bands of rows would be few, or short. */
enum {
    BAND_LENGTH = 192,      /* shorter bands lose more than they win: 3 to 5 % at 192 to 256 */
    BAND_OF_TWO = 112,      /* but where it takes these to employ a second thread, that wins most */
    BAND_ALIGN = 16,        /* vector width of the widest BLAS kernels, in floats */
    BAND_WORK = 1024 * 1024 /* multiply-adds worth handing to another thread */
};

/* Zeros of a factor are left out where they are so many that this repays listing the others. For
 * those of b, c is made column by column, which costs more. */
typedef enum { KEEP_ZEROS, SKIP_ZEROS_OF_A, SKIP_ZEROS_OF_B } zeros;

static const double MANY_ZEROS_OF_A = 0.4, MANY_ZEROS_OF_B = 0.6;

enum {
    SPARSE_ROWS = 16,       /* at least of the factor with zeros, */
    SPARSE_COLUMNS = 64,    /* of the other, */
    SPARSE_DEPTH = 48,      /* and of what they share */
    SPARSE_BAND_LENGTH = 48 /* of bands of rows with zeros */
};

typedef struct {
    const gan__tile *tile; /* NULL: the BLAS multiplies */
    bool transpose_a, transpose_b, accumulate, by_rows;
    int64_t m, n, k, bands;
    const real *a, *b;
    real *c;
    zeros zeros;
} product;

static void multiply(const product *p, int64_t row, int64_t rows, int64_t column, int64_t columns)
{
    gan__factor a = gan__factor_of(p->transpose_a, p->a, p->transpose_a ? p->m : p->k);
    gan__factor b = gan__factor_of(p->transpose_b, p->b, p->transpose_b ? p->k : p->n);
    a.at += row * a.row;
    b.at += column * b.column;
    real *c = p->c + row * p->n + column;
    switch (p->zeros) {
    case SKIP_ZEROS_OF_A:
        gan__sparse_multiply(p->tile, rows, columns, p->k, a, b, p->accumulate, c, p->n, 1);
        break;
    case SKIP_ZEROS_OF_B:
        gan__sparse_multiply(p->tile, columns, rows, p->k, gan__factor_turned(b),
                             gan__factor_turned(a), p->accumulate, c, 1, p->n);
        break;
    default:
        gan__product(p->tile, rows, columns, p->k, a, b, p->accumulate, c, p->n);
        break;
    }
}

/* Where band `index` starts: whole vectors, as even as can be. */
static int64_t band_start(int64_t length, int64_t bands, int64_t index)
{
    if (index == bands) {
        return length;
    }
    return length * index / bands / BAND_ALIGN * BAND_ALIGN;
}

static void multiply_band(void *argument, int64_t band)
{
    const product *p = argument;
    const int64_t length = p->by_rows ? p->m : p->n;
    const int64_t from = band_start(length, p->bands, band);
    const int64_t count = band_start(length, p->bands, band + 1) - from;
    if (p->by_rows) {
        multiply(p, from, count, 0, p->n);
    } else {
        multiply(p, 0, p->m, from, count);
    }
}

/* How many bands for our own products, whose bits do not depend on it: one for each thread that is
 * worth it. */
static int64_t own_bands(int64_t length, int64_t least, int64_t work, int64_t threads)
{
    const int64_t most = gan__smaller(length / least, work / BAND_WORK);
    return gan__smaller(threads, most < 1 ? 1 : most);
}

/* How many bands: few counts, all of which share well between 2, 3, 4 and 6 threads. */
static int64_t blas_bands(int64_t length, int64_t work)
{
    static const int64_t counts[] = {48, 24, 12, 6, 4, 2};
    for (int32_t i = 0; i < (int32_t)(sizeof counts / sizeof counts[0]); i++) {
        const int64_t least = counts[i] > 2 ? BAND_LENGTH : BAND_OF_TWO;
        if (length >= counts[i] * least && work >= counts[i] * BAND_WORK) {
            return counts[i];
        }
    }
    return 1;
}

/* Looks at the numbers only, not at how they are shared: whatever comes of it is the same for any
 * number of threads. */
static zeros zeros_to_skip(const product *p, int64_t work)
{
    if (p->tile == NULL || work < BAND_WORK || p->k < SPARSE_DEPTH) {
        return KEEP_ZEROS;
    }
    double of_a = 0, of_b = 0;
    if (p->m >= SPARSE_ROWS && p->n >= SPARSE_COLUMNS) {
        of_a =
            gan__share_of_zeros(p->transpose_a ? p->k : p->m, p->transpose_a ? p->m : p->k, p->a);
    }
    if (p->n >= SPARSE_ROWS && p->m >= SPARSE_COLUMNS) {
        of_b =
            gan__share_of_zeros(p->transpose_b ? p->n : p->k, p->transpose_b ? p->k : p->n, p->b);
    }
    if (of_b >= MANY_ZEROS_OF_B && of_b > of_a) {
        return SKIP_ZEROS_OF_B;
    }
    return of_a >= MANY_ZEROS_OF_A ? SKIP_ZEROS_OF_A : KEEP_ZEROS;
}

void gan__gemm(gan_context *context, bool transpose_a, bool transpose_b, int64_t m, int64_t n,
               int64_t k, const real *a, const real *b, bool accumulate, real *c)
{
    product p = {.tile = gan__products_tile(context),
                 .transpose_a = transpose_a,
                 .transpose_b = transpose_b,
                 .accumulate = accumulate,
                 .by_rows = m > n || (m >= 2 * BAND_LENGTH && m >= n / 2),
                 .m = m,
                 .n = n,
                 .k = k,
                 .a = a,
                 .b = b,
                 .c = c};
    const int64_t most = (int64_t)48 * BAND_WORK;
    const int64_t area = m * n, work = area > most / k ? most : area * k;
    const int64_t length = p.by_rows ? m : n;
    p.bands = p.tile != NULL ? own_bands(length, BAND_OF_TWO, work, context->threads)
                             : blas_bands(length, work);
    p.zeros = zeros_to_skip(&p, work);
    if (p.zeros == SKIP_ZEROS_OF_A && m >= 2 * SPARSE_BAND_LENGTH && m >= n / 3) {
        p.by_rows = true; /* no row is listed twice, and what is read of b is little enough */
        p.bands = own_bands(m, SPARSE_BAND_LENGTH, work, context->threads);
    }
    gan__parallel(context, p.bands, multiply_band, &p);
}
