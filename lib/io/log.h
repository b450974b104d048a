/* Logs, for whoever fills them with numbers of his own. */
#ifndef GAN_IO_LOG_H
#define GAN_IO_LOG_H

#include <gan/log.h>

#include "base/context.h"

gan_context *gan__log_context(const gan_log *log);

/* Sets numbers of the record to come, all of them or none.
 *   names, values  [count]; a name that is NULL is left out
 * Errors: as gan_log_number. */
int32_t gan__log_set(gan_log *log, int64_t count, const char *const *names, const double *values);

#endif
