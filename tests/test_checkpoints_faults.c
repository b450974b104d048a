/* Checkpoints when the operating system fails at any call, and when power is lost: whatever happens,
 * the last ones and the best are there, or were replaced by newer ones that are. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "faults.h"
#include "hostile.h"

enum { WIDTH = 6, KIND = 4 };

static match m;
static gan_checkpoints *c;

/* Four saved; the first has the best value and the last one is kept besides. */
static void begin(void)
{
    static const double values[] = {9, 2, 3, 4};
    make_folder();
    ctx = new_context(&own);
    m = new_match(ctx, WIDTH, KIND, 1);
    ok(gan_checkpoints_create(ctx, folder, "c", 2, GAN_HIGHER, &c));
    for (int i = 0; i < 4; i++) {
        ok(gan_trainer_run(m.trainer, 1, NULL, NULL));
        ok(gan_checkpoints_save(c, m.trainer, values[i]));
    }
    ok(gan_trainer_run(m.trainer, 1, NULL, NULL));
}

static void end(void)
{
    gan_checkpoints_free(c);
    free_match(&m);
    end_context(ctx, &own);
    remove_folder();
}

/* The steps in the list, "1 3 4". */
static const char *steps_of(const gan_checkpoints *list)
{
    static char text[2][256];
    static int turn;
    char *out = text[turn++ % 2];
    size_t used = 0;
    out[0] = '\0';
    for (int64_t i = 0; i < gan_checkpoints_count(list); i++) {
        int64_t step;
        ok(gan_checkpoints_get(list, i, &step, NULL, NULL, 0));
        used += (size_t)snprintf(out + used, 256 - used, i > 0 ? " %lld" : "%lld", (long long)step);
    }
    return out;
}

/* The folder as a new program finds it: these steps, and all can be loaded. */
static void expect_folder(const char *wanted)
{
    gan_checkpoints *again;
    match fresh = new_match(ctx, WIDTH, KIND, 1);
    ok(gan_checkpoints_create(ctx, folder, "c", 2, GAN_HIGHER, &again));
    ck_assert_str_eq(steps_of(again), wanted);
    for (int64_t i = 0; i < gan_checkpoints_count(again); i++) {
        char path[600];
        ok(gan_checkpoints_get(again, i, NULL, NULL, path, sizeof path));
        ok(gan_trainer_load(fresh.trainer, path));
    }
    ok(gan_checkpoints_load(again, fresh.trainer, GAN_BEST));
    near(metric_of(fresh.trainer, GAN_METRIC_STEP), 1, 0);
    gan_checkpoints_free(again);
    free_match(&fresh);
}

/* ---- Faults ---------------------------------------------------------------------------------- */

/* Lets the n-th call of a save fail; returns whether there are so many. */
static bool fail_save(int n, int error)
{
    begin();
    arm(n, false, error);
    const int32_t status = gan_checkpoints_save(c, m.trainer, 5);
    fault.armed = false;
    const bool failed = fault.failed != NULL;
    if (status != GAN_OK) {
        fails(status, GAN_ERROR_IO, "cannot ");
        ck_assert_str_eq(steps_of(c), "1 3 4");
        ck_assert_int_eq(count_files(""), 3);
        expect_folder("1 3 4");
        ok(gan_checkpoints_save(c, m.trainer, 5));
    } else if (failed) { /* a close, or what is to be removed */
        need(strcmp(fault.failed, "close") == 0 || strcmp(fault.failed, "unlinkat") == 0);
    }
    if (failed && strcmp(fault.failed, "unlinkat") == 0) {
        ck_assert_str_eq(steps_of(c), "1 3 4 5");
        ok(gan_checkpoints_save(c, m.trainer, 6));
        expect_folder("1 5 5");
        ck_assert_str_eq(steps_of(c), "1 5 5");
    } else {
        expect_folder("1 4 5");
        ck_assert_str_eq(steps_of(c), "1 4 5");
    }
    end();
    return failed;
}

START_TEST(every_call_of_saving_may_fail)
{
    int calls = 0;
    while (fail_save(calls + 1, EIO)) {
        calls++;
    }
    /* Of the folder an open, another, six names and the end; nine of a file; one is removed. */
    ck_assert_int_ge(calls, 15);
    for (int n = 1; fail_save(n, ENOSPC); n++) {
    }
}
END_TEST

