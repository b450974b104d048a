/* For tests that catch a function of the C library by one of its name, and call it in the end.
 * Included by test programs that define _GNU_SOURCE first. */
#ifndef GAN_TESTS_ORIGINAL_H
#define GAN_TESTS_ORIGINAL_H

#include <dlfcn.h>
#include <string.h>

/* Defines `original`, a pointer to the function of that name in the C library. */
#define REAL(type, name, ...)                                       \
    static type (*original)(__VA_ARGS__);                           \
    if (original == NULL) {                                         \
        void *found = dlsym(RTLD_NEXT, name);                       \
        memcpy((void *)&original, (void *)&found, sizeof original); \
    }

#endif
