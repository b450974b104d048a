/* Networks: generators and discriminators, built layer by layer.
 *
 * A building call takes the id of a tensor and returns the id of the tensor it made, a number
 * from 1 up, or a negative status code. The first error sticks: later building calls pass it on,
 * and the next call that returns a status (gan_network_output, ...) reports it with its first
 * message, so a chain of calls needs one check:
 *
 *     int32_t h = gan_network_input(G, "z", 1, (int64_t[]){100});
 *     h = gan_network_relu(G, gan_network_dense(G, h, 1200));
 *     int32_t status = gan_network_output(G, gan_network_sigmoid(G, gan_network_dense(G, h, 784)));
 *
 * Shapes are those of one sample; the batch dimension is added by the library. After
 * gan_network_output the layers are fixed; settings (names, initialisers, constraints) may still
 * change until the parameters are initialised. */
#ifndef GAN_NETWORK_H
#define GAN_NETWORK_H

#include <gan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Initialisers of weights, for gan_network_set_initializer; each reads two numbers a and b. fan_in
 * and fan_out are the inputs and outputs of the layer; a maxout piece counts as an output. */
#define GAN_INIT_UNIFORM "uniform"               /* U(a, b) */
#define GAN_INIT_NORMAL "normal"                 /* N(mean a, deviation b) */
#define GAN_INIT_SPARSE "sparse"                 /* a weights a unit from N(0, b), the rest 0 */
#define GAN_INIT_GLOROT_UNIFORM "glorot_uniform" /* U(-r, r), r = a sqrt(6/(fan_in + fan_out)) */
#define GAN_INIT_GLOROT_NORMAL "glorot_normal"   /* N(0, a sqrt(2/(fan_in + fan_out))) */
#define GAN_INIT_HE_UNIFORM "he_uniform"         /* U(-r, r), r = a sqrt(6/fan_in) */
#define GAN_INIT_HE_NORMAL "he_normal"           /* N(0, a sqrt(2/fan_in)) */
#define GAN_INIT_CONSTANT "constant"             /* a */

/* Noise priors p_z, for gan_network_set_noise; each reads two numbers a and b. */
#define GAN_NOISE_UNIFORM "uniform" /* U(a, b) */
#define GAN_NOISE_NORMAL "normal"   /* N(mean a, deviation b), each component, within 5.8 b of a */

/* Makes an empty network.
 *   name  for messages, 1 to 63 bytes of UTF-8; copied
 *   out   receives the network; the caller frees it
 * Errors: ARGUMENT, MEMORY. Since 0.1. */
GAN_API int32_t gan_network_create(gan_context *context, const char *name, gan_network **out);

/* Releases the network; trainers made with it keep what they need. NULL does nothing. Since 0.1. */
GAN_API void gan_network_free(gan_network *network);

/* ---- Building ------------------------------------------------------------------------------ */

/* The input of the network, needed once and first.
 *   name  1 to 63 bytes, for the reader of the program
 *   rank  1 to GAN_RANK_MAX
 *   dims  [rank], each at least 1: the shape of one sample, without the batch
 * Returns the tensor id, or a code: ARGUMENT, RANGE, SHAPE (too large), STATE (has an input, or is
 * finished), MEMORY. Since 0.1. */
GAN_API int32_t gan_network_input(gan_network *network, const char *name, int32_t rank,
                                  const int64_t *dims);

/* A further input: what a sample is made or judged under, such as its class or another image. A
 * network may have several; a sample's conditions then stand one after another, in the order of
 * these calls, in one row of gan_network_condition_elements numbers.
 *   name, rank, dims  as for gan_network_input, which comes first
 * Returns a tensor of that shape. Codes: ARGUMENT, RANGE, SHAPE (too large, also all conditions
 * together), STATE (no input yet, or finished), MEMORY.
 * Source: Mirza and Osindero 2014, Conditional Generative Adversarial Nets. Since 0.1. */
GAN_API int32_t gan_network_condition(gan_network *network, const char *name, int32_t rank,
                                      const int64_t *dims);

/* Affine layer y = x W + b over the flattened input.
 *   x      tensor of any shape with n elements; W is [n, units], b is [units]
 *   units  at least 1
 * Returns a tensor [units]. Initial W: glorot_uniform with gain 1; initial b: 0.
 * Codes: ARGUMENT (unknown tensor), RANGE, SHAPE, STATE, MEMORY. Since 0.1. */
GAN_API int32_t gan_network_dense(gan_network *network, int32_t x, int64_t units);

