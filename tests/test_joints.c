/* Layers that look at the whole batch, and joints: each one against a loop over all indices, for
 * batches of several sizes; their parameters and settings; copies; files; threads; misuse; memory
 * that runs out. */
#include "training.h"

#include "nn/network.h"

/* ---- What every test starts from ------------------------------------------------------------- */

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

static float *new_floats(int64_t n)
{
    float *values = calloc((size_t)n + 1, sizeof *values);
    ck_assert_ptr_nonnull(values);
    return values;
}

static float *some_floats(uint64_t seed, int64_t n)
{
    dice d = {seed};
    float *values = new_floats(n);
    roll_array(&d, n, -1, 1, values);
    return values;
}

static double *new_doubles(int64_t n)
{
    double *values = calloc((size_t)n + 1, sizeof *values);
    ck_assert_ptr_nonnull(values);
    return values;
}

static void has_shape(int32_t x, int32_t rank, const int64_t *wanted)
{
    int32_t is = 0;
    int64_t dims[5] = {0};
    ok(gan_network_tensor_shape(net, x, &is, dims, 5));
    ck_assert_int_eq(is, rank);
    for (int32_t i = 0; i < rank; i++) {
        ck_assert_int_eq(dims[i], wanted[i]);
    }
}

static void has_parameter(int32_t index, const char *name, int64_t rows, int64_t columns)
{
    int32_t rank = 0;
    int64_t dims[5] = {0};
    const char *is = gan_network_parameter_name(net, index);
    need(is != NULL);
    ck_assert_str_eq(is, name);
    ok(gan_network_parameter_shape(net, name, &rank, dims, 5));
    need(rank == 2 && dims[0] == rows && dims[1] == columns);
}

/* The finished network's output for one batch of m samples, whatever m is. The caller frees it. */
static float *forward(int64_t m, const float *x)
{
    enum { SLOT_VALUES, SLOT_X, SLOT_Y };
    ok(gan__network_prepare(net, 3));
    gan__graph graph = gan__graph_create(ctx);
    int32_t leaves[16];
    need(net->parameter_count <= 16);
    gan__network_leaves(net, &graph, SLOT_VALUES, leaves);
    const gan__build build = {.parameters = leaves};
    const int32_t input = gan__leaf(&graph, SLOT_X, 0, gan__batch_shape(m, net->layers[0].shape));
    const int32_t y = gan__network_build(net, &graph, &build, input);
    need(y >= 0);
    const gan__shape wanted = gan__batch_shape(m, net->layers[net->output - 1].shape);
    need(gan__shape_equal(gan__node_shape(&graph, y), wanted));
    gan__plan *plan;
    ok(gan__plan_create(&graph, 1, &(gan__output){y, SLOT_Y, 0}, GAN__PLAN_FUSED, &plan));
    float *result = new_floats(m * gan_network_output_elements(net));
    real *workspace = new_reals(gan__plan_workspace(plan));
    float *inputs = new_floats(m * gan_network_input_elements(net));
    memcpy(inputs, x, (size_t)(m * gan_network_input_elements(net)) * sizeof *x);
    gan__plan_run(plan, &(gan__arguments){.slots = (real *[]){net->values, inputs, result},
                                          .workspace = workspace});
    free(inputs);
    free(workspace);
    gan__plan_free(plan);
    gan__graph_free(&graph);
    return result;
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

static const int64_t batches[] = {1, 2, 3, 4, 6, 7, 12, 64};

enum { BATCHES = sizeof batches / sizeof batches[0] };

/* ---- Embedding ------------------------------------------------------------------------------- */

START_TEST(embedding_is_a_row)
{
    start();
    const int32_t x = gan_network_input(net, "y", 2, (int64_t[]){5, 2});
    const int32_t e = gan_network_embedding(net, x, 300);
    has_shape(e, 1, (int64_t[]){300});
    ok(gan_network_output(net, e));
    need(gan_network_parameter_count(net) == 1 && gan_network_parameter_elements(net) == 3000);
    has_parameter(0, "layer0.weight", 10, 300);
    float w[3000];
    ok(gan_network_get_parameter(net, "layer0.weight", w, 3000));
    double mean = 0, square = 0;
    for (int32_t i = 0; i < 3000; i++) {
        mean += (double)w[i] / 3000;
        square += (double)w[i] * (double)w[i] / 3000;
    }
    near(mean, 0, 5 / sqrt(3000)); /* five deviations of each */
    near(square, 1, 5 * sqrt(2.0 / 3000));
    float one_hot[10 * 10] = {0};
    for (int32_t c = 0; c < 10; c++) {
        one_hot[c * 10 + c] = 1;
    }
    float *y = forward(10, one_hot);
    need(memcmp(y, w, sizeof w) == 0);
    free(y);
    y = new_floats(10 * 300);
    ok(gan_network_forward(net, 10, one_hot, y, 3000));
    need(memcmp(y, w, sizeof w) == 0);
    free(y);
    finish();
}
END_TEST

/* ---- Minibatch deviation --------------------------------------------------------------------- */

/* x: [m, n] to the deviation of each sample's group: [m] */
static void deviations(int64_t m, int64_t n, int64_t group, const float *x, double *out)
{
    int64_t g = m;
    while (g > group || m % g != 0) {
        g--;
    }
    for (int64_t first = 0; first < m; first += g) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++) {
            double mean = 0, square = 0;
            for (int64_t i = first; i < first + g; i++) {
                mean += (double)x[i * n + j] / (double)g;
            }
            for (int64_t i = first; i < first + g; i++) {
                const double apart = (double)x[i * n + j] - mean;
                square += apart * apart / (double)g;
            }
            sum += sqrt(square + 1e-8);
        }
        for (int64_t i = first; i < first + g; i++) {
            out[i] = sum / (double)n;
        }
    }
}

