/* Checkpoints in a folder where any files lie: under names as the library gives them, or almost,
 * with notes as it writes them, or almost. */
#include "fuzz.h"

#include "io/tensors.h"

#include <math.h>
#include <unistd.h>

enum { NAMES = 8, NAME = 224 };

/* A file that lies in the folder before the library looks. */
typedef struct {
    char name[NAME];
    const char *path;
    size_t size;
    uint8_t bytes[4096];
} other;

static gan_trainer *trainer;
static gan_network *players[2];

static gan_network *make(gan_context *context, const char *name)
{
    gan_network *network;
    must(gan_network_create(context, name, &network) == GAN_OK);
    const int32_t x = gan_network_input(network, "x", 1, (int64_t[]){1});
    must(gan_network_output(network, gan_network_dense(network, x, 1)) == GAN_OK);
    return network;
}

static void start(gan_context *context)
{
    static const float x[2] = {1, 2};
    players[0] = make(context, "G");
    players[1] = make(context, "D");
    must(gan_trainer_create(players[0], players[1], NULL, &trainer) == GAN_OK);
    must(gan_trainer_step(trainer, 2, x, x, x) == GAN_OK);
}

static void end(void)
{
    gan_trainer_free(trainer);
    gan_network_free(players[0]);
    gan_network_free(players[1]);
}

/* Takes a name: a choice of parts, or bytes. All begin with 'c', as no other target's files do. */
static void take_name(fuzz_input *input, char *out)
{
    static const char *const parts[] = {"c",
                                        "-",
                                        "-step-",
                                        ".safetensors",
                                        "00000001",
                                        "00000002",
                                        "1",
                                        "0",
                                        "99999999",
                                        "100000000",
                                        "999999999999999999",
                                        "1000000000000000000",
                                        "9223372036854775799",
                                        "9223372036854775807",
                                        "c-00000003-step-7.safetensors",
                                        "c-00000004-step-1.safetensors"};
    const uint8_t what = fuzz_byte(input);
    size_t size = 0;
    if (what % 4 == 0) {
        size = (size_t)snprintf(out, NAME, "%s", parts[14 + what / 4 % 2]);
    } else if (what % 4 == 1) {
        size = (size_t)snprintf(out, NAME, "c-%s-step-%s.safetensors", parts[4 + what / 4 % 10],
                                parts[4 + fuzz_byte(input) % 10]);
    } else {
        for (int count = what / 4 % 8; count > 0; count--) {
            const uint8_t part = fuzz_byte(input);
            const char letter[] = {(char)part, '\0'};
            const char *text = what % 4 == 2 ? parts[part % FUZZ_COUNT(parts)] : letter;
            size += (size_t)snprintf(out + size, NAME - size, "%s", text);
            must(size < NAME);
        }
        out[size] = '\0';
    }
    for (char *next = out; *next != '\0'; next++) {
        *next = *next == '/' ? '_' : *next;
    }
    out[0] = 'c';
    out[size == 0 ? 1 : strlen(out)] = '\0';
}

/* Writes the file as a checkpoint of any name and value, or as any bytes. */
static void put_file(gan_context *context, fuzz_input *input, other *o)
{
    static const char *const formats[] = {"libgan training", "libgan network", ""};
    static const char *const values[] = {"nan", "0.5", "-1e300", "inf", "1e999", "", "0x1", "-0"};
    static const float one[] = {1};
    static const gan__tensor tensor = {
        .name = "a", .type = GAN__TENSOR_F32, .rank = 1, .dims = {1}, .data = one};
    const uint8_t what = fuzz_byte(input);
    o->path = fuzz_path(o->name);
    if (what % 8 == 7) {
        FILE *file = fopen(o->path, "wb");
        must(file != NULL && fputc(what, file) == what && fclose(file) == 0);
    } else {
        char name[NAME];
        memcpy(name, o->name, NAME);
        if (what % 8 == 6) {
            take_name(input, name);
        }
        const gan__tensor_note notes[] = {{"format", formats[what % 8 < 4 ? 0 : what % 3]},
                                          {"checkpoint", name},
                                          {"checkpoint_value", values[what / 8 % 8]}};
        const int32_t status =
            gan__tensors_write(context, o->path, 1, &tensor, what % 8 == 5 ? 2 : 3, notes);
        fuzz_status(context, status);
        if (status != GAN_OK) { /* the name is not text */
            o->name[0] = '\0';
            return;
        }
    }
    o->size = fuzz_read(o->path, o->bytes, sizeof o->bytes);
    must(o->size > 0 && o->size < sizeof o->bytes);
}

/* Whether the list has a path. */
static bool lists(const gan_checkpoints *c, const char *wanted)
{
    bool found = false;
    for (int64_t i = 0; i < gan_checkpoints_count(c); i++) {
        char path[1024];
        int64_t step = -1;
        double value = 0;
        must(gan_checkpoints_get(c, i, &step, &value, path, sizeof path) == GAN_OK);
        must(step >= 0 && !isinf(value) && access(path, R_OK) == 0);
        found = found || strcmp(path, wanted) == 0;
    }
    return found;
}

