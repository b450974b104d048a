/* Memory that runs out in the midst of appending, cloning, carrying over, averaging, saving and
 * loading: each allocation fails once, and from there on. The call says so, nothing has changed,
 * and once there is memory it succeeds with the results of a life without failure. */
#include "training.h"

/* ---- A heap that fails from some allocation on ---------------------------------------------- */

typedef struct {
    int64_t left; /* allocations until failure; -1: none fails */
    bool for_good, failed;
} failing_heap;

static failing_heap memory;

static void *allocate(void *user, size_t size)
{
    (void)user;
    if (memory.left == 0) {
        memory.failed = true;
        memory.left = memory.for_good ? 0 : -1;
        return NULL;
    }
    memory.left -= memory.left > 0;
    void *made = malloc(size);
    need(made != NULL);
    memset(made, 0xa5, size);
    own.live++;
    return made;
}

static void release(void *user, void *block)
{
    (void)user;
    own.live--;
    free(block);
}

/* ---- The objects, and each call ------------------------------------------------------------- */

static gan_network *G, *D, *average, *made;
static gan_dataset *data;
static gan_trainer *trainer;
static int32_t base; /* the tensor that is appended to */
static const char *g_path, *state_path, *out_path;

static int32_t append(void)
{
    const int32_t id = gan_network_append(made, base, G);
    const int32_t status = gan_network_output(made, id);
    ck_assert(id > 0 || status == id); /* the error sticks */
    return status;
}

static int32_t clone(void)
{
    const int32_t status = gan_network_clone(G, "clone", &made);
    ck_assert(status == GAN_OK || made == NULL);
    return status;
}

static int32_t carry(void)
{
    int32_t copied = 0;
    const int32_t status = gan_network_copy_parameters(made, G, &copied);
    ck_assert_int_eq(copied, status == GAN_OK ? 6 : 0);
    return status;
}

static int32_t step_with_average(void)
{
    const int32_t status = gan_trainer_set_average(trainer, average);
    return status == GAN_OK ? gan_trainer_run(trainer, 1, NULL, NULL) : status;
}

static int32_t step_with_frozen(void)
{
    ok(gan_network_set_trainable(G, "layer1", 0));
    ok(gan_network_set_trainable(D, "layer0.weight", 0));
    return gan_trainer_run(trainer, 1, NULL, NULL);
}

static double number_of(const char *key)
{
    double value = -1;
    ok(gan_trainer_get_number(trainer, key, &value));
    return value;
}

/* On an error no option has changed, and the optimizers serve on: that a run goes on as it would
 * have is not seen, for the recipe follows. */
static int32_t use_recipe(void)
{
    const double steps = number_of(GAN_SCHEDULE_STEPS), r1 = number_of(GAN_R1);
    const int32_t status = gan_trainer_use_recipe(trainer, 10, 3);
    if (status != GAN_OK) {
        ck_assert(number_of(GAN_SCHEDULE_STEPS) == steps && number_of(GAN_R1) == r1);
    }
    return status;
}

/* Batches of 5 in parts of 2, 2 and 1. */
static int32_t step_in_parts(void)
{
    ok(gan_trainer_set_text(trainer, GAN_OBJECTIVE, GAN_RELATIVISTIC));
    ok(gan_trainer_set_number(trainer, GAN_R1, 1));
    ok(gan_trainer_set_number(trainer, GAN_R2, 2));
    ok(gan_trainer_set_number(trainer, GAN_SCHEDULE_STEPS, 4));
    ok(gan_trainer_set_number(trainer, GAN_FINAL_PENALTY, 0.5));
    ok(gan_trainer_set_number(trainer, GAN_MICRO_BATCH, 2));
    return gan_trainer_run(trainer, 1, NULL, NULL);
}

static int32_t save_network(void)
{
    return gan_network_save(G, out_path);
}

static int32_t load_network(void)
{
    return gan_network_load(G, g_path);
}

static int32_t save_trainer(void)
{
    return gan_trainer_save(trainer, out_path);
}

static int32_t load_trainer(void)
{
    return gan_trainer_load(trainer, state_path);
}

/* What is there before the call. */
typedef enum { NOTHING, OPEN, NAMESAKE } extra;

typedef struct {
    int32_t (*call)(void);
    extra made;
    bool drawn;    /* the parameters of G and D */
    int64_t steps; /* made before */
    bool averaged, simultaneous;
} life;

static void start(const life *how)
{
    memory = (failing_heap){.left = -1};
    own = (heap){0};
    ok(gan_context_create_with_allocator(allocate, release, NULL, &ctx));
    ok(gan_context_set_threads(ctx, 1));
    G = new_generator();
    D = new_discriminator();
    average = new_generator();
    made = NULL;
    if (how->drawn) {
        ok(gan_network_initialize(G, 5));
        ok(gan_network_initialize(D, 6));
    }
    data = new_data(13);
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 5));
    if (how->simultaneous) {
        ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, GAN_SIMULTANEOUS));
    }
    if (how->averaged) {
        ok(gan_trainer_set_average(trainer, average));
    }
    ok(gan_trainer_run(trainer, how->steps, NULL, NULL));
    if (how->made == OPEN) {
        ok(gan_network_create(ctx, "made", &made));
        base = gan_network_reshape(made, input(made, NOISE), 2, (int64_t[]){1, NOISE});
    } else if (how->made == NAMESAKE) {
        made = new_generator();
    }
}

