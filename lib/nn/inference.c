/* Inference: evaluating a network, and drawing samples from it.
 *
 * Samples go through in batches of one size, the last one filled up: so every sample is computed
 * by the same operations in the same order, whatever the number of samples. */
#include "nn/network.h"

#include <string.h>

enum { SLOT_VALUES, SLOT_INPUT, SLOT_RESULT };

/* Samples of a batch: large enough to make good use of the processor. */
enum { BATCH = 64 };

static const gan__shape *input_shape(const gan_network *network)
{
    return &network->layers[0].shape;
}

static const gan__shape *output_shape(const gan_network *network)
{
    return &network->layers[network->output - 1].shape;
}

int64_t gan_network_input_elements(const gan_network *network)
{
    return network != NULL && network->layer_count > 0 ? gan__shape_elements(*input_shape(network))
                                                       : 0;
}

int64_t gan_network_output_elements(const gan_network *network)
{
    return network != NULL && network->output > 0 ? gan__shape_elements(*output_shape(network)) : 0;
}

static int32_t plan_forward(gan_network *network, gan__graph *graph, gan__plan **plan)
{
    int32_t *leaves = gan__allocate(network->context, network->parameter_count, sizeof *leaves);
    if (leaves == NULL) {
        return GAN_ERROR_MEMORY;
    }
    gan__network_leaves(network, graph, SLOT_VALUES, leaves);
    const int32_t x =
        gan__leaf(graph, SLOT_INPUT, 0, gan__batch_shape(BATCH, *input_shape(network)));
    const gan__build build = {.parameters = leaves};
    const gan__output output = {gan__network_build(network, graph, &build, x), SLOT_RESULT, 0};
    const int32_t status = gan__plan_create(graph, 1, &output, GAN__PLAN_FUSED, plan);
    gan__release(network->context, leaves);
    return status;
}

static int32_t plan_noise(gan_network *network, gan__graph *graph, gan__plan **plan)
{
    const gan__output output = {gan__network_noise_node(network, graph, GAN__STREAM_SAMPLE, BATCH),
                                SLOT_INPUT, 0};
    return gan__plan_create(graph, 1, &output, GAN__PLAN_FUSED, plan);
}

/* Makes a plan that the network does not have yet, and the workspace it needs. */
static int32_t prepare_plan(gan_network *network,
                            int32_t (*make)(gan_network *, gan__graph *, gan__plan **),
                            gan__plan **plan)
{
    if (*plan != NULL) {
        return GAN_OK;
    }
    gan__graph graph = gan__graph_create(network->context);
    gan__plan *made = NULL;
    int32_t status = make(network, &graph, &made);
    gan__graph_free(&graph);
    if (status == GAN_OK) {
        status = gan__network_reserve(network, gan__plan_workspace(made));
    }
    if (status != GAN_OK) {
        gan__plan_free(made);
        return status;
    }
    *plan = made;
    return GAN_OK;
}

static int32_t prepare_buffer(gan_network *network, real **buffer, int64_t elements)
{
    if (*buffer == NULL) {
        const int64_t size = gan__multiply(BATCH, elements);
        *buffer = gan__allocate(network->context, size, sizeof **buffer);
    }
    return *buffer != NULL ? GAN_OK : GAN_ERROR_MEMORY;
}

/* Buffers and plans; the parameters last, for a call that fails must not leave them drawn. */
static int32_t prepare(gan_network *network)
{
    GAN__TRY(prepare_buffer(network, &network->input, gan_network_input_elements(network)));
    GAN__TRY(prepare_buffer(network, &network->result, gan_network_output_elements(network)));
    GAN__TRY(prepare_plan(network, plan_forward, &network->forward_plan));
    GAN__TRY(prepare_plan(network, plan_noise, &network->noise_plan));
    return gan__network_prepare(network, 0);
}

static void run(gan_network *network, const gan__plan *plan, uint64_t seed, int64_t first)
{
    real *slots[] = {network->values, network->input, network->result};
    gan__plan_run(plan, &(gan__arguments){.slots = slots,
                                          .workspace = network->workspace,
                                          .seed = seed,
                                          .first_sample = (uint64_t)first});
}

