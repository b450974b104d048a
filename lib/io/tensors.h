/* Files of named tensors: the safetensors format, in a strict profile.
 *
 * Eight bytes N (little endian), N bytes of JSON, then the data. The writer sorts tensors by name,
 * aligns the start of the data to 64 bytes (spaces end the JSON) and puts "crc32.<tensor>" with 8
 * hexadecimal digits into the metadata; the data of all tensors are contiguous, as the format asks.
 * The reader takes any file within the format, believes nothing it has not checked, and never
 * allocates more than the file's size and a little. */
#ifndef GAN_IO_TENSORS_H
#define GAN_IO_TENSORS_H

#include "base/context.h"
#include "kernel/real.h"

typedef enum { GAN__TENSOR_U8, GAN__TENSOR_I64, GAN__TENSOR_F32, GAN__TENSOR_F64 } gan__tensor_type;

/* The type of the engine's numbers. */
#ifdef GAN_REAL_DOUBLE
#define GAN__TENSOR_REAL GAN__TENSOR_F64
#else
#define GAN__TENSOR_REAL GAN__TENSOR_F32
#endif

enum {
    GAN__TENSOR_RANK = 8,         /* at most */
    GAN__TENSOR_NAME = 255,       /* bytes of a name, at most */
    GAN__TENSORS_MAX = 65536,     /* in a file */
    GAN__TENSORS_HEADER = 1 << 24 /* bytes of the JSON, at most */
};

/* A tensor to be written, or one of a file. */
typedef struct {
    const char *name; /* borrowed when writing; the file's when reading */
    gan__tensor_type type;
    int32_t rank; /* 0 for one number */
    int64_t dims[GAN__TENSOR_RANK];
    const void *data; /* row-major, when writing; NULL when reading */
} gan__tensor;

/* One text of the metadata. */
typedef struct {
    const char *key, *value; /* UTF-8 */
} gan__tensor_note;

/* Writes a file in one piece: to a temporary file beside it, synchronised, renamed, the folder
 * synchronised. Whatever happens, `path` has the old or the new content, and after an error no
 * temporary file is left.
 *   tensors  [tensor_count], of distinct names that do not start with "__"
 *   notes    [note_count], of distinct keys that do not start with "crc32."
 * Errors: ARGUMENT (a name), RANGE (too many, too long), IO (the message has path and reason),
 * MEMORY. */
int32_t gan__tensors_write(gan_context *context, const char *path, int64_t tensor_count,
                           const gan__tensor *tensors, int64_t note_count,
                           const gan__tensor_note *notes);

typedef struct gan__tensors gan__tensors;

/* Opens a file and checks all of its header. Errors: ARGUMENT, IO, FORMAT, MEMORY. */
int32_t gan__tensors_open(gan_context *context, const char *path, gan__tensors **out);

/* NULL does nothing. */
void gan__tensors_close(gan__tensors *file);

/* The tensors of a file, sorted by name, and one of them or NULL. */
int64_t gan__tensors_count(const gan__tensors *file);
const gan__tensor *gan__tensors_at(const gan__tensors *file, int64_t index);
const gan__tensor *gan__tensors_find(const gan__tensors *file, const char *name);

/* A text of the metadata, or NULL. Valid while the file is open. */
const char *gan__tensors_note(const gan__tensors *file, const char *key);

/* Reads the numbers of a tensor, and compares their checksum if the file has one.
 *   tensor  of this file;  values  receives all its numbers
 * Errors: IO, FORMAT (wrong checksum). */
int32_t gan__tensors_read(gan__tensors *file, const gan__tensor *tensor, void *values);

#endif
