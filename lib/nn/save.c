/* Parameters in files. */
#include "nn/save.h"

#include "nn/describe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

gan__tensor gan__parameter_tensor(const gan__parameter *parameter, const char *name,
                                  const real *values)
{
    gan__tensor tensor = {.name = name,
                          .type = GAN__TENSOR_REAL,
                          .rank = parameter->shape.rank,
                          .data = values + parameter->offset};
    memcpy(tensor.dims, parameter->shape.dims, (size_t)parameter->shape.rank * sizeof *tensor.dims);
    return tensor;
}

/* Whether a file's tensor has a parameter's type and shape. */
static int32_t check_tensor(const gan_network *network, const gan__parameter *parameter,
                            const gan__tensor *tensor)
{
    gan_context *context = network->context;
    if (tensor->type != GAN__TENSOR_REAL) {
        return gan__fail(context, GAN_ERROR_FORMAT, "network %s: load: %s is not of type %s",
                         network->name, tensor->name,
                         GAN__TENSOR_REAL == GAN__TENSOR_F32 ? "F32" : "F64");
    }
    gan__shape shape = {.rank = tensor->rank};
    const bool fits = tensor->rank <= GAN__RANK_MAX;
    if (fits) {
        memcpy(shape.dims, tensor->dims, (size_t)tensor->rank * sizeof *shape.dims);
    }
    if (!fits || !gan__shape_equal(shape, parameter->shape)) {
        char here[GAN__SHAPE_TEXT], there[GAN__SHAPE_TEXT];
        return gan__fail(context, GAN_ERROR_SHAPE, "network %s: load: %s is %s, in the file %s",
                         network->name, parameter->name, gan__shape_text(parameter->shape, here),
                         fits ? gan__shape_text(shape, there) : "of a higher rank");
    }
    return GAN_OK;
}

/* Finds the tensor of a parameter, and checks its type and shape. */
static int32_t find_tensor(const gan_network *network, const gan__parameter *parameter,
                           const gan__tensors *file, const char *prefix, const gan__tensor **tensor)
{
    char name[GAN__TENSOR_NAME + 1];
    snprintf(name, sizeof name, "%s%s", prefix, parameter->name);
    *tensor = gan__tensors_find(file, name);
    return *tensor != NULL
               ? check_tensor(network, parameter, *tensor)
               : gan__fail(network->context, GAN_ERROR_KEY,
                           "network %s: load: the file has no \"%s\"", network->name, name);
}

int32_t gan__network_read(const gan_network *network, gan__tensors *file, const char *prefix,
                          real *values)
{
    for (int32_t i = 0; i < network->parameter_count; i++) {
        const gan__parameter *parameter = &network->parameters[i];
        const gan__tensor *tensor;
        GAN__TRY(find_tensor(network, parameter, file, prefix, &tensor));
        real *w = values + parameter->offset;
        GAN__TRY(gan__tensors_read(file, tensor, w));
        for (int64_t j = 0; j < gan__shape_elements(parameter->shape); j++) {
            if (!isfinite(w[j])) {
                return gan__fail(network->context, GAN_ERROR_NUMERIC,
                                 "network %s: load: element %lld of %s is not finite",
                                 network->name, (long long)j, tensor->name);
            }
        }
    }
    return GAN_OK;
}

int32_t gan__check_saved(gan_context *context, int64_t count, const gan__tensor *tensors)
{
    for (int64_t i = 0; i < count; i++) {
        const gan__tensor *tensor = &tensors[i];
        if (tensor->type != GAN__TENSOR_REAL || tensor->rank == 0) {
            continue; /* a counter, or a metric, which may be NaN */
        }
        const real *values = tensor->data;
        const int64_t elements = gan__tensor_bytes(tensor) / (int64_t)sizeof *values;
        for (int64_t j = 0; j < elements; j++) {
            if (!isfinite(values[j])) {
                return gan__fail(context, GAN_ERROR_NUMERIC,
                                 "save: element %lld of %s is not finite", (long long)j,
                                 tensor->name);
            }
        }
    }
    return GAN_OK;
}

