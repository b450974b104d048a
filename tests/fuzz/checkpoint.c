/* The meaning of a checkpoint: a container that is right in itself, with content that is not. The
 * bytes are edits of what the library wrote, after which it is written anew, checksums and all. */
#include "fuzz.h"

#include "io/tensors.h"

#include <float.h>
#include <math.h>

enum { TENSORS = 64, DATA = 2048, NAME = 96, NOTES = 24, EDITS = 24, FILE_MAX = 1 << 16 };

/* All of a file. */
typedef struct {
    gan__tensor tensors[TENSORS];
    char names[TENSORS][NAME];
    union {
        uint8_t bytes[DATA];
        double alignment;
    } data[TENSORS];
    gan__tensor_note notes[NOTES];
    char texts[NOTES][32];
    int64_t count, note_count;
} edited;

static edited e;

/* ---- Edits ----------------------------------------------------------------------------------- */

static const char *const keys[] = {
    "format",     "version",   "batch_size", "discriminator_steps", "seed",
    "shuffle",    "drop_last", "schedule",   "generator_optimizer", "discriminator_optimizer",
    "data_count", "average"};

static void read_base(gan_context *context, const char *path)
{
    gan__tensors *file;
    must(gan__tensors_open(context, path, &file) == GAN_OK);
    e.count = gan__tensors_count(file);
    e.note_count = 0;
    must(e.count <= TENSORS - EDITS);
    memset(e.data, 0, sizeof e.data);
    for (int64_t i = 0; i < e.count; i++) {
        const gan__tensor *from = gan__tensors_at(file, i);
        must(gan__tensor_bytes(from) <= DATA);
        e.tensors[i] = *from;
        snprintf(e.names[i], NAME, "%s", from->name);
        must(gan__tensors_read(file, from, e.data[i].bytes) == GAN_OK);
    }
    for (size_t i = 0; i < FUZZ_COUNT(keys); i++) {
        const char *text = gan__tensors_note(file, keys[i]);
        if (text != NULL) {
            snprintf(e.texts[e.note_count], sizeof e.texts[0], "%s", text);
            e.notes[e.note_count++].key = keys[i];
        }
    }
    gan__tensors_close(file);
}

static void set_number(fuzz_input *input, int64_t i)
{
    static const int64_t numbers[] = {
        0, 1, -1, 2, 3, 5, 8, 100, 1000, 1LL << 53, INT64_MAX, INT64_MIN, (1LL << 53) + 1, 40};
    static const double doubles[] = {NAN, INFINITY, -INFINITY, 0, -1, 1e300};
    if (e.tensors[i].type == GAN__TENSOR_F64) {
        const double value = fuzz_choose(input, doubles);
        memcpy(e.data[i].bytes, &value, sizeof value);
    } else {
        const int64_t value = fuzz_choose(input, numbers);
        memcpy(e.data[i].bytes, &value, sizeof value);
    }
}

static void set_floats(fuzz_input *input, int64_t i)
{
    static const float values[] = {0,       -0.0f,    NAN,    INFINITY, -INFINITY, FLT_MAX,
                                   FLT_MIN, -FLT_MAX, 1e-45f, 1,        1e6f,      -1};
    const float value = fuzz_choose(input, values);
    const size_t count = DATA / sizeof value;
    const size_t from = fuzz_byte(input) % count, step = 1 + fuzz_byte(input);
    for (size_t j = from; j < count; j += step) {
        memcpy(e.data[i].bytes + j * sizeof value, &value, sizeof value);
    }
}

static void set_shape(fuzz_input *input, gan__tensor *tensor)
{
    static const int64_t sizes[] = {0, 1, 2, 3, 4, 5, 6, 12, 20, 24, 30};
    gan__tensor changed = *tensor;
    changed.rank = fuzz_byte(input) % (GAN__TENSOR_RANK + 1);
    for (int32_t i = 0; i < changed.rank; i++) {
        const uint8_t choice = fuzz_byte(input);
        changed.dims[i] =
            choice < 128 && i < tensor->rank ? tensor->dims[i] : sizes[choice % FUZZ_COUNT(sizes)];
    }
    const int64_t bytes = gan__tensor_bytes(&changed);
    if (bytes >= 0 && bytes <= DATA) {
        *tensor = changed;
    }
}

static void set_note(fuzz_input *input)
{
    static const char *const texts[] = {"",
                                        "1",
                                        "2",
                                        "0",
                                        "-1",
                                        "no",
                                        "3",
                                        "10",
                                        "yes",
                                        "sgd",
                                        "libgan training",
                                        "adam",
                                        "simultaneous",
                                        "9007199254740993"};
    if (e.note_count > 0) {
        const int64_t i = fuzz_byte(input) % e.note_count;
        snprintf(e.texts[i], sizeof e.texts[i], "%s", fuzz_choose(input, texts));
    }
}

