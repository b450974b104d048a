#include "image.h"

#include "check.h"
#include "files.h"

#include <cairo-svg.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file that a surface is written to. */
typedef struct {
    char *path;
    FILE *file;
    int reason; /* errno of the write that failed; 0 while none has */
} target;

static target open_target(const char *directory, const char *name)
{
    target t = {.path = join_path(directory, name)};
    t.file = create_file(t.path);
    return t;
}

/* A cairo_write_func_t over a target. */
static cairo_status_t write_bytes(void *user, const unsigned char *data, unsigned length)
{
    target *t = user;
    errno = 0;
    if (fwrite(data, 1, length, t->file) == length) {
        return CAIRO_STATUS_SUCCESS;
    }
    t->reason = errno;
    return CAIRO_STATUS_WRITE_ERROR;
}

static void close_target(target *t, cairo_status_t status)
{
    if (status != CAIRO_STATUS_SUCCESS) {
        fail("cannot write %s: %s", t->path,
             t->reason != 0 ? strerror(t->reason) : cairo_status_to_string(status));
    }
    close_file(t->file, t->path);
    free(t->path);
}

void image_save_png(cairo_surface_t *surface, const char *directory, const char *name)
{
    target t = open_target(directory, name);
    close_target(&t, cairo_surface_write_to_png_stream(surface, write_bytes, &t));
}

void image_save_svg(double width, double height, void (*draw)(cairo_t *cr, const void *user),
                    const void *user, const char *directory, const char *name)
{
    target t = open_target(directory, name);
    cairo_surface_t *surface = cairo_svg_surface_create_for_stream(write_bytes, &t, width, height);
    cairo_t *cr = cairo_create(surface);
    draw(cr, user);
    cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS) {
        status = cairo_surface_status(surface);
    }
    cairo_surface_destroy(surface);
    close_target(&t, status);
}

void image_save_both(double width, double height, void (*draw)(cairo_t *cr, const void *user),
                     const void *user, const char *directory, const char *name)
{
    const double scale = 2; /* pixels a point */
    char file[64];
    snprintf(file, sizeof file, "%s.svg", name);
    image_save_svg(width, height, draw, user, directory, file);
    cairo_surface_t *pixels =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(width * scale), (int)(height * scale));
    cairo_t *cr = cairo_create(pixels);
    cairo_scale(cr, scale, scale);
    draw(cr, user);
    const cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    if (status != CAIRO_STATUS_SUCCESS) {
        fail("cannot draw %s: %s", name, cairo_status_to_string(status));
    }
    snprintf(file, sizeof file, "%s.png", name);
    image_save_png(pixels, directory, file);
    cairo_surface_destroy(pixels);
}
