/* Inside a log. */
#ifndef GAN_IO_RECORDS_H
#define GAN_IO_RECORDS_H

#include <gan/log.h>

#include "base/buffer.h"
#include "io/file.h"
#include "io/log.h"

#define GAN__LOG_STEP "step" /* what the step is called, and no number may be */

/* A number of the record to come, or a column of the file, whose value means nothing. */
typedef struct {
    char name[GAN__NAME_BYTES];
    double value;
} gan__log_number;

typedef struct {
    gan__log_number *numbers;
    int64_t count, capacity;
} gan__log_record;

/* What reading a file finds: up to where it has whole records. */
typedef struct {
    int64_t end;             /* of the last one; 0 if there is none */
    int64_t step;            /* of the last one; -1 if there is none */
    gan__log_record columns; /* csv */
} gan__log_found;

typedef struct {
    const char *name;

    /* Reads the records up to the first with a later step than `last`.
     * Errors: IO, FORMAT, MEMORY. */
    int32_t (*find)(const gan_log *log, int64_t last, gan__log_found *found);

    /* Appends the record to come, and what a file without records begins with.
     * Errors: KEY; those of the buffer stick to it. */
    int32_t (*print)(const gan_log *log, int64_t step, gan__buffer *out);
} gan__log_format;

struct gan_log {
    gan_context *context; /* counted */
    const gan__log_format *format;
    char *path;
    gan__journal journal;
    gan__log_found found; /* what the file has */
    gan__log_record record;
    gan_clock_fn clock; /* NULL: the system's */
    void *user;
};

/* The formats, by number; the last one without a name. */
extern const gan__log_format gan__log_formats[];

/* Checks the name of a number. Errors: ARGUMENT. */
int32_t gan__log_check_name(gan_context *context, const char *name);

/* Appends a number to a record, without value. Errors: MEMORY. */
int32_t gan__log_append(gan_context *context, gan__log_record *record, const char *name);

/* The number of that name, or NULL. */
gan__log_number *gan__log_look_up(const gan__log_record *record, const char *name);

/* Finding and printing, by format. */
int32_t gan__log_find_lines(const gan_log *log, int64_t last, gan__log_found *found);
int32_t gan__log_find_rows(const gan_log *log, int64_t last, gan__log_found *found);
int32_t gan__log_find_events(const gan_log *log, int64_t last, gan__log_found *found);
int32_t gan__log_print_line(const gan_log *log, int64_t step, gan__buffer *out);
int32_t gan__log_print_row(const gan_log *log, int64_t step, gan__buffer *out);
int32_t gan__log_print_event(const gan_log *log, int64_t step, gan__buffer *out);

#endif
