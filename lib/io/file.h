/* Files as the operating system gives them: a sink that replaces a file in one piece, a reader
 * that reads at any place, a journal that grows by whole pieces. Every call of lib/io that can
 * fail for reasons outside the process is made in file.c. */
#ifndef GAN_IO_FILE_H
#define GAN_IO_FILE_H

#include "base/context.h"

enum { GAN__SINK_CHUNK = 65536, GAN__SINK_NAME = 64 };

/* A file being written. Until it is committed, what is written lies in a temporary file in the
 * same folder. The folder is opened once, first: it may be renamed, and the process may change its
 * working folder, while the file is written. */
typedef struct {
    gan_context *context;
    const char *path; /* borrowed */
    const char *name; /* its last part */
    uint8_t *chunk;   /* [GAN__SINK_CHUNK], the first `filled` bytes are still to be written */
    int64_t filled;
    int folder, file;               /* -1: not open */
    char temporary[GAN__SINK_NAME]; /* the temporary file's name in the folder, "" if none */
} gan__sink;

/* Starts a file. Whatever comes of it, gan__sink_close must be called.
 *   sink  need not be initialised
 *   path  of a regular file, or of none; a symbolic link is replaced, not followed
 * Errors: ARGUMENT (path is NULL or empty), IO, MEMORY. */
int32_t gan__sink_open(gan_context *context, const char *path, gan__sink *sink);

/* Appends bytes. Errors: IO. */
int32_t gan__sink_write(gan__sink *sink, const void *bytes, int64_t size);

/* Writes what is left, synchronises, puts the file in its place and synchronises the folder. When
 * only that last fails, the new content is in place, but a loss of power may bring the old one
 * back. Errors: IO. */
int32_t gan__sink_commit(gan__sink *sink);

/* Releases all, and removes the temporary file unless it was committed. */
void gan__sink_close(gan__sink *sink);

/* All of this for a file whose bytes are at hand. Errors: ARGUMENT, IO, MEMORY. */
int32_t gan__file_write(gan_context *context, const char *path, const void *bytes, int64_t size);

/* A regular file being read. */
typedef struct {
    gan_context *context;
    const char *path; /* borrowed */
    int file;         /* -1: not open */
    int64_t size;     /* when it was opened */
} gan__reader;

/* Opens a file. Whatever comes of it, gan__reader_close must be called.
 *   reader  need not be initialised
 * Errors: ARGUMENT (path is NULL or empty), IO (not there, not a regular file). */
int32_t gan__reader_open(gan_context *context, const char *path, gan__reader *reader);

/* Reads exactly `size` bytes at an offset. Errors: IO, FORMAT (the file ends before). */
int32_t gan__reader_read(const gan__reader *reader, int64_t offset, void *out, int64_t size);

/* Releases all, whether opening succeeded or not. */
void gan__reader_close(gan__reader *reader);

/* A file that grows. What stands behind the bytes that count is what an append left that failed or
 * was cut short by a loss of power; the next append removes it. */
typedef struct {
    gan__reader reader; /* size: the bytes that count */
    bool more;          /* whether others may stand behind them */
} gan__journal;

/* Opens a file to read it and to append to it, or makes an empty one. All of its bytes count at
 * first. Whatever comes of it, gan__journal_close must be called.
 * Errors: ARGUMENT (path is NULL or empty), IO (not a regular file, no permission). */
int32_t gan__journal_open(gan_context *context, const char *path, gan__journal *journal);

/* Says that only the first `size` bytes count. */
void gan__journal_keep(gan__journal *journal, int64_t size);

/* Removes what does not count. Errors: IO. */
int32_t gan__journal_cut(gan__journal *journal);

/* Appends bytes, all of them or none. Errors: IO. */
int32_t gan__journal_append(gan__journal *journal, const void *bytes, int64_t size);

/* Waits until a loss of power can no longer take away what was appended, nor the file itself.
 * Errors: IO, MEMORY. */
int32_t gan__journal_sync(const gan__journal *journal);

void gan__journal_close(gan__journal *journal);

/* ---- Folders, and files that are in the way ------------------------------------------------- */

/* Is told a name; what is not GAN_OK ends the list. */
typedef int32_t (*gan__name_fn)(void *user, const char *name);

/* Lists the names in a folder, in no order, without "." and "..". Errors: ARGUMENT (path is NULL or
 * empty), IO, those of `each`. */
int32_t gan__folder_list(gan_context *context, const char *path, gan__name_fn each, void *user);

/* Removes a file; returns whether there is none of that name now. */
bool gan__file_remove(const char *path);

#endif
