/* Networks with conditions, and the evaluation of any tensor: against networks of one input that
 * read the same numbers, to the bit. Training with conditions: test_conditional.c. */
#include "training.h"

#include "nn/network.h"

enum { BATCH = 64, ROWS = 3 * BATCH, CLASSES = 2, IMAGE = 4, GIVEN = CLASSES + IMAGE };

static const int64_t classes[] = {CLASSES}, image[] = {1, 2, 2};

static void start(void)
{
    ctx = new_context(&own);
}

static void finish(void)
{
    end_context(ctx, &own);
}

static gan_network *begin(const char *name)
{
    gan_network *made;
    ok(gan_network_create(ctx, name, &made));
    return made;
}

static void roll_floats(uint64_t seed, int64_t n, float *out)
{
    dice d = {seed};
    for (int64_t i = 0; i < n; i++) {
        out[i] = (float)roll_between(&d, -2, 2);
    }
}

static bool same_bits(const float *a, const float *b, int64_t n)
{
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

/* ---- Building ------------------------------------------------------------------------------ */

START_TEST(conditions_have_shapes)
{
    start();
    gan_network *n = begin("N");
    int64_t dims[4];
    int32_t rank;
    ck_assert_int_eq(gan_network_condition_elements(NULL), 0);
    const int32_t x = input(n, 3);
    ck_assert_int_eq(gan_network_condition_elements(n), 0);
    const int32_t a = gan_network_condition(n, "class", 1, classes);
    const int32_t h = gan_network_dense(n, a, 3);
    const int32_t b = gan_network_condition(n, "picture", 3, image); /* layers between are fine */
    need(x == 1 && a == 2 && h == 3 && b == 4);
    ck_assert_int_eq(gan_network_condition_elements(n), GIVEN);
    ok(gan_network_tensor_shape(n, a, &rank, dims, 4));
    ck_assert(rank == 1 && dims[0] == CLASSES);
    ok(gan_network_tensor_shape(n, b, &rank, dims, 4));
    ck_assert(rank == 3 && dims[0] == 1 && dims[1] == 2 && dims[2] == 2);
    ck_assert_int_gt(gan_network_convolution(n, b, 2, (int64_t[]){2, 2}, NULL, NULL, 0), 0);
    ok(gan_network_output(n, h));
    fails(gan_network_condition(n, "late", 1, classes), GAN_ERROR_STATE,
          "condition: the network is finished");
    ck_assert_int_eq(gan_network_condition_elements(n), GIVEN);
    ck_assert_int_eq(gan_network_input_elements(n), 3);
    gan_network_free(n);
    finish();
}
END_TEST

/* A condition that is refused, by a network that has an input; the error sticks. */
static void refused(const char *name, int32_t rank, const int64_t *dims, int32_t code,
                    const char *text)
{
    gan_network *n = begin("N");
    const int32_t x = input(n, 3);
    fails(gan_network_condition(n, name, rank, dims), code, text);
    ck_assert_int_eq(gan_network_condition_elements(n), 0);
    ck_assert_int_eq(gan_network_dense(n, x, 1), code);
    fails(gan_network_output(n, x), code, text);
    gan_network_free(n);
}

START_TEST(bad_conditions_are_refused)
{
    static const int64_t zero[] = {0}, huge[] = {INT64_C(1) << 32}, half[] = {INT64_C(1) << 30};
    char name[80];
    start();
    memset(name, 'x', sizeof name);
    name[79] = 0;
    ck_assert_int_eq(gan_network_condition(NULL, "y", 1, classes), GAN_ERROR_ARGUMENT);
    refused(NULL, 1, classes, GAN_ERROR_ARGUMENT, "condition: name");
    refused("", 1, classes, GAN_ERROR_ARGUMENT, "condition: name");
    refused(name, 1, classes, GAN_ERROR_ARGUMENT, "condition: name");
    refused("y", 1, NULL, GAN_ERROR_ARGUMENT, "condition: dims is NULL");
    refused("y", 0, classes, GAN_ERROR_RANGE, "condition: rank 0");
    refused("y", GAN_RANK_MAX + 1, classes, GAN_ERROR_RANGE, "condition: rank");
    refused("y", 1, zero, GAN_ERROR_RANGE, "dimension 0 is 0");
    refused("y", 1, huge, GAN_ERROR_SHAPE, "more than 2147483647");
    gan_network *n = begin("N");
    fails(gan_network_condition(n, "y", 1, classes), GAN_ERROR_STATE,
          "N: condition: gan_network_input comes first");
    fails(input(n, 3), GAN_ERROR_STATE, "comes first");
    gan_network_free(n);
    n = begin("N");
    ck_assert_int_eq(input(n, 1), 1);
    ck_assert_int_eq(gan_network_condition(n, "a", 1, half), 2);
    fails(gan_network_condition(n, "b", 1, half), GAN_ERROR_SHAPE,
          "1073741824 more elements of conditions than 1073741824");
    ck_assert_int_eq(gan_network_condition_elements(n), half[0]);
    gan_network_free(n);
    finish();
}
END_TEST

/* ---- Evaluating ---------------------------------------------------------------------------- */

enum { X = 3, OUT = 4 };

/* Tensors of the network that follows. */
enum { T_X = 1, T_CLASS, T_PICTURE, T_JOINED = 6, T_HIDDEN = 8, T_OUT, T_LOOSE, T_COUNT = 10 };

/* The layers from one flat input on: [X + GIVEN] -> [OUT] */
static int32_t layers(gan_network *n, int32_t joined)
{
    const int32_t h = gan_network_tanh(n, gan_network_maxout(n, joined, 5, 2));
    return gan_network_dense(n, h, OUT);
}

/* (x, class, picture) -> [OUT], with a layer beside those of the output */
static gan_network *conditional(void)
{
    gan_network *n = begin("conditional");
    const int32_t x = input(n, X), c = gan_network_condition(n, "class", 1, classes);
    const int32_t picture = gan_network_condition(n, "picture", 3, image);
    const int32_t flat = gan_network_reshape(n, picture, 1, (int64_t[]){IMAGE});
    const int32_t joined = gan_network_concatenate(n, gan_network_concatenate(n, x, c, 0), flat, 0);
    need(joined == T_JOINED);
    const int32_t out = layers(n, joined);
    need(out == T_OUT && gan_network_affine(n, c, 2, 1) == T_LOOSE);
    ok(gan_network_output(n, out));
    ok(gan_network_initialize(n, 3));
    return n;
}

/* The same of one input, where the caller has joined the numbers. */
static gan_network *joined(gan_network *like)
{
    int32_t copied;
    gan_network *n = begin("joined");
    ok(gan_network_output(n, layers(n, input(n, X + GIVEN))));
    ok(gan_network_copy_parameters(n, like, &copied));
    ck_assert_int_eq(copied, 4);
    return n;
}

static float x[ROWS * X], given[ROWS * GIVEN], both[ROWS * (X + GIVEN)];
static float wanted[ROWS * 16], y[ROWS * 16];

/* Numbers for all inputs. */
static void roll_inputs(uint64_t seed)
{
    roll_floats(seed, ROWS * X, x);
    roll_floats(seed + 1, ROWS * GIVEN, given);
    for (int64_t i = 0; i < ROWS; i++) {
        memcpy(both + i * (X + GIVEN), x + i * X, X * sizeof *x);
        memcpy(both + i * (X + GIVEN) + X, given + i * GIVEN, GIVEN * sizeof *given);
    }
}

START_TEST(conditions_are_numbers_that_the_caller_could_join)
{
    static const int64_t counts[] = {1, 5, 63, 64, 65, 130, ROWS};
    start();
    ok(gan_context_set_threads(ctx, 2));
    gan_network *n = conditional(), *flat = joined(n);
    roll_inputs(7);
    ok(gan_network_forward(flat, ROWS, both, wanted, ROWS * OUT));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        memset(y, 0, sizeof y);
        ok(gan_network_evaluate(n, T_OUT, counts[i], x, given, y, counts[i] * OUT));
        ck_assert(same_bits(y, wanted, counts[i] * OUT));
        ck_assert(counts[i] == ROWS || y[counts[i] * OUT] == 0);
    }
    given[GIVEN * 3 + 1] += 1; /* it matters, to its own sample */
    ok(gan_network_evaluate(n, T_OUT, ROWS, x, given, y, ROWS * OUT));
    ck_assert(!same_bits(y + 3 * OUT, wanted + 3 * OUT, OUT));
    ck_assert(same_bits(y, wanted, 3 * OUT));
    ck_assert(same_bits(y + 4 * OUT, wanted + 4 * OUT, (ROWS - 4) * OUT));
    gan_network_free(flat);
    gan_network_free(n);
    finish();
}
END_TEST

