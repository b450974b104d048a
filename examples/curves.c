#include "curves.h"

#include "image.h"
#include "pen.h"

#include <math.h>
#include <stdio.h>

/* Measures of the drawing in points, from the left and from the top. */
enum {
    PANEL_WIDTH = 250,
    PANEL_HEIGHT = 170,
    PANEL_GAP = 56,
    MARGIN_LEFT = 52,
    MARGIN_RIGHT = 22,
    TITLE_BASE = 28,
    NAME_BASE = 56,
    TOP = 68,
    HEIGHT = 282,
    HEADROOM = 8, /* within the frame, so that a line at the end of a range shows */
    SAMPLE = 28,  /* length of a line in the legend */
    PARTS = 5     /* of a scale between its marks, at most */
};

static const pen PEN_FRAME = {{0.25, 0.25, 0.25}, 0.9, {0, 0}};
static const pen PEN_GUIDE = {{0.88, 0.88, 0.88}, 0.7, {0, 0}};
static const pen PEN_RUN = {{0.66, 0.80, 0.95}, 0.9, {0, 0}};
static const pen PEN_MEAN = {{0.05, 0.33, 0.70}, 2.0, {0, 0}};
static const pen PEN_FLOOR = {{0.85, 0.35, 0.05}, 1.2, {5, 3}};

static const double TITLE_SIZE = 15, TEXT_SIZE = 12, TICK_SIZE = 9.5;

static double panel_left(int panel)
{
    return MARGIN_LEFT + panel * (PANEL_WIDTH + PANEL_GAP);
}

static double place_x(const curves *c, double left, double step)
{
    const double last = c->steps[c->points - 1];
    return last > 0 ? left + PANEL_WIDTH * step / last : left;
}

static double place_y(const curves_panel *p, double value)
{
    const double inside = fmin(fmax(value, p->low), p->high);
    const double share = p->logarithmic ? log(inside / p->low) / log(p->high / p->low)
                                        : (inside - p->low) / (p->high - p->low);
    return TOP + HEADROOM + (PANEL_HEIGHT - 2 * HEADROOM) * (1 - share);
}

/* A line through what is finite. values: [points] */
static void draw_line(cairo_t *cr, const curves *c, int panel, const double *values, pen p)
{
    for (int i = 0; i < c->points; i++) {
        if (isfinite(values[i])) {
            cairo_line_to(cr, place_x(c, panel_left(panel), c->steps[i]),
                          place_y(&c->panels[panel], values[i]));
        }
    }
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    pen_stroke(cr, p);
}

static double mean_at(const curves *c, int panel, int point)
{
    double sum = 0;
    int count = 0;
    for (int run = 0; run < c->runs; run++) {
        const double value = c->values[panel][run * c->points + point];
        if (isfinite(value)) {
            sum += value;
            count++;
        }
    }
    return count > 0 ? sum / count : (double)NAN;
}

static void draw_mean(cairo_t *cr, const curves *c, int panel)
{
    const double left = panel_left(panel);
    for (int i = 0; i < c->points; i++) {
        const double mean = mean_at(c, panel, i);
        if (isfinite(mean)) {
            cairo_line_to(cr, place_x(c, left, c->steps[i]), place_y(&c->panels[panel], mean));
        }
    }
    pen_stroke(cr, PEN_MEAN);
}

static void draw_mark(cairo_t *cr, const curves_panel *p, double left, double value)
{
    const double y = place_y(p, value);
    pen_line(cr, PEN_GUIDE, left, y, left + PANEL_WIDTH, y);
    pen_number(cr, left - 5, y + 0.35 * TICK_SIZE, ALIGN_RIGHT, TICK_SIZE, value);
}

static void draw_marks(cairo_t *cr, const curves *c, int panel)
{
    const curves_panel *p = &c->panels[panel];
    const double left = panel_left(panel);
    if (p->logarithmic) {
        for (double value = p->low; value <= p->high * 1.0001; value *= 10) {
            draw_mark(cr, p, left, value);
        }
    } else {
        const double distance = pen_mark_distance(p->high - p->low, PARTS);
        for (double k = ceil(p->low / distance); k * distance <= p->high * 1.0001; k++) {
            draw_mark(cr, p, left, k * distance);
        }
    }
    const double last = c->steps[c->points - 1], distance = pen_mark_distance(last, PARTS);
    for (double k = 0; last > 0 && k * distance <= last; k++) {
        const double x = place_x(c, left, k * distance);
        pen_line(cr, PEN_FRAME, x, TOP + PANEL_HEIGHT, x, TOP + PANEL_HEIGHT + 4);
        pen_number(cr, x, TOP + PANEL_HEIGHT + 16, ALIGN_CENTRE, TICK_SIZE, k * distance);
    }
}

static void draw_panel(cairo_t *cr, const curves *c, int panel)
{
    const curves_panel *p = &c->panels[panel];
    const double left = panel_left(panel);
    pen_text(cr, left + PANEL_WIDTH / 2.0, NAME_BASE, ALIGN_CENTRE, TEXT_SIZE, p->title);
    draw_marks(cr, c, panel);
    for (int run = 0; run < c->runs && c->runs > 1; run++) {
        draw_line(cr, c, panel, c->values[panel] + run * c->points, PEN_RUN);
    }
    const double floor_y = place_y(p, p->floor);
    pen_line(cr, PEN_FLOOR, left, floor_y, left + PANEL_WIDTH, floor_y);
    draw_mean(cr, c, panel);
    cairo_rectangle(cr, left, TOP, PANEL_WIDTH, PANEL_HEIGHT);
    pen_stroke(cr, PEN_FRAME);
    pen_text(cr, left + PANEL_WIDTH / 2.0, TOP + PANEL_HEIGHT + 32, ALIGN_CENTRE, TEXT_SIZE,
             "steps");
}

static double right_of(const curves *c)
{
    return panel_left(c->panel_count - 1) + PANEL_WIDTH;
}

/* An entry of the legend that ends at `right`; returns where the next one to the left may end. */
static double draw_entry(cairo_t *cr, double right, pen p, const char *text)
{
    const double space = 22, gap = 6, left = right - pen_text_width(cr, TEXT_SIZE, text) - gap;
    pen_line(cr, p, left - SAMPLE, TITLE_BASE - 4, left, TITLE_BASE - 4);
    pen_text(cr, right, TITLE_BASE, ALIGN_RIGHT, TEXT_SIZE, text);
    return left - SAMPLE - space;
}

/* Draws all; `user` is a const curves *. */
static void draw(cairo_t *cr, const void *user)
{
    const curves *c = user;
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    pen_text(cr, MARGIN_LEFT, TITLE_BASE, ALIGN_LEFT, TITLE_SIZE, c->title);
    double right = draw_entry(cr, right_of(c), PEN_FLOOR, "a perfect sampler");
    if (c->runs > 1) {
        right = draw_entry(cr, right, PEN_MEAN, "mean");
        draw_entry(cr, right, PEN_RUN, "each seed");
    }
    for (int panel = 0; panel < c->panel_count; panel++) {
        draw_panel(cr, c, panel);
    }
}

void curves_save(const curves *c, const char *directory, const char *name)
{
    image_save_both(right_of(c) + MARGIN_RIGHT, HEIGHT, draw, c, directory, name);
}
