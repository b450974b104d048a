#include "pictures.h"

#include "check.h"
#include "digits.h"
#include "files.h"
#include "parzen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACE_SIDE = 48, CIFAR10_SIDE = 32, CIFAR10_FILES = 5 };

static gan_dataset *slice(gan_context *context, gan_dataset *data, int64_t start, int64_t count)
{
    gan_dataset *part = NULL;
    check(context, gan_dataset_slice(data, start, count, &part));
    return part;
}

/* ---- Files --------------------------------------------------------------------------------- */

typedef gan_dataset *(*opener)(gan_context *context, const char *path);

static gan_dataset *open_cifar10(gan_context *context, const char *path)
{
    gan_dataset *data = NULL;
    check(context, gan_dataset_open_cifar10(context, path, &data));
    return data;
}

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

static gan_dataset *open_faces(gan_context *context, const char *path)
{
    gan_dataset *data = NULL;
    if (ends_in(path, ".raw") || ends_in(path, ".raw.gz")) {
        const int64_t dims[] = {FACE_SIDE, FACE_SIDE};
        check(context, gan_dataset_open_raw(context, path, 2, dims, &data));
    } else {
        check(context, gan_dataset_open_idx(context, path, NULL, &data));
    }
    if (gan_dataset_elements(data) != FACE_SIDE * FACE_SIDE) {
        fail("%s: pictures have %lld pixels, faces have %d x %d", path,
             (long long)gan_dataset_elements(data), FACE_SIDE, FACE_SIDE);
    }
    return data;
}

static gan_dataset *open_all(gan_context *context, opener open, int count, const char *const *paths)
{
    gan_dataset *all = open(context, paths[0]);
    for (int i = 1; i < count; i++) {
        gan_dataset *next = open(context, paths[i]), *joined = NULL;
        check(context, gan_dataset_join(all, next, &joined));
        gan_dataset_free(all);
        gan_dataset_free(next);
        all = joined;
    }
    return all;
}

/* ---- Kinds --------------------------------------------------------------------------------- */

static pictures open_digit_pictures(gan_context *context, int count, const char *const *paths)
{
    if (count > 1) {
        fail("the digits are in one folder, not in %d (--data)", count);
    }
    const char *folder = count == 1 ? paths[0] : DIGITS_SHIPPED;
    digits d = digits_open(context, folder);
    pictures p = {.channels = 1, .side = DIGIT_SIDE, .folds = 1, .train = d.train};
    int64_t rows = gan_dataset_count(d.validation);
    rows = rows < PARZEN_VALIDATION ? rows : PARZEN_VALIDATION;
    p.validation[0] = slice(context, d.validation, 0, rows);
    p.test[0] = d.test;
    gan_dataset_free(d.validation);
    snprintf(p.rows, sizeof p.rows,
             "training: rows 0 to %lld of %s in %.256s%s\n"
             "bandwidth: rows %lld to %lld of %s; test: rows 0 to %lld of %s",
             (long long)gan_dataset_count(d.train) - 1, d.train_file, folder,
             count == 1 ? "" : " (--data names others)", (long long)d.validation_start,
             (long long)(d.validation_start + rows - 1), d.validation_file,
             (long long)gan_dataset_count(d.test) - 1, d.test_file);
    return p;
}

static gan_dataset *open_faces_named(gan_context *context, const char *folder, const char *name)
{
    char *path = find_file(folder, name);
    if (path == NULL) {
        fail("%s holds no %s, plain or with .gz; a folder of faces has unlabeled.raw, and "
             "valid-1.raw and test-1.raw to valid-%d.raw and test-%d.raw",
             folder, name, PICTURES_FOLDS, PICTURES_FOLDS);
    }
    gan_dataset *data = open_faces(context, path);
    free(path);
    return data;
}

/* The published folds of the Toronto Face Database. */
static void open_face_folder(gan_context *context, const char *folder, pictures *p)
{
    p->train = open_faces_named(context, folder, "unlabeled.raw");
    for (int k = 0; k < PICTURES_FOLDS; k++) {
        char name[32];
        snprintf(name, sizeof name, "valid-%d.raw", k + 1);
        p->validation[k] = open_faces_named(context, folder, name);
        snprintf(name, sizeof name, "test-%d.raw", k + 1);
        p->test[k] = open_faces_named(context, folder, name);
    }
    snprintf(p->rows, sizeof p->rows,
             "training: unlabeled.raw in %.256s\nbandwidth: valid-K.raw; test: test-K.raw; folds K "
             "from 1 "
             "to %d",
             folder, PICTURES_FOLDS);
}