static void check_deviation(int64_t m, gan__shape shape, int64_t group)
{
    restart();
    const int32_t x = gan_network_input(net, "x", shape.rank, shape.dims);
    const int32_t y = gan_network_minibatch_deviation(net, x, group);
    ok(gan_network_output(net, y));
    const int64_t n = gan__shape_elements(shape);
    const int64_t area = shape.rank == 3 ? shape.dims[1] * shape.dims[2] : 1;
    if (shape.rank == 3) {
        has_shape(y, 3, (int64_t[]){shape.dims[0] + 1, shape.dims[1], shape.dims[2]});
    } else {
        has_shape(y, 1, (int64_t[]){n + 1});
    }
    float *in = some_floats((uint64_t)m, m * n);
    float *out = forward(m, in);
    double *each = new_doubles(m), *wanted = new_doubles(m * (n + area));
    deviations(m, n, group, in, each);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n + area; j++) {
            wanted[i * (n + area) + j] = j < n ? (double)in[i * n + j] : each[i];
        }
        need(memcmp(out + i * (n + area), in + i * n, (size_t)n * sizeof *in) == 0);
    }
    compare("deviation", m * (n + area), out, wanted, 1e-6);
    if (group == 1 || m == 1) {
        near(each[0], 1e-4, 1e-12);
        near(out[n], 1e-4, 1e-10);
    }
    free(wanted);
    free(each);
    free(out);
    free(in);
}

START_TEST(deviation_of_groups)
{
    static const int64_t groups[] = {1, 2, 3, 4, 5, 6, 64, INT64_MAX};
    static const gan__shape shapes[] = {{1, {1}},       {1, {7}},       {2, {3, 2}},
                                        {3, {1, 1, 1}}, {3, {2, 3, 4}}, {5, {1, 2, 1, 3, 1}}};
    start();
    for (int32_t b = 0; b < BATCHES; b++) {
        for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
            for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
                check_deviation(batches[b], shapes[s], groups[g]);
            }
        }
    }
    finish();
}
END_TEST

/* ---- Minibatch discrimination ---------------------------------------------------------------- */

/* M = x T: [m, kernels dims], then the sums over the other samples: [m, kernels] */
static void similarities(int64_t m, int64_t n, int64_t kernels, int64_t dims, const float *x,
                         const float *t, double *out)
{
    const int64_t columns = kernels * dims;
    double *matrices = new_doubles(m * columns);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t c = 0; c < columns; c++) {
            for (int64_t j = 0; j < n; j++) {
                matrices[i * columns + c] += (double)x[i * n + j] * (double)t[j * columns + c];
            }
        }
    }
    for (int64_t i = 0; i < m; i++) {
        for (int64_t b = 0; b < kernels; b++) {
            out[i * kernels + b] = 0;
            for (int64_t j = 0; j < m; j++) {
                double distance = 0;
                for (int64_t c = b * dims; c < (b + 1) * dims; c++) {
                    distance += fabs(matrices[i * columns + c] - matrices[j * columns + c]);
                }
                out[i * kernels + b] += j != i ? exp(-distance) : 0;
            }
        }
    }
    free(matrices);
}

