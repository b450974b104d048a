#include "train/optimizer.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum {
    OPTION_RATE,
    OPTION_MU,
    OPTION_FINAL_MU,
    OPTION_MU_EPOCHS,
    OPTION_RHO,
    OPTION_BETA1,
    OPTION_BETA2,
    OPTION_FINAL_BETA2,
    OPTION_EPSILON,
    OPTION_WEIGHT_DECAY,
    OPTION_DECAY,
    OPTION_FINAL_RATE,
    OPTION_SCHEDULE_STEPS,
    OPTION_SCHEDULE,
    OPTION_COUNT
};

enum { CONSTANT, EXPONENTIAL, LINEAR, COSINE };

static const char *const schedules[] = {GAN_CONSTANT, GAN_EXPONENTIAL, GAN_LINEAR, GAN_COSINE,
                                        NULL};

#define BELOW_ONE (1 - DBL_EPSILON / 2)
#define WHOLE_MAX 9007199254740992.0 /* 2^53 */

static const gan__option options[OPTION_COUNT] = {
    [OPTION_RATE] = {GAN_LEARNING_RATE, NULL, 0.1, 0, FLT_MAX, false,
                     "learning rate at the first update"},
    [OPTION_MU] = {GAN_MU, NULL, 0.5, 0, BELOW_ONE, false, "momentum coefficient"},
    [OPTION_FINAL_MU] = {GAN_FINAL_MU, NULL, 0.5, 0, BELOW_ONE, false,
                         "momentum coefficient at the end of the ramp"},
    [OPTION_MU_EPOCHS] = {GAN_MU_EPOCHS, NULL, 0, 0, 1e9, true,
                          "epochs of the momentum ramp, 0 for none"},
    [OPTION_RHO] = {GAN_RHO, NULL, 0.9, 0, BELOW_ONE, false,
                    "RMSProp: decay of the mean squared gradient"},
    [OPTION_BETA1] = {GAN_BETA1, NULL, 0.9, 0, BELOW_ONE, false,
                      "Adam: decay of the mean gradient"},
    [OPTION_BETA2] = {GAN_BETA2, NULL, 0.999, 0, BELOW_ONE, false,
                      "Adam: decay of the mean squared gradient"},
    [OPTION_FINAL_BETA2] = {GAN_FINAL_BETA2, NULL, 0, 0, BELOW_ONE, false,
                            "Adam: beta2 at the end of the linear and cosine schedules, 0: stays"},
    [OPTION_EPSILON] = {GAN_EPSILON, NULL, 1e-8, FLT_MIN, FLT_MAX, false,
                        "RMSProp: inside the root; Adam: added to the root"},
    [OPTION_WEIGHT_DECAY] = {GAN_WEIGHT_DECAY, NULL, 0.01, 0, FLT_MAX, false,
                             "AdamW: weight decay, scaled by the learning rate"},
    [OPTION_DECAY] = {GAN_DECAY, NULL, 1, 1, DBL_MAX, false,
                      "exponential schedule: divisor of the rate after each update"},
    [OPTION_FINAL_RATE] = {GAN_FINAL_LEARNING_RATE, NULL, 0, 0, FLT_MAX, false,
                           "lowest rate of the exponential schedule, last of linear and cosine"},
    [OPTION_SCHEDULE_STEPS] =
        {GAN_SCHEDULE_STEPS, NULL, 0, 0, WHOLE_MAX, true,
         "updates of the linear and cosine schedules, 0 for no end: a constant rate"},
    [OPTION_SCHEDULE] = {GAN_LEARNING_RATE_SCHEDULE, schedules, CONSTANT, 0, COSINE, true,
                         "how the learning rate changes"},
};

static const gan__option_table table = {"optimizer", options, OPTION_COUNT};

_Static_assert(sizeof(((gan_optimizer *)0)->options) == OPTION_COUNT * sizeof(double),
               "one number for each option");

/* ---- The object ---------------------------------------------------------------------------- */

