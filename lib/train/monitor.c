/* The monitor as an object: its life, options and values, and the run that it watches. */
#include "train/monitor.h"

#include <math.h>
#include <string.h>

static const char *const generators[] = {GAN_MONITOR_RAW, GAN_MONITOR_AVERAGE, NULL};

#define PARTIAL(value) [GAN__WATCH_PARTIAL + 2 * (value)]
#define COLLAPSED(value) [GAN__WATCH_COLLAPSED + 2 * (value)]

static const gan__option options[GAN__WATCH_OPTIONS] = {
    [GAN__WATCH_SAMPLES] = {GAN_MONITOR_SAMPLES, NULL, 512, 32, 2048, true,
                            "samples of each kind in a measurement"},
    [GAN__WATCH_BINS] = {GAN_MONITOR_BINS, NULL, 32, 1, 256, true,
                         "into which real samples are divided, at most"},
    [GAN__WATCH_SEED] = {GAN_SEED, NULL, 0, 0, 9007199254740992.0, true,
                         "of noise, choice of real samples and bins"},
    [GAN__WATCH_INTERVAL] = {GAN_MONITOR_INTERVAL, NULL, 100, 1, 1e9, true,
                             "steps between the measurements of a run"},
    [GAN__WATCH_PATIENCE] = {GAN_MONITOR_PATIENCE, NULL, 3, 1, 100, true,
                             "measurements in a row that a verdict needs"},
    [GAN__WATCH_GRACE] = {GAN_MONITOR_GRACE, NULL, 2000, 0, 9007199254740992.0, true,
                          "steps before there is a verdict, unless a measurement was healthy"},
    [GAN__WATCH_KEEP] = {GAN_MONITOR_KEEP, NULL, 1, 0, 1, true,
                         "1: a run keeps parameters after healthy measurements"},
    [GAN__WATCH_GENERATOR] = {GAN_MONITOR_GENERATOR, generators, GAN__RAW, 0, GAN__AVERAGE, true,
                              "whose samples are measured"},
    PARTIAL(GAN__MONITOR_DISTANCE_RATIO) = {GAN_MONITOR_PARTIAL_DISTANCE_RATIO, NULL, 0.4, 0, 1,
                                            false, "partial below it"},
    COLLAPSED(GAN__MONITOR_DISTANCE_RATIO) = {GAN_MONITOR_COLLAPSED_DISTANCE_RATIO, NULL, 0.1, 0, 1,
                                              false, "collapsed below it"},
    PARTIAL(GAN__MONITOR_SUPPORT_RATIO) = {GAN_MONITOR_PARTIAL_SUPPORT_RATIO, NULL, 0.1, 0, 1,
                                           false, "partial below it"},
    COLLAPSED(GAN__MONITOR_SUPPORT_RATIO) = {GAN_MONITOR_COLLAPSED_SUPPORT_RATIO, NULL, 0.003, 0, 1,
                                             false, "collapsed below it"},
    PARTIAL(GAN__MONITOR_DUPLICATES) = {GAN_MONITOR_PARTIAL_DUPLICATES, NULL, 0.2, 0, 1, false,
                                        "partial above it"},
    COLLAPSED(GAN__MONITOR_DUPLICATES) = {GAN_MONITOR_COLLAPSED_DUPLICATES, NULL, 0.9, 0, 1, false,
                                          "collapsed above it"},
    PARTIAL(GAN__MONITOR_MISSING) = {GAN_MONITOR_PARTIAL_MISSING, NULL, 0.2, 0, 1, false,
                                     "partial above it"},
    COLLAPSED(GAN__MONITOR_MISSING) = {GAN_MONITOR_COLLAPSED_MISSING, NULL, 0.8, 0, 1, false,
                                       "collapsed above it"},
    PARTIAL(GAN__MONITOR_FLAT_LATENTS) = {GAN_MONITOR_PARTIAL_FLAT_LATENTS, NULL, 0.2, 0, 1, false,
                                          "partial above it"},
    COLLAPSED(GAN__MONITOR_FLAT_LATENTS) = {GAN_MONITOR_COLLAPSED_FLAT_LATENTS, NULL, 0.9, 0, 1,
                                            false, "collapsed above it"},
};

const gan__option_table gan__monitor_options = {"monitor", options, GAN__WATCH_OPTIONS};

