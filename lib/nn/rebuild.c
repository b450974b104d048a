/* Networks from their descriptions. The text may be anybody's: it is read strictly, and every
 * number of it goes through the public calls, which check it. */
#include "nn/describe.h"

#include "io/json.h"

#include <string.h>

/* ---- Reading ------------------------------------------------------------------------------- */

/* The place of a name in a list, or `count`. */
static int32_t find(int32_t count, const char *const *names, const char *name)
{
    int32_t i = 0;
    while (i < count && (names[i] == NULL || strcmp(names[i], name) != 0)) {
        i++;
    }
    return i;
}

static bool refuse(gan__json *json, const char *problem)
{
    if (json->problem == NULL) {
        json->problem = problem;
    }
    return false;
}

/* The key that must come next. */
static bool expect(gan__json *json, const char *key)
{
    const char *found = gan__json_key(json);
    return found != NULL && (strcmp(found, key) == 0 || refuse(json, "another key than expected"));
}

/* What separates two members of an array whose end is not near. */
static bool comma(gan__json *json)
{
    return gan__json_more(json, ']') || refuse(json, "too few members");
}

/* The end of an array. */
static bool end_array(gan__json *json)
{
    return (!gan__json_more(json, ']') && json->problem == NULL) ||
           refuse(json, "too many members");
}

static bool read_pair(gan__json *json, int64_t two[2])
{
    return gan__json_open(json, '[', ']') && gan__json_number(json, &two[0]) && comma(json) &&
           gan__json_number(json, &two[1]) && end_array(json);
}

static bool read_shape(gan__json *json, gan__shape *shape)
{
    if (!gan__json_open(json, '[', ']')) {
        return refuse(json, "no dimensions");
    }
    do {
        if (shape->rank == GAN_RANK_MAX) {
            return refuse(json, "too many dimensions");
        }
        if (!gan__json_number(json, &shape->dims[shape->rank++])) {
            return false;
        }
    } while (gan__json_more(json, ']'));
    return json->problem == NULL;
}

static bool read_name(gan__json *json, char name[GAN__NAME_BYTES])
{
    const char *text = gan__json_string(json);
    if (text == NULL || strlen(text) >= GAN__NAME_BYTES) {
        return refuse(json, "a name that is too long");
    }
    memcpy(name, text, strlen(text) + 1);
    return true;
}

/* ["normal", 0, 1]; the kind is borrowed from the text. */
static bool read_draw(gan__json *json, const char **kind, double number[2])
{
    return gan__json_open(json, '[', ']') && (*kind = gan__json_string(json)) != NULL &&
           comma(json) && gan__json_real(json, &number[0]) && comma(json) &&
           gan__json_real(json, &number[1]) && end_array(json);
}

static bool read_initializer(gan__json *json, gan__value *value)
{
    const char *kind;
    if (!read_draw(json, &kind, value->number)) {
        return refuse(json, "no initializer");
    }
    for (int32_t i = 0; gan__initializer_name(i) != NULL; i++) {
        if (strcmp(gan__initializer_name(i), kind) == 0) {
            value->whole[0] = i;
            return true;
        }
    }
    return refuse(json, "no such initializer");
}

static bool read_bias(gan__json *json, gan__value *value)
{
    const char *kind = gan__json_string(json);
    value->whole[0] = kind != NULL ? find(GAN__BIAS_TEXTS, gan__bias_texts, kind) : 0;
    return (kind != NULL && value->whole[0] < GAN__BIAS_TEXTS) || refuse(json, "no such bias");
}

static bool read_parts(gan__json *json, gan__value *value)
{
    if (!gan__json_open(json, '[', ']')) {
        return refuse(json, "no parts");
    }
    do {
        const char *part = gan__json_string(json);
        const int32_t at = part != NULL ? find(GAN__PARTS, gan__part_texts, part) : GAN__PARTS;
        if (at == GAN__PARTS) {
            return refuse(json, "no such part");
        }
        value->whole[0] |= (int64_t)1 << at;
    } while (gan__json_more(json, ']'));
    return json->problem == NULL;
}

static bool read_field(gan__json *json, gan__field field, gan__call *call)
{
    gan__value *value = &call->values[field];
    switch (gan__field_texts[field].form) {
    case GAN__FORM_WHOLE:
        return gan__json_number(json, &value->whole[0]);
    case GAN__FORM_PAIR:
        return read_pair(json, value->whole);
    case GAN__FORM_NUMBER:
        return gan__json_real(json, &value->number[0]);
    case GAN__FORM_SHAPE:
        return read_shape(json, &call->shape);
    case GAN__FORM_NAME:
        return read_name(json, call->name);
    case GAN__FORM_BIAS:
        return read_bias(json, value);
    case GAN__FORM_DRAW:
        return read_initializer(json, value);
    default:
        return read_parts(json, value);
    }
}

