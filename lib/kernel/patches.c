#include "kernel/patches.h"

#include "base/simd.h"

#include <string.h>

/* ---- Lines ----------------------------------------------------------------------------------- */

/* Most lines are short: they go in pieces of a size that the compiler knows, unless they are too
 * short for these. DEALT elements of phases stay in the first-level cache. */
enum { PIECE = 4, WIDE = 8, TOO_SHORT = 2, DEALT = 4096 };

_Static_assert((int)WIDE <= (int)GAN__PATCHES_SLACK, "what is read of a last line");

typedef real piece __attribute__((vector_size(4 * sizeof(real)), may_alias, aligned(sizeof(real))));
typedef real wide __attribute__((vector_size(8 * sizeof(real)), may_alias, aligned(sizeof(real))));
typedef __typeof__((piece){0} < (piece){0}) piece_mask;
typedef __typeof__((wide){0} < (wide){0}) wide_mask;

/* One line of WIDE to 2 WIDE elements, which is quicker without a loop. */
GAN__INLINE void copy_ends(int64_t n, const real *restrict from, real *restrict to)
{
    *(wide *)to = *(const wide *)from;
    *(wide *)(to + n - WIDE) = *(const wide *)(from + n - WIDE);
}

/* One line of 1 element or more, pieces from both ends. */
GAN__INLINE void copy_line(int64_t n, const real *restrict from, real *restrict to)
{
    if (n > 2 * WIDE) {
        for (int64_t k = 0; k + WIDE < n; k += WIDE) {
            *(wide *)(to + k) = *(const wide *)(from + k);
        }
        *(wide *)(to + n - WIDE) = *(const wide *)(from + n - WIDE);
    } else if (n >= WIDE) {
        copy_ends(n, from, to);
    } else if (n >= PIECE) {
        *(piece *)to = *(const piece *)from;
        *(piece *)(to + n - PIECE) = *(const piece *)(from + n - PIECE);
    } else { /* a loop would become a call */
        to[0] = from[0];
        to[n / 2] = from[n / 2];
        to[n - 1] = from[n - 1];
    }
}

/* Lines of n elements, `pitch` apart, in planes that stand `apart`. */
typedef struct {
    int64_t planes, apart, lines, pitch, n;
} many_lines;

/* Copies all but the last line by whole pieces: the next one overwrites what was too much. */
#define COPY_BY(type)                                                     \
    for (int64_t q = 0; q < l.planes; q++) {                              \
        const real *line = from + q * l.apart;                            \
        const int64_t count = q + 1 < l.planes ? l.lines : l.lines - 1;   \
        for (int64_t i = 0; i < count; i++, line += l.pitch, to += l.n) { \
            *(type *)to = *(const type *)line;                            \
        }                                                                 \
    }                                                                     \
    copy_line(l.n, from + (l.planes - 1) * l.apart + (l.lines - 1) * l.pitch, to)

/* Copies lines one behind the other. */
GAN__SIMD_32 static void copy_lines(many_lines l, const real *restrict from, real *restrict to)
{
    if (l.n > TOO_SHORT && l.n <= PIECE) {
        COPY_BY(piece);
    } else if (l.n > PIECE && l.n <= WIDE) {
        COPY_BY(wide);
    } else if (l.n > WIDE && l.n <= 2 * WIDE) {
        for (int64_t q = 0; q < l.planes; q++) {
            const real *line = from + q * l.apart;
            for (int64_t i = 0; i < l.lines; i++, line += l.pitch, to += l.n) {
                copy_ends(l.n, line, to);
            }
        }
    } else {
        for (int64_t q = 0; q < l.planes; q++) {
            const real *line = from + q * l.apart;
            for (int64_t i = 0; i < l.lines; i++, line += l.pitch, to += l.n) {
                copy_line(l.n, line, to);
            }
        }
    }
}

/* The reverse, by whole pieces, too. What is too much of one gets nothing: it is a sum that started
 * with 0, and so never the -0 that 0 would change. */
