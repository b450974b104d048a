/* Files of tensors that are not as they should be, and arguments that make no sense. */
#include "tensors_support.h"

/* A good header for 6 bytes of data, in pieces to be varied. */
#define A "\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}"
#define B "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}"
/* An entry for b of a shape and offsets. */
#define ENTRY(dtype, shape, offsets) \
    "{" A ",\"b\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define SHAPE(shape) ENTRY("\"F32\"", shape, "[2,6]")
#define OFFSETS(offsets) ENTRY("\"F32\"", "[1]", offsets)
#define NAME(name) "{" A ",\"" name "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}"
#define NOTES(notes) "{\"__metadata__\":" notes "," A "," B "}"

static const struct {
    const char *header;
    int32_t code;
    const char *text;
} hostile[] = {
    /* The reference: nothing wrong. */
    {"{" A "," B "}", GAN_OK, ""},
    {"{" B "," A "}    ", GAN_OK, ""},
    {SHAPE("[ 1 ,1,1, 1,1,1,1,1]"), GAN_OK, ""},
    {NAME("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 \\u00e4\\/\\b\\f\\r\\t\\\"\\\\"), GAN_OK, ""},
    {NOTES("{\"\":\"\",\"k\":\"v\"}"), GAN_OK, ""},
    /* The frame. */
    {"", GAN_ERROR_FORMAT, "does not begin with {"},
    {" {" A "," B "}", GAN_ERROR_FORMAT, "does not begin with {"},
    {"[" A "," B "]", GAN_ERROR_FORMAT, "does not begin with {"},
    {"{", GAN_ERROR_FORMAT, "no string"},
    {"{" A "," B, GAN_ERROR_FORMAT, "neither a comma nor the end"},
    {"{" A "," B "]", GAN_ERROR_FORMAT, "neither a comma nor the end"},
    {"{" A " " B "}", GAN_ERROR_FORMAT, "neither a comma nor the end"},
    {"{" A "," B ",}", GAN_ERROR_FORMAT, "no string"},
    {"{," A "," B "}", GAN_ERROR_FORMAT, "no string"},
    {"{" A "," B "}\n", GAN_ERROR_FORMAT, "more than spaces"},
    {"{" A "," B "}}", GAN_ERROR_FORMAT, "more than spaces"},
    {"{" A "," B "} {}", GAN_ERROR_FORMAT, "more than spaces"},
    {"{" A "," B ",\"c\"}", GAN_ERROR_FORMAT, "no colon"},
    {"{" A "," B ",\"c\":null}", GAN_ERROR_FORMAT, "no object"},
    {"{" A "," B ",\"c\":[]}", GAN_ERROR_FORMAT, "no object"},
    {"{" A "," B ",c:{}}", GAN_ERROR_FORMAT, "no string"},
    /* Data: overlap, hole, more, less. */
    {"{" A "}", GAN_ERROR_FORMAT, "bytes follow the data: 2 bytes of data declared, 6 there"},
    {"{}", GAN_ERROR_FORMAT, "bytes follow the data"},
    {"{" B "}", GAN_ERROR_FORMAT, "tensor \"b\": nothing describes the bytes before"},
    {OFFSETS("[1,5]"), GAN_ERROR_FORMAT, "tensor \"b\": its data overlap"},
    {OFFSETS("[0,4]"), GAN_ERROR_FORMAT, "overlap"},
    {OFFSETS("[3,7]"), GAN_ERROR_FORMAT, "nothing describes the bytes before"},
    {OFFSETS("[2,7]"), GAN_ERROR_FORMAT, "takes 4 bytes, its data_offsets are 2 and 7"},
    {OFFSETS("[6,2]"), GAN_ERROR_FORMAT, "are 6 and 2"},
    {OFFSETS("[2]"), GAN_ERROR_FORMAT, "not two numbers"},
    {OFFSETS("[]"), GAN_ERROR_FORMAT, "not two numbers"},
    {OFFSETS("[2,6,6]"), GAN_ERROR_FORMAT, "not two numbers"},
    {OFFSETS("{}"), GAN_ERROR_FORMAT, "no array"},
    {OFFSETS("[2,6,]"), GAN_ERROR_FORMAT, "no whole number"},
    {OFFSETS("[9223372036854775803,9223372036854775807]"), GAN_ERROR_FORMAT, "nothing describes"},
    {OFFSETS("[18446744073709551612,0]"), GAN_ERROR_FORMAT, "too large"},
    {OFFSETS("[-2,2]"), GAN_ERROR_FORMAT, "no whole number"},
    {ENTRY("\"F32\"", "[2]", "[2,10]"), GAN_ERROR_FORMAT, "truncated: 10 bytes"},
    {ENTRY("\"F32\"", "[0]", "[2,2]"), GAN_ERROR_FORMAT, "bytes follow the data"},
    /* Shapes. */
    {SHAPE("[2]"), GAN_ERROR_FORMAT, "takes 8 bytes"},
    {SHAPE("[0]"), GAN_ERROR_FORMAT, "takes 0 bytes"},
    {SHAPE("[1,-1]"), GAN_ERROR_FORMAT, "no whole number"},
    {SHAPE("[1.0]"), GAN_ERROR_FORMAT, "neither a comma"},
    {SHAPE("[1e0]"), GAN_ERROR_FORMAT, "neither a comma"},
    {SHAPE("[01]"), GAN_ERROR_FORMAT, "begins with 0"},
    {SHAPE("[+1]"), GAN_ERROR_FORMAT, "no whole number"},
    {SHAPE("[\"1\"]"), GAN_ERROR_FORMAT, "no whole number"},
    {SHAPE("[true]"), GAN_ERROR_FORMAT, "no whole number"},
    {SHAPE("[[1]]"), GAN_ERROR_FORMAT, "no whole number"},
    {SHAPE("1"), GAN_ERROR_FORMAT, "no array"},
    {SHAPE("[1"), GAN_ERROR_FORMAT, "no whole number"},
    {SHAPE("[9223372036854775808]"), GAN_ERROR_FORMAT, "too large"},
    {SHAPE("[99999999999999999999999999999999999999]"), GAN_ERROR_FORMAT, "too large"},
    {SHAPE("[4294967296,4294967296]"), GAN_ERROR_FORMAT, "takes more than"},
    {SHAPE("[4611686018427387905]"), GAN_ERROR_FORMAT, "takes more than"},
    {SHAPE("[4294967296,4294967296,0]"), GAN_ERROR_FORMAT, "takes more than"},
    {SHAPE("[1,1,1,1,1,1,1,1,1]"), GAN_ERROR_UNSUPPORTED, "\"b\": more than 8 dimensions"},
    /* Types. */
    {ENTRY("\"BF16\"", "[2]", "[2,6]"), GAN_ERROR_UNSUPPORTED, "\"b\" is of type BF16"},
    {ENTRY("\"I32\"", "[1]", "[2,6]"), GAN_ERROR_UNSUPPORTED, "\"b\" is of type I32"},
    {ENTRY("\"F4\"", "[8]", "[2,6]"), GAN_ERROR_UNSUPPORTED, "\"b\" is of type F4"},
    {ENTRY("\"f32\"", "[1]", "[2,6]"), GAN_ERROR_FORMAT, "\"b\" is of type f32"},
    {ENTRY("\"\"", "[1]", "[2,6]"), GAN_ERROR_FORMAT, "\"b\" is of type"},
    {ENTRY("7", "[1]", "[2,6]"), GAN_ERROR_FORMAT, "no string"},
    /* Keys that are there twice, unknown, or missing. */
    {"{" A "," B "," A "}", GAN_ERROR_FORMAT, "overlap"},
    {NAME("a"), GAN_ERROR_FORMAT, "tensor \"a\": there twice"},
    {NAME("\\u0061"), GAN_ERROR_FORMAT, "tensor \"a\": there twice"},
    {NOTES("{\"k\":\"1\",\"l\":\"2\",\"k\":\"1\"}"), GAN_ERROR_FORMAT, "note \"k\" there twice"},
    {NOTES("{},\"__metadata__\":{}"), GAN_ERROR_FORMAT, "two members named __metadata__"},
    {ENTRY("\"F32\",\"dtype\":\"F32\"", "[1]", "[2,6]"), GAN_ERROR_FORMAT, "a key comes twice"},
    {ENTRY("\"F32\"", "[],\"shape\":[1]", "[2,6]"), GAN_ERROR_FORMAT, "a key comes twice"},
    {ENTRY("\"F32\",\"strides\":[1]", "[1]", "[2,6]"), GAN_ERROR_FORMAT, "an unknown key"},
    {"{" A ",\"b\":{\"shape\":[1],\"data_offsets\":[2,6]}}", GAN_ERROR_FORMAT, "key is missing"},
    {"{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[1]}}", GAN_ERROR_FORMAT, "a key is missing"},
    {"{" A ",\"b\":{\"dtype\":\"F32\",\"data_offsets\":[2,6]}}", GAN_ERROR_FORMAT, "is missing"},
    {"{" A ",\"b\":{}}", GAN_ERROR_FORMAT, "a key is missing"},
    /* Texts. */
    {"{" A ",\"b", GAN_ERROR_FORMAT, "a string without end"},
    {"{" A ",\"b\\", GAN_ERROR_FORMAT, "an unknown escape"},
    {"{" A ",\"b\\u", GAN_ERROR_FORMAT, "no character"},
    {"{" A ",\"b\\u00", GAN_ERROR_FORMAT, "no character"},
    {"{" A ",\"\\ud800\\", GAN_ERROR_FORMAT, "no character"},
    {NAME("\\x41"), GAN_ERROR_FORMAT, "an unknown escape"},
    {NAME("\\u00g0"), GAN_ERROR_FORMAT, "no character"},
    {NAME("\\u0000"), GAN_ERROR_FORMAT, "no character"},
    {NAME("\\ud800"), GAN_ERROR_FORMAT, "no character"},
    {NAME("\\udc00\\udc00"), GAN_ERROR_FORMAT, "no character"},
    {NAME("\\udc00"), GAN_ERROR_FORMAT, "no character"},
    {NAME("\\ud800\\ud800"), GAN_ERROR_FORMAT, "no character"},
    {NAME("\\ud800\\n"), GAN_ERROR_FORMAT, "no character"},
    {NAME("\n"), GAN_ERROR_FORMAT, "a control character"},
    {NAME("\x1f"), GAN_ERROR_FORMAT, "a control character"},
    {NAME("\xff"), GAN_ERROR_FORMAT, "not UTF-8"},
    {NAME("\xc0\x80"), GAN_ERROR_FORMAT, "not UTF-8"},
    {NAME("\xed\xa0\x80"), GAN_ERROR_FORMAT, "not UTF-8"},
    {NAME("\xe2\x82"), GAN_ERROR_FORMAT, "not UTF-8"},
    {"{" A "," B "}\xc2", GAN_ERROR_FORMAT, "not UTF-8"},
    /* Notes. */
    {NOTES("{\"k\":1}"), GAN_ERROR_FORMAT, "no string"},
    {NOTES("{\"k\":{}}"), GAN_ERROR_FORMAT, "no string"},
    {NOTES("{\"k\":null}"), GAN_ERROR_FORMAT, "no string"},
    {NOTES("[]"), GAN_ERROR_FORMAT, "no object"},
    {NOTES("null"), GAN_ERROR_FORMAT, "no object"},
    {NOTES("{\"crc32.a\":\"36de2269\"}"), GAN_OK, ""},
    {NOTES("{\"crc32.a\":\"36de2268\"}"), GAN_ERROR_FORMAT, "\"a\" is corrupt: checksum 36de2269"},
    {NOTES("{\"crc32.a\":\"36de226\"}"), GAN_ERROR_FORMAT, "\"a\": its checksum is not 8"},
    {NOTES("{\"crc32.a\":\"36de22690\"}"), GAN_ERROR_FORMAT, "\"a\": its checksum is not 8"},
    {NOTES("{\"crc32.a\":\"36DE2269\"}"), GAN_ERROR_FORMAT, "\"a\": its checksum is not 8"},
    {NOTES("{\"crc32.a\":\"\"}"), GAN_ERROR_FORMAT, "\"a\": its checksum is not 8"},
    {NOTES("{\"crc32.c\":\"of no tensor\"}"), GAN_OK, ""},
};

