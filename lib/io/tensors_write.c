#include "io/tensors.h"

#include "io/file.h"
#include "io/json.h"
#include "io/layout.h"
#include "io/sort.h"

#include <stdio.h>
#include <string.h>

enum { ALIGNMENT = 64 }; /* of the data in the file */

/* A tensor to be written. */
typedef struct {
    const gan__tensor *tensor;
    int64_t bytes;
    uint32_t crc;
} item;

typedef struct {
    gan_context *context;
    item *items; /* in the order of their data, once they are checked */
    int64_t count;
    const gan__tensor_note **notes; /* by key */
    int64_t note_count;
    char *text; /* the file's first bytes, up to the data */
    int64_t length, capacity;
    int32_t status; /* of appending: the first failure */
} writing;

/* ---- Checks ---------------------------------------------------------------------------------- */

/* Checks a text that goes into the file. */
static int32_t check_text(gan_context *context, const char *what, const char *text)
{
    if (text == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s is NULL", what);
    }
    const size_t length = strlen(text), good = gan__utf8(text, length);
    if (good < length) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s is not UTF-8: its byte %zu is 0x%02x",
                         what, good, (unsigned)(unsigned char)text[good]);
    }
    return GAN_OK;
}

static int32_t check_name(gan_context *context, const char *name)
{
    GAN__TRY(check_text(context, "the name of a tensor", name));
    if (name[0] == '\0' || strncmp(name, "__", 2) == 0) {
        return gan__fail(context, GAN_ERROR_ARGUMENT,
                         "\"%.64s\" cannot be a tensor's name: it is empty or starts with \"__\"",
                         name);
    }
    const size_t length = strlen(name);
    if (length > GAN__TENSOR_NAME) {
        return gan__fail(context, GAN_ERROR_RANGE,
                         "the tensor's name \"%.64s...\" has %zu bytes, at most %d", name, length,
                         GAN__TENSOR_NAME);
    }
    return GAN_OK;
}

static int32_t check_tensor(gan_context *context, item *made)
{
    const gan__tensor *tensor = made->tensor;
    GAN__TRY(check_name(context, tensor->name));
    if ((uint32_t)tensor->type >= GAN__TENSOR_KINDS) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "tensor \"%.64s\": no type has number %d",
                         tensor->name, (int)tensor->type);
    }
    made->bytes = gan__tensor_bytes(tensor);
    if (made->bytes < 0) {
        return gan__fail(context, GAN_ERROR_RANGE,
                         "tensor \"%.64s\": rank %d is not within 0 to %d, or a dimension is "
                         "negative, or there are too many elements",
                         tensor->name, (int)tensor->rank, GAN__TENSOR_RANK);
    }
    if (made->bytes > 0 && tensor->data == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "tensor \"%.64s\": data is NULL",
                         tensor->name);
    }
    return GAN_OK;
}

static int by_name(const void *a, const void *b)
{
    const item *x = a, *y = b;
    return strcmp(x->tensor->name, y->tensor->name);
}

/* Large elements first. */
static int by_place(const void *a, const void *b)
{
    const item *x = a, *y = b;
    const int32_t difference =
        gan__tensor_kinds[y->tensor->type].size - gan__tensor_kinds[x->tensor->type].size;
    return difference != 0 ? difference : by_name(a, b);
}

static int32_t take_tensors(writing *w, const gan__tensor *tensors)
{
    int64_t total = 0;
    for (int64_t i = 0; i < w->count; i++) {
        w->items[i].tensor = tensors + i;
        GAN__TRY(check_tensor(w->context, w->items + i));
        if (w->items[i].bytes > INT64_MAX / 2 - total) {
            return gan__fail(w->context, GAN_ERROR_RANGE, "the tensors are too large for a file");
        }
        total += w->items[i].bytes;
    }
    gan__sort(w->items, w->count, sizeof *w->items, by_name);
    for (int64_t i = 1; i < w->count; i++) {
        if (by_name(w->items + i - 1, w->items + i) == 0) {
            return gan__fail(w->context, GAN_ERROR_ARGUMENT, "two tensors are named \"%.64s\"",
                             w->items[i].tensor->name);
        }
    }
    gan__sort(w->items, w->count, sizeof *w->items, by_place);
    return GAN_OK;
}

