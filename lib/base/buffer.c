#include "base/buffer.h"

#include <stdarg.h>
#include <string.h>

char *gan__buffer_room(gan__buffer *buffer, size_t size)
{
    void *bytes = buffer->bytes;
    if (buffer->status == GAN_OK) {
        const bool fits = size < (size_t)(INT64_MAX - buffer->size);
        buffer->status = fits ? gan__grow(buffer->context, &bytes, &buffer->capacity,
                                          buffer->size + (int64_t)size + 1, 1)
                              : GAN_ERROR_MEMORY;
        buffer->bytes = bytes;
    }
    if (buffer->status != GAN_OK) {
        return NULL;
    }
    char *room = buffer->bytes + buffer->size;
    buffer->size += (int64_t)size;
    buffer->bytes[buffer->size] = '\0';
    return room;
}

char *gan__buffer_insert(gan__buffer *buffer, int64_t at, size_t size)
{
    const int64_t before = buffer->size;
    if (gan__buffer_room(buffer, size) == NULL) {
        return NULL;
    }
    char *gap = buffer->bytes + at;
    memmove(gap + size, gap, (size_t)(before - at));
    return gap;
}

void gan__buffer_put(gan__buffer *buffer, const void *bytes, size_t size)
{
    char *room = gan__buffer_room(buffer, size);
    if (room != NULL && size > 0) {
        memcpy(room, bytes, size);
    }
}

void gan__buffer_text(gan__buffer *buffer, const char *text)
{
    gan__buffer_put(buffer, text, strlen(text));
}

void gan__buffer_print(gan__buffer *buffer, const char *format, ...)
{
    char text[GAN__BUFFER_PRINT + 1];
    va_list list;
    va_start(list, format);
    gan__format(text, sizeof text, format, list);
    va_end(list);
    gan__buffer_text(buffer, text);
}

void gan__buffer_free(gan__buffer *buffer)
{
    gan__release(buffer->context, buffer->bytes);
    *buffer = (gan__buffer){.context = buffer->context};
}
