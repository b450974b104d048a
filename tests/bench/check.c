#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void check(const gan_context *context, int32_t status)
{
    if (status >= GAN_OK) {
        return;
    }
    const char *message = context != NULL ? gan_context_message(context) : "";
    fail(EXIT_FAILURE, "%s", message[0] != '\0' ? message : gan_error_text(status));
}

void fail(int status, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fflush(stdout);
    fputs("error: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    exit(status);
}

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        fail(EXIT_FAILURE, "out of memory for %zu elements of %zu bytes", count, size);
    }
    return memory;
}
