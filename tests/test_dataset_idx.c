/* IDX files, raw and gzipped, well made and hostile. */
#include "dataset_support.h"

START_TEST(idx_files_are_read)
{
    const uint32_t dims[] = {5, 4, 3, 2, 3, 2};
    for (int rank = 1; rank <= 6; rank++) {
        size_t size = 1;
        for (int i = 0; i < rank; i++) {
            size *= dims[i];
        }
        blob raw = make_idx(rank, dims, size), packed = make_gzip(raw);
        for (int gzipped = 0; gzipped < 2; gzipped++) {
            ok(open_blob(gzipped ? packed : raw, &set));
            int32_t told;
            int64_t shape[GAN_RANK_MAX];
            ok(gan_dataset_shape(set, &told, shape, GAN_RANK_MAX));
            ck_assert_int_eq(told, rank == 1 ? 1 : rank - 1);
            for (int i = 0; i < told; i++) {
                ck_assert_int_eq(shape[i], rank == 1 ? 1 : dims[1 + i]);
            }
            check_elements(5, (int64_t)size / 5);
        }
        free(raw.bytes);
        free(packed.bytes);
    }
    /* Larger than a chunk, and as dense as deflate can be. */
    blob large = make_idx(2, (uint32_t[]){1000, 333}, 333000), packed = make_gzip(large);
    ok(open_blob(large, &set));
    check_elements(1000, 333);
    ok(open_blob(packed, &set));
    check_elements(1000, 333);
    free(packed.bytes);
    free(large.bytes);
    large = make_idx(1, (uint32_t[]){5000000}, 5000000);
    memset(large.bytes + 8, 0, 5000000);
    packed = make_gzip(large);
    ck_assert_uint_gt(large.size, packed.size * 1000);
    ok(open_blob(packed, &set));
    ck_assert_int_lt(peak(), 5000000 + OVERHEAD);
    free(packed.bytes);
    free(large.bytes);
}
END_TEST

START_TEST(labels_go_with_their_samples)
{
    blob raw = make_idx(2, (uint32_t[]){50, 3}, 150), labels = make_idx(1, (uint32_t[]){50}, 50);
    blob fewer = make_idx(1, (uint32_t[]){49}, 49), packed = make_gzip(labels);
    const char *path = write_file("samples", raw.bytes, raw.size);
    uint8_t read[50];
    for (int gzipped = 0; gzipped < 2; gzipped++) {
        const blob file = gzipped ? packed : labels;
        ok(gan_dataset_open_idx(ctx, path, write_file("labels", file.bytes, file.size), &set));
        ok(gan_dataset_read_labels(set, 0, 50, read, 50));
        ck_assert_mem_eq(read, labels.bytes + 8, 50);
        gan_dataset *slice, *scaled;
        ok(gan_dataset_slice(set, 20, 10, &slice));
        ok(gan_dataset_scale(slice, 2, 0, &scaled));
        ok(gan_dataset_read_labels(scaled, 3, 7, read, 7));
        ck_assert_mem_eq(read, labels.bytes + 8 + 23, 7);
        fails(gan_dataset_read_labels(scaled, 3, 8, read, 50), GAN_ERROR_RANGE, "within its 10");
        fails(gan_dataset_read_labels(scaled, 0, 7, read, 6), GAN_ERROR_BUFFER, "7 labels");
        gan_dataset_free(slice);
        gan_dataset_free(scaled);
        gan_dataset_free(set);
        set = NULL;
    }
    create_fails(gan_dataset_open_idx(ctx, path, write_file("l", fewer.bytes, fewer.size), &set),
                 GAN_ERROR_SHAPE, "/l: 49 labels for 50 samples");
    create_fails(gan_dataset_open_idx(ctx, path, path, &set), GAN_ERROR_SHAPE,
                 "labels have 2 dimensions");
    create_fails(gan_dataset_open_idx(ctx, path, at("none"), &set), GAN_ERROR_IO, "/none: ");
    create_fails(gan_dataset_open_idx(ctx, path, write_file("l", labels.bytes, 57), &set),
                 GAN_ERROR_FORMAT, "/l: truncated");
    free(raw.bytes);
    free(labels.bytes);
    free(fewer.bytes);
    free(packed.bytes);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    create_fails(gan_dataset_open_idx(ctx, NULL, NULL, &set), GAN_ERROR_ARGUMENT, "path is NULL");
    fails(gan_dataset_open_idx(ctx, "x", NULL, NULL), GAN_ERROR_ARGUMENT, "out is NULL");
    create_fails(gan_dataset_open_idx(NULL, "x", NULL, &set), GAN_ERROR_ARGUMENT, "");
    create_fails(gan_dataset_open_idx(ctx, at("none"), NULL, &set), GAN_ERROR_IO,
                 "/none: cannot open: ");
    create_fails(gan_dataset_open_idx(ctx, "", NULL, &set), GAN_ERROR_IO, "cannot open");
    create_fails(gan_dataset_open_idx(ctx, folder, NULL, &set), GAN_ERROR_IO, "not a regular file");
    ck_assert_int_eq(mkfifo(at("pipe"), 0600), 0);
    create_fails(gan_dataset_open_idx(ctx, at("pipe"), NULL, &set), GAN_ERROR_IO,
                 "/pipe: not a regular file"); /* and does not wait for a writer */
    create_fails(gan_dataset_open_idx(ctx, "/dev/zero", NULL, &set), GAN_ERROR_IO, "not a regular");
    create_fails(open_blob((blob){(uint8_t *)"", 0}, &set), GAN_ERROR_FORMAT, "empty");
    if (access("/proc/self/mem", R_OK) == 0) { /* Linux: can be opened, but not read at 0 */
        create_fails(gan_dataset_open_idx(ctx, "/proc/self/mem", NULL, &set), GAN_ERROR_IO,
                     "cannot read: ");
    }
    char far[2000];
    memset(far, 'x', sizeof far);
    far[sizeof far - 1] = '\0';
    create_fails(gan_dataset_open_idx(ctx, far, NULL, &set), GAN_ERROR_IO, "xxx: cannot open: ");
    DIR *open_files = opendir("/proc/self/fd"); /* no file stays open */
    if (open_files != NULL) {
        int files = 0;
        while (readdir(open_files) != NULL) {
            files++;
        }
        closedir(open_files);
        ck_assert_int_lt(files, 30);
    }
}
END_TEST

