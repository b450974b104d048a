#include "pen.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void pen_stroke(cairo_t *cr, pen p)
{
    cairo_set_source_rgb(cr, p.colour[0], p.colour[1], p.colour[2]);
    cairo_set_line_width(cr, p.width);
    cairo_set_dash(cr, p.dash, p.dash[0] > 0 ? 2 : 0, 0);
    cairo_stroke(cr);
}

void pen_line(cairo_t *cr, pen p, double x0, double y0, double x1, double y1)
{
    cairo_move_to(cr, x0, y0);
    cairo_line_to(cr, x1, y1);
    pen_stroke(cr, p);
}

void pen_arrow(cairo_t *cr, pen p, double x0, double y0, double x1, double y1)
{
    const double length = 5, half_width = 1.7; /* of the head */
    double distance = hypot(x1 - x0, y1 - y0);
    if (!(distance > length)) {
        return;
    }
    double dx = (x1 - x0) / distance, dy = (y1 - y0) / distance;
    double neck_x = x1 - length * dx, neck_y = y1 - length * dy;
    pen_line(cr, p, x0, y0, neck_x, neck_y);
    cairo_move_to(cr, x1, y1);
    cairo_line_to(cr, neck_x - half_width * dy, neck_y + half_width * dx);
    cairo_line_to(cr, neck_x + half_width * dy, neck_y - half_width * dx);
    cairo_close_path(cr);
    cairo_fill(cr);
}

/* Walks over the pieces of a text that share one kind of letters. Returns the width; writes from
 * (x, y) on if `write`. */
static double walk(cairo_t *cr, double x, double y, double size, const char *text, bool write)
{
    const double low_size = 0.72, low_drop = 0.2; /* of small low letters, in sizes */
    bool slanted = false, low = false;
    double width = 0;
    while (*text != '\0') {
        if (*text == '*' || *text == '_') {
            slanted ^= *text == '*';
            low ^= *text == '_';
            text++;
            continue;
        }
        char piece[96];
        int length = snprintf(piece, sizeof piece, "%.*s", (int)strcspn(text, "*_"), text);
        text += length;
        cairo_select_font_face(cr, "serif",
                               slanted ? CAIRO_FONT_SLANT_ITALIC : CAIRO_FONT_SLANT_NORMAL,
                               CAIRO_FONT_WEIGHT_NORMAL);
        cairo_set_font_size(cr, low ? low_size * size : size);
        if (write) {
            cairo_move_to(cr, x + width, low ? y + low_drop * size : y);
            cairo_show_text(cr, piece);
        }
        cairo_text_extents_t extents;
        cairo_text_extents(cr, piece, &extents);
        width += extents.x_advance;
    }
    return width;
}

double pen_text_width(cairo_t *cr, double size, const char *text)
{
    return walk(cr, 0, 0, size, text, false);
}

void pen_text(cairo_t *cr, double x, double y, alignment align, double size, const char *text)
{
    static const double shares[] = {[ALIGN_LEFT] = 0, [ALIGN_CENTRE] = 0.5, [ALIGN_RIGHT] = 1};
    cairo_set_source_rgb(cr, 0, 0, 0);
    walk(cr, x - shares[align] * pen_text_width(cr, size, text), y, size, text, true);
    cairo_new_path(cr);
}

enum { NUMBER_ROOM = 32 };

static const char *print_number(char text[NUMBER_ROOM], double value)
{
    const char *sign = value < 0 ? PEN_MINUS : "";
    const double size = fabs(value);
    if (size >= 1000 && size < 1e6 && size == floor(size)) {
        snprintf(text, NUMBER_ROOM, "%s%.0f,%03.0f", sign, floor(size / 1000), fmod(size, 1000));
    } else {
        snprintf(text, NUMBER_ROOM, "%s%.6g", sign, size);
    }
    return text;
}

double pen_mark_distance(double range, int most)
{
    const double power = pow(10, floor(log10(range / most))), share = range / most / power;
    return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
}

double pen_number_width(cairo_t *cr, double size, double value)
{
    char text[NUMBER_ROOM];
    return pen_text_width(cr, size, print_number(text, value));
}

void pen_number(cairo_t *cr, double x, double y, alignment align, double size, double value)
{
    char text[NUMBER_ROOM];
    pen_text(cr, x, y, align, size, print_number(text, value));
}
