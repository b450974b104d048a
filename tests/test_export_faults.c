/* Exports when the operating system fails: every call in turn, once and from then on. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "replaced.h"

#include <gan/export.h>

static gan_network *network;

static int32_t write_npy(void)
{
    return gan_export_npy(ctx, at("f"), 1, (int64_t[]){3}, three);
}

static int32_t write_png(void)
{
    return gan_export_png(ctx, at("f"), 1, 3, 1, 1, 1, three, 0, 1);
}

static int32_t write_onnx(void)
{
    return gan_network_export_onnx(network, at("f"));
}

static uint8_t *wanted;
static size_t wanted_size;

/* 0 for the old content, 1 for the new. */
static int content(void)
{
    if (is_old()) {
        return 0;
    }
    size_t size;
    uint8_t *bytes = get(at("f"), &size);
    need(size == wanted_size && memcmp(bytes, wanted, size) == 0);
    free(bytes);
    return 1;
}

static void check_faults(int32_t (*write)(void))
{
    ok(write());
    wanted = get(at("f"), &wanted_size);
    for (int forever = 0; forever < 2; forever++) {
        /* Two opens, a look, a write, a sync, a close, a rename, a sync, a close. */
        ck_assert_int_eq(fail_each_of_writing(write, content, forever, EIO), 9);
        ck_assert_int_eq(fail_each_of_writing(write, content, forever, ENOSPC), 9);
    }
    put("f", "old", 3);
    arm(0, false, 0);
    fault.interrupt = true;
    const int32_t status = write();
    fault.armed = false;
    ok(status);
    ck_assert_int_gt(fault.calls, (int)wanted_size / 7);
    ck_assert_int_eq(content(), 1);
    ck_assert_int_eq(clear(), 1);
    free(wanted);
}

START_TEST(arrays)
{
    check_faults(write_npy);
}
END_TEST

START_TEST(pictures)
{
    check_faults(write_png);
}
END_TEST

START_TEST(models)
{
    ok(gan_network_create(ctx, "n", &network));
    const int32_t x = gan_network_input(network, "x", 1, (int64_t[]){2});
    ok(gan_network_output(network, gan_network_dense(network, x, 3)));
    ok(gan_network_initialize(network, 1));
    blocks = own.live;
    check_faults(write_onnx);
    blocks = 1;
    gan_network_free(network);
}
END_TEST

int main(void)
{
    return run_in_folder("exports and faults", (const TTest *[]){arrays, pictures, models, NULL});
}
