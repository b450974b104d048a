/* Data sets: where real samples come from.
 *
 * A data set is a list of samples of one shape, read as float32. Values are delivered as
 * scale * stored + shift, computed in double and rounded once, however many calls the scale and the
 * shift are made of; bytes start with scale 1/255. A data set never changes; slices, joins and all
 * other views share the data of those they are made of, and compose in any order. */
#ifndef GAN_DATASET_H
#define GAN_DATASET_H

#include <gan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Delivers sample `index` of a data set made by gan_dataset_from_callback.
 *   sample  [elements of one sample] to be written
 * Returns 0, or anything else to report a failure. Called on the thread that called libgan. It
 * must not train, change networks, or free an object that is in use. */
typedef int32_t (*gan_sample_fn)(void *user, int64_t index, float *sample);

/* Copies float32 samples.
 *   count       number of samples, at least 1
 *   rank, dims  shape of one sample, as for gan_network_input
 *   values      [count, dims...], finite
 *   out         receives the data set; the caller frees it
 * Errors: ARGUMENT, RANGE, SHAPE (too large), NUMERIC (a value is not finite), MEMORY.
 * Since 0.1. */
GAN_API int32_t gan_dataset_from_floats(gan_context *context, int64_t count, int32_t rank,
                                        const int64_t *dims, const float *values,
                                        gan_dataset **out);

/* The same from bytes, which stay bytes until they enter a batch; delivered as value / 255.
 *   values  [count, dims...]
 * Errors: ARGUMENT, RANGE, SHAPE, MEMORY. Since 0.1. */
GAN_API int32_t gan_dataset_from_bytes(gan_context *context, int64_t count, int32_t rank,
                                       const int64_t *dims, const uint8_t *values,
                                       gan_dataset **out);

/* Reads an IDX file (the format of MNIST), raw or gzipped; elements of type unsigned byte.
 * The first dimension counts the samples, the rest is the shape of one; a file of one dimension
 * holds samples of shape [1]. Memory used is bounded by the size of the file: by its length, or
 * by 1032 times that if gzipped, whatever the header claims. Several gzip members may follow each
 * other.
 *   path         the file
 *   labels_path  an IDX file of one dimension with as many bytes, or NULL for no labels
 *   out          receives the data set; the caller frees it
 * Errors: ARGUMENT, IO, FORMAT (truncated, trailing bytes, corrupt, other type), SHAPE, MEMORY,
 * UNSUPPORTED (zlib does not start).
 * Source: the MNIST web page, "file format". Since 0.1. */
GAN_API int32_t gan_dataset_open_idx(gan_context *context, const char *path,
                                     const char *labels_path, gan_dataset **out);

/* Reads a file of the binary version of CIFAR-10, raw or gzipped: records of a label and 3072
 * bytes, samples of shape [3, 32, 32]. Memory is bounded as for gan_dataset_open_idx.
 *   path  one of data_batch_1.bin to data_batch_5.bin or test_batch.bin; gan_dataset_join makes one
 *         data set of several
 *   out   receives the data set with its labels; the caller frees it
 * Errors: ARGUMENT, IO, FORMAT (empty, truncated, corrupt, a label above 9), MEMORY, UNSUPPORTED.
 * Source: the CIFAR-10 web page, "binary version". Since 0.1. */
GAN_API int32_t gan_dataset_open_cifar10(gan_context *context, const char *path, gan_dataset **out);

/* Reads a file of bytes without a header, raw or gzipped: samples one after another. Memory is
 * bounded as for gan_dataset_open_idx.
 *   rank, dims  shape of one sample, as for gan_network_input
 * Errors: ARGUMENT, RANGE, SHAPE, IO, FORMAT (empty, or not a whole number of samples; corrupt),
 * MEMORY, UNSUPPORTED. Since 0.1. */
GAN_API int32_t gan_dataset_open_raw(gan_context *context, const char *path, int32_t rank,
                                     const int64_t *dims, gan_dataset **out);

/* Samples of shape [1] from N(mean, deviation^2): as many as `count`, sample i being a pure
 * function of the seed and i.
 *   count      1 to 2^40: the length of an epoch
 *   mean  -1e30 to 1e30;  deviation  0 to 1e30;  seed  any
 * Errors: ARGUMENT, RANGE, MEMORY. Since 0.1. */
GAN_API int32_t gan_dataset_gaussian(gan_context *context, int64_t count, double mean,
                                     double deviation, uint64_t seed, gan_dataset **out);

/* Samples of shape [2] from `modes` Gaussians of equal weight on a circle about the origin, the
 * first at (radius, 0).
 *   modes  1 to 2^30;  radius, deviation  0 to 1e30
 * Errors: ARGUMENT, RANGE, MEMORY. Source: the ring of Metz et al. 2017. Since 0.1. */
GAN_API int32_t gan_dataset_ring(gan_context *context, int64_t count, int64_t modes, double radius,
                                 double deviation, uint64_t seed, gan_dataset **out);

/* Samples of shape [2] from side * side Gaussians of equal weight on a square grid about the
 * origin.
 *   side  1 to 2^15;  spacing, deviation  0 to 1e30
 * Errors: ARGUMENT, RANGE, MEMORY. Source: the grid of Dumoulin et al. 2017. Since 0.1. */
