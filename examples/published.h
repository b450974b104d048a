/* The five models of the published code of Goodfellow et al. 2014: layers, how their parameters
 * start, and how they are trained. */
#ifndef EXAMPLES_PUBLISHED_H
#define EXAMPLES_PUBLISHED_H

#include "pictures.h"

#include <gan/gan.h>

#include <stdint.h>

typedef struct published_layer published_layer;

typedef struct {
    const char *name;
    pictures_kind data;
    const published_layer *generator, *discriminator; /* up to a row without a layer */
    const char *above; /* the model whose trained generator is stacked on this one's, or NULL */
    double noise;      /* z is uniform on -noise to noise; 0 for N(0, 1) */
    double learning_rate;
    int64_t batch;
    int64_t epochs; /* those published; 50 where training was to go on until it is stopped */
} published;

/* The names of all models; ends with NULL. */
extern const char *const PUBLISHED_NAMES[];

/* The model of that name, which is one of PUBLISHED_NAMES. */
const published *published_find(const char *name);

/* Makes the players, finished but not initialised; the caller frees them.
 *   width  what the published numbers of hidden units and filters are multiplied by; the initial
 *          weights of units that read those are divided by its root
 *   train  gives shapes and marginals
 *   above  the generator of model `p->above` for the same data, otherwise NULL */
gan_network *published_generator(gan_context *context, const published *p, double width,
                                 gan_dataset *train, const gan_network *above);
gan_network *published_discriminator(gan_context *context, const published *p, double width,
                                     gan_dataset *train);

/* Makes a trainer with the published optimizers: momentum that grows over 250 epochs, a learning
 * rate that shrinks a little with every update. The caller frees it.
 *   schedule  GAN_SIMULTANEOUS as published, or GAN_ALTERNATING
 *   momentum  0 as published, or its coefficient from the first update on */
gan_trainer *published_trainer(gan_context *context, const published *p, gan_network *G,
                               gan_network *D, gan_dataset *train, const char *schedule,
                               double momentum, int64_t batch, int64_t seed);

#endif
