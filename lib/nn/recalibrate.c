/* Measuring the statistics of batch normalisations anew. */
#include "nn/network.h"

#include "data/dataset.h"

#include <math.h>

enum { SLOT_VALUES, SLOT_INPUT, SLOT_STATISTICS, SLOT_COUNT };

enum { SAMPLES_MAX = 1 << 20 }; /* of a batch */

/* A measurement in progress. */
typedef struct {
    gan_network *network;
    gan_dataset *data; /* NULL: noise */
    int64_t batches, m;
    uint64_t seed;
    int64_t position; /* of the next sample of the data */
    int64_t numbers;  /* of all statistics together */
    gan__plan *statistics_plan, *noise_plan;
    float *rows;  /* [m, input elements], if there is data */
    real *input;  /* [m, input elements] */
    real *seen;   /* [numbers] of one batch */
    double *sums; /* [numbers] */
    real *workspace;
} measurement;

static int32_t check(gan_network *network, int64_t batches, int64_t m, const gan_dataset *data,
                     const gan_dataset *conditions)
{
    gan_context *context = network->context;
    if (data != NULL && data->context != context) {
        return gan__fail(context, GAN_ERROR_ARGUMENT,
                         "network %s: recalibrate: data is of another context", network->name);
    }
    if (conditions != NULL) { /* CONDITIONS: networks have none yet */
        return gan__fail(context, GAN_ERROR_ARGUMENT,
                         "network %s: recalibrate: the network has no conditions", network->name);
    }
    if (batches < 1 || m < 1 || m > SAMPLES_MAX) {
        return gan__fail(context, GAN_ERROR_RANGE,
                         "network %s: recalibrate: %lld batches, at least 1, of %lld samples, 1 to "
                         "%d",
                         network->name, (long long)batches, (long long)m, SAMPLES_MAX);
    }
    const int64_t wanted = gan_network_input_elements(network);
    if (data != NULL && gan_dataset_elements(data) != wanted) {
        return gan__fail(context, GAN_ERROR_SHAPE,
                         "network %s: recalibrate: samples have %lld elements, the input %lld",
                         network->name, (long long)gan_dataset_elements(data), (long long)wanted);
    }
    return GAN_OK;
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
        /* CONDITIONS: those of the batch go into the build here */
        const gan__build build = {
            .parameters = leaves, .measuring = true, .statistics = statistics};
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

/* Makes plans and arrays. */
static int32_t begin(measurement *w)
{
    gan_context *context = w->network->context;
    gan__graph graph = gan__graph_create(context), noise = gan__graph_create(context);
    int32_t status = plan_statistics(w, &graph);
    if (status == GAN_OK && w->data == NULL) {
        status = plan_noise(w, &noise);
    }
    gan__graph_free(&graph);
    gan__graph_free(&noise);
    GAN__TRY(status);
    const int64_t elements = gan__multiply(w->m, gan_network_input_elements(w->network));
    int64_t size = gan__plan_workspace(w->statistics_plan);
    if (w->noise_plan != NULL && gan__plan_workspace(w->noise_plan) > size) {
        size = gan__plan_workspace(w->noise_plan);
    }
    w->workspace = gan__allocate(context, size, sizeof *w->workspace);
    w->input = gan__allocate(context, elements, sizeof *w->input);
    w->rows = gan__allocate(context, w->data != NULL ? elements : 0, sizeof *w->rows);
    w->seen = gan__allocate(context, w->numbers, sizeof *w->seen);
    w->sums = gan__allocate(context, w->numbers, sizeof *w->sums);
    const bool enough = w->workspace != NULL && w->input != NULL && w->rows != NULL &&
                        w->seen != NULL && w->sums != NULL;
    return enough ? GAN_OK : GAN_ERROR_MEMORY;
}

static void end(measurement *w)
{
    gan_context *context = w->network->context;
    gan__release(context, w->sums);
    gan__release(context, w->seen);
    gan__release(context, w->rows);
    gan__release(context, w->input);
    gan__release(context, w->workspace);
    gan__plan_free(w->noise_plan);
    gan__plan_free(w->statistics_plan);
}

static void run(const measurement *w, const gan__plan *plan, int64_t first)
{
    real *slots[SLOT_COUNT] = {w->network->values, w->input, w->seen};
    gan__plan_run(plan, &(gan__arguments){.slots = slots,
                                          .workspace = w->workspace,
                                          .seed = w->seed,
                                          .first_sample = (uint64_t)first});
}

/* The next m samples of the data, from the first on again after the last. */
static int32_t read_batch(measurement *w)
{
    const int64_t elements = gan_network_input_elements(w->network);
    const int64_t count = gan_dataset_count(w->data);
    int64_t taken = 0;
    while (taken < w->m) {
        const int64_t left = count - w->position;
        const int64_t rows = w->m - taken < left ? w->m - taken : left;
        GAN__TRY(gan_dataset_read(w->data, w->position, rows, w->rows + taken * elements,
                                  rows * elements));
        taken += rows;
        w->position = (w->position + rows) % count;
    }
    gan__from_floats(w->m * elements, w->rows, w->input);
    return GAN_OK;
}

/* Adds up what all batches show. */
static int32_t measure(measurement *w)
{
    for (int64_t batch = 0; batch < w->batches; batch++) {
        if (w->data != NULL) {
            GAN__TRY(read_batch(w));
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
    measurement w = {.network = gan__network_retain(network),
                     .data = data != NULL ? gan__dataset_retain(data) : NULL,
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
    gan_dataset_free(w.data);
    gan_network_free(network);
    return status;
}
