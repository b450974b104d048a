/* Files of tensors that are as they should be: written, read, and the same bytes each time. */
#include "tensors_support.h"

#include "io/json.h"
#include "io/sort.h"

START_TEST(the_bytes_of_a_small_file)
{
    static const char header[] =
        "{\"__metadata__\":{\"format\":\"x\\\"y\",\"step\":\"12\",\"crc32.w\":\"82e12d80\","
        "\"crc32.b\":\"239a6bb5\"},"
        "\"w\":{\"dtype\":\"F32\",\"shape\":[3,1],\"data_offsets\":[0,12]},"
        "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[12,14]}}";
    static const uint8_t data[] = {0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0, 0, 0, 0, 0, 7, 255};
    ok(gan__tensors_write(ctx, at("f"), 2, pair, 2, remarks));
    size_t size;
    uint8_t *bytes = get(at("f"), &size);
    const size_t length = strlen(header), start = (8 + length + 63) / 64 * 64;
    ck_assert_uint_eq(size, start + sizeof data);
    ck_assert_uint_eq(bytes[0] + 256u * bytes[1], start - 8);
    ck_assert_mem_eq(bytes + 2, "\0\0\0\0\0", 6);
    ck_assert_msg(memcmp(bytes + 8, header, length) == 0, "%.*s", (int)length, (char *)bytes + 8);
    for (size_t i = 8 + length; i < start; i++) {
        ck_assert_int_eq(bytes[i], ' ');
    }
    ck_assert_mem_eq(bytes + start, data, sizeof data);
    free(bytes);
    ck_assert_int_eq(clear(), 1);
    ok(gan__tensors_write(ctx, at("f"), 0, NULL, 0, NULL));
    bytes = get(at("f"), &size);
    ck_assert_uint_eq(size, 64);
    ck_assert_mem_eq(bytes, "\x38\0\0\0\0\0\0\0{\"__metadata__\":{}}", 8 + 19);
    free(bytes);
    ok(read_all(at("f")));
}
END_TEST

/* Whatever the order of what is given, the bytes are the same. */
START_TEST(equal_content_gives_equal_bytes)
{
    const gan__tensor reversed[] = {pair[1], pair[0]};
    const gan__tensor_note turned[] = {remarks[1], remarks[0]};
    size_t size, other;
    ok(gan__tensors_write(ctx, at("f"), 2, pair, 2, remarks));
    ok(gan__tensors_write(ctx, at("g"), 2, reversed, 2, turned));
    uint8_t *f = get(at("f"), &size), *g = get(at("g"), &other);
    ck_assert_uint_eq(size, other);
    ck_assert_mem_eq(f, g, size);
    free(f);
    free(g);
}
END_TEST

START_TEST(a_file_made_by_hand_is_read)
{
    static const char header[] =
        "{ \"a\\u002Fz\\ud83d\\ude00\\n\" :\t{\r\n\"data_offsets\":[8,12],\"shape\":[ 1 , 4 ],"
        "\"dtype\":\"U8\"},\"\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
        "\"e\":{\"shape\":[0,99999999999],\"dtype\":\"F64\",\"data_offsets\":[8,8]}}   ";
    size_t size;
    uint8_t *bytes = make(header, sizeof header - 1, 12, &size);
    gan__tensors *file;
    ok(gan__tensors_open(ctx, put("f", bytes, size), &file));
    ck_assert_int_eq(gan__tensors_count(file), 3);
    const gan__tensor *tensor = gan__tensors_find(file, "a/z\xf0\x9f\x98\x80\n");
    need(tensor != NULL && tensor == gan__tensors_at(file, 1));
    ck_assert(tensor->type == GAN__TENSOR_U8 && tensor->rank == 2 && tensor->data == NULL);
    ck_assert(tensor->dims[0] == 1 && tensor->dims[1] == 4);
    uint8_t read[4];
    ok(gan__tensors_read(file, tensor, read));
    ck_assert_mem_eq(read, "\x8\x9\xa\xb", 4);
    int64_t number;
    tensor = gan__tensors_find(file, "");
    need(tensor != NULL && tensor->rank == 0 && tensor->type == GAN__TENSOR_I64);
    ok(gan__tensors_read(file, tensor, &number));
    ck_assert_int_eq(number, 0x0706050403020100);
    tensor = gan__tensors_find(file, "e");
    need(tensor != NULL && tensor->dims[1] == 99999999999 && gan__tensor_bytes(tensor) == 0);
    ok(gan__tensors_read(file, tensor, NULL));
    need(gan__tensors_find(file, "f") == NULL && gan__tensors_note(file, "f") == NULL);
    need(gan__tensors_at(file, -1) == NULL && gan__tensors_at(file, 3) == NULL);
    gan__tensors_close(file);
    gan__tensors_close(NULL);
    free(bytes);
}
END_TEST

