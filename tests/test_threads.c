/* The pool of threads: every task runs once, whatever happens around it. */
#define _GNU_SOURCE /* sched_yield, pthread_sigmask, fork */

#include "support.h"

#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER 1
#endif
#endif
#ifndef THREAD_SANITIZER
#define THREAD_SANITIZER 0
#endif

enum { TASKS_MAX = 1000 };

typedef struct {
    _Atomic int32_t runs[TASKS_MAX];
    double results[TASKS_MAX]; /* plain memory: a pool that does not wait races here */
} work;

static void do_task(void *argument, int64_t task)
{
    work *w = argument;
    atomic_fetch_add(&w->runs[task], 1);
    double sum = 0;
    for (int32_t i = 0; i < 100; i++) {
        sum += sin((double)(task + i));
    }
    w->results[task] = sum;
}

/* How many of the tasks did not run just once. */
static int64_t count_wrong(gan_context *context, int64_t tasks)
{
    static const work nothing;
    work *w = malloc(sizeof *w);
    if (w == NULL) {
        return tasks;
    }
    *w = nothing;
    gan__parallel(context, tasks, do_task, w);
    int64_t wrong = 0;
    for (int64_t i = 0; i < TASKS_MAX; i++) {
        wrong += w->runs[i] != (i < tasks) || (w->results[i] != 0) != (i < tasks);
    }
    free(w);
    return wrong;
}

static void check_once_each(gan_context *context, int64_t tasks)
{
    ck_assert_int_eq(count_wrong(context, tasks), 0);
}

START_TEST(tasks_run_once_each)
{
    static const int32_t threads[] = {1, 2, 3, 8, 2, 32, 1, 5};
    static const int64_t tasks[] = {0, 1, 2, 3, 7, 8, 64, 999, TASKS_MAX};
    heap own;
    gan_context *context = new_context(&own);
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        ck_assert_int_eq(gan_context_set_threads(context, threads[i]), GAN_OK);
        for (size_t j = 0; j < sizeof tasks / sizeof tasks[0]; j++) {
            check_once_each(context, tasks[j]);
        }
        for (int32_t j = 0; j < 200; j++) {
            check_once_each(context, j % 5);
        }
        if (i % 2 == 1) {
            gan__pool_free(context);
            ck_assert_int_eq(own.live, 1);
        }
    }
    end_context(context, &own);
}
END_TEST

START_TEST(pool_without_memory_still_works)
{
    heap own;
    gan_context *context = new_context(&own);
    ck_assert_int_eq(gan_context_set_threads(context, 4), GAN_OK);
    for (int64_t failing = 1; failing <= 3; failing++) {
        own.fail_at = own.calls + failing;
        check_once_each(context, 100);
        ck_assert_int_eq(own.live, 1);
    }
    check_once_each(context, 100);
    ck_assert_int_gt(own.live, 1);
    end_context(context, &own);
}
END_TEST

/* Not on the thread of the tests, so without assertions. wrong: how many things went wrong */
static void *use_own_context(void *argument)
{
    int64_t *wrong = argument;
    heap own = {0};
    gan_context *context;
    if (gan_context_create_with_allocator(heap_allocate, heap_release, &own, &context) != GAN_OK) {
        ++*wrong;
        return NULL;
    }
    for (int32_t i = 0; i < 20; i++) {
        *wrong += gan_context_set_threads(context, 1 + i % 4) != GAN_OK;
        *wrong += count_wrong(context, 50);
    }
    gan_context_free(context);
    *wrong += own.live;
    return NULL;
}

START_TEST(contexts_do_not_meet)
{
    pthread_t threads[4];
    int64_t wrong[4] = {0};
    for (int32_t i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_own_context, &wrong[i]), 0);
    }
    for (int32_t i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_int_eq(wrong[i], 0);
    }
}
END_TEST

typedef struct {
    pthread_t caller;
    _Atomic int32_t started, elsewhere, open;
} signals;

/* Waits for the other task, so that a worker must take one; then looks which signals reach it. */
static void look_at_signals(void *argument, int64_t task)
{
    (void)task;
    signals *s = argument;
    atomic_fetch_add(&s->started, 1);
    for (int64_t i = 0; atomic_load(&s->started) < 2 && i < 100000000; i++) {
        sched_yield();
    }
    if (pthread_equal(pthread_self(), s->caller)) {
        return;
    }
    atomic_fetch_add(&s->elsewhere, 1);
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    for (int signal = 1; signal < 32; signal++) {
        const bool fault =
            signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL;
        if (!fault && signal != SIGKILL && signal != SIGSTOP &&
            sigismember(&blocked, signal) != 1) {
            atomic_fetch_add(&s->open, 1);
        }
    }
}

START_TEST(workers_take_no_signals)
{
    heap own;
    gan_context *context = new_context(&own);
    ck_assert_int_eq(gan_context_set_threads(context, 2), GAN_OK);
    sigset_t some, before, after;
    sigemptyset(&some);
    sigaddset(&some, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &some, &before);
    pthread_sigmask(SIG_SETMASK, NULL, &some);
    signals s = {.caller = pthread_self()};
    gan__parallel(context, 2, look_at_signals, &s);
    pthread_sigmask(SIG_SETMASK, &before, &after);
    ck_assert_int_eq(s.elsewhere, 1);
    ck_assert_int_eq(s.open, 0);
    for (int signal = 1; signal < 32; signal++) {
        ck_assert_int_eq(sigismember(&some, signal), sigismember(&after, signal));
    }
    end_context(context, &own);
}
END_TEST

/* Ends a child that hangs. Check's own handler would end the parent, too. */
static void limit_child(void)
{
    signal(SIGALRM, SIG_DFL);
    alarm(20);
}

/* In the child: exits with 0 if all is well. */
static void work_in_child(gan_context *context)
{
    static work w;
    for (int32_t round = 0; round < 3; round++) {
        memset(&w, 0, sizeof w);
        gan__parallel(context, 100, do_task, &w);
        for (int32_t i = 0; i < TASKS_MAX; i++) {
            if (w.runs[i] != (i < 100)) {
                _exit(1);
            }
        }
        if (gan_context_set_threads(context, 3 + round) != GAN_OK) {
            _exit(2);
        }
    }
    gan_context_free(context);
    _exit(0);
}

static void expect_success(pid_t child)
{
    ck_assert_int_gt(child, 0);
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status of the child: %d", status);
}

START_TEST(forked_child_can_work)
{
    if (THREAD_SANITIZER) {
        puts("forked_child_can_work: skipped, the thread sanitizer does not follow forks");
        return;
    }
    heap own;
    gan_context *context = new_context(&own);
    ck_assert_int_eq(gan_context_set_threads(context, 3), GAN_OK);
    check_once_each(context, 100);
    for (int32_t i = 0; i < 3; i++) {
        const pid_t child = fork();
        if (child == 0) {
            limit_child();
            work_in_child(context);
        }
        expect_success(child);
        check_once_each(context, 100);
    }
    const pid_t child = fork(); /* one that frees at once, with the pool of its parent */
    if (child == 0) {
        limit_child();
        gan_context_free(context);
        _exit(own.live == 0 ? 0 : 3);
    }
    expect_success(child);
    end_context(context, &own);
}
END_TEST

int main(void)
{
    return RUN_TESTS("threads", tasks_run_once_each, pool_without_memory_still_works,
                     contexts_do_not_meet, workers_take_no_signals, forked_child_can_work);
}
