/* Misuse of normalisations, of layers that look at the whole batch or join tensors, of conditions,
 * and of the default recipe. */
#ifndef GAN_TESTS_MISUSE_LAYERS_H
#define GAN_TESTS_MISUSE_LAYERS_H

#include "misuse.h"
#include "misuse_images.h"

/* ---- Layers ---------------------------------------------------------------------------------- */

static void misuse_normalisations(void)
{
    static const double no_epsilons[] = {0, -1e-5, 1.5, NAN, INFINITY};
    static const int32_t no_switches[] = {-1, 2, INT32_MAX};
    start();
    image_network = NULL;
    bad_null(gan_network_batch_norm(NULL, 1, 1, 1e-5, 0.1));
    bad_null(gan_network_layer_norm(NULL, 1, 1, 1e-5));
    bad_null(gan_network_instance_norm(NULL, 1, 1, 1e-5));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_batch_norm(I, 2, 1, 1e-5, 0.1));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_layer_norm(I, 0, 1, 1e-5));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_instance_norm(I, -1, 1, 1e-5));
    for (int i = 0; i < 5; i++) {
        bad_image(GAN_ERROR_RANGE, gan_network_batch_norm(I, 1, 1, no_epsilons[i], 0.1));
        bad_image(GAN_ERROR_RANGE, gan_network_batch_norm(I, 1, 1, 1e-5, no_epsilons[i]));
        bad_image(GAN_ERROR_RANGE, gan_network_layer_norm(I, 1, 0, no_epsilons[i]));
        bad_image(GAN_ERROR_RANGE, gan_network_instance_norm(I, 1, 0, no_epsilons[i]));
    }
    for (int i = 0; i < 3; i++) {
        bad_image(GAN_ERROR_RANGE, gan_network_batch_norm(I, 1, no_switches[i], 1e-5, 0.1));
        bad_image(GAN_ERROR_RANGE, gan_network_layer_norm(I, 1, no_switches[i], 1e-5));
        bad_image(GAN_ERROR_RANGE, gan_network_instance_norm(I, 1, no_switches[i], 1e-5));
    }
    bad_image(GAN_ERROR_SHAPE, gan_network_instance_norm(I, gan_network_dense(I, 1, 8), 1, 1e-5));
    gan_network *I = renew_image();
    const int32_t dense = gan_network_dense(I, 1, 4);
    const int32_t norm = gan_network_batch_norm(I, dense, 0, 1e-5, 0.1);
    bad_null(gan_network_set_spectral_norm(NULL, dense, 1));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_spectral_norm(I, norm, 1));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_spectral_norm(I, 1, 1));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_spectral_norm(I, 99, 1));
    bad(GAN_ERROR_RANGE, gan_network_set_spectral_norm(I, dense, 2));
    bad(GAN_ERROR_RANGE, gan_network_set_spectral_norm(I, 0, -1));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_max_norm(I, norm, 1));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_weight_clip(I, norm, 1));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_initializer(I, norm, GAN_INIT_CONSTANT, 0, 0));
    bad(GAN_ERROR_ARGUMENT, gan_network_set_bias(I, norm, 1));
    bad(GAN_ERROR_STATE, gan_network_recalibrate(I, 1, 2, NULL, NULL, 0));
    ok(gan_network_output(I, norm));
    ok(gan_network_initialize(I, 0));
    bad(GAN_ERROR_STATE, gan_network_set_spectral_norm(I, dense, 1));
    bad_null(gan_network_recalibrate(NULL, 1, 2, NULL, NULL, 0));
    bad(GAN_ERROR_RANGE, gan_network_recalibrate(I, 0, 2, NULL, NULL, 0));
    bad(GAN_ERROR_RANGE, gan_network_recalibrate(I, 1, 0, NULL, NULL, 0));
    bad(GAN_ERROR_RANGE, gan_network_recalibrate(I, 1, INT64_MAX, NULL, NULL, 0));
    bad(GAN_ERROR_SHAPE, gan_network_recalibrate(I, 1, 2, data, NULL, 0));
    bad(GAN_ERROR_ARGUMENT, gan_network_recalibrate(I, 1, 2, NULL, data, 0));
    gan_dataset *elsewhere;
    ok(gan_dataset_from_floats(other_ctx, 1, 1, (int64_t[]){120}, (float[120]){0}, &elsewhere));
    bad(GAN_ERROR_ARGUMENT, gan_network_recalibrate(I, 1, 2, elsewhere, NULL, 0));
    gan_dataset_free(elsewhere);
    ok(gan_network_recalibrate(I, 2, 3, NULL, NULL, 0));
    gan_network_free(image_network);
    finish();
}