/* Linear layer y = x W, without biases: for an x that is 1 for one class and 0 for the others, as
 * gan_dataset_one_hot makes them, row c of W, the vector of class c.
 *   x      tensor of any shape with n elements; W is [n, units]
 *   units  at least 1
 * Returns a tensor [units]. Initial W: N(0, 1). Codes as for dense. Since 0.1. */
GAN_API int32_t gan_network_embedding(gan_network *network, int32_t x, int64_t units);

/* Maxout layer: for each of `units` units the largest of `pieces` affine pieces.
 * W is [n, units * pieces]; the pieces of unit u are its columns u * pieces to
 * u * pieces + pieces - 1. Ties go to the first piece.
 *   units, pieces  at least 1
 * Returns a tensor [units]. Codes as for dense.
 * Source: Goodfellow et al. 2013, Maxout Networks. Since 0.1. */
GAN_API int32_t gan_network_maxout(gan_network *network, int32_t x, int64_t units, int64_t pieces);

/* Dropout while training: each element is kept with probability `include` and then multiplied by
 * 1 / include, otherwise 0. No effect in gan_network_forward and gan_network_sample.
 * Note that the number is the share that is kept.
 *   include  2^-24 to 1
 * Returns a tensor of x's shape. Codes: ARGUMENT, RANGE, STATE, MEMORY.
 * Source: Hinton et al. 2012; inverted scaling as in the published 2014 code. Since 0.1. */
GAN_API int32_t gan_network_dropout(gan_network *network, int32_t x, double include);

/* ---- Images: tensors of shape [channels, height, width] -------------------------------------
 * Sizes of two numbers are those of height and width. */

/* Biases of gan_network_convolution and gan_network_transposed_convolution. */
enum {
    GAN_BIAS_NONE = 0,  /* none */
    GAN_BIAS_TIED = 1,  /* one for each filter: [filters, 1, 1] */
    GAN_BIAS_UNTIED = 2 /* one for each filter and position: [filters, height, width] */
};

/* Convolution (without flipping the kernel) of images, with zeros around them:
 * y[o, i, j] = b + sum over c, r, s of x[c, i stride - padding + r, j stride - padding + s]
 * W[o, c, r, s]. W is [filters, channels, kernel].
 *   x        [channels, height, width]
 *   filters  at least 1
 *   kernel   [2], each at least 1 and at most the padded image
 *   stride   [2], each at least 1; NULL: 1
 *   padding  [2], each from 0 to kernel - 1: rows of zeros on either side; NULL: 0
 *   bias     GAN_BIAS_NONE, GAN_BIAS_TIED or GAN_BIAS_UNTIED
 * Returns a tensor [filters, height', width'] with
 * height' = (height + 2 padding - kernel) / stride + 1, rounded down. Initial W: glorot_uniform
 * with gain 1, fan_in = channels * kernel, fan_out = filters * kernel; initial b: 0.
 * Codes: ARGUMENT (unknown tensor, NULL), RANGE, SHAPE (x is not an image, the kernel does not fit,
 * too large), STATE, MEMORY. Since 0.1. */
GAN_API int32_t gan_network_convolution(gan_network *network, int32_t x, int64_t filters,
                                        const int64_t *kernel, const int64_t *stride,
                                        const int64_t *padding, int32_t bias);

/* Transposed convolution: the gradient of a convolution by its input, which takes an image of the
 * convolution's output size to its input size. W is [channels, filters, kernel].
 *   x        [channels, height, width]
 *   output   [2], the size of the result: any from which a convolution of this kernel, stride and
 *            padding makes height and width; NULL: the smallest, stride (height - 1) + kernel
 *            - 2 padding
 *   others   as gan_network_convolution
 * Returns a tensor [filters, output]. Initial W and b as for convolution, with
 * fan_in = channels * kernel, fan_out = filters * kernel. Codes: as gan_network_convolution; SHAPE
 * also where no convolution makes x's size from `output`.
 * Source: Zeiler et al. 2010, Deconvolutional Networks; the published 2014 code. Since 0.1. */
GAN_API int32_t gan_network_transposed_convolution(gan_network *network, int32_t x, int64_t filters,
                                                   const int64_t *kernel, const int64_t *stride,
                                                   const int64_t *padding, const int64_t *output,
                                                   int32_t bias);

/* The largest element of each window of each channel; the first of equals gets the gradient.
 * Windows that reach over the border are cut (the ceil rule):
 * height' = ceil((height - window) / stride) + 1, less one where the last window would start
 * outside; 1 where the window is larger than the image.
 *   window  [2], each at least 1;  stride  [2], each at least 1; NULL: the window
 * Returns a tensor [channels, height', width']. Codes: ARGUMENT, RANGE, SHAPE (not an image),
 * STATE, MEMORY. Since 0.1. */
