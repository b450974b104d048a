/* Joined data sets: their parts, labels and seams, how many and how deep, and training on them. */
#include "dataset_views.h"

/* Samples of shape [1] with labels: sample i is (start + i) % 251 / 255, its label start + i. */
static gan_dataset *labelled(int start, int count)
{
    blob samples = make_idx(1, (uint32_t[]){(uint32_t)count}, (size_t)count);
    blob labels = make_idx(1, (uint32_t[]){(uint32_t)count}, (size_t)count);
    for (int i = 0; i < count; i++) {
        samples.bytes[8 + i] = (uint8_t)((start + i) % 251);
        labels.bytes[8 + i] = (uint8_t)(start + i);
    }
    gan_dataset *out;
    ok(gan_dataset_open_idx(ctx, write_file("s", samples.bytes, samples.size),
                            write_file("l", labels.bytes, labels.size), &out));
    free(samples.bytes);
    free(labels.bytes);
    return out;
}

/* ---- Joins --------------------------------------------------------------------------------- */

START_TEST(joins_follow_each_other)
{
    gan_dataset *a = labelled(0, 30), *b = labelled(100, 50), *c = labelled(200, 7);
    gan_dataset *ab, *abc, *bc;
    ok(gan_dataset_join(a, b, &ab));
    ok(gan_dataset_join(ab, c, &abc));
    ok(gan_dataset_join(b, c, &bc));
    ok(gan_dataset_join(a, bc, &set));
    need(gan_dataset_count(abc) == 87);
    same(abc, set);
    gan_dataset_free(a);
    gan_dataset_free(b);
    gan_dataset_free(c);
    gan_dataset_free(ab);
    gan_dataset_free(bc);
    float values[87];
    uint8_t labels[87];
    for (int start = 0; start < 87; start++) {
        for (int count = 1; count <= 87 - start; count++) {
            ok(gan_dataset_read(abc, start, count, values, 87));
            ok(gan_dataset_read_labels(abc, start, count, labels, 87));
            for (int i = 0; i < count; i++) {
                const int n = start + i, number = n < 30 ? n : n < 80 ? n + 70 : n + 120;
                need(labels[i] == number);
                need(values[i] == (float)(number % 251) / 255.0f);
            }
        }
    }
    fails(gan_dataset_read(abc, 80, 8, values, 87), GAN_ERROR_RANGE, "not within its 87");
    fails(gan_dataset_read_labels(abc, 80, 8, labels, 87), GAN_ERROR_RANGE, "not within its 87");
    gan_dataset_free(abc);
}
END_TEST

START_TEST(slices_go_over_seams)
{
    gan_dataset *a = labelled(0, 4), *b = labelled(10, 3), *c = labelled(20, 5);
    gan_dataset *all, *slice, *doubled;
    ok(gan_dataset_join(a, b, &all));
    become(all, gan_dataset_join(all, c, &made));
    const uint8_t numbers[] = {0, 1, 2, 3, 10, 11, 12, 20, 21, 22, 23, 24};
    uint8_t labels[24];
    float values[24];
    for (int start = 0; start < 12; start++) {
        for (int count = 1; count <= 12 - start; count++) {
            ok(gan_dataset_slice(all, start, count, &slice));
            ok(gan_dataset_read_labels(slice, 0, count, labels, 24));
            ck_assert_mem_eq(labels, numbers + start, (size_t)count);
            /* Slices of joins are joined by their parts. */
            ok(gan_dataset_join(slice, slice, &doubled));
            ok(gan_dataset_read_labels(doubled, 0, 2 * count, labels, 24));
            ok(gan_dataset_read(doubled, 0, 2 * count, values, 24));
            for (int i = 0; i < 2 * count; i++) {
                need(labels[i] == numbers[start + i % count]);
                need(values[i] == (float)labels[i] / 255.0f);
            }
            gan_dataset_free(slice);
            gan_dataset_free(doubled);
        }
    }
    gan_dataset_free(a);
    gan_dataset_free(b);
    gan_dataset_free(c);
    gan_dataset_free(all);
}
END_TEST