/* Fills a tensor of any type, rank and shape; its values count up from a start by chance. */
static gan__tensor any_tensor(dice *d, gan__tensor_type type, int32_t rank, char *name)
{
    gan__tensor tensor = {.name = name, .type = type, .rank = rank};
    for (int32_t i = 0; i < rank; i++) {
        tensor.dims[i] = roll(d, 40) == 0 ? 0 : 1 + roll(d, rank < 3 ? 100 : 3);
    }
    const int64_t size = gan__tensor_bytes(&tensor);
    uint8_t *data = malloc((size_t)size + 1);
    ck_assert_ptr_nonnull(data);
    for (int64_t i = 0; i < size; i++) {
        data[i] = (uint8_t)roll_bits(d);
    }
    tensor.data = data;
    return tensor;
}

START_TEST(what_is_written_is_read)
{
    enum { COUNT = 4 * 9 * 5 };
    dice d = {1};
    gan__tensor tensors[COUNT];
    static char names[COUNT][300];
    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "%d/", (i * 77) % COUNT);
        if (i % 9 == 0) {
            memset(names[i] + strlen(names[i]), 'n', GAN__TENSOR_NAME - strlen(names[i]));
        }
        tensors[i] = any_tensor(&d, (gan__tensor_type)(i % 4), i / 4 % 9, names[i]);
    }
    ok(gan__tensors_write(ctx, at("f"), COUNT, tensors, 2, remarks));
    gan__tensors *file;
    ok(gan__tensors_open(ctx, at("f"), &file));
    ck_assert_int_eq(gan__tensors_count(file), COUNT);
    for (int i = 0; i < COUNT; i++) {
        const gan__tensor *got = gan__tensors_find(file, names[i]);
        need(got != NULL && got->type == tensors[i].type && got->rank == tensors[i].rank);
        ck_assert_mem_eq(got->dims, tensors[i].dims, sizeof got->dims);
        const size_t size = (size_t)gan__tensor_bytes(got);
        uint8_t *values = malloc(size + 1);
        ok(gan__tensors_read(file, got, values));
        ck_assert(memcmp(values, tensors[i].data, size) == 0);
        free(values);
        need(i == 0 ||
             strcmp(gan__tensors_at(file, i - 1)->name, gan__tensors_at(file, i)->name) < 0);
        free((void *)(uintptr_t)tensors[i].data);
    }
    ck_assert_str_eq(gan__tensors_note(file, "format"), "x\"y");
    ck_assert_str_eq(gan__tensors_note(file, "step"), "12");
    ck_assert_uint_eq(strlen(gan__tensors_note(file, "crc32.1/")), 8);
    gan__tensors_close(file);
}
END_TEST

/* Every character that is special somewhere, in names, keys and texts. */
START_TEST(texts_come_back)
{
    char all[128 + 40] = "";
    for (int c = 1; c < 128; c++) {
        all[c - 1] = (char)c;
    }
    strcat(all, "\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80"
                "\xf4\x8f\xbf\xbf");
    const gan__tensor tensor = {.name = all, .type = GAN__TENSOR_U8, .rank = 0, .data = two};
    const gan__tensor_note notes[] = {{all, "one"}, {"", all}, {"crc32", ""}};
    ok(gan__tensors_write(ctx, at("f"), 1, &tensor, 3, notes));
    gan__tensors *file;
    ok(gan__tensors_open(ctx, at("f"), &file));
    ck_assert_str_eq(gan__tensors_at(file, 0)->name, all);
    ck_assert_str_eq(gan__tensors_note(file, all), "one");
    ck_assert_str_eq(gan__tensors_note(file, ""), all);
    ck_assert_str_eq(gan__tensors_note(file, "crc32"), "");
    uint8_t value;
    ok(gan__tensors_read(file, gan__tensors_at(file, 0), &value));
    ck_assert_int_eq(value, 7);
    gan__tensors_close(file);
}
END_TEST

