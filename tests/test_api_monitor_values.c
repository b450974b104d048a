/* The values of a monitor against the definitions of gan/monitor.h, taken anew in double from the
 * samples themselves, and against closed forms where there are some. */
#include "monitors.h"

static void begin(void)
{
    ctx = new_context(&own);
}

static void end(void)
{
    end_context(ctx, &own);
    ctx = NULL;
}

/* A monitor that has measured g, as if it had been trained. Frees g. */
static gan_monitor *measured(gan_network *g, gan_dataset *data, int32_t bins)
{
    gan_network *d = new_judge(gan_dataset_elements(data));
    gan_trainer *trainer;
    gan_monitor *monitor;
    ok(gan_trainer_create(g, d, data, &trainer));
    ok(gan_monitor_create(trainer, &monitor));
    ok(gan_monitor_set_number(monitor, GAN_MONITOR_BINS, bins));
    ok(gan_monitor_measure(monitor));
    gan_trainer_free(trainer);
    gan_network_free(d);
    gan_network_free(g);
    return monitor;
}

/* The samples of a measurement: where there are no more real ones than "samples", it takes all. */
static void sample_as_monitor(gan_network *g, int64_t n, float *y)
{
    const int64_t inputs = gan_network_input_elements(g);
    float *z = zeros(n * inputs);
    ok(gan_network_noise(g, 0, n, z, n * inputs));
    ok(gan_network_forward(g, n, z, y, n * gan_network_output_elements(g)));
    free(z);
}

/* ---- Distances ------------------------------------------------------------------------------- */

enum { POINTS = 121, PAIRS = POINTS * (POINTS - 1) / 2, COPIES = 6 };

typedef struct {
    double pairs[PAIRS], nearest[POINTS];
} spread;

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Distances in the plane, both lists in rising order. x: [POINTS, 2] */
static spread spread_of(const float *x)
{
    static spread s;
    int32_t pair = 0;
    for (int32_t i = 0; i < POINTS; i++) {
        s.nearest[i] = HUGE_VAL;
    }
    for (int32_t i = 0; i < POINTS; i++) {
        for (int32_t j = i + 1; j < POINTS; j++) {
            const double a = (double)x[2 * i] - (double)x[2 * j];
            const double b = (double)x[2 * i + 1] - (double)x[2 * j + 1], distance = hypot(a, b);
            s.pairs[pair++] = distance;
            s.nearest[i] = fmin(s.nearest[i], distance);
            s.nearest[j] = fmin(s.nearest[j], distance);
        }
    }
    qsort(s.pairs, PAIRS, sizeof(double), rising);
    qsort(s.nearest, POINTS, sizeof(double), rising);
    return s;
}

static double mean_of(int32_t n, const double *x)
{
    double sum = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return sum / n;
}

static int32_t within(int32_t n, const double *x, double limit)
{
    int32_t count = 0;
    while (count < n && x[count] <= limit) {
        count++;
    }
    return count;
}

/* Products in float tell a distance to 1 in 2,000, or it is taken again. */
static void check_ratio(const gan_monitor *m, const char *name, double above, double below)
{
    ck_assert(above > 0 && below > 0);
    near(value_of(m, name), above / below, 1e-3 * above / below);
}

static void check_ratios(const gan_monitor *m, const spread *x, const spread *y)
{
    const int32_t middle = POINTS / 2, twentieth = (PAIRS - 1) / 20;
    const double r = x->nearest[middle], s = (double)within(POINTS, x->nearest, r / 10) / POINTS;
    const double share = (double)within(POINTS, y->nearest, r / 10) / POINTS;
    const int32_t equal = within(PAIRS, y->pairs, r / 10);
    ck_assert(s > 0 && share > s && equal > 0);
    check_ratio(m, GAN_MONITOR_NEAREST_RATIO, y->nearest[middle], r);
    check_ratio(m, GAN_MONITOR_NEAR_RATIO, y->pairs[twentieth], x->pairs[twentieth]);
    check_ratio(m, GAN_MONITOR_DISTANCE_RATIO, mean_of(PAIRS, y->pairs), mean_of(PAIRS, x->pairs));
    near(value_of(m, GAN_MONITOR_DUPLICATES), (share - s) / (1 - s), 1e-12);
    near(value_of(m, GAN_MONITOR_SUPPORT), (double)PAIRS / equal, 1e-9);
    near(value_of(m, GAN_MONITOR_SUPPORT_RATIO),
         (1.0 + within(PAIRS, x->pairs, r)) / (1 + within(PAIRS, y->pairs, r)), 1e-12);
}