/* The tensors a call is on. */
static bool read_inputs(gan__json *json, gan__call *call)
{
    bool whole = expect(json, "of") && gan__json_open(json, '[', ']');
    for (int32_t i = 0; i < gan__call_texts[call->kind].inputs && whole; i++) {
        int64_t id;
        whole = (i == 0 || comma(json)) && gan__json_number(json, &id);
        if (whole && id > INT32_MAX) {
            return refuse(json, "no such tensor");
        }
        call->in[i] = whole ? (int32_t)id : 0;
    }
    return whole && end_array(json);
}

static bool is_argument(gan__layer_kind kind, gan__field field)
{
    for (int32_t i = 0; i < GAN__CALL_FIELDS; i++) {
        if (gan__call_texts[kind].fields[i] == field) {
            return true;
        }
    }
    return false;
}

/* The fields after the inputs, to the end of the object: each at most once, and all arguments. */
static bool read_fields(gan__json *json, gan__call *call, uint64_t *seen)
{
    while (gan__json_more(json, '}')) {
        const char *key = gan__json_key(json);
        gan__field field = GAN__FIELD_NONE + 1;
        while (key != NULL && field < GAN__FIELD_COUNT &&
               strcmp(gan__field_texts[field].key, key) != 0) {
            field++;
        }
        if (key == NULL || field == GAN__FIELD_COUNT ||
            (field < GAN__FIELD_NAME && !is_argument(call->kind, field)) ||
            (*seen >> field & 1) != 0) {
            return refuse(json, "an unknown key, or one twice");
        }
        *seen |= (uint64_t)1 << field;
        if (!read_field(json, field, call)) {
            return false;
        }
    }
    for (int32_t i = 0; i < GAN__CALL_FIELDS; i++) {
        const gan__field needed = gan__call_texts[call->kind].fields[i];
        if (needed != GAN__FIELD_NONE && (*seen >> needed & 1) == 0) {
            return refuse(json, "an argument of the call is missing");
        }
    }
    return json->problem == NULL;
}

static bool read_call(gan__json *json, gan__call *call, uint64_t *seen)
{
    *call = (gan__call){0};
    *seen = 0;
    if (!gan__json_open(json, '{', '}') || !expect(json, "call")) {
        return refuse(json, "no building call");
    }
    const char *name = gan__json_string(json);
    while (name != NULL && call->kind < GAN__LAYER_COUNT &&
           strcmp(gan__call_texts[call->kind].name, name) != 0) {
        call->kind++;
    }
    if (name == NULL || call->kind == GAN__LAYER_COUNT) {
        return refuse(json, "no such building call");
    }
    if (gan__call_texts[call->kind].inputs > 0 &&
        (!gan__json_more(json, '}') || !read_inputs(json, call))) {
        return refuse(json, "a call on no tensor");
    }
    return read_fields(json, call, seen);
}

/* ---- Replaying ----------------------------------------------------------------------------- */

static int32_t call_on_images(gan_network *n, const gan__call *c)
{
    const gan__value *v = c->values;
    const int32_t x = c->in[0], bias = (int32_t)v[GAN__FIELD_BIAS].whole[0];
    const int64_t factor = v[GAN__FIELD_FACTOR].whole[0];
    switch (c->kind) {
    case GAN__LAYER_CONVOLUTION:
        return gan_network_convolution(n, x, v[GAN__FIELD_FILTERS].whole[0],
                                       v[GAN__FIELD_KERNEL].whole, v[GAN__FIELD_STRIDE].whole,
                                       v[GAN__FIELD_PADDING].whole, bias);
    case GAN__LAYER_TRANSPOSED_CONVOLUTION:
        return gan_network_transposed_convolution(
            n, x, v[GAN__FIELD_FILTERS].whole[0], v[GAN__FIELD_KERNEL].whole,
            v[GAN__FIELD_STRIDE].whole, v[GAN__FIELD_PADDING].whole, v[GAN__FIELD_OUTPUT].whole,
            bias);
    case GAN__LAYER_MAX_POOL:
        return gan_network_max_pool(n, x, v[GAN__FIELD_WINDOW].whole, v[GAN__FIELD_STRIDE].whole);
    case GAN__LAYER_AVERAGE_POOL:
        return gan_network_average_pool(n, x, v[GAN__FIELD_WINDOW].whole,
                                        v[GAN__FIELD_STRIDE].whole);
    case GAN__LAYER_MAXOUT_CHANNELS:
        return gan_network_maxout_channels(n, x, v[GAN__FIELD_PIECES].whole[0]);
    case GAN__LAYER_UPSAMPLE_NEAREST:
        return gan_network_upsample(n, x, factor, GAN_UPSAMPLE_NEAREST);
    case GAN__LAYER_UPSAMPLE_BILINEAR:
        return gan_network_upsample(n, x, factor, GAN_UPSAMPLE_BILINEAR);
    case GAN__LAYER_REPEAT:
        return gan_network_repeat(n, x, v[GAN__FIELD_HEIGHT].whole[0],
                                  v[GAN__FIELD_WIDTH].whole[0]);
    default: /* GAN__LAYER_PIXEL_SHUFFLE */
        return gan_network_pixel_shuffle(n, x, factor);
    }
}

