#include "kernel/move.h"

#include "base/simd.h"

#include <string.h>

void gan__view_simplify(gan__view *view)
{
    int32_t rank = 0;
    for (int32_t i = 0; i < view->rank; i++) {
        const int64_t dim = view->dims[i], stride = view->strides[i];
        if (dim == 1) {
            continue;
        }
        if (rank > 0 && view->strides[rank - 1] == dim * stride) {
            view->dims[rank - 1] *= dim;
            view->strides[rank - 1] = stride;
        } else {
            view->dims[rank] = dim;
            view->strides[rank] = stride;
            rank++;
        }
    }
    if (rank == 0) {
        view->dims[0] = 1;
        view->strides[0] = 0;
        rank = 1;
    }
    view->rank = rank;
}

/* A place in a view: the position along each dimension, and where its element stands. */
typedef struct {
    int64_t at[GAN__VIEW_RANK];
    int64_t place;
} cursor;

static cursor seek(const gan__view *view, int64_t index)
{
    cursor c = {.place = view->offset};
    for (int32_t i = view->rank - 1; i >= 0; i--) {
        c.at[i] = index % view->dims[i];
        index /= view->dims[i];
        c.place += c.at[i] * view->strides[i];
    }
    return c;
}

/* Goes on by `count` elements of the last dimension, which must not pass its end. */
static void advance(const gan__view *view, cursor *c, int64_t count)
{
    int32_t i = view->rank - 1;
    c->at[i] += count;
    c->place += count * view->strides[i];
    while (i > 0 && c->at[i] == view->dims[i]) {
        c->place -= c->at[i] * view->strides[i];
        c->at[i] = 0;
        i--;
        c->at[i]++;
        c->place += view->strides[i];
    }
}

/* How many of `n` elements stand in one run of the last dimension. */
static int64_t run_length(const gan__view *view, const cursor *c, int64_t n)
{
    const int64_t left = view->dims[view->rank - 1] - c->at[view->rank - 1];
    return left < n ? left : n;
}

GAN__SIMD void gan__view_read(const gan__view *view, const real *base, int64_t start, int64_t n,
                              real *y)
{
    const int64_t stride = view->strides[view->rank - 1];
    cursor c = seek(view, start);
    while (n > 0) {
        const int64_t run = run_length(view, &c, n);
        const real *x = base + c.place;
        if (stride == 1) {
            memcpy(y, x, (size_t)run * sizeof *y);
        } else if (stride == 0) {
            const real value = *x;
            for (int64_t i = 0; i < run; i++) {
                y[i] = value;
            }
        } else {
            for (int64_t i = 0; i < run; i++) {
                y[i] = x[i * stride];
            }
        }
        advance(view, &c, run);
        y += run;
        n -= run;
    }
}

void gan__view_write(const gan__view *view, const real *x, int64_t start, int64_t n, real *base)
{
    const int64_t stride = view->strides[view->rank - 1];
    cursor c = seek(view, start);
    while (n > 0) {
        const int64_t run = run_length(view, &c, n);
        real *y = base + c.place;
        for (int64_t i = 0; i < run; i++) {
            y[i * stride] = x[i];
        }
        advance(view, &c, run);
        x += run;
        n -= run;
    }
}
