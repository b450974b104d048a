/* Parameters in files. */
#include "edit_tensors.h"

#include <sys/stat.h>

static gan_network *G;
static const char *path, *other;
static edit e;

static void start(void)
{
    ctx = new_context(&own);
    G = new_generator();
    ok(gan_network_initialize(G, 3));
    path = temporary("parameters");
    other = temporary("other");
    ok(gan_network_save(G, path));
}

static void finish(void)
{
    remove(path);
    remove(other);
    gan_network_free(G);
    end_context(ctx, &own);
}

START_TEST(parameters_come_back_to_the_bit)
{
    start();
    float w[NOISE * 6] = {0x1p-149f, -0x1p-149f, -0.0f, 3.4028235e38f, 1.17549435e-38f, 1.0f / 3};
    ok(gan_network_set_parameter(G, "layer0.weight", w, NOISE * 6));
    const numbers before = all_of(G);
    ok(gan_network_save(G, path));
    ck_assert(is_still(G, &before));
    ok(gan_network_initialize(G, 4));
    ck_assert(!is_still(G, &before));
    ok(gan_network_load(G, path));
    ck_assert(is_still(G, &before));
    /* Into one whose parameters are not drawn, in another context. */
    gan_network_free(G);
    end_context(ctx, &own);
    ctx = new_context(&own);
    G = new_generator();
    ok(gan_network_load(G, path));
    ck_assert(is_still(G, &before));
    fails(gan_network_set_bias(G, 0, 1), GAN_ERROR_STATE, "initialised");
    /* Equal content gives equal bytes. */
    static content a, b;
    ok(gan_network_save(G, other));
    content_read(&a, path);
    content_read(&b, other);
    ck_assert(memcmp(&a, &b, sizeof a) == 0);
    finish();
}
END_TEST

START_TEST(what_is_not_drawn_is_saved_as_drawn_when_first_needed)
{
    start();
    gan_network_free(G);
    G = new_generator();
    ok(gan_network_save(G, path));
    gan_network *same_seed = new_generator();
    ok(gan_network_initialize(same_seed, 0));
    const numbers wanted = all_of(same_seed);
    ck_assert(is_still(G, &wanted));
    gan_network_free(same_seed);
    gan_network *nothing; /* without parameters */
    ok(gan_network_create(ctx, "nothing", &nothing));
    ok(gan_network_output(nothing, gan_network_relu(nothing, input(nothing, 3))));
    ok(gan_network_save(nothing, other));
    ok(gan_network_load(nothing, other));
    fails(gan_network_load(nothing, path), GAN_ERROR_KEY, "6");
    gan_network_free(nothing);
    finish();
}
END_TEST

START_TEST(a_file_is_replaced_in_one_piece)
{
    start();
    struct stat before, after;
    FILE *reader = fopen(path, "rb"); /* goes on reading the old one */
    ck_assert_ptr_nonnull(reader);
    ck_assert_int_eq(fstat(fileno(reader), &before), 0);
    ok(gan_network_initialize(G, 9));
    ok(gan_network_save(G, path));
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert(before.st_ino != after.st_ino && before.st_size == after.st_size);
    static content old, now;
    old.size = fread(old.bytes, 1, sizeof old.bytes, reader);
    fclose(reader);
    content_read(&now, path);
    ck_assert_uint_eq(old.size, now.size);
    ck_assert(memcmp(old.bytes, now.bytes, now.size) != 0);
    finish();
}
END_TEST

/* A loading that fails and changes nothing, drawn or not. */
static void refused(const char *file, int32_t code, const char *text)
{
    ok(gan_network_initialize(G, 12));
    const numbers before = all_of(G);
    fails(gan_network_load(G, file), code, text);
    ck_assert(is_still(G, &before));
    gan_network *fresh = new_generator();
    fails(gan_network_load(fresh, file), code, text);
    ok(gan_network_set_bias(fresh, 0, 1)); /* still not drawn */
    gan_network_free(fresh);
}

static void refused_edit(int32_t code, const char *text)
{
    edit_write(&e, other);
    refused(other, code, text);
    edit_read(&e, path);
}

START_TEST(other_parameters_are_refused)
{
    start();
    edit_read(&e, path);
    edit_remove(&e, "layer1.bias");
    refused_edit(GAN_ERROR_KEY, "layer1.bias");
    e.tensors[e.count] = e.tensors[0];
    e.tensors[e.count++].name = "layer3.bias";
    refused_edit(GAN_ERROR_KEY, "7");
    e.tensors[edit_find(&e, "layer2.bias")].name = "layer3.bias";
    refused_edit(GAN_ERROR_KEY, "layer2.bias");
    gan__tensor *w = &e.tensors[edit_find(&e, "layer1.weight")];
    ck_assert(w->dims[0] == 6 && w->dims[1] == 5);
    w->dims[0] = 5;
    w->dims[1] = 6;
    refused_edit(GAN_ERROR_SHAPE, "layer1.weight");
    w->rank = 1;
    w->dims[0] = 30;
    refused_edit(GAN_ERROR_SHAPE, "layer1.weight");
    w->rank = 8;
    for (int i = 0; i < 8; i++) {
        w->dims[i] = i == 7 ? 30 : 1;
    }
    refused_edit(GAN_ERROR_SHAPE, "layer1.weight");
    w->type = GAN__TENSOR_F64;
    refused_edit(GAN_ERROR_FORMAT, "layer1.weight");
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        e.data[edit_find(&e, "layer2.weight")].f32[i] = bad[i];
        char text[32];
        snprintf(text, sizeof text, "element %d", i);
        refused_edit(GAN_ERROR_NUMERIC, text);
    }
    finish();
}
END_TEST

