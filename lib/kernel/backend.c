/* What the kernels of this process are. */
#include "base/simd.h"
#include "kernel/blas.h"
#include "kernel/tiled.h"

#include <gan/context.h>
#include <gan/version.h>

#include <string.h>

/* The compiler's dispatcher asks the same question to choose among the clones. */
static const char *simd(void)
{
#ifdef GAN__SIMD_CLONES
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) {
        return "x86-64-v4";
    }
    if (__builtin_cpu_supports("x86-64-v3")) {
        return "x86-64-v3";
    }
#endif
#ifdef __aarch64__
    return "aarch64";
#else
    return "baseline";
#endif
}

static const char *products(void)
{
    const gan__tile *tile = gan__tile_at(0);
    return tile != NULL ? tile->level : GAN_PRODUCTS_BLAS;
}

static const char *precision(void)
{
    return sizeof(real) == sizeof(float) ? "float32" : "float64";
}

static const struct {
    const char *name;
    const char *(*text)(void);
} keys[] = {
    {GAN_BACKEND_SIMD, simd},
    {GAN_BACKEND_PRODUCTS, products},
    {GAN_BACKEND_BLAS, gan__blas_name},
    {GAN_BACKEND_BLAS_VERSION, gan__blas_version},
    {GAN_BACKEND_BLAS_CORE, gan__blas_core},
    {GAN_BACKEND_BLAS_THREADS, gan__blas_threads},
    {GAN_BACKEND_BLAS_FILE, gan__blas_file},
    {GAN_BACKEND_PRECISION, precision},
};

enum { KEYS = sizeof keys / sizeof keys[0] };

const char *gan_backend_text(const char *key)
{
    for (int32_t i = 0; key != NULL && i < KEYS; i++) {
        if (strcmp(keys[i].name, key) == 0) {
            return keys[i].text();
        }
    }
    return NULL;
}

const char *gan_backend_name(int32_t index)
{
    return index >= 0 && index < KEYS ? keys[index].name : NULL;
}
