/* Checkpoints in a folder. Their files are the only state: the name of each tells its place, two
 * notes in it its name and its value. */
#include <gan/checkpoints.h>

#include "io/file.h"
#include "nn/save.h"
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NOTE_NAME "checkpoint" /* the file's name: a copy under another one is not ours */
#define NOTE_VALUE "checkpoint_value"

enum { FILE_NAME = GAN__NAME_BYTES + 64 }; /* "name-serial-step-step.safetensors" */

static const int64_t KEEP_MAX = 1000000;
static const int64_t NUMBER_MAX = 999999999999999999; /* in a file's name: 18 digits */

typedef struct {
    int64_t serial, step;
    double value; /* NaN for none */
} entry;

struct gan_checkpoints {
    gan_context *context; /* counted */
    char name[GAN__NAME_BYTES];
    int64_t keep;
    bool higher;
    entry *entries; /* [count], by serial */
    int64_t count, capacity;
    char *path; /* [room]: folder, '/', and room for a file's name at `place` */
    size_t place, room;
};

/* ---- Names ----------------------------------------------------------------------------------- */

static void print_name(const gan_checkpoints *c, int64_t serial, int64_t step, char *out)
{
    snprintf(out, FILE_NAME, "%s-%08lld-step-%lld.safetensors", c->name, (long long)serial,
             (long long)step);
}

/* The path of an entry, good until the next call. */
static const char *path_of(const gan_checkpoints *c, const entry *e)
{
    print_name(c, e->serial, e->step, c->path + c->place);
    return c->path;
}

/* Reads digits; returns what follows, or NULL if there are none or too many. */
static const char *take_number(const char *text, int64_t *value)
{
    const char *next = text;
    *value = 0;
    for (; *next >= '0' && *next <= '9'; next++) {
        if (*value > NUMBER_MAX / 10) {
            return NULL;
        }
        *value = 10 * *value + (*next - '0');
    }
    return next > text ? next : NULL;
}

/* Whether a file's name is one that print_name makes. */
static bool read_name(const gan_checkpoints *c, const char *text, entry *e)
{
    static const char middle[] = "-step-";
    const size_t length = strlen(c->name);
    if (strncmp(text, c->name, length) != 0 || text[length] != '-') {
        return false;
    }
    const char *next = take_number(text + length + 1, &e->serial);
    if (next == NULL || strncmp(next, middle, sizeof middle - 1) != 0 ||
        take_number(next + sizeof middle - 1, &e->step) == NULL) {
        return false;
    }
    char again[FILE_NAME];
    print_name(c, e->serial, e->step, again);
    return e->serial > 0 && strcmp(text, again) == 0;
}

/* ---- What is there --------------------------------------------------------------------------- */

/* Whether an opened file was written as this entry; reads its value. */
static bool is_ours(gan_checkpoints *c, const gan__tensors *file, entry *e)
{
    const char *format = gan__tensors_note(file, "format");
    const char *name = gan__tensors_note(file, NOTE_NAME);
    const char *value = gan__tensors_note(file, NOTE_VALUE);
    if (format == NULL || name == NULL || value == NULL ||
        strcmp(format, GAN__FORMAT_TRAINING) != 0 || strcmp(name, c->path + c->place) != 0) {
        return false;
    }
    e->value = (double)NAN;
    return strcmp(value, "nan") == 0 || gan__parse_number(value, strlen(value), &e->value);
}

/* Opens the file of an entry, to see whether it is ours. Errors: MEMORY. */
static int32_t look(gan_checkpoints *c, entry *e, bool *ours)
{
    gan__tensors *file;
    const int32_t status = gan__tensors_open(c->context, path_of(c, e), &file);
    *ours = status == GAN_OK && is_ours(c, file, e);
    gan__tensors_close(file);
    return status == GAN_ERROR_MEMORY ? status : GAN_OK;
}

static int32_t reserve(gan_checkpoints *c)
{
    void *entries = c->entries;
    const int32_t status =
        gan__grow(c->context, &entries, &c->capacity, c->count + 1, sizeof *c->entries);
    c->entries = entries;
    return status;
}

static int32_t add_name(void *user, const char *name)
{
    gan_checkpoints *c = user;
    entry e;
    bool ours;
    if (!read_name(c, name, &e)) {
        return GAN_OK;
    }
    GAN__TRY(look(c, &e, &ours));
    if (!ours) {
        return GAN_OK;
    }
    GAN__TRY(reserve(c));
    int64_t i = c->count++;
    for (; i > 0 && c->entries[i - 1].serial > e.serial; i--) {
        c->entries[i] = c->entries[i - 1];
    }
    c->entries[i] = e;
    return GAN_OK;
}

/* The highest serial number in the folder, of files that are not ours, too. */
typedef struct {
    const gan_checkpoints *checkpoints;
    int64_t serial;
} highest;

static int32_t see_serial(void *user, const char *name)
{
    highest *h = user;
    entry e;
    if (read_name(h->checkpoints, name, &e) && e.serial > h->serial) {
        h->serial = e.serial;
    }
    return GAN_OK;
}

