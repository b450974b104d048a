/* The labels of a data set as samples: 1 at the label, 0 elsewhere. */
#include "data/dataset.h"

#include <string.h>

enum { CLASSES_MAX = 256, CHUNK = 256 }; /* labels read at a time */

typedef struct {
    gan__source base;
    gan__window part; /* whose labels they are */
} one_hot_source;

static int32_t read(const gan__source *base, uint64_t epoch, int64_t first, int64_t count,
                    float *samples)
{
    (void)epoch; /* labels are those of stored samples */
    const gan__window *part = &((const one_hot_source *)base)->part;
    uint8_t labels[CHUNK];
    memset(samples, 0, (size_t)(count * base->elements) * sizeof *samples);
    for (int64_t done = 0; done < count; done += CHUNK) {
        const int64_t now = count - done < CHUNK ? count - done : CHUNK;
        gan__window_labels(part, first + done, now, labels);
        for (int64_t i = 0; i < now; i++) {
            samples[(done + i) * base->elements + labels[i]] = 1;
        }
    }
    return GAN_OK;
}

static void read_labels(const gan__source *base, int64_t first, int64_t count, uint8_t *labels)
{
    gan__window_labels(&((const one_hot_source *)base)->part, first, count, labels);
}

static void release(gan__source *base)
{
    gan__window_release(&((one_hot_source *)base)->part);
}

static int32_t check_labels(const gan__window *window, int64_t classes)
{
    uint8_t labels[CHUNK];
    for (int64_t done = 0; done < window->count; done += CHUNK) {
        const int64_t left = window->count - done, now = left < CHUNK ? left : CHUNK;
        gan__window_labels(window, done, now, labels);
        for (int64_t i = 0; i < now; i++) {
            if (labels[i] >= classes) {
                return gan__fail(window->source->context, GAN_ERROR_RANGE,
                                 "data set: sample %lld has label %d, of %lld classes",
                                 (long long)(done + i), (int)labels[i], (long long)classes);
            }
        }
    }
    return GAN_OK;
}

int32_t gan_dataset_one_hot(gan_dataset *dataset, int64_t classes, gan_dataset **out)
{
    static const gan__source_kind kind = {
        .read = read, .read_labels = read_labels, .release = release};
    GAN__TRY(gan__dataset_begin(dataset != NULL ? dataset->context : NULL, out));
    const gan__window *window = &dataset->window;
    if (classes < 1 || classes > CLASSES_MAX) {
        return gan__fail(dataset->context, GAN_ERROR_RANGE,
                         "data set: %lld classes, not within 1 to %d", (long long)classes,
                         CLASSES_MAX);
    }
    if (!window->source->labelled) {
        return gan__fail(dataset->context, GAN_ERROR_STATE, "data set: it has no labels");
    }
    GAN__TRY(check_labels(window, classes));
    gan__source model = *window->source; /* of another shape */
    model.rank = 1;
    model.dims[0] = classes;
    gan__source *base;
    GAN__TRY(gan__view_create(&model, &kind, sizeof(one_hot_source), window->count,
                              window->source->depth, &base));
    base->endless = window->source->endless;
    base->labelled = true;
    ((one_hot_source *)base)->part = gan__window_retain(window);
    return gan__dataset_create(base, 1, out);
}
