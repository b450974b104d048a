/* Logs: what a training measures, record by record, in files that other programs read.
 *
 *     gan_log_create(context, "metrics.jsonl", GAN_LOG_JSONL, &log);
 *     ...
 *     gan_log_trainer(log, trainer);
 *     gan_log_number(log, "score", score);
 *     gan_log_write(log, step);
 *
 * A record is a step and numbers by name. The file has whole records only: after an error it ends
 * with the last one that was written, and what a crash left of another is removed by the next.
 * Each record is handed to the operating system at once; gan_log_sync makes it outlast a loss of
 * power. Call it before gan_trainer_save, then a log is never behind the state of a training that
 * it belongs to; and gan_log_resume after gan_trainer_load, then it is not ahead of it either, and
 * goes on as if the training had never stopped, to the byte.
 *
 * Numbers are written with a decimal point in every locale, as the shortest text that gives the
 * same double. One program writes to a log at a time. */
#ifndef GAN_LOG_H
#define GAN_LOG_H

#include <gan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Formats. */

/* A JSON object a line: {"step":12,"value":-1.25,"d_loss":0.5}. Records may differ in their names.
 * What is not finite is null. */
#define GAN_LOG_JSONL "jsonl"
/* A line of names, "step" first, then a line a record, with commas. All records have the same
 * names; their columns are in the order of the first. What is not finite is nan, inf or -inf. */
#define GAN_LOG_CSV "csv"
/* Events of TensorBoard: a scalar for each number, rounded to a float, at its step, with the time
 * of gan_log_set_clock. TensorBoard finds files with "tfevents" in their names. */
#define GAN_LOG_TENSORBOARD "tensorboard"

/* The most numbers of a record. */
enum { GAN_LOG_NUMBERS = 1024 };

/* The name of format `index`, counted from 0, or NULL after the last. Since 0.1. */
GAN_API const char *gan_log_format_name(int32_t index);

/* GAN_LOG_NUMBERS, for callers without a C compiler. Since 0.1. */
GAN_API int32_t gan_log_numbers_max(void);

/* Seconds since 1970, in UTC. */
typedef double (*gan_clock_fn)(void *user);

/* Opens a log: a new file, or one that the same format was written to, whose records stay. They are
 * not read further than it takes to find their steps and ends. The log holds a descriptor of the
 * file while it lives; a child after fork must not write to it.
 *   path    of a regular file, or of none, which is made
 *   format  one of the names above
 *   out     receives the log; the caller frees it
 * Errors: ARGUMENT (NULL, an empty path), KEY (no such format), IO, FORMAT (the file has something
 * else than whole records, and perhaps a part of one at its end; nothing in it is changed), MEMORY.
 * Since 0.1. */
GAN_API int32_t gan_log_create(gan_context *context, const char *path, const char *format,
                               gan_log **out);

/* Releases the log; a record that was begun is not written. NULL does nothing. Since 0.1. */
GAN_API void gan_log_free(gan_log *log);

/* The step of the last record in the file; -1 if there is none or for NULL. Since 0.1. */
GAN_API int64_t gan_log_last_step(const gan_log *log);

/* Removes the records from the first one on that has a later step: those that a training wrote
 * after the state that it goes on from. Without any record left the file is empty.
 *   step  at least -1, which removes all
 * Errors: ARGUMENT, RANGE, IO, FORMAT (somebody changed the file), MEMORY. Since 0.1. */
GAN_API int32_t gan_log_resume(gan_log *log, int64_t step);

/* Sets a number of the record to come; a number of that name that it has already is replaced.
 *   name  1 to 63 bytes of UTF-8, without control characters, quotes, commas and backslashes; not
 *         "step"
 * Errors: ARGUMENT (NULL, the name), RANGE (more than GAN_LOG_NUMBERS), MEMORY. Since 0.1. */
GAN_API int32_t gan_log_number(gan_log *log, const char *name, double value);

/* Sets all metrics of a trainer but "step", in the order of gan_trainer_metric_name.
 * Errors: ARGUMENT (NULL; the trainer is of another context), RANGE (more than GAN_LOG_NUMBERS),
 * MEMORY; after an error the record is as it was. Since 0.1. */
GAN_API int32_t gan_log_trainer(gan_log *log, const gan_trainer *trainer);

/* Writes the record and begins another, without numbers. After an error the record is as it was, to
 * be written again.
 *   step  at least 0, and no earlier than that of the last record
 * Errors: ARGUMENT, RANGE (the step), KEY (csv: the names are not those of the columns; the message
 * names one that differs), IO, MEMORY. Since 0.1. */
GAN_API int32_t gan_log_write(gan_log *log, int64_t step);

/* Waits until no loss of power can take away what was written. Errors: ARGUMENT, IO, MEMORY.
 * Since 0.1. */
GAN_API int32_t gan_log_sync(gan_log *log);

/* Sets what tells the time for events; NULL for the system's clock, as at first.
 *   user  handed to the clock
 * Errors: ARGUMENT. Since 0.1. */
GAN_API int32_t gan_log_set_clock(gan_log *log, gan_clock_fn clock, void *user);

#ifdef __cplusplus
}
#endif
#endif
