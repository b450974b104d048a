/* Arrays and pictures in files that other programs read.
 *
 * A file of that name is replaced in one piece, as gan_network_save replaces one: whatever happens,
 * the old or the new content is there, whole. gan_network_export_onnx exports networks. */
#ifndef GAN_EXPORT_H
#define GAN_EXPORT_H

#include <gan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes an array in NumPy's format NPY 1.0: '<f4', C order, the data after a header of whole 64
 * bytes. Values that are not finite are written as they are.
 *   rank    0 (one number) to 8
 *   dims    [rank], each 0 or more; NULL for rank 0
 *   values  [dims]; may be NULL where there are none
 * Errors: ARGUMENT (NULL, an empty path), RANGE (rank, a dimension), SHAPE (too many elements), IO,
 * MEMORY.
 * Source: NumPy Enhancement Proposal 1. Since 0.1. */
GAN_API int32_t gan_export_npy(gan_context *context, const char *path, int32_t rank,
                               const int64_t *dims, const float *values);

/* Draws pictures side by side into a PNG of rows * height by columns * width points of 8 bits.
 *   rows, columns  at least 1; picture i is at row i / columns, column i % columns
 *   channels       1: grey; 3: red, green, blue
 *   height, width  of a picture, at least 1
 *   images         [rows * columns, channels, height, width]: what a generator of images makes
 *   black, white   the values that become 0 and 255; those between go in proportion and to the
 *                  nearest, those outside to the nearer of the two. black may be the greater
 * Errors: ARGUMENT (NULL, an empty path, black or white not a finite float), RANGE (rows, columns,
 * channels, height or width; black equal to white; above 2^31 - 1 points in a direction), SHAPE
 * (too many elements), NUMERIC (an element is not finite: the message says which), IO, MEMORY.
 * Source: ISO/IEC 15948, Portable Network Graphics. Since 0.1. */
GAN_API int32_t gan_export_png(gan_context *context, const char *path, int64_t rows,
                               int64_t columns, int64_t channels, int64_t height, int64_t width,
                               const float *images, double black, double white);

#ifdef __cplusplus
}
#endif
#endif
