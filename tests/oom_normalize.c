/* Memory that runs out while networks with normalisations are built, set, measured, trained and
 * copied: every allocation fails once. The call says so, leaves the objects as they were, and
 * succeeds when it is made again, with the results of a life without failure. */
#include "training.h"

#include "nn/network.h"

#include <stdbool.h>

static struct {
    gan_network *G, *D, *clone, *average;
    gan_dataset *data;
    gan_trainer *trainer;
    int32_t ids[2]; /* of D's layers with weights */
    float out[64];
} world;

/* An error sticks to a network: a failed one is made anew. */
static int32_t finish_network(gan_network **network, int32_t output)
{
    const int32_t status = gan_network_output(*network, output);
    if (status != GAN_OK) {
        gan_network_free(*network);
        *network = NULL;
    }
    return status;
}

static int32_t make_generator(void)
{
    GAN__TRY(gan_network_create(ctx, "G", &world.G));
    gan_network *n = world.G;
    int32_t x = gan_network_dense(n, gan_network_input(n, "z", 1, (int64_t[]){3}), 8);
    x = gan_network_batch_norm(n, gan_network_reshape(n, x, 3, (int64_t[]){2, 2, 2}), 1, 1e-3, 0.1);
    x = gan_network_instance_norm(n, x, 1, 1e-3);
    x = gan_network_batch_norm(n, gan_network_layer_norm(n, x, 0, 1e-3), 0, 1e-3, 0.5);
    return finish_network(&world.G, gan_network_dense(n, x, SIDE));
}

static int32_t make_discriminator(void)
{
    GAN__TRY(gan_network_create(ctx, "D", &world.D));
    gan_network *n = world.D;
    int32_t x = gan_network_batch_norm(n, input(n, SIDE), 1, 1e-3, 0.1);
    world.ids[0] = x = gan_network_maxout(n, x, 5, 2);
    x = gan_network_layer_norm(n, gan_network_tanh(n, x), 1, 1e-3);
    world.ids[1] = x = gan_network_dense(n, x, 1);
    return finish_network(&world.D, x);
}

static int32_t set_one(void)
{
    return gan_network_set_spectral_norm(world.D, world.ids[0], 1);
}

static int32_t set_all(void)
{
    return gan_network_set_spectral_norm(world.D, 0, 1);
}

static int32_t forward(void)
{
    const float x[2 * SIDE] = {1, 2, 3, 4, -1, 0, 2, 5};
    return gan_network_forward(world.D, 2, x, world.out, 2);
}

static int32_t make_clone(void)
{
    return gan_network_clone(world.D, "clone", &world.clone);
}

static int32_t make_average(void)
{
    return gan_network_clone(world.G, "average", &world.average);
}

static int32_t make_data(void)
{
    float rows[10 * SIDE];
    dice d = {4};
    roll_array(&d, 10 * SIDE, -1, 2, rows);
    return gan_dataset_from_floats(ctx, 10, 1, (int64_t[]){SIDE}, rows, &world.data);
}

static int32_t measure_d(void)
{
    return gan_network_recalibrate(world.D, 2, 7, world.data, NULL, 0);
}

static int32_t measure_g(void)
{
    return gan_network_recalibrate(world.G, 2, 7, NULL, NULL, 3);
}

static int32_t make_trainer(void)
{
    GAN__TRY(gan_trainer_create(world.G, world.D, world.data, &world.trainer));
    GAN__TRY(gan_trainer_set_number(world.trainer, GAN_BATCH_SIZE, 4));
    return gan_trainer_set_average(world.trainer, world.average);
}

static int32_t train(void)
{
    return gan_trainer_run(world.trainer, 1, NULL, NULL);
}

static int32_t freeze_and_train(void)
{
    GAN__TRY(gan_network_set_trainable(world.D, "layer0.statistics", 0));
    return gan_trainer_run(world.trainer, 1, NULL, NULL);
}

static int32_t sample(void)
{
    return gan_network_sample(world.G, 1, 3, world.out + 2, 3 * SIDE);
}

typedef int32_t (*part_fn)(void);

