/* Stacked MNIST: the score, KL(q || uniform) in nats over 1,000 modes, where it is known, and the
 * players' layers. */
#include "support.h"

#include "../examples/stacked.h" /* a folder whose check.h is not that of Check */

static int64_t counts[STACKED_MODES];

/* The first modes have `first` samples each, the others `rest`. */
static stacked_score score_of(int32_t modes, int64_t first, int64_t rest)
{
    for (int32_t i = 0; i < STACKED_MODES; i++) {
        counts[i] = i < modes ? first : rest;
    }
    return stacked_score_of(counts);
}

static void expect(stacked_score s, double modes, double kl)
{
    ck_assert(s.modes == modes);
    ck_assert_double_eq_tol(s.kl, kl, 1e-12);
}

START_TEST(closed_forms)
{
    expect(score_of(STACKED_MODES, 26, 26), 1000, 0);
    expect(score_of(STACKED_MODES, 1, 1), 1000, 0);
    expect(score_of(1, 26000, 0), 1, log(1000.0));
    expect(score_of(500, 52, 0), 500, log(2.0));
    expect(score_of(250, 104, 0), 250, log(4.0));
    /* three quarters of the samples in one half of the modes */
    expect(score_of(500, 39, 13), 1000, 0.75 * log(1.5) + 0.25 * log(0.5));
    /* half of them in one mode */
    expect(score_of(1, 999, 1), 1000, 0.5 * log(500.0) + 0.5 * log(1000 * 0.5 / 999));
}
END_TEST

/* Which modes they are does not matter. */
START_TEST(any_order)
{
    dice d = {1};
    const stacked_score wanted = score_of(700, 5, 2);
    for (int32_t i = STACKED_MODES - 1; i > 0; i--) {
        const int32_t j = roll(&d, i + 1);
        const int64_t moved = counts[i];
        counts[i] = counts[j];
        counts[j] = moved;
    }
    expect(stacked_score_of(counts), 1000, wanted.kl);
    expect(wanted, 1000, (3500 * log(1000 * 5 / 4100.0) + 600 * log(1000 * 2 / 4100.0)) / 4100);
}
END_TEST

/* The kernels of a player's convolutions, in their order: maps of the output, of the input, side. */
static void check_kernels(gan_network *n, int count, const int64_t (*wanted)[3])
{
    int kernels = 0;
    for (int32_t i = 0; i < gan_network_parameter_count(n); i++) {
        int64_t dims[4];
        int32_t rank;
        const char *name = gan_network_parameter_name(n, i);
        ck_assert_int_eq(gan_network_parameter_shape(n, name, &rank, dims, 4), GAN_OK);
        if (rank == 4) {
            ck_assert_int_lt(kernels, count);
            ck_assert_int_eq(dims[0], wanted[kernels][0]);
            ck_assert_int_eq(dims[1], wanted[kernels][1]);
            ck_assert_int_eq(dims[2], wanted[kernels][2]);
            ck_assert_int_eq(dims[3], wanted[kernels][2]);
            kernels++;
        }
    }
    ck_assert_int_eq(kernels, count);
    gan_network_free(n);
}

/* As many maps as is promised, for 5 filters. */
START_TEST(maps_of_the_players)
{
    static const int64_t d[][3] = {{5, 3, 4}, {10, 5, 4}, {20, 10, 3}, {20, 20, 4}};
    static const int64_t g[][3] = {
        {20, 10, 4}, {10, 10, 3}, {10, 3, 4}}; /* transposed: input first */
    heap own;
    gan_context *context = new_context(&own);
    check_kernels(stacked_discriminator(context, 5, 1), 4, d);
    check_kernels(stacked_generator(context, 5, 1), 3, g);
    end_context(context, &own);
}
END_TEST

int main(void)
{
    return RUN_TESTS("stacked", closed_forms, any_order, maps_of_the_players);
}
