/* Layers of images: each one against a loop over all indices, over a table of sizes; how their
 * parameters start and are limited; misuse; memory that runs out. */
#include "api.h"

#include "graph/plan.h"
#include "nn/network.h"

#include <stdbool.h>
#include <stdio.h>

/* ---- What every test starts from ------------------------------------------------------------- */

enum { SAMPLES = 3 };

static gan_network *net;

static void start(void)
{
    ctx = new_context(&own);
    ok(gan_network_create(ctx, "N", &net));
}

static void restart(void)
{
    gan_network_free(net);
    ok(gan_network_create(ctx, "N", &net));
}

static void finish(void)
{
    gan_network_free(net);
    end_context(ctx, &own);
}

static int32_t image(int64_t c, int64_t h, int64_t w)
{
    return gan_network_input(net, "x", 3, (int64_t[]){c, h, w});
}

static float *new_floats(int64_t n)
{
    float *values = calloc((size_t)n + 1, sizeof *values);
    ck_assert_ptr_nonnull(values);
    return values;
}

/* Whole numbers from -9 to 9: small sums of their products are exact. */
static float *whole_numbers(dice *d, int64_t n)
{
    float *values = new_floats(n);
    for (int64_t i = 0; i < n; i++) {
        values[i] = (float)(roll(d, 19) - 9);
    }
    return values;
}

static void has_shape(int32_t x, int64_t c, int64_t h, int64_t w)
{
    int32_t rank = 0;
    int64_t dims[3] = {0};
    ok(gan_network_tensor_shape(net, x, &rank, dims, 3));
    if (rank != 3 || dims[0] != c || dims[1] != h || dims[2] != w) {
        ck_abort_msg("rank %d, [%d, %d, %d] is not [%d, %d, %d]", (int)rank, (int)dims[0],
                     (int)dims[1], (int)dims[2], (int)c, (int)h, (int)w);
    }
}

static void has_parameter(const char *name, int64_t a, int64_t b, int64_t c, int64_t d)
{
    const int64_t wanted[] = {a, b, c, d};
    int32_t rank = 0;
    int64_t dims[4] = {0};
    ok(gan_network_parameter_shape(net, name, &rank, dims, 4));
    need(rank == (d > 0 ? 4 : 3));
    for (int32_t i = 0; i < rank; i++) {
        need(dims[i] == wanted[i]);
    }
}

/* Each sample as a batch of its own, which gan_network_forward never has: it fills batches up.
 * Differs from y by rounding at most. */
static void each_in_a_batch_of_one(const float *x, const float *y)
{
    const int64_t inputs = gan_network_input_elements(net);
    const int64_t outputs = gan_network_output_elements(net);
    gan__graph graph = gan__graph_create(ctx);
    gan__plan *plan;
    int32_t leaves[2];
    need(net->parameter_count <= 2);
    gan__network_leaves(net, &graph, 0, leaves);
    const gan__build build = {.parameters = leaves};
    const int32_t in = gan__leaf(&graph, 1, 0, gan__batch_shape(1, net->layers[0].shape));
    const gan__output out = {gan__network_build(net, &graph, &build, in), 2, 0};
    ok(gan__plan_create(&graph, 1, &out, GAN__PLAN_FUSED, &plan));
    real *sample = new_reals(inputs), *made = new_reals(outputs);
    real *workspace = new_reals(gan__plan_workspace(plan));
    for (int64_t i = 0; i < SAMPLES; i++) {
        memcpy(sample, x + i * inputs, (size_t)inputs * sizeof *sample);
        gan__plan_run(plan, &(gan__arguments){.slots = (real *[]){net->values, sample, made},
                                              .workspace = workspace});
        for (int64_t j = 0; j < outputs; j++) {
            need(fabs((double)made[j] - (double)y[i * outputs + j]) <= 1e-5);
        }
    }
    free(workspace);
    free(made);
    free(sample);
    gan__plan_free(plan);
    gan__graph_free(&graph);
}

/* The network's output for SAMPLES samples; each alone must be the same. The caller frees it. */
static float *forward(const float *x)
{
    const int64_t inputs = gan_network_input_elements(net);
    const int64_t outputs = gan_network_output_elements(net);
    need(inputs > 0 && outputs > 0);
    float *y = new_floats(SAMPLES * outputs), *alone = new_floats(outputs);
    ok(gan_network_forward(net, SAMPLES, x, y, SAMPLES * outputs));
    ok(gan_network_forward(net, 1, x, alone, outputs));
    need(memcmp(y, alone, (size_t)outputs * sizeof *y) == 0);
    each_in_a_batch_of_one(x, y);
    free(alone);
    return y;
}

static void compare(const char *name, int64_t n, const float *got, const double *wanted,
                    double tolerance)
{
    for (int64_t i = 0; i < n; i++) {
        if (!(fabs((double)got[i] - wanted[i]) <= tolerance)) {
            ck_abort_msg("%s: element %lld is %.9g, not %.9g", name, (long long)i, (double)got[i],
                         wanted[i]);
        }
    }
}

static double *new_doubles(int64_t n)
{
    double *values = calloc((size_t)n, sizeof *values);
    ck_assert_ptr_nonnull(values);
    return values;
}

/* ---- Convolutions ---------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    int64_t c, h, w, filters, kernel[2], stride[2], pad[2];
} shape;

static const shape shapes[] = {
    {"one of everything", 1, 1, 1, 1, {1, 1}, {1, 1}, {0, 0}},
    {"kernel 1", 3, 4, 5, 2, {1, 1}, {1, 1}, {0, 0}},
    {"kernel 1, strides", 2, 7, 8, 3, {1, 1}, {3, 2}, {0, 0}},
    {"stride over kernel", 2, 11, 13, 3, {2, 3}, {4, 5}, {0, 0}},
    {"stride over kernel, padded", 2, 9, 10, 3, {2, 2}, {3, 4}, {1, 1}},
    {"stride over image", 2, 3, 4, 2, {2, 2}, {9, 7}, {0, 1}},
    {"kernel is image", 3, 4, 3, 5, {4, 3}, {1, 1}, {0, 0}},
    {"kernel is image, above it", 2, 3, 4, 2, {3, 4}, {3, 1}, {1, 0}},
    {"kernel is image, beside it", 2, 3, 4, 2, {3, 4}, {1, 3}, {0, 1}},
    {"kernel over image", 2, 2, 3, 3, {4, 6}, {1, 1}, {1, 2}},
    {"odd sizes", 3, 9, 7, 5, {3, 3}, {2, 2}, {1, 1}},
    {"last rows unread", 2, 10, 7, 3, {3, 3}, {4, 2}, {0, 0}},
    {"wide", 3, 1, 12, 2, {1, 3}, {1, 2}, {0, 2}},
    {"tall", 3, 12, 1, 2, {5, 1}, {2, 1}, {4, 0}},
    {"rectangles", 2, 8, 5, 4, {4, 2}, {2, 1}, {3, 1}},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static int64_t convolved_size(const shape *s, int i)
{
    return ((i == 0 ? s->h : s->w) + 2 * s->pad[i] - s->kernel[i]) / s->stride[i] + 1;
}

/* The bias of filter o at place p of `places`. */
static double bias_at(int32_t kind, const float *b, int64_t o, int64_t places, int64_t p)
{
    return kind == GAN_BIAS_NONE ? 0 : (double)b[kind == GAN_BIAS_TIED ? o : o * places + p];
}

