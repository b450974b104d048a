/* Logs: the bytes of each format, records added in later sittings, files that a crash cut anywhere,
 * files of others, memory that runs out. ffi/events.py reads with code of its own.
 *   test_log                 the logs
 *   test_log --write FOLDER  writes some for others to read */
#include "base/context.h"
#include "hostile.h"

static const char *const formats[] = {GAN_LOG_JSONL, GAN_LOG_CSV, GAN_LOG_TENSORBOARD};

enum { FORMATS = 3, JSONL = 0, CSV = 1, EVENTS = 2 };

static double tick(void *user)
{
    return *(const double *)user;
}

static double now = 1.5e9;

static void start(void)
{
    make_folder();
    ctx = new_context(&own);
}

static void finish(void)
{
    end_context(ctx, &own);
    remove_folder();
}

static gan_log *open_log(const char *name, int format)
{
    gan_log *log;
    ok(gan_log_create(ctx, at(name), formats[format], &log));
    ok(gan_log_set_clock(log, tick, &now));
    return log;
}

static void expect_text(const char *name, const char *wanted)
{
    blob b = read_blob(at(name));
    b.bytes[b.size] = '\0';
    if (strcmp((const char *)b.bytes, wanted) != 0) {
        ck_abort_msg("%s has \"%s\", not \"%s\"", name, (const char *)b.bytes, wanted);
    }
    free(b.bytes);
}

/* A record whose numbers follow from its step. */
static void write_record(gan_log *log, int64_t step)
{
    ok(gan_log_number(log, "value", -1.0 / (double)(step + 1)));
    ok(gan_log_number(log, "d/loss", 0.25 * (double)step));
    ok(gan_log_write(log, step));
}

static void write_records(gan_log *log, int64_t first, int64_t last)
{
    for (int64_t step = first; step <= last; step++) {
        write_record(log, step);
    }
}

/* ---- Content --------------------------------------------------------------------------------- */

START_TEST(lines_of_json)
{
    gan_log *log = open_log("l", JSONL);
    ck_assert_int_eq(gan_log_last_step(log), -1);
    ok(gan_log_number(log, "value", 1));
    ok(gan_log_number(log, "nan", NAN));
    ok(gan_log_number(log, "inf", -INFINITY));
    ok(gan_log_number(log, "value", -0.1)); /* in place of 1 */
    ok(gan_log_write(log, 0));
    ok(gan_log_write(log, 0));
    ok(gan_log_number(log, "third/größe", 1.0 / 3));
    ok(gan_log_number(log, "large", 1e22));
    ok(gan_log_number(log, "small", 5e-324));
    ok(gan_log_number(log, "whole", 123456789012));
    ok(gan_log_write(log, INT64_MAX));
    ck_assert_int_eq(gan_log_last_step(log), INT64_MAX);
    gan_log_free(log);
    expect_text("l", "{\"step\":0,\"value\":-0.1,\"nan\":null,\"inf\":null}\n"
                     "{\"step\":0}\n"
                     "{\"step\":9223372036854775807,\"third/größe\":0.3333333333333333,"
                     "\"large\":1e+22,\"small\":5e-324,\"whole\":123456789012}\n");
    log = open_log("l", JSONL);
    ck_assert_int_eq(gan_log_last_step(log), INT64_MAX);
    gan_log_free(log);
}
END_TEST

START_TEST(rows)
{
    gan_log *log = open_log("l", CSV);
    ok(gan_log_number(log, "a", 0.5));
    ok(gan_log_number(log, "b b", NAN));
    ok(gan_log_write(log, 3));
    ok(gan_log_number(log, "b b", -INFINITY));
    fails(gan_log_write(log, 4), GAN_ERROR_KEY, "has a column \"a\", the record no such number");
    ok(gan_log_number(log, "a", INFINITY));
    ok(gan_log_number(log, "c", 1));
    fails(gan_log_write(log, 4), GAN_ERROR_KEY, "the record has a number \"c\", " /* path */);
    ck_assert_ptr_nonnull(strstr(gan_context_message(ctx), "no such column"));
    gan_log_free(log); /* and the record with it */
    expect_text("l", "step,a,b b\n3,0.5,nan\n");
    log = open_log("l", CSV);
    ck_assert_int_eq(gan_log_last_step(log), 3);
    ok(gan_log_number(log, "b b", 1)); /* in another order */
    ok(gan_log_number(log, "a", 2));
    ok(gan_log_write(log, 3));
    fails(gan_log_write(log, 5), GAN_ERROR_KEY, "has a column \"a\"");
    ok(gan_log_resume(log, -1)); /* with the last record the columns are gone */
    expect_text("l", "");
    ok(gan_log_write(log, 0));
    ok(gan_log_write(log, 1));
    gan_log_free(log);
    expect_text("l", "step\n0\n1\n");
    log = open_log("l", CSV);
    ck_assert_int_eq(gan_log_last_step(log), 1);
    gan_log_free(log);
}
END_TEST