static int32_t call_with_parameters(gan_network *n, const gan__call *c)
{
    const gan__value *v = c->values;
    const int32_t x = c->in[0];
    const int64_t units = v[GAN__FIELD_UNITS].whole[0], affine = v[GAN__FIELD_AFFINE].whole[0];
    const int32_t scaled = affine <= 1 ? (int32_t)affine : -1;
    const double epsilon = v[GAN__FIELD_EPSILON].number[0];
    switch (c->kind) {
    case GAN__LAYER_DENSE:
        return gan_network_dense(n, x, units);
    case GAN__LAYER_MAXOUT:
        return gan_network_maxout(n, x, units, v[GAN__FIELD_PIECES].whole[0]);
    case GAN__LAYER_EMBEDDING:
        return gan_network_embedding(n, x, units);
    case GAN__LAYER_MINIBATCH_DISCRIMINATION:
        return gan_network_minibatch_discrimination(n, x, v[GAN__FIELD_KERNELS].whole[0],
                                                    v[GAN__FIELD_DIMS].whole[0]);
    case GAN__LAYER_BATCH_NORM:
        return gan_network_batch_norm(n, x, scaled, epsilon, v[GAN__FIELD_MOMENTUM].number[0]);
    case GAN__LAYER_LAYER_NORM:
        return gan_network_layer_norm(n, x, scaled, epsilon);
    case GAN__LAYER_INSTANCE_NORM:
        return gan_network_instance_norm(n, x, scaled, epsilon);
    default:
        return call_on_images(n, c);
    }
}

static int32_t replay(gan_network *n, const gan__call *c)
{
    const gan__value *v = c->values;
    const int32_t x = c->in[0], y = c->in[1];
    const int64_t axis = v[GAN__FIELD_AXIS].whole[0];
    switch (c->kind) {
    case GAN__LAYER_INPUT:
        return gan_network_input(n, c->name, c->shape.rank, c->shape.dims);
    case GAN__LAYER_CONDITION:
        return gan_network_condition(n, c->name, c->shape.rank, c->shape.dims);
    case GAN__LAYER_RESHAPE:
        return gan_network_reshape(n, x, c->shape.rank, c->shape.dims);
    case GAN__LAYER_CONCATENATE:
        return gan_network_concatenate(n, x, y, axis < GAN_RANK_MAX ? (int32_t)axis : -1);
    case GAN__LAYER_ADD:
        return gan_network_add(n, x, y);
    case GAN__LAYER_INNER_PRODUCT:
        return gan_network_inner_product(n, x, y);
    case GAN__LAYER_MINIBATCH_DEVIATION:
        return gan_network_minibatch_deviation(n, x, v[GAN__FIELD_GROUP].whole[0]);
    case GAN__LAYER_DROPOUT:
        return gan_network_dropout(n, x, v[GAN__FIELD_INCLUDE].number[0]);
    case GAN__LAYER_RELU:
        return gan_network_relu(n, x);
    case GAN__LAYER_LEAKY_RELU:
        return gan_network_leaky_relu(n, x, v[GAN__FIELD_SLOPE].number[0]);
    case GAN__LAYER_TANH:
        return gan_network_tanh(n, x);
    case GAN__LAYER_SIGMOID:
        return gan_network_sigmoid(n, x);
    case GAN__LAYER_SOFTPLUS:
        return gan_network_softplus(n, x);
    case GAN__LAYER_AFFINE:
        return gan_network_affine(n, x, v[GAN__FIELD_SCALE].number[0],
                                  v[GAN__FIELD_SHIFT].number[0]);
    default:
        return call_with_parameters(n, c);
    }
}

