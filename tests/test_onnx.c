/* Models in ONNX: well-formed, complete, with the right numbers. Whether they compute the same is
 * for a runtime to say: ffi/onnx.py.
 *   test_onnx                 the structure
 *   test_onnx --write FOLDER  writes models with samples and what the library makes of them */
#include "networks.h"
#include "training.h"

#include <sys/stat.h>

static const char *path;

static void start(void)
{
    ctx = new_context(&own);
    path = temporary("model.onnx");
}

static void finish(void)
{
    remove(path);
    end_context(ctx, &own);
}

/* Makes the statistics of all batch norms other than those at the start. */
static void move_statistics(gan_network *n)
{
    dice d = {5};
    for (int32_t i = 0; i < gan_network_parameter_count(n); i++) {
        const char *name = gan_network_parameter_name(n, i);
        if (strstr(name, ".statistics") != NULL) {
            float values[64];
            const int64_t count = elements_of(n, name);
            need(count <= 64);
            for (int64_t j = 0; j < count; j++) {
                values[j] =
                    (float)roll_between(&d, 0.05, 0.2) * (j < count / 2 ? -1 : 1); /* variances */
            }
            ok(gan_network_set_parameter(n, name, values, count));
        }
    }
}

/* The layers that pictures() has not, but those that look at the whole batch. [2, 6, 5] -> [1] */
static gan_network *judge(void)
{
    gan_network *n;
    ok(gan_network_create(ctx, "judge", &n));
    int32_t x = gan_network_input(n, "output", 3, (int64_t[]){2, 6, 5});
    x = gan_network_layer_norm(n, x, 1, 1e-4);
    x = gan_network_convolution(n, x, 3, (int64_t[]){3, 2}, (int64_t[]){2, 1}, (int64_t[]){1, 0},
                                GAN_BIAS_NONE);
    x = gan_network_softplus(n, gan_network_batch_norm(n, x, 0, 1e-3, 0.1));
    x = gan_network_max_pool(n, x, (int64_t[]){2, 3}, (int64_t[]){2, 2}); /* windows are cut */
    x = gan_network_average_pool(n, x, (int64_t[]){2, 1}, NULL);
    const int32_t h = gan_network_maxout(n, gan_network_dropout(n, x, 0.5), 7, 4);
    int32_t y = gan_network_sigmoid(n, gan_network_dense(n, h, 7));
    y = gan_network_add(n, gan_network_layer_norm(n, y, 0, 1e-5), h);
    gan_network_minibatch_deviation(n, y, 2); /* beyond the output: left out */
    ok(gan_network_output(n, gan_network_inner_product(n, y, h)));
    ok(gan_network_initialize(n, 8));
    return n;
}

/* The generator of a DCGAN. [5] -> [2, 8, 8] */
static gan_network *convolutional(void)
{
    gan_network *n;
    ok(gan_network_create(ctx, "G", &n));
    int32_t x = gan_network_input(n, "z", 1, (int64_t[]){5});
    x = gan_network_reshape(n, gan_network_dense(n, x, 4 * 2 * 2), 3, (int64_t[]){4, 2, 2});
    x = gan_network_relu(n, gan_network_batch_norm(n, x, 1, 1e-5, 0.1));
    x = gan_network_transposed_convolution(n, x, 3, (int64_t[]){5, 5}, (int64_t[]){2, 2},
                                           (int64_t[]){2, 2}, (int64_t[]){4, 4}, GAN_BIAS_NONE);
    x = gan_network_relu(n, gan_network_batch_norm(n, x, 1, 1e-5, 0.1));
    x = gan_network_transposed_convolution(n, x, 2, (int64_t[]){4, 4}, (int64_t[]){2, 2},
                                           (int64_t[]){1, 1}, NULL, GAN_BIAS_UNTIED);
    ok(gan_network_output(n, gan_network_tanh(n, x)));
    ok(gan_network_initialize(n, 9));
    return n;
}

typedef gan_network *(*network_fn)(void);

static const network_fn networks[] = {pictures, judge, convolutional, new_generator};

enum { NETWORKS = sizeof networks / sizeof networks[0] };

/* ---- Reading the wire format ---------------------------------------------------------------- */

typedef struct {
    const unsigned char *next, *end;
} bytes;

typedef struct {
    uint32_t field;
    uint64_t number; /* of a varint */
    bytes content;   /* of a message, text or data */
} field;

static uint64_t read_varint(bytes *b)
{
    uint64_t value = 0;
    int shift = 0;
    unsigned char byte;
    do {
        need(b->next < b->end && shift < 64);
        byte = *b->next++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte >= 0x80);
    return value;
}

/* The next field, if there is one. */
static bool read_field(bytes *b, field *f)
{
    if (b->next == b->end) {
        return false;
    }
    const uint64_t tag = read_varint(b);
    *f = (field){.field = (uint32_t)(tag >> 3)};
    switch (tag & 7) {
    case 0:
        f->number = read_varint(b);
        break;
    case 2: {
        const uint64_t size = read_varint(b);
        need(size <= (uint64_t)(b->end - b->next));
        f->content = (bytes){b->next, b->next + size};
        b->next += size;
        break;
    }
    default:
        need((tag & 7) == 5 && b->end - b->next >= 4);
        b->next += 4;
    }
    return true;
}

