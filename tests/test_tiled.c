/* Matrix products of our own: every element is one chain of fused multiply-adds, to the bit, for every
 * level of processors that this one is of, for tiles of all sizes in plain code, and however the
 * factors are given. */
#include "support.h"

#include "kernel/product.h"
#include "kernel/reduce.h"
#include "kernel/sparse.h"
#include "kernel/tiled.h"

#include <gan/version.h>

enum { MOST_ROWS = 128, GUARD = 7, TILES = 5 };

extern const gan__tile tile_8, tile_6, tile_12; /* generic_tile.c */

/* All that this processor can: its own, then those in plain code. NULL behind the last. */
static const gan__tile *tile_at(int32_t index)
{
    static const gan__tile *const plain[] = {&tile_8, &tile_6, &tile_12, NULL};
    int32_t own = 0;
    while (gan__tile_at(own) != NULL) {
        own++;
    }
    return index < own ? gan__tile_at(index) : plain[index - own];
}

typedef struct {
    int64_t m, n, k, c_row;
    real *a, *b, *a_turned, *b_turned, *c, *wanted, *strips;
} problem;

static void turn(int64_t rows, int64_t columns, const real *from, real *to)
{
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            to[j * rows + i] = from[i * columns + j];
        }
    }
}

/* Arrays that end where they should, so that the address sanitizer sees who reads on. */
static real *exactly(int64_t count)
{
    real *array = malloc((size_t)count * sizeof *array);
    ck_assert_ptr_nonnull(array);
    return array;
}

static problem new_problem(int64_t m, int64_t n, int64_t k)
{
    problem p = {.m = m, .n = n, .k = k, .c_row = n + GUARD};
    dice d = {(uint64_t)(m * 1000003 + n * 1009 + k)};
    p.a = exactly(m * k), p.a_turned = exactly(m * k), p.strips = exactly(m * k);
    p.b = exactly(k * n), p.b_turned = exactly(k * n);
    p.c = exactly(m * p.c_row), p.wanted = exactly(m * p.c_row);
    roll_array(&d, m * k, -1, 1, p.a);
    roll_array(&d, k * n, -1, 1, p.b);
    turn(m, k, p.a, p.a_turned);
    turn(k, n, p.b, p.b_turned);
    return p;
}

static void free_problem(problem *p)
{
    free(p->a), free(p->b), free(p->a_turned), free(p->b_turned);
    free(p->c), free(p->wanted), free(p->strips);
}

/* What c holds before: numbers to add to, and what nobody may touch behind each row. */
static void fill(const problem *p, real *c)
{
    for (int64_t i = 0; i < p->m * p->c_row; i++) {
        c[i] = (real)((double)(i % 37) / 16 - 1);
    }
}

static void refer(problem *p, bool accumulate)
{
    fill(p, p->wanted);
    for (int64_t i = 0; i < p->m; i++) {
        for (int64_t j = 0; j < p->n; j++) {
            real sum = accumulate ? p->wanted[i * p->c_row + j] : 0;
            for (int64_t l = 0; l < p->k; l++) {
                sum = fmaf(p->a[i * p->k + l], p->b[l * p->n + j], sum);
            }
            p->wanted[i * p->c_row + j] = sum;
        }
    }
}

static void expect_wanted(const problem *p, const char *level, const char *what)
{
    int64_t i = 0;
    while (i < p->m * p->c_row && memcmp(&p->c[i], &p->wanted[i], sizeof(real)) == 0) {
        i++;
    }
    ck_assert_msg(i == p->m * p->c_row, "%s, %s, [%d, %d, %d]: element (%d, %d) is %a, not %a",
                  level, what, (int)p->m, (int)p->n, (int)p->k, (int)(i / p->c_row),
                  (int)(i % p->c_row), (double)p->c[i], (double)p->wanted[i]);
}

/* The ways to give the factors: bits. */
enum { TURN_A = 1, TURN_B = 2, NEAR_A = 4, NEAR_B = 8, STRIPS = 16, WAYS = 32 };

