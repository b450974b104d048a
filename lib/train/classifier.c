/* The classifier as an object: its life, options, metrics, and how it trains. */
#include "train/classifier.h"

#include "base/options.h"
#include "train/step.h"

#include <gan/trainer.h>

#include <math.h>
#include <string.h>

enum { BATCH_MAX = 1048576 };

static const gan__option options[GAN__CLASSIFY_OPTION_COUNT] = {
    [GAN__CLASSIFY_BATCH_SIZE] = {GAN_BATCH_SIZE, NULL, 100, 1, BATCH_MAX, true,
                                  "samples of a batch"},
    [GAN__CLASSIFY_SEED] = {GAN_SEED, NULL, 0, 0, 9007199254740992.0, true,
                            "of dropout and shuffling"},
    [GAN__CLASSIFY_SHUFFLE] = {GAN_SHUFFLE, NULL, 1, 0, 1, true, "1: a new permutation each epoch"},
    [GAN__CLASSIFY_DROP_LAST] = {GAN_DROP_LAST, NULL, 0, 0, 1, true,
                                 "1: leave out the short batch at the end of an epoch"},
};

static const gan__option_table table = {"classifier", options, GAN__CLASSIFY_OPTION_COUNT};

static const char *const metric_names[GAN__CLASSIFY_METRIC_COUNT] = {
    [GAN__CLASSIFY_LOSS] = GAN_METRIC_LOSS,         [GAN__CLASSIFY_ACCURACY] = GAN_METRIC_ACCURACY,
    [GAN__CLASSIFY_GRADIENT] = GAN_METRIC_GRADIENT, [GAN__CLASSIFY_RATE] = GAN_METRIC_RATE,
    [GAN__CLASSIFY_STEP] = GAN_METRIC_STEP,         [GAN__CLASSIFY_EPOCH] = GAN_METRIC_EPOCH,
    [GAN__CLASSIFY_SAMPLES] = GAN_METRIC_SAMPLES,
};

/* ---- Life ------------------------------------------------------------------------------------ */

/* Whether the network can name classes. */
static int32_t check_network(gan_network *network)
{
    GAN__TRY(gan__network_ready(network));
    if (network->conditions > 0) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT,
                         "classifier_create: %s has conditions", network->name);
    }
    const int64_t classes = gan_network_output_elements(network);
    return classes > 1 ? GAN_OK
                       : gan__fail(network->context, GAN_ERROR_SHAPE,
                                   "classifier_create: %s has one output, a classifier a logit for "
                                   "each of 2 classes or more",
                                   network->name);
}

int32_t gan_classifier_create(gan_network *network, gan_dataset *data, gan_dataset *targets,
                              gan_classifier **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    gan_context *context = network->context;
    if (out == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "classifier_create: out is NULL");
    }
    GAN__TRY(check_network(network));
    if (data != NULL || targets != NULL) {
        GAN__TRY(gan__classifier_check(network, "classifier_create", data, targets));
    }
    gan_classifier *classifier = gan__allocate(context, 1, sizeof *classifier);
    if (classifier == NULL) {
        return GAN_ERROR_MEMORY;
    }
    classifier->context = gan__context_retain(context);
    classifier->data = data != NULL ? gan__dataset_retain(data) : NULL;
    classifier->targets = targets != NULL ? gan__dataset_retain(targets) : NULL;
    classifier->player =
        (gan__player){.name = "classifier", .network = gan__network_retain(network)};
    gan__options_reset(&table, classifier->options);
    for (int32_t i = 0; i < GAN__CLASSIFY_STEP; i++) {
        classifier->metrics[i] = NAN;
    }
    *out = classifier;
    return GAN_OK;
}

static void forget_plans(gan_classifier *classifier)
{
    for (int32_t i = 0; i < GAN__CLASSIFIER_SIZES; i++) {
        gan__plan_free(classifier->plans[i].gradients);
        classifier->plans[i] = (gan__classifier_plans){0};
    }
}

static void release_buffers(gan_classifier *classifier)
{
    gan_context *context = classifier->context;
    gan__release(context, classifier->rows);
    gan__release(context, classifier->batch);
    gan__release(context, classifier->results);
    gan__release(context, classifier->y);
    gan__release(context, classifier->x);
    classifier->rows = classifier->batch = NULL;
    classifier->results = classifier->y = classifier->x = NULL;
    classifier->capacity = 0;
}

