/* Normalisations in training: whose statistics move, when and where to; that a step that fails
 * leaves them; the average; directions that follow their weights. */
#include "training.h"

#include "nn/network.h"

#define MOMENTUM 0.3

enum { M = 5 };

static gan_network *G, *D;
static gan_trainer *trainer;
static dice chance;

/* G: noise, normalised -> [2]; with a branch of statistics that leads nowhere. D: [2], normalised
 * -> logit. So the statistics are those of what the caller gives. */
static void start(bool simultaneous, int32_t k)
{
    ctx = new_context(&own);
    chance = (dice){77};
    ok(gan_network_create(ctx, "G", &G));
    const int32_t z = gan_network_tanh(G, input(G, NOISE));
    gan_network_batch_norm(G, 1, 0, 1e-3, MOMENTUM); /* of what no gradient comes through */
    const int32_t h = gan_network_batch_norm(G, z, 1, 1e-3, MOMENTUM);
    ok(gan_network_output(G, gan_network_dense(G, h, 2)));
    ok(gan_network_create(ctx, "D", &D));
    int32_t x = gan_network_batch_norm(D, input(D, 2), 0, 1e-3, MOMENTUM);
    x = gan_network_tanh(D, gan_network_dense(D, x, 4));
    x = gan_network_dense(D, x, 1);
    ok(gan_network_set_spectral_norm(D, 0, 1));
    ok(gan_network_output(D, x));
    ok(gan_network_initialize(G, 1));
    ok(gan_network_initialize(D, 2));
    ok(gan_trainer_create(G, D, NULL, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, k));
    ok(gan_trainer_set_text(trainer, GAN_SCHEDULE,
                            simultaneous ? GAN_SIMULTANEOUS : GAN_ALTERNATING));
}

static void finish(void)
{
    gan_trainer_free(trainer);
    gan_network_free(G);
    gan_network_free(D);
    end_context(ctx, &own);
}

typedef struct {
    float x[2 * M * 2], z_d[2 * M * NOISE], z_g[M * NOISE];
} batch;

static batch new_batch(void)
{
    batch b;
    roll_array(&chance, 2 * M * 2, -1, 3, b.x);
    roll_array(&chance, 2 * M * NOISE, -2, 1, b.z_d);
    roll_array(&chance, M * NOISE, -1, 1, b.z_g);
    return b;
}

/* What statistics become by a batch of M samples. s: [2, c]; x: [M, c] */
static void move(int64_t c, const float *x, double *s)
{
    for (int64_t j = 0; j < c; j++) {
        double mean = 0, squares = 0;
        for (int64_t i = 0; i < M; i++) {
            mean += (double)x[i * c + j] / M;
        }
        for (int64_t i = 0; i < M; i++) {
            squares += ((double)x[i * c + j] - mean) * ((double)x[i * c + j] - mean);
        }
        s[j] = (1 - MOMENTUM) * s[j] + MOMENTUM * mean;
        s[c + j] = (1 - MOMENTUM) * s[c + j] + MOMENTUM * squares / (M - 1);
    }
}

static void is_near(gan_network *n, const char *name, int64_t count, const double *wanted)
{
    float s[16];
    ok(gan_network_get_parameter(n, name, s, 16));
    for (int64_t i = 0; i < count; i++) {
        near(s[i], wanted[i], 1e-5);
    }
}

static void get(gan_network *n, const char *name, float *values)
{
    ok(gan_network_get_parameter(n, name, values, 16));
}

static bool is_bits(gan_network *n, const char *name, const float *before)
{
    float now[16] = {0};
    get(n, name, now);
    return memcmp(now, before, (size_t)elements_of(n, name) * sizeof *now) == 0;
}

START_TEST(statistics_move_with_their_player)
{
    for (int simultaneous = 0; simultaneous <= 1; simultaneous++) {
        for (int k = 1; k <= 2 - simultaneous; k++) {
            start(simultaneous == 1, k);
            double d[] = {0, 0, 1, 1}, g[] = {0, 0, 0, 1, 1, 1}, bent[] = {0, 0, 0, 1, 1, 1};
            for (int step = 0; step < 3; step++) {
                const batch b = new_batch();
                ok(gan_trainer_step(trainer, M, b.x, b.z_d, simultaneous ? NULL : b.z_g));
                for (int i = 0; i < k; i++) {
                    move(2, b.x + i * M * 2, d);
                }
                const float *z = simultaneous ? b.z_d : b.z_g;
                float tanhs[M * NOISE];
                for (int i = 0; i < M * NOISE; i++) {
                    tanhs[i] = tanhf(z[i]);
                }
                move(NOISE, z, g);
                move(NOISE, tanhs, bent);
                is_near(D, "layer0.statistics", 4, d);
                is_near(G, "layer0.statistics", 6, g);
                is_near(G, "layer1.statistics", 6, bent);
            }
            finish();
        }
    }
}
END_TEST

