/* Misuse of image layers, surgery, files, image data sets, averages. */
#ifndef GAN_TESTS_MISUSE_IMAGES_H
#define GAN_TESTS_MISUSE_IMAGES_H

#include "misuse.h"

static gan_network *image_network; /* an unfinished one with an image [4, 5, 6] as tensor 1 */

static gan_network *renew_image(void)
{
    gan_network_free(image_network);
    ok(gan_network_create(ctx, "images", &image_network));
    ck_assert_int_eq(gan_network_input(image_network, "x", 3, (int64_t[]){4, 5, 6}), 1);
    return image_network;
}

/* A building call on a new network I that fails, and whose error sticks. */
#define bad_image(code, call)                \
    do {                                     \
        gan_network *I = renew_image();      \
        bad(code, call);                     \
        bad(code, gan_network_output(I, 1)); \
    } while (0)

#define convolve(x, filters, kernel, stride, padding, bias) \
    gan_network_convolution(I, x, filters, kernel, stride, padding, bias)
#define transpose(x, filters, kernel, stride, padding, output, bias) \
    gan_network_transposed_convolution(I, x, filters, kernel, stride, padding, output, bias)

static void misuse_filters(void)
{
    static const int64_t k[] = {3, 3}, zero[] = {7, 0}, negative[] = {-1, 8};
    static const int64_t wide[] = {3, 9}, vast[] = {INT64_MAX, INT64_MAX}, one[] = {1, 1};
    bad_null(gan_network_convolution(NULL, 1, 2, k, NULL, NULL, GAN_BIAS_TIED));
    bad_null(gan_network_transposed_convolution(NULL, 1, 2, k, NULL, NULL, NULL, GAN_BIAS_TIED));
    static const int32_t no_tensors[] = {0, -1, 2, INT32_MAX, INT32_MIN};
    for (int i = 0; i < 5; i++) {
        bad_image(GAN_ERROR_ARGUMENT, convolve(no_tensors[i], 2, k, NULL, NULL, GAN_BIAS_TIED));
        bad_image(GAN_ERROR_ARGUMENT,
                  transpose(no_tensors[i], 2, k, NULL, NULL, NULL, GAN_BIAS_TIED));
    }
    bad_image(GAN_ERROR_ARGUMENT, convolve(1, 2, NULL, NULL, NULL, GAN_BIAS_TIED));
    bad_image(GAN_ERROR_ARGUMENT, transpose(1, 2, NULL, NULL, NULL, NULL, GAN_BIAS_TIED));
    static const int64_t no_filters[] = {0, -1, INT64_MIN};
    for (int i = 0; i < 3; i++) {
        bad_image(GAN_ERROR_RANGE, convolve(1, no_filters[i], k, NULL, NULL, GAN_BIAS_TIED));
        bad_image(GAN_ERROR_RANGE, transpose(1, no_filters[i], k, NULL, NULL, NULL, GAN_BIAS_TIED));
    }
    bad_image(GAN_ERROR_SHAPE, convolve(1, INT64_MAX, k, NULL, NULL, GAN_BIAS_TIED));
    bad_image(GAN_ERROR_SHAPE, transpose(1, INT64_MAX, k, NULL, NULL, NULL, GAN_BIAS_TIED));
    static const int64_t *const no_sizes[] = {zero, negative};
    for (int i = 0; i < 2; i++) {
        bad_image(GAN_ERROR_RANGE, convolve(1, 2, no_sizes[i], NULL, NULL, GAN_BIAS_TIED));
        bad_image(GAN_ERROR_RANGE, convolve(1, 2, k, no_sizes[i], NULL, GAN_BIAS_TIED));
        bad_image(GAN_ERROR_RANGE, transpose(1, 2, no_sizes[i], NULL, NULL, NULL, GAN_BIAS_TIED));
        bad_image(GAN_ERROR_RANGE, transpose(1, 2, k, no_sizes[i], NULL, NULL, GAN_BIAS_TIED));
    }
    bad_image(GAN_ERROR_RANGE, convolve(1, 2, k, NULL, negative, GAN_BIAS_TIED));
    bad_image(GAN_ERROR_RANGE, convolve(1, 2, k, NULL, k, GAN_BIAS_TIED)); /* padding = kernel */
    bad_image(GAN_ERROR_SHAPE, convolve(1, 2, wide, NULL, NULL, GAN_BIAS_TIED));
    bad_image(GAN_ERROR_SHAPE, convolve(1, 2, vast, NULL, NULL, GAN_BIAS_TIED));
    bad_image(GAN_ERROR_SHAPE, transpose(1, 2, vast, NULL, NULL, NULL, GAN_BIAS_TIED));
    bad_image(GAN_ERROR_SHAPE, transpose(1, 2, k, vast, NULL, NULL, GAN_BIAS_TIED));
    bad_image(GAN_ERROR_SHAPE, transpose(1, 2, k, NULL, NULL, one, GAN_BIAS_TIED));
    bad_image(GAN_ERROR_RANGE, transpose(1, 2, k, NULL, NULL, zero, GAN_BIAS_TIED));
    bad_image(GAN_ERROR_RANGE, transpose(1, 2, k, NULL, NULL, negative, GAN_BIAS_TIED));
    bad_image(GAN_ERROR_SHAPE, transpose(1, 2, k, NULL, NULL, vast, GAN_BIAS_TIED));
    static const int32_t no_biases[] = {-1, 3, INT32_MAX};
    for (int i = 0; i < 3; i++) {
        bad_image(GAN_ERROR_RANGE, convolve(1, 2, k, NULL, NULL, no_biases[i]));
        bad_image(GAN_ERROR_RANGE, transpose(1, 2, k, NULL, NULL, NULL, no_biases[i]));
    }
}

