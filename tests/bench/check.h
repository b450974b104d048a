/* How the benchmark meets an error: one line on stderr, and the process ends. */
#ifndef BENCH_CHECK_H
#define BENCH_CHECK_H

#include <gan/gan.h>

#include <stddef.h>
#include <stdnoreturn.h>

#if defined(__GNUC__) || defined(__clang__)
#define PRINTF_LIKE(text, values) __attribute__((format(printf, text, values)))
#else
#define PRINTF_LIKE(text, values)
#endif

/* Goes on if a libgan call returned GAN_OK or an id. */
void check(const gan_context *context, int32_t status);

/* Prints "error: " and the text, and ends the process with `status`. */
noreturn void fail(int status, const char *format, ...) PRINTF_LIKE(2, 3);

/* `count` zeroed elements of `size` bytes. */
void *allocate(size_t count, size_t size);

#endif
