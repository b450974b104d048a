/* How the examples meet an error: one line on stderr, and the program ends with status 1. */
#ifndef EXAMPLES_CHECK_H
#define EXAMPLES_CHECK_H

#include <gan/gan.h>

#include <stddef.h>
#include <stdnoreturn.h>

#if defined(__GNUC__) || defined(__clang__)
#define PRINTF_LIKE(text, values) __attribute__((format(printf, text, values)))
#else
#define PRINTF_LIKE(text, values)
#endif

/* Goes on if a libgan call returned GAN_OK or an id; otherwise prints the context's message and
 * ends the program. */
void check(const gan_context *context, int32_t status);

/* Prints "error: " and the text, and ends the program. */
noreturn void fail(const char *format, ...) PRINTF_LIKE(1, 2);

/* `count` zeroed elements of `size` bytes; ends the program if there is no memory for them. */
void *allocate(size_t count, size_t size);

#endif
