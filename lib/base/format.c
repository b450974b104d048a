#include "base/context.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Arguments yet to be taken; in a struct, for a va_list cannot be handed on by its address. */
typedef struct {
    va_list list;
} arguments;

enum { SPEC = 16, NUMBER = 64 };

/* What the locale has for a decimal point; returns its bytes, one to a few. */
static size_t locale_point(char point[8])
{
    char half[16] = {0}; /* "0.5" */
    snprintf(half, sizeof half, "%.1f", 0.5);
    const size_t length = strlen(half) - 2;
    memcpy(point, half + 1, length < 7 ? length : 7);
    point[length < 7 ? length : 7] = '\0';
    return strlen(point);
}

/* Puts a point where the locale has something else: text is one number. */
static void put_point(char *text)
{
    char point[8];
    const size_t length = locale_point(point);
    char *found = strstr(text, point);
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

bool gan__parse_number(const char *text, size_t size, double *value)
{
    char number[48], point[8];
    const size_t length = locale_point(point);
    const char *dot = memchr(text, '.', size);
    const size_t before = dot != NULL ? (size_t)(dot - text) : size;
    if (size + length >= sizeof number) {
        return false;
    }
    memcpy(number, text, before);
    size_t used = before;
    if (dot != NULL) {
        memcpy(number + used, point, length);
        used += length;
        memcpy(number + used, dot + 1, size - before - 1);
        used += size - before - 1;
    }
    number[used] = '\0';
    char *end;
    *value = strtod(number, &end);
    return end == number + used && isfinite(*value);
}

void gan__number_text(double value, char text[GAN__NUMBER_TEXT])
{
    if (!isfinite(value)) {
        snprintf(text, GAN__NUMBER_TEXT, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return;
    }
    /* 15 digits bring back every decimal number of as many; only where doubles are sparse, below
     * DBL_MIN, fewer may do. */
    const double size = fabs(value);
    for (int digits = size > 0 && size < DBL_MIN ? 1 : DBL_DIG; digits <= DBL_DECIMAL_DIG;
         digits++) {
        double again = 0;
        snprintf(text, GAN__NUMBER_TEXT, "%.*g", digits, value);
        put_point(text);
        if (gan__parse_number(text, strlen(text), &again) && again == value) {
            return;
        }
    }
}
