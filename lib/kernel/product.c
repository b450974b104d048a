#include "kernel/product.h"

#include "base/simd.h"
#include "base/threads.h"
#include "kernel/blas.h"
#include "kernel/tiled.h"

#include <string.h>

int32_t gan_context_set_products(gan_context *context, const char *products)
{
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (products == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "products is NULL");
    }
    const bool own = strcmp(products, GAN_PRODUCTS_OWN) == 0,
               blas = strcmp(products, GAN_PRODUCTS_BLAS) == 0;
    if (!own && !blas && strcmp(products, GAN_PRODUCTS_AUTO) != 0) {
        return gan__fail(context, GAN_ERROR_KEY,
                         "products: \"%.64s\" is none of " GAN_PRODUCTS_AUTO ", " GAN_PRODUCTS_OWN
                         ", " GAN_PRODUCTS_BLAS,
                         products);
    }
    if (own && gan__tile_at(0) == NULL) {
        return gan__fail(context, GAN_ERROR_UNSUPPORTED,
                         "products: \"own\" is there for x86-64 with AVX2 and FMA and for 64-bit "
                         "Arm only, which this processor is not");
    }
    context->wants_blas = blas;
    return GAN_OK;
}

const char *gan_context_products(const gan_context *context)
{
    if (context == NULL) {
        return NULL;
    }
    return gan__products_tile(context) != NULL ? GAN_PRODUCTS_OWN : GAN_PRODUCTS_BLAS;
}

const gan__tile *gan__products_tile(const gan_context *context)
{
    return context->wants_blas ? NULL : gan__tile_at(0);
}

void gan__products_enter(const gan_context *context)
{
    if (gan__products_tile(context) == NULL) {
        gan__blas_enter();
    }
}

void gan__products_leave(const gan_context *context)
{
    if (gan__products_tile(context) == NULL) {
        gan__blas_leave();
    }
}

/* c = a b of a column a, whose elements stand inca apart, and a row b. A product of matrices packs
 * both first, which takes longer than this loop. */
GAN__SIMD static void multiply_outer(int64_t m, int64_t n, const real *restrict a, int64_t inca,
                                     const real *restrict b, bool accumulate, real *restrict c,
                                     int64_t ldc)
{
    for (int64_t i = 0; i < m; i++, c += ldc) {
        const real x = a[i * inca];
        if (accumulate) {
            for (int64_t j = 0; j < n; j++) {
                c[j] += x * b[j];
            }
        } else {
            for (int64_t j = 0; j < n; j++) {
                c[j] = x * b[j];
            }
        }
    }
}

/* Of a matrix with a single row, which may be 1 apart; a BLAS wants the distance of full rows. */
static int64_t row_distance(int64_t distance, int64_t columns)
{
    return distance > columns ? distance : columns;
}

void gan__product(const gan__tile *tile, int64_t m, int64_t n, int64_t k, gan__factor a,
                  gan__factor b, bool accumulate, real *c, int64_t c_row)
{
    if (k == 1 && b.column == 1 && (tile == NULL || !accumulate)) {
        multiply_outer(m, n, a.at, a.row, b.at, accumulate, c, c_row);
    } else if (tile != NULL && n == 1 && c_row == 1) {
        /* As the product of a row, which fills vectors. */
        gan__tiled_multiply(tile, 1, m, k, gan__factor_turned(b), gan__factor_turned(a), accumulate,
                            c, m);
    } else if (tile != NULL) {
        gan__tiled_multiply(tile, m, n, k, a, b, accumulate, c, c_row);
    } else {
        const bool turn_a = a.column != 1, turn_b = b.column != 1;
        gan__blas_multiply(turn_a, turn_b, m, n, k, a.at,
                           turn_a ? a.column : row_distance(a.row, k), b.at,
                           turn_b ? b.column : row_distance(b.row, n), accumulate, c, c_row);
    }
}

/* Packing in progress, by bands of rows. */
typedef struct {
    const gan__tile *tile;
    int64_t m, k, bands;
    gan__factor a;
    real *strips;
} packing;

enum {
    PACK_ROWS = 48, /* of a band, whole tiles of any processor; the last one has up to 95 */
    PACK_ELEMENTS = 32 * 1024 /* of all, worth waking a thread */
};

static void pack_band(void *argument, int64_t band)
{
    const packing *p = argument;
    const int64_t from = band * PACK_ROWS, rows = band + 1 < p->bands ? PACK_ROWS : p->m - from;
    gan__tiled_pack(p->tile, rows, p->k, gan__factor_from(p->a, from, 0), p->strips + from * p->k);
}

void gan__product_pack(gan_context *context, int64_t m, int64_t k, gan__factor a, real *strips)
{
    packing p = {gan__products_tile(context), m, k, 1, a, strips};
    if (p.tile != NULL) {
        p.bands = m >= 2 * PACK_ROWS && m * k >= PACK_ELEMENTS ? m / PACK_ROWS : 1;
        gan__parallel(context, p.bands, pack_band, &p);
    }
}
