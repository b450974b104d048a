#include "kernel/patches.h"

#include <string.h>

/* ---- Lines ----------------------------------------------------------------------------------- */

/* Most lines are short: they go in pieces of a size that the compiler knows, of which the last ones
 * may overlap. */
enum { PIECE = 4 };

static inline void copy_piece(const real *from, real *to)
{
    memcpy(to, from, PIECE * sizeof *to);
}

static inline void add_piece(const real *a, const real *b, real *sums)
{
    for (int64_t i = 0; i < PIECE; i++) {
        sums[i] = a[i] + b[i];
    }
}

/* One line: pieces from both ends, no loop that the compiler could turn into a call. */
static inline void copy_line(int64_t n, const real *restrict from, real *restrict to)
{
    if (n > 4 * PIECE) {
        memcpy(to, from, (size_t)n * sizeof *to);
    } else if (n >= 2 * PIECE) {
        copy_piece(from, to);
        copy_piece(from + PIECE, to + PIECE);
        copy_piece(from + n - 2 * PIECE, to + n - 2 * PIECE);
        copy_piece(from + n - PIECE, to + n - PIECE);
    } else if (n >= PIECE) {
        copy_piece(from, to);
        copy_piece(from + n - PIECE, to + n - PIECE);
    } else {
        for (int64_t k = 0; k < n; k++) {
            to[k] = from[k];
        }
    }
}

/* Lines of n elements, `pitch` apart, one behind the other. */
static inline void copy_lines(int64_t lines, int64_t n, const real *restrict from, int64_t pitch,
                              real *restrict to)
{
    for (int64_t i = 0; i < lines; i++) {
        copy_line(n, from + i * pitch, to + i * n);
    }
}

/* The reverse: adds to them. */
static inline void add_lines(int64_t lines, int64_t n, const real *restrict from, real *restrict to,
                             int64_t pitch)
{
    real first[PIECE], last[PIECE];
    for (int64_t i = 0; i < lines; i++, from += n, to += pitch) {
        int64_t k = 0;
        for (; k + 2 * PIECE < n; k += PIECE) {
            add_piece(to + k, from + k, to + k);
        }
        if (n - k >= PIECE) { /* at most two pieces are left */
            add_piece(to + k, from + k, first);
            add_piece(to + n - PIECE, from + n - PIECE, last);
            copy_piece(first, to + k);
            copy_piece(last, to + n - PIECE);
            continue;
        }
        for (; k < n; k++) {
            to[k] += from[k];
        }
    }
}

/* Elements from, from + stride, ... one behind the other. A stride of 2 known to the compiler is
 * quicker. */
static inline void take_line(const real *restrict from, int64_t stride, int64_t n,
                             real *restrict to)
{
    if (stride == 1) {
        copy_line(n, from, to);
    } else if (stride == 2 && n >= PIECE) {
        for (int64_t k = 0; k < n; k += PIECE) {
            const int64_t at = gan__smaller(k, n - PIECE);
            for (int64_t i = 0; i < PIECE; i++) {
                to[at + i] = from[2 * (at + i)];
            }
        }
    } else {
        for (int64_t k = 0; k < n; k++) {
            to[k] = from[k * stride];
        }
    }
}

/* The reverse: adds to them. */
static inline void give_line(const real *restrict from, int64_t stride, int64_t n,
                             real *restrict to)
{
    if (stride == 1) {
        add_lines(1, n, from, to, n);
        return;
    }
    for (int64_t k = 0; k < n; k++) {
        to[k * stride] += from[k];
    }
}

/* ---- Phases ---------------------------------------------------------------------------------- */

gan__phases gan__phases_of(const gan__convolution *c, int64_t lines)
{
    gan__phases f = {.rows = gan__smaller(c->stride[0], c->kh),
                     .columns = gan__smaller(c->stride[1], c->kw),
                     .height = lines + (c->kh - 1) / c->stride[0],
                     .width = c->ow + (c->kw - 1) / c->stride[1]};
    const bool plain = c->stride[0] == 1 && c->stride[1] == 1 && c->pad[0] == 0 && c->pad[1] == 0;
    f.width = plain ? c->w : f.width;
    f.elements = plain ? 0 : f.rows * f.columns * f.height * f.width;
    return f;
}

/* The places, of `count`, within 0 to size - 1: index = place * stride + shift. */
static inline void valid_range(int64_t size, int64_t stride, int64_t shift, int64_t count,
                               int64_t *low, int64_t *high)
{
    *low = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
    *high = size - shift <= 0 ? 0 : (size - shift + stride - 1) / stride;
    *high = gan__smaller(*high, count);
    *low = gan__smaller(*low, *high);
}

/* Goes through the rows of all phases of a plane, from line `line` of the output on, where they are
 * not padding: x, if it is not NULL, to dealt; or back, added to y. x, y: [h, w];
 * dealt: [rows, columns, height, width] */
