/* The rate to compare with: a product of two matrices of 2048 x 2048 by the BLAS that libgan uses,
 * called directly. */
#ifndef BENCH_REFERENCE_H
#define BENCH_REFERENCE_H

#include <stdint.h>

typedef struct {
    int32_t threads;
    float *a, *b, *c;
} reference;

reference reference_open(int32_t threads);
void reference_close(reference *r);

/* Makes the product once: each thread makes a band of the result with a single-threaded call, so
 * that the threads of the BLAS do not matter. Returns operations per second. */
double reference_rate(const reference *r);

#endif
