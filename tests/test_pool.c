/* The three poolings against a loop over all windows, through graphs and plans. Maxima and what is
 * taken are compared bit by bit; whole numbers make the sums of scattered ones exact. */
#include "support.h"

#include "graph/operations.h"
#include "graph/plan.h"

enum { GUARD = 48 }; /* elements on both sides of what is written, filled with NaN as it is */

#define DIMS(...) ((const int64_t[]){__VA_ARGS__})

/* What a shape is there for; the tests check that it is. */
typedef enum { PLAIN = 0, OVERLAP = 1, APART = 2, CUT = 4, OVER_IMAGE = 8, DROPPED = 16 } trait;

static const struct {
    const char *name;
    int64_t n, c, h, w, window[2], stride[2], oh, ow;
    int32_t traits;
} shapes[] = {
    {"one of everything", 1, 1, 1, 1, {1, 1}, {1, 1}, 1, 1, PLAIN},
    {"window 1", 3, 2, 4, 5, {1, 1}, {1, 1}, 4, 5, PLAIN},
    {"window 1, apart", 2, 3, 7, 8, {1, 1}, {3, 2}, 3, 4, APART},
    {"halves", 3, 2, 6, 8, {2, 2}, {2, 2}, 3, 4, PLAIN},
    {"halves of odd sizes", 2, 2, 5, 7, {2, 2}, {2, 2}, 3, 4, CUT},
    {"9 to 5", 2, 3, 9, 9, {2, 2}, {2, 2}, 5, 5, CUT},
    {"33 to 16", 4, 3, 33, 33, {4, 4}, {2, 2}, 16, 16, OVERLAP | CUT},
    {"15 to 7", 4, 5, 15, 15, {4, 4}, {2, 2}, 7, 7, OVERLAP | CUT},
    {"7 to 3", 3, 2, 7, 7, {3, 3}, {2, 2}, 3, 3, OVERLAP},
    {"8 to 4", 3, 2, 8, 8, {3, 3}, {2, 2}, 4, 4, OVERLAP | CUT},
    {"every place", 2, 2, 6, 5, {3, 2}, {1, 1}, 4, 4, OVERLAP},
    {"window over image", 3, 2, 3, 4, {5, 9}, {2, 1}, 1, 1, OVER_IMAGE},
    {"window over height", 2, 2, 3, 9, {7, 3}, {1, 3}, 1, 3, OVER_IMAGE},
    {"window over width", 2, 2, 9, 3, {2, 8}, {2, 5}, 5, 1, OVER_IMAGE | CUT},
    {"window is image", 2, 3, 6, 5, {6, 5}, {6, 5}, 1, 1, PLAIN},
    {"vast", 1, 2, 4, 3, {INT32_MAX, INT32_MAX}, {INT32_MAX, INT32_MAX}, 1, 1, OVER_IMAGE},
    {"stride over window", 3, 2, 8, 11, {2, 3}, {3, 4}, 3, 3, APART},
    {"stride over window, cut", 2, 2, 10, 9, {2, 3}, {3, 7}, 4, 2, APART | CUT},
    {"last windows dropped", 2, 2, 5, 6, {1, 2}, {3, 4}, 2, 2, APART},
    {"only the first ones", 2, 2, 5, 6, {1, 2}, {5, 6}, 1, 1, APART | DROPPED},
    {"stride over image", 3, 2, 3, 4, {2, 2}, {9, 9}, 1, 1, APART | DROPPED},
    {"oblong images", 2, 2, 1, 40, {1, 3}, {1, 2}, 1, 20, OVERLAP | CUT},
    {"oblong windows", 2, 3, 40, 1, {5, 1}, {3, 1}, 13, 1, OVERLAP | CUT},
    {"batch 1", 1, 1, 12, 10, {4, 3}, {2, 3}, 5, 4, OVERLAP | CUT},
    {"many planes", 40, 50, 6, 6, {3, 3}, {2, 2}, 3, 3, OVERLAP | CUT},
    {"wide", 2, 1, 3, 1500, {2, 4}, {1, 2}, 2, 749, OVERLAP},
    {"wide, at every place", 1, 2, 3, 1000, {2, 3}, {1, 1}, 2, 998, OVERLAP},
    {"wide, stride 7", 2, 1, 3, 1000, {2, 9}, {2, 7}, 2, 143, OVERLAP | CUT},
    {"wide, stride 8", 2, 1, 3, 1000, {2, 9}, {2, 8}, 2, 125, OVERLAP | CUT},
    {"wide windows", 2, 1, 2, 1100, {2, 700}, {1, 3}, 1, 135, OVERLAP | CUT},
    {"wide windows, apart", 1, 2, 2, 2000, {1, 600}, {1, 650}, 2, 4, APART | CUT},
    {"wide windows, over image", 1, 2, 2, 999, {1, 1200}, {1, 1}, 2, 1, OVER_IMAGE},
    {"column by column", 1, 2, 2, 513, {1, 257}, {1, 1}, 2, 257, OVERLAP},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* ---- Running --------------------------------------------------------------------------------- */

typedef enum { POOL, SCATTER, GATHER, OPERATIONS } operation;

typedef struct {
    int32_t which;
    int64_t wide, narrow; /* elements of x and of the result */
    real *x, *g, *h;
} problem;

static problem new_problem(int32_t which, double numbers, bool whole)
{
    const int64_t planes = shapes[which].n * shapes[which].c;
    problem p = {.which = which,
                 .wide = planes * shapes[which].h * shapes[which].w,
                 .narrow = planes * shapes[which].oh * shapes[which].ow};
    p.x = new_reals(p.wide);
    p.h = new_reals(p.wide);
    p.g = new_reals(p.narrow);
    dice d = {(uint64_t)which * 77 + 3};
    roll_array(&d, p.wide, -numbers, numbers, p.x);
    roll_array(&d, p.wide, -9, 9, p.h);
    roll_array(&d, p.narrow, -9, 9, p.g);
    for (int64_t i = 0; whole && i < p.wide; i++) {
        p.x[i] = (real)round((double)p.x[i]);
        p.g[i % p.narrow] = (real)round((double)p.g[i % p.narrow]);
    }
    return p;
}

static void free_problem(problem *p)
{
    free(p->x);
    free(p->h);
    free(p->g);
}

static gan__shape shape_of(int32_t which, bool wide)
{
    return gan__shape_of(4, DIMS(shapes[which].n, shapes[which].c,
                                 wide ? shapes[which].h : shapes[which].oh,
                                 wide ? shapes[which].w : shapes[which].ow));
}

static int64_t elements(const problem *p, operation what)
{
    return what == SCATTER ? p->wide : p->narrow;
}

static bool all_bytes(const real *array, size_t count, int fill)
{
    const unsigned char *bytes = (const unsigned char *)array;
    for (size_t i = 0; i < count * sizeof *array; i++) {
        if (bytes[i] != fill) {
            return false;
        }
    }
    return true;
}

static int32_t build(gan__graph *g, operation what, int32_t x, int32_t other, const int64_t *window,
                     const int64_t *stride)
{
    if (what == POOL) {
        return gan__max_pool(g, x, window, stride);
    }
    return what == SCATTER ? gan__max_pool_scatter(g, x, other, window, stride)
                           : gan__max_pool_gather(g, x, other, window, stride);
}

/* One of the three, by a plan of one node, into an array full of NaN; free releases it. */
static real *make(gan_context *context, const problem *p, operation what)
{
    const int64_t *window = shapes[p->which].window, *stride = shapes[p->which].stride;
    gan__graph g = gan__graph_create(context);
    const int32_t x = gan__leaf(&g, 0, 0, shape_of(p->which, true));
    const int32_t other = gan__leaf(&g, 1, 0, shape_of(p->which, what != SCATTER));
    const int32_t y = build(&g, what, x, other, window, stride);
    ck_assert_msg(y >= 0, "%s: %s", shapes[p->which].name, gan_context_message(context));
    ck_assert_msg(gan__shape_equal(gan__node_shape(&g, y), shape_of(p->which, what == SCATTER)),
                  "%s: another shape", shapes[p->which].name);
    gan__plan *plan;
    ck_assert_int_eq(gan__plan_create(&g, 1, &(gan__output){y, 2, GUARD}, GAN__PLAN_FUSED, &plan),
                     GAN_OK);
    const int64_t count = elements(p, what);
    real *out = new_bytes((size_t)(count + 2 * GUARD) * sizeof *out, 0xff);
    real *workspace = new_reals(gan__plan_workspace(plan));
    const gan__arguments arguments = {.slots = (real *[]){p->x, what == SCATTER ? p->g : p->h, out},
                                      .workspace = workspace};
    gan__plan_run(plan, &arguments);
    ck_assert_msg(all_bytes(out, GUARD, 0xff) && all_bytes(out + GUARD + count, GUARD, 0xff),
                  "%s, operation %d: written around", shapes[p->which].name, (int)what);
    memmove(out, out + GUARD, (size_t)count * sizeof *out);
    free(workspace);
    gan__plan_free(plan);
    gan__graph_free(&g);
    return out;
}

/* ---- The reference --------------------------------------------------------------------------- */

/* Where the window of result i has its first maximum, NaN being above all numbers. */
static int64_t place_of(const problem *p, int64_t i)
{
    const int64_t h = shapes[p->which].h, w = shapes[p->which].w, ow = shapes[p->which].ow;
    const int64_t *window = shapes[p->which].window, *stride = shapes[p->which].stride;
    const int64_t plane = i / (shapes[p->which].oh * ow), at = i % (shapes[p->which].oh * ow);
    const int64_t top = at / ow * stride[0], left = at % ow * stride[1];
    int64_t best = -1;
    for (int64_t row = top; row < top + window[0] && row < h; row++) {
        for (int64_t column = left; column < left + window[1] && column < w; column++) {
            const int64_t j = (plane * h + row) * w + column;
            if (best < 0 || p->x[j] > p->x[best] || (isnan(p->x[j]) && !isnan(p->x[best]))) {
                best = j;
            }
        }
    }
    return best;
}

static real *refer(const problem *p, operation what)
{
    real *y = new_reals(elements(p, what));
    for (int64_t i = 0; i < p->narrow; i++) {
        const int64_t place = place_of(p, i);
        ck_assert_int_ge(place, 0);
        if (what == SCATTER) {
            y[place] += p->g[i];
        } else {
            y[i] = (what == POOL ? p->x : p->h)[place];
        }
    }
    return y;
}

static void check_problem(gan_context *context, const problem *p)
{
    for (operation what = POOL; what < OPERATIONS; what++) {
        real *wanted = refer(p, what), *got = make(context, p, what);
        for (int64_t i = 0; i < elements(p, what); i++) {
            ck_assert_msg(memcmp(&got[i], &wanted[i], sizeof *got) == 0,
                          "%s, operation %d: element %lld is %g, not %g", shapes[p->which].name,
                          (int)what, (long long)i, (double)got[i], (double)wanted[i]);
        }
        free(got);
        free(wanted);
    }
}

/* ---- Tests ----------------------------------------------------------------------------------- */

/* Numbers that hardly repeat, and few numbers, so that most windows have several maxima. */
START_TEST(all_three_are_exact)
{
    heap own;
    gan_context *context = new_context(&own);
    for (int32_t which = 0; which < SHAPES; which++) {
        for (int32_t kind = 0; kind < 2; kind++) {
            problem p = new_problem(which, kind == 0 ? 1e6 : 1.4, true);
            check_problem(context, &p);
            free_problem(&p);
        }
    }
    end_context(context, &own);
}
END_TEST

/* NaN is the maximum, the first of several, and zeros of either sign are equal. */
START_TEST(odd_numbers_compare)
{
    static const double odd[] = {0.0, -0.0, (double)NAN, (double)INFINITY, (double)-INFINITY, -1};
    heap own;
    gan_context *context = new_context(&own);
    for (int32_t which = 0; which < SHAPES; which++) {
        for (int32_t kinds = 2; kinds <= 6; kinds++) {
            problem p = new_problem(which, 1, true);
            dice d = {(uint64_t)kinds};
            for (int64_t i = 0; i < p.wide; i++) {
                p.x[i] = (real)odd[roll(&d, kinds)];
            }
            check_problem(context, &p);
            free_problem(&p);
        }
    }
    end_context(context, &own);
}
END_TEST

/* How many windows a line has: all that start within and are needed to reach its end. */
static int64_t count_windows(int64_t length, int64_t window, int64_t stride)
{
    int64_t count = 1;
    while ((count - 1) * stride + window < length && count * stride < length) {
        count++;
    }
    return count;
}

START_TEST(shapes_are_what_they_are_for)
{
    for (int32_t which = 0; which < SHAPES; which++) {
        int32_t traits = PLAIN;
        for (int32_t axis = 0; axis < 2; axis++) {
            const int64_t length = axis == 0 ? shapes[which].h : shapes[which].w;
            const int64_t count = axis == 0 ? shapes[which].oh : shapes[which].ow;
            const int64_t window = shapes[which].window[axis], stride = shapes[which].stride[axis];
            const int64_t end = (count - 1) * stride + window;
            ck_assert_msg(count == count_windows(length, window, stride), "%s: %lld windows",
                          shapes[which].name, (long long)count);
            traits |= stride < window && count > 1 ? OVERLAP : PLAIN;
            traits |= stride > window ? APART : PLAIN;
            traits |= end > length && count > 1 ? CUT : PLAIN;
            traits |= window > length ? OVER_IMAGE : PLAIN;
            traits |= window < length && stride >= length ? DROPPED : PLAIN;
        }
        ck_assert_msg((traits & shapes[which].traits) == shapes[which].traits,
                      "%s: traits %d instead of %d", shapes[which].name, (int)traits,
                      (int)shapes[which].traits);
    }
}
END_TEST

/* The rule of shapes on every small line, and on long ones. */
START_TEST(windows_are_counted)
{
    static const int64_t far[][4] = {/* length, window, stride, windows */
                                     {INT32_MAX, 1, 1, INT32_MAX},
                                     {INT32_MAX, 2, 1, INT32_MAX - 1},
                                     {INT32_MAX, INT32_MAX, INT32_MAX, 1},
                                     {INT32_MAX, INT32_MAX - 1, INT32_MAX, 1},
                                     {INT32_MAX, INT32_MAX - 1, INT32_MAX - 1, 2},
                                     {INT32_MAX, 1, INT32_MAX - 1, 2}};
    heap own;
    gan_context *context = new_context(&own);
    gan__graph g = gan__graph_create(context);
    for (int64_t length = 1; length <= 16; length++) {
        const int32_t x = gan__leaf(&g, 0, 0, gan__shape_of(4, DIMS(2, 3, length, 17 - length)));
        for (int64_t i = 0; i < 18 * 18; i++) {
            const int64_t window = 1 + i / 18, stride = 1 + i % 18;
            const int32_t y = gan__max_pool(&g, x, DIMS(window, stride), DIMS(stride, window));
            const gan__shape wanted =
                gan__shape_of(4, DIMS(2, 3, count_windows(length, window, stride),
                                      count_windows(17 - length, stride, window)));
            ck_assert_msg(gan__shape_equal(gan__node_shape(&g, y), wanted),
                          "length %d, window %d, stride %d", (int)length, (int)window, (int)stride);
        }
    }
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        const int32_t x = gan__leaf(&g, 0, 0, gan__shape_of(4, DIMS(1, 1, 1, far[i][0])));
        const int32_t y = gan__max_pool(&g, x, DIMS(1, far[i][1]), DIMS(1, far[i][2]));
        ck_assert_int_eq(gan__node_shape(&g, y).dims[3], far[i][3]);
    }
    ck_assert_int_eq(g.status, GAN_OK);
    gan__graph_free(&g);
    end_context(context, &own);
}
END_TEST

