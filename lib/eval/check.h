/* Checks that the scores share. `owner` names the score in the message. */
#ifndef GAN_EVAL_CHECK_H
#define GAN_EVAL_CHECK_H

#include "base/context.h"

/* Errors: ARGUMENT (pointer is NULL). */
int32_t gan__eval_pointer(gan_context *context, const char *owner, const char *what,
                          const void *pointer);

/* Errors: RANGE (count is less than 1). */
int32_t gan__eval_count(gan_context *context, const char *owner, const char *what, int64_t count);

#endif
