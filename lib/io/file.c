#include "io/file.h"

#include <dirent.h>
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

/* EINVAL: a file system that does not know how to synchronise a folder. */
static int32_t sync_folder(gan_context *context, const char *path, int folder)
{
    return sync_again(folder) == 0 || errno == EINVAL
               ? GAN_OK
               : fail_io(context, path, "synchronise its folder");
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* Opens the folder of a path; `*name` is where the file's name in it begins. */
static int32_t open_folder(gan_context *context, const char *path, const char **name, int *out)
{
    const char *slash = strrchr(path, '/');
    *name = slash != NULL ? slash + 1 : path;
    const size_t length = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    char *folder = gan__allocate(context, (int64_t)length + 1, 1);
    if (folder == NULL) {
        return GAN_ERROR_MEMORY;
    }
    memcpy(folder, slash != NULL ? path : ".", length);
    *out = open_again(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    gan__release(context, folder);
    return *out >= 0 ? GAN_OK : fail_io(context, path, "open its folder");
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
    GAN__TRY(open_folder(context, path, &sink->name, &sink->folder));
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
    return sync_folder(sink->context, sink->path, sink->folder);
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

int32_t gan__file_write(gan_context *context, const char *path, const void *bytes, int64_t size)
{
    gan__sink sink;
    int32_t status = gan__sink_open(context, path, &sink);
    if (status == GAN_OK) {
        status = gan__sink_write(&sink, bytes, size);
    }
    if (status == GAN_OK) {
        status = gan__sink_commit(&sink);
    }
    gan__sink_close(&sink);
    return status;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* Opening a pipe must not wait for a writer, nor a terminal become that of the process. */
static int32_t open_regular(gan_context *context, const char *path, int flags, gan__reader *reader)
{
    *reader = (gan__reader){.context = context, .path = path, .file = -1};
    GAN__TRY(check_path(context, path));
    reader->file = open_again(AT_FDCWD, path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0666);
    struct stat status;
    if (reader->file < 0 || fstat(reader->file, &status) != 0) {
        return fail_io(context, path, "open");
    }
    if (!S_ISREG(status.st_mode)) {
        return gan__fail(context, GAN_ERROR_IO, "%.300s: not a regular file", path);
    }
    reader->size = status.st_size;
    return GAN_OK;
}

int32_t gan__reader_open(gan_context *context, const char *path, gan__reader *reader)
{
    return open_regular(context, path, O_RDONLY, reader);
}

int32_t gan__reader_read(const gan__reader *reader, int64_t offset, void *out, int64_t size)
{
    uint8_t *next = out;
    while (size > 0) {
        const ssize_t got = pread(reader->file, next, (size_t)size, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_io(reader->context, reader->path, "read");
        }
        if (got == 0) {
            return gan__fail(reader->context, GAN_ERROR_FORMAT,
                             "%.300s: truncated: %lld more bytes were to come", reader->path,
                             (long long)size);
        }
        next += got;
        offset += got;
        size -= got;
    }
    return GAN_OK;
}

void gan__reader_close(gan__reader *reader)
{
    if (reader->file >= 0) {
        close(reader->file);
        reader->file = -1;
    }
}

/* ---- Growing --------------------------------------------------------------------------------- */

int32_t gan__journal_open(gan_context *context, const char *path, gan__journal *journal)
{
    journal->more = false;
    return open_regular(context, path, O_RDWR | O_CREAT, &journal->reader);
}

void gan__journal_keep(gan__journal *journal, int64_t size)
{
    journal->more = journal->more || size < journal->reader.size;
    journal->reader.size = size;
}

static bool cut(gan__journal *journal)
{
    int result;
    do {
        result = ftruncate(journal->reader.file, (off_t)journal->reader.size);
    } while (result != 0 && errno == EINTR);
    journal->more = result != 0;
    return result == 0;
}

int32_t gan__journal_cut(gan__journal *journal)
{
    return !journal->more || cut(journal)
               ? GAN_OK
               : fail_io(journal->reader.context, journal->reader.path, "cut to its whole records");
}

int32_t gan__journal_append(gan__journal *journal, const void *bytes, int64_t size)
{
    const gan__reader *reader = &journal->reader;
    GAN__TRY(gan__journal_cut(journal));
    const uint8_t *next = bytes;
    for (int64_t put = 0; put < size;) {
        const ssize_t done =
            pwrite(reader->file, next + put, (size_t)(size - put), (off_t)(reader->size + put));
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            errno = done == 0 ? ENOSPC : errno; /* 0: no progress, for no reason given */
            const int32_t status = fail_io(reader->context, reader->path, "write");
            cut(journal);
            return status;
        }
        put += done;
    }
    journal->reader.size += size;
    return GAN_OK;
}

int32_t gan__journal_sync(const gan__journal *journal)
{
    const gan__reader *reader = &journal->reader;
    const char *name;
    int folder = -1;
    if (sync_again(reader->file) != 0) {
        return fail_io(reader->context, reader->path, "synchronise");
    }
    GAN__TRY(open_folder(reader->context, reader->path, &name, &folder));
    const int32_t status = sync_folder(reader->context, reader->path, folder);
    close(folder);
    return status;
}

void gan__journal_close(gan__journal *journal)
{
    gan__reader_close(&journal->reader);
}

/* ---- Folders --------------------------------------------------------------------------------- */

static int32_t list_names(gan_context *context, const char *path, DIR *folder, gan__name_fn each,
                          void *user)
{
    for (;;) {
        errno = 0;
        const struct dirent *one = readdir(folder);
        if (one == NULL) {
            return errno == 0 ? GAN_OK : fail_io(context, path, "read the folder");
        }
        if (strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0) {
            GAN__TRY(each(user, one->d_name));
        }
    }
}

int32_t gan__folder_list(gan_context *context, const char *path, gan__name_fn each, void *user)
{
    GAN__TRY(check_path(context, path));
    const int file = open_again(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    DIR *folder = file >= 0 ? fdopendir(file) : NULL;
    if (folder == NULL) {
        const int32_t status = fail_io(context, path, "open the folder");
        if (file >= 0) {
            close(file);
        }
        return status;
    }
    const int32_t status = list_names(context, path, folder, each, user);
    closedir(folder);
    return status;
}

bool gan__file_remove(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0) == 0 || errno == ENOENT;
}
