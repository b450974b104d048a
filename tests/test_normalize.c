/* Normalisations: their names and settings, their values against loops written here, spectral norms
 * against singular values, and what measures the statistics anew. */
#include "training.h"

#include "nn/network.h"

enum { ELEMENTS = 4096 };

typedef enum { BATCH, LAYER, INSTANCE } norm;

/* Where the numbers come from that x is normalised by. */
typedef enum { TRAINING, FROZEN, MEASURING, INFERENCE } use;

#define EPSILON 1e-3
#define MOMENTUM 0.25

static gan_network *new_network(void)
{
    gan_network *made;
    ok(gan_network_create(ctx, "N", &made));
    return made;
}

static int32_t add(gan_network *n, norm kind, int32_t x, int32_t affine)
{
    return kind == BATCH   ? gan_network_batch_norm(n, x, affine, EPSILON, MOMENTUM)
           : kind == LAYER ? gan_network_layer_norm(n, x, affine, EPSILON)
                           : gan_network_instance_norm(n, x, affine, EPSILON);
}

/* ---- Names and settings ---------------------------------------------------------------------- */

static void has_names(gan_network *n, int32_t count, const char *const *names)
{
    ck_assert_int_eq(gan_network_parameter_count(n), count);
    for (int32_t i = 0; i < count; i++) {
        ck_assert_str_eq(gan_network_parameter_name(n, i), names[i]);
    }
}

#define HAS_NAMES(n, ...)                                                           \
    has_names(n, (int32_t)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), \
              (const char *const[]){__VA_ARGS__})

START_TEST(tensors_have_names)
{
    ctx = new_context(&own);
    gan_network *n = new_network();
    int32_t x = gan_network_input(n, "x", 3, (int64_t[]){2, 4, 4});
    x = gan_network_convolution(n, x, 3, (int64_t[]){3, 3}, NULL, NULL, GAN_BIAS_NONE);
    x = add(n, BATCH, x, 1);
    x = add(n, INSTANCE, x, 0);
    x = add(n, LAYER, x, 0);
    const int32_t named = x = add(n, BATCH, gan_network_dense(n, x, 5), 0);
    x = add(n, LAYER, x, 1);
    ok(gan_network_set_name(n, named, "bn"));
    ok(gan_network_output(n, gan_network_dense(n, x, 1)));
    HAS_NAMES(n, "layer0.weight", "layer1.scale", "layer1.shift", "layer1.statistics",
              "layer2.weight", "layer2.bias", "bn.statistics", "layer4.scale", "layer4.shift",
              "layer5.weight", "layer5.bias");
    int64_t dims[4];
    int32_t rank;
    ok(gan_network_parameter_shape(n, "layer1.statistics", &rank, dims, 4));
    need(rank == 2 && dims[0] == 2 && dims[1] == 3);
    ok(gan_network_parameter_shape(n, "layer1.scale", &rank, dims, 4));
    need(rank == 1 && dims[0] == 3);
    ok(gan_network_parameter_shape(n, "layer4.shift", &rank, dims, 4));
    need(rank == 1 && dims[0] == 5);
    ck_assert_int_eq(gan_network_parameter_elements(n), 54 + 12 + 65 + 10 + 10 + 6);
    float values[10];
    ok(gan_network_get_parameter(n, "bn.statistics", values, 10));
    for (int i = 0; i < 10; i++) {
        need(values[i] == (i < 5 ? 0.f : 1.f));
    }
    ok(gan_network_get_parameter(n, "layer1.scale", values, 10));
    need(values[0] == 1 && values[2] == 1);
    ok(gan_network_get_parameter(n, "layer1.shift", values, 10));
    need(values[0] == 0 && values[2] == 0);
    gan_network_free(n);
    end_context(ctx, &own);
}
END_TEST