/* Checks a number of samples and the buffer for results of `elements` each. */
static int32_t check_buffer(gan_network *network, const char *call, int64_t n, int64_t most,
                            int64_t elements, const float *buffer, int64_t capacity)
{
    gan_context *context = network->context;
    if (buffer == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "network %s: %s: the buffer is NULL",
                         network->name, call);
    }
    if (n < 1 || n > most) {
        return gan__fail(context, GAN_ERROR_RANGE,
                         "network %s: %s: %lld samples, not within 1 to %lld", network->name, call,
                         (long long)n, (long long)most);
    }
    const int64_t needed = gan__multiply(n, elements);
    if (needed < 0 || capacity < needed) {
        return gan__fail(context, GAN_ERROR_BUFFER,
                         "network %s: %s: %lld samples of %lld elements, the buffer holds %lld",
                         network->name, call, (long long)n, (long long)elements,
                         (long long)capacity);
    }
    return GAN_OK;
}

int32_t gan_network_forward(gan_network *network, int64_t n, const float *x, float *y,
                            int64_t capacity)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__network_ready(network));
    const int64_t inputs = gan_network_input_elements(network);
    const int64_t outputs = gan_network_output_elements(network);
    if (x == NULL) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT, "network %s: forward: x is NULL",
                         network->name);
    }
    GAN__TRY(check_buffer(network, "forward", n, INT64_MAX, outputs, y, capacity));
    GAN__TRY(prepare(network));
    for (int64_t start = 0; start < n; start += BATCH) {
        const int64_t count = n - start < BATCH ? n - start : BATCH;
        gan__from_floats(count * inputs, x + start * inputs, network->input);
        memset(network->input + count * inputs, 0,
               (size_t)((BATCH - count) * inputs) * sizeof *network->input);
        run(network, network->forward_plan, 0, 0);
        gan__to_floats(count * outputs, network->result, y + start * outputs);
    }
    return GAN_OK;
}

/* Draws noise, and with `evaluate` feeds it to the network; writes the last of these to out. */
static int32_t draw(gan_network *network, const char *call, bool evaluate, uint64_t seed, int64_t n,
                    float *out, int64_t capacity)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__network_ready(network));
    const int64_t elements =
        evaluate ? gan_network_output_elements(network) : gan_network_input_elements(network);
    GAN__TRY(check_buffer(network, call, n, INT32_MAX, elements, out, capacity));
    GAN__TRY(prepare(network));
    for (int64_t start = 0; start < n; start += BATCH) {
        const int64_t count = n - start < BATCH ? n - start : BATCH;
        run(network, network->noise_plan, seed, start);
        if (evaluate) {
            run(network, network->forward_plan, 0, 0);
        }
        gan__to_floats(count * elements, evaluate ? network->result : network->input,
                       out + start * elements);
    }
    return GAN_OK;
}

int32_t gan_network_sample(gan_network *network, uint64_t seed, int64_t n, float *samples,
                           int64_t capacity)
{
    return draw(network, "sample", true, seed, n, samples, capacity);
}

int32_t gan_network_noise(gan_network *network, uint64_t seed, int64_t n, float *z,
                          int64_t capacity)
{
    return draw(network, "noise", false, seed, n, z, capacity);
}

int32_t gan_network_set_noise(gan_network *network, const char *kind, double a, double b)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    gan_context *context = network->context;
    if (kind == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "network %s: set_noise: kind is NULL",
                         network->name);
    }
    const bool uniform = strcmp(kind, GAN_NOISE_UNIFORM) == 0;
    if (!uniform && strcmp(kind, GAN_NOISE_NORMAL) != 0) {
        return gan__fail(context, GAN_ERROR_KEY, "network %s: set_noise: no kind \"%.64s\"",
                         network->name, kind);
    }
    if (!gan__is_float(a) || !gan__is_float(b) || b < (uniform ? a : 0)) {
        return gan__fail(context, GAN_ERROR_RANGE,
                         "network %s: set_noise: %s(a = %g, b = %g) needs finite floats with %s",
                         network->name, kind, a, b, uniform ? "a <= b" : "b >= 0");
    }
    network->noise = (gan__distribution){uniform ? GAN__UNIFORM : GAN__NORMAL, a, b};
    gan__plan_free(network->noise_plan);
    network->noise_plan = NULL;
    return GAN_OK;
}