GAN_API int32_t gan_network_max_pool(gan_network *network, int32_t x, const int64_t *window,
                                     const int64_t *stride);

/* The mean of each window, otherwise as gan_network_max_pool; a window that is cut is averaged
 * over the elements it has. Codes: SHAPE also where windows are too large. Since 0.1. */
GAN_API int32_t gan_network_average_pool(gan_network *network, int32_t x, const int64_t *window,
                                         const int64_t *stride);

/* Maxout over channels, after a convolution with filters * pieces filters: channel u of the result
 * is the largest of the channels u * pieces to u * pieces + pieces - 1. Ties go to the first.
 *   pieces  at least 1, a divisor of the channels (SHAPE otherwise)
 * Returns a tensor [channels / pieces, height, width]. Codes: as gan_network_max_pool.
 * Source: Goodfellow et al. 2013, Maxout Networks. Since 0.1. */
GAN_API int32_t gan_network_maxout_channels(gan_network *network, int32_t x, int64_t pieces);

/* Ways of enlarging an image, for gan_network_upsample. */
#define GAN_UPSAMPLE_NEAREST "nearest" /* each element becomes a block of equal ones */
/* Linear in each direction between the centres of the elements, constant beyond the outermost
 * (the convention "align_corners = false" of other libraries). */
#define GAN_UPSAMPLE_BILINEAR "bilinear"

/* Enlarges an image.
 *   factor  1 to 64
 *   kind    GAN_UPSAMPLE_NEAREST or GAN_UPSAMPLE_BILINEAR
 * Returns a tensor [channels, factor * height, factor * width]. Codes: ARGUMENT, KEY, RANGE, SHAPE
 * (not an image, too large), STATE, MEMORY. Since 0.1. */
GAN_API int32_t gan_network_upsample(gan_network *network, int32_t x, int64_t factor,
                                     const char *kind);

/* Element-wise functions; each returns a tensor of x's shape.
 * Codes: ARGUMENT (unknown tensor), STATE, MEMORY; leaky_relu also RANGE. Since 0.1. */
GAN_API int32_t gan_network_relu(gan_network *network, int32_t x);     /* max(x, 0) */
GAN_API int32_t gan_network_tanh(gan_network *network, int32_t x);     /* tanh x */
GAN_API int32_t gan_network_sigmoid(gan_network *network, int32_t x);  /* 1 / (1 + exp(-x)) */
GAN_API int32_t gan_network_softplus(gan_network *network, int32_t x); /* log(1 + exp x) */
/* max(x, 0) + slope min(x, 0); slope in [0, 1]. Since 0.1. */
GAN_API int32_t gan_network_leaky_relu(gan_network *network, int32_t x, double slope);
/* scale * x + shift; both finite (RANGE otherwise). Since 0.1. */
GAN_API int32_t gan_network_affine(gan_network *network, int32_t x, double scale, double shift);

/* ---- Normalisation --------------------------------------------------------------------------
 * y = scale (x - mean) / sqrt(variance + epsilon) + shift, with the variance of all n numbers
 * divided by n. A channel is the first dimension of an image, and an element of any other tensor.
 *   affine   1: `scale` and `shift` are parameters, one for each channel, named "layer.scale" and
 *            "layer.shift", 1 and 0 at first; 0: there are none, scale is 1 and shift 0
 *   epsilon  greater than 0, at most 1
 * Each returns a tensor of x's shape. Codes: ARGUMENT, RANGE, SHAPE, STATE, MEMORY. With `affine`,
 * and batch norm in any case, they are layers for the settings of layers below, where their id is
 * given: the initialiser is that of the scale, the bias the shift, and limits of weights hold for
 * each scale (ARGUMENT where there is none). */

/* Batch normalisation: mean and variance of a channel are those of the batch in training, and
 * running ones in inference: the tensor "layer.statistics", [2, channels], the means and then the
 * variances, 0 and 1 at first. It is saved, copied and averaged like a parameter, but has no
 * gradient: when a step moves the network, it goes from s to (1 - momentum) s + momentum b, b being
 * the batch's, with a variance divided by n - 1 (if n > 1). D's come from the real samples. Batches
 * of real and of generated samples are normalised by themselves. Penalties on D's gradient take
 * that of the sum of the batch's logits: the samples depend on each other.
 * While "layer.statistics" is frozen (gan_network_set_trainable), training, too, uses and keeps the
 * running ones. gan_network_recalibrate measures them anew.
 *   momentum  greater than 0, at most 1
 * Source: Ioffe and Szegedy 2015, Batch Normalization. Since 0.1. */
GAN_API int32_t gan_network_batch_norm(gan_network *network, int32_t x, int32_t affine,
                                       double epsilon, double momentum);