static void misuse_joints(void)
{
    static const int64_t none[] = {0, -1, INT64_MIN};
    start();
    image_network = NULL;
    bad_null(gan_network_embedding(NULL, 1, 2));
    bad_null(gan_network_minibatch_deviation(NULL, 1, 2));
    bad_null(gan_network_minibatch_discrimination(NULL, 1, 2, 2));
    bad_null(gan_network_add(NULL, 1, 1));
    bad_null(gan_network_inner_product(NULL, 1, 1));
    bad_null(gan_network_repeat(NULL, 1, 2, 2));
    bad_null(gan_network_pixel_shuffle(NULL, 1, 2));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_embedding(I, 7, 2));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_minibatch_deviation(I, 0, 2));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_minibatch_discrimination(I, -1, 2, 2));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_add(I, 1, 2));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_add(I, INT32_MAX, 1));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_inner_product(I, 0, 1));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_inner_product(I, 1, 9));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_repeat(I, 3, 2, 2));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_pixel_shuffle(I, 2, 2));
    for (int i = 0; i < 3; i++) {
        bad_image(GAN_ERROR_RANGE, gan_network_embedding(I, 1, none[i]));
        bad_image(GAN_ERROR_RANGE, gan_network_minibatch_deviation(I, 1, none[i]));
        bad_image(GAN_ERROR_RANGE, gan_network_minibatch_discrimination(I, 1, none[i], 2));
        bad_image(GAN_ERROR_RANGE, gan_network_minibatch_discrimination(I, 1, 2, none[i]));
        bad_image(GAN_ERROR_RANGE, gan_network_repeat(I, 1, none[i], 2));
        bad_image(GAN_ERROR_RANGE, gan_network_repeat(I, 1, 2, none[i]));
        bad_image(GAN_ERROR_RANGE, gan_network_pixel_shuffle(I, 1, none[i]));
    }
    bad_image(GAN_ERROR_RANGE, gan_network_pixel_shuffle(I, 1, 65));
    bad_image(GAN_ERROR_SHAPE, gan_network_pixel_shuffle(I, 1, 3)); /* 4 channels */
    bad_image(GAN_ERROR_SHAPE, gan_network_pixel_shuffle(I, gan_network_dense(I, 1, 8), 2));
    bad_image(GAN_ERROR_SHAPE, gan_network_embedding(I, 1, INT64_MAX));
    bad_image(GAN_ERROR_SHAPE, gan_network_minibatch_discrimination(I, 1, INT64_MAX, 2));
    bad_image(GAN_ERROR_SHAPE, gan_network_minibatch_discrimination(I, 1, 2, INT64_MAX));
    bad_image(GAN_ERROR_SHAPE, gan_network_repeat(I, 1, INT64_MAX, INT64_MAX));
    bad_image(GAN_ERROR_SHAPE, gan_network_add(I, 1, gan_network_dense(I, 1, 120)));
    bad_image(GAN_ERROR_SHAPE, gan_network_inner_product(I, 1, gan_network_dense(I, 1, 119)));
    gan_network_free(image_network);
    finish();
}

/* ---- Conditions ------------------------------------------------------------------------------ */

/* A network with a condition of 3 numbers beside its input of 2. */
static gan_network *conditional(gan_context *context, const char *name, int64_t units)
{
    gan_network *network;
    ok(gan_network_create(context, name, &network));
    const int32_t x = gan_network_input(network, "x", 1, two);
    const int32_t y = gan_network_condition(network, "y", 1, (int64_t[]){3});
    const int32_t both = gan_network_concatenate(network, x, y, 0);
    ok(gan_network_output(network, gan_network_dense(network, both, units)));
    return network;
}

/* A picture of CIFAR-10's size from a file. */
static gan_dataset *one_labelled_picture(uint8_t label)
{
    static const char path[] = "misuse_layers.bin"; /* where the test runs */
    static uint8_t record[1 + 3072];
    gan_dataset *made;
    record[0] = label;
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(record, 1, sizeof record, file), sizeof record);
    ck_assert_int_eq(fclose(file), 0);
    ok(gan_dataset_open_cifar10(ctx, path, &made));
    ck_assert_int_eq(remove(path), 0);
    return made;
}

