#include "io/protobuf.h"

#include <string.h>

enum { VARINT, BITS64, LENGTH, BITS32 = 5 }; /* how a field is written */
enum { VARINT_BYTES = 10 };                  /* at most */

/* Seven bits a byte, least first; returns how many bytes. */
static size_t varint(uint64_t value, char out[VARINT_BYTES])
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7) {
        out[size++] = (char)(value | 0x80);
    }
    out[size++] = (char)value;
    return size;
}

static void put_varint(gan__buffer *buffer, uint64_t value)
{
    char bytes[VARINT_BYTES];
    gan__buffer_put(buffer, bytes, varint(value, bytes));
}

static void put_tag(gan__buffer *buffer, uint32_t field, uint32_t type)
{
    put_varint(buffer, field << 3 | type);
}

void gan__put_bits32(char *out, uint32_t bits)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (char)(bits >> 8 * i & 0xff);
    }
}

void gan__put_bits64(char *out, uint64_t bits)
{
    gan__put_bits32(out, (uint32_t)bits);
    gan__put_bits32(out + 4, (uint32_t)(bits >> 32));
}

void gan__proto_int(gan__buffer *buffer, uint32_t field, int64_t value)
{
    put_tag(buffer, field, VARINT);
    put_varint(buffer, (uint64_t)value);
}

void gan__proto_float(gan__buffer *buffer, uint32_t field, float value)
{
    uint32_t bits;
    char bytes[4];
    memcpy(&bits, &value, sizeof bits);
    gan__put_bits32(bytes, bits);
    put_tag(buffer, field, BITS32);
    gan__buffer_put(buffer, bytes, sizeof bytes);
}

void gan__proto_double(gan__buffer *buffer, uint32_t field, double value)
{
    uint64_t bits;
    char bytes[8];
    memcpy(&bits, &value, sizeof bits);
    gan__put_bits64(bytes, bits);
    put_tag(buffer, field, BITS64);
    gan__buffer_put(buffer, bytes, sizeof bytes);
}

void gan__proto_bytes(gan__buffer *buffer, uint32_t field, const void *bytes, size_t size)
{
    put_tag(buffer, field, LENGTH);
    put_varint(buffer, size);
    gan__buffer_put(buffer, bytes, size);
}

void gan__proto_text(gan__buffer *buffer, uint32_t field, const char *text)
{
    gan__proto_bytes(buffer, field, text, strlen(text));
}

int64_t gan__proto_begin(gan__buffer *buffer, uint32_t field)
{
    put_tag(buffer, field, LENGTH);
    return buffer->size;
}

void gan__proto_end(gan__buffer *buffer, int64_t begun)
{
    char bytes[VARINT_BYTES];
    const size_t size = varint((uint64_t)(buffer->size - begun), bytes);
    char *gap = gan__buffer_insert(buffer, begun, size);
    if (gap != NULL) {
        memcpy(gap, bytes, size);
    }
}
