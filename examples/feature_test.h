/* How much of the pictures' classes a discriminator has learned without ever seeing a label: the
 * test of Radford et al. 2016, section 5. Features are the activations of all its convolutions,
 * max-pooled to 4 x 4, each layer's scaled to unit root mean square; a linear SVM learns the
 * classes from 1000 labels, and is scored on all test pictures. Features of random weights, which
 * do well, too, and raw pixels stand beside them. */
#ifndef EXAMPLES_FEATURE_TEST_H
#define EXAMPLES_FEATURE_TEST_H

#include "dcgan.h"
#include "labelled.h"
#include "metrics.h"

#include <gan/gan.h>

#include <stdbool.h>
#include <stdint.h>

enum { FEATURES_LABELS = 100, /* for each class */ FEATURES_DRAWS = 10 };

/* Mean of a number over the draws of labelled pictures, and its deviation. */
typedef struct {
    double mean, deviation;
} spread;

typedef struct {
    int64_t draws;
    spread pixels, random, trained; /* accuracies, 0 to 1 */
    spread gain;                    /* trained - random, draw by draw */
} features_result;

/* Whether the test can be made: it needs liblinear. */
bool features_available(void);

/* Accuracy with one draw of labels.
 *   D                  with statistics for inference
 *   learned            pictures to draw the labelled ones from
 *   validation, scored rows that choose the SVM's C, and those to be scored
 *   seed, draw         choose the labelled pictures */
double features_accuracy(gan_context *context, const dcgan_player *D, gan_dataset *learned,
                         gan_dataset *validation, gan_dataset *scored, uint64_t seed, int64_t draw);

/* The whole test: the same draws for pixels, for a discriminator with random weights and for the
 * trained one. Each score becomes a record "draw" of the log.
 *   trained, random  with statistics for inference
 *   draws            1 to 1000 */
features_result features_test(gan_context *context, const dcgan_player *trained,
                              const dcgan_player *random, const labelled *data, uint64_t seed,
                              int64_t draws, metrics *log);

/* Prints the result as a table. */
void features_print(const features_result *r);

/* Writes the result into a record that was begun. */
void features_write(const features_result *r, metrics *log);

#endif