START_TEST(headers_that_lie_are_refused)
{
    const uint32_t most = UINT32_MAX;
    const struct {
        int rank;
        uint32_t dims[7];
        int32_t code;
        const char *text;
    } cases[] = {
        {1, {25}, GAN_ERROR_FORMAT, "truncated: 25 samples of 1 bytes declared, 24"},
        {1, {23}, GAN_ERROR_FORMAT, "bytes follow the data: 23 samples of 1 bytes declared, 24"},
        {1, {most}, GAN_ERROR_FORMAT, "truncated: 4294967295 samples"},
        {2, {1u << 16, 1u << 16}, GAN_ERROR_FORMAT, "truncated"}, /* 2^32 is not 0 */
        {2, {most, 0x7fffffff}, GAN_ERROR_FORMAT, "truncated: 4294967295 samples of 2147483647"},
        {2, {1, 0x80000000u}, GAN_ERROR_SHAPE, "more than 2147483647 elements"},
        {3, {most, most, most}, GAN_ERROR_SHAPE, "more than 2147483647 elements"},
        {5, {24, 1u << 16, 1u << 16, 1u << 16, 1u << 16}, GAN_ERROR_SHAPE, "elements"},
        {6, {most, most, most, most, most, most}, GAN_ERROR_SHAPE, "elements"},
        {2, {0, 24}, GAN_ERROR_FORMAT, "dimension 0 is 0"},
        {3, {24, 1, 0}, GAN_ERROR_FORMAT, "dimension 2 is 0"},
        {0, {0}, GAN_ERROR_FORMAT, "0 dimensions"},
        {7, {24, 1, 1, 1, 1, 1, 1}, GAN_ERROR_SHAPE, "7 dimensions, at most 6"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        blob raw = make_idx(cases[i].rank, cases[i].dims, 24), packed = make_gzip(raw);
        create_fails(open_blob(raw, &set), cases[i].code, cases[i].text);
        ck_assert_ptr_nonnull(strstr(gan_context_message(ctx), folder));
        const bool code_only = cases[i].code == GAN_ERROR_FORMAT && cases[i].rank > 0;
        create_fails(open_blob(packed, &set), cases[i].code, code_only ? "/file: " : cases[i].text);
        free(raw.bytes);
        free(packed.bytes);
    }
    ck_assert_int_lt(peak(), 1032 * 100 + OVERHEAD);
}
END_TEST

START_TEST(other_types_are_named)
{
    const struct {
        uint8_t type;
        const char *text;
    } types[] = {{0x09, "0x09 (signed byte)"}, {0x0b, "0x0b (16-bit"},
                 {0x0c, "0x0c (32-bit"},       {0x0d, "type 0x0d (float), not 0x08"},
                 {0x0e, "0x0e (double)"},      {0, "0x00 (unknown)"}};
    blob raw = make_idx(1, (uint32_t[]){4}, 4);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        raw.bytes[2] = types[i].type;
        create_fails(open_blob(raw, &set), GAN_ERROR_FORMAT, types[i].text);
    }
    memcpy(raw.bytes, "PNG", 3);
    create_fails(open_blob(raw, &set), GAN_ERROR_FORMAT,
                 "not an IDX file: it begins with bytes 50 4e");
    free(raw.bytes);
}
END_TEST

