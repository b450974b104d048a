/* A sheet of pictures of one size, grey or in colour, in rows and columns, on a mid-grey ground
 * with narrow gaps: the form of Figures 2 and 3 of Goodfellow et al. 2014. */
#ifndef EXAMPLES_SHEET_H
#define EXAMPLES_SHEET_H

#include <cairo.h>

typedef struct {
    int rows, columns, side, zoom;
    cairo_surface_t *surface;
} sheet;

/* An empty sheet for pictures of side x side pixels, each shown as zoom x zoom. */
sheet sheet_create(int rows, int columns, int side, int zoom);

/* Puts a picture in its place.
 *   channels  1 for grey, 3 for red, green and blue
 *   pixels    [channels, side, side], 0 dark to 1 bright */
void sheet_put(sheet *s, int row, int column, int channels, const float *pixels);

/* Draws a yellow border of one pixel around a place. */
void sheet_frame(sheet *s, int row, int column);

/* Writes the sheet to directory/name as a PNG file and releases it. */
void sheet_save(sheet *s, const char *directory, const char *name);

#endif
