/* Stacked MNIST: three digits by chance as the red, green and blue of a picture, which makes 1,000
 * modes of equal weight; a classifier of digits tells the mode of a picture. The protocol is that
 * of Srivastava et al. 2017 (VEEGAN) and Lin et al. 2018 (PacGAN): 128,000 pictures to learn from,
 * 26,000 samples to score. */
#ifndef EXAMPLES_STACKED_H
#define EXAMPLES_STACKED_H

#include "labelled.h"
#include "metrics.h"

#include <gan/gan.h>

enum {
    STACKED_CHANNELS = 3,
    STACKED_MODES = 1000,
    STACKED_PICTURES = 128000,
    STACKED_SAMPLES = 26000
};

/* Pictures that are made of digits as they are read. */
typedef struct {
    gan_dataset *pictures; /* [3, 28, 28], in the range of the digits */
    float *digits;         /* [count, 28, 28] */
    int64_t count;
    uint64_t seed;
} stacked;

/* Picture i is a function of the seed and i. The caller frees it after all that uses its
 * pictures. */
stacked *stacked_open(gan_context *context, gan_dataset *source, int64_t pictures, uint64_t seed);
void stacked_free(stacked *s);

/* ---- The classifier of digits --------------------------------------------------------------- */

/* A convolutional network [1, 28, 28] -> 10 logits, initialised but not trained; the caller frees
 * it. */
gan_network *stacked_classifier(gan_context *context, uint64_t seed);

/* Trains it for some epochs; returns the share of the test digits that it names rightly. Prints and
 * records how it goes. */
double stacked_train_classifier(gan_context *context, gan_network *network, const labelled *source,
                                int64_t epochs, uint64_t seed, metrics *log);

/* The share of digits that it names rightly. */
double stacked_accuracy(gan_context *context, gan_network *network, gan_dataset *source);

/* ---- The score ------------------------------------------------------------------------------- */

typedef struct {
    double modes; /* met by a sample or more */
    double kl;    /* of the modes of the samples from uniform ones, nats */
} stacked_score;

/* Adds the modes of pictures to their counts.
 *   pictures  [n, 3, 28, 28];  counts  [STACKED_MODES] */
void stacked_count(gan_context *context, gan_network *classifier, int64_t n, const float *pictures,
                   int64_t *counts);

/* counts: [STACKED_MODES] */
stacked_score stacked_score_of(const int64_t *counts);

/* The score of `samples` samples of a generator. */
stacked_score stacked_score_generator(gan_context *context, gan_network *classifier, gan_network *G,
                                      int64_t samples, uint64_t seed);

/* The score of as many pictures of real digits, whose modes the classifier names. */
stacked_score stacked_score_digits(gan_context *context, gan_network *classifier,
                                   gan_dataset *source, int64_t samples, uint64_t seed);

/* ---- The players ----------------------------------------------------------------------------- */

/* Convolutional, without normalisation, as the default recipe wants them; initialised. The caller
 * frees them.
 *   filters  of D's first convolution: D has so many maps of 14 x 14 and at most four times as many
 *            of 7 x 7, G four times as many of 7 x 7 and twice as many of 14 x 14 */
gan_network *stacked_generator(gan_context *context, int64_t filters, uint64_t seed);
gan_network *stacked_discriminator(gan_context *context, int64_t filters, uint64_t seed);

#endif