static void drop(int64_t i)
{
    e.count--;
    memmove(e.tensors + i, e.tensors + i + 1, (size_t)(e.count - i) * sizeof *e.tensors);
    memmove(e.names + i, e.names + i + 1, (size_t)(e.count - i) * sizeof *e.names);
    memmove(e.data + i, e.data + i + 1, (size_t)(e.count - i) * sizeof *e.data);
}

static void copy(int64_t i, int number)
{
    const int64_t to = e.count++;
    e.tensors[to] = e.tensors[i];
    e.data[to] = e.data[i];
    snprintf(e.names[to], NAME, "copy%d", number);
}

static void swap_names(int64_t i, int64_t j)
{
    char name[NAME];
    memcpy(name, e.names[i], NAME);
    memmove(e.names[i], e.names[j], NAME);
    memcpy(e.names[j], name, NAME);
}

static void edit(fuzz_input *input, int number)
{
    const uint8_t what = fuzz_byte(input);
    if (e.count == 0) {
        return;
    }
    const int64_t i = fuzz_byte(input) % e.count;
    gan__tensor *tensor = e.tensors + i;
    switch (what % 11) {
    case 0:
        e.data[i].bytes[(fuzz_byte(input) << 8 | fuzz_byte(input)) % DATA] ^= fuzz_byte(input);
        break;
    case 1: {
        const uint64_t word = fuzz_word(input);
        memcpy(e.data[i].bytes, &word, sizeof word);
        break;
    }
    case 2: {
        gan__tensor changed = *tensor;
        changed.type = (gan__tensor_type)(fuzz_byte(input) % 4);
        tensor->type = gan__tensor_bytes(&changed) <= DATA ? changed.type : tensor->type;
        break;
    }
    case 3:
        set_shape(input, tensor);
        break;
    case 4: {
        const size_t length = strlen(e.names[i]);
        e.names[i][fuzz_byte(input) % (length + (length == 0))] = (char)fuzz_byte(input);
        break;
    }
    case 5:
        drop(i);
        break;
    case 6:
        copy(i, number);
        break;
    case 7:
        set_note(input);
        break;
    case 8:
        set_number(input, i);
        break;
    case 9:
        set_floats(input, i);
        break;
    default:
        swap_names(i, fuzz_byte(input) % e.count);
        break;
    }
}

/* Edits what `base` holds by all that is left of the input. Returns the path of the result, or NULL
 * if it cannot be written: a name is there twice, or is not text. */
static const char *edit_file(gan_context *context, const char *base, fuzz_input *input)
{
    if (fuzz_byte(input) == 0xff) { /* the other bytes are a file as it stands */
        return fuzz_file(input->next, (size_t)(input->end - input->next));
    }
    read_base(context, base);
    for (int i = 0; i < EDITS && input->next < input->end; i++) {
        edit(input, i);
    }
    for (int64_t i = 0; i < e.count; i++) {
        e.tensors[i].name = e.names[i];
        e.tensors[i].data = e.data[i].bytes;
    }
    for (int64_t i = 0; i < e.note_count; i++) {
        e.notes[i].value = e.texts[i];
    }
    const char *path = fuzz_path("edited");
    const int32_t status =
        gan__tensors_write(context, path, e.count, e.tensors, e.note_count, e.notes);
    fuzz_status(context, status);
    return status == GAN_OK ? path : NULL;
}

/* ---- The objects ----------------------------------------------------------------------------- */

enum { NOISE = 2, SIDE = 3, KINDS = 6 };

typedef struct {
    gan_network *g, *d, *average;
    gan_optimizer *optimizers[2];
    gan_dataset *data;
    gan_trainer *trainer;
} game;

static const char *const kinds[KINDS] = {GAN_SGD,     GAN_MOMENTUM, GAN_NESTEROV,
                                         GAN_RMSPROP, GAN_ADAM,     GAN_ADAMW};

static gan_network *make(gan_context *context, const char *name, int64_t inputs, int64_t outputs)
{
    gan_network *network;
    must(gan_network_create(context, name, &network) == GAN_OK);
    int32_t h = gan_network_input(network, "x", 1, &inputs);
    h = gan_network_maxout(network, h, 4, 2);
    h = gan_network_tanh(network, gan_network_dense(network, h, 3));
    must(gan_network_output(network, gan_network_dense(network, h, outputs)) == GAN_OK);
    return network;
}

