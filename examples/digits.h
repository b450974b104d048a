/* The MNIST digits in their three parts: to learn from, to choose a bandwidth on, to score. */
#ifndef EXAMPLES_DIGITS_H
#define EXAMPLES_DIGITS_H

#include <gan/gan.h>

enum { DIGIT_SIDE = 28, DIGIT_PIXELS = DIGIT_SIDE * DIGIT_SIDE };

typedef struct {
    gan_dataset *train, *validation, *test; /* samples of 28 x 28 in [0, 1] */
} digits;

/* Opens the digits in a folder, which holds either
 *   the subset shipped with libgan: train-images-10000-idx3-ubyte, validation-images-1000-...,
 *   test-images-1000-...; or
 *   the full MNIST: train-images-idx3-ubyte, of which rows 0 to 49,999 are learned from and rows
 *   50,000 to 59,999 are for validation, and t10k-images-idx3-ubyte;
 * each file raw or with ".gz". The subset comes first if both are there. */
digits digits_open(gan_context *context, const char *directory);

void digits_free(digits *d);

/* The digit of the training set nearest to each of `count` pictures, by Euclidean distance.
 *   pictures  [count, DIGIT_PIXELS]
 *   nearest   [count, DIGIT_PIXELS] receives the training digits */
void digits_nearest(gan_context *context, const digits *d, int64_t count, const float *pictures,
                    float *nearest);

#endif
