/* Networks made of networks: appending, cloning and carrying parameters over. Frozen parameters are
 * tested in test_frozen.c. */
#include "training.h"

static void start(void)
{
    ctx = new_context(&own);
}

static void finish(void)
{
    end_context(ctx, &own);
}

enum { BATCH = 70 }; /* more than one batch of inference */

/* The outputs of a network for BATCH samples by chance. y: [BATCH, outputs] */
static void outputs_of(gan_network *network, uint64_t seed, float *y)
{
    static float x[BATCH * 64];
    dice d = {seed};
    const int64_t inputs = gan_network_input_elements(network);
    roll_array(&d, BATCH * inputs, -2, 2, x);
    ok(gan_network_forward(network, BATCH, x, y, BATCH * 64));
}

static void same_outputs(gan_network *a, gan_network *b)
{
    static float y[BATCH * 64], z[BATCH * 64];
    const int64_t count = BATCH * gan_network_output_elements(a);
    ck_assert_int_eq(gan_network_output_elements(b) * BATCH, count);
    outputs_of(a, 5, y);
    outputs_of(b, 5, z);
    ck_assert(memcmp(y, z, (size_t)count * sizeof *y) == 0);
}

/* ---- Appending ----------------------------------------------------------------------------- */

/* [4] -> [3], with a branch, a concatenation and layers without weights */
static gan_network *branched(const char *prefix)
{
    gan_network *made;
    char name[32];
    ok(gan_network_create(ctx, prefix, &made));
    const int32_t x = input(made, 4);
    const int32_t left = gan_network_maxout(made, x, 5, 2);
    snprintf(name, sizeof name, "%s_left", prefix);
    ok(gan_network_set_name(made, left, name));
    const int32_t right = gan_network_dense(made, gan_network_affine(made, x, 2, -0.5), 2);
    snprintf(name, sizeof name, "%s_right", prefix);
    ok(gan_network_set_name(made, right, name));
    int32_t h = gan_network_concatenate(made, gan_network_tanh(made, left), right, 0);
    h = gan_network_concatenate(made, x, gan_network_leaky_relu(made, h, 0.3), 0);
    h = gan_network_dense(made, gan_network_dropout(made, h, 0.5), 3);
    snprintf(name, sizeof name, "%s_last", prefix);
    ok(gan_network_set_name(made, h, name));
    gan_network_sigmoid(made, h); /* a layer that does not lead to the output */
    ok(gan_network_output(made, h));
    ok(gan_network_initialize(made, 8));
    return made;
}

START_TEST(networks_appended_are_their_composition)
{
    start();
    gan_network *first = branched("a"), *second, *both;
    ok(gan_network_create(ctx, "b", &second));
    int32_t h = gan_network_dense(second, gan_network_softplus(second, input(second, 3)), 6);
    ok(gan_network_set_name(second, h, "b0"));
    ok(gan_network_output(second, gan_network_relu(second, h)));
    ok(gan_network_initialize(second, 9));
    ok(gan_network_create(ctx, "both", &both));
    int32_t x = input(both, 4);
    x = gan_network_append(both, x, first);
    ck_assert_int_gt(x, 1);
    int64_t dims[1];
    int32_t rank;
    ok(gan_network_tensor_shape(both, x, &rank, dims, 1));
    ck_assert(rank == 1 && dims[0] == 3);
    const int32_t y = gan_network_append(both, x, second);
    ok(gan_network_output(both, y));
    ck_assert_int_eq(gan_network_parameter_count(both), 8);
    int32_t copied = -1;
    ok(gan_network_copy_parameters(both, first, &copied));
    ck_assert_int_eq(copied, 6);
    ok(gan_network_copy_parameters(both, second, &copied));
    ck_assert_int_eq(copied, 2);
    static float middle[BATCH * 64], wanted[BATCH * 64], got[BATCH * 64];
    outputs_of(first, 5, middle);
    ok(gan_network_forward(second, BATCH, middle, wanted, BATCH * 64));
    outputs_of(both, 5, got);
    ck_assert(memcmp(wanted, got, BATCH * 6 * sizeof *got) == 0);
    gan_network_free(first);
    gan_network_free(second);
    outputs_of(both, 5, got); /* needs neither */
    ck_assert(memcmp(wanted, got, BATCH * 6 * sizeof *got) == 0);
    gan_network_free(both);
    finish();
}
END_TEST