static int64_t little(const uint8_t *bytes, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; i++) {
        value |= (uint64_t)bytes[i] << 8 * i;
    }
    return (int64_t)value;
}

/* The frames and the first event; the rest is for events.py to read. */
START_TEST(events)
{
    gan_log *log = open_log("l", EVENTS);
    ok(gan_log_number(log, "v", 0.5));
    ok(gan_log_write(log, 300));
    gan_log_free(log);
    static const uint8_t wanted[] = {
        /* length, its checksum, wall time, version, checksum */
        24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0x23, 0x5a, 0xd6, 0x41, 0x1a, 13, 'b',
        'r', 'a', 'i', 'n', '.', 'E', 'v', 'e', 'n', 't', ':', '2', 0, 0, 0, 0,
        /* the same of: wall time, step, summary of 10 bytes, value of 8, tag, simple value */
        24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0x2f, 0x5a, 0xd6, 0x41, 16, 0xac, 2,
        0x2a, 10, 10, 8, 10, 1, 'v', 21, 0, 0, 0, 0x3f, 0, 0, 0, 0};
    blob b = read_blob(at("l"));
    need(b.size == sizeof wanted && little(b.bytes, 8) == 24);
    for (size_t i = 0; i < b.size; i++) {
        const size_t in = i % 40;
        const bool checksum = (in >= 8 && in < 12) || in >= 36;
        if (!checksum && (in < 12 || in > 20) && b.bytes[i] != wanted[i]) {
            ck_abort_msg("byte %zu is %d", i, b.bytes[i]);
        }
    }
    double seconds;
    memcpy(&seconds, b.bytes + 13, sizeof seconds);
    near(seconds, now, 0);
    free(b.bytes);
}
END_TEST

/* Shortest: one digit less is another number. */
START_TEST(numbers_are_short_and_exact)
{
    dice d = {1};
    for (int i = 0; i < 20000; i++) {
        double value, again = 0;
        uint64_t bits = roll_bits(&d);
        memcpy(&value, &bits, sizeof value);
        if (i % 2 == 1) {
            value = roll(&d, 1000000) / 1000.0;
        }
        if (!isfinite(value)) {
            continue;
        }
        char text[GAN__NUMBER_TEXT], shorter[330];
        gan__number_text(value, text);
        again = strtod(text, NULL);
        need(memcmp(&again, &value, sizeof value) == 0);
        int digits = 0;
        for (const char *c = text; *c != '\0' && *c != 'e'; c++) {
            digits += *c >= '0' && *c <= '9' && (digits > 0 || *c != '0');
        }
        if (digits > 1 && strchr(text, '.') != NULL) {
            snprintf(shorter, sizeof shorter, "%.*g", digits - 1, value);
            need(strtod(shorter, NULL) != value);
        }
    }
    char text[GAN__NUMBER_TEXT];
    static const struct {
        double value;
        const char *text;
    } some[] = {{0, "0"},
                {-0.0, "-0"},
                {0.1, "0.1"},
                {1e15, "1e+15"},
                {NAN, "nan"},
                {-NAN, "nan"},
                {INFINITY, "inf"},
                {100, "100"},
                {1e-5, "1e-05"},
                {-INFINITY, "-inf"},
                {DBL_MIN, "2.2250738585072014e-308"}};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        gan__number_text(some[i].value, text);
        ck_assert_str_eq(text, some[i].text);
    }
}
END_TEST

START_TEST(metrics_of_a_trainer)
{
    gan_log *log = open_log("l", JSONL);
    match m = new_match(ctx, 4, 0, 1);
    ok(gan_trainer_run(m.trainer, 3, NULL, NULL));
    ok(gan_log_number(log, "mine", 7));
    ok(gan_log_trainer(log, m.trainer));
    ok(gan_log_write(log, 3));
    gan_log_free(log);
    blob b = read_blob(at("l"));
    b.bytes[b.size] = '\0';
    const char *text = (const char *)b.bytes;
    need(strncmp(text, "{\"step\":3,\"mine\":7,", 19) == 0);
    for (int32_t i = 0; gan_trainer_metric_name(i) != NULL; i++) {
        const char *name = gan_trainer_metric_name(i);
        char key[80];
        snprintf(key, sizeof key, "\"%s\":", name);
        const char *found = strstr(text, key);
        need(found != NULL && strstr(found + 1, key) == NULL);
        need(strtod(found + strlen(key), NULL) == metric_of(m.trainer, name));
    }
    free(b.bytes);
    free_match(&m);
}
END_TEST

