/* Memory that runs out in the midst of calls with conditions: each allocation fails once. The call
 * says so, nothing has changed, and called again it gives the results of a life without failure. */
#include "training.h"

#include "data/dataset.h"
#include "nn/network.h"

enum { CLASSES = 3, COUNT = 9, ROWS = 70, ROOM = 1024 };

static gan_network *G, *D, *made;
static gan_dataset *data, *given, *view;
static gan_trainer *trainer;
static int32_t joined; /* a tensor of G within */
static float rows[ROWS * CLASSES], z[ROWS * NOISE], x[ROWS * SIDE];

static int32_t with_condition(gan_network *n, int32_t x_, int64_t elements)
{
    return gan_network_concatenate(n, x_, gan_network_condition(n, "y", 1, &elements), 0);
}

static void start(void)
{
    ctx = new_context(&own);
    dice d = {4};
    roll_array(&d, ROWS * CLASSES, -1, 1, rows);
    roll_array(&d, ROWS * NOISE, -1, 1, z);
    roll_array(&d, ROWS * SIDE, -1, 1, x);
    ok(gan_network_create(ctx, "G", &G));
    joined = with_condition(G, input(G, NOISE), CLASSES);
    ok(gan_network_output(G, gan_network_dense(G, joined, SIDE)));
    ok(gan_network_create(ctx, "D", &D));
    const int32_t h = with_condition(D, input(D, SIDE), CLASSES);
    ok(gan_network_output(D, gan_network_dense(D, gan_network_maxout(D, h, 3, 2), 1)));
    uint8_t *values = gan__allocate(ctx, COUNT * SIDE, 1), *labels = gan__allocate(ctx, COUNT, 1);
    for (int32_t i = 0; i < COUNT * SIDE; i++) {
        values[i] = (uint8_t)(i * 29);
        labels[i / SIDE] = (uint8_t)(i / SIDE % CLASSES);
    }
    ok(gan__dataset_from_own_bytes(ctx, COUNT, 1, (int64_t[]){SIDE}, values, labels, &data));
    ok(gan_dataset_one_hot(data, CLASSES, &given));
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_conditions(trainer, given));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 4));
    ok(gan_trainer_set_number(trainer, GAN_GRADIENT_PENALTY, 1));
    made = NULL;
    view = NULL;
}

static void finish(void)
{
    gan_trainer_free(trainer);
    gan_dataset_free(view);
    gan_dataset_free(given);
    gan_dataset_free(data);
    gan_network_free(made);
    gan_network_free(D);
    gan_network_free(G);
    end_context(ctx, &own);
}

/* ---- The calls ------------------------------------------------------------------------------- */

/* The network in which the error sticks is given up. */
static int32_t build(float *out)
{
    (void)out;
    const int32_t status = gan_network_create(ctx, "N", &made);
    int32_t code = status;
    if (status == GAN_OK) {
        int32_t h = input(made, 2);
        for (int32_t i = 0; i < 20; i++) { /* so many that the list grows */
            h = with_condition(made, h, 3);
        }
        code = gan_network_output(made, h);
    }
    if (code != GAN_OK) {
        ck_assert_int_eq(code, GAN_ERROR_MEMORY);
        gan_network_free(made);
        made = NULL;
    } else {
        ck_assert_int_eq(gan_network_condition_elements(made), 60);
    }
    return code;
}

static int32_t clone(float *out)
{
    const int32_t status = gan_network_clone(G, "clone", &made);
    ck_assert((status == GAN_OK) == (made != NULL));
    if (status == GAN_OK) {
        ck_assert_int_eq(gan_network_condition_elements(made), CLASSES);
        out[0] = 1;
    }
    return status;
}

static int32_t evaluate_output(float *out)
{
    return gan_network_evaluate(G, G->output, ROWS, z, rows, out, ROOM);
}

static int32_t evaluate_within(float *out)
{
    return gan_network_evaluate(G, joined, ROWS, z, rows, out, ROOM);
}