static void check_discrimination(int64_t m, gan__shape shape, int64_t kernels, int64_t dims)
{
    restart();
    const int32_t x = gan_network_input(net, "x", shape.rank, shape.dims);
    const int32_t y = gan_network_minibatch_discrimination(net, x, kernels, dims);
    const int64_t n = gan__shape_elements(shape), outputs = n + kernels;
    has_shape(y, 1, (int64_t[]){outputs});
    ok(gan_network_output(net, y));
    need(gan_network_parameter_count(net) == 1);
    has_parameter(0, "layer0.weight", n, kernels * dims);
    float *in = some_floats((uint64_t)(m + kernels), m * n);
    float *t = new_floats(n * kernels * dims);
    ok(gan_network_get_parameter(net, "layer0.weight", t, n * kernels * dims));
    float *out = forward(m, in);
    double *sums = new_doubles(m * kernels), *wanted = new_doubles(m * outputs);
    similarities(m, n, kernels, dims, in, t, sums);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < outputs; j++) {
            wanted[i * outputs + j] = j < n ? (double)in[i * n + j] : sums[i * kernels + j - n];
        }
        need(memcmp(out + i * outputs, in + i * n, (size_t)n * sizeof *in) == 0);
    }
    compare("discrimination", m * outputs, out, wanted, 1e-6 * (double)m);
    if (m == 1) {
        need(out[n] == 0);
    }
    free(wanted);
    free(sums);
    free(out);
    free(t);
    free(in);
}

START_TEST(discrimination_of_batches)
{
    static const int64_t sizes[][2] = {{1, 1}, {3, 2}, {2, 5}, {1, 16}, {2, 17}, {2, 70}, {9, 1}};
    static const gan__shape shapes[] = {{1, {1}}, {1, {6}}, {3, {2, 2, 3}}};
    start();
    for (int32_t b = 0; b < BATCHES; b++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
                check_discrimination(batches[b], shapes[s], sizes[i][0], sizes[i][1]);
            }
        }
    }
    finish();
}
END_TEST

/* A sample that is far from all others has a small sum, not one that drowns in its own exp(0). */
START_TEST(discrimination_keeps_small_numbers)
{
    start();
    const int32_t x = gan_network_input(net, "x", 1, (int64_t[]){1});
    const int32_t y = gan_network_minibatch_discrimination(net, x, 1, 2);
    ok(gan_network_set_initializer(net, y, GAN_INIT_CONSTANT, 1, 0));
    ok(gan_network_output(net, y));
    float *out = forward(3, (float[]){0, 10, 10});
    near(out[1], 2 * exp(-20), 1e-15);
    near(out[3], 1 + exp(-20), 1e-6);
    need(out[3] == out[5]);
    free(out);
    finish();
}
END_TEST

/* ---- Joints ---------------------------------------------------------------------------------- */

static void check_add(int64_t m, gan__shape shape)
{
    restart();
    const int64_t n = gan__shape_elements(shape);
    const int32_t x = gan_network_input(net, "x", shape.rank, shape.dims);
    const int32_t y = gan_network_affine(net, x, 3, 1);
    const int32_t sum = gan_network_add(net, x, gan_network_add(net, y, y));
    has_shape(sum, shape.rank, shape.dims);
    ok(gan_network_output(net, sum));
    float *in = some_floats(1, m * n), *out = forward(m, in);
    double *wanted = new_doubles(m * n);
    for (int64_t i = 0; i < m * n; i++) {
        wanted[i] = 7 * (double)in[i] + 2;
    }
    compare("add", m * n, out, wanted, 2e-6);
    free(wanted);
    free(out);
    free(in);
}