static int by_key(const void *a, const void *b)
{
    const gan__tensor_note *const *x = a, *const *y = b;
    return strcmp((*x)->key, (*y)->key);
}

static int32_t take_notes(writing *w, const gan__tensor_note *notes)
{
    for (int64_t i = 0; i < w->note_count; i++) {
        w->notes[i] = notes + i;
        GAN__TRY(check_text(w->context, "the key of a note", notes[i].key));
        GAN__TRY(check_text(w->context, "the text of a note", notes[i].value));
        if (strncmp(notes[i].key, GAN__TENSORS_CHECKSUM, strlen(GAN__TENSORS_CHECKSUM)) == 0) {
            return gan__fail(w->context, GAN_ERROR_ARGUMENT,
                             "\"%.64s\" cannot be a note's key: it starts with \"%s\"",
                             notes[i].key, GAN__TENSORS_CHECKSUM);
        }
    }
    gan__sort(w->notes, w->note_count, sizeof *w->notes, by_key);
    for (int64_t i = 1; i < w->note_count; i++) {
        if (by_key(w->notes + i - 1, w->notes + i) == 0) {
            return gan__fail(w->context, GAN_ERROR_ARGUMENT, "two notes have the key \"%.64s\"",
                             w->notes[i]->key);
        }
    }
    return GAN_OK;
}

/* ---- The header ------------------------------------------------------------------------------ */

static void append(writing *w, const char *bytes, int64_t size)
{
    if (w->status != GAN_OK) {
        return;
    }
    if (size > GAN__TENSORS_PREFIX + GAN__TENSORS_HEADER - w->length) {
        w->status = gan__fail(w->context, GAN_ERROR_RANGE,
                              "the names and notes need more than %d bytes", GAN__TENSORS_HEADER);
        return;
    }
    void *text = w->text;
    w->status = gan__grow(w->context, &text, &w->capacity, w->length + size, 1);
    if (w->status == GAN_OK) {
        w->text = text;
        memcpy(w->text + w->length, bytes, (size_t)size);
        w->length += size;
    }
}

static void append_text(writing *w, const char *text)
{
    append(w, text, (int64_t)strlen(text));
}

static void append_number(writing *w, int64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)number);
    append_text(w, digits);
}

/* What stands between the quotes of a string. */
static void append_escaped(writing *w, const char *text)
{
    const char *plain = text; /* what is not yet appended */
    char escape[7];
    for (; *text != '\0'; text++) {
        if (gan__json_escape(*text, escape)) {
            append(w, plain, text - plain);
            append_text(w, escape);
            plain = text + 1;
        }
    }
    append(w, plain, text - plain);
}

static void append_metadata(writing *w)
{
    append_text(w, "{\"" GAN__TENSORS_METADATA "\":{");
    for (int64_t i = 0; i < w->note_count; i++) {
        append_text(w, i > 0 ? ",\"" : "\"");
        append_escaped(w, w->notes[i]->key);
        append_text(w, "\":\"");
        append_escaped(w, w->notes[i]->value);
        append_text(w, "\"");
    }
    for (int64_t i = 0; i < w->count; i++) {
        char crc[16];
        snprintf(crc, sizeof crc, "\":\"%08lx\"", (unsigned long)w->items[i].crc);
        append_text(w, w->note_count + i > 0 ? ",\"" : "\"");
        append_text(w, GAN__TENSORS_CHECKSUM);
        append_escaped(w, w->items[i].tensor->name);
        append_text(w, crc);
    }
    append_text(w, "}");
}

