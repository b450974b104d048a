/* Data sets while memory runs out. */
#include "dataset_support.h"

static int32_t make_floats(gan_context *c, gan_dataset **out)
{
    return gan_dataset_from_floats(c, 1, 2, two_by_three, (float[6]){0}, out);
}

static int32_t make_bytes(gan_context *c, gan_dataset **out)
{
    return gan_dataset_from_bytes(c, 1, 2, two_by_three, (uint8_t[6]){0}, out);
}

static int32_t make_callback(gan_context *c, gan_dataset **out)
{
    static teller t = {.bad = -1};
    return gan_dataset_from_callback(c, 6, 1, pair, tell, &t, out);
}

static int32_t make_gaussian(gan_context *c, gan_dataset **out)
{
    return gan_dataset_gaussian(c, 6, 0, 1, 0, out);
}

static int32_t make_ring(gan_context *c, gan_dataset **out)
{
    return gan_dataset_ring(c, 6, 8, 1, 1, 0, out);
}

static int32_t make_grid(gan_context *c, gan_dataset **out)
{
    return gan_dataset_grid(c, 6, 5, 1, 1, 0, out);
}

static int32_t open_raw(gan_context *c, gan_dataset **out)
{
    return gan_dataset_open_idx(c, at("raw"), at("labels"), out);
}

static int32_t open_packed(gan_context *c, gan_dataset **out)
{
    return gan_dataset_open_idx(c, at("packed"), at("packed labels"), out);
}

static int32_t make_windows(gan_context *c, gan_dataset **out)
{
    gan_dataset *data = NULL, *slice = NULL;
    *out = NULL;
    int32_t status = make_bytes(c, &data);
    if (status == GAN_OK) {
        status = gan_dataset_slice(data, 0, 1, &slice);
    }
    if (status == GAN_OK) {
        status = gan_dataset_scale(slice, 2, 1, out);
    }
    gan_dataset_free(data);
    gan_dataset_free(slice);
    return status;
}

static int32_t open_cifar(gan_context *c, gan_dataset **out)
{
    return gan_dataset_open_cifar10(c, at("cifar"), out);
}

static int32_t open_packed_cifar(gan_context *c, gan_dataset **out)
{
    return gan_dataset_open_cifar10(c, at("packed cifar"), out);
}

static int32_t open_bytes(gan_context *c, gan_dataset **out)
{
    return gan_dataset_open_raw(c, at("raw"), 1, one, out);
}

static int32_t open_packed_bytes(gan_context *c, gan_dataset **out)
{
    return gan_dataset_open_raw(c, at("packed"), 1, one, out);
}

/* Every view, of each other; what has been made so far is freed whatever happens. */
static int32_t make_views(gan_context *c, gan_dataset **out)
{
    enum { VIEWS = 6 };
    gan_dataset *d[VIEWS] = {NULL};
    static const double numbers[] = {1, 2};
    int32_t status = make_bytes(c, &d[0]);
    status = status == GAN_OK ? gan_dataset_join(d[0], d[0], &d[1]) : status;
    status =
        status == GAN_OK ? gan_dataset_scale_channels(d[1], 2, numbers, numbers, &d[2]) : status;
    status = status == GAN_OK ? gan_dataset_normalize_contrast(d[2], 1, 0, &d[3]) : status;
    status = status == GAN_OK ? gan_dataset_join(d[3], d[1], &d[4]) : status;
    status = status == GAN_OK ? gan_dataset_slice(d[4], 1, 2, &d[5]) : status;
    *out = (gan_dataset *)c;
    status = status == GAN_OK ? gan_dataset_join(d[4], d[5], out) : status;
    if (status != GAN_OK) {
        *out = NULL;
    }
    for (int i = 0; i < VIEWS; i++) {
        gan_dataset_free(d[i]);
    }
    return status;
}

