/* A process that forks while the library's threads are alive, and while another thread is training:
 * the child uses a context of its own and its copy of the parent's, and both end.
 *   test_api_fork [HOW OFTEN] */
#define _GNU_SOURCE /* fork with threads, usleep */

#include "hostile.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

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

enum { WIDTH = 512, KIND = 4, THREADS = 3, SAMPLES = 2000 };

/* Enough to be shared out among threads. */
static void work(match *m)
{
    float *samples = malloc(SAMPLES * SIDE * sizeof *samples);
    need(samples != NULL);
    need(gan_trainer_run(m->trainer, 3, NULL, NULL) == GAN_OK);
    need(gan_network_sample(m->g, 1, SAMPLES, samples, SAMPLES * SIDE) == GAN_OK);
    free(samples);
}

static int count_threads(void)
{
    int count = -2; /* . and .. */
    DIR *open = opendir("/proc/self/task");
    if (open == NULL) {
        return -1;
    }
    while (readdir(open) != NULL) {
        count++;
    }
    closedir(open);
    return count;
}

/* The state after as many steps, as a process that never forked has it. */
static blob expected(void)
{
    heap heap_of_its_own;
    gan_context *context = new_context(&heap_of_its_own);
    match m = new_match(context, WIDTH, KIND, 5);
    work(&m);
    blob b = state_of(&m, "expected");
    free_match(&m);
    end_context(context, &heap_of_its_own);
    return b;
}

/* In the child: exits with 0 if all is well. parent: its copy of the parent's game, or NULL */
static void live_as_child(match *parent, const blob *wanted, int64_t round)
{
    signal(SIGALRM, SIG_DFL);
    alarm(30);
    char name[32];
    snprintf(name, sizeof name, "child%lld", (long long)round);
    heap heap_of_its_own;
    gan_context *context = new_context(&heap_of_its_own);
    need(gan_context_set_threads(context, THREADS) == GAN_OK);
    match m = new_match(context, WIDTH, KIND, 5);
    work(&m);
    blob b = state_of(&m, name);
    const bool same_as_ever = same_blob(b, *wanted);
    free_match(&m);
    end_context(context, &heap_of_its_own);
    if (parent != NULL) {
        work(parent);
        free_match(parent);
        end_context(ctx, &own);
    }
    _exit(same_as_ever ? 0 : 7);
}

static _Atomic bool stop;

static void fork_once(match *parent, const blob *wanted, int64_t round)
{
    fflush(stdout);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        live_as_child(parent, wanted, round);
    }
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    stop = !WIFEXITED(status) || WEXITSTATUS(status) != 0; /* a failure leaves no thread behind */
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        ck_abort_msg("the child of round %lld ended with status %d (signal %d)", (long long)round,
                     status, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    }
}

START_TEST(with_a_live_pool)
{
    make_folder();
    ctx = new_context(&own);
    need(gan_context_set_threads(ctx, THREADS) == GAN_OK);
    match m = new_match(ctx, WIDTH, KIND, 5);
    blob wanted = expected();
    work(&m);
    const int threads = count_threads();
    need(threads < 0 || threads > 1); /* the pool is alive */
    for (int64_t i = 0; i < rounds; i++) {
        fork_once(&m, &wanted, i);
        work(&m);
    }
    printf("forks with %d threads alive: %lld\n", threads, (long long)rounds);
    free(wanted.bytes);
    free_match(&m);
    end_context(ctx, &own);
    remove_folder();
}
END_TEST

static _Atomic int64_t trained;

/* Trains in a context of its own until told to stop. */
static void *train(void *argument)
{
    heap *memory = argument;
    gan_context *context;
    if (gan_context_create_with_allocator(heap_allocate, heap_release, memory, &context) !=
        GAN_OK) {
        return NULL;
    }
    gan_context_set_threads(context, 1);
    match m = new_match(context, 4, 0, 1); /* small: in and out of the BLAS all the time */
    while (!stop) {
        trained += gan_trainer_run(m.trainer, 50, NULL, NULL) == GAN_OK;
    }
    free_match(&m);
    gan_context_free(context);
    return NULL;
}

/* What the other thread held at the moment of the fork is held for ever in the child. */
START_TEST(while_another_thread_trains)
{
    make_folder();
    heap memory = {0};
    pthread_t thread;
    blob wanted = expected();
    stop = false;
    trained = 0;
    ck_assert_int_eq(pthread_create(&thread, NULL, train, &memory), 0);
    while (trained == 0) {
        usleep(100);
    }
    for (int64_t i = 0; i < 4 * rounds; i++) {
        fork_once(NULL, &wanted, i);
    }
    stop = true;
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(memory.live, 0);
    printf("forks beside a thread that trains: %lld\n", (long long)(4 * rounds));
    free(wanted.bytes);
    remove_folder();
}
END_TEST

int main(int count, char **arguments)
{
    set_rounds(count, arguments, 25);
    if (THREAD_SANITIZER) {
        puts("skipped: the thread sanitizer does not follow forks");
        return EXIT_SUCCESS;
    }
    return RUN_TESTS("fork", with_a_live_pool, while_another_thread_trains);
}