START_TEST(wrong_numbers_are_refused)
{
    ctx = new_context(&own);
    static const double bad[] = {0, -1, 1.5, NAN, INFINITY};
    for (size_t i = 0; i < 5; i++) {
        gan_network *n = new_network();
        const int32_t x = input(n, 3);
        fails(gan_network_batch_norm(n, x, 1, bad[i], 0.1), GAN_ERROR_RANGE, "epsilon");
        fails(gan_network_output(n, x), GAN_ERROR_RANGE, "epsilon"); /* it sticks */
        gan_network_free(n);
        n = new_network();
        fails(gan_network_batch_norm(n, input(n, 3), 1, 0.1, bad[i]), GAN_ERROR_RANGE, "momentum");
        gan_network_free(n);
        n = new_network();
        fails(gan_network_layer_norm(n, input(n, 3), 1, bad[i]), GAN_ERROR_RANGE, "epsilon");
        gan_network_free(n);
    }
    gan_network *n = new_network();
    fails(gan_network_layer_norm(n, input(n, 3), 2, 0.1), GAN_ERROR_RANGE, "affine 2");
    gan_network_free(n);
    n = new_network();
    fails(gan_network_batch_norm(n, input(n, 3), -1, 0.1, 0.1), GAN_ERROR_RANGE, "affine -1");
    gan_network_free(n);
    n = new_network();
    fails(gan_network_instance_norm(n, input(n, 3), 1, 0.1), GAN_ERROR_SHAPE, "[3] is no image");
    gan_network_free(n);
    n = new_network();
    fails(gan_network_layer_norm(n, 7, 1, 0.1), GAN_ERROR_ARGUMENT, "no tensor 7");
    gan_network_free(n);
    n = new_network();
    ok(gan_network_output(n, input(n, 3)));
    fails(gan_network_batch_norm(n, 1, 1, 0.1, 0.1), GAN_ERROR_STATE, "finished");
    gan_network_free(n);
    ck_assert_int_eq(gan_network_batch_norm(NULL, 1, 1, 0.1, 0.1), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_layer_norm(NULL, 1, 1, 0.1), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_instance_norm(NULL, 1, 1, 0.1), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_set_spectral_norm(NULL, 0, 1), GAN_ERROR_ARGUMENT);
    end_context(ctx, &own);
}
END_TEST

START_TEST(settings_reach_a_normalisation_by_its_id)
{
    ctx = new_context(&own);
    gan_network *n = new_network();
    const int32_t a = gan_network_dense(n, input(n, 3), 4);
    const int32_t b = add(n, BATCH, a, 1), plain = add(n, BATCH, b, 0), c = add(n, LAYER, plain, 1);
    const int32_t none = add(n, LAYER, c, 0);
    ok(gan_network_set_initializer(n, 0, GAN_INIT_CONSTANT, 3, 0));
    ok(gan_network_set_bias(n, 0, 7));
    ok(gan_network_set_initializer(n, b, GAN_INIT_CONSTANT, -2, 0));
    ok(gan_network_set_bias(n, b, 0.5));
    ok(gan_network_set_weight_clip(n, b, 1.5));
    ok(gan_network_set_max_norm(n, c, 0.25));
    fails(gan_network_set_initializer(n, plain, GAN_INIT_CONSTANT, 1, 0), GAN_ERROR_ARGUMENT,
          "no scale");
    fails(gan_network_set_max_norm(n, plain, 1), GAN_ERROR_ARGUMENT, "no scale");
    fails(gan_network_set_weight_clip(n, plain, 1), GAN_ERROR_ARGUMENT, "no scale");
    fails(gan_network_set_bias(n, plain, 1), GAN_ERROR_ARGUMENT, "no biases");
    fails(gan_network_set_bias(n, none, 1), GAN_ERROR_ARGUMENT, "not a layer with parameters");
    fails(gan_network_set_spectral_norm(n, b, 1), GAN_ERROR_ARGUMENT, "is a normalisation");
    fails(gan_network_set_spectral_norm(n, plain, 1), GAN_ERROR_ARGUMENT, "is a normalisation");
    fails(gan_network_set_spectral_norm(n, none, 1), GAN_ERROR_ARGUMENT, "not a layer");
    fails(gan_network_set_spectral_norm(n, a, 2), GAN_ERROR_RANGE, "2 is not 0 or 1");
    ok(gan_network_output(n, none));
    float v[12];
    ok(gan_network_get_parameter(n, "layer0.weight", v, 12));
    need(v[0] == 3 && v[11] == 3);
    ok(gan_network_get_parameter(n, "layer0.bias", v, 12));
    need(v[0] == 7);
    ok(gan_network_get_parameter(n, "layer1.scale", v, 12));
    need(v[0] == -1.5f && v[3] == -1.5f);
    ok(gan_network_get_parameter(n, "layer1.shift", v, 12));
    need(v[0] == 0.5f);
    ok(gan_network_get_parameter(n, "layer3.scale", v, 12));
    near(v[0], 0.25, 1e-6);
    fails(gan_network_set_spectral_norm(n, a, 1), GAN_ERROR_STATE, "already initialised");
    gan_network_free(n);
    end_context(ctx, &own);
}
END_TEST

/* ---- Values ---------------------------------------------------------------------------------- */

