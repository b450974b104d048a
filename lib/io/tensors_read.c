#include "io/tensors.h"

#include "io/file.h"
#include "io/json.h"
#include "io/layout.h"
#include "io/sort.h"

#include <stdio.h>
#include <string.h>

enum {
    NOTES_MAX = 2 * GAN__TENSORS_MAX, /* a checksum for each tensor, and as many others */
    CHUNK = 1 << 20                   /* read, then checked while it is in the cache */
};

/* A tensor of the file; what is handed out is its first member. */
typedef struct {
    gan__tensor tensor;
    int64_t begin, end; /* of its data, from the end of the header */
} entry;

_Static_assert(sizeof(entry) <= GAN__SORT_ITEM, "entries are sorted in place");

struct gan__tensors {
    gan_context *context;
    char *path;
    gan__reader reader;
    char *header; /* all texts are in it */
    int64_t header_size;
    entry *entries;
    int64_t count, capacity;
    gan__tensor_note *notes;
    int64_t note_count, note_capacity;
    bool has_notes; /* "__metadata__" was there */
};

/* ---- The header: what it says ---------------------------------------------------------------- */

/* The status of parsing: the reader stops at its first problem. */
static int32_t check_json(const gan__tensors *file, const gan__json *json)
{
    if (json->problem == NULL) {
        return GAN_OK;
    }
    return gan__fail(file->context, GAN_ERROR_FORMAT, "%.300s: header byte %lld: %s", file->path,
                     (long long)(json->next - json->start), json->problem);
}

static int32_t fail_tensor(const gan__tensors *file, int32_t code, const entry *one,
                           const char *what)
{
    return gan__fail(file->context, code, "%.200s: tensor \"%.64s\": %s", file->path,
                     one->tensor.name, what);
}