/* Visits each product of one sample: element `at` of the smaller image [o, small] and element
 * `from` of the larger one [c, h, w] meet in element `k` of kernels [o, c, kernel]. */
typedef void (*visit_fn)(void *user, int64_t at, int64_t from, int64_t k);

static void each_product(const shape *s, int64_t o, int64_t c, const int64_t large[2],
                         const int64_t small[2], visit_fn visit, void *user)
{
    const int64_t area = s->kernel[0] * s->kernel[1];
    for (int64_t at = 0; at < o * small[0] * small[1]; at++) {
        const int64_t f = at / small[1] / small[0], i = at / small[1] % small[0], j = at % small[1];
        for (int64_t k = 0; k < c * area; k++) {
            const int64_t channel = k / area;
            const int64_t y = i * s->stride[0] - s->pad[0] + k / s->kernel[1] % s->kernel[0];
            const int64_t x = j * s->stride[1] - s->pad[1] + k % s->kernel[1];
            if (y >= 0 && y < large[0] && x >= 0 && x < large[1]) {
                visit(user, at, (channel * large[0] + y) * large[1] + x, f * c * area + k);
            }
        }
    }
}

typedef struct {
    const float *x, *w;
    double *y;
} products;

static void gather(void *user, int64_t at, int64_t from, int64_t k)
{
    const products *p = user;
    p->y[at] += (double)p->x[from] * (double)p->w[k];
}

static void scatter(void *user, int64_t at, int64_t from, int64_t k)
{
    const products *p = user;
    p->y[from] += (double)p->x[at] * (double)p->w[k];
}

/* Finishes the network of one convolution, transposed or not, and compares it. large, small: the
 * sizes of its two sides; o, c: their channels, c of the larger */
static void check_convolution(const shape *s, int32_t layer, bool transposed, int32_t bias,
                              int64_t o, int64_t c, const int64_t large[2], const int64_t small[2])
{
    dice d = {(uint64_t)(s - shapes)};
    const int64_t filters = transposed ? c : o;
    const int64_t *size = transposed ? large : small;
    const int64_t places = size[0] * size[1], outputs = filters * places;
    const int64_t inputs = transposed ? o * small[0] * small[1] : c * large[0] * large[1];
    const int64_t weights = o * c * s->kernel[0] * s->kernel[1];
    const int64_t biases = bias == GAN_BIAS_NONE ? 0 : bias == GAN_BIAS_TIED ? filters : outputs;
    has_shape(layer, filters, size[0], size[1]);
    ok(gan_network_output(net, layer));
    ck_assert_int_eq(gan_network_parameter_count(net), biases > 0 ? 2 : 1);
    ck_assert_int_eq(gan_network_parameter_elements(net), weights + biases);
    has_parameter("layer0.weight", o, c, s->kernel[0], s->kernel[1]);
    float *x = whole_numbers(&d, SAMPLES * inputs), *w = whole_numbers(&d, weights);
    float *b = whole_numbers(&d, biases);
    ok(gan_network_set_parameter(net, "layer0.weight", w, weights));
    if (biases > 0) {
        has_parameter("layer0.bias", filters, biases == filters ? 1 : size[0],
                      biases == filters ? 1 : size[1], 0);
        ok(gan_network_set_parameter(net, "layer0.bias", b, biases));
    } else {
        fails(gan_network_set_parameter(net, "layer0.bias", b, 1), GAN_ERROR_KEY, "layer0.bias");
    }
    float *y = forward(x);
    double *wanted = new_doubles(SAMPLES * outputs);
    for (int64_t sample = 0; sample < SAMPLES; sample++) {
        products p = {x + sample * inputs, w, wanted + sample * outputs};
        each_product(s, o, c, large, small, transposed ? scatter : gather, &p);
        for (int64_t i = 0; i < outputs; i++) {
            p.y[i] += bias_at(bias, b, i / places, places, i % places);
        }
    }
    compare(s->name, SAMPLES * outputs, y, wanted, 0);
    free(wanted);
    free(y);
    free(b);
    free(w);
    free(x);
}

START_TEST(convolutions)
{
    start();
    for (int i = 0; i < SHAPES; i++) {
        const shape *s = &shapes[i];
        for (int32_t bias = GAN_BIAS_NONE; bias <= GAN_BIAS_UNTIED; bias++) {
            restart();
            const int32_t layer = gan_network_convolution(net, image(s->c, s->h, s->w), s->filters,
                                                          s->kernel, s->stride, s->pad, bias);
            const int64_t large[] = {s->h, s->w};
            const int64_t small[] = {convolved_size(s, 0), convolved_size(s, 1)};
            check_convolution(s, layer, false, bias, s->filters, s->c, large, small);
        }
    }
    finish();
}
END_TEST

/* Every size that a convolution takes to the image's, and the two next to them. */
START_TEST(transposed_convolutions)
{
    int made = 0, refused = 0;
    start();
    for (int i = 0; i < SHAPES; i++) {
        const shape *s = &shapes[i];
        const int64_t small[] = {s->h, s->w};
        const int64_t least[] = {s->stride[0] * (s->h - 1) + s->kernel[0] - 2 * s->pad[0],
                                 s->stride[1] * (s->w - 1) + s->kernel[1] - 2 * s->pad[1]};
        const int64_t choices = (s->stride[0] + 2) * (s->stride[1] + 2);
        for (int64_t choice = -1; choice < choices; choice++) { /* -1: the smallest by itself */
            const int64_t add[] = {choice < 0 ? 0 : choice / (s->stride[1] + 2) - 1,
                                   choice < 0 ? 0 : choice % (s->stride[1] + 2) - 1};
            const int64_t large[] = {least[0] + add[0], least[1] + add[1]};
            const bool positive = large[0] >= 1 && large[1] >= 1;
            const bool fits = positive && add[0] >= 0 && add[0] < s->stride[0] && add[1] >= 0 &&
                              add[1] < s->stride[1];
            const int32_t bias = (int32_t)((choice + 1) % 3);
            restart();
            const int32_t layer = gan_network_transposed_convolution(
                net, image(s->c, s->h, s->w), s->filters, s->kernel, s->stride, s->pad,
                choice < 0 ? NULL : large, bias);
            if (fits) {
                check_convolution(s, layer, true, bias, s->c, s->filters, large, small);
                made++;
            } else {
                fails(layer, positive || choice < 0 ? GAN_ERROR_SHAPE : GAN_ERROR_RANGE,
                      "transposed_convolution");
                refused++;
            }
        }
    }
    ck_assert_int_gt(made, 100);
    ck_assert_int_gt(refused, 100);
    finish();
}
END_TEST