/* Some real points twice, and generators of several widths that make a part of theirs twice. */
START_TEST(ratios_of_distances)
{
    static float x[2 * POINTS], y[2 * POINTS];
    static const float centres[] = {0, 0, 1, 0, 0, 1, 1, 1};
    static const float widths[] = {0.1F, 0.4F, 1.5F};
    for (int32_t i = 0; i < 3; i++) {
        const float directions[] = {widths[i], 0, 0, widths[i]};
        gan_dataset *data;
        dice d = {(uint64_t)i};
        begin();
        roll_array(&d, 2 * POINTS, -0.5, 1.5, x);
        memcpy(x, x + 2 * (POINTS - COPIES), 2 * COPIES * sizeof *x);
        ok(gan_dataset_from_floats(ctx, POINTS, 1, (int64_t[]){2}, x, &data));
        gan_network *g = new_mixture(&(mixture){2, 4, 2, centres, directions, 0.2});
        sample_as_monitor(g, POINTS, y);
        gan_monitor *m = measured(g, data, 4);
        const spread of_x = spread_of(x), of_y = spread_of(y);
        check_ratios(m, &of_x, &of_y);
        gan_monitor_free(m);
        gan_dataset_free(data);
        end();
    }
}
END_TEST

/* ---- Bins ------------------------------------------------------------------------------------ */

enum { CLUSTERS = 4, ALL = 200 };

/* Four places with 10, 20, 30 and 40 % of the data, which are the bins. */
static gan_dataset *new_clusters(const float *centres)
{
    static const int32_t ends[CLUSTERS] = {20, 60, 120, ALL};
    float x[2 * ALL];
    gan_dataset *data;
    for (int32_t i = 0, k = 0; i < ALL; i++) {
        k += i == ends[k];
        x[2 * i] = centres[2 * k] + (float)(i % 7) * 1e-3F;
        x[2 * i + 1] = centres[2 * k + 1] - (float)(i % 5) * 1e-3F;
    }
    ok(gan_dataset_from_floats(ctx, ALL, 1, (int64_t[]){2}, x, &data));
    return data;
}

static void shares_of(gan_network *g, const float *centres, double shares[CLUSTERS])
{
    float y[2 * ALL];
    sample_as_monitor(g, ALL, y);
    memset(shares, 0, CLUSTERS * sizeof *shares);
    for (int32_t i = 0; i < ALL; i++) {
        int32_t at = 0;
        double least = HUGE_VAL;
        for (int32_t k = 0; k < CLUSTERS; k++) {
            const double distance = hypot((double)y[2 * i] - (double)centres[2 * k],
                                          (double)y[2 * i + 1] - (double)centres[2 * k + 1]);
            at = distance < least ? k : at;
            least = fmin(least, distance);
        }
        shares[at] += 1.0 / ALL;
    }
}

START_TEST(shares_of_bins)
{
    static const float centres[2 * CLUSTERS] = {-1, -1, 1, -1, -1, 1, 1, 1};
    static const float directions[] = {0.01F, 0, 0, 0.01F};
    static const double true_shares[CLUSTERS] = {0.1, 0.2, 0.3, 0.4};
    for (int32_t used = 1; used <= CLUSTERS; used++) {
        begin();
        gan_dataset *data = new_clusters(centres);
        gan_network *g = new_mixture(&(mixture){2, used, 2, centres, directions, 0});
        double shares[CLUSTERS], imbalance = 0, missing = 0;
        shares_of(g, centres, shares);
        for (int32_t k = 0; k < CLUSTERS; k++) {
            imbalance += fabs(shares[k] - true_shares[k]) / 2;
            missing += shares[k] < true_shares[k] / 10 ? true_shares[k] : 0;
        }
        near(missing, used == 1 ? 0.9 : used == 2 ? 0.7 : used == 3 ? 0.4 : 0, 1e-12);
        gan_monitor *m = measured(g, data, CLUSTERS);
        near(value_of(m, GAN_MONITOR_IMBALANCE), imbalance, 1e-12);
        near(value_of(m, GAN_MONITOR_MISSING), missing, 1e-12);
        if (used == 1) {
            near(imbalance, 0.9, 1e-12);
        }
        gan_monitor_free(m);
        gan_dataset_free(data);
        end();
    }
}
END_TEST

/* With one bin there is nothing to tell apart. */
START_TEST(one_bin)
{
    begin();
    static const float centres[2 * CLUSTERS] = {-1, -1, 1, -1, -1, 1, 1, 1};
    gan_dataset *data = new_clusters(centres);
    gan_monitor *m = measured(new_mixture(&(mixture){2, 1, 0, centres, NULL, 0}), data, 1);
    ck_assert(value_of(m, GAN_MONITOR_IMBALANCE) == 0);
    ck_assert(value_of(m, GAN_MONITOR_MISSING) == 0);
    gan_monitor_free(m);
    gan_dataset_free(data);
    end();
}
END_TEST