/* Of x: [2, n] as two tensors of different shapes. */
static void check_inner_product(int64_t m, int64_t n)
{
    restart();
    const int32_t x = gan_network_input(net, "x", 1, (int64_t[]){n});
    const int32_t flat = gan_network_affine(net, x, 2, -1);
    const int32_t image = gan_network_reshape(net, x, 3, (int64_t[]){1, n, 1});
    const int32_t product = gan_network_inner_product(net, image, flat);
    has_shape(product, 1, (int64_t[]){1});
    ok(gan_network_output(net, product));
    float *in = some_floats(2, m * n), *out = forward(m, in);
    double *wanted = new_doubles(m);
    for (int64_t i = 0; i < m * n; i++) {
        wanted[i / n] += (double)in[i] * (2 * (double)in[i] - 1);
    }
    compare("inner product", m, out, wanted, 1e-6 * (double)n);
    free(wanted);
    free(out);
    free(in);
}

static void check_repeat(int64_t m, gan__shape shape, int64_t height, int64_t width)
{
    restart();
    const int64_t n = gan__shape_elements(shape), area = height * width;
    const int32_t x = gan_network_input(net, "x", shape.rank, shape.dims);
    const int32_t y = gan_network_repeat(net, x, height, width);
    has_shape(y, 3, (int64_t[]){n, height, width});
    ok(gan_network_output(net, y));
    float *in = some_floats(3, m * n), *out = forward(m, in);
    for (int64_t i = 0; i < m * n * area; i++) {
        need(out[i] == in[i / area]);
    }
    free(out);
    free(in);
}

static void check_pixel_shuffle(int64_t m, int64_t c, int64_t f, int64_t h, int64_t w)
{
    restart();
    const int32_t x = gan_network_input(net, "x", 3, (int64_t[]){c * f * f, h, w});
    const int32_t y = gan_network_pixel_shuffle(net, x, f);
    has_shape(y, 3, (int64_t[]){c, f * h, f * w});
    ok(gan_network_output(net, y));
    const int64_t n = c * f * f * h * w;
    float *in = some_floats(4, m * n), *out = forward(m, in);
    for (int64_t at = 0; at < m * n; at++) {
        const int64_t j = at % w, i = at / w % h, channel = at / (w * h) % (c * f * f);
        const int64_t a = channel % (f * f) / f, b = channel % f;
        const int64_t plane = at / n * c + channel / (f * f);
        need(out[(plane * h * f + i * f + a) * w * f + j * f + b] == in[at]);
    }
    free(out);
    free(in);
}

START_TEST(joints_of_batches)
{
    start();
    for (int32_t b = 0; b < BATCHES; b++) {
        const int64_t m = batches[b];
        check_add(m, (gan__shape){1, {5}});
        check_add(m, (gan__shape){5, {1, 2, 1, 3, 2}});
        check_inner_product(m, 1);
        check_inner_product(m, 33);
        check_repeat(m, (gan__shape){1, {1}}, 1, 1);
        check_repeat(m, (gan__shape){2, {2, 3}}, 4, 5);
        check_repeat(m, (gan__shape){3, {2, 1, 2}}, 1, 7);
        check_pixel_shuffle(m, 1, 1, 1, 1);
        check_pixel_shuffle(m, 3, 1, 4, 2);
        check_pixel_shuffle(m, 2, 2, 3, 5);
        check_pixel_shuffle(m, 1, 3, 2, 1);
    }
    check_pixel_shuffle(1, 1, 64, 1, 2);
    finish();
}
END_TEST

/* ---- Networks with all of them --------------------------------------------------------------- */

/* [SIDE] -> logit, with every one of the layers */
static int32_t build_all(gan_network *made)
{
    const int32_t x = input(made, SIDE);
    int32_t h = gan_network_tanh(made, gan_network_dense(made, x, SIDE));
    h = gan_network_add(made, x, h);
    h = gan_network_minibatch_discrimination(made, h, 3, 2);            /* 7 */
    h = gan_network_minibatch_deviation(made, h, 4);                    /* 8 */
    const int32_t image = gan_network_repeat(made, h, 2, 3);            /* [8, 2, 3] */
    const int32_t shuffled = gan_network_pixel_shuffle(made, image, 2); /* [2, 4, 6] */
    const int32_t vector = gan_network_embedding(made, x, 72);
    h = gan_network_minibatch_deviation(made, shuffled, 2); /* [3, 4, 6] */
    return gan_network_add(made, gan_network_inner_product(made, h, vector),
                           gan_network_dense(made, h, 1));
}

