/* The pictures that the published models learn from, and those that score them. */
#ifndef EXAMPLES_PICTURES_H
#define EXAMPLES_PICTURES_H

#include <gan/gan.h>

#include <stdbool.h>

typedef enum { PICTURES_DIGITS, PICTURES_FACES, PICTURES_CIFAR10 } pictures_kind;

enum { PICTURES_FOLDS = 5, PICTURES_TEXT = 512 }; /* at most */

typedef struct {
    int channels, side; /* a picture is [channels, side, side] */
    bool centred;       /* values are about 0; otherwise within [0, 1] */
    gan_dataset *train;
    int folds; /* of the rows for the score; 0 if there is none */
    gan_dataset *validation[PICTURES_FOLDS], *test[PICTURES_FOLDS];
    char rows[PICTURES_TEXT]; /* which of them those are: a line or two to print */
} pictures;

/* Opens data of a kind. Ends the program with a hint at where they come from if there is no path.
 *   digits    one folder, see digits.h: one fold, the published one. The shipped digits without it
 *   faces     IDX files, or raw ones whose names end in .raw or .raw.gz, of 48 x 48 bytes a
 *             picture. The first 80 percent of the rows are learned from. The others are cut in
 *             five parts: fold k scores part k, and the first half of the next part chooses the
 *             bandwidth. Or a folder with the published folds: unlabeled.raw is learned from,
 *             valid-K.raw chooses the bandwidth and test-K.raw is scored, K being 1 to 5
 *   cifar10   files of the binary version, or one folder with data_batch_1.bin to data_batch_5.bin
 *             or some of them, with contrast normalised as published. The first 80 percent of the
 *             rows (40,000 of 50,000) are learned from, the others left for validation; no fold
 * Each file raw or gzipped; several are joined in the order given. */
pictures pictures_open(gan_context *context, pictures_kind kind, int count,
                       const char *const *paths);

void pictures_free(pictures *p);

#endif
