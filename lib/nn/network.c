/* The network as an object: its life, the settings of its layers, its parameters. */
#include "nn/network.h"

#include "data/dataset.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int32_t gan_network_create(gan_context *context, const char *name, gan_network **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (context == NULL || out == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "network_create: %s is NULL",
                         context == NULL ? "context" : "out");
    }
    char copy[GAN__NAME_BYTES];
    GAN__TRY(gan__copy_name(context, "network_create: name", name, copy));
    gan_network *network = gan__allocate(context, 1, sizeof *network);
    if (network == NULL) {
        return GAN_ERROR_MEMORY;
    }
    memcpy(network->name, copy, sizeof copy);
    network->context = gan__context_retain(context);
    network->references = 1;
    network->number = ++context->networks;
    network->noise = (gan__distribution){GAN__NORMAL, 0, 1};
    *out = network;
    return GAN_OK;
}

gan_network *gan__network_retain(gan_network *network)
{
    network->references++;
    return network;
}

void gan_network_free(gan_network *network)
{
    if (network == NULL || --network->references > 0) {
        return;
    }
    gan_context *context = network->context;
    for (int32_t i = 0; i < network->transform_count; i++) {
        gan__release(context, network->transforms[i].biases);
    }
    gan__plan_free(network->forward_plan);
    gan__plan_free(network->other_plan);
    gan__plan_free(network->noise_plan);
    gan__plan_free(network->constraint_plan);
    gan__release(context, network->workspace);
    gan__release(context, network->other_result);
    gan__release(context, network->result);
    gan__release(context, network->given);
    gan__release(context, network->input);
    gan__release(context, network->values);
    gan__release(context, network->parameters);
    gan__release(context, network->transforms);
    gan__release(context, network->layers);
    gan__release(context, network);
    gan__context_release(context);
}

int32_t gan__network_ready(gan_network *network)
{
    if (network->status != GAN_OK) {
        return gan__fail(network->context, network->status, "%s", network->message);
    }
    if (network->output == 0) {
        return gan__fail(network->context, GAN_ERROR_STATE,
                         "network %s: not finished, gan_network_output was not called",
                         network->name);
    }
    return GAN_OK;
}

int32_t gan__network_prepare(gan_network *network, uint64_t seed)
{
    GAN__TRY(gan__network_ready(network));
    return network->values != NULL ? GAN_OK : gan_network_initialize(network, seed);
}

void gan__network_undraw(gan_network *network, bool before)
{
    if (!before) {
        gan__release(network->context, network->values);
        network->values = NULL;
    }
}

int32_t gan__network_reserve(gan_network *network, int64_t size)
{
    if (size <= network->workspace_size) {
        return GAN_OK;
    }
    real *workspace = gan__allocate(network->context, size, sizeof *workspace);
    if (workspace == NULL) {
        return GAN_ERROR_MEMORY;
    }
    gan__release(network->context, network->workspace);
    network->workspace = workspace;
    network->workspace_size = size;
    return GAN_OK;
}

/* ---- Settings of layers -------------------------------------------------------------------- */

/* Whether `layer` means a transformation in its range: by its id, or as one of all. */
static bool is_meant(const gan_network *network, int32_t layer, int32_t index)
{
    return layer != 0 || !network->transforms[index].apart;
}

/* The range of the transformations that `layer` means: one, or all for 0. */
static int32_t find_transforms(gan_network *network, const char *call, int32_t layer,
                               int32_t *first, int32_t *last)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (network->status != GAN_OK) {
        return gan__fail(network->context, network->status, "%s", network->message);
    }
    if (network->values != NULL) {
        return gan__fail(network->context, GAN_ERROR_STATE,
                         "network %s: %s: the parameters are already initialised", network->name,
                         call);
    }
    *first = 0;
    *last = network->transform_count - 1;
    if (layer == 0) {
        return GAN_OK;
    }
    const bool exists = layer > 0 && layer <= network->layer_count;
    if (!exists || !gan__layer_has_weights(network->layers[layer - 1].kind)) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT,
                         "network %s: %s: %d is not a layer with parameters", network->name, call,
                         (int)layer);
    }
    *first = *last = network->layers[layer - 1].index;
    return GAN_OK;
}

