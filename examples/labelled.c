#include "labelled.h"

#include "check.h"
#include "digits.h"
#include "files.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Where Debian puts Fashion-MNIST. */
#define FASHION_FOLDER "/usr/share/datasets/fashion-mnist"

enum { CIFAR10_CHANNELS = 3, CIFAR10_SIDE = 32, CIFAR10_FILES = 5 };

/* ---- Kinds --------------------------------------------------------------------------------- */

static labelled open_digits(gan_context *context, const char *folder)
{
    digits d = digits_open(context, folder != NULL ? folder : DIGITS_SHIPPED);
    return (labelled){1, DIGIT_SIDE, d.train, d.validation, d.test};
}

static labelled open_fashion(gan_context *context, const char *folder)
{
    if (folder == NULL && !is_folder(FASHION_FOLDER)) {
        fail("%s is not there: install Debian's package dataset-fashion-mnist, or name a folder "
             "with the four files of https://github.com/zalandoresearch/fashion-mnist (--data)",
             FASHION_FOLDER);
    }
    return open_digits(context, folder != NULL ? folder : FASHION_FOLDER);
}

/* One file of a folder, or NULL. */
static gan_dataset *open_batch(gan_context *context, const char *folder, const char *name)
{
    gan_dataset *data = NULL;
    char *path = find_file(folder, name);
    if (path != NULL) {
        check(context, gan_dataset_open_cifar10(context, path, &data));
    }
    free(path);
    return data;
}

static gan_dataset *join(gan_context *context, gan_dataset *first, gan_dataset *second)
{
    gan_dataset *joined = NULL;
    check(context, gan_dataset_join(first, second, &joined));
    gan_dataset_free(first);
    gan_dataset_free(second);
    return joined;
}

static labelled open_cifar10(gan_context *context, const char *folder)
{
    if (folder == NULL) {
        fail("which pictures? --data names a folder with data_batch_1.bin to data_batch_%d.bin and "
             "test_batch.bin of the binary version of CIFAR-10; it comes from "
             "https://www.cs.toronto.edu/~kriz/cifar.html",
             CIFAR10_FILES);
    }
    gan_dataset *all = NULL;
    for (int i = 1; i <= CIFAR10_FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        gan_dataset *next = open_batch(context, folder, name);
        all = all != NULL && next != NULL ? join(context, all, next) : next != NULL ? next : all;
    }
    labelled l = {CIFAR10_CHANNELS, CIFAR10_SIDE, NULL, NULL,
                  open_batch(context, folder, "test_batch.bin")};
    if (all == NULL || l.test == NULL) {
        fail("%s does not hold data_batch_1.bin and test_batch.bin (--data)", folder);
    }
    int64_t rows = gan_dataset_count(all), held = (rows + 9) / 10;
    check(context, gan_dataset_slice(all, 0, rows - held, &l.train));
    check(context, gan_dataset_slice(all, rows - held, held, &l.validation));
    gan_dataset_free(all);
    return l;
}

/* ---- All ----------------------------------------------------------------------------------- */

/* A part as it is handed out: labels are there, values are scaled. Releases the part. */
static gan_dataset *finish(gan_context *context, gan_dataset *part, bool centred)
{
    uint8_t label = 0;
    if (gan_dataset_read_labels(part, 0, 1, &label, 1) != GAN_OK) {
        fail("the pictures have no labels: %s (--data)", gan_context_message(context));
    }
    if (!centred) {
        return part;
    }
    gan_dataset *scaled = NULL;
    check(context, gan_dataset_scale(part, 2, -1, &scaled));
    gan_dataset_free(part);
    return scaled;
}

labelled labelled_open(gan_context *context, labelled_kind kind, const char *folder, bool centred)
{
    static labelled (*const openers[])(gan_context *, const char *) = {
        [LABELLED_DIGITS] = open_digits,
        [LABELLED_FASHION] = open_fashion,
        [LABELLED_CIFAR10] = open_cifar10,
    };
    labelled l = openers[kind](context, folder);
    l.train = finish(context, l.train, centred);
    l.validation = finish(context, l.validation, centred);
    l.test = finish(context, l.test, centred);
    return l;
}

void labelled_free(labelled *l)
{
    gan_dataset_free(l->train);
    gan_dataset_free(l->validation);
    gan_dataset_free(l->test);
}