START_TEST(a_network_goes_below_layers_and_between_branches)
{
    start();
    gan_network *inner = branched("in"), *outer;
    ok(gan_network_create(ctx, "outer", &outer));
    const int32_t z = gan_network_input(outer, "z", 2, (int64_t[]){2, 2}); /* reshaped */
    int32_t h = gan_network_append(outer, z, inner);
    const int32_t other = gan_network_dense(outer, z, 3); /* "layer3": its place */
    h = gan_network_concatenate(outer, other, h, 0);
    h = gan_network_dense(outer, h, 2);
    ok(gan_network_output(outer, h));
    ck_assert_int_eq(elements_of(outer, "layer3.weight"), 12);
    ck_assert_int_eq(elements_of(outer, "layer4.weight"), 12);
    ok(gan_network_copy_parameters(outer, inner, NULL));
    float w[12] = {0}, b[3] = {0};
    ok(gan_network_set_parameter(outer, "layer3.weight", w, 12));
    for (int i = 0; i < 3; i++) {
        w[(3 + i) * 2] = 1; /* sums the outputs of the inner network */
    }
    ok(gan_network_set_parameter(outer, "layer4.weight", w, 12));
    ok(gan_network_set_parameter(outer, "layer3.bias", b, 3));
    static float y[BATCH * 64], wanted[BATCH * 64];
    outputs_of(inner, 5, wanted);
    outputs_of(outer, 5, y);
    for (int i = 0; i < BATCH; i++) {
        near(y[2 * i], wanted[3 * i] + wanted[3 * i + 1] + wanted[3 * i + 2], 1e-5);
        near(y[2 * i + 1], 0, 0);
    }
    gan_network_free(inner);
    gan_network_free(outer);
    finish();
}
END_TEST

/* A network of every setting that layers have. */
static gan_network *with_settings(gan_dataset *marginals)
{
    gan_network *made;
    ok(gan_network_create(ctx, "settings", &made));
    int32_t h = gan_network_dense(made, input(made, 4), 30);
    ok(gan_network_set_name(made, h, "sparse"));
    ok(gan_network_set_initializer(made, h, GAN_INIT_SPARSE, 2, 3));
    ok(gan_network_set_bias(made, h, 0.25));
    h = gan_network_maxout(made, h, 20, 2);
    ok(gan_network_set_name(made, h, "limited"));
    ok(gan_network_set_initializer(made, h, GAN_INIT_NORMAL, 0.5, 2));
    ok(gan_network_set_max_norm(made, h, 0.75));
    h = gan_network_dense(made, h, SIDE);
    ok(gan_network_set_name(made, h, "last"));
    ok(gan_network_set_bias_from_marginals(made, h, marginals));
    ok(gan_network_output(made, gan_network_sigmoid(made, h)));
    return made;
}

/* Whether the parameters of one network are those of its namesakes in another. */
static void same_parameters(gan_network *a, gan_network *b)
{
    const numbers p = all_of(a), q = all_of(b);
    ck_assert_int_eq(gan_network_parameter_count(a), gan_network_parameter_count(b));
    for (int32_t i = 0; i < gan_network_parameter_count(a); i++) {
        ck_assert_str_eq(gan_network_parameter_name(a, i), gan_network_parameter_name(b, i));
    }
    ck_assert(same(&p, &q));
}

static gan_dataset *fractions(void)
{
    dice d = {2};
    float values[10 * SIDE];
    roll_array(&d, 10 * SIDE, 0, 1, values);
    gan_dataset *made;
    ok(gan_dataset_from_floats(ctx, 10, 1, (int64_t[]){SIDE}, values, &made));
    return made;
}

