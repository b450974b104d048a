/* zlib with the memory of a context. */
#ifndef GAN_BASE_ZLIB_H
#define GAN_BASE_ZLIB_H

#include "base/context.h"

#include <zlib.h>

/* Makes a stream that is not begun yet take its memory from the context. */
void gan__zlib_memory(z_stream *z, gan_context *context);

#endif
