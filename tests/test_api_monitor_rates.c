/* How often a monitor with its defaults raises a false alarm over healthy trainings, and how many
 * of those that lose modes it finds. What is true is not asked of the monitor: where the data have
 * parts that are known, those that G reaches are counted.
 *   test_api_monitor_rates [SEEDS [RECIPE [FIRST]]] */
#include "monitors.h"

enum { STEPS = 3000, SAMPLES = 2000, MEASUREMENTS = 64, MANY = 10 };
enum { DIGITS = 10000, SIDE_OF_DIGIT = 7, PIXELS = SIDE_OF_DIGIT * SIDE_OF_DIGIT };

static int64_t seeds = 1, only = -1, first = 0; /* -1: all recipes */

/* A ring of 8 modes; a Gaussian (mean 4, deviation 1/2), whose parts are cells of equal mass; the
 * shipped digits at 7 x 7 pixels, of which no parts are known. */
enum { RING, GAUSSIAN, SMALL_DIGITS };

static const struct {
    int32_t noise, parts;
} data_kinds[] = {[RING] = {2, 8}, [GAUSSIAN] = {2, 20}, [SMALL_DIGITS] = {16, 0}};

enum { PARTS_MAX = 20 };

/* A way to train. */
typedef struct {
    const char *name;
    int32_t data;
    double rate, beta1; /* of Adam */
    double penalty;     /* gamma of the recipe; below 0: no recipe and no penalty */
    int64_t d_stops;    /* the step after which D is trained no more, or 0 */
} recipe;

static const recipe recipes[] = {
    {"ring, recipe", RING, 2e-3, 0, 0.1, 0},
    {"ring, no penalty, rate 0.005", RING, 5e-3, 0.5, -1, 0},
    {"digits of 7 x 7 pixels, recipe", SMALL_DIGITS, 2e-3, 0, 0.1, 0},
    {"ring, no penalty, rate 0.02", RING, 2e-2, 0.5, -1, 0},
    {"ring, no penalty, rate 0.05, beta1 0.9", RING, 5e-2, 0.9, -1, 0},
    {"ring, D stops after 1000 steps", RING, 2e-3, 0, 0.1, 1000},
    {"Gaussian, recipe", GAUSSIAN, 2e-3, 0, 0.1, 0},
};

enum { RECIPES = sizeof recipes / sizeof recipes[0], HEALTHY_RECIPES = 3 };

/* The means of 4 x 4 pixels. */
static gan_dataset *new_digits(void)
{
    const int64_t all = (int64_t)DIGITS * 784;
    float *x = new_bytes((size_t)all * sizeof *x, 0), *small = zeros((int64_t)DIGITS * PIXELS);
    gan_dataset *whole, *data;
    ok(gan_dataset_open_idx(ctx, GAN_SOURCE_DIR "/examples/data/train-images-10000-idx3-ubyte.gz",
                            NULL, &whole));
    ok(gan_dataset_read(whole, 0, DIGITS, x, all));
    for (int64_t i = 0; i < all; i++) {
        const int64_t row = i % 784 / 28, column = i % 28;
        small[i / 784 * PIXELS + row / 4 * SIDE_OF_DIGIT + column / 4] += x[i] / 16;
    }
    ok(gan_dataset_from_floats(ctx, DIGITS, 1, (int64_t[]){PIXELS}, small, &data));
    gan_dataset_free(whole);
    free(small);
    free(x);
    return data;
}

static gan_dataset *new_data_of(int32_t kind, uint64_t seed)
{
    gan_dataset *data;
    if (kind == SMALL_DIGITS) {
        return new_digits();
    }
    ok(kind == RING ? gan_dataset_ring(ctx, 20000, data_kinds[RING].parts, 1, 0.02, seed, &data)
                    : gan_dataset_gaussian(ctx, 20000, 4, 0.5, seed, &data));
    return data;
}

static gan_network *new_network(const char *name, int64_t in, int64_t out, uint64_t seed)
{
    gan_network *made;
    ok(gan_network_create(ctx, name, &made));
    int32_t h = input(made, in);
    for (int32_t i = 0; i < 2; i++) {
        h = gan_network_leaky_relu(made, gan_network_dense(made, h, 64), 0.2);
    }
    ok(gan_network_output(made, gan_network_dense(made, h, out)));
    ok(gan_network_set_noise(made, GAN_NOISE_NORMAL, 0, 1));
    ok(gan_network_initialize(made, seed));
    return made;
}