/* Runs a network on a batch by a plan of its own. statistics: [elements of the one batch norm's] */
static void evaluate(gan_network *n, use how, int64_t m, const real *x, real *y, real *statistics)
{
    gan__graph graph = gan__graph_create(ctx);
    int32_t leaves[32], nodes[32] = {0};
    ck_assert_int_le(n->parameter_count, 32);
    ok(gan__network_prepare(n, 0));
    gan__network_leaves(n, &graph, 0, leaves);
    const int32_t in = gan__leaf(&graph, 1, 0, gan__batch_shape(m, n->layers[0].shape));
    const gan__build build = {.parameters = leaves,
                              .training = how == TRAINING || how == FROZEN,
                              .measuring = how == MEASURING,
                              .statistics = nodes};
    gan__output outputs[32] = {{gan__network_build(n, &graph, &build, in), 2, 0}};
    int32_t count = 1;
    int64_t offset = 0;
    for (int32_t i = 0; i < n->parameter_count; i++) {
        if (nodes[i] > 0) {
            outputs[count++] = (gan__output){nodes[i], 3, offset};
            offset += gan__shape_elements(n->parameters[i].shape);
        }
    }
    ck_assert_msg((how == TRAINING || how == MEASURING) || count == 1, "statistics are recorded");
    gan__plan *plan;
    ok(gan__plan_create(&graph, count, outputs, GAN__PLAN_FUSED, &plan));
    real *workspace = new_reals(gan__plan_workspace(plan));
    real *slots[] = {n->values, (real *)(uintptr_t)x, y, statistics};
    gan__plan_run(plan, &(gan__arguments){.slots = slots, .workspace = workspace});
    gan__plan_free(plan);
    gan__graph_free(&graph);
    free(workspace);
}

static real *values_of(gan_network *n, const char *name)
{
    const gan__parameter *p = gan__network_namesake(n, name);
    return p != NULL ? n->values + p->offset : NULL;
}

/* Mean and variance of the elements of x: [m, c, p] in samples s0 to s1, channels c0 to c1 */
static void moments(const real *x, int64_t c, int64_t p, const int64_t s[2], const int64_t k[2],
                    double *mean, double *variance)
{
    double sum = 0, squares = 0, n = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = s[0]; i < s[1]; i++) {
            for (int64_t j = k[0] * p; j < k[1] * p; j++) {
                const double value = (double)x[i * c * p + j];
                sum += pass == 0 ? value : 0;
                squares += pass == 1 ? (value - *mean) * (value - *mean) : 0;
                n += pass;
            }
        }
        *mean = sum / (double)((s[1] - s[0]) * (k[1] - k[0]) * p);
    }
    *variance = squares / n;
}

static void check_values(norm kind, use how, int32_t affine, int64_t m, int32_t rank,
                         const int64_t *dims)
{
    gan_network *n = new_network();
    const int32_t x = gan_network_input(n, "x", rank, dims);
    ok(gan_network_output(n, add(n, kind, x, affine)));
    ok(gan_network_initialize(n, 1));
    const int64_t elements = gan_network_input_elements(n), c = rank == 3 ? dims[0] : elements;
    const int64_t p = elements / c;
    dice d = {(uint64_t)(elements * 100 + m)};
    real in[ELEMENTS], out[ELEMENTS], seen[2 * 64];
    ck_assert_int_le(m * elements, ELEMENTS);
    roll_array(&d, m * elements, -2, 3, in);
    real *scale = values_of(n, "layer0.scale"), *shift = values_of(n, "layer0.shift");
    real *running = values_of(n, "layer0.statistics");
    ck_assert((scale != NULL) == (affine == 1) && (running != NULL) == (kind == BATCH));
    if (scale != NULL) {
        roll_array(&d, c, -2, 2, scale);
        roll_array(&d, c, -2, 2, shift);
    }
    if (running != NULL) {
        roll_array(&d, c, -1, 1, running);
        roll_array(&d, c, 0.5, 2, running + c);
    }
    if (how == FROZEN && kind == BATCH) {
        ok(gan_network_set_trainable(n, "layer0.statistics", 0));
    }
    if (how == INFERENCE) {
        ok(gan_network_forward(n, m, in, out, ELEMENTS));
    } else {
        evaluate(n, how, m, in, out, seen);
    }
    for (int64_t i = 0; i < m * elements; i++) {
        const int64_t sample = i / elements, channel = i % elements / p;
        int64_t s[2] = {sample, sample + 1}, k[2] = {0, c};
        if (kind == BATCH) {
            s[0] = 0, s[1] = m;
        }
        if (kind != LAYER) {
            k[0] = channel, k[1] = channel + 1;
        }
        double mean, variance;
        moments(in, c, p, s, k, &mean, &variance);
        if (kind == BATCH && (how == FROZEN || how == INFERENCE)) {
            mean = (double)running[channel];
            variance = (double)running[c + channel];
        } else if (kind == BATCH) {
            const double count = (double)(m * p), after = count > 1 ? count / (count - 1) : 1;
            const double keep = how == TRAINING ? 1 - MOMENTUM : 0;
            const double old[] = {(double)running[channel], (double)running[c + channel]};
            near(seen[channel], keep * old[0] + (1 - keep) * mean, 2e-6);
            near(seen[c + channel], keep * old[1] + (1 - keep) * variance * after, 5e-6);
        }
        double y = ((double)in[i] - mean) / sqrt(variance + EPSILON);
        y = affine == 1 ? y * (double)scale[channel] + (double)shift[channel] : y;
        near(out[i], y, 2e-5 + 2e-6 * fabs(y));
    }
    gan_network_free(n);
}