START_TEST(threads_do_not_matter)
{
    static const int32_t threads[] = {1, 2, 3, 8};
    heap own;
    gan_context *context = new_context(&own);
    for (int32_t which = 0; which < SHAPES; which++) {
        problem p = new_problem(which, 1, false);
        for (operation what = POOL; what < OPERATIONS; what++) {
            real *wanted = NULL;
            for (int32_t i = 0; i < 4; i++) {
                ck_assert_int_eq(gan_context_set_threads(context, threads[i]), GAN_OK);
                real *got = make(context, &p, what);
                if (i == 0) {
                    wanted = got;
                    continue;
                }
                ck_assert_msg(memcmp(got, wanted, (size_t)elements(&p, what) * sizeof *got) == 0,
                              "%s, operation %d: other bits with %d threads", shapes[which].name,
                              (int)what, (int)threads[i]);
                free(got);
            }
            free(wanted);
        }
        free_problem(&p);
    }
    end_context(context, &own);
}
END_TEST

static double dot(int64_t count, const real *a, const real *b, double *size)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += (double)a[i] * (double)b[i];
        *size += fabs((double)a[i] * (double)b[i]);
    }
    return sum;
}

/* <scatter(x, g), h> = <g, gather(x, h)>, but for rounding. */
START_TEST(they_are_adjoint)
{
    heap own;
    gan_context *context = new_context(&own);
    for (int32_t which = 0; which < SHAPES; which++) {
        problem p = new_problem(which, 1, false);
        real *scattered = make(context, &p, SCATTER), *gathered = make(context, &p, GATHER);
        double size = 0;
        const double left = dot(p.wide, scattered, p.h, &size);
        const double right = dot(p.narrow, p.g, gathered, &size);
        ck_assert_msg(size > 0 && fabs(left - right) <= 1e-6 * size, "%s: %.9g and %.9g, size %g",
                      shapes[which].name, left, right, size);
        free(gathered);
        free(scattered);
        free_problem(&p);
    }
    end_context(context, &own);
}
END_TEST

