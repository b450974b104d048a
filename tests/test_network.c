/* Networks: building and its sticky errors, names, how parameters start, the column constraint,
 * evaluation against plain loops in double, samples. */
#include "api.h"

#include <gan/gan.h>

#include <stdbool.h>
#include <stdio.h>

/* ---- What every test starts from ------------------------------------------------------------- */

static gan_network *net;

static void start(void)
{
    ctx = new_context(&own);
    ok(gan_network_create(ctx, "N", &net));
}

/* Another network in the same context. */
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

static int32_t input(int64_t elements)
{
    return gan_network_input(net, "x", 1, &elements);
}

/* One dense layer from `inputs` to `units`, finished; returns its id. */
static int32_t one_layer(int64_t inputs, int64_t units)
{
    const int32_t layer = gan_network_dense(net, input(inputs), units);
    ok(gan_network_output(net, layer));
    return layer;
}

/* All of one parameter; the caller frees it. */
static float *get(const char *name, int64_t count)
{
    float *values = malloc((size_t)count * sizeof *values);
    ok(gan_network_get_parameter(net, name, values, count));
    return values;
}

static bool same_bits(const float *a, const float *b, int64_t count)
{
    return memcmp(a, b, (size_t)count * sizeof *a) == 0;
}

/* ---- Building -------------------------------------------------------------------------------- */

START_TEST(shapes_follow_the_layers)
{
    start();
    ck_assert_int_eq(gan_network_input_elements(net), 0);
    ck_assert_int_eq(gan_network_output_elements(net), 0);
    int32_t x = gan_network_input(net, "x", 3, (int64_t[]){2, 3, 4});
    ck_assert_int_eq(x, 1);
    ck_assert_int_eq(gan_network_input_elements(net), 24);
    x = gan_network_reshape(net, x, 2, (int64_t[]){6, 4});
    ck_assert_int_eq(x, 2);
    x = gan_network_concatenate(net, x, x, 1);
    x = gan_network_maxout(net, x, 5, 3);
    x = gan_network_dense(net, gan_network_dropout(net, x, 0.5), 7);
    ok(gan_network_output(net, gan_network_tanh(net, x)));
    ck_assert_int_eq(gan_network_output_elements(net), 7);
    ck_assert_int_eq(gan_network_parameter_count(net), 4);
    ck_assert_int_eq(gan_network_parameter_elements(net), 48 * 15 + 15 + 5 * 7 + 7);
    const struct {
        const char *name;
        int32_t rank;
        int64_t dims[2];
    } wanted[] = {{"layer0.weight", 2, {48, 15}},
                  {"layer0.bias", 1, {15}},
                  {"layer1.weight", 2, {5, 7}},
                  {"layer1.bias", 1, {7}}};
    for (int32_t i = 0; i < 4; i++) {
        int32_t rank = 0;
        int64_t dims[2] = {0};
        ck_assert_str_eq(gan_network_parameter_name(net, i), wanted[i].name);
        fails(gan_network_parameter_shape(net, wanted[i].name, &rank, dims, 0), GAN_ERROR_BUFFER,
              wanted[i].name);
        ck_assert_int_eq(rank, wanted[i].rank);
        ok(gan_network_parameter_shape(net, wanted[i].name, &rank, dims, 2));
        ck_assert(rank == wanted[i].rank && dims[0] == wanted[i].dims[0] &&
                  dims[1] == wanted[i].dims[1]);
    }
    ck_assert_ptr_null(gan_network_parameter_name(net, 4));
    ck_assert_ptr_null(gan_network_parameter_name(net, -1));
    fails(gan_network_parameter_shape(net, "layer2.bias", &(int32_t){0}, (int64_t[2]){0}, 2),
          GAN_ERROR_KEY, "layer2.bias");
    finish();
}
END_TEST

/* Each bad building call, and what the network says of it ever after. x is the input, [2, 3]. */
static int32_t bad_call(int which, int32_t x)
{
    const int64_t six[] = {6}, seven[] = {7}, none[] = {0}, huge[] = {1 << 20, 1 << 20};
    switch (which) {
    case 0:
        return gan_network_input(net, "x", 1, six);
    case 1:
        return gan_network_dense(net, x + 1, 3);
    case 2:
        return gan_network_dense(net, 0, 3);
    case 3:
        return gan_network_dense(net, x, 0);
    case 4:
        return gan_network_maxout(net, x, 3, -1);
    case 5:
        return gan_network_maxout(net, x, INT64_MAX / 2, 3);
    case 6:
        return gan_network_dense(net, x, INT64_MAX);
    case 7:
        return gan_network_dropout(net, x, 0);
    case 8:
        return gan_network_dropout(net, x, NAN);
    case 9:
        return gan_network_leaky_relu(net, x, 1.5);
    case 10:
        return gan_network_affine(net, x, INFINITY, 0);
    case 11:
        return gan_network_reshape(net, x, 1, seven);
    case 12:
        return gan_network_reshape(net, x, 1, none);
    case 13:
        return gan_network_reshape(net, x, 6, six);
    case 14:
        return gan_network_concatenate(net, x, x, 2);
    case 15:
        return gan_network_concatenate(net, x, gan_network_reshape(net, x, 1, six), 0);
    case 16:
        return gan_network_concatenate(net, x, 9, 0);
    case 17:
        return gan_network_relu(net, -3);
    default:
        return gan_network_reshape(net, x, 2, huge);
    }
}