static void misuse_making_conditions(void)
{
    static const int64_t three[] = {3};
    gan_dataset *labelled;
    start();
    image_network = NULL;
    bad_null(gan_network_condition(NULL, "y", 1, three));
    bad(GAN_ERROR_STATE, gan_network_condition(G, "y", 1, three)); /* finished */
    ok(gan_network_forward(G, 1, floats, floats + 8, 2));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_condition(I, NULL, 1, three));
    bad_image(GAN_ERROR_ARGUMENT, gan_network_condition(I, "y", 1, NULL));
    bad_image(GAN_ERROR_RANGE, gan_network_condition(I, "y", 0, three));
    bad_image(GAN_ERROR_RANGE, gan_network_condition(I, "y", GAN_RANK_MAX + 1, three));
    bad_image(GAN_ERROR_RANGE, gan_network_condition(I, "y", 2, nothing));
    bad_image(GAN_ERROR_SHAPE, gan_network_condition(I, "y", 2, large));
    ok(gan_network_create(ctx, "early", &made_network));
    bad(GAN_ERROR_STATE, gan_network_condition(made_network, "y", 1, three)); /* no input */
    gan_network_free(made_network);
    harmless(gan_network_condition_elements(NULL) == 0);
    harmless(gan_network_condition_elements(G) == 0);
    bad_create_null(made_data, gan_dataset_one_hot(NULL, 3, &made_data));
    bad(GAN_ERROR_ARGUMENT, gan_dataset_one_hot(data, 3, NULL));
    bad_create(GAN_ERROR_STATE, made_data, gan_dataset_one_hot(data, 3, &made_data));
    labelled = one_labelled_picture(3);
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_one_hot(labelled, 3, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_one_hot(labelled, 0, &made_data));
    bad_create(GAN_ERROR_RANGE, made_data, gan_dataset_one_hot(labelled, 257, &made_data));
    gan_dataset_free(labelled);
    gan_network_free(image_network);
    finish();
}

static void misuse_conditional_inference(void)
{
    static const float conditions[6] = {0};
    start();
    gan_network *C = conditional(ctx, "C", 2);
    bad(GAN_ERROR_ARGUMENT, gan_network_forward(C, 1, floats, floats + 8, 2));
    bad(GAN_ERROR_ARGUMENT, gan_network_sample(C, 1, 1, floats, 2));
    bad_null(gan_network_evaluate(NULL, 1, 1, floats, NULL, floats, 2));
    bad(GAN_ERROR_ARGUMENT, gan_network_evaluate(C, 5, 1, floats, NULL, floats + 8, 2));
    bad(GAN_ERROR_ARGUMENT, gan_network_evaluate(C, 0, 1, floats, conditions, floats + 8, 2));
    bad(GAN_ERROR_ARGUMENT, gan_network_evaluate(C, 99, 1, floats, conditions, floats + 8, 2));
    bad(GAN_ERROR_ARGUMENT, gan_network_evaluate(C, 1, 1, NULL, conditions, floats + 8, 2));
    bad(GAN_ERROR_ARGUMENT, gan_network_evaluate(C, 1, 1, floats, conditions, NULL, 2));
    bad(GAN_ERROR_RANGE, gan_network_evaluate(C, 1, 0, floats, conditions, floats + 8, 2));
    bad(GAN_ERROR_BUFFER, gan_network_evaluate(C, 1, 2, floats, conditions, floats + 8, 3));
    bad(GAN_ERROR_ARGUMENT, gan_network_evaluate(G, 1, 1, floats, conditions, floats + 8, 2));
    bad(GAN_ERROR_STATE, gan_network_evaluate(open_network, 1, 1, floats, NULL, floats + 8, 2));
    bad_null(gan_network_sample_conditional(NULL, 1, 1, conditions, floats, 2));
    bad(GAN_ERROR_ARGUMENT, gan_network_sample_conditional(C, 1, 1, NULL, floats, 2));
    bad(GAN_ERROR_ARGUMENT, gan_network_sample_conditional(C, 1, 1, conditions, NULL, 2));
    bad(GAN_ERROR_RANGE, gan_network_sample_conditional(C, 1, 0, conditions, floats, 2));
    bad(GAN_ERROR_BUFFER, gan_network_sample_conditional(C, 1, 2, conditions, floats, 3));
    bad(GAN_ERROR_ARGUMENT, gan_network_sample_conditional(G, 1, 1, conditions, floats, 2));
    bad(GAN_ERROR_ARGUMENT, gan_network_recalibrate(C, 1, 2, NULL, NULL, 0));
    bad(GAN_ERROR_SHAPE, gan_network_recalibrate(C, 1, 2, NULL, data, 0)); /* 2, not 3 */
    ok(gan_network_sample_conditional(C, 1, 2, conditions, floats, 4));
    gan_network_free(C);
    finish();
}

