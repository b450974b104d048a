/* Labels as samples of their own, and two data sets read in one order. */
#include "dataset_support.h"

enum { N = 23, CLASSES = 5 };

static uint8_t label_of(int64_t i)
{
    return (uint8_t)((i * 7 + i / 3) % CLASSES);
}

/* Samples of shape [1] that are their numbers, with labels. */
static gan_dataset *labelled(int64_t count)
{
    uint8_t *values = gan__allocate(ctx, count, 1), *labels = gan__allocate(ctx, count, 1);
    for (int64_t i = 0; i < count; i++) {
        values[i] = (uint8_t)i;
        labels[i] = label_of(i);
    }
    gan_dataset *out;
    ok(gan__dataset_from_own_bytes(ctx, count, 1, one, values, labels, &out));
    return out;
}

/* Checks that `set` has 1 at the label of each sample of `data`, and these labels; frees it. */
static void check_one_hot(gan_dataset *data, int64_t classes)
{
    static float rows[4096 * CLASSES];
    static uint8_t labels[4096], again[4096];
    const int64_t count = gan_dataset_count(data);
    int64_t dims[2];
    int32_t rank;
    need(gan_dataset_count(set) == count && gan_dataset_elements(set) == classes);
    ok(gan_dataset_shape(set, &rank, dims, 2));
    need(rank == 1 && dims[0] == classes);
    ok(gan_dataset_read_labels(data, 0, count, labels, count));
    ok(gan_dataset_read_labels(set, 0, count, again, count));
    need(memcmp(labels, again, (size_t)count) == 0);
    for (int32_t whole = 0; whole < 2; whole++) {
        const int64_t step = whole ? count : 1;
        memset(rows, 0xff, sizeof rows);
        for (int64_t i = 0; i < count; i += step) {
            ok(gan_dataset_read(set, i, step, rows + i * classes, step * classes));
        }
        for (int64_t i = 0; i < count * classes; i++) {
            equal(rows[i], i % classes == labels[i / classes]);
        }
    }
    gan_dataset_free(set);
    set = NULL;
}

START_TEST(labels_become_rows)
{
    gan_dataset *data = labelled(N), *scaled, *slice;
    ok(gan_dataset_one_hot(data, CLASSES, &set));
    check_one_hot(data, CLASSES);
    ok(gan_dataset_one_hot(data, 256, &set));
    need(gan_dataset_elements(set) == 256);
    gan_dataset_free(set);
    ok(gan_dataset_scale(data, 3, -7, &scaled)); /* of the samples: labels stay */
    ok(gan_dataset_one_hot(scaled, CLASSES, &set));
    check_one_hot(data, CLASSES);
    ok(gan_dataset_slice(scaled, 4, 11, &slice));
    gan_dataset_free(data);
    ok(gan_dataset_one_hot(slice, CLASSES, &set));
    gan_dataset_free(scaled); /* the view keeps what it needs */
    check_one_hot(slice, CLASSES);
    gan_dataset_free(slice);
}
END_TEST

START_TEST(long_data_is_read_in_pieces)
{
    gan_dataset *data = labelled(3000);
    ok(gan_dataset_one_hot(data, CLASSES, &set));
    check_one_hot(data, CLASSES);
    gan_dataset_free(data);
}
END_TEST

