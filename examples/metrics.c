#include "metrics.h"

#include "check.h"
#include "files.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct metrics {
    FILE *file;
    char *path;
};

metrics *metrics_open(const char *directory, const char *name)
{
    metrics *log = allocate(1, sizeof *log);
    log->path = join_path(directory, name);
    log->file = create_file(log->path);
    return log;
}

metrics *metrics_append(const char *directory, const char *name)
{
    metrics *log = allocate(1, sizeof *log);
    log->path = join_path(directory, name);
    log->file = append_file(log->path);
    return log;
}

double metrics_last(const char *directory, const char *name, const char *key)
{
    char *path = join_path(directory, name), *line = NULL;
    FILE *file = fopen(path, "rb");
    free(path);
    if (file == NULL) {
        return 0;
    }
    char field[64];
    size_t size = 0;
    double value = 0;
    snprintf(field, sizeof field, "\"%s\":", key);
    while (getline(&line, &size, file) > 0) {
        const char *found = strstr(line, field);
        if (found != NULL) {
            value = strtod(found + strlen(field), NULL);
        }
    }
    free(line);
    fclose(file);
    return value;
}

static void write_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            fprintf(file, "\\%c", c);
        } else if (c < 0x20) {
            fprintf(file, "\\u%04x", (unsigned)c);
        } else {
            fputc(c, file);
        }
    }
    fputc('"', file);
}

/* printf follows the locale: what it wrote for the decimal point becomes a '.'. Nine digits bring
 * every float back. */
static void write_number(FILE *file, double value)
{
    char text[64];
    const char *point = localeconv()->decimal_point;
    snprintf(text, sizeof text, "%.9g", value);
    char *found = strstr(text, point);
    if (found == NULL) {
        fputs(text, file);
    } else {
        fprintf(file, "%.*s.%s", (int)(found - text), text, found + strlen(point));
    }
}

static void write_key(FILE *file, const char *key)
{
    fputc(',', file);
    write_text(file, key);
    fputc(':', file);
}

void metrics_begin(metrics *log, const char *event)
{
    fputs("{\"event\":", log->file);
    write_text(log->file, event);
}

void metrics_number(metrics *log, const char *key, double value)
{
    write_key(log->file, key);
    if (isfinite(value)) {
        write_number(log->file, value);
    } else {
        fputs("null", log->file);
    }
}

void metrics_whole(metrics *log, const char *key, int64_t value)
{
    write_key(log->file, key);
    fprintf(log->file, "%" PRId64, value);
}

void metrics_text(metrics *log, const char *key, const char *value)
{
    write_key(log->file, key);
    write_text(log->file, value);
}

void metrics_flag(metrics *log, const char *key, bool value)
{
    write_key(log->file, key);
    fputs(value ? "true" : "false", log->file);
}

void metrics_end(metrics *log)
{
    fputs("}\n", log->file);
    flush_file(log->file, log->path);
}

void metrics_close(metrics *log)
{
    close_file(log->file, log->path);
    free(log->path);
    free(log);
}