static gan_network *new_judge(void)
{
    gan_network *made;
    ok(gan_network_create(ctx, "D", &made));
    ok(gan_network_output(made, build_all(made)));
    return made;
}

/* What a network says of 64 samples. */
typedef struct {
    float y[64];
} verdict;

static verdict judge(gan_network *network)
{
    float *x = some_floats(77, 64 * SIDE);
    verdict v;
    ok(gan_network_forward(network, 64, x, v.y, 64));
    free(x);
    return v;
}

static bool agree(gan_network *a, gan_network *b)
{
    const verdict v = judge(a), w = judge(b);
    return memcmp(v.y, w.y, sizeof v.y) == 0;
}

/* Settings of all layers leave them out; those by id do not. */
START_TEST(settings)
{
    start();
    const int32_t x = gan_network_input(net, "x", 1, (int64_t[]){6});
    const int32_t e = gan_network_embedding(net, x, 4);
    const int32_t d = gan_network_dense(net, x, 4);
    const int32_t t = gan_network_minibatch_discrimination(net, d, 2, 3);
    ok(gan_network_output(net, gan_network_concatenate(net, e, t, 0)));
    ok(gan_network_set_initializer(net, 0, GAN_INIT_CONSTANT, 2, 0));
    ok(gan_network_set_bias(net, 0, 0.5));
    ok(gan_network_set_max_norm(net, 0, 1e-3));
    ok(gan_network_set_weight_clip(net, 0, 1e-4));
    fails(gan_network_set_bias(net, e, 1), GAN_ERROR_ARGUMENT, "has no biases");
    fails(gan_network_set_bias(net, t, 1), GAN_ERROR_ARGUMENT, "has no biases");
    fails(gan_network_set_name(net, x, "no"), GAN_ERROR_ARGUMENT, "is not a layer with parameters");
    ok(gan_network_set_name(net, e, "classes"));
    ok(gan_network_set_name(net, t, "T"));
    need(gan_network_parameter_count(net) == 4);
    has_parameter(0, "classes.weight", 6, 4);
    has_parameter(1, "layer1.weight", 6, 4);
    has_parameter(3, "T.weight", 4, 6);
    float w[24];
    ok(gan_network_get_parameter(net, "layer1.weight", w, 24));
    for (int32_t i = 0; i < 24; i++) {
        near(w[i], 1e-4, 1e-10);
    }
    double largest = 0;
    ok(gan_network_get_parameter(net, "classes.weight", w, 24));
    for (int32_t i = 0; i < 24; i++) {
        need(w[i] != 2);
        largest = fmax(largest, fabs((double)w[i]));
    }
    need(largest > 1);
    largest = 0;
    ok(gan_network_get_parameter(net, "T.weight", w, 24));
    for (int32_t i = 0; i < 24; i++) { /* glorot_uniform: within sqrt(6 / (4 + 6)) */
        largest = fmax(largest, fabs((double)w[i]));
    }
    need(largest > 0.3 && largest <= sqrt(0.6));
    fails(gan_network_set_max_norm(net, e, 1), GAN_ERROR_STATE, "already initialised");
    finish();
}
END_TEST

START_TEST(settings_by_id)
{
    start();
    const int32_t x = gan_network_input(net, "x", 1, (int64_t[]){6});
    const int32_t e = gan_network_embedding(net, x, 5);
    const int32_t t = gan_network_minibatch_discrimination(net, e, 2, 3);
    ok(gan_network_output(net, t));
    ok(gan_network_set_max_norm(net, e, 0.5));
    ok(gan_network_set_initializer(net, t, GAN_INIT_SPARSE, 2, 3));
    ok(gan_network_set_weight_clip(net, t, 0.25));
    fails(gan_network_set_initializer(net, t, GAN_INIT_SPARSE, 6, 3), GAN_ERROR_RANGE, "5 inputs");
    float w[30];
    ok(gan_network_get_parameter(net, "layer0.weight", w, 30));
    for (int32_t unit = 0; unit < 5; unit++) { /* a column each */
        double square = 0;
        for (int32_t i = 0; i < 6; i++) {
            square += (double)w[i * 5 + unit] * (double)w[i * 5 + unit];
        }
        near(sqrt(square), 0.5, 1e-6);
    }
    ok(gan_network_get_parameter(net, "layer1.weight", w, 30));
    int32_t others = 0;
    for (int32_t i = 0; i < 30; i++) {
        need(fabsf(w[i]) <= 0.25f);
        others += w[i] != 0;
    }
    ck_assert_int_eq(others, 12); /* 2 for each of 6 columns */
    finish();
}
END_TEST