START_TEST(labels_are_there_if_both_have_them)
{
    gan_dataset *with = labelled(0, 4), *without = numbered(4), *slice;
    uint8_t labels[8];
    gan_dataset *const pairs[][2] = {{with, without}, {without, with}, {without, without}};
    for (int i = 0; i < 3; i++) {
        ok(gan_dataset_join(pairs[i][0], pairs[i][1], &set));
        fails(gan_dataset_read_labels(set, 0, 1, labels, 8), GAN_ERROR_STATE, "no labels");
        gan_dataset_free(set);
    }
    /* A slice of what has none has none, nor has what it becomes a part of. */
    ok(gan_dataset_join(with, without, &set));
    ok(gan_dataset_slice(set, 0, 4, &slice));
    become(set, gan_dataset_join(slice, with, &made));
    fails(gan_dataset_read_labels(set, 0, 1, labels, 8), GAN_ERROR_STATE, "no labels");
    become(set, gan_dataset_normalize_contrast(set, 1, 0, &made));
    fails(gan_dataset_read_labels(set, 0, 1, labels, 8), GAN_ERROR_STATE, "no labels");
    gan_dataset_free(slice);
    gan_dataset_free(with);
    gan_dataset_free(without);
}
END_TEST

START_TEST(scales_of_joins_are_those_of_their_parts)
{
    gan_dataset *a = images_as_bytes(4, 1), *b = images_as_floats(3, 2, 0, 1), *c, *d, *joined;
    ok(gan_dataset_join(a, b, &joined));
    become(joined, gan_dataset_scale(joined, 2, -1, &made));
    become(joined, gan_dataset_scale_channels(joined, 3, scales, shifts, &made));
    become(joined, gan_dataset_join(joined, a, &made)); /* a scaled join stays as it is */
    become(joined, gan_dataset_scale(joined, 0.1, 3, &made));
    gan_dataset *const parts[] = {a, b};
    gan_dataset *scaled[2];
    for (int i = 0; i < 2; i++) {
        ok(gan_dataset_scale(parts[i], 2, -1, &scaled[i]));
        become(scaled[i], gan_dataset_scale_channels(scaled[i], 3, scales, shifts, &made));
        become(scaled[i], gan_dataset_scale(scaled[i], 0.1, 3, &made));
    }
    ok(gan_dataset_join(scaled[0], scaled[1], &c));
    ok(gan_dataset_scale(a, 0.1, 3, &d));
    become(c, gan_dataset_join(c, d, &made));
    float *x = read_all(c), *y = read_all(joined);
    for (int i = 0; i < 11 * PIXELS; i++) {
        need(float_ulps(x[i], (double)y[i]) <= 1); /* the doubles may differ in their last place */
    }
    /* One scale after a join of bytes rounds as one before it. */
    become(d, gan_dataset_scale(a, 2, -1, &made));
    become(c, gan_dataset_join(a, a, &made));
    become(c, gan_dataset_scale(c, 2, -1, &made));
    become(d, gan_dataset_join(d, d, &made));
    same(c, d);
    free(x);
    free(y);
    gan_dataset_free(a);
    gan_dataset_free(b);
    gan_dataset_free(c);
    gan_dataset_free(d);
    gan_dataset_free(joined);
    gan_dataset_free(scaled[0]);
    gan_dataset_free(scaled[1]);
}
END_TEST

START_TEST(joins_check_their_arguments)
{
    gan_dataset *a = numbered(3), *b = images_as_bytes(2, 0), *c;
    create_fails(gan_dataset_join(NULL, a, &set), GAN_ERROR_ARGUMENT, "first is NULL");
    create_fails(gan_dataset_join(a, NULL, &set), GAN_ERROR_ARGUMENT, "second is NULL");
    create_fails(gan_dataset_join(NULL, NULL, &set), GAN_ERROR_ARGUMENT, "");
    fails(gan_dataset_join(a, a, NULL), GAN_ERROR_ARGUMENT, "out is NULL");
    create_fails(gan_dataset_join(a, b, &set), GAN_ERROR_SHAPE,
                 "samples of 1 dimensions joined with ones of 3");
    const uint8_t bytes[PIXELS] = {0};
    ok(gan_dataset_from_bytes(ctx, 1, 3, (int64_t[]){3, 4, 2}, bytes, &c));
    create_fails(gan_dataset_join(b, c, &set), GAN_ERROR_SHAPE,
                 "dimension 1 is 2 in the first, 4 in the second");
    gan_dataset_free(c);
    heap other = {0};
    gan_context *context;
    ok(gan_context_create_with_allocator(heap_allocate, heap_release, &other, &context));
    ok(gan_dataset_from_floats(context, 1, 1, one, (float[]){1}, &c));
    create_fails(gan_dataset_join(a, c, &set), GAN_ERROR_ARGUMENT, "second is of another context");
    gan_dataset_free(c);
    gan_context_free(context);
    need(other.live == 0);
    gan_dataset_free(a);
    gan_dataset_free(b);

    static teller t = {.bad = -1};
    const int64_t most = INT64_C(1) << 62;
    ok(gan_dataset_from_callback(ctx, most, 1, one, tell, &t, &a));
    ok(gan_dataset_from_callback(ctx, most + 1, 1, one, tell, &t, &b));
    create_fails(gan_dataset_join(a, a, &set), GAN_ERROR_RANGE, "are more than 2^62");
    create_fails(gan_dataset_join(b, a, &set), GAN_ERROR_RANGE, "4611686018427387905 samples");
    gan_dataset_free(b);
    ok(gan_dataset_slice(a, 0, most / 2, &b));
    ok(gan_dataset_join(b, b, &set));
    need(gan_dataset_count(set) == most);
    gan_dataset_free(set);
    set = NULL;
    gan_dataset_free(a);
    gan_dataset_free(b);
    ok(gan_dataset_from_callback(ctx, most / 2, 1, pair, tell, &t, &a));
    create_fails(gan_dataset_join(a, a, &set), GAN_ERROR_SHAPE, "4611686018427387904 samples of 2");
    set = NULL;
    gan_dataset_free(a);
}
END_TEST