/* ---- Making ---------------------------------------------------------------------------------- */

static int32_t check_texts(gan_context *context, const char *name, const char *best)
{
    if (name[0] == '.' || strchr(name, '/') != NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT,
                         "checkpoints: \"%s\" cannot be part of a file's name", name);
    }
    if (best == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "checkpoints: best is NULL");
    }
    if (strcmp(best, GAN_HIGHER) != 0 && strcmp(best, GAN_LOWER) != 0) {
        return gan__fail(
            context, GAN_ERROR_KEY,
            "checkpoints: best is \"%.64s\", not \"" GAN_HIGHER "\" or \"" GAN_LOWER "\"", best);
    }
    return GAN_OK;
}

static int32_t set_up(gan_checkpoints *c, const char *folder, const char *name, const char *best)
{
    GAN__TRY(gan__copy_name(c->context, "checkpoints: name", name, c->name));
    GAN__TRY(check_texts(c->context, c->name, best));
    if (c->keep < 1 || c->keep > KEEP_MAX) {
        return gan__fail(c->context, GAN_ERROR_RANGE, "checkpoints: keep is %lld, not 1 to %lld",
                         (long long)c->keep, (long long)KEEP_MAX);
    }
    c->higher = strcmp(best, GAN_HIGHER) == 0;
    if (folder == NULL || folder[0] == '\0') {
        return gan__fail(c->context, GAN_ERROR_ARGUMENT, "checkpoints: folder is %s",
                         folder == NULL ? "NULL" : "empty");
    }
    c->place = strlen(folder) + 1;
    c->room = c->place + FILE_NAME;
    c->path = gan__allocate(c->context, (int64_t)c->room, 1);
    if (c->path == NULL) {
        return GAN_ERROR_MEMORY;
    }
    memcpy(c->path, folder, c->place - 1);
    c->path[c->place - 1] = '/';
    return gan__folder_list(c->context, folder, add_name, c);
}

int32_t gan_checkpoints_create(gan_context *context, const char *folder, const char *name,
                               int64_t keep, const char *best, gan_checkpoints **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (context == NULL || out == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "checkpoints: %s is NULL",
                         context == NULL ? "context" : "out");
    }
    gan_checkpoints *c = gan__allocate(context, 1, sizeof *c);
    if (c == NULL) {
        return GAN_ERROR_MEMORY;
    }
    c->context = gan__context_retain(context);
    c->keep = keep;
    const int32_t status = set_up(c, folder, name, best);
    if (status != GAN_OK) {
        gan_checkpoints_free(c);
        return status;
    }
    *out = c;
    return GAN_OK;
}

void gan_checkpoints_free(gan_checkpoints *checkpoints)
{
    if (checkpoints == NULL) {
        return;
    }
    gan_context *context = checkpoints->context;
    gan__release(context, checkpoints->entries);
    gan__release(context, checkpoints->path);
    gan__release(context, checkpoints);
    gan__context_release(context);
}

/* ---- The order of choice --------------------------------------------------------------------- */

/* Whether entry i is a better one than entry k; those without a value are not asked about. */
static bool is_better(const gan_checkpoints *c, int64_t i, int64_t k)
{
    const double a = c->entries[i].value, b = c->entries[k].value;
    return a == b ? i < k : (a > b) == c->higher;
}

/* The best of those that are not as good as `before`, or of all for -1; -1 if there is none. */
static int64_t next_best(const gan_checkpoints *c, int64_t before)
{
    int64_t best = -1;
    for (int64_t i = 0; i < c->count; i++) {
        if (!isnan(c->entries[i].value) && (before < 0 || is_better(c, before, i)) &&
            (best < 0 || is_better(c, i, best))) {
            best = i;
        }
    }
    return best;
}

static int64_t next_last(const gan_checkpoints *c, int64_t before)
{
    return before < 0 ? c->count - 1 : before - 1;
}

/* Gives the entry to be taken after `before`, at first after -1; -1 after the last. */
typedef int64_t (*next_fn)(const gan_checkpoints *c, int64_t before);

static int32_t find_order(const gan_checkpoints *c, const char *which, next_fn *next)
{
    if (which == NULL) {
        return gan__fail(c->context, GAN_ERROR_ARGUMENT, "checkpoints: which is NULL");
    }
    const bool last = strcmp(which, GAN_LAST) == 0;
    if (!last && strcmp(which, GAN_BEST) != 0) {
        return gan__fail(c->context, GAN_ERROR_KEY,
                         "checkpoints: \"%.64s\" is not \"" GAN_LAST "\" or \"" GAN_BEST "\"",
                         which);
    }
    *next = last ? next_last : next_best;
    c->path[c->place] = '\0';
    return (*next)(c, -1) >= 0
               ? GAN_OK
               : gan__fail(c->context, GAN_ERROR_STATE, "checkpoints: there is none%s in %.300s",
                           last ? "" : " with a value", c->path);
}

/* ---- Saving ---------------------------------------------------------------------------------- */

