/* Checkpoints: which are kept, by a model of one line; files of others; files that are damaged; going
 * on from them; memory that runs out. */
#include "hostile.h"

enum { WIDTH = 6, KIND = 4, SAVES = 14 };

static match m;

static void start(void)
{
    make_folder();
    ctx = new_context(&own);
    m = new_match(ctx, WIDTH, KIND, 1);
}

static void finish(void)
{
    free_match(&m);
    end_context(ctx, &own);
    remove_folder();
}

static gan_checkpoints *open_checkpoints(int64_t keep, const char *best)
{
    gan_checkpoints *c;
    ok(gan_checkpoints_create(ctx, folder, "c", keep, best, &c));
    return c;
}

/* What is in the list: "step:value ..." */
static const char *list_of(const gan_checkpoints *c)
{
    static char text[1024];
    size_t used = 0;
    text[0] = '\0';
    for (int64_t i = 0; i < gan_checkpoints_count(c); i++) {
        int64_t step;
        double value;
        char path[600];
        ok(gan_checkpoints_get(c, i, &step, &value, path, sizeof path));
        need(access(path, R_OK) == 0);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%lld:%g", i > 0 ? " " : "",
                                 (long long)step, isnan(value) ? -99 : value);
    }
    return text;
}

/* The list and the folder are these, for who opens it anew, too. */
static void expect(const gan_checkpoints *c, int64_t keep, const char *best, const char *wanted,
                   int others)
{
    ck_assert_str_eq(list_of(c), wanted);
    gan_checkpoints *again = open_checkpoints(keep, best);
    ck_assert_str_eq(list_of(again), wanted);
    need(count_files("") == gan_checkpoints_count(c) + others);
    gan_checkpoints_free(again);
}

/* ---- Which are kept -------------------------------------------------------------------------- */

START_TEST(the_last_and_the_best_are_kept)
{
    static const double values[SAVES] = {NAN, 3, 1, 4, 4, 2, 0, NAN, -1, 4, 5, 5, 1, 1};
    static const char *const orders[] = {GAN_HIGHER, GAN_LOWER};
    for (int order = 0; order < 2; order++) {
        for (int64_t keep = 1; keep < 5; keep++) {
            gan_checkpoints *c = open_checkpoints(keep, orders[order]);
            const int64_t first = (int64_t)metric_of(m.trainer, GAN_METRIC_STEP);
            for (int i = 0; i < SAVES; i++) {
                char wanted[1024];
                int best = -1, used = 0;
                ok(gan_trainer_run(m.trainer, 1, NULL, NULL));
                ok(gan_checkpoints_save(c, m.trainer, values[i]));
                for (int k = 0; k <= i; k++) {
                    const bool better = best < 0 || (order == 0 ? values[k] > values[best]
                                                                : values[k] < values[best]);
                    best = !isnan(values[k]) && better ? k : best;
                }
                for (int k = 0; k <= i; k++) {
                    if (k == best || k > i - keep) {
                        used += snprintf(wanted + used, sizeof wanted - (size_t)used, "%s%lld:%g",
                                         used > 0 ? " " : "", (long long)(first + 1 + k),
                                         isnan(values[k]) ? -99 : values[k]);
                    }
                }
                expect(c, keep, orders[order], wanted, 0);
                int64_t index = -1, step = -1;
                ok(gan_checkpoints_find(c, GAN_LAST, &index));
                ck_assert_int_eq(index, gan_checkpoints_count(c) - 1);
                if (best < 0) {
                    fails(gan_checkpoints_find(c, GAN_BEST, &index), GAN_ERROR_STATE,
                          "none with a value");
                } else {
                    ok(gan_checkpoints_find(c, GAN_BEST, &index));
                    ok(gan_checkpoints_get(c, index, &step, NULL, NULL, 0));
                    ck_assert_int_eq(step, first + 1 + best);
                }
            }
            gan_checkpoints_free(c);
            remove_folder();
            make_folder();
        }
    }
}
END_TEST

