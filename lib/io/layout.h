/* What the writer and the reader of files of tensors share. */
#ifndef GAN_IO_LAYOUT_H
#define GAN_IO_LAYOUT_H

#include "io/tensors.h"

#define GAN__TENSORS_METADATA "__metadata__" /* the key that names no tensor */
#define GAN__TENSORS_CHECKSUM "crc32."       /* the notes with a checksum: this and the name */

enum { GAN__TENSORS_PREFIX = 8 }; /* the bytes of N */

/* The types, by number: their names in a file and the bytes of an element. */
typedef struct {
    const char *name;
    int32_t size;
} gan__tensor_kind;

enum { GAN__TENSOR_KINDS = 4 };

extern const gan__tensor_kind gan__tensor_kinds[GAN__TENSOR_KINDS];

/* The checksum of bytes that follow others whose checksum is `crc`; 0 if none do. */
uint32_t gan__tensor_checksum(uint32_t crc, const void *bytes, int64_t size);

/* Errors: ARGUMENT (no context), UNSUPPORTED (data in memory are not as they are in files). */
int32_t gan__tensors_begin(gan_context *context);

#endif
