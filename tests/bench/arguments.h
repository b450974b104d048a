/* The command line of gan-bench. */
#ifndef BENCH_ARGUMENTS_H
#define BENCH_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

enum { LIST_MAX = 32 }; /* values of one option, at most */

typedef struct {
    int32_t case_count;
    const char *cases[LIST_MAX]; /* none: all */
    int32_t thread_count;
    int64_t threads[LIST_MAX];
    int32_t products_count;
    const char *products[LIST_MAX]; /* who makes them */
    int32_t batch_count;
    int64_t batches[LIST_MAX]; /* none: that of the case */
    int64_t repeats;           /* 0: nothing is timed */
    double seconds;            /* of a repeat, at least */
    const char *library;       /* stripped; NULL: its size is not known */
} arguments;

/* Reads the command line. --help prints all options and the names of the cases, and ends the
 * program; a command line that makes no sense ends it with status 2.
 *   names    of the cases, ends with NULL
 *   library  where the stripped library is unless the command line says so; may be NULL */
arguments arguments_read(int argc, char **argv, const char *const *names, const char *library);

#endif
