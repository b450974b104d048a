/* Scores: how far generated samples are from real ones, on vectors of any kind.
 *
 * A score compares two sets of vectors, "real" and "fake": samples themselves, or features of them
 * that some network made. Vectors come in as a stream; memory is bounded, whatever their number
 * (the kinds below say by what). A result depends neither on the number of threads nor on how the
 * stream was cut into calls, to the last bit.
 *
 *     gan_score_create(context, GAN_SCORE_FRECHET, 784, "pixels in [0, 1]", &score);
 *     gan_score_add_real(score, n, x);  ...  gan_score_add_fake(score, m, y);  ...
 *     gan_score_value(score, "frechet", &value);
 *
 * Numbers made with other features, counts, real samples, seeds or options must not be compared.
 * So each score knows all of them: gan_score_protocol says them in one line, to be printed beside
 * the number, and gan_score_comparable tells two scores apart. */
#ifndef GAN_SCORE_H
#define GAN_SCORE_H

#include <gan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Kinds and their values ---------------------------------------------------------------- */

/* Below, x_1 to x_n are the real vectors, y_1 to y_m the fake ones, d is their number of elements.
 */

/* The Frechet distance between the Gaussians of the two sets' means and covariances (divisors n - 1
 * and m - 1):
 *     |mean_x - mean_y|^2 + tr C_x + tr C_y - 2 tr (C_x C_y)^(1/2).
 * No matrix root is taken: tr (C_x C_y)^(1/2) is the sum of the singular values of A B^T where
 * C_x = A^T A and C_y = B^T B. So the result is real, and good where covariances are singular (m or
 * n <= d, pixels that never change) to about 10^-7 times the sum of the traces. It is 0 for equal
 * sets, biased upwards for few samples, and the bias depends on the model: compare at equal counts.
 * Without Inception features it is not "the FID".
 *   needs   2 vectors of each set; d at most 2^15
 *   memory  16 d^2 bytes and 3 KiB d; 40 d^2 while it is computed. All is in double
 *   values  "frechet": the above; "mean_term": |mean_x - mean_y|^2; "covariance_term": the rest
 * Source: Dowson and Landau 1982, Eq. 4; Heusel et al. 2017, GANs Trained by a Two Time-Scale
 * Update Rule, Eq. 6. */
#define GAN_SCORE_FRECHET "frechet"

/* The squared maximum mean discrepancy with the kernel k(a, b) = (a.b / d + 1)^3, unbiased:
 *     sum_{i != j} [k(x_i, x_j) + k(y_i, y_j)] / (s (s - 1)) - 2 sum_{i, j} k(x_i, y_j) / s^2
 * on "subsets" pairs of random subsets of s = "subset_size" vectors, drawn without replacement.
 * Equal distributions give 0 in the mean, so it may be negative. Products are in float, sums in
 * double.
 *   needs   "subset_size" vectors of each set
 *   memory  the vectors kept, see "samples"; 8 KiB d and 5 MiB while it is computed
 *   values  "kernel_distance": the mean over the subsets; "deviation": the (population) standard
 *           deviation over them, which depends on s
 * Source: Gretton et al. 2012, Eq. 3; Binkowski et al. 2018, Demystifying MMD GANs, section 4. */
#define GAN_SCORE_KERNEL "kernel"

/* What nearest neighbours tell. With r(a) the Euclidean distance from a to its k-th nearest
 * neighbour in its own set, itself left out:
 *     precision = mean_j [some i has |x_i - y_j| < r(x_i)]: fakes that look real
 *     recall    = mean_i [some j has |x_i - y_j| < r(y_j)]: reals that could be made
 *     density   = sum_j #{i: |x_i - y_j| < r(x_i)} / (k m): 1 in the mean for equal distributions
 *     coverage  = mean_i [some j has |x_i - y_j| < r(x_i)]: reals with a fake near by
 * Comparisons are exact: those that products in float cannot decide are made again in double.
 *   needs   more than k vectors of each set
 *   memory  the vectors kept, see "samples"; 6 KiB d and 3 MiB while it is computed
 *   values  "precision", "recall", "density", "coverage"
 * Source: Kynkaanniemi et al. 2019, Improved Precision and Recall Metric, Eqs. 1 to 3 (published
 * k = 3; there `<=`); Naeem et al. 2020, Reliable Fidelity and Diversity Metrics, Eqs. 3 and 4
 * (k = 5). */
#define GAN_SCORE_NEIGHBOURS "neighbours"

