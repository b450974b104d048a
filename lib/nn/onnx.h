/* Inside the export to ONNX. Every tensor is [N, ...], N being free. What stands between two
 * operators is "between.<n>", a constant "constant.<n>", parameters and inputs have their names. */
#ifndef GAN_NN_ONNX_H
#define GAN_NN_ONNX_H

#include "io/protobuf.h"
#include "nn/network.h"

typedef struct {
    char text[GAN__NAME_BYTES + 16];
} gan__onnx_name;

typedef struct {
    const gan_network *network;
    const real *values; /* [elements]: parameters as layers compute with them */
    gan__buffer out;
    int32_t between, constants;
} gan__onnx_model;

/* Fields of a graph, as onnx.proto numbers them. */
enum {
    GAN__GRAPH_NODE = 1,
    GAN__GRAPH_NAME,
    GAN__GRAPH_INITIALIZER = 5,
    GAN__GRAPH_INPUT = 11,
    GAN__GRAPH_OUTPUT
};

/* Types of attributes. */
enum { GAN__ATTRIBUTE_F = 1, GAN__ATTRIBUTE_I, GAN__ATTRIBUTE_S, GAN__ATTRIBUTE_INTS = 7 };

/* An attribute of an operator: whichever of the values its type names. */
typedef struct {
    const char *name;
    int32_t type;
    float f;
    int64_t i;
    const char *s;
    const int64_t *ints;
    int32_t count;
} gan__onnx_attribute;

/* "what.number" */
gan__onnx_name gan__onnx_numbered(const char *what, int32_t number);

/* The name of the tensor that an input or a layer makes; an input keeps the name it has, unless
 * another tensor could have it. */
bool gan__onnx_is_input(gan__layer_kind kind);
gan__onnx_name gan__onnx_tensor_name(const gan__onnx_model *m, int32_t id);

/* An operator. in: names, the last one NULL; attributes: the last one without a name, or NULL */
void gan__onnx_node(gan__onnx_model *m, const char *operator, const char * const * in,
                    const char *output, const gan__onnx_attribute *attributes);

/* An input or output: [N, shape] */
void gan__onnx_value(gan__onnx_model *m, uint32_t field, const char *as, gan__shape shape);

/* A constant under a name; constants of their own, which return their names. */
void gan__onnx_floats(gan__onnx_model *m, const char *as, gan__shape shape, const real *values);
gan__onnx_name gan__onnx_whole(gan__onnx_model *m, int32_t count, const int64_t *values);

/* Applies an operator to one or two tensors; returns the name of what it makes. b: NULL for one */
gan__onnx_name gan__onnx_apply(gan__onnx_model *m, const char *operator, gan__onnx_name a,
                               const gan__onnx_name *b, const gan__onnx_attribute *attributes);
gan__onnx_name gan__onnx_apply_number(gan__onnx_model *m, const char *operator, gan__onnx_name a,
                                      double b);

/* [N, shape] */
gan__onnx_name gan__onnx_reshaped(gan__onnx_model *m, gan__onnx_name x, gan__shape shape);

/* Writes a layer of a kind; returns the name of what it makes. in: what its inputs are */
typedef gan__onnx_name (*gan__onnx_layer_fn)(gan__onnx_model *m, const gan__layer *layer,
                                             const gan__onnx_name *in);

/* By the kind; those that look at the whole batch have none. */
extern const gan__onnx_layer_fn gan__onnx_layers[GAN__LAYER_COUNT];

#endif