int32_t gan_network_set_name(gan_network *network, int32_t layer, const char *name)
{
    int32_t first, last;
    GAN__TRY(find_transforms(network, "set_name", layer, &first, &last));
    gan_context *context = network->context;
    char copy[GAN__NAME_BYTES];
    GAN__TRY(gan__copy_name(context, "set_name: name", name, copy));
    const bool refused = strchr(copy, '.') != NULL || strncmp(copy, "__", 2) == 0;
    if (layer == 0 || refused) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "network %s: set_name: %s", network->name,
                         layer == 0 ? "one layer at a time"
                                    : "a name must not contain '.' or start with \"__\"");
    }
    for (int32_t i = 0; i < network->transform_count; i++) {
        if (i != first && strcmp(network->transforms[i].name, copy) == 0) {
            return gan__fail(context, GAN_ERROR_ARGUMENT,
                             "network %s: set_name: \"%s\" is the name of another layer",
                             network->name, copy);
        }
    }
    gan__transform_name(network, first, copy);
    return GAN_OK;
}

int32_t gan_network_set_initializer(gan_network *network, int32_t layer, const char *kind, double a,
                                    double b)
{
    int32_t first, last;
    GAN__TRY(find_transforms(network, "set_initializer", layer, &first, &last));
    return gan__initializer_set(network, first, last, layer != 0, kind, a, b);
}

int32_t gan_network_set_bias(gan_network *network, int32_t layer, double value)
{
    int32_t first, last;
    GAN__TRY(find_transforms(network, "set_bias", layer, &first, &last));
    if (!gan__is_float(value)) {
        return gan__fail(network->context, GAN_ERROR_RANGE,
                         "network %s: set_bias: %g is not a finite float", network->name, value);
    }
    if (layer != 0 && network->transforms[first].bias.rank == 0) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT,
                         "network %s: set_bias: %s has no biases", network->name,
                         network->transforms[first].name);
    }
    for (int32_t i = first; i <= last; i++) {
        if (is_meant(network, layer, i)) {
            gan__release(network->context, network->transforms[i].biases);
            network->transforms[i].biases = NULL;
            network->transforms[i].start = value;
        }
    }
    return GAN_OK;
}

/* A limit of the weights, 0 for none. call: for the messages */
static int32_t find_limited(gan_network *network, const char *call, int32_t layer, double limit,
                            int32_t *first, int32_t *last)
{
    GAN__TRY(find_transforms(network, call, layer, first, last));
    return gan__is_float(limit) && limit >= 0
               ? GAN_OK
               : gan__fail(network->context, GAN_ERROR_RANGE,
                           "network %s: %s: %g is not a finite number from 0 up", network->name,
                           call, limit);
}

int32_t gan_network_set_weight_clip(gan_network *network, int32_t layer, double limit)
{
    int32_t first, last;
    GAN__TRY(find_limited(network, "set_weight_clip", layer, limit, &first, &last));
    for (int32_t i = first; i <= last; i++) {
        if (is_meant(network, layer, i)) {
            network->transforms[i].clip = limit;
        }
    }
    return GAN_OK;
}

int32_t gan_network_set_max_norm(gan_network *network, int32_t layer, double norm)
{
    int32_t first, last;
    GAN__TRY(find_limited(network, "set_max_norm", layer, norm, &first, &last));
    for (int32_t i = first; i <= last; i++) {
        if (is_meant(network, layer, i)) {
            network->transforms[i].max_norm = norm;
        }
    }
    return GAN_OK;
}

enum { MARGINAL_ROWS = 256 }; /* samples read at a time */

