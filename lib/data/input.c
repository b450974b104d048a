#include "data/input.h"

#include "base/zlib.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int32_t fail_io(const gan__input *input, const char *what)
{
    const int error = errno;
    char text[128];
    if (strerror_r(error, text, sizeof text) != 0) {
        text[0] = '\0';
    }
    return gan__fail(input->context, GAN_ERROR_IO, "%.300s: cannot %s: %s (errno %d)", input->path,
                     what, text, error);
}

static int32_t fail_format(const gan__input *input, const char *what)
{
    return gan__fail(input->context, GAN_ERROR_FORMAT, "%.300s: %s", input->path, what);
}

static int32_t open_file(gan__input *input)
{
    /* Opening a pipe must not wait for a writer, nor a terminal become that of the process. */
    const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
    do {
        input->file = open(input->path, flags);
    } while (input->file < 0 && errno == EINTR);
    struct stat status;
    if (input->file < 0 || fstat(input->file, &status) != 0) {
        return fail_io(input, "open");
    }
    if (!S_ISREG(status.st_mode)) {
        return gan__fail(input->context, GAN_ERROR_IO, "%.300s: not a regular file", input->path);
    }
    input->file_size = status.st_size;
    return GAN_OK;
}

/* Reads the next chunk if the last has been used up. At the end of the file there is none. */
static int32_t refill(gan__input *input)
{
    if (input->z.avail_in > 0 || input->ended) {
        return GAN_OK;
    }
    ssize_t got;
    do {
        got = read(input->file, input->chunk, GAN__INPUT_CHUNK);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return fail_io(input, "read");
    }
    input->ended = got == 0;
    input->z.next_in = input->chunk;
    input->z.avail_in = (uInt)got;
    return GAN_OK;
}

static int32_t start_inflating(gan__input *input)
{
    enum { GZIP_ONLY = 16 + MAX_WBITS };
    gan__zlib_memory(&input->z, input->context);
    const int status = inflateInit2(&input->z, GZIP_ONLY);
    if (status == Z_MEM_ERROR) {
        return GAN_ERROR_MEMORY;
    }
    if (status != Z_OK) {
        return gan__fail(input->context, GAN_ERROR_UNSUPPORTED, "zlib %s does not start: error %d",
                         zlibVersion(), status);
    }
    input->inflating = true;
    return GAN_OK;
}

int32_t gan__input_open(gan_context *context, const char *path, gan__input *input)
{
    *input = (gan__input){.context = context, .path = path, .file = -1};
    GAN__TRY(open_file(input));
    input->chunk = gan__allocate(context, GAN__INPUT_CHUNK, 1);
    if (input->chunk == NULL) {
        return GAN_ERROR_MEMORY;
    }
    GAN__TRY(refill(input));
    if (input->ended) {
        return fail_format(input, "the file is empty");
    }
    input->gzip = input->z.avail_in >= 2 && input->chunk[0] == 0x1f && input->chunk[1] == 0x8b;
    return input->gzip ? start_inflating(input) : GAN_OK;
}

void gan__input_close(gan__input *input)
{
    if (input->inflating) {
        inflateEnd(&input->z);
    }
    gan__release(input->context, input->chunk);
    if (input->file >= 0) {
        close(input->file);
    }
}

int64_t gan__input_limit(const gan__input *input)
{
    if (!input->gzip) {
        return input->file_size;
    }
    const int64_t limit = gan__multiply(input->file_size, 1032);
    return limit >= 0 ? limit : INT64_MAX;
}

/* Reads up to `size` bytes, fewer only at the end. */
static int32_t read_raw(gan__input *input, uint8_t *out, int64_t size, int64_t *got)
{
    *got = 0;
    while (*got < size) {
        GAN__TRY(refill(input));
        if (input->ended) {
            return GAN_OK;
        }
        const int64_t left = size - *got;
        const uInt part = left < input->z.avail_in ? (uInt)left : input->z.avail_in;
        memcpy(out + *got, input->z.next_in, part);
        input->z.next_in += part;
        input->z.avail_in -= part;
        *got += part;
    }
    return GAN_OK;
}

/* Lets zlib go on until it has no room, no input or the end of a member. */
static int32_t inflate_part(gan__input *input, uint8_t *out, int64_t size, int64_t *got)
{
    const uInt room = size < INT_MAX ? (uInt)size : INT_MAX;
    input->z.next_out = out;
    input->z.avail_out = room;
    const int status = inflate(&input->z, Z_NO_FLUSH);
    *got = room - input->z.avail_out;
    input->between = status == Z_STREAM_END;
    if (status == Z_OK || status == Z_STREAM_END) {
        return GAN_OK;
    }
    if (status == Z_MEM_ERROR) {
        return GAN_ERROR_MEMORY;
    }
    if (status == Z_BUF_ERROR && input->ended) {
        return fail_format(input, "the gzip data is truncated");
    }
    return gan__fail(input->context, GAN_ERROR_FORMAT, "%.300s: the gzip data is corrupt: %s",
                     input->path, input->z.msg != NULL ? input->z.msg : zError(status));
}

/* The same from gzip, which is a series of members (RFC 1952): their contents follow each other,
 * and nothing but a member may follow a member. */
static int32_t read_gzip(gan__input *input, uint8_t *out, int64_t size, int64_t *got)
{
    *got = 0;
    while (*got < size) {
        GAN__TRY(refill(input));
        if (input->between) {
            if (input->ended) {
                return GAN_OK;
            }
            inflateReset(&input->z);
        }
        int64_t part;
        GAN__TRY(inflate_part(input, out + *got, size - *got, &part));
        *got += part;
    }
    return GAN_OK;
}

static int32_t read_some(gan__input *input, void *out, int64_t size, int64_t *got)
{
    return (input->gzip ? read_gzip : read_raw)(input, out, size, got);
}

int32_t gan__input_read(gan__input *input, void *out, int64_t size)
{
    int64_t got;
    GAN__TRY(read_some(input, out, size, &got));
    if (got < size) {
        return gan__fail(input->context, GAN_ERROR_FORMAT,
                         "%.300s: truncated: %lld more bytes were to come", input->path,
                         (long long)(size - got));
    }
    return GAN_OK;
}

/* Goes back to the first byte of the file. */
static int32_t rewind_file(gan__input *input)
{
    if (lseek(input->file, 0, SEEK_SET) != 0) {
        return fail_io(input, "go back");
    }
    input->z.avail_in = 0;
    input->ended = false;
    input->between = false;
    inflateReset(&input->z);
    return GAN_OK;
}

int32_t gan__input_measure(gan__input *input, int64_t *size)
{
    enum { PIECE = 16384 };
    if (!input->gzip) {
        *size = input->file_size;
        return GAN_OK;
    }
    uint8_t piece[PIECE];
    int64_t got, total = 0;
    do {
        GAN__TRY(read_some(input, piece, sizeof piece, &got));
        total += got;
    } while (got == PIECE);
    *size = total;
    return rewind_file(input);
}

int32_t gan__input_finish(gan__input *input)
{
    uint8_t byte;
    int64_t got;
    GAN__TRY(read_some(input, &byte, 1, &got));
    return got == 0 ? GAN_OK : fail_format(input, "bytes follow the end of the data");
}
