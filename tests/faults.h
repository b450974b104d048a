/* What the tests of a failing operating system share: each call that lib/io/file.c makes is caught
 * by a function of its name in the test program, and fails when told to. Included once by each test
 * program, which defines _GNU_SOURCE first. */
#ifndef GAN_TESTS_FAULTS_H
#define GAN_TESTS_FAULTS_H

#include "api.h"
#include "original.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Is told of each call that changes what names a folder has for good: a rename to a name, the removal
 * of one, an fsync (of a name that is NULL). NULL if nobody asks. */
static void (*witness)(const char *call, const char *name);

static void tell(const char *call, const char *name)
{
    if (fault.armed && witness != NULL) {
        witness(call, name);
    }
}

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
    if (hit("fsync", true)) {
        return -1;
    }
    tell("fsync", NULL);
    return original(file);
}

int renameat(int from, const char *name, int to, const char *other)
{
    REAL(int, "renameat", int, const char *, int, const char *)
    if (hit("renameat", false)) {
        return -1;
    }
    tell("renameat", other);
    return original(from, name, to, other);
}

int unlinkat(int base, const char *name, int flags)
{
    REAL(int, "unlinkat", int, const char *, int)
    if (hit("unlinkat", false)) {
        return -1;
    }
    tell("unlinkat", name);
    return original(base, name, flags);
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

#endif