/* Wasserstein distances between the projections of the two sets on "projections" random directions,
 * uniform on the sphere. W_p^p of a direction is the integral of |F^-1(q) - G^-1(q)|^p over q from
 * 0 to 1, F^-1 and G^-1 being the quantiles of the two projected sets; exact for unequal counts
 * too.
 *   needs   1 vector of each set
 *   memory  the vectors kept, see "samples"; while it is computed 512 bytes for each, 6 KiB d and
 *           300 KiB
 *   values  "sliced_wasserstein": the mean of W_1 over directions; "standard_error": its error for
 *           the choice of directions, deviation / sqrt(projections); "sliced_wasserstein_2":
 *           sqrt(mean W_2^2); "greatest": the greatest W_1
 * Source: Rabin et al. 2011; Bonneel et al. 2015, Eq. 5. */
#define GAN_SCORE_SLICED_WASSERSTEIN "sliced_wasserstein"

/* How a known mixture of Gaussians is covered. The real distribution is not sampled but set by
 * gan_score_set_modes: equal weights, one deviation sigma. A sample belongs to the nearest centre
 * (the first of equals) and is good if it is nearer than threshold * sigma.
 *   needs   modes, then 1 fake vector. add_real is STATE
 *   memory  16 bytes times modes times (2 d + 4), and 16 KiB
 *   values  "modes": those with at least "minimum" good samples
 *           "share": good samples / all samples
 *           "kl": KL(q || uniform) in nats, q being the shares of the modes in the good samples;
 *           NaN if there is none
 *           "deviation_ratio": the mean over modes of s / sigma, s^2 = sum |y - mean|^2 / ((g - 1)
 *           d) over the g good samples of a mode around their own mean; only modes with g >= 2
 *           "least_deviation_ratio", "greatest_deviation_ratio": of a mode
 *           "offset": the mean over modes with g >= 1 of |mean - centre| / sigma
 *           The last four are NaN if there is no such mode.
 * A perfect sampler is not at share 1 and kl 0: in two dimensions 98.89 % of a Gaussian are within
 * 3 deviations, and a share above that says that modes are too narrow. gan_score_floor gives the
 * figures of a perfect sampler of as many samples.
 * Source: Metz et al. 2017 (ring); Dumoulin et al. 2017 (grid); Lin et al. 2018, PacGAN, section
 * 4.1 and its code (threshold 3, one sample finds a mode, 2,500 samples). */
#define GAN_SCORE_MODES "modes"

/* Every kind also has the values "elements", "real_count", "fake_count" (vectors added),
 * "real_used", "fake_used" (of those, the ones that the result is made of), "seed" and
 * "fingerprint": 53 bits that depend on the set of real vectors, or on the modes, but not on the
 * order. */

/* ---- Options ------------------------------------------------------------------------------- */

/* Keys for gan_score_set_number, with their defaults and ranges. A key that the kind does not read
 * may be set and has no effect. Those with a * cannot change once there are samples. */
#define GAN_SCORE_SEED "seed" /* * of subsets, directions, ...; 0; [0, 2^53] */
/* * kernel, neighbours, sliced_wasserstein: the most vectors kept of each set, in 4 d bytes each,
 * and up to as much again of one set while room is made for more. Where more come, those kept are a
 * random subset without replacement (Vitter 1985, algorithm R); 10,000; [2, 2^30]. */
#define GAN_SCORE_SAMPLES "samples"
#define GAN_SCORE_SUBSETS "subsets"         /* kernel: pairs of subsets; 100; [1, 10000] */
#define GAN_SCORE_SUBSET_SIZE "subset_size" /* kernel: s; 1000; [2, 2^20] */
#define GAN_SCORE_K "k"                     /* neighbours: k; 5; [1, 100] */
#define GAN_SCORE_PROJECTIONS "projections" /* sliced_wasserstein: directions; 1000; [1, 2^20] */
#define GAN_SCORE_THRESHOLD "threshold"     /* * modes: in deviations; 3; [10^-3, 1000] */
#define GAN_SCORE_MINIMUM "minimum"         /* modes: good samples that find one; 1; [1, 2^30] */
#define GAN_SCORE_SIMULATIONS "simulations" /* modes: for gan_score_floor; 100; [2, 10000] */

/* ---- The object ---------------------------------------------------------------------------- */

/* Makes a score without samples.
 *   kind      one of the kinds above
 *   elements  d, of one vector: 1 to 2^31 - 1; frechet: to 2^15
 *   features  what the vectors are, in 1 to 63 bytes: "pixels in [0, 1]", "lenet-5 v2 fc1". It is
 *             compared by gan_score_comparable, so name everything that changes the vectors
 *   out       receives the score; the caller frees it
 * Errors: ARGUMENT, KEY (no such kind), RANGE, MEMORY. Since 0.1. */
GAN_API int32_t gan_score_create(gan_context *context, const char *kind, int64_t elements,
                                 const char *features, gan_score **out);

/* Releases the score. NULL does nothing. Since 0.1. */
GAN_API void gan_score_free(gan_score *score);

/* The kind and the features given to gan_score_create; NULL for NULL. Since 0.1. */
GAN_API const char *gan_score_kind(const gan_score *score);
GAN_API const char *gan_score_features(const gan_score *score);

