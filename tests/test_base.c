/* The base floor: context, memory, errors, names and options. */
#include "support.h"

#include "base/options.h"
#include "base/threads.h"

#include <gan/version.h>

#include <stdio.h>

/* ---- The context ----------------------------------------------------------------------------- */

START_TEST(context_refuses_bad_arguments)
{
    heap own = {0};
    gan_context *context = (gan_context *)&own;
    ck_assert_int_eq(gan_context_create(NULL), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_context_create_with_allocator(NULL, heap_release, &own, &context),
                     GAN_ERROR_ARGUMENT);
    ck_assert_ptr_null(context);
    context = (gan_context *)&own;
    ck_assert_int_eq(gan_context_create_with_allocator(heap_allocate, NULL, &own, &context),
                     GAN_ERROR_ARGUMENT);
    ck_assert_ptr_null(context);
    ck_assert_int_eq(gan_context_create_with_allocator(heap_allocate, heap_release, &own, NULL),
                     GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(own.calls, 0);

    own.fail_at = 1;
    context = (gan_context *)&own;
    ck_assert_int_eq(gan_context_create_with_allocator(heap_allocate, heap_release, &own, &context),
                     GAN_ERROR_MEMORY);
    ck_assert_ptr_null(context);
    ck_assert_int_eq(own.live, 0);
}
END_TEST

START_TEST(null_context_is_harmless)
{
    gan_context_free(NULL);
    gan__context_release(NULL);
    ck_assert_ptr_nonnull(strstr(gan_context_message(NULL), "NULL"));
    ck_assert_int_eq(gan_context_threads(NULL), 0);
    ck_assert_int_eq(gan_context_set_threads(NULL, 1), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_context_memory(NULL, NULL, NULL), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan__fail(NULL, GAN_ERROR_IO, "%d", 1), GAN_ERROR_IO);
}
END_TEST

START_TEST(context_lives_until_its_last_user)
{
    heap own;
    gan_context *context = new_context(&own);
    ck_assert_ptr_eq(gan__context_retain(context), context);
    gan_context_free(context);
    ck_assert_int_eq(own.live, 1);
    void *memory = gan__allocate(context, 3, 8);
    ck_assert_ptr_nonnull(memory);
    gan__release(context, memory);
    gan__context_release(context);
    ck_assert_int_eq(own.live, 0);
}
END_TEST

START_TEST(threads_have_bounds)
{
    heap own;
    gan_context *context = new_context(&own);
    const int32_t start = gan_context_threads(context);
    ck_assert_int_ge(start, 1);
    ck_assert_int_le(start, GAN__THREADS_MAX);
    ck_assert_int_eq(start, gan__processors());
    ck_assert_str_eq(gan_context_message(context), "");
    const int32_t bad[] = {0, -1, 257, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char number[16];
        snprintf(number, sizeof number, " %d ", (int)bad[i]);
        ck_assert_int_eq(gan_context_set_threads(context, bad[i]), GAN_ERROR_RANGE);
        ck_assert_ptr_nonnull(strstr(gan_context_message(context), number));
        ck_assert_ptr_nonnull(strstr(gan_context_message(context), "1 to 256"));
        ck_assert_int_eq(gan_context_threads(context), start);
    }
    ck_assert_int_eq(gan_context_set_threads(context, 256), GAN_OK);
    ck_assert_int_eq(gan_context_threads(context), 256);
    ck_assert_int_eq(gan_context_set_threads(context, 1), GAN_OK);
    ck_assert_int_eq(gan_context_threads(context), 1);
    end_context(context, &own);
}
END_TEST

START_TEST(messages_are_kept_and_cut)
{
    heap own;
    gan_context *context = new_context(&own);
    ck_assert_int_eq(gan__fail(context, GAN_ERROR_KEY, "%s %d", "abc", 7), GAN_ERROR_KEY);
    ck_assert_str_eq(gan_context_message(context), "abc 7");
    ck_assert_int_eq(gan_context_set_threads(context, 2), GAN_OK);
    ck_assert_str_eq(gan_context_message(context), "abc 7");
    char longer[2 * GAN__MESSAGE_BYTES];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    ck_assert_int_eq(gan__fail(context, GAN_ERROR_KEY, "%s", longer), GAN_ERROR_KEY);
    ck_assert_uint_eq(strlen(gan_context_message(context)), GAN__MESSAGE_BYTES - 1);
    end_context(context, &own);
}
END_TEST

/* ---- Memory ---------------------------------------------------------------------------------- */

START_TEST(memory_is_zeroed_aligned_and_counted)
{
    heap own;
    gan_context *context = new_context(&own);
    int64_t now, peak, total = 0;
    void *blocks[40];
    for (int32_t i = 0; i < 40; i++) {
        const int64_t bytes = (int64_t)i * 37 % 200;
        unsigned char *memory = blocks[i] = gan__allocate(context, bytes, 1);
        ck_assert_ptr_nonnull(memory);
        ck_assert_uint_eq((uintptr_t)memory % 64, 0);
        int32_t dirty = 0;
        for (int64_t j = 0; j < bytes; j++) {
            dirty += memory[j] != 0;
        }
        ck_assert_int_eq(dirty, 0);
        memset(memory, 0xff, (size_t)bytes);
        total += bytes;
        ck_assert_int_eq(gan_context_memory(context, &now, &peak), GAN_OK);
        ck_assert_int_eq(now, total);
        ck_assert_int_eq(peak, total);
    }
    for (int32_t i = 0; i < 40; i++) {
        gan__release(context, blocks[i]);
    }
    gan__release(context, NULL);
    ck_assert_int_eq(gan_context_memory(context, &now, NULL), GAN_OK);
    ck_assert_int_eq(gan_context_memory(context, NULL, &peak), GAN_OK);
    ck_assert_int_eq(now, 0);
    ck_assert_int_eq(peak, total);
    end_context(context, &own);
}
END_TEST

START_TEST(memory_that_cannot_be_had)
{
    heap own;
    gan_context *context = new_context(&own);
    const struct {
        int64_t count;
        size_t size;
    } impossible[] = {{-1, 1},        {INT64_MIN, 8},         {INT64_MAX, 1},
                      {INT64_MAX, 8}, {INT64_MAX / 8 + 1, 8}, {2, SIZE_MAX / 2 + 1},
                      {1, SIZE_MAX}};
    const int64_t calls = own.calls;
    for (size_t i = 0; i < sizeof impossible / sizeof impossible[0]; i++) {
        context->message[0] = '\0';
        ck_assert_ptr_null(gan__allocate(context, impossible[i].count, impossible[i].size));
        ck_assert_ptr_nonnull(strstr(gan_context_message(context), "out of memory"));
    }
    ck_assert_int_eq(own.calls, calls);

    own.fail_at = own.calls + 1;
    ck_assert_ptr_null(gan__allocate(context, 12345, 2));
    ck_assert_ptr_nonnull(strstr(gan_context_message(context), "24690 bytes"));
    int64_t now = -1;
    ck_assert_int_eq(gan_context_memory(context, &now, NULL), GAN_OK);
    ck_assert_int_eq(now, 0);
    end_context(context, &own);
}
END_TEST

START_TEST(grow_keeps_what_is_there)
{
    heap own;
    gan_context *context = new_context(&own);
    void *array = NULL;
    int64_t capacity = 0, used = 0;
    ck_assert_int_eq(gan__grow(context, &array, &capacity, 0, sizeof(int64_t)), GAN_OK);
    ck_assert_ptr_null(array);
    while (used < 1000) {
        ck_assert_int_eq(gan__grow(context, &array, &capacity, used + 1, sizeof(int64_t)), GAN_OK);
        ck_assert_int_gt(capacity, used);
        int64_t *items = array;
        int64_t wrong = 0;
        for (int64_t i = 0; i < capacity; i++) {
            wrong += items[i] != (i < used ? i + 1 : 0);
        }
        ck_assert_int_eq(wrong, 0);
        items[used] = used + 1;
        used++;
    }
    ck_assert_int_lt(own.calls, 20); /* it grows by a factor */
    ck_assert_int_eq(gan__grow(context, &array, &capacity, 100000, sizeof(int64_t)), GAN_OK);
    ck_assert_int_ge(capacity, 100000);

    void *const before = array;
    const int64_t old = capacity;
    own.fail_at = own.calls + 1;
    ck_assert_int_eq(gan__grow(context, &array, &capacity, old + 1, sizeof(int64_t)),
                     GAN_ERROR_MEMORY);
    ck_assert_ptr_eq(array, before);
    ck_assert_int_eq(capacity, old);
    ck_assert_int_eq(((int64_t *)array)[999], 1000);
    gan__release(context, array);
    end_context(context, &own);
}
END_TEST

START_TEST(multiply_sees_overflow)
{
    const int64_t most = INT64_MAX;
    ck_assert_int_eq(gan__multiply(0, 0), 0);
    ck_assert_int_eq(gan__multiply(0, most), 0);
    ck_assert_int_eq(gan__multiply(most, 0), 0);
    ck_assert_int_eq(gan__multiply(1, most), most);
    ck_assert_int_eq(gan__multiply(most, 1), most);
    ck_assert_int_eq(gan__multiply(2, most / 2), most - 1);
    ck_assert_int_eq(gan__multiply(most / 2, 2), most - 1);
    ck_assert_int_eq(gan__multiply(2, most / 2 + 1), -1);
    ck_assert_int_eq(gan__multiply(most / 2 + 1, 2), -1);
    ck_assert_int_eq(gan__multiply(most, most), -1);
    ck_assert_int_eq(gan__multiply(3037000499, 3037000499), 9223372030926249001);
    ck_assert_int_eq(gan__multiply(3037000500, 3037000500), -1);
}
END_TEST

/* ---- Names, shapes, errors, options ---------------------------------------------------------- */

START_TEST(names_are_checked)
{
    heap own;
    gan_context *context = new_context(&own);
    char out[GAN__NAME_BYTES] = "before", name[GAN__NAME_BYTES + 1];
    ck_assert_int_eq(gan__copy_name(context, "the thing", NULL, out), GAN_ERROR_ARGUMENT);
    ck_assert_str_eq(gan_context_message(context), "the thing is NULL");
    ck_assert_int_eq(gan__copy_name(context, "the thing", "", out), GAN_ERROR_ARGUMENT);
    ck_assert_str_eq(gan_context_message(context), "the thing is empty");
    memset(name, 'n', sizeof name);
    name[GAN__NAME_BYTES] = '\0';
    ck_assert_int_eq(gan__copy_name(context, "the thing", name, out), GAN_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(gan_context_message(context), "64 bytes"));
    ck_assert_str_eq(out, "before");
    name[GAN__NAME_BYTES - 1] = '\0';
    ck_assert_int_eq(gan__copy_name(context, "the thing", name, out), GAN_OK);
    ck_assert_str_eq(out, name);
    end_context(context, &own);
}
END_TEST

START_TEST(shapes_are_checked)
{
    static const struct {
        int32_t rank, status;
        int64_t dims[6], elements;
        const char *text;
    } cases[] = {
        {1, GAN_OK, {7}, 7, NULL},
        {5, GAN_OK, {2, 3, 4, 5, 6}, 720, NULL},
        {1, GAN_OK, {INT32_MAX}, INT32_MAX, NULL},
        {0, GAN_ERROR_RANGE, {1}, 0, "rank 0"},
        {6, GAN_ERROR_RANGE, {1, 1, 1, 1, 1, 1}, 0, "rank 6"},
        {2, GAN_ERROR_RANGE, {3, 0}, 0, "dimension 1 is 0"},
        {2, GAN_ERROR_RANGE, {-4, 3}, 0, "dimension 0 is -4"},
        {2, GAN_ERROR_SHAPE, {65536, 32768}, 0, "elements"},
        {3, GAN_ERROR_SHAPE, {INT64_MAX, INT64_MAX, 2}, 0, "elements"},
    };
    heap own;
    gan_context *context = new_context(&own);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t elements = 0;
        ck_assert_int_eq(
            gan__check_shape(context, "thing", cases[i].rank, cases[i].dims, &elements),
            cases[i].status);
        if (cases[i].status == GAN_OK) {
            ck_assert_int_eq(elements, cases[i].elements);
        } else {
            ck_assert_ptr_nonnull(strstr(gan_context_message(context), cases[i].text));
            ck_assert_ptr_nonnull(strstr(gan_context_message(context), "thing"));
        }
    }
    int64_t elements;
    ck_assert_int_eq(gan__check_shape(context, "thing", 1, NULL, &elements), GAN_ERROR_ARGUMENT);
    end_context(context, &own);
}
END_TEST