static inline void exchange(const gan__convolution *c, const gan__phases *f, int64_t line,
                            const real *x, real *dealt, real *y)
{
    for (int64_t q = 0; q < f->columns; q++) {
        const int64_t shift = q - c->pad[1];
        int64_t low, high;
        valid_range(c->w, c->stride[1], shift, f->width, &low, &high);
        for (int64_t p = 0; p < f->rows && low < high; p++) {
            const int64_t phase = (p * f->columns + q) * f->height;
            int64_t row = line * c->stride[0] + p - c->pad[0];
            for (int64_t i = 0; i < f->height; i++, row += c->stride[0]) {
                const int64_t in = (phase + i) * f->width + low;
                const int64_t at = row * c->w + low * c->stride[1] + shift;
                if (row < 0 || row >= c->h) {
                    continue;
                }
                if (x != NULL) {
                    take_line(x + at, c->stride[1], high - low, dealt + in);
                } else {
                    give_line(dealt + in, c->stride[1], high - low, y + at);
                }
            }
        }
    }
}

/* An element of the kernel, (r, s), as it goes through phases (p, q): r = i S + p, s = j S + q. */
typedef struct {
    int64_t s, p, q, i, j;
} tap;

static inline tap tap_at(const gan__convolution *c, int64_t index)
{
    const int64_t r = index / c->kw, s = index % c->kw;
    return (tap){.s = s,
                 .p = r % c->stride[0],
                 .q = s % c->stride[1],
                 .i = r / c->stride[0],
                 .j = s / c->stride[1]};
}

/* The next one; counting is much quicker than dividing. */
static inline void advance(const gan__convolution *c, tap *t)
{
    t->s++;
    t->q++;
    if (t->q == c->stride[1]) {
        t->q = 0;
        t->j++;
    }
    if (t->s == c->kw) {
        t->s = t->q = t->j = 0;
        t->p++;
    }
    if (t->p == c->stride[0]) {
        t->p = 0;
        t->i++;
    }
}

/* Where what it reads for the first output stands in the phases. */
static inline int64_t place_of(const gan__phases *f, const tap *t)
{
    return ((t->p * f->columns + t->q) * f->height + t->i) * f->width + t->j;
}

/* ---- Patches --------------------------------------------------------------------------------- */

void gan__patches_gather(const gan__convolution *c, const gan__phases *f, const gan__block *b,
                         int64_t from, int64_t to, bool goes_on, const real *x, real *dealt,
                         real *patches)
{
    const int64_t taps = c->kh * c->kw, plane = c->h * c->w, positions = c->oh * c->ow;
    if (!goes_on) {
        memset(dealt, 0, (size_t)f->elements * sizeof *dealt); /* what is padding stays so */
    }
    for (int64_t row = from; row < to;) {
        const int64_t channel = row / taps, end = gan__smaller(to, (channel + 1) * taps);
        for (int64_t q = 0; q < b->samples; q++) {
            const real *own = x + ((b->sample + q) * c->c + channel) * plane;
            const bool there = goes_on && row == from && row % taps > 0;
            if (f->elements > 0 && !there) {
                exchange(c, f, b->line, own, dealt, NULL);
            }
            own = f->elements > 0 ? dealt : own + b->line * c->w;
            tap t = tap_at(c, row - channel * taps);
            for (int64_t k = row; k < end; k++, advance(c, &t)) {
                const real *at = own + place_of(f, &t);
                real *p = patches + (k - from) * b->columns + q * positions;
                copy_lines(b->lines, c->ow, at, f->width, p);
            }
        }
        row = end;
    }
}

void gan__patches_scatter(const gan__convolution *c, const gan__phases *f, const gan__block *b,
                          int64_t from, int64_t to, const real *patches, real *dealt, real *x)
{
    const int64_t taps = c->kh * c->kw, plane = c->h * c->w, positions = c->oh * c->ow;
    for (int64_t row = from; row < to;) {
        const int64_t channel = row / taps, end = gan__smaller(to, (channel + 1) * taps);
        for (int64_t q = 0; q < b->samples; q++) {
            real *own = x + ((b->sample + q) * c->c + channel) * plane;
            real *into = f->elements > 0 ? dealt : own + b->line * c->w;
            if (row % taps == 0) {
                memset(into, 0, (size_t)f->elements * sizeof *into);
            }
            tap t = tap_at(c, row - channel * taps);
            for (int64_t k = row; k < end; k++, advance(c, &t)) {
                const real *p = patches + (k - from) * b->columns + q * positions;
                add_lines(b->lines, c->ow, p, into + place_of(f, &t), f->width);
            }
            if (f->elements > 0 && end % taps == 0) {
                exchange(c, f, b->line, NULL, dealt, own);
            }
        }
        row = end;
    }
}

/* ---- Samples side by side -------------------------------------------------------------------- */

void gan__samples_join(const gan__convolution *c, int64_t samples, const real *y, real *joined)
{
    const int64_t filters = c->o, n = c->oh * c->ow;
    for (int64_t f = 0; f < filters; f++) {
        for (int64_t q = 0; q < samples; q++, joined += n) {
            copy_line(n, y + (q * filters + f) * n, joined);
        }
    }
}

void gan__samples_part(const gan__convolution *c, int64_t samples, const real *joined, real *y)
{
    const int64_t filters = c->o, n = c->oh * c->ow;
    for (int64_t f = 0; f < filters; f++) {
        for (int64_t q = 0; q < samples; q++, joined += n) {
            copy_line(n, joined, y + (q * filters + f) * n);
        }
    }
}
