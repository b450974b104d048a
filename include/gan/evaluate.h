/* Evaluation: the quantities of the paper's theory as instruments, and its Parzen-window score. */
#ifndef GAN_EVALUATE_H
#define GAN_EVALUATE_H

#include <gan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The optimal discriminator D*(x) = p_data(x) / (p_data(x) + p_g(x)) at n points.
 *   p_data, p_g  [n] densities at the points, or masses of the cells of a histogram; >= 0, finite
 *   optimal      [n] receives D*, in [0, 1]; NaN where both densities are 0 (outside the union of
 *                supports D* is not defined)
 * Errors: ARGUMENT, RANGE (n < 1, a density below 0 or not finite).
 * Source: Goodfellow et al. 2014, Proposition 1. Since 0.1. */
GAN_API int32_t gan_optimal_discriminator(gan_context *context, int64_t n, const double *p_data,
                                          const double *p_g, double *optimal);

/* The Jensen-Shannon divergence JSD(p_data || p_g), in nats, 0 to log 2.
 *   p_data, p_g  [n] masses of the cells of one partition (or densities at equally spaced points);
 *                >= 0, finite. Each is divided by its sum first
 *   divergence   receives the result
 * Errors: ARGUMENT, RANGE (also when a sum is 0).
 * Source: Goodfellow et al. 2014, section 4.1. Since 0.1. */
GAN_API int32_t gan_jensen_shannon(gan_context *context, int64_t n, const double *p_data,
                                   const double *p_g, double *divergence);

/* The generator's criterion C(G) = max_D V(G, D) = -log 4 + 2 JSD(p_data || p_g), in nats, from
 * -log 4 = -1.386 (p_g = p_data) to 0. Parameters and errors as gan_jensen_shannon.
 * Source: Goodfellow et al. 2014, Theorem 1. Since 0.1. */
GAN_API int32_t gan_generator_criterion(gan_context *context, int64_t n, const double *p_data,
                                        const double *p_g, double *criterion);

/* The share of values in each of `bins` cells of equal width between low and high.
 *   values  [n], finite; those outside [low, high] are counted in n but in no cell; high itself is
 *           in the last
 *   masses  [bins] receives counts divided by n; divide by the cell's width for a density
 * Errors: ARGUMENT, RANGE (n or bins < 1, low >= high, a value not finite). Since 0.1. */
GAN_API int32_t gan_histogram(gan_context *context, int64_t n, const float *values, double low,
                              double high, int64_t bins, double *masses);

/* Parzen scores are plain numbers, which do not know what they depend on. They may be compared
 * where elements, range of the data, sample_count, rows and the way that sigma was chosen are the
 * same, so print sigma and both counts beside them. Data in other units, x' = c x, lower the mean
 * by elements log c at the bandwidth c sigma. */

/* The mean log-likelihood of rows under a Parzen window of Gaussians on the samples:
 *     log p(x) = log mean_i exp(-|x - s_i|^2 / (2 sigma^2)) - elements log(sigma sqrt(2 pi))
 * Memory is bounded, whatever the counts; sums are taken in double.
 *   elements        of one sample or row, 1 to 2^31 - 1
 *   samples         [sample_count, elements], drawn from the model
 *   rows            [row_count, elements], held-out data
 *   sigma           the bandwidth, 1e-30 to 1e30; in units of the data
 *   mean            receives the mean over the rows, in nats
 *   standard_error  receives the population deviation over rows / sqrt(row_count); may be NULL
 * Errors: ARGUMENT, RANGE, NUMERIC (a sample or row is not finite), MEMORY.
 * Source: Breuleux et al. 2011; Goodfellow et al. 2014, section 5. High variance, and poor in many
 * dimensions: use it to compare with the paper only. Since 0.1. */
GAN_API int32_t gan_parzen_log_likelihood(gan_context *context, int64_t elements,
                                          int64_t sample_count, const float *samples,
                                          int64_t row_count, const float *rows, double sigma,
                                          double *mean, double *standard_error);

/* Chooses the bandwidth with the greatest mean log-likelihood of validation rows.
 *   rows         [row_count, elements], validation data: not the rows to be scored afterwards
 *   sigma_count  at least 1;  sigmas  [sigma_count], each 1e-30 to 1e30
 *   means        [sigma_count] receives the mean for each bandwidth, in nats; may be NULL
 *   best         receives the index of the chosen bandwidth; at 0 or sigma_count - 1 the grid
 *                should be extended
 * The published grid is 10 values from 0.1 to 1, equally spaced in their logarithm.
 * Errors: as gan_parzen_log_likelihood. Since 0.1. */
GAN_API int32_t gan_parzen_choose_sigma(gan_context *context, int64_t elements,
                                        int64_t sample_count, const float *samples,
                                        int64_t row_count, const float *rows, int64_t sigma_count,
                                        const double *sigmas, double *means, int64_t *best);

/* The published protocol: the bandwidth is the best of 10 values from 0.1 to 1, equally spaced in
 * their logarithm, on validation rows; the same samples then score the test rows.
 *   samples         [sample_count, elements], drawn from the model; published 10,000
 *   validation      [validation_count, elements]; published 1,000 of the validation rows
 *   test            [test_count, elements]; published all test rows
 *   sigma           receives the bandwidth
 *   mean            receives the mean log-likelihood of the test rows, in nats
 *   standard_error  receives its standard error over the test rows; may be NULL
 *   edge            receives -1 or 1 if the bandwidth is the smallest or largest tried, so that the
 *                   score is not to be trusted, otherwise 0; may be NULL
 * Errors: as gan_parzen_log_likelihood.
 * Source: the published 2014 code (parzen_ll.py). Since 0.1. */
GAN_API int32_t gan_parzen_protocol(gan_context *context, int64_t elements, int64_t sample_count,
                                    const float *samples, int64_t validation_count,
                                    const float *validation, int64_t test_count, const float *test,
                                    double *sigma, double *mean, double *standard_error,
                                    int32_t *edge);

#ifdef __cplusplus
}
#endif
#endif