static const char *const value_names[GAN__MONITOR_VALUES] = {
    [GAN__MONITOR_DISTANCE_RATIO] = GAN_MONITOR_DISTANCE_RATIO,
    [GAN__MONITOR_SUPPORT_RATIO] = GAN_MONITOR_SUPPORT_RATIO,
    [GAN__MONITOR_DUPLICATES] = GAN_MONITOR_DUPLICATES,
    [GAN__MONITOR_MISSING] = GAN_MONITOR_MISSING,
    [GAN__MONITOR_FLAT_LATENTS] = GAN_MONITOR_FLAT_LATENTS,
    [GAN__MONITOR_NEAR_RATIO] = GAN_MONITOR_NEAR_RATIO,
    [GAN__MONITOR_NEAREST_RATIO] = GAN_MONITOR_NEAREST_RATIO,
    [GAN__MONITOR_SUPPORT] = GAN_MONITOR_SUPPORT,
    [GAN__MONITOR_IMBALANCE] = GAN_MONITOR_IMBALANCE,
    [GAN__MONITOR_LATENT_SENSITIVITY] = GAN_MONITOR_LATENT_SENSITIVITY,
    [GAN__MONITOR_D_REAL] = GAN_MONITOR_D_REAL,
    [GAN__MONITOR_D_FAKE] = GAN_MONITOR_D_FAKE,
    [GAN__MONITOR_D_HELD_OUT] = GAN_MONITOR_D_HELD_OUT,
    [GAN__MONITOR_D_GAP] = GAN_MONITOR_D_GAP,
    [GAN__MONITOR_D_RANKING] = GAN_MONITOR_D_RANKING,
    [GAN__MONITOR_D_MEMORY] = GAN_MONITOR_D_MEMORY,
    [GAN__MONITOR_D_GRADIENT] = GAN_MONITOR_D_GRADIENT,
    [GAN__MONITOR_G_GRADIENT] = GAN_MONITOR_G_GRADIENT,
    [GAN__MONITOR_STEP] = GAN_MONITOR_STEP,
    [GAN__MONITOR_KEPT_STEP] = GAN_MONITOR_KEPT_STEP,
    [GAN__MONITOR_ROLL_BACKS] = GAN_MONITOR_ROLL_BACKS,
};

/* ---- Life ---------------------------------------------------------------------------------- */

int32_t gan_monitor_create(gan_trainer *trainer, gan_monitor **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (trainer == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    gan_context *context = trainer->context;
    if (out == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "monitor_create: out is NULL");
    }
    if (trainer->data == NULL || gan_dataset_count(trainer->data) < 2) {
        return gan__fail(context, GAN_ERROR_STATE, "monitor_create: the trainer has %s",
                         trainer->data == NULL ? "no data" : "one sample only");
    }
    GAN__TRY(gan__trainer_check_source(trainer, "monitor_create"));
    gan_monitor *monitor = gan__allocate(context, 1, sizeof *monitor);
    if (monitor == NULL) {
        return GAN_ERROR_MEMORY;
    }
    monitor->context = gan__context_retain(context);
    monitor->trainer = gan__trainer_retain(trainer);
    monitor->rolled_back = -1;
    gan__options_reset(&gan__monitor_options, monitor->options);
    for (int32_t i = 0; i < GAN__MONITOR_ROLL_BACKS; i++) {
        monitor->values[i] = NAN;
    }
    *out = monitor;
    return GAN_OK;
}

void gan_monitor_free(gan_monitor *monitor)
{
    if (monitor == NULL) {
        return;
    }
    gan_context *context = monitor->context;
    gan__monitor_forget(monitor);
    gan__monitor_discard(monitor);
    gan_dataset_free(monitor->rows);
    gan_dataset_free(monitor->held_out);
    gan_trainer_free(monitor->trainer);
    gan__release(context, monitor);
    gan__context_release(context);
}

int32_t gan__monitor_check_idle(const gan_monitor *monitor, const char *call)
{
    return monitor->reading || monitor->trainer->stepping
               ? gan__fail(monitor->context, GAN_ERROR_STATE,
                           "monitor: %s: called from a callback of the data", call)
               : GAN_OK;
}

/* ---- Held-out samples ---------------------------------------------------------------------- */

