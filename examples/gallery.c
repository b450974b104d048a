#include "gallery.h"

#include "check.h"
#include "nearest.h"
#include "sheet.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { ZOOM = 3 }; /* so that a person can see the pixels */

static int64_t elements_of(const gallery *g)
{
    return (int64_t)g->channels * g->side * g->side;
}

/* Brings values about 0 to 0 for black, 1 for white and 1/2 between.
 *   pictures  [count, channels, side, side] */
static void make_visible(const gallery *g, int64_t count, float *pictures)
{
    const int64_t all = count * elements_of(g);
    float largest = 0;
    for (int64_t i = 0; i < all && g->centred; i++) {
        largest = fmaxf(largest, fabsf(pictures[i]));
    }
    for (int64_t i = 0; i < all && largest > 0; i++) {
        pictures[i] = (pictures[i] / largest + 1) / 2;
    }
}

/* Draws count pictures row by row, from the first column on.
 *   pictures  [count, channels, side, side] */
static void put_all(sheet *s, const gallery *g, int columns, int64_t count, const float *pictures)
{
    for (int64_t i = 0; i < count; i++) {
        sheet_put(s, (int)(i / columns), (int)(i % columns), g->channels,
                  pictures + i * elements_of(g));
    }
}

void gallery_samples(gan_context *context, const gallery *g, const float *samples,
                     gan_dataset *train, const char *directory, const char *name)
{
    const int64_t elements = elements_of(g), count = (int64_t)g->rows * GALLERY_SAMPLES;
    const size_t size = (size_t)elements * sizeof *samples;
    float *shown = allocate((size_t)count, size);
    float *last = allocate((size_t)g->rows, size), *nearest = allocate((size_t)g->rows, size);
    memcpy(shown, samples, (size_t)count * size);
    for (int row = 0; row < g->rows; row++) {
        int sample = row * GALLERY_SAMPLES + GALLERY_SAMPLES - 1;
        memcpy(last + row * elements, samples + sample * elements, size);
    }
    nearest_rows(context, train, g->rows, last, nearest);
    make_visible(g, count, shown);
    make_visible(g, g->rows, nearest);

    sheet s = sheet_create(g->rows, GALLERY_SAMPLES + 1, g->side, ZOOM);
    put_all(&s, g, GALLERY_SAMPLES, count, shown);
    for (int row = 0; row < g->rows; row++) {
        sheet_put(&s, row, GALLERY_SAMPLES, g->channels, nearest + row * elements);
        sheet_frame(&s, row, GALLERY_SAMPLES);
    }
    sheet_save(&s, directory, name);
    free(nearest);
    free(last);
    free(shown);
}

void gallery_grid(const gallery *g, int columns, const float *pictures, const char *directory,
                  const char *name)
{
    const int64_t count = (int64_t)g->rows * columns;
    const size_t size = (size_t)(count * elements_of(g)) * sizeof *pictures;
    float *shown = allocate(1, size);
    memcpy(shown, pictures, size);
    make_visible(g, count, shown);
    sheet s = sheet_create(g->rows, columns, g->side, ZOOM);
    put_all(&s, g, columns, count, shown);
    sheet_save(&s, directory, name);
    free(shown);
}

float *gallery_lines(gan_context *context, int64_t rows, gan_network *G, uint64_t seed)
{
    const int64_t n = gan_network_input_elements(G), points = rows * GALLERY_STEPS;
    float *ends = allocate((size_t)(2 * rows * n), sizeof *ends); /* [row, 2, n] */
    float *z = allocate((size_t)(points * n), sizeof *z);
    check(context, gan_network_noise(G, seed, 2 * rows, ends, 2 * rows * n));
    for (int64_t i = 0; i < points; i++) {
        const float *from = ends + i / GALLERY_STEPS * 2 * n, *to = from + n;
        float share = (float)(i % GALLERY_STEPS) / (GALLERY_STEPS - 1);
        for (int64_t k = 0; k < n; k++) {
            z[i * n + k] = (1 - share) * from[k] + share * to[k];
        }
    }
    free(ends);
    return z;
}

void gallery_interpolation(gan_context *context, const gallery *g, gan_network *G, uint64_t seed,
                           const char *directory, const char *name)
{
    const int64_t points = (int64_t)g->rows * GALLERY_STEPS, all = points * elements_of(g);
    float *z = gallery_lines(context, g->rows, G, seed);
    float *pictures = allocate((size_t)all, sizeof *pictures);
    check(context, gan_network_forward(G, points, z, pictures, all));
    gallery_grid(g, GALLERY_STEPS, pictures, directory, name);
    free(pictures);
    free(z);
}
