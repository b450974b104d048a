/* Files of tensors changed by hand. Included once by each test program. */
#ifndef GAN_TESTS_EDIT_TENSORS_H
#define GAN_TESTS_EDIT_TENSORS_H

#include "training.h"

#include "io/tensors.h"

enum { EDIT_TENSORS = 64, EDIT_BYTES = 8192 };

/* All of a file. */
typedef struct {
    gan__tensor tensors[EDIT_TENSORS];
    gan__tensor_note notes[16];
    char names[EDIT_TENSORS][96], texts[16][4096];
    union {
        int64_t i64[EDIT_BYTES / 8];
        double f64[EDIT_BYTES / 8];
        float f32[EDIT_BYTES / 4];
    } data[EDIT_TENSORS];
    int64_t count, note_count;
} edit;

static const char *const edit_keys[] = {
    "format",     "version",   "batch_size", "discriminator_steps", "seed",
    "shuffle",    "drop_last", "schedule",   "generator_optimizer", "discriminator_optimizer",
    "data_count", "average",   "network",    "generator",           "discriminator"};

static inline void edit_read(edit *e, const char *path)
{
    gan__tensors *file;
    *e = (edit){0};
    ok(gan__tensors_open(ctx, path, &file));
    e->count = gan__tensors_count(file);
    need(e->count < EDIT_TENSORS);
    for (int64_t i = 0; i < e->count; i++) {
        const gan__tensor *from = gan__tensors_at(file, i);
        need(gan__tensor_bytes(from) <= EDIT_BYTES);
        e->tensors[i] = *from;
        snprintf(e->names[i], sizeof e->names[i], "%s", from->name);
        e->tensors[i].name = e->names[i];
        e->tensors[i].data = &e->data[i];
        ok(gan__tensors_read(file, from, &e->data[i]));
    }
    for (size_t i = 0; i < sizeof edit_keys / sizeof edit_keys[0]; i++) {
        const char *text = gan__tensors_note(file, edit_keys[i]);
        if (text != NULL) {
            snprintf(e->texts[e->note_count], sizeof e->texts[0], "%s", text);
            e->notes[e->note_count] = (gan__tensor_note){edit_keys[i], e->texts[e->note_count]};
            e->note_count++;
        }
    }
    gan__tensors_close(file);
}

static inline void edit_write(const edit *e, const char *path)
{
    ok(gan__tensors_write(ctx, path, e->count, e->tensors, e->note_count, e->notes));
}

static inline int64_t edit_find(const edit *e, const char *name)
{
    for (int64_t i = 0; i < e->count; i++) {
        if (strcmp(e->names[i], name) == 0) {
            return i;
        }
    }
    ck_abort_msg("no tensor %s", name);
    return -1;
}

static inline void edit_note(edit *e, const char *key, const char *value)
{
    for (int64_t i = 0; i < e->note_count; i++) {
        if (strcmp(e->notes[i].key, key) == 0) {
            if (value == NULL) {
                e->notes[i] = e->notes[--e->note_count];
            } else {
                e->notes[i].value = value;
            }
            return;
        }
    }
    ck_abort_msg("no note %s", key);
}

static inline void edit_remove(edit *e, const char *name)
{
    const int64_t i = edit_find(e, name);
    e->count--;
    for (int64_t j = i; j < e->count; j++) { /* the data stay where they are */
        e->tensors[j] = e->tensors[j + 1];
        memcpy(e->names[j], e->names[j + 1], sizeof e->names[j]);
        e->tensors[j].name = e->names[j];
    }
}

/* ---- Files as bytes ------------------------------------------------------------------------- */

typedef struct {
    size_t size;
    unsigned char bytes[1 << 17];
} content;

static inline void content_read(content *c, const char *path)
{
    FILE *file = fopen(path, "rb");
    need(file != NULL);
    memset(c, 0, sizeof *c);
    c->size = fread(c->bytes, 1, sizeof c->bytes, file);
    need(c->size > 0 && c->size < sizeof c->bytes);
    fclose(file);
}

static inline void content_write(const content *c, size_t size, const char *path)
{
    FILE *file = fopen(path, "wb");
    need(file != NULL);
    need(fwrite(c->bytes, 1, size, file) == size);
    fclose(file);
}

#endif
