/* Counter-based random bits: Philox4x32-10 (Salmon et al. 2011), from Random123.
 *
 * Every random number of the library is a pure function of (seed, stream, step, sample, element),
 * so noise, dropout and shuffles do not depend on threads, on how samples are cut into batches, or
 * on restarts. The counter is {element / 4, sample, step low, stream << 16 | step high 16 bits},
 * the key is the seed; element % 4 picks the lane. */
#ifndef GAN_BASE_PHILOX_H
#define GAN_BASE_PHILOX_H

#include <Random123/philox.h>
#include <stdint.h>

/* Streams keep the uses of one seed apart. Dropout masks count up from GAN__STREAM_DROPOUT. */
enum {
    GAN__STREAM_INITIALIZE,
    GAN__STREAM_SHUFFLE,
    GAN__STREAM_DATA,
    GAN__STREAM_NOISE_D,
    GAN__STREAM_NOISE_G,
    GAN__STREAM_SAMPLE,
    GAN__STREAM_SPARSE,
    GAN__STREAM_INTERPOLATE,     /* the points of a penalty between real and generated samples */
    GAN__STREAM_PERTURB,         /* those around real samples */
    GAN__STREAM_DIFFERENCE_REAL, /* the steps of finite differences */
    GAN__STREAM_DIFFERENCE_FAKE,
    GAN__STREAM_DIRECTION,   /* where power iteration starts */
    GAN__STREAM_MONITOR,     /* the real samples that a monitor looks at */
    GAN__STREAM_BINS,        /* where k-means starts */
    GAN__STREAM_SCORE = 768, /* and up: scores, see eval/score.h */
    GAN__STREAM_DROPOUT = 1024
};

typedef struct {
    uint64_t seed, step;
    uint32_t stream;
} gan__random_key;

/* What Philox makes these words of. */
static inline philox4x32_ctr_t gan__philox_counter(gan__random_key key, uint32_t sample,
                                                   uint32_t block)
{
    return (philox4x32_ctr_t){{block, sample, (uint32_t)key.step,
                               key.stream << 16 | ((uint32_t)(key.step >> 32) & 0xffff)}};
}

/* Four random words for elements 4 * block to 4 * block + 3 of a sample. */
static inline philox4x32_ctr_t gan__philox(gan__random_key key, uint32_t sample, uint32_t block)
{
    const philox4x32_key_t seed = {{(uint32_t)key.seed, (uint32_t)(key.seed >> 32)}};
    return philox4x32(gan__philox_counter(key, sample, block), seed);
}

/* Many blocks side by side. */
enum { GAN__PHILOX_LANES = 4, GAN__PHILOX_BLOCKS = 32 };

typedef struct {
    uint32_t v[GAN__PHILOX_LANES][GAN__PHILOX_BLOCKS];
} gan__philox_words;

static inline void gan__philox_set(gan__philox_words *words, int64_t i, philox4x32_ctr_t counter)
{
    for (int32_t lane = 0; lane < GAN__PHILOX_LANES; lane++) {
        words->v[lane][i] = counter.v[lane];
    }
}

/* Turns the counters of many blocks into their random words, as gan__philox does for each. */
void gan__philox_many(uint64_t seed, gan__philox_words *words);

#endif