/* Layer normalisation: mean and variance over all elements of a sample.
 * Source: Ba et al. 2016, Layer Normalization. Since 0.1. */
GAN_API int32_t gan_network_layer_norm(gan_network *network, int32_t x, int32_t affine,
                                       double epsilon);

/* Instance normalisation: mean and variance over the positions of one channel of one sample.
 *   x  an image (SHAPE otherwise)
 * Source: Ulyanov et al. 2016, Instance Normalization. Since 0.1. */
GAN_API int32_t gan_network_instance_norm(gan_network *network, int32_t x, int32_t affine,
                                          double epsilon);

/* ---- Layers that look at the whole batch -----------------------------------------------------
 * Their result for a sample depends on the samples beside it: those of the batch in training. In
 * inference these are the up to 64 samples that go through together; the last batch is filled up
 * with its own samples, in turn. */

/* Minibatch standard deviation: the batch is cut into groups of g neighbours; the standard
 * deviation of each element over a group, sqrt(variance + 1e-8), is averaged over all elements, and
 * that number is added to x as one more channel (of an image) or element (of any other tensor) of
 * every sample of the group. g is the largest divisor of the batch's size that is at most `group`.
 *   group  at least 1
 * Returns a tensor [channels + 1, height, width] or [elements + 1]. Codes: ARGUMENT, RANGE, SHAPE,
 * STATE, MEMORY. Source: Karras et al. 2018, Progressive Growing of GANs, section 3. Since 0.1. */
GAN_API int32_t gan_network_minibatch_deviation(gan_network *network, int32_t x, int64_t group);

/* Minibatch discrimination: with M_i = x_i T, a matrix [kernels, dims] for each sample i, adds to x
 * the numbers o_b = sum over the other samples j of exp(-|M_ib - M_jb|), in the 1-norm over dims.
 *   x              tensor of any shape with n elements; T is [n, kernels * dims], without biases
 *   kernels, dims  at least 1
 * Returns a tensor [n + kernels]. Initial T: as W of dense. Codes: as for dense.
 * Source: Salimans et al. 2016, Improved Techniques for Training GANs, section 3.2. Since 0.1. */
GAN_API int32_t gan_network_minibatch_discrimination(gan_network *network, int32_t x,
                                                     int64_t kernels, int64_t dims);

/* ---- Joints --------------------------------------------------------------------------------- */

/* x + y, element by element: a residual connection.
 *   x, y  tensors of one shape (SHAPE otherwise)
 * Returns a tensor of that shape. Codes: ARGUMENT, SHAPE, STATE, MEMORY. Since 0.1. */
GAN_API int32_t gan_network_add(gan_network *network, int32_t x, int32_t y);

/* The inner product: the sum over all elements of x y. With the vector of a class, from
 * gan_network_embedding, for y, and D's last features for x, this is the projection
 * discriminator's second term.
 *   x, y  tensors with as many elements (SHAPE otherwise)
 * Returns a tensor [1]. Codes: ARGUMENT, SHAPE, STATE, MEMORY.
 * Source: Miyato and Koyama 2018, cGANs with Projection Discriminator. Since 0.1. */
GAN_API int32_t gan_network_inner_product(gan_network *network, int32_t x, int32_t y);

/* Makes an image with a constant channel for each element of x, to be concatenated to another.
 *   x  tensor of any shape with n elements;  height, width  at least 1
 * Returns a tensor [n, height, width]. Codes: ARGUMENT, RANGE, SHAPE (too large), STATE, MEMORY.
 * Since 0.1. */
GAN_API int32_t gan_network_repeat(gan_network *network, int32_t x, int64_t height, int64_t width);

/* Pixel shuffle: element (c factor^2 + a factor + b, i, j) of x becomes element
 * (c, i factor + a, j factor + b).
 *   x       an image with a multiple of factor^2 channels (SHAPE otherwise)
 *   factor  1 to 64
 * Returns a tensor [channels / factor^2, factor height, factor width]. Codes: ARGUMENT, RANGE,
 * SHAPE, STATE, MEMORY.
 * Source: Shi et al. 2016, Real-Time Single Image and Video Super-Resolution. Since 0.1. */
GAN_API int32_t gan_network_pixel_shuffle(gan_network *network, int32_t x, int64_t factor);

/* The same elements in another shape.
 *   rank, dims  as for gan_network_input; the number of elements must not change
 * Codes: ARGUMENT, RANGE, SHAPE, STATE, MEMORY. Since 0.1. */
GAN_API int32_t gan_network_reshape(gan_network *network, int32_t x, int32_t rank,
                                    const int64_t *dims);

