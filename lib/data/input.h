/* A regular file read once, front to back, whether raw or gzipped. */
#ifndef GAN_DATA_INPUT_H
#define GAN_DATA_INPUT_H

#include "base/context.h"

#include <zlib.h>

typedef struct {
    gan_context *context;
    const char *path; /* borrowed */
    int file;
    int64_t file_size;
    uint8_t *chunk; /* [GAN__INPUT_CHUNK], what was read from the file last */
    z_stream z;     /* next_in, avail_in: what of the chunk is still to be used, also if raw */
    bool gzip;      /* told by the first two bytes */
    bool inflating; /* z has been initialised */
    bool between;   /* gzip: no member is open; one may follow, or the end */
    bool ended;     /* the file has no more than what is in the chunk */
} gan__input;

enum { GAN__INPUT_CHUNK = 65536 };

/* Opens a file. Whatever comes of it, gan__input_close must be called.
 *   input  need not be initialised
 * Errors: IO (not there, not a regular file), FORMAT (empty), MEMORY. */
int32_t gan__input_open(gan_context *context, const char *path, gan__input *input);

/* Releases all, whether opening succeeded or not. */
void gan__input_close(gan__input *input);

/* The most bytes the content can have: the file's size, or 1032 times that if gzipped, for deflate
 * codes 258 bytes in no less than 2 bits. */
int64_t gan__input_limit(const gan__input *input);

/* The number of bytes of the content, nothing of which may have been read yet; the next read begins
 * at its first byte. What is gzipped is unpacked for it, without keeping it.
 * Errors: IO, FORMAT (truncated, corrupt), MEMORY. */
int32_t gan__input_measure(gan__input *input, int64_t *size);

/* Reads exactly `size` bytes of content. Errors: IO, FORMAT (truncated, corrupt), MEMORY. */
int32_t gan__input_read(gan__input *input, void *out, int64_t size);

/* Checks that the content ends here: no byte follows, and all gzip members are complete and have
 * the right length and checksum. Errors: IO, FORMAT, MEMORY. */
int32_t gan__input_finish(gan__input *input);

#endif
