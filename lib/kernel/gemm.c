#include "kernel/gemm.h"

#include "base/threads.h"

#include <cblas.h>
#include <pthread.h>

/* Functions of the BLAS libraries we know; NULL where the one loaded has none. */
#if defined(__GNUC__) || defined(__clang__)
#define WEAK __attribute__((weak))
extern int openblas_get_num_threads(void) WEAK;
extern void openblas_set_num_threads(int count) WEAK;
extern char *openblas_get_corename(void) WEAK;
extern long bli_thread_get_num_threads(void) WEAK;
extern void bli_thread_set_num_threads(long count) WEAK;
extern int bli_arch_query_id(void) WEAK;
extern char *bli_arch_string(int id) WEAK;
extern int MKL_Get_Max_Threads(void) WEAK;
extern void MKL_Set_Num_Threads(int count) WEAK;
#endif

/* The library's only state beside its handles: the setting it guards belongs to the process too. */
static pthread_mutex_t blas_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t blas_once = PTHREAD_ONCE_INIT;
static int64_t blas_users;
static long blas_before;
static bool blas_kept; /* a fork took away the threads that would have restored `blas_before` */

static long get_blas_threads(void)
{
    if (openblas_get_num_threads != NULL) {
        return openblas_get_num_threads();
    }
    if (bli_thread_get_num_threads != NULL) {
        return bli_thread_get_num_threads();
    }
    return MKL_Get_Max_Threads != NULL ? MKL_Get_Max_Threads() : 1;
}

static void set_blas_threads(long count)
{
    if (openblas_set_num_threads != NULL) {
        openblas_set_num_threads((int)count);
    } else if (bli_thread_set_num_threads != NULL) {
        bli_thread_set_num_threads(count);
    } else if (MKL_Set_Num_Threads != NULL) {
        MKL_Set_Num_Threads((int)count);
    }
}

const char *gan__blas_name(void)
{
    if (openblas_set_num_threads != NULL) {
        return "openblas";
    }
    if (bli_thread_set_num_threads != NULL) {
        return "blis";
    }
    return MKL_Set_Num_Threads != NULL ? "mkl" : "other";
}

const char *gan__blas_core(void)
{
    const char *core = NULL;
    if (openblas_get_corename != NULL) {
        core = openblas_get_corename();
    } else if (bli_arch_query_id != NULL && bli_arch_string != NULL) {
        core = bli_arch_string(bli_arch_query_id());
    }
    return core != NULL ? core : "unknown";
}

bool gan__blas_is_controlled(void)
{
    return openblas_set_num_threads != NULL || bli_thread_set_num_threads != NULL ||
           MKL_Set_Num_Threads != NULL;
}

/* A fork waits until nobody changes the setting: in the child nobody would ever end it. Of the
 * threads that compute, only the one that forks goes on there, and it forks from a callback, which
 * is called outside of all computation. */
static void before_fork(void)
{
    pthread_mutex_lock(&blas_lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&blas_lock);
}

static void after_fork_in_child(void)
{
    blas_kept = blas_kept || blas_users > 0;
    blas_users = 0;
    pthread_mutex_unlock(&blas_lock);
}

/* Without memory for it a fork is as dangerous as it was. */
static void watch_forks(void)
{
    pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

void gan__blas_enter(void)
{
    pthread_once(&blas_once, watch_forks);
    pthread_mutex_lock(&blas_lock);
    if (blas_users++ == 0) {
        if (!blas_kept) {
            blas_before = get_blas_threads();
        }
        blas_kept = false;
        if (blas_before != 1) {
            set_blas_threads(1);
        }
    }
    pthread_mutex_unlock(&blas_lock);
}

void gan__blas_leave(void)
{
    pthread_mutex_lock(&blas_lock);
    if (blas_users > 0 && --blas_users == 0 && blas_before != 1) {
        set_blas_threads(blas_before);
    }
    pthread_mutex_unlock(&blas_lock);
}

/* A tile is a band of rows of c, which stands in one piece of memory, or of columns where c is wide
 * and has few rows: bands of rows would be few, or short. */
enum {
    TILE_LENGTH = 192,      /* shorter bands lose more than they win: 3 to 5 % at 192 to 256 */
    TILE_ALIGN = 16,        /* vector width of the widest BLAS kernels, in floats */
    TILE_WORK = 1024 * 1024 /* multiply-adds worth handing to another thread */
};

typedef struct {
    bool transpose_a, transpose_b, accumulate, by_rows;
    int64_t m, n, k, tiles;
    const real *a, *b;
    real *c;
} product;

void gan__gemm_single(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k,
                      const real *a, int64_t lda, const real *b, int64_t ldb, bool accumulate,
                      real *c, int64_t ldc)
{
#ifdef GAN_REAL_DOUBLE
    cblas_dgemm(
#else
    cblas_sgemm(
#endif
        CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
        transpose_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, 1, a, (int)lda, b,
        (int)ldb, accumulate ? 1 : 0, c, (int)ldc);
}

static void multiply(const product *p, int64_t row, int64_t rows, int64_t column, int64_t columns)
{
    const int64_t lda = p->transpose_a ? p->m : p->k, ldb = p->transpose_b ? p->k : p->n;
    const real *a = p->a + (p->transpose_a ? row : row * lda);
    const real *b = p->b + (p->transpose_b ? column * ldb : column);
    gan__gemm_single(p->transpose_a, p->transpose_b, rows, columns, p->k, a, lda, b, ldb,
                     p->accumulate, p->c + row * p->n + column, p->n);
}

/* Where tile `index` starts: whole vectors, as even as can be. */
static int64_t tile_start(int64_t length, int64_t tiles, int64_t index)
{
    if (index == tiles) {
        return length;
    }
    return length * index / tiles / TILE_ALIGN * TILE_ALIGN;
}

static void multiply_tile(void *argument, int64_t tile)
{
    const product *p = argument;
    const int64_t length = p->by_rows ? p->m : p->n;
    const int64_t from = tile_start(length, p->tiles, tile);
    const int64_t count = tile_start(length, p->tiles, tile + 1) - from;
    if (p->by_rows) {
        multiply(p, from, count, 0, p->n);
    } else {
        multiply(p, 0, p->m, from, count);
    }
}

/* How many bands: few counts, all of which share well between 2, 3, 4 and 6 threads. */
static int64_t tile_count(int64_t length, int64_t work)
{
    static const int64_t counts[] = {48, 24, 12, 6, 4, 2};
    for (int32_t i = 0; i < (int32_t)(sizeof counts / sizeof counts[0]); i++) {
        if (length >= counts[i] * TILE_LENGTH && work >= counts[i] * TILE_WORK) {
            return counts[i];
        }
    }
    return 1;
}

void gan__gemm(gan_context *context, bool transpose_a, bool transpose_b, int64_t m, int64_t n,
               int64_t k, const real *a, const real *b, bool accumulate, real *c)
{
    product p = {.transpose_a = transpose_a,
                 .transpose_b = transpose_b,
                 .accumulate = accumulate,
                 .by_rows = m > n || (m >= 2 * TILE_LENGTH && m >= n / 2),
                 .m = m,
                 .n = n,
                 .k = k,
                 .a = a,
                 .b = b,
                 .c = c};
    const int64_t most = (int64_t)48 * TILE_WORK;
    const int64_t area = m * n;
    p.tiles = tile_count(p.by_rows ? m : n, area > most / k ? most : area * k);
    gan__parallel(context, p.tiles, multiply_tile, &p);
}