/* Adds up each component of the data. rows: [MARGINAL_ROWS, n]; sums: [n] */
static int32_t add_up(gan_network *network, gan_dataset *data, int64_t n, float *rows, double *sums)
{
    const int64_t count = gan_dataset_count(data);
    for (int64_t start = 0; start < count; start += MARGINAL_ROWS) {
        const int64_t left = count - start < MARGINAL_ROWS ? count - start : MARGINAL_ROWS;
        GAN__TRY(gan_dataset_read(data, start, left, rows, MARGINAL_ROWS * n));
        for (int64_t i = 0; i < left * n; i++) {
            if (!(rows[i] >= 0 && rows[i] <= 1)) {
                return gan__fail(network->context, GAN_ERROR_RANGE,
                                 "set_bias_from_marginals: sample %lld has %g, not within 0 to 1",
                                 (long long)(start + i / n), (double)rows[i]);
            }
            sums[i % n] += (double)rows[i];
        }
    }
    return GAN_OK;
}

int32_t gan_network_set_bias_from_marginals(gan_network *network, int32_t layer, gan_dataset *data)
{
    int32_t index, last;
    GAN__TRY(find_transforms(network, "set_bias_from_marginals", layer, &index, &last));
    gan_context *context = network->context;
    if (data == NULL || data->context != context || layer == 0) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "set_bias_from_marginals: %s",
                         data == NULL ? "data is NULL"
                         : layer == 0 ? "one layer at a time"
                                      : "data is of another context");
    }
    const gan__transform *t = &network->transforms[index];
    const int64_t n = gan_dataset_elements(data), given = gan__bias_elements(t);
    const int64_t outputs = gan__shape_elements(network->layers[layer - 1].shape);
    if (n != outputs || n != given) {
        return gan__fail(context, GAN_ERROR_SHAPE,
                         "set_bias_from_marginals: samples have %lld elements, %s makes %lld and "
                         "has %lld biases",
                         (long long)n, t->name, (long long)outputs, (long long)given);
    }
    float *rows = gan__allocate(context, gan__multiply(MARGINAL_ROWS, n), sizeof *rows);
    double *sums = gan__allocate(context, n, sizeof *sums);
    real *biases = gan__allocate(context, n, sizeof *biases);
    const bool enough = rows != NULL && sums != NULL && biases != NULL;
    const int32_t status = enough ? add_up(network, data, n, rows, sums) : GAN_ERROR_MEMORY;
    if (status == GAN_OK) {
        const double count = (double)gan_dataset_count(data);
        for (int64_t i = 0; i < n; i++) {
            const double mean = fmin(fmax(sums[i] / count, 1e-7), 1 - 1e-7);
            biases[i] = (real)log(mean / (1 - mean));
        }
        gan__transform *now =
            &network->transforms[index]; /* reading calls back: it may have moved */
        gan__release(context, now->biases);
        now->biases = biases;
        biases = NULL;
    }
    gan__release(context, biases);
    gan__release(context, sums);
    gan__release(context, rows);
    return status;
}

/* ---- Parameters ---------------------------------------------------------------------------- */

int32_t gan_network_initialize(gan_network *network, uint64_t seed)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__network_ready(network));
    real *values = gan__allocate(network->context, network->elements, sizeof *values);
    if (values == NULL) {
        return GAN_ERROR_MEMORY;
    }
    const int32_t status = gan__network_draw(network, seed, values);
    if (status != GAN_OK) {
        gan__release(network->context, values);
        return status;
    }
    gan__release(network->context, network->values);
    network->values = values;
    return GAN_OK;
}

int32_t gan_network_parameter_count(const gan_network *network)
{
    return network != NULL ? network->parameter_count : 0;
}

const char *gan_network_parameter_name(const gan_network *network, int32_t index)
{
    const bool exists = network != NULL && index >= 0 && index < network->parameter_count;
    return exists ? network->parameters[index].name : NULL;
}

int64_t gan_network_parameter_elements(const gan_network *network)
{
    return network != NULL ? network->elements : 0;
}

const gan__parameter *gan__network_namesake(const gan_network *network, const char *name)
{
    for (int32_t i = 0; i < network->parameter_count; i++) {
        if (strcmp(network->parameters[i].name, name) == 0) {
            return &network->parameters[i];
        }
    }
    return NULL;
}