START_TEST(one_hot_views_compose)
{
    gan_dataset *data = labelled(N), *slice, *joined, *other, *half, *shown, *again;
    float row[CLASSES], wanted[CLASSES];
    uint8_t label;
    ok(gan_dataset_slice(data, 20, 3, &slice));
    ok(gan_dataset_join(slice, data, &joined));
    ok(gan_dataset_one_hot(joined, CLASSES, &set)); /* of a join */
    check_one_hot(joined, CLASSES);
    ok(gan_dataset_one_hot(data, CLASSES, &other));
    ok(gan_dataset_one_hot(slice, CLASSES, &half));
    ok(gan_dataset_join(half, other, &set)); /* a join of them */
    check_one_hot(joined, CLASSES);
    ok(gan_dataset_scale(other, 2, -1, &shown));
    ok(gan_dataset_slice(shown, 5, 2, &set));
    ok(gan_dataset_read(set, 1, 1, row, CLASSES));
    for (int32_t i = 0; i < CLASSES; i++) {
        equal(row[i], i == label_of(6) ? 1 : -1);
    }
    ok(gan_dataset_one_hot(set, CLASSES, &again)); /* it has labels itself */
    ok(gan_dataset_read(again, 1, 1, wanted, CLASSES));
    ok(gan_dataset_read_labels(again, 1, 1, &label, 1));
    need(label == label_of(6) && wanted[label] == 1);
    gan_dataset *const views[] = {again, shown, half, other, joined, slice, data};
    for (int32_t i = 0; i < 7; i++) {
        gan_dataset_free(views[i]);
    }
}
END_TEST

START_TEST(files_with_labels_become_rows)
{
    enum { SIZE = 3073, RECORDS = 4 };
    static uint8_t records[RECORDS * SIZE];
    const uint8_t digits[] = {0, 0, 8, 1, 0, 0, 0, 4, 3, 0, 4, 1};
    for (int32_t i = 0; i < RECORDS; i++) {
        records[i * SIZE] = (uint8_t)(i + 1);
    }
    gan_dataset *data;
    ok(gan_dataset_open_cifar10(ctx, write_file("cifar", records, sizeof records), &data));
    ok(gan_dataset_one_hot(data, CLASSES, &set));
    check_one_hot(data, CLASSES);
    gan_dataset_free(data);
    blob images = make_idx(2, (const uint32_t[]){4, 3}, 12);
    ok(gan_dataset_open_idx(ctx, write_file("images", images.bytes, images.size),
                            write_file("labels", digits, sizeof digits), &data));
    free(images.bytes);
    ok(gan_dataset_one_hot(data, CLASSES, &set));
    check_one_hot(data, CLASSES);
    gan_dataset_free(data);
}
END_TEST

START_TEST(bad_one_hots_are_refused)
{
    gan_dataset *data = labelled(600), *plain = numbered(3), *slice;
    need(gan_dataset_one_hot(NULL, 3, &set) == GAN_ERROR_ARGUMENT && set == NULL);
    fails(gan_dataset_one_hot(data, 3, NULL), GAN_ERROR_ARGUMENT, "out is NULL");
    create_fails(gan_dataset_one_hot(data, 0, &set), GAN_ERROR_RANGE, "0 classes");
    create_fails(gan_dataset_one_hot(data, 257, &set), GAN_ERROR_RANGE, "257 classes");
    create_fails(gan_dataset_one_hot(data, INT64_MIN, &set), GAN_ERROR_RANGE, "classes");
    create_fails(gan_dataset_one_hot(plain, 3, &set), GAN_ERROR_STATE, "no labels");
    create_fails(gan_dataset_one_hot(data, 4, &set), GAN_ERROR_RANGE,
                 "sample 2 has label 4, of 4 classes");
    ok(gan_dataset_slice(data, 300, 300, &slice)); /* numbers are those of the data set given */
    ok(gan_dataset_one_hot(slice, CLASSES, &set));
    check_one_hot(slice, CLASSES);
    gan_dataset_free(slice);
    ok(gan_dataset_slice(data, 7, 3, &slice)); /* labels 1, 3, 1 */
    create_fails(gan_dataset_one_hot(slice, 3, &set), GAN_ERROR_RANGE,
                 "sample 1 has label 3, of 3 classes");
    gan_dataset_free(slice);
    ok(gan_dataset_slice(data, 0, 2, &slice)); /* 0, 2: only its own labels count */
    ok(gan_dataset_one_hot(slice, 3, &set));
    check_one_hot(slice, 3);
    gan_dataset_free(slice);
    ok(gan_dataset_slice(data, 0, 5, &slice));
    for (int32_t i = 0; i < GAN__VIEWS_MAX; i++) {
        ok(gan_dataset_one_hot(slice, CLASSES, &set));
        gan_dataset_free(slice);
        slice = set;
    }
    create_fails(gan_dataset_one_hot(slice, CLASSES, &set), GAN_ERROR_RANGE, "65 times over");
    check_one_hot(slice, CLASSES);
    gan_dataset_free(plain);
    gan_dataset_free(data);
}
END_TEST