/* A file that is not in the list is never touched. */
static void check_others(const gan_checkpoints *c, const other *others, int count,
                         const bool *listed)
{
    static uint8_t bytes[sizeof others->bytes];
    for (int i = 0; i < count; i++) {
        if (others[i].name[0] == '\0') {
            continue;
        }
        const size_t size = fuzz_read(fuzz_path(others[i].name), bytes, sizeof bytes);
        const bool still = size == others[i].size && memcmp(bytes, others[i].bytes, size) == 0;
        must(still || (listed[i] && size == 0));
        must(size == 0 || !listed[i] || lists(c, fuzz_path(others[i].name)));
    }
}

static void save_and_load(gan_context *context, gan_checkpoints *c, double value)
{
    const int64_t before = gan_checkpoints_count(c);
    const int32_t saved = gan_checkpoints_save(c, trainer, value);
    fuzz_status(context, saved);
    must(saved == GAN_OK || saved == GAN_ERROR_RANGE); /* the highest serial number is taken */
    if (saved != GAN_OK) {
        must(gan_checkpoints_count(c) == before);
        return;
    }
    must(gan_checkpoints_load(c, trainer, GAN_LAST) == GAN_OK);
    int64_t last = -1;
    must(gan_checkpoints_find(c, GAN_LAST, &last) == GAN_OK);
    must(last == gan_checkpoints_count(c) - 1);
    const int32_t best = gan_checkpoints_load(c, trainer, GAN_BEST);
    fuzz_status(context, best);
    must(best == GAN_OK || best == GAN_ERROR_STATE || best == GAN_ERROR_FORMAT);
}

static void remove_all(const gan_checkpoints *c)
{
    for (int64_t i = 0; i < gan_checkpoints_count(c); i++) {
        char path[1024];
        must(gan_checkpoints_get(c, i, NULL, NULL, path, sizeof path) == GAN_OK);
        remove(path);
    }
}

static void read_folder(const uint8_t *bytes, size_t size)
{
    static other others[NAMES];
    bool listed[NAMES] = {false};
    fuzz_input input = {bytes, bytes + size};
    fuzz_heap heap = {0};
    gan_context *context = fuzz_context(&heap);
    const uint8_t how = fuzz_byte(&input);
    int count = 0;
    for (; count < how % (NAMES + 1); count++) {
        other *o = &others[count];
        take_name(&input, o->name);
        bool again = false;
        for (int i = 0; i < count; i++) {
            again = again || strcmp(others[i].name, o->name) == 0;
        }
        if (again) {
            o->name[0] = '\0';
        } else {
            put_file(context, &input, o);
        }
    }
    char folder[1024];
    snprintf(folder, sizeof folder, "%s", fuzz_path(""));
    folder[strlen(folder) - 1] = '\0';
    const int64_t keep = 1 + how / 16 % 4;
    gan_checkpoints *c = (gan_checkpoints *)&heap;
    start(context);
    must(gan_checkpoints_create(context, folder, "c", keep, how & 128 ? GAN_HIGHER : GAN_LOWER,
                                &c) == GAN_OK);
    must(gan_checkpoints_count(c) <= count);
    for (int i = 0; i < count; i++) {
        listed[i] = others[i].name[0] != '\0' && lists(c, fuzz_path(others[i].name));
    }
    for (int i = 0; i < 3; i++) {
        save_and_load(context, c, i == how / 64 ? (double)NAN : (double)i);
    }
    gan_checkpoints *again;
    must(gan_checkpoints_create(context, folder, "c", keep, GAN_LOWER, &again) == GAN_OK);
    must(gan_checkpoints_count(again) >= gan_checkpoints_count(c));
    check_others(again, others, count, listed);
    remove_all(again);
    for (int i = 0; i < count; i++) {
        if (others[i].name[0] != '\0') {
            remove(fuzz_path(others[i].name));
        }
    }
    gan_checkpoints_free(again);
    gan_checkpoints_free(c);
    end();
    fuzz_end(context, &heap);
}

static void seed(void)
{
    static const uint8_t seeds[][12] = {{0},
                                        {1, 0, 0}, /* one that is ours, but for its tensors */
                                        {2 + 16, 0, 0, 4, 8}, /* two */
                                        {130, 0, 24, 4, 40},  /* two with values that are none */
                                        {1, 0, 7},            /* any bytes under a name of ours */
                                        {1, 0, 6, 4},         /* a copy under another name */
                                        {1, 25, 0, 0},        /* the highest serial number */
                                        {1, 29, 0, 0},        /* one that is higher */
                                        {1, 18, 0, 1, 4, 2, 6, 3}, /* parts */
                                        {3, 15, 'c', '-', '1', 0, 23, 'a', 0, 0, 5}};
    for (size_t i = 0; i < FUZZ_COUNT(seeds); i++) {
        fuzz_seed(seeds[i], sizeof seeds[i]);
    }
}

const fuzz_target fuzz_folder = {"folder", read_folder, seed};