/* Every image layer refuses a tensor that is no image. */
static void misuse_flat_tensors(void)
{
    static const int64_t k[] = {2, 2};
    bad_image(GAN_ERROR_SHAPE, convolve(gan_network_dense(I, 1, 8), 2, k, NULL, NULL, 1));
    bad_image(GAN_ERROR_SHAPE, transpose(gan_network_dense(I, 1, 8), 2, k, NULL, NULL, NULL, 1));
    bad_image(GAN_ERROR_SHAPE, gan_network_max_pool(I, gan_network_dense(I, 1, 8), k, NULL));
    bad_image(GAN_ERROR_SHAPE, gan_network_average_pool(I, gan_network_dense(I, 1, 8), k, NULL));
    bad_image(GAN_ERROR_SHAPE, gan_network_maxout_channels(I, gan_network_dense(I, 1, 8), 2));
    bad_image(GAN_ERROR_SHAPE,
              gan_network_upsample(I, gan_network_dense(I, 1, 8), 2, GAN_UPSAMPLE_NEAREST));
}

static void misuse_image_layers(void)
{
    static const int64_t k[] = {2, 2}, zero[] = {2, 0}, negative[] = {-1, 2};
    int32_t rank;
    start();
    image_network = NULL;
    misuse_filters();
    misuse_flat_tensors();
    bad_null(gan_network_max_pool(NULL, 1, k, NULL));
    bad_null(gan_network_average_pool(NULL, 1, k, NULL));
    bad_null(gan_network_maxout_channels(NULL, 1, 2));
    bad_null(gan_network_upsample(NULL, 1, 2, GAN_UPSAMPLE_NEAREST));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_max_pool(I, 2, k, NULL));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_average_pool(I, 2, k, NULL));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_max_pool(I, 1, NULL, k));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_average_pool(I, 1, NULL, k));
    bad_image(GAN_ERROR_RANGE, gan_network_max_pool(I, 1, zero, k));
    bad_image(GAN_ERROR_RANGE, gan_network_max_pool(I, 1, k, zero));
    bad_image(GAN_ERROR_RANGE, gan_network_average_pool(I, 1, negative, k));
    bad_image(GAN_ERROR_RANGE, gan_network_average_pool(I, 1, k, negative));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_maxout_channels(I, 7, 2));
    bad_image(GAN_ERROR_RANGE, gan_network_maxout_channels(I, 1, 0));
    bad_image(GAN_ERROR_RANGE, gan_network_maxout_channels(I, 1, INT64_MIN));
    bad_image(GAN_ERROR_SHAPE, gan_network_maxout_channels(I, 1, 3));
    bad_image(GAN_ERROR_SHAPE, gan_network_maxout_channels(I, 1, INT64_MAX));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_upsample(I, 2, 2, GAN_UPSAMPLE_BILINEAR));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_upsample(I, 1, 2, NULL));
    bad_image(GAN_ERROR_KEY, gan_network_upsample(I, 1, 2, "cubic"));
    bad_image(GAN_ERROR_RANGE, gan_network_upsample(I, 1, 0, GAN_UPSAMPLE_NEAREST));
    bad_image(GAN_ERROR_RANGE, gan_network_upsample(I, 1, 65, GAN_UPSAMPLE_NEAREST));
    gan_network *I = renew_image();
    const int32_t bare = convolve(1, 2, k, NULL, NULL, GAN_BIAS_NONE);
    bad(GAN_ERROR_ARGUMENT, gan_network_set_bias(I, bare, 1));
    ok(gan_network_set_bias(I, 0, 1));
    bad_null(gan_network_tensor_shape(NULL, 1, &rank, dims, 5));
    bad(GAN_ERROR_ARGUMENT, gan_network_tensor_shape(I, 0, &rank, dims, 5));
    bad(GAN_ERROR_ARGUMENT, gan_network_tensor_shape(I, 3, &rank, dims, 5));
    bad(GAN_ERROR_ARGUMENT, gan_network_tensor_shape(I, 1, NULL, dims, 5));
    bad(GAN_ERROR_ARGUMENT, gan_network_tensor_shape(I, 1, &rank, NULL, 5));
    bad(GAN_ERROR_BUFFER, gan_network_tensor_shape(I, 1, &rank, dims, 2));
    ck_assert_int_eq(rank, 3);
    gan_network_free(image_network);
    finish();
}

