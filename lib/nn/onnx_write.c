/* The messages of an ONNX model. */
#include "nn/onnx.h"

#include <stdio.h>
#include <string.h>

/* Fields of the messages, as onnx.proto numbers them. */
enum { NODE_INPUT = 1, NODE_OUTPUT, NODE_NAME, NODE_OP, NODE_ATTRIBUTE };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_F, ATTRIBUTE_I, ATTRIBUTE_S, ATTRIBUTE_INTS = 8 };
enum { ATTRIBUTE_TYPE = 20 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE, TENSOR_NAME = 8, TENSOR_DATA };
enum { TENSOR_FLOAT = 1, TENSOR_INT64 = 7 };
enum { VALUE_NAME = 1, VALUE_TYPE, TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, TENSOR_SHAPE };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_NAME };

typedef gan__onnx_name name;
typedef gan__onnx_model model;
typedef gan__onnx_attribute attribute;

/* ---- Names --------------------------------------------------------------------------------- */

name gan__onnx_numbered(const char *what, int32_t number)
{
    name n;
    snprintf(n.text, sizeof n.text, "%s.%d", what, (int)number);
    return n;
}

bool gan__onnx_is_input(gan__layer_kind kind)
{
    return kind == GAN__LAYER_INPUT || kind == GAN__LAYER_CONDITION;
}

/* An input keeps the name it has, unless another tensor could have it. */
static bool name_is_free(const gan_network *network, int32_t id)
{
    const char *wanted = network->layers[id - 1].name;
    bool is_free = strchr(wanted, '.') == NULL && strcmp(wanted, "output") != 0;
    for (int32_t i = 1; i < id && is_free; i++) {
        const gan__layer *layer = &network->layers[i - 1];
        is_free = !gan__onnx_is_input(layer->kind) || strcmp(layer->name, wanted) != 0;
    }
    return is_free;
}

name gan__onnx_tensor_name(const model *m, int32_t id)
{
    const gan__layer *layer = &m->network->layers[id - 1];
    name n = gan__onnx_numbered("tensor", id);
    if (gan__onnx_is_input(layer->kind) && name_is_free(m->network, id)) {
        memcpy(n.text, layer->name, sizeof layer->name);
    }
    return n;
}

/* ---- Messages ------------------------------------------------------------------------------ */

static void put_attribute(gan__buffer *out, const attribute *a)
{
    const int64_t begun = gan__proto_begin(out, NODE_ATTRIBUTE);
    gan__proto_text(out, ATTRIBUTE_NAME, a->name);
    if (a->type == GAN__ATTRIBUTE_F) {
        gan__proto_float(out, ATTRIBUTE_F, a->f);
    } else if (a->type == GAN__ATTRIBUTE_I) {
        gan__proto_int(out, ATTRIBUTE_I, a->i);
    } else if (a->type == GAN__ATTRIBUTE_S) {
        gan__proto_text(out, ATTRIBUTE_S, a->s);
    }
    for (int32_t i = 0; i < a->count; i++) {
        gan__proto_int(out, ATTRIBUTE_INTS, a->ints[i]);
    }
    gan__proto_int(out, ATTRIBUTE_TYPE, a->type);
    gan__proto_end(out, begun);
}

/* An operator. in: names, the last one NULL; attributes: the last one without a name, or NULL */
void gan__onnx_node(model *m, const char *operator, const char * const * in, const char *output,
                    const attribute *attributes)
{
    const int64_t begun = gan__proto_begin(&m->out, GAN__GRAPH_NODE);
    for (; *in != NULL; in++) {
        gan__proto_text(&m->out, NODE_INPUT, *in);
    }
    gan__proto_text(&m->out, NODE_OUTPUT, output);
    gan__proto_text(&m->out, NODE_NAME, output); /* each makes one tensor */
    gan__proto_text(&m->out, NODE_OP, operator);
    for (; attributes != NULL && attributes->name != NULL; attributes++) {
        put_attribute(&m->out, attributes);
    }
    gan__proto_end(&m->out, begun);
}