START_TEST(every_truncation_is_noticed)
{
    blob raw = make_idx(3, (uint32_t[]){4, 3, 5}, 60), packed = make_gzip(raw);
    for (size_t size = 0; size < raw.size; size++) {
        create_fails(open_blob((blob){raw.bytes, size}, &set), GAN_ERROR_FORMAT,
                     size == 0 ? "empty" : "truncated");
    }
    ck_assert_int_lt(peak(), 100 + OVERHEAD);
    for (size_t size = 0; size < packed.size; size++) {
        create_fails(open_blob((blob){packed.bytes, size}, &set), GAN_ERROR_FORMAT,
                     size == 0 ? "empty" : "truncated");
    }
    ck_assert_int_lt(peak(), 1032 * (int64_t)packed.size + OVERHEAD);
    const uint8_t extra[3] = {0};
    for (size_t more = 1; more <= 3; more++) {
        for (int gzipped = 0; gzipped < 2; gzipped++) {
            blob longer = join(gzipped ? packed : raw, (blob){(uint8_t *)extra, more});
            create_fails(open_blob(longer, &set), GAN_ERROR_FORMAT, "/file: ");
            free(longer.bytes);
        }
    }
    free(raw.bytes);
    free(packed.bytes);
}
END_TEST

/* Opens a changed file of 4 samples of 6 elements. It may be refused, or hold what it held. */
static bool survives(blob file)
{
    const int32_t status = open_blob(file, &set);
    need(status == GAN_OK || status == GAN_ERROR_FORMAT || status == GAN_ERROR_SHAPE);
    if (status == GAN_OK) {
        check_elements(4, 6);
    }
    need(set == NULL);
    return status == GAN_OK;
}

START_TEST(every_changed_byte_is_survived)
{
    enum { HEADER = 16, GZIP_HEADER = 10 };
    blob raw = make_idx(3, (uint32_t[]){4, 3, 2}, 24), packed = make_gzip(raw);
    int unnoticed = 0;
    for (size_t i = 0; i < HEADER; i++) {
        const uint8_t before = raw.bytes[i];
        for (int value = 0; value < 256; value++) {
            raw.bytes[i] = (uint8_t)value;
            need(survives(raw) == (value == before)); /* none goes unnoticed */
        }
        for (int bit = 0; bit < 8; bit++) {
            raw.bytes[i] = (uint8_t)(before ^ 1 << bit);
            blob inside = make_gzip(raw);
            need(!survives(inside));
            free(inside.bytes);
        }
        raw.bytes[i] = before;
    }
    for (size_t i = 0; i < packed.size; i++) {
        const uint8_t before = packed.bytes[i];
        for (int change = 1; change < 256; change += i < GZIP_HEADER ? 1 : change) {
            packed.bytes[i] = (uint8_t)(before ^ change);      /* elsewhere each bit */
            unnoticed += survives(packed) && i >= GZIP_HEADER; /* the time stamp is no matter */
        }
        packed.bytes[i] = before;
    }
    ck_assert_int_lt(unnoticed, 8); /* the bits that fill up the last byte of the deflate stream */
    ck_assert_int_lt(peak(), 1032 * 100 + OVERHEAD);
    free(raw.bytes);
    free(packed.bytes);
}
END_TEST

START_TEST(gzip_checksums_are_checked)
{
    blob raw = make_idx(1, (uint32_t[]){1000}, 1000), packed = make_gzip(raw);
    packed.bytes[packed.size - 8] ^= 1;
    create_fails(open_blob(packed, &set), GAN_ERROR_FORMAT, "corrupt: incorrect data check");
    packed.bytes[packed.size - 8] ^= 1;
    packed.bytes[packed.size - 1] ^= 1;
    create_fails(open_blob(packed, &set), GAN_ERROR_FORMAT, "corrupt: incorrect length check");
    packed.bytes[packed.size - 1] ^= 1;
    packed.bytes[2] = 7;
    create_fails(open_blob(packed, &set), GAN_ERROR_FORMAT, "unknown compression method");
    free(raw.bytes);
    free(packed.bytes);
}
END_TEST