/* ---- Two data sets in one order ------------------------------------------------------------ */

enum { BATCH = 4 };

/* [0, 10), [10, 20), ...: sample i of the conditions belongs to number i. */
static gan_dataset *beside_of(int64_t count)
{
    float *values = malloc((size_t)(2 * count) * sizeof *values);
    for (int64_t i = 0; i < count; i++) {
        values[2 * i] = (float)(100 + i);
        values[2 * i + 1] = (float)-i;
    }
    gan_dataset *out;
    ok(gan_dataset_from_floats(ctx, count, 1, pair, values, &out));
    free(values);
    return out;
}

/* Walks through `batches` batches; each row must belong to its sample. Returns the samples seen. */
static int64_t walk(gan__cursor *cursor, const gan_dataset *other, int32_t batches)
{
    int64_t seen = 0;
    for (int32_t b = 0; b < batches; b++) {
        float x[BATCH], y[2 * BATCH];
        int64_t count;
        ok(gan__cursor_next_beside(cursor, x, other, y, &count));
        for (int64_t i = 0; i < count; i++) {
            equal(y[2 * i], 100 + x[i]);
            equal(y[2 * i + 1], -x[i]);
        }
        seen += count;
    }
    return seen;
}

START_TEST(rows_belong_to_their_samples)
{
    gan_dataset *data = numbered(N), *rows = beside_of(N);
    for (int32_t how = 0; how < 4; how++) {
        gan__cursor *cursor, *alone;
        ok(gan__cursor_create(data, BATCH, 5, how % 2, how / 2, &cursor));
        ok(gan__cursor_create(data, BATCH, 5, how % 2, how / 2, &alone));
        const int32_t batches = how / 2 ? 5 : 6; /* the sixth has 3 samples */
        need(walk(cursor, rows, 3 * batches) == 3 * (how / 2 ? 20 : N));
        need(cursor->epoch == 3 && cursor->position == 0);
        ok(gan__cursor_seek(cursor, 1, 2 * BATCH));
        walk(cursor, rows, batches);
        int64_t epoch, position, count, counts;
        gan__cursor_tell(cursor, &epoch, &position);
        need(epoch == 2 && position == 2 * BATCH);
        ok(gan__cursor_seek(alone, epoch, position)); /* the data's order is as without rows */
        float x[BATCH], y[BATCH], z[2 * BATCH];
        ok(gan__cursor_next(alone, x, &count));
        ok(gan__cursor_next_beside(cursor, y, rows, z, &counts));
        need(count == counts && same_bits(x, y, count));
        gan__cursor_free(alone);
        gan__cursor_free(cursor);
    }
    gan_dataset_free(rows);
    gan_dataset_free(data);
}
END_TEST

START_TEST(rows_of_views_belong_to_their_samples)
{
    gan_dataset *data = numbered(N), *rows = beside_of(N), *a, *b, *c, *d, *e, *f;
    ok(gan_dataset_slice(data, 3, 9, &a));
    ok(gan_dataset_slice(rows, 3, 9, &b));
    ok(gan_dataset_join(a, data, &c));
    ok(gan_dataset_join(b, rows, &d));
    gan__cursor *cursor;
    ok(gan__cursor_create(c, BATCH, 1, true, false, &cursor));
    need(walk(cursor, d, 16) == 2 * (9 + N));
    gan__cursor_free(cursor);
    /* One-hot rows of shuffled data with labels: the value of a sample is its number. */
    e = labelled(N);
    ok(gan_dataset_one_hot(e, CLASSES, &f));
    ok(gan__cursor_create(e, BATCH, 2, true, false, &cursor));
    for (int32_t i = 0; i < 20; i++) {
        float x[BATCH], y[CLASSES * BATCH];
        int64_t count;
        ok(gan__cursor_next_beside(cursor, x, f, y, &count));
        for (int64_t j = 0; j < count; j++) {
            const int64_t index = lrintf(x[j] * 255);
            equal(y[j * CLASSES + label_of(index)], 1);
        }
    }
    gan__cursor_free(cursor);
    gan_dataset *const views[] = {f, e, d, c, b, a, rows, data};
    for (int32_t i = 0; i < 8; i++) {
        gan_dataset_free(views[i]);
    }
}
END_TEST

