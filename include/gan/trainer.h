/* The trainer: the two-player minimax game and Algorithm 1.
 *
 *     min_G max_D V(D, G) = E_x[log D(x)] + E_z[log(1 - D(G(z)))]                        (Eq. 1)
 *
 * D's network returns the logit l, so log D(x) = -softplus(-l) and log(1 - D(x)) = -softplus(l):
 * no probability is ever clamped. Over a batch of m samples, with h = 1/2 (or 1, option "half"):
 *
 *     d_loss = h [mean softplus(-l(x)) + mean softplus(l(G(z)))] = -h V
 *     g_loss = (1 - b) mean softplus(-l(G(z))) + b (-h mean softplus(l(G(z))))
 *
 * b = 0 is the non-saturating objective (maximise log D(G(z))), b = 1 the saturating one of Eq. 1;
 * the terms of V that do not depend on G are left out of g_loss. The published code ran h = 1/2,
 * b = 0; Algorithm 1 as printed is h = 1, b = 1. Other objectives: option "objective".
 *
 * Source: Goodfellow et al. 2014, Generative Adversarial Nets, section 3 and Algorithm 1. */
#ifndef GAN_TRAINER_H
#define GAN_TRAINER_H

#include <gan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Keys for gan_trainer_set_number, with their defaults and ranges. */
#define GAN_BATCH_SIZE "batch_size"                   /* m, samples of a batch; 100; [1, 2^20] */
#define GAN_DISCRIMINATOR_STEPS "discriminator_steps" /* k of alternating; 1; [1, 10000] */
#define GAN_BLEND "blend"                             /* b above; 0; [0, 1] */
#define GAN_HALF "half"                               /* 1: h = 1/2, 0: h = 1; 1 */
#define GAN_SEED "seed"           /* of noise, dropout and shuffling; 0; [0, 2^53] */
#define GAN_SHUFFLE "shuffle"     /* 1: a new permutation each epoch, 0: the data's order; 1 */
#define GAN_DROP_LAST "drop_last" /* 1: leave out the short batch at the end of an epoch; 0 */

/* Steps of the start in which only D moves; 0; [0, 2^53]. */
#define GAN_WARM_UP "warm_up"
/* G moves in every n-th step after those, D in all; 1; [1, 10000]. */
#define GAN_GENERATOR_INTERVAL "generator_interval"
/* d of the averaged generator, see gan_trainer_set_average; 0.999; [0, 1). */
#define GAN_AVERAGE_DECAY "average_decay"
/* N: how long the two schedules below take, in steps; then they are at their end for good; 0: they
 * stay at their start; [0, 2^53]. By half a cosine: after n steps, with t = min(n / N, 1), a number
 * that goes from a to b is a + (b - a) (1 - cos(pi t)) / 2. The key of the same name of an
 * optimizer is another number.
 * #define GAN_SCHEDULE_STEPS "schedule_steps", in gan/optimizer.h */
/* H > 0: 2^(-m / H) takes the place of average_decay, m being the samples of the batch of G's
 * update: H samples halve what an average keeps; 0; [0, 10^15]. */
#define GAN_AVERAGE_HALF_LIFE "average_half_life"
/* Where H goes from average_half_life within schedule_steps, by half a cosine; 0: it stays;
 * [0, 10^15]. While H is 0 on the way, the average is G itself. Without schedule_steps there is no
 * way, and this is not read. */
#define GAN_FINAL_AVERAGE_HALF_LIFE "final_average_half_life"
/* f: the weights of all penalties go to f times what they are, within schedule_steps, by half a
 * cosine; 1; [0, 1000]. */
#define GAN_FINAL_PENALTY "final_penalty"
/* n > 0: the gradients of a batch are sums over parts of at most n samples, which take turns: less
 * memory, and the same gradients to rounding. Not for networks or losses that look at the whole
 * batch: batch norm unless its statistics are frozen, minibatch layers, relativistic_average and
 * dragan (the step is then STATE); 0: in one piece; [0, 2^20]. */
#define GAN_MICRO_BATCH "micro_batch"

/* Key for gan_trainer_set_text and its choices: the order of updates in one step. */
#define GAN_SCHEDULE "schedule"
/* Algorithm 1 (default): k times {new data, new noise, D's update}, then new noise and G's update
 * against the updated D. */