/* NULL for stride and padding; numbers so large that they only make sense by what they do. */
START_TEST(numbers_left_out_or_huge)
{
    const int64_t kernel[] = {2, 2}, far[] = {INT64_MAX, INT64_MAX}, size[] = {5, 6};
    const float ones[20] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    float y[30];
    start();
    int32_t x = gan_network_convolution(net, image(1, 4, 5), 2, kernel, NULL, NULL, 0);
    has_shape(x, 2, 3, 4);
    x = gan_network_transposed_convolution(net, x, 1, kernel, NULL, NULL, NULL, 0);
    has_shape(x, 1, 4, 5);
    restart();
    x = gan_network_convolution(net, image(1, 4, 5), 1, kernel, far, NULL, 0);
    has_shape(x, 1, 1, 1);
    ok(gan_network_output(net, x));
    ok(gan_network_set_parameter(net, "layer0.weight", (float[]){1, 2, 4, 8}, 4));
    ok(gan_network_forward(net, 1, ones, y, 1));
    ck_assert(y[0] == 15);
    restart();
    x = gan_network_transposed_convolution(net, image(1, 1, 1), 1, kernel, far, NULL, NULL, 0);
    has_shape(x, 1, 2, 2);
    x = gan_network_convolution(net, x, 1, kernel, NULL, NULL, 0);
    x = gan_network_transposed_convolution(net, x, 1, kernel, far, NULL, size, 0);
    has_shape(x, 1, 5, 6);
    ok(gan_network_output(net, x));
    ok(gan_network_forward(net, 1, ones, y, 30));
    ck_assert(y[0] != 0 && y[1] != 0 && y[2] == 0 && y[6] != 0 && y[7] != 0 && y[12] == 0);
    finish();
}
END_TEST

/* ---- Pooling --------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    int64_t c, h, w, window[2], stride[2]; /* a stride of 0: NULL */
} pool;

static const pool pools[] = {
    {"single", 1, 1, 1, {1, 1}, {0, 0}},
    {"even", 2, 4, 6, {2, 2}, {0, 0}},
    {"cut", 2, 5, 7, {2, 3}, {0, 0}},
    {"overlapping", 3, 7, 8, {3, 3}, {2, 2}},
    {"overlapping and cut", 2, 16, 15, {4, 4}, {2, 2}},
    {"step 1", 2, 5, 4, {3, 2}, {1, 1}},
    {"apart", 2, 10, 11, {2, 3}, {4, 5}},
    {"apart, the last would start outside", 1, 5, 8, {1, 2}, {3, 4}},
    {"apart, none behind the end", 1, 9, 9, {1, 2}, {5, 8}},
    {"window over the image", 3, 3, 4, {5, 9}, {1, 2}},
    {"window over one side", 1, 3, 9, {4, 2}, {2, 1}},
    {"wide", 2, 1, 9, {1, 4}, {1, 3}},
    {"huge", 2, 3, 4, {INT64_MAX, 2}, {INT64_MAX, INT64_MAX}},
    {"all", 2, 6, 5, {6, 5}, {0, 0}},
};

/* The starts of windows: on until one reaches the end, or the next would start outside. */
static int64_t count_windows(int64_t size, int64_t window, int64_t stride)
{
    int64_t count = 1;
    for (int64_t at = 0; window < size - at && stride < size - at; at += stride) {
        count++;
    }
    return count;
}

typedef struct {
    double sum, top;
    int64_t count;
} window_content;

/* What the window at [i, j] of a plane holds. plane: [h, w] */
static window_content look_at(const pool *p, const int64_t stride[2], const float *plane, int64_t i,
                              int64_t j)
{
    window_content found = {0, -INFINITY, 0};
    for (int64_t y = i * stride[0]; y < p->h && y - i * stride[0] < p->window[0]; y++) {
        for (int64_t x = j * stride[1]; x < p->w && x - j * stride[1] < p->window[1]; x++) {
            const double value = (double)plane[y * p->w + x];
            found.sum += value;
            found.top = fmax(found.top, value);
            found.count++;
        }
    }
    return found;
}

static void check_pool(const pool *p, bool average)
{
    dice d = {(uint64_t)(p - pools)};
    const bool given = p->stride[0] > 0;
    const int64_t *stride = given ? p->stride : p->window;
    const int64_t oh = count_windows(p->h, p->window[0], stride[0]);
    const int64_t ow = count_windows(p->w, p->window[1], stride[1]);
    restart();
    const int32_t x = image(p->c, p->h, p->w);
    const int32_t layer =
        average ? gan_network_average_pool(net, x, p->window, given ? p->stride : NULL)
                : gan_network_max_pool(net, x, p->window, given ? p->stride : NULL);
    has_shape(layer, p->c, oh, ow);
    ok(gan_network_output(net, layer));
    const int64_t outputs = SAMPLES * p->c * oh * ow;
    float *in = whole_numbers(&d, SAMPLES * p->c * p->h * p->w), *y = forward(in);
    double *wanted = new_doubles(outputs);
    for (int64_t at = 0; at < outputs; at++) {
        const int64_t plane = at / ow / oh, i = at / ow % oh, j = at % ow;
        const window_content found = look_at(p, stride, in + plane * p->h * p->w, i, j);
        wanted[at] = average ? found.sum / (double)found.count : found.top;
    }
    compare(p->name, outputs, y, wanted, average ? 1e-6 : 0);
    free(wanted);
    free(y);
    free(in);
}

START_TEST(pooling)
{
    start();
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++) {
        check_pool(&pools[i], true);
    }
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++) {
        check_pool(&pools[i], false);
    }
    finish();
}
END_TEST

/* ---- Maxout over channels, upsampling -------------------------------------------------------- */

START_TEST(maxout_over_channels)
{
    static const int64_t sizes[][4] = {{1, 1, 1, 1}, {6, 2, 3, 1}, {6, 2, 3, 2},
                                       {6, 3, 2, 3}, {6, 1, 4, 6}, {10, 5, 1, 5}};
    start();
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        dice d = {s};
        const int64_t *size = sizes[s], plane = size[1] * size[2], pieces = size[3];
        restart();
        const int32_t x = image(size[0], size[1], size[2]);
        const int32_t layer = gan_network_maxout_channels(net, x, pieces);
        has_shape(layer, size[0] / pieces, size[1], size[2]);
        ok(gan_network_output(net, layer));
        float *in = whole_numbers(&d, SAMPLES * size[0] * plane), *y = forward(in);
        const int64_t outputs = SAMPLES * size[0] / pieces * plane;
        double *wanted = new_doubles(outputs);
        for (int64_t i = 0; i < outputs; i++) {
            wanted[i] = -INFINITY;
            for (int64_t k = 0; k < pieces; k++) {
                const int64_t channel = i / plane * pieces + k; /* over the whole batch */
                wanted[i] = fmax(wanted[i], (double)in[channel * plane + i % plane]);
            }
        }
        compare("maxout_channels", outputs, y, wanted, 0);
        free(wanted);
        free(y);
        free(in);
    }
    finish();
}
END_TEST

/* Element `at` of a line of `size`, stretched by `factor`: its two neighbours and the share of the
 * second. */
static void neighbours(int64_t at, int64_t size, int64_t factor, int64_t from[2], double *share)
{
    const double place = ((double)at + 0.5) / (double)factor - 0.5;
    const double below = floor(place);
    from[0] = (int64_t)fmax(below, 0);
    from[1] = (int64_t)fmin(below + 1, (double)size - 1);
    *share = place - below;
}

static double bilinear(const float *plane, int64_t h, int64_t w, int64_t factor, int64_t i,
                       int64_t j)
{
    int64_t y[2], x[2];
    double down, right;
    neighbours(i, h, factor, y, &down);
    neighbours(j, w, factor, x, &right);
    return (1 - down) * ((1 - right) * (double)plane[y[0] * w + x[0]] +
                         right * (double)plane[y[0] * w + x[1]]) +
           down * ((1 - right) * (double)plane[y[1] * w + x[0]] +
                   right * (double)plane[y[1] * w + x[1]]);
}