/* The other types that the format knows. */
static bool is_foreign(const char *name)
{
    static const char *const foreign[] = {
        "BOOL", "I8",      "I16", "I32",     "U16",     "U32",     "U64",     "F16",
        "BF16", "F8_E4M3", "C64", "F8_E5M2", "F8_E8M0", "F6_E2M3", "F6_E3M2", "F4"};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        if (strcmp(name, foreign[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int32_t read_type(gan__tensors *file, gan__json *json, entry *one)
{
    const char *name = gan__json_string(json);
    GAN__TRY(check_json(file, json));
    for (int i = 0; i < GAN__TENSOR_KINDS; i++) {
        if (strcmp(name, gan__tensor_kinds[i].name) == 0) {
            one->tensor.type = (gan__tensor_type)i;
            return GAN_OK;
        }
    }
    return gan__fail(file->context, is_foreign(name) ? GAN_ERROR_UNSUPPORTED : GAN_ERROR_FORMAT,
                     "%.200s: tensor \"%.64s\" is of type %.32s; U8, I64, F32 and F64 can be read",
                     file->path, one->tensor.name, name);
}

static int32_t read_shape(gan__tensors *file, gan__json *json, entry *one)
{
    for (bool more = gan__json_open(json, '[', ']'); more; more = gan__json_more(json, ']')) {
        int64_t value;
        if (!gan__json_number(json, &value)) {
            break;
        }
        if (one->tensor.rank == GAN__TENSOR_RANK) {
            return fail_tensor(file, GAN_ERROR_UNSUPPORTED, one, "more than 8 dimensions");
        }
        one->tensor.dims[one->tensor.rank++] = value;
    }
    return check_json(file, json);
}

static int32_t read_offsets(gan__tensors *file, gan__json *json, entry *one)
{
    int64_t values[2] = {0};
    int count = 0;
    for (bool more = gan__json_open(json, '[', ']'); more; more = gan__json_more(json, ']')) {
        int64_t value;
        if (!gan__json_number(json, &value)) {
            break;
        }
        if (count < 2) {
            values[count] = value;
        }
        count += count < 3;
    }
    GAN__TRY(check_json(file, json));
    if (count != 2) {
        return fail_tensor(file, GAN_ERROR_FORMAT, one, "data_offsets are not two numbers");
    }
    one->begin = values[0];
    one->end = values[1];
    return GAN_OK;
}

/* The members of a tensor's entry, each of which must be there once. */
static const struct {
    const char *key;
    int32_t (*read)(gan__tensors *file, gan__json *json, entry *one);
} fields[] = {{"dtype", read_type}, {"shape", read_shape}, {"data_offsets", read_offsets}};

enum { FIELDS = sizeof fields / sizeof fields[0] };

static int32_t read_field(gan__tensors *file, gan__json *json, entry *one, bool seen[FIELDS])
{
    const char *key = gan__json_key(json);
    GAN__TRY(check_json(file, json));
    for (int i = 0; i < FIELDS; i++) {
        if (strcmp(key, fields[i].key) == 0) {
            if (seen[i]) {
                return fail_tensor(file, GAN_ERROR_FORMAT, one, "a key comes twice in its entry");
            }
            seen[i] = true;
            return fields[i].read(file, json, one);
        }
    }
    return fail_tensor(file, GAN_ERROR_FORMAT, one, "an unknown key in its entry");
}

/* Checks an entry by itself: as many bytes as its shape says. */
static int32_t check_entry(const gan__tensors *file, const entry *one)
{
    const int64_t bytes = gan__tensor_bytes(&one->tensor);
    if (bytes < 0 || one->end < one->begin || one->end - one->begin != bytes) {
        return gan__fail(file->context, GAN_ERROR_FORMAT,
                         "%.200s: tensor \"%.64s\": its shape takes %s%lld bytes, its data_offsets "
                         "are %lld and %lld",
                         file->path, one->tensor.name, bytes < 0 ? "more than " : "",
                         bytes < 0 ? INT64_MAX : (long long)bytes, (long long)one->begin,
                         (long long)one->end);
    }
    return GAN_OK;
}

static int32_t read_entry(gan__tensors *file, gan__json *json, const char *name)
{
    entry one = {.tensor = {.name = name}};
    bool seen[FIELDS] = {false};
    if (file->count == GAN__TENSORS_MAX || strlen(name) > GAN__TENSOR_NAME) {
        return gan__fail(file->context, GAN_ERROR_UNSUPPORTED,
                         "%.300s: more than %d tensors, or a name of more than %d bytes",
                         file->path, GAN__TENSORS_MAX, GAN__TENSOR_NAME);
    }
    for (bool more = gan__json_open(json, '{', '}'); more; more = gan__json_more(json, '}')) {
        GAN__TRY(read_field(file, json, &one, seen));
    }
    GAN__TRY(check_json(file, json));
    for (int i = 0; i < FIELDS; i++) {
        if (!seen[i]) {
            return fail_tensor(file, GAN_ERROR_FORMAT, &one, "a key is missing in its entry");
        }
    }
    GAN__TRY(check_entry(file, &one));
    void *entries = file->entries;
    GAN__TRY(gan__grow(file->context, &entries, &file->capacity, file->count + 1, sizeof one));
    file->entries = entries;
    file->entries[file->count++] = one;
    return GAN_OK;
}

static int32_t read_notes(gan__tensors *file, gan__json *json)
{
    if (file->has_notes) {
        return gan__fail(file->context, GAN_ERROR_FORMAT, "%.300s: two members named %s",
                         file->path, GAN__TENSORS_METADATA);
    }
    file->has_notes = true;
    for (bool more = gan__json_open(json, '{', '}'); more; more = gan__json_more(json, '}')) {
        const char *key = gan__json_key(json);
        const char *value = key != NULL ? gan__json_string(json) : NULL;
        if (value == NULL) {
            break;
        }
        if (file->note_count == NOTES_MAX) {
            return gan__fail(file->context, GAN_ERROR_UNSUPPORTED, "%.300s: more than %d notes",
                             file->path, NOTES_MAX);
        }
        void *notes = file->notes;
        GAN__TRY(gan__grow(file->context, &notes, &file->note_capacity, file->note_count + 1,
                           sizeof *file->notes));
        file->notes = notes;
        file->notes[file->note_count++] = (gan__tensor_note){key, value};
    }
    return check_json(file, json);
}

static int32_t parse_header(gan__tensors *file)
{
    const size_t good = gan__utf8(file->header, (size_t)file->header_size);
    if (good < (size_t)file->header_size) {
        return gan__fail(file->context, GAN_ERROR_FORMAT, "%.300s: header byte %zu: not UTF-8",
                         file->path, good);
    }
    if (file->header_size == 0 || file->header[0] != '{') {
        return gan__fail(file->context, GAN_ERROR_FORMAT,
                         "%.300s: not a safetensors file: its header does not begin with {",
                         file->path);
    }
    gan__json json = gan__json_start(file->header, file->header_size);
    for (bool more = gan__json_open(&json, '{', '}'); more; more = gan__json_more(&json, '}')) {
        const char *key = gan__json_key(&json);
        if (key == NULL) {
            break;
        }
        GAN__TRY(strcmp(key, GAN__TENSORS_METADATA) == 0 ? read_notes(file, &json)
                                                         : read_entry(file, &json, key));
    }
    gan__json_end(&json);
    return check_json(file, &json);
}

/* ---- The header: whether it holds ------------------------------------------------------------ */

static int by_offset(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    const int begin = (x->begin > y->begin) - (x->begin < y->begin);
    return begin != 0 ? begin : (x->end > y->end) - (x->end < y->end);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->tensor.name, ((const entry *)b)->tensor.name);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const gan__tensor_note *)a)->key, ((const gan__tensor_note *)b)->key);
}