/* Values come back from the files to the bit; a smaller number of kept ones takes effect. */
START_TEST(values_and_numbers)
{
    static const double values[] = {1.0 / 3, -1e300, 5e-324, 0.1};
    gan_checkpoints *c = open_checkpoints(10, GAN_LOWER);
    for (int i = 0; i < 4; i++) {
        ok(gan_checkpoints_save(c, m.trainer, values[i]));
    }
    gan_checkpoints_free(c);
    c = open_checkpoints(2, GAN_LOWER);
    for (int i = 0; i < 4; i++) {
        double value = 0;
        ok(gan_checkpoints_get(c, i, NULL, &value, NULL, 0));
        need(memcmp(&value, &values[i], sizeof value) == 0);
    }
    ok(gan_checkpoints_save(c, m.trainer, 2));
    expect(c, 2, GAN_LOWER, "0:-1e+300 0:0.1 0:2", 0); /* all of one step */
    char path[600];
    int64_t index;
    ok(gan_checkpoints_find(c, GAN_LAST, &index));
    ok(gan_checkpoints_get(c, index, NULL, NULL, path, sizeof path));
    ck_assert_str_eq(strrchr(path, '/'), "/c-00000005-step-0.safetensors");
    const int64_t size = (int64_t)strlen(path) + 1;
    ok(gan_checkpoints_get(c, index, NULL, NULL, path, size));
    fails(gan_checkpoints_get(c, index, NULL, NULL, path, size - 1), GAN_ERROR_BUFFER, "needs ");
    gan_network *g;
    ok(gan_network_open(ctx, path, GAN_PART_GENERATOR, &g));
    gan_network_free(g);
    gan_checkpoints_free(c);
}
END_TEST

/* ---- Other files ----------------------------------------------------------------------------- */

START_TEST(files_of_others_stay)
{
    static const char *const names[] = {
        "c-00000001-step-1.safetensors", /* as a user could have saved it */
        "c-00000009-step-1.safetensors", /* of ours, under another name */
        "c-1-step-1.safetensors",        /* and these have other forms */
        "c-00000002-step-01.safetensors",
        "c-00000002-step-1.safetensors.bak",
        "c-00000002-step-.safetensors",
        "c--0000002-step-1.safetensors",
        "c-00000000-step-1.safetensors",
        "cc-00000002-step-1.safetensors",
        "c-99999999999999999999-step-1.safetensors",
        ".libgan-1-2.tmp",
        "c",
        "d"};
    enum { NAMES = sizeof names / sizeof *names };
    blob before[NAMES];
    gan_checkpoints *c = open_checkpoints(1, GAN_HIGHER);
    ok(gan_checkpoints_save(c, m.trainer, 1));
    char path[600];
    ok(gan_checkpoints_get(c, 0, NULL, NULL, path, sizeof path));
    blob ours = read_blob(path);
    gan_checkpoints_free(c);
    remove(path);
    ok(gan_trainer_save(m.trainer, at(names[0])));
    for (int i = 1; i < NAMES; i++) {
        write_blob(at(names[i]), ours.bytes, i % 2 == 1 ? ours.size : 10);
    }
    need(mkdir(at("c-00000003-step-1.safetensors"), 0700) == 0);
    for (int i = 0; i < NAMES; i++) {
        before[i] = read_blob(at(names[i]));
    }
    c = open_checkpoints(1, GAN_HIGHER);
    ck_assert_int_eq(gan_checkpoints_count(c), 0);
    fails(gan_checkpoints_load(c, m.trainer, GAN_LAST), GAN_ERROR_STATE, "there is none in ");
    for (int i = 0; i < 5; i++) {
        ok(gan_trainer_run(m.trainer, 1, NULL, NULL));
        ok(gan_checkpoints_save(c, m.trainer, -i));
    }
    expect(c, 1, GAN_HIGHER, "1:0 5:-4", NAMES + 1);
    ok(gan_checkpoints_get(c, 0, NULL, NULL, path, sizeof path));
    ck_assert_str_eq(strrchr(path, '/'), "/c-00000010-step-1.safetensors");
    for (int i = 0; i < NAMES; i++) {
        blob now = read_blob(at(names[i]));
        need(same_blob(before[i], now));
        free(now.bytes);
        free(before[i].bytes);
    }
    need(rmdir(at("c-00000003-step-1.safetensors")) == 0);
    gan_checkpoints_free(c);
    free(ours.bytes);
}
END_TEST

/* The serial number counts up to 18 nines: a name with a higher one is none of ours. */
START_TEST(the_highest_serial_number)
{
    write_blob(at("c-999999999999999998-step-1.safetensors"), "x", 1);
    write_blob(at("c-1000000000000000000-step-1.safetensors"), "x", 1);
    gan_checkpoints *c = open_checkpoints(2, GAN_HIGHER);
    ok(gan_checkpoints_save(c, m.trainer, 1));
    expect(c, 2, GAN_HIGHER, "0:1", 2);
    fails(gan_checkpoints_save(c, m.trainer, 2), GAN_ERROR_RANGE,
          "after serial number 999999999999999999 in ");
    expect(c, 2, GAN_HIGHER, "0:1", 2);
    gan_checkpoints_free(c);
}
END_TEST