static int32_t check_held_out(const gan_monitor *monitor, const gan_dataset *held_out,
                              const gan_dataset *conditions)
{
    gan_context *context = monitor->context;
    const gan_network *d = monitor->trainer->d.network;
    const bool wanted = held_out != NULL && d->conditions > 0;
    if ((conditions != NULL) != wanted) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "monitor: set_held_out: conditions %s",
                         wanted ? "is NULL, D has some" : "given, there is no use for them");
    }
    if ((held_out != NULL && held_out->context != context) ||
        (conditions != NULL && conditions->context != context)) {
        return gan__fail(context, GAN_ERROR_ARGUMENT,
                         "monitor: set_held_out: data of another context");
    }
    const int64_t elements = gan_network_input_elements(d);
    if (held_out != NULL && gan_dataset_elements(held_out) != elements) {
        return gan__fail(context, GAN_ERROR_SHAPE,
                         "monitor: set_held_out: samples have %lld elements, %s reads %lld",
                         (long long)gan_dataset_elements(held_out), d->name, (long long)elements);
    }
    if (conditions != NULL && (gan_dataset_elements(conditions) != d->conditions ||
                               gan_dataset_count(conditions) != gan_dataset_count(held_out))) {
        return gan__fail(context, GAN_ERROR_SHAPE,
                         "monitor: set_held_out: %lld conditions of %lld elements, for %lld "
                         "samples and %lld elements",
                         (long long)gan_dataset_count(conditions),
                         (long long)gan_dataset_elements(conditions),
                         (long long)gan_dataset_count(held_out), (long long)d->conditions);
    }
    return GAN_OK;
}

int32_t gan_monitor_set_held_out(gan_monitor *monitor, gan_dataset *held_out,
                                 gan_dataset *conditions)
{
    if (monitor == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__monitor_check_idle(monitor, "set_held_out"));
    GAN__TRY(check_held_out(monitor, held_out, conditions));
    gan_dataset *const new_held_out = held_out != NULL ? gan__dataset_retain(held_out) : NULL;
    gan_dataset *const new_rows = conditions != NULL ? gan__dataset_retain(conditions) : NULL;
    gan_dataset_free(monitor->held_out);
    gan_dataset_free(monitor->rows);
    monitor->held_out = new_held_out;
    monitor->rows = new_rows;
    gan__monitor_forget(monitor);
    return GAN_OK;
}

/* ---- Options ------------------------------------------------------------------------------- */

/* Gives up what was made for other options. */
static void refresh(gan_monitor *monitor, const double *before)
{
    for (int32_t i = GAN__WATCH_SAMPLES; i <= GAN__WATCH_SEED; i++) {
        if (monitor->options[i] != before[i]) {
            gan__monitor_forget(monitor);
        }
    }
}

int32_t gan_monitor_set_number(gan_monitor *monitor, const char *key, double value)
{
    if (monitor == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__monitor_check_idle(monitor, "set_number"));
    double before[GAN__WATCH_OPTIONS];
    memcpy(before, monitor->options, sizeof before);
    GAN__TRY(gan__option_set_number(monitor->context, &gan__monitor_options, monitor->options, key,
                                    value));
    refresh(monitor, before);
    return GAN_OK;
}

int32_t gan_monitor_set_text(gan_monitor *monitor, const char *key, const char *value)
{
    if (monitor == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__monitor_check_idle(monitor, "set_text"));
    return gan__option_set_text(monitor->context, &gan__monitor_options, monitor->options, key,
                                value);
}

int32_t gan_monitor_get_number(const gan_monitor *monitor, const char *key, double *value)
{
    return monitor == NULL ? GAN_ERROR_ARGUMENT
                           : gan__option_get_number(monitor->context, &gan__monitor_options,
                                                    monitor->options, key, value);
}

int32_t gan_monitor_get_text(const gan_monitor *monitor, const char *key, const char **value)
{
    return monitor == NULL ? GAN_ERROR_ARGUMENT
                           : gan__option_get_text(monitor->context, &gan__monitor_options,
                                                  monitor->options, key, value);
}

int32_t gan_monitor_describe_option(int32_t index, const char **name, const char *const **choices,
                                    double *minimum, double *maximum, const char **help)
{
    return gan__option_describe(&gan__monitor_options, index, name, choices, minimum, maximum,
                                help);
}

/* ---- Measuring ----------------------------------------------------------------------------- */

int32_t gan_monitor_measure(gan_monitor *monitor)
{
    if (monitor == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__monitor_check_idle(monitor, "measure"));
    gan_trainer *trainer = monitor->trainer;
    const gan__drawn before = gan__trainer_drawn(trainer);
    double values[GAN__MONITOR_MEASURED];
    int32_t status = gan__trainer_draw(trainer);
    if (status == GAN_OK) {
        status = gan__monitor_gauge(monitor, values);
    }
    if (status != GAN_OK) {
        gan__trainer_undraw(trainer, before);
        return status;
    }
    memcpy(monitor->values, values, sizeof values);
    gan__monitor_judge(monitor);
    return GAN_OK;
}

