#define _GNU_SOURCE /* dladdr */

#include "kernel/blas.h"

#include <cblas.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

/* Functions of the BLAS libraries we know; NULL where they are not in this process. */
#if defined(__GNUC__) || defined(__clang__)
#define WEAK __attribute__((weak))
extern int openblas_get_num_threads(void) WEAK;
extern void openblas_set_num_threads(int count) WEAK;
extern int openblas_get_parallel(void) WEAK;
extern char *openblas_get_config(void) WEAK;
extern char *openblas_get_corename(void) WEAK;
extern long bli_thread_get_num_threads(void) WEAK;
extern void bli_thread_set_num_threads(long count) WEAK;
extern void bli_thread_reset(void) WEAK;
extern const char *bli_info_get_version_str(void) WEAK;
extern int bli_arch_query_id(void) WEAK;
extern const char *bli_arch_string(int id) WEAK;
extern int MKL_Get_Max_Threads(void) WEAK;
extern void MKL_Set_Num_Threads(int count) WEAK;
#endif

/* ---- The libraries --------------------------------------------------------------------------- */

enum { OPENBLAS_PTHREADS = 1 }; /* of what openblas_get_parallel says */

typedef void (*any_function)(void);

typedef struct {
    const char *name;
    long (*get_threads)(void);
    void (*set_threads)(long count);
    const char *(*version)(void);
    const char *(*core)(void);
    any_function own; /* a function of this library: is it there, and where? */
    bool each_thread; /* the setting is one of each thread, not of the process */
    bool in_turns;    /* may not be called by two threads at a time */
} blas_library;

static long openblas_get(void)
{
    return openblas_get_num_threads();
}

static void openblas_set(long count)
{
    openblas_set_num_threads((int)count);
}

static const char *openblas_version(void)
{
    return openblas_get_config != NULL ? openblas_get_config() : NULL;
}

static const char *openblas_core(void)
{
    return openblas_get_corename != NULL ? openblas_get_corename() : NULL;
}

static const char *blis_version(void)
{
    return bli_info_get_version_str != NULL ? bli_info_get_version_str() : NULL;
}

static const char *blis_core(void)
{
    const bool tells = bli_arch_query_id != NULL && bli_arch_string != NULL;
    return tells ? bli_arch_string(bli_arch_query_id()) : NULL;
}

static long mkl_get(void)
{
    return MKL_Get_Max_Threads();
}

static void mkl_set(long count)
{
    MKL_Set_Num_Threads((int)count);
}

static const char *unknown(void)
{
    return NULL;
}

static blas_library openblas(void)
{
    /* Built without threads or for OpenMP, it does not lock the buffers it works in: two threads
     * that multiply at a time may be given the same one, and their results are wrong. */
    const bool pthreads =
        openblas_get_parallel == NULL || openblas_get_parallel() == OPENBLAS_PTHREADS;
    return (blas_library){.name = "openblas",
                          .get_threads = openblas_get,
                          .set_threads = openblas_set,
                          .version = openblas_version,
                          .core = openblas_core,
                          .own = (any_function)openblas_set_num_threads,
                          .each_thread = !pthreads, /* OpenMP's count, which it takes over */
                          .in_turns = !pthreads};
}

static blas_library blis(void)
{
    /* Since 1.0, which brought bli_thread_reset, each thread has a setting; AMD's since 4.0. */
    const char *version = blis_version();
    const bool amd = version != NULL && strncmp(version, "AOCL", 4) == 0;
    return (blas_library){.name = "blis",
                          .get_threads = bli_thread_get_num_threads,
                          .set_threads = bli_thread_set_num_threads,
                          .version = blis_version,
                          .core = blis_core,
                          .own = (any_function)bli_thread_set_num_threads,
                          .each_thread = amd || bli_thread_reset != NULL};
}

static blas_library mkl(void)
{
    return (blas_library){.name = "mkl",
                          .get_threads = mkl_get,
                          .set_threads = mkl_set,
                          .version = unknown,
                          .core = unknown,
                          .own = (any_function)MKL_Set_Num_Threads};
}

/* ---- The one that multiplies ----------------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static blas_library blas = {.name = "other", .version = unknown, .core = unknown};
static Dl_info product; /* where the product comes from */

static bool locate(any_function function, Dl_info *info)
{
    void *address;
    memcpy(&address, &function, sizeof address);
    return function != NULL && dladdr(address, info) != 0;
}

/* A process may have several of them. Ours is the one that shares a file with the product; if none
 * does (Debian's OpenBLAS has its interface in a file of its own), the first that is there. */
static void choose(void)
{
    const blas_library known[] = {openblas(), blis(), mkl()};
    const bool located = locate((any_function)cblas_sgemm, &product);
    for (int32_t i = (int32_t)(sizeof known / sizeof known[0]) - 1; i >= 0; i--) {
        if (known[i].own != NULL) {
            blas = known[i];
        }
    }
    for (size_t i = 0; located && i < sizeof known / sizeof known[0]; i++) {
        Dl_info info;
        if (locate(known[i].own, &info) && info.dli_fbase == product.dli_fbase) {
            blas = known[i];
        }
    }
}

/* ---- Its threads ----------------------------------------------------------------------------- */

/* The library's only state beside its handles: the settings it guards are not ours either. */
static pthread_mutex_t setting = PTHREAD_MUTEX_INITIALIZER;
static int64_t users;
static long before; /* what the first user found */
static bool kept;   /* a fork took away the threads that would have restored `before` */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local int64_t own_users; /* the same where the setting is one of each thread */
static _Thread_local long own_before;

