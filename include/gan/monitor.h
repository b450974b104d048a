/* The monitor: can it tell collapse from training?
 *
 * Neither loss nor pictures tell a program whether a generator makes ever fewer different samples.
 * A monitor looks at a training between steps and gives numbers that do, a verdict on them, and a
 * way back to the last good parameters:
 *
 *     gan_monitor_create(trainer, &monitor);
 *     gan_monitor_run(monitor, 20000, NULL, on_verdict, NULL);
 *
 * Measuring does not change the training by a bit: it draws from random streams of its own and
 * writes to nothing that a step reads. It always takes the same noise and the same real samples, so
 * that the values are a function of parameters, data and options; they do not depend on the number
 * of threads. Its memory is taken at the first measurement. */
#ifndef GAN_MONITOR_H
#define GAN_MONITOR_H

#include <gan/trainer.h>
#include <gan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Values -------------------------------------------------------------------------------- */

/* n generated samples, y_i = G(z_i), are compared with n real ones, x_i: n is "samples", or the
 * number of the data if that is less. Networks are evaluated as gan_network_evaluate does.
 * Distances are Euclidean, over all pairs i < j of one set. Let
 *     M  the mean distance of two real samples
 *     r  the median distance of a real sample to its nearest other one
 * A value that cannot be had is NaN: all before the first measurement, those of D without held-out
 * samples, quotients by 0 where all real samples are equal. NaN crosses no threshold. */

/* Mean distance of two generated samples / M. Few modes far apart hardly lower it, one does. */
#define GAN_MONITOR_DISTANCE_RATIO "distance_ratio"
/* The distance that 5 % of the generated pairs stay below / the same of the real ones: it is low
 * where a part of the samples is alike. */
#define GAN_MONITOR_NEAR_RATIO "near_ratio"
/* Median distance of a generated sample to its nearest other one / r. */
#define GAN_MONITOR_NEAREST_RATIO "nearest_ratio"
/* Share of generated samples that have another one within r / 10, beyond the share s among the real
 * ones: (share - s) / (1 - s). Many z that lead to one x: that part of z. */
#define GAN_MONITOR_DUPLICATES "duplicates"
/* How many different samples there would be if all were equally likely and two within r / 10 were
 * equal: n (n - 1) / 2 / (pairs within r / 10). Without such a pair that number of pairs, which
 * then is a lower bound. Source: the birthday paradox; Arora, Risteski and Zhang 2018, Do GANs
 * learn the distribution? */
#define GAN_MONITOR_SUPPORT "support"
/* The same for "within r", by that of the real samples: (1 + real pairs) / (1 + generated ones). */
#define GAN_MONITOR_SUPPORT_RATIO "support_ratio"
/* The share of the data that G does not reach. Real samples, 2 n if there are so many, are divided
 * into "bins" by k-means. With a bin go those whose centres are within M / 4 of its own; if these
 * together have less than a tenth of their share among the generated samples, all of the bin is
 * missing. Bins that should get fewer than 10 of n samples are left out.
 * Source: Richardson and Weiss 2018, On GANs and GMMs (bins of real samples). */
#define GAN_MONITOR_MISSING "missing"
/* Total variation between the shares of the bins in real and generated samples, 0 to 1. */
#define GAN_MONITOR_IMBALANCE "imbalance"
/* Mean of |G(z') - G(z)| / (e M), z' being z moved by e = 1/10 of the way to another z, over the
 * first n / 4 z: how fast samples change with z. Near distance_ratio for a G that is almost linear,
 * above it where G folds, never far below. */
#define GAN_MONITOR_LATENT_SENSITIVITY "latent_sensitivity"
/* Share of those z for which |G(z') - G(z)| is at most e r / 10: z does not matter there. */
#define GAN_MONITOR_FLAT_LATENTS "flat_latents"
/* Share of the n real samples that D takes for real (logit > 0), of the generated samples that it
 * does not, and of held-out samples that it takes for real; d_real - d_held_out. Meaningful for
 * objectives whose logit is one of a probability. */
#define GAN_MONITOR_D_REAL "d_real"
#define GAN_MONITOR_D_FAKE "d_fake"
#define GAN_MONITOR_D_HELD_OUT "d_held_out"
#define GAN_MONITOR_D_GAP "d_gap"
/* Whatever the objective: the probability that D's logit is greater for a real sample than for a
 * generated one, and for a real sample of the training than for one held out. 1/2: D cannot tell;
 * 1: it always can, the latter by heart. */
#define GAN_MONITOR_D_RANKING "d_ranking"
#define GAN_MONITOR_D_MEMORY "d_memory"
/* Norms of the gradients of the last step, as the trainer's metrics of these names. */
#define GAN_MONITOR_D_GRADIENT "d_gradient"
#define GAN_MONITOR_G_GRADIENT "g_gradient"
/* The step after which the values were measured; that of the parameters kept; how often these were
 * put back. */