START_TEST(the_first_error_sticks)
{
    const struct {
        int32_t code;
        const char *text;
    } wanted[] = {
        {GAN_ERROR_STATE, "input"},       {GAN_ERROR_ARGUMENT, "dense: no tensor 2"},
        {GAN_ERROR_ARGUMENT, "dense"},    {GAN_ERROR_RANGE, "dense: 0 units"},
        {GAN_ERROR_RANGE, "-1 pieces"},   {GAN_ERROR_SHAPE, "maxout"},
        {GAN_ERROR_SHAPE, "dense"},       {GAN_ERROR_RANGE, "dropout: include 0"},
        {GAN_ERROR_RANGE, "nan"},         {GAN_ERROR_RANGE, "slope 1.5"},
        {GAN_ERROR_RANGE, "affine"},      {GAN_ERROR_SHAPE, "[2, 3] to [7]"},
        {GAN_ERROR_RANGE, "reshape"},     {GAN_ERROR_RANGE, "rank 6"},
        {GAN_ERROR_RANGE, "axis 2"},      {GAN_ERROR_SHAPE, "[2, 3] and [6]"},
        {GAN_ERROR_ARGUMENT, "tensor 9"}, {GAN_ERROR_ARGUMENT, "relu: no tensor -3"},
        {GAN_ERROR_SHAPE, "reshape"},
    };
    start();
    for (int i = 0; i < (int)(sizeof wanted / sizeof wanted[0]); i++) {
        restart();
        const int32_t x = gan_network_input(net, "x", 2, (int64_t[]){2, 3});
        fails(bad_call(i, x), wanted[i].code, wanted[i].text);
        /* Other errors do not replace it, and other messages do not hide it. */
        ck_assert_int_eq(gan_network_dropout(net, x, 7), wanted[i].code);
        ck_assert_int_eq(gan_network_dense(net, wanted[i].code, 3), wanted[i].code);
        ck_assert_int_eq(gan_network_input(net, "x", 1, (int64_t[]){1}), wanted[i].code);
        fails(gan_context_set_threads(ctx, 0), GAN_ERROR_RANGE, "threads");
        float y[8];
        fails(gan_network_output(net, x), wanted[i].code, wanted[i].text);
        fails(gan_network_set_bias(net, 0, 0), wanted[i].code, wanted[i].text);
        fails(gan_network_initialize(net, 0), wanted[i].code, wanted[i].text);
        fails(gan_network_sample(net, 0, 1, y, 8), wanted[i].code, wanted[i].text);
    }
    finish();
}
END_TEST

START_TEST(a_network_needs_an_input_and_an_output)
{
    float y[4];
    start();
    fails(gan_network_output(net, 1), GAN_ERROR_STATE, "no input");
    const int32_t x = input(2);
    fails(gan_network_initialize(net, 0), GAN_ERROR_STATE, "not finished");
    fails(gan_network_forward(net, 1, y, y + 2, 2), GAN_ERROR_STATE, "not finished");
    fails(gan_network_output(net, 0), GAN_ERROR_ARGUMENT, "no tensor 0");
    fails(gan_network_output(net, 2), GAN_ERROR_ARGUMENT, "no tensor 2");
    ok(gan_network_output(net, x)); /* these did not stick, and a network may do nothing */
    ok(gan_network_forward(net, 2, (float[]){1, -2, 3, INFINITY}, y, 4));
    ck_assert(same_bits(y, (float[]){1, -2, 3, INFINITY}, 4));
    fails(gan_network_output(net, x), GAN_ERROR_STATE, "already finished");
    finish();
}
END_TEST

/* A stray building call on a finished network is refused, and costs nothing. */
START_TEST(a_finished_network_stays_usable)
{
    float before[3], after[3];
    start();
    one_layer(2, 3);
    ok(gan_network_sample(net, 1, 1, before, 3));
    const int32_t codes[] = {
        gan_network_dense(net, 1, 3),
        gan_network_relu(net, 1),
        input(2),
    };
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(codes[i], GAN_ERROR_STATE);
    }
    ck_assert_int_lt(gan_network_dropout(net, 1, 2), 0);
    ck_assert_int_lt(gan_network_leaky_relu(net, 1, 2), 0);
    ck_assert_int_lt(gan_network_affine(net, 1, NAN, 2), 0);
    ck_assert_int_lt(gan_network_reshape(net, 1, 0, NULL), 0);
    ok(gan_network_sample(net, 1, 1, after, 3));
    ck_assert(same_bits(before, after, 3));
    finish();
}
END_TEST

START_TEST(names_are_unique)
{
    char longest[65];
    start();
    int32_t x = input(2);
    const int32_t first = gan_network_dense(net, x, 2);
    ok(gan_network_set_name(net, first, "layer1")); /* taken before the second layer wants it */
    const int32_t second = gan_network_dense(net, first, 2);
    const int32_t third = gan_network_relu(net, gan_network_maxout(net, second, 2, 2));
    ck_assert_str_eq(gan_network_parameter_name(net, 0), "layer1.weight");
    ck_assert_str_eq(gan_network_parameter_name(net, 1), "layer1.bias");
    ck_assert_str_eq(gan_network_parameter_name(net, 2), "layer2.weight");
    ck_assert_str_eq(gan_network_parameter_name(net, 4), "layer3.weight");
    fails(gan_network_set_name(net, second, "layer1"), GAN_ERROR_ARGUMENT, "another layer");
    fails(gan_network_set_name(net, second, "a.b"), GAN_ERROR_ARGUMENT, "'.'");
    fails(gan_network_set_name(net, second, ""), GAN_ERROR_ARGUMENT, "empty");
    fails(gan_network_set_name(net, 0, "all"), GAN_ERROR_ARGUMENT, "one layer");
    fails(gan_network_set_name(net, third, "relu"), GAN_ERROR_ARGUMENT,
          "not a layer with parameters");
    fails(gan_network_set_name(net, x, "x"), GAN_ERROR_ARGUMENT, "not a layer with parameters");
    fails(gan_network_set_name(net, 77, "x"), GAN_ERROR_ARGUMENT, "77");
    memset(longest, 'n', sizeof longest);
    longest[64] = '\0';
    fails(gan_network_set_name(net, second, longest), GAN_ERROR_ARGUMENT, "64 bytes");
    longest[63] = '\0';
    ok(gan_network_set_name(net, second, longest));
    ok(gan_network_set_name(net, second, longest)); /* its own name */
    ck_assert(strncmp(gan_network_parameter_name(net, 2), longest, 63) == 0);
    ck_assert_str_eq(gan_network_parameter_name(net, 2) + 63, ".weight");
    ok(gan_network_output(net, third));
    ok(gan_network_set_name(net, first, "a"));
    float *weight = get("a.weight", 4);
    free(weight);
    fails(gan_network_set_name(net, first, "b"), GAN_ERROR_STATE, "initialised");
    finish();
}
END_TEST