static void multiply(const gan__tile *tile, problem *p, int32_t way, bool accumulate)
{
    gan__factor a =
        way & TURN_A ? gan__factor_of(true, p->a_turned, p->m) : gan__factor_of(false, p->a, p->k);
    gan__factor b =
        way & TURN_B ? gan__factor_of(true, p->b_turned, p->k) : gan__factor_of(false, p->b, p->n);
    if (way & STRIPS) {
        gan__tiled_pack(tile, p->m, p->k, a, p->strips);
        a.strips = p->strips;
        a.strips_k = p->k;
    }
    a.near = (way & NEAR_A) != 0;
    b.near = (way & NEAR_B) != 0;
    fill(p, p->c);
    gan__tiled_multiply(tile, p->m, p->n, p->k, a, b, accumulate, p->c, p->c_row);
}

/* Every step-th of the ways; `step` 1 for all. */
static void check_ways(int64_t m, int64_t n, int64_t k, int32_t step)
{
    problem p = new_problem(m, n, k);
    for (int32_t accumulate = 0; accumulate < 2; accumulate++) {
        refer(&p, accumulate);
        for (int32_t index = 0; tile_at(index) != NULL; index++) {
            const gan__tile *tile = tile_at(index);
            for (int32_t way = index % step; way < WAYS; way += step) {
                char what[32];
                snprintf(what, sizeof what, "way %d%s", (int)way, accumulate ? ", added" : "");
                multiply(tile, &p, way, accumulate);
                expect_wanted(&p, tile->level, what);
            }
        }
    }
    free_problem(&p);
}

START_TEST(tiles_are_what_they_say)
{
    int32_t count = 0;
    for (; tile_at(count) != NULL; count++) {
        const gan__tile *tile = tile_at(count);
        printf("%s: %d rows of %d lanes\n", tile->level, (int)tile->rows, (int)tile->lanes);
        ck_assert_int_le(tile->lanes, GAN__TILE_LANES_MAX);
    }
    ck_assert_int_ge(count, 3);
    ck_assert_int_le(count, TILES);
    ck_assert_ptr_null(gan__tile_at(-1));
}
END_TEST

/* Every remainder of rows, of columns and of the packing by fours. */
START_TEST(small_products_are_chains)
{
    for (int64_t m = 1; m <= 25; m++) {
        check_ways(m, 1 + m * 7 % 37, 1 + m * 5 % 13, 1);
    }
    for (int64_t n = 1; n <= 66; n++) {
        check_ways(1 + n * 3 % 14, n, 1 + n % 9, 1);
    }
}
END_TEST

/* Around the sizes of blocks of rows, of depths and of panels. A first factor is packed for more
 * than eight panels, of 8, 16 or 32 columns; in the last two shapes each tile packs more than one
 * block and more than one depth. */
START_TEST(large_products_are_chains)
{
    static const int64_t shapes[][3] = {
        {107, 33, 191},  {108, 32, 192},  {109, 31, 193},  {217, 40, 5},    {13, 150, 385},
        {2, 300, 577},   {1, 1, 1000},    {1, 200, 3},     {200, 1, 3},     {64, 512, 9},
        {14, 1024, 65},  {213, 70, 322},  {216, 130, 320}, {324, 70, 163},  {220, 133, 325},
        {136, 130, 241}, {137, 130, 241}, {137, 133, 240}, {410, 130, 163}, {205, 257, 161},
        {420, 133, 330}, {410, 257, 163}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        check_ways(shapes[i][0], shapes[i][1], shapes[i][2], 5);
    }
}
END_TEST

START_TEST(products_by_chance_are_chains)
{
    dice d = {2014};
    for (int32_t i = 0; i < 60; i++) {
        const int64_t m = 1 + roll(&d, MOST_ROWS), n = 1 + roll(&d, 90), k = 1 + roll(&d, 60);
        check_ways(m, n, k, 5);
    }
}
END_TEST

