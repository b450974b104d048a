/* The samples of a data set that are nearest to given ones. */
#ifndef EXAMPLES_NEAREST_H
#define EXAMPLES_NEAREST_H

#include <gan/gan.h>

#include <stdint.h>

/* Finds the row of the data nearest to each of `count` samples, by Euclidean distance.
 *   samples  [count, elements of a row]
 *   nearest  [count, elements of a row] receives the rows */
void nearest_rows(gan_context *context, gan_dataset *data, int64_t count, const float *samples,
                  float *nearest);

#endif
