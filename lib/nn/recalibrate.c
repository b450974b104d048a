/* Measuring the statistics of batch normalisations anew. */
#include "nn/network.h"

#include "data/dataset.h"

#include <math.h>

enum { SLOT_VALUES, SLOT_INPUT, SLOT_CONDITIONS, SLOT_STATISTICS, SLOT_COUNT };

enum { SAMPLES_MAX = 1 << 20 }; /* of a batch */

/* What goes into the network from a data set, batch after batch. */
typedef struct {
    gan_dataset *data; /* NULL: nothing is read */
    int64_t elements;  /* of a sample */
    int64_t position;  /* of the next sample */
    float *rows;       /* [m, elements], if there is data */
    real *batch;       /* [m, elements], if elements > 0 */
} feed;

/* A measurement in progress. */
typedef struct {
    gan_network *network;
    feed input, conditions; /* the input without data is noise */
    int64_t batches, m;
    uint64_t seed;
    int64_t numbers; /* of all statistics together */
    gan__plan *statistics_plan, *noise_plan;
    real *seen;   /* [numbers] of one batch */
    double *sums; /* [numbers] */
    real *workspace;
} measurement;

/* Whether a data set is one of the context, with samples as large as the network takes them. what,
 * part: for the messages */
static int32_t check_data(const gan_network *network, const gan_dataset *data, const char *what,
                          int64_t wanted, const char *part)
{
    if (data != NULL && data->context != network->context) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT,
                         "network %s: recalibrate: %s of another context", network->name, what);
    }
    if (data != NULL && gan_dataset_elements(data) != wanted) {
        return gan__fail(network->context, GAN_ERROR_SHAPE,
                         "network %s: recalibrate: samples of %s have %lld elements, %s %lld",
                         network->name, what, (long long)gan_dataset_elements(data), part,
                         (long long)wanted);
    }
    return GAN_OK;
}

static int32_t check(gan_network *network, int64_t batches, int64_t m, const gan_dataset *data,
                     const gan_dataset *conditions)
{
    gan_context *context = network->context;
    if ((conditions != NULL) != (network->conditions > 0)) {
        return gan__fail(context, GAN_ERROR_ARGUMENT,
                         conditions != NULL
                             ? "network %s: recalibrate: conditions given, it has none"
                             : "network %s: recalibrate: conditions is NULL, they have %lld "
                               "elements",
                         network->name, (long long)network->conditions);
    }
    if (batches < 1 || m < 1 || m > SAMPLES_MAX) {
        return gan__fail(context, GAN_ERROR_RANGE,
                         "network %s: recalibrate: %lld batches, at least 1, of %lld samples, 1 to "
                         "%d",
                         network->name, (long long)batches, (long long)m, SAMPLES_MAX);
    }
    GAN__TRY(check_data(network, data, "data", gan_network_input_elements(network), "the input"));
    return check_data(network, conditions, "conditions", network->conditions, "its conditions");
}

/* Lists the nodes of all statistics, one after the other. Returns their number. */
static int32_t list_outputs(const gan_network *network, const int32_t *statistics,
                            gan__output *outputs)
{
    int32_t count = 0;
    int64_t offset = 0;
    for (int32_t i = 0; i < network->transform_count; i++) {
        const gan__transform *t = &network->transforms[i];
        const int32_t at = gan__transform_tensor(t, GAN__PART_STATISTICS);
        if (at >= 0) {
            outputs[count++] = (gan__output){statistics[at], SLOT_STATISTICS, offset};
            offset += gan__shape_elements(t->statistics);
        }
    }
    return count;
}

static int32_t plan_statistics(measurement *w, gan__graph *graph)
{
    const gan_network *network = w->network;
    gan_context *context = network->context;
    const int64_t count = network->parameter_count;
    int32_t *leaves = gan__allocate(context, count, sizeof *leaves);
    int32_t *statistics = gan__allocate(context, count, sizeof *statistics);
    gan__output *outputs = gan__allocate(context, count, sizeof *outputs);
    int32_t status = GAN_ERROR_MEMORY;
    if (leaves != NULL && statistics != NULL && outputs != NULL) {
        gan__network_leaves(network, graph, SLOT_VALUES, leaves);
        const int32_t x =
            gan__leaf(graph, SLOT_INPUT, 0, gan__batch_shape(w->m, network->layers[0].shape));
        gan__build build = {.parameters = leaves, .measuring = true, .statistics = statistics};
        int32_t rows = -1;
        if (network->conditions > 0) {
            rows = gan__leaf(graph, SLOT_CONDITIONS, 0, gan__shape_2(w->m, network->conditions));
            build.conditions = &rows;
        }
        gan__network_build(network, graph, &build, x);
        status = gan__plan_create(graph, list_outputs(network, statistics, outputs), outputs,
                                  GAN__PLAN_FUSED, &w->statistics_plan);
    }
    gan__release(context, outputs);
    gan__release(context, statistics);
    gan__release(context, leaves);
    return status;
}

static int32_t plan_noise(measurement *w, gan__graph *graph)
{
    const gan__output output = {
        gan__network_noise_node(w->network, graph, GAN__STREAM_SAMPLE, w->m), SLOT_INPUT, 0};
    return gan__plan_create(graph, 1, &output, GAN__PLAN_FUSED, &w->noise_plan);
}

static int32_t open_feed(measurement *w, feed *f)
{
    gan_context *context = w->network->context;
    const int64_t elements = gan__multiply(w->m, f->elements);
    f->rows = gan__allocate(context, f->data != NULL ? elements : 0, sizeof *f->rows);
    f->batch = gan__allocate(context, elements, sizeof *f->batch);
    return f->rows != NULL && f->batch != NULL ? GAN_OK : GAN_ERROR_MEMORY;
}