/* Joins two tensors along one axis.
 *   axis  0 to rank - 1, counted without the batch; the other dimensions must be equal
 * Codes: ARGUMENT, RANGE, SHAPE, STATE, MEMORY. Since 0.1. */
GAN_API int32_t gan_network_concatenate(gan_network *network, int32_t x, int32_t y, int32_t axis);

/* Puts all layers of another network here, applied to x in place of that network's input: for
 * new layers below a trained generator, or above it. The layers keep their names and settings;
 * gan_network_copy_parameters brings their parameters. Conditions of the other network become
 * conditions of this one, after those it has.
 *   x      has as many elements as the input of `other`
 *   other  finished, of the same context; stays as it is
 * Returns the tensor that `other` names as its output. Codes: ARGUMENT (unknown tensor, NULL, of
 * another context, a layer's name is taken here), RANGE (more than 10000 dropout layers), SHAPE,
 * STATE, MEMORY. Since 0.1. */
GAN_API int32_t gan_network_append(gan_network *network, int32_t x, const gan_network *other);

/* The shape of a tensor: what a building call made, for one sample.
 *   x     the id a building call returned
 *   rank  receives the number of dimensions;  dims  [capacity] receives the dimensions
 * Errors: ARGUMENT, BUFFER (capacity < rank; *rank is set), the first error of the building calls.
 * Since 0.1. */
GAN_API int32_t gan_network_tensor_shape(const gan_network *network, int32_t x, int32_t *rank,
                                         int64_t *dims, int32_t capacity);

/* Names the output and finishes the network.
 *   x  any tensor made by this network. For a discriminator it has one element, the logit of the
 *      probability that its input is real: no sigmoid.
 * Errors: the first error of the building calls, ARGUMENT, STATE (finished before, no input),
 * MEMORY. Since 0.1. */
GAN_API int32_t gan_network_output(gan_network *network, int32_t x);

/* ---- Settings of layers --------------------------------------------------------------------
 * `layer` is the id that dense, maxout, convolution or transposed_convolution returned, or 0 for
 * all such layers made so far; or that of another layer with parameters: an embedding, minibatch
 * discrimination, or a normalisation that has a tensor.
 * All: ARGUMENT (NULL, or not such a layer), STATE (the parameters are already initialised). */

/* Names a layer; its parameters are then "name.weight" and "name.bias". Without this call the
 * n-th such layer is "layer0", "layer1", ...
 *   name  1 to 63 bytes without '.', not used yet, not starting with "__"; copied. `layer` must
 *         not be 0
 * Since 0.1. */
GAN_API int32_t gan_network_set_name(gan_network *network, int32_t layer, const char *name);

/* Chooses how the weights start.
 *   kind  one of GAN_INIT_...;  a, b  its numbers, finite
 * Errors also: KEY (no such kind), RANGE (low > high, deviation or gain < 0, not a whole number of
 * non-zero weights between 0 and fan_in). Since 0.1. */
GAN_API int32_t gan_network_set_initializer(gan_network *network, int32_t layer, const char *kind,
                                            double a, double b);

/* Starts every bias at `value`, finite (RANGE otherwise). A single layer must have biases.
 * Since 0.1. */
GAN_API int32_t gan_network_set_bias(gan_network *network, int32_t layer, double value);

/* Starts bias j at logit(clip(mean_j, 1e-7, 1 - 1e-7)), mean_j being the mean of component j over
 * the data, so that a sigmoid output starts at the data's marginals. Reads the data set once.
 *   layer  one with a bias for each element it makes, as many as a sample has: a dense layer, or a
 *          convolution, transposed or not, with GAN_BIAS_UNTIED; must not be 0
 *   data   values within [0, 1] after its scaling
 * Errors also: SHAPE, RANGE (a value outside [0, 1]), those of reading the data.
 * Source: the published 2014 code (init_sigmoid_bias_from_marginals). Since 0.1. */
GAN_API int32_t gan_network_set_bias_from_marginals(gan_network *network, int32_t layer,
                                                    gan_dataset *data);

/* Keeps the Euclidean norm of the weights that lead to one unit, one maxout piece or one filter (a
 * column of W, or a kernel over all its input channels) at most `norm`: they are multiplied by
 * clip(|w|, 0, norm) / (1e-7 + |w|) at initialisation and after each update.
 *   norm  greater than 0 (RANGE otherwise), or 0 for no limit, the default
 * Source: Srebro and Shraibman 2005; the form is that of the published 2014 code (max_col_norm,
 * max_kernel_norm). Since 0.1. */
GAN_API int32_t gan_network_set_max_norm(gan_network *network, int32_t layer, double norm);