/* kind: bits that choose optimizers, average, data or none */
static game start(gan_context *context, uint8_t kind)
{
    game m = {.g = make(context, "G", NOISE, SIDE), .d = make(context, "D", SIDE, 1)};
    static const int64_t side[] = {SIDE};
    static const float values[7 * SIDE] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    if (kind % 4 != 3) {
        must(gan_dataset_from_floats(context, 7, 1, side, values, &m.data) == GAN_OK);
    }
    must(gan_trainer_create(m.g, m.d, m.data, &m.trainer) == GAN_OK);
    must(gan_trainer_set_number(m.trainer, GAN_BATCH_SIZE, 3) == GAN_OK);
    for (int i = 0; i < 2; i++) {
        const char *name = kinds[(kind / 8 + i) % KINDS];
        must(gan_optimizer_create(context, name, &m.optimizers[i]) == GAN_OK);
    }
    gan_trainer_set_generator_optimizer(m.trainer, m.optimizers[0]);
    gan_trainer_set_discriminator_optimizer(m.trainer, m.optimizers[1]);
    if (kind / 4 % 2 == 1) {
        must(gan_network_clone(m.g, "average", &m.average) == GAN_OK);
        must(gan_trainer_set_average(m.trainer, m.average) == GAN_OK);
    }
    return m;
}

static int32_t go_on(const game *m, int64_t steps)
{
    static const float x[3 * SIDE] = {1, 0, 2}, z[3 * NOISE] = {0.5f, -1};
    return m->data != NULL ? gan_trainer_run(m->trainer, steps, NULL, NULL)
                           : gan_trainer_step(m->trainer, 3, x, z, z);
}

static void end(game *m)
{
    gan_trainer_free(m->trainer);
    gan_optimizer_free(m->optimizers[0]);
    gan_optimizer_free(m->optimizers[1]);
    gan_dataset_free(m->data);
    gan_network_free(m->average);
    gan_network_free(m->d);
    gan_network_free(m->g);
}

/* ---- A training ------------------------------------------------------------------------------ */

typedef struct {
    size_t size;
    uint8_t bytes[FILE_MAX];
} content;

static void save(const game *m, content *to)
{
    const char *path = fuzz_path("state");
    must(gan_trainer_save(m->trainer, path) == GAN_OK);
    to->size = fuzz_read(path, to->bytes, FILE_MAX);
    must(to->size > 0 && to->size < FILE_MAX);
}

/* Twelve kinds of game have their file; it is made when first asked for. */
static const char *base_of(gan_context *context, uint8_t kind)
{
    static bool there[256];
    char name[16];
    snprintf(name, sizeof name, "base%d", kind);
    const char *path = fuzz_path(name);
    if (!there[kind]) {
        game m = start(context, kind);
        must(go_on(&m, 4) == GAN_OK);
        must(gan_trainer_save(m.trainer, path) == GAN_OK);
        end(&m);
        there[kind] = true;
    }
    return path;
}

/* What can be saved can be loaded. Two things cannot be: numbers that have left the floats' range
 * since the file with such large ones was loaded, and counts that have passed 2^53 since. */
static void check_saving(gan_context *context, const game *m)
{
    const char *path = fuzz_path("state");
    const int32_t saved = gan_trainer_save(m->trainer, path);
    fuzz_status(context, saved);
    must(saved == GAN_OK || saved == GAN_ERROR_NUMERIC);
    if (saved == GAN_OK) {
        const int32_t loaded = gan_trainer_load(m->trainer, path);
        must(loaded == GAN_OK || strstr(gan_context_message(context), "not within 0 to 2^53"));
    }
}

/* Whether the trainer is as it was. */
static bool is_still(const game *m, const content *before)
{
    static content now;
    save(m, &now);
    return now.size == before->size && memcmp(now.bytes, before->bytes, now.size) == 0;
}

static void load_training(const uint8_t *bytes, size_t size)
{
    static content before, after;
    fuzz_input input = {bytes, bytes + size};
    fuzz_heap heap = {0};
    gan_context *context = fuzz_context(&heap);
    const uint8_t kind = fuzz_byte(&input) % 48;
    const char *path = edit_file(context, base_of(context, kind), &input);
    game m = start(context, kind);
    must(go_on(&m, 1) == GAN_OK);
    save(&m, &before);
    if (path != NULL) {
        static uint8_t copied[FILE_MAX];
        const size_t file_size = fuzz_read(path, copied, FILE_MAX);
        const int64_t held = heap.bytes;
        heap.peak = held;
        const int32_t status = gan_trainer_load(m.trainer, path);
        must(heap.peak - held <= FUZZ_HEADER * (int64_t)file_size + 2 * FUZZ_OBJECTS);
        fuzz_status(context, status);
        if (status != GAN_OK) {
            must(is_still(&m, &before));
        } else {
            save(&m, &after);
            must(gan_trainer_load(m.trainer, fuzz_path("state")) == GAN_OK);
            must(is_still(&m, &after));
        }
        const int32_t then = go_on(&m, 3);
        fuzz_status(context, then);
        must(then == GAN_OK || then == GAN_ERROR_NUMERIC);
        check_saving(context, &m);
    }
    end(&m);
    fuzz_end(context, &heap);
}

