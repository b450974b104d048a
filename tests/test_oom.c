/* Memory that runs out: every allocation of a whole life with the library (context, networks, data
 * of each kind, training, sampling, scores) fails once, and from there on. Each time the call says
 * so, nothing leaks, the objects can be freed, and after the failure the same call succeeds with
 * the results of a life without one. */
#include "support.h"

#include <gan/gan.h>

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

/* ---- A heap that fails ----------------------------------------------------------------------- */

typedef struct {
    int64_t live, calls;
    int64_t fail_at; /* the call that fails, from 1; 0: none */
    bool for_good;   /* and all after it */
    bool failed;
} failing_heap;

static failing_heap heap_now;

static void *allocate(void *user, size_t size)
{
    failing_heap *h = user;
    h->calls++;
    if (h->fail_at > 0 && (h->calls == h->fail_at || (h->for_good && h->calls > h->fail_at))) {
        h->failed = true;
        return NULL;
    }
    void *memory = malloc(size);
    if (memory != NULL) {
        memset(memory, 0xa5, size);
        h->live++;
    }
    return memory;
}

static void release(void *user, void *memory)
{
    ((failing_heap *)user)->live--;
    free(memory);
}

/* ---- A life ---------------------------------------------------------------------------------- */

typedef struct {
    bool simultaneous, adam, alone; /* alone: one thread */
    int32_t k;
    int64_t hidden;
} variant;

enum { PIXELS = 6, IMAGES = 11, BATCH = 4, OUTPUTS = 400 };

/* All objects of a life, and what came out of it. */
static struct {
    variant how;
    gan_context *ctx;
    gan_network *G, *D;
    gan_dataset *images, *scaled, *slice, *other;
    gan_optimizer *d_optimizer, *g_optimizer;
    gan_trainer *trainer;
    float out[OUTPUTS];
    double scores[16];
} world;

static char idx_path[] = "gan-oom-XXXXXX", gz_path[] = "gan-oom-XXXXXX";

static void end_world(void)
{
    gan_context_free(world.ctx); /* first: nothing may need it any more */
    gan_dataset_free(world.images);
    gan_dataset_free(world.scaled);
    gan_network_free(world.G);
    gan_optimizer_free(world.d_optimizer);
    gan_optimizer_free(world.g_optimizer);
    gan_trainer_free(world.trainer);
    gan_dataset_free(world.slice);
    gan_dataset_free(world.other);
    gan_network_free(world.D);
    ck_assert_msg(heap_now.live == 0, "%lld blocks were not released", (long long)heap_now.live);
}

#define TRY(call)                      \
    do {                               \
        const int32_t status = (call); \
        if (status != GAN_OK) {        \
            return status;             \
        }                              \
    } while (0)

static int32_t make_context(void)
{
    TRY(gan_context_create_with_allocator(allocate, release, &heap_now, &world.ctx));
    return gan_context_set_threads(world.ctx, world.how.alone ? 1 : 3);
}

static int32_t make_images(void)
{
    uint8_t bytes[IMAGES * PIXELS];
    for (int i = 0; i < IMAGES * PIXELS; i++) {
        bytes[i] = (uint8_t)(i * 37 % 256);
    }
    return gan_dataset_from_bytes(world.ctx, IMAGES, 2, (int64_t[]){2, 3}, bytes, &world.images);
}

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
    TRY(gan_network_create(world.ctx, "G", &world.G));
    gan_network *G = world.G;
    int32_t h = gan_network_input(G, "z", 1, (int64_t[]){3});
    h = gan_network_relu(G, gan_network_dense(G, h, world.how.hidden));
    h = gan_network_concatenate(G, h, gan_network_affine(G, h, 2, 1), 0);
    for (int i = 0; i < 12; i++) { /* enough layers for the lists to grow */
        h = gan_network_leaky_relu(G, h, 0.9);
    }
    h = gan_network_sigmoid(G, gan_network_dense(G, h, PIXELS));
    return finish_network(&world.G, h);
}