/* ---- How parameters start -------------------------------------------------------------------- */

enum { FAN_IN = 300, FAN_OUT = 200, WEIGHTS = FAN_IN * FAN_OUT };

typedef struct {
    double low, high, mean, deviation;
} moments;

static moments moments_of(const float *values, int64_t count)
{
    moments m = {INFINITY, -INFINITY, 0, 0};
    for (int64_t i = 0; i < count; i++) {
        m.low = fmin(m.low, (double)values[i]);
        m.high = fmax(m.high, (double)values[i]);
        m.mean += (double)values[i] / (double)count;
    }
    for (int64_t i = 0; i < count; i++) {
        m.deviation += pow((double)values[i] - m.mean, 2) / (double)count;
    }
    m.deviation = sqrt(m.deviation);
    return m;
}

/* Weights are within [low, high], fill it, and have this mean and deviation within 5 of their
 * standard errors. (For a normal law low and high are infinite.) */
static void check_law(const char *kind, const float *w, double low, double high, double mean,
                      double deviation)
{
    const moments m = moments_of(w, WEIGHTS);
    const bool bounded = isfinite(low);
    const double root = sqrt(WEIGHTS);
    const double reach = (bounded ? 1e-3 * (high - low) : 0);
    if (!(m.low >= low && m.high <= high && fabs(m.mean - mean) <= 5 * deviation / root &&
          fabs(m.deviation - deviation) <= 5 * deviation / root / (bounded ? 1.5 : 1.41) &&
          (!bounded || (m.low <= low + reach && m.high >= high - reach)) &&
          (bounded || (m.high > mean + 3.5 * deviation && m.low < mean - 3.5 * deviation)))) {
        ck_abort_msg("%s: within [%g, %g], mean %g, deviation %g", kind, m.low, m.high, m.mean,
                     m.deviation);
    }
}

START_TEST(weights_follow_their_law)
{
    const double glorot = sqrt(2.0 / (FAN_IN + FAN_OUT)), he = sqrt(2.0 / FAN_IN);
    const double third = sqrt(3);
    const struct {
        const char *kind;
        double a, b, low, high, mean, deviation;
    } laws[] = {
        {NULL, 0, 0, -third * glorot, third * glorot, 0, glorot},
        {GAN_INIT_UNIFORM, -0.2, 0.6, -0.2, 0.6, 0.2, 0.8 / sqrt(12)},
        {GAN_INIT_NORMAL, 1.5, 0.25, -INFINITY, INFINITY, 1.5, 0.25},
        {GAN_INIT_GLOROT_UNIFORM, 2, 0, -2 * third * glorot, 2 * third * glorot, 0, 2 * glorot},
        {GAN_INIT_GLOROT_NORMAL, 0.5, 0, -INFINITY, INFINITY, 0, 0.5 * glorot},
        {GAN_INIT_HE_UNIFORM, 1, 0, -third * he, third * he, 0, he},
        {GAN_INIT_HE_NORMAL, 3, 0, -INFINITY, INFINITY, 0, 3 * he},
    };
    start();
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        restart();
        const int32_t layer = one_layer(FAN_IN, FAN_OUT);
        if (laws[i].kind != NULL) {
            ok(gan_network_set_initializer(net, layer, laws[i].kind, laws[i].a, laws[i].b));
        }
        ok(gan_network_initialize(net, 100 + i));
        float *w = get("layer0.weight", WEIGHTS), *b = get("layer0.bias", FAN_OUT);
        const double rounding = isfinite(laws[i].low) ? 1e-6 * laws[i].high : 0;
        check_law(laws[i].kind != NULL ? laws[i].kind : "default", w, laws[i].low - rounding,
                  laws[i].high + rounding, laws[i].mean, laws[i].deviation);
        for (int j = 0; j < FAN_OUT; j++) {
            need(b[j] == 0);
        }
        free(w);
        free(b);
    }
    finish();
}
END_TEST

/* The fans of a maxout layer: every piece is an output. */
START_TEST(a_piece_counts_as_an_output)
{
    start();
    ok(gan_network_output(net, gan_network_maxout(net, input(FAN_IN), FAN_OUT / 4, 4)));
    float *w = get("layer0.weight", WEIGHTS);
    const double range = sqrt(6.0 / (FAN_IN + FAN_OUT));
    check_law("maxout", w, -range * (1 + 1e-6), range * (1 + 1e-6), 0, range / sqrt(3));
    free(w);
    finish();
}
END_TEST

START_TEST(sparse_weights_are_exactly_as_many)
{
    static const int counts[] = {0, 1, 7, 15, 299, 300};
    start();
    for (int c = 0; c < 6; c++) {
        restart();
        const int32_t layer = one_layer(FAN_IN, FAN_OUT);
        ok(gan_network_set_initializer(net, layer, GAN_INIT_SPARSE, counts[c], 0.5));
        ok(gan_network_initialize(net, 3));
        float *w = get("layer0.weight", WEIGHTS);
        double squares = 0, rows[FAN_IN] = {0};
        for (int j = 0; j < FAN_OUT; j++) {
            int found = 0;
            for (int i = 0; i < FAN_IN; i++) {
                found += w[i * FAN_OUT + j] != 0;
                rows[i] += w[i * FAN_OUT + j] != 0;
                squares += pow((double)w[i * FAN_OUT + j], 2);
            }
            ck_assert_int_eq(found, counts[c]);
        }
        const double drawn = counts[c] * FAN_OUT, share = counts[c] / (double)FAN_IN;
        if (counts[c] > 0) {
            near(sqrt(squares / drawn), 0.5, 5 * 0.5 / sqrt(2 * drawn));
        }
        for (int i = 0; i < FAN_IN; i++) { /* every row is as likely as another */
            near(rows[i], FAN_OUT * share, 5.5 * sqrt(FAN_OUT * share * (1 - share)) + 1e-9);
        }
        free(w);
    }
    finish();
}
END_TEST

