/* The MNIST digits in their three parts: to learn from, to choose a bandwidth on, to score. */
#ifndef EXAMPLES_DIGITS_H
#define EXAMPLES_DIGITS_H

#include <gan/gan.h>

enum { DIGIT_SIDE = 28, DIGIT_PIXELS = DIGIT_SIDE * DIGIT_SIDE };

/* The folder of the digits shipped with libgan; the build gives the full path. */
#ifdef GAN_EXAMPLE_DATA
#define DIGITS_SHIPPED GAN_EXAMPLE_DATA
#else
#define DIGITS_SHIPPED "examples/data"
#endif

typedef struct {
    gan_dataset *train, *validation, *test;               /* samples of 28 x 28 in [0, 1] */
    const char *train_file, *validation_file, *test_file; /* without ".gz" */
    int64_t validation_start;                             /* the row it starts at in its file */
} digits;

/* Opens the digits in a folder, which holds either
 *   the subset shipped with libgan: train-images-10000-idx3-ubyte, validation-images-1000-...,
 *   test-images-1000-...; or
 *   the full MNIST: train-images-idx3-ubyte, of which rows 0 to 49,999 are learned from and rows
 *   50,000 to 59,999 are for validation, and t10k-images-idx3-ubyte;
 * each file raw or with ".gz". The subset comes first if both are there. The digits have labels
 * where files of the same names with "labels" for "images" and "idx1" for "idx3" are there, too. */
digits digits_open(gan_context *context, const char *directory);

void digits_free(digits *d);

#endif