static pictures open_face_pictures(gan_context *context, int count, const char *const *paths)
{
    if (count == 0) {
        fail("which faces? --data FILE... names them: IDX files, or .raw ones, of 48 x 48 grey "
             "bytes a picture. The Toronto Face Database of the paper is given out by its "
             "authors only (docs/reproduction.md tells how to bring it here); other faces of that "
             "size serve as well");
    }
    pictures p = {.channels = 1, .side = FACE_SIDE, .folds = PICTURES_FOLDS};
    if (count == 1 && is_folder(paths[0])) {
        open_face_folder(context, paths[0], &p);
        return p;
    }
    gan_dataset *all = open_all(context, open_faces, count, paths);
    int64_t rows = gan_dataset_count(all), learned = rows * 4 / 5;
    int64_t part = (rows - learned) / PICTURES_FOLDS;
    if (part < 2) {
        fail("%lld faces are too few: five folds of a fifth of them need 50", (long long)rows);
    }
    p.train = slice(context, all, 0, learned);
    for (int k = 0; k < PICTURES_FOLDS; k++) {
        int next = (k + 1) % PICTURES_FOLDS;
        p.test[k] = slice(context, all, learned + k * part, part);
        p.validation[k] = slice(context, all, learned + next * part, part / 2);
    }
    snprintf(
        p.rows, sizeof p.rows,
        "training: rows 0 to %lld of %lld\n"
        "test: rows %lld to %lld in %d folds of %lld; bandwidth: the first half of the next fold",
        (long long)learned - 1, (long long)rows, (long long)learned,
        (long long)(learned + PICTURES_FOLDS * part - 1), PICTURES_FOLDS, (long long)part);
    gan_dataset_free(all);
    return p;
}

/* The files of a folder that are there. */
static gan_dataset *open_cifar10_folder(gan_context *context, const char *folder)
{
    char *found[CIFAR10_FILES];
    int count = 0;
    for (int i = 1; i <= CIFAR10_FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        char *path = find_file(folder, name);
        if (path != NULL) {
            found[count++] = path;
        }
    }
    if (count == 0) {
        fail("%s holds no data_batch_1.bin to data_batch_%d.bin (--data)", folder, CIFAR10_FILES);
    }
    gan_dataset *all = open_all(context, open_cifar10, count, (const char *const *)found);
    for (int i = 0; i < count; i++) {
        free(found[i]);
    }
    return all;
}

static pictures open_cifar10_pictures(gan_context *context, int count, const char *const *paths)
{
    if (count == 0) {
        fail("which pictures? --data names a folder with data_batch_1.bin to data_batch_5.bin of "
             "the binary version of CIFAR-10, or such files; it comes from "
             "https://www.cs.toronto.edu/~kriz/cifar.html");
    }
    bool folder = count == 1 && is_folder(paths[0]);
    gan_dataset *all = folder ? open_cifar10_folder(context, paths[0])
                              : open_all(context, open_cifar10, count, paths);
    gan_dataset *normal = NULL;
    check(context, gan_dataset_normalize_contrast(all, 55, 0, &normal));
    int64_t rows = gan_dataset_count(normal);
    pictures p = {.channels = 3, .side = CIFAR10_SIDE, .centred = true};
    p.train = slice(context, normal, 0, rows > 1 ? rows * 4 / 5 : 1);
    snprintf(p.rows, sizeof p.rows, "training: rows 0 to %lld of %lld; no score",
             (long long)gan_dataset_count(p.train) - 1, (long long)rows);
    gan_dataset_free(normal);
    gan_dataset_free(all);
    return p;
}

pictures pictures_open(gan_context *context, pictures_kind kind, int count,
                       const char *const *paths)
{
    static pictures (*const openers[])(gan_context *, int, const char *const *) = {
        [PICTURES_DIGITS] = open_digit_pictures,
        [PICTURES_FACES] = open_face_pictures,
        [PICTURES_CIFAR10] = open_cifar10_pictures,
    };
    return openers[kind](context, count, paths);
}

void pictures_free(pictures *p)
{
    gan_dataset_free(p->train);
    for (int k = 0; k < p->folds; k++) {
        gan_dataset_free(p->validation[k]);
        gan_dataset_free(p->test[k]);
    }
}
