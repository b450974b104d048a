#include "figure.h"

#include "image.h"
#include "pen.h"

#include <math.h>
#include <stdio.h>

/* Measures of the drawing in points, from the left and from the top. */
enum {
    PANEL_WIDTH = 214,
    PANEL_GAP = 20,
    MARGIN = 50, /* left and right, for the two scales */
    TITLE_BASE = 28,
    LEGEND_BASE = 54,
    CURVES_TOP = 78,
    HEADROOM = 8, /* above the value 1 of D, so that its line shows */
    CURVES_BOTTOM = 236,
    TICK_BASE = 250,
    LINE_X = 270, /* the upper horizontal line */
    LINE_Z = 316, /* the lower one */
    Z_BASE = 330,
    CAPTION_BASE = 356,
    HEIGHT = 370
};
enum { TICKS = 7 }; /* parts of a scale between its marks, at most */

static const pen PEN_D = {{0.10, 0.30, 0.85}, 1.8, {6, 3.5}};
static const pen PEN_DATA = {{0, 0, 0}, 1.8, {1.6, 2.4}};
static const pen PEN_G = {{0.05, 0.60, 0.20}, 2.0, {0, 0}};
static const pen PEN_AXIS = {{0, 0, 0}, 0.9, {0, 0}};
static const pen PEN_ARROW = {{0.30, 0.30, 0.30}, 0.7, {0, 0}};
static const pen PEN_GUIDE = {{0.82, 0.82, 0.82}, 0.7, {0, 0}};

static const double TITLE_SIZE = 15, TEXT_SIZE = 12, TICK_SIZE = 9.5;

double figure_point(const figure *f, int i)
{
    return f->low + (f->high - f->low) * (i + 0.5) / FIGURE_POINTS;
}

