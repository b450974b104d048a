/* The networks of the cases. Each is built together with the number of multiply-adds that the
 * matrix products of its layers take, from the layers' sizes alone. */
#ifndef BENCH_NETS_H
#define BENCH_NETS_H

#include <gan/gan.h>

#include <stdbool.h>

/* Multiply-adds for one sample. Each layer has three products of that size: forward, the gradient
 * by its weights, and the gradient by its input. */
typedef struct {
    double all, first, last; /* of the layers */
} products;

typedef struct {
    gan_network *network;
    products products;
} net;

/* Build the player and finish its network; the caller frees it. */
typedef net (*net_fn)(gan_context *context);

net net_mnist_g(gan_context *context); /* published 2014: 100-1200-1200-784 */
net net_mnist_d(gan_context *context); /* maxout 240 x 5 twice, dropout 0.8, 0.5, 0.5 */
net net_toy(gan_context *context);     /* 1-16-16-1, both players */
net net_cifar_g(gan_context *context); /* the published cifar10-conv */
net net_cifar_d(gan_context *context);
net net_dcgan_g(gan_context *context); /* the DCGAN of PyTorch's C++ example, 28 x 28 */
net net_dcgan_d(gan_context *context);

/* Whether this build has batch norm; without it the DCGAN can be counted, but not measured. */
bool net_has_batch_norm(void);

#endif
