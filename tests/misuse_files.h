/* Misuse of exports, logs and checkpoints. Included by test_api_misuse.c. */
#ifndef GAN_TESTS_MISUSE_FILES_H
#define GAN_TESTS_MISUSE_FILES_H

#include "misuse.h"

#include <unistd.h>

static void misuse_exports(void)
{
    static const int64_t below[] = {2, -1}, huge[] = {INT64_MAX, 2}, wide[] = {INT64_MAX / 2};
    static const float not_finite[] = {0, -INFINITY};
    static const char *const path = "/no/such/folder/file";
    start();
    bad_null(gan_export_npy(NULL, path, 1, two, floats));
    bad(GAN_ERROR_ARGUMENT, gan_export_npy(ctx, NULL, 1, two, floats));
    bad(GAN_ERROR_ARGUMENT, gan_export_npy(ctx, "", 1, two, floats));
    bad(GAN_ERROR_ARGUMENT, gan_export_npy(ctx, path, 1, NULL, floats));
    bad(GAN_ERROR_ARGUMENT, gan_export_npy(ctx, path, 1, two, NULL));
    bad(GAN_ERROR_ARGUMENT, gan_export_npy(ctx, path, 0, NULL, NULL));
    bad(GAN_ERROR_RANGE, gan_export_npy(ctx, path, -1, two, floats));
    bad(GAN_ERROR_RANGE, gan_export_npy(ctx, path, 9, dims, floats));
    bad(GAN_ERROR_RANGE, gan_export_npy(ctx, path, 2, below, floats));
    bad(GAN_ERROR_SHAPE, gan_export_npy(ctx, path, 2, huge, floats));
    bad(GAN_ERROR_SHAPE, gan_export_npy(ctx, path, 1, wide, floats));
    bad(GAN_ERROR_IO, gan_export_npy(ctx, path, 1, two, floats));
    bad_null(gan_export_png(NULL, path, 1, 1, 1, 2, 2, floats, 0, 1));
    bad(GAN_ERROR_ARGUMENT, gan_export_png(ctx, NULL, 1, 1, 1, 2, 2, floats, 0, 1));
    bad(GAN_ERROR_ARGUMENT, gan_export_png(ctx, "", 1, 1, 1, 2, 2, floats, 0, 1));
    bad(GAN_ERROR_ARGUMENT, gan_export_png(ctx, path, 1, 1, 1, 2, 2, NULL, 0, 1));
    bad(GAN_ERROR_ARGUMENT, gan_export_png(ctx, path, 1, 1, 1, 2, 2, floats, NAN, 1));
    bad(GAN_ERROR_ARGUMENT, gan_export_png(ctx, path, 1, 1, 1, 2, 2, floats, 0, INFINITY));
    bad(GAN_ERROR_ARGUMENT, gan_export_png(ctx, path, 1, 1, 1, 2, 2, floats, 0, -1e300));
    bad(GAN_ERROR_RANGE, gan_export_png(ctx, path, 1, 1, 1, 2, 2, floats, 1, 1));
    static const int64_t counts[] = {0, -1, INT64_MIN, (INT64_C(1) << 31) - 1, INT64_MAX};
    for (int i = 0; i < 5; i++) { /* a large one goes beyond the limit together with the 2 */
        bad(GAN_ERROR_RANGE, gan_export_png(ctx, path, counts[i], 1, 1, 2, 2, floats, 0, 1));
        bad(GAN_ERROR_RANGE, gan_export_png(ctx, path, 1, counts[i], 1, 2, 2, floats, 0, 1));
        bad(GAN_ERROR_RANGE, gan_export_png(ctx, path, 2, 1, 1, counts[i], 2, floats, 0, 1));
        bad(GAN_ERROR_RANGE, gan_export_png(ctx, path, 1, 2, 1, 2, counts[i], floats, 0, 1));
        bad(GAN_ERROR_RANGE, gan_export_png(ctx, path, 1, 1, counts[i], 2, 2, floats, 0, 1));
    }
    bad(GAN_ERROR_RANGE, gan_export_png(ctx, path, 1, 1, 2, 2, 2, floats, 0, 1));
    bad(GAN_ERROR_SHAPE, gan_export_png(ctx, path, 1, 1, 3, counts[3], counts[3], floats, 0, 1));
    bad(GAN_ERROR_NUMERIC, gan_export_png(ctx, path, 1, 1, 1, 1, 2, not_finite, 0, 1));
    bad(GAN_ERROR_IO, gan_export_png(ctx, path, 1, 1, 1, 2, 2, floats, 0, 1));
    finish();
}

