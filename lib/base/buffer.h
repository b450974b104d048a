/* Bytes that grow. After the first error nothing is added: callers look once, at the end. */
#ifndef GAN_BASE_BUFFER_H
#define GAN_BASE_BUFFER_H

#include "base/context.h"

#include <stddef.h>

typedef struct {
    gan_context *context;
    char *bytes; /* `size` of them and a zero; NULL while there are none */
    int64_t capacity, size;
    int32_t status;
} gan__buffer;

/* Appends bytes; text; what gan__format makes of it, at most GAN__BUFFER_PRINT bytes. */
enum { GAN__BUFFER_PRINT = 255 };
void gan__buffer_put(gan__buffer *buffer, const void *bytes, size_t size);
void gan__buffer_text(gan__buffer *buffer, const char *text);
#if defined(__GNUC__) || defined(__clang__)
__attribute__((format(printf, 2, 3)))
#endif
void gan__buffer_print(gan__buffer *buffer, const char *format, ...);

/* Appends `size` bytes and returns where they stand, to be written to; NULL after an error. */
char *gan__buffer_room(gan__buffer *buffer, size_t size);

/* Moves the bytes from `at` on by `size`, and returns the gap; NULL after an error. */
char *gan__buffer_insert(gan__buffer *buffer, int64_t at, size_t size);

void gan__buffer_free(gan__buffer *buffer);

#endif
