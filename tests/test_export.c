/* Arrays and pictures in files: every byte of small ones, pictures unpacked again, sizes at their
 * limits, and what goes wrong. ffi/export.py reads with code of its own.
 *   test_export                 the files
 *   test_export --write FOLDER  writes some for others to read */
#include "tensors_support.h"

#include <gan/export.h>

#include <zlib.h>

/* ---- NPY ------------------------------------------------------------------------------------- */

/* Writes an array and compares the dictionary of its header, and the data. */
static void check_npy(int32_t rank, const int64_t *dims, const float *values, size_t elements,
                      const char *dictionary)
{
    size_t size;
    ok(gan_export_npy(ctx, at("a.npy"), rank, dims, values));
    uint8_t *bytes = get(at("a.npy"), &size);
    ck_assert_mem_eq(bytes, "\x93NUMPY\1\0", 8);
    const size_t header = 10 + bytes[8] + 256u * bytes[9];
    need(header % 64 == 0 && size == header + 4 * elements);
    need(header - 10 - strlen(dictionary) <= 64); /* no more than it takes */
    ck_assert_mem_eq(bytes + 10, dictionary, strlen(dictionary));
    for (size_t i = 10 + strlen(dictionary); i < header - 1; i++) {
        ck_assert_int_eq(bytes[i], ' ');
    }
    ck_assert_int_eq(bytes[header - 1], '\n');
    need(elements == 0 || memcmp(bytes + header, values, 4 * elements) == 0);
    free(bytes);
}

START_TEST(arrays)
{
    enum { MANY = 10000 }; /* more than is written at a time */
    static const int64_t dims[] = {2, 3, 1, 1, 1, 1, 1, 1};
    static const int64_t longest[] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX,
                                      INT64_MAX, INT64_MAX, INT64_MAX, 0};
    static float many[MANY];
    const float values[] = {1, -2.5f, 0, NAN, INFINITY, 1e-45f};
    for (int i = 0; i < MANY; i++) {
        many[i] = (float)i / 3;
    }
    check_npy(0, NULL, values, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (), }");
    check_npy(1, dims, values, 2, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }");
    check_npy(2, dims, values, 6, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
    check_npy(8, dims, values, 6,
              "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 1, 1, 1, 1, 1, 1), }");
    check_npy(1, longest + 7, NULL, 0, "{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }");
    check_npy(1, (int64_t[]){MANY}, many, MANY,
              "{'descr': '<f4', 'fortran_order': False, 'shape': (10000,), }");
    fails(gan_export_npy(ctx, at("x"), 8, longest, values), GAN_ERROR_SHAPE, "too many elements");
    static const int64_t widest[] = {INT64_MAX, 0};
    check_npy(2, widest, NULL, 0,
              "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 0), }");
    fails(gan_export_npy(ctx, at("x"), 9, longest, values), GAN_ERROR_RANGE,
          "rank is 9, not within 0 to 8");
    ck_assert_int_eq(clear(), 1);
}
END_TEST

/* ---- PNG ------------------------------------------------------------------------------------- */