GAN_API int32_t gan_dataset_grid(gan_context *context, int64_t count, int64_t side, double spacing,
                                 double deviation, uint64_t seed, gan_dataset **out);

/* Samples delivered by the caller.
 *   deliver  called for each sample of a batch; see gan_sample_fn. Must be callable until the data
 *            set and all that uses it are freed
 *   user     handed to it
 * Errors: ARGUMENT, RANGE, SHAPE, MEMORY. Since 0.1. */
GAN_API int32_t gan_dataset_from_callback(gan_context *context, int64_t count, int32_t rank,
                                          const int64_t *dims, gan_sample_fn deliver, void *user,
                                          gan_dataset **out);

/* The samples start to start + count - 1 as a data set of their own, with their labels: training
 * and validation rows of one file.
 * Errors: ARGUMENT, RANGE, MEMORY. Since 0.1. */
GAN_API int32_t gan_dataset_slice(gan_dataset *dataset, int64_t start, int64_t count,
                                  gan_dataset **out);

/* The same samples with other numbers: scale * x + shift, x being what `dataset` delivers.
 *   scale, shift  finite;  2 and -1 bring bytes to [-1, 1]
 * Errors: ARGUMENT, RANGE, MEMORY. Since 0.1. */
GAN_API int32_t gan_dataset_scale(gan_dataset *dataset, double scale, double shift,
                                  gan_dataset **out);

/* The same with a scale and a shift for each channel, the first dimension of a sample.
 *   channels       that dimension
 *   scales, shifts  [channels], finite
 * Errors: ARGUMENT, RANGE, SHAPE (another number of channels), MEMORY. Since 0.1. */
GAN_API int32_t gan_dataset_scale_channels(gan_dataset *dataset, int64_t channels,
                                           const double *scales, const double *shifts,
                                           gan_dataset **out);

/* Global contrast normalisation: from each sample its mean m over all elements is taken, then it is
 * brought to the Euclidean norm `scale`: y = (x - m) / d with d = sqrt(bias + |x - m|^2) / scale; a
 * divisor d below 1e-8 is replaced by 1.
 *   scale  greater than 0, at most 1e30; the published CIFAR-10 models use 55
 *   bias   0 to 1e30; published 0
 * Errors: ARGUMENT, RANGE (also one more than 64 joins and normalisations of each other), MEMORY.
 * Source: Coates et al. 2011; this form is that of the published 2014 code. Since 0.1. */
GAN_API int32_t gan_dataset_normalize_contrast(gan_dataset *dataset, double scale, double bias,
                                               gan_dataset **out);

/* The samples of one data set, then those of another of the same shape; with labels if both have
 * them. A join of joins is as fast as one of all their parts. Training shuffles a join whatever its
 * parts are; those from a distribution have new samples each epoch still.
 * Errors: ARGUMENT (NULL, of another context), SHAPE (also too large), RANGE (more than 2^62
 * samples, more than 4096 parts; one more than 64 joins and normalisations of each other), MEMORY.
 * Since 0.1. */
GAN_API int32_t gan_dataset_join(gan_dataset *first, gan_dataset *second, gan_dataset **out);

/* The labels of a data set as samples of their own: of shape [classes], 1 at the label and 0
 * elsewhere. What gan_trainer_set_conditions takes for a generator of classes.
 *   dataset  has labels (STATE otherwise), all below `classes` (RANGE otherwise)
 *   classes  1 to 256
 * Errors: ARGUMENT, RANGE, STATE, MEMORY. Since 0.1. */
GAN_API int32_t gan_dataset_one_hot(gan_dataset *dataset, int64_t classes, gan_dataset **out);

/* Releases the data set; slices and trainers made from it keep what they need. NULL does nothing.
 * Since 0.1. */
GAN_API void gan_dataset_free(gan_dataset *dataset);

/* The number of samples, and the number of elements of one; 0 for NULL. Since 0.1. */
GAN_API int64_t gan_dataset_count(const gan_dataset *dataset);
GAN_API int64_t gan_dataset_elements(const gan_dataset *dataset);

/* The shape of one sample.
 *   rank  receives the number of dimensions;  dims  [capacity] receives the dimensions
 * Errors: ARGUMENT, BUFFER (capacity < rank; *rank is set). Since 0.1. */
GAN_API int32_t gan_dataset_shape(const gan_dataset *dataset, int32_t *rank, int64_t *dims,
                                  int32_t capacity);

/* Copies samples to the caller in their order.
 *   start, count  a range within the data set, count at least 1
 *   samples       [capacity] receives [count, elements]
 * Errors: ARGUMENT, RANGE, BUFFER, NUMERIC (a value of a callback, or one after scaling, is not
 * finite), STOPPED (a callback failed). Since 0.1. */
GAN_API int32_t gan_dataset_read(gan_dataset *dataset, int64_t start, int64_t count, float *samples,
                                 int64_t capacity);

/* Copies labels to the caller.
 *   labels  [capacity] receives [count]
 * Errors: ARGUMENT, RANGE, BUFFER, STATE (no labels). Since 0.1. */
GAN_API int32_t gan_dataset_read_labels(gan_dataset *dataset, int64_t start, int64_t count,
                                        uint8_t *labels, int64_t capacity);

#ifdef __cplusplus
}
#endif
#endif
