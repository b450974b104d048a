/* Vectors and small products in double, for the scores. Every sum is taken in lanes, which are
 * added in one order, so that compilers make vectors of it and the bits are the same everywhere. */
#ifndef GAN_EVAL_DENSE_H
#define GAN_EVAL_DENSE_H

#include "base/threads.h"

enum { GAN__LANES = 8 };

static inline double gan__sum_lanes(const double *lane)
{
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
           ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

/* a.b; a, b: [n] */
double gan__dense_dot(int64_t n, const double *a, const double *b);

/* y += scale x; x, y: [n], apart */
void gan__dense_add(int64_t n, double scale, const double *x, double *y);

/* c += a^T b; a, b: [n, LANES]; c: [LANES, LANES], its rows `stride` apart */
void gan__dense_panel(int64_t n, const double *a, const double *b, double *c, int64_t stride);

/* |a - b|^2 of floats; a, b: [n] */
double gan__dense_distance(int64_t n, const float *a, const float *b);

/* Does the tasks in parallel if they are `work` operations or so in all, which is worth it. */
void gan__eval_for_each(gan_context *context, int64_t tasks, int64_t work, gan__task_fn function,
                        void *argument);

#endif