static void check_upsample(int64_t c, int64_t h, int64_t w, int64_t factor, const char *kind)
{
    dice d = {(uint64_t)factor};
    const bool nearest = strcmp(kind, GAN_UPSAMPLE_NEAREST) == 0;
    const int64_t oh = h * factor, ow = w * factor, outputs = SAMPLES * c * oh * ow;
    restart();
    const int32_t layer = gan_network_upsample(net, image(c, h, w), factor, kind);
    has_shape(layer, c, oh, ow);
    ok(gan_network_output(net, layer));
    float *in = whole_numbers(&d, SAMPLES * c * h * w), *y = forward(in);
    double *wanted = new_doubles(outputs);
    for (int64_t at = 0; at < outputs; at++) {
        const int64_t i = at / ow % oh, j = at % ow;
        const float *plane = in + at / ow / oh * h * w;
        wanted[at] = nearest ? (double)plane[i / factor * w + j / factor]
                             : bilinear(plane, h, w, factor, i, j);
    }
    compare(kind, outputs, y, wanted, nearest || factor == 1 ? 0 : 1e-5);
    free(wanted);
    free(y);
    free(in);
}

START_TEST(upsampling)
{
    static const int64_t sizes[][3] = {{1, 1, 1}, {2, 1, 3}, {1, 3, 1}, {2, 2, 2}, {1, 3, 4}};
    start();
    for (int64_t factor = 1; factor <= 64; factor++) {
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            if (s < 4 || factor < 9) {
                check_upsample(sizes[s][0], sizes[s][1], sizes[s][2], factor, GAN_UPSAMPLE_NEAREST);
                check_upsample(sizes[s][0], sizes[s][1], sizes[s][2], factor,
                               GAN_UPSAMPLE_BILINEAR);
            }
        }
    }
    finish();
}
END_TEST

/* ---- How parameters start -------------------------------------------------------------------- */

enum { CHANNELS = 12, FILTERS = 40, AREA = 15, FAN_IN = CHANNELS * AREA, FAN_OUT = FILTERS * AREA };
enum { WEIGHTS = CHANNELS * FAN_OUT };

/* One layer with kernels [5, 3] for 12 channels and 40 filters, finished; returns its id. */
static int32_t one_layer(bool transposed, int32_t bias)
{
    const int64_t kernel[] = {5, 3};
    restart();
    const int32_t x = image(CHANNELS, 6, 4);
    const int32_t layer =
        transposed
            ? gan_network_transposed_convolution(net, x, FILTERS, kernel, NULL, NULL, NULL, bias)
            : gan_network_convolution(net, x, FILTERS, kernel, NULL, NULL, bias);
    ok(gan_network_output(net, layer));
    return layer;
}

static float *get(const char *name, int64_t count)
{
    float *values = new_floats(count);
    ok(gan_network_get_parameter(net, name, values, count));
    return values;
}

/* The filter that weight i leads to. */
static int filter_of(bool transposed, int i)
{
    return transposed ? i / AREA % FILTERS : i / AREA / CHANNELS;
}

START_TEST(weights_follow_their_law)
{
    const double glorot = sqrt(2.0 / (FAN_IN + FAN_OUT)), he = sqrt(2.0 / FAN_IN);
    const struct {
        const char *kind;
        double a, deviation;
        bool uniform;
    } laws[] = {
        {NULL, 0, glorot, true},
        {GAN_INIT_GLOROT_NORMAL, 0.5, glorot / 2, false},
        {GAN_INIT_HE_UNIFORM, 1, he, true},
        {GAN_INIT_HE_NORMAL, 3, 3 * he, false},
    };
    start();
    for (int i = 0; i < 8; i++) {
        const int32_t layer = one_layer(i % 2, GAN_BIAS_TIED);
        const double deviation = laws[i / 2].deviation;
        if (laws[i / 2].kind != NULL) {
            ok(gan_network_set_initializer(net, layer, laws[i / 2].kind, laws[i / 2].a, 0));
        }
        ok(gan_network_initialize(net, 100 + (uint64_t)i));
        float *w = get("layer0.weight", WEIGHTS), *b = get("layer0.bias", FILTERS);
        double largest = 0, sum = 0, squares = 0;
        for (int j = 0; j < WEIGHTS; j++) {
            largest = fmax(largest, fabs((double)w[j]));
            sum += (double)w[j];
            squares += (double)w[j] * (double)w[j];
            need(b[j % FILTERS] == 0);
        }
        near(sum / WEIGHTS, 0, 5 * deviation / sqrt(WEIGHTS));
        near(sqrt(squares / WEIGHTS), deviation, 5 * deviation / sqrt(2.0 * WEIGHTS));
        near(largest, deviation * (laws[i / 2].uniform ? sqrt(3) : 4.2),
             deviation * (laws[i / 2].uniform ? 2e-3 : 1));
        free(w);
        free(b);
    }
    finish();
}
END_TEST

START_TEST(sparse_weights_are_exactly_as_many)
{
    static const int counts[] = {0, 1, 60, FAN_IN - 1, FAN_IN};
    start();
    for (int i = 0; i < 10; i++) {
        const bool transposed = i % 2;
        const int32_t layer = one_layer(transposed, GAN_BIAS_NONE);
        const int count = counts[i / 2];
        ok(gan_network_set_initializer(net, layer, GAN_INIT_SPARSE, count, 0.5));
        float *w = get("layer0.weight", WEIGHTS);
        int found[FILTERS] = {0}, places[FAN_IN] = {0};
        for (int j = 0; j < WEIGHTS; j++) {
            const int place = transposed ? j / AREA / FILTERS * AREA + j % AREA : j % FAN_IN;
            found[filter_of(transposed, j)] += w[j] != 0;
            places[place] += w[j] != 0;
        }
        for (int j = 0; j < FILTERS; j++) {
            ck_assert_int_eq(found[j], count);
        }
        const double share = count / (double)FAN_IN;
        for (int j = 0; j < FAN_IN; j++) { /* every place is as likely as another */
            near(places[j], FILTERS * share,
                 5.5 * sqrt(FILTERS * share * (1 - share)) + (count == 1 ? 3 : 1e-9));
        }
        free(w);
    }
    for (int i = 0; i < 2; i++) {
        const int32_t layer = one_layer(i, GAN_BIAS_NONE);
        fails(gan_network_set_initializer(net, layer, GAN_INIT_SPARSE, FAN_IN + 1, 1),
              GAN_ERROR_RANGE, "180 inputs");
    }
    finish();
}
END_TEST

