/* What the tests of bad circumstances share: a game, its state as bytes, a folder, a number of
 * rounds that a test of the kind "long" makes greater. Included once by each test program. */
#ifndef GAN_TESTS_HOSTILE_H
#define GAN_TESTS_HOSTILE_H

#include "training.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* How often to do what the test is about: the program's argument, or `quick`. */
static int64_t rounds;

static inline void set_rounds(int count, char **arguments, int64_t quick)
{
    rounds = count > 1 ? strtoll(arguments[1], NULL, 10) : quick;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static char folder[] = "gan-hostile-XXXXXX";

/* The path of a file in the folder; good until the eighth call from now. */
static inline const char *at(const char *name)
{
    static char paths[8][320];
    static int turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%.290s", folder, name);
    return path;
}

static inline void make_folder(void)
{
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* The files in the folder whose names begin so. */
static inline int count_files(const char *prefix)
{
    int count = 0;
    DIR *open = opendir(folder);
    ck_assert_ptr_nonnull(open);
    for (const struct dirent *one = readdir(open); one != NULL; one = readdir(open)) {
        count += strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0 &&
                 strncmp(one->d_name, prefix, strlen(prefix)) == 0;
    }
    closedir(open);
    return count;
}

static inline void remove_folder(void)
{
    DIR *open = opendir(folder);
    ck_assert_ptr_nonnull(open);
    for (const struct dirent *one = readdir(open); one != NULL; one = readdir(open)) {
        unlinkat(dirfd(open), one->d_name, 0);
    }
    closedir(open);
    ck_assert_int_eq(rmdir(folder), 0);
}

typedef struct {
    size_t size;
    uint8_t *bytes;
} blob;

static inline blob read_blob(const char *path)
{
    struct stat status;
    blob b = {0};
    need(stat(path, &status) == 0);
    b.size = (size_t)status.st_size;
    b.bytes = malloc(b.size + 1);
    FILE *file = fopen(path, "rb");
    need(b.bytes != NULL && file != NULL);
    need(fread(b.bytes, 1, b.size, file) == b.size);
    fclose(file);
    return b;
}

static inline void write_blob(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    need(file != NULL && (size == 0 || fwrite(bytes, 1, size, file) == size));
    need(fclose(file) == 0);
}

static inline bool same_blob(blob a, blob b)
{
    return a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0;
}

/* ---- A game ---------------------------------------------------------------------------------- */

typedef struct {
    gan_network *g, *d;
    gan_optimizer *optimizers[2];
    gan_dataset *data;
    gan_trainer *trainer;
} match;

/* width: units of the generator's hidden layer, so the size of a state */
static inline match new_match(gan_context *context, int64_t width, int32_t kind, double seed)
{
    match m;
    static const int64_t noise[] = {NOISE}, side[] = {SIDE};
    float values[12 * SIDE];
    for (int i = 0; i < 12 * SIDE; i++) {
        values[i] = (float)(i % 7) / 4;
    }
    need(gan_network_create(context, "G", &m.g) == GAN_OK);
    int32_t h =
        gan_network_tanh(m.g, gan_network_dense(m.g, gan_network_input(m.g, "z", 1, noise), width));
    need(gan_network_output(m.g, gan_network_dense(m.g, h, SIDE)) == GAN_OK);
    need(gan_network_create(context, "D", &m.d) == GAN_OK);
    h = gan_network_dropout(m.d, gan_network_input(m.d, "x", 1, side), 0.8);
    h = gan_network_maxout(m.d, h, 5, 2);
    need(gan_network_output(m.d, gan_network_dense(m.d, h, 1)) == GAN_OK);
    need(gan_dataset_from_floats(context, 12, 1, side, values, &m.data) == GAN_OK);
    need(gan_trainer_create(m.g, m.d, m.data, &m.trainer) == GAN_OK);
    for (int i = 0; i < 2; i++) {
        need(gan_optimizer_create(context, kinds[kind], &m.optimizers[i]) == GAN_OK);
        need(gan_optimizer_set_number(m.optimizers[i], GAN_LEARNING_RATE, 0.01) == GAN_OK);
    }
    need(gan_trainer_set_generator_optimizer(m.trainer, m.optimizers[0]) == GAN_OK);
    need(gan_trainer_set_discriminator_optimizer(m.trainer, m.optimizers[1]) == GAN_OK);
    need(gan_trainer_set_number(m.trainer, GAN_BATCH_SIZE, 5) == GAN_OK);
    need(gan_trainer_set_number(m.trainer, GAN_SEED, seed) == GAN_OK);
    return m;
}

static inline void free_match(match *m)
{
    gan_trainer_free(m->trainer);
    gan_dataset_free(m->data);
    gan_optimizer_free(m->optimizers[0]);
    gan_optimizer_free(m->optimizers[1]);
    gan_network_free(m->g);
    gan_network_free(m->d);
}

/* Saves the state under this name and reads it back. */
static inline blob state_of(const match *m, const char *name)
{
    need(gan_trainer_save(m->trainer, at(name)) == GAN_OK);
    return read_blob(at(name));
}

#endif