static void misuse_logs(void)
{
    gan_log *log;
    char path[64];
    gan_context *elsewhere;
    gan_network *g, *d;
    gan_trainer *of_another;
    start();
    snprintf(path, sizeof path, "gan-misuse-%lld.log", (long long)getpid());
    bad_create_null(log, gan_log_create(NULL, path, GAN_LOG_CSV, &log));
    bad_create(GAN_ERROR_ARGUMENT, log, gan_log_create(ctx, NULL, GAN_LOG_CSV, &log));
    bad_create(GAN_ERROR_ARGUMENT, log, gan_log_create(ctx, "", GAN_LOG_CSV, &log));
    bad_create(GAN_ERROR_ARGUMENT, log, gan_log_create(ctx, path, NULL, &log));
    bad_create(GAN_ERROR_KEY, log, gan_log_create(ctx, path, "json", &log));
    bad(GAN_ERROR_ARGUMENT, gan_log_create(ctx, path, GAN_LOG_CSV, NULL));
    bad_create(GAN_ERROR_IO, log, gan_log_create(ctx, "/no/such/folder/x", GAN_LOG_CSV, &log));
    bad_create(GAN_ERROR_IO, log, gan_log_create(ctx, "/", GAN_LOG_CSV, &log));
    bad_create(GAN_ERROR_FORMAT, log,
               gan_log_create(ctx, GAN_SOURCE_DIR "/include/gan/gan.h", GAN_LOG_TENSORBOARD, &log));
    ok(gan_log_create(ctx, path, GAN_LOG_CSV, &log));
    bad_null(gan_log_number(NULL, "a", 1));
    bad(GAN_ERROR_ARGUMENT, gan_log_number(log, NULL, 1));
    bad(GAN_ERROR_ARGUMENT, gan_log_number(log, "", 1));
    bad(GAN_ERROR_ARGUMENT, gan_log_number(log, "step", 1));
    bad(GAN_ERROR_ARGUMENT, gan_log_number(log, "a,b", 1));
    bad_null(gan_log_trainer(NULL, trainer));
    bad(GAN_ERROR_ARGUMENT, gan_log_trainer(log, NULL));
    ok(gan_context_create(&elsewhere));
    ok(gan_network_create(elsewhere, "g", &g));
    ok(gan_network_output(g, gan_network_dense(g, gan_network_input(g, "z", 1, two), 2)));
    ok(gan_network_create(elsewhere, "d", &d));
    ok(gan_network_output(d, gan_network_dense(d, gan_network_input(d, "x", 1, two), 1)));
    ok(gan_trainer_create(g, d, NULL, &of_another));
    bad(GAN_ERROR_ARGUMENT, gan_log_trainer(log, of_another));
    gan_trainer_free(of_another);
    gan_network_free(d);
    gan_network_free(g);
    gan_context_free(elsewhere);
    bad_null(gan_log_write(NULL, 1));
    bad(GAN_ERROR_RANGE, gan_log_write(log, -1));
    ok(gan_log_number(log, "a", 1));
    ok(gan_log_write(log, 7));
    bad(GAN_ERROR_KEY, gan_log_write(log, 8));
    ok(gan_log_number(log, "a", 1));
    bad(GAN_ERROR_RANGE, gan_log_write(log, 6));
    bad_null(gan_log_resume(NULL, 1));
    bad(GAN_ERROR_RANGE, gan_log_resume(log, -2));
    bad_null(gan_log_sync(NULL));
    bad_null(gan_log_set_clock(NULL, NULL, NULL));
    harmless(gan_log_last_step(NULL) == -1);
    harmless(gan_log_last_step(log) == 7);
    harmless(gan_log_numbers_max() == GAN_LOG_NUMBERS);
    harmless(gan_log_format_name(-1) == NULL);
    harmless(gan_log_format_name(1000) == NULL);
    ok(gan_log_write(log, 7)); /* the number set before, which a failure left there */
    free_null(gan_log_free);
    gan_log_free(log);
    remove(path);
    finish();
}

