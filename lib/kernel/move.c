#include "kernel/move.h"

#include "base/context.h"
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

typedef gan__view_cursor cursor;

void gan__view_seek(const gan__view *view, int64_t index, cursor *c)
{
    c->place = view->offset;
    for (int32_t i = view->rank - 1; i >= 0; i--) {
        c->at[i] = index % view->dims[i];
        index /= view->dims[i];
        c->place += c->at[i] * view->strides[i];
    }
}

/* Goes on by `count` places of dimension i, which must not pass its end; the ones after it are at
 * their start. */
static void advance(const gan__view *view, cursor *c, int32_t i, int64_t count)
{
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

/* Elements that are copied in one go: rows of the last dimension, each whole if there are several;
 * else a part of one. */
typedef struct {
    int64_t rows, length;
} piece;

enum {
    SHORT = 15, /* rows up to this length, and those of one number each, are taken many at a time */
    WIDE = 8    /* elements that are filled at a time */
};

/* The next piece of at most n elements. */
static piece piece_at(const gan__view *view, const cursor *c, int64_t n)
{
    const int32_t last = view->rank - 1;
    const int64_t length = view->dims[last];
    const bool many = length <= SHORT || view->strides[last] == 0;
    if (last > 0 && many && c->at[last] == 0 && n >= length) {
        return (piece){gan__smaller(view->dims[last - 1] - c->at[last - 1], n / length), length};
    }
    return (piece){1, gan__smaller(length - c->at[last], n)};
}

static void advance_piece(const gan__view *view, cursor *c, piece p)
{
    if (p.rows > 1) {
        advance(view, c, view->rank - 2, p.rows);
    } else {
        advance(view, c, view->rank - 1, p.length);
    }
}

/* y = x, n times: by whole vectors, the last one overlapping, where there is one. */
GAN__INLINE void fill(int64_t n, real x, real *y)
{
    int64_t i = 0;
    for (; n >= WIDE && i < n; i += WIDE) {
        real *to = y + gan__smaller(i, n - WIDE);
        for (int64_t j = 0; j < WIDE; j++) {
            to[j] = x;
        }
    }
    for (; i < n; i++) {
        y[i] = x;
    }
}

/* y = each element `length` times. Lengths known to the compiler become vectors. */
static inline void repeat(int64_t rows, int64_t length, const real *x, int64_t stride, real *y)
{
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t i = 0; i < length; i++) {
            y[r * length + i] = x[r * stride];
        }
    }
}

static inline void read_rows(const piece *p, const real *restrict x, int64_t row_stride,
                             int64_t stride, real *restrict y)
{
    if (stride == 0 && p->length == 2 && row_stride == 1) {
        repeat(p->rows, 2, x, 1, y);
    } else if (stride == 0 && p->length < WIDE) {
        repeat(p->rows, p->length, x, row_stride, y);
    } else if (stride == 0) {
        for (int64_t r = 0; r < p->rows; r++) {
            fill(p->length, x[r * row_stride], y + r * p->length);
        }
    } else {
        for (int64_t r = 0; r < p->rows; r++) {
            for (int64_t i = 0; i < p->length; i++) {
                y[r * p->length + i] = x[r * row_stride + i * stride];
            }
        }
    }
}

GAN__SIMD void gan__view_read(const gan__view *view, const real *base, cursor *c, int64_t n,
                              real *y)
{
    const int64_t stride = view->strides[view->rank - 1];
    const int64_t row_stride = view->rank > 1 ? view->strides[view->rank - 2] : 0;
    while (n > 0) {
        const piece p = piece_at(view, c, n);
        if (p.rows == 1 && stride == 1) {
            memcpy(y, base + c->place, (size_t)p.length * sizeof *y);
        } else {
            read_rows(&p, base + c->place, row_stride, stride, y);
        }
        advance_piece(view, c, p);
        y += p.rows * p.length;
        n -= p.rows * p.length;
    }
}

void gan__view_write(const gan__view *view, const real *x, cursor *c, int64_t n, real *base)
{
    const int64_t stride = view->strides[view->rank - 1];
    const int64_t row_stride = view->rank > 1 ? view->strides[view->rank - 2] : 0;
    while (n > 0) {
        const piece p = piece_at(view, c, n);
        real *y = base + c->place;
        for (int64_t r = 0; r < p.rows; r++) {
            for (int64_t i = 0; i < p.length; i++) {
                y[r * row_stride + i * stride] = x[r * p.length + i];
            }
        }
        advance_piece(view, c, p);
        x += p.rows * p.length;
        n -= p.rows * p.length;
    }
}