START_TEST(values_are_those_of_the_formulas)
{
    static const struct {
        int32_t rank;
        int64_t dims[3];
    } shapes[] = {{1, {5}}, {3, {3, 4, 2}}, {2, {2, 3}}, {3, {1, 1, 1}}, {1, {1}}, {3, {4, 1, 5}}};
    static const int64_t sizes[] = {1, 2, 7, 65};
    ctx = new_context(&own);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        for (size_t j = 0; j < 4; j++) {
            for (int32_t affine = 0; affine <= 1; affine++) {
                for (use how = TRAINING; how <= INFERENCE; how++) {
                    check_values(BATCH, how, affine, sizes[j], shapes[i].rank, shapes[i].dims);
                    check_values(LAYER, how, affine, sizes[j], shapes[i].rank, shapes[i].dims);
                    if (shapes[i].rank == 3) {
                        check_values(INSTANCE, how, affine, sizes[j], 3, shapes[i].dims);
                    }
                }
            }
        }
    }
    end_context(ctx, &own);
}
END_TEST

/* ---- Spectral norm --------------------------------------------------------------------------- */

static int32_t add_dense(gan_network *n)
{
    return gan_network_dense(n, input(n, 6), 4);
}

static int32_t add_maxout(gan_network *n)
{
    return gan_network_maxout(n, input(n, 5), 3, 2);
}

static int32_t add_convolution(gan_network *n)
{
    const int32_t x = gan_network_input(n, "x", 3, (int64_t[]){2, 4, 5});
    return gan_network_convolution(n, x, 3, (int64_t[]){2, 3}, NULL, NULL, GAN_BIAS_TIED);
}

static int32_t add_transposed(gan_network *n)
{
    const int32_t x = gan_network_input(n, "x", 3, (int64_t[]){3, 2, 2});
    return gan_network_transposed_convolution(n, x, 2, (int64_t[]){2, 3}, NULL, NULL, NULL,
                                              GAN_BIAS_NONE);
}

static int32_t (*const weighted[])(gan_network *n) = {add_dense, add_maxout, add_convolution,
                                                      add_transposed};

enum { WEIGHTED = sizeof weighted / sizeof weighted[0] };

/* W as [units, fan_in], in double. Returns the number of units. */
static int64_t matrix_of(const gan_network *n, double *w, int64_t *fan_in)
{
    const gan__transform *t = &n->transforms[0];
    const int64_t units = t->weight.dims[t->unit_axis], *dims = t->weight.dims;
    int64_t inner = 1;
    for (int32_t i = t->unit_axis + 1; i < t->weight.rank; i++) {
        inner *= dims[i];
    }
    *fan_in = gan__shape_elements(t->weight) / units;
    for (int64_t u = 0; u < units; u++) {
        for (int64_t i = 0; i < *fan_in; i++) {
            w[u * *fan_in + i] =
                (double)n->values[t->offset + (i / inner * units + u) * inner + i % inner];
        }
    }
    return units;
}

/* u' W v / (|u| |v|), by the network's direction. */
static double sigma_of(gan_network *n)
{
    double w[512], sum = 0, uu = 0, vv = 0;
    int64_t fan_in;
    const int64_t units = matrix_of(n, w, &fan_in);
    const real *u = values_of(n, "layer0.direction"), *v = u + units;
    for (int64_t i = 0; i < units; i++) {
        uu += (double)(u[i] * u[i]);
        for (int64_t j = 0; j < fan_in; j++) {
            sum += (double)u[i] * w[i * fan_in + j] * (double)v[j];
        }
    }
    for (int64_t j = 0; j < fan_in; j++) {
        vv += (double)(v[j] * v[j]);
    }
    return sum / sqrt(uu * vv);
}

