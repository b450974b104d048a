/* Files of tensors when the operating system fails: every call in turn, once and from then on. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "replaced.h"

#include <signal.h>
#include <sys/resource.h>

static int32_t write_new(void)
{
    return gan__tensors_write(ctx, at("f"), 2, pair, 2, remarks);
}

/* 0 for the old content, 1 for the new. */
static int content(void)
{
    const bool old = is_old();
    if (!old) {
        ok(read_all(at("f")));
    }
    return !old;
}

START_TEST(every_call_of_writing_may_fail)
{
    if (setenv("LC_ALL", "C", 1) != 0) {
        ck_abort();
    }
    const int calls = fail_each_of_writing(write_new, content, false, EIO);
    /* Two opens, a look, a write, a sync, a close, a rename, a sync, a close. */
    ck_assert_int_eq(calls, 9);
    ck_assert_int_eq(fail_each_of_writing(write_new, content, false, ENOSPC), calls);
    ck_assert_int_eq(fail_each_of_writing(write_new, content, true, EIO), calls);
}
END_TEST

/* The header and each tensor go beyond the buffer, so that each is a write of its own. */
START_TEST(every_write_of_a_large_file_may_fail)
{
    enum { SIZE = 200000 };
    char *text = malloc(SIZE + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    const gan__tensor tensors[] = {{.name = "a", .rank = 1, .dims = {SIZE}, .data = text},
                                   {.name = "b", .rank = 1, .dims = {SIZE}, .data = text}};
    const gan__tensor_note note = {"k", text};
    put("f", "old", 3);
    for (int n = 4; n < 7; n++) {
        arm(n, false, EIO);
        const int32_t status = gan__tensors_write(ctx, at("f"), 2, tensors, 1, &note);
        fault.armed = false;
        fails(status, GAN_ERROR_IO, "/f: cannot write: ");
        ck_assert_str_eq(fault.failed, "write");
        ck_assert_int_eq(content(), 0);
        ck_assert_int_eq(count_files(), 1);
    }
    ok(gan__tensors_write(ctx, at("f"), 2, tensors, 1, &note));
    ck_assert_int_eq(content(), 1);
    free(text);
}
END_TEST

START_TEST(every_call_of_reading_may_fail)
{
    ok(write_new());
    for (int n = 1;; n++) {
        const int free_before = free_descriptor();
        arm(n, false, EIO);
        const int32_t status = read_all(at("f"));
        fault.armed = false;
        ck_assert_int_eq(free_descriptor(), free_before);
        ck_assert_int_eq(own.live, 1);
        if (fault.failed == NULL) {
            ok(status);
            ck_assert_int_eq(n, 8); /* after an open, a look, four reads, a close */
            break;
        }
        if (status == GAN_OK) {
            ck_assert_str_eq(fault.failed, "close");
        } else {
            fails(status, GAN_ERROR_IO, "/f: cannot ");
        }
    }
}
END_TEST

START_TEST(interruptions_and_small_pieces_do_not_matter)
{
    size_t size, other;
    ok(write_new());
    uint8_t *wanted = get(at("f"), &size);
    arm(0, false, 0);
    fault.interrupt = true;
    const int32_t status = write_new();
    const int32_t then = status == GAN_OK ? read_all(at("f")) : status;
    fault.armed = false;
    ok(status);
    ok(then);
    ck_assert_int_gt(fault.calls, 2 * (int)size / 7);
    uint8_t *got = get(at("f"), &other);
    ck_assert_uint_eq(size, other);
    ck_assert_mem_eq(wanted, got, size);
    free(wanted);
    free(got);
    ck_assert_int_eq(clear(), 1);
}
END_TEST

/* The name of the temporary file is taken: another is tried, but not for ever. A file system that
 * cannot synchronise a folder is no reason to fail. */
START_TEST(errors_that_are_no_errors)
{
    put("f", "old", 3);
    arm(3, false, EEXIST);
    ok(write_new());
    ck_assert_str_eq(fault.failed, "openat");
    arm(8, false, EINVAL);
    ok(write_new());
    ck_assert_str_eq(fault.failed, "fsync");
    arm(6, false, EINTR);
    ok(write_new());
    ck_assert_str_eq(fault.failed, "close");
    arm(3, true, EEXIST);
    const int32_t status = write_new();
    fault.armed = false;
    fails(status, GAN_ERROR_IO, "cannot create a temporary file");
    ck_assert_int_lt(fault.calls, 200);
    ck_assert_int_eq(content(), 1);
    ck_assert_int_eq(clear(), 1);
}
END_TEST

START_TEST(where_no_file_can_be_written)
{
    char path[600];
    fails(gan__tensors_write(ctx, at("no/f"), 2, pair, 0, NULL), GAN_ERROR_IO,
          "/no/f: cannot open");
    fails(gan__tensors_write(ctx, folder, 2, pair, 0, NULL), GAN_ERROR_IO, "not a regular file");
    fails(gan__tensors_write(ctx, "/", 2, pair, 0, NULL), GAN_ERROR_IO, "not the name of a file");
    fails(gan__tensors_write(ctx, at(""), 2, pair, 0, NULL), GAN_ERROR_IO, "not the name of a");
    fails(gan__tensors_write(ctx, at(".."), 2, pair, 0, NULL), GAN_ERROR_IO, "not a regular");
    fails(gan__tensors_write(ctx, "/dev/null", 2, pair, 0, NULL), GAN_ERROR_IO, "not a regular");
    ck_assert_int_eq(symlink("/dev/null", at("l")), 0);
    fails(gan__tensors_write(ctx, at("l"), 2, pair, 0, NULL), GAN_ERROR_IO, "not a regular file");
    memset(path, 'n', 300);
    path[300] = '\0';
    fails(gan__tensors_write(ctx, path, 2, pair, 0, NULL), GAN_ERROR_IO, "cannot write: ");
    snprintf(path, sizeof path, "%s/f", put("file", "", 0));
    fails(gan__tensors_write(ctx, path, 2, pair, 0, NULL), GAN_ERROR_IO, "cannot open its folder");
    ck_assert_int_eq(clear(), 2);
    if (geteuid() == 0) {
        fprintf(stderr,
                "skipped: a folder without permission to write, which root may all the same\n");
        return;
    }
    put("f", "old", 3);
    ck_assert_int_eq(chmod(folder, 0500), 0);
    const int32_t status = write_new();
    ck_assert_int_eq(chmod(folder, 0700), 0);
    fails(status, GAN_ERROR_IO, "/f: cannot create a temporary file beside it: ");
    ck_assert_int_eq(content(), 0);
}
END_TEST

/* A true limit instead of a full disk. */
START_TEST(files_that_grow_too_large)
{
    enum { SIZE = 1 << 20 };
    struct rlimit before, less;
    uint8_t *data = calloc(SIZE, 1);
    const gan__tensor large = {.name = "t", .rank = 1, .dims = {SIZE}, .data = data};
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    less = before;
    less.rlim_cur = 300000;
    put("f", "old", 3);
    void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &less), 0);
    const int32_t status = gan__tensors_write(ctx, at("f"), 1, &large, 0, NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    fails(status, GAN_ERROR_IO, "/f: cannot write: ");
    ck_assert_int_eq(content(), 0);
    ck_assert_int_eq(clear(), 1);
    free(data);
}
END_TEST

int main(void)
{
    return run_in_folder(
        "tensors and faults",
        (const TTest *[]){every_call_of_writing_may_fail, every_write_of_a_large_file_may_fail,
                          every_call_of_reading_may_fail,
                          interruptions_and_small_pieces_do_not_matter, errors_that_are_no_errors,
                          where_no_file_can_be_written, files_that_grow_too_large, NULL});
}