void gan_classifier_free(gan_classifier *classifier)
{
    if (classifier == NULL) {
        return;
    }
    gan_context *context = classifier->context;
    forget_plans(classifier);
    gan__cursor_free(classifier->cursor);
    gan__release(context, classifier->workspace.values);
    release_buffers(classifier);
    gan__player_free(context, &classifier->player);
    gan_dataset_free(classifier->targets);
    gan_dataset_free(classifier->data);
    gan__release(context, classifier);
    gan__context_release(context);
}

/* ---- Options and metrics --------------------------------------------------------------------- */

int32_t gan_classifier_set_optimizer(gan_classifier *classifier, gan_optimizer *optimizer)
{
    return classifier == NULL
               ? GAN_ERROR_ARGUMENT
               : gan__player_set_optimizer(&classifier->player, "classifier", optimizer,
                                           classifier->started || classifier->busy, NULL);
}

int32_t gan_classifier_set_number(gan_classifier *classifier, const char *key, double value)
{
    if (classifier == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    int32_t index;
    GAN__TRY(gan__option_find(classifier->context, &table, key, &index));
    if (classifier->started || classifier->busy) {
        return gan__fail(classifier->context, GAN_ERROR_STATE,
                         "classifier: %s is fixed by the first step", key);
    }
    gan__cursor_free(classifier->cursor); /* it was made for other options */
    classifier->cursor = NULL;
    return gan__option_set_number(classifier->context, &table, classifier->options, key, value);
}

int32_t gan_classifier_get_number(const gan_classifier *classifier, const char *key, double *value)
{
    return classifier == NULL ? GAN_ERROR_ARGUMENT
                              : gan__option_get_number(classifier->context, &table,
                                                       classifier->options, key, value);
}

int32_t gan_classifier_describe_option(int32_t index, const char **name,
                                       const char *const **choices, double *minimum,
                                       double *maximum, const char **help)
{
    return gan__option_describe(&table, index, name, choices, minimum, maximum, help);
}

int32_t gan_classifier_metric(const gan_classifier *classifier, const char *name, double *value)
{
    if (classifier == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (name == NULL || value == NULL) {
        return gan__fail(classifier->context, GAN_ERROR_ARGUMENT, "classifier_metric: %s is NULL",
                         name == NULL ? "name" : "value");
    }
    for (int32_t i = 0; i < GAN__CLASSIFY_METRIC_COUNT; i++) {
        if (strcmp(name, metric_names[i]) == 0) {
            *value = classifier->metrics[i];
            return GAN_OK;
        }
    }
    return gan__fail(classifier->context, GAN_ERROR_KEY, "classifier_metric: no metric \"%.64s\"",
                     name);
}

const char *gan_classifier_metric_name(int32_t index)
{
    return index >= 0 && index < GAN__CLASSIFY_METRIC_COUNT ? metric_names[index] : NULL;
}

/* ---- What a step needs ----------------------------------------------------------------------- */

/* Makes x, y, results, batch and rows hold m samples. */
static int32_t prepare_buffers(gan_classifier *classifier, int64_t m)
{
    if (m <= classifier->capacity) {
        return GAN_OK;
    }
    gan_context *context = classifier->context;
    const int64_t elements = gan_network_input_elements(classifier->player.network);
    const int64_t classes = gan_network_output_elements(classifier->player.network);
    release_buffers(classifier);
    classifier->x = gan__allocate(context, m * elements, sizeof(real));
    classifier->y = gan__allocate(context, m * classes, sizeof(real));
    classifier->results = gan__allocate(context, 1 + m * classes, sizeof(real));
    classifier->batch = gan__allocate(context, m * elements, sizeof(float));
    classifier->rows = gan__allocate(context, m * classes, sizeof(float));
    if (classifier->x == NULL || classifier->y == NULL || classifier->results == NULL ||
        classifier->batch == NULL || classifier->rows == NULL) {
        release_buffers(classifier);
        return GAN_ERROR_MEMORY;
    }
    classifier->capacity = m;
    return GAN_OK;
}

static int32_t prepare_cursor(gan_classifier *classifier)
{
    if (classifier->cursor != NULL) {
        return GAN_OK;
    }
    const double *o = classifier->options;
    GAN__TRY(gan__cursor_create(classifier->data, (int64_t)o[GAN__CLASSIFY_BATCH_SIZE],
                                (uint64_t)o[GAN__CLASSIFY_SEED], o[GAN__CLASSIFY_SHUFFLE] == 1,
                                o[GAN__CLASSIFY_DROP_LAST] == 1, &classifier->cursor));
    if (gan__cursor_batches_per_epoch(classifier->cursor) == 0) {
        gan__cursor_free(classifier->cursor);
        classifier->cursor = NULL;
        return gan__fail(classifier->context, GAN_ERROR_STATE,
                         "classifier: drop_last with %lld samples and batches of %lld leaves none",
                         (long long)gan_dataset_count(classifier->data),
                         (long long)o[GAN__CLASSIFY_BATCH_SIZE]);
    }
    return GAN_OK;
}

/* The optimizer and arrays; plans that train other parameters than now are given up. */
static int32_t prepare_player(gan_classifier *classifier)
{
    bool changed = false;
    const int32_t status = gan__player_prepare(&classifier->player, (gan__player_needs){0},
                                               &classifier->workspace, &changed);
    if (changed) {
        forget_plans(classifier);
    }
    return status;
}

/* The plan for batches of m samples. */
static int32_t prepare_plan(gan_classifier *classifier, int64_t m, const gan__plan **out)
{
    for (int32_t i = 0; i < GAN__CLASSIFIER_SIZES; i++) {
        if (classifier->plans[i].m == m) {
            *out = classifier->plans[i].gradients;
            return GAN_OK;
        }
    }
    gan__plan *made;
    GAN__TRY(gan__classifier_plan(classifier->player.network, m, &made));
    const int32_t status =
        gan__workspace_reserve(classifier->context, &classifier->workspace, made);
    if (status != GAN_OK) {
        gan__plan_free(made);
        return status;
    }
    gan__classifier_plans *place = &classifier->plans[classifier->oldest];
    classifier->oldest = (classifier->oldest + 1) % GAN__CLASSIFIER_SIZES;
    gan__plan_free(place->gradients);
    *place = (gan__classifier_plans){m, made};
    *out = made;
    return GAN_OK;
}

/* All of it; the parameters last, for a call that fails must not leave them drawn. */
static int32_t prepare(gan_classifier *classifier)
{
    const int64_t wanted = (int64_t)classifier->options[GAN__CLASSIFY_BATCH_SIZE];
    const int64_t samples = gan_dataset_count(classifier->data);
    const int64_t m = wanted < samples ? wanted : samples;
    const gan__plan *plan;
    GAN__TRY(prepare_buffers(classifier, m));
    GAN__TRY(prepare_cursor(classifier));
    GAN__TRY(prepare_player(classifier));
    GAN__TRY(prepare_plan(classifier, m, &plan));
    return gan__network_prepare(classifier->player.network, 0);
}

/* ---- Training -------------------------------------------------------------------------------- */

static void differentiate(gan_classifier *classifier, const gan__plan *plan)
{
    real *slots[GAN__SLOT_COUNT] = {
        [GAN__SLOT_D] = classifier->player.network->values,
        [GAN__SLOT_X] = classifier->x,
        [GAN__SLOT_CONDITIONS] = classifier->y,
        [GAN__SLOT_D_GRADIENT] = classifier->player.gradient,
        [GAN__SLOT_D_STATISTICS] = classifier->player.statistics,
        [GAN__SLOT_RESULTS] = classifier->results,
    };
    gan__plan_run(plan, &(gan__arguments){.slots = slots,
                                          .workspace = classifier->workspace.values,
                                          .seed = (uint64_t)classifier->options[GAN__CLASSIFY_SEED],
                                          .step = (uint64_t)classifier->steps});
}

/* The share of the batch that is named rightly. */
static double accuracy(gan_classifier *classifier, int64_t m)
{
    const int64_t classes = gan_network_output_elements(classifier->player.network);
    int64_t right = 0;
    for (int64_t i = 0; i < m; i++) {
        const real *l = classifier->results + 1 + i * classes;
        const float *t = classifier->rows + i * classes;
        int32_t best = 0;
        for (int32_t k = 1; k < classes; k++) {
            best = l[k] > l[best] ? k : best;
        }
        right += best == gan__largest(classes, t);
    }
    return (double)right / (double)m;
}

/* Reads the next batch and moves the network on it.
 * metrics: receives those of the step */
static int32_t move(gan_classifier *classifier, double *metrics, int64_t *m)
{
    gan__player *player = &classifier->player;
    const int64_t epoch = classifier->cursor->epoch;
    const gan__plan *plan;
    GAN__TRY(gan__cursor_next_beside(classifier->cursor, classifier->batch, classifier->targets,
                                     classifier->rows, m));
    GAN__TRY(prepare_player(classifier)); /* a callback may have frozen parameters */
    GAN__TRY(prepare_plan(classifier, *m, &plan));
    gan__from_floats(*m * gan_network_input_elements(player->network), classifier->batch,
                     classifier->x);
    gan__from_floats(*m * gan_network_output_elements(player->network), classifier->rows,
                     classifier->y);
    gan__player_begin(player);
    differentiate(classifier, plan);
    metrics[GAN__CLASSIFY_LOSS] = (double)classifier->results[0];
    metrics[GAN__CLASSIFY_ACCURACY] = accuracy(classifier, *m);
    GAN__TRY(gan__player_check(player, classifier->steps + 1, "loss", metrics[GAN__CLASSIFY_LOSS],
                               &classifier->workspace, &metrics[GAN__CLASSIFY_GRADIENT]));
    if (!player->still) {
        gan__player_update(player, epoch);
        metrics[GAN__CLASSIFY_RATE] = player->optimizer->rate;
    }
    return GAN_OK;
}

/* One step. On an error the network and the place in the data are as they were before. */
static int32_t step(gan_classifier *classifier)
{
    gan__cursor *cursor = classifier->cursor;
    double metrics[GAN__CLASSIFY_METRIC_COUNT];
    int64_t epoch, position, m = 0;
    memcpy(metrics, classifier->metrics, sizeof metrics);
    gan__cursor_tell(cursor, &epoch, &position);
    const int32_t status = move(classifier, metrics, &m);
    if (status != GAN_OK) {
        gan__cursor_seek(cursor, epoch, position);
        return status;
    }
    classifier->started = true;
    classifier->steps++;
    classifier->samples += m;
    metrics[GAN__CLASSIFY_STEP] = (double)classifier->steps;
    metrics[GAN__CLASSIFY_EPOCH] = (double)cursor->epoch;
    metrics[GAN__CLASSIFY_SAMPLES] = (double)classifier->samples;
    memcpy(classifier->metrics, metrics, sizeof metrics);
    return GAN_OK;
}

/* Makes steps until the count or the epoch is reached. */
static int32_t run(gan_classifier *classifier, int64_t steps, int64_t epoch,
                   gan_classifier_fn on_step, void *user)
{
    for (int64_t i = 0; i < steps && classifier->cursor->epoch < epoch; i++) {
        classifier->busy = true;
        const int32_t status = step(classifier);
        const int32_t answer = status == GAN_OK && on_step != NULL ? on_step(user, classifier) : 0;
        classifier->busy = false;
        GAN__TRY(status);
        if (answer != 0) {
            return gan__fail(classifier->context, GAN_ERROR_STOPPED,
                             "run: stopped by the callback (%d) after step %lld", (int)answer,
                             (long long)classifier->steps);
        }
    }
    return GAN_OK;
}

static int32_t prepare_run(gan_classifier *classifier, const char *call, int64_t count)
{
    if (classifier->busy) {
        return gan__fail(classifier->context, GAN_ERROR_STATE,
                         "%s: called from a callback of a run", call);
    }
    if (count < 0) {
        return gan__fail(classifier->context, GAN_ERROR_RANGE, "%s: %lld, at least 0", call,
                         (long long)count);
    }
    if (classifier->data == NULL) {
        return gan__fail(classifier->context, GAN_ERROR_STATE, "%s: the classifier has no data",
                         call);
    }
    return prepare(classifier);
}

int32_t gan_classifier_run(gan_classifier *classifier, int64_t steps, gan_classifier_fn on_step,
                           void *user)
{
    if (classifier == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(prepare_run(classifier, "classifier_run", steps));
    return run(classifier, steps, INT64_MAX, on_step, user);
}

int32_t gan_classifier_run_epochs(gan_classifier *classifier, int64_t epochs,
                                  gan_classifier_fn on_step, void *user)
{
    if (classifier == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(prepare_run(classifier, "classifier_run_epochs", epochs));
    const int64_t now = classifier->cursor->epoch;
    return run(classifier, INT64_MAX, epochs > INT64_MAX - now ? INT64_MAX : now + epochs, on_step,
               user);
}
