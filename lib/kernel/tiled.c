#include "kernel/tiled.h"

#include "base/context.h"
#include "kernel/fetch.h"

#include <string.h>

/* ---- Tiles ----------------------------------------------------------------------------------- */

const gan__tile *gan__tile_at(int32_t index)
{
    const gan__tile *have[2] = {NULL};
    int32_t count = 0;
#ifdef __x86_64__
    __builtin_cpu_init();
    const bool fma = __builtin_cpu_supports("fma");
    if (fma && __builtin_cpu_supports("avx512f")) {
        have[count++] = &gan__tile_avx512;
    }
    if (fma && __builtin_cpu_supports("avx2")) {
        have[count++] = &gan__tile_avx2;
    }
#elif defined(__aarch64__)
    have[count++] = &gan__tile_aarch64;
#endif
    return index >= 0 && index < count ? have[index] : NULL;
}

/* ---- Packing --------------------------------------------------------------------------------- */

/* Part of a matrix as a tile reads it fastest: piece by piece, in a stack of memory that stays in
 * the first- and second-level caches. */
enum {
    UNIT = 4 * sizeof(float) / sizeof(real), /* double precision takes as much memory */
    DEEP = 60 * UNIT,                        /* of k at a time, at most, */
    DEPTH = 40 * UNIT,                       /* unless a has too many rows for that */
    BLOCK = 204 * DEPTH,                     /* of a */
    TILE_ROWS_MAX = 12,
    PANEL_COLUMNS = GAN__TILE_VECTORS * GAN__TILE_LANES_MAX,
    PANEL = PANEL_COLUMNS * DEPTH, /* of b; deeper ones are of tiles with shorter vectors */
    FEW_PANELS = 8,                /* do not repay packing of a */
    NEAR = 2048 * UNIT             /* of b and c, so many are in the first-level cache anyway */
};

/* The rows that a tile takes of those that are left. Two rows have too few sums to keep a processor
 * busy: the last eight are better four and four than six and two. */
static int64_t rows_of(const gan__tile *tile, int64_t left)
{
    if (tile->rows == 6 && (left == 8 || left == 9)) {
        return 4;
    }
    if (left >= tile->rows) {
        return tile->rows;
    }
    int64_t rows = 1;
    while (2 * rows <= left && 2 * rows < tile->rows) {
        rows *= 2;
    }
    return rows;
}

/* Strips of rows that a tile takes, one behind the other, each of them column by column. */
void gan__tiled_pack(const gan__tile *tile, int64_t m, int64_t k, gan__factor a, real *strips)
{
    for (int64_t i = 0; i < m;) {
        const int64_t rows = rows_of(tile, m - i);
        tile->pack(k, rows, a.at + i * a.row, a.column, a.row, rows, strips + i * k);
        i += rows;
    }
}

/* ---- The product ----------------------------------------------------------------------------- */

/* Rows times a panel of columns. */
typedef struct {
    const gan__tile *tile;
    int64_t rows, columns, k;
    gan__factor a;
    const real *b;
    int64_t b_row;
    bool accumulate;
    real *c;
    int64_t c_row;
    bool far;       /* b and c are not in the caches */
    gan__runs next; /* what is packed next */
} piece;

/* How wide a tile for so many columns is. */
static int64_t width_of(const gan__tile *tile, int64_t columns)
{
    const int64_t most = (int64_t)GAN__TILE_VECTORS * tile->lanes;
    return columns > tile->lanes ? most : columns > tile->lanes / 2 ? tile->lanes : tile->lanes / 2;
}

/* A tile that is not as wide as vectors are. */
static void run_edge(const piece *p, int32_t rows, int64_t width, const real *a, int64_t a_row,
                     int64_t a_column, real *c)
{
    real edge[TILE_ROWS_MAX * PANEL_COLUMNS];
    const size_t size = (size_t)p->columns * sizeof *c;
    for (int64_t i = 0; i < rows && p->accumulate; i++) {
        memset(edge + i * width, 0, (size_t)width * sizeof *edge);
        memcpy(edge + i * width, c + i * p->c_row, size);
    }
    p->tile->run(rows, (int32_t)width, p->k, a, a_row, a_column, p->b, p->b_row, p->accumulate,
                 edge, width);
    for (int64_t i = 0; i < rows; i++) {
        memcpy(c + i * p->c_row, edge + i * width, size);
    }
}