#define GAN_ALTERNATING "alternating"
/* What the published code ran: one batch, one draw of noise and of dropout masks, both gradients
 * at the old parameters, then both updates. */
#define GAN_SIMULTANEOUS "simultaneous"

/* Key for gan_trainer_set_text and its choices: what the players minimise. With l = D's logit, r =
 * l(x), f = l(G(z)), and the means over a batch; may change between steps. "value", "d_real" and
 * "d_fake" are those of the logits whatever is minimised. */
#define GAN_OBJECTIVE "objective"
/* d_loss and g_loss above (default); "half" and "blend" matter to no other. */
#define GAN_MINIMAX "minimax"
/* d_loss = 1/2 mean (r - 1)^2 + 1/2 mean f^2;  g_loss = 1/2 mean (f - 1)^2
 * Source: Mao et al. 2017, Least Squares Generative Adversarial Networks, Eq. 9 (a = 0, b = c = 1).
 */
#define GAN_LEAST_SQUARES "least_squares"
/* d_loss = mean f - mean r;  g_loss = -mean f. D must be kept Lipschitz: by
 * gan_network_set_weight_clip or a penalty.
 * Source: Arjovsky et al. 2017, Wasserstein Generative Adversarial Networks, Algorithm 1. */
#define GAN_WASSERSTEIN "wasserstein"
/* d_loss = mean max(0, 1 - r) + mean max(0, 1 + f);  g_loss = -mean f
 * Source: Lim and Ye 2017, Geometric GAN; Miyato et al. 2018, Spectral Normalization for Generative
 * Adversarial Networks, Eqs. 16 and 17. */
#define GAN_HINGE "hinge"
/* d_loss = mean softplus(-(r - mean f)) + mean softplus(f - mean r); g_loss the same with r and f
 * exchanged.
 * Source: Jolicoeur-Martineau 2019, The Relativistic Discriminator (RaSGAN). */
#define GAN_RELATIVISTIC_AVERAGE "relativistic_average"
/* d_loss = mean softplus(-(r_i - f_i)), g_loss = mean softplus(-(f_i - r_i)), sample i of the real
 * batch being paired with sample i of the generated one.
 * Source: Jolicoeur-Martineau 2019 (RSGAN); Huang et al. 2024, The GAN is dead; long live the GAN!
 *
 * The relativistic g_loss needs real samples. No further data is read for it: in `alternating`
 * G's update has those of D's last update, with the new noise, in `simultaneous` the batch of both.
 */
#define GAN_RELATIVISTIC "relativistic"

/* Penalties on the slope of D, added to d_loss when D is updated, and to nothing else. "grad" is
 * the gradient of the logit by a sample, |grad| its Euclidean norm over the sample's elements,
 * "mean" that over the batch; the gradient of each penalty by D's parameters is exact, a gradient
 * of a gradient. Keys for gan_trainer_set_number; weights are within [0, 10^9], 0 (default) for
 * none; all may change between steps. */

/* gamma: gamma / 2 mean |grad D(x)|^2 at real samples.
 * Source: Mescheder et al. 2018, Which Training Methods for GANs do actually Converge?, Eq. 9. */
#define GAN_R1 "r1"
/* gamma: gamma / 2 mean |grad D(G(z))|^2 at generated samples. Source: the same, Eq. 10. */
#define GAN_R2 "r2"
/* lambda: lambda mean (|grad D(y)| - 1)^2 at y = e x + (1 - e) G(z), e ~ U(0, 1) for each sample.
 * Source: Gulrajani et al. 2017, Improved Training of Wasserstein GANs, Algorithm 1. */
#define GAN_GRADIENT_PENALTY "gradient_penalty"
/* lambda: the same at y = x + s u / 2, u ~ U(0, 1) for each element, s being the standard deviation
 * of all elements of the batch. Source: Kodali et al. 2017, On Convergence and Stability of GANs,
 * and its code. */
#define GAN_DRAGAN "dragan"
/* 1: the last two are lambda mean max(0, |grad D(y)| - 1)^2; 0.
 * Source: Gulrajani et al. 2017, section 4; Petzka et al. 2018. */
#define GAN_ONE_SIDED "one_sided"
/* sigma > 0: r1 and r2 are gamma / 2 mean ((D(y + sigma e) - D(y)) / sigma)^2 instead, e ~ N(0, 1)
 * for each element: a random direction, which costs no gradient of a gradient; 0; [0, 1000].
 * Source: Lin et al. 2025, Diffusion Adversarial Post-Training for One-Step Video Generation. */
