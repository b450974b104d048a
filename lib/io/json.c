#include "io/json.h"

#include "base/context.h"

#include <stdio.h>
#include <string.h>

/* What may follow each backslash but u, and what it means. */
static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";

static bool wrong(gan__json *json, const char *problem)
{
    if (json->problem == NULL) {
        json->problem = problem;
    }
    return false;
}

/* The bytes of the character that starts here, or 0 if it is not whole or not allowed. */
static size_t character(const unsigned char *c, size_t room)
{
    if (c[0] < 0x80) {
        return 1;
    }
    const size_t size = c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : c[0] < 0xf5 ? 4 : 0;
    if (size == 0 || size > room) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if ((c[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    const bool refused = (c[0] == 0xe0 && c[1] < 0xa0) || /* longer than need be */
                         (c[0] == 0xed && c[1] > 0x9f) || /* half of a pair of UTF-16 */
                         (c[0] == 0xf0 && c[1] < 0x90) || /* longer than need be */
                         (c[0] == 0xf4 && c[1] > 0x8f);   /* above U+10FFFF */
    return refused ? 0 : size;
}

size_t gan__utf8(const char *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const size_t step = character((const unsigned char *)bytes + done, size - done);
        if (step == 0) {
            break;
        }
        done += step;
    }
    return done;
}

gan__json gan__json_start(char *text, int64_t size)
{
    return (gan__json){.start = text, .next = text, .end = text + size};
}

static void skip_space(gan__json *json)
{
    while (json->next < json->end && (*json->next == ' ' || *json->next == '\t' ||
                                      *json->next == '\n' || *json->next == '\r')) {
        json->next++;
    }
}

/* Takes `c` if it comes next. */
static bool take(gan__json *json, char c)
{
    if (json->problem != NULL) {
        return false;
    }
    skip_space(json);
    if (json->next == json->end || *json->next != c) {
        return false;
    }
    json->next++;
    return true;
}

bool gan__json_open(gan__json *json, char open, char close)
{
    if (!take(json, open)) {
        return wrong(json, open == '{' ? "no object" : "no array");
    }
    return !take(json, close);
}

bool gan__json_more(gan__json *json, char close)
{
    if (take(json, ',')) {
        return true;
    }
    if (!take(json, close)) {
        wrong(json, close == '}' ? "neither a comma nor the end of the object"
                                 : "neither a comma nor the end of the array");
    }
    return false;
}

/* Four hexadecimal digits, or -1. */
static int32_t read_unit(gan__json *json)
{
    int32_t unit = 0;
    if (json->end - json->next < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        const char c = json->next[i];
        const int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                              : c >= 'a' && c <= 'f' ? c - 'a' + 10
                              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                     : -1;
        if (digit < 0) {
            return -1;
        }
        unit = 16 * unit + digit;
    }
    json->next += 4;
    return unit;
}

/* The character of \uXXXX, `next` being behind the u, or of a pair of those; -1 if it is none. */
static int32_t read_character(gan__json *json)
{
    const int32_t high = read_unit(json);
    if (high < 0xd800 || high > 0xdfff) {
        return high != 0 ? high : -1; /* strings end with a zero */
    }
    if (high > 0xdbff || json->end - json->next < 2 || json->next[0] != '\\' ||
        json->next[1] != 'u') {
        return -1;
    }
    json->next += 2;
    const int32_t low = read_unit(json);
    return low >= 0xdc00 && low <= 0xdfff ? 0x10000 + (high - 0xd800) * 0x400 + (low - 0xdc00) : -1;
}

/* Writes a character as UTF-8; returns what follows it. It is never longer than its escape. */
static char *put_character(char *out, int32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const int first[] = {0, 0xc0, 0xe0, 0xf0};
    *out++ = (char)(first[more] | c >> (6 * more));
    for (int i = more - 1; i >= 0; i--) {
        *out++ = (char)(0x80 | (c >> (6 * i) & 0x3f));
    }
    return out;
}

/* What a backslash stands for, put at *out; `next` is behind the backslash. */
static bool read_escape(gan__json *json, char **out)
{
    if (json->next < json->end && *json->next == 'u') {
        json->next++;
        const int32_t c = read_character(json);
        if (c < 0) {
            return wrong(json, "an escape that is no character");
        }
        *out = put_character(*out, c);
        return true;
    }
    const char *known =
        json->next < json->end ? memchr(escapes, *json->next, sizeof escapes - 1) : NULL;
    if (known == NULL) {
        return wrong(json, "an unknown escape");
    }
    json->next++;
    *(*out)++ = meanings[known - escapes];
    return true;
}

char *gan__json_string(gan__json *json)
{
    if (!take(json, '"')) {
        wrong(json, "no string");
        return NULL;
    }
    char *const text = json->next, *out = text;
    while (json->next < json->end && *json->next != '"') {
        if ((unsigned char)*json->next < ' ') {
            wrong(json, "a control character in a string");
            return NULL;
        }
        if (*json->next != '\\') {
            *out++ = *json->next++;
            continue;
        }
        json->next++;
        if (!read_escape(json, &out)) {
            return NULL;
        }
    }
    if (json->next == json->end) {
        wrong(json, "a string without end");
        return NULL;
    }
    json->next++;
    *out = '\0'; /* at the closing quote, or before it */
    return text;
}

char *gan__json_key(gan__json *json)
{
    char *key = gan__json_string(json);
    if (key != NULL && !take(json, ':')) {
        wrong(json, "no colon");
        return NULL;
    }
    return key;
}

bool gan__json_number(gan__json *json, int64_t *value)
{
    *value = 0;
    if (json->problem != NULL) {
        return false;
    }
    skip_space(json);
    const char *first = json->next;
    for (; json->next < json->end && *json->next >= '0' && *json->next <= '9'; json->next++) {
        const int digit = *json->next - '0';
        if (*value > (INT64_MAX - digit) / 10) {
            return wrong(json, "a number that is too large");
        }
        *value = 10 * *value + digit;
    }
    if (json->next == first) {
        return wrong(json, "no whole number");
    }
    if (*first == '0' && json->next - first > 1) {
        return wrong(json, "a number that begins with 0");
    }
    return true;
}

/* Skips digits; returns how many there were. */
static int64_t skip_digits(gan__json *json)
{
    const char *first = json->next;
    while (json->next < json->end && *json->next >= '0' && *json->next <= '9') {
        json->next++;
    }
    return json->next - first;
}

/* Skips one of two characters, if it comes next. */
static bool skip_either(gan__json *json, char a, char b)
{
    const bool is = json->next < json->end && (*json->next == a || *json->next == b);
    json->next += is;
    return is;
}

bool gan__json_real(gan__json *json, double *value)
{
    *value = 0;
    if (json->problem != NULL) {
        return false;
    }
    skip_space(json);
    const char *first = json->next;
    skip_either(json, '-', '-');
    const char *digits = json->next;
    const int64_t whole = skip_digits(json);
    if (whole == 0) {
        return wrong(json, "no number");
    }
    if (*digits == '0' && whole > 1) {
        return wrong(json, "a number that begins with 0");
    }
    if (skip_either(json, '.', '.') && skip_digits(json) == 0) {
        return wrong(json, "a number that ends with its point");
    }
    if (skip_either(json, 'e', 'E')) {
        skip_either(json, '+', '-');
        if (skip_digits(json) == 0) {
            return wrong(json, "a number without the digits of its exponent");
        }
    }
    return gan__parse_number(first, (size_t)(json->next - first), value) ||
           wrong(json, "a number that is too large or too long");
}

bool gan__json_end(gan__json *json)
{
    if (json->problem != NULL) {
        return false;
    }
    while (json->next < json->end && *json->next == ' ') {
        json->next++;
    }
    return json->next == json->end || wrong(json, "more than spaces after the end");
}

bool gan__json_escape(char character, char out[7])
{
    const char *known = memchr(meanings, character, sizeof meanings - 1);
    if (known != NULL && character != '/') {
        snprintf(out, 7, "\\%c", escapes[known - meanings]);
        return true;
    }
    if ((unsigned char)character < ' ') {
        snprintf(out, 7, "\\u%04x", (unsigned)(unsigned char)character);
        return true;
    }
    return false;
}