static uint32_t big(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The points of a file, lines of `width` points with the filter before them taken off; the caller
 * frees them. */
static uint8_t *unpack(const char *path, uint32_t *width, uint32_t *height, uint32_t *channels)
{
    size_t size, packed = 0;
    uint8_t *bytes = get(path, &size), *data = malloc(size);
    ck_assert_ptr_nonnull(data);
    ck_assert_mem_eq(bytes, "\x89PNG\r\n\x1a\n", 8);
    bool ended = false;
    for (size_t i = 8; i < size;) {
        const uint32_t length = big(bytes + i);
        need(!ended && size - i >= 12 && length <= size - i - 12);
        const uint8_t *type = bytes + i + 4, *content = type + 4;
        need(big(content + length) == (uint32_t)crc32(0, type, length + 4));
        need((i == 8) == (memcmp(type, "IHDR", 4) == 0));
        if (i == 8) {
            *width = big(content);
            *height = big(content + 4);
            *channels = content[9] == 2 ? 3 : 1;
            need(length == 13 && content[8] == 8 && (content[9] == 0 || content[9] == 2));
            need(content[10] == 0 && content[11] == 0 && content[12] == 0);
        } else if (memcmp(type, "IDAT", 4) == 0) {
            need(length > 0);
            memcpy(data + packed, content, length);
            packed += length;
        } else {
            need(memcmp(type, "IEND", 4) == 0 && length == 0);
            ended = true;
        }
        i += 12 + length;
    }
    need(ended);
    const size_t line = (size_t)*width * *channels;
    uLongf made = (line + 1) * *height;
    uint8_t *points = malloc(made);
    ck_assert_ptr_nonnull(points);
    need(uncompress(points, &made, data, packed) == Z_OK && made == (line + 1) * *height);
    for (uint32_t y = 0; y < *height; y++) {
        need(points[y * (line + 1)] == 0);
        memmove(points + y * line, points + y * (line + 1) + 1, line);
    }
    free(data);
    free(bytes);
    return points;
}

typedef struct {
    int64_t rows, columns, channels, height, width;
    double black, white;
} sheet;

static int32_t export(const sheet *s, const float *images)
{
    return gan_export_png(ctx, at("s.png"), s->rows, s->columns, s->channels, s->height, s->width,
                          images, s->black, s->white);
}

/* Draws pictures by chance, values outside included, and compares every point. */
static void check_sheet(sheet s, dice *d)
{
    const int64_t pictures = s.rows * s.columns, plane = s.height * s.width;
    float *images = malloc((size_t)(pictures * s.channels * plane) * sizeof *images);
    ck_assert_ptr_nonnull(images);
    const double reach = s.white - s.black;
    for (int64_t i = 0; i < pictures * s.channels * plane; i++) {
        images[i] = (float)roll_between(d, s.black - reach / 4, s.white + reach / 4);
    }
    ok(export(&s, images));
    uint32_t width = 0, height = 0, channels = 0;
    uint8_t *points = unpack(at("s.png"), &width, &height, &channels);
    need(width == s.columns * s.width && height == s.rows * s.height && channels == s.channels);
    for (int64_t i = 0; i < (int64_t)width * height * channels; i++) {
        const int64_t c = i % channels, x = i / channels % width, y = i / channels / width;
        const int64_t picture = y / s.height * s.columns + x / s.width;
        const float value =
            images[((picture * channels + c) * s.height + y % s.height) * s.width + x % s.width];
        const double level = 255 * ((double)value - s.black) / reach;
        const double wanted = level < 0 ? 0 : level > 255 ? 255 : level;
        need(fabs(points[i] - wanted) <= 0.5 + 1e-9);
    }
    free(points);
    free(images);
}

START_TEST(sheets)
{
    dice d = {3};
    static const sheet all[] = {
        {1, 1, 1, 1, 1, 0, 1},    {1, 1, 3, 1, 1, -1, 1},      {3, 5, 1, 28, 28, 0, 1},
        {2, 3, 3, 7, 4, -1, 1},   {1, 4, 3, 3, 9, 1, -1},      {7, 1, 1, 2, 5, -1e30, 1e30},
        {4, 6, 3, 64, 48, 5, 20}, {1, 1, 1, 1, 70000, 0, 255}, {70000, 1, 1, 1, 1, 0, 1e-30},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        check_sheet(all[i], &d);
    }
    ck_assert_int_eq(clear(), 1);
}
END_TEST

START_TEST(levels)
{
    const float values[] = {0,  1,     0.5f,   -0.0f,  0.001953f, 0.001965f,
                            -7, 3e38f, 1e-45f, -3e38f, 0.99803f,  0.99805f};
    static const uint8_t wanted[] = {0, 255, 128, 0, 0, 1, 0, 255, 0, 0, 254, 255};
    uint32_t width, height, channels;
    ok(export(&(sheet){1, 1, 1, 1, 12, 0, 1}, values));
    uint8_t *points = unpack(at("s.png"), &width, &height, &channels);
    for (int i = 0; i < 12; i++) {
        ck_assert_msg(points[i] == wanted[i], "%d: %d", i, points[i]);
    }
    free(points);
    ok(export(&(sheet){1, 1, 1, 1, 12, 1, 0}, values)); /* a negative */
    points = unpack(at("s.png"), &width, &height, &channels);
    ck_assert_int_eq(points[0], 255);
    ck_assert_int_eq(points[1], 0);
    ck_assert_int_eq(points[6], 255);
    free(points);
}
END_TEST

/* What is not finite is found wherever it is, and the file that is there stays. */
START_TEST(what_is_not_finite)
{
    float images[2 * 3 * 2 * 2] = {0};
    static const float values[] = {NAN, INFINITY, -INFINITY};
    put("s.png", "old", 3);
    for (int i = 0; i < 24; i++) {
        char text[80];
        snprintf(text, sizeof text, "element %d of picture %d is not finite", i % 12, i / 12);
        images[i] = values[i % 3];
        fails(export(&(sheet){2, 1, 3, 2, 2, 0, 1}, images), GAN_ERROR_NUMERIC, text);
        images[i] = 0;
    }
    size_t size;
    uint8_t *bytes = get(at("s.png"), &size);
    need(size == 3 && memcmp(bytes, "old", 3) == 0);
    free(bytes);
    ck_assert_int_eq(clear(), 1);
}
END_TEST

/* Points that do not compress need more than one chunk of data; equal content gives equal bytes. */
START_TEST(large_pictures)
{
    enum { SIDE = 500 };
    static float noise[SIDE * SIDE];
    dice d = {9};
    size_t size, again;
    roll_array(&d, SIDE * SIDE, 0, 1, noise);
    ok(export(&(sheet){1, 1, 1, SIDE, SIDE, 0, 1}, noise));
    uint8_t *first = get(at("s.png"), &size);
    need(size > 240000);
    ok(export(&(sheet){1, 1, 1, SIDE, SIDE, 0, 1}, noise));
    uint8_t *second = get(at("s.png"), &again);
    need(size == again && memcmp(first, second, size) == 0);
    free(first);
    free(second);
    uint32_t width, height, channels;
    uint8_t *points = unpack(at("s.png"), &width, &height, &channels);
    need(points[SIDE * SIDE - 1] == (uint8_t)(noise[SIDE * SIDE - 1] * 255 + 0.5f));
    free(points);
}
END_TEST

/* ---- Memory ---------------------------------------------------------------------------------- */

static int32_t write_npy(void)
{
    return gan_export_npy(ctx, at("f"), 1, (int64_t[]){3}, three);
}

static int32_t write_png(void)
{
    return gan_export_png(ctx, at("f"), 1, 3, 1, 1, 1, three, 0, 1);
}

START_TEST(every_allocation_may_fail)
{
    static int32_t (*const writes[])(void) = {write_npy, write_png};
    for (int i = 0; i < 4; i++) {
        int failures = 0;
        own.for_good = i >= 2;
        for (;; failures++) {
            size_t size;
            put("f", "old", 3);
            own.fail_at = own.calls + 1 + failures;
            const int32_t status = writes[i % 2]();
            own.fail_at = 0;
            ck_assert_int_eq(own.live, 1);
            if (status == GAN_OK) {
                break;
            }
            fails(status, GAN_ERROR_MEMORY, "out of memory");
            uint8_t *bytes = get(at("f"), &size);
            need(size == 3 && memcmp(bytes, "old", 3) == 0);
            free(bytes);
            ck_assert_int_eq(clear(), 1);
        }
        ck_assert_int_ge(failures, i % 2 == 0 ? 2 : 6);
    }
}
END_TEST

/* ---- For others to read ---------------------------------------------------------------------- */

static const char *where;

/* Files whose content export.py knows: element i is sin(i), cut to the range of the picture. */
START_TEST(write_for_others)
{
    char path[600];
    float values[2 * 3 * 3 * 5 * 4];
    for (int i = 0; i < 360; i++) {
        values[i] = (float)sin(i);
    }
    snprintf(path, sizeof path, "%s/array.npy", where);
    ok(gan_export_npy(ctx, path, 5, (int64_t[]){2, 3, 3, 5, 4}, values));
    snprintf(path, sizeof path, "%s/vector.npy", where);
    ok(gan_export_npy(ctx, path, 1, (int64_t[]){360}, values));
    snprintf(path, sizeof path, "%s/number.npy", where);
    ok(gan_export_npy(ctx, path, 0, NULL, values + 1));
    snprintf(path, sizeof path, "%s/none.npy", where);
    ok(gan_export_npy(ctx, path, 2, (int64_t[]){0, 7}, NULL));
    snprintf(path, sizeof path, "%s/colours.png", where);
    ok(gan_export_png(ctx, path, 2, 3, 3, 5, 4, values, -0.5, 0.5));
    snprintf(path, sizeof path, "%s/greys.png", where);
    ok(gan_export_png(ctx, path, 3, 6, 1, 5, 4, values, -1, 1));
}
END_TEST

int main(int count, char **arguments)
{
    if (count > 2) {
        where = arguments[2];
        return run_in_folder("exports", (const TTest *[]){write_for_others, NULL});
    }
    return run_in_folder("exports",
                         (const TTest *[]){arrays, sheets, levels, what_is_not_finite,
                                           large_pictures, every_allocation_may_fail, NULL});
}