int32_t gan__network_find(const gan_network *network, const char *name,
                          const gan__parameter **parameter)
{
    if (name == NULL) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT,
                         "network %s: the parameter's name is NULL", network->name);
    }
    *parameter = gan__network_namesake(network, name);
    return *parameter != NULL
               ? GAN_OK
               : gan__fail(network->context, GAN_ERROR_KEY, "network %s: no parameter \"%.64s\"",
                           network->name, name);
}

/* Gives a shape to the caller. call, what: for the messages */
static int32_t give_shape(const gan_network *network, const char *call, const char *what,
                          gan__shape shape, int32_t *rank, int64_t *dims, int32_t capacity)
{
    if (rank == NULL) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT, "network %s: %s: rank is NULL",
                         network->name, call);
    }
    *rank = shape.rank;
    if (capacity < shape.rank) {
        return gan__fail(network->context, GAN_ERROR_BUFFER,
                         "network %s: %s has %d dimensions, the buffer %d", network->name, what,
                         (int)shape.rank, (int)capacity);
    }
    if (dims == NULL) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT, "network %s: %s: dims is NULL",
                         network->name, call);
    }
    memcpy(dims, shape.dims, (size_t)shape.rank * sizeof *dims);
    return GAN_OK;
}

int32_t gan_network_tensor_shape(const gan_network *network, int32_t x, int32_t *rank,
                                 int64_t *dims, int32_t capacity)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (network->status != GAN_OK) {
        return gan__fail(network->context, network->status, "%s", network->message);
    }
    if (x < 1 || x > network->layer_count) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT,
                         "network %s: tensor_shape: no tensor %d", network->name, (int)x);
    }
    char what[32];
    snprintf(what, sizeof what, "tensor %d", (int)x);
    return give_shape(network, "tensor_shape", what, network->layers[x - 1].shape, rank, dims,
                      capacity);
}

int32_t gan_network_parameter_shape(const gan_network *network, const char *name, int32_t *rank,
                                    int64_t *dims, int32_t capacity)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    const gan__parameter *parameter;
    GAN__TRY(gan__network_find(network, name, &parameter));
    return give_shape(network, "parameter_shape", name, parameter->shape, rank, dims, capacity);
}

int32_t gan_network_get_parameter(gan_network *network, const char *name, float *values,
                                  int64_t capacity)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    const gan__parameter *parameter;
    GAN__TRY(gan__network_ready(network));
    GAN__TRY(gan__network_find(network, name, &parameter));
    const int64_t elements = gan__shape_elements(parameter->shape);
    if (values == NULL) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT,
                         "network %s: get_parameter: values is NULL", network->name);
    }
    if (capacity < elements) {
        return gan__fail(network->context, GAN_ERROR_BUFFER,
                         "network %s: %s has %lld elements, the buffer %lld", network->name, name,
                         (long long)elements, (long long)capacity);
    }
    GAN__TRY(gan__network_prepare(network, 0));
    gan__to_floats(elements, network->values + parameter->offset, values);
    return GAN_OK;
}

int32_t gan_network_set_parameter(gan_network *network, const char *name, const float *values,
                                  int64_t count)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    const gan__parameter *parameter;
    GAN__TRY(gan__network_ready(network));
    GAN__TRY(gan__network_find(network, name, &parameter));
    if (values == NULL) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT,
                         "network %s: set_parameter: values is NULL", network->name);
    }
    const int64_t elements = gan__shape_elements(parameter->shape);
    if (count != elements) {
        return gan__fail(network->context, GAN_ERROR_SHAPE,
                         "network %s: %s has %lld elements, given %lld", network->name, name,
                         (long long)elements, (long long)count);
    }
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return gan__fail(network->context, GAN_ERROR_NUMERIC,
                             "network %s: %s: element %lld is not finite", network->name, name,
                             (long long)i);
        }
    }
    GAN__TRY(gan__network_prepare(network, 0));
    gan__from_floats(count, values, network->values + parameter->offset);
    return GAN_OK;
}