/* The largest singular value, by many rounds of power iteration on W W'. */
static double largest_of(const gan_network *n)
{
    double w[512], u[64], v[512], length = 0;
    int64_t fan_in;
    const int64_t units = matrix_of(n, w, &fan_in);
    for (int64_t i = 0; i < units; i++) {
        u[i] = 1 + 0.1 * (double)i;
    }
    for (int round = 0; round < 20000; round++) {
        length = 0;
        for (int64_t j = 0; j < fan_in; j++) {
            v[j] = 0;
            for (int64_t i = 0; i < units; i++) {
                v[j] += w[i * fan_in + j] * u[i];
            }
        }
        for (int64_t i = 0; i < units; i++) {
            u[i] = 0;
            for (int64_t j = 0; j < fan_in; j++) {
                u[i] += w[i * fan_in + j] * v[j];
            }
            length += u[i] * u[i];
        }
        length = sqrt(length);
        for (int64_t i = 0; i < units; i++) {
            u[i] /= length;
        }
    }
    return sqrt(length); /* of W W' */
}

static gan_network *new_weighted(int which, bool on, double scale)
{
    gan_network *n = new_network();
    const int32_t id = weighted[which](n);
    ok(gan_network_set_initializer(n, id, GAN_INIT_NORMAL, 0, scale));
    ok(gan_network_set_bias(n, 0, 0.25));
    ok(gan_network_set_spectral_norm(n, 0, on));
    ok(gan_network_output(n, id));
    return n;
}

START_TEST(sigma_becomes_the_largest_singular_value)
{
    ctx = new_context(&own);
    for (int which = 0; which < WEIGHTED; which++) {
        for (int large = 0; large <= 1; large++) {
            gan_network *n = new_weighted(which, true, large ? 30 : 0.01);
            ok(gan_network_initialize(n, 5));
            const double wanted = largest_of(n), first = sigma_of(n);
            need(first > 0.9 * wanted && first < 1.0001 * wanted); /* after 20 rounds */
            for (int i = 0; i < 400; i++) {
                gan__network_constrain(n, n->values);
            }
            near(sigma_of(n), wanted, 1e-5 * wanted);
            gan_network_free(n);
        }
    }
    gan_network *n = new_network();
    ok(gan_network_output(n, gan_network_dense(n, input(n, 2), 2)));
    fails(gan_network_set_spectral_norm(n, 9, 1), GAN_ERROR_ARGUMENT, "9");
    ok(gan_network_set_spectral_norm(n, 2, 1));
    ok(gan_network_set_parameter(n, "layer0.weight", (float[]){3, 0, 4, 5}, 4));
    for (int i = 0; i < 100; i++) {
        gan__network_constrain(n, n->values);
    }
    near(sigma_of(n), sqrt(45), 1e-5);
    gan_network_free(n);
    end_context(ctx, &own);
}
END_TEST

START_TEST(layers_compute_with_divided_weights)
{
    ctx = new_context(&own);
    for (int which = 0; which < WEIGHTED; which++) {
        gan_network *n = new_weighted(which, true, 2), *plain = new_weighted(which, false, 2);
        int32_t copied;
        ok(gan_network_initialize(n, 8));
        ok(gan_network_copy_parameters(plain, n, &copied));
        ck_assert_int_eq(copied, gan_network_parameter_count(n) - 1);
        const double sigma = sigma_of(n);
        const int64_t weights = gan__shape_elements(plain->transforms[0].weight);
        for (int64_t i = 0; i < weights; i++) {
            plain->values[i] = (real)((double)plain->values[i] / sigma);
        }
        float x[3 * 64], y[2][1024];
        dice d = {3};
        roll_array(&d, 3 * 64, -1, 1, x);
        ok(gan_network_forward(n, 3, x, y[0], 1024));
        ok(gan_network_forward(plain, 3, x, y[1], 1024));
        for (int64_t i = 0; i < 3 * gan_network_output_elements(n); i++) {
            near(y[0][i], y[1][i], 2e-6);
        }
        gan_network_free(plain);
        gan_network_free(n);
    }
    end_context(ctx, &own);
}
END_TEST