START_TEST(errors_have_names)
{
    static const char *const names[] = {"ok",      "memory",  "argument",   "shape", "range",
                                        "key",     "state",   "buffer",     "io",    "format",
                                        "numeric", "stopped", "unsupported"};
    const int32_t count = (int32_t)(sizeof names / sizeof names[0]);
    for (int32_t i = 0; i < count; i++) {
        ck_assert_str_eq(gan_error_name(-i), names[i]);
        ck_assert_uint_gt(strlen(gan_error_text(-i)), 0);
        ck_assert_str_ne(gan_error_text(-i), "unknown error");
    }
    const int32_t unknown[] = {1, -count, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        ck_assert_ptr_null(gan_error_name(unknown[i]));
        ck_assert_str_eq(gan_error_text(unknown[i]), "unknown error");
    }
    ck_assert_int_eq(GAN_ERROR_UNSUPPORTED, -(count - 1));
    ck_assert_int_eq(gan_rank_max(), GAN_RANK_MAX);
    int32_t major, minor, patch;
    ck_assert_int_eq(sscanf(gan_version_text(), "%d.%d.%d", &major, &minor, &patch), 3);
    ck_assert_int_eq(gan_version(), major * 1000000 + minor * 1000 + patch);
    ck_assert_int_eq(major, GAN_VERSION_MAJOR);
}
END_TEST