/* Writes the file; the parameters are drawn. */
static int32_t write_parameters(const gan_network *network, const char *path)
{
    gan_context *context = network->context;
    gan__tensor *tensors = gan__allocate(context, network->parameter_count, sizeof *tensors);
    if (tensors == NULL) {
        return GAN_ERROR_MEMORY;
    }
    for (int32_t i = 0; i < network->parameter_count; i++) {
        const gan__parameter *parameter = &network->parameters[i];
        tensors[i] = gan__parameter_tensor(parameter, parameter->name, network->values);
    }
    char *description = NULL;
    int32_t status = gan__network_describe(network, &description);
    if (status == GAN_OK) {
        status = gan__check_saved(context, network->parameter_count, tensors);
    }
    if (status == GAN_OK) {
        const gan__tensor_note notes[] = {
            {"format", GAN__FORMAT_PARAMETERS}, {"version", "1"}, {GAN__NOTE_NETWORK, description}};
        status = gan__tensors_write(context, path, network->parameter_count, tensors, 3, notes);
    }
    gan__release(context, description);
    gan__release(context, tensors);
    return status;
}

int32_t gan_network_save(gan_network *network, const char *path)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    const bool drawn = network->values != NULL;
    GAN__TRY(gan__network_prepare(network, 0));
    const int32_t status = write_parameters(network, path);
    if (status != GAN_OK) {
        gan__network_undraw(network, drawn);
    }
    return status;
}

int32_t gan__check_format(gan_context *context, const gan__tensors *file, const char *format)
{
    const char *found = gan__tensors_note(file, "format");
    const char *version = gan__tensors_note(file, "version");
    if (found == NULL || strcmp(found, format) != 0) {
        return gan__fail(context, GAN_ERROR_FORMAT,
                         "load: the file's format is \"%.64s\", not \"%s\"",
                         found != NULL ? found : "", format);
    }
    if (version == NULL || strcmp(version, "1") != 0) {
        return gan__fail(context, GAN_ERROR_FORMAT,
                         "load: the file's version is \"%.16s\", this library reads 1",
                         version != NULL ? version : "");
    }
    return GAN_OK;
}

/* Reads a file of exactly the network's parameters. values: [elements] */
static int32_t read_file(const gan_network *network, gan__tensors *file, real *values)
{
    GAN__TRY(gan__check_format(network->context, file, GAN__FORMAT_PARAMETERS));
    GAN__TRY(gan__network_read(network, file, "", values));
    const int64_t count = gan__tensors_count(file);
    if (count != network->parameter_count) {
        return gan__fail(network->context, GAN_ERROR_KEY,
                         "network %s: load: the file has %lld tensors, the network %d",
                         network->name, (long long)count, (int)network->parameter_count);
    }
    return GAN_OK;
}

int32_t gan_network_load(gan_network *network, const char *path)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    gan_context *context = network->context;
    GAN__TRY(gan__network_ready(network));
    gan__tensors *file;
    GAN__TRY(gan__tensors_open(context, path, &file));
    real *values = gan__allocate(context, network->elements, sizeof *values);
    int32_t status = values != NULL ? read_file(network, file, values) : GAN_ERROR_MEMORY;
    gan__tensors_close(file);
    if (status == GAN_OK && network->values == NULL) {
        status = gan__network_prepare(network, 0);
    }
    if (status == GAN_OK) {
        memcpy(network->values, values, (size_t)network->elements * sizeof *values);
    }
    gan__release(context, values);
    return status;
}

/* ---- Networks from files alone ------------------------------------------------------------- */

