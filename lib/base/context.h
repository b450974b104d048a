/* The context and the services every floor uses: memory and errors. */
#ifndef GAN_BASE_CONTEXT_H
#define GAN_BASE_CONTEXT_H

#include <gan/context.h>

#include <float.h>
#include <stdarg.h>
#include <stdbool.h>

enum { GAN__MESSAGE_BYTES = 512, GAN__NAME_BYTES = 64, GAN__THREADS_MAX = 256 };

struct gan__pool;

struct gan_context {
    gan_allocate_fn allocate;
    gan_release_fn release;
    void *user;
    int64_t bytes_now, bytes_peak;
    int64_t references; /* the user's one and one for each object */
    int64_t networks;   /* made so far: each has its number */
    int32_t threads;
    bool wants_blas;        /* for matrix products, whatever the processor */
    struct gan__pool *pool; /* NULL until the first parallel piece of work */
    char message[GAN__MESSAGE_BYTES];
};

/* Counts one more user of the context; returns it. */
gan_context *gan__context_retain(gan_context *context);

/* Counts one less; the last one frees the context and its threads. NULL does nothing. */
void gan__context_release(gan_context *context);

/* Returns zeroed memory for `count` items of `size` bytes, aligned to 64 bytes, or NULL with the
 * error message set. count 0 gives a valid pointer. */
void *gan__allocate(gan_context *context, int64_t count, size_t size);

/* Releases memory from gan__allocate. NULL does nothing. */
void gan__release(gan_context *context, void *memory);

/* Makes `*array` hold at least `needed` items of `size` bytes; new items are zero. On failure
 * everything stays as it was. Returns GAN_OK or GAN_ERROR_MEMORY. */
int32_t gan__grow(gan_context *context, void **array, int64_t *capacity, int64_t needed,
                  size_t size);

/* The same, but the room made beforehand ends at `most` items, at least `needed`. */
int32_t gan__grow_within(gan_context *context, void **array, int64_t *capacity, int64_t needed,
                         int64_t most, size_t size);

/* As vsnprintf, for %s, %g, %c and whole numbers, but with a decimal point in every locale:
 * messages are the same wherever they are read. */
void gan__format(char *out, size_t room, const char *format, va_list list);

/* The number that stands in `text` with a decimal point, in every locale, rounded to the nearest.
 *   text  [size], as JSON has it: digits, a point, an exponent
 * Returns whether a double can hold it and it is no longer than about 40 characters. */
bool gan__parse_number(const char *text, size_t size, double *value);

enum { GAN__NUMBER_TEXT = 32 };

/* The shortest decimal number that is read back as the same double, with a point in every locale;
 * nan, inf or -inf if it is not finite. */
void gan__number_text(double value, char text[GAN__NUMBER_TEXT]);

/* Writes the context's message and returns `code`, so that callers can `return gan__fail(...)`.
 * A NULL context only returns the code. */
#if defined(__GNUC__) || defined(__clang__)
__attribute__((format(printf, 3, 4)))
#endif
int32_t
gan__fail(gan_context *context, int32_t code, const char *format, ...);

/* a * b for a, b >= 0, or -1 if that does not fit. */
int64_t gan__multiply(int64_t a, int64_t b);

static inline int64_t gan__smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t gan__larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Copies a name of 1 to GAN__NAME_BYTES - 1 bytes. `what` names it in the error message.
 * Errors: ARGUMENT (NULL, empty, too long). */
int32_t gan__copy_name(gan_context *context, const char *what, const char *name,
                       char out[GAN__NAME_BYTES]);

/* Checks the shape of one sample and multiplies it out.
 * Errors: ARGUMENT (NULL), RANGE (rank, a dimension below 1), SHAPE (too many elements). */
int32_t gan__check_shape(gan_context *context, const char *what, int32_t rank, const int64_t *dims,
                         int64_t *elements);

/* Whether a number is finite as a float. */
static inline bool gan__is_float(double x)
{
    return x >= -(double)FLT_MAX && x <= (double)FLT_MAX;
}

/* Return early with the status of a call that failed. */
#define GAN__TRY(call)                      \
    do {                                    \
        const int32_t gan__status = (call); \
        if (gan__status != GAN_OK) {        \
            return gan__status;             \
        }                                   \
    } while (0)

#endif
