#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif

#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* How often a waiting thread looks before it sleeps: about a tenth of a millisecond on x86-64,
 * more than most times between two pieces of work of one training step. */
enum { SPINS = 4000 };

/* A worker's stack, at least: musl gives 128 kB, and a product alone takes 150. */
enum { STACK = 512 * 1024 };

/* The tasks of one thread that are left, away from what others write. */
typedef struct {
    alignas(64) _Atomic int64_t next;
    int64_t end;
} share;

struct gan__pool {
    pthread_mutex_t mutex;
    pthread_cond_t wake, idle;
    pthread_t *threads;
    int32_t count; /* threads started, the caller not included */
    int32_t spins; /* 0 where there are more threads than processors */
    pid_t process; /* a forked child has the memory of the pool but none of its threads */

    /* One job at a time. `generation` publishes it; the fields before are plain data. */
    gan__task_fn function;
    void *argument;
    bool quit;
    share *shares; /* [count + 1], the caller's first */

    alignas(64) _Atomic int32_t numbered; /* workers that know which share is theirs */
    _Atomic int32_t working;
    _Atomic uint64_t generation;

    /* Who sleeps. One says so before looking once more whether there is anything to wait for; the
     * other looks, after the change, whether anyone is to be woken: one of them sees it, because
     * these operations have one order for all threads and must keep it (seq_cst, the default).
     * Nobody takes the mutex otherwise: two threads that both look for work would meet there, and
     * one of them would sleep. */
    _Atomic int32_t sleepers;
    _Atomic bool caller_sleeps;
};

int32_t gan__processors(void)
{
    long count = 0;
#ifdef CPU_COUNT
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        count = CPU_COUNT(&set);
    }
#endif
    if (count < 1) {
        count = sysconf(_SC_NPROCESSORS_ONLN);
    }
    return count < 1 ? 1 : count > GAN__THREADS_MAX ? GAN__THREADS_MAX : (int32_t)count;
}

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void deal_tasks(struct gan__pool *pool, int64_t tasks)
{
    const int64_t threads = pool->count + 1;
    for (int64_t i = 0; i < threads; i++) {
        atomic_store_explicit(&pool->shares[i].next, tasks * i / threads, memory_order_relaxed);
        pool->shares[i].end = tasks * (i + 1) / threads;
    }
}

/* First a thread's own tasks, in every job the same part of all: what it wrote in one is then in
 * its caches in the next, not in those of others, which may be far. Then what others have left. */
static void do_tasks(struct gan__pool *pool, int32_t thread)
{
    for (int32_t i = 0; i <= pool->count; i++) {
        share *from = &pool->shares[(thread + i) % (pool->count + 1)];
        while (atomic_load_explicit(&from->next, memory_order_relaxed) < from->end) {
            const int64_t task = atomic_fetch_add_explicit(&from->next, 1, memory_order_relaxed);
            if (task < from->end) {
                pool->function(pool->argument, task);
            }
        }
    }
}

static uint64_t await_job(struct gan__pool *pool, uint64_t seen)
{
    for (int32_t i = 0; i < pool->spins; i++) {
        const uint64_t now = atomic_load_explicit(&pool->generation, memory_order_acquire);
        if (now != seen) {
            return now;
        }
        pause_briefly();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleepers, 1);
    uint64_t now;
    while ((now = atomic_load(&pool->generation)) == seen) {
        pthread_cond_wait(&pool->wake, &pool->mutex);
    }
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
    return now;
}

static void *worker(void *argument)
{
    struct gan__pool *pool = argument;
    const int32_t thread = atomic_fetch_add(&pool->numbered, 1) + 1;
    uint64_t seen = 0;
    for (;;) {
        seen = await_job(pool, seen);
        if (pool->quit) {
            return NULL;
        }
        do_tasks(pool, thread);
        if (atomic_fetch_sub(&pool->working, 1) == 1 && atomic_load(&pool->caller_sleeps)) {
            pthread_mutex_lock(&pool->mutex);
            pthread_cond_signal(&pool->idle);
            pthread_mutex_unlock(&pool->mutex);
        }
    }
}

