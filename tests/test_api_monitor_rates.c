/* How often a monitor with its defaults raises a false alarm over healthy trainings, and how many of
 * those that lose modes it finds. What is true is not asked of the monitor: the data are a ring, and
 * the modes that G reaches are counted.
 *   test_api_monitor_rates [SEEDS [RECIPE]] */
#include "monitors.h"

enum { MODES = 8, LOST = 2, STEPS = 3000, SAMPLES = 2000, MEASUREMENTS = 64, MANY = 10 };

static int64_t seeds = 1, only = -1; /* -1: all recipes */

/* A way to train. */
typedef struct {
    const char *name;
    double rate, beta1; /* of Adam */
    double penalty;     /* gamma of the recipe; below 0: no recipe and no penalty */
    int64_t d_stops;    /* the step after which D is trained no more, or 0 */
} recipe;

static const recipe recipes[] = {
    {"ring, recipe", 2e-3, 0, 0.1, 0},
    {"ring, no penalty, rate 0.005", 5e-3, 0.5, -1, 0},
    {"ring, no penalty, rate 0.02", 2e-2, 0.5, -1, 0},
    {"ring, no penalty, rate 0.05, beta1 0.9", 5e-2, 0.9, -1, 0},
    {"ring, D stops after 1000 steps", 2e-3, 0, 0.1, 1000},
};

enum { RECIPES = sizeof recipes / sizeof recipes[0], HEALTHY_RECIPES = 1 };

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

/* What came of a training: for each measurement the modes that G reached, of all, with at least a
 * tenth of their share within a third of the way to the next one; and the verdict. */
typedef struct {
    gan_network *g;
    gan_optimizer *adam; /* D's */
    const recipe *how;
    int32_t count, modes[MEASUREMENTS], verdicts[MEASUREMENTS];
    int32_t row; /* of the latest measurements that missed two modes or more, how many */
    bool alarm, false_alarm, due, found;
} story;

static int32_t count_modes(gan_network *g)
{
    static float x[SAMPLES * 2];
    int32_t at[MODES] = {0}, reached = 0;
    ok(gan_network_sample(g, 77, SAMPLES, x, SAMPLES * 2));
    for (int32_t i = 0; i < SAMPLES; i++) {
        for (int32_t k = 0; k < MODES; k++) {
            const double angle = 6.283185307179586 * k / MODES;
            const double a = (double)x[2 * i] - cos(angle), b = (double)x[2 * i + 1] - sin(angle);
            at[k] += a * a + b * b < 0.25 * 0.25;
        }
    }
    for (int32_t k = 0; k < MODES; k++) {
        reached += at[k] * 10 * MODES >= SAMPLES;
    }
    return reached;
}

/* A false alarm is one while nothing was missing at the last three measurements. */
static int32_t follow(void *user, gan_monitor *monitor, int32_t verdict)
{
    (void)monitor;
    story *s = user;
    need(s->count < MEASUREMENTS);
    const int32_t modes = count_modes(s->g);
    s->modes[s->count] = modes;
    s->verdicts[s->count++] = verdict;
    s->row = modes <= MODES - LOST ? s->row + 1 : 0;
    const bool whole = s->count >= 3 && s->modes[s->count - 1] == MODES &&
                       s->modes[s->count - 2] == MODES && s->modes[s->count - 3] == MODES;
    s->alarm = s->alarm || verdict > GAN_VERDICT_HEALTHY;
    s->false_alarm = s->false_alarm || (verdict > GAN_VERDICT_HEALTHY && whole);
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
    ok(gan_dataset_ring(ctx, 20000, MODES, 1, 0.02, seed, &data));
    gan_network *g = new_network("G", 2, gan_dataset_elements(data), 2 * seed);
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

START_TEST(rates)
{
    for (int32_t i = only < 0 ? 0 : (int32_t)only;
         i < (only < 0 || only >= RECIPES ? RECIPES : only + 1); i++) {
        int32_t alarms = 0, false_alarms = 0, due = 0, found = 0, warned = 0, collapsed = 0,
                fully = 0;
        printf("%s: modes at the end and verdict, by seed:", recipes[i].name);
        for (int64_t seed = 0; seed < seeds; seed++) {
            const story s = tell(&recipes[i], (uint64_t)seed);
            const int32_t last = s.verdicts[s.count - 1], modes = s.modes[s.count - 1];
            printf(" %d%c%s", (int)modes, gan_monitor_verdict_name(last)[0],
                   s.false_alarm ? "!" : "");
            alarms += s.alarm;
            false_alarms += s.false_alarm;
            due += s.due;
            found += s.due && s.found;
            warned += s.due && s.alarm;
            collapsed += s.due && modes <= 1;
            fully += s.due && modes <= 1 && last == GAN_VERDICT_COLLAPSED;
        }
        printf("\n  %d of %d runs raised an alarm, %d a false one; of %d that ended without two "
               "modes or more "
               "%d were found; of %d with one or none %d were called collapsed\n",
               (int)alarms, (int)seeds, (int)false_alarms, (int)due, (int)found, (int)collapsed,
               (int)fully);
        fflush(stdout);
        ck_assert_int_eq(warned, due);
        if (seeds >= MANY) { /* where modes come and go, so does the verdict */
            ck_assert_int_ge(found * 5, due * 4);
        }
        if (i < HEALTHY_RECIPES) {
            ck_assert_int_eq(alarms, 0);
            ck_assert_int_eq(due, 0);
        }
    }
}
END_TEST

int main(int count, char **arguments)
{
    seeds = count > 1 ? strtoll(arguments[1], NULL, 10) : seeds;
    only = count > 2 ? strtoll(arguments[2], NULL, 10) : only;
    return RUN_TESTS("monitor rates", rates);
}