/* The settings of the layer `id`, whose parameters are not there yet; `seen`: which are given. */
static int32_t set_up(gan_network *n, int32_t id, const gan__call *c, uint64_t seen)
{
    const gan__value *v = c->values;
    const uint64_t settings = seen >> GAN__FIELD_INITIALIZER;
    if (gan__layer_transform(&n->layers[id - 1]) < 0) {
        const bool named = (seen >> GAN__FIELD_NAME & 1) != 0;
        return settings == 0 && (!named || is_argument(c->kind, GAN__FIELD_NAME))
                   ? GAN_OK
                   : gan__fail(n->context, GAN_ERROR_FORMAT,
                               "network %s: settings of a layer without parameters", n->name);
    }
    GAN__TRY(gan_network_set_name(n, id, c->name));
    if ((seen >> GAN__FIELD_INITIALIZER & 1) != 0) {
        const gan__value *draw = &v[GAN__FIELD_INITIALIZER];
        GAN__TRY(gan_network_set_initializer(n, id, gan__initializer_name((int32_t)draw->whole[0]),
                                             draw->number[0], draw->number[1]));
    }
    if ((seen >> GAN__FIELD_BIAS_START & 1) != 0) {
        GAN__TRY(gan_network_set_bias(n, id, v[GAN__FIELD_BIAS_START].number[0]));
    }
    if ((seen >> GAN__FIELD_MAX_NORM & 1) != 0) {
        GAN__TRY(gan_network_set_max_norm(n, id, v[GAN__FIELD_MAX_NORM].number[0]));
    }
    if ((seen >> GAN__FIELD_WEIGHT_CLIP & 1) != 0) {
        GAN__TRY(gan_network_set_weight_clip(n, id, v[GAN__FIELD_WEIGHT_CLIP].number[0]));
    }
    if ((seen >> GAN__FIELD_SPECTRAL_NORM & 1) != 0) {
        const int64_t on = v[GAN__FIELD_SPECTRAL_NORM].whole[0];
        GAN__TRY(gan_network_set_spectral_norm(n, id, on <= 1 ? (int32_t)on : -1));
    }
    const gan__transform *t = &n->transforms[n->layers[id - 1].index];
    for (gan__part part = 0; part < GAN__PARTS; part++) {
        if ((v[GAN__FIELD_FROZEN].whole[0] >> part & 1) != 0) {
            const int32_t at = gan__transform_tensor(t, part);
            if (at < 0) {
                return gan__fail(n->context, GAN_ERROR_FORMAT, "network %s: %s has no %s", n->name,
                                 t->name, gan__part_texts[part]);
            }
            n->parameters[at].frozen = true;
            n->freezes++;
        }
    }
    return GAN_OK;
}

/* Reads the layers and makes them. A problem of the text stays in `json`. */
static int32_t read_layers(gan__json *json, gan_network *network)
{
    if (!expect(json, "layers") || !gan__json_open(json, '[', ']')) {
        return GAN_OK;
    }
    do {
        gan__call call;
        uint64_t seen;
        if (network->layer_count == GAN__DESCRIBED_LAYERS) {
            refuse(json, "too many layers");
            return GAN_OK;
        }
        if (!read_call(json, &call, &seen)) {
            return GAN_OK;
        }
        const int32_t id = replay(network, &call);
        GAN__TRY(id < 0 ? id : set_up(network, id, &call, seen));
    } while (gan__json_more(json, ']'));
    return GAN_OK;
}

static int32_t read_network(gan__json *json, gan_context *context, gan_network **out)
{
    char name[GAN__NAME_BYTES];
    const char *kind = NULL;
    double noise[2] = {0};
    if (!gan__json_open(json, '{', '}') || !expect(json, "name") || !read_name(json, name) ||
        !gan__json_more(json, '}') || !expect(json, "noise") || !read_draw(json, &kind, noise) ||
        !gan__json_more(json, '}')) {
        refuse(json, "no name and noise of a network");
        return GAN_OK;
    }
    GAN__TRY(gan_network_create(context, name, out));
    GAN__TRY(gan_network_set_noise(*out, kind, noise[0], noise[1]));
    GAN__TRY(read_layers(json, *out));
    int64_t output;
    if (json->problem != NULL || !gan__json_more(json, '}') || !expect(json, "output") ||
        !gan__json_number(json, &output) || gan__json_more(json, '}') || !gan__json_end(json)) {
        refuse(json, "no output of a network, or more than that");
        return GAN_OK;
    }
    return gan_network_output(*out, output <= INT32_MAX ? (int32_t)output : -1);
}

int32_t gan__network_rebuild(gan_context *context, char *text, int64_t size, gan_network **out)
{
    gan_network *network = NULL;
    gan__json json = gan__json_start(text, size);
    int32_t status = read_network(&json, context, &network);
    if (status == GAN_OK && json.problem != NULL) {
        status = gan__fail(context, GAN_ERROR_FORMAT, "the network's description, byte %lld: %s",
                           (long long)(json.next - json.start), json.problem);
    } else if (status != GAN_OK && status != GAN_ERROR_MEMORY) {
        char reason[GAN__MESSAGE_BYTES - 64];
        memcpy(reason, context->message, sizeof reason);
        reason[sizeof reason - 1] = '\0';
        status = gan__fail(context, GAN_ERROR_FORMAT, "the network's description: %s", reason);
    }
    if (status != GAN_OK) {
        gan_network_free(network);
        network = NULL;
    }
    *out = network;
    return status;
}