static const char *const flavours[] = {"sweet", "sour", NULL};
static const gan__option rows[] = {
    {"weight", NULL, 0.5, -1, 2, false, "how heavy"},
    {"count", NULL, 3, 1, 10, true, "how many"},
    {"flavour", flavours, 1, 0, 1, true, "which"},
};
static const gan__option_table table = {"thing", rows, 3};

START_TEST(options_are_set_within_bounds)
{
    heap own;
    gan_context *context = new_context(&own);
    double values[3], number;
    const char *text;
    gan__options_reset(&table, values);
    ck_assert_int_eq(gan__option_get_number(context, &table, values, "weight", &number), GAN_OK);
    ck_assert(number == 0.5);
    ck_assert_int_eq(gan__option_get_text(context, &table, values, "flavour", &text), GAN_OK);
    ck_assert_str_eq(text, "sour");
    ck_assert_int_eq(gan__option_set_number(context, &table, values, "weight", -1), GAN_OK);
    ck_assert(values[0] == -1);
    ck_assert_int_eq(gan__option_set_number(context, &table, values, "count", 10), GAN_OK);
    ck_assert_int_eq(gan__option_set_text(context, &table, values, "flavour", "sweet"), GAN_OK);
    ck_assert(values[1] == 10 && values[2] == 0);

    const struct {
        const char *key;
        double value;
        int32_t status;
        const char *message;
    } bad[] = {
        {"weight", 2.5, GAN_ERROR_RANGE, "weight is 2.5"},
        {"weight", -HUGE_VAL, GAN_ERROR_RANGE, "-1 to 2"},
        {"weight", (double)NAN, GAN_ERROR_ARGUMENT, "weight is NaN"},
        {"count", 2.5, GAN_ERROR_RANGE, "whole"},
        {"count", 0, GAN_ERROR_RANGE, "1 to 10"},
        {"flavour", 1, GAN_ERROR_KEY, "text"},
        {"Weight", 1, GAN_ERROR_KEY, "Weight"},
        {"", 1, GAN_ERROR_KEY, "\"\""},
        {NULL, 1, GAN_ERROR_ARGUMENT, "NULL"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(gan__option_set_number(context, &table, values, bad[i].key, bad[i].value),
                         bad[i].status);
        ck_assert_ptr_nonnull(strstr(gan_context_message(context), bad[i].message));
        ck_assert(values[0] == -1 && values[1] == 10 && values[2] == 0);
    }
    end_context(context, &own);
}
END_TEST

START_TEST(text_options_have_choices)
{
    heap own;
    gan_context *context = new_context(&own);
    double values[3], number;
    const char *text;
    gan__options_reset(&table, values);
    ck_assert_int_eq(gan__option_set_text(context, &table, values, "flavour", "bitter"),
                     GAN_ERROR_KEY);
    ck_assert_ptr_nonnull(strstr(gan_context_message(context), "bitter"));
    ck_assert_int_eq(gan__option_set_text(context, &table, values, "flavour", NULL),
                     GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan__option_set_text(context, &table, values, "weight", "sweet"),
                     GAN_ERROR_KEY);
    ck_assert_int_eq(gan__option_get_text(context, &table, values, "weight", &text), GAN_ERROR_KEY);
    ck_assert_int_eq(gan__option_get_number(context, &table, values, "flavour", &number),
                     GAN_ERROR_KEY);
    ck_assert_int_eq(gan__option_get_number(context, &table, values, "weight", NULL),
                     GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan__option_get_text(context, &table, values, "flavour", NULL),
                     GAN_ERROR_ARGUMENT);
    ck_assert(values[2] == 1);
    int32_t index = -1;
    ck_assert_int_eq(gan__option_find(context, &table, "flavour", &index), GAN_OK);
    ck_assert_int_eq(index, 2);
    end_context(context, &own);
}
END_TEST

START_TEST(options_describe_themselves)
{
    const char *name, *help;
    const char *const *choices;
    double minimum, maximum;
    for (int32_t i = 0; i < table.count; i++) {
        ck_assert_int_eq(
            gan__option_describe(&table, i, &name, &choices, &minimum, &maximum, &help), GAN_OK);
        ck_assert_ptr_eq(name, rows[i].name);
        ck_assert_ptr_eq(choices, rows[i].choices);
        ck_assert_ptr_eq(help, rows[i].help);
        ck_assert(minimum == rows[i].minimum && maximum == rows[i].maximum);
        ck_assert_int_eq(gan__option_describe(&table, i, NULL, NULL, NULL, NULL, NULL), GAN_OK);
    }
    ck_assert_int_eq(gan__option_describe(&table, 3, &name, NULL, NULL, NULL, NULL),
                     GAN_ERROR_RANGE);
    ck_assert_int_eq(gan__option_describe(&table, -1, &name, NULL, NULL, NULL, NULL),
                     GAN_ERROR_RANGE);
}
END_TEST

int main(void)
{
    return RUN_TESTS(
        "base", context_refuses_bad_arguments, null_context_is_harmless,
        context_lives_until_its_last_user, threads_have_bounds, messages_are_kept_and_cut,
        memory_is_zeroed_aligned_and_counted, memory_that_cannot_be_had, grow_keeps_what_is_there,
        multiply_sees_overflow, names_are_checked, shapes_are_checked, errors_have_names,
        options_are_set_within_bounds, text_options_have_choices, options_describe_themselves);
}