int32_t gan_monitor_value(const gan_monitor *monitor, const char *name, double *value)
{
    if (monitor == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (name == NULL || value == NULL) {
        return gan__fail(monitor->context, GAN_ERROR_ARGUMENT, "monitor: value: %s is NULL",
                         name == NULL ? "name" : "value");
    }
    for (int32_t i = 0; i < GAN__MONITOR_VALUES; i++) {
        if (strcmp(name, value_names[i]) == 0) {
            *value = monitor->values[i];
            return GAN_OK;
        }
    }
    return gan__fail(monitor->context, GAN_ERROR_KEY, "monitor: no value \"%.64s\"", name);
}

const char *gan_monitor_value_name(int32_t index)
{
    return index >= 0 && index < GAN__MONITOR_VALUES ? value_names[index] : NULL;
}

int32_t gan_monitor_verdict(const gan_monitor *monitor, int32_t *verdict)
{
    if (monitor == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (verdict == NULL) {
        return gan__fail(monitor->context, GAN_ERROR_ARGUMENT, "monitor: verdict is NULL");
    }
    *verdict = monitor->verdict;
    return GAN_OK;
}

const char *gan_monitor_reason(const gan_monitor *monitor)
{
    return monitor != NULL ? monitor->reason : NULL;
}

/* ---- A run that is watched ----------------------------------------------------------------- */

typedef struct {
    gan_monitor *monitor;
    gan_step_fn on_step;
    gan_verdict_fn on_verdict;
    void *user;
} watch;

/* Asks what to do, and does it. */
static int32_t act(const watch *w, bool failed)
{
    gan_monitor *monitor = w->monitor;
    const int64_t step = monitor->trainer->steps;
    char message[GAN__MESSAGE_BYTES]; /* of the failure: the callback may leave one of its own */
    memcpy(message, monitor->context->message, sizeof message);
    const int32_t answer =
        w->on_verdict != NULL ? w->on_verdict(w->user, monitor, monitor->verdict) : 0;
    if (answer == GAN_MONITOR_ROLL_BACK) {
        return gan_monitor_roll_back(monitor);
    }
    if (answer != GAN_MONITOR_GO_ON && answer != GAN_MONITOR_STOP) {
        return gan__fail(monitor->context, GAN_ERROR_ARGUMENT,
                         "monitor: the callback asked for %d, which is nothing to do", (int)answer);
    }
    if (failed) {
        return gan__fail(monitor->context, GAN_ERROR_NUMERIC, "%s", message);
    }
    return answer == GAN_MONITOR_GO_ON
               ? GAN_OK
               : gan__fail(monitor->context, GAN_ERROR_STOPPED,
                           "monitor: stopped by the callback after step %lld: %s", (long long)step,
                           monitor->reason);
}

/* After a measurement is due. */
static int32_t look(const watch *w)
{
    gan_monitor *monitor = w->monitor;
    GAN__TRY(gan_monitor_measure(monitor));
    if (monitor->options[GAN__WATCH_KEEP] == 1 && monitor->found == GAN_VERDICT_HEALTHY) {
        GAN__TRY(gan_monitor_keep(monitor));
    }
    return act(w, false);
}

static int32_t run(const watch *w, int64_t steps)
{
    gan_monitor *monitor = w->monitor;
    gan_trainer *trainer = monitor->trainer;
    for (int64_t left = steps; left > 0;) {
        const int64_t before = trainer->steps;
        const int64_t interval = (int64_t)monitor->options[GAN__WATCH_INTERVAL];
        const int64_t due = interval - before % interval;
        int32_t status = gan_trainer_run(trainer, left < due ? left : due, w->on_step, w->user);
        left -= trainer->steps - before;
        /* The same step from the same parameters would fail for ever. */
        const bool again = trainer->steps == monitor->rolled_back;
        if (status == GAN_ERROR_NUMERIC && !again) {
            gan__monitor_judge_failure(monitor);
            status = act(w, true);
        } else if (status == GAN_OK && trainer->steps % interval == 0) {
            status = look(w);
        }
        GAN__TRY(status);
    }
    return GAN_OK;
}

int32_t gan_monitor_run(gan_monitor *monitor, int64_t steps, gan_step_fn on_step,
                        gan_verdict_fn on_verdict, void *user)
{
    if (monitor == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__monitor_check_idle(monitor, "run"));
    if (monitor->running || monitor->trainer->busy) {
        return gan__fail(monitor->context, GAN_ERROR_STATE,
                         "monitor: run: called from a callback of a run");
    }
    GAN__TRY(gan_trainer_run(monitor->trainer, steps < 0 ? steps : 0, NULL, NULL));
    if (monitor->options[GAN__WATCH_KEEP] == 1 && !monitor->snapshot.kept) {
        GAN__TRY(gan_monitor_keep(monitor));
    }
    monitor->running = true;
    const int32_t status = run(&(watch){monitor, on_step, on_verdict, user}, steps);
    monitor->running = false;
    return status;
}