/* Checks tensor `t` of n for `rows` samples against `expected`. */
static void check_tensor(gan_network *n, int32_t t, int64_t rows, int64_t elements,
                         const float *expected)
{
    memset(y, 0, sizeof y);
    ok(gan_network_evaluate(n, t, rows, x, given, y, rows * elements));
    ck_assert_msg(same_bits(y, expected, rows * elements), "tensor %d", (int)t);
    ck_assert(y[rows * elements] == 0);
}

START_TEST(any_tensor_is_evaluated)
{
    enum { N = 70 };
    static float picked[N * GIVEN];
    start();
    gan_network *n = conditional(), *flat = joined(n);
    roll_inputs(9);
    for (int32_t again = 0; again < 2; again++) { /* in turn, and the output between them */
        check_tensor(n, T_X, N, X, x);
        check_tensor(n, T_JOINED, N, X + GIVEN, both);
        ok(gan_network_forward(flat, N, both, wanted, ROWS * OUT));
        check_tensor(n, T_OUT, N, OUT, wanted);
        for (int64_t i = 0; i < N; i++) {
            memcpy(picked + i * CLASSES, given + i * GIVEN, CLASSES * sizeof *given);
        }
        check_tensor(n, T_CLASS, N, CLASSES, picked);
        for (int64_t i = 0; i < N * CLASSES; i++) {
            picked[i] = 2 * picked[i] + 1;
        }
        check_tensor(n, T_LOOSE, N, CLASSES, picked); /* not needed by the output */
        for (int64_t i = 0; i < N; i++) {
            memcpy(picked + i * IMAGE, given + i * GIVEN + CLASSES, IMAGE * sizeof *given);
        }
        check_tensor(n, T_PICTURE, N, IMAGE, picked);
        ok(gan_network_evaluate(flat, 3, N, both, NULL, wanted, ROWS * 5));
        check_tensor(n, T_HIDDEN, N, 5, wanted);
    }
    ok(gan_network_set_parameter(n, "layer0.bias", (float[10]){0}, 10)); /* plans see it */
    ok(gan_network_copy_parameters(flat, n, NULL));
    ok(gan_network_evaluate(flat, 3, N, both, NULL, wanted, ROWS * 5));
    check_tensor(n, T_HIDDEN, N, 5, wanted);
    gan_network_free(flat);
    gan_network_free(n);
    finish();
}
END_TEST