/* ---- Surgery and files ----------------------------------------------------------------------- */

static void misuse_surgery(void)
{
    gan_network *elsewhere;
    int32_t trainable;
    start();
    image_network = NULL;
    ok(gan_network_create(other_ctx, "elsewhere", &elsewhere));
    ok(gan_network_output(elsewhere, gan_network_input(elsewhere, "x", 1, two)));
    bad_null(gan_network_append(NULL, 1, G));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_append(I, 1, NULL));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_append(I, 0, G));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_append(I, 1, elsewhere));
    bad_image(GAN_ERROR_STATE, gan_network_append(I, 1, open_network));
    bad_image(GAN_ERROR_STATE, gan_network_append(I, 1, I));
    bad_image(GAN_ERROR_SHAPE, gan_network_append(I, 1, G)); /* 120 elements, not 2 */
    bad_image(GAN_ERROR_ARGUMENT,                            /* "layer0" twice */
              gan_network_append(I, gan_network_dense(I, 1, 2), G));
    bad(GAN_ERROR_STATE, gan_network_append(G, 1, D));
    bad_create_null(made_network, gan_network_clone(NULL, "clone", &made_network));
    bad(GAN_ERROR_ARGUMENT, gan_network_clone(G, "clone", NULL));
    bad_create(GAN_ERROR_ARGUMENT, made_network, gan_network_clone(G, NULL, &made_network));
    bad_create(GAN_ERROR_ARGUMENT, made_network, gan_network_clone(G, "", &made_network));
    bad_create(GAN_ERROR_STATE, made_network,
               gan_network_clone(open_network, "clone", &made_network));
    bad_null(gan_network_copy_parameters(NULL, NULL, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_network_copy_parameters(G, NULL, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_network_copy_parameters(NULL, G, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_network_copy_parameters(G, G, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_network_copy_parameters(G, elsewhere, NULL));
    bad(GAN_ERROR_STATE, gan_network_copy_parameters(G, open_network, NULL));
    bad(GAN_ERROR_STATE, gan_network_copy_parameters(open_network, G, NULL));
    bad(GAN_ERROR_SHAPE, gan_network_copy_parameters(G, D, NULL));
    bad_null(gan_network_set_trainable(NULL, NULL, 0));
    bad(GAN_ERROR_KEY, gan_network_set_trainable(G, "", 0));
    bad(GAN_ERROR_KEY, gan_network_set_trainable(G, "layer", 0));
    bad(GAN_ERROR_KEY, gan_network_set_trainable(G, "layer0.", 0));
    bad(GAN_ERROR_RANGE, gan_network_set_trainable(G, "layer0", 2));
    bad(GAN_ERROR_RANGE, gan_network_set_trainable(G, NULL, -1));
    bad(GAN_ERROR_STATE, gan_network_set_trainable(open_network, NULL, 1));
    bad_null(gan_network_get_trainable(NULL, "layer0.bias", &trainable));
    bad(GAN_ERROR_ARGUMENT, gan_network_get_trainable(G, NULL, &trainable));
    bad(GAN_ERROR_ARGUMENT, gan_network_get_trainable(G, "layer0.bias", NULL));
    bad(GAN_ERROR_KEY, gan_network_get_trainable(G, "layer0", &trainable));
    gan_network_free(image_network);
    gan_network_free(elsewhere);
    finish();
}

static const char *const no_files[] = {"/no/such/file", "/no/such/folder/file", "/"};

static void misuse_network_files(void)
{
    start();
    bad_null(gan_network_save(NULL, "x"));
    bad_null(gan_network_load(NULL, "x"));
    bad(GAN_ERROR_ARGUMENT, gan_network_save(G, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_network_load(G, NULL));
    for (int i = 0; i < 3; i++) {
        bad(GAN_ERROR_IO, gan_network_save(G, no_files[i]));
        bad(GAN_ERROR_IO, gan_network_load(G, no_files[i]));
    }
    bad(GAN_ERROR_FORMAT, gan_network_load(G, GAN_SOURCE_DIR "/include/gan/gan.h"));
    bad(GAN_ERROR_STATE, gan_network_save(open_network, "/no/such/file"));
    bad(GAN_ERROR_STATE, gan_network_load(open_network, "/no/such/file"));
    gan_network *made;
    int64_t size;
    char text[1];
    bad_null(gan_network_open(NULL, "x", NULL, &made));
    bad(GAN_ERROR_ARGUMENT, gan_network_open(ctx, "x", NULL, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_network_open(ctx, NULL, NULL, &made));
    bad(GAN_ERROR_KEY, gan_network_open(ctx, "x", "", &made));
    for (size_t i = 0; i < sizeof no_files / sizeof no_files[0]; i++) {
        bad(GAN_ERROR_IO, gan_network_open(ctx, no_files[i], NULL, &made));
    }
    bad(GAN_ERROR_FORMAT, gan_network_open(ctx, GAN_SOURCE_DIR "/include/gan/gan.h", NULL, &made));
    bad_null(gan_network_export_onnx(NULL, "x"));
    bad(GAN_ERROR_ARGUMENT, gan_network_export_onnx(G, NULL));
    bad(GAN_ERROR_IO, gan_network_export_onnx(G, "/no/such/folder/file"));
    bad(GAN_ERROR_STATE, gan_network_export_onnx(open_network, "/no/such/file"));
    bad_null(gan_network_describe(NULL, NULL, 0, &size));
    bad(GAN_ERROR_STATE, gan_network_describe(open_network, NULL, 0, &size));
    bad(GAN_ERROR_ARGUMENT, gan_network_describe(G, NULL, 0, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_network_describe(G, NULL, 1, &size));
    bad(GAN_ERROR_ARGUMENT, gan_network_describe(G, text, -1, &size));
    bad(GAN_ERROR_RANGE, gan_network_describe(G, text, 1, &size));
    finish();
}

static void misuse_averages_and_states(void)
{
    gan_network *elsewhere, *other;
    start();
    ok(gan_network_create(other_ctx, "elsewhere", &elsewhere));
    ok(gan_network_output(elsewhere, gan_network_input(elsewhere, "x", 1, two)));
    other = network_of("other", 3);
    bad_null(gan_trainer_set_average(NULL, G));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_set_average(trainer, G));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_set_average(trainer, D));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_set_average(trainer, elsewhere));
    bad(GAN_ERROR_STATE, gan_trainer_set_average(trainer, open_network));
    bad(GAN_ERROR_SHAPE, gan_trainer_set_average(trainer, other));
    bad_null(gan_trainer_save(NULL, "x"));
    bad_null(gan_trainer_load(NULL, "x"));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_save(trainer, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_load(trainer, NULL));
    for (int i = 0; i < 3; i++) {
        bad(GAN_ERROR_IO, gan_trainer_save(trainer, no_files[i]));
        bad(GAN_ERROR_IO, gan_trainer_load(trainer, no_files[i]));
    }
    bad(GAN_ERROR_FORMAT, gan_trainer_load(trainer, GAN_SOURCE_DIR "/include/gan/gan.h"));
    gan_network_free(other);
    gan_network_free(elsewhere);
    finish();
}

/* ---- Data and evaluation --------------------------------------------------------------------- */

static void misuse_image_data(void)
{
    gan_dataset *elsewhere, *pairs;
    static const double numbers[] = {1, 2}, not_finite[] = {1, INFINITY};
    start();
    ok(gan_dataset_from_bytes(other_ctx, 1, 1, two, bytes, &elsewhere));
    ok(gan_dataset_from_bytes(ctx, 1, 1, (int64_t[]){3}, bytes, &pairs));
    bad_create_null(made_data, gan_dataset_open_cifar10(NULL, "x", &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data, gan_dataset_open_cifar10(ctx, NULL, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_open_cifar10(ctx, "x", NULL));
    bad_create_null(made_data, gan_dataset_open_raw(NULL, "x", 1, two, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data, gan_dataset_open_raw(ctx, NULL, 1, two, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data, gan_dataset_open_raw(ctx, "x", 1, NULL, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_open_raw(ctx, "x", 1, two, NULL));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_open_raw(ctx, "x", 0, two, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_open_raw(ctx, "x", 2, nothing, &made_data));
    bad_create(GAN_ERROR_SHAPE, made_data, gan_dataset_open_raw(ctx, "x", 2, large, &made_data));
    for (int i = 0; i < 3; i++) {
        bad_create(GAN_ERROR_IO, made_data, gan_dataset_open_cifar10(ctx, no_files[i], &made_data));
        bad_create(GAN_ERROR_IO, made_data,
                   gan_dataset_open_raw(ctx, no_files[i], 1, two, &made_data));
    }
    bad_create(GAN_ERROR_FORMAT, made_data,
               gan_dataset_open_cifar10(ctx, GAN_SOURCE_DIR "/include/gan/gan.h", &made_data));
    bad_create_null(made_data, gan_dataset_scale_channels(NULL, 2, numbers, numbers, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data,
               gan_dataset_scale_channels(data, 2, NULL, numbers, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data,
               gan_dataset_scale_channels(data, 2, numbers, NULL, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_scale_channels(data, 2, numbers, numbers, NULL));
    bad_create(GAN_ERROR_SHAPE, made_data,
               gan_dataset_scale_channels(data, 3, numbers, numbers, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data,
               gan_dataset_scale_channels(data, 2, not_finite, numbers, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data,
               gan_dataset_scale_channels(data, 2, numbers, not_finite, &made_data));
    bad_create_null(made_data, gan_dataset_normalize_contrast(NULL, 55, 0, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_normalize_contrast(data, 55, 0, NULL));
    bad_create(GAN_ERROR_ARGUMENT, made_data,
               gan_dataset_normalize_contrast(data, NAN, 0, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_normalize_contrast(data, 0, 0, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data,
               gan_dataset_normalize_contrast(data, 55, -1, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data,
               gan_dataset_normalize_contrast(data, INFINITY, 0, &made_data));
    bad_create_null(made_data, gan_dataset_join(NULL, NULL, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data, gan_dataset_join(data, NULL, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data, gan_dataset_join(NULL, data, &made_data));
    bad_create(GAN_ERROR_ARGUMENT, made_data, gan_dataset_join(data, elsewhere, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_join(data, data, NULL));
    bad_create(GAN_ERROR_SHAPE, made_data, gan_dataset_join(data, pairs, &made_data));
    gan_dataset_free(pairs);
    gan_dataset_free(elsewhere);
    finish();
}

static void misuse_protocol(void)
{
    double sigma, mean, error;
    int32_t edge;
    const float not_finite[] = {0, NAN};
    start();
#define protocol(context, samples, validation, test, s, m) \
    gan_parzen_protocol(context, 2, 1, samples, 1, validation, 1, test, s, m, &error, &edge)
    bad_null(gan_parzen_protocol(NULL, 2, 1, floats, 1, floats, 1, floats, &sigma, &mean, &error,
                                 &edge));
    note("gan_parzen_protocol(");
#define bad_protocol(code, ...) \
    (plant(), refused("gan_parzen_protocol(", code, protocol(__VA_ARGS__), false))
    bad_protocol(GAN_ERROR_ARGUMENT, ctx, NULL, floats, floats, &sigma, &mean);
    bad_protocol(GAN_ERROR_ARGUMENT, ctx, floats, NULL, floats, &sigma, &mean);
    bad_protocol(GAN_ERROR_ARGUMENT, ctx, floats, floats, NULL, &sigma, &mean);
    bad_protocol(GAN_ERROR_ARGUMENT, ctx, floats, floats, floats, NULL, &mean);
    bad_protocol(GAN_ERROR_ARGUMENT, ctx, floats, floats, floats, &sigma, NULL);
    bad_protocol(GAN_ERROR_NUMERIC, ctx, not_finite, floats, floats, &sigma, &mean);
    bad_protocol(GAN_ERROR_NUMERIC, ctx, floats, not_finite, floats, &sigma, &mean);
    bad_protocol(GAN_ERROR_NUMERIC, ctx, floats, floats, not_finite, &sigma, &mean);
    bad(GAN_ERROR_RANGE,
        gan_parzen_protocol(ctx, 2, 0, floats, 1, floats, 1, floats, &sigma, &mean, NULL, NULL));
    bad(GAN_ERROR_RANGE,
        gan_parzen_protocol(ctx, 2, 1, floats, -1, floats, 1, floats, &sigma, &mean, NULL, NULL));
    bad(GAN_ERROR_RANGE,
        gan_parzen_protocol(ctx, 2, 1, floats, 1, floats, 0, floats, &sigma, &mean, NULL, NULL));
    bad(GAN_ERROR_RANGE,
        gan_parzen_protocol(ctx, 0, 1, floats, 1, floats, 1, floats, &sigma, &mean, NULL, NULL));
    finish();
}

#endif
