/* Batches: the order of an epoch, and going back in it. */
#include "dataset_support.h"

#include "base/words.h"

/* Reads a whole epoch of numbered samples, checking the length of each batch.
 *   order  [count] receives the numbers; returns how many came */
static int64_t read_epoch(gan__cursor *cursor, int64_t *order)
{
    float *batch = calloc((size_t)cursor->batch_size, sizeof *batch);
    const int64_t epoch = cursor->epoch, batches = gan__cursor_batches_per_epoch(cursor);
    int64_t total = 0;
    for (int64_t b = 0; b < batches; b++) {
        int64_t count = 0, left = gan_dataset_count(cursor->dataset) - total;
        need(cursor->epoch == epoch && cursor->position == total);
        ok(gan__cursor_next(cursor, batch, &count));
        need(count == (left < cursor->batch_size ? left : cursor->batch_size));
        for (int64_t i = 0; i < count; i++) {
            order[total++] = (int64_t)batch[i];
        }
    }
    need(cursor->epoch == epoch + 1); /* the end was told with the last batch */
    need(cursor->position == 0);
    free(batch);
    return total;
}

static gan__cursor *cursor_on(gan_dataset *dataset, int64_t batch_size, uint64_t seed, bool shuffle,
                              bool drop_last)
{
    gan__cursor *cursor;
    ok(gan__cursor_create(dataset, batch_size, seed, shuffle, drop_last, &cursor));
    return cursor;
}

START_TEST(an_epoch_is_a_permutation)
{
    enum { N = 97, EPOCHS = 5 };
    const int64_t sizes[] = {1, 10, 96, 97, 98, 1 << 20};
    int64_t orders[EPOCHS][N], again[N];
    set = numbered(N);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        gan__cursor *cursor = cursor_on(set, sizes[s], 42, true, false);
        for (int e = 0; e < EPOCHS; e++) {
            bool seen[N] = {false};
            int64_t *order = s == 0 ? orders[e] : again;
            ck_assert_int_eq(read_epoch(cursor, order), N);
            for (int i = 0; i < N; i++) {
                need(!seen[order[i]]);
                seen[order[i]] = true;
            }
            /* The same whatever the batch size, another in each epoch. */
            ck_assert_mem_eq(order, orders[e], sizeof again);
            ck_assert(e == 0 || memcmp(order, orders[e - 1], sizeof again) != 0);
        }
        gan__cursor_free(cursor);
    }
    gan__cursor *other = cursor_on(set, 10, 43, true, false);
    read_epoch(other, again);
    ck_assert(memcmp(again, orders[0], sizeof again) != 0);
    gan__cursor_free(other);
    gan__cursor *sequence = cursor_on(set, 10, 42, false, false);
    for (int e = 0; e < 2; e++) {
        read_epoch(sequence, again);
        for (int i = 0; i < N; i++) {
            need(again[i] == i);
        }
    }
    gan__cursor_free(sequence);
}
END_TEST

START_TEST(permutations_are_pinned)
{
    const int64_t epochs[] = {0, 3, (INT64_C(1) << 33) + 1};
    const int64_t expected[3][12] = {{11, 0, 8, 5, 3, 6, 2, 1, 10, 4, 7, 9},
                                     {2, 0, 4, 8, 9, 11, 10, 7, 5, 3, 6, 1},
                                     {1, 10, 5, 11, 3, 4, 2, 8, 7, 9, 6, 0}};
    int64_t order[12];
    set = numbered(12);
    gan__cursor *cursor = cursor_on(set, 5, 12345678901, true, false);
    for (int e = 0; e < 3; e++) {
        ok(gan__cursor_seek(cursor, epochs[e], 0));
        read_epoch(cursor, order);
        ck_assert_mem_eq(order, expected[e], sizeof order);
    }
    gan__cursor_free(cursor);
}
END_TEST