START_TEST(a_tensor_is_the_output_of_the_network_up_to_it)
{
    enum { N = 67 };
    start();
    gan_network *n = begin("N");
    int32_t h = gan_network_dense(n, input(n, X), 6), cuts[3];
    cuts[0] = h;
    cuts[1] = gan_network_tanh(n, h);
    cuts[2] = gan_network_maxout(n, gan_network_dropout(n, cuts[1], 0.5), 4, 2);
    ok(gan_network_output(n, gan_network_dense(n, cuts[2], 2)));
    roll_inputs(2);
    for (int32_t i = 0; i < 3; i++) {
        gan_network *cut = begin("cut");
        h = gan_network_dense(cut, input(cut, X), 6);
        h = i > 0 ? gan_network_tanh(cut, h) : h;
        h = i > 1 ? gan_network_maxout(cut, gan_network_dropout(cut, h, 0.5), 4, 2) : h;
        ok(gan_network_output(cut, h));
        ok(gan_network_copy_parameters(cut, n, NULL));
        const int64_t elements = gan_network_output_elements(cut);
        ok(gan_network_forward(cut, N, x, wanted, ROWS * 16));
        ok(gan_network_evaluate(n, cuts[i], N, x, NULL, y, N * elements));
        ck_assert(same_bits(y, wanted, N * elements));
        gan_network_free(cut);
    }
    gan_network_free(n);
    finish();
}
END_TEST

