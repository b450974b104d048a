/* Logs as text: JSON lines and CSV. */
#include "io/records.h"

#include <math.h>
#include <string.h>

enum {
    CHUNK = 65536,                                     /* bytes read at a time */
    HEAD = 32,                                         /* of a line: more than a step takes */
    COLUMNS = GAN__NAME_BYTES * (GAN_LOG_NUMBERS + 1), /* bytes of a line of names, at most */
};

/* ---- Printing -------------------------------------------------------------------------------- */

static void put_number(gan__buffer *out, double value)
{
    char text[GAN__NUMBER_TEXT];
    gan__number_text(value, text);
    gan__buffer_text(out, text);
}

/* Names need no escapes: see gan__log_check_name. */
int32_t gan__log_print_line(const gan_log *log, int64_t step, gan__buffer *out)
{
    gan__buffer_print(out, "{\"" GAN__LOG_STEP "\":%lld", (long long)step);
    for (int64_t i = 0; i < log->record.count; i++) {
        const gan__log_number *number = &log->record.numbers[i];
        gan__buffer_print(out, ",\"%s\":", number->name);
        if (isfinite(number->value)) {
            put_number(out, number->value);
        } else {
            gan__buffer_text(out, "null");
        }
    }
    gan__buffer_text(out, "}\n");
    return GAN_OK;
}

/* Whether the record has the names of the columns. */
static int32_t check_columns(const gan_log *log, const gan__log_record *columns)
{
    for (int64_t i = 0; i < columns->count; i++) {
        if (gan__log_look_up(&log->record, columns->numbers[i].name) == NULL) {
            return gan__fail(log->context, GAN_ERROR_KEY,
                             "log: %.300s has a column \"%s\", the record no such number",
                             log->path, columns->numbers[i].name);
        }
    }
    for (int64_t i = 0; i < log->record.count; i++) {
        if (gan__log_look_up(columns, log->record.numbers[i].name) == NULL) {
            return gan__fail(log->context, GAN_ERROR_KEY,
                             "log: the record has a number \"%s\", %.300s no such column",
                             log->record.numbers[i].name, log->path);
        }
    }
    return GAN_OK;
}