START_TEST(headers_that_lie_are_refused)
{
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        size_t size;
        uint8_t *bytes = make(hostile[i].header, strlen(hostile[i].header), 6, &size);
        const int64_t live = own.live;
        const int32_t status = read_all(put("f", bytes, size));
        ck_assert_msg(status == hostile[i].code, "%s: status %d, %s", hostile[i].header,
                      (int)status, gan_context_message(ctx));
        if (status != GAN_OK) {
            fails(status, hostile[i].code, hostile[i].text);
            fails(status, hostile[i].code, "/f: "); /* the path */
        }
        ck_assert_int_eq(own.live, live);
        free(bytes);
    }
}
END_TEST

START_TEST(lengths_that_lie_are_refused)
{
    static const char header[] = "{" A "," B "}";
    static const uint64_t lies[] = {
        sizeof header - 1 + 7, 1u << 24,   (1u << 24) + 1, 100000001, 1ull << 32,
        (1ull << 63) - 1,      1ull << 63, UINT64_MAX - 7, UINT64_MAX};
    size_t size;
    uint8_t *bytes = make(header, sizeof header - 1, 6, &size);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        for (int k = 0; k < 8; k++) {
            bytes[k] = (uint8_t)(lies[i] >> (8 * k));
        }
        fails(read_all(put("f", bytes, size)), GAN_ERROR_FORMAT, "truncated");
    }
    memset(bytes, 0, 8);
    fails(read_all(put("f", bytes, size)), GAN_ERROR_FORMAT, "does not begin with {");
    for (uint8_t less = 1; less < sizeof header - 1; less++) {
        bytes[0] = less;
        ck_assert_int_eq(read_all(put("f", bytes, size)), GAN_ERROR_FORMAT);
    }
    free(bytes);
}
END_TEST