static void misuse_checkpoints(void)
{
    gan_checkpoints *c;
    int64_t index, step;
    double value;
    char path[256], folder[] = "gan-misuse-XXXXXX";
    start();
    ck_assert_ptr_nonnull(mkdtemp(folder));
    bad_create_null(c, gan_checkpoints_create(NULL, folder, "c", 1, GAN_LOWER, &c));
    bad(GAN_ERROR_ARGUMENT, gan_checkpoints_create(ctx, folder, "c", 1, GAN_LOWER, NULL));
    bad_create(GAN_ERROR_ARGUMENT, c, gan_checkpoints_create(ctx, NULL, "c", 1, GAN_LOWER, &c));
    bad_create(GAN_ERROR_ARGUMENT, c, gan_checkpoints_create(ctx, "", "c", 1, GAN_LOWER, &c));
    bad_create(GAN_ERROR_ARGUMENT, c, gan_checkpoints_create(ctx, folder, NULL, 1, GAN_LOWER, &c));
    static const char *const names[] = {"", "a/b", ".", "..", ".hidden", "/"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bad_create(GAN_ERROR_ARGUMENT, c,
                   gan_checkpoints_create(ctx, folder, names[i], 1, GAN_LOWER, &c));
    }
    static const int64_t counts[] = {0, -1, 1000001, INT64_MIN, INT64_MAX};
    for (int i = 0; i < 5; i++) {
        bad_create(GAN_ERROR_RANGE, c,
                   gan_checkpoints_create(ctx, folder, "c", counts[i], GAN_LOWER, &c));
    }
    bad_create(GAN_ERROR_ARGUMENT, c, gan_checkpoints_create(ctx, folder, "c", 1, NULL, &c));
    bad_create(GAN_ERROR_KEY, c, gan_checkpoints_create(ctx, folder, "c", 1, "best", &c));
    bad_create(GAN_ERROR_IO, c, gan_checkpoints_create(ctx, "/no/such", "c", 1, GAN_LOWER, &c));
    bad_create(GAN_ERROR_IO, c,
               gan_checkpoints_create(ctx, GAN_SOURCE_DIR "/LICENSE", "c", 1, GAN_LOWER, &c));
    ok(gan_checkpoints_create(ctx, folder, "c", 1, GAN_LOWER, &c));
    bad_null(gan_checkpoints_find(NULL, GAN_LAST, &index));
    bad(GAN_ERROR_ARGUMENT, gan_checkpoints_find(c, NULL, &index));
    bad(GAN_ERROR_ARGUMENT, gan_checkpoints_find(c, GAN_LAST, NULL));
    bad(GAN_ERROR_KEY, gan_checkpoints_find(c, "first", &index));
    bad(GAN_ERROR_STATE, gan_checkpoints_find(c, GAN_LAST, &index));
    bad_null(gan_checkpoints_load(NULL, trainer, GAN_LAST));
    bad(GAN_ERROR_ARGUMENT, gan_checkpoints_load(c, NULL, GAN_LAST));
    bad(GAN_ERROR_ARGUMENT, gan_checkpoints_load(c, trainer, NULL));
    bad(GAN_ERROR_KEY, gan_checkpoints_load(c, trainer, "first"));
    bad(GAN_ERROR_STATE, gan_checkpoints_load(c, trainer, GAN_BEST));
    bad_null(gan_checkpoints_save(NULL, trainer, 1));
    bad(GAN_ERROR_ARGUMENT, gan_checkpoints_save(c, NULL, 1));
    bad(GAN_ERROR_ARGUMENT, gan_checkpoints_save(c, trainer, -INFINITY));
    ok(gan_checkpoints_save(c, trainer, NAN));
    bad(GAN_ERROR_STATE, gan_checkpoints_load(c, trainer, GAN_BEST)); /* none has a value */
    bad_null(gan_checkpoints_get(NULL, 0, &step, &value, path, sizeof path));
    bad(GAN_ERROR_RANGE, gan_checkpoints_get(c, -1, &step, &value, path, sizeof path));
    bad(GAN_ERROR_RANGE, gan_checkpoints_get(c, 1, &step, &value, path, sizeof path));
    bad(GAN_ERROR_BUFFER, gan_checkpoints_get(c, 0, &step, &value, path, 10));
    bad(GAN_ERROR_BUFFER, gan_checkpoints_get(c, 0, &step, &value, path, -1));
    harmless(gan_checkpoints_count(NULL) == 0);
    harmless(gan_checkpoints_count(c) == 1);
    ok(gan_checkpoints_get(c, 0, NULL, NULL, path, sizeof path));
    ok(gan_checkpoints_load(c, trainer, GAN_LAST));
    free_null(gan_checkpoints_free);
    gan_checkpoints_free(c);
    ck_assert_int_eq(remove(path), 0);
    ck_assert_int_eq(rmdir(folder), 0);
    finish();
}

#endif
