/* Logs of records, whatever their format. */
#include "io/records.h"

#include "io/json.h"

#include <string.h>

const gan__log_format gan__log_formats[] = {
    {GAN_LOG_JSONL, gan__log_find_lines, gan__log_print_line},
    {GAN_LOG_CSV, gan__log_find_rows, gan__log_print_row},
    {GAN_LOG_TENSORBOARD, gan__log_find_events, gan__log_print_event},
    {0},
};

enum { FORMATS = sizeof gan__log_formats / sizeof gan__log_formats[0] - 1 };

const char *gan_log_format_name(int32_t index)
{
    return index >= 0 && index < FORMATS ? gan__log_formats[index].name : NULL;
}

int32_t gan_log_numbers_max(void)
{
    return GAN_LOG_NUMBERS;
}

/* ---- Records --------------------------------------------------------------------------------- */

int32_t gan__log_check_name(gan_context *context, const char *name)
{
    char copy[GAN__NAME_BYTES];
    GAN__TRY(gan__copy_name(context, "log: the name of a number", name, copy));
    const size_t length = strlen(name);
    bool good = gan__utf8(name, length) == length && strcmp(name, GAN__LOG_STEP) != 0;
    for (size_t i = 0; i < length; i++) {
        good = good && (unsigned char)name[i] >= ' ' && strchr("\",\\\x7f", name[i]) == NULL;
    }
    return good ? GAN_OK
                : gan__fail(context, GAN_ERROR_ARGUMENT,
                            "log: a number cannot have the name \"%.63s\": it is not UTF-8, or has "
                            "a quote, comma, backslash or control character, or is \"step\"",
                            name);
}

int32_t gan__log_append(gan_context *context, gan__log_record *record, const char *name)
{
    void *numbers = record->numbers;
    GAN__TRY(gan__grow(context, &numbers, &record->capacity, record->count + 1,
                       sizeof *record->numbers));
    record->numbers = numbers;
    memcpy(record->numbers[record->count++].name, name, strlen(name) + 1);
    return GAN_OK;
}

gan__log_number *gan__log_look_up(const gan__log_record *record, const char *name)
{
    for (int64_t i = 0; i < record->count; i++) {
        if (strcmp(record->numbers[i].name, name) == 0) {
            return &record->numbers[i];
        }
    }
    return NULL;
}

/* Makes room for more numbers in the record to come. */
static int32_t reserve(gan_log *log, int64_t more)
{
    gan__log_record *record = &log->record;
    if (record->count + more > GAN_LOG_NUMBERS) {
        return gan__fail(log->context, GAN_ERROR_RANGE,
                         "log: %lld more numbers than the %lld of the record, at most %d",
                         (long long)more, (long long)record->count, GAN_LOG_NUMBERS);
    }
    void *numbers = record->numbers;
    GAN__TRY(gan__grow(log->context, &numbers, &record->capacity, record->count + more,
                       sizeof *record->numbers));
    record->numbers = numbers;
    return GAN_OK;
}

gan_context *gan__log_context(const gan_log *log)
{
    return log->context;
}

int32_t gan__log_set(gan_log *log, int64_t count, const char *const *names, const double *values)
{
    int64_t more = 0;
    for (int64_t i = 0; i < count; i++) {
        if (names[i] != NULL) {
            GAN__TRY(gan__log_check_name(log->context, names[i]));
            more += gan__log_look_up(&log->record, names[i]) == NULL;
        }
    }
    GAN__TRY(reserve(log, more)); /* nothing below can fail */
    for (int64_t i = 0; i < count; i++) {
        if (names[i] != NULL && gan__log_look_up(&log->record, names[i]) == NULL) {
            GAN__TRY(gan__log_append(log->context, &log->record, names[i]));
        }
        if (names[i] != NULL) {
            gan__log_look_up(&log->record, names[i])->value = values[i];
        }
    }
    return GAN_OK;
}

