/* Networks as ONNX models: what gan_network_evaluate computes, in operators of opset 17. */
#include "nn/onnx.h"

#include <gan/version.h>

#include "io/file.h"

#include <string.h>

enum { IR_VERSION = 8, OPSET = 17 };

/* Fields of the messages, as onnx.proto numbers them. */
enum { MODEL_IR = 1, MODEL_PRODUCER, MODEL_PRODUCER_VERSION, MODEL_GRAPH = 7, MODEL_OPSET };
enum { OPSET_VERSION = 2 };

static const int64_t LARGEST = ((int64_t)1 << 31) - (1 << 20); /* bytes that a reader takes */

typedef gan__onnx_name name;
typedef gan__onnx_model model;

/* Marks the layers that the output needs. needed: [layer_count], of zeros */
static void mark(const gan_network *network, bool *needed)
{
    needed[network->output - 1] = true;
    for (int32_t i = network->output - 1; i >= 0; i--) {
        for (int32_t k = 0; k < 2 && needed[i]; k++) {
            const int32_t in = network->layers[i].in[k];
            if (in > 0) {
                needed[in - 1] = true;
            }
        }
    }
}

/* Writes the layers. made: [layer_count], receives what each one makes */
static int32_t put_layers(model *m, const bool *needed, name *made)
{
    const gan_network *network = m->network;
    for (int32_t i = 0; i < network->output; i++) {
        const gan__layer *layer = &network->layers[i];
        if (gan__onnx_is_input(layer->kind)) {
            made[i] = gan__onnx_tensor_name(m, i + 1);
            gan__onnx_value(m, GAN__GRAPH_INPUT, made[i].text, layer->shape);
        } else if (needed[i] && gan__onnx_layers[layer->kind] == NULL) {
            return gan__fail(network->context, GAN_ERROR_UNSUPPORTED,
                             "network %s: export: tensor %d depends on the whole batch, for which "
                             "ONNX has no operator",
                             network->name, (int)i + 1);
        } else if (needed[i]) {
            name in[2] = {made[layer->in[0] - 1]};
            if (layer->in[1] > 0) {
                in[1] = made[layer->in[1] - 1];
            }
            made[i] = gan__onnx_layers[layer->kind](m, layer, in);
        }
    }
    return GAN_OK;
}

static int32_t put_model(model *m, const bool *needed, name *made)
{
    const gan_network *network = m->network;
    gan__proto_int(&m->out, MODEL_IR, IR_VERSION);
    gan__proto_text(&m->out, MODEL_PRODUCER, "libgan");
    gan__proto_text(&m->out, MODEL_PRODUCER_VERSION, gan_version_text());
    const int64_t opset = gan__proto_begin(&m->out, MODEL_OPSET);
    gan__proto_int(&m->out, OPSET_VERSION, OPSET);
    gan__proto_end(&m->out, opset);
    const int64_t graph = gan__proto_begin(&m->out, MODEL_GRAPH);
    gan__proto_text(&m->out, GAN__GRAPH_NAME, network->name);
    GAN__TRY(put_layers(m, needed, made));
    gan__onnx_node(m, "Identity", (const char *const[]){made[network->output - 1].text, NULL},
                   "output", NULL);
    gan__onnx_value(m, GAN__GRAPH_OUTPUT, "output", network->layers[network->output - 1].shape);
    gan__proto_end(&m->out, graph);
    return m->out.status;
}

/* Exports the network, whose parameters are `values` as layers compute with them. */
static int32_t export_model(gan_network *network, const real *values, const char *path)
{
    gan_context *context = network->context;
    model m = {.network = network, .values = values, .out = {.context = context}};
    bool *needed = gan__allocate(context, network->layer_count, sizeof *needed);
    name *made = gan__allocate(context, network->layer_count, sizeof *made);
    int32_t status = GAN_ERROR_MEMORY;
    if (needed != NULL && made != NULL) {
        mark(network, needed);
        status = put_model(&m, needed, made);
    }
    if (status == GAN_OK && m.out.size > LARGEST) {
        status = gan__fail(context, GAN_ERROR_UNSUPPORTED,
                           "network %s: export: %lld bytes, a reader of ONNX takes %lld",
                           network->name, (long long)m.out.size, (long long)LARGEST);
    }
    if (status == GAN_OK) {
        status = gan__file_write(context, path, m.out.bytes, m.out.size);
    }
    gan__buffer_free(&m.out);
    gan__release(context, made);
    gan__release(context, needed);
    return status;
}

int32_t gan_network_export_onnx(gan_network *network, const char *path)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    gan_context *context = network->context;
    const bool drawn = network->values != NULL;
    GAN__TRY(gan__network_prepare(network, 0));
    real *values = gan__allocate(context, network->elements, sizeof *values);
    int32_t status = values != NULL ? gan__network_effective(network, values) : GAN_ERROR_MEMORY;
    if (status == GAN_OK) {
        status = export_model(network, values, path);
    }
    gan__release(context, values);
    if (status != GAN_OK) {
        gan__network_undraw(network, drawn);
    }
    return status;
}