/* ---- Refusals -------------------------------------------------------------------------------- */

static const struct {
    operation what;
    gan__shape x, other;
    int64_t window[2], stride[2];
    const char *texts[3];
} mistakes[] = {
    {POOL, {2, {5, 6}}, {0}, {2, 2}, {2, 2}, {"max_pool: ", "[5, 6]", "[n, c, h, w]"}},
    {POOL, {5, {1, 2, 3, 5, 6}}, {0}, {2, 2}, {2, 2}, {"max_pool: ", "[1, 2, 3, 5, 6]"}},
    {POOL, {0}, {0}, {2, 2}, {2, 2}, {"max_pool: ", "[]"}},
    {POOL, {4, {2, 3, 5, 6}}, {0}, {0, 2}, {2, 1}, {"height 5", "window 0", "stride 2"}},
    {POOL, {4, {2, 3, 5, 6}}, {0}, {2, -1}, {2, 1}, {"width 6", "window -1", "stride 1"}},
    {POOL, {4, {2, 3, 5, 6}}, {0}, {2, 2}, {0, 1}, {"height 5", "window 2", "stride 0"}},
    {POOL,
     {4, {2, 3, 5, 6}},
     {0},
     {2, 2},
     {1, INT64_MIN},
     {"width 6", "stride -922337203685477580"}},
    {POOL,
     {4, {2, 3, 5, 6}},
     {0},
     {INT64_MAX, 2},
     {1, 1},
     {"height 5", "window 9223372036854775807"}},
    {POOL, {4, {2, 3, 5, 6}}, {0}, {2, 2}, {1, INT64_C(1) << 31}, {"width 6", "stride 2147483648"}},
    {POOL, {4, {1, 1, 1 << 16, 1 << 15}}, {0}, {2, 2}, {2, 2}, {"[1, 1, 65536, 32768]", "plane"}},
    {SCATTER, {3, {3, 5, 6}}, {3, {3, 3, 3}}, {2, 2}, {2, 2}, {"max_pool_scatter: ", "[3, 5, 6]"}},
    {SCATTER,
     {4, {2, 3, 5, 6}},
     {4, {2, 3, 2, 3}},
     {2, 2},
     {2, 2},
     {"max_pool_scatter: ", "[2, 3, 3, 3]", "[2, 3, 2, 3]"}},
    {SCATTER,
     {4, {2, 3, 5, 6}},
     {4, {2, 1, 3, 3}},
     {2, 2},
     {2, 2},
     {"max_pool_scatter: ", "[2, 3, 3, 3]", "[2, 1, 3, 3]"}},
    {SCATTER,
     {4, {2, 3, 5, 6}},
     {3, {6, 3, 3}},
     {2, 2},
     {2, 2},
     {"max_pool_scatter: ", "[2, 3, 3, 3]", "[6, 3, 3]"}},
    {SCATTER,
     {4, {2, 3, 5, 6}},
     {4, {2, 3, 3, 3}},
     {2, 2},
     {2, 0},
     {"max_pool_scatter: ", "width 6", "stride 0"}},
    {GATHER, {2, {5, 6}}, {2, {5, 6}}, {2, 2}, {2, 2}, {"max_pool_gather: ", "[5, 6]"}},
    {GATHER,
     {4, {2, 3, 5, 6}},
     {4, {2, 3, 6, 5}},
     {2, 2},
     {2, 2},
     {"max_pool_gather: ", "[2, 3, 5, 6]", "[2, 3, 6, 5]"}},
    {GATHER,
     {4, {2, 3, 5, 6}},
     {4, {2, 3, 5, 6}},
     {2, 0},
     {2, 2},
     {"max_pool_gather: ", "width 6", "window 0"}},
};

