/* Misuse of monitors. */
#ifndef GAN_TESTS_MISUSE_MONITORS_H
#define GAN_TESTS_MISUSE_MONITORS_H

#include "misuse.h"

static gan_monitor *made_monitor;

static void misuse_making_monitors(void)
{
    gan_trainer *bare, *conditional;
    gan_network *g;
    gan_dataset *one;
    start();
    bad_create_null(made_monitor, gan_monitor_create(NULL, &made_monitor));
    bad(GAN_ERROR_ARGUMENT, gan_monitor_create(trainer, NULL));
    ok(gan_trainer_create(G, D, NULL, &bare));
    bad_create(GAN_ERROR_STATE, made_monitor, gan_monitor_create(bare, &made_monitor));
    gan_trainer_free(bare);
    ok(gan_dataset_slice(data, 0, 1, &one));
    ok(gan_trainer_create(G, D, one, &bare));
    bad_create(GAN_ERROR_STATE, made_monitor, gan_monitor_create(bare, &made_monitor));
    ok(gan_network_create(ctx, "conditional", &g));
    const int32_t x = gan_network_input(g, "x", 1, two);
    ok(gan_network_output(g, gan_network_add(g, x, gan_network_condition(g, "y", 1, two))));
    ok(gan_trainer_create(g, D, data, &conditional));
    bad_create(GAN_ERROR_STATE, made_monitor, gan_monitor_create(conditional, &made_monitor));
    gan_trainer_free(conditional);
    gan_network_free(g);
    gan_trainer_free(bare);
    gan_dataset_free(one);
    free_null(gan_monitor_free);
    harmless(gan_monitor_reason(NULL) == NULL);
    harmless(gan_monitor_value_name(-1) == NULL);
    harmless(gan_monitor_value_name(1000) == NULL);
    harmless(gan_monitor_verdict_name(-1) == NULL);
    harmless(gan_monitor_verdict_name(4) == NULL);
    harmless(gan_monitor_describe_option(-1, NULL, NULL, NULL, NULL, NULL) == GAN_ERROR_RANGE);
    harmless(gan_monitor_describe_option(1000, NULL, NULL, NULL, NULL, NULL) == GAN_ERROR_RANGE);
    finish();
}

static void misuse_monitors(void)
{
    double value;
    int32_t verdict;
    const char *text;
    gan_dataset *foreign, *wide;
    start();
    ok(gan_monitor_create(trainer, &made_monitor));
    gan_monitor *monitor = made_monitor;
    bad_null(gan_monitor_set_number(NULL, GAN_SEED, 1));
    bad(GAN_ERROR_ARGUMENT, gan_monitor_set_number(monitor, NULL, 1));
    bad(GAN_ERROR_ARGUMENT, gan_monitor_set_number(monitor, GAN_SEED, NAN));
    bad(GAN_ERROR_KEY, gan_monitor_set_number(monitor, "unknown", 1));
    bad(GAN_ERROR_RANGE, gan_monitor_set_number(monitor, GAN_MONITOR_SAMPLES, 31));
    bad(GAN_ERROR_RANGE, gan_monitor_set_number(monitor, GAN_MONITOR_SAMPLES, 2049));
    bad(GAN_ERROR_RANGE, gan_monitor_set_number(monitor, GAN_MONITOR_PARTIAL_MISSING, 1.5));
    bad_null(gan_monitor_set_text(NULL, GAN_MONITOR_GENERATOR, GAN_MONITOR_RAW));
    bad(GAN_ERROR_ARGUMENT, gan_monitor_set_text(monitor, GAN_MONITOR_GENERATOR, NULL));
    bad(GAN_ERROR_KEY, gan_monitor_set_text(monitor, GAN_MONITOR_GENERATOR, "best"));
    bad_null(gan_monitor_get_number(NULL, GAN_SEED, &value));
    bad(GAN_ERROR_ARGUMENT, gan_monitor_get_number(monitor, GAN_SEED, NULL));
    bad(GAN_ERROR_KEY, gan_monitor_get_number(monitor, "unknown", &value));
    bad_null(gan_monitor_get_text(NULL, GAN_MONITOR_GENERATOR, &text));
    bad(GAN_ERROR_ARGUMENT, gan_monitor_get_text(monitor, GAN_MONITOR_GENERATOR, NULL));
    bad(GAN_ERROR_KEY, gan_monitor_get_text(monitor, "unknown", &text));
    ok(gan_dataset_from_floats(other_ctx, 8, 1, two, floats, &foreign));
    ok(gan_dataset_from_floats(ctx, 4, 1, (int64_t[]){3}, floats, &wide));
    bad_null(gan_monitor_set_held_out(NULL, data, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_monitor_set_held_out(monitor, foreign, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_monitor_set_held_out(monitor, data, data));
    bad(GAN_ERROR_ARGUMENT, gan_monitor_set_held_out(monitor, NULL, data));
    bad(GAN_ERROR_SHAPE, gan_monitor_set_held_out(monitor, wide, NULL));
    gan_dataset_free(wide);
    gan_dataset_free(foreign);
    bad_null(gan_monitor_value(NULL, GAN_MONITOR_SUPPORT, &value));
    bad(GAN_ERROR_ARGUMENT, gan_monitor_value(monitor, NULL, &value));
    bad(GAN_ERROR_ARGUMENT, gan_monitor_value(monitor, GAN_MONITOR_SUPPORT, NULL));
    bad(GAN_ERROR_KEY, gan_monitor_value(monitor, "unknown", &value));
    bad_null(gan_monitor_verdict(NULL, &verdict));
    bad(GAN_ERROR_ARGUMENT, gan_monitor_verdict(monitor, NULL));
    ok(gan_monitor_set_text(monitor, GAN_MONITOR_GENERATOR, GAN_MONITOR_AVERAGE));
    bad_null(gan_monitor_measure(NULL));
    bad(GAN_ERROR_STATE, gan_monitor_measure(monitor));
    bad_null(gan_monitor_keep(NULL));
    bad_null(gan_monitor_roll_back(NULL));
    bad(GAN_ERROR_STATE, gan_monitor_roll_back(monitor));
    bad_null(gan_monitor_run(NULL, 1, NULL, NULL, NULL));
    bad(GAN_ERROR_RANGE, gan_monitor_run(monitor, -1, NULL, NULL, NULL));
    ok(gan_monitor_set_text(monitor, GAN_MONITOR_GENERATOR, GAN_MONITOR_RAW));
    ok(gan_monitor_measure(monitor));
    ok(gan_monitor_keep(monitor));
    ok(gan_monitor_roll_back(monitor));
    gan_monitor_free(monitor);
    finish();
}

#endif