/* Directions of any length do, weights of zero are left alone, and later move. */
START_TEST(nothing_is_divided_by_zero)
{
    ctx = new_context(&own);
    gan_network *n = new_network();
    ok(gan_network_output(n, gan_network_dense(n, input(n, 2), 2)));
    ok(gan_network_set_spectral_norm(n, 0, 1));
    ok(gan_network_set_initializer(n, 0, GAN_INIT_CONSTANT, 0, 0));
    float y[2], zeros[4] = {0}, direction[4];
    ok(gan_network_forward(n, 1, (float[]){1, 2}, y, 2));
    need(y[0] == 0 && y[1] == 0);
    ok(gan_network_get_parameter(n, "layer0.direction", direction, 4));
    for (int i = 0; i < 4; i++) {
        need(isfinite(direction[i]) && direction[i] != 0);
    }
    ok(gan_network_set_parameter(n, "layer0.weight", (float[]){3, 0, 4, 5}, 4));
    ok(gan_network_set_parameter(n, "layer0.direction", (float[]){2, 0, 0, 9}, 4));
    near(sigma_of(n), 4, 1e-6); /* the weight from input 1 to unit 0 */
    ok(gan_network_forward(n, 1, (float[]){1, 2}, y, 2));
    near(y[0], 11.0 / 4, 1e-6);
    near(y[1], 10.0 / 4, 1e-6);
    ok(gan_network_set_parameter(n, "layer0.direction", zeros, 4));
    ok(gan_network_forward(n, 1, (float[]){1, 2}, y, 2));
    need(y[0] == 11 && y[1] == 10);
    gan_network_free(n);
    end_context(ctx, &own);
}
END_TEST

START_TEST(the_setting_can_be_taken_back)
{
    ctx = new_context(&own);
    gan_network *n = new_network(), *never = new_network();
    gan_network *both[] = {n, never};
    for (int i = 0; i < 2; i++) {
        gan_network *at = both[i];
        int32_t x = gan_network_tanh(at, gan_network_dense(at, input(at, 3), 4));
        if (i == 0) {
            ok(gan_network_set_spectral_norm(at, 0, 1));
            HAS_NAMES(at, "layer0.weight", "layer0.bias", "layer0.direction");
        }
        x = gan_network_dense(at, add(at, BATCH, x, 1), 2);
        ok(gan_network_output(at, x));
        ok(gan_network_set_trainable(at, "layer2.weight", 0));
        if (i == 0) {
            ok(gan_network_set_spectral_norm(at, x, 1));
            ok(gan_network_set_name(at, x, "last"));
            HAS_NAMES(at, "layer0.weight", "layer0.bias", "layer0.direction", "layer1.scale",
                      "layer1.shift", "layer1.statistics", "last.weight", "last.bias",
                      "last.direction");
            ck_assert_int_eq(gan_network_parameter_elements(at), 16 + 7 + 16 + 10 + 6);
            int32_t trainable;
            ok(gan_network_get_trainable(at, "last.weight", &trainable));
            ck_assert_int_eq(trainable, 0);
            ok(gan_network_get_trainable(at, "last.bias", &trainable));
            ck_assert_int_eq(trainable, 1);
            ok(gan_network_set_spectral_norm(at, 0, 0));
        }
        ok(gan_network_initialize(at, 12));
    }
    HAS_NAMES(n, "layer0.weight", "layer0.bias", "layer1.scale", "layer1.shift",
              "layer1.statistics", "last.weight", "last.bias");
    const numbers a = all_of(n), b = all_of(never);
    need(same(&a, &b));
    float x[] = {1, 2, 3}, y[2][2];
    ok(gan_network_forward(n, 1, x, y[0], 2));
    ok(gan_network_forward(never, 1, x, y[1], 2));
    ck_assert(memcmp(y[0], y[1], sizeof y[0]) == 0);
    gan_network_free(never);
    gan_network_free(n);
    end_context(ctx, &own);
}
END_TEST

/* ---- Copies ---------------------------------------------------------------------------------- */

/* [3] -> [2], with all there is. */
static gan_network *new_mixture(void)
{
    gan_network *n = new_network();
    int32_t x = gan_network_dense(n, input(n, 3), 8);
    ok(gan_network_set_spectral_norm(n, 0, 1));
    x = gan_network_tanh(n, add(n, BATCH, x, 1));
    x = gan_network_reshape(n, x, 3, (int64_t[]){2, 2, 2});
    x = gan_network_convolution(n, x, 3, (int64_t[]){2, 2}, NULL, (int64_t[]){1, 1}, GAN_BIAS_NONE);
    x = add(n, LAYER, add(n, INSTANCE, add(n, BATCH, x, 0), 0), 1);
    ok(gan_network_output(n, gan_network_dense(n, x, 2)));
    ok(gan_network_initialize(n, 4));
    dice d = {5};
    for (int32_t i = 0; i < n->parameter_count; i++) {
        const gan__parameter *p = &n->parameters[i];
        roll_array(&d, gan__shape_elements(p->shape), 0.2, 1.4, n->values + p->offset);
    }
    return n;
}

