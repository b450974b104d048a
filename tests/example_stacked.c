/* The score of Stacked MNIST, KL(q || uniform) in nats over 1,000 modes, where it is known. */
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

int main(void)
{
    return RUN_TESTS("stacked", closed_forms, any_order);
}