/* Part of the columns that were packed: the chain goes on from product to product. */
START_TEST(strips_serve_in_parts)
{
    problem p = new_problem(23, 45, 67);
    for (int32_t index = 0; tile_at(index) != NULL; index++) {
        const gan__tile *tile = tile_at(index);
        gan__tiled_pack(tile, p.m, p.k, gan__factor_of(false, p.a, p.k), p.strips);
        refer(&p, false);
        fill(&p, p.c);
        for (int64_t from = 0; from < p.k; from += 20) {
            const int64_t count = gan__smaller(20, p.k - from);
            const gan__factor a = {
                .at = NULL, .strips = p.strips, .strips_k = p.k, .strips_from = from};
            gan__tiled_multiply(tile, p.m, p.n, count, a,
                                gan__factor_of(false, p.b + from * p.n, p.n), from > 0, p.c,
                                p.c_row);
        }
        expect_wanted(&p, tile->level, "in parts");
    }
    free_problem(&p);
}
END_TEST

/* What is added is not lost where it is not finite, and spreads no further than it should. */
START_TEST(numbers_that_are_not_finite_stay_where_they_belong)
{
    problem p = new_problem(19, 35, 11);
    p.a[5 * p.k + 3] = p.a_turned[3 * p.m + 5] = NAN;
    p.b[4 * p.n + 34] = p.b_turned[34 * p.k + 4] = INFINITY;
    for (int32_t index = 0; tile_at(index) != NULL; index++) {
        for (int32_t way = 0; way < WAYS; way++) {
            multiply(tile_at(index), &p, way, false);
            int32_t wrong = 0;
            for (int64_t i = 0; i < p.m; i++) {
                for (int64_t j = 0; j < p.n; j++) {
                    wrong += isfinite(p.c[i * p.c_row + j]) != (i != 5 && j != 34);
                }
            }
            ck_assert_int_eq(wrong, 0);
        }
    }
    free_problem(&p);
}
END_TEST

/* ---- Without zeros --------------------------------------------------------------------------- */

/* Zeros of both signs, so many percent; a row of zeros, and one without. */
static void strew_zeros(problem *p, int32_t percent)
{
    dice d = {(uint64_t)percent};
    for (int64_t i = 0; i < p->m * p->k; i++) {
        const int64_t row = i / p->k;
        if (row == 1 || (row != 2 && roll(&d, 100) < percent)) {
            p->a[i] = roll(&d, 2) == 0 ? (real)0.0 : (real)-0.0;
        }
    }
    turn(p->m, p->k, p->a, p->a_turned);
}

/* Behind each column; nobody may touch it. */
static const real BEHIND = 99;

/* The same sums as `wanted`, stored column by column, the columns `apart`. */
static void expect_columns(const problem *p, const real *columns, int64_t apart, const char *level,
                           int32_t way)
{
    for (int64_t i = 0; i < p->n * apart; i++) {
        const int64_t row = i % apart, column = i / apart;
        const real wanted = row < p->m ? p->wanted[row * p->c_row + column] : BEHIND;
        if (memcmp(&columns[i], &wanted, sizeof wanted) != 0) {
            ck_abort_msg("%s, way %d, [%d, %d, %d] by columns: element (%d, %d) is %a, not %a",
                         level, (int)way, (int)p->m, (int)p->n, (int)p->k, (int)row, (int)column,
                         (double)columns[i], (double)wanted);
        }
    }
}

