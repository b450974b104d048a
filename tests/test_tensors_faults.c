/* Files of tensors when the operating system fails: every call in turn, once and from then on. The
 * calls that lib/io/file.c makes are caught by functions of the same names in this program. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "tensors_support.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>

/* What is to happen to the calls between arm and disarm. */
static struct {
    bool armed;
    int calls;      /* so far */
    int fail_at;    /* the call that fails, counted from 1; 0: none */
    bool forever;   /* and all after it */
    int error;      /* errno of a call that fails */
    bool interrupt; /* every other call is interrupted, and data come in small pieces */
    bool interrupted;
    const char *failed; /* the name of the last call that failed */
} fault;

/* Whether this call is to fail; sets errno. */
static bool hit(const char *name, bool interruptible)
{
    if (!fault.armed) {
        return false;
    }
    if (fault.interrupt && interruptible && !fault.interrupted) {
        fault.interrupted = true;
        errno = EINTR;
        return true;
    }
    fault.interrupted = false;
    fault.calls++;
    if (fault.fail_at == 0 || fault.calls < fault.fail_at ||
        (fault.calls > fault.fail_at && !fault.forever)) {
        return false;
    }
    fault.failed = name;
    errno = fault.error;
    return true;
}

/* Defines `original`, a pointer to the function of that name in the C library. */
#define REAL(type, name, ...)                                       \
    static type (*original)(__VA_ARGS__);                           \
    if (original == NULL) {                                         \
        void *found = dlsym(RTLD_NEXT, name);                       \
        memcpy((void *)&original, (void *)&found, sizeof original); \
    }

static size_t piece(size_t size)
{
    return fault.armed && fault.interrupt && size > 7 ? 7 : size;
}

int openat(int base, const char *name, int flags, ...)
{
    REAL(int, "openat", int, const char *, int, ...)
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? (mode_t)va_arg(arguments, int) : 0;
    va_end(arguments);
    return hit("openat", true) ? -1 : original(base, name, flags, mode);
}

int fstat(int file, struct stat *status)
{
    REAL(int, "fstat", int, struct stat *)
    return hit("fstat", false) ? -1 : original(file, status);
}

int fstatat(int base, const char *restrict name, struct stat *restrict status, int flags)
{
    REAL(int, "fstatat", int, const char *, struct stat *, int)
    return hit("fstatat", false) ? -1 : original(base, name, status, flags);
}

ssize_t write(int file, const void *bytes, size_t size)
{
    REAL(ssize_t, "write", int, const void *, size_t)
    return hit("write", true) ? -1 : original(file, bytes, piece(size));
}

ssize_t pread(int file, void *bytes, size_t size, off_t offset)
{
    REAL(ssize_t, "pread", int, void *, size_t, off_t)
    return hit("pread", true) ? -1 : original(file, bytes, piece(size), offset);
}

int fsync(int file)
{
    REAL(int, "fsync", int)
    return hit("fsync", true) ? -1 : original(file);
}

int renameat(int from, const char *name, int to, const char *other)
{
    REAL(int, "renameat", int, const char *, int, const char *)
    return hit("renameat", false) ? -1 : original(from, name, to, other);
}

int unlinkat(int base, const char *name, int flags)
{
    REAL(int, "unlinkat", int, const char *, int)
    return hit("unlinkat", false) ? -1 : original(base, name, flags);
}

/* Like that of Linux, it releases the descriptor whatever it returns. */
int close(int file)
{
    REAL(int, "close", int)
    const int result = original(file);
    return hit("close", false) ? -1 : result;
}

static void arm(int fail_at, bool forever, int error)
{
    fault.fail_at = fail_at;
    fault.forever = forever;
    fault.error = error;
    fault.interrupt = fault.interrupted = false;
    fault.calls = 0;
    fault.failed = NULL;
    fault.armed = true;
}

static int32_t write_new(void)
{
    return gan__tensors_write(ctx, at("f"), 2, pair, 2, remarks);
}

/* 0 for the old content, 1 for the new. */
static int content(void)
{
    size_t size;
    uint8_t *bytes = get(at("f"), &size);
    const bool old = size == 3 && memcmp(bytes, "old", 3) == 0;
    free(bytes);
    if (!old) {
        ok(read_all(at("f")));
    }
    return !old;
}

static int count_files(void)
{
    int count = -2; /* . and .. */
    DIR *open = opendir(folder);
    ck_assert_ptr_nonnull(open);
    while (readdir(open) != NULL) {
        count++;
    }
    closedir(open);
    return count;
}

/* Lets each call of a write fail in turn; old content must stay until the rename. Returns how many
 * there were. */
static int fail_each_of_writing(bool forever, int error)
{
    for (int n = 1;; n++) {
        put("f", "old", 3);
        const int free_before = free_descriptor();
        arm(n, forever, error);
        const int32_t status = write_new();
        fault.armed = false;
        ck_assert_int_eq(free_descriptor(), free_before);
        ck_assert_int_eq(own.live, 1);
        if (fault.failed == NULL) {
            ok(status);
            ck_assert_int_eq(content(), 1);
            ck_assert_int_eq(clear(), 1);
            return n - 1;
        }
        /* A close that fails once everything is in place does not matter. */
        if (status == GAN_OK) {
            ck_assert_str_eq(fault.failed, "close");
            ck_assert_int_eq(content(), 1);
        } else {
            fails(status, GAN_ERROR_IO, "/f: cannot ");
            fails(status, GAN_ERROR_IO, error == ENOSPC ? "No space" : "rror (errno 5)");
            const bool renamed = strstr(gan_context_message(ctx), "synchronise its folder") != NULL;
            ck_assert_int_eq(content(), renamed);
        }
        /* What cannot be removed stays; nothing else does. */
        ck_assert_int_le(count_files(), forever ? 2 : 1);
        clear();
    }
}

START_TEST(every_call_of_writing_may_fail)
{
    if (setenv("LC_ALL", "C", 1) != 0) {
        ck_abort();
    }
    const int calls = fail_each_of_writing(false, EIO);
    /* Two opens, a look, a write, a sync, a close, a rename, a sync, a close. */
    ck_assert_int_eq(calls, 9);
    ck_assert_int_eq(fail_each_of_writing(false, ENOSPC), calls);
    ck_assert_int_eq(fail_each_of_writing(true, EIO), calls);
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