START_TEST(constants_biases_and_names)
{
    static const int64_t biases[] = {0, FILTERS, FILTERS * 2 * 2};
    start();
    for (int32_t bias = GAN_BIAS_NONE; bias <= GAN_BIAS_UNTIED; bias++) {
        const int32_t layer = one_layer(false, bias);
        ok(gan_network_set_initializer(net, 0, GAN_INIT_CONSTANT, -0.3, 0));
        ok(gan_network_set_bias(net, 0, 1.25)); /* every bias there is */
        ok(gan_network_set_name(net, layer, "eyes"));
        float *w = get("eyes.weight", WEIGHTS);
        for (int i = 0; i < WEIGHTS; i++) {
            need(w[i] == -0.3f);
        }
        free(w);
        ck_assert_int_eq(gan_network_parameter_elements(net), WEIGHTS + biases[bias]);
        if (bias != GAN_BIAS_NONE) {
            float *b = get("eyes.bias", biases[bias]);
            for (int64_t i = 0; i < biases[bias]; i++) {
                need(b[i] == 1.25f);
            }
            free(b);
        }
        fails(gan_network_set_bias(net, layer, 1), GAN_ERROR_STATE, "already");
    }
    /* layers without biases among others: names and places stay right */
    restart();
    int32_t x = gan_network_convolution(net, image(2, 3, 3), 2, (int64_t[]){1, 1}, NULL, NULL, 0);
    x = gan_network_dense(net, x, 4);
    x = gan_network_reshape(net, x, 3, (int64_t[]){1, 2, 2});
    x = gan_network_transposed_convolution(net, x, 3, (int64_t[]){1, 1}, NULL, NULL, NULL, 0);
    x = gan_network_convolution(net, x, 2, (int64_t[]){1, 1}, NULL, NULL, GAN_BIAS_TIED);
    static const char *const names[] = {"layer0.weight", "layer1.weight", "layer1.bias",
                                        "layer2.weight", "layer3.weight", "layer3.bias"};
    ck_assert_int_eq(gan_network_parameter_count(net), 6);
    for (int32_t i = 0; i < 6; i++) {
        ck_assert_str_eq(gan_network_parameter_name(net, i), names[i]);
    }
    ok(gan_network_set_name(net, x, "last"));
    ck_assert_str_eq(gan_network_parameter_name(net, 5), "last.bias");
    fails(gan_network_set_name(net, 1, "x"), GAN_ERROR_ARGUMENT, "not a layer with parameters");
    ck_assert_int_eq(gan_network_parameter_elements(net), 4 + 18 * 4 + 4 + 3 + 6 + 2);
    finish();
}
END_TEST

START_TEST(biases_start_at_the_marginals)
{
    const uint8_t bytes[] = {0, 51, 102, 153, 204, 255};
    const int64_t kernel[] = {1, 2};
    gan_dataset *pixels;
    start();
    ok(gan_dataset_from_bytes(ctx, 1, 1, (int64_t[]){6}, bytes, &pixels));
    for (int i = 0; i < 6; i++) { /* [1, 2, 3] from [1, 2, 2], or from [1, 2, 4] */
        const int32_t bias = i / 2;
        restart();
        const int32_t x = image(1, 2, i % 2 ? 2 : 4);
        const int32_t layer =
            i % 2 ? gan_network_transposed_convolution(net, x, 1, kernel, NULL, NULL, NULL, bias)
                  : gan_network_convolution(net, x, 1, kernel, NULL, NULL, bias);
        has_shape(layer, 1, 2, 3);
        ok(gan_network_output(net, layer));
        if (bias != GAN_BIAS_UNTIED) {
            fails(gan_network_set_bias_from_marginals(net, layer, pixels), GAN_ERROR_SHAPE,
                  bias == GAN_BIAS_TIED ? "makes 6 and has 1" : "makes 6 and has 0");
            continue;
        }
        ok(gan_network_set_bias_from_marginals(net, layer, pixels));
        float *b = get("layer0.bias", 6);
        for (int j = 0; j < 6; j++) {
            const double mean = fmin(fmax(j / 5.0, 1e-7), 1 - 1e-7);
            near(b[j], log(mean / (1 - mean)), 2e-6);
        }
        free(b);
    }
    restart(); /* as many biases, but not as many as a sample has */
    const int32_t layer =
        gan_network_convolution(net, image(1, 2, 5), 1, kernel, NULL, NULL, GAN_BIAS_UNTIED);
    fails(gan_network_set_bias_from_marginals(net, layer, pixels), GAN_ERROR_SHAPE, "makes 8");
    gan_dataset_free(pixels);
    finish();
}
END_TEST

/* ---- The limit of norms ---------------------------------------------------------------------- */

START_TEST(kernels_are_limited_at_the_start)
{
    const double norm = 0.9, deviations[] = {0.067, 1e-8, 0};
    start();
    for (int i = 0; i < 6; i++) {
        const bool transposed = i % 2;
        float *draws[2];
        double squares[FILTERS] = {0};
        int over = 0;
        for (int limited = 0; limited < 2; limited++) {
            const int32_t layer = one_layer(transposed, GAN_BIAS_NONE);
            ok(gan_network_set_initializer(net, layer, GAN_INIT_NORMAL, 0, deviations[i / 2]));
            ok(gan_network_set_max_norm(net, layer, limited ? norm : 0));
            draws[limited] = get("layer0.weight", WEIGHTS);
        }
        for (int j = 0; j < WEIGHTS; j++) {
            squares[filter_of(transposed, j)] += pow((double)draws[0][j], 2);
        }
        for (int j = 0; j < WEIGHTS; j++) {
            const double length = sqrt(squares[filter_of(transposed, j)]);
            const double wanted = (double)draws[0][j] * fmin(length, norm) / (1e-7 + length);
            near(draws[1][j], wanted, 1e-6 * fabs(wanted));
            over += length > norm;
        }
        if (i < 2) { /* some are, some are not */
            ck_assert(over > 0 && over < WEIGHTS);
        }
        free(draws[0]);
        free(draws[1]);
    }
    finish();
}
END_TEST

enum { PIXELS_IN = CHANNELS * 6 * 4, STEP_SAMPLES = 4 };

/* A discriminator of one layer for images and a logit, with these weights of the layer, after one
 * step against a generator; the weights then. w: [WEIGHTS]; the caller frees them */
static float *after_a_step(bool transposed, double norm, const float *w)
{
    const int64_t kernel[] = {5, 3};
    float x[STEP_SAMPLES * PIXELS_IN], z[STEP_SAMPLES];
    gan_network *G;
    gan_trainer *trainer;
    dice d = {4};
    restart();
    int32_t h = image(CHANNELS, 6, 4);
    h = transposed ? gan_network_transposed_convolution(net, h, FILTERS, kernel, NULL, NULL, NULL,
                                                        GAN_BIAS_TIED)
                   : gan_network_convolution(net, h, FILTERS, kernel, NULL, NULL, GAN_BIAS_TIED);
    ok(gan_network_set_max_norm(net, h, norm));
    ok(gan_network_output(net, gan_network_dense(net, h, 1)));
    ok(gan_network_create(ctx, "G", &G));
    h = gan_network_dense(G, gan_network_input(G, "z", 1, (int64_t[]){1}), PIXELS_IN);
    ok(gan_network_output(G, h));
    ok(gan_network_set_parameter(net, "layer0.weight", w, WEIGHTS));
    ok(gan_trainer_create(G, net, NULL, &trainer));
    roll_array(&d, STEP_SAMPLES * PIXELS_IN, -3, 3, x);
    roll_array(&d, STEP_SAMPLES, -1, 1, z);
    ok(gan_trainer_step(trainer, STEP_SAMPLES, x, z, z));
    gan_trainer_free(trainer);
    gan_network_free(G);
    return get("layer0.weight", WEIGHTS);
}

/* The same update with a limit and without: the limited weights are what the limit makes of the
 * others. */
