/* Linear classifiers: an L2-regularised linear SVM with squared hinge loss, one class against the
 * rest, by liblinear. */
#ifndef EXAMPLES_SVM_H
#define EXAMPLES_SVM_H

#include <stdbool.h>
#include <stdint.h>

/* Labelled rows, borrowed. */
typedef struct {
    int64_t count, width;  /* of the rows */
    const float *rows;     /* [count, width] */
    const uint8_t *labels; /* [count] */
} svm_rows;

/* Whether the program was built with liblinear. Otherwise nothing below may be called. */
bool svm_available(void);

/* Trains a classifier with each C, takes the one that is right most often on `chooses`, the least
 * of equals, and returns the share of `scored` on which it is right. The same rows give the same
 * result.
 *   learned  the classes are the labels that occur here, at least two
 *   Cs       [count] costs of an error
 *   chosen   receives the index of the C */
double svm_accuracy(const svm_rows *learned, const svm_rows *chooses, const svm_rows *scored,
                    int count, const double *Cs, int *chosen);

#endif