/* Each tensor must begin where the one before it ends, and the last one end with the file. */
static int32_t check_data(gan__tensors *file)
{
    gan__sort(file->entries, file->count, sizeof *file->entries, by_offset);
    int64_t end = 0;
    for (int64_t i = 0; i < file->count; i++) {
        const entry *one = file->entries + i;
        if (one->begin != end) {
            return fail_tensor(file, GAN_ERROR_FORMAT, one,
                               one->begin < end ? "its data overlap those of another"
                                                : "nothing describes the bytes before its data");
        }
        end = one->end;
    }
    const int64_t room = file->reader.size - GAN__TENSORS_PREFIX - file->header_size;
    if (end != room) {
        return gan__fail(file->context, GAN_ERROR_FORMAT,
                         "%.300s: %s: %lld bytes of data declared, %lld there", file->path,
                         end > room ? "truncated" : "bytes follow the data", (long long)end,
                         (long long)room);
    }
    return GAN_OK;
}

/* Sorts for those who search, and finds what is there twice. */
static int32_t check_names(gan__tensors *file)
{
    gan__sort(file->entries, file->count, sizeof *file->entries, by_name);
    for (int64_t i = 1; i < file->count; i++) {
        if (by_name(file->entries + i - 1, file->entries + i) == 0) {
            return fail_tensor(file, GAN_ERROR_FORMAT, file->entries + i, "there twice");
        }
    }
    gan__sort(file->notes, file->note_count, sizeof *file->notes, by_key);
    for (int64_t i = 1; i < file->note_count; i++) {
        if (by_key(file->notes + i - 1, file->notes + i) == 0) {
            return gan__fail(file->context, GAN_ERROR_FORMAT, "%.300s: note \"%.64s\" there twice",
                             file->path, file->notes[i].key);
        }
    }
    return GAN_OK;
}

/* ---- The file -------------------------------------------------------------------------------- */

static int32_t read_header(gan__tensors *file)
{
    uint8_t prefix[GAN__TENSORS_PREFIX];
    if (file->reader.size < GAN__TENSORS_PREFIX) {
        return gan__fail(file->context, GAN_ERROR_FORMAT,
                         "%.300s: not a safetensors file: %lld bytes", file->path,
                         (long long)file->reader.size);
    }
    GAN__TRY(gan__reader_read(&file->reader, 0, prefix, sizeof prefix));
    uint64_t size = 0;
    for (int i = GAN__TENSORS_PREFIX - 1; i >= 0; i--) {
        size = size << 8 | prefix[i];
    }
    const int64_t room = file->reader.size - GAN__TENSORS_PREFIX;
    if (size > (uint64_t)room) {
        return gan__fail(file->context, GAN_ERROR_FORMAT,
                         "%.300s: truncated, or not a safetensors file: a header of %llu bytes "
                         "declared, %lld bytes there",
                         file->path, (unsigned long long)size, (long long)room);
    }
    if (size > GAN__TENSORS_HEADER) {
        return gan__fail(file->context, GAN_ERROR_UNSUPPORTED,
                         "%.300s: a header of %llu bytes, at most %d", file->path,
                         (unsigned long long)size, GAN__TENSORS_HEADER);
    }
    file->header_size = (int64_t)size;
    file->header = gan__allocate(file->context, file->header_size, 1);
    if (file->header == NULL) {
        return GAN_ERROR_MEMORY;
    }
    return gan__reader_read(&file->reader, GAN__TENSORS_PREFIX, file->header, file->header_size);
}