START_TEST(kernels_are_limited_exactly_after_an_update)
{
    const double norm = 0.75;
    start();
    for (int transposed = 0; transposed < 2; transposed++) {
        dice d = {(uint64_t)transposed};
        float *w = new_floats(WEIGHTS);
        double squares[FILTERS] = {0};
        int over = 0;
        roll_array(&d, WEIGHTS, -0.1, 0.1, w);
        for (int j = 0; j < WEIGHTS; j++) { /* some filters are far below the limit */
            w[j] *= filter_of(transposed, j) % 3 == 0 ? 0.1f : 1;
        }
        float *unlimited = after_a_step(transposed, 0, w), *got = after_a_step(transposed, norm, w);
        for (int j = 0; j < WEIGHTS; j++) {
            squares[filter_of(transposed, j)] += pow((double)unlimited[j], 2);
            need(unlimited[j] != w[j]);
        }
        for (int j = 0; j < WEIGHTS; j++) {
            const double length = sqrt(squares[filter_of(transposed, j)]);
            const double wanted = (double)unlimited[j] * fmin(length, norm) / (1e-7 + length);
            near(got[j], wanted, 1e-6 * fabs(wanted) + 1e-30);
            over += length > norm;
        }
        ck_assert(over > WEIGHTS / 10 && over < WEIGHTS * 9 / 10);
        free(got);
        free(unlimited);
        free(w);
    }
    finish();
}
END_TEST

/* The largest norm of the weights [outer, units, inner] that lead to a unit. */
static double largest_norm(gan_network *network, const char *name, int outer, int units, int inner)
{
    float w[256];
    double largest = 0;
    ok(gan_network_get_parameter(network, name, w, 256));
    for (int u = 0; u < units; u++) {
        double squares = 0;
        for (int i = 0; i < outer * inner; i++) {
            squares += pow((double)w[(i / inner * units + u) * inner + i % inner], 2);
        }
        largest = fmax(largest, sqrt(squares));
    }
    return largest;
}

/* D of the tests of training: every layer of images, [2, 4, 4] -> logit. */
static int32_t make_discriminator(gan_network *D)
{
    const int64_t two[] = {2, 2}, one[] = {1, 1};
    int32_t x = gan_network_input(D, "x", 3, (int64_t[]){2, 4, 4});
    x = gan_network_convolution(D, x, 4, two, NULL, one, GAN_BIAS_UNTIED);    /* [4, 5, 5] */
    x = gan_network_maxout_channels(D, x, 2);                                 /* [2, 5, 5] */
    x = gan_network_upsample(D, x, 2, GAN_UPSAMPLE_BILINEAR);                 /* [2, 10, 10] */
    x = gan_network_average_pool(D, x, (int64_t[]){3, 3}, (int64_t[]){2, 2}); /* [2, 5, 5] */
    x = gan_network_upsample(D, x, 2, GAN_UPSAMPLE_NEAREST);                  /* [2, 10, 10] */
    x = gan_network_max_pool(D, x, (int64_t[]){3, 3}, (int64_t[]){3, 3});     /* [2, 4, 4] */
    x = gan_network_transposed_convolution(D, x, 3, two, two, NULL, NULL, GAN_BIAS_TIED);
    x = gan_network_convolution(D, x, 2, two, two, NULL, GAN_BIAS_NONE);
    return gan_network_output(D, gan_network_dense(D, x, 1));
}

static int32_t make_generator(gan_network *G)
{
    int32_t z = gan_network_input(G, "z", 1, (int64_t[]){3});
    z = gan_network_reshape(G, gan_network_relu(G, gan_network_dense(G, z, 12)), 3,
                            (int64_t[]){3, 2, 2});
    z = gan_network_transposed_convolution(G, z, 2, (int64_t[]){2, 2}, (int64_t[]){2, 2}, NULL,
                                           NULL, GAN_BIAS_UNTIED);
    return gan_network_output(G, gan_network_tanh(G, z));
}

START_TEST(kernels_are_limited_after_each_update)
{
    gan_network *G;
    gan_optimizer *optimizer;
    gan_trainer *trainer;
    float x[4 * 32], z[4 * 3], before[24];
    dice d = {4};
    start();
    ok(gan_network_create(ctx, "G", &G));
    ok(make_generator(G));
    ok(make_discriminator(net));
    ok(gan_network_set_max_norm(net, 0, 0.4));
    ok(gan_trainer_create(G, net, NULL, &trainer));
    ok(gan_optimizer_create(ctx, GAN_SGD, &optimizer));
    ok(gan_optimizer_set_number(optimizer, GAN_LEARNING_RATE, 2));
    ok(gan_trainer_set_discriminator_optimizer(trainer, optimizer));
    ok(gan_network_get_parameter(net, "layer1.weight", before, 24));
    double lowest = 1;
    for (int i = 0; i < 20; i++) {
        roll_array(&d, 4 * 32, -3, 3, x);
        roll_array(&d, 4 * 3, -1, 1, z);
        ok(gan_trainer_step(trainer, 4, x, z, z));
        const double norms[] = {largest_norm(net, "layer0.weight", 1, 4, 8),
                                largest_norm(net, "layer1.weight", 2, 3, 4),
                                largest_norm(net, "layer2.weight", 1, 2, 12)};
        for (int j = 0; j < 3; j++) {
            need(norms[j] <= 0.4 * (1 + 1e-6));
            lowest = fmin(lowest, norms[j]);
        }
    }
    ck_assert_double_gt(lowest, 0.2);
    float after[24];
    ok(gan_network_get_parameter(net, "layer1.weight", after, 24));
    for (int i = 0; i < 24; i++) {
        need(after[i] != before[i]);
    }
    gan_trainer_free(trainer);
    gan_optimizer_free(optimizer);
    gan_network_free(G);
    finish();
}
END_TEST

/* ---- Misuse ---------------------------------------------------------------------------------- */

/* A call on the image x: [4, 5, 6] or on the vector v: [6] of a new network fails, and that sticks.
 */
#define refused(code, text, call)                         \
    do {                                                  \
        restart();                                        \
        x = image(4, 5, 6);                               \
        v = gan_network_dense(net, x, 6);                 \
        fails(call, code, text);                          \
        fails(gan_network_output(net, x), code, text);    \
        ck_assert_int_eq(gan_network_relu(net, x), code); \
    } while (0)