START_TEST(evaluation_refuses_what_is_wrong)
{
    start();
    gan_network *n = conditional(), *open = begin("open"), *plain = joined(n);
    const int32_t in = input(open, X);
    roll_inputs(1);
    ck_assert_int_eq(gan_network_evaluate(NULL, 1, 1, x, NULL, y, 4), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_sample_conditional(NULL, 1, 1, x, y, 4), GAN_ERROR_ARGUMENT);
    fails(gan_network_evaluate(open, in, 1, x, NULL, y, 4), GAN_ERROR_STATE, "not finished");
    fails(gan_network_sample_conditional(open, 1, 1, NULL, y, 4), GAN_ERROR_STATE, "not finished");
    fails(gan_network_evaluate(n, 0, 1, x, given, y, 4), GAN_ERROR_ARGUMENT, "no tensor 0");
    fails(gan_network_evaluate(n, -1, 1, x, given, y, 4), GAN_ERROR_ARGUMENT, "no tensor -1");
    fails(gan_network_evaluate(n, T_COUNT + 1, 1, x, given, y, 4), GAN_ERROR_ARGUMENT,
          "no tensor 11");
    fails(gan_network_evaluate(n, T_OUT, 1, NULL, given, y, 4), GAN_ERROR_ARGUMENT, "x is NULL");
    fails(gan_network_evaluate(n, T_OUT, 1, x, given, NULL, 4), GAN_ERROR_ARGUMENT, "buffer");
    fails(gan_network_evaluate(n, T_OUT, 0, x, given, y, 4), GAN_ERROR_RANGE, "0 samples");
    fails(gan_network_evaluate(n, T_OUT, 2, x, given, y, 7), GAN_ERROR_BUFFER, "holds 7");
    fails(gan_network_evaluate(n, T_JOINED, 1, x, given, y, 8), GAN_ERROR_BUFFER,
          "1 samples of 9 elements");
    fails(gan_network_evaluate(n, T_OUT, 1, x, NULL, y, 4), GAN_ERROR_ARGUMENT,
          "conditional: evaluate: conditions is NULL, they have 6 elements");
    fails(gan_network_evaluate(plain, 1, 1, x, given, y, 9), GAN_ERROR_ARGUMENT,
          "joined: evaluate: conditions given, it has none");
    fails(gan_network_forward(n, 1, x, y, 4), GAN_ERROR_ARGUMENT, "gan_network_evaluate takes");
    fails(gan_network_sample(n, 1, 1, y, 4), GAN_ERROR_ARGUMENT,
          "gan_network_sample_conditional takes");
    fails(gan_network_sample_conditional(n, 1, 1, NULL, y, 4), GAN_ERROR_ARGUMENT,
          "conditional: sample_conditional: conditions is NULL");
    fails(gan_network_sample_conditional(plain, 1, 1, given, y, 4), GAN_ERROR_ARGUMENT,
          "joined: sample_conditional: conditions given");
    fails(gan_network_sample_conditional(n, 1, 2, given, y, 7), GAN_ERROR_BUFFER, "holds 7");
    fails(gan_network_sample_conditional(n, 1, INT64_C(1) << 31, given, y, INT64_MAX),
          GAN_ERROR_RANGE, "samples");
    gan_network_free(plain);
    gan_network_free(open);
    gan_network_free(n);
    finish();
}
END_TEST

START_TEST(samples_are_the_network_applied_to_its_noise)
{
    static float z[ROWS * X], few[ROWS * OUT];
    start();
    gan_network *n = conditional(), *plain = joined(n);
    roll_inputs(4);
    ok(gan_network_set_noise(n, GAN_NOISE_UNIFORM, -1, 2));
    ok(gan_network_noise(n, 42, ROWS, z, ROWS * X));
    ok(gan_network_evaluate(n, T_OUT, ROWS, z, given, wanted, ROWS * OUT));
    for (int64_t rows = 1; rows <= ROWS; rows += 13) {
        ok(gan_network_sample_conditional(n, 42, rows, given, few, rows * OUT));
        ck_assert(same_bits(few, wanted, rows * OUT));
    }
    ok(gan_network_sample_conditional(n, 43, 9, given, few, 9 * OUT));
    ck_assert(!same_bits(few, wanted, OUT));
    ok(gan_network_sample(plain, 5, 9, wanted, 9 * OUT));
    ok(gan_network_sample_conditional(plain, 5, 9, NULL, few, 9 * OUT));
    ck_assert(same_bits(few, wanted, 9 * OUT));
    gan_network_free(plain);
    gan_network_free(n);
    finish();
}
END_TEST

/* Whether the rows of a batch are the first `count`, in turn. */
static bool in_turn(const real *rows, int64_t count, int64_t elements)
{
    bool is = true;
    for (int64_t i = count; i < BATCH; i++) {
        is = is && memcmp(rows + i * elements, rows + i % count * elements,
                          (size_t)elements * sizeof *rows) == 0;
    }
    return is;
}