START_TEST(constants_and_biases_start_as_told)
{
    start();
    int32_t x = input(3);
    const int32_t first = gan_network_dense(net, x, 4),
                  second = gan_network_maxout(net, first, 2, 2);
    ok(gan_network_output(net, second));
    ok(gan_network_set_initializer(net, 0, GAN_INIT_CONSTANT, -0.3, 0));
    ok(gan_network_set_bias(net, 0, 1.25));
    ok(gan_network_set_bias(net, second, -2));
    float *w = get("layer0.weight", 12), *v = get("layer1.weight", 16);
    float *b = get("layer0.bias", 4), *c = get("layer1.bias", 4);
    for (int i = 0; i < 16; i++) {
        ck_assert(v[i] == -0.3f && w[i % 12] == -0.3f && b[i % 4] == 1.25f && c[i % 4] == -2);
    }
    free(w);
    free(v);
    free(b);
    free(c);
    finish();
}
END_TEST

START_TEST(bad_initialisers_are_refused)
{
    const struct {
        const char *kind;
        double a, b;
        int32_t code;
    } bad[] = {
        {GAN_INIT_UNIFORM, 1, 0, GAN_ERROR_RANGE},
        {GAN_INIT_UNIFORM, NAN, 1, GAN_ERROR_RANGE},
        {GAN_INIT_UNIFORM, 0, INFINITY, GAN_ERROR_RANGE},
        {GAN_INIT_NORMAL, 0, -1, GAN_ERROR_RANGE},
        {GAN_INIT_NORMAL, 0, 1e300, GAN_ERROR_RANGE}, /* no float */
        {GAN_INIT_CONSTANT, -1e39, 0, GAN_ERROR_RANGE},
        {GAN_INIT_SPARSE, 4, 1, GAN_ERROR_RANGE},
        {GAN_INIT_SPARSE, -1, 1, GAN_ERROR_RANGE},
        {GAN_INIT_SPARSE, 1.5, 1, GAN_ERROR_RANGE},
        {GAN_INIT_SPARSE, 1, -1, GAN_ERROR_RANGE},
        {GAN_INIT_GLOROT_UNIFORM, -1, 0, GAN_ERROR_RANGE},
        {GAN_INIT_HE_NORMAL, -1, 0, GAN_ERROR_RANGE},
        {"orthogonal", 1, 0, GAN_ERROR_KEY},
        {NULL, 1, 0, GAN_ERROR_ARGUMENT},
    };
    start();
    int32_t x = input(30);
    const int32_t wide = gan_network_dense(net, x, 3), narrow = gan_network_dense(net, wide, 2);
    ok(gan_network_output(net, narrow));
    ok(gan_network_set_initializer(net, 0, GAN_INIT_CONSTANT, 7, 0));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fails(gan_network_set_initializer(net, 0, bad[i].kind, bad[i].a, bad[i].b), bad[i].code,
              bad[i].kind != NULL ? bad[i].kind : "NULL");
    }
    const double no_bias[] = {NAN, INFINITY, -INFINITY, 1e39};
    for (int i = 0; i < 4; i++) {
        fails(gan_network_set_bias(net, wide, no_bias[i]), GAN_ERROR_RANGE, "set_bias");
    }
    const double no_norm[] = {NAN, INFINITY, -1};
    for (int i = 0; i < 3; i++) {
        fails(gan_network_set_max_norm(net, wide, no_norm[i]), GAN_ERROR_RANGE, "set_max_norm");
    }
    float *w = get("layer0.weight", 90), *v = get("layer1.weight", 6);
    ck_assert(w[0] == 7 && w[89] == 7 && v[0] == 7 && v[5] == 7); /* nothing changed */
    free(w);
    free(v);
    fails(gan_network_set_initializer(net, 0, GAN_INIT_CONSTANT, 1, 0), GAN_ERROR_STATE, "already");
    fails(gan_network_set_bias(net, 0, 1), GAN_ERROR_STATE, "already");
    fails(gan_network_set_max_norm(net, 0, 1), GAN_ERROR_STATE, "already");
    finish();
}
END_TEST

/* Draws the weights of two large layers, the second sparse, with this seed on these threads. */
static void draw(uint64_t seed, int32_t threads, const char *name, float *out)
{
    start();
    ok(gan_context_set_threads(ctx, threads));
    const int32_t first = gan_network_dense(net, input(FAN_IN), FAN_OUT);
    const int32_t second = gan_network_dense(net, first, FAN_IN);
    ok(gan_network_set_initializer(net, first, GAN_INIT_NORMAL, 0, 1));
    ok(gan_network_set_initializer(net, second, GAN_INIT_SPARSE, 15, 1));
    ok(gan_network_set_max_norm(net, 0, 3));
    if (name != NULL) {
        ok(gan_network_set_name(net, first, name));
    }
    ok(gan_network_output(net, second));
    if (seed != 0) {
        ok(gan_network_initialize(net, seed));
    }
    ok(gan_network_get_parameter(net, gan_network_parameter_name(net, 0), out, WEIGHTS));
    ok(gan_network_get_parameter(net, gan_network_parameter_name(net, 2), out + WEIGHTS, WEIGHTS));
    finish();
}