static void multiply_without_zeros(const gan__tile *tile, problem *p, int32_t way, bool accumulate)
{
    const gan__factor a =
        way & TURN_A ? gan__factor_of(true, p->a_turned, p->m) : gan__factor_of(false, p->a, p->k);
    const gan__factor b =
        way & TURN_B ? gan__factor_of(true, p->b_turned, p->k) : gan__factor_of(false, p->b, p->n);
    fill(p, p->c);
    const int64_t apart = p->m + GUARD;
    real *columns = exactly(p->n * apart);
    for (int64_t i = 0; i < p->n * apart; i++) {
        columns[i] = i % apart < p->m ? p->c[i % apart * p->c_row + i / apart] : BEHIND;
    }
    gan__sparse_multiply(tile, p->m, p->n, p->k, a, b, accumulate, p->c, p->c_row, 1);
    expect_wanted(p, tile->level, "without zeros");
    gan__sparse_multiply(tile, p->m, p->n, p->k, a, b, accumulate, columns, 1, apart);
    expect_columns(p, columns, apart, tile->level, way);
    free(columns);
}

static void check_without_zeros(int64_t m, int64_t n, int64_t k, int32_t percent)
{
    problem p = new_problem(m, n, k);
    strew_zeros(&p, percent);
    for (int32_t accumulate = 0; accumulate < 2; accumulate++) {
        refer(&p, accumulate);
        for (int32_t index = 0; tile_at(index) != NULL; index++) {
            for (int32_t way = 0; way < 4; way++) {
                multiply_without_zeros(tile_at(index), &p, way, accumulate);
            }
        }
    }
    free_problem(&p);
}

/* Terms with a zero change nothing, but the sign of a zero, which does not come up here. */
START_TEST(products_without_zeros_are_the_same_chains)
{
    for (int64_t m = 1; m <= 34; m++) {
        check_without_zeros(m, 1 + m * 7 % 37, 1 + m * 5 % 23, 50);
    }
    for (int64_t n = 1; n <= 100; n += 3) {
        check_without_zeros(1 + n * 3 % 14, n, 1 + n % 9, 50);
    }
}
END_TEST

/* Around the sizes of panels, of depths (100; 256 by columns), and of lists: 12288 numbers, 512
 * rows. */
START_TEST(large_products_without_zeros_are_the_same_chains)
{
    static const int64_t shapes[][4] = {
        {3, 80, 100, 50},    {17, 81, 101, 50}, {16, 79, 99, 90},   {5, 160, 201, 0},
        {123, 20, 100, 0},   {122, 33, 203, 0}, {130, 17, 100, 0},  {513, 3, 17, 95},
        {1030, 5, 9, 90},    {49, 30, 256, 0},  {48, 33, 257, 0},   {47, 65, 513, 50},
        {250, 100, 240, 90}, {64, 48, 128, 60}, {63, 64, 129, 100}, {90, 50, 255, 70}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        check_without_zeros(shapes[i][0], shapes[i][1], shapes[i][2], (int32_t)shapes[i][3]);
    }
}
END_TEST

/* What `compress` may meet: beside numbers, zeros of both signs, the smallest numbers, and what is
 * not finite. */
static real some_number(dice *d)
{
    static const real others[] = {0,          -0.0F,    0,         -0.0F,    0x1p-149F,
                                  -0x1p-149F, INFINITY, -INFINITY, (real)NAN};
    const int32_t which = roll(d, 14);
    return which < 9 ? others[which] : (real)roll_between(d, -1, 1);
}

/* Zeros are left out on every level of processors, and nothing else, whichever way a vector or its
 * rest is looked at; nothing is written beyond k. */
START_TEST(rows_are_listed_without_zeros)
{
    enum { MOST = 70 };
    dice d = {7};
    for (int32_t index = 0; tile_at(index) != NULL; index++) {
        for (int64_t k = 0; k <= MOST; k++) {
            real *a = exactly(k + 1), *values = exactly(k + 1);
            int32_t places[MOST + 1], wrong = 0;
            for (int64_t i = 0; i < k; i++) {
                a[i] = some_number(&d);
            }
            values[k] = BEHIND;
            places[k] = -7;
            const int64_t step = 1 + roll(&d, 300),
                          count = tile_at(index)->compress(k, a, step, values, places);
            int64_t listed = 0;
            for (int64_t i = 0; i < k; i++) {
                if (a[i] != 0) { /* NaN is not equal to zero */
                    wrong += listed >= count || places[listed] != (int32_t)(i * step) ||
                             memcmp(&values[listed], &a[i], sizeof *a) != 0;
                    listed++;
                }
            }
            ck_assert_msg(wrong == 0 && listed == count, "%s: %d of %d elements listed, %d wrong",
                          tile_at(index)->level, (int)count, (int)k, (int)wrong);
            ck_assert(values[k] == BEHIND && places[k] == -7);
            free(a), free(values);
        }
    }
}
END_TEST

