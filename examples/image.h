/* Cairo surfaces as files that are known to be whole. */
#ifndef EXAMPLES_IMAGE_H
#define EXAMPLES_IMAGE_H

#include <cairo.h>

/* Writes a surface to directory/name as a PNG file. */
void image_save_png(cairo_surface_t *surface, const char *directory, const char *name);

/* Draws an SVG file directory/name of `width` by `height` points.
 *   draw  makes the drawing, given what `user` points to */
void image_save_svg(double width, double height, void (*draw)(cairo_t *cr, const void *user),
                    const void *user, const char *directory, const char *name);

/* Makes the same drawing as directory/name.svg and directory/name.png, two pixels a point. */
void image_save_both(double width, double height, void (*draw)(cairo_t *cr, const void *user),
                     const void *user, const char *directory, const char *name);

#endif