int32_t gan_optimizer_create(gan_context *context, const char *kind, gan_optimizer **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (context == NULL || kind == NULL || out == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "optimizer_create: %s is NULL",
                         context == NULL ? "context"
                         : kind == NULL  ? "kind"
                                         : "out");
    }
    const gan__rule *rule = gan__rule_find(kind);
    if (rule == NULL) {
        return gan__fail(context, GAN_ERROR_KEY, "optimizer_create: no kind \"%.64s\"", kind);
    }
    gan_optimizer *optimizer = gan__allocate(context, 1, sizeof *optimizer);
    if (optimizer == NULL) {
        return GAN_ERROR_MEMORY;
    }
    optimizer->context = gan__context_retain(context);
    optimizer->references = 1;
    optimizer->rule = rule;
    gan__options_reset(&table, optimizer->options);
    optimizer->options[OPTION_RATE] = rule->rate;
    *out = optimizer;
    return GAN_OK;
}

gan_optimizer *gan__optimizer_retain(gan_optimizer *optimizer)
{
    optimizer->references++;
    return optimizer;
}

/* Releases what updates need. */
static void release_arrays(gan_optimizer *optimizer)
{
    gan_context *context = optimizer->context;
    gan__plan_free(optimizer->plan);
    gan__release(context, optimizer->workspace);
    gan__release(context, optimizer->spare);
    gan__release(context, optimizer->state);
    optimizer->plan = NULL;
    optimizer->workspace = optimizer->spare = optimizer->state = NULL;
}

void gan_optimizer_free(gan_optimizer *optimizer)
{
    if (optimizer == NULL || --optimizer->references > 0) {
        return;
    }
    gan_context *context = optimizer->context;
    release_arrays(optimizer);
    gan__release(context, optimizer);
    gan__context_release(context);
}

int32_t gan_optimizer_set_number(gan_optimizer *optimizer, const char *key, double value)
{
    return optimizer == NULL
               ? GAN_ERROR_ARGUMENT
               : gan__option_set_number(optimizer->context, &table, optimizer->options, key, value);
}

int32_t gan_optimizer_set_text(gan_optimizer *optimizer, const char *key, const char *value)
{
    return optimizer == NULL
               ? GAN_ERROR_ARGUMENT
               : gan__option_set_text(optimizer->context, &table, optimizer->options, key, value);
}

int32_t gan_optimizer_get_number(const gan_optimizer *optimizer, const char *key, double *value)
{
    return optimizer == NULL
               ? GAN_ERROR_ARGUMENT
               : gan__option_get_number(optimizer->context, &table, optimizer->options, key, value);
}

int32_t gan_optimizer_get_text(const gan_optimizer *optimizer, const char *key, const char **value)
{
    return optimizer == NULL
               ? GAN_ERROR_ARGUMENT
               : gan__option_get_text(optimizer->context, &table, optimizer->options, key, value);
}

int32_t gan_optimizer_describe_option(int32_t index, const char **name, const char *const **choices,
                                      double *minimum, double *maximum, const char **help)
{
    return gan__option_describe(&table, index, name, choices, minimum, maximum, help);
}

int64_t gan_optimizer_updates(const gan_optimizer *optimizer)
{
    return optimizer != NULL ? optimizer->updates : 0;
}

/* ---- The plan of an update ----------------------------------------------------------------- */

/* Slots of the plan. The new parameters and state may be bound to the arrays of the old ones: the
 * update is one fused group that reads and writes element by element. */
enum { SLOT_W, SLOT_G, SLOT_STATE, SLOT_NUMBERS, SLOT_NEW_W, SLOT_NEW_STATE, SLOT_COUNT };

int32_t gan__update_number(const gan__update *update, gan__number number)
{
    return gan__leaf(update->graph, SLOT_NUMBERS, number, gan__shape_1(1));
}

/* Adds the update of one stretch of the parameters. outputs: [1 + states] */
static void add_range(const gan_optimizer *optimizer, gan__graph *graph, int64_t elements,
                      gan__range range, gan__output *outputs)
{
    const gan__shape flat = gan__shape_1(range.count);
    const int32_t states = optimizer->rule->states;
    gan__update update = {.graph = graph,
                          .w = gan__leaf(graph, SLOT_W, range.offset, flat),
                          .g = gan__leaf(graph, SLOT_G, range.offset, flat)};
    for (int32_t i = 0; i < states; i++) {
        update.state[i] = gan__leaf(graph, SLOT_STATE, i * elements + range.offset, flat);
    }
    optimizer->rule->build(&update);
    outputs[0] = (gan__output){update.new_w, SLOT_NEW_W, range.offset};
    for (int32_t i = 0; i < states; i++) {
        outputs[1 + i] =
            (gan__output){update.new_state[i], SLOT_NEW_STATE, i * elements + range.offset};
    }
}