static void write_pair(void)
{
    ok(gan__tensors_write(ctx, at("f"), 2, pair, 2, remarks));
}

START_TEST(every_truncation_is_noticed)
{
    size_t size;
    write_pair();
    uint8_t *bytes = get(at("f"), &size);
    for (size_t less = 0; less < size; less++) {
        ck_assert_int_eq(read_all(put("f", bytes, less)), GAN_ERROR_FORMAT);
    }
    ok(read_all(put("f", bytes, size)));
    bytes[size] = 0; /* there is room for one */
    fails(read_all(put("f", bytes, size + 1)), GAN_ERROR_FORMAT, "bytes follow the data");
    free(bytes);
}
END_TEST

/* Reads a hostile file in a context of its own; it may not take much memory. */
static int32_t read_bounded(const char *path, size_t size)
{
    gan_context *const outer = ctx;
    heap counted;
    int64_t peak;
    ctx = new_context(&counted);
    const int32_t status = read_all(path);
    ok(gan_context_memory(ctx, NULL, &peak));
    need(peak <= 2 * (int64_t)size + (1 << 20));
    end_context(ctx, &counted);
    ctx = outer;
    return status;
}

START_TEST(every_changed_byte_is_survived)
{
    static const uint8_t others[] = {0,   9,   ' ', '"', '\\', '{', '}',  '[',  ']',  ',',
                                     ':', '0', '9', '-', 'u',  'e', 0x7f, 0x80, 0xc3, 0xff};
    size_t size;
    write_pair();
    uint8_t *bytes = get(at("f"), &size);
    const size_t data = size - 14;
    const int file = open(at("f"), O_WRONLY);
    int opened = 0;
    for (size_t i = 0; i < size; i++) {
        for (size_t k = 0; k < 8 + sizeof others; k++) {
            const uint8_t other = (uint8_t)(k < 8 ? bytes[i] ^ 1 << k : others[k - 8]);
            ck_assert_int_eq(pwrite(file, &other, 1, (off_t)i), 1);
            const int32_t status = read_bounded(at("f"), size);
            need(status == GAN_OK || status == GAN_ERROR_FORMAT);
            need(i < data || other == bytes[i] || status == GAN_ERROR_FORMAT);
            need(other != bytes[i] || status == GAN_OK);
            opened += status == GAN_OK && other != bytes[i];
        }
        ck_assert_int_eq(pwrite(file, bytes + i, 1, (off_t)i), 1);
    }
    ck_assert_int_gt(opened, 100); /* names and texts */
    close(file);
    free(bytes);
}
END_TEST

