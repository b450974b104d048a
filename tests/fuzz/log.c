/* Logs that are gone on with: any bytes as lines of JSON and as columns; and for events, whose
 * checksums no search would find, pieces that become records, damaged afterwards. */
#include "fuzz.h"

#include "io/crc32c.h"

#include <math.h>

enum { FILE_MAX = 1 << 16 };

typedef struct {
    size_t size;
    uint8_t bytes[FILE_MAX];
} content;

static void put(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    must(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static const content *get(const char *path)
{
    static content now;
    now.size = fuzz_read(path, now.bytes, FILE_MAX);
    return &now;
}

static bool same(const content *a, const content *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Whether a file has the first bytes of another, or all. */
static bool is_part(const content *part, const content *whole)
{
    return part->size <= whole->size && memcmp(part->bytes, whole->bytes, part->size) == 0;
}

/* The step of the last record of a file that must be a log. */
static int64_t last_step(gan_context *context, const char *path, const char *format)
{
    gan_log *log;
    must(gan_log_create(context, path, format, &log) == GAN_OK);
    const int64_t step = gan_log_last_step(log);
    gan_log_free(log);
    return step;
}

/* Removes the records after a step: what is left was there, and is a log. */
static void resume(gan_context *context, gan_log *log, const char *path, const char *format,
                   int64_t step)
{
    static content before;
    before = *get(path);
    must(gan_log_resume(log, step) == GAN_OK);
    const int64_t last = gan_log_last_step(log);
    must(last >= -1 && last <= step && is_part(get(path), &before));
    must(last >= 0 || get(path)->size == 0);
    must(last_step(context, path, format) == last);
}

/* Goes on with a log: a record is added behind the whole ones, or nothing is changed. */
static void go_on(gan_context *context, gan_log *log, const char *path, const char *format)
{
    static content before;
    before = *get(path);
    const int64_t last = gan_log_last_step(log);
    const int64_t step = last < INT64_MAX ? last + 1 : last;
    must(gan_log_number(log, "a", 0.5) == GAN_OK);
    must(last <= 0 || gan_log_write(log, last - 1) == GAN_ERROR_RANGE);
    const int32_t status = gan_log_write(log, step);
    fuzz_status(context, status);
    if (status == GAN_ERROR_KEY) { /* other columns */
        must(strcmp(format, GAN_LOG_CSV) == 0 && last >= 0 && same(get(path), &before));
        return;
    }
    must(status == GAN_OK && gan_log_last_step(log) == step);
    must(last_step(context, path, format) == step);
    if (step > last) {
        resume(context, log, path, format, last);
        must(is_part(get(path), &before));
    }
}

static void read_log(const char *format, const uint8_t *bytes, size_t size, int64_t step)
{
    static content before;
    const char *path = fuzz_path("log");
    if (size > FILE_MAX / 2) {
        return;
    }
    put(path, bytes, size);
    before = *get(path);
    fuzz_heap heap = {0};
    gan_context *context = fuzz_context(&heap);
    gan_log *log = (gan_log *)&heap;
    const int32_t status = gan_log_create(context, path, format, &log);
    fuzz_status(context, status);
    must((status == GAN_OK) == (log != NULL));
    must(status == GAN_OK || status == GAN_ERROR_FORMAT);
    must(heap.peak <= FUZZ_COLUMN * (int64_t)size + FUZZ_INPUT + FUZZ_OBJECTS);
    must(same(get(path), &before));
    if (log != NULL) {
        must(gan_log_last_step(log) >= -1);
        go_on(context, log, path, format);
        resume(context, log, path, format, step);
    }
    gan_log_free(log);
    fuzz_end(context, &heap);
}

/* The first byte is the step after which all is removed, the others are the file. */
static void read_lines(const uint8_t *bytes, size_t size)
{
    read_log(GAN_LOG_JSONL, bytes + (size > 0), size - (size > 0), size > 0 ? bytes[0] : 0);
}

static void read_columns(const uint8_t *bytes, size_t size)
{
    read_log(GAN_LOG_CSV, bytes + (size > 0), size - (size > 0), size > 0 ? bytes[0] : 0);
}

static double clock_of_seeds(void *user)
{
    (void)user;
    return 1e9;
}

/* Writes a log of some records as the library does, behind `before`. */
static void seed_log(const char *format, const uint8_t *before, size_t size)
{
    static uint8_t file[FILE_MAX];
    const char *path = fuzz_path("log");
    memcpy(file, before, size);
    for (int64_t count = 0; count < 4; count++) {
        remove(path);
        fuzz_heap heap = {0};
        gan_context *context = fuzz_context(&heap);
        gan_log *log;
        must(gan_log_create(context, path, format, &log) == GAN_OK);
        must(gan_log_set_clock(log, clock_of_seeds, NULL) == GAN_OK);
        for (int64_t i = 0; i < count; i++) {
            must(gan_log_number(log, "a", i == 1 ? (double)NAN : -1.5 * (double)i) == GAN_OK);
            must(count < 3 || gan_log_number(log, "d/loss \xc3\xa9", 1e300) == GAN_OK);
            must(gan_log_write(log, 7 * i * i) == GAN_OK);
        }
        gan_log_free(log);
        fuzz_end(context, &heap);
        const size_t more = fuzz_read(path, file + size, sizeof file - size);
        fuzz_seed(file, size + more);
        fuzz_seed(file, size + more - (more > 0 ? 3 : 0)); /* torn */
    }
}

static void seed_texts(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fuzz_seed(texts[i], strlen(texts[i]));
    }
}

static void seed_lines(void)
{
    static const char *const texts[] = {"\5{\"step\":9223372036854775807}\n",
                                        "\5{\"step\":9223372036854775808}\n",
                                        "\1{\"step\":1,\"a\":2}\n{\"step\":0}\n{\"step\":2}\n",
                                        "\1{\"step\":1}\n\n", "\1{\"step\":1}\n{\"st"};
    seed_log(GAN_LOG_JSONL, (const uint8_t[]){7}, 1);
    seed_texts(texts, FUZZ_COUNT(texts));
}

static void seed_columns(void)
{
    static const char *const texts[] = {"\1step\n0\n1\n",
                                        "\1step,a,a\n0,1,1\n",
                                        "\1step,a\n0,nan\n1,\n",
                                        "\1step,a,\n",
                                        "\1ste",
                                        "\1step,a\n9223372036854775807,1\n"};
    seed_log(GAN_LOG_CSV, (const uint8_t[]){7}, 1);
    seed_texts(texts, FUZZ_COUNT(texts));
}

const fuzz_target fuzz_lines = {"lines", read_lines, seed_lines};
const fuzz_target fuzz_columns = {"columns", read_columns, seed_columns};

/* ---- Events ---------------------------------------------------------------------------------- */

static void put_word(uint8_t *out, uint64_t word, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(word >> (8 * i));
    }
}

static void put_checksum(uint8_t *out, const uint8_t *bytes, size_t size)
{
    const uint32_t crc = gan__crc32c(bytes, (int64_t)size);
    put_word(out, (crc >> 15 | crc << 17) + 0xa282ead8u, 4);
}

/* Frames an event that lies at out + 12; returns the size of the record. */
static size_t frame(uint8_t *out, size_t size)
{
    put_word(out, size, 8);
    put_checksum(out + 8, out, 8);
    put_checksum(out + 12 + size, out + 12, size);
    return size + 16;
}

/* The first bytes are the step after which all is removed; 255 for a file as it stands, or bits: 1,
 * the file begins with a version; 2, the last bytes are missing; 4, they are zeros. Then records: a
 * byte that is their size, 128 added where a bit of the record is to be turned by the byte behind
 * it. */
static void read_events(const uint8_t *bytes, size_t size)
{
    static const uint8_t version[] = "\x09\0\0\0\0\0\0\0\0\x1a\x0d"
                                     "brain.Event:2";
    static uint8_t file[FILE_MAX];
    fuzz_input input = {bytes, bytes + size};
    const int64_t step = fuzz_byte(&input);
    const uint8_t how = fuzz_byte(&input);
    size_t end = 0;
    if (how == 255 || size > 4096) {
        read_log(GAN_LOG_TENSORBOARD, input.next, (size_t)(input.end - input.next), step);
        return;
    }
    if (how & 1) {
        memcpy(file + 12, version, sizeof version - 1);
        end = frame(file, sizeof version - 1);
    }
    const uint8_t cut = how & 6 ? fuzz_byte(&input) : 0;
    while (input.next < input.end && end < FILE_MAX / 4) {
        const uint8_t first = fuzz_byte(&input), turned = first & 128 ? fuzz_byte(&input) : 0;
        const size_t left = (size_t)(input.end - input.next);
        const size_t held = (first & 127u) < left ? first & 127u : left;
        memcpy(file + end + 12, input.next, held);
        input.next += held;
        const size_t record = frame(file + end, held);
        if (first & 128) {
            file[end + turned % record] ^= (uint8_t)(1 << turned % 8);
        }
        end += record;
    }
    const size_t kept = end > cut ? end - cut : 0;
    memset(file + kept, 0, end - kept);
    read_log(GAN_LOG_TENSORBOARD, file, how & 2 ? kept : end, step);
}

static void seed_events(void)
{
    static const uint8_t whole[] = "\3\1\x0b\x09\0\0\0\0\0\0\0\0\x10\x04\2\x10\5\4\x10\x06\x2a\0";
    uint8_t changed[sizeof whole + 1];
    fuzz_seed(whole, sizeof whole - 1);
    for (uint8_t how = 2; how < 8; how++) {
        changed[0] = 3;
        changed[1] = how;
        changed[2] = (uint8_t)(5 * how); /* bytes that are missing */
        memcpy(changed + 3, whole + 2, sizeof whole - 3);
        fuzz_seed(changed, sizeof whole);
    }
    static const uint8_t turned[] = "\3\1\x8b\x20\x09\0\0\0\0\0\0\0\0\x10\x04\2\x10\5";
    fuzz_seed(turned, sizeof turned - 1);
    seed_log(GAN_LOG_TENSORBOARD, (const uint8_t[]){7, 255}, 2);
}

const fuzz_target fuzz_events = {"events", read_events, seed_events};