typedef struct {
    char names[400][96]; /* tensors that are there */
    int count, nodes, constants, inputs, outputs;
    char operators[400][24];
} graph;

static void text_of_field(const field *f, char *out, size_t room)
{
    const size_t size = (size_t)(f->content.end - f->content.next);
    need(size < room);
    memcpy(out, f->content.next, size);
    out[size] = '\0';
}

static bool is_there(const graph *g, const char *name)
{
    bool is = false;
    for (int i = 0; i < g->count; i++) {
        is |= strcmp(g->names[i], name) == 0;
    }
    return is;
}

/* Adds the text of a field to what is there, where it must not be yet. */
static void add_name(graph *g, const field *f)
{
    char name[96];
    text_of_field(f, name, sizeof name);
    ck_assert_msg(!is_there(g, name), "\"%s\" is made twice", name);
    need(g->count < 400);
    memcpy(g->names[g->count++], name, sizeof name);
}

/* Every operator reads what is there and makes one tensor. */
static void read_node(graph *g, bytes b)
{
    field f;
    for (bytes again = b; read_field(&again, &f);) {
        char name[96];
        if (f.field == 1) {
            text_of_field(&f, name, sizeof name);
            ck_assert_msg(name[0] == '\0' || is_there(g, name), "\"%s\" is not made", name);
        }
    }
    int outputs = 0;
    while (read_field(&b, &f)) {
        if (f.field == 2) {
            add_name(g, &f);
            outputs++;
        } else if (f.field == 4) {
            text_of_field(&f, g->operators[g->nodes], sizeof g->operators[0]);
        }
    }
    ck_assert_int_eq(outputs, 1);
    g->nodes++;
}

/* A constant has as many bytes as its shape says. */
static void read_tensor(graph *g, bytes b)
{
    field f;
    int64_t elements = 1, size = -1, type = 0;
    while (read_field(&b, &f)) {
        if (f.field == 1) {
            elements *= (int64_t)f.number;
        } else if (f.field == 2) {
            type = (int64_t)f.number;
        } else if (f.field == 8) {
            add_name(g, &f);
        } else if (f.field == 9) {
            size = f.content.end - f.content.next;
        }
    }
    need(type == 1 || type == 7);
    ck_assert_int_eq(size, elements * (type == 1 ? 4 : 8));
    g->constants++;
}

static void read_graph(graph *g, bytes b)
{
    field f;
    while (read_field(&b, &f)) {
        field name;
        if (f.field == 1) {
            read_node(g, f.content);
        } else if (f.field == 5) {
            read_tensor(g, f.content);
        } else if (f.field == 11) {
            need(read_field(&f.content, &name) && name.field == 1);
            add_name(g, &name);
            g->inputs++;
        } else if (f.field == 12) {
            char text[96];
            need(read_field(&f.content, &name) && name.field == 1);
            text_of_field(&name, text, sizeof text);
            ck_assert_str_eq(text, "output");
            need(is_there(g, text));
            g->outputs++;
        }
    }
}

static int operators(const graph *g, const char *name)
{
    int count = 0;
    for (int i = 0; i < g->nodes; i++) {
        count += strcmp(g->operators[i], name) == 0;
    }
    return count;
}

/* Reads the file at `path`. */
static const graph *read_model(void)
{
    static unsigned char content[1 << 17];
    static graph g;
    FILE *file = fopen(path, "rb");
    need(file != NULL);
    const size_t size = fread(content, 1, sizeof content, file);
    need(size > 0 && size < sizeof content);
    fclose(file);
    memset(&g, 0, sizeof g);
    bytes b = {content, content + size};
    field f, version;
    bool ir = false, opset = false;
    while (read_field(&b, &f)) {
        if (f.field == 1) {
            ir = f.number == 8;
        } else if (f.field == 8) {
            need(read_field(&f.content, &version));
            opset = version.field == 2 && version.number == 17;
        } else if (f.field == 7) {
            read_graph(&g, f.content);
        }
    }
    need(ir && opset);
    return &g;
}

/* ---- Tests ---------------------------------------------------------------------------------- */

START_TEST(models_are_well_formed)
{
    start();
    static const int inputs[NETWORKS] = {2, 1, 1, 1};
    for (int i = 0; i < NETWORKS; i++) {
        gan_network *n = networks[i]();
        ok(gan_network_export_onnx(n, path));
        const graph *g = read_model();
        ck_assert_int_eq(g->inputs, inputs[i]);
        ck_assert_int_eq(g->outputs, 1);
        need(g->nodes > 5 && g->constants > 5);
        gan_network_free(n);
    }
    finish();
}
END_TEST

