#include "sheet.h"

#include "check.h"
#include "image.h"

#include <math.h>
#include <stdint.h>

enum { GAP = 5 }; /* pixels, before the zoom */
static const uint32_t GROUND = 0x808080, YELLOW = 0xffff00;

/* The place of a picture's first pixel along one axis. */
static int origin(const sheet *s, int index)
{
    return GAP + index * (s->side + GAP);
}

/* Fills the pixel (x, y) of the unscaled sheet. */
static void set_pixel(sheet *s, int x, int y, uint32_t colour)
{
    unsigned char *data = cairo_image_surface_get_data(s->surface);
    int stride = cairo_image_surface_get_stride(s->surface);
    for (int i = 0; i < s->zoom; i++) {
        uint32_t *row = (uint32_t *)(void *)(data + (ptrdiff_t)(y * s->zoom + i) * stride);
        for (int j = 0; j < s->zoom; j++) {
            row[x * s->zoom + j] = colour;
        }
    }
}

sheet sheet_create(int rows, int columns, int side, int zoom)
{
    sheet s = {.rows = rows, .columns = columns, .side = side, .zoom = zoom};
    int width = origin(&s, columns), height = origin(&s, rows);
    s.surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width * zoom, height * zoom);
    cairo_status_t status = cairo_surface_status(s.surface);
    if (status != CAIRO_STATUS_SUCCESS) {
        fail("cannot make a picture of %d x %d pixels: %s", width * zoom, height * zoom,
             cairo_status_to_string(status));
    }
    cairo_surface_flush(s.surface);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            set_pixel(&s, x, y, GROUND);
        }
    }
    return s;
}

static uint32_t byte_of(float value)
{
    return (uint32_t)lround(255 * fmin(fmax((double)value, 0), 1));
}

void sheet_put(sheet *s, int row, int column, int channels, const float *pixels)
{
    const int area = s->side * s->side;
    const float *red = pixels, *green = channels == 3 ? pixels + area : pixels;
    const float *blue = channels == 3 ? pixels + 2 * area : pixels;
    for (int i = 0; i < area; i++) {
        uint32_t colour = byte_of(red[i]) << 16 | byte_of(green[i]) << 8 | byte_of(blue[i]);
        set_pixel(s, origin(s, column) + i % s->side, origin(s, row) + i / s->side, colour);
    }
}

void sheet_frame(sheet *s, int row, int column)
{
    int left = origin(s, column) - 1, top = origin(s, row) - 1, length = s->side + 2;
    for (int i = 0; i < length; i++) {
        set_pixel(s, left + i, top, YELLOW);
        set_pixel(s, left + i, top + length - 1, YELLOW);
        set_pixel(s, left, top + i, YELLOW);
        set_pixel(s, left + length - 1, top + i, YELLOW);
    }
}

void sheet_save(sheet *s, const char *directory, const char *name)
{
    cairo_surface_mark_dirty(s->surface);
    image_save_png(s->surface, directory, name);
    cairo_surface_destroy(s->surface);
    s->surface = NULL;
}