/* Several changes at once: bytes, pieces copied over others, a length that follows. */
START_TEST(mutilated_files_are_survived)
{
    dice d = {11};
    size_t size;
    write_pair();
    uint8_t *bytes = get(at("f"), &size), *worse = malloc(size);
    const int file = open(at("f"), O_WRONLY);
    for (int round = 0; round < 20000; round++) {
        memcpy(worse, bytes, size);
        for (int i = roll(&d, 6); i >= 0; i--) {
            const int32_t length = 1 + roll(&d, 20), room = (int32_t)size - length;
            if (roll(&d, 2) == 0) {
                memmove(worse + roll(&d, room), worse + roll(&d, room), (size_t)length);
            } else {
                worse[roll(&d, (int32_t)size)] = (uint8_t)(roll(&d, 2) ? ' ' : roll(&d, 256));
            }
        }
        memcpy(worse, bytes, round % 2 == 0 ? 8 : 0);
        ck_assert_int_eq(pwrite(file, worse, size, 0), (ssize_t)size);
        const int32_t status = read_bounded(at("f"), size);
        need(status == GAN_OK || status == GAN_ERROR_FORMAT || status == GAN_ERROR_UNSUPPORTED);
    }
    close(file);
    free(worse);
    free(bytes);
}
END_TEST

