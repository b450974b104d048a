/* Lines, arrows and letters of a drawing. */
#ifndef EXAMPLES_PEN_H
#define EXAMPLES_PEN_H

#include <cairo.h>

#define PEN_MINUS "\u2212" /* the minus sign of print */

typedef struct {
    double colour[3]; /* red, green, blue, 0 to 1 */
    double width;     /* points */
    double dash[2];   /* lengths of line and gap; {0, 0} for a solid line */
} pen;

typedef enum { ALIGN_LEFT, ALIGN_CENTRE, ALIGN_RIGHT } alignment;

/* Draws the current path. */
void pen_stroke(cairo_t *cr, pen p);

/* Draws a line; an arrow with its head at (x1, y1). */
void pen_line(cairo_t *cr, pen p, double x0, double y0, double x1, double y1);
void pen_arrow(cairo_t *cr, pen p, double x0, double y0, double x1, double y1);

/* Writes a text in black with its base line at y, aligned at x. A '*' switches slanted letters on
 * and off and a '_' small low ones, so that "*p*_data_(*x*)" reads as in print. */
void pen_text(cairo_t *cr, double x, double y, alignment align, double size, const char *text);

/* How wide a text or a number would be. */
double pen_text_width(cairo_t *cr, double size, const char *text);
double pen_number_width(cairo_t *cr, double size, double value);

/* The distance between marks that cut `range` into at most `most` parts: 1, 2 or 5 times a power of
 * ten. */
double pen_mark_distance(double range, int most);

/* Writes a number of up to six digits, thousands with a comma. */
void pen_number(cairo_t *cr, double x, double y, alignment align, double size, double value);

#endif
