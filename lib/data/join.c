/* Joins: the samples of several windows, one after another. Joining joins, or slices of them, takes
 * over their parts, so that a long chain of joins is as flat as a single one. */
#include "data/dataset.h"

#include <string.h>

/* More parts than this are refused: each new join copies the list. */
enum { PARTS_MAX = 4096 };

typedef struct {
    gan__window window;
    int64_t end; /* the number of samples up to the end of this part */
} join_part;

typedef struct {
    gan__source base;
    int64_t part_count;
    join_part *parts; /* [part_count] */
} join_source;

static const gan__source_kind kind;

/* ---- Reading ------------------------------------------------------------------------------- */

/* The part that has sample `index`. */
static int64_t find_part(const join_source *source, int64_t index)
{
    int64_t low = 0, high = source->part_count - 1;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (source->parts[middle].end > index) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* A range within one part. */
typedef struct {
    const gan__window *window;
    int64_t start, count; /* in the window */
} piece;

/* The piece of samples first to first + count - 1 that lies in one part. */
static piece cut(const join_part *part, int64_t first, int64_t count)
{
    const int64_t left = part->end - first;
    return (piece){.window = &part->window,
                   .start = part->window.count - left,
                   .count = count < left ? count : left};
}

static int32_t deliver(const gan__source *base, uint64_t epoch, int64_t first, int64_t count,
                       const gan__scaling *scaling, float *samples)
{
    const join_source *source = (const join_source *)base;
    for (const join_part *part = source->parts + find_part(source, first); count > 0; part++) {
        const piece p = cut(part, first, count);
        GAN__TRY(gan__window_read(p.window, epoch, p.start, p.count, scaling, samples));
        samples += p.count * base->elements;
        first += p.count;
        count -= p.count;
    }
    return GAN_OK;
}

static void read_labels(const gan__source *base, int64_t first, int64_t count, uint8_t *labels)
{
    const join_source *source = (const join_source *)base;
    for (const join_part *part = source->parts + find_part(source, first); count > 0; part++) {
        const piece p = cut(part, first, count);
        gan__window_labels(p.window, p.start, p.count, labels);
        labels += p.count;
        first += p.count;
        count -= p.count;
    }
}

static void release(gan__source *base)
{
    join_source *source = (join_source *)base;
    for (int64_t i = 0; i < source->part_count; i++) {
        gan__window_release(&source->parts[i].window);
    }
    gan__release(base->context, source->parts);
}

static const gan__source_kind kind = {
    .deliver = deliver, .read_labels = read_labels, .release = release};

/* ---- Making one ---------------------------------------------------------------------------- */

/* The parts of a join that a window on it shows, or the window as the only one. */
typedef struct {
    const gan__window *window;
    const join_source *join; /* NULL: the window is the part */
    int64_t first, count;    /* parts */
} operand;

static operand make_operand(const gan__window *window)
{
    const bool scaled = window->channels != NULL || window->scale != 1 || window->shift != 0;
    if (window->source->kind != &kind || scaled) {
        return (operand){.window = window, .count = 1};
    }
    const join_source *join = (const join_source *)window->source;
    const int64_t first = find_part(join, window->start);
    const int64_t last = find_part(join, window->start + window->count - 1);
    return (operand){window, join, first, last - first + 1};
}

/* How deep the sources of its parts go. */
static int32_t operand_depth(const operand *o)
{
    if (o->join == NULL) {
        return o->window->source->depth;
    }
    int32_t depth = 0;
    for (int64_t i = 0; i < o->count; i++) {
        const int32_t own = o->join->parts[o->first + i].window.source->depth;
        depth = own > depth ? own : depth;
    }
    return depth;
}

/* Adds the parts of an operand to a new join, which has room for them. */
static void add_parts(join_source *source, const operand *o)
{
    int64_t first = o->window->start, left = o->window->count;
    for (int64_t i = 0; i < o->count; i++) {
        gan__window window = *o->window;
        if (o->join != NULL) {
            const join_part *part = &o->join->parts[o->first + i];
            const piece p = cut(part, first, left);
            window = part->window;
            window.start += p.start;
            window.count = p.count;
        }
        first += window.count;
        left -= window.count;
        const int64_t n = source->part_count++;
        source->parts[n].window = gan__window_retain(&window);
        source->parts[n].end = (n > 0 ? source->parts[n - 1].end : 0) + window.count;
    }
}

static int32_t check_pair(const gan_dataset *first, const gan_dataset *second)
{
    gan_context *context = first->context;
    if (second->context != context) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "data set: second is of another context");
    }
    const gan__source *a = first->window.source, *b = second->window.source;
    if (a->rank != b->rank) {
        return gan__fail(context, GAN_ERROR_SHAPE,
                         "data set: samples of %d dimensions joined with ones of %d", (int)a->rank,
                         (int)b->rank);
    }
    for (int32_t i = 0; i < a->rank; i++) {
        if (a->dims[i] != b->dims[i]) {
            return gan__fail(context, GAN_ERROR_SHAPE,
                             "data set: dimension %d is %lld in the first, %lld in the second",
                             (int)i, (long long)a->dims[i], (long long)b->dims[i]);
        }
    }
    const int64_t most = INT64_C(1) << 62;
    if (first->window.count > most || second->window.count > most - first->window.count) {
        return gan__fail(context, GAN_ERROR_RANGE,
                         "data set: %lld samples joined with %lld are more than 2^62",
                         (long long)first->window.count, (long long)second->window.count);
    }
    return GAN_OK;
}

static int32_t join_create(const operand *first, const operand *second, gan_dataset **out)
{
    const gan__source *a = first->window->source, *b = second->window->source;
    const int64_t parts = first->count + second->count;
    if (parts > PARTS_MAX) {
        return gan__fail(a->context, GAN_ERROR_RANGE, "data set: a join of %lld parts, at most %d",
                         (long long)parts, PARTS_MAX);
    }
    const int32_t deep = operand_depth(first), deep_too = operand_depth(second);
    gan__source *base;
    GAN__TRY(gan__view_create(a, &kind, sizeof(join_source),
                              first->window->count + second->window->count,
                              deep > deep_too ? deep : deep_too, &base));
    join_source *source = (join_source *)base;
    source->parts = gan__allocate(base->context, parts, sizeof *source->parts);
    if (source->parts == NULL) {
        gan__release(base->context, base);
        return GAN_ERROR_MEMORY;
    }
    base->labelled = a->labelled && b->labelled;
    add_parts(source, first);
    add_parts(source, second);
    return gan__dataset_create(base, 1, out);
}

int32_t gan_dataset_join(gan_dataset *first, gan_dataset *second, gan_dataset **out)
{
    const gan_dataset *any = first != NULL ? first : second;
    GAN__TRY(gan__dataset_begin(any != NULL ? any->context : NULL, out));
    if (first == NULL || second == NULL) {
        return gan__fail(any->context, GAN_ERROR_ARGUMENT, "data set: %s is NULL",
                         first == NULL ? "first" : "second");
    }
    GAN__TRY(check_pair(first, second));
    const operand a = make_operand(&first->window), b = make_operand(&second->window);
    return join_create(&a, &b, out);
}