START_TEST(draws_depend_on_the_seed_only)
{
    static float one[2 * WEIGHTS], other[2 * WEIGHTS];
    static const int32_t threads[] = {1, 2, 3, 8};
    draw(5, 1, NULL, one);
    for (int i = 0; i < 4; i++) {
        draw(5, threads[i], i == 0 ? "renamed" : NULL, other);
        ck_assert(same_bits(one, other, 2 * WEIGHTS));
    }
    ck_assert(!same_bits(one, one + WEIGHTS, WEIGHTS));
    draw(6, 2, NULL, other);
    int32_t equal = 0;
    for (int i = 0; i < WEIGHTS; i++) {
        equal += one[i] == other[i];
    }
    ck_assert_int_lt(equal, 10);
    draw(0, 2, NULL, one); /* nobody draws: seed 0 */
    start();
    const int32_t layer = one_layer(FAN_IN, FAN_OUT);
    ok(gan_network_set_initializer(net, layer, GAN_INIT_NORMAL, 0, 1));
    ok(gan_network_set_max_norm(net, 0, 3));
    ok(gan_network_initialize(net, 7));
    ok(gan_network_initialize(net, 0)); /* and anew: a layer does not depend on those after it */
    ok(gan_network_get_parameter(net, "layer0.weight", other, WEIGHTS));
    ck_assert(same_bits(one, other, WEIGHTS));
    finish();
}
END_TEST

/* ---- The column constraint ------------------------------------------------------------------- */

enum { ROWS = 6, COLUMNS = 10 };

/* w clip(|w|, 0, norm) / (1e-7 + |w|), column by column, in double. */
static void limit(double norm, const float *w, double *out)
{
    for (int j = 0; j < COLUMNS; j++) {
        double squares = 0;
        for (int i = 0; i < ROWS; i++) {
            squares += pow((double)w[i * COLUMNS + j], 2);
        }
        const double length = sqrt(squares), factor = fmin(length, norm) / (1e-7 + length);
        for (int i = 0; i < ROWS; i++) {
            out[i * COLUMNS + j] = (double)w[i * COLUMNS + j] * factor;
        }
    }
}

static void check_limited(const char *name, const float *w, double norm)
{
    double wanted[ROWS * COLUMNS];
    float *got = get(name, ROWS * COLUMNS);
    limit(norm, w, wanted);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        near(got[i], wanted[i], 1e-6 * fabs(wanted[i]) + 1e-30);
    }
    free(got);
}

/* Columns of very different length: some above the limit, some below, some near 1e-7, one 0. */
START_TEST(columns_are_limited_at_the_start)
{
    static const double deviations[] = {0.5, 1e-7, 0};
    start();
    for (int i = 0; i < 3; i++) {
        float *free_draw = NULL;
        for (int limited = 0; limited < 2; limited++) {
            restart();
            const int32_t layer = one_layer(ROWS, COLUMNS);
            ok(gan_network_set_initializer(net, layer, GAN_INIT_NORMAL, 0, deviations[i]));
            ok(gan_network_set_max_norm(net, layer, limited ? 1 : 0));
            ok(gan_network_initialize(net, 12));
            if (!limited) {
                free_draw = get("layer0.weight", ROWS * COLUMNS);
            } else {
                check_limited("layer0.weight", free_draw, 1);
            }
        }
        free(free_draw);
    }
    finish();
}
END_TEST

/* The limit after an update: two discriminators with the same weights make the same update, one of
 * them is limited afterwards. */
START_TEST(columns_are_limited_after_each_update)
{
    gan_network *generator;
    float weights[ROWS * COLUMNS], free_update[ROWS * COLUMNS], x[4 * ROWS], z[4];
    dice d = {4};
    start();
    ok(gan_network_create(ctx, "G", &generator));
    ok(gan_network_output(
        generator,
        gan_network_dense(generator, gan_network_input(generator, "z", 1, (int64_t[]){1}), ROWS)));
    roll_array(&d, ROWS * COLUMNS, -0.7, 0.7, weights);
    roll_array(&d, 4 * ROWS, -3, 3, x);
    roll_array(&d, 4, -1, 1, z);
    for (int j = 0; j < COLUMNS; j += 3) {
        for (int i = 0; i < ROWS; i++) {
            weights[i * COLUMNS + j] *= 0.1f;
        }
    }
    for (int limited = 0; limited < 2; limited++) {
        gan_trainer *trainer;
        restart();
        ok(gan_network_initialize(generator, 1));
        int32_t h = gan_network_maxout(net, input(ROWS), COLUMNS / 2, 2);
        ok(gan_network_set_max_norm(net, h, limited ? 1 : 0));
        h = gan_network_dense(net, h, 1);
        ok(gan_network_output(net, h));
        ok(gan_network_set_parameter(net, "layer0.weight", weights, ROWS * COLUMNS));
        ok(gan_trainer_create(generator, net, NULL, &trainer));
        ok(gan_trainer_step(trainer, 4, x, z, z));
        if (!limited) {
            ok(gan_network_get_parameter(net, "layer0.weight", free_update, ROWS * COLUMNS));
        } else {
            check_limited("layer0.weight", free_update, 1);
        }
        for (int i = 0; limited && i < 20; i++) {
            float now[ROWS * COLUMNS];
            ok(gan_trainer_step(trainer, 4, x, z, z));
            ok(gan_network_get_parameter(net, "layer0.weight", now, ROWS * COLUMNS));
            for (int j = 0; j < COLUMNS; j++) {
                double squares = 0;
                for (int r = 0; r < ROWS; r++) {
                    squares += pow((double)now[r * COLUMNS + j], 2);
                }
                need(sqrt(squares) <= 1 + 1e-6);
            }
        }
        gan_trainer_free(trainer);
    }
    gan_network_free(generator);
    finish();
}
END_TEST

/* ---- Biases from marginals ------------------------------------------------------------------- */

