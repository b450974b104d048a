/* Files of named tensors: the safetensors format, in a strict profile.
 *
 * Eight bytes N (little endian), N bytes of JSON, then the data, little endian, too, without holes.
 *
 * The writer aligns the start of the data to 64 bytes (spaces end the JSON). It puts the data of
 * large elements before those of small ones and sorts by name among equals, so that every tensor is
 * aligned to its elements, and sorts the notes by key: equal content gives equal bytes. It adds the
 * notes "crc32.<tensor>", the checksum of a tensor's bytes in 8 hexadecimal digits.
 *
 * The reader takes any file that is within the format and the limits below and has tensors of the
 * four types only; it is stricter than the format in that no key may come twice or be unknown, and
 * no text have a zero character. It believes nothing that it has not checked, and allocates the
 * JSON that is there and, while it reads it, at most about seven times as much: never memory for
 * data, and never by a number in the file. */
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
    GAN__TENSORS_MAX = 65536,     /* in a file; as many notes beside the checksums */
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

/* The bytes of a tensor's data, or -1 if its type, rank or dimensions are out of range or their
 * product is. */
int64_t gan__tensor_bytes(const gan__tensor *tensor);

/* Writes a file in one piece: to a temporary file beside it, synchronised, renamed, the folder
 * synchronised. Whatever happens, `path` has the old or the new content, and after an error no
 * temporary file is left. The file is a new one with the permissions of a new file: a symbolic link
 * at `path` is replaced, not followed, and other hard links keep the old content.
 *   tensors  [tensor_count], of distinct names that do not start with "__"; NULL if none
 *   notes    [note_count], of distinct keys that do not start with "crc32."; NULL if none
 * Errors: ARGUMENT (NULL, a type, a name that is empty, taken twice, reserved or not UTF-8), RANGE
 * (too many, too long, rank, dimensions), IO (the message has path and reason), MEMORY,
 * UNSUPPORTED (a big-endian machine). */
int32_t gan__tensors_write(gan_context *context, const char *path, int64_t tensor_count,
                           const gan__tensor *tensors, int64_t note_count,
                           const gan__tensor_note *notes);

typedef struct gan__tensors gan__tensors;

/* Opens a file and checks all of its header. The context must outlive what it gives.
 * Errors: ARGUMENT (NULL, an empty path), IO (not there, not a regular file), FORMAT (the message
 * says what is wrong, and where), UNSUPPORTED (types other than the four, a rank, name or number of
 * tensors above the limits, a big-endian machine), MEMORY. */
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
 * Errors: IO, FORMAT (wrong checksum, or not a checksum; `values` may have been written). */
int32_t gan__tensors_read(gan__tensors *file, const gan__tensor *tensor, void *values);

#endif
