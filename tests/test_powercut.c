/* A loss of power in the midst of a save. What the library asks of the operating system is recorded;
 * then the disk is imagined after each prefix of it: what was not synchronised may be there in any
 * part and in any order, torn at blocks of 512 or 4096 bytes, with or without the rename. The file
 * must have its old or its new content in all of these states.
 *   test_powercut */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "hostile.h"
#include "original.h"

#include <stdarg.h>

enum { WIDTH = 2500, KIND = 4, EVENTS_MAX = 64, RANDOM = 300 };

/* ---- Recording ------------------------------------------------------------------------------- */

typedef enum { CREATE, WRITE, SYNC_FILE, RENAME, SYNC_FOLDER, UNLINK } action;

typedef struct {
    action what;
    size_t size; /* of what is written, behind what was written before */
} event;

static struct {
    bool on;
    int folder, file; /* descriptors */
    event events[EVENTS_MAX];
    int count;
    uint8_t *bytes; /* all that was written */
    size_t size;
    char temporary[64], name[64];
} tape;

static void note(action what, size_t size)
{
    if (tape.count < EVENTS_MAX) {
        tape.events[tape.count++] = (event){what, size};
    }
}

int openat(int base, const char *name, int flags, ...)
{
    REAL(int, "openat", int, const char *, int, ...)
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? (mode_t)va_arg(arguments, int) : 0;
    va_end(arguments);
    const int file = original(base, name, flags, mode);
    if (tape.on && (flags & O_DIRECTORY) != 0) {
        tape.folder = file;
    } else if (tape.on && (flags & O_CREAT) != 0) {
        ck_assert_int_eq(flags & (O_EXCL | O_CREAT), O_EXCL | O_CREAT);
        ck_assert_int_eq(base, tape.folder);
        tape.file = file;
        snprintf(tape.temporary, sizeof tape.temporary, "%s", name);
        note(CREATE, 0);
    }
    return file;
}

ssize_t write(int file, const void *bytes, size_t size)
{
    REAL(ssize_t, "write", int, const void *, size_t)
    const ssize_t done = original(file, bytes, size);
    if (tape.on && file == tape.file && done > 0) {
        tape.bytes = realloc(tape.bytes, tape.size + (size_t)done);
        ck_assert_ptr_nonnull(tape.bytes);
        memcpy(tape.bytes + tape.size, bytes, (size_t)done);
        tape.size += (size_t)done;
        note(WRITE, (size_t)done);
    }
    return done;
}

int fsync(int file)
{
    REAL(int, "fsync", int)
    if (tape.on) {
        note(file == tape.folder ? SYNC_FOLDER : SYNC_FILE, 0);
    }
    return original(file);
}

int renameat(int from, const char *name, int to, const char *other)
{
    REAL(int, "renameat", int, const char *, int, const char *)
    if (tape.on) {
        ck_assert_str_eq(name, tape.temporary);
        snprintf(tape.name, sizeof tape.name, "%s", other);
        note(RENAME, 0);
    }
    return original(from, name, to, other);
}

int unlinkat(int base, const char *name, int flags)
{
    REAL(int, "unlinkat", int, const char *, int)
    if (tape.on) {
        note(UNLINK, 0);
    }
    return original(base, name, flags);
}

int close(int file)
{
    REAL(int, "close", int)
    if (tape.on && file == tape.file) {
        tape.file = -1; /* what is not synchronised by now must not count as being so */
    }
    return original(file);
}

static void start_tape(void)
{
    free(tape.bytes);
    memset(&tape, 0, sizeof tape);
    tape.folder = tape.file = -1;
    tape.on = true;
}

/* ---- Disks ----------------------------------------------------------------------------------- */

/* What may be found after a loss of power. */
typedef struct {
    bool renamed;  /* the name leads to the new file */
    bool leftover; /* the temporary name is there */
    size_t size;   /* of the new file, as far as it got */
    uint8_t *bytes;
} disk;

/* What was asked for up to the loss. */
typedef struct {
    size_t written, synced; /* bytes of the new file */
    bool created, renamed, rename_synced;
} progress;

