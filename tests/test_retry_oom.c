/* What a call that failed leaves behind: nothing that another call could trip over. And callbacks
 * that change things under a call in progress. */
#include "support.h"

#include <gan/gan.h>

static heap own;
static gan_context *ctx;

#define ok(call) ck_assert_msg((call) == GAN_OK, "%s: %s", #call, gan_context_message(ctx))

/* inputs -> hidden tanh units -> outputs */
static gan_network *network(int64_t inputs, int64_t hidden, int64_t outputs)
{
    gan_network *made;
    ok(gan_network_create(ctx, "N", &made));
    const int32_t x = gan_network_input(made, "x", 1, &inputs);
    const int32_t h = gan_network_tanh(made, gan_network_dense(made, x, hidden));
    ok(gan_network_output(made, gan_network_dense(made, h, outputs)));
    return made;
}

static gan_dataset *ten_samples(int64_t elements)
{
    float values[100] = {0};
    gan_dataset *made;
    ok(gan_dataset_from_floats(ctx, 10, 1, &elements, values, &made));
    return made;
}

/* One run of one step of a new trainer, with D's optimizer; its status. */
static int32_t run_once(gan_network *G, gan_network *D, gan_dataset *data, gan_optimizer *for_d,
                        int64_t fail_at)
{
    gan_trainer *trainer;
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_discriminator_optimizer(trainer, for_d));
    own.calls = 0;
    own.fail_at = fail_at;
    const int32_t status = gan_trainer_run(trainer, 1, NULL, NULL);
    own.fail_at = 0;
    gan_trainer_free(trainer);
    return status;
}

START_TEST(an_optimizer_that_failed_to_bind_serves_a_smaller_network)
{
    int64_t failures = 0;
    int32_t status = GAN_ERROR_MEMORY;
    for (int64_t n = 1; status != GAN_OK; n++) {
        ctx = new_context(&own);
        gan_network *G = network(2, 3, 4), *large = network(4, 200, 1), *small = network(4, 3, 1);
        gan_dataset *data = ten_samples(4);
        gan_optimizer *adam;
        ok(gan_optimizer_create(ctx, GAN_ADAM, &adam));
        status = run_once(G, large, data, adam, n);
        ck_assert(status == GAN_OK || status == GAN_ERROR_MEMORY);
        if (status != GAN_OK) {
            failures++;
            gan_trainer *trainer;
            ok(gan_trainer_create(G, small, data, &trainer));
            /* Either it is bound to the large network, or it serves the small one well. */
            if (gan_trainer_set_discriminator_optimizer(trainer, adam) == GAN_OK) {
                ok(gan_trainer_run(trainer, 3, NULL, NULL));
                ck_assert_int_eq(gan_optimizer_updates(adam), 3);
            }
            gan_trainer_free(trainer);
        }
        gan_optimizer_free(adam);
        gan_dataset_free(data);
        gan_network_free(small);
        gan_network_free(large);
        gan_network_free(G);
        end_context(ctx, &own);
    }
    ck_assert_int_gt(failures, 20);
}
END_TEST

START_TEST(a_run_that_cannot_start_draws_no_parameters)
{
    ctx = new_context(&own);
    gan_network *G = network(2, 3, 4), *D = network(4, 3, 1);
    gan_dataset *data = ten_samples(4);
    gan_trainer *trainer;
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_DROP_LAST, 1)); /* 10 samples make no batch of 100 */
    ck_assert_int_eq(gan_trainer_run(trainer, 1, NULL, NULL), GAN_ERROR_STATE);
    ok(gan_network_set_bias(G, 0, 1)); /* refused once the parameters are drawn */
    ok(gan_network_set_bias(D, 0, 1));
    gan_trainer_free(trainer);
    gan_dataset_free(data);
    gan_network_free(D);
    gan_network_free(G);
    end_context(ctx, &own);
}
END_TEST

/* Adds layers to the network whose bias is being set from this data. */
static int32_t grow(void *user, int64_t index, float *sample)
{
    (void)index;
    for (int32_t i = 0; i < 40; i++) {
        ck_assert_int_gt(gan_network_dense(user, 1, 3), 0);
    }
    sample[0] = sample[1] = sample[2] = 0.5f;
    return 0;
}

