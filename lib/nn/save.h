/* Parameters in files of tensors, for whoever writes more into them. */
#ifndef GAN_NN_SAVE_H
#define GAN_NN_SAVE_H

#include "io/tensors.h"
#include "nn/network.h"

/* The "format" note of a file, beside "version". */
#define GAN__FORMAT_PARAMETERS "libgan parameters"
#define GAN__FORMAT_TRAINING "libgan training"

/* The notes with the descriptions of networks, and what stands before their parameters' names. */
#define GAN__NOTE_NETWORK "network"
#define GAN__NOTE_GENERATOR "generator"
#define GAN__NOTE_DISCRIMINATOR "discriminator"
#define GAN__PREFIX_GENERATOR "generator."
#define GAN__PREFIX_DISCRIMINATOR "discriminator."
#define GAN__PREFIX_AVERAGE "average."

/* A parameter tensor as a tensor to be written under `name`. values: all of the network's */
gan__tensor gan__parameter_tensor(const gan__parameter *parameter, const char *name,
                                  const real *values);

/* Checks that what is to be written is finite, for loading demands it: a file that is there is not
 * replaced by one that is lost. Errors: NUMERIC. */
int32_t gan__check_saved(gan_context *context, int64_t count, const gan__tensor *tensors);

/* Checks the two notes. Errors: FORMAT. */
int32_t gan__check_format(gan_context *context, const gan__tensors *file, const char *format);

/* Reads all parameters, each by its name after `prefix`, into values: [elements]. Errors: KEY,
 * SHAPE, FORMAT, NUMERIC, IO. */
int32_t gan__network_read(const gan_network *network, gan__tensors *file, const char *prefix,
                          real *values);

#endif