START_TEST(statistics_stay_where_nothing_moves)
{
    for (int simultaneous = 0; simultaneous <= 1; simultaneous++) {
        start(simultaneous == 1, 1);
        ok(gan_trainer_set_number(trainer, GAN_WARM_UP, 1));
        batch b = new_batch();
        numbers g = all_of(G), d = all_of(D);
        ok(gan_trainer_step(trainer, M, b.x, b.z_d, simultaneous ? NULL : b.z_g));
        need(is_still(G, &g) && !is_still(D, &d)); /* D alone moves */
        float s[16];
        get(D, "layer0.statistics", s);
        ok(gan_network_set_trainable(D, "layer0.statistics", 0));
        d = all_of(D);
        ok(gan_trainer_step(trainer, M, b.x, b.z_d, simultaneous ? NULL : b.z_g));
        need(is_bits(D, "layer0.statistics", s) && !is_still(D, &d) && !is_still(G, &g));
        ok(gan_network_set_trainable(D, NULL, 0));
        ok(gan_network_set_trainable(D, "layer0.statistics", 1)); /* but nothing that is trained */
        d = all_of(D);
        ok(gan_trainer_step(trainer, M, b.x, b.z_d, simultaneous ? NULL : b.z_g));
        need(is_still(D, &d));
        ok(gan_network_set_trainable(D, NULL, 1));
        ok(gan_trainer_step(trainer, M, b.x, b.z_d, simultaneous ? NULL : b.z_g));
        need(!is_bits(D, "layer0.statistics", s));
        finish();
    }
}
END_TEST

/* Optimizers, also those with decay, leave statistics alone: with a momentum of almost 0 they stay
 * where they were. */
START_TEST(optimizers_leave_statistics_alone)
{
    for (int32_t kind = 0; kind < KINDS; kind++) {
        ctx = new_context(&own);
        gan_network *g = new_generator(), *d;
        ok(gan_network_create(ctx, "D", &d));
        int32_t x = gan_network_batch_norm(d, input(d, SIDE), 1, 1e-3, 1e-30);
        ok(gan_network_output(d, gan_network_dense(d, x, 1)));
        gan_dataset *data = new_data(12);
        gan_optimizer *optimizer = new_optimizer(kind);
        ok(gan_optimizer_set_number(optimizer, "weight_decay", 0.1));
        gan_trainer *t;
        ok(gan_trainer_create(g, d, data, &t));
        ok(gan_trainer_set_discriminator_optimizer(t, optimizer));
        ok(gan_trainer_set_number(t, GAN_BATCH_SIZE, 6));
        ok(gan_trainer_run(t, 6, NULL, NULL));
        float s[8], scale[SIDE];
        ok(gan_network_get_parameter(d, "layer0.statistics", s, 8));
        ok(gan_network_get_parameter(d, "layer0.scale", scale, SIDE));
        for (int i = 0; i < SIDE; i++) {
            near(s[i], 0, 1e-20);
            need(s[SIDE + i] == 1 && scale[i] != 1);
        }
        gan_trainer_free(t);
        gan_optimizer_free(optimizer);
        gan_dataset_free(data);
        gan_network_free(d);
        gan_network_free(g);
        end_context(ctx, &own);
    }
}
END_TEST

/* Statistics that overflow, of numbers that no gradient comes from: D, which moved before, steps
 * back. */
START_TEST(a_failed_step_leaves_everything)
{
    for (int simultaneous = 0; simultaneous <= 1; simultaneous++) {
        start(simultaneous == 1, 1);
        batch b = new_batch();
        ok(gan_trainer_step(trainer, M, b.x, b.z_d, simultaneous ? NULL : b.z_g));
        const numbers g = all_of(G), d = all_of(D);
        (simultaneous ? b.z_d : b.z_g)[4] = 3e38f;
        fails(gan_trainer_step(trainer, M, b.x, b.z_d, simultaneous ? NULL : b.z_g),
              GAN_ERROR_NUMERIC, "generator: layer0.statistics is not finite");
        need(is_still(G, &g) && is_still(D, &d));
        b = new_batch();
        ok(gan_trainer_step(trainer, M, b.x, b.z_d, simultaneous ? NULL : b.z_g));
        need(!is_still(G, &g) && !is_still(D, &d));
        finish();
    }
}
END_TEST

