/* A log of measurements as JSON lines: one record a line, numbers with a decimal point in every
 * locale, each record on disk as soon as it is complete. */
#ifndef EXAMPLES_METRICS_H
#define EXAMPLES_METRICS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct metrics metrics;

/* Starts the file `directory`/`name` anew. */
metrics *metrics_open(const char *directory, const char *name);

/* The same after the records that the file holds already. */
metrics *metrics_append(const char *directory, const char *name);

/* The last number of that key in a file; 0 if there is no such file or number. */
double metrics_last(const char *directory, const char *name, const char *key);

/* One record: begin, any number of fields, end. A number that is not finite is written as null. */
void metrics_begin(metrics *log, const char *event);
void metrics_number(metrics *log, const char *key, double value);
void metrics_whole(metrics *log, const char *key, int64_t value);
void metrics_text(metrics *log, const char *key, const char *value);
void metrics_flag(metrics *log, const char *key, bool value);

/* Ends the record, and the program if it could not be written. */
void metrics_end(metrics *log);

/* Closes the file; ends the program if any of it could not be written. */
void metrics_close(metrics *log);

#endif