int32_t gan__log_print_row(const gan_log *log, int64_t step, gan__buffer *out)
{
    const bool first = log->found.step < 0;
    const gan__log_record *columns = first ? &log->record : &log->found.columns;
    GAN__TRY(check_columns(log, columns));
    if (first) {
        gan__buffer_text(out, GAN__LOG_STEP);
        for (int64_t i = 0; i < columns->count; i++) {
            gan__buffer_print(out, ",%s", columns->numbers[i].name);
        }
        gan__buffer_text(out, "\n");
    }
    gan__buffer_print(out, "%lld", (long long)step);
    for (int64_t i = 0; i < columns->count; i++) {
        gan__buffer_text(out, ",");
        put_number(out, gan__log_look_up(&log->record, columns->numbers[i].name)->value);
    }
    gan__buffer_text(out, "\n");
    return GAN_OK;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

/* A file read line by line. */
typedef struct {
    const gan_log *log;
    char *chunk; /* [CHUNK], of which `filled` are the file's bytes from `at` on */
    int64_t at, filled;

    int64_t number, begin, end; /* of the line, counted from 1; where it is, the newline included */
    char head[HEAD];            /* its first bytes, then zeros */
    char last;                  /* its last byte before the newline */
    bool whole;                 /* whether there is one */
} lines;

static int32_t refill(lines *l, const gan__reader *reader)
{
    const int64_t left = reader->size - l->end;
    l->at = l->end;
    l->filled = left < CHUNK ? left : CHUNK;
    return gan__reader_read(reader, l->at, l->chunk, l->filled);
}

/* Goes to the next line; without one it ends where it begins. */
static int32_t next_line(lines *l)
{
    const gan__reader *reader = &l->log->journal.reader;
    l->begin = l->end;
    l->number++;
    l->whole = false;
    l->last = '\0';
    memset(l->head, 0, HEAD);
    while (l->end < reader->size && !l->whole) {
        if (l->end == l->at + l->filled) {
            GAN__TRY(refill(l, reader));
        }
        const char *from = l->chunk + (l->end - l->at);
        const int64_t here = l->at + l->filled - l->end, known = l->end - l->begin;
        const char *newline = memchr(from, '\n', (size_t)here);
        const int64_t taken = newline != NULL ? newline - from : here;
        if (known < HEAD) {
            const int64_t room = HEAD - known;
            memcpy(l->head + known, from, (size_t)(taken < room ? taken : room));
        }
        l->last = taken > 0 ? from[taken - 1] : l->last;
        l->whole = newline != NULL;
        l->end += taken + l->whole;
    }
    return GAN_OK;
}

/* The number after `prefix`, or -1 if a line does not begin so. The number ends with a comma, with
 * `end`, or with the line. */
static int64_t step_of(const lines *l, const char *prefix, char end)
{
    size_t i = strlen(prefix);
    if (!l->whole || strncmp(l->head, prefix, i) != 0) {
        return -1;
    }
    const size_t first = i;
    int64_t step = 0;
    for (; i < HEAD - 1 && l->head[i] >= '0' && l->head[i] <= '9'; i++) {
        const int digit = l->head[i] - '0';
        if (step > (INT64_MAX - digit) / 10) {
            return -1;
        }
        step = 10 * step + digit;
    }
    return i > first && (l->head[i] == ',' || l->head[i] == end) ? step : -1;
}

/* Whether the last line can be what is left of one that begins with `prefix`, or with a digit if
 * that is empty: some of its bytes, and perhaps the zeros that a loss of power leaves of the
 * others. */
static bool is_torn(const lines *l, const char *prefix)
{
    size_t i = 0;
    while (prefix[i] != '\0' && l->head[i] == prefix[i]) {
        i++;
    }
    if (prefix[i] == '\0' && (i > 0 || (l->head[0] >= '0' && l->head[0] <= '9'))) {
        return !l->whole;
    }
    while (i < HEAD && l->head[i] == '\0') {
        i++;
    }
    return !l->whole && i == HEAD;
}

static int32_t fail_line(const lines *l)
{
    return gan__fail(l->log->context, GAN_ERROR_FORMAT, "%.300s: line %lld is no record of a log",
                     l->log->path, (long long)l->number);
}

/* How lines of a format begin and end. */
typedef struct {
    const char *prefix;
    char end; /* the last character of a line; 0: any */
} shape;

static int32_t find_records(lines *l, const shape *s, int64_t last, gan__log_found *found)
{
    for (;;) {
        GAN__TRY(next_line(l));
        const int64_t step = step_of(l, s->prefix, s->end);
        const bool is_whole = step >= 0 && (s->end == '\0' || l->last == s->end);
        if (l->begin == l->end || (is_whole && step > last)) {
            return GAN_OK;
        }
        if (!is_whole) {
            const bool torn = is_torn(l, s->prefix);
            return torn ? GAN_OK : fail_line(l);
        }
        found->end = l->end;
        found->step = step;
    }
}

int32_t gan__log_find_lines(const gan_log *log, int64_t last, gan__log_found *found)
{
    static const shape line = {"{\"" GAN__LOG_STEP "\":", '}'};
    lines l = {.log = log, .chunk = gan__allocate(log->context, CHUNK, 1)};
    const int32_t status =
        l.chunk != NULL ? find_records(&l, &line, last, found) : GAN_ERROR_MEMORY;
    gan__release(log->context, l.chunk);
    return status;
}

/* ---- Columns --------------------------------------------------------------------------------- */

/* Takes the names from a line that begins with the step. text: writable */
static int32_t take_names(const gan_log *log, char *text, gan__log_record *columns)
{
    char *next = strchr(text, ',');
    while (next != NULL) {
        char *name = next + 1;
        next = strchr(name, ',');
        if (next != NULL) {
            *next = '\0';
        }
        const bool full = columns->count == GAN_LOG_NUMBERS;
        if (full || gan__log_check_name(NULL, name) != GAN_OK ||
            gan__log_look_up(columns, name) != NULL) {
            return gan__fail(log->context, GAN_ERROR_FORMAT, "%.300s: column %lld is %s", log->path,
                             (long long)columns->count + 2,
                             full ? "one too many" : "no name, or there twice");
        }
        GAN__TRY(gan__log_append(log->context, columns, name));
    }
    return GAN_OK;
}

/* Reads the line of names, which is the line at hand. */
static int32_t read_names(const lines *l, gan__log_record *columns)
{
    const int64_t size = l->end - 1 - l->begin;
    if (!l->whole || size > COLUMNS || strncmp(l->head, GAN__LOG_STEP, 4) != 0 ||
        strchr(",", l->head[4]) == NULL) {
        return fail_line(l);
    }
    char *text = gan__allocate(l->log->context, size + 1, 1);
    if (text == NULL) {
        return GAN_ERROR_MEMORY;
    }
    int32_t status = gan__reader_read(&l->log->journal.reader, l->begin, text, size);
    if (status == GAN_OK) {
        status = take_names(l->log, text, columns);
    }
    gan__release(l->log->context, text);
    return status;
}

static int32_t find_rows(lines *l, int64_t last, gan__log_found *found)
{
    static const shape row = {"", '\0'};
    GAN__TRY(next_line(l));
    if (l->begin == l->end || is_torn(l, GAN__LOG_STEP)) {
        return GAN_OK;
    }
    GAN__TRY(read_names(l, &found->columns));
    return find_records(l, &row, last, found);
}

int32_t gan__log_find_rows(const gan_log *log, int64_t last, gan__log_found *found)
{
    lines l = {.log = log, .chunk = gan__allocate(log->context, CHUNK, 1)};
    const int32_t status = l.chunk != NULL ? find_rows(&l, last, found) : GAN_ERROR_MEMORY;
    gan__release(log->context, l.chunk);
    return status;
}