#define ADD_BY(type)                                                                            \
    for (int64_t q = 0; q < l.planes; q++) {                                                    \
        real *line = to + q * l.apart;                                                          \
        for (int64_t i = 0; i < l.lines; i++, line += l.pitch, from += l.n) {                   \
            int64_t k = 0;                                                                      \
            for (; k + whole <= l.n; k += whole) {                                              \
                *(type *)(line + k) += *(const type *)(from + k);                               \
            }                                                                                   \
            if (k < l.n) {                                                                      \
                *(type *)(line + k) += (type)((type##_mask) * (const type *)(from + k) & keep); \
            }                                                                                   \
        }                                                                                       \
    }

/* Adds to lines that have room for whole pieces; GAN__PATCHES_SLACK more can be read of `from`. */
GAN__SIMD_32 static void add_lines(many_lines l, const real *restrict from, real *restrict to)
{
    if (l.n <= PIECE) {
        enum { whole = PIECE };
        piece_mask keep;
        for (int64_t k = 0; k < whole; k++) {
            keep[k] = l.n % whole == 0 || k < l.n % whole ? -1 : 0;
        }
        ADD_BY(piece)
    } else {
        enum { whole = WIDE };
        wide_mask keep;
        for (int64_t k = 0; k < whole; k++) {
            keep[k] = k < l.n % whole ? -1 : 0;
        }
        ADD_BY(wide)
    }
}

/* Adds to one line. */
GAN__INLINE void add_line(int64_t n, const real *restrict from, real *restrict to)
{
    int64_t k = 0;
    for (; k + PIECE <= n; k += PIECE) {
        *(piece *)(to + k) += *(const piece *)(from + k);
    }
    for (; k < n; k++) {
        to[k] += from[k];
    }
}

/* The same as add_lines without such room, or where there is hardly anything to add. */
static void add_lines_exactly(many_lines l, const real *restrict from, real *restrict to)
{
    for (int64_t q = 0; q < l.planes; q++) {
        for (int64_t i = 0; i < l.lines; i++, from += l.n) {
            add_line(l.n, from, to + q * l.apart + i * l.pitch);
        }
    }
}

/* Elements from, from + stride, ... one behind the other. */
static void take_line(const real *restrict from, int64_t stride, int64_t n, real *restrict to)
{
    if (stride == 1) {
        copy_line(n, from, to);
        return;
    }
    for (int64_t k = 0; k < n; k++) {
        to[k] = from[k * stride];
    }
}

/* The reverse: adds to them. */
static void give_line(const real *restrict from, int64_t stride, int64_t n, real *restrict to)
{
    if (stride == 1) {
        add_line(n, from, to);
        return;
    }
    for (int64_t k = 0; k < n; k++) {
        to[k * stride] += from[k];
    }
}

/* Every other element to a, and those between to b. */
static void take_pairs(int64_t n, const real *restrict from, real *restrict a, real *restrict b)
{
    int64_t k = 0;
    for (; n >= PIECE && k < n; k += PIECE) {
        const int64_t at = gan__smaller(k, n - PIECE);
        for (int64_t i = 0; i < PIECE; i++) {
            a[at + i] = from[2 * (at + i)];
            b[at + i] = from[2 * (at + i) + 1];
        }
    }
    for (; k < n; k++) {
        a[k] = from[2 * k];
        b[k] = from[2 * k + 1];
    }
}

/* The reverse: adds to them. */
static void give_pairs(int64_t n, const real *restrict a, const real *restrict b, real *restrict to)
{
    int64_t k = 0;
    for (; k + PIECE <= n; k += PIECE) {
        real both[2 * PIECE];
        for (int64_t i = 0; i < PIECE; i++) {
            both[2 * i] = a[k + i];
            both[2 * i + 1] = b[k + i];
        }
        for (int64_t i = 0; i < 2 * PIECE; i++) {
            to[2 * k + i] += both[i];
        }
    }
    for (; k < n; k++) {
        to[2 * k] += a[k];
        to[2 * k + 1] += b[k];
    }
}

/* ---- Phases ---------------------------------------------------------------------------------- */

/* Lines of phases have room for these: a piece that reached the next line would be waited for when
 * that is read. */
static int64_t whole_pieces(int64_t n)
{
    const int64_t size = n <= PIECE ? PIECE : WIDE;
    return n <= TOO_SHORT ? n : (n + size - 1) / size * size;
}

gan__phases gan__phases_of(const gan__convolution *c, int64_t lines)
{
    gan__phases f = {.rows = gan__smaller(c->stride[0], c->kh),
                     .columns = gan__smaller(c->stride[1], c->kw),
                     .height = lines + (c->kh - 1) / c->stride[0],
                     .width = whole_pieces(c->ow) + (c->kw - 1) / c->stride[1]};
    const bool plain = c->stride[0] == 1 && c->stride[1] == 1 && c->pad[0] == 0 && c->pad[1] == 0;
    f.width = plain ? c->w : f.width;
    f.elements = plain ? 0 : f.rows * f.columns * f.height * f.width;
    f.group = plain ? INT64_MAX : DEALT / f.elements > 1 ? DEALT / f.elements : 1;
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

/* A plane and its phases in each of several samples: x or y is [h, w], dealt is
 * [rows, columns, height, width]. x is dealt out; or, if it is NULL, what is dealt goes to y. */
typedef struct {
    int64_t samples, apart; /* planes of x and y */
    const real *x;
    real *dealt, *y;
} planes;

/* Columns q, q + S, ... of row `row` of x, and row `in` of their phase. */
typedef struct {
    int64_t row, in, low, high, stride, shift;
} phase_row;

static void exchange_row(const gan__convolution *c, const gan__phases *f, const planes *p,
                         phase_row r)
{
    const int64_t in = r.in * f->width + r.low;
    const int64_t at = r.row * c->w + r.low * r.stride + r.shift;
    for (int64_t q = 0; q < p->samples; q++) {
        real *dealt = p->dealt + q * f->elements + in;
        if (p->x != NULL) {
            take_line(p->x + q * p->apart + at, r.stride, r.high - r.low, dealt);
        } else {
            give_line(dealt, r.stride, r.high - r.low, p->y + q * p->apart + at);
        }
    }
}

/* Both phases that the columns of row `row` go to by turns: its first column is column pad / 2 of
 * row `in` of phase pad % 2. Phases are never narrower than the padding. */
static void exchange_pairs(const gan__convolution *c, const gan__phases *f, const planes *p,
                           int64_t row, int64_t in)
{
    const int64_t pad = c->pad[1], odd = pad % 2 * f->height, even = f->height - odd;
    const int64_t a = (in + odd) * f->width + pad / 2, b = (in + even) * f->width + (pad + 1) / 2;
    const int64_t firsts = gan__smaller((c->w + 1) / 2, f->width - pad / 2);
    const int64_t pairs = gan__smaller(gan__smaller(c->w / 2, f->width - (pad + 1) / 2), firsts);
    for (int64_t q = 0; q < p->samples; q++) {
        real *dealt = p->dealt + q * f->elements;
        const int64_t at = q * p->apart + row * c->w;
        if (p->x != NULL) {
            take_pairs(pairs, p->x + at, dealt + a, dealt + b);
        } else {
            give_pairs(pairs, dealt + a, dealt + b, p->y + at);
        }
        if (firsts > pairs && p->x != NULL) { /* by one */
            dealt[a + pairs] = p->x[at + 2 * pairs];
        } else if (firsts > pairs) {
            p->y[at + 2 * pairs] += dealt[a + pairs];
        }
    }
}

/* Goes through the rows of all phases, from line `line` of the output on, where they are not
 * padding. */
static void exchange(const gan__convolution *c, const gan__phases *f, int64_t line, const planes *p)
{
    const bool pairs = c->stride[1] == 2 && f->columns == 2;
    for (int64_t column = 0; column < (pairs ? 1 : f->columns); column++) {
        phase_row r = {.stride = c->stride[1], .shift = column - c->pad[1]};
        valid_range(c->w, r.stride, r.shift, f->width, &r.low, &r.high);
        for (int64_t phase = 0; phase < f->rows; phase++) {
            r.row = line * c->stride[0] + phase - c->pad[0];
            r.in = (phase * f->columns + column) * f->height;
            for (int64_t i = 0; i < f->height; i++, r.row += c->stride[0], r.in++) {
                const bool there = r.row >= 0 && r.row < c->h;
                if (there && pairs) {
                    exchange_pairs(c, f, p, r.row, r.in);
                } else if (there && r.low < r.high) {
                    exchange_row(c, f, p, r);
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

/* Some samples of a block and a channel of theirs. */
typedef struct {
    int64_t first, samples, channel;
} group;

/* The lines that one tap reads of them: of the phases, or of x itself where it has none. */
static many_lines lines_of(const gan__convolution *c, const gan__phases *f, const gan__block *b,
                           const group *g)
{
    return (many_lines){.planes = g->samples,
                        .apart = f->elements > 0 ? f->elements : c->c * c->h * c->w,
                        .lines = b->lines,
                        .pitch = f->width,
                        .n = c->ow};
}

/* Their planes of an array of x's shape: where the first one starts. */
static int64_t start_of(const gan__convolution *c, const gan__block *b, const group *g)
{
    return ((b->sample + g->first) * c->c + g->channel) * c->h * c->w;
}

/* Rows [from, to) of the patch matrix, all of one channel; patches: from row `from` on.
 * there: whether they are dealt already */
static void gather(const gan__convolution *c, const gan__phases *f, const gan__block *b,
                   const group *g, int64_t from, int64_t to, bool there, const real *x, real *dealt,
                   real *patches)
{
    const real *own = x + start_of(c, b, g);
    const many_lines lines = lines_of(c, f, b, g);
    if (f->elements > 0 && !there) {
        const planes p = {
            .samples = g->samples, .apart = c->c * c->h * c->w, .x = own, .dealt = dealt};
        exchange(c, f, b->line, &p);
    }
    own = f->elements > 0 ? dealt : own + b->line * c->w;
    tap t = tap_at(c, from - g->channel * c->kh * c->kw);
    real *to_patches = patches + g->first * c->oh * c->ow;
    for (int64_t row = from; row < to; row++, advance(c, &t), to_patches += b->columns) {
        copy_lines(lines, own + place_of(f, &t), to_patches);
    }
}

/* The transpose. */
static void scatter(const gan__convolution *c, const gan__phases *f, const gan__block *b,
                    const group *g, int64_t from, int64_t to, const real *patches, real *dealt,
                    real *x)
{
    const int64_t taps = c->kh * c->kw;
    real *own = x + start_of(c, b, g);
    const many_lines lines = lines_of(c, f, b, g);
    if (from % taps == 0) {
        memset(dealt, 0, (size_t)(g->samples * f->elements) * sizeof *dealt);
    }
    tap t = tap_at(c, from - g->channel * taps);
    patches += g->first * c->oh * c->ow;
    for (int64_t row = from; row < to; row++, advance(c, &t), patches += b->columns) {
        if (f->elements > 0 && c->ow > TOO_SHORT) {
            add_lines(lines, patches, dealt + place_of(f, &t));
        } else {
            real *into = f->elements > 0 ? dealt : own + b->line * c->w;
            add_lines_exactly(lines, patches, into + place_of(f, &t));
        }
    }
    if (f->elements > 0 && to % taps == 0) {
        const planes p = {
            .samples = g->samples, .apart = c->c * c->h * c->w, .dealt = dealt, .y = own};
        exchange(c, f, b->line, &p);
    }
}

void gan__patches_gather(const gan__convolution *c, const gan__phases *f, const gan__block *b,
                         int64_t from, int64_t to, bool goes_on, const real *x, real *dealt,
                         real *patches)
{
    const int64_t taps = c->kh * c->kw, most = gan__smaller(b->samples, f->group);
    if (!goes_on) { /* what is padding stays so */
        memset(dealt, 0, (size_t)(most * f->elements) * sizeof *dealt);
    }
    for (int64_t row = from; row < to;) {
        group g = {.channel = row / taps};
        const int64_t end = gan__smaller(to, (g.channel + 1) * taps);
        const bool there = goes_on && row == from && row % taps > 0;
        for (; g.first < b->samples; g.first += most) {
            g.samples = gan__smaller(most, b->samples - g.first);
            gather(c, f, b, &g, row, end, there, x, dealt, patches + (row - from) * b->columns);
        }
        row = end;
    }
}

void gan__patches_scatter(const gan__convolution *c, const gan__phases *f, const gan__block *b,
                          int64_t from, int64_t to, const real *patches, real *dealt, real *x)
{
    const int64_t taps = c->kh * c->kw, most = gan__smaller(b->samples, f->group);
    for (int64_t row = from; row < to;) {
        group g = {.channel = row / taps};
        const int64_t end = gan__smaller(to, (g.channel + 1) * taps);
        for (; g.first < b->samples; g.first += most) {
            g.samples = gan__smaller(most, b->samples - g.first);
            scatter(c, f, b, &g, row, end, patches + (row - from) * b->columns, dealt, x);
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
