/* What the tests of the API share: the context of the test, and checks that quote its message.
 * Included once by each test program. */
#ifndef GAN_TESTS_API_H
#define GAN_TESTS_API_H

#include "support.h"

#include <gan/gan.h>

static heap own;
static gan_context *ctx;

/* As ck_assert, but without a note in Check's log each time. */
#define need(condition)                                                                 \
    do {                                                                                \
        if (!(condition)) {                                                             \
            ck_abort_msg("%s; last message: %s", #condition, gan_context_message(ctx)); \
        }                                                                               \
    } while (0)

#define ok(call) need((call) == GAN_OK)

#define near(a, b, tolerance)                                     \
    do {                                                          \
        const double is = (double)(a), should = (double)(b);      \
        if (!(fabs(is - should) <= (double)(tolerance))) {        \
            ck_abort_msg("%s is %.9g, not %.9g", #a, is, should); \
        }                                                         \
    } while (0)

/* Checks a failure: its code, and that the message is one line that contains `text`. */
static inline void fails(int32_t status, int32_t code, const char *text)
{
    const char *message = gan_context_message(ctx);
    if (status != code || strstr(message, text) == NULL || strchr(message, '\n') != NULL) {
        ck_abort_msg("status %d and \"%s\", not %d and \"%s\"", (int)status, message, (int)code,
                     text);
    }
}

#endif
