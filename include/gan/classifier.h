/* Classifiers: a network that learns to name the class of a sample, from samples with labels. What
 * scores of generated samples need: to tell which mode a sample is of, and for features.
 *
 * The network returns K logits l_1 to l_K, whose softmax are the probabilities of the classes. With
 * targets t_1 to t_K for each sample, 1 for its class and 0 for the others, it minimises
 *
 *     loss = mean sum_k t_k (log sum_j exp l_j - l_k),                                        nats
 *
 * the cross entropy; the logarithm is taken of no probability, so no logit is too large. Targets
 * may be any numbers of at least 0: probabilities, or weights of samples.
 *
 *     gan_dataset_one_hot(digits, 10, &targets);
 *     gan_classifier_create(network, digits, targets, &classifier);
 *     gan_classifier_run_epochs(classifier, 5, NULL, NULL);
 *     gan_network_save(network, "digits.safetensors");
 *
 * What was learned is in the network, and is saved and loaded with it. A training depends neither
 * on the number of threads nor on anything but its settings and seeds, to the last bit. */
#ifndef GAN_CLASSIFIER_H
#define GAN_CLASSIFIER_H

#include <gan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Keys for gan_classifier_set_number: GAN_BATCH_SIZE, GAN_SEED, GAN_SHUFFLE and GAN_DROP_LAST of
 * gan/trainer.h, with their defaults and ranges. The first step fixes them. */

/* Metrics, for gan_classifier_metric: GAN_METRIC_STEP, GAN_METRIC_EPOCH and GAN_METRIC_SAMPLES of
 * gan/trainer.h, and of the last step, before its update, with dropout: */
#define GAN_METRIC_LOSS "loss" /* as above, of the batch */
/* The share of the batch whose largest logit is that of the largest target; the first of equals. */
#define GAN_METRIC_ACCURACY "accuracy"
#define GAN_METRIC_GRADIENT "gradient"  /* Euclidean norm of the loss's by the parameters */
#define GAN_METRIC_RATE "learning_rate" /* of the update */

/* Called after a step; what holds for gan_step_fn holds here.
 * Returns 0 to go on, anything else to end the run after this step. */
typedef int32_t (*gan_classifier_fn)(void *user, gan_classifier *classifier);

/* Makes a classifier of a finished network. It starts with the optimizer of a trainer's player: see
 * gan_trainer_create.
 *   network  has 2 outputs or more, the logits, and no conditions
 *   data     samples of as many elements as its input
 *   targets  as many samples, of as many elements as its output: gan_dataset_one_hot makes them of
 *            labels. Both may be NULL: then it can be asked, but not trained
 *   out      receives the classifier; the caller frees it
 * All must come from one context.
 * Errors: ARGUMENT (also: one of data and targets is NULL, the other is not; the network has
 * conditions), SHAPE, STATE (the network is not finished), the first error of building it, MEMORY.
 * Since 0.1. */
GAN_API int32_t gan_classifier_create(gan_network *network, gan_dataset *data, gan_dataset *targets,
                                      gan_classifier **out);

/* Releases the classifier. NULL does nothing. Since 0.1. */
GAN_API void gan_classifier_free(gan_classifier *classifier);

/* Chooses the optimizer. The classifier keeps it alive.
 * Errors: ARGUMENT (NULL, or of another context), STATE (it serves another network, or there was a
 * step). Since 0.1. */
GAN_API int32_t gan_classifier_set_optimizer(gan_classifier *classifier, gan_optimizer *optimizer);

/* Sets an option.
 *   key    one of the keys above;  value  within its range
 * Errors: ARGUMENT (NULL or NaN), KEY, RANGE, STATE (there was a step). Since 0.1. */
GAN_API int32_t gan_classifier_set_number(gan_classifier *classifier, const char *key,
                                          double value);

/* Reads an option. Errors: ARGUMENT, KEY. Since 0.1. */
GAN_API int32_t gan_classifier_get_number(const gan_classifier *classifier, const char *key,
                                          double *value);

/* Describes option `index`; as gan_optimizer_describe_option. Since 0.1. */
GAN_API int32_t gan_classifier_describe_option(int32_t index, const char **name,
                                               const char *const **choices, double *minimum,
                                               double *maximum, const char **help);

/* Trains for a number of steps, each on the next batch; goes on where the last call stopped.
 *   steps    at least 0
 *   on_step  called after each step, or NULL;  user  handed to it
 * Errors: ARGUMENT, RANGE, STATE (no data, or none left by drop_last; called from a callback; the
 * optimizer serves another network), STOPPED (the callback asked for it), NUMERIC (loss or gradient
 * is not finite: the parameters are those before that step), MEMORY, those of a data callback,
 * UNSUPPORTED (2^32 samples or more to shuffle). Since 0.1. */
GAN_API int32_t gan_classifier_run(gan_classifier *classifier, int64_t steps,
                                   gan_classifier_fn on_step, void *user);

/* Trains until `epochs` further epochs have ended; a part of an epoch already trained counts as
 * part of the first. Otherwise as gan_classifier_run. Since 0.1. */
GAN_API int32_t gan_classifier_run_epochs(gan_classifier *classifier, int64_t epochs,
                                          gan_classifier_fn on_step, void *user);

/* Reads a metric; NaN before the first step for those that have no value yet.
 * Errors: ARGUMENT, KEY. Since 0.1. */
GAN_API int32_t gan_classifier_metric(const gan_classifier *classifier, const char *name,
                                      double *value);

/* The name of metric `index`, counted from 0, or NULL after the last. Since 0.1. */
GAN_API const char *gan_classifier_metric_name(int32_t index);

/* How well the network does on data, without dropout, and with the statistics that batch norm has
 * gathered.
 *   data, targets   as for gan_classifier_create, but not NULL
 *   loss, accuracy  receive the means over all samples; may be NULL
 * Errors: ARGUMENT, SHAPE, NUMERIC (a logit is not finite), MEMORY, those of a data callback.
 * Since 0.1. */
GAN_API int32_t gan_classifier_evaluate(gan_classifier *classifier, gan_dataset *data,
                                        gan_dataset *targets, double *loss, double *accuracy);

/* Names the class of each sample: that of its largest logit, the first of equals.
 *   n        at least 1;  x  [n, input elements of the network]
 *   classes  [capacity] receives [n] numbers from 0 to K - 1
 * Errors: ARGUMENT, RANGE, BUFFER (capacity < n), MEMORY. Since 0.1. */
GAN_API int32_t gan_classifier_predict(gan_classifier *classifier, int64_t n, const float *x,
                                       int32_t *classes, int64_t capacity);

#ifdef __cplusplus
}
#endif
#endif