START_TEST(biases_start_at_the_marginals)
{
    enum { COUNT = 700, PIXELS = 4 }; /* more than are read at a time */
    static uint8_t bytes[COUNT * PIXELS];
    double sum = 0;
    gan_dataset *pixels, *scaled, *shifted;
    for (int i = 0; i < COUNT; i++) {
        bytes[i * PIXELS] = 0;
        bytes[i * PIXELS + 1] = 255;
        bytes[i * PIXELS + 2] = (uint8_t)(i % 256);
        bytes[i * PIXELS + 3] = i < COUNT / 2 ? 255 : 0;
        sum += i % 256 / 255.0;
    }
    start();
    const int32_t layer = one_layer(2, PIXELS);
    ok(gan_dataset_from_bytes(ctx, COUNT, 1, (int64_t[]){PIXELS}, bytes, &pixels));
    ok(gan_dataset_scale(pixels, 2, -1, &scaled));
    ok(gan_dataset_scale(pixels, 0.5, 0.25, &shifted));
    fails(gan_network_set_bias_from_marginals(net, layer, scaled), GAN_ERROR_RANGE, "-1");
    fails(gan_network_set_bias_from_marginals(net, 0, pixels), GAN_ERROR_ARGUMENT, "one layer");
    ok(gan_network_set_bias_from_marginals(net, layer, shifted));
    ok(gan_network_set_bias_from_marginals(net, layer, pixels)); /* the last call holds */
    float *b = get("layer0.bias", PIXELS);
    const double mean = sum / COUNT;
    near(b[0], -16.11809565095832, 2e-6);
    near(b[1], 16.11809565095832, 2e-6);
    near(b[2], log(mean / (1 - mean)), 1e-6);
    near(b[3], 0, 1e-6);
    free(b);
    fails(gan_network_set_bias_from_marginals(net, layer, pixels), GAN_ERROR_STATE, "already");

    restart();
    const int32_t other = one_layer(2, 3);
    fails(gan_network_set_bias_from_marginals(net, other, pixels), GAN_ERROR_SHAPE, "4 elements");
    restart();
    const int32_t pieces = gan_network_maxout(net, input(2), 2, 2);
    fails(gan_network_set_bias_from_marginals(net, pieces, pixels), GAN_ERROR_SHAPE,
          "makes 2 and has 4");
    restart();
    const int32_t last = one_layer(2, PIXELS);
    ok(gan_network_set_bias_from_marginals(net, last, pixels));
    ok(gan_network_set_bias(net, last, 3));
    b = get("layer0.bias", PIXELS);
    ck_assert(b[0] == 3 && b[3] == 3);
    free(b);
    gan_dataset_free(shifted);
    gan_dataset_free(scaled);
    gan_dataset_free(pixels);
    finish();
}
END_TEST

/* ---- Evaluation ------------------------------------------------------------------------------ */

enum { SAMPLES = 70, IN = 6, UNITS = 4 }; /* more samples than go through at a time */

static float xs[SAMPLES * IN], ys[SAMPLES * 64];

static void roll_samples(uint64_t seed)
{
    dice d = {seed};
    roll_array(&d, SAMPLES * IN, -2, 2, xs);
}

/* Gives layer0 random parameters; returns copies in double. w: [IN, units], b: [units] */
static void roll_layer(int64_t units, double *w, double *b)
{
    dice d = {99};
    float values[IN * 16];
    roll_array(&d, IN * units, -1, 1, values);
    ok(gan_network_set_parameter(net, "layer0.weight", values, IN * units));
    for (int64_t i = 0; i < IN * units; i++) {
        w[i] = (double)values[i];
    }
    roll_array(&d, units, -1, 1, values);
    ok(gan_network_set_parameter(net, "layer0.bias", values, units));
    for (int64_t i = 0; i < units; i++) {
        b[i] = (double)values[i];
    }
}

static double column(const double *w, const double *b, int64_t units, const float *x, int64_t j)
{
    double sum = b[j];
    for (int64_t i = 0; i < IN; i++) {
        sum += (double)x[i] * w[i * units + j];
    }
    return sum;
}

static double f_none(double x)
{
    return x;
}

static double f_relu(double x)
{
    return x > 0 ? x : 0;
}

static double f_leaky(double x)
{
    return x > 0 ? x : 0.2 * x;
}

static double f_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double f_softplus(double x)
{
    return log1p(exp(x));
}

static double f_affine(double x)
{
    return -3 * x + 0.5;
}

static int32_t leaky(gan_network *network, int32_t x)
{
    return gan_network_leaky_relu(network, x, 0.2);
}

static int32_t affine(gan_network *network, int32_t x)
{
    return gan_network_affine(network, x, -3, 0.5);
}

static int32_t dropped(gan_network *network, int32_t x)
{
    return gan_network_dropout(network, x, 0.3);
}

static const struct {
    int32_t (*layer)(gan_network *network, int32_t x);
    double (*f)(double x);
} functions[] = {
    {gan_network_relu, f_relu},
    {leaky, f_leaky},
    {gan_network_tanh, tanh},
    {gan_network_sigmoid, f_sigmoid},
    {gan_network_softplus, f_softplus},
    {affine, f_affine},
    {dropped, f_none}, /* dropout is for training only */
};

START_TEST(dense_layers_and_functions_are_what_they_say)
{
    double w[IN * UNITS], b[UNITS];
    start();
    roll_samples(1);
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        restart();
        const int32_t h = gan_network_dense(net, input(IN), UNITS);
        ok(gan_network_output(net, functions[i].layer(net, h)));
        roll_layer(UNITS, w, b);
        ok(gan_network_forward(net, SAMPLES, xs, ys, SAMPLES * UNITS));
        for (int s = 0; s < SAMPLES; s++) {
            for (int j = 0; j < UNITS; j++) {
                near(ys[s * UNITS + j], functions[i].f(column(w, b, UNITS, xs + s * IN, j)), 5e-6);
            }
        }
    }
    finish();
}
END_TEST