/* ---- Damage ---------------------------------------------------------------------------------- */

static void path_at(const gan_checkpoints *c, int64_t index, char *path)
{
    ok(gan_checkpoints_get(c, index, NULL, NULL, path, 600));
}

/* Turns a bit of the data, so that the header stays whole. */
static void damage(const gan_checkpoints *c, int64_t index)
{
    char path[600];
    path_at(c, index, path);
    blob b = read_blob(path);
    b.bytes[b.size - 200] ^= 1;
    write_blob(path, b.bytes, b.size);
    free(b.bytes);
}

static void save_some(gan_checkpoints *c, const double *values, int count)
{
    for (int i = 0; i < count; i++) {
        ok(gan_trainer_run(m.trainer, 1, NULL, NULL));
        ok(gan_checkpoints_save(c, m.trainer, values[i]));
    }
}

START_TEST(a_damaged_file_is_passed_over)
{
    static const double values[] = {3, 9, 5, 7, 1};
    gan_checkpoints *c = open_checkpoints(5, GAN_HIGHER);
    save_some(c, values, 5);
    damage(c, 4);
    ok(gan_checkpoints_load(c, m.trainer, GAN_LAST));
    near(metric_of(m.trainer, GAN_METRIC_STEP), 4, 0);
    ck_assert_str_eq(list_of(c), "1:3 2:9 3:5 4:7");
    damage(c, 1);
    damage(c, 3);
    ok(gan_checkpoints_load(c, m.trainer, GAN_BEST)); /* 9 and 7 are damaged */
    near(metric_of(m.trainer, GAN_METRIC_STEP), 3, 0);
    ck_assert_str_eq(list_of(c), "1:3 3:5");
    char path[600];
    path_at(c, 1, path);
    need(remove(path) == 0);
    ok(gan_checkpoints_load(c, m.trainer, GAN_LAST));
    near(metric_of(m.trainer, GAN_METRIC_STEP), 1, 0);
    damage(c, 0);
    blob before = state_of(&m, "before");
    fails(gan_checkpoints_load(c, m.trainer, GAN_LAST), GAN_ERROR_FORMAT, "c-00000001-step-1");
    fails(gan_checkpoints_load(c, m.trainer, GAN_BEST), GAN_ERROR_FORMAT, "c-00000001-step-1");
    ck_assert_str_eq(list_of(c), "1:3"); /* after an error nothing is changed */
    blob after = state_of(&m, "after");
    need(same_blob(before, after));
    free(before.bytes);
    free(after.bytes);
    gan_checkpoints_free(c);
}
END_TEST

/* Cut anywhere, the last file is no checkpoint any more, or one that is passed over. */
START_TEST(a_file_cut_short_is_passed_over)
{
    static const double values[] = {1, 2};
    gan_checkpoints *c = open_checkpoints(2, GAN_HIGHER);
    save_some(c, values, 2);
    char path[600];
    path_at(c, 1, path);
    gan_checkpoints_free(c);
    blob b = read_blob(path);
    for (size_t size = 0; size < b.size; size += 1 + b.size / 97) {
        write_blob(path, b.bytes, size);
        c = open_checkpoints(2, GAN_HIGHER);
        ok(gan_checkpoints_load(c, m.trainer, size % 2 == 0 ? GAN_LAST : GAN_BEST));
        near(metric_of(m.trainer, GAN_METRIC_STEP), 1, 0);
        ok(gan_checkpoints_save(c, m.trainer, NAN)); /* never in the place of the damaged one */
        blob still = read_blob(path);
        ck_assert_uint_eq(still.size, size);
        free(still.bytes);
        ck_assert_int_eq(gan_checkpoints_count(c), 2);
        char saved[600];
        path_at(c, 1, saved);
        need(remove(saved) == 0);
        gan_checkpoints_free(c);
    }
    free(b.bytes);
}
END_TEST

/* Another network is no damage: nothing older is loaded instead. */
START_TEST(another_training_is_refused)
{
    static const double values[] = {1, 2};
    gan_checkpoints *c = open_checkpoints(2, GAN_HIGHER);
    save_some(c, values, 2);
    match other = new_match(ctx, WIDTH + 1, KIND, 1);
    fails(gan_checkpoints_load(c, other.trainer, GAN_LAST), GAN_ERROR_SHAPE, "layer0.weight");
    free_match(&other);
    other = new_match(ctx, WIDTH, KIND, 2);
    fails(gan_checkpoints_load(c, other.trainer, GAN_BEST), GAN_ERROR_STATE, "seed");
    free_match(&other);
    ck_assert_str_eq(list_of(c), "1:1 2:2");
    gan_checkpoints_free(c);
}
END_TEST

