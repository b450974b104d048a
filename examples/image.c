#include "image.h"

#include "check.h"
#include "files.h"

#include <cairo-svg.h>
#include <stdio.h>
#include <stdlib.h>

/* A cairo_write_func_t over a FILE. */
static cairo_status_t write_bytes(void *file, const unsigned char *data, unsigned length)
{
    return fwrite(data, 1, length, file) == length ? CAIRO_STATUS_SUCCESS
                                                   : CAIRO_STATUS_WRITE_ERROR;
}

static void finish(FILE *file, char *path, cairo_status_t status)
{
    if (status != CAIRO_STATUS_SUCCESS) {
        fail("cannot write %s: %s", path, cairo_status_to_string(status));
    }
    close_file(file, path);
    free(path);
}

void image_save_png(cairo_surface_t *surface, const char *directory, const char *name)
{
    char *path = join_path(directory, name);
    FILE *file = create_file(path);
    finish(file, path, cairo_surface_write_to_png_stream(surface, write_bytes, file));
}

void image_save_svg(double width, double height, void (*draw)(cairo_t *cr, const void *user),
                    const void *user, const char *directory, const char *name)
{
    char *path = join_path(directory, name);
    FILE *file = create_file(path);
    cairo_surface_t *surface =
        cairo_svg_surface_create_for_stream(write_bytes, file, width, height);
    cairo_t *cr = cairo_create(surface);
    draw(cr, user);
    cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS) {
        status = cairo_surface_status(surface);
    }
    cairo_surface_destroy(surface);
    finish(file, path, status);
}
