/* What a generator of classes has learned: sheets with a row for each class, and the test of
 * Radford et al. 2016, appendix: how well its samples classify real pictures as nearest
 * neighbours. */
#ifndef EXAMPLES_CONDITIONAL_H
#define EXAMPLES_CONDITIONAL_H

#include "dcgan.h"
#include "gallery.h"
#include "metrics.h"

#include <gan/gan.h>

#include <stdint.h>

enum { CONDITIONAL_SETS = 2 }; /* of labelled pictures, the smaller one first */

/* Shares of test pictures that were classified wrongly by so many labelled pictures, a tenth of
 * them of each class. */
typedef struct {
    int64_t counts[CONDITIONAL_SETS];
    double errors[CONDITIONAL_SETS];
} neighbour_test;

/* The nearest of 10,000 and of 50,000 generated pictures. */
neighbour_test conditional_generated(gan_context *context, const dcgan_player *G, gan_dataset *test,
                                     uint64_t seed);

/* The nearest of the first 1000 and of the first 10,000 pictures of `train`, in their own shares.
 */
neighbour_test conditional_real(gan_context *context, gan_dataset *train, gan_dataset *test);

/* Prints the errors with their standard errors; what: "raw generator" */
void conditional_print(const neighbour_test *t, const char *what, int64_t tests);

/* Writes them into a record that was begun, as "name_count". */
void conditional_write(const neighbour_test *t, const char *name, metrics *log);

/* Draws samples, and lines in z from one sample to another, a row for each class. */
void conditional_sheet(gan_context *context, const gallery *g, const dcgan_player *G, uint64_t seed,
                       const char *directory, const char *name);
void conditional_lines(gan_context *context, const gallery *g, const dcgan_player *G, uint64_t seed,
                       const char *directory, const char *name);

#endif