static void seed_training(void)
{
    for (uint8_t kind = 0; kind < 48; kind = (uint8_t)(kind + 5)) {
        const uint8_t edits[] = {kind, 0, 8, (uint8_t)(kind * 3), 1, 9, 2, 3, 0, 40, 7, 4, 5};
        fuzz_seed(edits, kind % 2 == 0 ? 1 : sizeof edits);
    }
    for (uint8_t what = 0; what < 11; what++) {
        const uint8_t edits[] = {13, 0, what, 20, 3, 1, 200, 1, what, 1, 2, 3, 4, 5, 6, 7, 8, 9};
        fuzz_seed(edits, sizeof edits);
    }
    fuzz_heap heap = {0};
    gan_context *context = fuzz_context(&heap);
    uint8_t file[FILE_MAX] = {6, 0xff};
    const size_t size = fuzz_read(base_of(context, 6), file + 2, FILE_MAX - 2);
    fuzz_seed(file, size + 2);
    fuzz_end(context, &heap);
}

const fuzz_target fuzz_trainer = {"trainer", load_training, seed_training};

/* ---- The parameters of a network ------------------------------------------------------------- */

/* All parameters are finite. */
static void check_finite(gan_network *network)
{
    float values[512];
    for (int32_t i = 0; i < gan_network_parameter_count(network); i++) {
        int64_t dims[GAN_RANK_MAX], count = 1;
        int32_t rank;
        const char *name = gan_network_parameter_name(network, i);
        must(gan_network_parameter_shape(network, name, &rank, dims, GAN_RANK_MAX) == GAN_OK);
        for (int32_t j = 0; j < rank; j++) {
            count *= dims[j];
        }
        must(gan_network_get_parameter(network, name, values, 512) == GAN_OK);
        for (int64_t j = 0; j < count; j++) {
            must(isfinite(values[j]));
        }
    }
}

static void load_network(const uint8_t *bytes, size_t size)
{
    static uint8_t before[FILE_MAX], after[FILE_MAX];
    static bool there;
    fuzz_input input = {bytes, bytes + size};
    fuzz_heap heap = {0};
    gan_context *context = fuzz_context(&heap);
    gan_network *network = make(context, "N", NOISE, SIDE);
    const char *base = fuzz_path("network"), *out = fuzz_path("network-out");
    must(gan_network_initialize(network, 3) == GAN_OK);
    must(there || gan_network_save(network, base) == GAN_OK);
    there = true;
    const char *path = edit_file(context, base, &input);
    must(gan_network_initialize(network, 4) == GAN_OK);
    must(gan_network_save(network, out) == GAN_OK);
    const size_t had = fuzz_read(out, before, FILE_MAX);
    if (path != NULL) {
        const int64_t held = heap.bytes;
        heap.peak = held;
        const int32_t status = gan_network_load(network, path);
        const size_t file_size = fuzz_read(path, after, FILE_MAX);
        must(heap.peak - held <= FUZZ_HEADER * (int64_t)file_size + FUZZ_OBJECTS);
        fuzz_status(context, status);
        must(gan_network_save(network, out) == GAN_OK);
        const size_t has = fuzz_read(out, after, FILE_MAX);
        must(status == GAN_OK || (has == had && memcmp(before, after, had) == 0));
        check_finite(network);
        must(gan_network_load(network, out) == GAN_OK);
        float y[SIDE];
        must(gan_network_sample(network, 1, 1, y, SIDE) == GAN_OK);
    }
    gan_network_free(network);
    fuzz_end(context, &heap);
}

static void seed_network(void)
{
    for (uint8_t what = 0; what < 11; what++) {
        const uint8_t edits[] = {0, what, what, 3, 1, 200, 1, 7, 1, 1, 9, 1, 4, 5, 6, 7, 8, 9};
        fuzz_seed(edits, sizeof edits);
    }
    fuzz_seed("", 1);
    uint8_t file[FILE_MAX] = {0xff};
    load_network(file, 0);
    const size_t size = fuzz_read(fuzz_path("network"), file + 1, FILE_MAX - 1);
    fuzz_seed(file, size + 1);
}

const fuzz_target fuzz_network = {"network", load_network, seed_network};
