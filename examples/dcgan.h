/* The networks of Radford et al. 2016, "Unsupervised Representation Learning with Deep
 * Convolutional Generative Adversarial Networks" (DCGAN), for small pictures. */
#ifndef EXAMPLES_DCGAN_H
#define EXAMPLES_DCGAN_H

#include "labelled.h"

#include <gan/gan.h>

#include <stdbool.h>
#include <stdint.h>

enum {
    DCGAN_LAYERS = 3,       /* convolutions of a discriminator, at most */
    DCGAN_FEATURE_SIDE = 4, /* each layer's features are [maps, 4, 4] */
};

typedef struct {
    const char *name;
    labelled_kind data;
    bool conditional; /* on the class, with one dense layer more, as in the paper's appendix */
    int channels, side;
    int base, g_layers; /* G makes a picture of side x side out of base x base in so many layers */
    int d_layers;       /* D looks at it with so many convolutions */
    int kernel;
    int64_t epochs;
} dcgan_model;

/* The names of all models; ends with NULL. */
extern const char *const DCGAN_NAMES[];

/* The model of that name, which is one of DCGAN_NAMES. */
const dcgan_model *dcgan_find(const char *name);

/* A network with the tensors that its user may evaluate. */
typedef struct {
    gan_network *network;
    int32_t output;
    int layers;                     /* of a discriminator: convolutions */
    int32_t features[DCGAN_LAYERS]; /* of each: what it found, pooled to 4 x 4; before that its
                                       activation */
} dcgan_player;

/* Makes the players, finished but not initialised; the caller frees their networks.
 *   filters  maps of the layer next to the picture; each further one has twice as many */
dcgan_player dcgan_generator(gan_context *context, const dcgan_model *model, int64_t filters);
dcgan_player dcgan_discriminator(gan_context *context, const dcgan_model *model, int64_t filters);

/* The same with the parameters of `other`. */
dcgan_player dcgan_copy_generator(gan_context *context, const dcgan_model *model, int64_t filters,
                                  const dcgan_player *other);
dcgan_player dcgan_copy_discriminator(gan_context *context, const dcgan_model *model,
                                      int64_t filters, const dcgan_player *other);

/* Makes a trainer: Adam as published, D and G in turn. The caller frees it.
 *   conditions  of the pictures; NULL if the model is not conditional */
gan_trainer *dcgan_trainer(gan_context *context, const dcgan_player *G, const dcgan_player *D,
                           gan_dataset *train, gan_dataset *conditions, int64_t batch,
                           int64_t seed);

/* Measures the statistics of batch normalisation anew, so that they are those of the parameters at
 * hand.
 *   data        pictures for a discriminator, NULL for a generator
 *   conditions  NULL if the model is not conditional */
void dcgan_recalibrate(gan_context *context, const dcgan_player *p, gan_dataset *data,
                       gan_dataset *conditions, uint64_t seed);

#endif
