#include "nets.h"

#include "check.h"

#include <math.h>
#include <stddef.h>

/* ---- Layers -------------------------------------------------------------------------------- */

/* A network while it is built. */
typedef struct {
    gan_context *context;
    net result;
    int32_t x;    /* the last tensor */
    double range; /* weights start uniform on -range to range; 0: as the library starts them */
} builder;

/* The shape of the last tensor, 1 in place of dimensions that it does not have. */
static void shape(const builder *b, int64_t dims[GAN_RANK_MAX])
{
    int32_t rank = 0;
    for (int32_t i = 0; i < GAN_RANK_MAX; i++) {
        dims[i] = 1;
    }
    check(b->context, b->x);
    check(b->context, gan_network_tensor_shape(b->result.network, b->x, &rank, dims, GAN_RANK_MAX));
}

static int64_t elements(const builder *b)
{
    int64_t dims[GAN_RANK_MAX], count = 1;
    shape(b, dims);
    for (int32_t i = 0; i < GAN_RANK_MAX; i++) {
        count *= dims[i];
    }
    return count;
}

static builder begin(gan_context *context, const char *name, int32_t rank, const int64_t *dims,
                     double range)
{
    builder b = {.context = context, .range = range};
    check(context, gan_network_create(context, name, &b.result.network));
    b.x = gan_network_input(b.result.network, "x", rank, dims);
    return b;
}

static net finish(builder *b)
{
    check(b->context, gan_network_output(b->result.network, b->x));
    return b->result;
}

/* Goes on from the layer just made, which has so many multiply-adds. */
static void follow(builder *b, int32_t layer, double multiply_adds)
{
    products *p = &b->result.products;
    check(b->context, layer);
    if (b->range > 0) {
        check(b->context, gan_network_set_initializer(b->result.network, layer, GAN_INIT_UNIFORM,
                                                      -b->range, b->range));
    }
    if (p->all == 0) {
        p->first = multiply_adds;
    }
    p->last = multiply_adds;
    p->all += multiply_adds;
    b->x = layer;
}

static void dense(builder *b, int64_t units)
{
    const int64_t inputs = elements(b);
    follow(b, gan_network_dense(b->result.network, b->x, units), (double)(inputs * units));
}

static void maxout(builder *b, int64_t units, int64_t pieces)
{
    const int64_t inputs = elements(b);
    follow(b, gan_network_maxout(b->result.network, b->x, units, pieces),
           (double)(inputs * units * pieces));
}

static void convolve(builder *b, int64_t filters, int64_t kernel, int64_t stride, int64_t padding,
                     int32_t bias)
{
    int64_t in[GAN_RANK_MAX], out[GAN_RANK_MAX];
    shape(b, in);
    const int32_t x = b->x;
    b->x =
        gan_network_convolution(b->result.network, x, filters, (int64_t[]){kernel, kernel},
                                (int64_t[]){stride, stride}, (int64_t[]){padding, padding}, bias);
    shape(b, out);
    follow(b, b->x, (double)(out[0] * out[1] * out[2] * in[0] * kernel * kernel));
}

static void transpose(builder *b, int64_t filters, int64_t kernel, int64_t stride, int64_t padding,
                      int32_t bias)
{
    const int64_t inputs = elements(b);
    const int32_t layer = gan_network_transposed_convolution(
        b->result.network, b->x, filters, (int64_t[]){kernel, kernel}, (int64_t[]){stride, stride},
        (int64_t[]){padding, padding}, NULL, bias);
    follow(b, layer, (double)(inputs * filters * kernel * kernel));
}

static void apply(builder *b, int32_t (*function)(gan_network *, int32_t x))
{
    b->x = function(b->result.network, b->x);
}

static void dropout(builder *b, double include)
{
    b->x = gan_network_dropout(b->result.network, b->x, include);
}

static void leak(builder *b)
{
    b->x = gan_network_leaky_relu(b->result.network, b->x, 0.2);
}

/* ---- Perceptrons --------------------------------------------------------------------------- */

net net_mnist_g(gan_context *context)
{
    builder b = begin(context, "G", 1, (int64_t[]){100}, 0.05);
    const double root = sqrt(3);
    check(context, gan_network_set_noise(b.result.network, GAN_NOISE_UNIFORM, -root, root));
    dense(&b, 1200);
    apply(&b, gan_network_relu);
    dense(&b, 1200);
    apply(&b, gan_network_relu);
    dense(&b, 784);
    apply(&b, gan_network_sigmoid);
    return finish(&b);
}