static void same_settings(const gan_network *a, const gan_network *b)
{
    need(a->transform_count == b->transform_count);
    int32_t apart = 0;
    for (int32_t i = 0; i < a->transform_count; i++) {
        const gan__transform *s = &a->transforms[i], *t = &b->transforms[i];
        need(strcmp(s->name, t->name) == 0 && s->apart == t->apart);
        need(s->initializer == t->initializer && s->a == t->a && s->b == t->b);
        need(s->max_norm == t->max_norm && s->clip == t->clip);
        apart += s->apart;
    }
    ck_assert_int_eq(apart, 2);
}

START_TEST(copies_and_files)
{
    start();
    gan_network *first = new_judge(), *clone, *drawn_later;
    const int32_t embedding = 9; /* see build_all */
    need(first->layers[embedding - 1].kind == GAN__LAYER_EMBEDDING);
    ok(gan_network_set_name(first, embedding, "class"));
    ok(gan_network_set_initializer(first, embedding, GAN_INIT_UNIFORM, 3, 4));
    ok(gan_network_set_max_norm(first, 5, 0.7)); /* the discrimination */
    ok(gan_network_set_weight_clip(first, 5, 0.6));
    ok(gan_network_clone(first, "later", &drawn_later)); /* settings, too */
    ok(gan_network_initialize(first, 8));
    ok(gan_network_clone(first, "clone", &clone));
    ok(gan_network_initialize(drawn_later, 8));
    const numbers before = all_of(first);
    need(is_still(clone, &before) && is_still(drawn_later, &before));
    need(agree(first, clone) && agree(first, drawn_later));
    /* appended: the same layers behind an affine one that does nothing */
    const int32_t x = gan_network_affine(net, input(net, SIDE), 1, 0);
    const int32_t y = gan_network_append(net, x, first);
    same_settings(net, first);
    same_settings(clone, first);
    ok(gan_network_output(net, y));
    int32_t copied = 0;
    ok(gan_network_copy_parameters(net, first, &copied));
    ck_assert_int_eq(copied, gan_network_parameter_count(first));
    need(agree(first, net));
    ok(gan_network_set_trainable(clone, "class", 0)); /* has no bias */
    int32_t trainable = 1;
    ok(gan_network_get_trainable(clone, "class.weight", &trainable));
    ck_assert_int_eq(trainable, 0);
    const char *path = temporary("joints");
    ok(gan_network_save(first, path));
    ok(gan_network_initialize(clone, 99));
    need(!is_still(clone, &before) && !agree(first, clone));
    ok(gan_network_load(clone, path));
    need(is_still(clone, &before) && agree(first, clone));
    remove(path);
    gan_network_free(drawn_later);
    gan_network_free(clone);
    gan_network_free(first);
    finish();
}
END_TEST

/* ---- Training -------------------------------------------------------------------------------- */

static numbers train(int32_t threads, int64_t m, int64_t steps)
{
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, threads));
    gan_network *G = new_generator(), *D = new_judge();
    ok(gan_network_initialize(D, 6));
    const numbers before = all_of(D);
    gan_dataset *data = new_data(200);
    gan_trainer *trainer;
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, (double)m));
    ok(gan_trainer_set_number(trainer, GAN_R1, 2));
    ok(gan_trainer_run(trainer, steps, NULL, NULL));
    const numbers after = all_of(D);
    for (int64_t i = 0; i < after.count; i++) {
        need(isfinite(after.values[i]));
    }
    need(!same(&before, &after));
    gan_trainer_free(trainer);
    gan_dataset_free(data);
    gan_network_free(D);
    gan_network_free(G);
    end_context(ctx, &own);
    return after;
}

START_TEST(same_bits_for_all_threads)
{
    static const int64_t sizes[] = {1, 9, 100};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const numbers wanted = train(1, sizes[i], 3);
        for (int32_t threads = 2; threads <= 3; threads++) {
            const numbers now = train(threads, sizes[i], 3);
            need(same(&wanted, &now));
        }
    }
}
END_TEST

