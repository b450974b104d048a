/* Checkpoints: states of a training in a folder, of which the last few and the best are kept.
 *
 *     gan_checkpoints_create(context, "out", "mnist", 3, GAN_HIGHER, &checkpoints);
 *     ...
 *     gan_checkpoints_save(checkpoints, trainer, score);
 *     ...
 *     gan_checkpoints_load(checkpoints, trainer, GAN_LAST);
 *
 * Each is a file of gan_trainer_save, <folder>/<name>-<serial>-step-<step>.safetensors, the serial
 * number of 8 digits or more counting up from 1; what was saved last has the highest. The files are
 * all there is: a program that starts anew finds them again. One is removed only after a newer one
 * is safe from a loss of power, and only if gan_checkpoints_save wrote it under the name it has.
 * Whatever else lies in the folder is not touched, nor is a file that is not whole. One program
 * saves under one name at a time. */
#ifndef GAN_CHECKPOINTS_H
#define GAN_CHECKPOINTS_H

#include <gan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which values are better. */
#define GAN_HIGHER "higher"
#define GAN_LOWER "lower"

/* Which checkpoint: the one saved last; the one with the best value, the first of equals. */
#define GAN_LAST "last"
#define GAN_BEST "best"

/* Finds the checkpoints of a name in a folder. Only their headers are read.
 *   folder  which is there
 *   name    1 to 63 bytes without '/', the first of which is not '.'
 *   keep    how many of the last ones are kept, 1 to 10^6; the best is kept besides
 *   best    GAN_HIGHER or GAN_LOWER
 *   out     receives the checkpoints; the caller frees them, the files stay
 * Errors: ARGUMENT (NULL, an empty folder, the name), RANGE (keep), KEY (best), IO, MEMORY.
 * Since 0.1. */
GAN_API int32_t gan_checkpoints_create(gan_context *context, const char *folder, const char *name,
                                       int64_t keep, const char *best, gan_checkpoints **out);

/* Releases them. NULL does nothing. Since 0.1. */
GAN_API void gan_checkpoints_free(gan_checkpoints *checkpoints);

/* Saves the state of a training, then removes those that are neither among the last ones nor the
 * best. What cannot be removed stays in the list, and the next save tries again.
 *   value  by which the best is chosen; NaN for none
 * Errors: ARGUMENT (NULL; a trainer of another context; value is infinite), RANGE (a file in the
 * folder has the serial number 10^18 - 1, or the training is beyond that step), those of
 * gan_trainer_save; after an error the folder and the list are as they were. Since 0.1. */
GAN_API int32_t gan_checkpoints_save(gan_checkpoints *checkpoints, gan_trainer *trainer,
                                     double value);

/* Loads a checkpoint as gan_trainer_load does. If its file is damaged, the next one is tried: the
 * one saved before, or the next best; and once that is loaded, those that were damaged no longer
 * count, and stay where they are. GAN_METRIC_STEP tells which it was.
 *   which  GAN_LAST or GAN_BEST
 * Errors: ARGUMENT, KEY (which), STATE (there is none), those of gan_trainer_load: of the last one
 * tried; after an error nothing is changed. Since 0.1. */
GAN_API int32_t gan_checkpoints_load(gan_checkpoints *checkpoints, gan_trainer *trainer,
                                     const char *which);

/* How many there are; 0 for NULL. Since 0.1. */
GAN_API int64_t gan_checkpoints_count(const gan_checkpoints *checkpoints);

/* Finds a checkpoint.
 *   which  GAN_LAST or GAN_BEST
 *   index  receives its place in the order of saving, from 0
 * Errors: ARGUMENT, KEY (which), STATE (there is none). Since 0.1. */
GAN_API int32_t gan_checkpoints_find(const gan_checkpoints *checkpoints, const char *which,
                                     int64_t *index);

/* Tells of a checkpoint.
 *   index        in the order of saving, from 0
 *   step, value  receive those it was saved with; each may be NULL
 *   path         [capacity], receives the path of its file; NULL if it is not wanted
 * Errors: ARGUMENT, RANGE (index), BUFFER (the path needs more). Since 0.1. */
GAN_API int32_t gan_checkpoints_get(const gan_checkpoints *checkpoints, int64_t index,
                                    int64_t *step, double *value, char *path, int64_t capacity);

#ifdef __cplusplus
}
#endif
#endif
