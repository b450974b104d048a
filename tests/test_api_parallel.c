/* Eight threads at once, each with objects of its own: making, training, sampling, evaluating,
 * saving, loading, failing, freeing. Each gets, to the bit, what one thread alone gets.
 *   test_api_parallel [HOW OFTEN] */
#include "hostile.h"

#include <pthread.h>

enum { THREADS = 8, WIDTH = 16, SAMPLES = 80 };

/* What a life comes to. */
typedef struct {
    uint64_t digest;
    int64_t wrong;
} result;

typedef struct {
    int32_t number, threads;
    int64_t repeats;
    result got;
} life;

static uint64_t mix(uint64_t digest, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        digest = (digest ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
    }
    return digest;
}

/* Saves, spoils and loads a training; mixes in the file. */
static void use_file(const match *m, int32_t number, result *r)
{
    char path[320];
    snprintf(path, sizeof path, "%s/thread%d", folder, (int)number);
    r->wrong += gan_trainer_save(m->trainer, path) != GAN_OK;
    r->wrong += gan_trainer_run(m->trainer, 2, NULL, NULL) != GAN_OK;
    r->wrong += gan_trainer_load(m->trainer, path) != GAN_OK;
    r->wrong += gan_network_load(m->g, path) != GAN_ERROR_FORMAT;
    struct stat status;
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = stat(path, &status) == 0 ? malloc((size_t)status.st_size) : NULL;
    if (file == NULL || bytes == NULL) {
        r->wrong++;
        return;
    }
    const size_t size = fread(bytes, 1, (size_t)status.st_size, file);
    r->wrong += size != (size_t)status.st_size;
    r->digest = mix(r->digest, bytes, size);
    free(bytes);
    fclose(file);
}

/* Everything once, in a context of its own; not on the thread of the tests. */
static result live_once(int32_t number, int32_t threads)
{
    result r = {14695981039346656037u, 0};
    heap memory = {0};
    gan_context *context;
    if (gan_context_create_with_allocator(heap_allocate, heap_release, &memory, &context) !=
        GAN_OK) {
        r.wrong++;
        return r;
    }
    r.wrong += gan_context_set_threads(context, threads) != GAN_OK;
    match m = new_match(context, WIDTH, number % KINDS, number);
    r.wrong += gan_trainer_set_number(m.trainer, GAN_R1, 0.5) != GAN_OK;
    r.wrong += gan_trainer_run(m.trainer, 12, NULL, NULL) != GAN_OK;
    r.wrong += gan_trainer_run(m.trainer, -1, NULL, NULL) != GAN_ERROR_RANGE;
    r.wrong += gan_context_message(context)[0] == '\0';
    float samples[SAMPLES * SIDE];
    double score = 0;
    r.wrong += gan_network_sample(m.g, 3, SAMPLES, samples, SAMPLES * SIDE) != GAN_OK;
    r.wrong +=
        gan_parzen_log_likelihood(context, SIDE, SAMPLES / 2, samples, SAMPLES / 2,
                                  samples + SAMPLES / 2 * SIDE, 0.25, &score, NULL) != GAN_OK;
    r.digest = mix(r.digest, samples, sizeof samples);
    r.digest = mix(r.digest, &score, sizeof score);
    use_file(&m, number, &r);
    free_match(&m);
    gan_context_free(context);
    r.wrong += memory.live;
    return r;
}

static void *live(void *argument)
{
    life *l = argument;
    for (int64_t i = 0; i < l->repeats; i++) {
        const result r = live_once(l->number, l->threads);
        l->got.wrong += r.wrong + (i > 0 && r.digest != l->got.digest);
        l->got.digest = r.digest;
    }
    return NULL;
}

START_TEST(eight_threads_with_objects_of_their_own)
{
    pthread_t threads[THREADS];
    life lives[THREADS];
    result alone[THREADS];
    make_folder();
    for (int32_t i = 0; i < THREADS; i++) {
        alone[i] = live_once(i, 1);
        ck_assert_int_eq(alone[i].wrong, 0);
        lives[i] = (life){.number = i, .threads = 1 + i % 3, .repeats = rounds};
    }
    for (int32_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, live, &lives[i]), 0);
    }
    for (int32_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_int_eq(lives[i].got.wrong, 0);
        ck_assert_uint_eq(lives[i].got.digest, alone[i].digest);
        ck_assert(i == 0 || alone[i].digest != alone[i - 1].digest);
    }
    printf("threads: %d, %lld lives each, all as alone\n", THREADS, (long long)rounds);
    remove_folder();
}
END_TEST

/* What docs/contract.md promises; sanitizers take more. */
START_TEST(a_small_stack_is_enough)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    pthread_t thread;
    pthread_attr_t attributes;
    life small = {.number = 1, .threads = 2, .repeats = 1};
    make_folder();
    ck_assert_int_eq(pthread_attr_init(&attributes), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
    ck_assert_int_eq(pthread_create(&thread, &attributes, live, &small), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(small.got.wrong, 0);
    pthread_attr_destroy(&attributes);
    remove_folder();
#else
    puts("a_small_stack_is_enough: skipped, sanitizers take more");
#endif
}
END_TEST

int main(int count, char **arguments)
{
    (void)own; /* of one thread */
    set_rounds(count, arguments, 10);
    return RUN_TESTS("parallel", eight_threads_with_objects_of_their_own, a_small_stack_is_enough);
}