/* A fork waits until nobody changes the setting, nor multiplies in turns: in the child nobody would
 * ever end it. Of the threads that compute, only the one that forks goes on there, and it forks
 * from a callback, which is called outside of all computation. */
static void before_fork(void)
{
    pthread_mutex_lock(&setting);
    pthread_mutex_lock(&turn);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&turn);
    pthread_mutex_unlock(&setting);
}

static void after_fork_in_child(void)
{
    kept = kept || users > 0;
    users = 0;
    after_fork();
}

/* Without memory to watch forks one is as dangerous as it was. */
static void prepare(void)
{
    pthread_atfork(before_fork, after_fork, after_fork_in_child);
    choose();
}

static void enter_process(void)
{
    pthread_mutex_lock(&setting);
    if (users++ == 0) {
        if (!kept) {
            before = blas.get_threads();
        }
        kept = false;
        if (before != 1) {
            blas.set_threads(1);
        }
    }
    pthread_mutex_unlock(&setting);
}

static void leave_process(void)
{
    pthread_mutex_lock(&setting);
    if (users > 0 && --users == 0 && before != 1) {
        blas.set_threads(before);
    }
    pthread_mutex_unlock(&setting);
}

/* OpenBLAS for OpenMP tells a thread what another one has set: then the first user's answer is
 * taken for that of all who come while it computes. */
static void enter_thread(void)
{
    if (own_users++ > 0) {
        return;
    }
    pthread_mutex_lock(&setting);
    if (users++ == 0 || !blas.in_turns) {
        before = blas.get_threads();
    }
    own_before = before;
    pthread_mutex_unlock(&setting);
    blas.set_threads(1);
}

static void leave_thread(void)
{
    if (own_users == 0 || --own_users > 0) {
        return;
    }
    pthread_mutex_lock(&setting);
    users -= users > 0;
    pthread_mutex_unlock(&setting);
    blas.set_threads(own_before);
}

void gan__blas_enter(void)
{
    pthread_once(&once, prepare);
    if (blas.set_threads != NULL) {
        (blas.each_thread ? enter_thread : enter_process)();
    }
}

void gan__blas_leave(void)
{
    if (blas.set_threads != NULL) {
        (blas.each_thread ? leave_thread : leave_process)();
    }
}

/* ---- The product ----------------------------------------------------------------------------- */

static void begin(void)
{
    if (blas.in_turns) {
        pthread_mutex_lock(&turn);
    }
    if (blas.each_thread) {
        blas.set_threads(1); /* a worker's setting, which nobody else sees */
    }
}

static void end(void)
{
    if (blas.in_turns) {
        pthread_mutex_unlock(&turn);
    }
}

#ifdef GAN_REAL_DOUBLE
#define PRODUCT cblas_dgemm
#define PRODUCT_WITH_VECTOR cblas_dgemv
#else
#define PRODUCT cblas_sgemm
#define PRODUCT_WITH_VECTOR cblas_sgemv
#endif

static CBLAS_TRANSPOSE transpose_if(bool transpose)
{
    return transpose ? CblasTrans : CblasNoTrans;
}

/* y = op(a) x, or y += op(a) x; op(a): [m, k]. Elements of x and y stand incx and incy apart. */
static void multiply_vector(bool transpose, int64_t m, int64_t k, const real *a, int64_t lda,
                            const real *x, int64_t incx, bool accumulate, real *y, int64_t incy)
{
    PRODUCT_WITH_VECTOR(CblasRowMajor, transpose_if(transpose), (int)(transpose ? k : m),
                        (int)(transpose ? m : k), 1, a, (int)lda, x, (int)incx, accumulate ? 1 : 0,
                        y, (int)incy);
}

void gan__blas_multiply(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k,
                        const real *a, int64_t lda, const real *b, int64_t ldb, bool accumulate,
                        real *c, int64_t ldc)
{
    begin();
    if (n == 1) {
        multiply_vector(transpose_a, m, k, a, lda, b, transpose_b ? 1 : ldb, accumulate, c, ldc);
    } else if (m == 1) {
        multiply_vector(!transpose_b, n, k, b, ldb, a, transpose_a ? lda : 1, accumulate, c, 1);
    } else {
        PRODUCT(CblasRowMajor, transpose_if(transpose_a), transpose_if(transpose_b), (int)m, (int)n,
                (int)k, 1, a, (int)lda, b, (int)ldb, accumulate ? 1 : 0, c, (int)ldc);
    }
    end();
}

/* ---- What it is ------------------------------------------------------------------------------ */

static const char *or_unknown(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : "unknown";
}

const char *gan__blas_name(void)
{
    pthread_once(&once, prepare);
    return blas.name;
}

const char *gan__blas_version(void)
{
    pthread_once(&once, prepare);
    return or_unknown(blas.version());
}

const char *gan__blas_core(void)
{
    pthread_once(&once, prepare);
    return or_unknown(blas.core());
}

const char *gan__blas_file(void)
{
    pthread_once(&once, prepare);
    return or_unknown(product.dli_fname);
}

const char *gan__blas_threads(void)
{
    pthread_once(&once, prepare);
    if (blas.in_turns) {
        return "in turns";
    }
    return blas.set_threads != NULL ? "controlled" : "unknown";
}
