/* Misuse of every public function, through the shared library as a user has it: NULL for each
 * pointer, wrong sizes, wrong state, numbers out of range. Each call must return its code and leave
 * a message, outputs must be NULL, nothing may crash, and the objects must go on working.
 *
 * A last test reads the public headers: a function declared there that is not called here fails. */
#include "misuse.h"
#include "misuse_classifiers.h"
#include "misuse_files.h"
#include "misuse_images.h"
#include "misuse_layers.h"
#include "misuse_monitors.h"
#include "misuse_scores.h"

/* ---- Context, types, version ----------------------------------------------------------------- */

static void misuse_context(void)
{
    gan_context *made;
    int64_t now;
    start();
    bad_null(gan_context_create(NULL));
    bad_create_null(made, gan_context_create_with_allocator(NULL, release, &live, &made));
    bad_create_null(made, gan_context_create_with_allocator(allocate, NULL, &live, &made));
    bad_null(gan_context_create_with_allocator(allocate, release, &live, NULL));
    free_null(gan_context_free);
    harmless(gan_context_message(NULL)[0] != '\0');
    bad_null(gan_context_set_threads(NULL, 1));
    static const int32_t threads[] = {0, -1, 257, INT32_MIN, INT32_MAX};
    const int32_t before = gan_context_threads(ctx);
    for (int i = 0; i < 5; i++) {
        refused("gan_context_set_threads(", GAN_ERROR_RANGE,
                gan_context_set_threads(ctx, threads[i]), false);
    }
    harmless(gan_context_threads(ctx) == before);
    harmless(gan_context_threads(NULL) == 0);
    bad_null(gan_context_set_products(NULL, GAN_PRODUCTS_BLAS));
    bad_null(gan_context_set_products(ctx, NULL));
    refused("gan_context_set_products(", GAN_ERROR_KEY, gan_context_set_products(ctx, "Own"),
            false);
    refused("gan_context_set_products(", GAN_ERROR_KEY, gan_context_set_products(ctx, ""), false);
    harmless(gan_context_products(ctx) != NULL);
    harmless(gan_context_products(NULL) == NULL);
    bad_null(gan_context_memory(NULL, &now, &now));
    harmless(gan_context_memory(ctx, NULL, NULL) == GAN_OK);
    harmless(gan_context_memory(ctx, &now, NULL) == GAN_OK);
    static const int32_t no_codes[] = {1, -13, INT32_MIN, INT32_MAX};
    for (int i = 0; i < 4; i++) {
        harmless(gan_error_name(no_codes[i]) == NULL);
        harmless(strcmp(gan_error_text(no_codes[i]), "unknown error") == 0);
    }
    note("strcmp(");
    note("gan_error_text(");
    harmless(gan_rank_max() == GAN_RANK_MAX);
    harmless(gan_version() ==
             GAN_VERSION_MAJOR * 1000000 + GAN_VERSION_MINOR * 1000 + GAN_VERSION_PATCH);
    harmless(gan_version_text()[0] != '\0');
    harmless(gan_backend_text(NULL) == NULL);
    harmless(gan_backend_text("no such key") == NULL);
    harmless(gan_backend_name(-1) == NULL);
    harmless(gan_backend_name(8) == NULL);
    finish();
}

/* ---- Data sets ------------------------------------------------------------------------------- */

static int32_t deliver(void *user, int64_t index, float *sample)
{
    (void)user;
    sample[0] = index == 1 ? NAN : 0;
    sample[1] = 0;
    return index == 2 ? 9 : 0;
}

