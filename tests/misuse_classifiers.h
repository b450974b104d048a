/* Misuse of classifiers. */
#ifndef GAN_TESTS_MISUSE_CLASSIFIERS_H
#define GAN_TESTS_MISUSE_CLASSIFIERS_H

#include "misuse.h"

static gan_classifier *made_classifier;

static void misuse_making_classifiers(void)
{
    gan_dataset *three, *elsewhere;
    gan_network *conditional;
    start();
    ok(gan_dataset_from_floats(ctx, 3, 1, two, floats, &three));
    ok(gan_dataset_from_floats(other_ctx, 8, 1, two, floats, &elsewhere));
    ok(gan_network_create(ctx, "C", &conditional));
    const int32_t x = gan_network_input(conditional, "x", 1, two);
    const int32_t y = gan_network_condition(conditional, "y", 1, two);
    ok(gan_network_output(conditional, gan_network_add(conditional, x, y)));
    bad_create_null(made_classifier, gan_classifier_create(NULL, data, data, &made_classifier));
    bad(GAN_ERROR_ARGUMENT, gan_classifier_create(G, data, data, NULL));
    bad_create(GAN_ERROR_ARGUMENT, made_classifier,
               gan_classifier_create(G, NULL, data, &made_classifier));
    bad_create(GAN_ERROR_ARGUMENT, made_classifier,
               gan_classifier_create(G, data, NULL, &made_classifier));
    bad_create(GAN_ERROR_ARGUMENT, made_classifier,
               gan_classifier_create(G, data, elsewhere, &made_classifier));
    bad_create(GAN_ERROR_ARGUMENT, made_classifier,
               gan_classifier_create(conditional, NULL, NULL, &made_classifier));
    bad_create(GAN_ERROR_SHAPE, made_classifier,
               gan_classifier_create(D, NULL, NULL, &made_classifier));
    bad_create(GAN_ERROR_SHAPE, made_classifier,
               gan_classifier_create(G, data, three, &made_classifier));
    bad_create(GAN_ERROR_STATE, made_classifier,
               gan_classifier_create(open_network, NULL, NULL, &made_classifier));
    free_null(gan_classifier_free);
    harmless(gan_classifier_metric_name(-1) == NULL);
    harmless(gan_classifier_metric_name(1000) == NULL);
    harmless(gan_classifier_describe_option(-1, NULL, NULL, NULL, NULL, NULL) == GAN_ERROR_RANGE);
    harmless(gan_classifier_describe_option(1000, NULL, NULL, NULL, NULL, NULL) == GAN_ERROR_RANGE);
    gan_network_free(conditional);
    gan_dataset_free(elsewhere);
    gan_dataset_free(three);
    finish();
}

static void misuse_classifiers(void)
{
    gan_classifier *classifier;
    gan_optimizer *elsewhere, *bound;
    gan_network *other;
    double value;
    int32_t names[2];
    start();
    other = network_of("other", 2);
    ok(gan_optimizer_create(other_ctx, GAN_SGD, &elsewhere));
    ok(gan_optimizer_create(ctx, GAN_SGD, &bound));
    ok(gan_classifier_create(other, data, data, &classifier));
    ok(gan_classifier_set_optimizer(classifier, bound));
    bad_null(gan_classifier_set_optimizer(NULL, sgd));
    bad(GAN_ERROR_ARGUMENT, gan_classifier_set_optimizer(classifier, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_classifier_set_optimizer(classifier, elsewhere));
    bad_null(gan_classifier_set_number(NULL, GAN_SEED, 1));
    bad(GAN_ERROR_ARGUMENT, gan_classifier_set_number(classifier, NULL, 1));
    bad(GAN_ERROR_ARGUMENT, gan_classifier_set_number(classifier, GAN_SEED, NAN));
    bad(GAN_ERROR_KEY, gan_classifier_set_number(classifier, GAN_OBJECTIVE, 1));
    bad(GAN_ERROR_RANGE, gan_classifier_set_number(classifier, GAN_BATCH_SIZE, 0));
    bad_null(gan_classifier_get_number(NULL, GAN_SEED, &value));
    bad(GAN_ERROR_ARGUMENT, gan_classifier_get_number(classifier, GAN_SEED, NULL));
    bad(GAN_ERROR_KEY, gan_classifier_get_number(classifier, "unknown", &value));
    bad_null(gan_classifier_metric(NULL, GAN_METRIC_LOSS, &value));
    bad(GAN_ERROR_ARGUMENT, gan_classifier_metric(classifier, NULL, &value));
    bad(GAN_ERROR_ARGUMENT, gan_classifier_metric(classifier, GAN_METRIC_LOSS, NULL));
    bad(GAN_ERROR_KEY, gan_classifier_metric(classifier, GAN_METRIC_VALUE, &value));
    bad_null(gan_classifier_evaluate(NULL, data, data, &value, &value));
    bad(GAN_ERROR_ARGUMENT, gan_classifier_evaluate(classifier, NULL, data, &value, &value));
    bad(GAN_ERROR_ARGUMENT, gan_classifier_evaluate(classifier, data, NULL, &value, &value));
    bad_null(gan_classifier_predict(NULL, 1, floats, names, 2));
    bad(GAN_ERROR_ARGUMENT, gan_classifier_predict(classifier, 1, NULL, names, 2));
    bad(GAN_ERROR_ARGUMENT, gan_classifier_predict(classifier, 1, floats, NULL, 2));
    bad(GAN_ERROR_RANGE, gan_classifier_predict(classifier, 0, floats, names, 2));
    bad(GAN_ERROR_BUFFER, gan_classifier_predict(classifier, 3, floats, names, 2));
    bad_null(gan_classifier_run(NULL, 1, NULL, NULL));
    bad(GAN_ERROR_RANGE, gan_classifier_run(classifier, -1, NULL, NULL));
    bad_null(gan_classifier_run_epochs(NULL, 1, NULL, NULL));
    bad(GAN_ERROR_RANGE, gan_classifier_run_epochs(classifier, -1, NULL, NULL));
    ok(gan_classifier_set_number(classifier, GAN_BATCH_SIZE, 9));
    ok(gan_classifier_set_number(classifier, GAN_DROP_LAST, 1));
    bad(GAN_ERROR_STATE, gan_classifier_run(classifier, 1, NULL, NULL)); /* 8 samples */
    ok(gan_classifier_set_number(classifier, GAN_DROP_LAST, 0));
    ok(gan_classifier_run(classifier, 1, NULL, NULL));
    bad(GAN_ERROR_STATE, gan_classifier_set_number(classifier, GAN_SEED, 1));
    bad(GAN_ERROR_STATE, gan_classifier_set_optimizer(classifier, bound));
    gan_classifier_free(classifier);
    ok(gan_classifier_create(G, data, data, &classifier));
    bad(GAN_ERROR_STATE, gan_classifier_set_optimizer(classifier, bound)); /* it serves `other` */
    ok(gan_classifier_run_epochs(classifier, 1, NULL, NULL));
    gan_classifier_free(classifier);
    gan_optimizer_free(bound);
    gan_optimizer_free(elsewhere);
    gan_network_free(other);
    finish();
}

#endif