START_TEST(settings_are_carried)
{
    start();
    gan_dataset *marginals = fractions();
    gan_network *model = with_settings(marginals), *copy;
    ok(gan_network_create(ctx, "copy", &copy));
    ok(gan_network_output(copy, gan_network_append(copy, input(copy, 4), model)));
    ok(gan_network_initialize(model, 31)); /* by the same settings from the same seed */
    ok(gan_network_initialize(copy, 31));
    same_parameters(model, copy);
    float b[SIDE];
    ok(gan_network_get_parameter(copy, "last.bias", b, SIDE));
    ck_assert(b[0] != b[1] && b[0] != 0);
    /* The originals keep their own: marginals are copied, not shared. */
    gan_network_free(model);
    ok(gan_network_initialize(copy, 32));
    gan_network_free(copy);
    gan_dataset_free(marginals);
    finish();
}
END_TEST

/* An appending that fails, after which the error sticks. */
static void refused(const gan_network *other, int32_t x, int32_t code, const char *text)
{
    gan_network *made;
    ok(gan_network_create(ctx, "made", &made));
    const int32_t h = gan_network_dense(made, input(made, 4), 4); /* "layer0" */
    fails(gan_network_append(made, x, other), code, text);
    fails(gan_network_relu(made, h), code, text);
    fails(gan_network_append(made, h, other), code, text);
    fails(gan_network_output(made, h), code, text);
    gan_network_free(made);
}

START_TEST(what_cannot_be_appended_is_refused)
{
    start();
    gan_network *good = branched("good"), *open, *twice, *narrow;
    ok(gan_network_create(ctx, "open", &open));
    input(open, 4);
    ok(gan_network_create(ctx, "twice", &twice));
    ok(gan_network_output(twice, gan_network_dense(twice, input(twice, 4), 2)));
    ok(gan_network_create(ctx, "narrow", &narrow));
    ok(gan_network_output(narrow, gan_network_relu(narrow, input(narrow, 3))));
    refused(NULL, 2, GAN_ERROR_ARGUMENT, "NULL");
    refused(good, 0, GAN_ERROR_ARGUMENT, "no tensor 0");
    refused(good, 3, GAN_ERROR_ARGUMENT, "no tensor 3");
    refused(good, -7, GAN_ERROR_ARGUMENT, "no tensor -7");
    refused(open, 2, GAN_ERROR_STATE, "open");
    refused(twice, 2, GAN_ERROR_ARGUMENT, "\"layer0\"");
    refused(narrow, 2, GAN_ERROR_SHAPE, "narrow");
    heap second_heap;
    gan_context *mine = ctx, *second = new_context(&second_heap);
    ctx = second;
    gan_network *foreign = branched("foreign");
    ctx = mine;
    refused(foreign, 2, GAN_ERROR_ARGUMENT, "context");
    gan_network_free(foreign);
    end_context(second, &second_heap);
    ck_assert_int_eq(gan_network_append(NULL, 1, good), GAN_ERROR_ARGUMENT);
    /* A network that is finished takes nothing and stays usable. */
    fails(gan_network_append(good, 1, twice), GAN_ERROR_STATE, "finished");
    same_outputs(good, good);
    fails(gan_network_append(open, 1, open), GAN_ERROR_STATE, "not finished");
    gan_network_free(good);
    gan_network_free(open);
    gan_network_free(twice);
    gan_network_free(narrow);
    finish();
}
END_TEST

START_TEST(a_network_without_layers_is_appended)
{
    start();
    gan_network *nothing, *made;
    ok(gan_network_create(ctx, "nothing", &nothing));
    ok(gan_network_output(nothing, input(nothing, 4)));
    ok(gan_network_create(ctx, "made", &made));
    const int32_t x = input(made, 4);
    ck_assert_int_eq(gan_network_append(made, x, nothing), x);
    const int32_t y = gan_network_dense(made, x, 3);
    ok(gan_network_output(made, y));
    gan_network *clone;
    ok(gan_network_clone(nothing, "clone", &clone));
    static float out[BATCH * 64];
    outputs_of(clone, 1, out);
    gan_network_free(clone);
    gan_network_free(made);
    gan_network_free(nothing);
    finish();
}
END_TEST

/* ---- Cloning ------------------------------------------------------------------------------- */

