/* A process that does nothing but save is killed at any moment. Whenever that is, the file has the
 * state of before or after, whole; what a killed process leaves behind disturbs nobody. Of checkpoints
 * the last ones and the best are there.
 *   test_api_kills [HOW OFTEN] */
#include "hostile.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

enum { WIDTH = 700, KIND = 4, KEPT = 2 };

typedef void (*save_fn)(const match *m, const char *path);

/* Saves two states in turn for ever, or, for a parent that died, for a minute. */
static void save_for_ever(const match *m, const char *path)
{
    for (int turn = 0;; turn = !turn) {
        if (gan_trainer_save(m[turn].trainer, path) != GAN_OK) {
            _exit(1);
        }
    }
}

/* The same as checkpoints, going on from those in the folder. The value follows from the state. */
static void save_checkpoints(const match *m, const char *path)
{
    gan_checkpoints *c;
    if (gan_checkpoints_create(ctx, path, "c", KEPT, GAN_LOWER, &c) != GAN_OK) {
        _exit(1);
    }
    for (int turn = 0;; turn = !turn) {
        if (gan_checkpoints_save(c, m[turn].trainer, turn) != GAN_OK) {
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
static void kill_one(save_fn save, const match *m, const char *path, double delay)
{
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(60);
        save(m, path);
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

/* Two trainings after 3 and after 8 steps, another one to read them with, and their states. */
typedef struct {
    match m[2], reader;
    blob wanted[2];
    double one_save; /* seconds */
    dice d;
} cast;

static cast begin(void)
{
    ctx = new_context(&own);
    cast c = {.m = {new_match(ctx, WIDTH, KIND, 1), new_match(ctx, WIDTH, KIND, 1)},
              .reader = new_match(ctx, WIDTH, KIND, 1)};
    ok(gan_trainer_run(c.m[0].trainer, 3, NULL, NULL));
    ok(gan_trainer_run(c.m[1].trainer, 8, NULL, NULL));
    const double before = seconds();
    c.wanted[0] = state_of(&c.m[0], "first");
    c.wanted[1] = state_of(&c.m[1], "second");
    c.one_save = (seconds() - before) / 2;
    c.d = (dice){(uint64_t)(1e6 * before)};
    need(!same_blob(c.wanted[0], c.wanted[1]));
    return c;
}

static void end(cast *c)
{
    for (int i = 0; i < 2; i++) {
        free(c->wanted[i].bytes);
        free_match(&c->m[i]);
    }
    free_match(&c->reader);
    end_context(ctx, &own);
}

START_TEST(a_killed_save_leaves_the_old_or_the_new)
{
    make_folder();
    cast c = begin();
    blob earlier = state_of(&c.m[0], "state");
    int64_t seen[2] = {0}, changed = 0;
    for (int64_t i = 0; i < rounds; i++) {
        kill_one(save_for_ever, c.m, at("state"), roll_between(&c.d, 0, 4 * c.one_save + 0.002));
        blob now = read_blob(at("state"));
        const bool second = same_blob(now, c.wanted[1]);
        need(second || same_blob(now, c.wanted[0]));
        ok(gan_trainer_load(c.reader.trainer, at("state")));
        near(metric_of(c.reader.trainer, GAN_METRIC_STEP), second ? 8 : 3, 0);
        blob loaded = state_of(&c.reader, "loaded");
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
    end(&c);
    remove_folder();
}
END_TEST

/* The files of a folder that are checkpoints, and all of them can be loaded. Returns how many. */
static int64_t check_checkpoints(const match *reader, const blob *wanted, int64_t *bests)
{
    gan_checkpoints *c;
    ok(gan_checkpoints_create(ctx, at("kept"), "c", KEPT, GAN_LOWER, &c));
    const int64_t count = gan_checkpoints_count(c);
    for (int64_t i = 0; i < count; i++) {
        char path[600];
        int64_t step;
        double value;
        ok(gan_checkpoints_get(c, i, &step, &value, path, sizeof path));
        ok(gan_trainer_load(reader->trainer, path));
        near(metric_of(reader->trainer, GAN_METRIC_STEP), step, 0);
        near(step, value > 0 ? 8 : 3, 0);
        blob loaded = state_of(reader, "loaded");
        need(same_blob(loaded, wanted[value > 0]));
        free(loaded.bytes);
    }
    int64_t index;
    double value;
    if (count > 0) {
        ok(gan_checkpoints_find(c, GAN_BEST, &index));
        ok(gan_checkpoints_get(c, index, NULL, &value, NULL, 0));
        *bests += value == 0;
    }
    gan_checkpoints_free(c);
    return count;
}

START_TEST(killed_checkpoints_are_there)
{
    make_folder();
    cast all = begin();
    need(mkdir(at("kept"), 0700) == 0);
    int64_t most = 0, least = KEPT + 2, bests = 0, some = 0;
    for (int64_t i = 0; i < rounds; i++) {
        kill_one(save_checkpoints, all.m, at("kept"),
                 roll_between(&all.d, 0, 4 * all.one_save + 0.002));
        const int64_t now = check_checkpoints(&all.reader, all.wanted, &bests);
        need(now >= least || some < KEPT); /* once as many are there, they stay */
        some = now > some ? now : some;
        least = some >= KEPT ? KEPT : 0;
        most = now > most ? now : most;
    }
    /* Whoever was killed before it could remove one left it to the next that is not. */
    gan_checkpoints *c;
    ok(gan_checkpoints_create(ctx, at("kept"), "c", KEPT, GAN_LOWER, &c));
    ok(gan_checkpoints_save(c, all.m[1].trainer, 1));
    need(gan_checkpoints_count(c) <= KEPT + 1);
    gan_checkpoints_free(c);
    need(check_checkpoints(&all.reader, all.wanted, &bests) <= KEPT + 1);
    printf("kills: %lld of a process with checkpoints: at most %lld files, the best %lld times\n",
           (long long)rounds, (long long)most, (long long)bests);
    if (rounds >= 100) {
        need(most > KEPT && bests > 0);
    }
    end(&all);
    char command[400];
    snprintf(command, sizeof command, "rm -rf '%s'", at("kept"));
    need(system(command) == 0);
    remove_folder();
}
END_TEST

int main(int count, char **arguments)
{
    set_rounds(count, arguments, 150);
    return RUN_TESTS("kills", a_killed_save_leaves_the_old_or_the_new,
                     killed_checkpoints_are_there);
}
