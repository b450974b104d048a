/* Samples of a mixture of Gaussians in the plane at some moments of a training: above where they
 * are, below each from the centre that it is nearest to, in deviations. */
#ifndef EXAMPLES_SCATTER_H
#define EXAMPLES_SCATTER_H

#include <stdint.h>

enum { SCATTER_MOMENTS = 5 };

typedef struct {
    char caption[64];     /* "step 2,000" */
    const float *samples; /* [count, 2]; NULL where the training did not come to that moment */
} scatter_moment;

typedef struct {
    const char *title;
    int modes;
    const double *centres;   /* [modes, 2] */
    double deviation, reach; /* shown from -reach to reach */
    int64_t count;
    scatter_moment moments[SCATTER_MOMENTS];
} scatter;

/* Draws directory/name.png and directory/name.svg. */
void scatter_save(const scatter *s, const char *directory, const char *name);

#endif
