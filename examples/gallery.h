/* Figures 2 and 3 of Goodfellow et al. 2014: what a generator of digits has learned. */
#ifndef EXAMPLES_GALLERY_H
#define EXAMPLES_GALLERY_H

#include "digits.h"

enum {
    GALLERY_ROWS = 10,
    GALLERY_SAMPLES = 5, /* in a row of Figure 2, before the nearest digit */
    GALLERY_STEPS = 12   /* in a row of Figure 3 */
};

/* Figure 2, directory/name: each row shows the next samples, picked by nobody, and in a yellow
 * border the training digit nearest to the last of them, to show that it is no copy.
 *   samples  [at least GALLERY_ROWS * GALLERY_SAMPLES, DIGIT_PIXELS] */
void gallery_samples(gan_context *context, const float *samples, const digits *d,
                     const char *directory, const char *name);

/* Figure 3, directory/name: each row leads from one sample to another along a straight line in z.
 *   seed  of the noise at the ends of the lines */
void gallery_interpolation(gan_context *context, gan_network *G, uint64_t seed,
                           const char *directory, const char *name);

#endif