START_TEST(a_network_may_grow_while_its_data_is_read)
{
    ctx = new_context(&own);
    const int64_t three = 3;
    gan_network *N;
    gan_dataset *data;
    ok(gan_network_create(ctx, "N", &N));
    const int32_t layer = gan_network_dense(N, gan_network_input(N, "x", 1, &three), 3);
    ok(gan_dataset_from_callback(ctx, 1, 1, &three, grow, N, &data));
    ok(gan_network_set_bias_from_marginals(N, layer, data));
    ok(gan_network_output(N, layer));
    float bias[3] = {1, 1, 1};
    ok(gan_network_get_parameter(N, "layer0.bias", bias, 3));
    ck_assert(bias[0] == 0 && bias[1] == 0 && bias[2] == 0); /* logit of 1/2 */
    gan_dataset_free(data);
    gan_network_free(N);
    end_context(ctx, &own);
}
END_TEST

START_TEST(a_sigmoid_does_not_hide_behind_a_reshape)
{
    ctx = new_context(&own);
    const int64_t four = 4, ones[] = {1, 1};
    gan_network *G = network(2, 3, 4), *D;
    gan_trainer *trainer;
    ok(gan_network_create(ctx, "D", &D));
    const int32_t x = gan_network_dense(D, gan_network_input(D, "x", 1, &four), 1);
    ok(gan_network_output(D, gan_network_reshape(D, gan_network_sigmoid(D, x), 2, ones)));
    ck_assert_int_eq(gan_trainer_create(G, D, NULL, &trainer), GAN_ERROR_SHAPE);
    ck_assert_ptr_nonnull(strstr(gan_context_message(ctx), "sigmoid"));
    gan_network_free(D);
    gan_network_free(G);
    end_context(ctx, &own);
}
END_TEST

START_TEST(players_that_nobody_initialised_are_drawn_apart)
{
    ctx = new_context(&own);
    gan_network *G = network(4, 4, 4), *D = network(4, 4, 1);
    gan_dataset *data = ten_samples(4);
    gan_trainer *trainer;
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_run(trainer, 0, NULL, NULL));
    float g[16], d[16];
    ok(gan_network_get_parameter(G, "layer0.weight", g, 16));
    ok(gan_network_get_parameter(D, "layer0.weight", d, 16));
    for (int32_t i = 0; i < 16; i++) {
        ck_assert(g[i] != d[i]);
    }
    gan_trainer_free(trainer);
    gan_dataset_free(data);
    gan_network_free(D);
    gan_network_free(G);
    end_context(ctx, &own);
}
END_TEST

START_TEST(a_step_of_the_callers_stands_in_the_epoch_of_the_runs)
{
    float change[2]; /* of D's last bias, by run and by step */
    for (int32_t by_step = 0; by_step < 2; by_step++) {
        ctx = new_context(&own);
        gan_network *G = network(2, 3, 4), *D = network(4, 3, 1);
        gan_dataset *data = ten_samples(4);
        gan_optimizer *ramp;
        gan_trainer *trainer;
        ok(gan_network_initialize(D, 1));
        ok(gan_trainer_create(G, D, data, &trainer));
        ok(gan_optimizer_create(ctx, GAN_MOMENTUM, &ramp));
        ok(gan_optimizer_set_number(ramp, GAN_MU, 0));
        ok(gan_optimizer_set_number(ramp, GAN_FINAL_MU, 0.99));
        ok(gan_optimizer_set_number(ramp, GAN_MU_EPOCHS, 2));
        ok(gan_trainer_set_discriminator_optimizer(trainer, ramp));
        ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 5));
        ok(gan_trainer_run_epochs(trainer, 5, NULL, NULL));
        float before, after, x[20] = {0}, z[10] = {0};
        ok(gan_network_get_parameter(D, "layer1.bias", &before, 1));
        ok(by_step ? gan_trainer_step(trainer, 5, x, z, z)
                   : gan_trainer_run(trainer, 1, NULL, NULL));
        ok(gan_network_get_parameter(D, "layer1.bias", &after, 1));
        change[by_step] = after - before;
        gan_trainer_free(trainer);
        gan_optimizer_free(ramp);
        gan_dataset_free(data);
        gan_network_free(D);
        gan_network_free(G);
        end_context(ctx, &own);
    }
    /* The noise differs, the velocity of 0.99 is nearly all: without it a tenth of this. */
    ck_assert(fabsf(change[0]) > 0.01f);
    ck_assert(fabsf(change[1] - change[0]) < 0.2f * fabsf(change[0]));
}
END_TEST

int main(void)
{
    return RUN_TESTS(
        "retry", an_optimizer_that_failed_to_bind_serves_a_smaller_network,
        a_run_that_cannot_start_draws_no_parameters, a_network_may_grow_while_its_data_is_read,
        a_sigmoid_does_not_hide_behind_a_reshape, players_that_nobody_initialised_are_drawn_apart,
        a_step_of_the_callers_stands_in_the_epoch_of_the_runs);
}