/* What is not a number shows where it meets a number, without zeros, too. */
START_TEST(numbers_that_are_not_finite_are_not_left_out)
{
    for (int64_t column = 0; column < 37; column++) {
        problem p = new_problem(19, 35, 37);
        strew_zeros(&p, 60);
        p.a[5 * p.k + column] = p.a_turned[column * p.m + 5] = column % 2 == 0 ? NAN : INFINITY;
        for (int32_t index = 0; tile_at(index) != NULL; index++) {
            for (int32_t way = 0; way <= TURN_A; way++) {
                const gan__factor a = way & TURN_A ? gan__factor_of(true, p.a_turned, p.m)
                                                   : gan__factor_of(false, p.a, p.k);
                gan__sparse_multiply(tile_at(index), p.m, p.n, p.k, a,
                                     gan__factor_of(false, p.b, p.n), false, p.c, p.c_row, 1);
                int32_t wrong = 0;
                for (int64_t i = 0; i < p.m; i++) {
                    for (int64_t j = 0; j < p.n; j++) {
                        wrong += (isfinite(p.c[i * p.c_row + j]) != 0) != (i != 5);
                    }
                }
                ck_assert_int_eq(wrong, 0);
            }
        }
        free_problem(&p);
    }
}
END_TEST

static double zeros_of_columns(int64_t rows, int64_t columns, int64_t zeros)
{
    real *x = exactly(rows * columns);
    for (int64_t i = 0; i < rows * columns; i++) {
        x[i] = i % columns < zeros ? (real)-0.0 : (real)1;
    }
    const double share = gan__share_of_zeros(rows, columns, x);
    free(x);
    return share;
}

/* Zeros where this is even: so many times the row, and times the column by 16. */
static double zeros_by_turns(int64_t rows, int64_t columns, int64_t by_row, int64_t by_column)
{
    real *x = exactly(rows * columns);
    for (int64_t i = 0; i < rows * columns; i++) {
        x[i] = (real)((i / columns * by_row + i % columns / 16 * by_column) % 2);
    }
    const double share = gan__share_of_zeros(rows, columns, x);
    free(x);
    return share;
}

/* Also where whole columns are zeros, as at the edges of digits, or rows and columns by turns. */
START_TEST(zeros_are_estimated)
{
    static const int64_t shapes[][2] = {{100, 784},  {64, 1200}, {128, 1024}, {1, 4096},
                                        {3000, 100}, {64, 64},   {500, 40}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const int64_t rows = shapes[i][0], columns = shapes[i][1];
        for (int64_t quarter = 0; quarter <= 4; quarter++) {
            const double share = zeros_of_columns(rows, columns, columns * quarter / 4);
            const double allowed = quarter % 4 == 0 ? 1e-9 : 0.1;
            ck_assert_double_eq_tol(share, (double)quarter / 4, allowed);
        }
    }
    for (int64_t rows = 16; rows <= 2048; rows *= 2) {
        for (int64_t columns = 16; columns <= 2048; columns *= 2) { /* every other row, every other
                                                                       run, a board of both */
            ck_assert_double_eq_tol(zeros_by_turns(rows, columns, 1, 0), 0.5, 0.2);
            ck_assert_double_eq_tol(zeros_by_turns(rows, 2 * columns, 0, 1), 0.5, 0.2);
            ck_assert_double_eq_tol(zeros_by_turns(rows, 2 * columns, 1, 1), 0.5, 0.2);
        }
    }
    ck_assert_double_eq(zeros_of_columns(70, 1, 1), 1);
    ck_assert_double_eq(zeros_of_columns(1, 1, 0), 0);
}
END_TEST