static void answers_alike(gan_network *a, gan_network *b)
{
    float x[15], y[2][10];
    dice d = {6};
    roll_array(&d, 15, -1, 1, x);
    ok(gan_network_forward(a, 5, x, y[0], 10));
    ok(gan_network_forward(b, 5, x, y[1], 10));
    ck_assert(memcmp(y[0], y[1], sizeof y[0]) == 0);
    need(y[0][0] != y[0][2] && isfinite(y[0][0]));
}

START_TEST(copies_have_everything)
{
    ctx = new_context(&own);
    gan_network *n = new_mixture(), *clone, *loaded, *appended = new_network();
    ok(gan_network_clone(n, "clone", &clone));
    const numbers before = all_of(n);
    need(is_still(clone, &before) && gan__network_alike(n, clone));
    answers_alike(n, clone);
    ok(gan_network_save(n, "test_normalize.safetensors"));
    ok(gan_network_clone(n, "loaded", &loaded));
    ok(gan_network_initialize(loaded, 77));
    need(!is_still(loaded, &before));
    ok(gan_network_load(loaded, "test_normalize.safetensors"));
    need(is_still(loaded, &before));
    answers_alike(n, loaded);
    remove("test_normalize.safetensors");
    ok(gan_network_output(appended, gan_network_append(appended, input(appended, 3), n)));
    ok(gan_network_copy_parameters(appended, n, NULL));
    answers_alike(n, appended);
    real x[12], y[2][8], s[2][64];
    dice d = {9};
    roll_array(&d, 12, -1, 1, x);
    evaluate(n, TRAINING, 4, x, y[0], s[0]);
    evaluate(clone, TRAINING, 4, x, y[1], s[1]);
    ck_assert(memcmp(y[0], y[1], sizeof y[0]) == 0);
    ck_assert(memcmp(s[0], s[1], 22 * sizeof(real)) == 0);
    gan_network_free(appended);
    gan_network_free(loaded);
    gan_network_free(clone);
    gan_network_free(n);
    end_context(ctx, &own);
}
END_TEST

START_TEST(results_do_not_depend_on_threads)
{
    float y[3][1200 * 2];
    numbers all[3];
    for (int32_t threads = 1; threads <= 3; threads++) {
        ctx = new_context(&own);
        ok(gan_context_set_threads(ctx, threads));
        gan_network *n = new_mixture();
        ok(gan_network_recalibrate(n, 3, 1000, NULL, NULL, 8));
        ok(gan_network_sample(n, 3, 1200, y[threads - 1], 2400));
        all[threads - 1] = all_of(n);
        gan_network_free(n);
        end_context(ctx, &own);
        ck_assert(memcmp(y[0], y[threads - 1], sizeof y[0]) == 0);
        ck_assert(same(&all[0], &all[threads - 1]));
    }
}
END_TEST

/* ---- Measuring anew -------------------------------------------------------------------------- */

static gan_dataset *new_rows(int64_t count, int64_t elements, float *values)
{
    dice d = {count > 0 ? (uint64_t)count : 1};
    gan_dataset *made;
    roll_array(&d, count * elements, -1, 2, values);
    ok(gan_dataset_from_floats(ctx, count, 1, &elements, values, &made));
    return made;
}

/* Two layers of statistics; the second's depend on the first normalising by the batch. */
START_TEST(statistics_are_measured_anew)
{
    ctx = new_context(&own);
    gan_network *n = new_mixture();
    float rows[7 * 3], z[5 * 4 * 3];
    gan_dataset *data = new_rows(7, 3, rows);
    ok(gan_network_set_trainable(n, "layer1.statistics", 0));
    ok(gan_network_noise(n, 21, 20, z, 60));
    for (int noisy = 0; noisy <= 1; noisy++) {
        double sums[22] = {0};
        for (int batch = 0; batch < 5; batch++) {
            real x[12], y[8], seen[22];
            for (int i = 0; i < 12; i++) {
                x[i] = noisy ? z[batch * 12 + i] : rows[(batch * 12 + i) % 21];
            }
            evaluate(n, MEASURING, 4, x, y, seen);
            for (int i = 0; i < 22; i++) {
                sums[i] += (double)seen[i] / 5;
            }
        }
        const numbers before = all_of(n);
        ok(gan_network_recalibrate(n, 5, 4, noisy ? NULL : data, NULL, 21));
        const numbers after = all_of(n);
        int at = 0;
        for (int32_t i = 0; i < n->parameter_count; i++) {
            const gan__parameter *p = &n->parameters[i];
            const bool measured = strstr(p->name, ".statistics") != NULL;
            for (int64_t j = p->offset; j < p->offset + gan__shape_elements(p->shape); j++) {
                if (measured) {
                    near(after.values[j], sums[at], 1e-6);
                    at++;
                }
                need(measured || before.values[j] == after.values[j]);
            }
        }
        ck_assert_int_eq(at, 22);
        need(!same(&before, &after));
    }
    int32_t trainable;
    ok(gan_network_get_trainable(n, "layer1.statistics", &trainable));
    ck_assert_int_eq(trainable, 0);
    gan_dataset_free(data);
    gan_network_free(n);
    end_context(ctx, &own);
}
END_TEST

