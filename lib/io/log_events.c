/* Logs as events of TensorBoard: records of a TFRecord file, each a message "Event". */
#include "io/crc32c.h"
#include "io/protobuf.h"
#include "io/records.h"

#include <math.h>
#include <string.h>
#include <time.h>

enum { HEAD = 12, TAIL = 4 }; /* bytes before and behind the event of a record */

/* ---- Printing -------------------------------------------------------------------------------- */

#define VERSION "brain.Event:2"

/* Fields of the messages, as event.proto and summary.proto number them. */
enum { EVENT_WALL_TIME = 1, EVENT_STEP, EVENT_FILE_VERSION, EVENT_SUMMARY = 5 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_SIMPLE };

static double time_of(const gan_log *log)
{
    if (log->clock != NULL) {
        return log->clock(log->user);
    }
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* What stands in a file for the checksum of bytes: a checksum that may be taken of checksums. */
static uint32_t masked(const void *bytes, int64_t size)
{
    const uint32_t crc = gan__crc32c(bytes, size);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

/* Puts an event, which begins at `begun`, between what marks a record: its length and the checksums
 * of both. */
static void frame(gan__buffer *out, int64_t begun)
{
    char *end = gan__buffer_room(out, 4);
    char *head = gan__buffer_insert(out, begun, HEAD);
    if (end == NULL || head == NULL) {
        return;
    }
    const int64_t size = out->size - begun - HEAD - 4;
    gan__put_bits64(head, (uint64_t)size);
    gan__put_bits32(head + 8, masked(head, 8));
    gan__put_bits32(head + HEAD + size, masked(head + HEAD, size));
}

/* A number that is no finite float becomes an infinite one. */
static float nearest_float(double value)
{
    return isnan(value) || gan__is_float(value) ? (float)value
                                                : copysignf(INFINITY, value < 0 ? -1.0f : 1.0f);
}

int32_t gan__log_print_event(const gan_log *log, int64_t step, gan__buffer *out)
{
    const double now = time_of(log);
    if (log->found.step < 0) {
        gan__proto_double(out, EVENT_WALL_TIME, now);
        gan__proto_text(out, EVENT_FILE_VERSION, VERSION);
        frame(out, 0);
    }
    const int64_t begun = out->size;
    gan__proto_double(out, EVENT_WALL_TIME, now);
    gan__proto_int(out, EVENT_STEP, step);
    const int64_t summary = gan__proto_begin(out, EVENT_SUMMARY);
    for (int64_t i = 0; i < log->record.count; i++) {
        const int64_t value = gan__proto_begin(out, SUMMARY_VALUE);
        gan__proto_text(out, VALUE_TAG, log->record.numbers[i].name);
        gan__proto_float(out, VALUE_SIMPLE, nearest_float(log->record.numbers[i].value));
        gan__proto_end(out, value);
    }
    gan__proto_end(out, summary);
    frame(out, begun);
    return GAN_OK;
}

/* ---- Finding --------------------------------------------------------------------------------- */

/* What a record is found to be. */
typedef enum { WHOLE, TORN, WRONG } state;

/* A file read record by record. */
typedef struct {
    const gan_log *log;
    int64_t number, begin, end; /* of the record, counted from 1; where it is */
    char *event;                /* [size] */
    int64_t size, capacity;
} events;

static uint64_t get_bits(const char *bytes, int count)
{
    uint64_t bits = 0;
    for (int i = 0; i < count; i++) {
        bits |= (uint64_t)(uint8_t)bytes[i] << 8 * i;
    }
    return bits;
}

static bool are_zeros(const char *bytes, int64_t size)
{
    while (size > 0 && bytes[size - 1] == 0) {
        size--;
    }
    return size == 0;
}

/* Whether the first bytes of a file, and zeros behind them, may be what is left of a head: the
 * record of the version is always as long. head: [HEAD] */
static bool is_first_head(const char *head)
{
    char wanted[HEAD];
    gan__put_bits64(wanted, 1 + 8 + 2 + sizeof VERSION - 1);
    gan__put_bits32(wanted + 8, masked(wanted, 8));
    int64_t same = 0;
    while (same < HEAD && head[same] == wanted[same]) {
        same++;
    }
    return are_zeros(head + same, HEAD - same);
}

/* Whether a file has but zeros from a place on, as a loss of power may leave it. */
static int32_t ends_in_zeros(const gan__reader *reader, int64_t from, bool *are)
{
    char bytes[4096];
    *are = true;
    while (*are && from < reader->size) {
        const int64_t left = reader->size - from, size = left < 4096 ? left : 4096;
        GAN__TRY(gan__reader_read(reader, from, bytes, size));
        *are = are_zeros(bytes, size);
        from += size;
    }
    return GAN_OK;
}

/* Reads the head of the next record: how long the event is, and whether it is all there. */
static int32_t read_head(events *e, state *is)
{
    const gan__reader *reader = &e->log->journal.reader;
    const int64_t left = reader->size - e->begin, size = left < HEAD ? left : HEAD;
    char head[HEAD] = {0};
    GAN__TRY(gan__reader_read(reader, e->begin, head, size));
    const uint64_t length = get_bits(head, 8);
    if (size < HEAD || get_bits(head + 8, 4) != masked(head, 8)) {
        bool zeros;
        GAN__TRY(ends_in_zeros(reader, e->begin + size, &zeros));
        *is = zeros && (e->number > 1 || is_first_head(head)) ? TORN : WRONG;
        return GAN_OK;
    }
    const bool whole =
        left >= HEAD + TAIL && length <= (uint64_t)(left - HEAD - TAIL) && length < INT64_MAX;
    *is = whole ? WHOLE : TORN;
    e->size = whole ? (int64_t)length : 0;
    return GAN_OK;
}

/* Reads the next record, whose memory is bounded by the size of the file. */
static int32_t next_event(events *e, state *is)
{
    const gan__reader *reader = &e->log->journal.reader;
    e->begin = e->end;
    e->number++;
    GAN__TRY(read_head(e, is));
    if (*is != WHOLE) {
        return GAN_OK;
    }
    void *memory = e->event;
    GAN__TRY(gan__grow(e->log->context, &memory, &e->capacity, e->size + TAIL, 1));
    e->event = memory;
    GAN__TRY(gan__reader_read(reader, e->begin + HEAD, e->event, e->size + TAIL));
    e->end = e->begin + HEAD + e->size + TAIL;
    if (get_bits(e->event + e->size, TAIL) != masked(e->event, e->size)) {
        bool zeros;
        GAN__TRY(ends_in_zeros(reader, e->end, &zeros));
        *is = zeros ? TORN : WRONG;
    }
    return GAN_OK;
}

/* Reads a number of seven bits a byte at *at; whether there is one. */
static bool take_varint(const events *e, int64_t *at, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 64 && *at < e->size; shift += 7) {
        const uint8_t byte = (uint8_t)e->event[(*at)++];
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

/* Finds the step of an event, 0 unless it says another, and whether it is that of the version.
 * Returns whether it is well-formed. */
static bool read_event(const events *e, int64_t *step, bool *version)
{
    enum { VARINT, BITS64, LENGTH, BITS32 = 5 };
    *step = 0;
    *version = false;
    for (int64_t at = 0; at < e->size;) {
        uint64_t tag, value = 0;
        if (!take_varint(e, &at, &tag)) {
            return false;
        }
        const uint64_t type = tag & 7, field = tag >> 3;
        const bool counted = type == VARINT || type == LENGTH;
        if ((counted && !take_varint(e, &at, &value)) ||
            (!counted && type != BITS64 && type != BITS32)) {
            return false;
        }
        const uint64_t skipped = type == BITS64   ? 8
                                 : type == BITS32 ? 4
                                 : type == LENGTH ? value
                                                  : 0;
        if (skipped > (uint64_t)(e->size - at)) {
            return false;
        }
        at += (int64_t)skipped;
        *step = field == EVENT_STEP && type == VARINT ? (int64_t)value : *step;
        *version = *version || (field == EVENT_FILE_VERSION && type == LENGTH);
    }
    return *step >= 0;
}

static int32_t find_events(events *e, int64_t last, gan__log_found *found)
{
    while (e->end < e->log->journal.reader.size) {
        int64_t step = 0;
        bool version = false;
        state is = WRONG;
        GAN__TRY(next_event(e, &is));
        if (is == TORN) {
            return GAN_OK;
        }
        if (is == WRONG || !read_event(e, &step, &version) || version != (e->number == 1)) {
            return gan__fail(e->log->context, GAN_ERROR_FORMAT,
                             "%.300s: record %lld, at byte %lld, is no event of a log",
                             e->log->path, (long long)e->number, (long long)e->begin);
        }
        if (!version && step > last) {
            return GAN_OK;
        }
        if (!version) {
            found->end = e->end;
            found->step = step;
        }
    }
    return GAN_OK;
}

int32_t gan__log_find_events(const gan_log *log, int64_t last, gan__log_found *found)
{
    events e = {.log = log};
    const int32_t status = find_events(&e, last, found);
    gan__release(log->context, e.event);
    return status;
}
