/* The nearest-neighbour classifier: a picture has the class of the labelled one nearest to it. */
#ifndef EXAMPLES_NEIGHBOURS_H
#define EXAMPLES_NEIGHBOURS_H

#include <gan/gan.h>

#include <stdint.h>

/* Classifies all pictures of `test`, which has labels, by the first counts[k] of the labelled
 * pictures, by Euclidean distance.
 *   pictures, labels  [counts[kinds - 1], elements], [counts[kinds - 1]]
 *   counts            [kinds], each at least as large as the one before
 *   errors            [kinds] receives the shares of the test pictures that are wrong */
void neighbours_errors(gan_context *context, gan_dataset *test, const float *pictures,
                       const uint8_t *labels, int kinds, const int64_t *counts, double *errors);

#endif
