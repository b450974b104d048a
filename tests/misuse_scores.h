/* Misuse of scores. */
#ifndef GAN_TESTS_MISUSE_SCORES_H
#define GAN_TESTS_MISUSE_SCORES_H

#include "misuse.h"

static void misuse_making_scores(void)
{
    gan_score *score;
    start();
    bad_create_null(score, gan_score_create(NULL, GAN_SCORE_FRECHET, 2, "x", &score));
    bad_create(GAN_ERROR_ARGUMENT, score, gan_score_create(ctx, NULL, 2, "x", &score));
    bad_create(GAN_ERROR_KEY, score, gan_score_create(ctx, "inception", 2, "x", &score));
    bad_create(GAN_ERROR_ARGUMENT, score,
               gan_score_create(ctx, GAN_SCORE_FRECHET, 2, NULL, &score));
    bad_create(GAN_ERROR_ARGUMENT, score, gan_score_create(ctx, GAN_SCORE_FRECHET, 2, "", &score));
    bad_create(GAN_ERROR_RANGE, score, gan_score_create(ctx, GAN_SCORE_KERNEL, 0, "x", &score));
    bad_create(GAN_ERROR_RANGE, score, gan_score_create(ctx, GAN_SCORE_KERNEL, -1, "x", &score));
    bad_create(GAN_ERROR_RANGE, score,
               gan_score_create(ctx, GAN_SCORE_FRECHET, 32769, "x", &score));
    bad(GAN_ERROR_ARGUMENT, gan_score_create(ctx, GAN_SCORE_FRECHET, 2, "x", NULL));
    free_null(gan_score_free);
    free_null(gan_score_clear_fake);
    harmless(gan_score_kind(NULL) == NULL);
    harmless(gan_score_features(NULL) == NULL);
    harmless(gan_score_protocol(NULL) == NULL);
    harmless(gan_score_kind_name(-1) == NULL);
    harmless(gan_score_kind_name(1000) == NULL);
    harmless(gan_score_value_name(NULL, 0) == NULL);
    harmless(gan_score_describe_option(-1, NULL, NULL, NULL, NULL, NULL) == GAN_ERROR_RANGE);
    harmless(gan_score_describe_option(1000, NULL, NULL, NULL, NULL, NULL) == GAN_ERROR_RANGE);
    finish();
}

static void misuse_scores(void)
{
    gan_score *score, *modes;
    double value;
    int64_t count;
    const float not_finite[] = {0, NAN};
    start();
    ok(gan_score_create(ctx, GAN_SCORE_FRECHET, 2, "x", &score));
    ok(gan_score_create(ctx, GAN_SCORE_MODES, 2, "x", &modes));
    bad_null(gan_score_set_number(NULL, GAN_SCORE_SEED, 1));
    bad(GAN_ERROR_ARGUMENT, gan_score_set_number(score, NULL, 1));
    bad(GAN_ERROR_ARGUMENT, gan_score_set_number(score, GAN_SCORE_SEED, NAN));
    bad(GAN_ERROR_KEY, gan_score_set_number(score, "unknown", 1));
    bad(GAN_ERROR_RANGE, gan_score_set_number(score, GAN_SCORE_K, 0));
    bad_null(gan_score_get_number(NULL, GAN_SCORE_SEED, &value));
    bad(GAN_ERROR_ARGUMENT, gan_score_get_number(score, GAN_SCORE_SEED, NULL));
    bad(GAN_ERROR_KEY, gan_score_get_number(score, "unknown", &value));
    bad_null(gan_score_set_modes(NULL, 1, doubles, 1));
    bad(GAN_ERROR_STATE, gan_score_set_modes(score, 1, doubles, 1));
    bad(GAN_ERROR_ARGUMENT, gan_score_set_modes(modes, 1, NULL, 1));
    bad(GAN_ERROR_RANGE, gan_score_set_modes(modes, 0, doubles, 1));
    bad(GAN_ERROR_RANGE, gan_score_set_modes(modes, 1, doubles, 0));
    bad(GAN_ERROR_STATE, gan_score_add_fake(modes, 1, floats));
    ok(gan_score_set_modes(modes, 1, doubles, 1));
    bad(GAN_ERROR_STATE, gan_score_add_real(modes, 1, floats));
    bad_null(gan_score_add_real(NULL, 1, floats));
    bad(GAN_ERROR_ARGUMENT, gan_score_add_real(score, 1, NULL));
    bad(GAN_ERROR_RANGE, gan_score_add_real(score, 0, floats));
    bad(GAN_ERROR_NUMERIC, gan_score_add_real(score, 1, not_finite));
    bad_null(gan_score_add_fake(NULL, 1, floats));
    bad(GAN_ERROR_ARGUMENT, gan_score_add_fake(score, 1, NULL));
    bad(GAN_ERROR_RANGE, gan_score_add_fake(score, -1, floats));
    bad(GAN_ERROR_NUMERIC, gan_score_add_fake(score, 1, not_finite));
    bad_null(gan_score_value(NULL, "elements", &value));
    bad(GAN_ERROR_ARGUMENT, gan_score_value(score, NULL, &value));
    bad(GAN_ERROR_ARGUMENT, gan_score_value(score, "elements", NULL));
    bad(GAN_ERROR_KEY, gan_score_value(score, "precision", &value));
    bad(GAN_ERROR_STATE, gan_score_value(score, "frechet", &value));
    bad_null(gan_score_floor(NULL, "modes", &value, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_score_floor(modes, NULL, &value, NULL));
    bad(GAN_ERROR_KEY, gan_score_floor(modes, "unknown", &value, NULL));
    bad_null(gan_score_mode(NULL, 0, &count, NULL, NULL, NULL));
    bad(GAN_ERROR_STATE, gan_score_mode(score, 0, &count, NULL, NULL, NULL));
    bad(GAN_ERROR_RANGE, gan_score_mode(modes, 1, &count, NULL, NULL, NULL));
    bad_null(gan_score_comparable(NULL, NULL));
    bad(GAN_ERROR_STATE, gan_score_comparable(score, modes));
    gan_score_free(modes);
    gan_score_free(score);
    finish();
}

#endif