/* Clips every weight and every bias of the layer to [-limit, limit], at initialisation and after
 * each update; after set_max_norm's limit, where there are both.
 *   limit  greater than 0 (RANGE otherwise), or 0 for no limit, the default
 * Source: Arjovsky et al. 2017, Wasserstein Generative Adversarial Networks, Algorithm 1.
 * Since 0.1. */
GAN_API int32_t gan_network_set_weight_clip(gan_network *network, int32_t layer, double limit);

/* Divides the weights by their largest singular value: the layer computes with W / (u' W v), W
 * being the matrix [units, weights that lead to a unit], and the unit vectors u and v approach its
 * first singular vectors by power iteration: 20 rounds when the parameters are drawn, and one after
 * each update of W. They are a tensor of their own, "layer.direction", u and then v, which is saved
 * and copied like a parameter but has no gradient; it stays as it is where it or W is frozen.
 *   layer  one with weights, not a normalisation (ARGUMENT);  0 means as above
 *   on     1, or 0 for none, the default (RANGE otherwise)
 * Errors also: SHAPE (too large), MEMORY.
 * Source: Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks.
 * Since 0.1. */
GAN_API int32_t gan_network_set_spectral_norm(gan_network *network, int32_t layer, int32_t on);

/* ---- Parameters ---------------------------------------------------------------------------- */

/* Draws all parameters anew. Without this call they are drawn when first needed: with seed 0, a
 * trainer's discriminator with seed 1. The draw depends on the seed and on each layer's place and
 * settings, not on its name, nor on the number of threads: so give the two networks of a game
 * different seeds, or their weights will be alike.
 *   seed  any
 * Errors: ARGUMENT, STATE (not finished), the first error of building the network, MEMORY.
 * Since 0.1. */
GAN_API int32_t gan_network_initialize(gan_network *network, uint64_t seed);

/* How many parameter tensors the network has; 0 for NULL. Since 0.1. */
GAN_API int32_t gan_network_parameter_count(const gan_network *network);

/* The name of parameter tensor `index`, or NULL out of range. Owned by the network, valid until a
 * layer is added or named, its spectral norm set, or the network is freed. Since 0.1. */
GAN_API const char *gan_network_parameter_name(const gan_network *network, int32_t index);

/* The shape of the parameter tensor `name`.
 *   rank  receives the number of dimensions
 *   dims  [capacity] receives the dimensions
 * Errors: ARGUMENT, KEY, BUFFER (capacity < rank; *rank is set). Since 0.1. */
GAN_API int32_t gan_network_parameter_shape(const gan_network *network, const char *name,
                                            int32_t *rank, int64_t *dims, int32_t capacity);

/* How many numbers all parameters hold together; 0 for NULL. Since 0.1. */
GAN_API int64_t gan_network_parameter_elements(const gan_network *network);

/* Copies one parameter tensor to the caller.
 *   values    [capacity], row-major
 *   capacity  at least the number of elements of the tensor
 * Errors: ARGUMENT, KEY, BUFFER, STATE (not finished), MEMORY. Since 0.1. */
GAN_API int32_t gan_network_get_parameter(gan_network *network, const char *name, float *values,
                                          int64_t capacity);

/* Replaces one parameter tensor.
 *   values  [count], row-major, finite
 *   count   exactly the number of elements of the tensor
 * Errors: ARGUMENT, KEY, SHAPE, NUMERIC (a value is not finite; nothing is changed), STATE,
 * MEMORY. Since 0.1. */
GAN_API int32_t gan_network_set_parameter(gan_network *network, const char *name,
                                          const float *values, int64_t count);

/* Carries parameters by name: every tensor of `from` that has a namesake in `to` is copied there.
 *   to, from  finished, of one context
 *   copied    receives the number of tensors copied; may be NULL
 * Errors: ARGUMENT (NULL, of another context, one network), SHAPE (namesakes of different shapes:
 * nothing is changed), STATE, MEMORY. Since 0.1. */
GAN_API int32_t gan_network_copy_parameters(gan_network *to, gan_network *from, int32_t *copied);

/* Makes a network of its own with the layers, settings, prior and parameters of another, all of
 * them trainable. If the parameters are not drawn yet, neither are the clone's.
 *   network  finished
 *   name     of the clone; as for gan_network_create
 *   out      receives the clone; the caller frees it
 * Errors: ARGUMENT, STATE, the first error of building the network, MEMORY. Since 0.1. */
GAN_API int32_t gan_network_clone(gan_network *network, const char *name, gan_network **out);

