#include "eval/kept.h"

#include "base/words.h"

#include <string.h>

int32_t gan__kept_reserve(gan_context *context, gan__kept *kept, int64_t n, int64_t limit)
{
    const int64_t needed = n < limit - kept->count ? kept->count + n : limit;
    return gan__grow_within(context, (void **)&kept->values, &kept->capacity, needed, limit,
                            (size_t)kept->elements * sizeof *kept->values);
}

/* The place of vector `index`, of which there are more than `limit`: beyond the limit for none. */
static int64_t draw_place(int64_t index, uint64_t seed, uint32_t stream)
{
    const gan__random_key key = {.seed = seed, .step = (uint64_t)index >> 32, .stream = stream};
    gan__words words = gan__words_start(key, (uint32_t)index);
    return (int64_t)(gan__words_uniform(&words) * (double)(index + 1));
}

void gan__kept_add(gan__kept *kept, int64_t n, const float *x, int64_t limit, uint64_t seed,
                   uint32_t stream)
{
    const int64_t elements = kept->elements;
    for (int64_t i = 0; i < n; i++, kept->seen++) {
        const int64_t place =
            kept->count < limit ? kept->count : draw_place(kept->seen, seed, stream);
        if (place < limit) {
            memcpy(kept->values + place * elements, x + i * elements, (size_t)elements * sizeof *x);
            kept->count += place == kept->count;
        }
    }
}