/* Headers as large as the limit, full of one thing: what they cost stays in proportion. */
START_TEST(large_headers_are_bounded)
{
    static const char *const pieces[] = {
        "{",
        "[",
        "\"",
        "\\",
        " ",
        "\"a\":{},",
        "\"a\":{\"dtype\":\"U8\",",
        "\"\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,0]},",
        "\"\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},",
        "\"__metadata__\":{"};
    const size_t limit = GAN__TENSORS_HEADER;
    char *text = malloc(limit + 2);
    size_t size;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0] + 1; i++) {
        const bool notes = i == sizeof pieces / sizeof pieces[0];
        const char *piece = notes ? "\"\":\"\"," : pieces[i];
        size_t at_byte = (size_t)sprintf(text, notes ? "{\"__metadata__\":{" : "{");
        for (; at_byte + strlen(piece) <= limit; at_byte += strlen(piece)) {
            memcpy(text + at_byte, piece, strlen(piece));
        }
        memset(text + at_byte, ' ', limit + 1 - at_byte);
        uint8_t *bytes = make(text, limit, 0, &size);
        heap counted;
        gan_context *const outer = ctx;
        int64_t peak;
        ctx = new_context(&counted);
        const int32_t status = read_all(put("f", bytes, size));
        need(status == GAN_ERROR_FORMAT || status == GAN_ERROR_UNSUPPORTED);
        ok(gan_context_memory(ctx, NULL, &peak));
        need(peak <= 3 * (int64_t)size);
        end_context(ctx, &counted);
        ctx = outer;
        free(bytes);
    }
    uint8_t *bytes = make(text, limit + 1, 0, &size);
    fails(read_all(put("f", bytes, size)), GAN_ERROR_UNSUPPORTED, "16777217 bytes, at most");
    free(bytes);
    free(text);
}
END_TEST