START_TEST(the_pieces_of_a_maxout_unit_are_neighbours)
{
    enum { PIECES = 3, ALL = UNITS * PIECES };
    double w[IN * ALL], b[ALL];
    start();
    roll_samples(2);
    ok(gan_network_output(net, gan_network_maxout(net, input(IN), UNITS, PIECES)));
    roll_layer(ALL, w, b);
    ok(gan_network_forward(net, SAMPLES, xs, ys, SAMPLES * UNITS));
    for (int s = 0; s < SAMPLES; s++) {
        for (int u = 0; u < UNITS; u++) {
            double best = -INFINITY;
            for (int p = 0; p < PIECES; p++) {
                best = fmax(best, column(w, b, ALL, xs + s * IN, u * PIECES + p));
            }
            near(ys[s * UNITS + u], best, 5e-6);
        }
    }
    finish();
}
END_TEST

/* x: [2, 3] next to -3 x + 0.5 along each axis, and both reshaped to [3, 1, 2] before. */
START_TEST(tensors_are_joined_along_any_axis)
{
    start();
    roll_samples(3);
    for (int which = 0; which < 5; which++) {
        const bool three = which >= 2;
        const int32_t axis = three ? which - 2 : which;
        const int64_t dims[] = {three ? 3 : 2, three ? 1 : 3, 2};
        const int32_t rank = three ? 3 : 2;
        restart();
        int32_t x = gan_network_input(net, "x", 2, (int64_t[]){2, 3});
        int32_t y = affine(net, x);
        if (three) {
            x = gan_network_reshape(net, x, 3, dims);
            y = gan_network_reshape(net, y, 3, dims);
        }
        ok(gan_network_output(net, gan_network_concatenate(net, x, y, axis)));
        ck_assert_int_eq(gan_network_output_elements(net), 12);
        ok(gan_network_forward(net, SAMPLES, xs, ys, SAMPLES * 12));
        int64_t inner = 1; /* elements that stay together */
        for (int32_t i = axis; i < rank; i++) {
            inner *= dims[i];
        }
        for (int s = 0; s < SAMPLES; s++) {
            for (int64_t i = 0; i < 12; i++) {
                const int64_t block = i / (2 * inner), within = i % (2 * inner);
                const float from = xs[s * IN + block * inner + within % inner];
                near(ys[s * 12 + i], within < inner ? (double)from : f_affine((double)from), 1e-6);
            }
        }
    }
    finish();
}
END_TEST

START_TEST(a_sample_does_not_depend_on_its_neighbours)
{
    static float all[200 * 3], few[200 * 3];
    start();
    ok(gan_context_set_threads(ctx, 2));
    int32_t h = gan_network_maxout(net, input(IN), 20, 3);
    ok(gan_network_output(net, gan_network_tanh(net, gan_network_dense(net, h, 3))));
    roll_samples(4);
    ok(gan_network_forward(net, SAMPLES, xs, all, 200 * 3));
    for (int n = 1; n <= SAMPLES; n += 23) {
        ok(gan_network_forward(net, n, xs, few, 200 * 3));
        ck_assert(same_bits(all, few, 3 * n));
        ok(gan_network_forward(net, 1, xs + IN * (n - 1), few, 3));
        ck_assert(same_bits(all + 3 * (n - 1), few, 3));
    }
    xs[0] = NAN; /* allowed, and of this sample only */
    ok(gan_network_forward(net, SAMPLES, xs, few, 200 * 3));
    ck_assert(isnan(few[0]) && same_bits(all + 3, few + 3, 3 * (SAMPLES - 1)));
    few[3] = 77;
    ok(gan_network_forward(net, 1, xs, few, 3)); /* writes no more than asked */
    ck_assert(few[3] == 77);
    finish();
}
END_TEST

START_TEST(samples_are_a_function_of_the_seed)
{
    static float many[100 * 5], few[100 * 5], z[100 * 7], made[100 * 5];
    start();
    const int32_t h = gan_network_relu(net, gan_network_dense(net, input(7), 40));
    ok(gan_network_output(net, gan_network_dropout(net, gan_network_dense(net, h, 5), 0.5)));
    ok(gan_network_sample(net, 42, 100, many, 500));
    for (int n = 1; n <= 100; n += 9) {
        ok(gan_network_sample(net, 42, n, few, 500));
        ck_assert(same_bits(many, few, 5 * n));
    }
    ok(gan_network_noise(net, 42, 100, z, 700));
    ok(gan_network_forward(net, 100, z, made, 500));
    ck_assert(same_bits(many, made, 500));
    ok(gan_network_noise(net, 42, 3, made, 21));
    ck_assert(same_bits(z, made, 21));
    ok(gan_network_sample(net, 43, 100, few, 500));
    ck_assert(!same_bits(many, few, 5));
    ok(gan_network_sample(net, 42 + (UINT64_C(1) << 32), 100, few, 500)); /* all bits count */
    ck_assert(!same_bits(many, few, 5));
    ok(gan_context_set_threads(ctx, 3));
    ok(gan_network_sample(net, 42, 100, few, 500));
    ck_assert(same_bits(many, few, 500));
    finish();
}
END_TEST