static void close_feed(measurement *w, feed *f)
{
    gan__release(w->network->context, f->batch);
    gan__release(w->network->context, f->rows);
    gan_dataset_free(f->data);
}

/* Makes plans and arrays. */
static int32_t begin(measurement *w)
{
    gan_context *context = w->network->context;
    gan__graph graph = gan__graph_create(context), noise = gan__graph_create(context);
    int32_t status = plan_statistics(w, &graph);
    if (status == GAN_OK && w->input.data == NULL) {
        status = plan_noise(w, &noise);
    }
    gan__graph_free(&graph);
    gan__graph_free(&noise);
    GAN__TRY(status);
    GAN__TRY(open_feed(w, &w->input));
    GAN__TRY(open_feed(w, &w->conditions));
    int64_t size = gan__plan_workspace(w->statistics_plan);
    if (w->noise_plan != NULL && gan__plan_workspace(w->noise_plan) > size) {
        size = gan__plan_workspace(w->noise_plan);
    }
    w->workspace = gan__allocate(context, size, sizeof *w->workspace);
    w->seen = gan__allocate(context, w->numbers, sizeof *w->seen);
    w->sums = gan__allocate(context, w->numbers, sizeof *w->sums);
    const bool enough = w->workspace != NULL && w->seen != NULL && w->sums != NULL;
    return enough ? GAN_OK : GAN_ERROR_MEMORY;
}

static void end(measurement *w)
{
    gan_context *context = w->network->context;
    gan__release(context, w->sums);
    gan__release(context, w->seen);
    gan__release(context, w->workspace);
    close_feed(w, &w->conditions);
    close_feed(w, &w->input);
    gan__plan_free(w->noise_plan);
    gan__plan_free(w->statistics_plan);
}

static void run(const measurement *w, const gan__plan *plan, int64_t first)
{
    real *slots[SLOT_COUNT] = {w->network->values, w->input.batch, w->conditions.batch, w->seen};
    gan__plan_run(plan, &(gan__arguments){.slots = slots,
                                          .workspace = w->workspace,
                                          .seed = w->seed,
                                          .first_sample = (uint64_t)first});
}

/* The next m samples of the data, from the first on again after the last. */
static int32_t read_batch(feed *f, int64_t m)
{
    const int64_t count = gan_dataset_count(f->data);
    int64_t taken = 0;
    while (taken < m) {
        const int64_t left = count - f->position;
        const int64_t rows = m - taken < left ? m - taken : left;
        GAN__TRY(gan_dataset_read(f->data, f->position, rows, f->rows + taken * f->elements,
                                  rows * f->elements));
        taken += rows;
        f->position = (f->position + rows) % count;
    }
    gan__from_floats(m * f->elements, f->rows, f->batch);
    return GAN_OK;
}

/* Adds up what all batches show. */
static int32_t measure(measurement *w)
{
    for (int64_t batch = 0; batch < w->batches; batch++) {
        if (w->conditions.data != NULL) {
            GAN__TRY(read_batch(&w->conditions, w->m));
        }
        if (w->input.data != NULL) {
            GAN__TRY(read_batch(&w->input, w->m));
        } else {
            run(w, w->noise_plan, batch * w->m);
        }
        run(w, w->statistics_plan, 0);
        for (int64_t i = 0; i < w->numbers; i++) {
            w->sums[i] += (double)w->seen[i];
        }
    }
    return GAN_OK;
}

/* Turns the sums into means and puts them into the network, if all are finite. */
static int32_t keep(measurement *w)
{
    gan_network *network = w->network;
    for (int64_t i = 0; i < w->numbers; i++) {
        w->seen[i] = (real)(w->sums[i] / (double)w->batches);
    }
    for (int32_t pass = 0; pass < 2; pass++) {
        int64_t offset = 0;
        for (int32_t i = 0; i < network->transform_count; i++) {
            const gan__transform *t = &network->transforms[i];
            const int32_t at = gan__transform_tensor(t, GAN__PART_STATISTICS);
            const int64_t elements = at >= 0 ? gan__shape_elements(t->statistics) : 0;
            for (int64_t j = 0; j < elements; j++) {
                const real number = w->seen[offset + j];
                if (pass == 1) {
                    network->values[network->parameters[at].offset + j] = number;
                } else if (!isfinite(number)) {
                    return gan__fail(network->context, GAN_ERROR_NUMERIC,
                                     "network %s: recalibrate: %s is not finite", network->name,
                                     network->parameters[at].name);
                }
            }
            offset += elements;
        }
    }
    return GAN_OK;
}

int32_t gan_network_recalibrate(gan_network *network, int64_t batches, int64_t m, gan_dataset *data,
                                gan_dataset *conditions, uint64_t seed)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__network_ready(network));
    GAN__TRY(check(network, batches, m, data, conditions));
    const bool drawn = network->values != NULL;
    measurement w = {
        .network = gan__network_retain(network),
        .input = {.data = data != NULL ? gan__dataset_retain(data) : NULL,
                  .elements = gan_network_input_elements(network)},
        .conditions = {.data = conditions != NULL ? gan__dataset_retain(conditions) : NULL,
                       .elements = network->conditions},
        .batches = batches,
        .m = m,
        .seed = seed,
        .numbers = gan__network_statistics(network)};
    int32_t status = w.numbers > 0 ? begin(&w) : GAN_OK;
    if (status == GAN_OK && w.numbers > 0) {
        status = gan__network_prepare(network, 0);
    }
    if (status == GAN_OK && w.numbers > 0) {
        status = measure(&w);
    }
    if (status == GAN_OK) {
        status = keep(&w);
    }
    if (status != GAN_OK) {
        gan__network_undraw(network, drawn);
    }
    end(&w);
    gan_network_free(network);
    return status;
}
