/* The state of a training in a file: everything the next step depends on. */
#include "nn/describe.h"
#include "nn/save.h"
#include "train/trainer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The counters of a training, as tensors of one number each. */
enum {
    COUNTER_STEPS,
    COUNTER_SAMPLES,
    COUNTER_EPOCH,
    COUNTER_POSITION,
    COUNTER_G_UPDATES,
    COUNTER_D_UPDATES,
    COUNTER_AVERAGE_UPDATES,
    COUNTER_COUNT
};

static const char *const counter_names[COUNTER_COUNT] = {
    [COUNTER_STEPS] = "steps",
    [COUNTER_SAMPLES] = "samples",
    [COUNTER_EPOCH] = "epoch",
    [COUNTER_POSITION] = "position",
    [COUNTER_G_UPDATES] = "generator_optimizer.updates",
    [COUNTER_D_UPDATES] = "discriminator_optimizer.updates",
    [COUNTER_AVERAGE_UPDATES] = "average.updates",
};

/* The optimizers' numbers, as tensors [states, elements]. */
static const char *const state_names[] = {"generator_optimizer.state",
                                          "discriminator_optimizer.state"};

enum {
    NAME_BYTES = sizeof(((gan__parameter *)0)->name) + 16,
    VALUE_BYTES = 24,
    NOTE_COUNT = GAN__TRAIN_LAST_FIXED + 1 + 8 + GAN__TRAINER_NOTES
};

/* ---- What both directions speak of --------------------------------------------------------- */

/* The networks whose parameters are in the file; the average last, for it may be missing. */
typedef struct {
    const char *prefix;
    gan_network *network;
} part;

enum { PART_G, PART_D, PART_AVERAGE, PART_COUNT };

static int32_t list_parts(const gan_trainer *trainer, part parts[PART_COUNT])
{
    parts[PART_G] = (part){GAN__PREFIX_GENERATOR, trainer->g.network};
    parts[PART_D] = (part){GAN__PREFIX_DISCRIMINATOR, trainer->d.network};
    parts[PART_AVERAGE] = (part){GAN__PREFIX_AVERAGE, trainer->average.network};
    return trainer->average.network != NULL ? PART_COUNT : PART_AVERAGE;
}

static const gan_optimizer *optimizer_of(const gan_trainer *trainer, int32_t index)
{
    return index == PART_G ? trainer->g.optimizer : trainer->d.optimizer;
}

static int64_t state_elements(const gan_trainer *trainer, int32_t index)
{
    const gan_optimizer *optimizer = optimizer_of(trainer, index);
    return optimizer->rule->states * optimizer->elements;
}

/* The settings that must agree, as text. */
typedef struct {
    gan__tensor_note notes[NOTE_COUNT];
    char values[GAN__TRAIN_LAST_FIXED + 2][VALUE_BYTES];
    int32_t count;
} settings;

static void add_note(settings *s, const char *key, const char *value)
{
    s->notes[s->count++] = (gan__tensor_note){key, value};
}

static void describe(const gan_trainer *trainer, settings *s)
{
    s->count = 0;
    for (int32_t i = 0; i <= GAN__TRAIN_LAST_FIXED; i++) {
        const char *name, *const *choices;
        gan_trainer_describe_option(i, &name, &choices, NULL, NULL, NULL);
        const int64_t value = (int64_t)trainer->options[i]; /* they are whole numbers */
        snprintf(s->values[i], VALUE_BYTES, "%" PRId64, value);
        add_note(s, name, choices != NULL ? choices[value] : s->values[i]);
    }
    char *count = s->values[GAN__TRAIN_LAST_FIXED + 1];
    snprintf(count, VALUE_BYTES, "%" PRId64, gan_dataset_count(trainer->data));
    add_note(s, "data_count", count);
    add_note(s, "generator_optimizer", trainer->g.optimizer->rule->name);
    add_note(s, "discriminator_optimizer", trainer->d.optimizer->rule->name);
    add_note(s, "average", trainer->average.network != NULL ? "yes" : "no");
}

/* ---- Saving -------------------------------------------------------------------------------- */

/* The tensors of a file as they are listed. */
typedef struct {
    gan__tensor *tensors;
    char (*names)[NAME_BYTES];
    int64_t count;
    int64_t counters[COUNTER_COUNT];
} list;

static void add_parts(const gan_trainer *trainer, list *l)
{
    part parts[PART_COUNT];
    const int32_t count = list_parts(trainer, parts);
    for (int32_t i = 0; i < count; i++) {
        const gan_network *network = parts[i].network;
        for (int32_t j = 0; j < network->parameter_count; j++) {
            const gan__parameter *parameter = &network->parameters[j];
            char *name = l->names[l->count];
            snprintf(name, NAME_BYTES, "%s%s", parts[i].prefix, parameter->name);
            l->tensors[l->count++] = gan__parameter_tensor(parameter, name, network->values);
        }
    }
}

