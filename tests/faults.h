/* What the tests of a failing operating system share: each call that lib/io/file.c makes is caught
 * by a function of its name in the test program, and fails when told to. Included once by each test
 * program, which defines _GNU_SOURCE first. */
#ifndef GAN_TESTS_FAULTS_H
#define GAN_TESTS_FAULTS_H

#include "tensors_support.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>

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

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset)
{
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)
    return hit("pwrite", true) ? -1 : original(file, bytes, piece(size), offset);
}

int ftruncate(int file, off_t size)
{
    REAL(int, "ftruncate", int, off_t)
    return hit("ftruncate", true) ? -1 : original(file, size);
}

DIR *fdopendir(int file)
{
    REAL(DIR *, "fdopendir", int)
    return hit("fdopendir", false) ? NULL : original(file);
}

struct dirent *readdir(DIR *open)
{
    REAL(struct dirent *, "readdir", DIR *)
    return hit("readdir", false) ? NULL : original(open);
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

static inline void arm(int fail_at, bool forever, int error)
{
    fault.fail_at = fail_at;
    fault.forever = forever;
    fault.error = error;
    fault.interrupt = fault.interrupted = false;
    fault.calls = 0;
    fault.failed = NULL;
    fault.armed = true;
}

static int64_t blocks = 1; /* that live before and after each call */

/* Whether the file "f" still has the content "old". */
static inline bool is_old(void)
{
    size_t size;
    uint8_t *bytes = get(at("f"), &size);
    const bool old = size == 3 && memcmp(bytes, "old", 3) == 0;
    free(bytes);
    return old;
}

static inline int count_files(void)
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

/* Lets each call of a write of the file "f" fail in turn; old content must stay until the rename.
 *   content  0 for the old content "old", 1 for the new; fails the test for any other
 * Returns how many there were. */
static inline int fail_each_of_writing(int32_t (*write_new)(void), int (*content)(void),
                                       bool forever, int error)
{
    for (int n = 1;; n++) {
        put("f", "old", 3);
        const int free_before = free_descriptor();
        arm(n, forever, error);
        const int32_t status = write_new();
        fault.armed = false;
        ck_assert_int_eq(free_descriptor(), free_before);
        ck_assert_int_eq(own.live, blocks);
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

#endif
