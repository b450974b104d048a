/* Pictures in the PNG format: of it, just what a sheet of samples takes. */
#include <gan/export.h>

#include "base/zlib.h"
#include "io/file.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 32768, OUTSIDE = 12 }; /* bytes of data in a chunk, and around them */

static const int64_t SIDE_MAX = 0x7fffffff; /* points in a direction */

/* Pictures to be drawn. */
typedef struct {
    int64_t rows, columns, channels, height, width;
    const float *images; /* [rows * columns, channels, height, width] */
    double black, white;
} sheet;

/* A file being written. */
typedef struct {
    gan_context *context;
    gan__sink sink;
    z_stream z;
    uint8_t *row;   /* [1 + columns * width * channels]: a filter, the points of a line */
    uint8_t *chunk; /* [OUTSIDE + CHUNK] */
} drawing;

/* ---- Checks ---------------------------------------------------------------------------------- */

static int32_t check_sizes(gan_context *context, const sheet *s)
{
    const struct {
        const char *name;
        int64_t value;
    } sizes[] = {
        {"rows", s->rows}, {"columns", s->columns}, {"height", s->height}, {"width", s->width}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (sizes[i].value < 1) {
            return gan__fail(context, GAN_ERROR_RANGE, "export_png: %s is %lld, below 1",
                             sizes[i].name, (long long)sizes[i].value);
        }
    }
    if (s->channels != 1 && s->channels != 3) {
        return gan__fail(context, GAN_ERROR_RANGE, "export_png: channels is %lld, not 1 or 3",
                         (long long)s->channels);
    }
    if (s->height > SIDE_MAX / s->rows || s->width > SIDE_MAX / s->columns) {
        return gan__fail(context, GAN_ERROR_RANGE,
                         "export_png: %lld times %lld by %lld times %lld points, at most %lld in a "
                         "direction",
                         (long long)s->rows, (long long)s->height, (long long)s->columns,
                         (long long)s->width, (long long)SIDE_MAX);
    }
    const int64_t points = gan__multiply(s->rows * s->height, s->columns * s->width);
    return points <= INT64_MAX / (int64_t)(3 * sizeof(float))
               ? GAN_OK
               : gan__fail(context, GAN_ERROR_SHAPE, "export_png: too many elements");
}

static int32_t check_values(gan_context *context, const sheet *s)
{
    if (!gan__is_float(s->black) || !gan__is_float(s->white)) {
        return gan__fail(context, GAN_ERROR_ARGUMENT,
                         "export_png: black %g and white %g must be finite floats", s->black,
                         s->white);
    }
    if (s->black == s->white) {
        return gan__fail(context, GAN_ERROR_RANGE, "export_png: black and white are both %g",
                         s->black);
    }
    if (s->images == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "export_png: images is NULL");
    }
    const int64_t elements = s->channels * s->height * s->width;
    for (int64_t i = 0; i < s->rows * s->columns * elements; i++) {
        if (!isfinite(s->images[i])) {
            return gan__fail(context, GAN_ERROR_NUMERIC,
                             "export_png: element %lld of picture %lld is not finite",
                             (long long)(i % elements), (long long)(i / elements));
        }
    }
    return GAN_OK;
}

/* ---- Chunks ---------------------------------------------------------------------------------- */