START_TEST(short_batches_can_be_dropped)
{
    int64_t order[97];
    set = numbered(97);
    gan__cursor *cursor = cursor_on(set, 10, 0, true, true);
    ck_assert_int_eq(gan__cursor_batches_per_epoch(cursor), 9);
    ck_assert_int_eq(read_epoch(cursor, order), 90);
    ck_assert_int_eq(read_epoch(cursor, order), 90);
    gan__cursor_free(cursor);
    cursor = cursor_on(set, 97, 0, true, true);
    ck_assert_int_eq(gan__cursor_batches_per_epoch(cursor), 1);
    ck_assert_int_eq(read_epoch(cursor, order), 97);
    gan__cursor_free(cursor);
    cursor = cursor_on(set, 98, 0, true, true);
    ck_assert_int_eq(gan__cursor_batches_per_epoch(cursor), 0);
    float batch[98];
    int64_t count = -1;
    fails(gan__cursor_next(cursor, batch, &count), GAN_ERROR_STATE, "97 samples do not fill");
    ck_assert_int_eq(count, -1);
    gan__cursor_free(cursor);
    cursor = cursor_on(set, 98, 0, true, false);
    ck_assert_int_eq(gan__cursor_batches_per_epoch(cursor), 1);
    gan__cursor_free(cursor);
    cursor = cursor_on(set, 32, 0, true, false);
    ck_assert_int_eq(gan__cursor_batches_per_epoch(cursor), 4);
    gan__cursor_free(cursor);
}
END_TEST

START_TEST(all_permutations_are_as_likely)
{
    enum { N = 5, PERMUTATIONS = 120, EPOCHS = 12000 };
    int counts[3125] = {0};
    set = numbered(N);
    gan__cursor *cursor = cursor_on(set, N, 7, true, false);
    for (int e = 0; e < EPOCHS; e++) {
        int64_t order[N], code = 0;
        read_epoch(cursor, order);
        for (int i = 0; i < N; i++) {
            code = code * N + order[i];
        }
        counts[code]++;
    }
    gan__cursor_free(cursor);
    double chi2 = 0;
    int kinds = 0;
    for (int i = 0; i < 3125; i++) {
        const double off = counts[i] - (double)EPOCHS / PERMUTATIONS;
        chi2 += counts[i] > 0 ? off * off / ((double)EPOCHS / PERMUTATIONS) : 0;
        kinds += counts[i] > 0;
    }
    ck_assert_int_eq(kinds, PERMUTATIONS);
    ck_assert_double_lt(fabs(chi2 - 119), 5 * sqrt(2 * 119)); /* too even is wrong, too */
}
END_TEST

START_TEST(bounded_words_are_unbiased)
{
    enum { N = 30000 };
    gan__words words = gan__words_start((gan__random_key){.seed = 1}, 0);
    int counts[3] = {0};
    for (int i = 0; i < N; i++) {
        const uint32_t word = gan__words_below(&words, 0xc0000000u);
        need(word < 0xc0000000u);
        counts[word % 3]++; /* without rejection one of them comes twice as often */
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_double_lt(fabs(counts[i] - N / 3.0), 5 * sqrt(N * 2.0 / 9));
    }
    ck_assert_uint_gt(words.block, N / 4 * 5 / 4); /* a quarter of the words is passed over */
    ck_assert_uint_eq(gan__words_below(&words, 1), 0);
}
END_TEST