/* ---- Many ---------------------------------------------------------------------------------- */

START_TEST(chains_of_joins_are_flat)
{
    enum { N = 2000 };
    gan_dataset *single = numbered(1);
    set = numbered(1);
    for (int i = 1; i < N; i++) { /* both ways round */
        gan_dataset *next;
        ok(gan_dataset_scale(single, 1, i, &next));
        become(set, i % 2 == 0 ? gan_dataset_join(next, set, &made)
                               : gan_dataset_join(set, next, &made));
        gan_dataset_free(next);
    }
    ck_assert_int_eq(set->window.source->depth, 1);
    float *values = read_all(set);
    for (int i = 0; i < N; i++) {
        const int middle = N / 2 - 1;
        need(values[i] == (float)(i <= middle ? 2 * (middle - i) : 2 * (i - middle) - 1));
    }
    free(values);
    gan_dataset_free(single);
}
END_TEST

START_TEST(parts_are_bounded)
{
    set = numbered(3);
    for (int i = 0; i < 12; i++) {
        become(set, gan_dataset_join(set, set, &made));
    }
    need(gan_dataset_count(set) == 3 << 12);
    float value;
    for (int64_t i = 0; i < 3 << 12; i += 97) {
        ok(gan_dataset_read(set, i, 1, &value, 1));
        need(value == (float)(i % 3));
    }
    gan_dataset *const full = set, *single = numbered(1);
    create_fails(gan_dataset_join(full, single, &set), GAN_ERROR_RANGE,
                 "a join of 4097 parts, at most 4096");
    gan_dataset_free(single);
}
END_TEST

START_TEST(depth_is_bounded)
{
    set = numbered(3);
    gan_dataset *single = numbered(1), *deeper = NULL;
    for (int i = 0; i < GAN__VIEWS_MAX; i++) { /* scaled, a join cannot be taken apart */
        if (i % 2 == 0) {
            become(set, gan_dataset_join(single, set, &made));
        } else {
            become(set, gan_dataset_normalize_contrast(set, 1, 0, &made));
        }
        become(set, gan_dataset_scale(set, 1, 1, &made));
    }
    float *values = read_all(set);
    need(values[0] == 1); /* of one element: 0 after normalisation, then 1 more */
    free(values);
    gan_dataset *const deep = set;
    create_fails(gan_dataset_normalize_contrast(deep, 1, 0, &set), GAN_ERROR_RANGE,
                 "joined and normalised 65 times over, at most 64");
    create_fails(gan_dataset_join(deep, single, &set), GAN_ERROR_RANGE, "65 times over");
    create_fails(gan_dataset_join(single, deep, &set), GAN_ERROR_RANGE, "65 times over");
    ok(gan_dataset_scale(deep, 2, 0, &deeper)); /* windows are no matter */
    gan_dataset_free(deeper);
    gan_dataset_free(single);
}
END_TEST

/* ---- Training ------------------------------------------------------------------------------ */

START_TEST(cursors_shuffle_joins)
{
    enum { A = 40, B = 25, N = A + B };
    gan_dataset *a = numbered(A), *b = numbered(B);
    become(b, gan_dataset_scale(b, 1, A, &made));
    ok(gan_dataset_join(a, b, &set));
    gan__cursor *cursor;
    ok(gan__cursor_create(set, 8, 3, true, false, &cursor));
    gan_dataset_free(set);
    set = NULL;
    gan_dataset_free(a);
    gan_dataset_free(b);
    for (int epoch = 0; epoch < 3; epoch++) {
        bool seen[N] = {false};
        int ascents = 0;
        float batch[8], last = -1;
        while (cursor->epoch == epoch) {
            int64_t count;
            ok(gan__cursor_next(cursor, batch, &count));
            for (int64_t i = 0; i < count; i++) {
                const int number = (int)batch[i];
                need(number >= 0 && number < N && !seen[number]);
                seen[number] = true;
                ascents += batch[i] == last + 1;
                last = batch[i];
            }
        }
        for (int i = 0; i < N; i++) {
            need(seen[i]);
        }
        ck_assert_int_lt(ascents, N / 4);
    }
    gan__cursor_free(cursor);
}
END_TEST