START_TEST(mistakes_are_named)
{
    heap own;
    gan_context *context = new_context(&own);
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        const int64_t *window = mistakes[i].window, *stride = mistakes[i].stride;
        gan__graph g = gan__graph_create(context);
        const int32_t x = gan__leaf(&g, 0, 0, mistakes[i].x);
        const int32_t other = gan__leaf(&g, 1, 0, mistakes[i].other);
        const int32_t count = g.count;
        const int32_t y = build(&g, mistakes[i].what, x, other, window, stride);
        const char *message = gan_context_message(context);
        ck_assert_msg(y == GAN_ERROR_SHAPE && g.status == y && g.count == count,
                      "mistake %d: %d, %s", (int)i, (int)y, message);
        for (int32_t j = 0; j < 3 && mistakes[i].texts[j] != NULL; j++) {
            ck_assert_msg(strstr(message, mistakes[i].texts[j]) != NULL, "\"%s\" lacks \"%s\"",
                          message, mistakes[i].texts[j]);
        }
        ck_assert_ptr_null(strchr(message, '\n'));
        gan__graph_free(&g);
    }
    end_context(context, &own);
}
END_TEST

START_TEST(errors_are_passed_on)
{
    heap own;
    gan_context *context = new_context(&own);
    const int64_t *two = DIMS(2, 2);
    gan__graph g = gan__graph_create(context);
    const int32_t x = gan__leaf(&g, 0, 0, gan__shape_of(4, DIMS(1, 1, 4, 4)));
    ck_assert_int_eq(gan__max_pool(&g, 7, two, two), GAN_ERROR_ARGUMENT);
    const int32_t bad = GAN_ERROR_ARGUMENT;
    ck_assert_int_eq(gan__max_pool(&g, x, two, two), bad);
    ck_assert_int_eq(gan__max_pool(&g, bad, two, two), bad);
    ck_assert_int_eq(gan__max_pool_scatter(&g, x, bad, two, two), bad);
    ck_assert_int_eq(gan__max_pool_scatter(&g, bad, x, two, two), bad);
    ck_assert_int_eq(gan__max_pool_gather(&g, x, x, two, two), bad);
    ck_assert_int_eq(gan__max_pool_gather(&g, x, bad, two, two), bad);
    ck_assert_int_eq(g.count, 1);
    gan__graph_free(&g);
    end_context(context, &own);
}
END_TEST