static void misuse_conditional_training(void)
{
    static const float conditions[24] = {0};
    gan_dataset *given, *few, *elsewhere;
    start();
    gan_network *C = conditional(ctx, "C", 2), *E = conditional(ctx, "E", 1);
    ok(gan_dataset_from_floats(ctx, 8, 1, (int64_t[]){3}, conditions, &given));
    ok(gan_dataset_from_floats(ctx, 7, 1, (int64_t[]){3}, conditions, &few));
    ok(gan_dataset_from_floats(other_ctx, 8, 1, (int64_t[]){3}, conditions, &elsewhere));
    ok(gan_trainer_create(C, E, data, &made_trainer));
    ok(gan_trainer_set_number(made_trainer, GAN_BATCH_SIZE, 4));
    bad_null(gan_trainer_set_conditions(NULL, given));
    bad(GAN_ERROR_SHAPE, gan_trainer_set_conditions(trainer, given)); /* neither has any */
    bad(GAN_ERROR_SHAPE, gan_trainer_set_conditions(made_trainer, few));
    bad(GAN_ERROR_SHAPE, gan_trainer_set_conditions(made_trainer, data));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_set_conditions(made_trainer, elsewhere));
    bad(GAN_ERROR_STATE, gan_trainer_run(made_trainer, 1, NULL, NULL));
    ok(gan_trainer_set_conditions(made_trainer, given));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_step(made_trainer, 2, floats, floats, floats));
    bad_null(gan_trainer_step_conditional(NULL, 2, floats, conditions, floats, floats));
    bad(GAN_ERROR_ARGUMENT,
        gan_trainer_step_conditional(made_trainer, 2, floats, NULL, floats, floats));
    bad(GAN_ERROR_ARGUMENT,
        gan_trainer_step_conditional(trainer, 2, floats, conditions, floats, floats));
    bad(GAN_ERROR_ARGUMENT,
        gan_trainer_step_conditional(made_trainer, 2, NULL, conditions, floats, floats));
    bad(GAN_ERROR_RANGE,
        gan_trainer_step_conditional(made_trainer, 0, floats, conditions, floats, floats));
    ok(gan_trainer_run(made_trainer, 1, NULL, NULL));
    ok(gan_trainer_step_conditional(made_trainer, 2, floats, conditions, floats, floats));
    bad(GAN_ERROR_STATE, gan_trainer_set_conditions(made_trainer, NULL));
    gan_trainer_free(made_trainer);
    gan_dataset_free(elsewhere);
    gan_dataset_free(few);
    gan_dataset_free(given);
    gan_network_free(E);
    gan_network_free(C);
    finish();
}

/* ---- The default recipe ---------------------------------------------------------------------- */

static void misuse_recipe(void)
{
    double gamma = 0;
    start();
    bad_null(gan_trainer_use_recipe(NULL, 10, -1));
    bad(GAN_ERROR_RANGE, gan_trainer_use_recipe(trainer, 0, -1));
    bad(GAN_ERROR_RANGE, gan_trainer_use_recipe(trainer, -1, -1));
    bad(GAN_ERROR_RANGE, gan_trainer_use_recipe(trainer, INT64_MAX, -1));
    bad(GAN_ERROR_ARGUMENT, gan_trainer_use_recipe(trainer, 10, NAN));
    bad(GAN_ERROR_RANGE, gan_trainer_use_recipe(trainer, 10, 1e10));
    bad(GAN_ERROR_RANGE, gan_trainer_use_recipe(trainer, 10, INFINITY));
    bad_null(gan_recommended_penalty(1, NULL));
    bad_null(gan_recommended_penalty(0, NULL));
    refused("gan_recommended_penalty(", GAN_ERROR_RANGE, gan_recommended_penalty(0, &gamma), true);
    refused("gan_recommended_penalty(", GAN_ERROR_RANGE, gan_recommended_penalty(-1, &gamma), true);
    ok(gan_trainer_create(G, D, NULL, &made_trainer));
    ok(gan_trainer_step(made_trainer, 2, floats, floats, floats));
    bad(GAN_ERROR_STATE, gan_trainer_use_recipe(made_trainer, 10, -1));
    gan_trainer_free(made_trainer);
    finish();
}

#endif