static int32_t make_discriminator(void)
{
    TRY(gan_network_create(world.ctx, "D", &world.D));
    gan_network *D = world.D;
    int32_t x = gan_network_input(D, "x", 2, (int64_t[]){2, 3});
    x = gan_network_dropout(D, gan_network_reshape(D, x, 1, (int64_t[]){PIXELS}), 0.8);
    x = gan_network_maxout(D, x, world.how.hidden, 2);
    x = gan_network_tanh(D, gan_network_softplus(D, x));
    return finish_network(&world.D, gan_network_dense(D, x, 1));
}

static int32_t set_marginals(void)
{
    const int32_t last = 18; /* the id of G's second dense layer */
    TRY(gan_network_set_bias_from_marginals(world.G, last, world.images));
    TRY(gan_network_set_max_norm(world.D, 0, 1.5));
    return gan_network_set_initializer(world.G, 0, GAN_INIT_SPARSE, 2, 0.5);
}

static int32_t initialize(void)
{
    return gan_network_initialize(world.G, 5); /* D is drawn when first needed */
}

static int32_t make_views(void)
{
    if (world.scaled == NULL) {
        TRY(gan_dataset_scale(world.images, 0.5, 0.25, &world.scaled));
    }
    return gan_dataset_slice(world.scaled, 1, IMAGES - 1, &world.slice);
}

static int32_t make_optimizers(void)
{
    if (!world.how.adam) {
        return GAN_OK; /* the trainer makes momentum's when it needs them */
    }
    if (world.d_optimizer == NULL) {
        TRY(gan_optimizer_create(world.ctx, GAN_ADAM, &world.d_optimizer));
    }
    return gan_optimizer_create(world.ctx, GAN_RMSPROP, &world.g_optimizer);
}

static int32_t make_trainer(void)
{
    TRY(gan_trainer_create(world.G, world.D, world.slice, &world.trainer));
    gan_trainer *t = world.trainer;
    if (world.how.adam) {
        TRY(gan_trainer_set_discriminator_optimizer(t, world.d_optimizer));
        TRY(gan_trainer_set_generator_optimizer(t, world.g_optimizer));
    }
    TRY(gan_trainer_set_number(t, GAN_BATCH_SIZE, BATCH));
    TRY(gan_trainer_set_number(t, GAN_DISCRIMINATOR_STEPS, world.how.k));
    return gan_trainer_set_text(t, GAN_SCHEDULE,
                                world.how.simultaneous ? GAN_SIMULTANEOUS : GAN_ALTERNATING);
}

static int32_t step_once(void)
{
    float x[2 * 2 * PIXELS], z[2 * 2 * 3];
    dice d = {1};
    roll_array(&d, 2 * 2 * PIXELS, 0, 1, x);
    roll_array(&d, 2 * 2 * 3, -1, 1, z);
    return gan_trainer_step(world.trainer, 2, x, z, world.how.simultaneous ? NULL : z);
}

/* One step of a run at a time, so that each can be tried again: batches of 4, 4 and 2. */
static int32_t run_once(void)
{
    return gan_trainer_run(world.trainer, 1, NULL, NULL);
}

static int32_t sample(void)
{
    TRY(gan_network_sample(world.G, 1, 5, world.out, OUTPUTS));
    return gan_network_noise(world.G, 1, 5, world.out + 30, OUTPUTS - 30);
}

static int32_t forward(void)
{
    return gan_network_forward(world.D, 5, world.out, world.out + 50, OUTPUTS - 50);
}

static int32_t read_parameters(void)
{
    if (world.how.hidden > 10) {
        return GAN_OK; /* too many */
    }
    TRY(gan_network_get_parameter(world.G, "layer0.weight", world.out + 60, OUTPUTS - 60));
    return gan_network_get_parameter(world.D, "layer0.weight", world.out + 200, OUTPUTS - 200);
}

static int32_t score(void)
{
    const double sigmas[] = {0.1, 0.3, 1};
    float rows[4 * PIXELS];
    int64_t best;
    TRY(gan_dataset_read(world.images, 0, 4, rows, 4 * PIXELS));
    TRY(gan_parzen_choose_sigma(world.ctx, PIXELS, 5, world.out, 4, rows, 3, sigmas, world.scores,
                                &best));
    TRY(gan_parzen_log_likelihood(world.ctx, PIXELS, 5, world.out, 4, rows, sigmas[best],
                                  world.scores + 3, world.scores + 4));
    world.scores[5] = (double)best;
    TRY(gan_jensen_shannon(world.ctx, 3, sigmas, sigmas, world.scores + 6));
    TRY(gan_optimal_discriminator(world.ctx, 3, sigmas, sigmas, world.scores + 7));
    return gan_histogram(world.ctx, 5, world.out, 0, 1, 2, world.scores + 10);
}