START_TEST(bad_convolutions_are_refused)
{
    const int64_t one[] = {1, 1}, none[] = {1, 0}, two[] = {2, 2}, tall[] = {6, 1}, most[] = {5, 6};
    const int64_t huge[] = {INT64_MAX, 1}, wide[] = {1, INT64_MAX}, minus[] = {0, -1},
                  large[] = {50000, 50000}, far[] = {1 << 30, 1 << 30}, long_row[] = {5, 9},
                  under[] = {0, INT64_MAX - 1}, endless[] = {5, INT64_MAX};
    int32_t x, v;
    start();
#define conv(in, filters, kernel, stride, pad, bias) \
    gan_network_convolution(net, in, filters, kernel, stride, pad, bias)
    refused(GAN_ERROR_ARGUMENT, "convolution: no tensor 3", conv(3, 1, one, NULL, NULL, 0));
    refused(GAN_ERROR_ARGUMENT, "convolution: kernel", conv(x, 1, NULL, NULL, NULL, 0));
    refused(GAN_ERROR_SHAPE, "[6] is no image", conv(v, 1, one, NULL, NULL, 0));
    refused(GAN_ERROR_RANGE, "0 filters", conv(x, 0, one, NULL, NULL, 0));
    refused(GAN_ERROR_RANGE, "kernel 0", conv(x, 1, none, NULL, NULL, 0));
    refused(GAN_ERROR_RANGE, "stride 0", conv(x, 1, one, none, NULL, 0));
    refused(GAN_ERROR_RANGE, "padding -1", conv(x, 1, one, NULL, minus, 0));
    refused(GAN_ERROR_RANGE, "padding 2", conv(x, 1, two, NULL, two, 0));
    refused(GAN_ERROR_RANGE, "bias 3", conv(x, 1, one, NULL, NULL, 3));
    refused(GAN_ERROR_RANGE, "bias -1", conv(x, 1, one, NULL, NULL, -1));
    refused(GAN_ERROR_SHAPE, "height 5", conv(x, 1, tall, NULL, NULL, 0));
    refused(GAN_ERROR_SHAPE, "width 6", conv(x, 1, long_row, NULL, NULL, 0));
    refused(GAN_ERROR_SHAPE, "too large", conv(x, 1, huge, NULL, NULL, 0));
    refused(GAN_ERROR_SHAPE, "too large", conv(x, 1, wide, NULL, under, 0));
    refused(GAN_ERROR_SHAPE, "elements", conv(x, INT64_MAX, most, NULL, NULL, 0));
    refused(GAN_ERROR_SHAPE, "elements", conv(x, 100000000, one, NULL, NULL, 0));
#undef conv
#define back(in, filters, kernel, stride, pad, out, bias) \
    gan_network_transposed_convolution(net, in, filters, kernel, stride, pad, out, bias)
    refused(GAN_ERROR_ARGUMENT, "no tensor 0", back(0, 1, one, NULL, NULL, NULL, 0));
    refused(GAN_ERROR_ARGUMENT, "kernel is NULL", back(x, 1, NULL, NULL, NULL, NULL, 0));
    refused(GAN_ERROR_SHAPE, "[6] is no image", back(v, 1, one, NULL, NULL, NULL, 0));
    refused(GAN_ERROR_RANGE, "-3 filters", back(x, -3, one, NULL, NULL, NULL, 0));
    refused(GAN_ERROR_RANGE, "kernel 0", back(x, 1, none, NULL, NULL, NULL, 0));
    refused(GAN_ERROR_RANGE, "stride 0", back(x, 1, one, none, NULL, NULL, 0));
    refused(GAN_ERROR_RANGE, "padding 1", back(x, 1, one, NULL, one, NULL, 0));
    refused(GAN_ERROR_RANGE, "bias 9", back(x, 1, one, NULL, NULL, NULL, 9));
    refused(GAN_ERROR_RANGE, "output [1, 0]", back(x, 1, one, NULL, NULL, none, 0));
    refused(GAN_ERROR_SHAPE, "height 2 to 5", back(x, 1, one, NULL, NULL, two, 0));
    refused(GAN_ERROR_SHAPE, "too large", back(x, 1, one, huge, NULL, NULL, 0));
    refused(GAN_ERROR_SHAPE, "too large", back(x, 1, one, far, NULL, NULL, 0));
    refused(GAN_ERROR_SHAPE, "too large", back(x, 1, one, NULL, NULL, endless, 0));
    refused(GAN_ERROR_SHAPE, "elements", back(x, 1 << 20, large, NULL, NULL, NULL, 0));
    refused(GAN_ERROR_SHAPE, "elements", back(x, INT64_MAX, one, NULL, NULL, NULL, 0));
#undef back
    finish();
}
END_TEST

/* What the engine could not do, although each sample would be small enough. */
START_TEST(limits_of_the_engine)
{
    const int64_t wide[] = {1, 50000}, long_row[] = {1, 40000}, padding[] = {0, 39999},
                  area[] = {50000, 50000}, rows[] = {49999, 49999}, leap[] = {60000, 60000},
                  one[] = {1, 1};
    start();
    fails(gan_network_convolution(net, image(1, 1, 100000), 1, wide, NULL, NULL, 0),
          GAN_ERROR_SHAPE, "too large");
    restart();
    fails(
        gan_network_transposed_convolution(net, image(1, 1, 100000), 1, wide, NULL, NULL, NULL, 0),
        GAN_ERROR_SHAPE, "too large");
    restart();
    fails(gan_network_average_pool(net, image(1, 1, 100000), wide, one), GAN_ERROR_SHAPE,
          "too large");
    restart();
    fails(gan_network_convolution(net, image(1, 3, 3), 1, area, leap, rows, 0), GAN_ERROR_SHAPE,
          "too large");
    restart();
    has_shape(gan_network_convolution(net, image(1, 1, 3), 1, long_row, NULL, padding, 0), 1, 1,
              3 + 39999);
    restart();
    has_shape(gan_network_max_pool(net, image(1, 1, 100000), wide, one), 1, 1, 50001);
    finish();
}
END_TEST

START_TEST(other_bad_calls_are_refused)
{
    const int64_t one[] = {1, 1}, none[] = {0, 1};
    int32_t x, v;
    start();
    refused(GAN_ERROR_ARGUMENT, "max_pool: no tensor 5", gan_network_max_pool(net, 5, one, one));
    refused(GAN_ERROR_ARGUMENT, "max_pool: window", gan_network_max_pool(net, x, NULL, one));
    refused(GAN_ERROR_RANGE, "window 0", gan_network_max_pool(net, x, none, NULL));
    refused(GAN_ERROR_RANGE, "stride 0", gan_network_max_pool(net, x, one, none));
    refused(GAN_ERROR_SHAPE, "max_pool: [6]", gan_network_max_pool(net, v, one, NULL));
    refused(GAN_ERROR_ARGUMENT, "average_pool: no", gan_network_average_pool(net, -1, one, one));
    refused(GAN_ERROR_ARGUMENT, "window", gan_network_average_pool(net, x, NULL, NULL));
    refused(GAN_ERROR_RANGE, "window 0", gan_network_average_pool(net, x, none, one));
    refused(GAN_ERROR_RANGE, "stride 0", gan_network_average_pool(net, x, one, none));
    refused(GAN_ERROR_SHAPE, "average_pool: [6]", gan_network_average_pool(net, v, one, NULL));
    refused(GAN_ERROR_ARGUMENT, "no tensor 9", gan_network_maxout_channels(net, 9, 1));
    refused(GAN_ERROR_RANGE, "0 pieces", gan_network_maxout_channels(net, x, 0));
    refused(GAN_ERROR_SHAPE, "4 channels", gan_network_maxout_channels(net, x, 3));
    refused(GAN_ERROR_SHAPE, "4 channels", gan_network_maxout_channels(net, x, INT64_MAX));
    refused(GAN_ERROR_SHAPE, "no image", gan_network_maxout_channels(net, v, 2));
    refused(GAN_ERROR_ARGUMENT, "no tensor 9", gan_network_upsample(net, 9, 2, "nearest"));
    refused(GAN_ERROR_ARGUMENT, "kind is NULL", gan_network_upsample(net, x, 2, NULL));
    refused(GAN_ERROR_KEY, "no kind \"cubic\"", gan_network_upsample(net, x, 2, "cubic"));
    refused(GAN_ERROR_RANGE, "factor 0", gan_network_upsample(net, x, 0, "nearest"));
    refused(GAN_ERROR_RANGE, "factor 65", gan_network_upsample(net, x, 65, "bilinear"));
    refused(GAN_ERROR_SHAPE, "no image", gan_network_upsample(net, v, 2, "nearest"));
    restart();
    fails(gan_network_upsample(net, image(1, 1 << 15, 1 << 15), 2, "nearest"), GAN_ERROR_SHAPE,
          "elements");
    ck_assert_int_eq(gan_network_convolution(NULL, 1, 1, one, NULL, NULL, 0), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_transposed_convolution(NULL, 1, 1, one, NULL, NULL, NULL, 0),
                     GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_max_pool(NULL, 1, one, NULL), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_average_pool(NULL, 1, one, NULL), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_maxout_channels(NULL, 1, 1), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_upsample(NULL, 1, 1, "nearest"), GAN_ERROR_ARGUMENT);
    finish();
}
END_TEST