START_TEST(many_tensors_are_sorted_and_found)
{
    enum { COUNT = GAN__TENSORS_MAX };
    gan__tensor *tensors = calloc(COUNT + 1, sizeof *tensors);
    char(*names)[16] = calloc(COUNT + 1, sizeof *names);
    ck_assert(tensors != NULL && names != NULL);
    for (int i = 0; i <= COUNT; i++) {
        snprintf(names[i], sizeof names[i], "%x", (unsigned)i * 2654435761u);
        tensors[i] = (gan__tensor){.name = names[i], .type = GAN__TENSOR_U8, .data = names[i]};
    }
    fails(gan__tensors_write(ctx, at("f"), COUNT + 1, tensors, 0, NULL), GAN_ERROR_RANGE, "65537");
    ok(gan__tensors_write(ctx, at("f"), COUNT, tensors, 0, NULL));
    gan__tensors *file;
    ok(gan__tensors_open(ctx, at("f"), &file));
    ck_assert_int_eq(gan__tensors_count(file), COUNT);
    for (int i = 0; i < COUNT; i++) {
        const gan__tensor *one = gan__tensors_find(file, names[i]);
        char value;
        need(one != NULL);
        ok(gan__tensors_read(file, one, &value));
        need(value == names[i][0]);
        need(i == 0 ||
             strcmp(gan__tensors_at(file, i - 1)->name, gan__tensors_at(file, i)->name) < 0);
    }
    gan__tensors_close(file);
    ck_assert_int_eq(clear(), 1);
    free(tensors);
    free(names);
}
END_TEST

/* Data beyond all buffers, in both directions; a wrong byte in any chunk is noticed. */
START_TEST(large_tensors)
{
    const int64_t count = (int64_t)3 << 18;
    float *values = malloc((size_t)count * 4 + 4), *read = malloc((size_t)count * 4 + 4);
    dice d = {5};
    for (int64_t i = 0; i < count; i++) {
        values[i] = (float)roll_between(&d, -1, 1);
    }
    const gan__tensor tensors[] = {
        {.name = "l", .type = GAN__TENSOR_F32, .rank = 2, .dims = {3, 1 << 18}, .data = values},
        {.name = "s", .type = GAN__TENSOR_U8, .rank = 1, .dims = {70000}, .data = values}};
    ok(gan__tensors_write(ctx, at("f"), 2, tensors, 0, NULL));
    gan__tensors *file;
    ok(gan__tensors_open(ctx, at("f"), &file));
    ok(gan__tensors_read(file, gan__tensors_at(file, 0), read));
    ck_assert_mem_eq(values, read, (size_t)count * 4);
    ok(gan__tensors_read(file, gan__tensors_at(file, 1), read));
    ck_assert_mem_eq(values, read, 70000);
    gan__tensors_close(file);
    size_t size;
    uint8_t *bytes = get(at("f"), &size);
    for (int i = 0; i < 4; i++) {
        bytes[size - 1 - (size_t)i * (size / 5)] ^= 1;
        put("f", bytes, size);
        fails(read_all(at("f")), GAN_ERROR_FORMAT, "is corrupt: checksum");
        bytes[size - 1 - (size_t)i * (size / 5)] ^= 1;
    }
    /* Cut short while it is open. */
    put("f", bytes, size);
    ok(gan__tensors_open(ctx, at("f"), &file));
    ck_assert_int_eq(truncate(at("f"), (off_t)size - 1), 0);
    fails(gan__tensors_read(file, gan__tensors_at(file, 1), read), GAN_ERROR_FORMAT, "truncated");
    gan__tensors_close(file);
    free(bytes);
    free(values);
    free(read);
}
END_TEST

/* Replaced, not written to: who has the old file open keeps its content, and links stay behind. */
START_TEST(files_are_replaced)
{
    size_t size;
    put("old", "old", 3);
    ck_assert_int_eq(symlink("old", at("f")), 0);
    const mode_t mask = umask(027);
    ok(gan__tensors_write(ctx, at("f"), 2, pair, 0, NULL));
    umask(mask);
    struct stat status;
    ck_assert_int_eq(lstat(at("f"), &status), 0);
    ck_assert(S_ISREG(status.st_mode));
    ck_assert_int_eq(status.st_mode & 0777, 0640);
    uint8_t *bytes = get(at("old"), &size);
    ck_assert(size == 3 && memcmp(bytes, "old", 3) == 0);
    free(bytes);
    gan__tensors *file;
    float read[3];
    ok(gan__tensors_open(ctx, at("f"), &file));
    ok(gan__tensors_write(ctx, at("f"), 1, pair, 0, NULL));
    ok(gan__tensors_read(file, gan__tensors_find(file, "w"), read));
    ck_assert_mem_eq(read, three, sizeof three);
    gan__tensors_close(file);
    ok(gan__tensors_open(ctx, at("f"), &file));
    ck_assert_int_eq(gan__tensors_count(file), 1);
    gan__tensors_close(file);
    ck_assert_int_eq(clear(), 2);
}
END_TEST

START_TEST(paths_may_be_relative_and_long)
{
    char before[4096], name[256];
    ck_assert_ptr_nonnull(getcwd(before, sizeof before));
    ck_assert_int_eq(chdir(folder), 0);
    memset(name, 'n', 255);
    name[255] = '\0';
    ok(gan__tensors_write(ctx, name, 2, pair, 0, NULL));
    ok(gan__tensors_write(ctx, "./f", 2, pair, 0, NULL));
    ok(read_all(name));
    ok(read_all("f"));
    ck_assert_int_eq(chdir(before), 0);
    ck_assert_int_eq(clear(), 2);
}
END_TEST

