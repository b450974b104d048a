#include "kernel/sparse.h"

#include "base/context.h"
#include "kernel/fetch.h"
#include "kernel/tiled.h"

/* Rows of c are sums of rows of b, of a panel of columns at a time that fits into the first-level
 * cache: five lines of them, which keep a processor busy; or fewer and deeper ones where c stands
 * column by column, so that it need not be read again. */
enum {
    UNIT = 4 * sizeof(float) / sizeof(real), /* double precision takes as much memory */
    DEPTH = 25 * UNIT,                       /* of k at a time, */
    DEPTH_TURNED = 64 * UNIT,                /* or where c stands column by column */
    PANEL = 2048 * UNIT,
    ITEMS = 3072 * UNIT, /* of a that are not zero, in some rows and a depth, */
    ROWS = 512,          /* of so many rows */
    GROUP = 16,          /* rows that are read and written together */
    AHEAD = 2            /* rows that are fetched before they are written */
};

typedef struct {
    _Alignas(64) real panel[PANEL];
    const gan__tile *tile;
    int64_t rows, columns, k; /* this time */
    int64_t lines, width;     /* of a panel, and its columns */
    bool accumulate;
    int64_t c_row, c_column;
    gan__runs next_a, next_b, next_depth; /* what is listed next, the panels of this depth and the
                                             first one of the next */
    int32_t ends[ROWS + 1];               /* of the lists of rows; the first is where they begin */
    int32_t places[ITEMS];
    real values[ITEMS];
    real group[GROUP * DEPTH_TURNED]; /* rows of a, or of c, side by side */
} sparse;

/* Lists rows of a: [most, k], as many as there is room for. */
static void list_rows(sparse *s, gan__factor a, int64_t most)
{
    const int64_t room = gan__smaller(most, ROWS);
    int32_t end = 0;
    for (s->rows = 0; s->rows < room && end + s->k <= ITEMS; s->rows++) {
        const int64_t in_group = s->rows % GROUP;
        const real *row = a.at + s->rows * a.row;
        if (a.column != 1) {
            if (in_group == 0) {
                s->tile->pack(gan__smaller(room - s->rows, GROUP), s->k, row, a.row, a.column, s->k,
                              s->group);
            }
            row = s->group + in_group * s->k;
        }
        s->ends[s->rows] = end;
        end += (int32_t)s->tile->compress(s->k, row, s->width, s->values + end, s->places + end);
    }
    s->ends[s->rows] = end;
}

static void gather_row(sparse *s, int64_t row, real *c)
{
    const int32_t from = s->ends[row];
    gan__fetch(&s->next_a, 1);
    gan__fetch(&s->next_b, 1);
    s->tile->gather((int32_t)s->lines, s->ends[row + 1] - from, s->values + from, s->places + from,
                    s->panel, s->accumulate, c);
}

/* Rows of c whose columns of this panel are whole lines, where they stand. */
static void gather_rows(sparse *s, real *c)
{
    gan__fetch_to_write(c, gan__smaller(s->rows, AHEAD), s->c_row, s->columns);
    for (int64_t i = 0; i < s->rows; i++) {
        if (i + AHEAD < s->rows) {
            gan__fetch_to_write(c + (i + AHEAD) * s->c_row, 1, s->c_row, s->columns);
        }
        gather_row(s, i, c + i * s->c_row);
    }
}

/* Other rows: made side by side, and copied. */
static void gather_groups(sparse *s, real *c)
{
    const bool turned = s->c_column != 1;
    for (int64_t i = 0; i < s->rows; i += GROUP) {
        const int64_t rows = gan__smaller(s->rows - i, GROUP);
        real *at = c + i * s->c_row;
        if (s->accumulate) {
            const gan__factor before = {.at = at, .row = s->c_row, .column = s->c_column};
            gan__tiled_panel(s->tile, rows, s->columns, before, s->width, s->group);
        } else if (turned) {
            gan__fetch_to_write(at, s->columns, s->c_column, rows);
        }
        for (int64_t r = 0; r < rows; r++) {
            gather_row(s, i + r, s->group + r * s->width);
        }
        if (turned) {
            s->tile->pack(s->columns, rows, s->group, 1, s->width, s->c_column, at);
        } else {
            s->tile->pack(rows, s->columns, s->group, s->width, 1, s->c_row, at);
        }
    }
}

/* Some rows of c, of which a is listed, for this depth; b from there on. */
static void multiply_rows(sparse *s, int64_t n, gan__factor b, real *c)
{
    for (int64_t j = 0; j < n; j += s->width) {
        s->columns = gan__smaller(n - j, s->width);
        s->lines = (s->columns + GAN__TILE_LINE - 1) / GAN__TILE_LINE;
        const gan__factor columns = gan__factor_from(b, 0, j);
        gan__tiled_panel(s->tile, s->k, s->columns, columns, s->width, s->panel);
        const int64_t coming = gan__smaller(n - j - s->width, s->width);
        s->next_b =
            coming > 0 ? gan__runs_of_panel(columns, s->k, s->width, coming) : s->next_depth;
        if (s->c_column == 1 && s->columns % GAN__TILE_LINE == 0) {
            gather_rows(s, c + j);
        } else {
            gather_groups(s, c + j * s->c_column);
        }
    }
}

void gan__sparse_multiply(const gan__tile *tile, int64_t m, int64_t n, int64_t k, gan__factor a,
                          gan__factor b, bool accumulate, real *c, int64_t c_row, int64_t c_column)
{
    sparse s;
    s.tile = tile;
    s.c_row = c_row;
    s.c_column = c_column;
    const int64_t depth = gan__even_part(k, c_column == 1 ? DEPTH : DEPTH_TURNED, 4);
    const int64_t lines = gan__smaller(PANEL / depth / GAN__TILE_LINE, GAN__TILE_LINES);
    s.width = lines * GAN__TILE_LINE;
    for (int64_t l = 0; l < k; l += depth) {
        s.k = gan__smaller(k - l, depth);
        s.accumulate = accumulate || l > 0;
        const int64_t coming = gan__smaller(k - l - depth, depth);
        for (int64_t i = 0; i < m; i += s.rows) {
            list_rows(&s, gan__factor_from(a, i, l), m - i);
            const int64_t more = gan__smaller(m - i - s.rows, s.rows);
            s.next_a = s.next_depth = (gan__runs){.runs = 0};
            if (more > 0) {
                s.next_a = gan__runs_of_panel(gan__factor_from(a, i + s.rows, l), more, 0, s.k);
            } else if (coming > 0) {
                const int64_t first = gan__smaller(m, ROWS);
                s.next_a = gan__runs_of_panel(gan__factor_from(a, 0, l + depth), first, 0, coming);
                s.next_depth = gan__runs_of_panel(gan__factor_from(b, l + depth, 0), coming, 0,
                                                  gan__smaller(n, s.width));
            }
            multiply_rows(&s, n, gan__factor_from(b, l, 0), c + i * c_row);
        }
    }
}
