/* Very many small steps: memory, descriptors and threads stay as they are after the first few.
 *   test_api_soak [HOW MANY STEPS] */
#include "hostile.h"

enum { PARTS = 10, WIDTH = 4, KIND = 4, ROOM = 64 << 10 };

typedef struct {
    int64_t live, held, resident, descriptors, threads;
} use;

static int64_t count_entries(const char *path)
{
    int64_t count = 0;
    DIR *open = opendir(path);
    if (open == NULL) {
        return -1;
    }
    while (readdir(open) != NULL) {
        count++;
    }
    closedir(open);
    return count;
}

static use measure(void)
{
    use u = {.live = own.live,
             .descriptors = count_entries("/proc/self/fd"),
             .threads = count_entries("/proc/self/task")};
    ok(gan_context_memory(ctx, &u.held, NULL));
    FILE *file = fopen("/proc/self/statm", "r");
    /* Pages of files, such as code that runs for the first time, are no growth. */
    long total = 0, resident = 0, of_files = 0;
    if (file != NULL) {
        need(fscanf(file, "%ld %ld %ld", &total, &resident, &of_files) == 3);
        fclose(file);
    }
    u.resident = (resident - of_files) * sysconf(_SC_PAGESIZE);
    return u;
}

/* All that a training loop does besides stepping. */
static void pass_by(const match *m)
{
    float samples[16 * SIDE];
    double value;
    ok(gan_network_sample(m->g, 3, 16, samples, 16 * SIDE));
    ok(gan_trainer_metric(m->trainer, GAN_METRIC_D_LOSS, &value));
    need(isfinite(value));
    ok(gan_trainer_save(m->trainer, at("state")));
    ok(gan_trainer_load(m->trainer, at("state")));
    need(gan_trainer_load(m->trainer, "/no/such/file") == GAN_ERROR_IO);
}

START_TEST(nothing_grows)
{
    make_folder();
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, 2));
    match m = new_match(ctx, WIDTH, KIND, 5);
    ok(gan_trainer_run(m.trainer, 500, NULL, NULL));
    pass_by(&m);
    measure();
    const use before = measure();
    use now = before;
    for (int64_t i = 0; i < PARTS; i++) {
        ok(gan_trainer_run(m.trainer, rounds / PARTS, NULL, NULL));
        pass_by(&m);
        now = measure();
        ck_assert_int_eq(now.live, before.live);
        ck_assert_int_eq(now.held, before.held);
        ck_assert_int_eq(now.descriptors, before.descriptors);
        ck_assert_int_eq(now.threads, before.threads);
        if (!SANITIZED) { /* which keep what was freed */
            ck_assert_int_le(now.resident, before.resident + ROOM);
        }
    }
    printf("steps: %lld; blocks %lld, bytes %lld, descriptors %lld, threads %lld as before; "
           "resident memory %+lld bytes\n",
           (long long)(rounds / PARTS * PARTS), (long long)now.live, (long long)now.held,
           (long long)(now.descriptors - 3), (long long)(now.threads - 2),
           (long long)(now.resident - before.resident));
    free_match(&m);
    end_context(ctx, &own);
    remove_folder();
}
END_TEST

int main(int count, char **arguments)
{
    set_rounds(count, arguments, 50000);
    return RUN_TESTS("soak", nothing_grows);
}