START_TEST(measuring_drops_nothing_and_reaches_other_tensors)
{
    ctx = new_context(&own);
    gan_network *n = new_network();
    const int32_t x = gan_network_dropout(n, input(n, 2), 0.5);
    ok(gan_network_output(n, x));
    gan_network_free(n);
    n = new_network();
    const int32_t y = gan_network_dropout(n, input(n, 2), 0.5);
    const int32_t z = add(n, BATCH, y, 0);
    add(n, BATCH, z, 0); /* beyond the output */
    ok(gan_network_output(n, z));
    float rows[6];
    gan_dataset *data = new_rows(3, 2, rows);
    ok(gan_network_recalibrate(n, 1, 3, data, NULL, 0));
    const real *s = values_of(n, "layer0.statistics");
    near(s[0], (rows[0] + rows[2] + rows[4]) / 3, 1e-6);
    const real *t = values_of(n, "layer1.statistics");
    near(t[0], 0, 1e-6);
    need(t[2] > 1.3f && t[2] < 1.51f); /* 3 / 2 of what epsilon leaves of 1 */
    gan_dataset_free(data);
    gan_network_free(n);
    end_context(ctx, &own);
}
END_TEST

START_TEST(measuring_refuses_what_is_wrong)
{
    ctx = new_context(&own);
    gan_network *n = new_mixture(), *open = new_network(), *plain = new_network();
    float rows[12];
    gan_dataset *data = new_rows(4, 3, rows), *wide = new_rows(3, 4, rows), *foreign;
    heap other;
    gan_context *second = new_context(&other);
    need(gan_dataset_from_floats(second, 4, 1, (int64_t[]){3}, rows, &foreign) == GAN_OK);
    const numbers before = all_of(n);
    ck_assert_int_eq(gan_network_recalibrate(NULL, 1, 1, NULL, NULL, 0), GAN_ERROR_ARGUMENT);
    fails(gan_network_recalibrate(open, 1, 1, NULL, NULL, 0), GAN_ERROR_STATE, "not finished");
    fails(gan_network_recalibrate(n, 0, 1, NULL, NULL, 0), GAN_ERROR_RANGE, "0 batches");
    fails(gan_network_recalibrate(n, 1, 0, NULL, NULL, 0), GAN_ERROR_RANGE, "0 samples");
    fails(gan_network_recalibrate(n, 1, (1 << 20) + 1, NULL, NULL, 0), GAN_ERROR_RANGE, "1048577");
    fails(gan_network_recalibrate(n, 1, 1, wide, NULL, 0), GAN_ERROR_SHAPE, "4 elements");
    fails(gan_network_recalibrate(n, 1, 1, foreign, NULL, 0), GAN_ERROR_ARGUMENT, "context");
    fails(gan_network_recalibrate(n, 1, 1, data, data, 0), GAN_ERROR_ARGUMENT, "it has none");
    need(is_still(n, &before));
    values_of(n, "layer0.bias")[3] = FLT_MAX;
    values_of(n, "layer0.weight")[3] = FLT_MAX / 2;
    const numbers huge = all_of(n);
    fails(gan_network_recalibrate(n, 1, 4, data, NULL, 0), GAN_ERROR_NUMERIC, "statistics");
    need(is_still(n, &huge));
    ok(gan_network_output(plain, input(plain, 3)));
    ok(gan_network_recalibrate(plain, 1, 1, data, NULL, 0)); /* there is nothing to do */
    gan_dataset_free(foreign);
    gan_context_free(second);
    gan_dataset_free(wide);
    gan_dataset_free(data);
    gan_network_free(plain);
    gan_network_free(open);
    gan_network_free(n);
    end_context(ctx, &own);
}
END_TEST

int main(void)
{
    return RUN_TESTS(
        "normalize", tensors_have_names, wrong_numbers_are_refused,
        settings_reach_a_normalisation_by_its_id, values_are_those_of_the_formulas,
        sigma_becomes_the_largest_singular_value, layers_compute_with_divided_weights,
        nothing_is_divided_by_zero, the_setting_can_be_taken_back, copies_have_everything,
        results_do_not_depend_on_threads, statistics_are_measured_anew,
        measuring_drops_nothing_and_reaches_other_tensors, measuring_refuses_what_is_wrong);
}
