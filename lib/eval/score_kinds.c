/* The kinds of score, one row each, and how they take vectors in. */
#include "eval/score.h"

#include <math.h>

#define READS(option) (UINT32_C(1) << (option))
#define READS_KEPT (READS(GAN__SCORE_SEED) | READS(GAN__SCORE_SAMPLES))

/* ---- Moments ------------------------------------------------------------------------------- */

static int32_t reserve_moments(gan_score *score, int32_t side, int64_t n)
{
    (void)n;
    return gan__moments_reserve(score->context, score->elements, &score->sides[side].moments);
}

static void take_moments(gan_score *score, int32_t side, int64_t n, const float *x)
{
    gan__moments_add(score->context, &score->sides[side].moments, n, x);
}

static void clear_moments(gan_score *score, int32_t side)
{
    gan__moments_clear(&score->sides[side].moments);
}

/* ---- Vectors kept -------------------------------------------------------------------------- */

static int32_t reserve_kept(gan_score *score, int32_t side, int64_t n)
{
    gan__kept *kept = &score->sides[side].kept;
    kept->elements = score->elements;
    return gan__kept_reserve(score->context, kept, n, gan__score_option(score, GAN__SCORE_SAMPLES));
}

static void take_kept(gan_score *score, int32_t side, int64_t n, const float *x)
{
    gan__kept_add(&score->sides[side].kept, n, x, gan__score_option(score, GAN__SCORE_SAMPLES),
                  (uint64_t)score->options[GAN__SCORE_SEED],
                  GAN__SCORE_STREAM_KEEP + (uint32_t)side);
}

static void clear_kept(gan_score *score, int32_t side)
{
    score->sides[side].kept.seen = score->sides[side].kept.count = 0;
}

static int32_t floor_kernel(gan_score *score, double *means, double *deviations)
{
    (void)score;
    means[0] = 0;
    deviations[0] = NAN;
    return GAN_OK;
}

static int32_t floor_neighbours(gan_score *score, double *means, double *deviations)
{
    (void)deviations;
    const double n = (double)gan__score_used(score, GAN__REAL);
    const double m = (double)gan__score_used(score, GAN__FAKE);
    double missed = 1;
    for (int64_t i = 1; i <= gan__score_option(score, GAN__SCORE_K); i++) {
        missed *= (n - (double)i) / (n + m - (double)i);
    }
    means[2] = 1;
    means[3] = 1 - missed;
    return GAN_OK;
}

/* ---- Modes --------------------------------------------------------------------------------- */

static int32_t reserve_modes(gan_score *score, int32_t side, int64_t n)
{
    (void)n;
    if (side == GAN__REAL) {
        return gan__fail(score->context, GAN_ERROR_STATE,
                         "score modes: real samples are not added but set as modes");
    }
    if (score->modes.count == 0) {
        return gan__fail(score->context, GAN_ERROR_STATE, "score modes: no modes are set");
    }
    score->modes.threshold = score->options[GAN__SCORE_THRESHOLD];
    return GAN_OK;
}

static void take_modes(gan_score *score, int32_t side, int64_t n, const float *x)
{
    (void)side;
    gan__modes_add(&score->modes, &score->modes.tally, n, x);
}

static void clear_modes(gan_score *score, int32_t side)
{
    if (side == GAN__FAKE && score->modes.count > 0) {
        gan__modes_clear(&score->modes, &score->modes.tally);
    }
}

static int32_t compute_modes(gan_score *score, double *values)
{
    if (score->sides[GAN__FAKE].count == 0) {
        return gan__fail(score->context, GAN_ERROR_STATE,
                         "score modes: 0 fake vectors, at least 1");
    }
    gan__modes_values(&score->modes, &score->modes.tally,
                      gan__score_option(score, GAN__SCORE_MINIMUM), values);
    return GAN_OK;
}

static int32_t floor_modes(gan_score *score, double *means, double *deviations)
{
    const gan__random_key key = {.seed = (uint64_t)score->options[GAN__SCORE_SEED],
                                 .stream = GAN__SCORE_STREAM_SIMULATE};
    return gan__modes_floor(&score->modes, gan__score_option(score, GAN__SCORE_MINIMUM),
                            gan__score_option(score, GAN__SCORE_SIMULATIONS), key, means,
                            deviations);
}

/* ---- The table ----------------------------------------------------------------------------- */

