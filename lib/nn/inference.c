/* Inference: evaluating the tensors of a network, and drawing samples from it.
 *
 * Samples go through in batches of one size, the last one filled up: so every sample is computed
 * by the same operations in the same order, whatever the number of samples. It is filled up with
 * the samples at hand, in turn, for the sake of layers that look at the whole batch. */
#include "nn/network.h"

#include <string.h>

enum { SLOT_VALUES, SLOT_INPUT, SLOT_CONDITIONS, SLOT_RESULT };

/* Samples of a batch: large enough to make good use of the processor. */
enum { BATCH = 64 };

static const gan__shape *input_shape(const gan_network *network)
{
    return &network->layers[0].shape;
}

static int64_t tensor_elements(const gan_network *network, int32_t tensor)
{
    return gan__shape_elements(network->layers[tensor - 1].shape);
}

int64_t gan_network_input_elements(const gan_network *network)
{
    return network != NULL && network->layer_count > 0 ? gan__shape_elements(*input_shape(network))
                                                       : 0;
}

int64_t gan_network_output_elements(const gan_network *network)
{
    return network != NULL && network->output > 0 ? tensor_elements(network, network->output) : 0;
}

/* ---- What is made when first needed -------------------------------------------------------- */

static int32_t plan_forward(gan_network *network, gan__graph *graph, int32_t tensor,
                            gan__plan **plan)
{
    int32_t *leaves = gan__allocate(network->context, network->parameter_count, sizeof *leaves);
    if (leaves == NULL) {
        return GAN_ERROR_MEMORY;
    }
    gan__network_leaves(network, graph, SLOT_VALUES, leaves);
    const int32_t x =
        gan__leaf(graph, SLOT_INPUT, 0, gan__batch_shape(BATCH, *input_shape(network)));
    gan__build build = {.parameters = leaves, .tensor = tensor};
    int32_t rows = -1;
    if (network->conditions > 0) {
        rows = gan__leaf(graph, SLOT_CONDITIONS, 0, gan__shape_2(BATCH, network->conditions));
        build.conditions = &rows;
    }
    const gan__output output = {gan__network_build(network, graph, &build, x), SLOT_RESULT, 0};
    const int32_t status = gan__plan_create(graph, 1, &output, GAN__PLAN_FUSED, plan);
    gan__release(network->context, leaves);
    return status;
}

static int32_t plan_noise(gan_network *network, gan__graph *graph, int32_t tensor, gan__plan **plan)
{
    (void)tensor;
    const gan__output output = {gan__network_noise_node(network, graph, GAN__STREAM_SAMPLE, BATCH),
                                SLOT_INPUT, 0};
    return gan__plan_create(graph, 1, &output, GAN__PLAN_FUSED, plan);
}

/* Makes a plan that the network does not have yet, and the workspace it needs. */
static int32_t prepare_plan(gan_network *network,
                            int32_t (*make)(gan_network *, gan__graph *, int32_t, gan__plan **),
                            int32_t tensor, gan__plan **plan)
{
    if (*plan != NULL) {
        return GAN_OK;
    }
    gan__graph graph = gan__graph_create(network->context);
    gan__plan *made = NULL;
    int32_t status = make(network, &graph, tensor, &made);
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

/* The plan and the result of a tensor that is no output; the last one's stay. */
static int32_t prepare_other(gan_network *network, int32_t tensor)
{
    if (network->other == tensor) {
        return GAN_OK;
    }
    real *result = NULL;
    gan__plan *plan = NULL;
    int32_t status = prepare_buffer(network, &result, tensor_elements(network, tensor));
    if (status == GAN_OK) {
        status = prepare_plan(network, plan_forward, tensor, &plan);
    }
    if (status != GAN_OK) {
        gan__release(network->context, result);
        return status;
    }
    gan__release(network->context, network->other_result);
    gan__plan_free(network->other_plan);
    network->other_result = result;
    network->other_plan = plan;
    network->other = tensor;
    return GAN_OK;
}

/* Buffers and plans for evaluating a tensor; the parameters last, for a call that fails must not
 * leave them drawn. */
static int32_t prepare(gan_network *network, int32_t tensor, bool draw)
{
    GAN__TRY(prepare_buffer(network, &network->input, gan_network_input_elements(network)));
    if (network->conditions > 0) {
        GAN__TRY(prepare_buffer(network, &network->given, network->conditions));
    }
    if (draw) {
        GAN__TRY(prepare_plan(network, plan_noise, 0, &network->noise_plan));
    }
    if (tensor == network->output) {
        GAN__TRY(prepare_buffer(network, &network->result, tensor_elements(network, tensor)));
        GAN__TRY(prepare_plan(network, plan_forward, tensor, &network->forward_plan));
    } else {
        GAN__TRY(prepare_other(network, tensor));
    }
    return gan__network_prepare(network, 0);
}

/* ---- Evaluating ---------------------------------------------------------------------------- */

/* Where samples come from. */
typedef struct {
    const float *x;          /* [n, input elements], or NULL to draw them */
    uint64_t seed;           /* of the draw */
    const float *conditions; /* [n, condition elements], or NULL if there are none */
} source;

static void run(gan_network *network, const gan__plan *plan, uint64_t seed, int64_t first,
                real *result)
{
    real *slots[] = {network->values, network->input, network->given, result};
    gan__plan_run(plan, &(gan__arguments){.slots = slots,
                                          .workspace = network->workspace,
                                          .seed = seed,
                                          .first_sample = (uint64_t)first});
}

/* Repeats the first `count` rows, in turn, until the batch is full. rows: [BATCH, elements] */
static void fill_up(real *rows, int64_t count, int64_t elements)
{
    for (int64_t i = count; i < BATCH; i++) {
        memcpy(rows + i * elements, rows + (i - count) * elements, (size_t)elements * sizeof *rows);
    }
}

/* Brings samples start to start + count - 1 to the network's buffers. */
static void feed(gan_network *network, const source *from, int64_t start, int64_t count)
{
    const int64_t inputs = gan_network_input_elements(network), given = network->conditions;
    if (from->x != NULL) {
        gan__from_floats(count * inputs, from->x + start * inputs, network->input);
    } else {
        run(network, network->noise_plan, from->seed, start, NULL);
    }
    fill_up(network->input, count, inputs);
    if (given > 0) {
        gan__from_floats(count * given, from->conditions + start * given, network->given);
        fill_up(network->given, count, given);
    }
}

/* Evaluates a tensor that is prepared. y: [n, elements of the tensor] */
static void evaluate(gan_network *network, int32_t tensor, int64_t n, const source *from, float *y)
{
    const bool output = tensor == network->output;
    const gan__plan *plan = output ? network->forward_plan : network->other_plan;
    real *result = output ? network->result : network->other_result;
    const int64_t elements = tensor_elements(network, tensor);
    for (int64_t start = 0; start < n; start += BATCH) {
        const int64_t count = n - start < BATCH ? n - start : BATCH;
        feed(network, from, start, count);
        run(network, plan, 0, 0, result);
        gan__to_floats(count * elements, result, y + start * elements);
    }
}

/* ---- The public calls ---------------------------------------------------------------------- */

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

/* Checks that conditions are given where the network has some, and only there. */
static int32_t check_conditions(gan_network *network, const char *call, const float *conditions)
{
    if (conditions == NULL && network->conditions > 0) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT,
                         "network %s: %s: conditions is NULL, they have %lld elements",
                         network->name, call, (long long)network->conditions);
    }
    if (conditions != NULL && network->conditions == 0) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT,
                         "network %s: %s: conditions given, it has none", network->name, call);
    }
    return GAN_OK;
}