START_TEST(every_call_of_finding_and_loading_may_fail)
{
    begin();
    for (int n = 1;; n++) {
        gan_checkpoints *again = NULL;
        arm(n, false, EIO);
        const int32_t status = gan_checkpoints_create(ctx, folder, "c", 2, GAN_HIGHER, &again);
        fault.armed = false;
        if (status != GAN_OK) {
            fails(status, GAN_ERROR_IO, "cannot ");
        } else {
            need(gan_checkpoints_count(again) >= 2); /* a file that cannot be read does not count */
        }
        gan_checkpoints_free(again);
        if (fault.failed == NULL) {
            ck_assert_int_gt(n, 10);
            break;
        }
    }
    for (int n = 1;; n++) {
        gan_checkpoints *again;
        ok(gan_checkpoints_create(ctx, folder, "c", 2, GAN_HIGHER, &again));
        arm(n, false, EIO);
        const int32_t status = gan_checkpoints_load(again, m.trainer, GAN_LAST);
        fault.armed = false;
        ok(status); /* there are others */
        const double step = metric_of(m.trainer, GAN_METRIC_STEP);
        gan_checkpoints_free(again);
        if (fault.failed == NULL) {
            near(step, 4, 0);
            ck_assert_int_gt(n, 5);
            break;
        }
        need(step == 3 || strcmp(fault.failed, "close") == 0);
    }
    end();
}
END_TEST

/* ---- Loss of power --------------------------------------------------------------------------- */

enum { EVENTS = 32 };

/* What a save did to the folder: names that came and went, in order; "" for an fsync. */
static struct {
    char names[EVENTS][128];
    bool removed[EVENTS];
    int count;
} tape;

static void record(const char *call, const char *name)
{
    need(tape.count < EVENTS);
    const char *slash = name != NULL ? strrchr(name, '/') : NULL;
    snprintf(tape.names[tape.count], sizeof tape.names[0], "%s",
             slash != NULL  ? slash + 1
             : name != NULL ? name
                            : "");
    tape.removed[tape.count++] = strcmp(call, "unlinkat") == 0;
}

typedef struct {
    char name[128];
    blob content;
} saved;

static int read_folder(saved *files)
{
    int count = 0;
    DIR *open = opendir(folder);
    ck_assert_ptr_nonnull(open);
    for (const struct dirent *one = readdir(open); one != NULL; one = readdir(open)) {
        if (one->d_name[0] != '.') {
            need(count < 8);
            snprintf(files[count].name, sizeof files[count].name, "%.127s", one->d_name);
            files[count++].content = read_blob(at(one->d_name));
        }
    }
    closedir(open);
    return count;
}

static void put_folder(const saved *files, int count)
{
    remove_folder();
    make_folder();
    for (int i = 0; i < count; i++) {
        write_blob(at(files[i].name), files[i].content.bytes, files[i].content.size);
    }
}

static void free_files(saved *files, int count)
{
    for (int i = 0; i < count; i++) {
        free(files[i].content.bytes);
    }
}

/* After each prefix of the tape, any of the changes since the last fsync may be on the disk or not.
 * An fsync of the file counts as one, too, which makes the test the stricter for what follows. */
START_TEST(power_is_lost_at_any_moment)
{
    saved before[8], after[8];
    begin();
    const int old = read_folder(before);
    witness = record;
    arm(0, false, 0);
    ok(gan_checkpoints_save(c, m.trainer, 5));
    fault.armed = false;
    witness = NULL;
    const int new = read_folder(after);
    /* An fsync of the file, the rename, an fsync of the folder, and then only a removal. */
    ck_assert_int_eq(tape.count, 4);
    need(tape.names[0][0] == '\0' && !tape.removed[1] && tape.names[2][0] == '\0');
    need(tape.removed[3] && strstr(tape.names[3], "-step-3.") != NULL);
    int states = 0;
    for (int prefix = 0; prefix <= tape.count; prefix++) {
        int certain = prefix;
        while (certain > 0 && tape.names[certain - 1][0] != '\0') {
            certain--;
        }
        for (int some = 0; some < 1 << (prefix - certain); some++, states++) {
            put_folder(before, old);
            bool renamed = false, removed = false;
            for (int i = 0; i < prefix; i++) {
                const bool there = i < certain || (some >> (i - certain) & 1) != 0;
                if (!there || tape.names[i][0] == '\0') {
                    continue;
                }
                if (tape.removed[i]) {
                    removed = true;
                    need(remove(at(tape.names[i])) == 0);
                    continue;
                }
                renamed = true;
                for (int k = 0; k < new; k++) {
                    if (strcmp(after[k].name, tape.names[i]) == 0) {
                        write_blob(at(after[k].name), after[k].content.bytes,
                                   after[k].content.size);
                    }
                }
            }
            need(renamed || !removed);
            expect_folder(!renamed ? "1 3 4" : removed ? "1 4 5" : "1 3 4 5");
        }
    }
    ck_assert_int_ge(states, 7);
    free_files(before, old);
    free_files(after, new);
    gan_checkpoints_free(c); /* whose folder is another now */
    c = NULL;
    end();
}
END_TEST

int main(void)
{
    return RUN_TESTS("checkpoints and faults", every_call_of_saving_may_fail,
                     every_call_of_finding_and_loading_may_fail, power_is_lost_at_any_moment);
}