static void add_numbers(const gan_trainer *trainer, list *l)
{
    for (int32_t i = PART_G; i <= PART_D; i++) {
        const gan_optimizer *o = optimizer_of(trainer, i);
        if (o->rule->states > 0 && o->elements > 0) {
            l->tensors[l->count++] = (gan__tensor){.name = state_names[i],
                                                   .type = GAN__TENSOR_REAL,
                                                   .rank = 2,
                                                   .dims = {o->rule->states, o->elements},
                                                   .data = o->state};
        }
    }
    for (int32_t i = 0; i < COUNTER_COUNT; i++) {
        l->tensors[l->count++] = (gan__tensor){
            .name = counter_names[i], .type = GAN__TENSOR_I64, .data = &l->counters[i]};
    }
    for (int32_t i = 0; i < GAN__METRIC_COUNT; i++) {
        char *name = l->names[l->count];
        snprintf(name, NAME_BYTES, "metric.%s", gan_trainer_metric_name(i));
        l->tensors[l->count++] =
            (gan__tensor){.name = name, .type = GAN__TENSOR_F64, .data = &trainer->metrics[i]};
    }
}

static void count_up(const gan_trainer *trainer, int64_t *counters)
{
    counters[COUNTER_STEPS] = trainer->steps;
    counters[COUNTER_SAMPLES] = trainer->samples;
    if (trainer->cursor != NULL) {
        gan__cursor_tell(trainer->cursor, &counters[COUNTER_EPOCH], &counters[COUNTER_POSITION]);
    }
    counters[COUNTER_G_UPDATES] = trainer->g.optimizer->updates;
    counters[COUNTER_D_UPDATES] = trainer->d.optimizer->updates;
    counters[COUNTER_AVERAGE_UPDATES] = trainer->average.updates;
}

/* Writes the file; all parameters are drawn. more: notes of the caller, or NULL */
static int32_t write_training(const gan_trainer *trainer, const char *path,
                              const gan__tensor_note *more)
{
    gan_context *context = trainer->context;
    const int64_t most = 2 * (int64_t)trainer->g.network->parameter_count +
                         trainer->d.network->parameter_count + 2 + COUNTER_COUNT +
                         GAN__METRIC_COUNT;
    list l = {.tensors = gan__allocate(context, most, sizeof *l.tensors),
              .names = gan__allocate(context, most, sizeof *l.names)};
    char *g = NULL, *d = NULL;
    int32_t status = GAN_ERROR_MEMORY;
    if (l.tensors != NULL && l.names != NULL) {
        status = gan__network_describe(trainer->g.network, &g);
    }
    if (status == GAN_OK) {
        status = gan__network_describe(trainer->d.network, &d);
    }
    if (status == GAN_OK) {
        settings s;
        describe(trainer, &s);
        add_note(&s, "format", GAN__FORMAT_TRAINING);
        add_note(&s, "version", "1");
        add_note(&s, GAN__NOTE_GENERATOR, g);
        add_note(&s, GAN__NOTE_DISCRIMINATOR, d);
        for (int32_t i = 0; more != NULL && i < GAN__TRAINER_NOTES; i++) {
            add_note(&s, more[i].key, more[i].value);
        }
        count_up(trainer, l.counters);
        add_parts(trainer, &l);
        add_numbers(trainer, &l);
        status = gan__check_saved(context, l.count, l.tensors);
        if (status == GAN_OK) {
            status = gan__tensors_write(context, path, l.count, l.tensors, s.count, s.notes);
        }
    }
    gan__release(context, d);
    gan__release(context, g);
    gan__release(context, l.names);
    gan__release(context, l.tensors);
    return status;
}

int32_t gan__trainer_save(gan_trainer *trainer, const char *path, const gan__tensor_note *more)
{
    if (trainer->stepping) {
        return gan__fail(trainer->context, GAN_ERROR_STATE,
                         "trainer: save: called within a step, from a callback of the data");
    }
    const gan__drawn before = gan__trainer_drawn(trainer);
    GAN__TRY(gan__trainer_players(trainer));
    GAN__TRY(gan__trainer_draw(trainer));
    const int32_t status = write_training(trainer, path, more);
    if (status != GAN_OK) {
        gan__trainer_undraw(trainer, before);
    }
    return status;
}

int32_t gan_trainer_save(gan_trainer *trainer, const char *path)
{
    return trainer != NULL ? gan__trainer_save(trainer, path, NULL) : GAN_ERROR_ARGUMENT;
}

