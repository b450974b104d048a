#include "digits.h"

#include "check.h"
#include "files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The files of the shipped subset, and those of the full MNIST. */
#define SUBSET_TRAIN "train-images-10000-idx3-ubyte"
#define SUBSET_VALIDATION "validation-images-1000-idx3-ubyte"
#define SUBSET_TEST "test-images-1000-idx3-ubyte"
#define FULL_TRAIN "train-images-idx3-ubyte"
#define FULL_TEST "t10k-images-idx3-ubyte"

/* The published split of the full training file. */
enum { TRAIN_ROWS = 50000, VALIDATION_ROWS = 10000 };

/* The path of a file that may be gzipped, or NULL if it is not there. The caller frees it. */
static char *find_file(const char *directory, const char *name)
{
    static const char *const endings[] = {".gz", ""};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char file[64];
        snprintf(file, sizeof file, "%s%s", name, endings[i]);
        char *path = join_path(directory, file);
        if (file_readable(path)) {
            return path;
        }
        free(path);
    }
    return NULL;
}

static gan_dataset *open_file(gan_context *context, const char *directory, const char *name)
{
    char *path = find_file(directory, name);
    if (path == NULL) {
        fail("%s holds neither %s.gz nor %s", directory, name, name);
    }
    gan_dataset *images = NULL;
    check(context, gan_dataset_open_idx(context, path, NULL, &images));
    if (gan_dataset_elements(images) != DIGIT_PIXELS) {
        fail("%s: pictures have %lld pixels, digits have %d", path,
             (long long)gan_dataset_elements(images), DIGIT_PIXELS);
    }
    free(path);
    return images;
}

static bool holds(const char *directory, const char *name)
{
    char *path = find_file(directory, name);
    bool found = path != NULL;
    free(path);
    return found;
}

digits digits_open(gan_context *context, const char *directory)
{
    digits d = {NULL, NULL, NULL};
    if (holds(directory, SUBSET_TRAIN)) {
        d.train = open_file(context, directory, SUBSET_TRAIN);
        d.validation = open_file(context, directory, SUBSET_VALIDATION);
        d.test = open_file(context, directory, SUBSET_TEST);
    } else if (holds(directory, FULL_TRAIN)) {
        gan_dataset *all = open_file(context, directory, FULL_TRAIN);
        check(context, gan_dataset_slice(all, 0, TRAIN_ROWS, &d.train));
        check(context, gan_dataset_slice(all, TRAIN_ROWS, VALIDATION_ROWS, &d.validation));
        gan_dataset_free(all);
        d.test = open_file(context, directory, FULL_TEST);
    } else {
        fail("%s holds no digits (--data): neither %s[.gz] nor %s[.gz]", directory, SUBSET_TRAIN,
             FULL_TRAIN);
    }
    return d;
}

void digits_free(digits *d)
{
    gan_dataset_free(d->train);
    gan_dataset_free(d->validation);
    gan_dataset_free(d->test);
}

static double squared_distance(const float *a, const float *b)
{
    double sum = 0;
    for (int i = 0; i < DIGIT_PIXELS; i++) {
        double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return sum;
}

void digits_nearest(gan_context *context, const digits *d, int64_t count, const float *pictures,
                    float *nearest)
{
    enum { BLOCK = 1000 }; /* rows read at a time: bytes become floats only in here */
    float *rows = allocate((size_t)BLOCK * DIGIT_PIXELS, sizeof *rows);
    double *least = allocate((size_t)count, sizeof *least);
    for (int64_t i = 0; i < count; i++) {
        least[i] = HUGE_VAL;
    }
    int64_t total = gan_dataset_count(d->train);
    for (int64_t start = 0; start < total; start += BLOCK) {
        int64_t size = start + BLOCK <= total ? BLOCK : total - start;
        check(context, gan_dataset_read(d->train, start, size, rows, BLOCK * DIGIT_PIXELS));
        for (int64_t i = 0; i < count * size; i++) {
            int64_t picture = i / size;
            const float *row = rows + i % size * DIGIT_PIXELS;
            double distance = squared_distance(pictures + picture * DIGIT_PIXELS, row);
            if (distance < least[picture]) {
                least[picture] = distance;
                memcpy(nearest + picture * DIGIT_PIXELS, row, DIGIT_PIXELS * sizeof *row);
            }
        }
    }
    free(least);
    free(rows);
}
