/* What the files of layers share: steps of building calls, and builders of graphs. */
#ifndef GAN_NN_LAYERS_H
#define GAN_NN_LAYERS_H

#include "nn/network.h"

enum { GAN__FACTOR_MAX = 64 }; /* by which an image may be enlarged */

/* The layer that made image x, if a call on it may go on; otherwise NULL and the code. */
const gan__layer *gan__image_maker(gan_network *network, const char *call, int32_t x,
                                   int32_t *code);

/* Adds a layer without parameters, if a sample of its shape has a usable number of elements;
 * returns its tensor. Errors: SHAPE, MEMORY. */
int32_t gan__add_plain(gan_network *network, const char *call, gan__layer layer);

/* x W + b, or x W where there are no biases, over the flattened input: [m, outputs] */
int32_t gan__build_transform(const gan_network *network, gan__graph *graph, const gan__build *build,
                             const gan__layer *layer, int32_t x);

/* ---- Builders of joints.c: see gan__build_fn ------------------------------------------------- */

int32_t gan__build_embedding(const gan_network *network, gan__graph *graph, const gan__build *build,
                             const gan__layer *layer, const int32_t *in);
int32_t gan__build_minibatch_deviation(const gan_network *network, gan__graph *graph,
                                       const gan__build *build, const gan__layer *layer,
                                       const int32_t *in);
int32_t gan__build_minibatch_discrimination(const gan_network *network, gan__graph *graph,
                                            const gan__build *build, const gan__layer *layer,
                                            const int32_t *in);
int32_t gan__build_add(const gan_network *network, gan__graph *graph, const gan__build *build,
                       const gan__layer *layer, const int32_t *in);
int32_t gan__build_inner_product(const gan_network *network, gan__graph *graph,
                                 const gan__build *build, const gan__layer *layer,
                                 const int32_t *in);
int32_t gan__build_repeat(const gan_network *network, gan__graph *graph, const gan__build *build,
                          const gan__layer *layer, const int32_t *in);
int32_t gan__build_pixel_shuffle(const gan_network *network, gan__graph *graph,
                                 const gan__build *build, const gan__layer *layer,
                                 const int32_t *in);

#endif