static int32_t load(gan__tensors *file, const char *path)
{
    GAN__TRY(gan__reader_open(file->context, path, &file->reader));
    const size_t length = strlen(path);
    file->path = gan__allocate(file->context, (int64_t)length + 1, 1);
    if (file->path == NULL) {
        return GAN_ERROR_MEMORY;
    }
    memcpy(file->path, path, length + 1);
    file->reader.path = file->path;
    GAN__TRY(read_header(file));
    GAN__TRY(parse_header(file));
    GAN__TRY(check_data(file));
    return check_names(file);
}

int32_t gan__tensors_open(gan_context *context, const char *path, gan__tensors **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    GAN__TRY(gan__tensors_begin(context));
    if (out == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "file of tensors: out is NULL");
    }
    gan__tensors *file = gan__allocate(context, 1, sizeof *file);
    if (file == NULL) {
        return GAN_ERROR_MEMORY;
    }
    file->context = context;
    file->reader.file = -1;
    const int32_t status = load(file, path);
    if (status != GAN_OK) {
        gan__tensors_close(file);
        return status;
    }
    *out = file;
    return GAN_OK;
}

void gan__tensors_close(gan__tensors *file)
{
    if (file == NULL) {
        return;
    }
    gan__reader_close(&file->reader);
    gan__release(file->context, file->notes);
    gan__release(file->context, file->entries);
    gan__release(file->context, file->header);
    gan__release(file->context, file->path);
    gan__release(file->context, file);
}

int64_t gan__tensors_count(const gan__tensors *file)
{
    return file->count;
}

const gan__tensor *gan__tensors_at(const gan__tensors *file, int64_t index)
{
    return index >= 0 && index < file->count ? &file->entries[index].tensor : NULL;
}

const gan__tensor *gan__tensors_find(const gan__tensors *file, const char *name)
{
    int64_t low = 0, high = file->count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const int order = strcmp(name, file->entries[middle].tensor.name);
        if (order == 0) {
            return &file->entries[middle].tensor;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const char *gan__tensors_note(const gan__tensors *file, const char *key)
{
    int64_t low = 0, high = file->note_count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const int order = strcmp(key, file->notes[middle].key);
        if (order == 0) {
            return file->notes[middle].value;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* The checksum that the file has for a tensor.
 *   there  receives whether it has one */
static int32_t find_checksum(const gan__tensors *file, const entry *one, bool *there, uint32_t *crc)
{
    char key[sizeof GAN__TENSORS_CHECKSUM + GAN__TENSOR_NAME];
    snprintf(key, sizeof key, "%s%s", GAN__TENSORS_CHECKSUM, one->tensor.name);
    const char *value = gan__tensors_note(file, key);
    *there = value != NULL;
    *crc = 0;
    if (value == NULL) {
        return GAN_OK;
    }
    static const char digits[] = "0123456789abcdef";
    if (strlen(value) != 8 || strspn(value, digits) != 8) {
        return fail_tensor(file, GAN_ERROR_FORMAT, one,
                           "its checksum is not 8 hexadecimal digits in small letters");
    }
    for (; *value != '\0'; value++) {
        *crc = 16 * *crc + (uint32_t)(strchr(digits, *value) - digits);
    }
    return GAN_OK;
}

int32_t gan__tensors_read(gan__tensors *file, const gan__tensor *tensor, void *values)
{
    const entry *one = (const entry *)tensor;
    bool checked;
    uint32_t wanted, crc = 0;
    GAN__TRY(find_checksum(file, one, &checked, &wanted));
    const int64_t start = GAN__TENSORS_PREFIX + file->header_size + one->begin;
    const int64_t size = one->end - one->begin;
    for (int64_t done = 0; done < size; done += CHUNK) {
        const int64_t part = size - done < CHUNK ? size - done : CHUNK;
        uint8_t *to = (uint8_t *)values + done;
        GAN__TRY(gan__reader_read(&file->reader, start + done, to, part));
        crc = gan__tensor_checksum(crc, to, part);
    }
    if (checked && crc != wanted) {
        return gan__fail(file->context, GAN_ERROR_FORMAT,
                         "%.200s: tensor \"%.64s\" is corrupt: checksum %08lx, not %08lx",
                         file->path, one->tensor.name, (unsigned long)crc, (unsigned long)wanted);
    }
    return GAN_OK;
}