/* logit = normalised x: what D says of real and of generated samples shows what they were
 * normalised by. */
START_TEST(real_and_generated_batches_are_apart)
{
    ctx = new_context(&own);
    gan_network *g, *d;
    gan_trainer *t;
    ok(gan_network_create(ctx, "G", &g));
    ok(gan_network_output(g, gan_network_dense(g, input(g, 1), 1)));
    ok(gan_network_create(ctx, "D", &d));
    int32_t x = gan_network_batch_norm(d, input(d, 1), 0, 1e-5, 0.1);
    ok(gan_network_output(d, gan_network_dense(d, x, 1)));
    ok(gan_network_set_parameter(g, "layer0.weight", (float[]){1}, 1));
    ok(gan_network_set_parameter(d, "layer1.weight", (float[]){1}, 1));
    ok(gan_trainer_create(g, d, NULL, &t));
    const float real_ones[] = {10, 11, 17}, z[] = {-3, 0, 1};
    for (int frozen = 0; frozen <= 1; frozen++) {
        ok(gan_network_set_parameter(d, "layer1.bias", (float[]){0}, 1));
        ok(gan_network_set_parameter(d, "layer1.weight", (float[]){1}, 1));
        ok(gan_network_set_parameter(g, "layer0.weight", (float[]){1}, 1));
        ok(gan_network_set_parameter(g, "layer0.bias", (float[]){0}, 1));
        ok(gan_network_set_parameter(d, "layer0.statistics", (float[]){9, 4}, 2));
        ok(gan_network_set_trainable(d, "layer0.statistics", !frozen));
        ok(gan_trainer_step(t, 3, real_ones, z, z));
        for (int which = 0; which < 2; which++) {
            const float *from = which == 0 ? real_ones : z;
            double mean = (double)(from[0] + from[1] + from[2]) / 3, variance = 0, sum = 0;
            for (int i = 0; i < 3; i++) {
                variance += ((double)from[i] - mean) * ((double)from[i] - mean) / 3;
            }
            mean = frozen ? 9 : mean;
            variance = frozen ? 4 : variance;
            for (int i = 0; i < 3; i++) {
                sum += 1 / (1 + exp(-((double)from[i] - mean) / sqrt(variance + 1e-5))) / 3;
            }
            near(metric_of(t, which == 0 ? GAN_METRIC_D_REAL : GAN_METRIC_D_FAKE), sum, 1e-6);
        }
    }
    gan_trainer_free(t);
    gan_network_free(d);
    gan_network_free(g);
    end_context(ctx, &own);
}
END_TEST

START_TEST(averages_average_statistics)
{
    start(false, 1);
    gan_network *average;
    ok(gan_network_clone(G, "average", &average));
    ok(gan_trainer_set_average(trainer, average));
    ok(gan_trainer_set_number(trainer, GAN_AVERAGE_DECAY, 0.9999)); /* the mean, at first */
    double sums[6] = {0};
    for (int i = 1; i <= 3; i++) {
        float s[16];
        const batch b = new_batch();
        ok(gan_trainer_step(trainer, M, b.x, b.z_d, b.z_g));
        get(G, "layer1.statistics", s);
        for (int j = 0; j < 6; j++) {
            sums[j] += (double)s[j];
        }
    }
    for (int j = 0; j < 6; j++) {
        sums[j] /= 3;
    }
    is_near(average, "layer1.statistics", 6, sums);
    gan_network_free(average);
    finish();
}
END_TEST

/* A spectral norm that the average has not is found before anything runs. */
START_TEST(averages_must_stay_alike)
{
    ctx = new_context(&own);
    gan_network *g = new_generator(), *d = new_discriminator(), *average;
    gan_dataset *data = new_data(10);
    gan_trainer *t;
    ok(gan_network_clone(g, "average", &average));
    ok(gan_trainer_create(g, d, data, &t));
    ok(gan_trainer_set_average(t, average));
    ok(gan_network_set_spectral_norm(g, 0, 1));
    fails(gan_trainer_run(t, 1, NULL, NULL), GAN_ERROR_SHAPE, "average");
    ok(gan_network_set_spectral_norm(average, 0, 1)); /* nothing was drawn */
    ok(gan_trainer_run(t, 2, NULL, NULL));
    gan_trainer_free(t);
    gan_dataset_free(data);
    gan_network_free(average);
    gan_network_free(d);
    gan_network_free(g);
    end_context(ctx, &own);
}
END_TEST