static int32_t plan_update(gan_optimizer *optimizer, int64_t elements, int32_t count,
                           const gan__range *ranges, gan__plan **plan)
{
    const int32_t each = 1 + optimizer->rule->states;
    gan__output *outputs =
        gan__allocate(optimizer->context, (int64_t)count * each, sizeof *outputs);
    if (outputs == NULL) {
        return GAN_ERROR_MEMORY;
    }
    gan__graph graph = gan__graph_create(optimizer->context);
    for (int32_t i = 0; i < count; i++) {
        add_range(optimizer, &graph, elements, ranges[i], outputs + (int64_t)i * each);
    }
    const int32_t status = gan__plan_create(&graph, count * each, outputs, GAN__PLAN_FUSED, plan);
    gan__graph_free(&graph);
    gan__release(optimizer->context, outputs);
    return status;
}

int32_t gan__optimizer_limit(gan_optimizer *optimizer, int32_t count, const gan__range *ranges)
{
    gan_context *context = optimizer->context;
    gan__plan *plan;
    GAN__TRY(plan_update(optimizer, optimizer->elements, count, ranges, &plan));
    const int64_t size = gan__plan_workspace(plan);
    if (size > optimizer->workspace_size) {
        real *workspace = gan__allocate(context, size, sizeof *workspace);
        if (workspace == NULL) {
            gan__plan_free(plan);
            return GAN_ERROR_MEMORY;
        }
        gan__release(context, optimizer->workspace);
        optimizer->workspace = workspace;
        optimizer->workspace_size = size;
    }
    gan__plan_free(optimizer->plan);
    optimizer->plan = plan;
    optimizer->partial = count != 1 || ranges[0].count != optimizer->elements;
    return GAN_OK;
}

int32_t gan__optimizer_bind(gan_optimizer *optimizer, int64_t network, int64_t elements,
                            bool step_back)
{
    gan_context *context = optimizer->context;
    if (optimizer->network != 0 && optimizer->network != network) {
        return gan__fail(context, GAN_ERROR_STATE,
                         "optimizer: bound to another network; make one for each");
    }
    const int64_t states = gan__multiply(optimizer->rule->states, elements);
    if (optimizer->elements != elements) { /* before any update a setting may change the number */
        release_arrays(optimizer);
        optimizer->elements = 0;
    }
    if (optimizer->plan == NULL) {
        const gan__range all = {0, elements};
        GAN__TRY(plan_update(optimizer, elements, 1, &all, &optimizer->plan));
    }
    if (optimizer->workspace == NULL) {
        optimizer->workspace_size = gan__plan_workspace(optimizer->plan);
        optimizer->workspace = gan__allocate(context, optimizer->workspace_size, sizeof(real));
    }
    if (optimizer->state == NULL) {
        optimizer->state = gan__allocate(context, states, sizeof(real));
    }
    if (step_back && optimizer->spare == NULL) {
        optimizer->spare = gan__allocate(context, states, sizeof(real));
    }
    if (optimizer->workspace == NULL || optimizer->state == NULL ||
        (step_back && optimizer->spare == NULL)) {
        if (optimizer->network == 0) {
            release_arrays(optimizer); /* made for a size it is not bound to */
        }
        return GAN_ERROR_MEMORY;
    }
    optimizer->network = network;
    optimizer->elements = elements;
    optimizer->step_back = step_back;
    return GAN_OK;
}

void gan__optimizer_begin(gan_optimizer *optimizer)
{
    optimizer->fresh = true;
    optimizer->updates_before = optimizer->updates;
}

static void swap_state(gan_optimizer *optimizer)
{
    real *state = optimizer->state;
    optimizer->state = optimizer->spare;
    optimizer->spare = state;
}

void gan__optimizer_rollback(gan_optimizer *optimizer)
{
    if (!optimizer->fresh && optimizer->step_back) {
        swap_state(optimizer);
    }
    optimizer->updates = optimizer->updates_before;
    optimizer->fresh = true;
}

/* ---- Numbers of an update ------------------------------------------------------------------ */

/* Where a number stands that goes from first to last by the linear or cosine schedule; the others
 * leave it at first. */
