/* Types and conventions shared by every libgan header.
 *
 * Errors. A call that can fail returns int32_t: GAN_OK (0) or one of the negative codes below,
 * whose values never change. The context keeps one line that names the values at fault
 * (gan_context_message); it stays until the next call that fails on the same context, and a call
 * whose handle is NULL has no context to write to. After an error every object is as it was before
 * the call, unless the declaration says otherwise, and output parameters of create calls are NULL.
 * The library never prints, exits or aborts.
 *
 * Ownership. gan_x_create(..., gan_x **out) makes an object, gan_x_free(x) releases it; free of
 * NULL does nothing. An object keeps what it needs alive by itself, so the order of frees does
 * not matter. Arrays and strings given to a call are borrowed until it returns; arrays asked for
 * are written to the caller's buffer. Strings returned belong to the object they came from.
 *
 * Arrays. Row-major (C order), the batch first: a batch of n samples of shape [a, b] is
 * [n, a, b]. Shapes handed to the library are those of one sample.
 *
 * Threads. There is no mutable global state, but that the BLAS, where it makes the products, is
 * made single-threaded meanwhile and set back afterwards. Different contexts may be used by
 * different threads at the same time; one context, with everything made from it, by one thread at
 * a time. A thread that calls the library needs 256 kB of stack. */
#ifndef GAN_TYPES_H
#define GAN_TYPES_H

#include <stddef.h>
#include <stdint.h>

#if defined(GAN_BUILDING_LIBRARY) && (defined(__GNUC__) || defined(__clang__))
#define GAN_API __attribute__((visibility("default")))
#else
#define GAN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Status codes. gan_error_name and gan_error_text give the same to callers without a C compiler. */
enum {
    GAN_OK = 0,
    GAN_ERROR_MEMORY = -1,   /* an allocation failed */
    GAN_ERROR_ARGUMENT = -2, /* NULL, or a value that makes no sense here */
    GAN_ERROR_SHAPE = -3,    /* shapes or lengths that do not fit together */
    GAN_ERROR_RANGE = -4,    /* a number outside its range; the message gives the bounds */
    GAN_ERROR_KEY = -5,      /* no option, metric, parameter or choice of that name */
    GAN_ERROR_STATE = -6,    /* the object is not ready for this call, or no longer */
    GAN_ERROR_BUFFER = -7,   /* the caller's buffer is too small; the message says what is needed */
    GAN_ERROR_IO = -8,       /* the operating system could not read or write */
    GAN_ERROR_FORMAT = -9,   /* a file is not what it should be: corrupt, truncated, unknown */
    GAN_ERROR_NUMERIC = -10, /* a loss or gradient is not finite */
    GAN_ERROR_STOPPED = -11, /* the caller's callback asked to stop */
    GAN_ERROR_UNSUPPORTED = -12 /* meaningful, but not something this library does */
};

/* The largest number of dimensions of one sample. */
enum { GAN_RANK_MAX = 5 };

typedef struct gan_context gan_context;
typedef struct gan_network gan_network;
typedef struct gan_optimizer gan_optimizer;
typedef struct gan_dataset gan_dataset;
typedef struct gan_trainer gan_trainer;
typedef struct gan_score gan_score;
typedef struct gan_log gan_log;
typedef struct gan_checkpoints gan_checkpoints;
typedef struct gan_classifier gan_classifier;
typedef struct gan_monitor gan_monitor;

/* The name of a status code, "memory" for GAN_ERROR_MEMORY, or NULL for a number that is not a
 * status code: count down from 0 to list them all. Since 0.1. */
GAN_API const char *gan_error_name(int32_t code);

/* What a status code means, in a few words; "unknown error" for other numbers. Since 0.1. */
GAN_API const char *gan_error_text(int32_t code);

/* GAN_RANK_MAX, for callers without a C compiler. Since 0.1. */
GAN_API int32_t gan_rank_max(void);

#ifdef __cplusplus
}
#endif
#endif