/* Reads one epoch of at most 64 samples of one element. */
static void read_epoch(gan_dataset *dataset, bool shuffle, int epoch, float *out)
{
    gan__cursor *cursor;
    ok(gan__cursor_create(dataset, 64, 9, shuffle, false, &cursor));
    ok(gan__cursor_seek(cursor, epoch, 0));
    int64_t count;
    ok(gan__cursor_next(cursor, out, &count));
    need(count == gan_dataset_count(dataset));
    gan__cursor_free(cursor);
}

START_TEST(draws_are_new_in_each_epoch)
{
    enum { N = 20 };
    gan_dataset *a, *b, *slice, *scaled;
    float first[64], again[64], later[64], plain[64];
    ok(gan_dataset_gaussian(ctx, N, 0, 1, 7, &a));
    ok(gan_dataset_gaussian(ctx, N, 100, 1, 8, &b));
    /* One source viewed draws what it draws itself: no order is better than another. */
    ok(gan_dataset_scale_channels(a, 1, (double[]){2}, (double[]){1}, &scaled));
    for (int epoch = 0; epoch < 3; epoch++) {
        read_epoch(a, true, epoch, plain);
        read_epoch(scaled, true, epoch, later);
        for (int i = 0; i < N; i++) {
            near(later[i], 2 * (double)plain[i] + 1, 1e-6);
        }
    }
    gan_dataset_free(scaled);
    /* A join has them in the places of its parts, and is shuffled. */
    ok(gan_dataset_slice(b, 5, 10, &slice));
    ok(gan_dataset_join(a, slice, &set));
    for (int epoch = 0; epoch < 3; epoch++) {
        read_epoch(set, false, epoch, first);
        read_epoch(a, false, epoch, plain);
        need(same_bits(first, plain, N));
        read_epoch(slice, false, epoch, plain);
        need(same_bits(first + N, plain, 10));
        read_epoch(set, false, epoch, again);
        need(same_bits(first, again, N + 10));
        read_epoch(set, false, epoch + 1, later);
        for (int i = 0; i < N + 10; i++) {
            need(first[i] != later[i]);
        }
        read_epoch(set, true, epoch, later);
        double sum = 0, shuffled = 0;
        int of_b = 0; /* at the places of a */
        for (int i = 0; i < N + 10; i++) {
            sum += (double)first[i];
            shuffled += (double)later[i];
            of_b += i < N && later[i] > 50;
        }
        near(shuffled, sum, 1e-6);
        need(of_b > 0);
    }
    gan_dataset_free(a);
    gan_dataset_free(b);
    gan_dataset_free(slice);
    /* Contrast normalisation of draws: one each epoch, each of norm 1. */
    ok(gan_dataset_ring(ctx, N, 8, 1, 0.1, 3, &a));
    become(a, gan_dataset_normalize_contrast(a, 1, 0, &made));
    gan__cursor *cursor;
    ok(gan__cursor_create(a, N, 1, true, false, &cursor));
    need(cursor->order == NULL);
    for (int epoch = 0; epoch < 3; epoch++) {
        int64_t count;
        ok(gan__cursor_next(cursor, first, &count));
        need(count == N);
        for (int i = 0; i < N; i++) {
            near(hypot((double)first[2 * i], (double)first[2 * i + 1]), 1, 1e-6);
        }
        need(epoch == 0 || !same_bits(first, again, 2 * N));
        memcpy(again, first, sizeof again);
    }
    gan__cursor_free(cursor);
    gan_dataset_free(a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dataset joins");
    add_case(suite, "joins",
             (const TTest *[]){
                 joins_follow_each_other, slices_go_over_seams, labels_are_there_if_both_have_them,
                 scales_of_joins_are_those_of_their_parts, joins_check_their_arguments, NULL});
    add_case(
        suite, "many",
        (const TTest *[]){chains_of_joins_are_flat, parts_are_bounded, depth_is_bounded, NULL});
    add_case(suite, "training",
             (const TTest *[]){cursors_shuffle_joins, draws_are_new_in_each_epoch, NULL});
    return run_cases(suite);
}