/* Takes an entry out of the list. */
static void forget(gan_checkpoints *c, int64_t index)
{
    c->count--;
    memmove(c->entries + index, c->entries + index + 1,
            (size_t)(c->count - index) * sizeof *c->entries);
}

static void prune(gan_checkpoints *c)
{
    for (int64_t i = c->count - c->keep - 1; i >= 0; i--) {
        if (i != next_best(c, -1) && gan__file_remove(path_of(c, &c->entries[i]))) {
            forget(c, i);
        }
    }
}

int32_t gan_checkpoints_save(gan_checkpoints *checkpoints, gan_trainer *trainer, double value)
{
    gan_checkpoints *c = checkpoints;
    if (c == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (trainer == NULL || trainer->context != c->context) {
        return gan__fail(c->context, GAN_ERROR_ARGUMENT, "checkpoints: save: the trainer is %s",
                         trainer == NULL ? "NULL" : "of another context");
    }
    if (isinf(value)) {
        return gan__fail(c->context, GAN_ERROR_ARGUMENT, "checkpoints: save: value is infinite");
    }
    GAN__TRY(reserve(c));
    highest h = {.checkpoints = c};
    c->path[c->place] = '\0';
    GAN__TRY(gan__folder_list(c->context, c->path, see_serial, &h));
    if (h.serial == NUMBER_MAX || trainer->steps > NUMBER_MAX) {
        return gan__fail(c->context, GAN_ERROR_RANGE,
                         "checkpoints: save: after serial number %lld in %.300s, at step %lld: the "
                         "highest number is %lld",
                         (long long)h.serial, c->path, (long long)trainer->steps,
                         (long long)NUMBER_MAX);
    }
    const entry e = {.serial = h.serial + 1, .step = trainer->steps, .value = value};
    char text[GAN__NUMBER_TEXT];
    gan__number_text(value, text);
    const char *path = path_of(c, &e);
    const gan__tensor_note notes[GAN__TRAINER_NOTES] = {{NOTE_NAME, path + c->place},
                                                        {NOTE_VALUE, text}};
    const int32_t status = gan__trainer_save(trainer, path, notes);
    if (status != GAN_OK) {
        gan__file_remove(path); /* which is there if only its folder could not be synchronised */
        return status;
    }
    c->entries[c->count++] = e;
    prune(c);
    return GAN_OK;
}

/* ---- Loading --------------------------------------------------------------------------------- */

int32_t gan_checkpoints_load(gan_checkpoints *checkpoints, gan_trainer *trainer, const char *which)
{
    gan_checkpoints *c = checkpoints;
    next_fn next;
    if (c == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (trainer == NULL || trainer->context != c->context) {
        return gan__fail(c->context, GAN_ERROR_ARGUMENT, "checkpoints: load: the trainer is %s",
                         trainer == NULL ? "NULL" : "of another context");
    }
    GAN__TRY(find_order(c, which, &next));
    int32_t status = GAN_OK;
    int64_t loaded = -1;
    do {
        loaded = next(c, loaded);
        status = gan_trainer_load(trainer, path_of(c, &c->entries[loaded]));
    } while ((status == GAN_ERROR_FORMAT || status == GAN_ERROR_IO) && next(c, loaded) >= 0);
    if (status != GAN_OK) {
        return status;
    }
    const entry good = c->entries[loaded];
    for (int64_t i = next(c, -1); c->entries[i].serial != good.serial; i = next(c, -1)) {
        forget(c, i);
    }
    return GAN_OK;
}

/* ---- Telling --------------------------------------------------------------------------------- */

int64_t gan_checkpoints_count(const gan_checkpoints *checkpoints)
{
    return checkpoints != NULL ? checkpoints->count : 0;
}

int32_t gan_checkpoints_find(const gan_checkpoints *checkpoints, const char *which, int64_t *index)
{
    next_fn next;
    if (checkpoints == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (index == NULL) {
        return gan__fail(checkpoints->context, GAN_ERROR_ARGUMENT,
                         "checkpoints: find: index is NULL");
    }
    GAN__TRY(find_order(checkpoints, which, &next));
    *index = next(checkpoints, -1);
    return GAN_OK;
}

int32_t gan_checkpoints_get(const gan_checkpoints *checkpoints, int64_t index, int64_t *step,
                            double *value, char *path, int64_t capacity)
{
    const gan_checkpoints *c = checkpoints;
    if (c == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (index < 0 || index >= c->count) {
        return gan__fail(c->context, GAN_ERROR_RANGE, "checkpoints: index is %lld, of %lld",
                         (long long)index, (long long)c->count);
    }
    const entry *e = &c->entries[index];
    const char *found = path_of(c, e);
    const int64_t size = (int64_t)strlen(found) + 1;
    if (path != NULL && capacity < size) {
        return gan__fail(c->context, GAN_ERROR_BUFFER,
                         "checkpoints: the path needs %lld bytes, there is room for %lld",
                         (long long)size, (long long)capacity);
    }
    if (path != NULL) {
        memcpy(path, found, (size_t)size);
    }
    if (step != NULL) {
        *step = e->step;
    }
    if (value != NULL) {
        *value = e->value;
    }
    return GAN_OK;
}