/* The other data sets, each read once. */
static int32_t take_other(int32_t status, int at)
{
    if (status == GAN_OK) {
        status = gan_dataset_read(world.other, 0, 2, world.out + at, 2 * PIXELS);
    }
    if (status == GAN_OK) {
        gan_dataset_free(world.other);
        world.other = NULL;
    }
    return status;
}

static int32_t deliver(void *user, int64_t index, float *values)
{
    (void)user;
    values[0] = (float)index;
    return 0;
}

static int32_t from_floats(void)
{
    return take_other(
        gan_dataset_from_floats(world.ctx, 2, 1, (int64_t[]){3}, world.out, &world.other), 300);
}

static int32_t gaussian(void)
{
    return take_other(gan_dataset_gaussian(world.ctx, 9, 1, 2, 3, &world.other), 312);
}

static int32_t ring(void)
{
    return take_other(gan_dataset_ring(world.ctx, 9, 8, 1, 0.1, 3, &world.other), 324);
}

static int32_t grid(void)
{
    return take_other(gan_dataset_grid(world.ctx, 9, 5, 1, 0.1, 3, &world.other), 336);
}

static int32_t from_callback(void)
{
    return take_other(
        gan_dataset_from_callback(world.ctx, 9, 1, (int64_t[]){1}, deliver, NULL, &world.other),
        348);
}

static int32_t open_raw(void)
{
    return take_other(gan_dataset_open_idx(world.ctx, idx_path, NULL, &world.other), 360);
}

static int32_t open_gzipped(void)
{
    return take_other(gan_dataset_open_idx(world.ctx, gz_path, gz_path, &world.other), 372);
}

typedef int32_t (*part_fn)(void);

static const part_fn life[] = {make_context,  make_images,     make_generator, make_discriminator,
                               set_marginals, initialize,      make_views,     make_optimizers,
                               make_trainer,  step_once,       step_once,      run_once,
                               run_once,      run_once,        run_once,       sample,
                               forward,       read_parameters, score};

static const part_fn collection[] = {make_context, from_floats,   gaussian, ring,
                                     grid,         from_callback, open_raw, open_gzipped};

enum { LIFE = sizeof life / sizeof life[0], COLLECTION = sizeof collection / sizeof collection[0] };

/* ---- Lives with a failure -------------------------------------------------------------------- */

typedef enum { NEVER, ONCE, FOR_GOOD, TO_THE_END } failure;

static void begin_world(variant how, failure when, int64_t fail_at)
{
    memset(&world, 0, sizeof world);
    world.how = how;
    heap_now = (failing_heap){.fail_at = when == NEVER ? 0 : fail_at,
                              .for_good = when == FOR_GOOD || when == TO_THE_END};
}

/* Frees what a failed part made before it failed, where trying again would make it anew. */
static void undo(part_fn part)
{
    if (part == make_trainer) {
        gan_trainer_free(world.trainer);
        world.trainer = NULL;
    }
    gan_dataset_free(world.other);
    world.other = NULL;
}

/* Lives once. TO_THE_END ends with the failure; otherwise memory comes back, and the part that
 * failed is tried again. Returns whether a failure happened. */
static bool live(const part_fn *parts, int count, variant how, failure when, int64_t fail_at)
{
    begin_world(how, when, fail_at);
    for (int i = 0; i < count; i++) {
        const bool failed_before = heap_now.failed;
        int32_t status = parts[i]();
        const bool failed = heap_now.failed && !failed_before;
        if (failed && (how.alone || status != GAN_OK)) { /* threads are not needed: no error */
            const char *message = gan_context_message(world.ctx);
            if (status != GAN_ERROR_MEMORY ||
                (world.ctx != NULL && strstr(message, "out of memory") == NULL)) {
                ck_abort_msg("allocation %lld, part %d: %d (\"%s\")", (long long)fail_at, i,
                             (int)status, message);
            }
            if (when == TO_THE_END) {
                end_world();
                return true;
            }
            heap_now.fail_at = 0;
            undo(parts[i]);
            status = parts[i]();
        }
        if (status != GAN_OK) {
            ck_abort_msg("allocation %lld, part %d, tried again: %s", (long long)fail_at, i,
                         gan_context_message(world.ctx));
        }
    }
    return heap_now.failed;
}