#define GAN_APPROXIMATE "approximate"
/* n: penalties in D's first update and every n-th one after it, weights multiplied by n; 1;
 * [1, 10000]. Source: Karras et al. 2020, Analyzing and Improving the Image Quality of StyleGAN
 * (lazy regularization). */
#define GAN_PENALTY_INTERVAL "penalty_interval"
/* In |grad D(y)| - 1 the norm is sqrt(sum of squares + 10^-12), and s is sqrt(variance + 10^-12):
 * both have a gradient at 0. e and u are functions of the trainer's seed, the step and the sample.
 * Dropout in D: r1 and r2 are of the D of the objective, with its masks, and the finite difference
 * has the same masks on both sides; the other two, at samples of their own, draw their own masks.
 */

/* Metrics of the last step, for gan_trainer_metric. D's are those of its last update in the step,
 * taken before that update, with dropout. */
#define GAN_METRIC_VALUE \
    "value" /* V = mean log D(x) + mean log(1 - D(G(z))), nats; -log 4 at the optimum */
#define GAN_METRIC_D_LOSS "d_loss" /* as above, nats */
/* Weighted sum of the penalties in the last update of D that had one; not a part of d_loss; 0 while
 * all weights are 0. */
#define GAN_METRIC_PENALTY "penalty"
#define GAN_METRIC_G_LOSS "g_loss" /* as above, nats */
#define GAN_METRIC_D_REAL "d_real" /* mean D(x), a probability */
#define GAN_METRIC_D_FAKE "d_fake" /* mean D(G(z)), a probability */
#define GAN_METRIC_D_GRADIENT \
    "d_gradient" /* Euclidean norm of the gradient of d_loss + penalty by D's parameters */
#define GAN_METRIC_G_GRADIENT \
    "g_gradient" /* Euclidean norm of g_loss's gradient by G's parameters */
#define GAN_METRIC_D_RATE "d_learning_rate" /* learning rate of D's last update */
#define GAN_METRIC_G_RATE "g_learning_rate" /* learning rate of G's last update */
#define GAN_METRIC_STEP "step"              /* steps made so far */
#define GAN_METRIC_EPOCH "epoch"            /* full passes over the data so far */
#define GAN_METRIC_SAMPLES "samples"        /* real samples D has been shown so far */

/* Called after a step; may read metrics, parameters and samples of the networks in training, but
 * must not train, set parameters or free the trainer.
 * Returns 0 to go on, anything else to end the run after this step. */
typedef int32_t (*gan_step_fn)(void *user, gan_trainer *trainer);

/* Makes a trainer of two finished networks. Each player starts with a momentum optimizer of
 * learning rate 0.1 and mu 0.5, unless gan_trainer_set_*_optimizer gives another.
 *   generator      its output has as many elements as the discriminator's input
 *   discriminator  its output has one element, a logit, and does not end in a sigmoid
 *   data           real samples with as many elements, or NULL: then only gan_trainer_step works
 *   out            receives the trainer; the caller frees it
 * All must come from one context, and the networks must differ; if both have conditions, then of as
 * many elements.
 * Errors: ARGUMENT, SHAPE, STATE (a network is not finished), the first error of building a
 * network, MEMORY.
 * Since 0.1. */
GAN_API int32_t gan_trainer_create(gan_network *generator, gan_network *discriminator,
                                   gan_dataset *data, gan_trainer **out);

/* Releases the trainer. NULL does nothing. Since 0.1. */
GAN_API void gan_trainer_free(gan_trainer *trainer);

/* Chooses the optimizer of one player. The trainer keeps it alive.
 * Errors: ARGUMENT (NULL, or of another context), STATE (the optimizer serves another network, or
 * the trainer has made a step). Since 0.1. */
GAN_API int32_t gan_trainer_set_generator_optimizer(gan_trainer *trainer, gan_optimizer *optimizer);
GAN_API int32_t gan_trainer_set_discriminator_optimizer(gan_trainer *trainer,
                                                        gan_optimizer *optimizer);