/* The entry of a tensor whose data start at `begin`. */
static void append_entry(writing *w, const item *one, int64_t begin)
{
    const gan__tensor *tensor = one->tensor;
    append_text(w, ",\"");
    append_escaped(w, tensor->name);
    append_text(w, "\":{\"dtype\":\"");
    append_text(w, gan__tensor_kinds[tensor->type].name);
    append_text(w, "\",\"shape\":[");
    for (int32_t i = 0; i < tensor->rank; i++) {
        append_text(w, i > 0 ? "," : "");
        append_number(w, tensor->dims[i]);
    }
    append_text(w, "],\"data_offsets\":[");
    append_number(w, begin);
    append_text(w, ",");
    append_number(w, begin + one->bytes);
    append_text(w, "]}");
}

static int32_t make_header(writing *w)
{
    append(w, "\0\0\0\0\0\0\0", GAN__TENSORS_PREFIX);
    append_metadata(w);
    int64_t begin = 0;
    for (int64_t i = 0; i < w->count; i++) {
        append_entry(w, w->items + i, begin);
        begin += w->items[i].bytes;
    }
    append_text(w, "}");
    while (w->status == GAN_OK && w->length % ALIGNMENT != 0) {
        append_text(w, " ");
    }
    GAN__TRY(w->status);
    const uint64_t size = (uint64_t)(w->length - GAN__TENSORS_PREFIX);
    for (int i = 0; i < GAN__TENSORS_PREFIX; i++) {
        w->text[i] = (char)(uint8_t)(size >> (8 * i));
    }
    return GAN_OK;
}

/* ---- The file -------------------------------------------------------------------------------- */

static int32_t write_parts(gan__sink *sink, const writing *w)
{
    GAN__TRY(gan__sink_write(sink, w->text, w->length));
    for (int64_t i = 0; i < w->count; i++) {
        GAN__TRY(gan__sink_write(sink, w->items[i].tensor->data, w->items[i].bytes));
    }
    return gan__sink_commit(sink);
}

static int32_t prepare(writing *w, const gan__tensor *tensors, const gan__tensor_note *notes)
{
    w->items = gan__allocate(w->context, w->count, sizeof *w->items);
    w->notes = gan__allocate(w->context, w->note_count, sizeof *w->notes);
    if (w->items == NULL || w->notes == NULL) {
        return GAN_ERROR_MEMORY;
    }
    GAN__TRY(take_tensors(w, tensors));
    GAN__TRY(take_notes(w, notes));
    for (int64_t i = 0; i < w->count; i++) {
        item *one = w->items + i;
        one->crc = gan__tensor_checksum(0, one->tensor->data, one->bytes);
    }
    return make_header(w);
}

static int32_t check_counts(gan_context *context, const char *what, int64_t count,
                            const void *array)
{
    if (count < 0 || count > GAN__TENSORS_MAX) {
        return gan__fail(context, GAN_ERROR_RANGE, "%lld %s, not 0 to %d", (long long)count, what,
                         GAN__TENSORS_MAX);
    }
    if (count > 0 && array == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s: NULL", what);
    }
    return GAN_OK;
}

int32_t gan__tensors_write(gan_context *context, const char *path, int64_t tensor_count,
                           const gan__tensor *tensors, int64_t note_count,
                           const gan__tensor_note *notes)
{
    GAN__TRY(gan__tensors_begin(context));
    GAN__TRY(check_counts(context, "tensors", tensor_count, tensors));
    GAN__TRY(check_counts(context, "notes", note_count, notes));
    writing w = {.context = context, .count = tensor_count, .note_count = note_count};
    int32_t status = prepare(&w, tensors, notes);
    if (status == GAN_OK) {
        gan__sink sink;
        status = gan__sink_open(context, path, &sink);
        if (status == GAN_OK) {
            status = write_parts(&sink, &w);
        }
        gan__sink_close(&sink);
    }
    gan__release(context, w.text);
    gan__release(context, w.notes);
    gan__release(context, w.items);
    return status;
}