#define GAN_MONITOR_STEP "step"
#define GAN_MONITOR_KEPT_STEP "kept_step"
#define GAN_MONITOR_ROLL_BACKS "roll_backs"

/* ---- Options ------------------------------------------------------------------------------- */

/* Keys for gan_monitor_set_number, with their defaults and ranges. */
#define GAN_MONITOR_SAMPLES "samples" /* n; 512; [32, 2048] */
#define GAN_MONITOR_BINS "bins"       /* at most; fewer for less than 16 n; 32; [1, 256] */
/* GAN_SEED "seed" of gan/trainer.h: of noise, choice of real samples, bins; 0; [0, 2^53] */
#define GAN_MONITOR_INTERVAL "interval" /* steps between measurements of a run; 100; [1, 10^9] */
/* A verdict needs so many measurements in a row that are as bad, or worse; 3; [1, 100]. */
#define GAN_MONITOR_PATIENCE "patience"
/* Steps of the training before which there is no verdict unless a measurement was healthy: a
 * generator that has hardly been trained makes samples that are all alike; 2000; [0, 2^53]. */
#define GAN_MONITOR_GRACE "grace"
/* 1: gan_monitor_run keeps the parameters at its start and after healthy measurements; 1. */
#define GAN_MONITOR_KEEP "keep"
/* Thresholds: a measurement is collapsed if one value is beyond its threshold for that, partial if
 * one is beyond the other, and healthy if none is. Ratios count as beyond below it, shares above;
 * 0 or 1 make it hold for nothing. All [0, 1]. */
#define GAN_MONITOR_PARTIAL_DISTANCE_RATIO "partial_distance_ratio"     /* 0.4 */
#define GAN_MONITOR_COLLAPSED_DISTANCE_RATIO "collapsed_distance_ratio" /* 0.1 */
#define GAN_MONITOR_PARTIAL_SUPPORT_RATIO "partial_support_ratio"       /* 0.1 */
#define GAN_MONITOR_COLLAPSED_SUPPORT_RATIO "collapsed_support_ratio"   /* 0.003 */
#define GAN_MONITOR_PARTIAL_DUPLICATES "partial_duplicates"             /* 0.2 */
#define GAN_MONITOR_COLLAPSED_DUPLICATES "collapsed_duplicates"         /* 0.9 */
#define GAN_MONITOR_PARTIAL_MISSING "partial_missing"                   /* 0.2 */
#define GAN_MONITOR_COLLAPSED_MISSING "collapsed_missing"               /* 0.8 */
#define GAN_MONITOR_PARTIAL_FLAT_LATENTS "partial_flat_latents"         /* 0.2 */
#define GAN_MONITOR_COLLAPSED_FLAT_LATENTS "collapsed_flat_latents"     /* 0.9 */

/* Key for gan_monitor_set_text and its choices: whose samples are measured. */
#define GAN_MONITOR_GENERATOR "generator"
#define GAN_MONITOR_RAW "raw"         /* G itself (default) */
#define GAN_MONITOR_AVERAGE "average" /* the averaged generator */

/* ---- The verdict --------------------------------------------------------------------------- */

/* Verdicts; the values never change. */
enum {
    GAN_VERDICT_UNKNOWN = 0, /* nothing was measured yet, or the time of grace lasts */
    GAN_VERDICT_HEALTHY = 1,
    GAN_VERDICT_PARTIAL = 2,  /* a part of the data, or of the noise, is lost */
    GAN_VERDICT_COLLAPSED = 3 /* almost all samples are alike, or a step was not finite */
};

/* What a run does after a verdict; the values never change. */
enum {
    GAN_MONITOR_GO_ON = 0,
    GAN_MONITOR_STOP = 1,
    GAN_MONITOR_ROLL_BACK = 2 /* as gan_monitor_roll_back, then it goes on */
};

/* Called by gan_monitor_run after each measurement. May read values, parameters, samples and
 * metrics, and change options of trainer, optimizers and monitor (a lower learning rate after a
 * roll back), but must not train or free anything of the run.
 *   verdict  a GAN_VERDICT_
 * Returns what to do: a GAN_MONITOR_ of those above. */
typedef int32_t (*gan_verdict_fn)(void *user, gan_monitor *monitor, int32_t verdict);

/* The name of a verdict, "healthy" for GAN_VERDICT_HEALTHY, or NULL for a number that is none:
 * count up from 0 to list them all. Since 0.1. */
GAN_API const char *gan_monitor_verdict_name(int32_t verdict);

/* ---- The object ---------------------------------------------------------------------------- */

/* Makes a monitor of a training, which it keeps alive. The trainer must have data, of at least two
 * samples, and conditions if the networks have some: sample i is generated under the conditions of
 * real sample i.
 *   out  receives the monitor; the caller frees it
 * Errors: ARGUMENT, STATE (no data or conditions), MEMORY. Since 0.1. */
GAN_API int32_t gan_monitor_create(gan_trainer *trainer, gan_monitor **out);

/* Releases the monitor. NULL does nothing. Since 0.1. */
GAN_API void gan_monitor_free(gan_monitor *monitor);