static const part_fn life[] = {make_generator, make_discriminator, set_one,      set_all,
                               forward,        make_clone,         make_data,    measure_d,
                               measure_g,      make_average,       make_trainer, train,
                               train,          freeze_and_train,   sample};

/* The setting after a draw that failed for want of memory: the trainer was half prepared. */
static const part_fn late[] = {
    make_generator, make_discriminator, make_data, make_average, make_trainer, train, sample};

typedef struct {
    numbers g, d, average;
    float out[64];
} result;

static result result_of(void)
{
    result r;
    memset(&r, 0, sizeof r);
    r.g = all_of(world.G);
    r.d = all_of(world.D);
    r.average = all_of(world.average);
    memcpy(r.out, world.out, sizeof r.out);
    return r;
}

static void end_world(void)
{
    gan_trainer_free(world.trainer);
    gan_dataset_free(world.data);
    gan_network_free(world.average);
    gan_network_free(world.clone);
    gan_network_free(world.D);
    gan_network_free(world.G);
    end_context(ctx, &own);
}

static void undo(part_fn part)
{
    if (part == make_trainer) {
        gan_trainer_free(world.trainer);
        world.trainer = NULL;
    }
}

/* Whether networks are as they were, where they are drawn. */
static void keep_numbers(gan_network *network, numbers *n)
{
    n->count = -1;
    if (network != NULL && network->values != NULL) {
        n->count = network->elements;
        memcpy(n->values, network->values, (size_t)n->count * sizeof *n->values);
    }
}

static void check_numbers(const gan_network *network, const numbers *n)
{
    if (network == NULL) {
        return;
    }
    ck_assert((network->values != NULL) == (n->count >= 0));
    ck_assert(n->count < 0 ||
              memcmp(n->values, network->values, (size_t)n->count * sizeof *n->values) == 0);
}

/* Lives once with allocation fail_at failing. With `resize`, D gets spectral norms before a failed
 * part is made again. Returns the number of allocations. */
static int64_t live(const part_fn *parts, size_t count, int64_t fail_at, bool resize, result *r)
{
    memset(&world, 0, sizeof world);
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, 1));
    own.calls = 0;
    own.fail_at = fail_at;
    for (size_t i = 0; i < count; i++) {
        numbers g, d;
        keep_numbers(world.G, &g);
        keep_numbers(world.D, &d);
        const int64_t before = own.calls;
        const int32_t status = parts[i]();
        if (fail_at > before && fail_at <= own.calls) {
            ck_assert_msg(status == GAN_ERROR_MEMORY, "allocation %lld, part %d: status %d",
                          (long long)fail_at, (int)i, (int)status);
            check_numbers(world.G, &g);
            check_numbers(world.D, &d);
            if (resize && parts[i] == train) {
                ok(gan_network_set_spectral_norm(world.D, 0, 1));
                ok(gan_network_set_spectral_norm(world.G, 0, 1));
                ok(gan_network_set_spectral_norm(world.average, 0, 1));
            }
            undo(parts[i]);
            ok(parts[i]());
        } else {
            ok(status);
        }
    }
    const int64_t calls = own.calls;
    *r = result_of();
    end_world();
    return calls;
}

enum { LIFE = sizeof life / sizeof life[0], LATE = sizeof late / sizeof late[0] };

START_TEST(every_allocation_fails_once)
{
    static result wanted, got;
    const int64_t calls = live(life, LIFE, 0, false, &wanted);
    ck_assert_int_gt(calls, 500);
    for (int64_t i = 1; i <= calls; i++) {
        live(life, LIFE, i, false, &got);
        ck_assert_msg(memcmp(&got, &wanted, sizeof got) == 0, "allocation %lld: other results",
                      (long long)i);
    }
}
END_TEST

START_TEST(sizes_change_after_a_failure)
{
    static result wanted, got;
    const int64_t calls = live(late, LATE, 0, false, &wanted);
    int64_t changed = 0;
    for (int64_t i = 1; i <= calls; i++) {
        live(late, LATE, i, true, &got);
        changed += got.d.count != wanted.d.count;
    }
    ck_assert_int_gt(changed, 50);
}
END_TEST

int main(void)
{
    return RUN_TESTS("oom of normalisations", every_allocation_fails_once,
                     sizes_change_after_a_failure);
}