/* What came of a training: for each measurement the parts that G did not reach, those with less
 * than a tenth of their share, and the verdict. */
typedef struct {
    gan_network *g;
    gan_optimizer *adam; /* D's */
    const recipe *how;
    int32_t count, missing[MEASUREMENTS], verdicts[MEASUREMENTS];
    int32_t row;    /* of the latest measurements that missed a fifth or more, how many */
    int32_t alarms; /* measurements with one */
    int32_t least;  /* parts missing at any of the three measurements that led to an alarm */
    bool false_alarm, due, found;
} story;

/* The part that a sample belongs to, or -1. */
static int32_t part_of(int32_t kind, const float *x)
{
    const int32_t parts = data_kinds[kind].parts;
    if (kind == GAUSSIAN) {
        const double below = 0.5 * erfc(-((double)x[0] - 4) / 0.5 / sqrt(2.0));
        return below < 1 ? (int32_t)(below * parts) : parts - 1;
    }
    for (int32_t k = 0; k < parts; k++) { /* within a third of the way to the next mode */
        const double angle = 6.283185307179586 * k / parts;
        const double a = (double)x[0] - cos(angle), b = (double)x[1] - sin(angle);
        if (a * a + b * b < 0.25 * 0.25) {
            return k;
        }
    }
    return -1;
}

static int32_t count_missing(int32_t kind, gan_network *g)
{
    static float x[SAMPLES * 2];
    const int32_t parts = data_kinds[kind].parts;
    const int64_t elements = gan_network_output_elements(g);
    int32_t at[PARTS_MAX + 1] = {0}, missing = 0;
    if (parts == 0) {
        return 0;
    }
    ok(gan_network_sample(g, 77, SAMPLES, x, SAMPLES * elements));
    for (int32_t i = 0; i < SAMPLES; i++) {
        at[1 + part_of(kind, x + i * elements)]++;
    }
    for (int32_t k = 1; k <= parts; k++) {
        missing += at[k] * 10 * parts < SAMPLES;
    }
    return missing;
}

/* A false alarm is one while not even a tenth was missing at the last three measurements. */
static int32_t follow(void *user, gan_monitor *monitor, int32_t verdict)
{
    (void)monitor;
    story *s = user;
    need(s->count < MEASUREMENTS);
    const int32_t parts = data_kinds[s->how->data].parts;
    const int32_t missing = count_missing(s->how->data, s->g);
    int32_t least = parts, most = 0;
    s->missing[s->count] = missing;
    s->verdicts[s->count++] = verdict;
    s->row = missing > 0 && missing * 5 >= parts ? s->row + 1 : 0;
    for (int32_t i = s->count; i-- > 0 && i >= s->count - 3;) {
        least = s->missing[i] < least ? s->missing[i] : least;
        most = s->missing[i] > most ? s->missing[i] : most;
    }
    if (verdict > GAN_VERDICT_HEALTHY) {
        s->false_alarm = s->false_alarm || most == 0 || most * 10 < parts;
        s->least = s->alarms++ == 0 || least < s->least ? least : s->least;
    }
    if (s->how->d_stops > 0 && 100 * s->count >= s->how->d_stops) {
        ok(gan_optimizer_set_number(s->adam, GAN_LEARNING_RATE, 0));
    }
    return GAN_MONITOR_GO_ON;
}

static gan_optimizer *new_adam(const recipe *r)
{
    gan_optimizer *adam;
    ok(gan_optimizer_create(ctx, GAN_ADAM, &adam));
    ok(gan_optimizer_set_number(adam, GAN_LEARNING_RATE, r->rate));
    ok(gan_optimizer_set_number(adam, GAN_BETA1, r->beta1));
    ok(gan_optimizer_set_number(adam, GAN_BETA2, 0.99));
    return adam;
}