static progress progress_of(const event *events, int count)
{
    progress p = {0};
    for (int i = 0; i < count; i++) {
        switch (events[i].what) {
        case CREATE:
            p.created = true;
            break;
        case WRITE:
            p.written += events[i].size;
            break;
        case SYNC_FILE:
            p.synced = p.written;
            break;
        case RENAME:
            p.renamed = true;
            break;
        case SYNC_FOLDER:
            p.rename_synced = p.renamed;
            break;
        case UNLINK:
            ck_abort_msg("a save that succeeds removes nothing");
        }
    }
    return p;
}

static struct {
    int64_t states, old, new, neither, tried, with_leftover;
} tally;

static blob old_file, new_file; /* old_file.bytes: NULL if there was none */
static const match *game_now;
static bool control; /* the order of calls is known to be wrong */

/* Makes the disk real, reads it as the next program would, and saves again. */
static void try_disk(const disk *d)
{
    remove(at("try"));
    remove(at(".libgan-1-leftover.tmp"));
    const blob is = d->renamed ? (blob){d->size, d->bytes} : old_file;
    if (is.bytes != NULL) {
        write_blob(at("try"), is.bytes, is.size);
        ok(gan_trainer_load(game_now->trainer, at("try")));
    }
    if (d->leftover) {
        write_blob(at(".libgan-1-leftover.tmp"), d->bytes, d->size);
    }
    const blob again = state_of(game_now, "try");
    need(is.bytes == NULL || same_blob(again, is));
    free(again.bytes);
    if (d->leftover) {
        const blob left = read_blob(at(".libgan-1-leftover.tmp"));
        need(left.size == d->size && (d->size == 0 || memcmp(left.bytes, d->bytes, d->size) == 0));
        free(left.bytes);
    }
    tally.tried++;
}

static void judge(const disk *d)
{
    const blob found = d->renamed ? (blob){d->size, d->bytes} : old_file;
    const bool is_new = d->renamed && same_blob(found, new_file);
    const bool is_old = !d->renamed;
    tally.states++;
    tally.old += is_old;
    tally.new += is_new;
    tally.neither += !is_old && !is_new;
    tally.with_leftover += d->leftover;
    if (!control && tally.states % 211 == 0) {
        try_disk(d);
    }
}

/* Judges the disk, with and without what the folder may have of it. */
static void judge_names(const progress *p, disk d)
{
    for (int renamed = p->rename_synced; renamed <= p->renamed; renamed++) {
        d.renamed = renamed;
        for (int leftover = 0; leftover <= (p->created && !renamed); leftover++) {
            d.leftover = leftover;
            judge(&d);
        }
    }
}

typedef enum { FIRST, LAST, ANY } order;

/* Of the blocks that are not synchronised, `kept` are there: the first, the last, or any. `length`:
 * whether the file is as long as what was asked for, zeros in the place of what is missing, or
 * ends with the last block that is there. */
static void judge_blocks(const progress *p, size_t block, order which, size_t kept, bool length,
                         dice *chance)
{
    static uint8_t *bytes;
    bytes = bytes != NULL ? bytes : malloc(1 << 20);
    ck_assert_ptr_nonnull(bytes);
    need(p->written < 1 << 20);
    memcpy(bytes, tape.bytes, p->synced);
    memset(bytes + p->synced, 0, p->written - p->synced);
    const size_t first = p->synced / block, count = (p->written + block - 1) / block - first;
    size_t end = p->synced;
    for (size_t i = 0; i < count; i++) {
        const bool there = which == FIRST  ? i < kept
                           : which == LAST ? i >= count - kept
                                           : roll(chance, (int32_t)count) < (int32_t)kept;
        size_t from = (first + i) * block, to = from + block;
        from = from < p->synced ? p->synced : from;
        to = to > p->written ? p->written : to;
        if (there && to > from) {
            memcpy(bytes + from, tape.bytes + from, to - from);
            end = to;
        }
    }
    judge_names(p, (disk){.size = length ? p->written : end, .bytes = bytes});
}

/* All that may be found after the first `count` events. */
static void judge_prefix(const event *events, int count, dice *chance)
{
    static const size_t blocks[] = {512, 4096};
    const progress p = progress_of(events, count);
    for (int b = 0; b < 2; b++) {
        const size_t pending = (p.written + blocks[b] - 1) / blocks[b] - p.synced / blocks[b];
        const size_t most = p.written > p.synced ? pending : 0;
        for (size_t kept = 0; kept <= most; kept++) {
            for (int length = 0; length < 2; length++) {
                judge_blocks(&p, blocks[b], FIRST, kept, length, chance);
                judge_blocks(&p, blocks[b], LAST, kept, length, chance);
            }
        }
        for (int i = 0; i < RANDOM && most > 0; i++) {
            judge_blocks(&p, blocks[b], ANY, (size_t)roll(chance, (int32_t)most + 1), i % 2,
                         chance);
        }
    }
}