/* ---- Loading ------------------------------------------------------------------------------- */

/* What was read, before it takes effect. */
typedef struct {
    real *values[PART_COUNT];
    real *states[2];
    int64_t counters[COUNTER_COUNT];
    double metrics[GAN__METRIC_COUNT];
} staged;

static int32_t check_settings(const gan_trainer *trainer, const gan__tensors *file)
{
    settings s;
    describe(trainer, &s);
    for (int32_t i = 0; i < s.count; i++) {
        const char *found = gan__tensors_note(file, s.notes[i].key);
        if (found == NULL || strcmp(found, s.notes[i].value) != 0) {
            return gan__fail(trainer->context, GAN_ERROR_STATE,
                             "trainer: load: %s is %s, in the file %.64s", s.notes[i].key,
                             s.notes[i].value, found != NULL ? found : "missing");
        }
    }
    return GAN_OK;
}

/* Reads a tensor of this type and size. */
static int32_t read_numbers(const gan_trainer *trainer, gan__tensors *file, const char *name,
                            gan__tensor_type type, int32_t rank, const int64_t *dims, void *out)
{
    const gan__tensor *tensor = gan__tensors_find(file, name);
    if (tensor == NULL) {
        return gan__fail(trainer->context, GAN_ERROR_KEY, "trainer: load: the file has no \"%s\"",
                         name);
    }
    bool fits = tensor->type == type && tensor->rank == rank;
    for (int32_t i = 0; fits && i < rank; i++) {
        fits = tensor->dims[i] == dims[i];
    }
    return fits ? gan__tensors_read(file, tensor, out)
                : gan__fail(trainer->context, GAN_ERROR_SHAPE,
                            "trainer: load: %s has another type or shape than here", name);
}

static int32_t read_states(const gan_trainer *trainer, gan__tensors *file, staged *s)
{
    for (int32_t i = PART_G; i <= PART_D; i++) {
        const gan_optimizer *o = optimizer_of(trainer, i);
        const int64_t elements = state_elements(trainer, i);
        const int64_t dims[] = {o->rule->states, o->elements};
        if (elements == 0) {
            continue;
        }
        s->states[i] = gan__allocate(trainer->context, elements, sizeof(real));
        if (s->states[i] == NULL) {
            return GAN_ERROR_MEMORY;
        }
        GAN__TRY(
            read_numbers(trainer, file, state_names[i], GAN__TENSOR_REAL, 2, dims, s->states[i]));
        for (int64_t j = 0; j < elements; j++) {
            if (!isfinite(s->states[i][j])) {
                return gan__fail(trainer->context, GAN_ERROR_NUMERIC,
                                 "trainer: load: element %lld of %s is not finite", (long long)j,
                                 state_names[i]);
            }
        }
    }
    return GAN_OK;
}

/* Each step shows D samples, and makes at most one update of the average. */
static int32_t check_counters(const gan_trainer *trainer, const int64_t *counters)
{
    const int64_t steps = counters[COUNTER_STEPS], samples = counters[COUNTER_SAMPLES];
    const bool possible =
        samples >= steps && (samples == 0 || steps > 0) && counters[COUNTER_EPOCH] <= samples &&
        counters[COUNTER_POSITION] <= samples && counters[COUNTER_AVERAGE_UPDATES] <= steps;
    return possible
               ? GAN_OK
               : gan__fail(trainer->context, GAN_ERROR_FORMAT,
                           "trainer: load: %lld steps, %lld samples, epoch %lld, position "
                           "%lld, %lld updates of the average: impossible",
                           (long long)steps, (long long)samples, (long long)counters[COUNTER_EPOCH],
                           (long long)counters[COUNTER_POSITION],
                           (long long)counters[COUNTER_AVERAGE_UPDATES]);
}

static int32_t read_counters(const gan_trainer *trainer, gan__tensors *file, staged *s)
{
    for (int32_t i = 0; i < COUNTER_COUNT; i++) {
        GAN__TRY(read_numbers(trainer, file, counter_names[i], GAN__TENSOR_I64, 0, NULL,
                              &s->counters[i]));
        if (s->counters[i] < 0 || s->counters[i] > (INT64_C(1) << 53)) {
            return gan__fail(trainer->context, GAN_ERROR_FORMAT,
                             "trainer: load: %s is %lld, not within 0 to 2^53", counter_names[i],
                             (long long)s->counters[i]);
        }
    }
    GAN__TRY(check_counters(trainer, s->counters));
    if (trainer->data == NULL &&
        (s->counters[COUNTER_EPOCH] | s->counters[COUNTER_POSITION]) != 0) {
        return gan__fail(trainer->context, GAN_ERROR_STATE,
                         "trainer: load: the file has a place in data, the trainer no data");
    }
    for (int32_t i = 0; i < GAN__METRIC_COUNT; i++) {
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "metric.%s", gan_trainer_metric_name(i));
        GAN__TRY(read_numbers(trainer, file, name, GAN__TENSOR_F64, 0, NULL, &s->metrics[i]));
    }
    return GAN_OK;
}

