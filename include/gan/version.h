/* The version of libgan. This file is the one source of it: the build reads it from here. */
#ifndef GAN_VERSION_H
#define GAN_VERSION_H

#include <gan/types.h>

#define GAN_VERSION_MAJOR 0
#define GAN_VERSION_MINOR 1
#define GAN_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is linked, as major * 1000000 + minor * 1000 + patch.
 * A program may compare it with the GAN_VERSION_ numbers it was compiled with. Since 0.1. */
GAN_API int32_t gan_version(void);

/* The same as text, "major.minor.patch". Owned by the library, valid for ever. Since 0.1. */
GAN_API const char *gan_version_text(void);

#ifdef __cplusplus
}
#endif
#endif