/* Freezes parameters, or sets them free again. Trainers leave frozen parameters and their optimizer
 * state as they are and compute no gradients for them; gradients still flow through their layers.
 * May be called between any two steps. All are trainable at first.
 *   name       of a parameter tensor ("layer0.weight"), of a layer for all of its tensors
 *              ("layer0"), or NULL for all
 *   trainable  0 or 1
 * Errors: ARGUMENT, KEY, RANGE, STATE (not finished). Since 0.1. */
GAN_API int32_t gan_network_set_trainable(gan_network *network, const char *name,
                                          int32_t trainable);

/* Whether a parameter tensor is trainable.
 *   trainable  receives 0 or 1
 * Errors: ARGUMENT, KEY. Since 0.1. */
GAN_API int32_t gan_network_get_trainable(const gan_network *network, const char *name,
                                          int32_t *trainable);

/* Measures the statistics of all batch normalisations anew: the mean, over a number of batches, of
 * each batch's mean and variance (divided by n - 1), all layers normalising by the batch at hand.
 * Nothing else changes; no dropout. Frozen statistics are measured, too.
 *   batches, m  how many batches of how many samples: batches at least 1, m 1 to 2^20
 *   data        samples of the network's input, read from the first on, over again where there are
 *               too few; NULL: noise of the network's prior, as gan_network_noise draws it
 *   conditions  a data set that is read alongside, its samples having as many elements as the
 *               network's conditions; NULL if it has none
 *   seed        of the noise
 * Errors: ARGUMENT (NULL; conditions are missing or not wanted; of another context), RANGE, SHAPE,
 * STATE (not finished), NUMERIC (a statistic is not finite: nothing is changed), those of reading
 * the data, MEMORY.
 * Source: Radford et al. 2016, the published code, which samples so. Since 0.1. */
GAN_API int32_t gan_network_recalibrate(gan_network *network, int64_t batches, int64_t m,
                                        gan_dataset *data, gan_dataset *conditions, uint64_t seed);

/* Writes all parameters to a file in the safetensors format, one tensor for each, by name, as
 * float32. A file of that name is replaced in one piece: a crash leaves the old or the new one.
 *   path  in a folder that can be written to
 * Errors: ARGUMENT (also: the name of the network, a layer or an input is not UTF-8), STATE (not
 * finished), NUMERIC (a parameter is not finite: such a file could not be loaded), IO, MEMORY.
 * Since 0.1. */
GAN_API int32_t gan_network_save(gan_network *network, const char *path);

/* Reads all parameters from a file that gan_network_save wrote for a network with the same
 * parameters. After an error nothing is changed.
 * Errors: ARGUMENT, STATE (not finished), IO, FORMAT (not such a file, corrupt), KEY (a tensor is
 * missing, or one too many), SHAPE, NUMERIC (not finite), UNSUPPORTED (tensors of other
 * types, too many, too large a header), MEMORY. Since 0.1. */
GAN_API int32_t gan_network_load(gan_network *network, const char *path);

/* The networks in a file of gan_trainer_save. */
#define GAN_PART_GENERATOR "generator"
#define GAN_PART_DISCRIMINATOR "discriminator"
#define GAN_PART_AVERAGE "average" /* the averaged generator */

/* Makes a network from a file alone: layers, names, settings, prior and parameters are as they were
 * when it was saved, which parameters are trainable, too. (Not kept: biases that each start by
 * itself, gan_network_set_bias_from_marginals; they matter to drawing anew only.)
 *   path  a file of gan_network_save or, if `part` is given, of gan_trainer_save; it may come from
 *         anybody: memory and time are bounded by its size
 *   part  one of GAN_PART_..., or NULL
 *   out   receives the network, finished; free it with gan_network_free. NULL after an error.
 * Errors: ARGUMENT (NULL), KEY (no such part; a tensor is missing), IO, FORMAT (not such a file,
 * corrupt, or without a description that makes a network), SHAPE (a tensor does not fit the
 * description), NUMERIC (a parameter is not finite), UNSUPPORTED (as gan_network_load), MEMORY.
 * Since 0.1. */
GAN_API int32_t gan_network_open(gan_context *context, const char *path, const char *part,
                                 gan_network **out);

/* Describes the network as text, in JSON: the building calls with their arguments, a line for each,
 * and the settings of parameters. It is what files keep in their metadata.
 *   text      receives the description and a zero byte; may be NULL if capacity is 0
 *   capacity  bytes at text; 0 only asks for the size
 *   size      receives the bytes of the description, without the zero
 * Errors: ARGUMENT, STATE (not finished), RANGE (too little room; size is set), MEMORY.
 * Since 0.1. */
GAN_API int32_t gan_network_describe(gan_network *network, char *text, int64_t capacity,
                                     int64_t *size);

/* ---- Inference ----------------------------------------------------------------------------- */

