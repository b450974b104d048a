#include "eval/check.h"

int32_t gan__eval_pointer(gan_context *context, const char *owner, const char *what,
                          const void *pointer)
{
    if (pointer == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s: %s is NULL", owner, what);
    }
    return GAN_OK;
}

int32_t gan__eval_count(gan_context *context, const char *owner, const char *what, int64_t count)
{
    if (count < 1) {
        return gan__fail(context, GAN_ERROR_RANGE, "%s: %s is %lld, at least 1", owner, what,
                         (long long)count);
    }
    return GAN_OK;
}