static double on_schedule(const gan_optimizer *optimizer, double first, double last)
{
    const double *o = optimizer->options;
    const double u = (double)optimizer->updates, steps = o[OPTION_SCHEDULE_STEPS];
    const double part = steps == 0 ? 0 : u < steps ? u / steps : 1;
    switch ((int32_t)o[OPTION_SCHEDULE]) {
    case LINEAR:
        return first + (last - first) * part;
    case COSINE:
        return last + (first - last) * 0.5 * (1 + cos(3.14159265358979323846 * part));
    default:
        return first;
    }
}

static double learning_rate(const gan_optimizer *optimizer)
{
    const double *o = optimizer->options;
    if (o[OPTION_SCHEDULE] == EXPONENTIAL) {
        return fmax(o[OPTION_FINAL_RATE],
                    o[OPTION_RATE] / pow(o[OPTION_DECAY], (double)optimizer->updates));
    }
    return on_schedule(optimizer, o[OPTION_RATE], o[OPTION_FINAL_RATE]);
}

/* By rounding, a sum of two numbers below 1 might be 1, where Adam divides by 0. */
static double second_beta(const gan_optimizer *optimizer)
{
    const double first = optimizer->options[OPTION_BETA2];
    const double last = optimizer->options[OPTION_FINAL_BETA2];
    return last == 0 ? first : fmin(on_schedule(optimizer, first, last), fmax(first, last));
}

static double momentum(const gan_optimizer *optimizer, int64_t epoch)
{
    const double *o = optimizer->options;
    const double epochs = o[OPTION_MU_EPOCHS];
    if (epochs <= 0) {
        return o[OPTION_MU];
    }
    const double part = epochs > 1 ? fmin((double)epoch / (epochs - 1), 1) : 1;
    return o[OPTION_MU] + (o[OPTION_FINAL_MU] - o[OPTION_MU]) * part;
}

static void set_numbers(gan_optimizer *optimizer, int64_t epoch, real *numbers)
{
    const double *o = optimizer->options;
    const bool is_adam = optimizer->rule->states == 2;
    const bool is_rmsprop = strcmp(optimizer->rule->name, GAN_RMSPROP) == 0;
    const double t = (double)(optimizer->updates + 1);
    optimizer->rate = learning_rate(optimizer);
    optimizer->mu = momentum(optimizer, epoch);
    const double keep = is_adam ? o[OPTION_BETA1] : is_rmsprop ? o[OPTION_RHO] : optimizer->mu;
    const double beta2 = second_beta(optimizer);
    const double correction = is_adam ? 1 - pow(o[OPTION_BETA1], t) : 1;
    numbers[GAN__NUMBER_RATE] = (real)(optimizer->rate / correction);
    numbers[GAN__NUMBER_KEEP_1] = (real)keep;
    numbers[GAN__NUMBER_TAKE_1] = (real)(1 - keep);
    numbers[GAN__NUMBER_KEEP_2] = (real)beta2;
    numbers[GAN__NUMBER_TAKE_2] = (real)(1 - beta2);
    numbers[GAN__NUMBER_ROOT] = (real)(1 / sqrt(1 - pow(beta2, t)));
    numbers[GAN__NUMBER_EPSILON] = (real)o[OPTION_EPSILON];
    numbers[GAN__NUMBER_SHRINK] = (real)(1 - optimizer->rate * o[OPTION_WEIGHT_DECAY]);
}

void gan__optimizer_update(gan_optimizer *optimizer, int64_t epoch, real *w, real *g, real *new_w)
{
    real numbers[GAN__NUMBER_COUNT];
    set_numbers(optimizer, epoch, numbers);
    const bool aside = optimizer->fresh && optimizer->step_back;
    if (optimizer->partial && new_w != w) {
        memcpy(new_w, w, (size_t)optimizer->elements * sizeof *w);
    }
    if (optimizer->partial && aside) {
        memcpy(optimizer->spare, optimizer->state,
               (size_t)(optimizer->rule->states * optimizer->elements) * sizeof *optimizer->state);
    }
    real *slots[SLOT_COUNT] = {
        [SLOT_W] = w,
        [SLOT_G] = g,
        [SLOT_STATE] = optimizer->state,
        [SLOT_NUMBERS] = numbers,
        [SLOT_NEW_W] = new_w,
        [SLOT_NEW_STATE] = aside ? optimizer->spare : optimizer->state,
    };
    gan__plan_run(optimizer->plan,
                  &(gan__arguments){.slots = slots, .workspace = optimizer->workspace});
    if (aside) {
        swap_state(optimizer);
    }
    optimizer->fresh = false;
    optimizer->updates++;
}