static void finish(void)
{
    gan_context_free(ctx);
    gan_trainer_free(trainer);
    gan_dataset_free(data);
    gan_network_free(made);
    gan_network_free(average);
    gan_network_free(D);
    gan_network_free(G);
    ck_assert_msg(own.live == 0, "%lld blocks were not released", (long long)own.live);
}

/* What came of it. */
typedef struct {
    numbers g, d, a, m;
    double metrics[32];
} result;

/* Parameters that are not drawn yet are looked at in the end only. */
static void look(result *r, bool all)
{
    memset(r, 0, sizeof *r);
    if (all) {
        r->g = all_of(G);
        r->d = all_of(D);
        r->a = all_of(average);
        r->m = made != NULL ? all_of(made) : r->m;
    }
    metrics_of(trainer, r->metrics);
}

/* After an appending that failed: a network begun anew. */
static void begin_anew(const life *how)
{
    if (how->made == OPEN) {
        gan_network_free(made);
        ok(gan_network_create(ctx, "made", &made));
        base = gan_network_reshape(made, input(made, NOISE), 2, (int64_t[]){1, NOISE});
    }
}

/* One life with a failure at an allocation of the call. Returns whether it came so far. */
static bool fail_at(const life *how, int64_t allocation, bool for_good, const result *wanted)
{
    static result before, after;
    start(how);
    const bool known = how->drawn && how->made != OPEN;
    look(&before, known);
    memory = (failing_heap){.left = allocation, .for_good = for_good};
    int32_t status = how->call();
    memory.left = -1;
    const bool failed = memory.failed;
    if (failed) {
        fails(status, GAN_ERROR_MEMORY, "out of memory");
        look(&after, known);
        ck_assert(memcmp(&before, &after, sizeof before) == 0);
        begin_anew(how);
        status = how->call();
    }
    ok(status);
    ok(gan_trainer_run(trainer, 2, NULL, NULL)); /* what follows is as it would be */
    look(&after, true);
    ck_assert(memcmp(wanted, &after, sizeof after) == 0);
    finish();
    return failed;
}

static void fail_everywhere(life how)
{
    static result wanted;
    start(&how);
    ok(how.call());
    ok(gan_trainer_run(trainer, 2, NULL, NULL));
    look(&wanted, true);
    finish();
    for (int32_t for_good = 0; for_good < 2; for_good++) {
        int64_t failures = 0;
        while (fail_at(&how, failures, for_good, &wanted)) {
            failures++;
        }
        ck_assert_int_gt(failures, 0);
    }
}

static void prepare_files(void)
{
    g_path = temporary("g");
    state_path = temporary("state");
    out_path = temporary("out");
    const life how = {save_network, NOTHING, true, 3, true, false};
    start(&how);
    ok(gan_network_save(G, g_path));
    ok(gan_trainer_save(trainer, state_path));
    finish();
}

static void remove_files(void)
{
    remove(g_path);
    remove(state_path);
    remove(out_path);
}

START_TEST(surgery)
{
    fail_everywhere((life){append, OPEN, true, 0, false, false});
    fail_everywhere((life){clone, NOTHING, true, 1, false, false});
    fail_everywhere((life){clone, NOTHING, false, 0, false, false});
    fail_everywhere((life){carry, NAMESAKE, false, 0, false, false}); /* drawn: needs no memory */
}
END_TEST

START_TEST(steps)
{
    for (int32_t simultaneous = 0; simultaneous < 2; simultaneous++) {
        fail_everywhere((life){step_with_average, NOTHING, true, 0, false, simultaneous});
        fail_everywhere((life){step_with_average, NOTHING, true, 2, false, simultaneous});
        fail_everywhere((life){step_with_average, NOTHING, false, 0, false, simultaneous});
        fail_everywhere((life){step_with_frozen, NOTHING, true, 0, true, simultaneous});
        fail_everywhere((life){step_with_frozen, NOTHING, true, 2, true, simultaneous});
    }
}
END_TEST

START_TEST(recipe_and_parts)
{
    fail_everywhere((life){use_recipe, NOTHING, true, 0, true, false});
    fail_everywhere((life){use_recipe, NOTHING, false, 0, false, false});
    for (int32_t simultaneous = 0; simultaneous < 2; simultaneous++) {
        fail_everywhere((life){step_in_parts, NOTHING, true, 0, true, simultaneous});
        fail_everywhere((life){step_in_parts, NOTHING, true, 2, true, simultaneous});
        fail_everywhere((life){step_in_parts, NOTHING, false, 0, false, simultaneous});
    }
}
END_TEST

START_TEST(files_of_networks)
{
    prepare_files();
    fail_everywhere((life){save_network, NOTHING, true, 1, false, false});
    fail_everywhere((life){save_network, NOTHING, false, 0, false, false});
    fail_everywhere((life){load_network, NOTHING, true, 1, false, false});
    fail_everywhere((life){load_network, NOTHING, false, 0, false, false});
    remove_files();
}
END_TEST

START_TEST(files_of_trainers)
{
    prepare_files();
    fail_everywhere((life){save_trainer, NOTHING, true, 1, true, false});
    fail_everywhere((life){save_trainer, NOTHING, false, 0, false, false});
    fail_everywhere((life){load_trainer, NOTHING, true, 1, true, false});
    fail_everywhere((life){load_trainer, NOTHING, true, 0, true, false});
    fail_everywhere((life){load_trainer, NOTHING, false, 0, true, false});
    remove_files();
}
END_TEST

int main(void)
{
    return RUN_TESTS("oom_state", surgery, steps, recipe_and_parts, files_of_networks,
                     files_of_trainers);
}