/* Writes the network as an ONNX model (IR 8, opset 17), for other programs to sample with: what
 * gan_network_forward computes, or, with conditions, gan_network_evaluate. Its inputs are those of
 * the network, by their names (an input whose name another tensor has becomes "tensor.<id>"), its
 * output is "output", all float32 of shape [N, ...], N being free. Dropout drops nothing, batch
 * norm uses running statistics, weights under a spectral norm are written divided by it. A file of
 * that name is replaced in one piece.
 * Errors: ARGUMENT (path), STATE (not finished), UNSUPPORTED (layers that look at the whole batch:
 * minibatch_deviation and minibatch_discrimination; over 2 GB), IO, MEMORY.
 * Source: the operators of ONNX, opset 17. Since 0.1. */
GAN_API int32_t gan_network_export_onnx(gan_network *network, const char *path);

/* The number of elements of one input sample, or of one output sample; 0 if there is none yet.
 * Since 0.1. */
GAN_API int64_t gan_network_input_elements(const gan_network *network);
GAN_API int64_t gan_network_output_elements(const gan_network *network);

/* Evaluates the network without dropout, with running statistics. Samples go through in batches of
 * 64, the last one filled up, so that each result does not depend on the others: a single one costs
 * as much as 64.
 *   n         number of samples, at least 1
 *   x         [n, input elements], finite or not
 *   y         [capacity] receives [n, output elements]; must not overlap x
 *   capacity  at least n * output elements
 * Errors: ARGUMENT (NULL; the network has conditions: gan_network_evaluate takes them), RANGE,
 * BUFFER, STATE (not finished), MEMORY. Since 0.1. */
GAN_API int32_t gan_network_forward(gan_network *network, int64_t n, const float *x, float *y,
                                    int64_t capacity);

/* The number of elements of all conditions of one sample; 0 if there are none. Since 0.1. */
GAN_API int64_t gan_network_condition_elements(const gan_network *network);

/* Evaluates any tensor of the network, as gan_network_forward does its output: features, or a
 * second output.
 *   tensor      the id that a building call returned
 *   conditions  [n, condition elements], or NULL if the network has none
 *   y           [capacity] receives [n, elements of the tensor]; must not overlap x or conditions
 *   others      as gan_network_forward
 * Errors: as gan_network_forward; ARGUMENT also for an unknown tensor, and where conditions are
 * missing or not wanted. Since 0.1. */
GAN_API int32_t gan_network_evaluate(gan_network *network, int32_t tensor, int64_t n,
                                     const float *x, const float *conditions, float *y,
                                     int64_t capacity);

/* Chooses the noise prior of the network's input, N(0, 1) without this call. Trainers and
 * gan_network_sample draw from it.
 *   kind  GAN_NOISE_UNIFORM or GAN_NOISE_NORMAL;  a, b  its numbers, finite
 * The published MNIST model uses uniform noise on (-sqrt 3, sqrt 3).
 * Errors: ARGUMENT, KEY, RANGE (low > high, or deviation < 0). Since 0.1. */
GAN_API int32_t gan_network_set_noise(gan_network *network, const char *kind, double a, double b);

/* Draws samples G(z). Sample i is a pure function of the parameters, the prior, the seed and i:
 * the first 10 of 100 are the 10 of 10.
 *   seed      any
 *   n         number of samples, 1 to 2^31 - 1
 *   samples   [capacity] receives [n, output elements]
 *   capacity  at least n * output elements
 * Errors: as gan_network_forward. Since 0.1. */
GAN_API int32_t gan_network_sample(gan_network *network, uint64_t seed, int64_t n, float *samples,
                                   int64_t capacity);

/* Draws samples G(z, y) under the conditions y of the caller; the noise is that of
 * gan_network_sample.
 *   conditions  [n, condition elements], or NULL if the network has none
 *   others      as gan_network_sample
 * Errors: as gan_network_sample; ARGUMENT also where conditions are missing or not wanted.
 * Since 0.1. */
GAN_API int32_t gan_network_sample_conditional(gan_network *network, uint64_t seed, int64_t n,
                                               const float *conditions, float *samples,
                                               int64_t capacity);

/* The noise z that gan_network_sample(network, seed, n) would feed to the network, and
 * gan_network_sample_conditional with these.
 *   z  [capacity] receives [n, input elements]
 * Errors: ARGUMENT, RANGE, BUFFER, STATE (not finished), MEMORY. Since 0.1. */
GAN_API int32_t gan_network_noise(gan_network *network, uint64_t seed, int64_t n, float *z,
                                  int64_t capacity);

#ifdef __cplusplus
}
#endif
#endif