/* Refuses a network with conditions to a call that takes none. */
static int32_t check_unconditional(gan_network *network, const char *call, const char *other)
{
    return network->conditions == 0 ? GAN_OK
                                    : gan__fail(network->context, GAN_ERROR_ARGUMENT,
                                                "network %s: %s: it has conditions, %s takes them",
                                                network->name, call, other);
}

/* x: NULL fails */
static int32_t forward(gan_network *network, const char *call, int32_t tensor, int64_t n,
                       const float *x, const float *conditions, float *y, int64_t capacity)
{
    if (x == NULL) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT, "network %s: %s: x is NULL",
                         network->name, call);
    }
    GAN__TRY(check_conditions(network, call, conditions));
    GAN__TRY(
        check_buffer(network, call, n, INT64_MAX, tensor_elements(network, tensor), y, capacity));
    GAN__TRY(prepare(network, tensor, false));
    evaluate(network, tensor, n, &(source){.x = x, .conditions = conditions}, y);
    return GAN_OK;
}

int32_t gan_network_forward(gan_network *network, int64_t n, const float *x, float *y,
                            int64_t capacity)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__network_ready(network));
    GAN__TRY(check_unconditional(network, "forward", "gan_network_evaluate"));
    return forward(network, "forward", network->output, n, x, NULL, y, capacity);
}

int32_t gan_network_evaluate(gan_network *network, int32_t tensor, int64_t n, const float *x,
                             const float *conditions, float *y, int64_t capacity)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__network_ready(network));
    if (tensor < 1 || tensor > network->layer_count) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT, "network %s: evaluate: no tensor %d",
                         network->name, (int)tensor);
    }
    return forward(network, "evaluate", tensor, n, x, conditions, y, capacity);
}

static int32_t sample(gan_network *network, const char *call, uint64_t seed, int64_t n,
                      const float *conditions, float *samples, int64_t capacity)
{
    GAN__TRY(check_conditions(network, call, conditions));
    GAN__TRY(check_buffer(network, call, n, INT32_MAX, gan_network_output_elements(network),
                          samples, capacity));
    GAN__TRY(prepare(network, network->output, true));
    evaluate(network, network->output, n, &(source){.seed = seed, .conditions = conditions},
             samples);
    return GAN_OK;
}

int32_t gan_network_sample(gan_network *network, uint64_t seed, int64_t n, float *samples,
                           int64_t capacity)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__network_ready(network));
    GAN__TRY(check_unconditional(network, "sample", "gan_network_sample_conditional"));
    return sample(network, "sample", seed, n, NULL, samples, capacity);
}

int32_t gan_network_sample_conditional(gan_network *network, uint64_t seed, int64_t n,
                                       const float *conditions, float *samples, int64_t capacity)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__network_ready(network));
    return sample(network, "sample_conditional", seed, n, conditions, samples, capacity);
}

int32_t gan_network_noise(gan_network *network, uint64_t seed, int64_t n, float *z,
                          int64_t capacity)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__network_ready(network));
    const int64_t elements = gan_network_input_elements(network);
    GAN__TRY(check_buffer(network, "noise", n, INT32_MAX, elements, z, capacity));
    GAN__TRY(prepare(network, network->output, true));
    for (int64_t start = 0; start < n; start += BATCH) {
        const int64_t count = n - start < BATCH ? n - start : BATCH;
        run(network, network->noise_plan, seed, start, NULL);
        gan__to_floats(count * elements, network->input, z + start * elements);
    }
    return GAN_OK;
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