/* The network of a description; its parameters are not there yet. */
static int32_t read_description(gan_context *context, const gan__tensors *file, const char *note,
                                gan_network **out)
{
    const char *description = gan__tensors_note(file, note);
    if (description == NULL) {
        return gan__fail(context, GAN_ERROR_FORMAT,
                         "open: the file does not describe a network as \"%s\"", note);
    }
    const int64_t size = (int64_t)strlen(description);
    char *text = gan__allocate(context, size + 1, 1);
    if (text == NULL) {
        return GAN_ERROR_MEMORY;
    }
    memcpy(text, description, (size_t)size);
    const int32_t status = gan__network_rebuild(context, text, size, out);
    gan__release(context, text);
    return status;
}

/* Reads the parameters of a network that has none yet; all are in the file before there is memory
 * for them. */
static int32_t read_values(gan_network *network, gan__tensors *file, const char *prefix)
{
    for (int32_t i = 0; i < network->parameter_count; i++) {
        const gan__tensor *tensor;
        GAN__TRY(find_tensor(network, &network->parameters[i], file, prefix, &tensor));
    }
    network->values = gan__allocate(network->context, network->elements, sizeof *network->values);
    return network->values != NULL ? gan__network_read(network, file, prefix, network->values)
                                   : GAN_ERROR_MEMORY;
}

/* Makes the network that a note of a file describes, with the parameters whose names follow
 * `prefix`. */
static int32_t open_network(gan_context *context, gan__tensors *file, const char *note,
                            const char *prefix, gan_network **out)
{
    gan_network *network;
    GAN__TRY(read_description(context, file, note, &network));
    const int32_t status = read_values(network, file, prefix);
    if (status != GAN_OK) {
        gan_network_free(network);
        return status;
    }
    *out = network;
    return GAN_OK;
}

/* The networks that a file can have, by the name of the part. */
static const struct {
    const char *part, *format, *note, *prefix;
} parts[] = {
    {NULL, GAN__FORMAT_PARAMETERS, GAN__NOTE_NETWORK, ""},
    {GAN_PART_GENERATOR, GAN__FORMAT_TRAINING, GAN__NOTE_GENERATOR, GAN__PREFIX_GENERATOR},
    {GAN_PART_DISCRIMINATOR, GAN__FORMAT_TRAINING, GAN__NOTE_DISCRIMINATOR,
     GAN__PREFIX_DISCRIMINATOR},
    {GAN_PART_AVERAGE, GAN__FORMAT_TRAINING, GAN__NOTE_GENERATOR, GAN__PREFIX_AVERAGE},
};

enum { PARTS = sizeof parts / sizeof parts[0] };

int32_t gan_network_open(gan_context *context, const char *path, const char *part,
                         gan_network **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (context == NULL || out == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "network_open: %s is NULL",
                         context == NULL ? "context" : "out");
    }
    int32_t i = part == NULL ? 0 : 1;
    while (part != NULL && i < PARTS && strcmp(parts[i].part, part) != 0) {
        i++;
    }
    if (i == PARTS) {
        return gan__fail(context, GAN_ERROR_KEY, "network_open: no part \"%.64s\"", part);
    }
    gan__tensors *file;
    GAN__TRY(gan__tensors_open(context, path, &file));
    int32_t status = gan__check_format(context, file, parts[i].format);
    if (status == GAN_OK) {
        status = open_network(context, file, parts[i].note, parts[i].prefix, out);
    }
    gan__tensors_close(file);
    return status;
}

int32_t gan_network_describe(gan_network *network, char *text, int64_t capacity, int64_t *size)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__network_ready(network));
    if (size == NULL || capacity < 0 || (text == NULL && capacity > 0)) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT, "network %s: describe: %s",
                         network->name, size == NULL ? "size is NULL" : "no room for text");
    }
    char *description;
    GAN__TRY(gan__network_describe(network, &description));
    *size = (int64_t)strlen(description);
    const bool fits = *size < capacity;
    if (fits) {
        memcpy(text, description, (size_t)*size + 1);
    }
    gan__release(network->context, description);
    return fits || capacity == 0
               ? GAN_OK
               : gan__fail(network->context, GAN_ERROR_RANGE,
                           "network %s: describe: %lld bytes and a zero, room for %lld",
                           network->name, (long long)*size, (long long)capacity);
}
