/* What the tests of misuse share: objects that work, and calls that must be refused.
 * Included once by the test program. */
#ifndef GAN_TESTS_MISUSE_H
#define GAN_TESTS_MISUSE_H

#include <gan/gan.h>

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What every test starts from ------------------------------------------------------------- */

static int64_t live; /* blocks not yet released */

static void *allocate(void *user, size_t size)
{
    ++*(int64_t *)user;
    return malloc(size);
}

static void release(void *user, void *memory)
{
    --*(int64_t *)user;
    free(memory);
}

static gan_context *ctx, *other_ctx;
static gan_network *G, *D; /* [2] -> [2] and [2] -> logit */
static gan_network *open_network, *made_network;
static gan_dataset *data, *made_data; /* 8 samples of shape [2], no labels */
static gan_trainer *trainer, *made_trainer;
static gan_optimizer *sgd, *made_optimizer;
static float floats[64]; /* zeros */
static double doubles[16];
static uint8_t bytes[64];
static const int64_t two[] = {2}, nothing[] = {2, 0}, large[] = {1 << 20, 1 << 20};
static int64_t dims[GAN_RANK_MAX];

static void need_ok(const char *call, int32_t status)
{
    if (status != GAN_OK) {
        ck_abort_msg("%s: %s", call, gan_context_message(ctx));
    }
}

#define ok(call) need_ok(#call, (call))

static gan_network *network_of(const char *name, int64_t units)
{
    gan_network *network;
    ok(gan_network_create(ctx, name, &network));
    const int32_t x = gan_network_input(network, "x", 1, two);
    ok(gan_network_output(network, gan_network_dense(network, x, units)));
    return network;
}

static void start(void)
{
    float samples[16];
    for (int i = 0; i < 16; i++) {
        samples[i] = (float)i;
    }
    live = 0;
    ok(gan_context_create_with_allocator(allocate, release, &live, &ctx));
    ok(gan_context_create_with_allocator(allocate, release, &live, &other_ctx));
    G = network_of("G", 2);
    D = network_of("D", 1);
    ok(gan_network_create(ctx, "open", &open_network));
    ok(gan_dataset_from_floats(ctx, 8, 1, two, samples, &data));
    ok(gan_optimizer_create(ctx, GAN_SGD, &sgd));
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_generator_optimizer(trainer, sgd));
}

/* Whatever was refused before, the objects work. */
static void finish(void)
{
    double value;
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 4));
    ok(gan_trainer_run(trainer, 2, NULL, NULL));
    ok(gan_trainer_step(trainer, 2, floats, floats, floats));
    ok(gan_trainer_metric(trainer, GAN_METRIC_VALUE, &value));
    ck_assert(isfinite(value));
    ok(gan_network_sample(G, 1, 3, floats + 32, 6));
    memset(floats, 0, sizeof floats);
    ok(gan_network_output(open_network, gan_network_input(open_network, "x", 1, two)));
    gan_trainer_free(trainer);
    gan_optimizer_free(sgd);
    gan_dataset_free(data);
    gan_network_free(open_network);
    gan_network_free(G);
    gan_network_free(D);
    gan_context_free(other_ctx);
    gan_context_free(ctx);
    ck_assert_int_eq(live, 0);
}

/* ---- Calls ----------------------------------------------------------------------------------- */

enum { NAMES_MAX = 400, NAME_BYTES = 64 };

static char called[NAMES_MAX][NAME_BYTES];
static int called_count;

/* Notes the public function that the text of a call starts with. */
static void note(const char *call)
{
    const size_t length = strcspn(call, "(");
    ck_assert_uint_lt(length, NAME_BYTES);
    for (int i = 0; i < called_count; i++) {
        if (strncmp(called[i], call, length) == 0 && called[i][length] == '\0') {
            return;
        }
    }
    ck_assert_int_lt(called_count, NAMES_MAX);
    memcpy(called[called_count], call, length);
    called[called_count++][length] = '\0';
}

/* Puts a message into the context that the next failure must replace. */
static void plant(void)
{
    ck_assert_int_eq(gan_context_set_threads(ctx, -12345), GAN_ERROR_RANGE);
}

static void refused(const char *call, int32_t wanted, int32_t got, bool silent)
{
    const char *message = gan_context_message(ctx);
    note(call);
    if (got != wanted) {
        ck_abort_msg("%s: %s (\"%s\"), not %s", call, gan_error_name(got), message,
                     gan_error_name(wanted));
    }
    if (!silent && (message[0] == '\0' || strchr(message, '\n') != NULL ||
                    strstr(message, "-12345") != NULL)) {
        ck_abort_msg("%s: no message of its own but \"%s\"", call, message);
    }
}

/* A call that fails with `code`. */
#define bad(code, call) (plant(), refused(#call, code, (call), false))
/* The same where every handle is NULL, so that there is no context for a message. */
#define bad_null(call) refused(#call, GAN_ERROR_ARGUMENT, (call), true)
/* A create call that fails with `code`: *out, not NULL before, must be NULL after. */
#define bad_create(code, out, call)         \
    do {                                    \
        (out) = (void *)floats;             \
        bad(code, call);                    \
        if ((out) != NULL) {                \
            ck_abort_msg("%s: out", #call); \
        }                                   \
    } while (0)
#define bad_create_null(out, call)          \
    do {                                    \
        (out) = (void *)floats;             \
        bad_null(call);                     \
        if ((out) != NULL) {                \
            ck_abort_msg("%s: out", #call); \
        }                                   \
    } while (0)
/* A call that cannot fail and whose result for this misuse is known. */
#define harmless(condition_on_call)   \
    do {                              \
        note(#condition_on_call);     \
        ck_assert(condition_on_call); \
    } while (0)
#define free_null(name)  \
    do {                 \
        note(#name "("); \
        name(NULL);      \
    } while (0)

#endif