/* The name of kind `index`, counted from 0, or NULL after the last. Since 0.1. */
GAN_API const char *gan_score_kind_name(int32_t index);

/* Sets an option.
 *   key    one of the keys above;  value  within its range
 * Errors: ARGUMENT (NULL or NaN), KEY, RANGE, STATE (there are samples; keys with a *). Since 0.1.
 */
GAN_API int32_t gan_score_set_number(gan_score *score, const char *key, double value);

/* Reads an option. Errors: ARGUMENT, KEY. Since 0.1. */
GAN_API int32_t gan_score_get_number(const gan_score *score, const char *key, double *value);

/* Describes option `index`; as gan_optimizer_describe_option. Since 0.1. */
GAN_API int32_t gan_score_describe_option(int32_t index, const char **name,
                                          const char *const **choices, double *minimum,
                                          double *maximum, const char **help);

/* Sets the mixture of a score of kind GAN_SCORE_MODES, in place of the one before.
 *   modes      1 to 2^20;  centres  [modes, elements], copied; each within +-1e30
 *   deviation  sigma, of each element about its centre; 1e-30 to 1e30
 * Errors: ARGUMENT, RANGE, STATE (another kind, or there are samples), MEMORY. Since 0.1. */
GAN_API int32_t gan_score_set_modes(gan_score *score, int64_t modes, const double *centres,
                                    double deviation);

/* Adds vectors to one of the two sets.
 *   n  at least 1;  x  [n, elements], finite
 * Errors: ARGUMENT, RANGE, NUMERIC (the message names the vector and the element), STATE (a score
 * of modes: real ones, or no modes yet), MEMORY. After an error none of the n was added. Since 0.1.
 */
GAN_API int32_t gan_score_add_real(gan_score *score, int64_t n, const float *x);
GAN_API int32_t gan_score_add_fake(gan_score *score, int64_t n, const float *x);

/* Forgets the fake vectors, so that the same real ones serve for the next model. NULL does nothing.
 * Since 0.1. */
GAN_API void gan_score_clear_fake(gan_score *score);

/* ---- Results ------------------------------------------------------------------------------- */

/* Reads a value of the kind, or one of those that every kind has. What must be computed is, once,
 * and kept until samples or options change; more samples may be added afterwards.
 *   value  receives it
 * Errors: ARGUMENT, KEY (the kind has no such value), STATE (too few samples), NUMERIC (the result
 * is beyond the range of double), MEMORY. Since 0.1. */
GAN_API int32_t gan_score_value(gan_score *score, const char *name, double *value);

/* The name of value `index` of this score, counted from 0, or NULL after the last; NULL for NULL.
 * Since 0.1. */
GAN_API const char *gan_score_value_name(const gan_score *score, int32_t index);

/* What a perfect model scores with as many samples: the mean of a value, and its standard
 * deviation, NaN if that is not known.
 *     modes       all values, by "simulations" samplings of the mixture; each costs what scoring
 *                 the samples cost
 *     kernel      "kernel_distance": 0
 *     neighbours  "density": 1; "coverage": 1 - (n - 1)...(n - k) / ((n + m - 1)...(n + m - k))
 *   mean, deviation  may be NULL
 * Errors: as gan_score_value; UNSUPPORTED (no other value has a floor that is known).
 * Source: Naeem et al. 2020, Lemma 2. Since 0.1. */
GAN_API int32_t gan_score_floor(gan_score *score, const char *name, double *mean,
                                double *deviation);

/* What was found at one mode of a score of kind GAN_SCORE_MODES.
 *   mode             its index in `centres`
 *   count, good      the samples that belong to it, and the good ones
 *   deviation_ratio  s / sigma; NaN for fewer than two good samples
 *   offset           |mean - centre| / sigma; NaN for no good sample
 * Each of the four may be NULL. Errors: ARGUMENT, STATE (another kind), RANGE. Since 0.1. */
GAN_API int32_t gan_score_mode(const gan_score *score, int64_t mode, int64_t *count, int64_t *good,
                               double *deviation_ratio, double *offset);

/* All that the values depend on but the fake vectors themselves, in one line: kind, features,
 * elements, counts, fingerprint, and the options that the kind reads. Values of two scores whose
 * lines are equal may be compared. NULL for NULL; valid until the next call on the score.
 * Since 0.1. */
GAN_API const char *gan_score_protocol(gan_score *score);

/* Whether values of two scores may be compared: same kind, features, elements, counts, real vectors
 * or modes, and options that the kind reads. The scores may be of different contexts.
 * Errors: ARGUMENT, STATE (they may not: the message in the context of `a` says why). Since 0.1. */
GAN_API int32_t gan_score_comparable(const gan_score *a, const gan_score *b);

#ifdef __cplusplus
}
#endif
#endif