/* ---- Later sittings -------------------------------------------------------------------------- */

/* Cut at any step and written on, a log is that of one sitting, to the byte. */
START_TEST(resumed_logs_are_equal)
{
    enum { LAST = 12 };
    for (int format = 0; format < FORMATS; format++) {
        gan_log *log = open_log("one", format);
        write_records(log, 0, LAST);
        gan_log_free(log);
        blob whole = read_blob(at("one"));
        for (int64_t step = -1; step <= LAST + 1; step++) {
            write_blob(at("two"), whole.bytes, whole.size);
            log = open_log("two", format);
            ck_assert_int_eq(gan_log_last_step(log), LAST);
            ok(gan_log_resume(log, step));
            const int64_t last = step < LAST ? step : LAST;
            ck_assert_int_eq(gan_log_last_step(log), last);
            if (last == LAST) {
                fails(gan_log_write(log, LAST - 1), GAN_ERROR_RANGE, "step 11 after step 12");
            }
            ok(gan_log_sync(log));
            write_records(log, last + 1, LAST);
            gan_log_free(log);
            blob again = read_blob(at("two"));
            need(same_blob(whole, again));
            free(again.bytes);
        }
        free(whole.bytes);
        remove(at("one"));
        remove(at("two"));
    }
}
END_TEST

/* A log of which only the first bytes are there, or only they are not zeros, is one with the whole
 * records of them. */
START_TEST(any_part_of_a_log_is_a_log)
{
    enum { LAST = 3 };
    for (int format = 0; format < FORMATS; format++) {
        size_t ends[LAST + 1];
        gan_log *log = open_log("one", format);
        for (int64_t step = 0; step <= LAST; step++) {
            write_record(log, step);
            blob b = read_blob(at("one"));
            ends[step] = b.size;
            free(b.bytes);
        }
        gan_log_free(log);
        blob whole = read_blob(at("one"));
        uint8_t *part = malloc(whole.size);
        need(part != NULL);
        for (size_t size = 0; size < whole.size; size++) {
            int64_t wanted = -1;
            while (wanted < LAST && ends[wanted + 1] <= size) {
                wanted++;
            }
            memset(part, 0, whole.size);
            memcpy(part, whole.bytes, size);
            for (int zeros = 0; zeros < 2; zeros++) {
                write_blob(at("two"), part, zeros ? whole.size : size);
                log = open_log("two", format);
                ck_assert_int_eq(gan_log_last_step(log), wanted);
                write_records(log, wanted + 1, LAST);
                gan_log_free(log);
                blob again = read_blob(at("two"));
                if (!same_blob(whole, again)) {
                    ck_abort_msg("%s: %zu bytes, zeros %d", formats[format], size, zeros);
                }
                free(again.bytes);
            }
        }
        free(part);
        free(whole.bytes);
        remove(at("one"));
        remove(at("two"));
    }
}
END_TEST

/* ---- Other files ----------------------------------------------------------------------------- */

static void refuse(int format, const void *bytes, size_t size, const char *message)
{
    gan_log *log = (gan_log *)&own;
    write_blob(at("f"), bytes, size);
    fails(gan_log_create(ctx, at("f"), formats[format], &log), GAN_ERROR_FORMAT, message);
    need(log == NULL);
    blob b = read_blob(at("f"));
    need(same_blob(b, (blob){size, (uint8_t *)(uintptr_t)bytes}));
    free(b.bytes);
}