static void multiply_piece(piece *p)
{
    const gan__tile *tile = p->tile;
    const gan__factor *a = &p->a;
    const int64_t width = width_of(tile, p->columns);
    int64_t share = 0; /* of what is next, to be fetched with each tile */
    if (p->next.runs > 0) {
        share = (p->next.runs * tile->rows + p->rows - 1) / p->rows;
    }
    for (int64_t i = 0; i < p->rows;) {
        const int64_t rows = rows_of(tile, p->rows - i);
        gan__fetch(&p->next, share);
        const bool strip = a->strips != NULL;
        const real *from =
            strip ? a->strips + i * a->strips_k + a->strips_from * rows : a->at + i * a->row;
        const int64_t row = strip ? 1 : a->row, column = strip ? rows : a->column;
        real *c = p->c + i * p->c_row;
        const int64_t coming = gan__smaller(p->rows - i - rows, tile->rows);
        if (p->far && coming > 0) {
            gan__fetch_to_write(c + rows * p->c_row, coming, p->c_row, p->columns);
        }
        if (p->columns == width) {
            tile->run((int32_t)rows, (int32_t)width, p->k, from, row, column, p->b, p->b_row,
                      p->accumulate, c, p->c_row);
        } else {
            run_edge(p, (int32_t)rows, width, from, row, column, c);
        }
        i += rows;
    }
}

int64_t gan__even_part(int64_t length, int64_t most, int64_t step)
{
    const int64_t parts = (length + most - 1) / most;
    const int64_t part = (length + parts - 1) / parts;
    return (part + step - 1) / step * step;
}

/* How much of k at a time, for m rows of a: the deeper, the less often c is read and written; but
 * the fewer rows of a fit into a block, and b is copied anew for each block. */
static int64_t depth_of(const gan__tile *tile, int64_t m, int64_t k)
{
    const int64_t most = gan__smaller(DEEP, PANEL / (GAN__TILE_VECTORS * tile->lanes));
    const bool deep = k <= most || m <= BLOCK / most / tile->rows * tile->rows;
    return gan__even_part(k, deep ? most : DEPTH, 4);
}

/* Whether tiles had better read a panel of b from a copy: it is read more than once and from far
 * away, or from rows that displace each other in the first-level cache; or it cannot be read by
 * whole vectors. */
static bool wants_copy(const piece *p, const gan__factor *b)
{
    const bool whole = p->columns == width_of(p->tile, p->columns);
    const bool displace = b->row % (2048 / (int64_t)sizeof(real)) == 0;
    return b->column != 1 || !whole || (p->rows > p->tile->rows && (!b->near || displace));
}

/* Makes a panel of b ready: b, from row `l` and column `j` on. */
static void prepare_panel(piece *p, const gan__factor *b, int64_t l, int64_t j, int64_t columns,
                          real *panel)
{
    const int64_t width = (int64_t)p->tile->lanes * GAN__TILE_VECTORS;
    p->columns = gan__smaller(columns - j, width);
    const gan__factor from = gan__factor_from(*b, l, j);
    p->b = from.at;
    p->b_row = b->row;
    p->next.runs = 0;
    if (!wants_copy(p, b)) {
        return;
    }
    if (p->far && j + 2 * width <= columns) {
        p->next = gan__runs_of_panel(from, p->k, width, width);
    }
    p->b_row = width_of(p->tile, p->columns);
    gan__tiled_panel(p->tile, p->k, p->columns, from, p->b_row, panel);
    p->b = panel;
}

void gan__tiled_multiply(const gan__tile *tile, int64_t m, int64_t n, int64_t k, gan__factor a,
                         gan__factor b, bool accumulate, real *c, int64_t c_row)
{
    _Alignas(64) real block[BLOCK], panel[PANEL];
    const int64_t width = (int64_t)tile->lanes * GAN__TILE_VECTORS;
    const int64_t depth = depth_of(tile, m, k);
    const bool packs = a.strips == NULL && !a.near && n > FEW_PANELS * width;
    const int64_t most = BLOCK / depth / tile->rows * tile->rows;
    const int64_t rows = packs ? gan__even_part(m, most, tile->rows) : m;
    piece p = {.tile = tile, .c_row = c_row, .far = !b.near && (m + k) * n > NEAR};
    for (int64_t i = 0; i < m; i += rows) {
        p.rows = gan__smaller(m - i, rows);
        for (int64_t l = 0; l < k; l += depth) {
            p.k = gan__smaller(k - l, depth);
            p.accumulate = accumulate || l > 0;
            p.a = a;
            p.a.at = a.at + i * a.row + l * a.column;
            p.a.strips_from += l;
            if (packs) {
                gan__tiled_pack(tile, p.rows, p.k, p.a, block);
                p.a.strips = block;
                p.a.strips_k = p.k;
                p.a.strips_from = 0;
            }
            for (int64_t j = 0; j < n; j += width) {
                prepare_panel(&p, &b, l, j, n, panel);
                p.c = c + i * c_row + j;
                multiply_piece(&p);
            }
        }
    }
}