/* Gives real samples that D is not trained with.
 *   held_out    as many elements a sample as the data; the monitor keeps it alive. NULL for none
 *   conditions  of held_out, as many samples, for a D that has conditions; otherwise NULL
 * Errors: ARGUMENT (of another context; conditions missing or not wanted), SHAPE, STATE (called
 * from a callback of the data). Since 0.1. */
GAN_API int32_t gan_monitor_set_held_out(gan_monitor *monitor, gan_dataset *held_out,
                                         gan_dataset *conditions);

/* Sets an option; the next measurement is made by it.
 *   key    one of the keys above;  value  within its range
 * Errors: ARGUMENT (NULL or NaN), KEY, RANGE, STATE (called from a callback of the data).
 * Since 0.1. */
GAN_API int32_t gan_monitor_set_number(gan_monitor *monitor, const char *key, double value);
GAN_API int32_t gan_monitor_set_text(gan_monitor *monitor, const char *key, const char *value);

/* Reads an option. A text returned belongs to the library and is valid for ever.
 * Errors: ARGUMENT, KEY. Since 0.1. */
GAN_API int32_t gan_monitor_get_number(const gan_monitor *monitor, const char *key, double *value);
GAN_API int32_t gan_monitor_get_text(const gan_monitor *monitor, const char *key,
                                     const char **value);

/* Describes option `index`; as gan_optimizer_describe_option. Since 0.1. */
GAN_API int32_t gan_monitor_describe_option(int32_t index, const char **name,
                                            const char *const **choices, double *minimum,
                                            double *maximum, const char **help);

/* Measures all values and judges them. May be called from a step callback. Draws the parameters if
 * nobody did, as a run would.
 * Errors: ARGUMENT, STATE (called from a callback of the data; fewer than two samples; there is no
 * average), NUMERIC (a sample of G, or a logit of D, is not finite), those of a data callback,
 * MEMORY. After an error values and verdict are those before. Since 0.1. */
GAN_API int32_t gan_monitor_measure(gan_monitor *monitor);

/* Reads a value of the last measurement.
 * Errors: ARGUMENT, KEY. Since 0.1. */
GAN_API int32_t gan_monitor_value(const gan_monitor *monitor, const char *name, double *value);

/* The name of value `index`, counted from 0, or NULL after the last. Since 0.1. */
GAN_API const char *gan_monitor_value_name(int32_t index);

/* Reads the verdict on the last measurements: the mildest of the last "patience" ones.
 *   verdict  receives a GAN_VERDICT_
 * Errors: ARGUMENT. Since 0.1. */
GAN_API int32_t gan_monitor_verdict(const gan_monitor *monitor, int32_t *verdict);

/* One line of text on the last measurement: which values crossed which thresholds. Valid until the
 * next call on the monitor; NULL for NULL. Since 0.1. */
GAN_API const char *gan_monitor_reason(const gan_monitor *monitor);

/* ---- The way back -------------------------------------------------------------------------- */

/* Keeps a copy in memory of what training moves: the parameters of both players and the average,
 * with the statistics of batch norms and the vectors of spectral norms, and the state and number of
 * updates of both optimizers. It takes the place of the one before.
 * Errors: ARGUMENT, STATE (called from a callback of the data), MEMORY (the one before is still
 * kept). Since 0.1. */
GAN_API int32_t gan_monitor_keep(gan_monitor *monitor);

/* Puts back what gan_monitor_keep kept; may be called again. The number of steps, the place in the
 * data and with them noise, masks, and the trainer's schedules go on as if nothing had happened:
 * were they put back, too, the same steps would be made again, to the bit, and would collapse
 * again. Schedules of an optimizer follow its number of updates, and go back. So does the verdict,
 * to healthy. To go back in all respects, use gan_trainer_load.
 * Errors: ARGUMENT, STATE (nothing is kept; another optimizer or average than then; called from a
 * callback of the data). Since 0.1. */
GAN_API int32_t gan_monitor_roll_back(gan_monitor *monitor);

/* Trains as gan_trainer_run does; after each step whose number is a multiple of "interval" it
 * measures, keeps the parameters if the measurement is healthy, and calls on_verdict. A step that
 * is not finite counts as collapsed: the run goes on if on_verdict asks to roll back and steps have
 * been made since the last time, otherwise it ends with that error. Steps taken back are not made
 * up for.
 *   steps       at least 0
 *   on_step     as for gan_trainer_run;  on_verdict  either may be NULL;  user  handed to both
 * Errors: those of gan_trainer_run and of gan_monitor_measure; STOPPED (a callback asked for it),
 * ARGUMENT (on_verdict returned something else), STATE (roll back where nothing is kept; called
 * from a callback of the run). Since 0.1. */
GAN_API int32_t gan_monitor_run(gan_monitor *monitor, int64_t steps, gan_step_fn on_step,
                                gan_verdict_fn on_verdict, void *user);

#ifdef __cplusplus
}
#endif
#endif