/* The derivatives are the other two; by x, the places are constant. */
START_TEST(derivatives_are_the_other_two)
{
    static const struct {
        operation what;
        gan__op by_x, by_other;
    } rules[] = {{POOL, GAN__MAX_POOL_SCATTER, GAN__CONSTANT},
                 {SCATTER, GAN__CONSTANT, GAN__MAX_POOL_GATHER},
                 {GATHER, GAN__CONSTANT, GAN__MAX_POOL_SCATTER}};
    heap own;
    gan_context *context = new_context(&own);
    const int64_t *window = DIMS(4, 3), *stride = DIMS(2, 1);
    for (int32_t i = 0; i < 3; i++) {
        gan__graph g = gan__graph_create(context);
        const int32_t x = gan__leaf(&g, 0, 0, gan__shape_of(4, DIMS(2, 1, 9, 5)));
        const bool narrow = rules[i].what == SCATTER;
        const int32_t other =
            gan__leaf(&g, 1, 0, gan__shape_of(4, DIMS(2, 1, narrow ? 4 : 9, narrow ? 3 : 5)));
        const int32_t y = build(&g, rules[i].what, x, other, window, stride);
        const int32_t s = gan__sum_all(&g, gan__multiply_nodes(&g, y, y));
        int32_t by[2];
        ck_assert_int_eq(gan__gradient(&g, s, 2, (const int32_t[]){x, other}, by), GAN_OK);
        ck_assert_int_eq(g.nodes[by[0]].op, rules[i].by_x);
        ck_assert_int_eq(g.nodes[by[1]].op, rules[i].by_other);
        for (int32_t id = y; id < g.count; id++) {
            const gan__op op = g.nodes[id].op;
            if (op == GAN__MAX_POOL || op == GAN__MAX_POOL_SCATTER || op == GAN__MAX_POOL_GATHER) {
                ck_assert(memcmp(g.nodes[id].window.size, window, 2 * sizeof *window) == 0);
                ck_assert(memcmp(g.nodes[id].window.stride, stride, 2 * sizeof *stride) == 0);
            }
        }
        gan__graph_free(&g);
    }
    end_context(context, &own);
}
END_TEST

int main(void)
{
    return RUN_TESTS("pool", shapes_are_what_they_are_for, windows_are_counted, all_three_are_exact,
                     odd_numbers_compare, threads_do_not_matter, they_are_adjoint,
                     mistakes_are_named, errors_are_passed_on, derivatives_are_the_other_two);
}
