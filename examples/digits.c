#include "digits.h"

#include "check.h"
#include "files.h"

#include <stdbool.h>
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

/* The file with the labels of the pictures in the file `name`; NULL if it is not there. */
static char *find_labels(const char *directory, const char *name)
{
    const char *images = strstr(name, "images"), *rank = strstr(name, "idx3");
    char labels[64];
    snprintf(labels, sizeof labels, "%.*slabels%.*sidx1%s", (int)(images - name), name,
             (int)(rank - images - strlen("images")), images + strlen("images"),
             rank + strlen("idx3"));
    return find_file(directory, labels);
}

static gan_dataset *open_file(gan_context *context, const char *directory, const char *name)
{
    char *path = find_file(directory, name), *labels = find_labels(directory, name);
    if (path == NULL) {
        fail("%s holds neither %s.gz nor %s", directory, name, name);
    }
    gan_dataset *images = NULL;
    check(context, gan_dataset_open_idx(context, path, labels, &images));
    if (gan_dataset_elements(images) != DIGIT_PIXELS) {
        fail("%s: pictures have %lld pixels, digits have %d", path,
             (long long)gan_dataset_elements(images), DIGIT_PIXELS);
    }
    free(labels);
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
    digits d = {.train = NULL};
    if (holds(directory, SUBSET_TRAIN)) {
        d.train_file = SUBSET_TRAIN;
        d.validation_file = SUBSET_VALIDATION;
        d.test_file = SUBSET_TEST;
        d.train = open_file(context, directory, SUBSET_TRAIN);
        d.validation = open_file(context, directory, SUBSET_VALIDATION);
        d.test = open_file(context, directory, SUBSET_TEST);
    } else if (holds(directory, FULL_TRAIN)) {
        d.train_file = d.validation_file = FULL_TRAIN;
        d.validation_start = TRAIN_ROWS;
        d.test_file = FULL_TEST;
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