START_TEST(gzip_members_follow_each_other)
{
    blob raw = make_idx(2, (uint32_t[]){10, 3}, 30), whole = make_gzip(raw);
    blob nothing = make_gzip((blob){raw.bytes, 0});
    for (size_t cut = 0; cut <= raw.size; cut++) {
        blob a = make_gzip((blob){raw.bytes, cut});
        blob b = make_gzip((blob){raw.bytes + cut, raw.size - cut}), both = join(a, b);
        ok(open_blob(both, &set));
        check_elements(10, 3);
        both.size = a.size; /* the second is missing */
        if (cut < raw.size) {
            create_fails(open_blob(both, &set), GAN_ERROR_FORMAT, "truncated");
        }
        both.size += b.size - 1;
        create_fails(open_blob(both, &set), GAN_ERROR_FORMAT, "truncated");
        free(a.bytes);
        free(b.bytes);
        free(both.bytes);
    }
    blob file = join(whole, nothing);
    ok(open_blob(file, &set)); /* an empty member adds nothing */
    check_elements(10, 3);
    free(file.bytes);
    file = join(whole, whole);
    create_fails(open_blob(file, &set), GAN_ERROR_FORMAT, "bytes follow the end");
    free(file.bytes);
    file = join(whole, (blob){(uint8_t *)"garbage", 7});
    create_fails(open_blob(file, &set), GAN_ERROR_FORMAT, "corrupt: incorrect header check");
    free(file.bytes);
    free(raw.bytes);
    free(whole.bytes);
    free(nothing.bytes);
}
END_TEST

START_TEST(bombs_do_not_go_off)
{
    enum { SIZE = 20000000 };
    blob raw = make_idx(1, (uint32_t[]){4}, SIZE); /* 20 MB behind a header of 4 bytes */
    memset(raw.bytes + 8, 0, SIZE);
    blob packed = make_gzip(raw);
    ck_assert_uint_lt(packed.size, SIZE / 1000);
    create_fails(open_blob(packed, &set), GAN_ERROR_FORMAT, "bytes follow the end");
    ck_assert_int_lt(peak(), OVERHEAD);
    free(packed.bytes);
    free(raw.bytes);
    raw = make_idx(2, (uint32_t[]){1000, 1000000}, 100); /* a header of 1 GB before 100 bytes */
    packed = make_gzip(raw);
    create_fails(open_blob(packed, &set), GAN_ERROR_FORMAT,
                 "1000 samples of 1000000 bytes declared, at most ");
    ck_assert_int_lt(peak(), OVERHEAD);
    free(packed.bytes);
    free(raw.bytes);
}
END_TEST

#ifdef GAN_SOURCE_DIR
#define MNIST GAN_SOURCE_DIR "/examples/data/train-images-10000-idx3-ubyte.gz"
#else
#define MNIST ""
#endif

START_TEST(mnist_is_read)
{
    enum { PIXELS = 784 };
    if (access(MNIST, R_OK) != 0) {
        fprintf(stderr, "skipped: no file \"%s\"\n", MNIST);
        return;
    }
    ok(gan_dataset_open_idx(ctx, MNIST, NULL, &set));
    int64_t dims[2] = {0};
    int32_t rank;
    ok(gan_dataset_shape(set, &rank, dims, 2));
    ck_assert(gan_dataset_count(set) == 10000 && rank == 2 && dims[0] == 28 && dims[1] == 28);
    float *read = calloc(10000 * PIXELS, sizeof *read);
    ok(gan_dataset_read(set, 0, 10000, read, 10000 * PIXELS));
    double sum = 0, corners = 0;
    float least = 1, most = 0;
    for (int64_t i = 0; i < 10000 * PIXELS; i++) {
        least = fminf(least, read[i]);
        most = fmaxf(most, read[i]);
        sum += (double)read[i];
        corners += i % PIXELS == 0 ? (double)read[i] : 0;
    }
    ck_assert_double_eq_tol(sum / (10000 * PIXELS), 0.1307, 0.002); /* of all 60,000: 0.1307 */
    ck_assert(least == 0 && most == 1 && corners == 0);
    free(read);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dataset idx");
    add_case(suite, "idx",
             (const TTest *[]){
                 idx_files_are_read, labels_go_with_their_samples, what_is_no_file_is_refused,
                 headers_that_lie_are_refused, other_types_are_named, every_truncation_is_noticed,
                 every_changed_byte_is_survived, gzip_checksums_are_checked,
                 gzip_members_follow_each_other, bombs_do_not_go_off, mnist_is_read, NULL});
    return run_cases(suite);
}
