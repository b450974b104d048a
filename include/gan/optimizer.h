/* Optimizers: how a gradient becomes a change of parameters. A handle with state of its own.
 *
 * Below, w is a parameter, g its gradient, r the learning rate, t the number of this update from
 * 1 up. State starts at 0. All arithmetic is float32. */
#ifndef GAN_OPTIMIZER_H
#define GAN_OPTIMIZER_H

#include <gan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of optimizer. */

/* w <- w - r g */
#define GAN_SGD "sgd"

/* Classical momentum with the learning rate inside the velocity: v <- mu v - r g, w <- w + v.
 * Source: Polyak 1964; this form is that of the published 2014 code. */
#define GAN_MOMENTUM "momentum"

/* Nesterov's momentum in the same form: v <- mu v - r g, w <- w + mu v - r g.
 * Source: Sutskever et al. 2013, in the variables of Bengio et al. 2013. */
#define GAN_NESTEROV "nesterov"

/* s <- rho s + (1 - rho) g^2, w <- w - r g / sqrt(s + epsilon): epsilon inside the root.
 * Source: Tieleman and Hinton 2012. */
#define GAN_RMSPROP "rmsprop"

/* m <- beta1 m + (1 - beta1) g, s <- beta2 s + (1 - beta2) g^2,
 * w <- w - r (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + epsilon): epsilon outside the root.
 * Source: Kingma and Ba 2015, Algorithm 1. */
#define GAN_ADAM "adam"

/* Adam with decoupled weight decay: w <- w - r weight_decay w, then Adam's update; the decay is
 * scaled by the learning rate of the step. Source: Loshchilov and Hutter 2019. */
#define GAN_ADAMW "adamw"

/* Keys for gan_optimizer_set_number, with their defaults and ranges. A key that the kind does not
 * read may be set and has no effect. */
#define GAN_LEARNING_RATE \
    "learning_rate"                     /* r at the first update; 0.1, adaptive kinds 0.001; >= 0 */
#define GAN_MU "momentum"               /* mu; 0.5; [0, 1) */
#define GAN_FINAL_MU "final_momentum"   /* mu at the end of the ramp; 0.5; [0, 1) */
#define GAN_MU_EPOCHS "momentum_epochs" /* epochs of the ramp, 0 for none; 0; [0, 1e9] */
#define GAN_RHO "rho"                   /* decay of RMSProp's mean square; 0.9; [0, 1) */
#define GAN_BETA1 "beta1"               /* Adam; 0.9; [0, 1) */
#define GAN_BETA2 "beta2"               /* Adam; 0.999; [0, 1) */
/* beta2 at the end of the schedule, reached as the learning rate reaches its own: by a line or half
 * a cosine over schedule_steps; 0, the default: beta2 stays; [0, 1). Bias correction is by the
 * beta2 of the update, 1 / (1 - beta2^t). Source: Huang et al. 2024, the published code. */
#define GAN_FINAL_BETA2 "final_beta2"
#define GAN_EPSILON "epsilon"           /* RMSProp, Adam, AdamW; 1e-8; > 0 */
#define GAN_WEIGHT_DECAY "weight_decay" /* AdamW; 0.01; >= 0 */
#define GAN_DECAY "decay"               /* schedule exponential: r / decay^u; 1; >= 1 */
#define GAN_FINAL_LEARNING_RATE "final_learning_rate" /* floor or end of the schedule; 0; >= 0 */
#define GAN_SCHEDULE_STEPS \
    "schedule_steps" /* updates of linear and cosine, 0: constant; 0; [0, 2^53] */

/* Key for gan_optimizer_set_text and its choices: how r changes. u counts updates from 0. */
#define GAN_LEARNING_RATE_SCHEDULE "schedule"
#define GAN_CONSTANT "constant"       /* r (default) */
#define GAN_EXPONENTIAL "exponential" /* max(final_learning_rate, r / decay^u) */
#define GAN_LINEAR "linear" /* from r to final_learning_rate over schedule_steps, then flat */
#define GAN_COSINE "cosine" /* the same by half a cosine */

/* Makes an optimizer. It binds to the network of the first trainer that prepares to train with it,
 * and then cannot serve another.
 *   kind  GAN_SGD, GAN_MOMENTUM, GAN_NESTEROV, GAN_RMSPROP, GAN_ADAM or GAN_ADAMW
 *   out   receives the optimizer; the caller frees it
 * Errors: ARGUMENT, KEY (no such kind), MEMORY. Since 0.1. */
GAN_API int32_t gan_optimizer_create(gan_context *context, const char *kind, gan_optimizer **out);

/* Releases the optimizer; trainers that use it keep it alive. NULL does nothing. Since 0.1. */
GAN_API void gan_optimizer_free(gan_optimizer *optimizer);

/* Sets an option; it holds from the next update on. During momentum's ramp, in epoch n (from 1),
 * mu = momentum + (final_momentum - momentum) * clip((n - 1) / (momentum_epochs - 1), 0, 1),
 * and final_momentum if momentum_epochs is 1. Epochs pass in runs only, not in gan_trainer_step.
 *   key    one of the keys above;  value  within its range
 * Errors: ARGUMENT (NULL or NaN), KEY, RANGE. Since 0.1. */
GAN_API int32_t gan_optimizer_set_number(gan_optimizer *optimizer, const char *key, double value);
GAN_API int32_t gan_optimizer_set_text(gan_optimizer *optimizer, const char *key,
                                       const char *value);

/* Reads an option. A text returned belongs to the library and is valid for ever.
 * Errors: ARGUMENT, KEY. Since 0.1. */
GAN_API int32_t gan_optimizer_get_number(const gan_optimizer *optimizer, const char *key,
                                         double *value);
GAN_API int32_t gan_optimizer_get_text(const gan_optimizer *optimizer, const char *key,
                                       const char **value);

/* Describes option `index`, counted from 0, so that a binding can list them all.
 *   name            receives the key
 *   choices         receives NULL for a number, else an array of strings that ends with NULL
 *   minimum, maximum  receive the range of a number, both ends allowed
 *   help            receives one line
 * Each may be NULL; texts belong to the library and are valid for ever.
 * Errors: RANGE (no such index: the end of the list). Since 0.1. */
GAN_API int32_t gan_optimizer_describe_option(int32_t index, const char **name,
                                              const char *const **choices, double *minimum,
                                              double *maximum, const char **help);

/* How many updates the optimizer has made; 0 for NULL. Since 0.1. */
GAN_API int64_t gan_optimizer_updates(const gan_optimizer *optimizer);

#ifdef __cplusplus
}
#endif
#endif
