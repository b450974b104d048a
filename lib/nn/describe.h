/* A network as text: the building calls that made it, in JSON.
 *
 *   {"name": "G", "noise": ["uniform", -1, 1], "layers": [
 *     {"call": "input", "name": "z", "shape": [100]},
 *     {"call": "dense", "of": [1], "units": 240, "name": "h0", "initializer": ["normal", 0, 0.1]},
 *     {"call": "relu", "of": [2]}], "output": 3}
 *
 * Tensors are numbered from 1 in the order of the calls. Reading the text replays the calls, so
 * that it can make no network that a program could not make. */
#ifndef GAN_NN_DESCRIBE_H
#define GAN_NN_DESCRIBE_H

#include "io/tensors.h"
#include "nn/network.h"

enum {
    GAN__DESCRIBED_LAYERS = 16384, /* of a network that is read, at most */
    GAN__CALL_FIELDS = 7           /* of a building call, at most */
};

/* What can be said of a layer: the arguments of its call, then the settings of its parameters. */
typedef enum {
    GAN__FIELD_NONE,
    GAN__FIELD_SHAPE,
    GAN__FIELD_UNITS,
    GAN__FIELD_PIECES,
    GAN__FIELD_FILTERS,
    GAN__FIELD_KERNEL,
    GAN__FIELD_STRIDE,
    GAN__FIELD_PADDING,
    GAN__FIELD_OUTPUT,
    GAN__FIELD_BIAS,
    GAN__FIELD_WINDOW,
    GAN__FIELD_FACTOR,
    GAN__FIELD_GROUP,
    GAN__FIELD_KERNELS,
    GAN__FIELD_DIMS,
    GAN__FIELD_AXIS,
    GAN__FIELD_AFFINE,
    GAN__FIELD_HEIGHT,
    GAN__FIELD_WIDTH,
    GAN__FIELD_INCLUDE,
    GAN__FIELD_SLOPE,
    GAN__FIELD_SCALE,
    GAN__FIELD_SHIFT,
    GAN__FIELD_EPSILON,
    GAN__FIELD_MOMENTUM,
    GAN__FIELD_NAME,
    GAN__FIELD_INITIALIZER, /* from here on: settings, left out where they say nothing */
    GAN__FIELD_BIAS_START,
    GAN__FIELD_MAX_NORM,
    GAN__FIELD_WEIGHT_CLIP,
    GAN__FIELD_SPECTRAL_NORM,
    GAN__FIELD_FROZEN,
    GAN__FIELD_COUNT
} gan__field;

/* How a field stands in the text, and in a gan__value. */
typedef enum {
    GAN__FORM_WHOLE,  /* 3                 whole[0] */
    GAN__FORM_PAIR,   /* [3, 3]            whole */
    GAN__FORM_NUMBER, /* 0.2               number[0] */
    GAN__FORM_SHAPE,  /* [3, 32, 32]       the shape of the layer */
    GAN__FORM_NAME,   /* "h0"              the name of the layer */
    GAN__FORM_BIAS,   /* "tied"            whole[0], a GAN_BIAS_ */
    GAN__FORM_DRAW,   /* ["normal", 0, 1]  whole[0], the kind, and number */
    GAN__FORM_PARTS,  /* ["weight"]        whole[0], a bit for each gan__part */
} gan__form;

typedef struct {
    const char *key;
    gan__form form;
} gan__field_text;

typedef struct {
    const char *name;
    int32_t inputs;                      /* how many tensors it is a call on */
    gan__field fields[GAN__CALL_FIELDS]; /* its arguments, each once; GAN__FIELD_NONE ends them */
} gan__call_text;

typedef struct {
    int64_t whole[2];
    double number[2];
} gan__value;

/* A layer as a caller speaks of it. */
typedef struct {
    gan__layer_kind kind;
    int32_t in[2];
    gan__shape shape;
    char name[GAN__NAME_BYTES]; /* of an input, a condition, or the layer's parameters */
    gan__value values[GAN__FIELD_COUNT];
} gan__call;

extern const gan__field_text gan__field_texts[GAN__FIELD_COUNT];
extern const gan__call_text gan__call_texts[GAN__LAYER_COUNT];
extern const char *const gan__bias_texts[]; /* by GAN_BIAS_ */
extern const char *const gan__part_texts[GAN__PARTS];

enum { GAN__BIAS_TEXTS = 3 };

/* Describes a finished network. The caller releases *text, NULL after an error. Errors: MEMORY. */
int32_t gan__network_describe(const gan_network *network, char **text);

/* Makes the network of a description, finished and not initialised.
 *   text  is overwritten
 * Errors: FORMAT (the message says where and why), MEMORY. */
int32_t gan__network_rebuild(gan_context *context, char *text, int64_t size, gan_network **out);

#endif
