/* Descriptions of networks: text of anybody's that makes a network or is refused. */
#include "fuzz.h"

#include "io/json.h"
#include "nn/describe.h"

enum {
    TEXT = 1 << 16,
    PER_BYTE = 128,    /* of memory for each byte of the text: a layer's record by a short line */
    OBJECTS = 1 << 16, /* beside that */
    SMALL = 1 << 12    /* elements of a network that is worth running */
};

/* Makes a network and checks that the memory it took is within bounds. */
static gan_network *rebuild(gan_context *context, const fuzz_heap *heap, const char *text,
                            size_t size)
{
    static char copy[TEXT + 1];
    memcpy(copy, text, size);
    copy[size] = '\0';
    gan_network *network = (gan_network *)context;
    const int32_t status = gan__network_rebuild(context, copy, (int64_t)size, &network);
    fuzz_status(context, status);
    must((status == GAN_OK) == (network != NULL));
    must(heap->peak <= PER_BYTE * (int64_t)size + OBJECTS);
    return network;
}

static void describe(gan_network *network, char text[TEXT], int64_t *size)
{
    must(gan_network_describe(network, text, TEXT, size) == GAN_OK);
}

/* A network that can be described, and drawn and run if it is small. */
static void use(gan_context *context, gan_network *network)
{
    static char first[TEXT], again[TEXT];
    static float x[SMALL], y[SMALL];
    int64_t size, size_again;
    describe(network, first, &size);
    fuzz_heap heap = {0};
    gan_context *other = fuzz_context(&heap);
    gan_network *same = rebuild(other, &heap, first, (size_t)size);
    must(same != NULL);
    describe(same, again, &size_again);
    must(size == size_again && memcmp(first, again, (size_t)size) == 0);
    must(gan_network_parameter_count(network) == gan_network_parameter_count(same));
    gan_network_free(same);
    fuzz_end(other, &heap);

    if (gan_network_input_elements(network) <= SMALL &&
        gan_network_output_elements(network) <= SMALL) {
        const int32_t status = gan_network_initialize(network, 1);
        fuzz_status(context, status);
        if (status == GAN_OK) {
            fuzz_status(context, gan_network_forward(network, 1, x, y, SMALL));
        }
    }
}

static void read_description(const uint8_t *bytes, size_t size)
{
    fuzz_heap heap = {.limit = 64 << 20};
    gan_context *context = fuzz_context(&heap);
    if (size < TEXT && gan__utf8((const char *)bytes, size) == size) {
        gan_network *network = rebuild(context, &heap, (const char *)bytes, size);
        if (network != NULL) {
            use(context, network);
        }
        gan_network_free(network);
    }
    fuzz_end(context, &heap);
}

/* kind 0: of pictures, with a condition; 1: of rows */
static gan_network *build(gan_context *context, int kind)
{
    gan_network *n;
    const int64_t two[] = {2, 2}, three[] = {3, 3}, one[] = {1, 1};
    must(gan_network_create(context, "N", &n) == GAN_OK);
    if (kind == 0) {
        int32_t x = gan_network_input(n, "x", 3, (int64_t[]){2, 4, 4});
        const int32_t y = gan_network_condition(n, "class", 1, (int64_t[]){3});
        x = gan_network_transposed_convolution(n, x, 4, three, two, one, NULL, GAN_BIAS_TIED);
        gan_network_set_max_norm(n, x, 0.9);
        x = gan_network_leaky_relu(n, gan_network_batch_norm(n, x, 1, 1e-5, 0.1), 0.2);
        const int32_t e = gan_network_embedding(n, y, 2);
        x = gan_network_concatenate(n, x, gan_network_repeat(n, e, 7, 7), 0);
        x = gan_network_convolution(n, x, 4, three, NULL, one, GAN_BIAS_UNTIED);
        gan_network_set_spectral_norm(n, x, 1);
        x = gan_network_maxout_channels(n, gan_network_instance_norm(n, x, 1, 1e-3), 2);
        x = gan_network_max_pool(n, gan_network_upsample(n, x, 2, GAN_UPSAMPLE_BILINEAR), two, two);
        must(gan_network_output(n, gan_network_average_pool(n, x, two, NULL)) == GAN_OK);
        return n;
    }
    int32_t x = gan_network_input(n, "x", 2, (int64_t[]){2, 5});
    x = gan_network_dropout(n, gan_network_layer_norm(n, x, 0, 1e-6), 0.8);
    x = gan_network_maxout(n, x, 6, 3);
    gan_network_set_weight_clip(n, x, 0.05);
    x = gan_network_minibatch_deviation(n, x, 4);
    x = gan_network_tanh(n, gan_network_affine(n, gan_network_softplus(n, x), 2, -1));
    must(gan_network_output(n, gan_network_sigmoid(n, gan_network_dense(n, x, 1))) == GAN_OK);
    return n;
}

/* Texts with every kind of argument between them. */
static void seed_descriptions(void)
{
    static const char *const texts[] = {
        "{\"name\":\"G\",\"noise\":[\"uniform\",-1,1],\"layers\":[\n"
        "{\"call\":\"input\",\"name\":\"z\",\"shape\":[6]},\n"
        "{\"call\":\"dense\",\"of\":[1],\"units\":8,\"name\":\"h0\","
        "\"initializer\":[\"normal\",0,0.1],\"bias_start\":-1},\n"
        "{\"call\":\"relu\",\"of\":[2]}],\"output\":3}"};
    fuzz_heap heap = {0};
    gan_context *context = fuzz_context(&heap);
    for (size_t i = 0; i < FUZZ_COUNT(texts); i++) {
        gan_network *network = rebuild(context, &heap, texts[i], strlen(texts[i]));
        must(network != NULL);
        gan_network_free(network);
        fuzz_seed(texts[i], strlen(texts[i]));
    }
    for (int kind = 0; kind < 2; kind++) {
        static char text[TEXT];
        int64_t size;
        gan_network *network = build(context, kind);
        describe(network, text, &size);
        fuzz_seed(text, (size_t)size);
        gan_network_free(network);
    }
    fuzz_end(context, &heap);
}

const fuzz_target fuzz_description = {"description", read_description, seed_descriptions};