/* ---- Gradients ------------------------------------------------------------------------------- */

static void set_one(gan_network *network, int32_t index, double value)
{
    float *one = zeros(1);
    *one = (float)value;
    set_parameter(network, index, one);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* D(x) = w x + b on real samples that are all x, against G(z) = a + c, with a weight for r1:
 *     d_loss + penalty = [softplus(-(w x + b)) + softplus(w (a + c) + b)] / 2 + gamma w^2 / 2
 *     g_loss = softplus(-(w (a + c) + b)) */
static void check_gradients(gan_monitor *m, double w, double b, double a, double c, double gamma)
{
    const double x = 0.75, on_x = w * x + b, on_g = w * (a + c) + b;
    const double by_w = (sigmoid(on_g) * (a + c) - sigmoid(-on_x) * x) / 2 + gamma * w;
    const double by_b = (sigmoid(on_g) - sigmoid(-on_x)) / 2;
    const double by_a = -sigmoid(-on_g) * w; /* and by c */
    ok(gan_monitor_measure(m));
    near(value_of(m, GAN_MONITOR_D_GRADIENT), hypot(by_w, by_b), 1e-6);
    near(value_of(m, GAN_MONITOR_G_GRADIENT), hypot(by_a, by_a), 1e-6);
    ck_assert(value_of(m, GAN_MONITOR_D_GRADIENT) > 0.05);
    ck_assert(value_of(m, GAN_MONITOR_G_GRADIENT) > 0.05);
}

/* The players stand still at a rate of 0, so that G's update meets the D that was measured. */
START_TEST(gradients_by_hand)
{
    begin();
    float x[8];
    gan_dataset *data;
    gan_network *g, *d;
    gan_trainer *trainer;
    gan_monitor *m;
    for (int32_t i = 0; i < 8; i++) {
        x[i] = 0.75F;
    }
    ok(gan_dataset_from_floats(ctx, 8, 1, (int64_t[]){1}, x, &data));
    ok(gan_network_create(ctx, "G", &g));
    ok(gan_network_output(g, gan_network_dense(g, gan_network_affine(g, input(g, 1), 0, 1), 1)));
    ok(gan_network_create(ctx, "D", &d));
    ok(gan_network_output(d, gan_network_dense(d, input(d, 1), 1)));
    ok(gan_trainer_create(g, d, data, &trainer));
    gan_optimizer *still = new_optimizer(0), *too = new_optimizer(0);
    ok(gan_optimizer_set_number(still, GAN_LEARNING_RATE, 0));
    ok(gan_optimizer_set_number(too, GAN_LEARNING_RATE, 0));
    ok(gan_trainer_set_generator_optimizer(trainer, still));
    ok(gan_trainer_set_discriminator_optimizer(trainer, too));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 4));
    ok(gan_monitor_create(trainer, &m));
    ok(gan_monitor_measure(m));
    ck_assert(isnan(value_of(m, GAN_MONITOR_D_GRADIENT))); /* no step has been made */
    ck_assert(isnan(value_of(m, GAN_MONITOR_G_GRADIENT)));
    static const double cases[][5] = {
        {2, -1, 0.5, -0.25, 0}, {-0.5, 0.25, 1, 2, 0}, {3, 1, -2, 1, 4}};
    for (int32_t i = 0; i < 3; i++) {
        const double *t = cases[i];
        set_one(d, 0, t[0]);
        set_one(d, 1, t[1]);
        set_one(g, 0, t[2]);
        set_one(g, 1, t[3]);
        ok(gan_trainer_set_number(trainer, GAN_R1, t[4]));
        ok(gan_trainer_run(trainer, 1, NULL, NULL));
        check_gradients(m, t[0], t[1], t[2], t[3], t[4]);
        ck_assert(value_of(m, GAN_MONITOR_D_GRADIENT) == metric_of(trainer, GAN_METRIC_D_GRADIENT));
        ck_assert(value_of(m, GAN_MONITOR_G_GRADIENT) == metric_of(trainer, GAN_METRIC_G_GRADIENT));
    }
    gan_optimizer_free(too);
    gan_optimizer_free(still);
    gan_monitor_free(m);
    gan_trainer_free(trainer);
    gan_network_free(d);
    gan_network_free(g);
    gan_dataset_free(data);
    end();
}
END_TEST

int main(void)
{
    return RUN_TESTS("monitor values", ratios_of_distances, shares_of_bins, one_bin,
                     gradients_by_hand);
}