/* [2, 6, 6] -> [1], with each kind of image layer */
static gan_network *of_images(void)
{
    gan_network *made;
    ok(gan_network_create(ctx, "images", &made));
    int32_t x = gan_network_input(made, "x", 3, (int64_t[]){1, 6, 6});
    x = gan_network_convolution(made, x, 4, (int64_t[]){3, 3}, (int64_t[]){1, 2}, (int64_t[]){1, 0},
                                GAN_BIAS_TIED); /* [4, 6, 2] */
    x = gan_network_maxout_channels(made, x, 2);
    x = gan_network_upsample(made, x, 2, GAN_UPSAMPLE_BILINEAR);
    x = gan_network_max_pool(made, x, (int64_t[]){3, 2}, (int64_t[]){2, 1}); /* [2, 6, 3] */
    x = gan_network_transposed_convolution(made, x, 3, (int64_t[]){2, 2}, (int64_t[]){1, 1}, NULL,
                                           NULL, GAN_BIAS_UNTIED); /* [3, 7, 4] */
    x = gan_network_upsample(made, x, 2, GAN_UPSAMPLE_NEAREST);
    x = gan_network_average_pool(made, x, (int64_t[]){4, 3}, NULL);
    x = gan_network_convolution(made, x, 2, (int64_t[]){2, 2}, NULL, NULL, GAN_BIAS_NONE);
    x = gan_network_dense(made, gan_network_relu(made, x), 5);
    ok(gan_network_set_max_norm(made, 0, 0.5));
    ok(gan_network_output(made, x));
    return made;
}

static void check_clone(gan_network *model)
{
    gan_network *clone;
    ok(gan_network_set_noise(model, GAN_NOISE_UNIFORM, -2, 0.5));
    ok(gan_network_clone(model, "clone", &clone));
    same_outputs(model, clone);
    same_parameters(model, clone);
    float a[9 * 64], b[9 * 64];
    const int64_t count = 9 * gan_network_output_elements(model);
    ok(gan_network_sample(model, 3, 9, a, 9 * 64));
    ok(gan_network_sample(clone, 3, 9, b, 9 * 64));
    ck_assert(memcmp(a, b, (size_t)count * sizeof *a) == 0);
    /* On its own from now on, in both directions. */
    const numbers before = all_of(model);
    ok(gan_network_initialize(clone, 99));
    ck_assert(is_still(model, &before));
    ck_assert(!is_still(clone, &before));
    const numbers other = all_of(clone);
    ok(gan_network_initialize(model, 98));
    ck_assert(is_still(clone, &other));
    ok(gan_network_initialize(model, 99)); /* by the same settings */
    same_parameters(model, clone);
    ok(gan_network_set_noise(clone, GAN_NOISE_NORMAL, 0, 1));
    ok(gan_network_sample(model, 3, 9, a, 9 * 64));
    ok(gan_network_sample(clone, 3, 9, b, 9 * 64));
    ck_assert(memcmp(a, b, (size_t)count * sizeof *a) != 0);
    gan_network_free(model);
    outputs_of(clone, 1, (float[BATCH * 64]){0});
    gan_network_free(clone);
}

START_TEST(a_clone_is_the_same_network_and_its_own)
{
    start();
    gan_dataset *marginals = fractions();
    check_clone(branched("model"));
    check_clone(new_generator());
    check_clone(new_discriminator());
    gan_network *model = with_settings(marginals);
    ok(gan_network_initialize(model, 5));
    check_clone(model);
    check_clone(of_images());
    gan_dataset_free(marginals);
    finish();
}
END_TEST

/* Two steps, with dropout; the discriminator's parameters after them. */
static numbers trained(gan_network *G, gan_network *D)
{
    gan_dataset *data = new_data(20);
    gan_trainer *trainer;
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 6));
    ok(gan_trainer_run(trainer, 2, NULL, NULL));
    gan_trainer_free(trainer);
    gan_dataset_free(data);
    return all_of(D);
}

START_TEST(a_clone_trains_as_the_original)
{
    start();
    gan_network *G = new_generator(), *D = new_discriminator(), *g, *d;
    ok(gan_network_initialize(G, 1));
    ok(gan_network_initialize(D, 2));
    ok(gan_network_set_noise(G, GAN_NOISE_UNIFORM, -1, 2));
    ok(gan_network_clone(G, "g", &g));
    ok(gan_network_clone(D, "d", &d));
    const numbers one = trained(G, D), two = trained(g, d);
    ck_assert(same(&one, &two));
    same_parameters(G, g);
    gan_network_free(G);
    gan_network_free(D);
    gan_network_free(g);
    gan_network_free(d);
    finish();
}
END_TEST