net net_mnist_d(gan_context *context)
{
    builder b = begin(context, "D", 1, (int64_t[]){784}, 0.005);
    dropout(&b, 0.8);
    maxout(&b, 240, 5);
    dropout(&b, 0.5);
    maxout(&b, 240, 5);
    dropout(&b, 0.5);
    dense(&b, 1);
    return finish(&b);
}

net net_toy(gan_context *context)
{
    builder b = begin(context, "toy", 1, (int64_t[]){1}, 0);
    dense(&b, 16);
    apply(&b, gan_network_tanh);
    dense(&b, 16);
    apply(&b, gan_network_tanh);
    dense(&b, 1);
    return finish(&b);
}

/* ---- CIFAR-10, published ------------------------------------------------------------------- */

net net_cifar_g(gan_context *context)
{
    builder b = begin(context, "G", 1, (int64_t[]){100}, 0.05);
    dense(&b, 8000);
    apply(&b, gan_network_relu);
    dense(&b, 80 * 10 * 10);
    apply(&b, gan_network_sigmoid);
    b.x = gan_network_reshape(b.result.network, b.x, 3, (int64_t[]){80, 10, 10});
    transpose(&b, 3, 5, 3, 0, GAN_BIAS_UNTIED); /* 3 x (10 - 1) + 5 = 32 pixels */
    return finish(&b);
}

/* Convolution, maxout over pairs of channels, and a pool. */
static void cifar_layer(builder *b, int64_t channels, int64_t kernel, int64_t padding, int64_t pool)
{
    convolve(b, 2 * channels, kernel, 1, padding, GAN_BIAS_TIED);
    b->x = gan_network_maxout_channels(b->result.network, b->x, 2);
    b->x =
        gan_network_max_pool(b->result.network, b->x, (int64_t[]){pool, pool}, (int64_t[]){2, 2});
}

net net_cifar_d(gan_context *context)
{
    builder b = begin(context, "D", 3, (int64_t[]){3, 32, 32}, 0.005);
    dropout(&b, 0.8);
    cifar_layer(&b, 32, 8, 4, 4);
    dropout(&b, 0.5);
    cifar_layer(&b, 32, 8, 3, 4);
    dropout(&b, 0.5);
    cifar_layer(&b, 192, 5, 3, 2);
    dropout(&b, 0.5);
    maxout(&b, 500, 5);
    dropout(&b, 0.5);
    dense(&b, 1);
    return finish(&b);
}

/* ---- DCGAN --------------------------------------------------------------------------------- */

static void normalize(builder *b)
{
    b->x = gan_network_batch_norm(b->result.network, b->x, 1, 1e-5, 0.1);
}

net net_dcgan_g(gan_context *context)
{
    builder b = begin(context, "G", 3, (int64_t[]){100, 1, 1}, 0);
    transpose(&b, 256, 4, 1, 0, GAN_BIAS_NONE); /* 4 x 4 */
    normalize(&b);
    apply(&b, gan_network_relu);
    transpose(&b, 128, 3, 2, 1, GAN_BIAS_NONE); /* 7 x 7 */
    normalize(&b);
    apply(&b, gan_network_relu);
    transpose(&b, 64, 4, 2, 1, GAN_BIAS_NONE); /* 14 x 14 */
    normalize(&b);
    apply(&b, gan_network_relu);
    transpose(&b, 1, 4, 2, 1, GAN_BIAS_NONE); /* 28 x 28 */
    apply(&b, gan_network_tanh);
    return finish(&b);
}

net net_dcgan_d(gan_context *context)
{
    builder b = begin(context, "D", 3, (int64_t[]){1, 28, 28}, 0);
    convolve(&b, 64, 4, 2, 1, GAN_BIAS_NONE); /* 14 x 14 */
    leak(&b);
    convolve(&b, 128, 4, 2, 1, GAN_BIAS_NONE); /* 7 x 7 */
    normalize(&b);
    leak(&b);
    convolve(&b, 256, 4, 2, 1, GAN_BIAS_NONE); /* 3 x 3 */
    normalize(&b);
    leak(&b);
    convolve(&b, 1, 3, 1, 0, GAN_BIAS_NONE);
    return finish(&b);
}
