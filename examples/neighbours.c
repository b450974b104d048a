#include "neighbours.h"

#include "check.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCK = 1000 }; /* pictures, of either side, compared at a time */

/* |x - s|^2 = |x|^2 - 2 (x s - |s|^2 / 2): the nearest s is the one with the largest x s - |s|^2/2.
 * So a dense layer whose weights are the pictures s compares x with all of them. */
typedef struct {
    gan_context *context;
    gan_network *network; /* [elements] to [BLOCK] */
    int64_t elements, tests;
    float *weights, *biases; /* [elements, BLOCK], [BLOCK] */
    float *x;                /* [tests, elements] */
    float *y;                /* [BLOCK, BLOCK] */
    float *best;             /* [tests] the largest so far, */
    uint8_t *classes;        /* [tests] and its class */
    uint8_t *truth;          /* [tests] */
} comparison;

static comparison begin(gan_context *context, gan_dataset *test)
{
    comparison c = {.context = context,
                    .elements = gan_dataset_elements(test),
                    .tests = gan_dataset_count(test)};
    check(context, gan_network_create(context, "neighbours", &c.network));
    int32_t x = gan_network_input(c.network, "x", 1, &c.elements);
    check(context, gan_network_output(c.network, gan_network_dense(c.network, x, BLOCK)));
    c.weights = allocate((size_t)(c.elements * BLOCK), sizeof *c.weights);
    c.biases = allocate(BLOCK, sizeof *c.biases);
    c.x = allocate((size_t)(c.tests * c.elements), sizeof *c.x);
    c.y = allocate((size_t)BLOCK * BLOCK, sizeof *c.y);
    c.best = allocate((size_t)c.tests, sizeof *c.best);
    c.classes = allocate((size_t)c.tests, sizeof *c.classes);
    c.truth = allocate((size_t)c.tests, sizeof *c.truth);
    for (int64_t i = 0; i < c.tests; i++) {
        c.best[i] = -HUGE_VALF;
    }
    check(context, gan_dataset_read(test, 0, c.tests, c.x, c.tests * c.elements));
    check(context, gan_dataset_read_labels(test, 0, c.tests, c.truth, c.tests));
    return c;
}

static void end(comparison *c)
{
    free(c->truth);
    free(c->classes);
    free(c->best);
    free(c->y);
    free(c->x);
    free(c->biases);
    free(c->weights);
    gan_network_free(c->network);
}

/* Makes `count` pictures the weights; further columns stay what they are and are not looked at. */
static void set_weights(comparison *c, int64_t count, const float *pictures)
{
    for (int64_t j = 0; j < count; j++) {
        const float *s = pictures + j * c->elements;
        double squares = 0;
        for (int64_t k = 0; k < c->elements; k++) {
            c->weights[k * BLOCK + j] = s[k];
            squares += (double)s[k] * (double)s[k];
        }
        c->biases[j] = (float)(-squares / 2);
    }
    check(c->context,
          gan_network_set_parameter(c->network, "layer0.weight", c->weights, c->elements * BLOCK));
    check(c->context, gan_network_set_parameter(c->network, "layer0.bias", c->biases, BLOCK));
}

/* Compares all test pictures with BLOCK labelled ones at most. */
static void compare(comparison *c, int64_t count, const float *pictures, const uint8_t *labels)
{
    set_weights(c, count, pictures);
    for (int64_t first = 0; first < c->tests; first += BLOCK) {
        int64_t size = first + BLOCK <= c->tests ? BLOCK : c->tests - first;
        check(c->context, gan_network_forward(c->network, size, c->x + first * c->elements, c->y,
                                              (int64_t)BLOCK * BLOCK));
        for (int64_t i = 0; i < size; i++) {
            for (int64_t j = 0; j < count; j++) {
                if (c->y[i * BLOCK + j] > c->best[first + i]) {
                    c->best[first + i] = c->y[i * BLOCK + j];
                    c->classes[first + i] = labels[j];
                }
            }
        }
    }
}

void neighbours_errors(gan_context *context, gan_dataset *test, const float *pictures,
                       const uint8_t *labels, int kinds, const int64_t *counts, double *errors)
{
    comparison c = begin(context, test);
    int64_t done = 0;
    for (int k = 0; k < kinds; k++) {
        while (done < counts[k]) {
            int64_t size = done + BLOCK <= counts[k] ? BLOCK : counts[k] - done;
            compare(&c, size, pictures + done * c.elements, labels + done);
            done += size;
        }
        int64_t wrong = 0;
        for (int64_t i = 0; i < c.tests; i++) {
            wrong += c.classes[i] != c.truth[i];
        }
        errors[k] = (double)wrong / (double)c.tests;
    }
    end(&c);
}