/* Makes the job visible to the workers and wakes those that sleep. */
static void publish(struct gan__pool *pool)
{
    atomic_store_explicit(&pool->working, pool->count, memory_order_relaxed);
    atomic_fetch_add(&pool->generation, 1);
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
}

static void await_workers(struct gan__pool *pool)
{
    for (int32_t i = 0; i < pool->spins; i++) {
        if (atomic_load_explicit(&pool->working, memory_order_acquire) == 0) {
            return;
        }
        pause_briefly();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->caller_sleeps, true);
    while (atomic_load(&pool->working) != 0) {
        pthread_cond_wait(&pool->idle, &pool->mutex);
    }
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->mutex);
}

/* Starts as many of the wanted threads as the system gives, with all signals blocked in them. */
static void start_threads(struct gan__pool *pool, int32_t wanted)
{
    sigset_t all, before;
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    sigfillset(&all);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        sigdelset(&all, faults[i]); /* the host's handler shall see them where they happen */
    }
    pthread_attr_t attributes;
    size_t stack = 0;
    if (pthread_attr_init(&attributes) != 0) {
        return;
    }
    pthread_attr_getstacksize(&attributes, &stack);
    if (stack < STACK) {
        pthread_attr_setstacksize(&attributes, STACK);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool->count < wanted &&
           pthread_create(&pool->threads[pool->count], &attributes, worker, pool) == 0) {
        pool->count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

static struct gan__pool *pool_create(gan_context *context)
{
    struct gan__pool *pool = gan__allocate(context, 1, sizeof *pool);
    if (pool == NULL) {
        return NULL;
    }
    pool->threads = gan__allocate(context, context->threads, sizeof *pool->threads);
    pool->shares = gan__allocate(context, context->threads, sizeof *pool->shares);
    if (pool->threads == NULL || pool->shares == NULL) {
        gan__release(context, pool->shares);
        gan__release(context, pool->threads);
        gan__release(context, pool);
        return NULL;
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->idle, NULL);
    pool->process = getpid();
    pool->spins = context->threads <= gan__processors() ? SPINS : 0;
    start_threads(pool, context->threads - 1);
    return pool;
}

void gan__pool_free(gan_context *context)
{
    struct gan__pool *pool = context->pool;
    if (pool == NULL) {
        return;
    }
    if (pool->process == getpid()) {
        pool->quit = true;
        publish(pool);
        for (int32_t i = 0; i < pool->count; i++) {
            pthread_join(pool->threads[i], NULL);
        }
        pthread_cond_destroy(&pool->idle);
        pthread_cond_destroy(&pool->wake);
        pthread_mutex_destroy(&pool->mutex);
    }
    gan__release(context, pool->shares);
    gan__release(context, pool->threads);
    gan__release(context, pool);
    context->pool = NULL;
}

void gan__parallel(gan_context *context, int64_t tasks, gan__task_fn function, void *argument)
{
    if (context->pool != NULL && context->pool->process != getpid()) {
        gan__pool_free(context);
    }
    if (tasks > 1 && context->threads > 1 && context->pool == NULL) {
        char message[GAN__MESSAGE_BYTES];
        memcpy(message, context->message, sizeof message);
        context->pool = pool_create(context);
        memcpy(context->message, message, sizeof message); /* doing without threads is no error */
    }
    struct gan__pool *pool = context->pool;
    if (tasks <= 1 || pool == NULL || pool->count == 0) {
        for (int64_t i = 0; i < tasks; i++) {
            function(argument, i);
        }
        return;
    }
    pool->function = function;
    pool->argument = argument;
    deal_tasks(pool, tasks);
    publish(pool);
    do_tasks(pool, 0);
    await_workers(pool);
}
