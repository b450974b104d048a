#include "base/context.h"

#include <stdio.h>
#include <string.h>

/* Arguments yet to be taken; in a struct, for a va_list cannot be handed on by its address. */
typedef struct {
    va_list list;
} arguments;

enum { SPEC = 16, NUMBER = 64 };

/* Puts a point where the locale has something else: text is one number. */
static void put_point(char *text)
{
    char half[16]; /* "0.5", with the locale's point: one to a few bytes */
    snprintf(half, sizeof half, "%.1f", 0.5);
    const size_t length = strlen(half) - 2;
    half[1 + length] = '\0';
    char *found = strstr(text, half + 1);
    if (found != NULL) {
        *found = '.';
        memmove(found + 1, found + length, strlen(found + length) + 1);
    }
}

/* Formats one argument by its conversion, such as "%.3g". `length`: l, L for ll, z or 0 */
static int put(char *out, size_t room, const char *spec, char conversion, char length,
               arguments *given)
{
    if (conversion == 's') {
        return snprintf(out, room, spec, va_arg(given->list, const char *));
    }
    if (conversion == 'g') {
        char number[NUMBER];
        snprintf(number, sizeof number, spec, va_arg(given->list, double));
        put_point(number);
        return snprintf(out, room, "%s", number);
    }
    if (length == 'L') {
        return snprintf(out, room, spec, va_arg(given->list, long long));
    }
    if (length == 'l') {
        return snprintf(out, room, spec, va_arg(given->list, long));
    }
    if (length == 'z') {
        return snprintf(out, room, spec, va_arg(given->list, size_t));
    }
    return snprintf(out, room, spec, va_arg(given->list, int));
}

/* Copies the conversion that starts at `format` to `spec`; returns what follows it. */
static const char *take_spec(const char *format, char spec[SPEC], char *conversion, char *length)
{
    size_t size = 1 + strspn(format + 1, "-+ #0123456789.");
    *length = 0;
    for (; format[size] == 'l' || format[size] == 'z'; size++) {
        *length = *length == 'l' ? 'L' : format[size];
    }
    *conversion = format[size++];
    size = size < SPEC ? size : SPEC - 1;
    memcpy(spec, format, size);
    spec[size] = '\0';
    return format + size;
}

void gan__format(char *out, size_t room, const char *format, va_list list)
{
    arguments given;
    va_copy(given.list, list);
    size_t used = 0;
    while (*format != '\0' && used + 1 < room) {
        if (*format != '%' || format[1] == '%') {
            format += *format == '%';
            out[used++] = *format++;
            continue;
        }
        char spec[SPEC], conversion, length;
        format = take_spec(format, spec, &conversion, &length);
        const int more = put(out + used, room - used, spec, conversion, length, &given);
        used += more < 0 ? 0 : (size_t)more;
    }
    va_end(given.list);
    out[used < room ? used : room - 1] = '\0';
}
