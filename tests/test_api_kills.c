/* A process that does nothing but save is killed at any moment. Whenever that is, the file has the
 * state of before or after, whole; what a killed process leaves behind disturbs nobody.
 *   test_api_kills [HOW OFTEN] */
#include "hostile.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

enum { WIDTH = 700, KIND = 4 };

/* Saves two states in turn for ever, or, for a parent that died, for a minute. */
static void save_for_ever(const match *m, const char *path)
{
    alarm(60);
    for (int turn = 0;; turn = !turn) {
        if (gan_trainer_save(m[turn].trainer, path) != GAN_OK) {
            _exit(1);
        }
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Lets a child save, and kills it after a time. */
static void kill_one(const match *m, const char *path, double delay)
{
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        signal(SIGALRM, SIG_DFL);
        save_for_ever(m, path);
    }
    struct timespec time = {.tv_sec = (time_t)delay,
                            .tv_nsec = (long)(1e9 * (delay - (double)(time_t)delay))};
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {
    }
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(a_killed_save_leaves_the_old_or_the_new)
{
    make_folder();
    ctx = new_context(&own);
    match m[] = {new_match(ctx, WIDTH, KIND, 1), new_match(ctx, WIDTH, KIND, 1)};
    match reader = new_match(ctx, WIDTH, KIND, 1);
    ok(gan_trainer_run(m[0].trainer, 3, NULL, NULL));
    ok(gan_trainer_run(m[1].trainer, 8, NULL, NULL));
    const double before = seconds();
    blob wanted[] = {state_of(&m[0], "first"), state_of(&m[1], "second")};
    const double one_save = (seconds() - before) / 2;
    need(!same_blob(wanted[0], wanted[1]));
    blob earlier = state_of(&m[0], "state");
    int64_t seen[2] = {0}, changed = 0;
    dice d = {(uint64_t)(1e6 * before)};
    for (int64_t i = 0; i < rounds; i++) {
        kill_one(m, at("state"), roll_between(&d, 0, 4 * one_save + 0.002));
        blob now = read_blob(at("state"));
        const bool second = same_blob(now, wanted[1]);
        need(second || same_blob(now, wanted[0]));
        ok(gan_trainer_load(reader.trainer, at("state")));
        near(metric_of(reader.trainer, GAN_METRIC_STEP), second ? 8 : 3, 0);
        blob loaded = state_of(&reader, "loaded");
        need(same_blob(loaded, now)); /* all of the state, and what lies about disturbs no save */
        seen[second]++;
        changed += !same_blob(now, earlier);
        free(earlier.bytes);
        free(loaded.bytes);
        earlier = now;
    }
    const int left = count_files(".libgan-");
    need(count_files("") == 4 + left); /* "first", "second", "state", "loaded" */
    printf("kills: %lld, after which the file had the first state %lld times and the second %lld "
           "times, another than before %lld times; %d temporary files were left\n",
           (long long)rounds, (long long)seen[0], (long long)seen[1], (long long)changed, left);
    if (rounds >= 100) { /* or the test has shown nothing */
        need(seen[0] > 0 && seen[1] > 0 && changed > 0 && left > 0);
    }
    free(earlier.bytes);
    for (int i = 0; i < 2; i++) {
        free(wanted[i].bytes);
        free_match(&m[i]);
    }
    free_match(&reader);
    end_context(ctx, &own);
    remove_folder();
}
END_TEST

int main(int count, char **arguments)
{
    set_rounds(count, arguments, 150);
    return RUN_TESTS("kills", a_killed_save_leaves_the_old_or_the_new);
}