/* Keeps an averaged generator: after G's n-th update from now on (n from 1), every parameter a of
 * `average` becomes d a + (1 - d) g, g being G's, with d = min(average_decay, (n - 1) / n): the
 * mean of G's parameters at first, an exponential moving average later on; where a half-life is
 * chosen, min(2^(-m / H), (n - 1) / n). Training does not depend on it.
 *   average  a network with G's parameter names and shapes, such as a clone of G: to be sampled,
 *            scored and saved like any other, between steps. The trainer keeps it alive. NULL for
 *            none
 * Errors: ARGUMENT (a player, or of another context), SHAPE (other parameters), STATE (the network
 * is not finished; called from a callback), MEMORY.
 * Source: Yazici et al. 2019, The Unusual Effectiveness of Averaging in GAN Training. Since 0.1. */
GAN_API int32_t gan_trainer_set_average(gan_trainer *trainer, gan_network *average);

/* Chooses the conditions under which samples are generated and judged: sample i of `conditions`
 * belongs to sample i of the data, and both are read in one order. In each update samples are
 * generated under the conditions of the real samples at hand; in `alternating` G's update has those
 * of D's last.
 *   conditions  as many samples as the data has, of as many elements as either network's
 *               conditions; a player without conditions does not see them. The trainer keeps it
 *               alive. NULL for none
 * Errors: ARGUMENT (of another context), SHAPE (elements of a player's conditions, number of
 * samples; neither network has conditions), STATE (the trainer has no data or has made a step;
 * called from a callback).
 * Source: Mirza and Osindero 2014, Conditional Generative Adversarial Nets. Since 0.1. */
GAN_API int32_t gan_trainer_set_conditions(gan_trainer *trainer, gan_dataset *conditions);

/* Sets all options for a user who knows nothing of them: the relativistic objective with r1 and r2,
 * alternating, k = 1, penalties in every update, and Adam for both players; five numbers move by
 * half a cosine, within `steps` steps: both learning rates from 2e-4 to 5e-5, beta2 from 0.9 to
 * 0.99, the weights of the penalties to a tenth, the half-life of the average from 0 to
 * min(500,000, samples of the run / 10) samples, these being steps * batch_size. beta1 is 0. Batch
 * size and seed stay, and so does every option that is not named here. Makes new optimizers; call
 * it after choosing the batch size, and before options of one's own. Networks without normalisation
 * suit it best.
 *   steps    of the training to come, 1 to 2^53
 *   penalty  gamma of r1 and r2, 0 to 10^9; below 0: that of gan_recommended_penalty for the
 *            elements of a sample
 * Errors: ARGUMENT (NULL or NaN), RANGE, STATE (the trainer has made a step; called from a
 * callback), MEMORY; after an error nothing is changed.
 * Source: Huang et al. 2024, The GAN is dead; long live the GAN! A Modern Baseline GAN. Since 0.1.
 */
GAN_API int32_t gan_trainer_use_recipe(gan_trainer *trainer, int64_t steps, double penalty);

/* Proposes gamma for r1 and r2 from the number of elements of a sample: a first guess, to be tried
 * at a third and three times as much, too. See docs/guide.md for what it is made of.
 *   gamma  receives it
 * Errors: ARGUMENT, RANGE (elements below 1). Since 0.1. */
GAN_API int32_t gan_recommended_penalty(int64_t elements, double *gamma);

/* Sets an option. The batch size, schedule, k, seed, shuffle and drop_last are fixed by the first
 * step (STATE afterwards); the others may change at any time.
 *   key    one of the keys above;  value  within its range
 * Errors: ARGUMENT (NULL or NaN), KEY, RANGE, STATE. Since 0.1. */
GAN_API int32_t gan_trainer_set_number(gan_trainer *trainer, const char *key, double value);
GAN_API int32_t gan_trainer_set_text(gan_trainer *trainer, const char *key, const char *value);

/* Reads an option. A text returned belongs to the library and is valid for ever.
 * Errors: ARGUMENT, KEY. Since 0.1. */
GAN_API int32_t gan_trainer_get_number(const gan_trainer *trainer, const char *key, double *value);
GAN_API int32_t gan_trainer_get_text(const gan_trainer *trainer, const char *key,
                                     const char **value);

/* Describes option `index`; as gan_optimizer_describe_option. Since 0.1. */
GAN_API int32_t gan_trainer_describe_option(int32_t index, const char **name,
                                            const char *const **choices, double *minimum,
                                            double *maximum, const char **help);