START_TEST(what_is_not_drawn_stays_so)
{
    start();
    gan_network *model = branched("model"), *clone;
    gan_network_free(model);
    model = new_generator();
    ok(gan_network_clone(model, "clone", &clone));
    ok(gan_network_set_bias(model, 0, 1)); /* refused once the parameters are drawn */
    ok(gan_network_set_initializer(clone, 0, GAN_INIT_CONSTANT, 2, 0));
    float w[NOISE * 6];
    ok(gan_network_get_parameter(clone, "layer0.weight", w, NOISE * 6));
    near(w[0], 2, 0);
    ok(gan_network_get_parameter(model, "layer0.weight", w, NOISE * 6));
    ck_assert(w[0] != 2);
    gan_network_free(clone);
    ok(gan_network_clone(model, "clone", &clone));
    fails(gan_network_set_bias(clone, 0, 1), GAN_ERROR_STATE, "initialised");
    gan_network_free(clone);
    gan_network_free(model);
    finish();
}
END_TEST

START_TEST(a_clone_that_cannot_be_made_is_refused)
{
    start();
    gan_network *model = branched("model"), *clone = model;
    ck_assert_int_eq(gan_network_clone(NULL, "clone", &clone), GAN_ERROR_ARGUMENT);
    ck_assert_ptr_null(clone);
    fails(gan_network_clone(model, "clone", NULL), GAN_ERROR_ARGUMENT, "NULL");
    clone = model;
    fails(gan_network_clone(model, NULL, &clone), GAN_ERROR_ARGUMENT, "name");
    ck_assert_ptr_null(clone);
    fails(gan_network_clone(model, "", &clone), GAN_ERROR_ARGUMENT, "name");
    char name[65] = {0};
    memset(name, 'n', 64);
    fails(gan_network_clone(model, name, &clone), GAN_ERROR_ARGUMENT, "name");
    gan_network *open;
    ok(gan_network_create(ctx, "open", &open));
    clone = model;
    fails(gan_network_clone(open, "clone", &clone), GAN_ERROR_STATE, "open");
    ck_assert_ptr_null(clone);
    gan_network_dense(open, input(open, 2), 0);
    fails(gan_network_clone(open, "clone", &clone), GAN_ERROR_RANGE, "units");
    gan_network_free(open);
    gan_network_free(model);
    finish();
}
END_TEST

/* ---- Carrying parameters over -------------------------------------------------------------- */

START_TEST(parameters_are_carried_by_name)
{
    start();
    gan_network *from = new_generator(), *to;
    ok(gan_network_create(ctx, "to", &to));
    int32_t h = gan_network_dense(to, input(to, 5), 5);
    ok(gan_network_set_name(to, h, "other"));
    h = gan_network_dense(to, gan_network_dense(to, h, 6), 5); /* "layer1" has from's shape */
    ok(gan_network_output(to, h));
    ck_assert_str_eq(gan_network_parameter_name(to, 2), "layer1.weight");
    fails(gan_network_copy_parameters(to, from, NULL), GAN_ERROR_SHAPE, "layer1");
    gan_network_free(to);
    ok(gan_network_create(ctx, "to", &to));
    h = gan_network_dense(to, input(to, 5), 6);
    ok(gan_network_set_name(to, h, "other"));
    h = gan_network_dense(to, h, 5);
    ok(gan_network_output(to, gan_network_relu(to, gan_network_dense(to, h, 2))));
    const numbers before = all_of(to), source = all_of(from);
    int32_t copied = -3;
    /* layer2 is [5, 2] here and [5, 4] there: nothing is changed, layer1 neither. */
    fails(gan_network_copy_parameters(to, from, &copied), GAN_ERROR_SHAPE, "layer2.weight");
    ck_assert_int_eq(copied, -3);
    ck_assert(is_still(to, &before));
    gan_network_free(to);
    ok(gan_network_create(ctx, "to", &to));
    h = gan_network_dense(to, input(to, 5), 6);
    ok(gan_network_set_name(to, h, "other"));
    ok(gan_network_output(to, gan_network_dense(to, h, 5)));
    ok(gan_network_copy_parameters(to, from, &copied)); /* both drawn by it, as when first needed */
    ck_assert_int_eq(copied, 2);
    const numbers after = all_of(to);
    ck_assert(memcmp(after.values + 36, source.values + 24, 35 * sizeof(float)) == 0);
    gan_network *fresh = NULL;
    ok(gan_network_clone(to, "fresh", &fresh));
    ok(gan_network_initialize(fresh, 0));
    const numbers drawn = all_of(fresh);
    ck_assert(memcmp(after.values, drawn.values, 36 * sizeof(float)) == 0);
    ck_assert(is_still(from, &source));
    gan_network_free(fresh);
    gan_network *stranger = branched("stranger");
    const numbers its = all_of(stranger);
    ok(gan_network_copy_parameters(stranger, from, &copied));
    ck_assert_int_eq(copied, 0);
    ck_assert(is_still(stranger, &its));
    gan_network_free(stranger);
    gan_network_free(to);
    gan_network_free(from);
    finish();
}
END_TEST