START_TEST(files_of_others_are_refused)
{
    static const char *const no_lines[] = {"hello",
                                           "hello\n",
                                           "{\"a\":1}\n",
                                           "{\"step\":}\n",
                                           "{\"step\":-1}\n",
                                           "{\"step\":1,\n",
                                           "{\"step\":1x}\n",
                                           "\n",
                                           "{\"step\":1",
                                           "[",
                                           "{\"step\":1}\n\n",
                                           "{\"step\":1}\nx",
                                           "{\"step\": 1}\n",
                                           "{\"step\":9223372036854775808}\n",
                                           "{\"step\":1}\r\n"};
    static const char *const no_rows[] = {
        "hello",       "step",         "a,step\n1,2\n",  "step,a\nx,1\n", "step,a\n1;2\n",
        "step,a\n-1,", "step,,b\n1,2", "step,a,a\n1,2,", "steps\n1\n",    "step,step\n1,1\n",
        "\n",          "step,\"a\"\n", "step,a\r\n1\r\n"};
    for (size_t i = 0; i < sizeof no_lines / sizeof *no_lines; i++) {
        if (i != 8) { /* what begins like a record is what is left of one */
            refuse(JSONL, no_lines[i], strlen(no_lines[i]), "is no record of a log");
        }
    }
    for (size_t i = 0; i < sizeof no_rows / sizeof *no_rows; i++) {
        if (i != 1) { /* the beginning of a line of names */
            refuse(CSV, no_rows[i], strlen(no_rows[i]), "/f: ");
        }
    }
    refuse(EVENTS, "hello", 5, "record 1, at byte 0, is no event");
    refuse(EVENTS, "hello, this is a text of some length", 36, "is no event of a log");
    for (int format = 0; format < FORMATS; format++) {
        gan_log *log = open_log("l", format);
        write_records(log, 0, 2);
        gan_log_free(log);
        blob b = read_blob(at("l"));
        for (int other = 0; other < FORMATS; other++) {
            if (other != format) {
                refuse(other, b.bytes, b.size, "/f: ");
            }
        }
        free(b.bytes);
        remove(at("l"));
    }
}
END_TEST

/* Every bit of a file of events matters: one that is turned makes it refused or, in the last
 * record, the part of one. */
START_TEST(events_with_a_wrong_bit)
{
    gan_log *log = open_log("l", EVENTS);
    write_records(log, 0, 2);
    gan_log_free(log);
    blob b = read_blob(at("l"));
    const size_t size = b.size,
                 record = (b.size - 40) / 3; /* behind the version; all are as long */
    for (size_t i = 0; i < size * 8; i++) {
        b.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        write_blob(at("f"), b.bytes, size);
        const int32_t status = gan_log_create(ctx, at("f"), GAN_LOG_TENSORBOARD, &log);
        if (status == GAN_OK) {
            need(i / 8 >= size - record && gan_log_last_step(log) == 1);
        } else {
            fails(status, GAN_ERROR_FORMAT, "is no event of a log");
        }
        gan_log_free(log);
        b.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    free(b.bytes);
}
END_TEST

/* Steps may go back in a file that somebody joined; what is later than the first such is gone. */
START_TEST(joined_files)
{
    static const char joined[] = "{\"step\":5}\n{\"step\":9,\"x\":[1]}\n{\"step\":5}\n";
    write_blob(at("l"), joined, sizeof joined - 1);
    gan_log *log = open_log("l", JSONL);
    ck_assert_int_eq(gan_log_last_step(log), 5);
    ok(gan_log_resume(log, 5));
    gan_log_free(log);
    expect_text("l", "{\"step\":5}\n");
}
END_TEST

/* Lines and numbers of records that go beyond the buffer. */
START_TEST(large_logs)
{
    for (int format = 0; format < FORMATS; format++) {
        gan_log *log = open_log("l", format);
        for (int64_t step = 0; step < 8; step++) {
            for (int i = 0; i < GAN_LOG_NUMBERS; i++) {
                char name[64];
                snprintf(name, sizeof name, "%063d", i);
                ok(gan_log_number(log, name, i / 3.0));
            }
            fails(gan_log_number(log, "more", 1), GAN_ERROR_RANGE, "at most 1024");
            ok(gan_log_write(log, step));
        }
        gan_log_free(log);
        blob b = read_blob(at("l"));
        need(b.size > 8 * 65536 || format == CSV);
        log = open_log("l", format);
        ck_assert_int_eq(gan_log_last_step(log), 7);
        ok(gan_log_resume(log, 3));
        ck_assert_int_eq(gan_log_last_step(log), 3);
        gan_log_free(log);
        free(b.bytes);
        remove(at("l"));
    }
    ck_assert_int_eq(gan_log_numbers_max(), GAN_LOG_NUMBERS);
    for (int32_t i = 0; i < FORMATS; i++) {
        ck_assert_str_eq(gan_log_format_name(i), formats[i]);
    }
    need(gan_log_format_name(FORMATS) == NULL && gan_log_format_name(-1) == NULL);
}
END_TEST

START_TEST(names_of_numbers)
{
    static const char *const bad[] = {"",     "step", "a,b",  "a\"b",  "a\nb",
                                      "a\\b", "\x7f", "\xff", "a\xc3", "a\tb"};
    gan_log *log = open_log("l", CSV);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fails(gan_log_number(log, bad[i], 1), GAN_ERROR_ARGUMENT, "log: ");
    }
    ok(gan_log_number(log, "D(G(z)) '/ä", 1));
    ok(gan_log_write(log, 1));
    gan_log_free(log);
    expect_text("l", "step,D(G(z)) '/ä\n1,1\n");
}
END_TEST

