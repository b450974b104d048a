/* Figure 1 of Goodfellow et al. 2014: a generator and a discriminator of one dimension in training.
 *
 * In each panel D(x) is the blue dashed line, the density of the data the black dotted line and the
 * density of the generator the green solid line. Of the two horizontal lines below, the lower one
 * is the domain of z and the upper one that of x; the arrows show how x = G(z) maps one onto the
 * other. In the paper z is uniform and the arrows start evenly spaced; here it is normal, and each
 * arrow starts where it stands for an equal share of p_z. */
#ifndef EXAMPLES_FIGURE_H
#define EXAMPLES_FIGURE_H

enum { FIGURE_PANELS_MAX = 4, FIGURE_POINTS = 300, FIGURE_ARROWS = 17 };

/* One moment of the training. */
typedef struct {
    char caption[48];                    /* "before training" */
    double discriminator[FIGURE_POINTS]; /* D at figure_point(0), figure_point(1), ... */
    double density[FIGURE_POINTS];       /* p_g at the same points */
    double arrows[FIGURE_ARROWS];        /* G where each arrow starts */
} figure_panel;

typedef struct {
    double mean, deviation; /* of the data, which are normal */
    double low, high;       /* the shown range of x */
    double z_low, z_high;   /* the shown range of z */
    int panel_count;
    figure_panel panels[FIGURE_PANELS_MAX];
} figure;

/* The x of point i, the middle of cell i when low to high is cut into FIGURE_POINTS cells. */
double figure_point(const figure *f, int i);

/* The z below which a share of N(0, 1) lies; arrow i starts at (i + 1/2) / FIGURE_ARROWS. */
double figure_quantile(double share);

/* Draws the figure into directory/figure1.png and directory/figure1.svg. */
void figure_save(const figure *f, const char *directory);

#endif