int32_t gan_log_number(gan_log *log, const char *name, double value)
{
    if (log == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (name == NULL) {
        return gan__fail(log->context, GAN_ERROR_ARGUMENT, "log: the name of a number is NULL");
    }
    return gan__log_set(log, 1, &name, &value);
}

/* ---- The file -------------------------------------------------------------------------------- */

/* Reads the file anew, up to the first record with a later step. On an error nothing is changed. */
static int32_t read_file(gan_log *log, int64_t last)
{
    gan__log_found found = {.step = -1};
    const int32_t status = log->format->find(log, last, &found);
    if (status != GAN_OK) {
        gan__release(log->context, found.columns.numbers);
        return status;
    }
    gan__release(log->context, log->found.columns.numbers);
    if (found.step < 0) {
        found.columns.count = 0; /* the first record decides anew */
    }
    log->found = found;
    gan__journal_keep(&log->journal, found.end);
    return GAN_OK;
}

static int32_t open_log(gan_log *log, const char *path)
{
    if (path != NULL) {
        const size_t size = strlen(path) + 1;
        log->path = gan__allocate(log->context, (int64_t)size, 1);
        if (log->path == NULL) {
            return GAN_ERROR_MEMORY;
        }
        memcpy(log->path, path, size);
    }
    GAN__TRY(gan__journal_open(log->context, log->path, &log->journal));
    return read_file(log, INT64_MAX);
}

int32_t gan_log_create(gan_context *context, const char *path, const char *format, gan_log **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (context == NULL || format == NULL || out == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "log: %s is NULL",
                         context == NULL  ? "context"
                         : format == NULL ? "format"
                                          : "out");
    }
    int32_t i = 0;
    while (i < FORMATS && strcmp(gan__log_formats[i].name, format) != 0) {
        i++;
    }
    if (i == FORMATS) {
        return gan__fail(context, GAN_ERROR_KEY, "log: no format \"%.64s\"", format);
    }
    gan_log *log = gan__allocate(context, 1, sizeof *log);
    if (log == NULL) {
        return GAN_ERROR_MEMORY;
    }
    log->context = gan__context_retain(context);
    log->format = &gan__log_formats[i];
    log->journal.reader.file = -1;
    const int32_t status = open_log(log, path);
    if (status != GAN_OK) {
        gan_log_free(log);
        return status;
    }
    *out = log;
    return GAN_OK;
}

void gan_log_free(gan_log *log)
{
    if (log == NULL) {
        return;
    }
    gan_context *context = log->context;
    gan__journal_close(&log->journal);
    gan__release(context, log->found.columns.numbers);
    gan__release(context, log->record.numbers);
    gan__release(context, log->path);
    gan__release(context, log);
    gan__context_release(context);
}

int64_t gan_log_last_step(const gan_log *log)
{
    return log != NULL ? log->found.step : -1;
}

int32_t gan_log_resume(gan_log *log, int64_t step)
{
    if (log == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (step < -1) {
        return gan__fail(log->context, GAN_ERROR_RANGE, "log: step is %lld, below -1",
                         (long long)step);
    }
    GAN__TRY(read_file(log, step));
    return gan__journal_cut(&log->journal);
}

/* Columns that the record to come makes those of the file, if it has none yet. */
static int32_t copy_names(const gan_log *log, gan__log_record *columns)
{
    for (int64_t i = 0; i < log->record.count; i++) {
        GAN__TRY(gan__log_append(log->context, columns, log->record.numbers[i].name));
    }
    return GAN_OK;
}

int32_t gan_log_write(gan_log *log, int64_t step)
{
    if (log == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    gan__log_found *found = &log->found;
    if (step < 0 || step < found->step) {
        return gan__fail(log->context, GAN_ERROR_RANGE,
                         "log: step %lld after step %lld; gan_log_resume removes later records",
                         (long long)step, (long long)found->step);
    }
    gan__buffer out = {.context = log->context};
    gan__log_record columns = {0};
    int32_t status = log->format->print(log, step, &out);
    status = status == GAN_OK ? out.status : status;
    if (status == GAN_OK && found->step < 0) {
        status = copy_names(log, &columns);
    }
    if (status == GAN_OK) {
        status = gan__journal_append(&log->journal, out.bytes, out.size);
    }
    gan__buffer_free(&out);
    if (status != GAN_OK || found->step >= 0) {
        gan__release(log->context, columns.numbers);
    } else {
        gan__release(log->context, found->columns.numbers);
        found->columns = columns;
    }
    if (status == GAN_OK) {
        found->end = log->journal.reader.size;
        found->step = step;
        log->record.count = 0;
    }
    return status;
}

int32_t gan_log_sync(gan_log *log)
{
    return log != NULL ? gan__journal_sync(&log->journal) : GAN_ERROR_ARGUMENT;
}

int32_t gan_log_set_clock(gan_log *log, gan_clock_fn clock, void *user)
{
    if (log == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    log->clock = clock;
    log->user = user;
    return GAN_OK;
}
