/* As much of JSON as a file of tensors may have: objects, arrays, strings and numbers. The caller
 * asks for what should come next, so that nothing here recurses or allocates. */
#ifndef GAN_IO_JSON_H
#define GAN_IO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text being read. After the first problem all calls fail. */
typedef struct {
    char *start, *next, *end; /* strings are decoded in place */
    const char *problem;      /* what is wrong at `next`, or NULL */
} gan__json;

/* How many bytes at the start are whole characters of UTF-8 (RFC 3629); `size` if all are. */
size_t gan__utf8(const char *bytes, size_t size);

/* A reader of a text that is valid UTF-8. */
gan__json gan__json_start(char *text, int64_t size);

/* The start of an object or array, whose brackets are given: whether there is a first member. */
bool gan__json_open(gan__json *json, char open, char close);

/* After a member: whether another follows. */
bool gan__json_more(gan__json *json, char close);

/* A string, decoded, or NULL. It has no zero byte but that after its end. */
char *gan__json_string(gan__json *json);

/* The key of a member and its colon, or NULL. */
char *gan__json_key(gan__json *json);

/* A whole number from 0 to INT64_MAX, as digits only. */
bool gan__json_number(gan__json *json, int64_t *value);

/* Any number of JSON that a double can hold, rounded to the nearest. */
bool gan__json_real(gan__json *json, double *value);

/* Whether only spaces are left. */
bool gan__json_end(gan__json *json);

/* Whether a character may not stand for itself within a string of JSON.
 *   out  receives what must stand there then, at most 7 bytes, the last one 0 */
bool gan__json_escape(char character, char out[7]);

#endif