/* ---- Memory ---------------------------------------------------------------------------------- */

/* A life with a log; on an error the call is made again, for memory fails once only. */
static bool retried;

static void again(int32_t status)
{
    fails(status, GAN_ERROR_MEMORY, "out of memory");
    retried = true;
}

#define try_twice(call)                \
    do {                               \
        const int32_t status = (call); \
        if (status != GAN_OK) {        \
            again(status);             \
            ok(call);                  \
        }                              \
    } while (0)

static void live(const match *m, int format)
{
    gan_log *log;
    for (int sitting = 0; sitting < 2; sitting++) {
        try_twice(gan_log_create(ctx, at("two"), formats[format], &log));
        ok(gan_log_set_clock(log, tick, &now));
        if (sitting == 1) {
            try_twice(gan_log_resume(log, 2));
        }
        for (int64_t step = 2 * sitting + 1; step < 2 * sitting + 4; step++) {
            for (int i = 0; i < 40; i++) {
                char name[20];
                snprintf(name, sizeof name, "number%d", i);
                try_twice(gan_log_number(log, name, i + (double)step));
            }
            try_twice(gan_log_trainer(log, m->trainer));
            try_twice(gan_log_write(log, step));
            try_twice(gan_log_sync(log));
        }
        gan_log_free(log);
    }
}

START_TEST(every_allocation_may_fail)
{
    match m = new_match(ctx, 4, 0, 1);
    ok(gan_trainer_run(m.trainer, 1, NULL, NULL));
    const int64_t before = own.live;
    for (int format = 0; format < FORMATS; format++) {
        live(&m, format);
        blob wanted = read_blob(at("two"));
        int failures = 0;
        do {
            remove(at("two"));
            retried = false;
            own.fail_at = own.calls + 1 + failures++;
            live(&m, format);
            own.fail_at = 0;
            blob b = read_blob(at("two"));
            need(same_blob(b, wanted));
            free(b.bytes);
            ck_assert_int_eq(own.live, before);
        } while (retried);
        ck_assert_int_gt(failures, 15);
        free(wanted.bytes);
        remove(at("two"));
    }
    free_match(&m);
}
END_TEST

/* ---- For others to read ---------------------------------------------------------------------- */

static const char *where;

START_TEST(write_for_others)
{
    static const char *const names[] = {"log.jsonl", "log.csv", "events.out.tfevents.1.test"};
    static const double values[] = {0, 1, -2.5, 0.1, 1e-300, 1e300, NAN, INFINITY, -INFINITY};
    for (int format = 0; format < FORMATS; format++) {
        char path[600];
        gan_log *log;
        snprintf(path, sizeof path, "%s/%s", where, names[format]);
        remove(path);
        for (int64_t step = 0; step < 9; step++) {
            if (step % 4 == 0) { /* in three sittings */
                ok(gan_log_create(ctx, path, formats[format], &log));
                ok(gan_log_set_clock(log, tick, &now));
            }
            ok(gan_log_number(log, "value", values[step]));
            ok(gan_log_number(log, "loss/third", (double)step / 3));
            ok(gan_log_write(log, step * step * step * 1000));
            if (step % 4 == 3 || step == 8) {
                gan_log_free(log);
            }
        }
    }
}
END_TEST

int main(int count, char **arguments)
{
    if (count > 2) {
        where = arguments[2];
        return RUN_TESTS_BETWEEN("logs", start, finish, write_for_others);
    }
    return RUN_TESTS_BETWEEN("logs", start, finish, lines_of_json, rows, events,
                             numbers_are_short_and_exact, metrics_of_a_trainer,
                             resumed_logs_are_equal, any_part_of_a_log_is_a_log,
                             files_of_others_are_refused, events_with_a_wrong_bit, joined_files,
                             large_logs, names_of_numbers, every_allocation_may_fail);
}
