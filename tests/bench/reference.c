#include "reference.h"

#include "cases.h"
#include "check.h"

#include <cblas.h>
#include <pthread.h>
#include <stdlib.h>

enum { SIDE = 2048 };

/* As in the library: the thread controls of the BLAS libraries we know, NULL where the one loaded
 * has none. */
#if defined(__GNUC__) || defined(__clang__)
#define WEAK __attribute__((weak))
#else
#define WEAK
#endif
extern int openblas_get_num_threads(void) WEAK;
extern void openblas_set_num_threads(int count) WEAK;
extern long bli_thread_get_num_threads(void) WEAK;
extern void bli_thread_set_num_threads(long count) WEAK;
extern int MKL_Get_Max_Threads(void) WEAK;
extern void MKL_Set_Num_Threads(int count) WEAK;

/* Sets the threads of the BLAS; returns how many they were. */
static long set_blas_threads(long count)
{
    long before = 1;
    if (openblas_set_num_threads != NULL) {
        before = openblas_get_num_threads();
        openblas_set_num_threads((int)count);
    } else if (bli_thread_set_num_threads != NULL) {
        before = bli_thread_get_num_threads();
        bli_thread_set_num_threads(count);
    } else if (MKL_Set_Num_Threads != NULL) {
        before = MKL_Get_Max_Threads();
        MKL_Set_Num_Threads((int)count);
    }
    return before;
}

reference reference_open(int32_t threads)
{
    reference r = {.threads = threads};
    float **matrices[] = {&r.a, &r.b, &r.c};
    for (int32_t i = 0; i < 3; i++) {
        float *values = aligned_alloc(64, (size_t)SIDE * SIDE * sizeof *values);
        if (values == NULL) {
            fail(EXIT_FAILURE, "out of memory");
        }
        for (int32_t j = 0; j < SIDE * SIDE; j++) {
            values[j] = (float)(j % 251 - 125) / 128; /* touches every page, too */
        }
        *matrices[i] = values;
    }
    return r;
}

void reference_close(reference *r)
{
    free(r->a);
    free(r->b);
    free(r->c);
    *r = (reference){.threads = 0};
}

typedef struct {
    const reference *r;
    int32_t from, rows;
    pthread_t thread;
} band;

static void *multiply(void *argument)
{
    const band *part = argument;
    const reference *r = part->r;
    const size_t offset = (size_t)part->from * SIDE;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, part->rows, SIDE, SIDE, 1, r->a + offset,
                SIDE, r->b, SIDE, 0, r->c + offset, SIDE);
    return NULL;
}

double reference_rate(const reference *r)
{
    band *bands = allocate((size_t)r->threads, sizeof *bands);
    const long before = set_blas_threads(1);
    const double start = now();
    for (int32_t i = 0; i < r->threads; i++) {
        const int32_t from = SIDE / 16 * i / r->threads * 16;
        bands[i].r = r;
        bands[i].from = from;
        bands[i].rows = SIDE / 16 * (i + 1) / r->threads * 16 - from;
    }
    for (int32_t i = 1; i < r->threads; i++) {
        if (pthread_create(&bands[i].thread, NULL, multiply, &bands[i]) != 0) {
            fail(EXIT_FAILURE, "no thread for the reference product");
        }
    }
    multiply(&bands[0]);
    for (int32_t i = 1; i < r->threads; i++) {
        pthread_join(bands[i].thread, NULL);
    }
    const double seconds = now() - start;
    set_blas_threads(before);
    free(bands);
    return 2.0 * SIDE * SIDE * SIDE / seconds;
}
