#include "data/dataset.h"

#include <math.h>

typedef struct {
    gan__source base;
    gan_sample_fn deliver;
    void *user;
} callback_source;

/* Has one sample delivered. It starts as NaN, so that an element the callback forgot is noticed. */
static int32_t read_one(const callback_source *source, int64_t index, float *sample)
{
    const int64_t elements = source->base.elements;
    for (int64_t i = 0; i < elements; i++) {
        sample[i] = NAN;
    }
    const int32_t answer = source->deliver(source->user, index, sample);
    if (answer != 0) {
        return gan__fail(source->base.context, GAN_ERROR_STOPPED,
                         "data set: the callback returned %ld for sample %lld", (long)answer,
                         (long long)index);
    }
    for (int64_t i = 0; i < elements; i++) {
        if (!isfinite(sample[i])) {
            return gan__fail(source->base.context, GAN_ERROR_NUMERIC,
                             "data set: the callback delivered %s as element %lld of sample %lld",
                             isnan(sample[i]) ? "NaN (or nothing)" : "infinity", (long long)i,
                             (long long)index);
        }
    }
    return GAN_OK;
}

static int32_t read_run(const gan__source *base, uint64_t epoch, int64_t first, int64_t count,
                        float *samples)
{
    (void)epoch;
    const callback_source *source = (const callback_source *)base;
    for (int64_t i = 0; i < count; i++) {
        GAN__TRY(read_one(source, first + i, samples + i * base->elements));
    }
    return GAN_OK;
}

int32_t gan_dataset_from_callback(gan_context *context, int64_t count, int32_t rank,
                                  const int64_t *dims, gan_sample_fn deliver, void *user,
                                  gan_dataset **out)
{
    static const gan__source_kind kind = {.read = read_run};
    GAN__TRY(gan__dataset_begin(context, out));
    if (deliver == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "data set: the callback is NULL");
    }
    gan__source *base;
    GAN__TRY(gan__source_create(context, &kind, sizeof(callback_source), count, rank, dims, &base));
    callback_source *source = (callback_source *)base;
    source->deliver = deliver;
    source->user = user;
    return gan__dataset_create(base, 1, out);
}