/* Reads from a data set all that can be read; this needs no memory. */
static void read_all(gan_context *c, gan_dataset *dataset, const heap *used)
{
    enum { ROOM = 3 * 3072 };
    float samples[ROOM];
    uint8_t labels[64];
    const int64_t calls = used->calls, count = gan_dataset_count(dataset);
    ck_assert_int_eq(gan_dataset_read(dataset, 0, count, samples, ROOM), GAN_OK);
    const int32_t status = gan_dataset_read_labels(dataset, 0, count, labels, 64);
    ck_assert(status == GAN_OK || status == GAN_ERROR_STATE);
    ck_assert_int_eq(used->calls, calls);
    gan__cursor *cursor;
    const int32_t made = gan__cursor_create(dataset, 2, 0, true, false, &cursor);
    if (made != GAN_OK) {
        ck_assert_int_eq(made, GAN_ERROR_MEMORY);
        ck_assert_ptr_null(cursor);
        ck_assert_ptr_nonnull(strstr(gan_context_message(c), "out of memory"));
        return;
    }
    const int64_t before = used->calls;
    int64_t got;
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(gan__cursor_next(cursor, samples, &got), GAN_OK);
    }
    ck_assert_int_eq(used->calls, before);
    gan__cursor_free(cursor);
}

/* Makes and uses a data set again and again while the first, second, ... allocation fails. */
static void starve(int32_t (*make)(gan_context *, gan_dataset **), int least)
{
    int64_t failures = 0;
    for (int64_t n = 1;; n++) {
        heap used = {.fail_at = n};
        gan_context *c;
        if (gan_context_create_with_allocator(heap_allocate, heap_release, &used, &c) != GAN_OK) {
            continue;
        }
        gan_dataset *made = (gan_dataset *)&used;
        const int32_t status = make(c, &made);
        if (status == GAN_OK) {
            read_all(c, made, &used);
        } else {
            ck_assert_int_eq(status, GAN_ERROR_MEMORY);
            ck_assert_ptr_null(made);
            ck_assert_ptr_nonnull(strstr(gan_context_message(c), "out of memory"));
            failures++;
        }
        gan_context_free(c); /* the data set keeps what it needs */
        gan_dataset_free(made);
        ck_assert_int_eq(used.live, 0);
        if (used.calls < n) {
            break; /* none failed any more */
        }
    }
    ck_assert_int_ge(failures, least);
}

START_TEST(memory_may_run_out_anywhere)
{
    blob raw = make_idx(2, (uint32_t[]){5, 3}, 15), labels = make_idx(1, (uint32_t[]){5}, 5);
    blob packed = make_gzip(raw), packed_labels = make_gzip(labels);
    write_file("raw", raw.bytes, raw.size);
    write_file("labels", labels.bytes, labels.size);
    write_file("packed", packed.bytes, packed.size);
    write_file("packed labels", packed_labels.bytes, packed_labels.size);
    blob cifar = {calloc(3, 3073), 3 * 3073}, packed_cifar = make_gzip(cifar);
    write_file("cifar", cifar.bytes, cifar.size);
    write_file("packed cifar", packed_cifar.bytes, packed_cifar.size);
    starve(make_floats, 3);
    starve(make_bytes, 3);
    starve(make_callback, 2);
    starve(make_gaussian, 2);
    starve(make_ring, 2);
    starve(make_grid, 2);
    starve(make_windows, 5);
    starve(open_raw, 6);
    starve(open_packed, 8);
    starve(open_cifar, 5);
    starve(open_packed_cifar, 7);
    starve(open_bytes, 4);
    starve(open_packed_bytes, 5);
    starve(make_views, 17);
    free(cifar.bytes);
    free(packed_cifar.bytes);
    free(raw.bytes);
    free(labels.bytes);
    free(packed.bytes);
    free(packed_labels.bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dataset oom");
    add_case(suite, "starvation", (const TTest *[]){memory_may_run_out_anywhere, NULL});
    return run_cases(suite);
}
