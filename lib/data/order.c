#include "base/words.h"
#include "data/dataset.h"

int32_t gan__cursor_create(gan_dataset *dataset, int64_t batch_size, uint64_t seed, bool shuffle,
                           bool drop_last, gan__cursor **out)
{
    *out = NULL;
    gan_context *context = dataset->context;
    if (batch_size < 1) {
        return gan__fail(context, GAN_ERROR_RANGE, "batch size is %lld, at least 1",
                         (long long)batch_size);
    }
    const bool permuted = shuffle && !dataset->window.source->endless;
    if (permuted && dataset->window.count > (int64_t)UINT32_MAX) {
        return gan__fail(context, GAN_ERROR_UNSUPPORTED,
                         "data set: %lld samples cannot be shuffled, at most %lld",
                         (long long)dataset->window.count, (long long)UINT32_MAX);
    }
    gan__cursor *cursor = gan__allocate(context, 1, sizeof *cursor);
    if (cursor == NULL) {
        return GAN_ERROR_MEMORY;
    }
    if (permuted) {
        cursor->order = gan__allocate(context, dataset->window.count, sizeof *cursor->order);
        if (cursor->order == NULL) {
            gan__release(context, cursor);
            return GAN_ERROR_MEMORY;
        }
    }
    cursor->dataset = gan__dataset_retain(dataset);
    cursor->seed = seed;
    cursor->shuffle = shuffle;
    cursor->drop_last = drop_last;
    cursor->batch_size = batch_size;
    cursor->order_epoch = -1;
    *out = cursor;
    return GAN_OK;
}

void gan__cursor_free(gan__cursor *cursor)
{
    if (cursor == NULL) {
        return;
    }
    gan_dataset *dataset = cursor->dataset;
    gan__release(dataset->context, cursor->order);
    gan__release(dataset->context, cursor);
    gan_dataset_free(dataset);
}

/* How many samples an epoch delivers. */
static int64_t epoch_length(const gan__cursor *cursor)
{
    const int64_t count = cursor->dataset->window.count;
    return cursor->drop_last ? count - count % cursor->batch_size : count;
}

int64_t gan__cursor_batches_per_epoch(const gan__cursor *cursor)
{
    const int64_t length = epoch_length(cursor);
    return length / cursor->batch_size + (length % cursor->batch_size != 0);
}

/* Draws the permutation of the epoch, each equally likely, unless it is there already. Source:
 * Fisher and Yates; Durstenfeld 1964. */
static void shuffle(gan__cursor *cursor)
{
    if (cursor->order_epoch == cursor->epoch) {
        return;
    }
    const uint32_t count = (uint32_t)cursor->dataset->window.count;
    uint32_t *order = cursor->order;
    for (uint32_t i = 0; i < count; i++) {
        order[i] = i;
    }
    const gan__random_key key = {
        .seed = cursor->seed, .step = (uint64_t)cursor->epoch, .stream = GAN__STREAM_SHUFFLE};
    gan__words words = gan__words_start(key, 0);
    for (uint32_t i = count - 1; i > 0; i--) {
        const uint32_t j = gan__words_below(&words, i + 1);
        const uint32_t moved = order[i];
        order[i] = order[j];
        order[j] = moved;
    }
    cursor->order_epoch = cursor->epoch;
}

/* Reads samples of the cursor's data set, or of another, in its order. batch: [count, elements] */
static int32_t read_batch(gan__cursor *cursor, const gan_dataset *dataset, int64_t count,
                          float *batch)
{
    const uint64_t epoch = (uint64_t)cursor->epoch;
    if (cursor->order == NULL) {
        return gan__dataset_read(dataset, epoch, cursor->position, count, batch);
    }
    shuffle(cursor);
    const uint32_t *order = cursor->order + cursor->position;
    for (int64_t i = 0; i < count; i++) {
        GAN__TRY(gan__dataset_read(dataset, epoch, order[i], 1,
                                   batch + i * dataset->window.source->elements));
    }
    return GAN_OK;
}

int32_t gan__cursor_next(gan__cursor *cursor, float *batch, int64_t *count)
{
    return gan__cursor_next_beside(cursor, batch, NULL, NULL, count);
}

int32_t gan__cursor_next_beside(gan__cursor *cursor, float *batch, const gan_dataset *other,
                                float *beside, int64_t *count)
{
    const int64_t left = epoch_length(cursor) - cursor->position;
    if (left == 0) {
        return gan__fail(cursor->dataset->context, GAN_ERROR_STATE,
                         "data set: its %lld samples do not fill a batch of %lld, and short "
                         "batches are dropped",
                         (long long)cursor->dataset->window.count, (long long)cursor->batch_size);
    }
    const int64_t delivered = left < cursor->batch_size ? left : cursor->batch_size;
    GAN__TRY(read_batch(cursor, cursor->dataset, delivered, batch));
    if (other != NULL) {
        GAN__TRY(read_batch(cursor, other, delivered, beside));
    }
    cursor->position += delivered;
    if (delivered == left) {
        cursor->epoch++;
        cursor->position = 0;
    }
    *count = delivered;
    return GAN_OK;
}

void gan__cursor_tell(const gan__cursor *cursor, int64_t *epoch, int64_t *position)
{
    *epoch = cursor->epoch;
    *position = cursor->position;
}

int32_t gan__cursor_seek(gan__cursor *cursor, int64_t epoch, int64_t position)
{
    const bool begins = position == 0; /* even where there is nothing to deliver */
    const bool within =
        position > 0 && position < epoch_length(cursor) && position % cursor->batch_size == 0;
    if (epoch < 0 || epoch == INT64_MAX || (!begins && !within)) {
        return gan__fail(cursor->dataset->context, GAN_ERROR_RANGE,
                         "data set: epoch %lld, position %lld is not the start of a batch of %lld "
                         "in %lld samples",
                         (long long)epoch, (long long)position, (long long)cursor->batch_size,
                         (long long)cursor->dataset->window.count);
    }
    cursor->epoch = epoch;
    cursor->position = position;
    return GAN_OK;
}