/* ---- Misuse ---------------------------------------------------------------------------------- */

/* A call on a new network with a tensor [6] and an image [8, 2, 3], ids 1 and 2, that fails; its
 * error sticks. */
#define refuses(code, text, call)                             \
    do {                                                      \
        restart();                                            \
        input(net, 48);                                       \
        gan_network_reshape(net, 1, 3, (int64_t[]){8, 2, 3}); \
        fails(call, code, text);                              \
        fails(gan_network_output(net, 1), code, text);        \
    } while (0)

static void refuse_counts(int64_t count)
{
    refuses(GAN_ERROR_RANGE, "embedding: units", gan_network_embedding(net, 1, count));
    refuses(GAN_ERROR_RANGE, "minibatch_deviation: group",
            gan_network_minibatch_deviation(net, 1, count));
    refuses(GAN_ERROR_RANGE, "minibatch_discrimination: kernels",
            gan_network_minibatch_discrimination(net, 1, count, 1));
    refuses(GAN_ERROR_RANGE, "minibatch_discrimination: dims",
            gan_network_minibatch_discrimination(net, 1, 1, count));
    refuses(GAN_ERROR_RANGE, "repeat: height", gan_network_repeat(net, 1, count, 1));
    refuses(GAN_ERROR_RANGE, "repeat: width", gan_network_repeat(net, 1, 1, count));
    refuses(GAN_ERROR_RANGE, "pixel_shuffle: factor", gan_network_pixel_shuffle(net, 2, count));
}

static void refuse_tensors(int32_t x)
{
    refuses(GAN_ERROR_ARGUMENT, "no tensor", gan_network_embedding(net, x, 1));
    refuses(GAN_ERROR_ARGUMENT, "no tensor", gan_network_minibatch_deviation(net, x, 1));
    refuses(GAN_ERROR_ARGUMENT, "no tensor", gan_network_minibatch_discrimination(net, x, 1, 1));
    refuses(GAN_ERROR_ARGUMENT, "add: no tensor", gan_network_add(net, x, 1));
    refuses(GAN_ERROR_ARGUMENT, "add: no tensor", gan_network_add(net, 1, x));
    refuses(GAN_ERROR_ARGUMENT, "no tensor", gan_network_inner_product(net, x, 1));
    refuses(GAN_ERROR_ARGUMENT, "no tensor", gan_network_inner_product(net, 1, x));
    refuses(GAN_ERROR_ARGUMENT, "no tensor", gan_network_repeat(net, x, 1, 1));
    refuses(GAN_ERROR_ARGUMENT, "no tensor", gan_network_pixel_shuffle(net, x, 1));
}