static void misuse_making_data(void)
{
    gan_dataset *const *none = NULL;
    (void)none;
    start();
    bad_create_null(made_data, gan_dataset_from_floats(NULL, 1, 1, two, floats, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data,
               gan_dataset_from_floats(ctx, 1, 1, NULL, floats, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data,
               gan_dataset_from_floats(ctx, 1, 1, two, NULL, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_from_floats(ctx, 1, 1, two, floats, NULL));
    static const int64_t counts[] = {0, -1, INT64_MIN};
    static const int32_t ranks[] = {0, -1, GAN_RANK_MAX + 1, INT32_MAX};
    for (int i = 0; i < 3; i++) {
        bad_create(GAN_ERROR_RANGE, made_data,
                   gan_dataset_from_floats(ctx, counts[i], 1, two, floats, &made_data));
        bad_create(GAN_ERROR_RANGE, made_data,
                   gan_dataset_from_bytes(ctx, counts[i], 1, two, bytes, &made_data));
        bad_create(GAN_ERROR_RANGE, made_data,
                   gan_dataset_from_callback(ctx, counts[i], 1, two, deliver, NULL, &made_data));
    }
    for (int i = 0; i < 4; i++) {
        bad_create(GAN_ERROR_RANGE, made_data,
                   gan_dataset_from_floats(ctx, 1, ranks[i], two, floats, &made_data));
        bad_create(GAN_ERROR_RANGE, made_data,
                   gan_dataset_from_callback(ctx, 1, ranks[i], two, deliver, NULL, &made_data));
    }
    bad_create(GAN_ERROR_RANGE, made_data,
               gan_dataset_from_floats(ctx, 1, 2, nothing, floats, &made_data));
    bad_create(GAN_ERROR_SHAPE, made_data,
               gan_dataset_from_bytes(ctx, 1, 2, large, bytes, &made_data));
    bad_create(GAN_ERROR_SHAPE, made_data,
               gan_dataset_from_floats(ctx, INT64_MAX, 1, two, floats, &made_data));
    const float not_finite[] = {0, NAN, INFINITY, 0};
    bad_create(GAN_ERROR_NUMERIC, made_data,
               gan_dataset_from_floats(ctx, 1, 1, two, not_finite, &made_data));
    bad_create(GAN_ERROR_NUMERIC, made_data,
               gan_dataset_from_floats(ctx, 1, 1, two, not_finite + 2, &made_data));
    bad_create_null(made_data, gan_dataset_from_bytes(NULL, 1, 1, two, bytes, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data,
               gan_dataset_from_bytes(ctx, 1, 1, two, NULL, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data,
               gan_dataset_from_bytes(ctx, 1, 1, NULL, bytes, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_from_bytes(ctx, 1, 1, two, bytes, NULL));
    bad_create_null(made_data, gan_dataset_open_idx(NULL, "x", NULL, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data, gan_dataset_open_idx(ctx, NULL, NULL, &made_data));
    bad_create(GAN_ERROR_IO, made_data, gan_dataset_open_idx(ctx, "", NULL, &made_data));
    bad_create(GAN_ERROR_IO, made_data,
               gan_dataset_open_idx(ctx, "/no/such/file", "/no/such", &made_data));
    bad_create(GAN_ERROR_FORMAT, made_data,
               gan_dataset_open_idx(ctx, GAN_SOURCE_DIR "/include/gan/gan.h", NULL, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_open_idx(ctx, "x", NULL, NULL));
    finish();
}

static void misuse_synthetic_data(void)
{
    start();
    bad_create_null(made_data, gan_dataset_gaussian(NULL, 1, 0, 1, 0, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_gaussian(ctx, 1, 0, 1, 0, NULL));
    static const int64_t counts[] = {0, -1, (INT64_C(1) << 40) + 1, INT64_MAX};
    for (int i = 0; i < 4; i++) {
        bad_create(GAN_ERROR_RANGE, made_data,
                   gan_dataset_gaussian(ctx, counts[i], 0, 1, 0, &made_data));
        bad_create(GAN_ERROR_RANGE, made_data,
                   gan_dataset_ring(ctx, counts[i], 8, 1, 1, 0, &made_data));
        bad_create(GAN_ERROR_RANGE, made_data,
                   gan_dataset_grid(ctx, counts[i], 5, 1, 1, 0, &made_data));
    }
    bad_create(GAN_ERROR_ARGUMENT, made_data, gan_dataset_gaussian(ctx, 1, NAN, 1, 0, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data, gan_dataset_gaussian(ctx, 1, 0, NAN, 0, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data,
               gan_dataset_gaussian(ctx, 1, INFINITY, 1, 0, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_gaussian(ctx, 1, 0, -1, 0, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data,
               gan_dataset_gaussian(ctx, 1, 0, INFINITY, 0, &made_data));
    bad_create_null(made_data, gan_dataset_ring(NULL, 1, 8, 1, 1, 0, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_ring(ctx, 1, 8, 1, 1, 0, NULL));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_ring(ctx, 1, 0, 1, 1, 0, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_ring(ctx, 1, 8, -1, 1, 0, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_ring(ctx, 1, 8, 1, -1, 0, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data, gan_dataset_ring(ctx, 1, 8, NAN, 1, 0, &made_data));
    bad_create_null(made_data, gan_dataset_grid(NULL, 1, 5, 1, 1, 0, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_grid(ctx, 1, 5, 1, 1, 0, NULL));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_grid(ctx, 1, 0, 1, 1, 0, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_grid(ctx, 1, 32769, 1, 1, 0, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_grid(ctx, 1, 5, -1, 1, 0, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data, gan_dataset_grid(ctx, 1, 5, 1, NAN, 0, &made_data));
    finish();
}

static void misuse_reading_data(void)
{
    gan_dataset *callback;
    int32_t rank;
    start();
    bad_create_null(made_data,
                    gan_dataset_from_callback(NULL, 1, 1, two, deliver, NULL, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data,
               gan_dataset_from_callback(ctx, 1, 1, two, NULL, NULL, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data,
               gan_dataset_from_callback(ctx, 1, 1, NULL, deliver, NULL, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_from_callback(ctx, 1, 1, two, deliver, NULL, NULL));
    static const int64_t ranges[][2] = {{-1, 1}, {0, 0},         {0, 9},         {8, 1},
                                        {0, -1}, {INT64_MAX, 1}, {1, INT64_MAX}, {INT64_MIN, 1}};
    for (int i = 0; i < 8; i++) {
        bad_create(GAN_ERROR_RANGE, made_data,
                   gan_dataset_slice(data, ranges[i][0], ranges[i][1], &made_data));
        bad(GAN_ERROR_RANGE, gan_dataset_read(data, ranges[i][0], ranges[i][1], floats, 64));
    }
    bad_create_null(made_data, gan_dataset_slice(NULL, 0, 1, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_slice(data, 0, 1, NULL));
    bad_create_null(made_data, gan_dataset_scale(NULL, 1, 0, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_scale(data, 1, 0, NULL));
    bad_create(GAN_ERROR_ARGUMENT, made_data, gan_dataset_scale(data, NAN, 0, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data, gan_dataset_scale(data, 1, NAN, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_scale(data, INFINITY, 0, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_scale(data, 1, -INFINITY, &made_data));
    free_null(gan_dataset_free);
    harmless(gan_dataset_count(NULL) == 0);
    harmless(gan_dataset_elements(NULL) == 0);
    bad_null(gan_dataset_shape(NULL, &rank, dims, 5));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_shape(data, NULL, dims, 5));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_shape(data, &rank, NULL, 5));
    bad(GAN_ERROR_BUFFER, gan_dataset_shape(data, &rank, dims, 0));
    bad(GAN_ERROR_BUFFER, gan_dataset_shape(data, &rank, dims, -1));
    ck_assert_int_eq(rank, 1);
    bad_null(gan_dataset_read(NULL, 0, 1, floats, 64));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_read(data, 0, 1, NULL, 64));
    bad(GAN_ERROR_BUFFER, gan_dataset_read(data, 0, 8, floats, 15));
    bad(GAN_ERROR_BUFFER, gan_dataset_read(data, 0, 1, floats, -1));
    bad_null(gan_dataset_read_labels(NULL, 0, 1, bytes, 64));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_read_labels(data, 0, 1, NULL, 64));
    bad(GAN_ERROR_STATE, gan_dataset_read_labels(data, 0, 1, bytes, 64));
    ok(gan_dataset_from_callback(ctx, 3, 1, two, deliver, NULL, &callback));
    bad(GAN_ERROR_NUMERIC, gan_dataset_read(callback, 1, 1, floats, 64));
    bad(GAN_ERROR_STOPPED, gan_dataset_read(callback, 2, 1, floats, 64));
    ok(gan_dataset_read(callback, 0, 1, floats, 64));
    gan_dataset_free(callback);
    finish();
}

/* ---- Networks -------------------------------------------------------------------------------- */

/* A building call that fails: on a new network of its own, N, with input tensor 1 of shape [2]. */
static gan_network *N;

static gan_network *renew(void)
{
    gan_network_free(N);
    ok(gan_network_create(ctx, "N", &N));
    ck_assert_int_eq(gan_network_input(N, "x", 1, two), 1);
    return N;
}

#define bad_build(code, call)                             \
    do {                                                  \
        renew();                                          \
        bad(code, call);                                  \
        bad(code, gan_network_output(N, 1));              \
        harmless(gan_network_relu(N, 1) == (code));       \
        harmless(gan_network_parameter_elements(N) == 0); \
    } while (0)

static void misuse_building(void)
{
    start();
    N = NULL;
    char longest[65];
    memset(longest, 'x', sizeof longest);
    longest[64] = '\0';
    bad_create_null(made_network, gan_network_create(NULL, "x", &made_network));
    bad_create(GAN_ERROR_ARGUMENT, made_network, gan_network_create(ctx, NULL, &made_network));
    bad_create(GAN_ERROR_ARGUMENT, made_network, gan_network_create(ctx, "", &made_network));
    bad_create(GAN_ERROR_ARGUMENT, made_network, gan_network_create(ctx, longest, &made_network));
    bad(GAN_ERROR_ARGUMENT, gan_network_create(ctx, "x", NULL));
    free_null(gan_network_free);
    bad_null(gan_network_input(NULL, "x", 1, two));
    bad_null(gan_network_dense(NULL, 1, 2));
    bad_null(gan_network_maxout(NULL, 1, 2, 2));
    bad_null(gan_network_dropout(NULL, 1, 0.5));
    bad_null(gan_network_relu(NULL, 1));
    bad_null(gan_network_tanh(NULL, 1));
    bad_null(gan_network_sigmoid(NULL, 1));
    bad_null(gan_network_softplus(NULL, 1));
    bad_null(gan_network_leaky_relu(NULL, 1, 0.1));
    bad_null(gan_network_affine(NULL, 1, 1, 0));
    bad_null(gan_network_reshape(NULL, 1, 1, two));
    bad_null(gan_network_concatenate(NULL, 1, 1, 0));
    bad_null(gan_network_output(NULL, 1));
    static const int32_t no_tensors[] = {0, -1, 2, INT32_MIN, INT32_MAX, GAN_ERROR_MEMORY};
    for (int i = 0; i < 6; i++) {
        const int32_t x = no_tensors[i];
        bad_build(GAN_ERROR_ARGUMENT, gan_network_dense(N, x, 2));
        bad_build(GAN_ERROR_ARGUMENT, gan_network_maxout(N, x, 2, 2));
        bad_build(GAN_ERROR_ARGUMENT, gan_network_dropout(N, x, 0.5));
        bad_build(GAN_ERROR_ARGUMENT, gan_network_relu(N, x));
        bad_build(GAN_ERROR_ARGUMENT, gan_network_tanh(N, x));
        bad_build(GAN_ERROR_ARGUMENT, gan_network_sigmoid(N, x));
        bad_build(GAN_ERROR_ARGUMENT, gan_network_softplus(N, x));
        bad_build(GAN_ERROR_ARGUMENT, gan_network_leaky_relu(N, x, 0.1));
        bad_build(GAN_ERROR_ARGUMENT, gan_network_affine(N, x, 1, 0));
        bad_build(GAN_ERROR_ARGUMENT, gan_network_reshape(N, x, 1, two));
        bad_build(GAN_ERROR_ARGUMENT, gan_network_concatenate(N, x, 1, 0));
        bad_build(GAN_ERROR_ARGUMENT, gan_network_concatenate(N, 1, x, 0));
        bad(GAN_ERROR_ARGUMENT, gan_network_output(renew(), x));
    }
    static const int64_t units[] = {0, -1, INT64_MIN};
    for (int i = 0; i < 3; i++) {
        bad_build(GAN_ERROR_RANGE, gan_network_dense(N, 1, units[i]));
        bad_build(GAN_ERROR_RANGE, gan_network_maxout(N, 1, units[i], 1));
        bad_build(GAN_ERROR_RANGE, gan_network_maxout(N, 1, 1, units[i]));
    }
    bad_build(GAN_ERROR_SHAPE, gan_network_dense(N, 1, INT64_MAX));
    bad_build(GAN_ERROR_SHAPE, gan_network_maxout(N, 1, INT64_MAX, INT64_MAX));
    static const double shares[] = {0, -0.5, 1.0001, INFINITY, -INFINITY, NAN};
    for (int i = 0; i < 6; i++) {
        bad_build(GAN_ERROR_RANGE, gan_network_dropout(N, 1, shares[i]));
    }
    static const double slopes[] = {-0.1, 1.1, INFINITY, NAN};
    for (int i = 0; i < 4; i++) {
        bad_build(GAN_ERROR_RANGE, gan_network_leaky_relu(N, 1, slopes[i]));
    }
    bad_build(GAN_ERROR_RANGE, gan_network_affine(N, 1, NAN, 0));
    bad_build(GAN_ERROR_RANGE, gan_network_affine(N, 1, 1, INFINITY));
    bad_build(GAN_ERROR_ARGUMENT, gan_network_reshape(N, 1, 1, NULL));
    bad_build(GAN_ERROR_RANGE, gan_network_reshape(N, 1, 0, two));
    bad_build(GAN_ERROR_RANGE, gan_network_reshape(N, 1, 6, two));
    bad_build(GAN_ERROR_RANGE, gan_network_reshape(N, 1, 2, nothing));
    bad_build(GAN_ERROR_SHAPE, gan_network_reshape(N, 1, 2, large));
    bad_build(GAN_ERROR_SHAPE, gan_network_reshape(N, 1, 1, (int64_t[]){3}));
    bad_build(GAN_ERROR_RANGE, gan_network_concatenate(N, 1, 1, 1));
    bad_build(GAN_ERROR_RANGE, gan_network_concatenate(N, 1, 1, -1));
    bad_build(GAN_ERROR_STATE, gan_network_input(N, "x", 1, two));
    static const char *const names[] = {NULL, ""};
    for (int i = 0; i < 2; i++) {
        gan_network_free(N);
        ok(gan_network_create(ctx, "N", &N));
        bad(GAN_ERROR_ARGUMENT, gan_network_input(N, names[i], 1, two));
        bad(GAN_ERROR_ARGUMENT, gan_network_output(N, 1));
    }
    gan_network_free(N);
    ok(gan_network_create(ctx, "N", &N));
    bad(GAN_ERROR_STATE, gan_network_output(N, 1));
    bad(GAN_ERROR_ARGUMENT, gan_network_input(N, "x", 1, NULL));
    gan_network_free(N);
    bad(GAN_ERROR_STATE, gan_network_output(G, 1)); /* finished */
    bad(GAN_ERROR_STATE, gan_network_dense(G, 1, 2));
    bad(GAN_ERROR_STATE, gan_network_concatenate(G, 1, 1, 0));
    finish();
}

static void misuse_settings(void)
{
    start();
    bad_null(gan_network_set_name(NULL, 1, "x"));
    bad_null(gan_network_set_initializer(NULL, 0, GAN_INIT_NORMAL, 0, 1));
    bad_null(gan_network_set_bias(NULL, 0, 1));
    bad_null(gan_network_set_bias_from_marginals(NULL, 2, data));
    bad_null(gan_network_set_max_norm(NULL, 0, 1));
    bad_null(gan_network_set_weight_clip(NULL, 0, 1));
    bad_null(gan_network_set_noise(NULL, GAN_NOISE_NORMAL, 0, 1));
    static const int32_t no_layers[] = {1, 3, -1, INT32_MIN, INT32_MAX};
    for (int i = 0; i < 5; i++) {
        const int32_t layer = no_layers[i];
        bad(GAN_ERROR_ARGUMENT, gan_network_set_name(G, layer, "x"));
        bad(GAN_ERROR_ARGUMENT, gan_network_set_initializer(G, layer, GAN_INIT_NORMAL, 0, 1));
        bad(GAN_ERROR_ARGUMENT, gan_network_set_bias(G, layer, 1));
        bad(GAN_ERROR_ARGUMENT, gan_network_set_bias_from_marginals(G, layer, data));
        bad(GAN_ERROR_ARGUMENT, gan_network_set_max_norm(G, layer, 1));
        bad(GAN_ERROR_ARGUMENT, gan_network_set_weight_clip(G, layer, 1));
    }
    bad(GAN_ERROR_ARGUMENT, gan_network_set_name(G, 2, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_name(G, 0, "x"));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_name(G, 2, "a.b"));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_name(G, 2, "__a"));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_initializer(G, 2, NULL, 0, 1));
    bad(GAN_ERROR_KEY, gan_network_set_initializer(G, 2, "magic", 0, 1));
    bad(GAN_ERROR_RANGE, gan_network_set_initializer(G, 2, GAN_INIT_NORMAL, 0, -1));
    bad(GAN_ERROR_RANGE, gan_network_set_initializer(G, 2, GAN_INIT_SPARSE, 3, 1));
    bad(GAN_ERROR_RANGE, gan_network_set_initializer(G, 2, GAN_INIT_UNIFORM, NAN, 1));
    bad(GAN_ERROR_RANGE, gan_network_set_bias(G, 2, NAN));
    bad(GAN_ERROR_RANGE, gan_network_set_bias(G, 2, INFINITY));
    bad(GAN_ERROR_RANGE, gan_network_set_max_norm(G, 2, NAN));
    bad(GAN_ERROR_RANGE, gan_network_set_max_norm(G, 2, -1));
    bad(GAN_ERROR_RANGE, gan_network_set_weight_clip(G, 2, NAN));
    bad(GAN_ERROR_RANGE, gan_network_set_weight_clip(G, 2, -0.01));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_bias_from_marginals(G, 2, NULL));
    bad(GAN_ERROR_RANGE, gan_network_set_bias_from_marginals(G, 2, data)); /* beyond [0, 1] */
    bad(GAN_ERROR_SHAPE, gan_network_set_bias_from_marginals(D, 2, data));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_noise(G, NULL, 0, 1));
    bad(GAN_ERROR_KEY, gan_network_set_noise(G, "cauchy", 0, 1));
    bad(GAN_ERROR_RANGE, gan_network_set_noise(G, GAN_NOISE_NORMAL, 0, -1));
    bad(GAN_ERROR_RANGE, gan_network_set_noise(G, GAN_NOISE_UNIFORM, 1, 0));
    bad(GAN_ERROR_RANGE, gan_network_set_noise(G, GAN_NOISE_UNIFORM, NAN, 0));
    bad(GAN_ERROR_RANGE, gan_network_set_noise(G, GAN_NOISE_UNIFORM, 0, INFINITY));
    ok(gan_network_initialize(G, 1));
    bad(GAN_ERROR_STATE, gan_network_set_name(G, 2, "x"));
    bad(GAN_ERROR_STATE, gan_network_set_initializer(G, 2, GAN_INIT_NORMAL, 0, 1));
    bad(GAN_ERROR_STATE, gan_network_set_bias(G, 2, 1));
    bad(GAN_ERROR_STATE, gan_network_set_bias_from_marginals(G, 2, data));
    bad(GAN_ERROR_STATE, gan_network_set_max_norm(G, 2, 1));
    bad(GAN_ERROR_STATE, gan_network_set_weight_clip(G, 2, 1));
    finish();
}

static void misuse_parameters(void)
{
    int32_t rank;
    start();
    bad_null(gan_network_initialize(NULL, 1));
    bad(GAN_ERROR_STATE, gan_network_initialize(open_network, 1));
    harmless(gan_network_parameter_count(NULL) == 0);
    harmless(gan_network_parameter_name(NULL, 0) == NULL);
    harmless(gan_network_parameter_name(G, -1) == NULL);
    harmless(gan_network_parameter_name(G, 2) == NULL);
    harmless(gan_network_parameter_elements(NULL) == 0);
    harmless(gan_network_input_elements(NULL) == 0);
    harmless(gan_network_input_elements(open_network) == 0);
    harmless(gan_network_output_elements(NULL) == 0);
    harmless(gan_network_output_elements(open_network) == 0);
    bad_null(gan_network_parameter_shape(NULL, "layer0.bias", &rank, dims, 5));
    bad(GAN_ERROR_ARGUMENT, gan_network_parameter_shape(G, NULL, &rank, dims, 5));
    bad(GAN_ERROR_ARGUMENT, gan_network_parameter_shape(G, "layer0.bias", NULL, dims, 5));
    bad(GAN_ERROR_ARGUMENT, gan_network_parameter_shape(G, "layer0.bias", &rank, NULL, 5));
    bad(GAN_ERROR_KEY, gan_network_parameter_shape(G, "layer9.bias", &rank, dims, 5));
    bad(GAN_ERROR_BUFFER, gan_network_parameter_shape(G, "layer0.weight", &rank, dims, 1));
    ck_assert_int_eq(rank, 2);
    bad_null(gan_network_get_parameter(NULL, "layer0.bias", floats, 64));
    bad(GAN_ERROR_ARGUMENT, gan_network_get_parameter(G, NULL, floats, 64));
    bad(GAN_ERROR_ARGUMENT, gan_network_get_parameter(G, "layer0.bias", NULL, 64));
    bad(GAN_ERROR_KEY, gan_network_get_parameter(G, "bias", floats, 64));
    bad(GAN_ERROR_BUFFER, gan_network_get_parameter(G, "layer0.bias", floats, 1));
    bad(GAN_ERROR_BUFFER, gan_network_get_parameter(G, "layer0.bias", floats, INT64_MIN));
    bad(GAN_ERROR_STATE, gan_network_get_parameter(open_network, "layer0.bias", floats, 64));
    bad_null(gan_network_set_parameter(NULL, "layer0.bias", floats, 2));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_parameter(G, NULL, floats, 2));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_parameter(G, "layer0.bias", NULL, 2));
    bad(GAN_ERROR_KEY, gan_network_set_parameter(G, "bias", floats, 2));
    bad(GAN_ERROR_SHAPE, gan_network_set_parameter(G, "layer0.bias", floats, 3));
    bad(GAN_ERROR_SHAPE, gan_network_set_parameter(G, "layer0.bias", floats, -1));
    bad(GAN_ERROR_NUMERIC, gan_network_set_parameter(G, "layer0.bias", (float[]){1, NAN}, 2));
    bad(GAN_ERROR_STATE, gan_network_set_parameter(open_network, "layer0.bias", floats, 2));
    finish();
}

static void misuse_inference(void)
{
    float *const y = floats + 32;
    start();
    bad_null(gan_network_forward(NULL, 1, floats, y, 32));
    bad(GAN_ERROR_ARGUMENT, gan_network_forward(G, 1, NULL, y, 32));
    bad(GAN_ERROR_ARGUMENT, gan_network_forward(G, 1, floats, NULL, 32));
    bad(GAN_ERROR_BUFFER, gan_network_forward(G, 2, floats, y, 3));
    bad(GAN_ERROR_BUFFER, gan_network_forward(G, INT64_MAX, floats, y, 32));
    bad(GAN_ERROR_STATE, gan_network_forward(open_network, 1, floats, y, 32));
    bad_null(gan_network_sample(NULL, 0, 1, y, 32));
    bad(GAN_ERROR_ARGUMENT, gan_network_sample(G, 0, 1, NULL, 32));
    bad(GAN_ERROR_BUFFER, gan_network_sample(G, 0, 17, y, 32));
    bad(GAN_ERROR_STATE, gan_network_sample(open_network, 0, 1, y, 32));
    bad_null(gan_network_noise(NULL, 0, 1, y, 32));
    bad(GAN_ERROR_ARGUMENT, gan_network_noise(G, 0, 1, NULL, 32));
    bad(GAN_ERROR_BUFFER, gan_network_noise(G, 0, 17, y, 32));
    bad(GAN_ERROR_STATE, gan_network_noise(open_network, 0, 1, y, 32));
    static const int64_t counts[] = {0, -1, INT64_MIN};
    for (int i = 0; i < 3; i++) {
        bad(GAN_ERROR_RANGE, gan_network_forward(G, counts[i], floats, y, 32));
        bad(GAN_ERROR_RANGE, gan_network_sample(G, 0, counts[i], y, 32));
        bad(GAN_ERROR_RANGE, gan_network_noise(G, 0, counts[i], y, 32));
    }
    bad(GAN_ERROR_RANGE, gan_network_sample(G, 0, INT64_C(1) << 31, y, INT64_MAX));
    bad(GAN_ERROR_RANGE, gan_network_noise(G, 0, INT64_MAX, y, INT64_MAX));
    finish();
}

/* ---- Optimizers and trainers ----------------------------------------------------------------- */

static void misuse_optimizers(void)
{
    double value;
    const char *text;
    start();
    bad_create_null(made_optimizer, gan_optimizer_create(NULL, GAN_SGD, &made_optimizer));
    bad_create(GAN_ERROR_ARGUMENT, made_optimizer,
               gan_optimizer_create(ctx, NULL, &made_optimizer));
    bad_create(GAN_ERROR_KEY, made_optimizer, gan_optimizer_create(ctx, "", &made_optimizer));
    bad(GAN_ERROR_ARGUMENT, gan_optimizer_create(ctx, GAN_SGD, NULL));
    free_null(gan_optimizer_free);
    bad_null(gan_optimizer_set_number(NULL, GAN_MU, 0.5));
    bad(GAN_ERROR_ARGUMENT, gan_optimizer_set_number(sgd, NULL, 0.5));
    bad(GAN_ERROR_ARGUMENT, gan_optimizer_set_number(sgd, GAN_MU, NAN));
    bad(GAN_ERROR_RANGE, gan_optimizer_set_number(sgd, GAN_MU, 1));
    bad(GAN_ERROR_RANGE, gan_optimizer_set_number(sgd, GAN_LEARNING_RATE, -INFINITY));
    bad(GAN_ERROR_RANGE, gan_optimizer_set_number(sgd, GAN_LEARNING_RATE, INFINITY));
    bad(GAN_ERROR_KEY, gan_optimizer_set_number(sgd, "speed", 1));
    bad(GAN_ERROR_KEY, gan_optimizer_set_number(sgd, GAN_LEARNING_RATE_SCHEDULE, 1));
    bad_null(gan_optimizer_set_text(NULL, GAN_LEARNING_RATE_SCHEDULE, GAN_LINEAR));
    bad(GAN_ERROR_ARGUMENT, gan_optimizer_set_text(sgd, NULL, GAN_LINEAR));
    bad(GAN_ERROR_ARGUMENT, gan_optimizer_set_text(sgd, GAN_LEARNING_RATE_SCHEDULE, NULL));
    bad(GAN_ERROR_KEY, gan_optimizer_set_text(sgd, GAN_LEARNING_RATE_SCHEDULE, "square"));
    bad(GAN_ERROR_KEY, gan_optimizer_set_text(sgd, GAN_MU, "0.5"));
    bad_null(gan_optimizer_get_number(NULL, GAN_MU, &value));
    bad(GAN_ERROR_ARGUMENT, gan_optimizer_get_number(sgd, NULL, &value));
    bad(GAN_ERROR_ARGUMENT, gan_optimizer_get_number(sgd, GAN_MU, NULL));
    bad(GAN_ERROR_KEY, gan_optimizer_get_number(sgd, "speed", &value));
    bad_null(gan_optimizer_get_text(NULL, GAN_LEARNING_RATE_SCHEDULE, &text));
    bad(GAN_ERROR_ARGUMENT, gan_optimizer_get_text(sgd, NULL, &text));
    bad(GAN_ERROR_ARGUMENT, gan_optimizer_get_text(sgd, GAN_LEARNING_RATE_SCHEDULE, NULL));
    bad(GAN_ERROR_KEY, gan_optimizer_get_text(sgd, GAN_MU, &text));
    harmless(gan_optimizer_describe_option(-1, NULL, NULL, NULL, NULL, NULL) == GAN_ERROR_RANGE);
    harmless(gan_optimizer_describe_option(99, NULL, NULL, NULL, NULL, NULL) == GAN_ERROR_RANGE);
    harmless(gan_optimizer_describe_option(0, NULL, NULL, NULL, NULL, NULL) == GAN_OK);
    harmless(gan_optimizer_updates(NULL) == 0);
    finish();
}

static void misuse_trainers(void)
{
    gan_optimizer *foreign;
    gan_network *strange;
    gan_dataset *strange_data;
    start();
    ok(gan_optimizer_create(other_ctx, GAN_SGD, &foreign));
    ok(gan_network_create(other_ctx, "strange", &strange));
    ok(gan_network_output(strange, gan_network_input(strange, "x", 1, two)));
    ok(gan_dataset_ring(other_ctx, 5, 8, 1, 0, 0, &strange_data));
    bad_create(GAN_ERROR_ARGUMENT, made_trainer, gan_trainer_create(NULL, D, data, &made_trainer));
    bad_create(GAN_ERROR_ARGUMENT, made_trainer, gan_trainer_create(G, NULL, data, &made_trainer));
    bad_create_null(made_trainer, gan_trainer_create(NULL, NULL, NULL, &made_trainer));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_create(G, D, data, NULL));
    bad_create(GAN_ERROR_ARGUMENT, made_trainer, gan_trainer_create(G, G, data, &made_trainer));
    bad_create(GAN_ERROR_STATE, made_trainer,
               gan_trainer_create(open_network, D, data, &made_trainer));
    bad_create(GAN_ERROR_STATE, made_trainer,
               gan_trainer_create(G, open_network, data, &made_trainer));
    bad_create(GAN_ERROR_SHAPE, made_trainer, gan_trainer_create(D, G, data, &made_trainer));
    bad_create(GAN_ERROR_ARGUMENT, made_trainer,
               gan_trainer_create(G, strange, data, &made_trainer));
    bad_create(GAN_ERROR_ARGUMENT, made_trainer,
               gan_trainer_create(G, D, strange_data, &made_trainer));
    free_null(gan_trainer_free);
    bad_null(gan_trainer_set_generator_optimizer(NULL, sgd));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_set_generator_optimizer(trainer, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_set_generator_optimizer(trainer, foreign));
    bad_null(gan_trainer_set_discriminator_optimizer(NULL, sgd));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_set_discriminator_optimizer(trainer, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_set_discriminator_optimizer(trainer, foreign));
    bad(GAN_ERROR_STATE, gan_trainer_set_discriminator_optimizer(trainer, sgd)); /* G's */
    gan_optimizer_free(foreign);
    gan_network_free(strange);
    gan_dataset_free(strange_data);
    finish();
}

static void misuse_trainer_options(void)
{
    double value;
    const char *text;
    start();
    bad_null(gan_trainer_set_number(NULL, GAN_BLEND, 0.5));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_set_number(trainer, NULL, 0.5));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_set_number(trainer, GAN_BLEND, NAN));
    bad(GAN_ERROR_RANGE, gan_trainer_set_number(trainer, GAN_BLEND, 1.5));
    bad(GAN_ERROR_RANGE, gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 0));
    bad(GAN_ERROR_RANGE, gan_trainer_set_number(trainer, GAN_BATCH_SIZE, INFINITY));
    bad(GAN_ERROR_KEY, gan_trainer_set_number(trainer, "speed", 1));
    bad_null(gan_trainer_set_text(NULL, GAN_SCHEDULE, GAN_ALTERNATING));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_set_text(trainer, NULL, GAN_ALTERNATING));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_set_text(trainer, GAN_SCHEDULE, NULL));
    bad(GAN_ERROR_KEY, gan_trainer_set_text(trainer, GAN_SCHEDULE, "never"));
    bad(GAN_ERROR_KEY, gan_trainer_set_text(trainer, GAN_BLEND, "1"));
    bad_null(gan_trainer_get_number(NULL, GAN_BLEND, &value));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_get_number(trainer, NULL, &value));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_get_number(trainer, GAN_BLEND, NULL));
    bad(GAN_ERROR_KEY, gan_trainer_get_number(trainer, "speed", &value));
    bad_null(gan_trainer_get_text(NULL, GAN_SCHEDULE, &text));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_get_text(trainer, NULL, &text));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_get_text(trainer, GAN_SCHEDULE, NULL));
    bad(GAN_ERROR_KEY, gan_trainer_get_text(trainer, GAN_BLEND, &text));
    harmless(gan_trainer_describe_option(-1, NULL, NULL, NULL, NULL, NULL) == GAN_ERROR_RANGE);
    harmless(gan_trainer_describe_option(99, NULL, NULL, NULL, NULL, NULL) == GAN_ERROR_RANGE);
    harmless(gan_trainer_describe_option(0, NULL, NULL, NULL, NULL, NULL) == GAN_OK);
    bad_null(gan_trainer_metric(NULL, GAN_METRIC_VALUE, &value));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_metric(trainer, NULL, &value));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_metric(trainer, GAN_METRIC_VALUE, NULL));
    bad(GAN_ERROR_KEY, gan_trainer_metric(trainer, "speed", &value));
    harmless(gan_trainer_metric_name(-1) == NULL);
    harmless(gan_trainer_metric_name(99) == NULL);
    finish();
}

/* Tries to train from within the data, which the trainer is just reading. */
static int32_t intrude(void *user, int64_t index, float *sample)
{
    gan_trainer *running = *(gan_trainer **)user;
    sample[0] = sample[1] = (float)index;
    if (running != NULL) {
        bad(GAN_ERROR_STATE, gan_trainer_run(running, 1, NULL, NULL));
        bad(GAN_ERROR_STATE, gan_trainer_run_epochs(running, 1, NULL, NULL));
        bad(GAN_ERROR_STATE, gan_trainer_step(running, 1, floats, floats, floats));
        bad(GAN_ERROR_STATE, gan_trainer_set_number(running, GAN_BATCH_SIZE, 7));
        bad(GAN_ERROR_STATE, gan_trainer_set_text(running, GAN_SCHEDULE, GAN_SIMULTANEOUS));
        bad(GAN_ERROR_STATE, gan_trainer_set_discriminator_optimizer(running, sgd));
    }
    return 0;
}

static void misuse_training(void)
{
    gan_dataset *intruding;
    gan_trainer *plain, *running = NULL;
    start();
    bad_null(gan_trainer_run(NULL, 1, NULL, NULL));
    bad(GAN_ERROR_RANGE, gan_trainer_run(trainer, -1, NULL, NULL));
    bad(GAN_ERROR_RANGE, gan_trainer_run(trainer, INT64_MIN, NULL, NULL));
    bad_null(gan_trainer_run_epochs(NULL, 1, NULL, NULL));
    bad(GAN_ERROR_RANGE, gan_trainer_run_epochs(trainer, -1, NULL, NULL));
    ok(gan_trainer_create(G, D, NULL, &plain));
    bad(GAN_ERROR_STATE, gan_trainer_run(plain, 1, NULL, NULL));
    bad(GAN_ERROR_STATE, gan_trainer_run_epochs(plain, 1, NULL, NULL));
    gan_trainer_free(plain);
    bad_null(gan_trainer_step(NULL, 1, floats, floats, floats));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_step(trainer, 1, NULL, floats, floats));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_step(trainer, 1, floats, NULL, floats));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_step(trainer, 1, floats, floats, NULL));
    static const int64_t counts[] = {0, -1, 1048577, INT64_MIN, INT64_MAX};
    for (int i = 0; i < 5; i++) {
        bad(GAN_ERROR_RANGE, gan_trainer_step(trainer, counts[i], floats, floats, floats));
    }
    const float not_finite[] = {NAN, 0};
    bad(GAN_ERROR_NUMERIC, gan_trainer_step(trainer, 1, not_finite, floats, floats));
    bad(GAN_ERROR_NUMERIC, gan_trainer_step(trainer, 1, floats, not_finite, floats));
    bad(GAN_ERROR_NUMERIC, gan_trainer_step(trainer, 1, floats, floats, not_finite));
    ok(gan_dataset_from_callback(ctx, 4, 1, two, intrude, &running, &intruding));
    ok(gan_trainer_create(G, D, intruding, &plain));
    running = plain;
    for (int i = 0; i < 2; i++) {
        ok(gan_trainer_run(plain, 1, NULL, NULL));
    }
    gan_trainer_free(plain);
    gan_dataset_free(intruding);
    finish();
}

/* ---- Evaluation ------------------------------------------------------------------------------ */

static void misuse_theory(void)
{
    const double p[] = {0.5, 0.5}, zero[] = {0, 0}, minus[] = {1, -1}, lost[] = {NAN, 1},
                 endless[] = {INFINITY, 1};
    const double *const wrong[] = {minus, lost, endless};
    double *const out = doubles;
    start();
    bad_null(gan_optimal_discriminator(NULL, 2, p, p, out));
    bad(GAN_ERROR_ARGUMENT, gan_optimal_discriminator(ctx, 2, NULL, p, out));
    bad(GAN_ERROR_ARGUMENT, gan_optimal_discriminator(ctx, 2, p, NULL, out));
    bad(GAN_ERROR_ARGUMENT, gan_optimal_discriminator(ctx, 2, p, p, NULL));
    bad_null(gan_jensen_shannon(NULL, 2, p, p, out));
    bad(GAN_ERROR_ARGUMENT, gan_jensen_shannon(ctx, 2, NULL, p, out));
    bad(GAN_ERROR_ARGUMENT, gan_jensen_shannon(ctx, 2, p, NULL, out));
    bad(GAN_ERROR_ARGUMENT, gan_jensen_shannon(ctx, 2, p, p, NULL));
    bad(GAN_ERROR_RANGE, gan_jensen_shannon(ctx, 2, zero, p, out));
    bad(GAN_ERROR_RANGE, gan_jensen_shannon(ctx, 2, p, zero, out));
    bad_null(gan_generator_criterion(NULL, 2, p, p, out));
    bad(GAN_ERROR_ARGUMENT, gan_generator_criterion(ctx, 2, NULL, p, out));
    bad(GAN_ERROR_ARGUMENT, gan_generator_criterion(ctx, 2, p, NULL, out));
    bad(GAN_ERROR_ARGUMENT, gan_generator_criterion(ctx, 2, p, p, NULL));
    for (int i = 0; i < 3; i++) {
        bad(GAN_ERROR_RANGE, gan_optimal_discriminator(ctx, 2, wrong[i], p, out));
        bad(GAN_ERROR_RANGE, gan_optimal_discriminator(ctx, 2, p, wrong[i], out));
        bad(GAN_ERROR_RANGE, gan_jensen_shannon(ctx, 2, wrong[i], p, out));
        bad(GAN_ERROR_RANGE, gan_generator_criterion(ctx, 2, p, wrong[i], out));
    }
    static const int64_t counts[] = {0, -1, INT64_MIN};
    for (int i = 0; i < 3; i++) {
        bad(GAN_ERROR_RANGE, gan_optimal_discriminator(ctx, counts[i], p, p, out));
        bad(GAN_ERROR_RANGE, gan_jensen_shannon(ctx, counts[i], p, p, out));
        bad(GAN_ERROR_RANGE, gan_generator_criterion(ctx, counts[i], p, p, out));
        bad(GAN_ERROR_RANGE, gan_histogram(ctx, counts[i], floats, 0, 1, 4, out));
        bad(GAN_ERROR_RANGE, gan_histogram(ctx, 2, floats, 0, 1, counts[i], out));
    }
    bad_null(gan_histogram(NULL, 2, floats, 0, 1, 4, out));
    bad(GAN_ERROR_ARGUMENT, gan_histogram(ctx, 2, NULL, 0, 1, 4, out));
    bad(GAN_ERROR_ARGUMENT, gan_histogram(ctx, 2, floats, 0, 1, 4, NULL));
    bad(GAN_ERROR_RANGE, gan_histogram(ctx, 2, floats, 1, 1, 4, out));
    bad(GAN_ERROR_RANGE, gan_histogram(ctx, 2, floats, 2, 1, 4, out));
    bad(GAN_ERROR_ARGUMENT, gan_histogram(ctx, 2, floats, NAN, 1, 4, out));
    bad(GAN_ERROR_RANGE, gan_histogram(ctx, 2, (float[]){0, NAN}, 0, 1, 4, out));
    finish();
}

static void misuse_parzen(void)
{
    double mean, error, sigmas[] = {0.5, 1};
    const float not_finite[] = {0, NAN};
    int64_t best;
    start();
    bad_null(gan_parzen_log_likelihood(NULL, 2, 1, floats, 1, floats, 1, &mean, &error));
    bad(GAN_ERROR_ARGUMENT, gan_parzen_log_likelihood(ctx, 2, 1, NULL, 1, floats, 1, &mean, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_parzen_log_likelihood(ctx, 2, 1, floats, 1, NULL, 1, &mean, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_parzen_log_likelihood(ctx, 2, 1, floats, 1, floats, 1, NULL, NULL));
    static const int64_t counts[] = {0, -1, INT64_MIN};
    for (int i = 0; i < 3; i++) {
        const int64_t n = counts[i];
        bad(GAN_ERROR_RANGE,
            gan_parzen_log_likelihood(ctx, n, 1, floats, 1, floats, 1, &mean, NULL));
        bad(GAN_ERROR_RANGE,
            gan_parzen_log_likelihood(ctx, 2, n, floats, 1, floats, 1, &mean, NULL));
        bad(GAN_ERROR_RANGE,
            gan_parzen_log_likelihood(ctx, 2, 1, floats, n, floats, 1, &mean, NULL));
        bad(GAN_ERROR_RANGE,
            gan_parzen_choose_sigma(ctx, 2, 1, floats, 1, floats, n, sigmas, NULL, &best));
    }
    static const double no_sigmas[] = {0, -1, INFINITY};
    for (int i = 0; i < 3; i++) {
        bad(GAN_ERROR_RANGE,
            gan_parzen_log_likelihood(ctx, 2, 1, floats, 1, floats, no_sigmas[i], &mean, NULL));
    }
    bad(GAN_ERROR_ARGUMENT,
        gan_parzen_log_likelihood(ctx, 2, 1, floats, 1, floats, NAN, &mean, NULL));
    bad(GAN_ERROR_NUMERIC,
        gan_parzen_log_likelihood(ctx, 2, 1, not_finite, 1, floats, 1, &mean, NULL));
    bad(GAN_ERROR_NUMERIC,
        gan_parzen_log_likelihood(ctx, 2, 1, floats, 1, not_finite, 1, &mean, NULL));
    bad_null(gan_parzen_choose_sigma(NULL, 2, 1, floats, 1, floats, 2, sigmas, NULL, &best));
    bad(GAN_ERROR_ARGUMENT,
        gan_parzen_choose_sigma(ctx, 2, 1, NULL, 1, floats, 2, sigmas, NULL, &best));
    bad(GAN_ERROR_ARGUMENT,
        gan_parzen_choose_sigma(ctx, 2, 1, floats, 1, NULL, 2, sigmas, NULL, &best));
    bad(GAN_ERROR_ARGUMENT,
        gan_parzen_choose_sigma(ctx, 2, 1, floats, 1, floats, 2, NULL, NULL, &best));
    bad(GAN_ERROR_ARGUMENT,
        gan_parzen_choose_sigma(ctx, 2, 1, floats, 1, floats, 2, sigmas, NULL, NULL));
    sigmas[1] = 0;
    bad(GAN_ERROR_RANGE,
        gan_parzen_choose_sigma(ctx, 2, 1, floats, 1, floats, 2, sigmas, NULL, &best));
    finish();
}

static void (*const groups[])(void) = {misuse_exports,
                                       misuse_logs,
                                       misuse_checkpoints,
                                       misuse_image_layers,
                                       misuse_surgery,
                                       misuse_network_files,
                                       misuse_image_data,
                                       misuse_averages_and_states,
                                       misuse_protocol,
                                       misuse_context,
                                       misuse_making_data,
                                       misuse_synthetic_data,
                                       misuse_reading_data,
                                       misuse_building,
                                       misuse_settings,
                                       misuse_parameters,
                                       misuse_inference,
                                       misuse_optimizers,
                                       misuse_trainers,
                                       misuse_trainer_options,
                                       misuse_training,
                                       misuse_theory,
                                       misuse_parzen,
                                       misuse_making_scores,
                                       misuse_making_monitors,
                                       misuse_monitors,
                                       misuse_scores,
                                       misuse_making_classifiers,
                                       misuse_classifiers,
                                       misuse_normalisations,
                                       misuse_joints,
                                       misuse_making_conditions,
                                       misuse_conditional_inference,
                                       misuse_conditional_training,
                                       misuse_recipe};

enum { GROUPS = sizeof groups / sizeof groups[0] };

START_TEST(misuse_is_refused)
{
    groups[_i]();
}
END_TEST

/* ---- Nothing is left out --------------------------------------------------------------------- */

static bool is_called(const char *name)
{
    for (int i = 0; i < called_count; i++) {
        if (strcmp(called[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* The functions that a header declares and that were not called here; counts all in *declared. */
static int missed_in(const char *header, int *declared)
{
    char path[1024], line[256];
    int missed = 0;
    snprintf(path, sizeof path, "%s/include/gan/%s", GAN_SOURCE_DIR, header);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    while (fgets(line, sizeof line, file) != NULL) {
        char *name = strncmp(line, "GAN_API ", 8) == 0 ? strstr(line + 8, "gan_") : NULL;
        while (name != NULL && name[strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789")] != '(') {
            name = strstr(name + 4, "gan_");
        }
        if (name != NULL) {
            name[strcspn(name, "(")] = '\0';
            ++*declared;
            if (!is_called(name)) {
                fprintf(stderr, "%s declares %s, which is not misused here\n", header, name);
                missed++;
            }
        }
    }
    fclose(file);
    return missed;
}

START_TEST(every_public_function_is_misused)
{
    static const char *const headers[] = {"checkpoints.h", "classifier.h", "context.h", "dataset.h",
                                          "evaluate.h",    "export.h",     "log.h",     "monitor.h",
                                          "network.h",     "optimizer.h",  "score.h",   "trainer.h",
                                          "types.h",       "version.h"};
    char path[1024], line[256];
    int declared = 0, missed = 0, included = 0;
    for (int i = 0; i < GROUPS; i++) {
        groups[i]();
    }
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        missed += missed_in(headers[i], &declared);
    }
    ck_assert_int_eq(missed, 0);
    ck_assert_int_ge(declared, 80);
    /* The list of headers is that of the umbrella, which includes types.h with all of them. */
    snprintf(path, sizeof path, "%s/include/gan/gan.h", GAN_SOURCE_DIR);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL) {
        included += strncmp(line, "#include <gan/", 14) == 0;
    }
    fclose(file);
    ck_assert_int_eq(included, (int)(sizeof headers / sizeof headers[0]));
}
END_TEST

/* ---- Any order of frees ---------------------------------------------------------------------- */

enum { OBJECTS = 7 };

static void free_object(int which)
{
    switch (which) {
    case 0:
        gan_context_free(ctx);
        return;
    case 1:
        gan_network_free(G);
        return;
    case 2:
        gan_network_free(D);
        return;
    case 3:
        gan_dataset_free(data);
        return;
    case 4:
        gan_optimizer_free(sgd);
        return;
    case 5:
        gan_dataset_free(made_data);
        return;
    default:
        gan_trainer_free(trainer);
        return;
    }
}

/* All 5040 orders in which a context and six objects can be freed, with and without training. */
START_TEST(objects_are_freed_in_any_order)
{
    for (int order = 0; order < 5040; order++) {
        int left[OBJECTS] = {0, 1, 2, 3, 4, 5, 6}, rest = order;
        start();
        gan_network_free(open_network);
        gan_context_free(other_ctx);
        ok(gan_dataset_slice(data, 2, 4, &made_data));
        if (order % 16 == 0) {
            ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 4));
            ok(gan_trainer_run(trainer, 1, NULL, NULL));
        }
        for (int count = OBJECTS; count > 0; count--) {
            const int pick = rest % count;
            rest /= count;
            free_object(left[pick]);
            left[pick] = left[count - 1];
        }
        if (live != 0) {
            ck_abort_msg("order %d: %lld blocks were not released", order, (long long)live);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("misuse");
    TCase *all = tcase_create("misuse");
    tcase_set_timeout(all, 600);
    tcase_add_loop_test(all, misuse_is_refused, 0, GROUPS);
    tcase_add_test(all, every_public_function_is_misused);
    tcase_add_test(all, objects_are_freed_in_any_order);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