START_TEST(other_files_are_refused)
{
    start();
    edit_read(&e, path);
    edit_note(&e, "format", "another format");
    refused_edit(GAN_ERROR_FORMAT, "another format");
    edit_note(&e, "format", NULL);
    refused_edit(GAN_ERROR_FORMAT, "libgan parameters");
    edit_note(&e, "version", "2");
    refused_edit(GAN_ERROR_FORMAT, "\"2\"");
    edit_note(&e, "version", NULL);
    refused_edit(GAN_ERROR_FORMAT, "version");
    static content c;
    content_read(&c, path);
    for (size_t size = 0; size < c.size; size += size < 20 ? 1 : 37) {
        content_write(&c, size, other);
        refused(other, GAN_ERROR_FORMAT, "");
    }
    for (size_t i = 0; i < 40; i++) { /* a byte of the data: its checksum is wrong */
        c.bytes[c.size - 1 - i] ^= 0x10;
        content_write(&c, c.size, other);
        refused(other, GAN_ERROR_FORMAT, "");
        c.bytes[c.size - 1 - i] ^= 0x10;
    }
    refused(temporary("missing"), GAN_ERROR_IO, "missing");
    refused("/no-such-folder/parameters", GAN_ERROR_IO, "no-such-folder");
    refused("/", GAN_ERROR_IO, "");
    refused("", GAN_ERROR_ARGUMENT, "");
    refused(NULL, GAN_ERROR_ARGUMENT, "");
    finish();
}
END_TEST

START_TEST(networks_that_cannot_be_saved_or_loaded_are_refused)
{
    start();
    ck_assert_int_eq(gan_network_save(NULL, path), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_load(NULL, path), GAN_ERROR_ARGUMENT);
    fails(gan_network_save(G, NULL), GAN_ERROR_ARGUMENT, "");
    fails(gan_network_save(G, ""), GAN_ERROR_ARGUMENT, "");
    fails(gan_network_save(G, "/no-such-folder/parameters"), GAN_ERROR_IO, "no-such-folder");
    fails(gan_network_save(G, "/"), GAN_ERROR_IO, "");
    gan_network *fresh = new_generator();
    fails(gan_network_save(fresh, "/no-such-folder/parameters"), GAN_ERROR_IO, "no-such-folder");
    ok(gan_network_set_bias(fresh, 0, 1)); /* still not drawn */
    gan_network_free(fresh);
    gan_network *open;
    ok(gan_network_create(ctx, "open", &open));
    fails(gan_network_save(open, other), GAN_ERROR_STATE, "open");
    fails(gan_network_load(open, path), GAN_ERROR_STATE, "open");
    gan_network_dense(open, input(open, 2), 0);
    fails(gan_network_save(open, other), GAN_ERROR_RANGE, "units");
    fails(gan_network_load(open, path), GAN_ERROR_RANGE, "units");
    gan_network_free(open);
    ck_assert_int_ne(access(other, F_OK), 0);
    finish();
}
END_TEST

/* A learning rate that takes a weight beyond the floats in one step, all gradients being finite. */
START_TEST(what_is_not_finite_is_not_saved)
{
    start();
    const int64_t wide[] = {1};
    gan_network *g, *d;
    gan_trainer *trainer;
    gan_optimizer *fast;
    ok(gan_network_create(ctx, "g", &g));
    ok(gan_network_output(g, gan_network_dense(g, gan_network_input(g, "z", 1, wide), 1)));
    ok(gan_network_create(ctx, "d", &d));
    ok(gan_network_output(d, gan_network_dense(d, gan_network_input(d, "x", 1, wide), 1)));
    ok(gan_trainer_create(g, d, NULL, &trainer));
    ok(gan_optimizer_create(ctx, GAN_SGD, &fast));
    ok(gan_optimizer_set_number(fast, GAN_LEARNING_RATE, 3e38));
    ok(gan_trainer_set_discriminator_optimizer(trainer, fast));
    ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, GAN_SIMULTANEOUS));
    ok(gan_trainer_set_text(trainer, GAN_OBJECTIVE, GAN_WASSERSTEIN));
    static content state, parameters, now;
    ok(gan_trainer_save(trainer, path));
    ok(gan_network_save(d, other));
    content_read(&state, path);
    content_read(&parameters, other);
    const float x[] = {100, 100}, z[] = {1, -1};
    ok(gan_trainer_step(trainer, 2, x, z, NULL));
    fails(gan_trainer_save(trainer, path), GAN_ERROR_NUMERIC,
          "element 0 of discriminator.layer0.weight is not finite");
    fails(gan_network_save(d, other), GAN_ERROR_NUMERIC, "element 0 of layer0.weight");
    content_read(&now, path);
    ck_assert(memcmp(&now, &state, sizeof now) == 0);
    content_read(&now, other);
    ck_assert(memcmp(&now, &parameters, sizeof now) == 0);
    ok(gan_trainer_load(trainer, path));
    ok(gan_trainer_save(trainer, path));
    gan_trainer_free(trainer);
    gan_optimizer_free(fast);
    gan_network_free(d);
    gan_network_free(g);
    finish();
}
END_TEST

int main(void)
{
    return RUN_TESTS("save", parameters_come_back_to_the_bit,
                     what_is_not_drawn_is_saved_as_drawn_when_first_needed,
                     a_file_is_replaced_in_one_piece, other_parameters_are_refused,
                     other_files_are_refused, networks_that_cannot_be_saved_or_loaded_are_refused,
                     what_is_not_finite_is_not_saved);
}
