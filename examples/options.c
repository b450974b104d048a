#include "options.h"

#include "files.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_COLUMN = 22 }; /* where the explanations start */

void usage_error(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fflush(stdout);
    fputs("error: ", stderr);
    vfprintf(stderr, format, values);
    fputs(" (--help lists the options)\n", stderr);
    va_end(values);
    exit(2);
}

static bool is_operand(const option *o)
{
    return o->name[0] != '-';
}

static void print_default(const option *o)
{
    if (o->list != NULL || (o->text != NULL && *o->text == NULL)) {
        return;
    }
    if (o->text != NULL) {
        printf(" [%s]", *o->text);
    } else if (o->whole != NULL) {
        printf(" [%lld]", (long long)*o->whole);
    } else {
        printf(" [%g]", *o->number);
    }
}

static noreturn void print_help(const char *program, const char *about, const option *table)
{
    printf("Usage: %s", program);
    for (const option *o = table; o->name != NULL; o++) {
        if (is_operand(o)) {
            printf(" %s", o->name);
        }
    }
    printf(" [options]\n%s\n\nOptions, with their defaults:\n", about);
    for (const option *o = table; o->name != NULL; o++) {
        int width = printf("  %s %s", o->name, o->operand);
        printf("%*s%s", width < HELP_COLUMN ? HELP_COLUMN - width : 1, "", o->help);
        print_default(o);
        putchar('\n');
    }
    printf("  %-*s%s\n", HELP_COLUMN - 2, "--help", "this text");
    flush_file(stdout, "stdout");
    exit(EXIT_SUCCESS);
}

/* Refuses a text that is none of the choices, and names them. */
static noreturn void refuse_choice(const option *o, const char *value)
{
    char list[256];
    size_t used = 0;
    for (const char *const *choice = o->choices; *choice != NULL && used < sizeof list; choice++) {
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "",
                                 *choice);
    }
    usage_error("%s: '%s' is none of %s", o->name, value, list);
}

static bool is_choice(const option *o, const char *value)
{
    for (const char *const *choice = o->choices; *choice != NULL; choice++) {
        if (strcmp(*choice, value) == 0) {
            return true;
        }
    }
    return false;
}

static void read_text(const option *o, const char *value)
{
    if (value[0] == '\0') {
        usage_error("%s needs a value", o->name);
    }
    if (o->choices != NULL && !is_choice(o, value)) {
        refuse_choice(o, value);
    }
    *o->text = value;
}

static void read_whole(const option *o, const char *value)
{
    char *end = NULL;
    errno = 0;
    long long read = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || (double)read < o->minimum ||
        (double)read > o->maximum) {
        usage_error("%s: '%s' is not a whole number from %.0f to %.0f", o->name, value, o->minimum,
                    o->maximum);
    }
    *o->whole = read;
}

static void read_number(const option *o, const char *value)
{
    char *end = NULL;
    double read = strtod(value, &end);
    if (end == value || *end != '\0' || !isfinite(read) || read < o->minimum || read > o->maximum) {
        usage_error("%s: '%s' is not a number from %.10g to %.10g", o->name, value, o->minimum,
                    o->maximum);
    }
    *o->number = read;
}

/* The next text that the command line must give, or NULL. */
static const option *next_operand(const option *table)
{
    for (const option *o = table; o->name != NULL; o++) {
        if (is_operand(o) && *o->text == NULL) {
            return o;
        }
    }
    return NULL;
}

static void read_value(const option *o, const char *value)
{
    if (o->list != NULL) {
        if (value[0] == '\0') {
            usage_error("%s needs a value", o->name);
        }
        if (o->list->count == OPTION_TEXTS) {
            usage_error("%s takes at most %d values", o->name, OPTION_TEXTS);
        }
        o->list->values[o->list->count++] = value;
    } else if (o->text != NULL) {
        read_text(o, value);
    } else if (o->whole != NULL) {
        read_whole(o, value);
    } else {
        read_number(o, value);
    }
}

/* The option that an argument names, up to '=' if it has one. */
static const option *find(const option *table, const char *argument)
{
    size_t length = strcspn(argument, "=");
    for (const option *o = table; o->name != NULL; o++) {
        if (!is_operand(o) && strlen(o->name) == length &&
            strncmp(o->name, argument, length) == 0) {
            return o;
        }
    }
    usage_error(argument[0] == '-' ? "unknown option '%s'" : "'%s' belongs to no option", argument);
}

void options_parse(int argc, char **argv, const char *about, const option *table)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(argv[0], about, table);
        }
        const option *operand = next_operand(table);
        if (argv[i][0] != '-' && operand != NULL) {
            read_text(operand, argv[i]);
            continue;
        }
        const option *o = find(table, argv[i]);
        const char *value = strchr(argv[i], '=');
        if (value != NULL) {
            value++;
        } else if (i + 1 < argc) {
            value = argv[++i];
        } else {
            usage_error("%s needs a value", o->name);
        }
        read_value(o, value);
        while (o->list != NULL && i + 1 < argc && argv[i + 1][0] != '-') {
            read_value(o, argv[++i]);
        }
    }
    const option *missing = next_operand(table);
    if (missing != NULL) {
        usage_error("%s is missing", missing->name);
    }
}
