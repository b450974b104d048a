#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ATTEMPTS = 100 }; /* at a name for the temporary file */

/* Reports the error in errno. */
static int32_t fail_io(gan_context *context, const char *path, const char *what)
{
    const int error = errno;
    char text[128];
    if (strerror_r(error, text, sizeof text) != 0) {
        text[0] = '\0';
    }
    return gan__fail(context, GAN_ERROR_IO, "%.300s: cannot %s: %s (errno %d)", path, what, text,
                     error);
}

static int32_t check_path(gan_context *context, const char *path)
{
    if (path == NULL || path[0] == '\0') {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "path is %s",
                         path == NULL ? "NULL" : "empty");
    }
    return GAN_OK;
}

/* openat, again when a signal came first. */
static int open_again(int folder, const char *name, int flags, mode_t mode)
{
    int file;
    do {
        file = openat(folder, name, flags, mode);
    } while (file < 0 && errno == EINTR);
    return file;
}

static int sync_again(int file)
{
    int result;
    do {
        result = fsync(file);
    } while (result != 0 && errno == EINTR);
    return result;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* Opens the folder of the path and sets the name of the file in it. */
static int32_t open_folder(gan__sink *sink)
{
    const char *slash = strrchr(sink->path, '/');
    sink->name = slash != NULL ? slash + 1 : sink->path;
    const size_t length = slash == NULL         ? 1
                          : slash == sink->path ? 1
                                                : (size_t)(slash - sink->path);
    char *folder = gan__allocate(sink->context, (int64_t)length + 1, 1);
    if (folder == NULL) {
        return GAN_ERROR_MEMORY;
    }
    memcpy(folder, slash != NULL ? sink->path : ".", length);
    sink->folder = open_again(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    gan__release(sink->context, folder);
    return sink->folder >= 0 ? GAN_OK : fail_io(sink->context, sink->path, "open its folder");
}

/* A folder cannot be replaced, and a device or a pipe must not be, as root could. */
static int32_t check_target(const gan__sink *sink)
{
    struct stat status;
    if (sink->name[0] == '\0') {
        return gan__fail(sink->context, GAN_ERROR_IO, "%.300s: not the name of a file", sink->path);
    }
    if (fstatat(sink->folder, sink->name, &status, 0) != 0) {
        /* Not there, or a link to nowhere. */
        return errno == ENOENT ? GAN_OK : fail_io(sink->context, sink->path, "write");
    }
    if (!S_ISREG(status.st_mode)) {
        return gan__fail(sink->context, GAN_ERROR_IO, "%.300s: not a regular file", sink->path);
    }
    return GAN_OK;
}

/* The name need not be a secret, for O_EXCL follows no link; it must only be free. */
static int32_t open_temporary(gan__sink *sink)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    char name[GAN__SINK_NAME];
    for (uint32_t attempt = 0; attempt < ATTEMPTS; attempt++) {
        snprintf(name, sizeof name, ".libgan-%ld-%08x.tmp", (long)getpid(),
                 (unsigned)((uint32_t)now.tv_nsec + attempt * 2654435761u));
        sink->file = open_again(sink->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (sink->file >= 0) {
            memcpy(sink->temporary, name, sizeof name);
            return GAN_OK;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return fail_io(sink->context, sink->path, "create a temporary file beside it");
}

int32_t gan__sink_open(gan_context *context, const char *path, gan__sink *sink)
{
    *sink = (gan__sink){.context = context, .path = path, .folder = -1, .file = -1};
    GAN__TRY(check_path(context, path));
    sink->chunk = gan__allocate(context, GAN__SINK_CHUNK, 1);
    if (sink->chunk == NULL) {
        return GAN_ERROR_MEMORY;
    }
    GAN__TRY(open_folder(sink));
    GAN__TRY(check_target(sink));
    return open_temporary(sink);
}

static int32_t write_all(const gan__sink *sink, const uint8_t *bytes, int64_t size)
{
    while (size > 0) {
        const ssize_t done = write(sink->file, bytes, (size_t)size);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            errno = done == 0 ? ENOSPC : errno; /* 0: no progress, for no reason given */
            return fail_io(sink->context, sink->path, "write");
        }
        bytes += done;
        size -= done;
    }
    return GAN_OK;
}

static int32_t flush(gan__sink *sink)
{
    const int64_t size = sink->filled;
    sink->filled = 0;
    return write_all(sink, sink->chunk, size);
}

int32_t gan__sink_write(gan__sink *sink, const void *bytes, int64_t size)
{
    if (size <= GAN__SINK_CHUNK - sink->filled) {
        if (size > 0) {
            memcpy(sink->chunk + sink->filled, bytes, (size_t)size);
        }
        sink->filled += size;
        return GAN_OK;
    }
    GAN__TRY(flush(sink));
    if (size >= GAN__SINK_CHUNK) {
        return write_all(sink, bytes, size);
    }
    memcpy(sink->chunk, bytes, (size_t)size);
    sink->filled = size;
    return GAN_OK;
}

/* Closes the file, which may be where a network file system tells of an error. */
static int32_t close_file(gan__sink *sink)
{
    const int file = sink->file;
    sink->file = -1;
    /* After EINTR the descriptor is closed, and all that was written is on the disk already. */
    return close(file) == 0 || errno == EINTR ? GAN_OK
                                              : fail_io(sink->context, sink->path, "close");
}

int32_t gan__sink_commit(gan__sink *sink)
{
    GAN__TRY(flush(sink));
    if (sync_again(sink->file) != 0) {
        return fail_io(sink->context, sink->path, "synchronise");
    }
    GAN__TRY(close_file(sink));
    if (renameat(sink->folder, sink->temporary, sink->folder, sink->name) != 0) {
        return fail_io(sink->context, sink->path, "rename the temporary file");
    }
    sink->temporary[0] = '\0';
    /* EINVAL: a file system that does not know how to synchronise a folder. */
    if (sync_again(sink->folder) != 0 && errno != EINVAL) {
        return fail_io(sink->context, sink->path, "synchronise its folder");
    }
    return GAN_OK;
}

void gan__sink_close(gan__sink *sink)
{
    if (sink->file >= 0) {
        close(sink->file);
    }
    if (sink->temporary[0] != '\0') {
        unlinkat(sink->folder, sink->temporary, 0);
    }
    if (sink->folder >= 0) {
        close(sink->folder);
    }
    gan__release(sink->context, sink->chunk);
}

/* ---- Reading --------------------------------------------------------------------------------- */

int32_t gan__source_open(gan_context *context, const char *path, gan__source *source)
{
    *source = (gan__source){.context = context, .path = path, .file = -1};
    GAN__TRY(check_path(context, path));
    /* Opening a pipe must not wait for a writer, nor a terminal become that of the process. */
    source->file = open_again(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0);
    struct stat status;
    if (source->file < 0 || fstat(source->file, &status) != 0) {
        return fail_io(context, path, "open");
    }
    if (!S_ISREG(status.st_mode)) {
        return gan__fail(context, GAN_ERROR_IO, "%.300s: not a regular file", path);
    }
    source->size = status.st_size;
    return GAN_OK;
}

int32_t gan__source_read(const gan__source *source, int64_t offset, void *out, int64_t size)
{
    uint8_t *next = out;
    while (size > 0) {
        const ssize_t got = pread(source->file, next, (size_t)size, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_io(source->context, source->path, "read");
        }
        if (got == 0) {
            return gan__fail(source->context, GAN_ERROR_FORMAT,
                             "%.300s: truncated: %lld more bytes were to come", source->path,
                             (long long)size);
        }
        next += got;
        offset += got;
        size -= got;
    }
    return GAN_OK;
}

void gan__source_close(gan__source *source)
{
    if (source->file >= 0) {
        close(source->file);
        source->file = -1;
    }
}