static void put_big(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

/* Writes a chunk whose `size` bytes of data are at d->chunk + 8. */
static int32_t put_chunk(drawing *d, const char *type, int64_t size)
{
    put_big(d->chunk, (uint32_t)size);
    memcpy(d->chunk + 4, type, 4);
    put_big(d->chunk + 8 + size, (uint32_t)crc32(0, d->chunk + 4, (uInt)(4 + size)));
    return gan__sink_write(&d->sink, d->chunk, OUTSIDE + size);
}

static int32_t put_header(drawing *d, const sheet *s)
{
    enum { BITS = 8, GREY = 0, COLOURS = 2, SIZE = 13 };
    GAN__TRY(gan__sink_write(&d->sink, "\x89PNG\r\n\x1a\n", 8));
    uint8_t *data = d->chunk + 8;
    memset(data, 0, SIZE);
    put_big(data, (uint32_t)(s->columns * s->width));
    put_big(data + 4, (uint32_t)(s->rows * s->height));
    data[8] = BITS;
    data[9] = s->channels == 1 ? GREY : COLOURS;
    return put_chunk(d, "IHDR", SIZE);
}

/* Hands what zlib has made to the file; in the end also what is less than a chunk. */
static int32_t put_packed(drawing *d, bool ends)
{
    const int64_t size = CHUNK - (int64_t)d->z.avail_out;
    if (size == 0 || (size < CHUNK && !ends)) {
        return GAN_OK;
    }
    GAN__TRY(put_chunk(d, "IDAT", size));
    d->z.next_out = d->chunk + 8;
    d->z.avail_out = CHUNK;
    return GAN_OK;
}

/* ---- Points ---------------------------------------------------------------------------------- */

/* Line y of the whole sheet. */
static void draw_line(const sheet *s, int64_t y, uint8_t *points)
{
    const double scale = 255 / (s->white - s->black);
    const int64_t plane = s->height * s->width;
    for (int64_t column = 0; column < s->columns; column++) {
        const int64_t picture = y / s->height * s->columns + column;
        const float *line = s->images + picture * s->channels * plane + y % s->height * s->width;
        for (int64_t x = 0; x < s->width; x++) {
            for (int64_t c = 0; c < s->channels; c++) {
                const double level = ((double)line[c * plane + x] - s->black) * scale;
                *points++ = (uint8_t)(fmin(fmax(level, 0), 255) + 0.5);
            }
        }
    }
}

/* Hands bytes to zlib; `last`: no more will come. bytes: [size] */
static int32_t pack(drawing *d, uint8_t *bytes, int64_t size, bool last)
{
    int status = Z_OK;
    while (size > 0 || d->z.avail_in > 0 || (last && status != Z_STREAM_END)) {
        if (d->z.avail_in == 0 && size > 0) {
            const int64_t part = size < 1 << 30 ? size : 1 << 30; /* zlib counts in unsigned int */
            d->z.next_in = bytes;
            d->z.avail_in = (uInt)part;
            bytes += part;
            size -= part;
        }
        status = deflate(&d->z, last && size == 0 ? Z_FINISH : Z_NO_FLUSH);
        GAN__TRY(put_packed(d, status == Z_STREAM_END));
    }
    return GAN_OK;
}

static int32_t draw(drawing *d, const sheet *s)
{
    const int64_t size = 1 + s->columns * s->width * s->channels, lines = s->rows * s->height;
    GAN__TRY(put_header(d, s));
    d->z.next_out = d->chunk + 8;
    d->z.avail_out = CHUNK;
    for (int64_t y = 0; y < lines; y++) {
        draw_line(s, y, d->row + 1); /* after filter 0, none */
        GAN__TRY(pack(d, d->row, size, y + 1 == lines));
    }
    GAN__TRY(put_chunk(d, "IEND", 0));
    return gan__sink_commit(&d->sink);
}

static int32_t start_deflating(drawing *d)
{
    gan__zlib_memory(&d->z, d->context);
    const int status = deflateInit(&d->z, Z_DEFAULT_COMPRESSION);
    if (status == Z_MEM_ERROR) {
        return GAN_ERROR_MEMORY;
    }
    return status == Z_OK ? GAN_OK
                          : gan__fail(d->context, GAN_ERROR_UNSUPPORTED,
                                      "zlib %s does not start: error %d", zlibVersion(), status);
}

static int32_t write_sheet(gan_context *context, const char *path, const sheet *s)
{
    drawing d = {.context = context};
    GAN__TRY(start_deflating(&d));
    d.row = gan__allocate(context, 1 + s->columns * s->width * s->channels, 1);
    d.chunk = gan__allocate(context, OUTSIDE + CHUNK, 1);
    int32_t status = GAN_ERROR_MEMORY;
    if (d.row != NULL && d.chunk != NULL) {
        status = gan__sink_open(context, path, &d.sink);
        if (status == GAN_OK) {
            status = draw(&d, s);
        }
        gan__sink_close(&d.sink);
    }
    gan__release(context, d.chunk);
    gan__release(context, d.row);
    deflateEnd(&d.z);
    return status;
}

int32_t gan_export_png(gan_context *context, const char *path, int64_t rows, int64_t columns,
                       int64_t channels, int64_t height, int64_t width, const float *images,
                       double black, double white)
{
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    const sheet s = {rows, columns, channels, height, width, images, black, white};
    GAN__TRY(check_sizes(context, &s));
    GAN__TRY(check_values(context, &s));
    return write_sheet(context, path, &s);
}