START_TEST(json_numbers_and_utf8_at_their_bounds)
{
    char text[] = "[9223372036854775807,9223372036854775808";
    gan__json json = gan__json_start(text, (int64_t)strlen(text));
    int64_t value;
    ck_assert(gan__json_open(&json, '[', ']') && gan__json_number(&json, &value));
    ck_assert_int_eq(value, INT64_MAX);
    ck_assert(gan__json_more(&json, ']') && !gan__json_number(&json, &value));
    ck_assert_str_eq(json.problem, "a number that is too large");
    ck_assert(!gan__json_end(&json) && gan__json_string(&json) == NULL);
    ck_assert(!gan__json_number(&json, &value) && !gan__json_open(&json, '[', ']'));
    ck_assert_str_eq(json.problem, "a number that is too large");
    static const char *const bad[] = {
        "\x80",         "\xbf",         "\xc0\x80",     "\xc1\xbf",         "\xc2",
        "\xc2\x41",     "\xe0\x9f\xbf", "\xe1\x80",     "\xed\xa0\x80",     "\xed\xbf\xbf",
        "\xe1\x80\xc0", "\xf0\x8f\x80", "\xf0\x90\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5",         "\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char with[16];
        snprintf(with, sizeof with, "ab%s", bad[i]);
        ck_assert_uint_eq(gan__utf8(with, strlen(with)), 2);
    }
}
END_TEST

/* Whether a text is exactly the one below; in memory of its size, for the address sanitizer. */
static bool walk(const char *text, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, size);
    bool good = gan__utf8(copy, size) == size;
    gan__json json = gan__json_start(copy, (int64_t)size);
    int64_t value = 0;
    gan__json_open(&json, '{', '}');
    const char *key = gan__json_key(&json);
    good =
        good && key != NULL &&
        strcmp(key, "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90"
                    "\x80\x80\xf4\x8f\xbf\xbf\n\xc3\xa4") == 0;
    for (bool more = gan__json_open(&json, '[', ']'); more; more = gan__json_more(&json, ']')) {
        int64_t one;
        gan__json_number(&json, &one);
        value += one;
    }
    gan__json_more(&json, '}');
    good = gan__json_end(&json) && good && value == 357;
    free(copy);
    return good;
}

START_TEST(json_is_read_to_its_end_and_no_further)
{
    static const char text[] = "{\"\\u007f\\u0080\\u07ff\\u0800\\uD7FF\\ue000\\uffff\\ud800\\udc00"
                               "\\udbff\\udfff\\n\xc3\xa4\":[12,345 ]} ";
    const size_t size = sizeof text - 1;
    ck_assert(walk(text, size) && walk(text, size - 1));
    for (size_t less = 0; less < size - 1; less++) {
        ck_assert(!walk(text, less));
    }
}
END_TEST

static int compare_bytes(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

/* Items of every size keep their bytes together; orders by chance, rising, falling, flat. */
START_TEST(sorting)
{
    dice d = {3};
    static uint8_t items[200 * GAN__SORT_ITEM];
    for (int round = 0; round < 400; round++) {
        const size_t size = 1 + (size_t)roll(&d, GAN__SORT_ITEM);
        const int count = roll(&d, 200);
        int seen[256] = {0};
        for (int i = 0; i < count; i++) {
            const int value = round % 4 == 0 ? i : round % 4 == 1 ? count - i : roll(&d, 100);
            memset(items + (size_t)i * size, round % 4 == 2 ? 5 : value, size);
            seen[items[(size_t)i * size]]++;
        }
        gan__sort(items, count, size, compare_bytes);
        for (int i = 0; i < count; i++) {
            const uint8_t *one = items + (size_t)i * size;
            need(i == 0 || one[0] >= *(one - size));
            need(memcmp(one, one + 1, size - 1) == 0);
            seen[one[0]]--;
        }
        for (int i = 0; i < 256; i++) {
            need(seen[i] == 0);
        }
    }
}
END_TEST

int main(void)
{
    return run_in_folder(
        "tensors",
        (const TTest *[]){the_bytes_of_a_small_file, equal_content_gives_equal_bytes,
                          a_file_made_by_hand_is_read, what_is_written_is_read, texts_come_back,
                          many_tensors_are_sorted_and_found, large_tensors, files_are_replaced,
                          paths_may_be_relative_and_long, json_numbers_and_utf8_at_their_bounds,
                          json_is_read_to_its_end_and_no_further, sorting, NULL});
}