/* Trains for a number of steps: Algorithm 1, or its simultaneous form. Draws data and noise itself
 * and goes on where the last call stopped, within an epoch if need be. One step of `alternating`
 * reads k batches of data.
 *   steps    at least 0
 *   on_step  called after each step, or NULL;  user  handed to it
 * Errors: ARGUMENT, RANGE, STATE (no data, or none left by drop_last; a network has conditions, the
 * trainer none; called from a callback; an optimizer serves another network), STOPPED (the callback
 * asked for it), NUMERIC (a loss, penalty or gradient is not finite: the message names player, step
 * and tensor, the parameters are those before that step), MEMORY (they are too), those of a data
 * callback, UNSUPPORTED (2^32 samples or more to shuffle). Since 0.1. */
GAN_API int32_t gan_trainer_run(gan_trainer *trainer, int64_t steps, gan_step_fn on_step,
                                void *user);

/* Trains until `epochs` further epochs have ended; a part of an epoch already trained counts as
 * part of the first. Otherwise as gan_trainer_run. Since 0.1. */
GAN_API int32_t gan_trainer_run_epochs(gan_trainer *trainer, int64_t epochs, gan_step_fn on_step,
                                       void *user);

/* Makes one step on data and noise that the caller supplies, for programs that own the loop.
 * Dropout masks come from the trainer's seed and step.
 *   m        samples of a batch, 1 to 2^20; k is discriminator_steps, 1 when simultaneous
 *   x        [k * m, elements of a real sample]
 *   z_d      [k * m, elements of a noise sample]: the noise of D's updates
 *   z_g      [m, elements of a noise sample]: the noise of G's update; NULL when simultaneous,
 *            where it is z_d
 * Errors: ARGUMENT (NULL; a network has conditions: gan_trainer_step_conditional takes them),
 * RANGE, STATE (called from a callback; an optimizer serves another network), NUMERIC, MEMORY;
 * after an error the parameters are those before the call. Since 0.1. */
GAN_API int32_t gan_trainer_step(gan_trainer *trainer, int64_t m, const float *x, const float *z_d,
                                 const float *z_g);

/* The same for networks with conditions.
 *   conditions  [k * m, condition elements]: those of x and of the samples generated beside it; G's
 *               update has the last m. NULL if neither network has any
 *   others      as gan_trainer_step
 * Errors: as gan_trainer_step; ARGUMENT also where conditions are missing or not wanted.
 * Since 0.1. */
GAN_API int32_t gan_trainer_step_conditional(gan_trainer *trainer, int64_t m, const float *x,
                                             const float *conditions, const float *z_d,
                                             const float *z_g);

/* Reads a metric of the last step.
 *   name   one of the names above
 *   value  receives it; NaN before the first step for those that have no value yet
 * Errors: ARGUMENT, KEY. Since 0.1. */
GAN_API int32_t gan_trainer_metric(const gan_trainer *trainer, const char *name, double *value);

/* The name of metric `index`, counted from 0, or NULL after the last. Since 0.1. */
GAN_API const char *gan_trainer_metric_name(int32_t index);

/* Writes the state of the training to a file in the safetensors format: the parameters of both
 * players and of the average, the optimizers' state and counts, steps, epoch and place in the data.
 * A file of that name is replaced in one piece: a crash leaves the old or the new one. May be
 * called from a step callback.
 * Errors: ARGUMENT, STATE (called from a data callback), NUMERIC (a parameter, or a number of an
 * optimizer, is not finite: such a file could not be loaded), IO, MEMORY. Since 0.1. */
GAN_API int32_t gan_trainer_save(gan_trainer *trainer, const char *path);

/* Goes back to a state that gan_trainer_save wrote: training then goes on to the bit as it would
 * have. The caller first makes networks, optimizers and trainer with the settings they had; those
 * that decide what the next step does (batch size, schedule, k, seed, shuffle, drop_last, kinds of
 * optimizer, number of samples) are in the file and must agree; those that may change between steps
 * (objective, penalties, ...) are not, and the caller sets them as for the step to come. After an
 * error nothing is changed.
 * Errors: ARGUMENT, IO, FORMAT (not such a file, corrupt), KEY (a tensor is missing), SHAPE, STATE
 * (another setting: the message names it; called from a callback), NUMERIC (a parameter is not
 * finite), UNSUPPORTED (as gan_network_load), MEMORY. Since 0.1. */
GAN_API int32_t gan_trainer_load(gan_trainer *trainer, const char *path);

#ifdef __cplusplus
}
#endif
#endif