START_TEST(carrying_over_without_memory_draws_nothing)
{
    start();
    gan_network *to = new_generator(), *from = new_generator();
    int32_t status = GAN_ERROR_MEMORY, failures = 0;
    while (status == GAN_ERROR_MEMORY) {
        own.fail_at = own.calls + ++failures;
        status = gan_network_copy_parameters(to, from, NULL);
        own.fail_at = 0;
        if (status != GAN_OK) {
            ok(gan_network_set_bias(from, 0, 1));
            ok(gan_network_set_bias(to, 0, 1));
        }
    }
    ok(status);
    ck_assert_int_gt(failures, 2);
    gan_network_free(to);
    gan_network_free(from);
    finish();
}
END_TEST

START_TEST(carrying_over_is_refused)
{
    start();
    gan_network *a = new_generator(), *open;
    ok(gan_network_create(ctx, "open", &open));
    ck_assert_int_eq(gan_network_copy_parameters(NULL, NULL, NULL), GAN_ERROR_ARGUMENT);
    fails(gan_network_copy_parameters(NULL, a, NULL), GAN_ERROR_ARGUMENT, "to is NULL");
    fails(gan_network_copy_parameters(a, NULL, NULL), GAN_ERROR_ARGUMENT, "from is NULL");
    fails(gan_network_copy_parameters(a, a, NULL), GAN_ERROR_ARGUMENT, "one network");
    fails(gan_network_copy_parameters(a, open, NULL), GAN_ERROR_STATE, "open");
    fails(gan_network_copy_parameters(open, a, NULL), GAN_ERROR_STATE, "open");
    heap second_heap;
    gan_context *mine = ctx, *second = new_context(&second_heap);
    ctx = second;
    gan_network *foreign = new_generator();
    ctx = mine;
    fails(gan_network_copy_parameters(a, foreign, NULL), GAN_ERROR_ARGUMENT, "context");
    gan_network_free(foreign);
    end_context(second, &second_heap);
    gan_network_free(open);
    gan_network_free(a);
    finish();
}
END_TEST

/* The trainer of a network that grew: what was learnt stays, what is new is trained. */
START_TEST(a_grown_generator_trains_on)
{
    start();
    gan_network *G = new_generator(), *D = new_discriminator(), *grown;
    ok(gan_network_create(ctx, "grown", &grown));
    const int32_t h = gan_network_append(grown, input(grown, NOISE), G);
    ok(gan_network_output(grown, gan_network_dense(grown, gan_network_tanh(grown, h), SIDE)));
    ok(gan_network_copy_parameters(grown, G, NULL));
    gan_dataset *data = new_data(20);
    gan_trainer *trainer;
    ok(gan_trainer_create(grown, D, data, &trainer));
    ok(gan_network_set_trainable(grown, NULL, 0));
    ok(gan_network_set_trainable(grown, "layer3", 1));
    const numbers before = all_of(grown);
    ok(gan_trainer_run(trainer, 3, NULL, NULL));
    const numbers after = all_of(grown), trunk = all_of(G);
    ck_assert(memcmp(after.values, trunk.values, (size_t)trunk.count * sizeof(float)) == 0);
    ck_assert(!same(&after, &before));
    gan_trainer_free(trainer);
    gan_dataset_free(data);
    gan_network_free(grown);
    gan_network_free(G);
    gan_network_free(D);
    finish();
}
END_TEST