START_TEST(cursors_go_where_they_were)
{
    enum { N = 23, BATCH = 5, STEPS = 17 };
    float all[STEPS][BATCH], again[BATCH];
    int64_t counts[STEPS], epochs[STEPS], positions[STEPS], count;
    set = numbered(N);
    gan__cursor *cursor = cursor_on(set, BATCH, 9, true, false);
    for (int s = 0; s < STEPS; s++) {
        gan__cursor_tell(cursor, &epochs[s], &positions[s]);
        ok(gan__cursor_next(cursor, all[s], &counts[s]));
    }
    gan__cursor *fresh = cursor_on(set, BATCH, 9, true, false);
    for (int i = 0; i < 4 * STEPS; i++) {
        const int s = i * 7 % STEPS;
        gan__cursor *used = i % 2 == 0 ? cursor : fresh;
        ok(gan__cursor_seek(used, epochs[s], positions[s]));
        ok(gan__cursor_next(used, again, &count));
        ck_assert_int_eq(count, counts[s]);
        ck_assert(same_bits(again, all[s], count));
    }
    ok(gan__cursor_seek(cursor, 1, 10));
    const int64_t bad[][2] = {{-1, 0}, {0, -5}, {0, 3}, {0, 25}, {0, N}, {INT64_MAX, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fails(gan__cursor_seek(cursor, bad[i][0], bad[i][1]), GAN_ERROR_RANGE, "position");
        ck_assert(cursor->epoch == 1 && cursor->position == 10);
    }
    gan__cursor_free(fresh);
    gan__cursor_free(cursor);
    cursor = cursor_on(set, BATCH, 9, true, true);
    ok(gan__cursor_seek(cursor, 0, 15));
    fails(gan__cursor_seek(cursor, 0, 20), GAN_ERROR_RANGE, "position 20"); /* was dropped */
    gan__cursor_free(cursor);
}
END_TEST

START_TEST(a_failed_batch_can_be_had_again)
{
    teller t = {.bad = 7, .answer = 3};
    float batch[2 * 4], good[2 * 4];
    int64_t count = 0;
    ok(gan_dataset_from_callback(ctx, 12, 1, pair, tell, &t, &set));
    gan__cursor *cursor = cursor_on(set, 4, 1, true, false);
    int32_t status = GAN_OK;
    while (status == GAN_OK && cursor->epoch == 0) {
        status = gan__cursor_next(cursor, batch, &count);
    }
    fails(status, GAN_ERROR_STOPPED, "returned 3 for sample 7");
    const int64_t position = cursor->position;
    fails(gan__cursor_next(cursor, batch, &count), GAN_ERROR_STOPPED, "sample 7");
    ck_assert(cursor->position == position && cursor->epoch == 0);
    t.bad = -1;
    ok(gan__cursor_next(cursor, batch, &count));
    gan__cursor_free(cursor);
    cursor = cursor_on(set, 4, 1, true, false);
    ok(gan__cursor_seek(cursor, 0, position));
    ok(gan__cursor_next(cursor, good, &count));
    ck_assert(same_bits(batch, good, 8));
    gan__cursor_free(cursor);
}
END_TEST

START_TEST(distributions_draw_anew_each_epoch)
{
    enum { N = 10, EPOCHS = 3 };
    float draws[N * EPOCHS], batch[4];
    int64_t count, at = 0;
    gan_dataset *longer, *halves[2];
    ok(gan_dataset_gaussian(ctx, N * EPOCHS, 0, 1, 8, &longer));
    ok(gan_dataset_read(longer, 0, N * EPOCHS, draws, N * EPOCHS));
    gan_dataset_free(longer);
    ok(gan_dataset_gaussian(ctx, N, 0, 1, 8, &set));
    gan__cursor *cursor = cursor_on(set, 4, 1, true, false);
    ck_assert_ptr_null(cursor->order); /* nothing to shuffle */
    while (cursor->epoch < EPOCHS) {
        ok(gan__cursor_next(cursor, batch, &count));
        ck_assert(same_bits(batch, draws + at, count)); /* draw epoch * N + i */
        at += count;
    }
    ck_assert_int_eq(at, N * EPOCHS);
    ok(gan__cursor_seek(cursor, INT64_MAX - 1, 8)); /* far away, but defined */
    ok(gan__cursor_next(cursor, batch, &count));
    ck_assert_int_eq(count, 2);
    gan__cursor_free(cursor);
    for (int h = 0; h < 2; h++) { /* two slices never share a draw, in any epoch */
        ok(gan_dataset_slice(set, 5 * h, 5, &halves[h]));
        cursor = cursor_on(halves[h], 5, 1, true, false);
        gan_dataset_free(halves[h]); /* the cursor keeps it */
        for (int e = 0; e < EPOCHS; e++) {
            float half[5];
            ok(gan__cursor_next(cursor, half, &count));
            ck_assert(same_bits(half, draws + N * e + 5 * h, 5));
        }
        gan__cursor_free(cursor);
    }
}
END_TEST

START_TEST(cursors_have_limits)
{
    teller t = {.bad = -1};
    gan__cursor *cursor;
    float batch[6];
    int64_t count;
    ok(gan_dataset_from_callback(ctx, INT64_C(1) << 32, 1, pair, tell, &t, &set));
    fails(gan__cursor_create(set, 3, 0, true, false, &cursor), GAN_ERROR_UNSUPPORTED,
          "4294967296 samples");
    ck_assert_ptr_null(cursor);
    fails(gan__cursor_create(set, 0, 0, false, false, &cursor), GAN_ERROR_RANGE, "batch size is 0");
    cursor = cursor_on(set, 3, 0, false, false);
    ok(gan__cursor_next(cursor, batch, &count));
    equal(batch[4], 2);
    gan__cursor_free(cursor);
    gan__cursor_free(NULL);
    int64_t now, peak;
    ok(gan_context_memory(ctx, &now, &peak));
    ck_assert_int_lt(peak, 4096);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dataset order");
    add_case(suite, "order",
             (const TTest *[]){an_epoch_is_a_permutation, permutations_are_pinned,
                               short_batches_can_be_dropped, all_permutations_are_as_likely,
                               bounded_words_are_unbiased, cursors_go_where_they_were,
                               a_failed_batch_can_be_had_again, distributions_draw_anew_each_epoch,
                               cursors_have_limits, NULL});
    return run_cases(suite);
}