START_TEST(errors)
{
    start();
    static const int64_t counts[] = {0, -1, INT64_MIN};
    static const int32_t tensors[] = {0, -1, 3, INT32_MAX, INT32_MIN};
    for (int32_t i = 0; i < 3; i++) {
        refuse_counts(counts[i]);
    }
    for (int32_t i = 0; i < 5; i++) {
        refuse_tensors(tensors[i]);
    }
    refuses(GAN_ERROR_SHAPE, "too large",
            gan_network_minibatch_discrimination(net, 1, INT64_MAX, 2));
    refuses(GAN_ERROR_SHAPE, "too large",
            gan_network_minibatch_discrimination(net, 1, 1, INT64_MAX));
    refuses(GAN_ERROR_SHAPE, "too large",
            gan_network_minibatch_discrimination(net, 1, INT32_MAX - 47, 1));
    refuses(GAN_ERROR_SHAPE, "too large",
            gan_network_minibatch_discrimination(net, 1, 1 << 16, 1 << 15));
    refuses(GAN_ERROR_SHAPE, "too large", gan_network_embedding(net, 1, (int64_t)INT32_MAX + 1));
    refuses(GAN_ERROR_SHAPE, "[48] and [8, 2, 3]", gan_network_add(net, 1, 2));
    refuses(GAN_ERROR_SHAPE, "[1] and [48]",
            gan_network_inner_product(net, gan_network_dense(net, 1, 1), 1));
    refuses(GAN_ERROR_SHAPE, "repeat: more than", gan_network_repeat(net, 1, INT32_MAX, 1));
    refuses(GAN_ERROR_SHAPE, "repeat: more than", gan_network_repeat(net, 1, 1 << 30, INT64_MAX));
    refuses(GAN_ERROR_SHAPE, "[48] is no image", gan_network_pixel_shuffle(net, 1, 1));
    refuses(GAN_ERROR_SHAPE, "8 channels are no multiple of 3^2",
            gan_network_pixel_shuffle(net, 2, 3));
    refuses(GAN_ERROR_RANGE, "factor 65", gan_network_pixel_shuffle(net, 2, 65));
    restart(); /* at the limits */
    const int64_t most = INT32_MAX;
    const int32_t x = gan_network_input(net, "x", 1, &most);
    fails(gan_network_minibatch_deviation(net, x, 1), GAN_ERROR_SHAPE, "minibatch_deviation");
    restart();
    need(gan_network_minibatch_discrimination(net, input(net, 1), INT32_MAX - 1, 1) == 2);
    restart();
    need(gan_network_embedding(net, input(net, 1), INT32_MAX) == 2);
    ok(gan_network_output(net, 2));
    fails(gan_network_add(net, 2, 2), GAN_ERROR_STATE, "add: the network is finished");
    fails(gan_network_embedding(net, 2, 1), GAN_ERROR_STATE, "finished");
    fails(gan_network_minibatch_deviation(net, 2, 1), GAN_ERROR_STATE, "finished");
    fails(gan_network_minibatch_discrimination(net, 2, 1, 1), GAN_ERROR_STATE, "finished");
    fails(gan_network_inner_product(net, 2, 2), GAN_ERROR_STATE, "finished");
    fails(gan_network_repeat(net, 2, 1, 1), GAN_ERROR_STATE, "finished");
    fails(gan_network_pixel_shuffle(net, 2, 1), GAN_ERROR_STATE, "finished");
    ck_assert_int_eq(gan_network_embedding(NULL, 1, 1), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_minibatch_deviation(NULL, 1, 1), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_minibatch_discrimination(NULL, 1, 1, 1), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_add(NULL, 1, 1), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_inner_product(NULL, 1, 1), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_repeat(NULL, 1, 1, 1), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_pixel_shuffle(NULL, 1, 1), GAN_ERROR_ARGUMENT);
    finish();
}
END_TEST

/* ---- Memory ---------------------------------------------------------------------------------- */

/* A life up to the first failure; returns how far it came. */
static int32_t live(void)
{
    int32_t status = gan_context_create_with_allocator(heap_allocate, heap_release, &own, &ctx);
    gan_network *made = NULL, *clone = NULL;
    if (status == GAN_OK) {
        status = gan_network_create(ctx, "D", &made);
    }
    if (status == GAN_OK) {
        const int32_t y = build_all(made);
        status = gan_network_output(made, y);
        need(y > 0 || status == y); /* the error sticks */
    }
    if (status == GAN_OK) {
        status = gan_network_clone(made, "clone", &clone);
        need(status == GAN_OK || clone == NULL);
    }
    float *x = some_floats(77, 64 * SIDE);
    float y[64];
    if (status == GAN_OK) {
        status = gan_network_forward(clone, 64, x, y, 64);
        need(status == GAN_OK || clone->values == NULL); /* not drawn by a call that fails */
    }
    free(x);
    gan_network_free(clone);
    gan_network_free(made);
    gan_context_free(ctx);
    ck_assert_int_eq(own.live, 0);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    own = (heap){0};
    ck_assert_int_eq(live(), GAN_OK);
    const int64_t calls = own.calls;
    ck_assert_int_gt(calls, 20);
    int64_t failures = 0;
    for (int64_t at = 1; at <= calls; at++) {
        own = (heap){.fail_at = at};
        const int32_t status = live();
        need(status == GAN_OK || status == GAN_ERROR_MEMORY);
        failures += status != GAN_OK;
    }
    ck_assert_int_ge(failures, calls - 3); /* the pool of threads does without its three */
}
END_TEST

int main(void)
{
    return RUN_TESTS("joints", embedding_is_a_row, deviation_of_groups, discrimination_of_batches,
                     discrimination_keeps_small_numbers, joints_of_batches, settings,
                     settings_by_id, copies_and_files, same_bits_for_all_threads, errors,
                     every_allocation_may_fail);
}