/* [NOISE] -> [SIDE]: a new layer below a generator that was appended, or, if there is none, below
 * the same layers built one by one. */
static gan_network *below(const gan_network *trained)
{
    gan_network *made;
    ok(gan_network_create(ctx, "stacked", &made));
    int32_t h = gan_network_dense(made, input(made, NOISE), NOISE);
    ok(gan_network_set_name(made, h, "below"));
    h = gan_network_tanh(made, h);
    if (trained != NULL) {
        h = gan_network_append(made, h, trained);
    } else {
        h = gan_network_tanh(made, gan_network_dense(made, h, 6));
        h = gan_network_leaky_relu(made, gan_network_dense(made, h, 5), 0.2);
        h = gan_network_dense(made, h, SIDE);
    }
    ok(gan_network_output(made, h));
    ok(gan_network_initialize(made, 21));
    return made;
}

/* Three steps against a new D, with all above the new layer frozen or not; all of G and D after
 * them. */
static void train_stacked(gan_network *G, bool frozen, numbers *g, numbers *d)
{
    gan_network *D = new_discriminator();
    gan_dataset *data = new_data(20);
    gan_trainer *trainer;
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_network_set_trainable(G, NULL, !frozen));
    ok(gan_network_set_trainable(G, "below", 1));
    ok(gan_trainer_run(trainer, 3, NULL, NULL));
    *g = all_of(G);
    *d = all_of(D);
    gan_trainer_free(trainer);
    gan_dataset_free(data);
    gan_network_free(D);
}

/* As in the second stage of the published faces: the new layer learns through what is above it,
 * which stays or learns, too, exactly as if all had been built at once. */
START_TEST(layers_below_a_trained_generator_train_on)
{
    enum { NEW = NOISE * NOISE + NOISE };
    start();
    gan_network *trained = new_generator();
    ok(gan_network_initialize(trained, 7));
    const numbers upper = all_of(trained);
    for (int frozen = 0; frozen < 2; frozen++) {
        gan_network *stacked = below(trained), *whole = below(NULL);
        numbers g, d, wanted_g, wanted_d;
        ok(gan_network_copy_parameters(stacked, trained, NULL));
        const numbers before = all_of(stacked);
        ck_assert_int_eq(before.count, NEW + upper.count);
        const float *at = before.values;
        for (int32_t i = 0; i < gan_network_parameter_count(whole); i++) {
            const char *name = gan_network_parameter_name(whole, i);
            ok(gan_network_set_parameter(whole, name, at, elements_of(whole, name)));
            at += elements_of(whole, name);
        }
        train_stacked(stacked, frozen, &g, &d);
        train_stacked(whole, frozen, &wanted_g, &wanted_d);
        ck_assert(same(&g, &wanted_g) && same(&d, &wanted_d));
        for (int i = 0; i < NEW; i++) {
            ck_assert(g.values[i] != before.values[i]);
        }
        const bool stays =
            memcmp(g.values + NEW, upper.values, (size_t)upper.count * sizeof(float)) == 0;
        ck_assert_int_eq(stays, frozen);
        ck_assert(is_still(trained, &upper)); /* a network of its own */
        gan_network_free(whole);
        gan_network_free(stacked);
    }
    gan_network_free(trained);
    finish();
}
END_TEST

int main(void)
{
    return RUN_TESTS("surgery", networks_appended_are_their_composition,
                     a_network_goes_below_layers_and_between_branches, settings_are_carried,
                     what_cannot_be_appended_is_refused, a_network_without_layers_is_appended,
                     a_clone_is_the_same_network_and_its_own, a_clone_trains_as_the_original,
                     what_is_not_drawn_stays_so, a_clone_that_cannot_be_made_is_refused,
                     parameters_are_carried_by_name, carrying_over_is_refused,
                     carrying_over_without_memory_draws_nothing, a_grown_generator_trains_on,
                     layers_below_a_trained_generator_train_on);
}
