/* Logs when the operating system fails: every call in turn, once and from then on, in the midst of a
 * write, too. The file has whole records only, and the record can be written again. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "faults.h"
#include "tensors_support.h"

#include <gan/log.h>

static double tick(void *user)
{
    return *(const double *)user;
}

static double now = 1.5e9;
static const char *format;

static int32_t create(gan_log **log)
{
    const int32_t status = gan_log_create(ctx, at("f"), format, log);
    if (status == GAN_OK) {
        ok(gan_log_set_clock(*log, tick, &now));
    }
    return status;
}

static void fill(gan_log *log, int64_t step)
{
    ok(gan_log_number(log, "value", (double)step / 7));
    ok(gan_log_number(log, "loss", -(double)step));
}

/* The file after each of three records. */
static uint8_t *whole[4];
static size_t sizes[4];

static void expect(int records)
{
    size_t size;
    uint8_t *bytes = get(at("f"), &size);
    need(size == sizes[records] && memcmp(bytes, whole[records], size) == 0);
    free(bytes);
}

static gan_log *begin(void)
{
    gan_log *log;
    ok(create(&log));
    for (int64_t step = 1; step < 3; step++) {
        fill(log, step);
        ok(gan_log_write(log, step));
    }
    return log;
}

static void prepare(const char *of)
{
    format = of;
    gan_log *log = begin();
    gan_log_free(log);
    whole[2] = get(at("f"), &sizes[2]);
    ok(create(&log));
    fill(log, 3);
    ok(gan_log_write(log, 3));
    gan_log_free(log);
    whole[3] = get(at("f"), &sizes[3]);
    clear();
}

static void forget(void)
{
    free(whole[2]);
    free(whole[3]);
    clear();
}

/* Lets the n-th call of a write fail. Returns whether it came so far. */
static bool fail_write(int n, bool forever, bool pieces, int error)
{
    gan_log *log = begin();
    fill(log, 3);
    arm(n, forever, error);
    fault.interrupt = pieces;
    const int32_t status = gan_log_write(log, 3);
    fault.armed = false;
    const bool failed = fault.failed != NULL;
    if (!failed) {
        ok(status);
    } else {
        fails(status, GAN_ERROR_IO, "/f: cannot write: ");
        ck_assert_int_eq(gan_log_last_step(log), 2);
        if (!forever) { /* or nothing can be cut off */
            expect(2);
        }
        ok(gan_log_write(log, 3)); /* the record is still there */
    }
    gan_log_free(log);
    expect(3);
    clear();
    return failed;
}

static void check_writes(const char *of)
{
    prepare(of);
    for (int forever = 0; forever < 2; forever++) {
        int calls[2] = {1, 1};
        for (int pieces = 0; pieces < 2; pieces++) {
            while (fail_write(calls[pieces], forever, pieces, pieces ? ENOSPC : EIO)) {
                calls[pieces]++;
            }
        }
        ck_assert_int_eq(calls[0], 2);
        ck_assert_int_ge(calls[1], 4); /* pieces of seven bytes */
    }
    /* The process dies instead of cutting off what was written: the next one does. */
    gan_log *log = begin();
    fill(log, 3);
    arm(3, true, ENOSPC);
    fault.interrupt = true;
    fails(gan_log_write(log, 3), GAN_ERROR_IO, "cannot write");
    fault.armed = false;
    gan_log_free(log);
    size_t size;
    free(get(at("f"), &size));
    ck_assert_uint_eq(size, sizes[2] + 14);
    ok(create(&log));
    ck_assert_int_eq(gan_log_last_step(log), 2);
    fill(log, 3);
    ok(gan_log_write(log, 3));
    gan_log_free(log);
    expect(3);
    forget();
}

START_TEST(writes)
{
    check_writes(GAN_LOG_JSONL);
    check_writes(GAN_LOG_CSV);
    check_writes(GAN_LOG_TENSORBOARD);
}
END_TEST

/* What every call of opening, going back and synchronising may do. */
static void check_rest(const char *of)
{
    prepare(of);
    for (int call = 0; call < 3; call++) {
        for (int n = 1;; n++) {
            put("f", whole[3], sizes[3]);
            gan_log *log = NULL;
            if (call > 0) {
                ok(create(&log));
            }
            const int64_t live = own.live;
            const int before = free_descriptor();
            arm(n, false, EIO);
            const int32_t status = call == 0   ? gan_log_create(ctx, at("f"), format, &log)
                                   : call == 1 ? gan_log_resume(log, 2)
                                               : gan_log_sync(log);
            fault.armed = false;
            if (call > 0 || status != GAN_OK) {
                ck_assert_int_eq(free_descriptor(), before);
                ck_assert_int_eq(own.live, live);
            }
            if (status != GAN_OK) {
                fails(status, GAN_ERROR_IO, "/f: cannot ");
                expect(3);
            }
            if (call == 1) {
                ok(gan_log_resume(log, 2));
                expect(2);
                fill(log, 3);
                ok(gan_log_write(log, 3));
                expect(3);
            }
            gan_log_free(log);
            if (fault.failed == NULL) {
                ck_assert_int_gt(n, 2);
                break;
            }
        }
    }
    forget();
}

START_TEST(opening_going_back_and_synchronising)
{
    check_rest(GAN_LOG_JSONL);
    check_rest(GAN_LOG_CSV);
    check_rest(GAN_LOG_TENSORBOARD);
}
END_TEST

START_TEST(interruptions_do_not_matter)
{
    static const char *const formats[] = {GAN_LOG_JSONL, GAN_LOG_CSV, GAN_LOG_TENSORBOARD};
    for (int i = 0; i < 3; i++) {
        prepare(formats[i]);
        put("f", whole[3], sizes[3]);
        gan_log *log = NULL;
        arm(0, false, 0);
        fault.interrupt = true;
        ok(gan_log_create(ctx, at("f"), format, &log));
        ok(gan_log_set_clock(log, tick, &now));
        ok(gan_log_resume(log, 2));
        fill(log, 3);
        ok(gan_log_write(log, 3));
        ok(gan_log_sync(log));
        gan_log_free(log);
        fault.armed = false;
        expect(3);
        forget();
    }
}
END_TEST

START_TEST(what_is_no_file)
{
    gan_log *log;
    format = GAN_LOG_JSONL;
    fails(gan_log_create(ctx, folder, format, &log), GAN_ERROR_IO, "cannot open");
    fails(gan_log_create(ctx, "/dev/null", format, &log), GAN_ERROR_IO, "not a regular file");
    fails(gan_log_create(ctx, at("no/f"), format, &log), GAN_ERROR_IO, "cannot open");
    ck_assert_int_eq(mkfifo(at("p"), 0600), 0);
    fails(gan_log_create(ctx, at("p"), format, &log), GAN_ERROR_IO, "not a regular file");
    ck_assert_int_eq(clear(), 1);
}
END_TEST

int main(void)
{
    return run_in_folder("logs and faults",
                         (const TTest *[]){writes, opening_going_back_and_synchronising,
                                           interruptions_do_not_matter, what_is_no_file, NULL});
}
