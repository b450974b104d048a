/* A tile of any size in plain code: what is common to all tiles is tested for sizes whose processors
 * are not there. Compiled with TILE, TILE_LEVEL, TILE_BYTES and TILE_ROWS. */
#include <math.h>

#define TILE_TARGET
#ifdef GAN_REAL_DOUBLE
#define FUSED fma
#else
#define FUSED fmaf
#endif
#define TILE_ADD(s, x, v)                                                         \
    __extension__({                                                               \
        __typeof__(s) sum_ = (s);                                                 \
        for (int lane_ = 0; lane_ < (int)(sizeof sum_ / sizeof(real)); lane_++) { \
            sum_[lane_] = FUSED(x, (v)[lane_], sum_[lane_]);                      \
        }                                                                         \
        sum_;                                                                     \
    })
#define TILE_ADD_HALF TILE_ADD
#include "kernel/tile.inc"
