/* Pictures of ten classes with their labels: digits, clothes (Fashion-MNIST), or CIFAR-10. */
#ifndef EXAMPLES_LABELLED_H
#define EXAMPLES_LABELLED_H

#include <gan/gan.h>

#include <stdbool.h>

enum { LABELLED_CLASSES = 10 };

typedef enum { LABELLED_DIGITS, LABELLED_FASHION, LABELLED_CIFAR10 } labelled_kind;

typedef struct {
    int channels, side;                     /* a picture is [channels, side, side] */
    gan_dataset *train, *validation, *test; /* all with labels */
} labelled;

/* Opens the pictures of a folder, raw or gzipped files; ends the program with a hint at where they
 * come from if they are not there.
 *   folder   NULL for where they usually are:
 *     digits   those shipped with libgan; for other folders see digits.h
 *     fashion  files named like the full MNIST's, in the folder of Debian's package
 *     cifar10  nowhere: data_batch_1.bin to data_batch_5.bin, or some of them, and test_batch.bin;
 *              a tenth of the rows of the former, the last ones, is for validation
 *   centred  values are within [-1, 1], otherwise within [0, 1] */
labelled labelled_open(gan_context *context, labelled_kind kind, const char *folder, bool centred);

void labelled_free(labelled *l);

#endif