START_TEST(the_last_batch_is_filled_up_with_its_own_samples)
{
    static const int64_t counts[] = {1, 5, 32, 63, 64};
    start();
    gan_network *n = conditional();
    roll_inputs(6);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const int64_t count = counts[i], rows = BATCH + count; /* after a full batch */
        ok(gan_network_evaluate(n, T_OUT, rows, x, given, y, rows * OUT));
        ck_assert(in_turn(n->input, count, X) && in_turn(n->given, count, GIVEN));
        ck_assert(n->input[0] == (real)x[BATCH * X] && n->given[0] == (real)given[BATCH * GIVEN]);
        ok(gan_network_sample_conditional(n, 8, rows, given, y, rows * OUT));
        ck_assert(in_turn(n->input, count, X) && in_turn(n->given, count, GIVEN));
        ck_assert(count == 1 || n->input[0] != n->input[X]);
    }
    gan_network_free(n);
    finish();
}
END_TEST

/* ---- Surgery ------------------------------------------------------------------------------- */

START_TEST(clones_have_the_conditions)
{
    start();
    gan_network *n = conditional(), *clone;
    roll_inputs(5);
    ok(gan_network_clone(n, "clone", &clone));
    ck_assert_int_eq(gan_network_condition_elements(clone), GIVEN);
    ok(gan_network_evaluate(n, T_OUT, 66, x, given, wanted, 66 * OUT));
    ok(gan_network_evaluate(clone, T_OUT, 66, x, given, y, 66 * OUT));
    ck_assert(same_bits(y, wanted, 66 * OUT));
    gan_network_free(clone);
    gan_network_free(n);
    finish();
}
END_TEST

START_TEST(conditions_of_an_appended_network_follow_those_here)
{
    enum { N = 66, ALL = 1 + GIVEN };
    static float rows[N * ALL], middle[N * X];
    start();
    gan_network *upper = conditional(), *n = begin("N"), *lower = begin("lower");
    roll_inputs(8);
    for (int32_t i = 0; i < 2; i++) { /* lower: (x, one number) -> [X] */
        gan_network *each = i == 0 ? n : lower;
        const int32_t in = input(each, X);
        const int32_t c = gan_network_condition(each, "first", 1, (int64_t[]){1});
        int32_t h = gan_network_dense(each, gan_network_concatenate(each, in, c, 0), X);
        ok(gan_network_set_name(each, h, "lower"));
        h = i == 0 ? gan_network_append(each, h, upper) : h;
        ok(gan_network_output(each, h));
    }
    ck_assert_int_eq(gan_network_condition_elements(n), ALL);
    ok(gan_network_copy_parameters(n, upper, NULL));
    ok(gan_network_copy_parameters(lower, n, NULL));
    float first[N];
    roll_floats(77, N, first);
    for (int64_t i = 0; i < N; i++) {
        rows[i * ALL] = first[i];
        memcpy(rows + i * ALL + 1, given + i * GIVEN, GIVEN * sizeof *given);
    }
    ok(gan_network_evaluate(lower, lower->output, N, x, first, middle, N * X));
    ok(gan_network_evaluate(upper, T_OUT, N, middle, given, wanted, N * OUT));
    ok(gan_network_evaluate(n, n->output, N, x, rows, y, N * OUT));
    ck_assert(same_bits(y, wanted, N * OUT));
    gan_network_free(lower);
    gan_network_free(n);
    gan_network_free(upper);
    finish();
}
END_TEST

START_TEST(too_many_conditions_are_not_appended)
{
    static const int64_t half[] = {INT64_C(1) << 30};
    start();
    gan_network *n = begin("N"), *other = begin("other");
    int32_t in = input(other, 1);
    ck_assert_int_gt(gan_network_condition(other, "y", 1, half), 0);
    ok(gan_network_output(other, in));
    in = input(n, 1);
    ck_assert_int_gt(gan_network_condition(n, "y", 1, half), 0);
    fails(gan_network_append(n, in, other), GAN_ERROR_SHAPE, "append: 1073741824 more elements");
    fails(gan_network_output(n, in), GAN_ERROR_SHAPE, "append");
    gan_network_free(n);
    gan_network_free(other);
    finish();
}
END_TEST

int main(void)
{
    return RUN_TESTS("conditions", conditions_have_shapes, bad_conditions_are_refused,
                     conditions_are_numbers_that_the_caller_could_join, any_tensor_is_evaluated,
                     a_tensor_is_the_output_of_the_network_up_to_it,
                     evaluation_refuses_what_is_wrong, samples_are_the_network_applied_to_its_noise,
                     the_last_batch_is_filled_up_with_its_own_samples, clones_have_the_conditions,
                     conditions_of_an_appended_network_follow_those_here,
                     too_many_conditions_are_not_appended);
}
