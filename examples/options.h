/* Command lines of the form --name VALUE or --name=VALUE, over one table of options. */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include "check.h"

#include <stdint.h>

enum { OPTION_TEXTS = 32 }; /* of one list, at most */

/* The values of an option that takes several. */
typedef struct {
    int count;
    const char *values[OPTION_TEXTS];
} texts;

/* One option. Exactly one of `text`, `list`, `whole` and `number` is set: it points to the variable
 * that receives the value and that holds the default, NULL for a text that has none. A list takes
 * all values up to the next option. */
typedef struct {
    const char *name;    /* with its dashes: "--epochs"; without dashes it is no option but a text
                            that the command line must give: "MODEL" */
    const char *operand; /* stands for the value in the help: "N" */
    const char *help;    /* one line */
    const char **text;
    texts *list;
    int64_t *whole;
    double *number;
    double minimum, maximum;    /* of whole and number, both allowed */
    const char *const *choices; /* of text, ends with NULL; NULL for any text */
} option;

/* Reads the command line into the variables of the table, whose last row has no name.
 * --help (or -h) prints `about` and the table, and ends the program with status 0; a command line
 * that makes no sense ends it through usage_error. */
void options_parse(int argc, char **argv, const char *about, const option *table);

/* Prints the text and a hint at --help on stderr, and ends the program with status 2. */
noreturn void usage_error(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
