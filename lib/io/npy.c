/* Arrays in NumPy's format. */
#include <gan/export.h>

#include "io/file.h"
#include "io/protobuf.h"

#include <stdio.h>
#include <string.h>

enum {
    RANK = 8,       /* at most */
    PREFIX = 10,    /* magic, version, length of the dictionary */
    HEADER = 320,   /* room for: a multiple of ALIGNMENT that holds 8 dimensions of 19 digits */
    ALIGNMENT = 64, /* of the data in the file */
    PART = 4096     /* numbers written at a time */
};

/* Checks an array; *elements: of it */
static int32_t check_array(gan_context *context, int32_t rank, const int64_t *dims,
                           const float *values, int64_t *elements)
{
    if (rank < 0 || rank > RANK) {
        return gan__fail(context, GAN_ERROR_RANGE, "export_npy: rank is %d, not within 0 to %d",
                         (int)rank, RANK);
    }
    if (rank > 0 && dims == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "export_npy: dims is NULL");
    }
    *elements = 1;
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] < 0) {
            return gan__fail(context, GAN_ERROR_RANGE, "export_npy: dimension %d is %lld, below 0",
                             (int)i, (long long)dims[i]);
        }
        *elements = *elements >= 0 ? gan__multiply(*elements, dims[i]) : -1;
    }
    if (*elements < 0 || gan__multiply(*elements, sizeof(float)) < 0) {
        return gan__fail(context, GAN_ERROR_SHAPE, "export_npy: too many elements");
    }
    if (*elements > 0 && values == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "export_npy: values is NULL");
    }
    return GAN_OK;
}

/* Returns the bytes of the header. */
static int64_t make_header(int32_t rank, const int64_t *dims, char header[HEADER])
{
    char *next = header + PREFIX, *end = header + HEADER;
    next +=
        snprintf(next, (size_t)(end - next), "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (int32_t i = 0; i < rank; i++) {
        next +=
            snprintf(next, (size_t)(end - next), i > 0 ? " %lld," : "%lld,", (long long)dims[i]);
    }
    next -= rank > 1; /* the last comma is Python's for tuples of one element only */
    next += snprintf(next, (size_t)(end - next), "), }");
    const int64_t used = next - header + 1;
    const int64_t size = (used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    memset(next, ' ', (size_t)(size - used));
    header[size - 1] = '\n';
    memcpy(header, "\x93NUMPY\1\0", 8);
    header[8] = (char)((size - PREFIX) & 0xff);
    header[9] = (char)((size - PREFIX) >> 8);
    return size;
}

/* values: [elements] */
static int32_t write_values(gan__sink *sink, int64_t elements, const float *values)
{
    char bytes[PART * sizeof(float)];
    for (int64_t i = 0; i < elements;) {
        const int64_t end = elements - i < PART ? elements : i + PART;
        char *next = bytes;
        for (; i < end; i++, next += sizeof(float)) {
            uint32_t bits;
            memcpy(&bits, &values[i], sizeof bits);
            gan__put_bits32(next, bits);
        }
        GAN__TRY(gan__sink_write(sink, bytes, next - bytes));
    }
    return gan__sink_commit(sink);
}

int32_t gan_export_npy(gan_context *context, const char *path, int32_t rank, const int64_t *dims,
                       const float *values)
{
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    int64_t elements = 0;
    GAN__TRY(check_array(context, rank, dims, values, &elements));
    char header[HEADER];
    const int64_t size = make_header(rank, dims, header);
    gan__sink sink;
    int32_t status = gan__sink_open(context, path, &sink);
    if (status == GAN_OK) {
        status = gan__sink_write(&sink, header, size);
    }
    if (status == GAN_OK) {
        status = write_values(&sink, elements, values);
    }
    gan__sink_close(&sink);
    return status;
}
