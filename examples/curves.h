/* Numbers over the steps of one training or of several: a panel for each number, a thin line for
 * each training where there are several, a thick one for their mean, and a dashed one for what a
 * perfect sampler has. */
#ifndef EXAMPLES_CURVES_H
#define EXAMPLES_CURVES_H

#include <stdbool.h>

enum { CURVES_PANELS_MAX = 4 };

typedef struct {
    const char *title;
    bool logarithmic;
    double low, high; /* the shown range; what is beyond is drawn at its border */
    double floor;     /* of a perfect sampler */
} curves_panel;

typedef struct {
    const char *title;
    int panel_count;
    curves_panel panels[CURVES_PANELS_MAX];
    int runs, points;
    const double *steps;                     /* [points], from 0 or more upwards */
    const double *values[CURVES_PANELS_MAX]; /* each [runs, points]; not shown where not finite */
} curves;

/* Draws directory/name.png and directory/name.svg. */
void curves_save(const curves *c, const char *directory, const char *name);

#endif
