#include "gallery.h"

#include "check.h"
#include "sheet.h"

#include <stdlib.h>
#include <string.h>

enum { ZOOM = 3 }; /* so that a person can see the pixels */

void gallery_samples(gan_context *context, const float *samples, const digits *d,
                     const char *directory, const char *name)
{
    float *last = allocate(GALLERY_ROWS * DIGIT_PIXELS, sizeof *last);
    float *nearest = allocate(GALLERY_ROWS * DIGIT_PIXELS, sizeof *nearest);
    for (int row = 0; row < GALLERY_ROWS; row++) {
        int sample = row * GALLERY_SAMPLES + GALLERY_SAMPLES - 1;
        memcpy(last + row * DIGIT_PIXELS, samples + sample * DIGIT_PIXELS,
               DIGIT_PIXELS * sizeof *last);
    }
    digits_nearest(context, d, GALLERY_ROWS, last, nearest);

    sheet s = sheet_create(GALLERY_ROWS, GALLERY_SAMPLES + 1, DIGIT_SIDE, ZOOM);
    for (int row = 0; row < GALLERY_ROWS; row++) {
        for (int i = 0; i < GALLERY_SAMPLES; i++) {
            sheet_put(&s, row, i, samples + (row * GALLERY_SAMPLES + i) * DIGIT_PIXELS);
        }
        sheet_put(&s, row, GALLERY_SAMPLES, nearest + row * DIGIT_PIXELS);
        sheet_frame(&s, row, GALLERY_SAMPLES);
    }
    sheet_save(&s, directory, name);
    free(nearest);
    free(last);
}

void gallery_interpolation(gan_context *context, gan_network *G, uint64_t seed,
                           const char *directory, const char *name)
{
    enum { ENDS = 2 * GALLERY_ROWS, POINTS = GALLERY_ROWS * GALLERY_STEPS };
    const int64_t n = gan_network_input_elements(G);
    float *ends = allocate((size_t)(ENDS * n), sizeof *ends); /* [row, 2, n] */
    float *z = allocate((size_t)(POINTS * n), sizeof *z);     /* [row, step, n] */
    float *pictures = allocate(POINTS * DIGIT_PIXELS, sizeof *pictures);
    check(context, gan_network_noise(G, seed, ENDS, ends, ENDS * n));
    for (int i = 0; i < POINTS; i++) {
        const float *from = ends + i / GALLERY_STEPS * 2 * n, *to = from + n;
        float share = (float)(i % GALLERY_STEPS) / (GALLERY_STEPS - 1);
        for (int64_t k = 0; k < n; k++) {
            z[i * n + k] = (1 - share) * from[k] + share * to[k];
        }
    }
    check(context, gan_network_forward(G, POINTS, z, pictures, POINTS * DIGIT_PIXELS));

    sheet s = sheet_create(GALLERY_ROWS, GALLERY_STEPS, DIGIT_SIDE, ZOOM);
    for (int i = 0; i < POINTS; i++) {
        sheet_put(&s, i / GALLERY_STEPS, i % GALLERY_STEPS, pictures + i * DIGIT_PIXELS);
    }
    sheet_save(&s, directory, name);
    free(pictures);
    free(z);
    free(ends);
}