static const gan__score_kind kinds[] = {
    {.name = GAN_SCORE_FRECHET,
     .values = {"frechet", "mean_term", "covariance_term"},
     .most_elements = 1 << 15,
     .reserve = reserve_moments,
     .take = take_moments,
     .clear = clear_moments,
     .compute = gan__score_frechet},
    {.name = GAN_SCORE_KERNEL,
     .values = {"kernel_distance", "deviation"},
     .reads = READS_KEPT | READS(GAN__SCORE_SUBSETS) | READS(GAN__SCORE_SUBSET_SIZE),
     .most_elements = INT32_MAX,
     .reserve = reserve_kept,
     .take = take_kept,
     .clear = clear_kept,
     .compute = gan__score_kernel,
     .floor = floor_kernel},
    {.name = GAN_SCORE_NEIGHBOURS,
     .values = {"precision", "recall", "density", "coverage"},
     .reads = READS_KEPT | READS(GAN__SCORE_K),
     .most_elements = INT32_MAX,
     .reserve = reserve_kept,
     .take = take_kept,
     .clear = clear_kept,
     .compute = gan__score_neighbours,
     .floor = floor_neighbours},
    {.name = GAN_SCORE_SLICED_WASSERSTEIN,
     .values = {"sliced_wasserstein", "standard_error", "sliced_wasserstein_2", "greatest"},
     .reads = READS_KEPT | READS(GAN__SCORE_PROJECTIONS),
     .most_elements = INT32_MAX,
     .reserve = reserve_kept,
     .take = take_kept,
     .clear = clear_kept,
     .compute = gan__score_sliced},
    {.name = GAN_SCORE_MODES,
     .values = {[GAN__MODES_FOUND] = "modes",
                [GAN__MODES_SHARE] = "share",
                [GAN__MODES_KL] = "kl",
                [GAN__MODES_RATIO] = "deviation_ratio",
                [GAN__MODES_LEAST_RATIO] = "least_deviation_ratio",
                [GAN__MODES_GREATEST_RATIO] = "greatest_deviation_ratio",
                [GAN__MODES_OFFSET] = "offset"},
     .reads = READS(GAN__SCORE_THRESHOLD) | READS(GAN__SCORE_MINIMUM),
     .most_elements = INT32_MAX,
     .reserve = reserve_modes,
     .take = take_modes,
     .clear = clear_modes,
     .compute = compute_modes,
     .floor = floor_modes,
     .mixture = true},
};

_Static_assert((int)GAN__MODES_VALUES <= (int)GAN__SCORE_VALUES, "room for all values");

const gan__score_kind *gan__score_kind_at(int32_t index)
{
    const int32_t count = (int32_t)(sizeof kinds / sizeof kinds[0]);
    return index >= 0 && index < count ? &kinds[index] : NULL;
}

/* ---- Options ------------------------------------------------------------------------------- */

static const gan__option options[GAN__SCORE_OPTIONS] = {
    [GAN__SCORE_SEED] = {GAN_SCORE_SEED, NULL, 0, 0, 9007199254740992.0, true,
                         "seed of subsets, directions and simulations"},
    [GAN__SCORE_SAMPLES] = {GAN_SCORE_SAMPLES, NULL, 10000, 2, 1 << 30, true,
                            "kernel, neighbours, sliced_wasserstein: most vectors kept of a set"},
    [GAN__SCORE_SUBSETS] = {GAN_SCORE_SUBSETS, NULL, 100, 1, 10000, true,
                            "kernel: pairs of random subsets"},
    [GAN__SCORE_SUBSET_SIZE] = {GAN_SCORE_SUBSET_SIZE, NULL, 1000, 2, 1 << 20, true,
                                "kernel: vectors of a subset"},
    [GAN__SCORE_K] = {GAN_SCORE_K, NULL, 5, 1, 100, true,
                      "neighbours: the neighbour that is as far as the radius"},
    [GAN__SCORE_PROJECTIONS] = {GAN_SCORE_PROJECTIONS, NULL, 1000, 1, 1 << 20, true,
                                "sliced_wasserstein: random directions"},
    [GAN__SCORE_THRESHOLD] = {GAN_SCORE_THRESHOLD, NULL, 3, 1e-3, 1000, false,
                              "modes: deviations from a centre within which a sample is good"},
    [GAN__SCORE_MINIMUM] = {GAN_SCORE_MINIMUM, NULL, 1, 1, 1 << 30, true,
                            "modes: good samples that find a mode"},
    [GAN__SCORE_SIMULATIONS] = {GAN_SCORE_SIMULATIONS, NULL, 100, 2, 10000, true,
                                "modes: perfect samplers that the floor is the mean of"},
};

const gan__option_table gan__score_options = {"score", options, GAN__SCORE_OPTIONS};
