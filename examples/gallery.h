/* Figures 2 and 3 of Goodfellow et al. 2014: what a generator of pictures has learned. */
#ifndef EXAMPLES_GALLERY_H
#define EXAMPLES_GALLERY_H

#include <gan/gan.h>

#include <stdbool.h>
#include <stdint.h>

enum {
    GALLERY_SAMPLES = 5, /* in a row of Figure 2, before the nearest picture */
    GALLERY_STEPS = 12   /* in a row of Figure 3 */
};

/* What a figure shows. */
typedef struct {
    int rows;           /* of the figure */
    int channels, side; /* a picture is [channels, side, side]; 3 channels are red, green, blue */
    bool centred;       /* values are about 0, shown after division by the largest magnitude;
                           otherwise they are 0 for black to 1 for white */
} gallery;

/* Figure 2, directory/name: each row shows the next samples, picked by nobody, and in a yellow
 * border the training picture nearest to the last of them, to show that it is no copy.
 *   samples  [at least rows * GALLERY_SAMPLES, channels, side, side] */
void gallery_samples(gan_context *context, const gallery *g, const float *samples,
                     gan_dataset *train, const char *directory, const char *name);

/* Draws pictures as they are, row by row, to directory/name.
 *   pictures  [rows, columns, channels, side, side] */
void gallery_grid(const gallery *g, int columns, const float *pictures, const char *directory,
                  const char *name);

/* Straight lines in z from one draw of G's prior to another, [rows, GALLERY_STEPS, input elements
 * of G]; the caller frees them.
 *   seed  of the noise at the ends of the lines */
float *gallery_lines(gan_context *context, int64_t rows, gan_network *G, uint64_t seed);

/* Figure 3, directory/name: each row leads from one sample to another along a straight line in z.
 *   seed  of the noise at the ends of the lines */
void gallery_interpolation(gan_context *context, const gallery *g, gan_network *G, uint64_t seed,
                           const char *directory, const char *name);

#endif
