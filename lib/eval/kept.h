/* The vectors that a score keeps: the first ones up to a limit, then a random subset of all.
 * Source: Vitter 1985, algorithm R, each draw being a function of seed and index. */
#ifndef GAN_EVAL_KEPT_H
#define GAN_EVAL_KEPT_H

#include "base/context.h"
#include "base/philox.h"

typedef struct {
    int64_t elements;
    int64_t seen, count; /* vectors added, and those of them that are kept */
    float *values;       /* [count, elements] */
    int64_t capacity;    /* vectors that there is room for */
} gan__kept;

/* Makes room for n more. Errors: MEMORY (nothing is changed). */
int32_t gan__kept_reserve(gan_context *context, gan__kept *kept, int64_t n, int64_t limit);

/* Takes n vectors, for which there is room. x: [n, elements] */
void gan__kept_add(gan__kept *kept, int64_t n, const float *x, int64_t limit, uint64_t seed,
                   uint32_t stream);

#endif