/* The results of a life without failures, and how many allocations it takes. */
static struct {
    float out[OUTPUTS];
    double scores[16];
    int64_t calls;
} wanted;

static void same_results(int64_t fail_at)
{
    if (memcmp(world.out, wanted.out, sizeof wanted.out) != 0 ||
        memcmp(world.scores, wanted.scores, sizeof wanted.scores) != 0) {
        ck_abort_msg("allocation %lld: other results than without failure", (long long)fail_at);
    }
}

static void fail_everywhere(const part_fn *parts, int count, variant how)
{
    live(parts, count, how, NEVER, 0);
    memcpy(wanted.out, world.out, sizeof wanted.out);
    memcpy(wanted.scores, world.scores, sizeof wanted.scores);
    wanted.calls = heap_now.calls;
    end_world();
    ck_assert_int_ge(wanted.calls, 10);
    int64_t failures = 0;
    for (int64_t i = 1; i <= wanted.calls; i++) {
        for (failure when = ONCE; when <= TO_THE_END; when++) {
            failures += live(parts, count, how, when, i);
            if (when != TO_THE_END) { /* where all is freed already */
                same_results(i);
                end_world();
            }
        }
    }
    ck_assert_int_eq(failures, 3 * wanted.calls);
}

START_TEST(alternating)
{
    fail_everywhere(life, LIFE, (variant){.k = 1, .alone = true, .hidden = 4});
}
END_TEST

START_TEST(alternating_with_two_updates_of_d)
{
    fail_everywhere(life, LIFE, (variant){.k = 2, .adam = true, .alone = true, .hidden = 4});
}
END_TEST

START_TEST(simultaneous)
{
    const variant how = {.k = 1, .simultaneous = true, .adam = true, .alone = true, .hidden = 4};
    fail_everywhere(life, LIFE, how);
}
END_TEST

/* Layers so wide that threads are wanted: without memory for them the work is done all the same. */
START_TEST(threads)
{
    const variant how = {.k = 1, .hidden = 3000};
    live(life, LIFE, how, NEVER, 0);
    memcpy(wanted.out, world.out, sizeof wanted.out);
    wanted.calls = heap_now.calls;
    end_world();
    int64_t survived = 0;
    for (int64_t i = 1; i <= wanted.calls; i++) { /* only where it goes unnoticed */
        begin_world(how, ONCE, i);
        int32_t status = GAN_OK;
        for (int j = 0; j < LIFE && status == GAN_OK && !heap_now.failed; j++) {
            status = life[j]();
        }
        survived += status == GAN_OK && heap_now.failed;
        ck_assert(status == GAN_OK || status == GAN_ERROR_MEMORY);
        end_world();
        if (survived > 0) {
            break;
        }
    }
    ck_assert_int_gt(survived, 0);
}
END_TEST

START_TEST(data_sets)
{
    const unsigned char header[] = {0, 0, 8, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    const int file = mkstemp(idx_path), zipped = mkstemp(gz_path);
    ck_assert(file >= 0 && zipped >= 0);
    ck_assert_int_eq(write(file, header, sizeof header), (ssize_t)sizeof header);
    gzFile gz = gzdopen(zipped, "wb");
    ck_assert_int_eq(gzwrite(gz, header, sizeof header), (int)sizeof header);
    gzclose(gz);
    close(file);
    fail_everywhere(collection, COLLECTION, (variant){.alone = true});
    remove(idx_path);
    remove(gz_path);
}
END_TEST

int main(void)
{
    return RUN_TESTS("oom", data_sets, alternating, alternating_with_two_updates_of_d, simultaneous,
                     threads);
}