double figure_quantile(double share)
{
    double low = -10, high = 10;
    while (high - low > 1e-9) {
        double middle = (low + high) / 2;
        if (0.5 * erfc(-middle / sqrt(2)) < share) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* ---- From values to places ----------------------------------------------------------------- */

static double figure_width(const figure *f)
{
    return 2 * MARGIN + f->panel_count * PANEL_WIDTH + (f->panel_count - 1) * PANEL_GAP;
}

static double panel_left(int panel)
{
    return MARGIN + panel * (PANEL_WIDTH + PANEL_GAP);
}

static double place_x(const figure *f, double left, double x)
{
    return left + PANEL_WIDTH * (x - f->low) / (f->high - f->low);
}

/* The line of z is as long as that of x. */
static double place_z(const figure *f, double left, double z)
{
    return left + PANEL_WIDTH * (z - f->z_low) / (f->z_high - f->z_low);
}

/* `share` of the height of the curves: 0 at the bottom, 1 just below the top. */
static double place_y(double share)
{
    return CURVES_BOTTOM - (CURVES_BOTTOM - CURVES_TOP - HEADROOM) * share;
}

static double data_density(const figure *f, double x)
{
    const double root_two_pi = 2.50662827463100050242;
    double u = (x - f->mean) / f->deviation;
    return exp(-0.5 * u * u) / (f->deviation * root_two_pi);
}

/* The density at the top of the curves: above all there is to show, but not so far above that of
 * the data that it would look flat. */
static double top_density(const figure *f)
{
    double peak = data_density(f, f->mean), top = 1.15 * peak;
    for (int p = 0; p < f->panel_count; p++) {
        for (int i = 0; i < FIGURE_POINTS; i++) {
            top = fmax(top, 1.05 * f->panels[p].density[i]);
        }
    }
    return fmin(top, 1.6 * peak);
}

/* ---- The parts of a panel ------------------------------------------------------------------ */

/* A curve through `values` at the figure's points, `top` being the value at the upper end. */
static void draw_curve(cairo_t *cr, const figure *f, double left, const double *values, double top,
                       pen p)
{
    for (int i = 0; i < FIGURE_POINTS; i++) {
        cairo_line_to(cr, place_x(f, left, figure_point(f, i)), place_y(values[i] / top));
    }
    pen_stroke(cr, p);
}

static void draw_curves(cairo_t *cr, const figure *f, double left, const figure_panel *panel)
{
    double data[FIGURE_POINTS];
    for (int i = 0; i < FIGURE_POINTS; i++) {
        data[i] = data_density(f, figure_point(f, i));
    }
    double top = top_density(f);
    cairo_save(cr);
    cairo_rectangle(cr, left, CURVES_TOP, PANEL_WIDTH, CURVES_BOTTOM - CURVES_TOP + 1);
    cairo_clip(cr);
    pen_line(cr, PEN_GUIDE, left, place_y(0.5), left + PANEL_WIDTH, place_y(0.5));
    draw_curve(cr, f, left, panel->density, top, PEN_G);
    draw_curve(cr, f, left, data, top, PEN_DATA);
    draw_curve(cr, f, left, panel->discriminator, 1, PEN_D);
    cairo_restore(cr);
}

/* The distance between the marks of x: as small as their numbers allow, which must not touch. */
static double tick_distance_x(cairo_t *cr, const figure *f)
{
    const double range = f->high - f->low, room = 0.9; /* of the distance, for a number */
    double distance = 0, widest = 0;
    int most = TICKS;
    do {
        distance = pen_mark_distance(range, most--);
        widest = 0;
        for (double k = ceil(f->low / distance); k * distance <= f->high; k++) {
            widest = fmax(widest, pen_number_width(cr, TICK_SIZE, k * distance));
        }
    } while (most >= 3 && widest > room * PANEL_WIDTH * distance / range);
    return distance;
}

/* The frame of the curves with the marks of x. */
static void draw_frame(cairo_t *cr, const figure *f, double left)
{
    cairo_rectangle(cr, left, CURVES_TOP, PANEL_WIDTH, CURVES_BOTTOM - CURVES_TOP);
    pen_stroke(cr, PEN_AXIS);
    double distance = tick_distance_x(cr, f);
    for (double k = ceil(f->low / distance); k * distance <= f->high; k++) {
        double at = place_x(f, left, k * distance);
        pen_line(cr, PEN_AXIS, at, CURVES_BOTTOM, at, CURVES_BOTTOM - 4);
        pen_number(cr, at, TICK_BASE, ALIGN_CENTRE, TICK_SIZE, k * distance);
    }
}

/* The lines of z and x, and the arrows x = G(z) between them. Arrows that would end outside the
 * shown range of x are cut off at its border. */
static void draw_map(cairo_t *cr, const figure *f, double left, const figure_panel *panel)
{
    double right = left + PANEL_WIDTH;
    pen_line(cr, PEN_AXIS, left, LINE_X, right, LINE_X);
    pen_line(cr, PEN_AXIS, left, LINE_Z, right, LINE_Z);
    cairo_save(cr);
    cairo_rectangle(cr, left - 3, LINE_X, PANEL_WIDTH + 6, LINE_Z - LINE_X);
    cairo_clip(cr);
    for (int i = 0; i < FIGURE_ARROWS; i++) {
        pen_arrow(cr, PEN_ARROW, place_z(f, left, figure_quantile((i + 0.5) / FIGURE_ARROWS)),
                  LINE_Z, place_x(f, left, panel->arrows[i]), LINE_X);
    }
    cairo_restore(cr);
    pen_number(cr, left, Z_BASE, ALIGN_CENTRE, TICK_SIZE, f->z_low);
    pen_number(cr, right, Z_BASE, ALIGN_CENTRE, TICK_SIZE, f->z_high);
}

static void draw_panel(cairo_t *cr, const figure *f, int index)
{
    const figure_panel *panel = &f->panels[index];
    double left = panel_left(index);
    draw_curves(cr, f, left, panel);
    draw_frame(cr, f, left);
    draw_map(cr, f, left, panel);
    char caption[64];
    snprintf(caption, sizeof caption, "(%c) %s", 'a' + index, panel->caption);
    pen_text(cr, left + PANEL_WIDTH / 2.0, CAPTION_BASE, ALIGN_CENTRE, TEXT_SIZE, caption);
}

/* ---- What stands around the panels --------------------------------------------------------- */

/* The scale of D at the left of the first panel, that of the densities at the right of the last,
 * and the names of the two lines. */
static void draw_scales(cairo_t *cr, const figure *f)
{
    double left = panel_left(0), right = panel_left(f->panel_count - 1) + PANEL_WIDTH;
    double below = 0.35 * TICK_SIZE; /* from the middle of a figure to its base line */
    for (int i = 0; i <= 2; i++) {
        pen_line(cr, PEN_AXIS, left, place_y(i / 2.0), left + 4, place_y(i / 2.0));
        pen_number(cr, left - 5, place_y(i / 2.0) + below, ALIGN_RIGHT, TICK_SIZE, i / 2.0);
    }
    double top = top_density(f), distance = pen_mark_distance(top, TICKS);
    for (double k = 0; k * distance <= top; k++) {
        double at = place_y(k * distance / top);
        pen_line(cr, PEN_AXIS, right, at, right - 4, at);
        pen_number(cr, right + 5, at + below, ALIGN_LEFT, TICK_SIZE, k * distance);
    }
    pen_text(cr, left, CURVES_TOP - 7, ALIGN_CENTRE, TEXT_SIZE, "*D*(*x*)");
    pen_text(cr, right, CURVES_TOP - 7, ALIGN_CENTRE, TEXT_SIZE, "*p*(*x*)");
    pen_text(cr, left - 14, LINE_X + 4, ALIGN_RIGHT, TEXT_SIZE, "*x*");
    pen_text(cr, left - 14, LINE_Z + 4, ALIGN_RIGHT, TEXT_SIZE, "*z*");
}

static void draw_title(cairo_t *cr, const figure *f)
{
    static const struct {
        const char *text;
        const pen *sample;
    } entries[] = {{"discriminator *D*(*x*)", &PEN_D},
                   {"data *p*_data_(*x*)", &PEN_DATA},
                   {"generator *p*_*g*_(*x*)", &PEN_G}};
    enum { ENTRIES = sizeof entries / sizeof entries[0], SAMPLE = 34, SPACE = 26 };
    char title[96];
    snprintf(title, sizeof title, "Adversarial training towards N(%s%.9g, %.9g²)",
             f->mean < 0 ? PEN_MINUS : "", fabs(f->mean), f->deviation);
    double middle = figure_width(f) / 2, width = -SPACE;
    pen_text(cr, middle, TITLE_BASE, ALIGN_CENTRE, TITLE_SIZE, title);
    for (int i = 0; i < ENTRIES; i++) {
        width += SAMPLE + pen_text_width(cr, TEXT_SIZE, entries[i].text) + SPACE;
    }
    double x = middle - width / 2;
    for (int i = 0; i < ENTRIES; i++) {
        pen_line(cr, *entries[i].sample, x, LEGEND_BASE - 4, x + SAMPLE - 6, LEGEND_BASE - 4);
        pen_text(cr, x + SAMPLE, LEGEND_BASE, ALIGN_LEFT, TEXT_SIZE, entries[i].text);
        x += SAMPLE + pen_text_width(cr, TEXT_SIZE, entries[i].text) + SPACE;
    }
}

/* Draws the figure; `user` is a const figure *. */
static void draw(cairo_t *cr, const void *user)
{
    const figure *f = user;
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    draw_title(cr, f);
    for (int i = 0; i < f->panel_count; i++) {
        draw_panel(cr, f, i);
    }
    draw_scales(cr, f);
}

void figure_save(const figure *f, const char *directory)
{
    image_save_both(figure_width(f), HEIGHT, draw, f, directory, "figure1");
}