/* ---- Going on -------------------------------------------------------------------------------- */

START_TEST(training_goes_on_to_the_bit)
{
    static const double values[] = {1, 5, 2};
    gan_checkpoints *c = open_checkpoints(2, GAN_HIGHER);
    save_some(c, values, 3);
    ok(gan_trainer_run(m.trainer, 4, NULL, NULL));
    blob wanted = state_of(&m, "wanted");
    for (int i = 0; i < 2; i++) {
        match fresh = new_match(ctx, WIDTH, KIND, 1);
        ok(gan_checkpoints_load(c, fresh.trainer, i == 0 ? GAN_LAST : GAN_BEST));
        near(metric_of(fresh.trainer, GAN_METRIC_STEP), i == 0 ? 3 : 2, 0);
        ok(gan_trainer_run(fresh.trainer, i == 0 ? 4 : 5, NULL, NULL));
        blob got = state_of(&fresh, "got");
        need(same_blob(wanted, got));
        free(got.bytes);
        free_match(&fresh);
    }
    free(wanted.bytes);
    gan_checkpoints_free(c);
}
END_TEST

static int32_t save_within(void *user, gan_trainer *trainer)
{
    ok(gan_checkpoints_save(user, trainer, metric_of(trainer, GAN_METRIC_VALUE)));
    return 0;
}

START_TEST(saved_from_a_callback)
{
    gan_checkpoints *c = open_checkpoints(3, GAN_LOWER);
    ok(gan_trainer_run(m.trainer, 6, save_within, c));
    need(gan_checkpoints_count(c) >= 3 && gan_checkpoints_count(c) <= 4);
    fails(gan_checkpoints_save(c, m.trainer, INFINITY), GAN_ERROR_ARGUMENT, "infinite");
    gan_checkpoints_free(c);
}
END_TEST

/* ---- Memory ---------------------------------------------------------------------------------- */

typedef int32_t (*call_fn)(gan_checkpoints **c);

static int32_t create(gan_checkpoints **c)
{
    return gan_checkpoints_create(ctx, folder, "c", 1, GAN_HIGHER, c);
}

static int32_t save(gan_checkpoints **c)
{
    return gan_checkpoints_save(*c, m.trainer, 3);
}

static int32_t load(gan_checkpoints **c)
{
    return gan_checkpoints_load(*c, m.trainer, GAN_BEST);
}

START_TEST(every_allocation_may_fail)
{
    static const double values[] = {7, 1, 2, 3};
    static const call_fn calls[] = {create, save, load};
    gan_checkpoints *c = open_checkpoints(1, GAN_HIGHER);
    save_some(c, values, 4); /* so that the list has no more room */
    for (int i = 0; i < 6; i++) {
        own.for_good = i % 2 == 1;
        for (int n = 1;; n++) {
            gan_checkpoints *made = c;
            const int64_t live = own.live;
            const int files = count_files("");
            own.fail_at = own.calls + n;
            const int32_t status = calls[i / 2](&made);
            own.fail_at = 0;
            if (status == GAN_OK) {
                if (i / 2 == 0) {
                    ck_assert_str_eq(list_of(made), "1:7 4:3");
                    gan_checkpoints_free(made);
                }
                ck_assert_int_gt(n, i / 2 == 0 ? 10 : 3);
                break;
            }
            fails(status, GAN_ERROR_MEMORY, "out of memory");
            need(i / 2 > 0 || made == NULL);
            ck_assert_int_eq(own.live, live);
            ck_assert_int_eq(count_files(""), files);
            ck_assert_str_eq(list_of(c), "1:7 4:3");
        }
    }
    gan_checkpoints_free(c);
}
END_TEST

int main(void)
{
    return RUN_TESTS_BETWEEN("checkpoints", start, finish, the_last_and_the_best_are_kept,
                             values_and_numbers, files_of_others_stay, the_highest_serial_number,
                             a_damaged_file_is_passed_over, a_file_cut_short_is_passed_over,
                             another_training_is_refused, training_goes_on_to_the_bit,
                             saved_from_a_callback, every_allocation_may_fail);
}
