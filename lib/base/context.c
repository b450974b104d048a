#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* madvise */
#endif

#include "base/context.h"

#include "base/threads.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20 };

/* Stands before every block: what the caller's allocator returned, and how much was asked. */
typedef struct {
    void *base;
    size_t size;
} block_header;

/* Large arrays ask for huge pages, which take fewer turns of the processor to find: 2 to 4 % of a
 * training step where the system gives them to those who ask. */
static void *default_allocate(void *user, size_t size)
{
    (void)user;
#ifdef MADV_HUGEPAGE
    void *memory = NULL;
    if (size >= 2 * HUGE_PAGE && posix_memalign(&memory, HUGE_PAGE, size) == 0) {
        madvise(memory, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE); /* if not, then not */
        return memory;
    }
#endif
    return malloc(size);
}

static void default_release(void *user, void *memory)
{
    (void)user;
    free(memory);
}

int32_t gan_context_create(gan_context **out)
{
    return gan_context_create_with_allocator(default_allocate, default_release, NULL, out);
}

int32_t gan_context_create_with_allocator(gan_allocate_fn allocate, gan_release_fn release,
                                          void *user, gan_context **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (out == NULL || allocate == NULL || release == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    gan_context *context = allocate(user, sizeof *context);
    if (context == NULL) {
        return GAN_ERROR_MEMORY;
    }
    *context = (gan_context){.allocate = allocate,
                             .release = release,
                             .user = user,
                             .references = 1,
                             .threads = gan__processors()};
    *out = context;
    return GAN_OK;
}

void gan_context_free(gan_context *context)
{
    gan__context_release(context);
}

gan_context *gan__context_retain(gan_context *context)
{
    context->references++;
    return context;
}

void gan__context_release(gan_context *context)
{
    if (context == NULL || --context->references > 0) {
        return;
    }
    gan__pool_free(context);
    context->release(context->user, context);
}

const char *gan_context_message(const gan_context *context)
{
    return context != NULL ? context->message : "no context: a libgan handle was NULL";
}

int32_t gan_context_set_threads(gan_context *context, int32_t threads)
{
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (threads < 1 || threads > GAN__THREADS_MAX) {
        return gan__fail(context, GAN_ERROR_RANGE, "threads: %d is not within 1 to %d",
                         (int)threads, GAN__THREADS_MAX);
    }
    if (threads != context->threads) {
        gan__pool_free(context);
        context->threads = threads;
    }
    return GAN_OK;
}

int32_t gan_context_threads(const gan_context *context)
{
    return context != NULL ? context->threads : 0;
}

int32_t gan_context_memory(const gan_context *context, int64_t *now, int64_t *peak)
{
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (now != NULL) {
        *now = context->bytes_now;
    }
    if (peak != NULL) {
        *peak = context->bytes_peak;
    }
    return GAN_OK;
}

int32_t gan__fail(gan_context *context, int32_t code, const char *format, ...)
{
    if (context != NULL) {
        va_list arguments;
        va_start(arguments, format);
        gan__format(context->message, sizeof context->message, format, arguments);
        va_end(arguments);
        for (char *c = context->message; *c != '\0'; c++) {
            if ((unsigned char)*c < ' ') {
                *c = ' '; /* a name may contain anything, a message is one line */
            }
        }
    }
    return code;
}

int64_t gan__multiply(int64_t a, int64_t b)
{
    if (a != 0 && b > INT64_MAX / a) {
        return -1;
    }
    return a * b;
}

void *gan__allocate(gan_context *context, int64_t count, size_t size)
{
    const size_t extra = sizeof(block_header) + ALIGNMENT;
    const size_t most = (size_t)PTRDIFF_MAX - extra;
    if (count < 0 || (count > 0 && size > most / (size_t)count)) {
        gan__fail(context, GAN_ERROR_MEMORY, "out of memory: %lld items of %zu bytes",
                  (long long)count, size);
        return NULL;
    }
    const size_t bytes = (size_t)count * size;
    char *base = context->allocate(context->user, bytes + extra);
    if (base == NULL) {
        gan__fail(context, GAN_ERROR_MEMORY, "out of memory: %zu bytes wanted, %lld in use", bytes,
                  (long long)context->bytes_now);
        return NULL;
    }
    const uintptr_t start = (uintptr_t)base + sizeof(block_header) + ALIGNMENT - 1;
    char *memory = base + (start / ALIGNMENT * ALIGNMENT - (uintptr_t)base);
    memcpy(memory - sizeof(block_header), &(block_header){base, bytes}, sizeof(block_header));
    memset(memory, 0, bytes);
    context->bytes_now += (int64_t)bytes;
    if (context->bytes_now > context->bytes_peak) {
        context->bytes_peak = context->bytes_now;
    }
    return memory;
}

void gan__release(gan_context *context, void *memory)
{
    if (memory == NULL) {
        return;
    }
    block_header header;
    memcpy(&header, (char *)memory - sizeof header, sizeof header);
    context->bytes_now -= (int64_t)header.size;
    context->release(context->user, header.base);
}

int32_t gan__grow(gan_context *context, void **array, int64_t *capacity, int64_t needed,
                  size_t size)
{
    return gan__grow_within(context, array, capacity, needed, INT64_MAX, size);
}

int32_t gan__grow_within(gan_context *context, void **array, int64_t *capacity, int64_t needed,
                         int64_t most, size_t size)
{
    if (needed <= *capacity) {
        return GAN_OK;
    }
    int64_t larger = gan__smaller(*capacity < 16 ? 16 : *capacity + *capacity / 2, most);
    if (larger < needed) {
        larger = needed;
    }
    void *moved = gan__allocate(context, larger, size);
    if (moved == NULL) {
        return GAN_ERROR_MEMORY;
    }
    if (*array != NULL) {
        memcpy(moved, *array, (size_t)*capacity * size);
    }
    gan__release(context, *array);
    *array = moved;
    *capacity = larger;
    return GAN_OK;
}

int32_t gan__copy_name(gan_context *context, const char *what, const char *name,
                       char out[GAN__NAME_BYTES])
{
    if (name == NULL || name[0] == '\0') {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s is %s", what,
                         name == NULL ? "NULL" : "empty");
    }
    const size_t length = strlen(name);
    if (length >= GAN__NAME_BYTES) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s \"%.32s...\" has %zu bytes, at most %d",
                         what, name, length, GAN__NAME_BYTES - 1);
    }
    memcpy(out, name, length + 1);
    return GAN_OK;
}

int32_t gan__check_shape(gan_context *context, const char *what, int32_t rank, const int64_t *dims,
                         int64_t *elements)
{
    if (rank < 1 || rank > GAN_RANK_MAX) {
        return gan__fail(context, GAN_ERROR_RANGE, "%s: rank %d is not within 1 to %d", what,
                         (int)rank, GAN_RANK_MAX);
    }
    if (dims == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s: dims is NULL", what);
    }
    *elements = 1;
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] < 1) {
            return gan__fail(context, GAN_ERROR_RANGE, "%s: dimension %d is %lld, at least 1", what,
                             (int)i, (long long)dims[i]);
        }
        *elements = gan__multiply(*elements, dims[i]);
        if (*elements < 0 || *elements > INT32_MAX) {
            return gan__fail(context, GAN_ERROR_SHAPE, "%s: more than %d elements a sample", what,
                             INT32_MAX);
        }
    }
    return GAN_OK;
}
