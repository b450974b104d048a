/* Numbers over the steps of one training or of several: a panel for each number, a thin line for
 * each training, a thick one for their mean, and a dashed one for what a perfect sampler has. */
#ifndef EXAMPLES_CURVES_H
#define EXAMPLES_CURVES_H

#include <stdbool.h>

enum { CURVES_PANELS = 3 };

typedef struct {
    const char *title;
    bool logarithmic;
    double low, high; /* the shown range */
    int parts;        /* of its scale, if it is not logarithmic */
    double floor;     /* of a perfect sampler */
} curves_panel;

typedef struct {
    const char *title;
    curves_panel panels[CURVES_PANELS];
    int runs, points;
    const double *steps;                 /* [points], from 0 or more upwards */
    const double *values[CURVES_PANELS]; /* each [runs, points] */
} curves;

/* Draws directory/name.png and directory/name.svg. */
void curves_save(const curves *c, const char *directory, const char *name);

#endif