/* The start of a constant tensor; its bytes come next. */
static int64_t begin_tensor(model *m, const char *as, int32_t type, gan__shape shape)
{
    const int64_t begun = gan__proto_begin(&m->out, GAN__GRAPH_INITIALIZER);
    for (int32_t i = 0; i < shape.rank; i++) {
        gan__proto_int(&m->out, TENSOR_DIMS, shape.dims[i]);
    }
    gan__proto_int(&m->out, TENSOR_TYPE, type);
    gan__proto_text(&m->out, TENSOR_NAME, as);
    return begun;
}

void gan__onnx_floats(model *m, const char *as, gan__shape shape, const real *values)
{
    const int64_t begun = begin_tensor(m, as, TENSOR_FLOAT, shape);
    const int64_t elements = gan__shape_elements(shape);
    const int64_t bytes = gan__proto_begin(&m->out, TENSOR_DATA);
    char *room = gan__buffer_room(&m->out, (size_t)elements * sizeof(float));
    for (int64_t i = 0; i < elements && room != NULL; i++) {
        const float value = (float)values[i];
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        gan__put_bits32(room + 4 * i, bits);
    }
    gan__proto_end(&m->out, bytes);
    gan__proto_end(&m->out, begun);
}

/* A constant of whole numbers; returns its name. */
name gan__onnx_whole(model *m, int32_t count, const int64_t *values)
{
    const name as = gan__onnx_numbered("constant", m->constants++);
    const int64_t begun = begin_tensor(m, as.text, TENSOR_INT64, gan__shape_1(count));
    const int64_t bytes = gan__proto_begin(&m->out, TENSOR_DATA);
    char *room = gan__buffer_room(&m->out, (size_t)count * 8);
    for (int32_t i = 0; i < count && room != NULL; i++) {
        gan__put_bits64(room + 8 * i, (uint64_t)values[i]);
    }
    gan__proto_end(&m->out, bytes);
    gan__proto_end(&m->out, begun);
    return as;
}

/* A constant number for all elements; returns its name. */
static name put_number(model *m, double value)
{
    const name as = gan__onnx_numbered("constant", m->constants++);
    gan__onnx_floats(m, as.text, (gan__shape){0}, &(real){(real)value});
    return as;
}

/* An input or output: [N, shape] */
void gan__onnx_value(model *m, uint32_t field, const char *as, gan__shape shape)
{
    const int64_t value = gan__proto_begin(&m->out, field);
    gan__proto_text(&m->out, VALUE_NAME, as);
    const int64_t type = gan__proto_begin(&m->out, VALUE_TYPE);
    const int64_t tensor = gan__proto_begin(&m->out, TYPE_TENSOR);
    gan__proto_int(&m->out, TENSOR_ELEMENT, TENSOR_FLOAT);
    const int64_t dims = gan__proto_begin(&m->out, TENSOR_SHAPE);
    for (int32_t i = -1; i < shape.rank; i++) {
        const int64_t dim = gan__proto_begin(&m->out, SHAPE_DIM);
        if (i < 0) {
            gan__proto_text(&m->out, DIM_NAME, "N");
        } else {
            gan__proto_int(&m->out, DIM_VALUE, shape.dims[i]);
        }
        gan__proto_end(&m->out, dim);
    }
    gan__proto_end(&m->out, dims);
    gan__proto_end(&m->out, tensor);
    gan__proto_end(&m->out, type);
    gan__proto_end(&m->out, value);
}

/* ---- Operators in a row -------------------------------------------------------------------- */

/* Applies an operator to one or two tensors; returns the name of what it makes. b: NULL for one */
name gan__onnx_apply(model *m, const char *operator, name a, const name *b,
                     const attribute *attributes)
{
    const name y = gan__onnx_numbered("between", m->between++);
    gan__onnx_node(m, operator,(const char *const[]){a.text, b != NULL ? b->text : NULL, NULL},
                   y.text, attributes);
    return y;
}

name gan__onnx_apply_number(model *m, const char *operator, name a, double b)
{
    const name number = put_number(m, b);
    return gan__onnx_apply(m, operator, a, &number, NULL);
}

/* [N, shape] */
name gan__onnx_reshaped(model *m, name x, gan__shape shape)
{
    int64_t dims[1 + GAN__RANK_MAX] = {-1};
    memcpy(dims + 1, shape.dims, (size_t)shape.rank * sizeof *dims);
    const name constant = gan__onnx_whole(m, 1 + shape.rank, dims);
    return gan__onnx_apply(m, "Reshape", x, &constant, NULL);
}
