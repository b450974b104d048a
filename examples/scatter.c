#include "scatter.h"

#include "image.h"
#include "pen.h"

#include <math.h>
#include <stddef.h>

/* Measures of the drawing in points, from the left and from the top. */
enum {
    SIDE = 190,
    GAP = 16,
    MARGIN = 22,
    TITLE_BASE = 28,
    CAPTION_BASE = 52,
    TOP = 60,
    LOWER_TOP = TOP + SIDE + 12,
    NOTE_BASE = LOWER_TOP + SIDE + 20,
    HEIGHT = NOTE_BASE + 14
};
static const double SPAN = 6; /* deviations from a centre that are shown below */
static const double TURN = 6.28318530717958647693;

static const pen PEN_FRAME = {{0.25, 0.25, 0.25}, 0.9, {0, 0}};
static const pen PEN_MODE = {{0.85, 0.35, 0.05}, 0.9, {0, 0}};
static const pen PEN_INNER = {{0.94, 0.72, 0.55}, 0.7, {0, 0}};
static const pen PEN_SAMPLE = {{0.05, 0.33, 0.70}, 1.5, {0, 0}};

static const double TITLE_SIZE = 15, TEXT_SIZE = 12;

static double panel_left(int moment)
{
    return MARGIN + moment * (SIDE + GAP);
}

/* Paints a point at (x, y), each from -1 to 1 within a square. */
static void add_point(cairo_t *cr, double left, double top, double x, double y)
{
    const double px = left + SIDE * (x + 1) / 2, py = top + SIDE * (1 - y) / 2;
    cairo_move_to(cr, px, py);
    cairo_line_to(cr, px, py); /* with round ends, a dot */
}

static void add_circle(cairo_t *cr, double left, double top, double x, double y, double radius)
{
    cairo_new_sub_path(cr);
    cairo_arc(cr, left + SIDE * (x + 1) / 2, top + SIDE * (1 - y) / 2, SIDE * radius / 2, 0, TURN);
}

static void begin_square(cairo_t *cr, double left, double top)
{
    cairo_save(cr);
    cairo_rectangle(cr, left, top, SIDE, SIDE);
    cairo_clip(cr);
}

static void end_square(cairo_t *cr, double left, double top)
{
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    pen_stroke(cr, PEN_SAMPLE);
    cairo_restore(cr);
    cairo_rectangle(cr, left, top, SIDE, SIDE);
    pen_stroke(cr, PEN_FRAME);
}

/* The samples where they are, in the circles of three deviations around the centres. */
static void draw_places(cairo_t *cr, const scatter *s, const float *samples, double left)
{
    begin_square(cr, left, TOP);
    for (int m = 0; m < s->modes; m++) {
        add_circle(cr, left, TOP, s->centres[2 * m] / s->reach, s->centres[2 * m + 1] / s->reach,
                   3 * s->deviation / s->reach);
    }
    pen_stroke(cr, PEN_MODE);
    for (int64_t i = 0; i < s->count; i++) {
        add_point(cr, left, TOP, (double)samples[2 * i] / s->reach,
                  (double)samples[2 * i + 1] / s->reach);
    }
    end_square(cr, left, TOP);
}

/* The samples from their nearest centres, in the circles of one, two and three deviations. */
static void draw_distances(cairo_t *cr, const scatter *s, const float *samples, double left)
{
    begin_square(cr, left, LOWER_TOP);
    for (int64_t i = 0; i < s->count; i++) {
        const double x = (double)samples[2 * i], y = (double)samples[2 * i + 1];
        int nearest = 0;
        for (int m = 1; m < s->modes; m++) {
            const double *a = s->centres + (ptrdiff_t)2 * m,
                         *b = s->centres + (ptrdiff_t)2 * nearest;
            nearest = hypot(x - a[0], y - a[1]) < hypot(x - b[0], y - b[1]) ? m : nearest;
        }
        const double scale = 1 / (SPAN * s->deviation);
        const double dx = (x - s->centres[2 * nearest]) * scale;
        const double dy = (y - s->centres[2 * nearest + 1]) * scale;
        if (fabs(dx) <= 1 && fabs(dy) <= 1) {
            add_point(cr, left, LOWER_TOP, dx, dy);
        }
    }
    end_square(cr, left, LOWER_TOP);
    for (int k = 1; k <= 3; k++) {
        add_circle(cr, left, LOWER_TOP, 0, 0, k / SPAN);
        pen_stroke(cr, k == 3 ? PEN_MODE : PEN_INNER);
    }
}

/* Draws all; `user` is a const scatter *. */
static void draw(cairo_t *cr, const void *user)
{
    const scatter *s = user;
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    pen_text(cr, MARGIN, TITLE_BASE, ALIGN_LEFT, TITLE_SIZE, s->title);
    for (int i = 0; i < SCATTER_MOMENTS; i++) {
        const double left = panel_left(i);
        if (s->moments[i].samples != NULL) {
            pen_text(cr, left + SIDE / 2.0, CAPTION_BASE, ALIGN_CENTRE, TEXT_SIZE,
                     s->moments[i].caption);
            draw_places(cr, s, s->moments[i].samples, left);
            draw_distances(cr, s, s->moments[i].samples, left);
        }
    }
    pen_text(cr, MARGIN, NOTE_BASE, ALIGN_LEFT, TEXT_SIZE,
             "above: samples, and three deviations around each centre");
    pen_text(cr, panel_left(SCATTER_MOMENTS - 1) + SIDE, NOTE_BASE, ALIGN_RIGHT, TEXT_SIZE,
             "below: each from its nearest centre, and one, two and three deviations");
}

void scatter_save(const scatter *s, const char *directory, const char *name)
{
    image_save_both(panel_left(SCATTER_MOMENTS - 1) + SIDE + MARGIN, HEIGHT, draw, s, directory,
                    name);
}