static int32_t read_all(const gan_trainer *trainer, gan__tensors *file, staged *s)
{
    GAN__TRY(gan__check_format(trainer->context, file, GAN__FORMAT_TRAINING));
    GAN__TRY(check_settings(trainer, file));
    part parts[PART_COUNT];
    const int32_t count = list_parts(trainer, parts);
    for (int32_t i = 0; i < count; i++) {
        s->values[i] = gan__allocate(trainer->context, parts[i].network->elements, sizeof(real));
        if (s->values[i] == NULL) {
            return GAN_ERROR_MEMORY;
        }
        GAN__TRY(gan__network_read(parts[i].network, file, parts[i].prefix, s->values[i]));
    }
    GAN__TRY(read_states(trainer, file, s));
    return read_counters(trainer, file, s);
}

/* Checks the place in the data, and makes the cursor that commit will move there. At the very
 * start none is needed: the trainer may not draw from its data at all. */
static int32_t check_place(gan_trainer *trainer, const staged *s)
{
    const int64_t epoch = s->counters[COUNTER_EPOCH], position = s->counters[COUNTER_POSITION];
    if (trainer->cursor == NULL && epoch == 0 && position == 0) {
        return GAN_OK;
    }
    GAN__TRY(gan__trainer_cursor(trainer));
    int64_t epoch_now, position_now;
    gan__cursor_tell(trainer->cursor, &epoch_now, &position_now);
    const int32_t status = gan__cursor_seek(trainer->cursor, epoch, position);
    gan__cursor_seek(trainer->cursor, epoch_now, position_now);
    return status == GAN_OK ? GAN_OK
                            : gan__fail(trainer->context, GAN_ERROR_FORMAT,
                                        "trainer: load: epoch %lld, position %lld is not the start "
                                        "of a batch of the data",
                                        (long long)epoch, (long long)position);
}

/* Lets what was read take effect. */
static void commit(gan_trainer *trainer, const staged *s)
{
    if (trainer->cursor != NULL) {
        gan__cursor_seek(trainer->cursor, s->counters[COUNTER_EPOCH],
                         s->counters[COUNTER_POSITION]);
    }
    part parts[PART_COUNT];
    const int32_t count = list_parts(trainer, parts);
    for (int32_t i = 0; i < count; i++) {
        memcpy(parts[i].network->values, s->values[i],
               (size_t)parts[i].network->elements * sizeof(real));
    }
    gan_optimizer *optimizers[] = {trainer->g.optimizer, trainer->d.optimizer};
    for (int32_t i = PART_G; i <= PART_D; i++) {
        if (s->states[i] != NULL) {
            memcpy(optimizers[i]->state, s->states[i],
                   (size_t)state_elements(trainer, i) * sizeof(real));
        }
        optimizers[i]->updates = s->counters[COUNTER_G_UPDATES + i];
    }
    trainer->average.updates = s->counters[COUNTER_AVERAGE_UPDATES];
    trainer->steps = s->counters[COUNTER_STEPS];
    trainer->samples = s->counters[COUNTER_SAMPLES];
    trainer->started = trainer->started || trainer->steps > 0;
    memcpy(trainer->metrics, s->metrics, sizeof s->metrics);
}

int32_t gan_trainer_load(gan_trainer *trainer, const char *path)
{
    if (trainer == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    gan_context *context = trainer->context;
    if (trainer->busy) {
        return gan__fail(context, GAN_ERROR_STATE,
                         "trainer: load: called from a callback of a run");
    }
    gan__tensors *file;
    GAN__TRY(gan__tensors_open(context, path, &file));
    staged s = {0};
    int32_t status = gan__trainer_players(trainer);
    if (status == GAN_OK) {
        status = read_all(trainer, file, &s);
    }
    gan__tensors_close(file);
    if (status == GAN_OK) {
        status = check_place(trainer, &s);
    }
    if (status == GAN_OK) {
        status = gan__trainer_draw(trainer);
    }
    if (status == GAN_OK) {
        commit(trainer, &s);
    }
    for (int32_t i = 0; i < PART_COUNT; i++) {
        gan__release(context, s.values[i]);
    }
    gan__release(context, s.states[PART_G]);
    gan__release(context, s.states[PART_D]);
    return status;
}