/* A product with a column is made as one with a row. */
START_TEST(columns_and_rows_agree_with_the_rest)
{
    heap own;
    gan_context *context = new_context(&own);
    const gan__tile *tile = gan__products_tile(context);
    problem p = new_problem(50, 1, 70);
    refer(&p, false);
    real *c = exactly(p.m);
    gan__products_enter(context);
    for (int32_t way = 0; way < 4; way++) {
        gan__product(
            tile, p.m, 1, p.k,
            way & TURN_A ? gan__factor_of(true, p.a_turned, p.m) : gan__factor_of(false, p.a, p.k),
            way & TURN_B ? gan__factor_of(true, p.b_turned, p.k) : gan__factor_of(false, p.b, 1),
            false, c, 1);
        for (int64_t i = 0; i < p.m && tile != NULL; i++) {
            ck_assert_msg(memcmp(&c[i], &p.wanted[i * p.c_row], sizeof *c) == 0, "way %d, row %d",
                          (int)way, (int)i);
        }
        for (int64_t i = 0; i < p.m; i++) {
            ck_assert_double_eq_tol((double)c[i], (double)p.wanted[i * p.c_row], 1e-4);
        }
    }
    gan__products_leave(context);
    free(c);
    free_problem(&p);
    end_context(context, &own);
}
END_TEST

START_TEST(the_choice_is_kept)
{
    heap own;
    gan_context *context = new_context(&own);
    const char *best = gan__tile_at(0) != NULL ? GAN_PRODUCTS_OWN : GAN_PRODUCTS_BLAS;
    ck_assert_ptr_null(gan_context_products(NULL));
    ck_assert_int_eq(gan_context_set_products(NULL, GAN_PRODUCTS_AUTO), GAN_ERROR_ARGUMENT);
    ck_assert_str_eq(gan_context_products(context), best);
    ck_assert_int_eq(gan_context_set_products(context, GAN_PRODUCTS_BLAS), GAN_OK);
    ck_assert_str_eq(gan_context_products(context), GAN_PRODUCTS_BLAS);
    ck_assert_int_eq(gan_context_set_products(context, NULL), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_context_set_products(context, "openblas"), GAN_ERROR_KEY);
    ck_assert_ptr_nonnull(strstr(gan_context_message(context), "openblas"));
    ck_assert_ptr_nonnull(strstr(gan_context_message(context), "auto, own, blas"));
    ck_assert_str_eq(gan_context_products(context), GAN_PRODUCTS_BLAS);
    const int32_t status = gan_context_set_products(context, GAN_PRODUCTS_OWN);
    ck_assert_int_eq(status, gan__tile_at(0) != NULL ? GAN_OK : GAN_ERROR_UNSUPPORTED);
    ck_assert_str_eq(gan_context_products(context), best);
    ck_assert_int_eq(gan_context_set_products(context, GAN_PRODUCTS_AUTO), GAN_OK);
    ck_assert_str_eq(gan_context_products(context), best);
    end_context(context, &own);
}
END_TEST

int main(void)
{
    return RUN_TESTS("tiled products", tiles_are_what_they_say, small_products_are_chains,
                     large_products_are_chains, products_by_chance_are_chains,
                     strips_serve_in_parts, numbers_that_are_not_finite_stay_where_they_belong,
                     products_without_zeros_are_the_same_chains,
                     large_products_without_zeros_are_the_same_chains,
                     rows_are_listed_without_zeros, numbers_that_are_not_finite_are_not_left_out,
                     zeros_are_estimated, columns_and_rows_agree_with_the_rest, the_choice_is_kept);
}