START_TEST(rows_beside_a_distribution_come_in_sequence)
{
    gan_dataset *data, *rows = beside_of(10), *other;
    gan__cursor *cursor;
    float x[BATCH], y[2 * BATCH], first[BATCH];
    int64_t count, at = 0;
    ok(gan_dataset_gaussian(ctx, 10, 0, 1, 3, &data));
    ok(gan__cursor_create(data, BATCH, 1, true, false, &cursor));
    for (int32_t b = 0; b < 6; b++) {
        ok(gan__cursor_next_beside(cursor, x, rows, y, &count));
        for (int64_t i = 0; i < count; i++) {
            equal(y[2 * i], 100 + at);
            at = (at + 1) % 10;
        }
    }
    gan__cursor_free(cursor);
    /* The other way about: a distribution beside data has new numbers in each epoch. */
    gan_dataset *numbers = numbered(10);
    ok(gan_dataset_gaussian(ctx, 10, 0, 1, 3, &other));
    ok(gan__cursor_create(numbers, BATCH, 1, true, false, &cursor));
    for (int32_t b = 0; b < 6; b++) {
        const uint64_t epoch = (uint64_t)cursor->epoch;
        ok(gan__cursor_next_beside(cursor, x, other, y, &count));
        for (int64_t i = 0; i < count; i++) {
            ok(gan__dataset_read(other, epoch, (int64_t)x[i], 1, first));
            equal(y[i], first[0]);
        }
    }
    gan__cursor_free(cursor);
    gan_dataset_free(numbers);
    gan_dataset_free(other);
    gan_dataset_free(rows);
    gan_dataset_free(data);
}
END_TEST

START_TEST(a_cursor_stays_where_rows_fail)
{
    teller t = {.bad = 6, .answer = 9};
    gan_dataset *data = numbered(10), *rows;
    gan__cursor *cursor;
    float x[BATCH], y[2 * BATCH];
    int64_t count;
    ok(gan_dataset_from_callback(ctx, 10, 1, pair, tell, &t, &rows));
    ok(gan__cursor_create(data, BATCH, 1, false, false, &cursor));
    ok(gan__cursor_next_beside(cursor, x, rows, y, &count));
    fails(gan__cursor_next_beside(cursor, x, rows, y, &count), GAN_ERROR_STOPPED, "sample 6");
    need(cursor->position == BATCH && cursor->epoch == 0);
    t.bad = -1;
    ok(gan__cursor_next_beside(cursor, x, rows, y, &count));
    need(count == BATCH && x[0] == BATCH && y[0] == BATCH);
    gan__cursor_free(cursor);
    gan_dataset_free(rows);
    gan_dataset_free(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dataset one-hot");
    add_case(suite, "one-hot",
             (const TTest *const[]){labels_become_rows, long_data_is_read_in_pieces,
                                    one_hot_views_compose, files_with_labels_become_rows,
                                    bad_one_hots_are_refused, NULL});
    add_case(suite, "order",
             (const TTest *const[]){rows_belong_to_their_samples,
                                    rows_of_views_belong_to_their_samples,
                                    rows_beside_a_distribution_come_in_sequence,
                                    a_cursor_stays_where_rows_fail, NULL});
    return run_cases(suite);
}
