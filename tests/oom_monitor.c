/* Monitors where memory runs out: every allocation fails once. The call says so, nothing is lost,
 * leaked or drawn, and the same call then succeeds, with what a life without a failure comes to. */
#include "monitors.h"

enum { CALLS = 5 };

typedef struct {
    gan_network *g, *d, *average;
    gan_dataset *data;
    gan_trainer *trainer;
    gan_monitor *monitor;
    double values[VALUES_MAX];
} life;

static int32_t create(life *l)
{
    return gan_monitor_create(l->trainer, &l->monitor);
}

static int32_t measure(life *l)
{
    return gan_monitor_measure(l->monitor);
}

static int32_t keep(life *l)
{
    return gan_monitor_keep(l->monitor);
}

static int32_t run(life *l)
{
    return gan_monitor_run(l->monitor, 2, NULL, NULL, NULL);
}

static int32_t measure_held_out(life *l)
{
    ok(gan_monitor_set_held_out(l->monitor, l->data, NULL));
    return gan_monitor_measure(l->monitor);
}

static void start(life *l)
{
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, 1));
    l->g = new_generator();
    l->d = new_discriminator();
    l->data = new_data(40);
    ok(gan_trainer_create(l->g, l->d, l->data, &l->trainer));
    ok(gan_trainer_set_number(l->trainer, GAN_BATCH_SIZE, 10));
    l->average = new_generator(); /* nobody drew the parameters of any network */
    ok(gan_trainer_set_average(l->trainer, l->average));
}

/* Lives once, with allocation `fail_at` of the monitor's calls failing; returns how many it makes. */
static int64_t live(life *l, int64_t fail_at)
{
    static int32_t (*const calls[CALLS])(life *) = {create, measure, keep, run, measure_held_out};
    start(l);
    const int64_t before = own.calls;
    own.fail_at = fail_at > 0 ? before + fail_at : 0;
    for (int32_t i = 0; i < CALLS; i++) {
        int32_t status = calls[i](l);
        if (status != GAN_OK) {
            fails(status, GAN_ERROR_MEMORY, "out of memory");
            ck_assert(fail_at > 0 && own.calls >= own.fail_at);
            ck_assert(i > 0 || l->monitor == NULL);
            own.fail_at = 0;
            if (i == 1) {
                ck_assert(isnan(value_of(l->monitor, GAN_MONITOR_SUPPORT)));
                ck_assert_int_eq(verdict_of(l->monitor), GAN_VERDICT_UNKNOWN);
                ok(gan_network_set_initializer(l->g, 0, GAN_INIT_GLOROT_UNIFORM, 1, 0));
            }
            double steps;
            ok(gan_trainer_metric(l->trainer, GAN_METRIC_STEP, &steps));
            ck_assert(i < 3 ? steps == 0 : i > 3 || steps < 2 || steps == 2);
            if (i == 3) { /* the steps that were made stay made */
                status = steps < 2
                             ? gan_monitor_run(l->monitor, 2 - (int64_t)steps, NULL, NULL, NULL)
                             : GAN_OK;
            } else {
                status = calls[i](l);
            }
        }
        ok(status);
    }
    const int64_t made = own.calls - before;
    values_of(l->monitor, l->values);
    gan_monitor_free(l->monitor);
    gan_trainer_free(l->trainer);
    gan_network_free(l->average);
    gan_network_free(l->d);
    gan_network_free(l->g);
    gan_dataset_free(l->data);
    end_context(ctx, &own);
    return made;
}

START_TEST(every_allocation)
{
    static life wanted;
    const int64_t calls = live(&wanted, 0);
    ck_assert_int_gt(calls, 60);
    for (int64_t i = 1; i <= calls; i++) {
        life l = {0};
        live(&l, i);
        if (memcmp(l.values, wanted.values, sizeof wanted.values) != 0) {
            ck_abort_msg("allocation %lld: other values", (long long)i);
        }
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("monitor out of memory", every_allocation);
}