/* After another tensor: the plan and the result of that one stay until all is there. */
static int32_t evaluate_another(float *out)
{
    const int64_t at = own.fail_at;
    own.fail_at = 0;
    ok(gan_network_evaluate(G, 2, 1, z, rows, out, ROOM)); /* its own allocations do not count */
    own.calls = 0;
    own.fail_at = at;
    const int32_t status = evaluate_within(out);
    own.fail_at = 0;
    if (status != GAN_OK) {
        const int64_t calls = own.calls;
        ok(gan_network_evaluate(G, 2, ROWS, z, rows, out, ROOM));
        ck_assert(memcmp(out, rows, sizeof rows) == 0);
        ck_assert_int_eq(own.calls, calls); /* it was still there */
    }
    return status;
}

static int32_t sample(float *out)
{
    return gan_network_sample_conditional(G, 3, ROWS, rows, out, ROOM);
}

static int32_t one_hot(float *out)
{
    view = (gan_dataset *)&own;
    const int32_t status = gan_dataset_one_hot(data, CLASSES, &view);
    ck_assert((status == GAN_OK) == (view != NULL));
    if (status == GAN_OK) {
        ok(gan_dataset_read(view, 0, COUNT, out, ROOM));
    }
    return status;
}

static int32_t train(float *out)
{
    const int32_t status = gan_trainer_run(trainer, 1, NULL, NULL);
    if (status == GAN_OK) {
        out[0] = (float)metric_of(trainer, GAN_METRIC_D_LOSS);
    } else { /* nothing was drawn, nothing trained */
        ck_assert(G->values == NULL && D->values == NULL);
    }
    return status;
}

/* The third batch, which is a short one. */
static int32_t train_on(float *out)
{
    const int64_t at = own.fail_at;
    own.fail_at = 0;
    if (metric_of(trainer, GAN_METRIC_STEP) != 2) {
        ok(gan_trainer_run(trainer, 2, NULL, NULL));
    }
    const numbers g = all_of(G), d = all_of(D);
    own.calls = 0;
    own.fail_at = at;
    const int32_t status = gan_trainer_run(trainer, 1, NULL, NULL);
    own.fail_at = 0;
    ck_assert(status == GAN_OK || (is_still(G, &g) && is_still(D, &d)));
    ck_assert_int_eq((int)metric_of(trainer, GAN_METRIC_SAMPLES), status == GAN_OK ? COUNT : 8);
    out[0] = status == GAN_OK ? (float)metric_of(trainer, GAN_METRIC_D_LOSS) : 0;
    return status;
}

static int32_t step(float *out)
{
    const int32_t status = gan_trainer_step_conditional(trainer, 6, x, rows, z, z);
    if (status == GAN_OK) {
        out[0] = (float)metric_of(trainer, GAN_METRIC_D_LOSS);
    } else {
        ck_assert(G->values == NULL && D->values == NULL);
    }
    return status;
}

static void fail_everywhere(int32_t (*call)(float *out), int64_t least)
{
    static float wanted[ROOM], out[ROOM];
    numbers g, d;
    memset(wanted, 0, sizeof wanted);
    start();
    ok(call(wanted));
    g = all_of(G);
    d = all_of(D);
    finish();
    bool failed = true;
    int64_t failures = 0;
    while (failed) {
        memset(out, 0, sizeof out);
        start();
        own.calls = 0;
        own.fail_at = failures + 1;
        const int32_t status = call(out);
        own.fail_at = 0;
        failed = status != GAN_OK;
        if (failed) {
            fails(status, GAN_ERROR_MEMORY, "out of memory");
            memset(out, 0, sizeof out);
            ok(call(out));
            failures++;
        }
        ck_assert(memcmp(out, wanted, sizeof out) == 0);
        ck_assert(is_still(G, &g) && is_still(D, &d));
        finish();
    }
    ck_assert_int_ge(failures, least);
}

START_TEST(networks)
{
    fail_everywhere(build, 3);
    fail_everywhere(clone, 3);
}
END_TEST

START_TEST(inference)
{
    fail_everywhere(evaluate_output, 6);
    fail_everywhere(evaluate_within, 6);
    fail_everywhere(evaluate_another, 3);
    fail_everywhere(sample, 8);
}
END_TEST

START_TEST(data_sets)
{
    fail_everywhere(one_hot, 2);
}
END_TEST

START_TEST(training)
{
    fail_everywhere(train, 20);
    fail_everywhere(train_on, 5);
    fail_everywhere(step, 20);
}
END_TEST

int main(void)
{
    return RUN_TESTS("oom_conditions", networks, inference, data_sets, training);
}
