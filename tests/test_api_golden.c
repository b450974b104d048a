/* Files that an earlier state of the library wrote, kept in golden/: they load with the numbers they
 * have always had, are written again byte for byte, and training goes on from them. Only what is
 * read is compared, for sums may round otherwise on another machine.
 *   test_api_golden                the files of the source tree
 *   test_api_golden --write FOLDER writes them and prints the table of digests below */
#include "hostile.h"

#define GOLDEN GAN_SOURCE_DIR "/tests/golden/"

/* The kinds of file, and of the objects that read them. */
static const struct {
    const char *name;
    int32_t kind; /* of the optimizers; -1: the parameters of a network only */
    bool average, simultaneous;
    uint64_t digest;
} files[] = {
    {"network", -1, false, false, 0xda8a2023a78ea8dcu},
    {"training-momentum", 1, false, true, 0x8c5a7dc140c0f99fu},
    {"training-rmsprop", 3, false, false, 0x990bddfe0aadd8f4u},
    {"training-adam-average", 4, true, false, 0xb8b685b0651925b6u},
};

enum { FILES = sizeof files / sizeof files[0], STEPS = 8 };

typedef struct {
    match m;
    gan_network *average;
} objects;

static objects make(size_t i)
{
    objects o = {.m = new_match(ctx, 6, files[i].kind < 0 ? 0 : files[i].kind, 3)};
    if (files[i].simultaneous) {
        ok(gan_trainer_set_text(o.m.trainer, GAN_SCHEDULE, GAN_SIMULTANEOUS));
    }
    if (files[i].average) {
        ok(gan_network_clone(o.m.g, "average", &o.average));
        ok(gan_trainer_set_average(o.m.trainer, o.average));
    }
    return o;
}

static void discard(objects *o)
{
    free_match(&o->m);
    gan_network_free(o->average);
}

static int32_t save(const objects *o, size_t i, const char *path)
{
    return files[i].kind < 0 ? gan_network_save(o->m.g, path)
                             : gan_trainer_save(o->m.trainer, path);
}

static int32_t load(const objects *o, size_t i, const char *path)
{
    return files[i].kind < 0 ? gan_network_load(o->m.g, path)
                             : gan_trainer_load(o->m.trainer, path);
}

/* FNV-1a of the bits of all parameters, in their order. */
static uint64_t digest_of(const objects *o, size_t i)
{
    gan_network *const networks[] = {o->m.g, o->m.d, o->average};
    uint64_t digest = 14695981039346656037u;
    for (int32_t n = 0; n < (files[i].kind < 0 ? 1 : files[i].average ? 3 : 2); n++) {
        const numbers all = all_of(networks[n]);
        for (int64_t j = 0; j < all.count; j++) {
            uint32_t bits;
            memcpy(&bits, &all.values[j], sizeof bits);
            for (int shift = 0; shift < 32; shift += 8) {
                digest = (digest ^ (bits >> shift & 0xff)) * 1099511628211u;
            }
        }
    }
    return digest;
}

/* The networks that the file makes by itself have the same numbers. */
static void check_opened(const objects *o, size_t i, const char *path)
{
    const struct {
        const char *part;
        gan_network *is;
    } parts[] = {{files[i].kind < 0 ? NULL : GAN_PART_GENERATOR, o->m.g},
                 {GAN_PART_DISCRIMINATOR, o->m.d},
                 {GAN_PART_AVERAGE, o->average}};
    for (int32_t n = 0; n < (files[i].kind < 0 ? 1 : files[i].average ? 3 : 2); n++) {
        gan_network *alone;
        ok(gan_network_open(ctx, path, parts[n].part, &alone));
        const numbers all = all_of(parts[n].is);
        need(is_still(alone, &all));
        gan_network_free(alone);
    }
}

START_TEST(a_golden_file_is_read)
{
    const size_t i = (size_t)_i;
    char path[600];
    snprintf(path, sizeof path, "%s%s.safetensors", GOLDEN, files[i].name);
    make_folder();
    ctx = new_context(&own);
    objects o = make(i);
    ok(load(&o, i, path));
    ck_assert_uint_eq(digest_of(&o, i), files[i].digest);
    ok(save(&o, i, at("again")));
    blob golden = read_blob(path), again = read_blob(at("again"));
    need(same_blob(golden, again)); /* the optimizers, counts and metrics, too */
    check_opened(&o, i, path);
    if (files[i].kind >= 0) {
        near(metric_of(o.m.trainer, GAN_METRIC_STEP), STEPS, 0);
        ok(gan_trainer_run(o.m.trainer, 5, NULL, NULL)); /* from the middle of an epoch */
        near(metric_of(o.m.trainer, GAN_METRIC_STEP), STEPS + 5, 0);
        need(isfinite(metric_of(o.m.trainer, GAN_METRIC_D_LOSS)));
        need(digest_of(&o, i) != files[i].digest);
    }
    free(golden.bytes);
    free(again.bytes);
    discard(&o);
    end_context(ctx, &own);
    remove_folder();
}
END_TEST

static const char *where;

START_TEST(write_files)
{
    for (size_t i = 0; i < FILES; i++) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s.safetensors", where, files[i].name);
        ctx = new_context(&own);
        objects o = make(i);
        ok(gan_trainer_run(o.m.trainer, STEPS, NULL, NULL));
        ok(save(&o, i, path));
        printf("%s: 0x%llxu\n", files[i].name, (unsigned long long)digest_of(&o, i));
        discard(&o);
        end_context(ctx, &own);
    }
}
END_TEST

int main(int count, char **arguments)
{
    if (count == 3 && strcmp(arguments[1], "--write") == 0) {
        where = arguments[2];
        return RUN_TESTS("golden files", write_files);
    }
    Suite *suite = suite_create("golden files");
    TCase *all = tcase_create("golden files");
    tcase_add_loop_test(all, a_golden_file_is_read, 0, FILES);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    printf("golden files: %d\n", FILES);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
