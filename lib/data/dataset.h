/* Data sets inside the library: sources, the windows on them, and the order of an epoch.
 *
 * A source holds the samples: arrays, the bytes of a file, a distribution, a callback; or it makes
 * them of the samples of other sources, as a join does. A window is a range of a source's samples
 * and the numbers they are scaled by; a data set is one window. Slices and scaled views share the
 * source, which is counted. Nothing but sources below is held by a source, so there are no
 * circles. */
#ifndef GAN_DATA_DATASET_H
#define GAN_DATA_DATASET_H

#include "base/context.h"

#include <gan/dataset.h>

#include <stdbool.h>

typedef struct gan__source gan__source;
typedef struct gan__scaling gan__scaling;

/* The scale and the shift of each channel, the first dimension of a sample. Never changed. */
typedef struct {
    int64_t references;
    double *scales, *shifts; /* [channels], in the same block as this */
} gan__channels;

/* A range of a source's samples, delivered as scale * (scale of the channel * stored + shift of the
 * channel) + shift. */
typedef struct {
    gan__source *source; /* counted */
    int64_t start, count;
    gan__channels *channels; /* counted; NULL: 1 and 0 everywhere */
    double scale, shift;
} gan__window;

/* The windows that a sample still has to pass, from the inside out. Joins pass them on to their
 * parts, so that what is stored is scaled by all of them at once and rounded once. */
struct gan__scaling {
    const gan__window *window;
    const gan__scaling *outer; /* NULL: that was the last */
};

/* What the sources of one kind do. Of `read` and `deliver` each has one. */
typedef struct {
    /* Writes samples first to first + count - 1, a range within the source, as they are stored,
     * before any scaling. `epoch` matters to distributions only.
     *   samples  [count, source->elements], finite when GAN_OK is returned */
    int32_t (*read)(const gan__source *source, uint64_t epoch, int64_t first, int64_t count,
                    float *samples);
    /* The same for sources made of others, scaled by `scaling`. */
    int32_t (*deliver)(const gan__source *source, uint64_t epoch, int64_t first, int64_t count,
                       const gan__scaling *scaling, float *samples);
    /* Copies labels of a source that has them; NULL: from source->labels. labels: [count] */
    void (*read_labels)(const gan__source *source, int64_t first, int64_t count, uint8_t *labels);
    /* Releases what this kind has more than gan__source; may be NULL. */
    void (*release)(gan__source *source);
} gan__source_kind;

/* Sources of sources are read by recursion. So deep it may go. */
enum { GAN__VIEWS_MAX = 64 };

/* The start of every source; kinds with more to keep put this first in a larger struct. */
struct gan__source {
    const gan__source_kind *kind;
    gan_context *context; /* kept alive by the data sets */
    int64_t references;   /* windows on it */
    int64_t count, elements;
    int32_t rank;
    int32_t depth; /* 0, or one more than that of the deepest source it is made of */
    int64_t dims[GAN_RANK_MAX];
    /* Samples are independent draws from one distribution: no order is better than another, and
     * each epoch has new ones. */
    bool endless;
    bool labelled;
    void *values;    /* [count, elements] of the kind's type, owned; or NULL */
    uint8_t *labels; /* [count], owned; or NULL */
};

struct gan_dataset {
    gan_context *context; /* retained */
    int64_t references;   /* the user's one and one for each trainer or cursor */
    gan__window window;
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

/* The same for a source made of others, of the shape of `model`.
 *   depth  of the deepest source it is made of
 * Errors: RANGE (count; too deep), SHAPE, MEMORY. */
int32_t gan__view_create(const gan__source *model, const gan__source_kind *kind, size_t size,
                         int64_t count, int32_t depth, gan__source **out);

/* Makes a data set of the whole source, delivered as scale * stored. Takes the source over: frees
 * it on failure. Errors: MEMORY. */
int32_t gan__dataset_create(gan__source *source, double scale, gan_dataset **out);

/* Makes a data set of a window, whose source and channels get one more user. Errors: MEMORY. */
int32_t gan__dataset_from_window(const gan__window *window, gan_dataset **out);

/* Makes a data set of bytes, delivered as value / 255.
 *   values  [count, dims...] from gan__allocate; taken over on success only
 *   labels  [count] likewise, or NULL
 * Errors: those of gan__source_create. */
int32_t gan__dataset_from_own_bytes(gan_context *context, int64_t count, int32_t rank,
                                    const int64_t *dims, uint8_t *values, uint8_t *labels,
                                    gan_dataset **out);

/* Checks one real number. Errors: ARGUMENT (NaN), RANGE. */
int32_t gan__dataset_number(gan_context *context, const char *what, double value, double low,
                            double high);

/* ---- Windows ------------------------------------------------------------------------------- */

/* Counts one more user of a window's source and channels; returns the window. */
gan__window gan__window_retain(const gan__window *window);

/* Counts one less; the last one frees the source. Either may be NULL. */
void gan__window_release(gan__window *window);

/* Writes samples start to start + count - 1, a range within the window, scaled by it and then by
 * those of `outer`, which may be NULL.
 *   samples  [count, elements], finite when GAN_OK is returned
 * Errors: NUMERIC, STOPPED. */
int32_t gan__window_read(const gan__window *window, uint64_t epoch, int64_t start, int64_t count,
                         const gan__scaling *outer, float *samples);

/* Copies labels start to start + count - 1 of a window whose source has them. labels: [count] */
void gan__window_labels(const gan__window *window, int64_t start, int64_t count, uint8_t *labels);

/* Scales samples in place: factor * (sample - centre), then what `scaling` asks for, in double and
 * rounded once.
 *   source   gives their shape
 *   first    the number of the first of them, for the message
 *   samples  [count, elements], finite
 * Errors: NUMERIC (a result is no finite float). */
int32_t gan__scaling_apply(const gan__scaling *scaling, const gan__source *source, double centre,
                           double factor, int64_t first, int64_t count, float *samples);

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
    uint32_t *order;  /* [count of the data set], or NULL where samples come in sequence */
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

/* The same with samples of another data set of as many, those of the same numbers, read in the same
 * epoch. beside: [min(batch_size, dataset->count), elements of other] */
int32_t gan__cursor_next_beside(gan__cursor *cursor, float *batch, const gan_dataset *other,
                                float *beside, int64_t *count);

/* The place of the next batch, and going (back) to a place that tell gave, also in another cursor
 * of the same data and settings. Errors of seek: RANGE (not such a place). */
void gan__cursor_tell(const gan__cursor *cursor, int64_t *epoch, int64_t *position);
int32_t gan__cursor_seek(gan__cursor *cursor, int64_t epoch, int64_t position);

#endif