static story tell(const recipe *r, uint64_t seed)
{
    gan_dataset *data;
    gan_trainer *trainer;
    gan_monitor *monitor;
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, 1));
    data = new_data_of(r->data, seed);
    gan_network *g =
        new_network("G", data_kinds[r->data].noise, gan_dataset_elements(data), 2 * seed);
    gan_network *d = new_network("D", gan_dataset_elements(data), 1, 2 * seed + 1);
    ok(gan_trainer_create(g, d, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 64));
    ok(gan_trainer_set_number(trainer, GAN_SEED, (double)seed));
    if (r->penalty >= 0) {
        ok(gan_trainer_use_recipe(trainer, STEPS, r->penalty));
    }
    gan_optimizer *of_g = new_adam(r), *of_d = new_adam(r);
    ok(gan_trainer_set_generator_optimizer(trainer, of_g));
    ok(gan_trainer_set_discriminator_optimizer(trainer, of_d));
    ok(gan_monitor_create(trainer, &monitor));
    story s = {.g = g, .adam = of_d, .how = r};
    const int32_t status = gan_monitor_run(monitor, STEPS, NULL, follow, &s);
    need(status == GAN_OK || status == GAN_ERROR_NUMERIC);
    s.due = s.row >= 3; /* it ended with modes that were missing for a while */
    s.found = s.verdicts[s.count - 1] > GAN_VERDICT_HEALTHY;
    gan_optimizer_free(of_d);
    gan_optimizer_free(of_g);
    gan_monitor_free(monitor);
    gan_trainer_free(trainer);
    gan_network_free(d);
    gan_network_free(g);
    gan_dataset_free(data);
    end_context(ctx, &own);
    return s;
}

/* What came of all trainings by one recipe. */
typedef struct {
    int32_t runs, healthy, alarms, false_alarms, due, warned, found, measured, least;
} tally;

static void add_to(tally *t, const story *s)
{
    t->runs++;
    t->healthy += s->verdicts[s->count - 1] == GAN_VERDICT_HEALTHY;
    if (s->alarms > 0) {
        t->least = t->alarms == 0 || s->least < t->least ? s->least : t->least;
    }
    t->alarms += s->alarms > 0;
    t->measured += s->alarms;
    t->false_alarms += s->false_alarm;
    t->due += s->due;
    t->found += s->due && s->found;
    t->warned += s->due && s->alarms > 0;
}

static void try_recipe(int32_t index)
{
    const recipe *r = &recipes[index];
    const int32_t parts = data_kinds[r->data].parts;
    tally t = {0};
    printf("%s: verdict and parts missing at the end, by seed:", r->name);
    for (int64_t seed = first; seed < first + seeds; seed++) {
        const story s = tell(r, (uint64_t)seed);
        printf(" %c%d%s", gan_monitor_verdict_name(s.verdicts[s.count - 1])[0],
               (int)s.missing[s.count - 1], s.false_alarm ? "!" : "");
        fflush(stdout);
        add_to(&t, &s);
    }
    printf(
        "\n  %d of %d runs raised an alarm, %d a false one; %d ended without a fifth of %d parts, "
        "%d of them warned of, %d still at the end\n",
        (int)t.alarms, (int)t.runs, (int)t.false_alarms, (int)t.due, (int)parts, (int)t.warned,
        (int)t.found);
    if (t.alarms > 0) {
        printf("  at %d measurements; at each of the three before, %d parts or more were missing\n",
               (int)t.measured, (int)t.least);
    }
    if (r->data == RING) { /* elsewhere parts come and go within three measurements */
        ck_assert_int_eq(t.warned, t.due);
        ck_assert(seeds < MANY || t.found * 5 >= t.due * 4);
    }
    ck_assert(seeds < MANY || t.false_alarms == 0);
    if (index < HEALTHY_RECIPES) {
        ck_assert_int_eq(t.alarms, 0);
        ck_assert_int_eq(t.due, 0);
        ck_assert_int_eq(t.healthy, t.runs); /* not silent for want of a verdict */
    }
}

START_TEST(rates)
{
    need(seeds > 0 && only < RECIPES);
    for (int32_t i = 0; i < RECIPES; i++) {
        if (only < 0 || only == i) {
            try_recipe(i);
        }
    }
}
END_TEST

int main(int count, char **arguments)
{
    seeds = count > 1 ? strtoll(arguments[1], NULL, 10) : seeds;
    only = count > 2 ? strtoll(arguments[2], NULL, 10) : only;
    first = count > 3 ? strtoll(arguments[3], NULL, 10) : first;
    return RUN_TESTS("monitor rates", rates);
}