START_TEST(directions_follow_their_weights)
{
    start(false, 1);
    float before[2][16], again[16];
    const batch b = new_batch();
    get(D, "layer1.direction", before[0]);
    get(D, "layer2.direction", before[1]);
    ok(gan_trainer_step(trainer, M, b.x, b.z_d, b.z_g));
    need(!is_bits(D, "layer1.direction", before[0]));
    /* one round from before, by hand: v = W'u / |W'u|, u = Wv / |Wv|; W: [2, 4] */
    float w[16];
    double u[4], v[2], length = 0;
    get(D, "layer1.weight", w);
    for (int j = 0; j < 2; j++) {
        v[j] = 0;
        for (int i = 0; i < 4; i++) {
            v[j] += (double)w[j * 4 + i] * (double)before[0][i];
        }
    }
    for (int i = 0; i < 4; i++) {
        u[i] = ((double)w[i] * v[0] + (double)w[4 + i] * v[1]) / hypot(v[0], v[1]);
        length += u[i] * u[i];
    }
    get(D, "layer1.direction", again);
    for (int i = 0; i < 4; i++) {
        near(again[i], u[i] / sqrt(length), 1e-6);
    }
    for (int j = 0; j < 2; j++) {
        near(again[4 + j], v[j] / hypot(v[0], v[1]), 1e-6);
    }
    ok(gan_network_set_trainable(D, "layer1.direction", 0));
    ok(gan_network_set_trainable(D, "layer2.weight", 0));
    get(D, "layer1.direction", before[0]);
    get(D, "layer2.direction", before[1]);
    ok(gan_trainer_step(trainer, M, b.x, b.z_d, b.z_g));
    need(is_bits(D, "layer1.direction", before[0]) && is_bits(D, "layer2.direction", before[1]));
    need(!is_bits(D, "layer1.weight", w));
    finish();
}
END_TEST

/* A state in a file carries all of it on. */
START_TEST(a_state_goes_on)
{
    start(false, 1);
    const char *path = "test_normalize_training.state";
    gan_dataset *data;
    gan_trainer *t;
    float rows[22];
    roll_array(&chance, 22, -1, 1, rows);
    ok(gan_dataset_from_floats(ctx, 11, 1, (int64_t[]){2}, rows, &data));
    gan_network *g, *d;
    gan_trainer *other;
    ok(gan_network_clone(G, "G", &g));
    ok(gan_network_clone(D, "D", &d));
    ok(gan_trainer_create(G, D, data, &t));
    ok(gan_trainer_set_number(t, GAN_BATCH_SIZE, 4));
    ok(gan_trainer_run(t, 4, NULL, NULL));
    ok(gan_trainer_save(t, path));
    ok(gan_trainer_run(t, 3, NULL, NULL));
    ok(gan_trainer_create(g, d, data, &other));
    ok(gan_trainer_set_number(other, GAN_BATCH_SIZE, 4));
    ok(gan_trainer_load(other, path));
    ok(gan_trainer_run(other, 3, NULL, NULL));
    const numbers a = all_of(G), b = all_of(D);
    need(is_still(g, &a) && is_still(d, &b));
    remove(path);
    gan_trainer_free(other);
    gan_trainer_free(t);
    gan_network_free(d);
    gan_network_free(g);
    gan_dataset_free(data);
    finish();
}
END_TEST

START_TEST(steps_do_not_depend_on_threads)
{
    numbers g[3], d[3];
    for (int32_t threads = 1; threads <= 3; threads++) {
        start(false, 2);
        ok(gan_context_set_threads(ctx, threads));
        ok(gan_trainer_set_number(trainer, GAN_R1, 1));
        for (int i = 0; i < 3; i++) {
            static float x[2 * 3000 * 2], z[2 * 3000 * NOISE];
            roll_array(&chance, 2 * 3000 * 2, -1, 2, x);
            roll_array(&chance, 2 * 3000 * NOISE, -1, 2, z);
            ok(gan_trainer_step(trainer, 3000, x, z, z));
        }
        g[threads - 1] = all_of(G);
        d[threads - 1] = all_of(D);
        need(same(&g[0], &g[threads - 1]) && same(&d[0], &d[threads - 1]));
        finish();
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("normalisations in training", statistics_move_with_their_player,
                     statistics_stay_where_nothing_moves, optimizers_leave_statistics_alone,
                     a_failed_step_leaves_everything, real_and_generated_batches_are_apart,
                     averages_average_statistics, averages_must_stay_alike,
                     directions_follow_their_weights, a_state_goes_on,
                     steps_do_not_depend_on_threads);
}