START_TEST(limits_of_the_reader)
{
    char header[800], name[GAN__TENSOR_NAME + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    size_t size;
    for (int less = 1; less >= 0; less--) {
        snprintf(header, sizeof header,
                 "{\"%s\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":"
                 "[0,1]}}",
                 name + less);
        uint8_t *bytes = make(header, strlen(header), 1, &size);
        const int32_t status = read_all(put("f", bytes, size));
        ck_assert_int_eq(status, less ? GAN_OK : GAN_ERROR_UNSUPPORTED);
        free(bytes);
    }
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    gan__tensors *file;
    fails(read_all(at("none")), GAN_ERROR_IO, "/none: cannot open: ");
    fails(read_all(folder), GAN_ERROR_IO, "not a regular file");
    fails(read_all("/dev/null"), GAN_ERROR_IO, "not a regular file");
    fails(read_all(""), GAN_ERROR_ARGUMENT, "path is empty");
    fails(read_all(NULL), GAN_ERROR_ARGUMENT, "path is NULL");
    fails(gan__tensors_open(ctx, at("f"), NULL), GAN_ERROR_ARGUMENT, "out is NULL");
    file = (gan__tensors *)&own;
    ck_assert_int_eq(gan__tensors_open(NULL, at("f"), &file), GAN_ERROR_ARGUMENT);
    ck_assert_ptr_null(file);
    ck_assert_int_eq(mkfifo(at("p"), 0600), 0);
    fails(read_all(at("p")), GAN_ERROR_IO, "not a regular file");
    fails(read_all(put("empty", "", 0)), GAN_ERROR_FORMAT, "0 bytes");
    fails(read_all(put("7", "\2\0\0\0\0\0\0", 7)), GAN_ERROR_FORMAT, "7 bytes");
    fails(read_all(put("8", "\0\0\0\0\0\0\0", 8)), GAN_ERROR_FORMAT, "does not begin with {");
    ok(read_all(put("10", "\2\0\0\0\0\0\0\0{}", 10)));
}
END_TEST

#define BARE(...) (&(const gan__tensor){__VA_ARGS__})
#define TENSOR(...) BARE(.data = two, __VA_ARGS__) /* of U8, which is 0 */
#define NOTE(...) (&(const gan__tensor_note){__VA_ARGS__})

START_TEST(arguments_are_checked)
{
    char name[GAN__TENSOR_NAME + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const struct {
        const gan__tensor *tensor;
        const gan__tensor_note *note;
        int32_t code;
        const char *text;
    } wrong[] = {
        {TENSOR(.name = NULL), NULL, GAN_ERROR_ARGUMENT, "the name of a tensor is NULL"},
        {TENSOR(.name = ""), NULL, GAN_ERROR_ARGUMENT, "\"\" cannot be"},
        {TENSOR(.name = "__x"), NULL, GAN_ERROR_ARGUMENT, "\"__x\" cannot be"},
        {TENSOR(.name = "a\xff"), NULL, GAN_ERROR_ARGUMENT, "not UTF-8: its byte 1 is 0xff"},
        {TENSOR(.name = "\xed\xa0\x80"), NULL, GAN_ERROR_ARGUMENT, "not UTF-8: its byte 0 is 0xed"},
        {TENSOR(.name = name), NULL, GAN_ERROR_RANGE, "256 bytes, at most 255"},
        {TENSOR(.name = "w"), NULL, GAN_ERROR_ARGUMENT, "two tensors are named \"w\""},
        {TENSOR(.name = "x", .type = (gan__tensor_type)4), NULL, GAN_ERROR_ARGUMENT, "number 4"},
        {TENSOR(.name = "x", .type = (gan__tensor_type)-1), NULL, GAN_ERROR_ARGUMENT, "number -1"},
        {TENSOR(.name = "x", .rank = 9), NULL, GAN_ERROR_RANGE, "rank 9 is not within 0 to 8"},
        {TENSOR(.name = "x", .rank = -1), NULL, GAN_ERROR_RANGE, "rank -1 is not within 0 to 8"},
        {TENSOR(.name = "x", .rank = 1, .dims = {-1}), NULL, GAN_ERROR_RANGE, "negative"},
        {TENSOR(.name = "x", .rank = 2, .dims = {INT64_MAX, 2}), NULL, GAN_ERROR_RANGE, "too many"},
        {TENSOR(.name = "x", .rank = 1, .dims = {INT64_MAX}), NULL, GAN_ERROR_RANGE, "too large"},
        {BARE(.name = "x"), NULL, GAN_ERROR_ARGUMENT, "\"x\": data is NULL"},
        {NULL, NOTE(NULL, "v"), GAN_ERROR_ARGUMENT, "the key of a note is NULL"},
        {NULL, NOTE("k", NULL), GAN_ERROR_ARGUMENT, "the text of a note is NULL"},
        {NULL, NOTE("crc32.w", "v"), GAN_ERROR_ARGUMENT, "\"crc32.w\" cannot be"},
        {NULL, NOTE("\x80", "v"), GAN_ERROR_ARGUMENT, "key of a note is not UTF-8"},
        {NULL, NOTE("k", "\x80"), GAN_ERROR_ARGUMENT, "text of a note is not UTF-8"},
        {NULL, NOTE("step", "v"), GAN_ERROR_ARGUMENT, "two notes have the key \"step\""},
    };
    write_pair();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const gan__tensor tensors[] = {pair[1], wrong[i].tensor ? *wrong[i].tensor : pair[0]};
        const gan__tensor_note notes[] = {remarks[0], wrong[i].note ? *wrong[i].note : remarks[1]};
        fails(gan__tensors_write(ctx, at("f"), 2, tensors, 2, notes), wrong[i].code, wrong[i].text);
    }
    fails(gan__tensors_write(ctx, at("f"), -1, pair, 0, NULL), GAN_ERROR_RANGE, "-1 tensors");
    fails(gan__tensors_write(ctx, at("f"), 0, NULL, 65537, remarks), GAN_ERROR_RANGE, "65537");
    fails(gan__tensors_write(ctx, at("f"), 1, NULL, 0, NULL), GAN_ERROR_ARGUMENT, "tensors: NULL");
    fails(gan__tensors_write(ctx, at("f"), 0, NULL, 1, NULL), GAN_ERROR_ARGUMENT, "notes: NULL");
    fails(gan__tensors_write(ctx, NULL, 0, NULL, 0, NULL), GAN_ERROR_ARGUMENT, "path is NULL");
    fails(gan__tensors_write(ctx, "", 0, NULL, 0, NULL), GAN_ERROR_ARGUMENT, "path is empty");
    ck_assert_int_eq(gan__tensors_write(NULL, at("g"), 0, NULL, 0, NULL), GAN_ERROR_ARGUMENT);
    const size_t much = GAN__TENSORS_HEADER;
    char *text = malloc(much + 1);
    memset(text, 'n', much);
    text[much] = '\0';
    fails(gan__tensors_write(ctx, at("f"), 0, NULL, 1, NOTE("k", text)), GAN_ERROR_RANGE,
          "more than 16777216 bytes");
    text[much - 100] = '\0'; /* that fits */
    ok(gan__tensors_write(ctx, at("g"), 0, NULL, 1, NOTE("k", text)));
    ok(read_all(at("g")));
    ok(read_all(at("f")));
    ck_assert_int_eq(clear(), 2);
    free(text);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    int64_t failures = 0;
    for (int32_t status = GAN_ERROR_MEMORY; status != GAN_OK; failures++) {
        own.calls = 0;
        own.fail_at = failures + 1;
        status = gan__tensors_write(ctx, at("f"), 2, pair, 2, remarks);
        own.fail_at = 0;
        ck_assert(status == GAN_OK || status == GAN_ERROR_MEMORY);
        ck_assert_int_eq(clear(), status == GAN_OK);
        ck_assert_int_eq(own.live, 1); /* the context */
    }
    ck_assert_int_gt(failures, 4);
    write_pair();
    failures = 0;
    for (int32_t status = GAN_ERROR_MEMORY; status != GAN_OK; failures++) {
        own.calls = 0;
        own.fail_at = failures + 1;
        status = read_all(at("f"));
        own.fail_at = 0;
        ck_assert(status == GAN_OK || status == GAN_ERROR_MEMORY);
        ck_assert_int_eq(own.live, 1);
    }
    ck_assert_int_gt(failures, 5);
}
END_TEST

int main(void)
{
    return run_in_folder(
        "hostile tensors",
        (const TTest *[]){headers_that_lie_are_refused, lengths_that_lie_are_refused,
                          every_truncation_is_noticed, every_changed_byte_is_survived,
                          mutilated_files_are_survived, large_headers_are_bounded,
                          limits_of_the_reader, what_is_no_file_is_refused, arguments_are_checked,
                          every_allocation_may_fail, NULL});
}
