/* A sequence of random words: the Philox words of one key and sample, one after the other. */
#ifndef GAN_BASE_WORDS_H
#define GAN_BASE_WORDS_H

#include "base/normal.h"
#include "base/philox.h"

typedef struct {
    gan__random_key key;
    uint32_t sample;
    uint32_t block; /* the next one */
    uint32_t lane;  /* the next of `four`; 4: none left */
    philox4x32_ctr_t four;
} gan__words;

static inline gan__words gan__words_start(gan__random_key key, uint32_t sample)
{
    return (gan__words){.key = key, .sample = sample, .lane = 4};
}

/* The same with block 0 at hand. */
static inline gan__words gan__words_with(gan__random_key key, uint32_t sample,
                                         philox4x32_ctr_t four)
{
    return (gan__words){.key = key, .sample = sample, .block = 1, .four = four};
}

static inline uint32_t gan__words_next(gan__words *words)
{
    if (words->lane == 4) {
        words->four = gan__philox(words->key, words->sample, words->block++);
        words->lane = 0;
    }
    return words->four.v[words->lane++];
}

/* A whole number from 0 to bound - 1, each equally likely. The high half of word * bound would
 * favour some by one part in 2^32 / bound; those words that make the difference, which leave a low
 * half below 2^32 mod bound, are passed over. Source: Lemire 2019, Fast random integer generation
 * in an interval, algorithm 5. */
static inline uint32_t gan__words_below(gan__words *words, uint32_t bound)
{
    uint64_t product = (uint64_t)gan__words_next(words) * bound;
    if ((uint32_t)product < bound) {
        const uint32_t surplus = (0u - bound) % bound; /* 2^32 mod bound */
        while ((uint32_t)product < surplus) {
            product = (uint64_t)gan__words_next(words) * bound;
        }
    }
    return (uint32_t)(product >> 32);
}

/* A number in [0, 1) of 53 random bits. */
static inline double gan__words_uniform(gan__words *words)
{
    const uint64_t high = gan__words_next(words), low = gan__words_next(words);
    return (double)((high << 32 | low) >> 11) * 0x1p-53;
}

/* Two independent draws from N(0, 1), at most 8.6 from 0. normals: [2] */
static inline void gan__words_normals(gan__words *words, double *normals)
{
    const double u = gan__words_uniform(words), v = gan__words_uniform(words);
    gan__normals(u, v, &normals[0], &normals[1]);
}

#endif