static void judge_all(const event *events, int count)
{
    dice chance = {17};
    for (int i = 0; i <= count; i++) {
        judge_prefix(events, i, &chance);
    }
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void start(void)
{
    make_folder();
    ctx = new_context(&own);
    memset(&tally, 0, sizeof tally);
    old_file = new_file = (blob){0};
    control = false;
}

static void finish(void)
{
    free(old_file.bytes);
    free(new_file.bytes);
    end_context(ctx, &own);
    remove_folder();
}

/* Saves over an old state, or where none was; the tape has what was done. */
static match record(bool over)
{
    match m = new_match(ctx, WIDTH, KIND, 1);
    ok(gan_trainer_run(m.trainer, 2, NULL, NULL));
    if (over) {
        old_file = state_of(&m, "state");
    }
    ok(gan_trainer_run(m.trainer, 3, NULL, NULL));
    start_tape();
    ok(gan_trainer_save(m.trainer, at("state")));
    tape.on = false;
    new_file = read_blob(at("state"));
    need(tape.size == new_file.size && memcmp(tape.bytes, new_file.bytes, tape.size) == 0);
    ck_assert_str_eq(tape.name, "state");
    ck_assert_int_lt(tape.count, EVENTS_MAX);
    return m;
}

static void check_save(bool over)
{
    match m = record(over);
    game_now = &m;
    int writes = 0;
    for (int i = 0; i < tape.count; i++) {
        writes += tape.events[i].what == WRITE;
    }
    need(writes >= 3 && tape.count == writes + 4);
    judge_all(tape.events, tape.count);
    printf(
        "power cuts, %s: %lld states after %d prefixes of %zu bytes in %d writes: %lld old, %lld "
        "new, %lld neither; %lld with a temporary file; %lld made real, read and saved over\n",
        over ? "a file replaced" : "a first file", (long long)tally.states, tape.count + 1,
        tape.size, writes, (long long)tally.old, (long long)tally.new, (long long)tally.neither,
        (long long)tally.with_leftover, (long long)tally.tried);
    need(tally.neither == 0 && tally.states >= 10000 && tally.old > 0 && tally.new > 0);
    need(tally.tried >= 40);
    free_match(&m);
}

START_TEST(a_file_is_replaced)
{
    check_save(true);
}
END_TEST

START_TEST(a_file_is_new)
{
    check_save(false);
}
END_TEST

/* The test must be able to fail: without the synchronisation, or with the rename before the last
 * write, there are states that are neither. */
START_TEST(other_orders_are_found_out)
{
    event events[EVENTS_MAX];
    match m = record(true);
    game_now = &m;
    control = true;
    int count = 0;
    for (int i = 0; i < tape.count; i++) {
        if (tape.events[i].what != SYNC_FILE) {
            events[count++] = tape.events[i];
        }
    }
    judge_all(events, count);
    const int64_t unsynced = tally.neither;
    need(unsynced > 1000);
    tally.neither = 0;
    count = 0;
    for (int i = 0; i < tape.count; i++) {
        if (tape.events[i].what == SYNC_FILE) {
            events[count] = events[count - 1]; /* the last write comes after the fsync */
            events[count - 1] = tape.events[i];
            count++;
        } else {
            events[count++] = tape.events[i];
        }
    }
    judge_all(events, count);
    need(tally.neither > 0);
    printf("power cuts, wrong orders: %lld and %lld states that are neither\n", (long long)unsynced,
           (long long)tally.neither);
    free_match(&m);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("power cuts");
    TCase *all = tcase_create("power cuts");
    tcase_set_timeout(all, 600);
    tcase_add_checked_fixture(all, start, finish);
    tcase_add_test(all, a_file_is_replaced);
    tcase_add_test(all, a_file_is_new);
    tcase_add_test(all, other_orders_are_found_out);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free(tape.bytes);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