START_TEST(a_finished_network_takes_no_more)
{
    const int64_t one[] = {1, 1};
    float before, after;
    start();
    const int32_t x = image(1, 1, 1);
    ok(gan_network_output(net, gan_network_convolution(net, x, 1, one, NULL, NULL, 0)));
    ok(gan_network_forward(net, 1, (float[]){3}, &before, 1));
    const int32_t codes[] = {
        gan_network_convolution(net, x, 1, one, NULL, NULL, 0),
        gan_network_transposed_convolution(net, x, 1, one, NULL, NULL, NULL, 0),
        gan_network_max_pool(net, x, one, one),
        gan_network_average_pool(net, x, one, one),
        gan_network_maxout_channels(net, x, 1),
        gan_network_upsample(net, x, 1, "nearest"),
        gan_network_upsample(net, x, 99, NULL),
    };
    for (int i = 0; i < 7; i++) {
        ck_assert_int_eq(codes[i], GAN_ERROR_STATE);
    }
    ck_assert_int_eq(gan_network_parameter_count(net), 1);
    ok(gan_network_forward(net, 1, (float[]){3}, &after, 1));
    ck_assert(before == after);
    finish();
}
END_TEST

START_TEST(shapes_of_tensors)
{
    int32_t rank = 77;
    int64_t dims[GAN_RANK_MAX] = {0};
    start();
    fails(gan_network_tensor_shape(net, 1, &rank, dims, 5), GAN_ERROR_ARGUMENT, "no tensor 1");
    int32_t x = gan_network_input(net, "x", 5, (int64_t[]){2, 3, 4, 5, 6});
    ok(gan_network_tensor_shape(net, x, &rank, dims, 5));
    ck_assert(rank == 5 && dims[0] == 2 && dims[1] == 3 && dims[3] == 5 && dims[4] == 6);
    x = gan_network_dense(net, x, 7);
    ok(gan_network_tensor_shape(net, x, &rank, dims, 1));
    ck_assert(rank == 1 && dims[0] == 7 && dims[1] == 3);
    fails(gan_network_tensor_shape(net, 1, &rank, NULL, 4), GAN_ERROR_BUFFER, "5 dimensions");
    ck_assert_int_eq(rank, 5);
    fails(gan_network_tensor_shape(net, 1, &rank, NULL, 5), GAN_ERROR_ARGUMENT, "dims is NULL");
    fails(gan_network_tensor_shape(net, 1, NULL, dims, 5), GAN_ERROR_ARGUMENT, "rank is NULL");
    fails(gan_network_tensor_shape(net, 3, &rank, dims, 5), GAN_ERROR_ARGUMENT, "no tensor 3");
    fails(gan_network_tensor_shape(net, -2, &rank, dims, 5), GAN_ERROR_ARGUMENT, "no tensor -2");
    ck_assert_int_eq(gan_network_tensor_shape(NULL, 1, &rank, dims, 5), GAN_ERROR_ARGUMENT);
    ok(gan_network_tensor_shape(net, x, &rank, dims, 1)); /* none of these stuck */
    ok(gan_network_output(net, x));
    ok(gan_network_tensor_shape(net, x, &rank, dims, 1)); /* finished networks have tensors, too */
    restart();
    x = gan_network_dense(net, image(1, 1, 1), -1);
    fails(gan_network_tensor_shape(net, x, &rank, dims, 5), GAN_ERROR_RANGE, "-1 units");
    finish();
}
END_TEST

/* ---- Memory that runs out -------------------------------------------------------------------- */

enum { OUT = 64 };

#define TRY(call)                      \
    do {                               \
        const int32_t status = (call); \
        if (status != GAN_OK) {        \
            return status;             \
        }                              \
    } while (0)

/* Two networks, a step of training, samples and logits. */
static int32_t live(gan_network **G, gan_network **D, gan_trainer **trainer, float *out)
{
    float x[2 * 32], z[2 * 3];
    dice d = {1};
    roll_array(&d, 2 * 32, 0, 1, x);
    roll_array(&d, 2 * 3, -1, 1, z);
    TRY(gan_network_create(ctx, "G", G));
    TRY(gan_network_create(ctx, "D", D));
    TRY(make_generator(*G));
    TRY(make_discriminator(*D));
    TRY(gan_network_set_max_norm(*D, 0, 1));
    TRY(gan_network_set_initializer(*G, 0, GAN_INIT_SPARSE, 2, 0.5));
    TRY(gan_network_initialize(*G, 5));
    TRY(gan_trainer_create(*G, *D, NULL, trainer));
    TRY(gan_trainer_step(*trainer, 2, x, z, z));
    TRY(gan_network_sample(*G, 1, 1, out, 32));
    return gan_network_forward(*D, 2, x, out + 32, 2);
}

static int32_t live_and_end(float *out)
{
    gan_network *G = NULL, *D = NULL;
    gan_trainer *trainer = NULL;
    const int32_t status = live(&G, &D, &trainer, out);
    gan_trainer_free(trainer);
    gan_network_free(G);
    gan_network_free(D);
    return status;
}

START_TEST(memory_that_runs_out)
{
    float wanted[OUT] = {0}, out[OUT] = {0};
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, 1)); /* whose memory is not needed */
    ok(live_and_end(wanted));
    const int64_t calls = own.calls;
    end_context(ctx, &own);
    ck_assert_int_gt(calls, 50);
    for (int64_t i = 2; i <= calls; i++) { /* the first is the context's */
        ctx = new_context(&own);
        ok(gan_context_set_threads(ctx, 1));
        own.fail_at = i;
        fails(live_and_end(out), GAN_ERROR_MEMORY, "out of memory");
        ok(live_and_end(out)); /* the heap fails once */
        ck_assert(memcmp(out, wanted, sizeof out) == 0);
        end_context(ctx, &own);
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("layers_image", convolutions, transposed_convolutions,
                     numbers_left_out_or_huge, pooling, maxout_over_channels, upsampling,
                     weights_follow_their_law, sparse_weights_are_exactly_as_many,
                     constants_biases_and_names, biases_start_at_the_marginals,
                     kernels_are_limited_at_the_start, kernels_are_limited_exactly_after_an_update,
                     kernels_are_limited_after_each_update, bad_convolutions_are_refused,
                     limits_of_the_engine, other_bad_calls_are_refused,
                     a_finished_network_takes_no_more, shapes_of_tensors, memory_that_runs_out);
}
