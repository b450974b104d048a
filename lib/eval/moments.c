#include "eval/moments.h"

#include "eval/dense.h"

#include <math.h>
#include <string.h>

enum { BLOCK = GAN__MOMENTS_BLOCK, LANES = GAN__LANES };

/* What a block is merged into: the moments' own arrays, or copies of them. */
typedef struct {
    const gan__moments *moments;
    const float *x; /* [count, elements] */
    int64_t count, before;
    double *mean, *products;
} merge;

int32_t gan__moments_reserve(gan_context *context, int64_t elements, gan__moments *moments)
{
    if (moments->mean != NULL) {
        return GAN_OK;
    }
    const int64_t padded = (elements + LANES - 1) / LANES * LANES;
    gan__moments made = {.elements = elements, .padded = padded};
    made.mean = gan__allocate(context, padded, sizeof *made.mean);
    made.products = gan__allocate(context, padded * padded, sizeof *made.products);
    made.panels = gan__allocate(context, padded * (BLOCK + 1), sizeof *made.panels);
    made.buffer = gan__allocate(context, BLOCK * elements, sizeof *made.buffer);
    if (made.mean == NULL || made.products == NULL || made.panels == NULL || made.buffer == NULL) {
        gan__moments_free(context, &made);
        return GAN_ERROR_MEMORY;
    }
    *moments = made;
    return GAN_OK;
}

/* Centres LANES elements of a block, moves their mean, and puts the step of the mean below them as
 * one vector more. Padding stays 0. */
static void centre_panel(void *argument, int64_t panel)
{
    const merge *m = argument;
    const gan__moments *moments = m->moments;
    const int64_t first = panel * LANES, left = moments->elements - first;
    const int64_t width = left < LANES ? left : LANES;
    const double n = (double)m->before, n_b = (double)m->count, all = n + n_b;
    double *y = moments->panels + panel * (BLOCK + 1) * LANES;
    for (int64_t j = 0; j < width; j++) {
        const float *x = m->x + first + j;
        double mean = 0;
        for (int64_t i = 0; i < m->count; i++) {
            mean += (double)x[i * moments->elements];
        }
        mean /= n_b;
        double rest = 0; /* of the rounding of the mean */
        for (int64_t i = 0; i < m->count; i++) {
            y[i * LANES + j] = (double)x[i * moments->elements] - mean;
            rest += y[i * LANES + j];
        }
        mean += rest / n_b;
        const double delta = mean - m->mean[first + j];
        y[m->count * LANES + j] = delta * sqrt(n * n_b / all);
        m->mean[first + j] += delta * (n_b / all);
    }
}

static void add_products(void *argument, int64_t panel)
{
    const merge *m = argument;
    const int64_t padded = m->moments->padded, length = (BLOCK + 1) * LANES;
    const double *a = m->moments->panels + panel * length;
    for (int64_t other = panel; other < padded / LANES; other++) {
        gan__dense_panel(m->count + 1, a, m->moments->panels + other * length,
                         m->products + (panel * padded + other) * LANES, padded);
    }
}

/* Merges 1 to BLOCK vectors. */
static void merge_block(gan_context *context, merge *m)
{
    const int64_t panels = m->moments->padded / LANES, work = m->count * m->moments->padded;
    gan__eval_for_each(context, panels, work, centre_panel, m);
    gan__eval_for_each(context, panels, work * m->moments->padded, add_products, m);
}

static void merge_own(gan_context *context, gan__moments *moments, const float *x)
{
    merge m = {moments, x, BLOCK, moments->merged, moments->mean, moments->products};
    merge_block(context, &m);
    moments->merged += BLOCK;
}

void gan__moments_add(gan_context *context, gan__moments *moments, int64_t n, const float *x)
{
    const int64_t elements = moments->elements;
    while (n > 0) {
        if (moments->pending == 0 && n >= BLOCK) {
            merge_own(context, moments, x);
            x += BLOCK * elements;
            n -= BLOCK;
            continue;
        }
        const int64_t room = BLOCK - moments->pending, taken = n < room ? n : room;
        memcpy(moments->buffer + moments->pending * elements, x,
               (size_t)(taken * elements) * sizeof *x);
        moments->pending += taken;
        x += taken * elements;
        n -= taken;
        if (moments->pending == BLOCK) {
            merge_own(context, moments, moments->buffer);
            moments->pending = 0;
        }
    }
}

void gan__moments_finish(gan_context *context, const gan__moments *moments, double *mean,
                         double *covariance)
{
    const int64_t padded = moments->padded;
    memcpy(mean, moments->mean, (size_t)padded * sizeof *mean);
    memcpy(covariance, moments->products, (size_t)(padded * padded) * sizeof *covariance);
    if (moments->pending > 0) {
        merge m = {moments, moments->buffer, moments->pending, moments->merged, mean, covariance};
        merge_block(context, &m);
    }
    const double divisor = (double)(moments->merged + moments->pending - 1);
    for (int64_t i = 0; i < padded; i++) {
        for (int64_t j = i; j < padded; j++) {
            covariance[i * padded + j] /= divisor;
        }
    }
}

void gan__moments_clear(gan__moments *moments)
{
    moments->merged = moments->pending = 0;
    if (moments->mean != NULL) {
        const size_t padded = (size_t)moments->padded;
        memset(moments->mean, 0, padded * sizeof *moments->mean);
        memset(moments->products, 0, padded * padded * sizeof *moments->products);
    }
}

void gan__moments_free(gan_context *context, gan__moments *moments)
{
    gan__release(context, moments->mean);
    gan__release(context, moments->products);
    gan__release(context, moments->panels);
    gan__release(context, moments->buffer);
    *moments = (gan__moments){0};
}
