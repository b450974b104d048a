/* Misuse of exports. Included by test_api_misuse.c. */
#ifndef GAN_TESTS_MISUSE_FILES_H
#define GAN_TESTS_MISUSE_FILES_H

#include "misuse.h"

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

#endif
