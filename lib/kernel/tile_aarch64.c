/* 64-bit Arm: 32 vectors, of which 16 are sums. */
#ifdef __aarch64__
#include <arm_neon.h>
#define TILE gan__tile_aarch64
#define TILE_LEVEL "aarch64"
#define TILE_TARGET
#define TILE_BYTES 16
#define TILE_ROWS 8
#ifdef GAN_REAL_DOUBLE
#define TILE_ADD(s, x, v) vfmaq_n_f64((float64x2_t)(s), (float64x2_t)(v), x)
/* vfma_n_f64 of gcc is two operations. */
#define TILE_ADD_HALF(s, x, v) vfma_f64((float64x1_t)(s), (float64x1_t)(v), vdup_n_f64(x))
#else
#define TILE_ADD(s, x, v) vfmaq_n_f32((float32x4_t)(s), (float32x4_t)(v), x)
#define TILE_ADD_HALF(s, x, v) vfma_n_f32((float32x2_t)(s), (float32x2_t)(v), x)
#endif
#include "kernel/tile.inc"
#else
typedef int gan__tile_aarch64_is_for_others; /* a file may not be empty */
#endif