START_TEST(noise_follows_the_prior)
{
    enum { N = 30000 };
    static float z[2 * N];
    start();
    one_layer(2, 1);
    ok(gan_network_noise(net, 1, N, z, 2 * N)); /* the default: N(0, 1) */
    moments m = moments_of(z, 2 * N);
    near(m.mean, 0, 5 / sqrt(2 * N));
    near(m.deviation, 1, 5 / sqrt(4 * N));
    double product = 0;
    for (int i = 0; i < N; i++) {
        product += (double)z[2 * i] * (double)z[2 * i + 1] / N;
    }
    near(product, 0, 5 / sqrt(N));
    ok(gan_network_set_noise(net, GAN_NOISE_NORMAL, 3, 0.5));
    ok(gan_network_noise(net, 1, N, z, 2 * N));
    m = moments_of(z, 2 * N);
    near(m.mean, 3, 2.5 / sqrt(2 * N));
    near(m.deviation, 0.5, 2.5 / sqrt(4 * N));
    ok(gan_network_set_noise(net, GAN_NOISE_UNIFORM, -1, 3));
    ok(gan_network_noise(net, 1, N, z, 2 * N));
    m = moments_of(z, 2 * N);
    near(m.mean, 1, 5 * 4 / sqrt(12.0 * 2 * N));
    near(m.deviation, 4 / sqrt(12), 0.02);
    ck_assert(m.low >= -1 && m.low < -0.999 && m.high < 3 && m.high > 2.999);
    const struct {
        const char *kind;
        double a, b;
        int32_t code;
    } bad[] = {
        {GAN_NOISE_UNIFORM, 1, 0, GAN_ERROR_RANGE},
        {GAN_NOISE_NORMAL, 0, -1, GAN_ERROR_RANGE},
        {GAN_NOISE_NORMAL, NAN, 1, GAN_ERROR_RANGE},
        {GAN_NOISE_NORMAL, 0, NAN, GAN_ERROR_RANGE},
        {GAN_NOISE_UNIFORM, -INFINITY, 0, GAN_ERROR_RANGE},
        {GAN_NOISE_UNIFORM, 0, INFINITY, GAN_ERROR_RANGE},
        {"laplace", 0, 1, GAN_ERROR_KEY},
        {NULL, 0, 1, GAN_ERROR_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fails(gan_network_set_noise(net, bad[i].kind, bad[i].a, bad[i].b), bad[i].code, "noise");
    }
    static float again[2 * N];
    ok(gan_network_noise(net, 1, N, again, 2 * N));
    ck_assert(same_bits(z, again, 2 * N));
    finish();
}
END_TEST

START_TEST(buffers_are_checked)
{
    float x[8] = {0}, y[8] = {0};
    start();
    one_layer(2, 3);
    fails(gan_network_forward(net, 2, x, y, 5), GAN_ERROR_BUFFER, "2 samples of 3 elements");
    fails(gan_network_forward(net, 2, x, y, -1), GAN_ERROR_BUFFER, "-1");
    fails(gan_network_forward(net, 0, x, y, 5), GAN_ERROR_RANGE, "0 samples");
    fails(gan_network_forward(net, -1, x, y, 5), GAN_ERROR_RANGE, "-1 samples");
    fails(gan_network_forward(net, INT64_MAX, x, y, INT64_MAX), GAN_ERROR_BUFFER, "samples");
    fails(gan_network_sample(net, 0, INT64_C(1) << 31, y, INT64_MAX), GAN_ERROR_RANGE, "samples");
    fails(gan_network_sample(net, 0, 3, y, 8), GAN_ERROR_BUFFER, "holds 8");
    fails(gan_network_noise(net, 0, 5, y, 8), GAN_ERROR_BUFFER, "5 samples of 2");
    ck_assert(y[0] == 0 && y[7] == 0);
    finish();
}
END_TEST

/* ---- Reading and writing parameters ---------------------------------------------------------- */

START_TEST(parameters_are_read_and_written)
{
    float w[6], read[7];
    start();
    one_layer(2, 3);
    for (int i = 0; i < 6; i++) {
        w[i] = ldexpf((float)(i - 2.5), 40 * i - 120);
    }
    w[0] = -0.0f;
    ok(gan_network_set_parameter(net, "layer0.weight", w, 6));
    read[6] = 9;
    ok(gan_network_get_parameter(net, "layer0.weight", read, 7));
    ck_assert(same_bits(w, read, 6) && read[6] == 9);
    const float bad[][3] = {{1, NAN, 2}, {1, 2, INFINITY}, {-INFINITY, 0, 0}};
    ok(gan_network_set_parameter(net, "layer0.bias", (float[]){4, 5, 6}, 3));
    for (int i = 0; i < 3; i++) {
        fails(gan_network_set_parameter(net, "layer0.bias", bad[i], 3), GAN_ERROR_NUMERIC,
              "layer0.bias");
    }
    fails(gan_network_set_parameter(net, "layer0.bias", w, 2), GAN_ERROR_SHAPE, "given 2");
    fails(gan_network_set_parameter(net, "layer0.bias", w, 4), GAN_ERROR_SHAPE, "given 4");
    fails(gan_network_set_parameter(net, "layer0", w, 3), GAN_ERROR_KEY, "\"layer0\"");
    fails(gan_network_get_parameter(net, "layer0.bias", read, 2), GAN_ERROR_BUFFER, "3 elements");
    fails(gan_network_get_parameter(net, "", read, 2), GAN_ERROR_KEY, "\"\"");
    ok(gan_network_get_parameter(net, "layer0.bias", read, 3));
    ck_assert(read[0] == 4 && read[1] == 5 && read[2] == 6);
    float y[3];
    ok(gan_network_forward(net, 1, (float[]){0, 0}, y, 3)); /* inference sees what was written */
    ck_assert(same_bits(y, read, 3));
    finish();
}
END_TEST

int main(void)
{
    return RUN_TESTS("network", shapes_follow_the_layers, the_first_error_sticks,
                     a_network_needs_an_input_and_an_output, a_finished_network_stays_usable,
                     names_are_unique, weights_follow_their_law, a_piece_counts_as_an_output,
                     sparse_weights_are_exactly_as_many, constants_and_biases_start_as_told,
                     bad_initialisers_are_refused, draws_depend_on_the_seed_only,
                     columns_are_limited_at_the_start, columns_are_limited_after_each_update,
                     biases_start_at_the_marginals, dense_layers_and_functions_are_what_they_say,
                     the_pieces_of_a_maxout_unit_are_neighbours, tensors_are_joined_along_any_axis,
                     a_sample_does_not_depend_on_its_neighbours, samples_are_a_function_of_the_seed,
                     noise_follows_the_prior, buffers_are_checked, parameters_are_read_and_written);
}
