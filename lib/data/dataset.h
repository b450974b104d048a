/* Data sets inside the library: sources, the windows on them, and the order of an epoch.
 *
 * A source holds the samples: arrays, the bytes of a file, a distribution, a callback. A data set
 * is a window on a source: a range of its samples and the numbers they are scaled by. Slices and
 * scaled views share the source, which is counted. */
#ifndef GAN_DATA_DATASET_H
#define GAN_DATA_DATASET_H

#include "base/context.h"

#include <gan/dataset.h>

#include <stdbool.h>

typedef struct gan__source gan__source;

/* What the sources of one kind do. */
typedef struct {
    /* Writes samples first to first + count - 1 as they are stored, before any scaling.
     *   samples  [count, source->elements], finite when GAN_OK is returned */
    int32_t (*read)(const gan__source *source, uint64_t first, int64_t count, float *samples);
    /* Samples are independent draws, defined beyond source->count too: no order is better than
     * another, and each epoch can have new ones. */
    bool endless;
} gan__source_kind;

/* The start of every source; kinds with more to keep put this first in a larger struct. */
struct gan__source {
    const gan__source_kind *kind;
    gan_context *context; /* kept alive by the data sets */
    int64_t references;   /* data sets that use it */
    int64_t count, elements;
    int32_t rank;
    int64_t dims[GAN_RANK_MAX];
    void *values;    /* [count, elements] of the kind's type, owned; or NULL */
    uint8_t *labels; /* [count], owned; or NULL */
};

struct gan_dataset {
    gan_context *context; /* retained */
    int64_t references;   /* the user's one and one for each trainer or cursor */
    gan__source *source;  /* counted */
    int64_t start, count; /* the range of the source's samples */
    double scale, shift;  /* delivered: scale * stored + shift, rounded to float once */
};

/* ---- Making data sets ---------------------------------------------------------------------- */

/* Every call that makes a data set begins with this: *out becomes NULL.
 * Errors: ARGUMENT (context or out is NULL). */
int32_t gan__dataset_begin(gan_context *context, gan_dataset **out);

/* Checks count and shape and makes a source of `size` zeroed bytes with no reference yet.
 *   size  at least sizeof(gan__source)
 *   out   receives the source; gan__dataset_create takes it over
 * Errors: ARGUMENT (dims is NULL), RANGE, SHAPE, MEMORY. */
int32_t gan__source_create(gan_context *context, const gan__source_kind *kind, size_t size,
                           int64_t count, int32_t rank, const int64_t *dims, gan__source **out);

/* Makes a data set of the whole source, delivered as scale * stored. Takes the source over: frees
 * it on failure. Errors: MEMORY. */
int32_t gan__dataset_create(gan__source *source, double scale, gan_dataset **out);

/* Makes a data set of bytes, delivered as value / 255.
 *   values  [count, dims...] from gan__allocate; taken over on success only
 *   labels  [count] likewise, or NULL
 * Errors: those of gan__source_create. */
int32_t gan__dataset_from_own_bytes(gan_context *context, int64_t count, int32_t rank,
                                    const int64_t *dims, uint8_t *values, uint8_t *labels,
                                    gan_dataset **out);

/* ---- Using data sets ----------------------------------------------------------------------- */

/* Counts one more user of the data set, who gives it back with gan_dataset_free; returns it. */
gan_dataset *gan__dataset_retain(gan_dataset *dataset);

/* Writes samples start to start + count - 1, a range within the data set, as delivered in one
 * epoch: a distribution draws new samples in each, other data sets do not depend on the epoch.
 * gan_dataset_read is epoch 0.
 *   samples  [count, elements], finite when GAN_OK is returned
 * Errors: NUMERIC, STOPPED. */
int32_t gan__dataset_read(const gan_dataset *dataset, uint64_t epoch, int64_t start, int64_t count,
                          float *samples);

/* ---- Batches ------------------------------------------------------------------------------- */

/* Walks through a data set in batches, epoch after epoch. What it delivers is a function of the
 * settings, `epoch` and `position` only, so these two are all there is to save. */
typedef struct {
    gan_dataset *dataset; /* retained */
    uint64_t seed;
    bool shuffle, drop_last;
    int64_t batch_size;
    int64_t epoch;    /* full passes made so far; rises as the last batch of a pass is delivered */
    int64_t position; /* samples of this pass delivered so far: a multiple of batch_size */
    uint32_t *order;  /* [dataset->count], or NULL where samples come in sequence */
    int64_t order_epoch; /* the epoch `order` is for, or -1 */
} gan__cursor;

/* Makes a cursor at epoch 0, position 0, and all the memory it will need.
 *   batch_size  at least 1; a smaller data set is one short batch an epoch
 *   shuffle     a new permutation each epoch, a function of (seed, epoch). Independent draws come
 *               in sequence all the same
 *   drop_last   leaves out the short batch at the end of an epoch
 *   out         receives the cursor; freed by gan__cursor_free
 * Errors: RANGE (batch_size), UNSUPPORTED (2^32 samples or more to shuffle), MEMORY. */
int32_t gan__cursor_create(gan_dataset *dataset, int64_t batch_size, uint64_t seed, bool shuffle,
                           bool drop_last, gan__cursor **out);

/* Releases the cursor. NULL does nothing. */
void gan__cursor_free(gan__cursor *cursor);

/* How many batches make an epoch; 0 if drop_last and the data set is smaller than a batch: then
 * the cursor has nothing to deliver. */
int64_t gan__cursor_batches_per_epoch(const gan__cursor *cursor);

/* Delivers the next batch. An epoch has ended if cursor->epoch is one more than before.
 *   batch  [min(batch_size, dataset->count), elements] receives [*count, elements]
 *   count  receives the number of samples, batch_size but for a short last batch
 * Errors: STATE (0 batches an epoch), NUMERIC, STOPPED; the cursor is then where it was. */
int32_t gan__cursor_next(gan__cursor *cursor, float *batch, int64_t *count);

/* The place of the next batch, and going (back) to a place that tell gave, also in another cursor
 * of the same data and settings. Errors of seek: RANGE (not such a place). */
void gan__cursor_tell(const gan__cursor *cursor, int64_t *epoch, int64_t *position);
int32_t gan__cursor_seek(gan__cursor *cursor, int64_t epoch, int64_t position);

#endif