START_TEST(layers_become_their_operators)
{
    start();
    gan_network *n = convolutional();
    ok(gan_network_export_onnx(n, path));
    const graph *g = read_model();
    ck_assert_int_eq(operators(g, "MatMul"), 1);
    ck_assert_int_eq(operators(g, "ConvTranspose"), 2);
    ck_assert_int_eq(operators(g, "Relu"), 2);
    ck_assert_int_eq(operators(g, "Tanh"), 1);
    ck_assert_int_eq(operators(g, "Sqrt"), 2);
    need(is_there(g, "z") && is_there(g, "layer0.weight") && is_there(g, "layer0.bias"));
    gan_network_free(n);
    n = judge();
    ok(gan_network_export_onnx(n, path));
    g = read_model();
    ck_assert_int_eq(operators(g, "ReduceMax"), 1);
    ck_assert_int_eq(operators(g, "MaxPool"), 1);
    ck_assert_int_eq(operators(g, "AveragePool"), 1);
    ck_assert_int_eq(operators(g, "Conv"), 1);
    ck_assert_int_eq(operators(g, "ReduceSum"), 1);
    need(is_there(g, "tensor.1")); /* for the name "output" is taken */
    gan_network_free(n);
    finish();
}
END_TEST

START_TEST(what_has_no_model_is_refused)
{
    start();
    gan_network *n = critic();
    fails(gan_network_export_onnx(n, path), GAN_ERROR_UNSUPPORTED, "whole batch");
    need(access(path, F_OK) != 0);
    gan_network_free(n);
    ok(gan_network_create(ctx, "open", &n));
    fails(gan_network_export_onnx(n, path), GAN_ERROR_STATE, "");
    gan_network_free(n);
    n = judge();
    fails(gan_network_export_onnx(n, "/no/such/folder/model.onnx"), GAN_ERROR_IO, "/no/such");
    fails(gan_network_export_onnx(n, NULL), GAN_ERROR_ARGUMENT, "");
    gan_network_free(n);
    finish();
}
END_TEST

START_TEST(each_allocation_may_fail)
{
    start();
    gan_network *n = pictures();
    const int64_t live = own.live;
    int32_t status = GAN_ERROR_MEMORY;
    int64_t failures = 0;
    for (; status != GAN_OK; failures++) {
        own.calls = 0;
        own.fail_at = failures + 1;
        status = gan_network_export_onnx(n, path);
        own.fail_at = 0;
        if (status != GAN_OK) {
            ck_assert_int_eq(status, GAN_ERROR_MEMORY);
            need(access(path, F_OK) != 0);
        }
        ck_assert_int_eq(own.live, live);
    }
    ck_assert_int_gt(failures, 12);
    ck_assert_int_eq(read_model()->inputs, 2);
    gan_network_free(n);
    finish();
}
END_TEST

/* ---- Models for a runtime ------------------------------------------------------------------- */

enum { SAMPLES = 5, CLASSES = 3 };

static void write_floats(const char *folder, int i, const char *what, int64_t count,
                         const float *values)
{
    char name[600];
    snprintf(name, sizeof name, "%s/%d.%s", folder, i, what);
    FILE *file = fopen(name, "wb");
    need(file != NULL);
    need(fwrite(values, sizeof *values, (size_t)count, file) == (size_t)count);
    fclose(file);
}

static const char *where;

START_TEST(write_models)
{
    ctx = new_context(&own);
    for (int i = 0; i < NETWORKS; i++) {
        char name[600];
        static float x[4096], y[4096], classes[SAMPLES * CLASSES];
        gan_network *n = networks[i]();
        const int64_t inputs = SAMPLES * gan_network_input_elements(n);
        const int64_t outputs = SAMPLES * gan_network_output_elements(n);
        const int64_t given = SAMPLES * gan_network_condition_elements(n);
        need(inputs <= 4096 && outputs <= 4096 && given <= SAMPLES * CLASSES);
        move_statistics(n);
        ok(gan_network_noise(n, 3, SAMPLES, x, inputs));
        for (int64_t j = 0; j < given; j++) {
            classes[j] = j / CLASSES % CLASSES == j % CLASSES;
        }
        int32_t output = 0;
        int64_t dims[5];
        int32_t rank;
        while (gan_network_tensor_shape(n, output + 1, &rank, dims, 5) == GAN_OK) {
            output++;
        }
        if (given > 0) {
            ok(gan_network_evaluate(n, output, SAMPLES, x, classes, y, outputs));
        } else {
            ok(gan_network_forward(n, SAMPLES, x, y, outputs));
        }
        snprintf(name, sizeof name, "%s/%d.onnx", where, i);
        ok(gan_network_export_onnx(n, name));
        write_floats(where, i, "x", inputs, x);
        write_floats(where, i, "y", outputs, y);
        if (given > 0) {
            write_floats(where, i, "conditions", given, classes);
        }
        gan_network_free(n);
    }
    end_context(ctx, &own);
}
END_TEST

int main(int count, char **arguments)
{
    if (count == 3 && strcmp(arguments[1], "--write") == 0) {
        where = arguments[2];
        return RUN_TESTS("onnx", write_models);
    }
    return RUN_TESTS("onnx", models_are_well_formed, layers_become_their_operators,
                     what_has_no_model_is_refused, each_allocation_may_fail);
}
