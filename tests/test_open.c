/* Networks from files alone: everything about them comes back, and no text of anybody's does
 * anything but make a network or be refused. */
#include "edit_tensors.h"
#include "networks.h"

#include "nn/describe.h"

static const char *path;

static void start(void)
{
    ctx = new_context(&own);
    path = temporary("open");
}

static void finish(void)
{
    remove(path);
    end_context(ctx, &own);
}

/* The description of a network; valid until the next but one. */
static const char *text_of(gan_network *n)
{
    static char texts[2][8192];
    static int turn;
    char *text = texts[turn++ % 2];
    int64_t size = -1;
    ok(gan_network_describe(n, text, sizeof texts[0], &size));
    ck_assert_int_eq(size, (int64_t)strlen(text));
    return text;
}

/* Whether two networks are the same in every respect that a caller can see. */
static void check_alike(gan_network *a, gan_network *b)
{
    ck_assert_str_eq(text_of(a), text_of(b));
    ck_assert_int_eq(gan_network_parameter_count(a), gan_network_parameter_count(b));
    for (int32_t i = 0; i < gan_network_parameter_count(a); i++) {
        const char *name = gan_network_parameter_name(a, i);
        int32_t x = -1, y = -2;
        ck_assert_str_eq(name, gan_network_parameter_name(b, i));
        ok(gan_network_get_trainable(a, name, &x));
        ok(gan_network_get_trainable(b, name, &y));
        ck_assert_int_eq(x, y);
    }
    const numbers all = all_of(a);
    ck_assert(is_still(b, &all));
}

START_TEST(everything_comes_back)
{
    start();
    gan_network *const made[] = {pictures(), critic()};
    bool seen[GAN__LAYER_COUNT] = {false};
    for (int i = 0; i < 2; i++) {
        gan_network *again;
        ok(gan_network_save(made[i], path));
        ok(gan_network_open(ctx, path, NULL, &again));
        check_alike(made[i], again);
        for (int k = 0; k < GAN__LAYER_COUNT; k++) {
            char call[64];
            snprintf(call, sizeof call, "{\"call\": \"%s\"", gan__call_texts[k].name);
            seen[k] |= strstr(text_of(again), call) != NULL;
        }
        /* It saves the same bytes, and draws the same parameters anew. */
        static content first, second;
        content_read(&first, path);
        ok(gan_network_save(again, path));
        content_read(&second, path);
        ck_assert(memcmp(&first, &second, sizeof first) == 0);
        ok(gan_network_initialize(made[i], 9));
        ok(gan_network_initialize(again, 9));
        check_alike(made[i], again);
        gan_network_free(again);
    }
    for (int k = 0; k < GAN__LAYER_COUNT; k++) {
        ck_assert_msg(seen[k], "no %s was tried", gan__call_texts[k].name);
    }
    /* The samples under their classes are the same, too. */
    static float y[2][3 * 256];
    const float classes[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    gan_network *again;
    ok(gan_network_save(made[0], path));
    ok(gan_network_open(ctx, path, NULL, &again));
    const int64_t elements = 3 * gan_network_output_elements(again);
    need(elements > 0 && elements <= 3 * 256);
    ok(gan_network_sample_conditional(made[0], 4, 3, classes, y[0], elements));
    ok(gan_network_sample_conditional(again, 4, 3, classes, y[1], elements));
    ck_assert(memcmp(y[0], y[1], (size_t)elements * sizeof y[0][0]) == 0);
    gan_network_free(again);
    for (int i = 0; i < 2; i++) {
        gan_network_free(made[i]);
    }
    finish();
}
END_TEST

START_TEST(a_description_is_given_to_whoever_has_room)
{
    start();
    gan_network *n = critic();
    char text[4096];
    int64_t size = -1;
    ok(gan_network_describe(n, NULL, 0, &size));
    ck_assert(size > 500 && size < 4096);
    memset(text, 'x', sizeof text);
    fails(gan_network_describe(n, text, size, &size), GAN_ERROR_RANGE, "room for");
    ck_assert_int_eq(text[0], 'x');
    ok(gan_network_describe(n, text, size + 1, &size));
    ck_assert_int_eq(text[size], '\0');
    ck_assert_int_eq(text[size + 1], 'x');
    ck_assert(strstr(text, "\"call\": \"maxout\", \"of\": [3], \"units\": 6, \"pieces\": 3") !=
              NULL);
    gan_network_free(n);
    finish();
}
END_TEST

START_TEST(a_training_has_its_networks)
{
    start();
    gan_network *G = new_generator(), *D = new_discriminator(), *average, *again;
    gan_dataset *data = new_data(20);
    gan_trainer *trainer;
    ok(gan_network_set_noise(G, GAN_NOISE_UNIFORM, -1, 1));
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 5));
    ok(gan_network_clone(G, "average", &average));
    ok(gan_trainer_set_average(trainer, average));
    ok(gan_trainer_set_number(trainer, GAN_AVERAGE_DECAY, 0.5));
    ok(gan_trainer_run(trainer, 7, NULL, NULL));
    ok(gan_trainer_save(trainer, path));
    const struct {
        const char *part;
        gan_network *is;
    } parts[] = {{GAN_PART_GENERATOR, G}, {GAN_PART_DISCRIMINATOR, D}, {GAN_PART_AVERAGE, average}};
    for (int i = 0; i < 3; i++) {
        ok(gan_network_open(ctx, path, parts[i].part, &again));
        const numbers all = all_of(parts[i].is);
        ck_assert(is_still(again, &all));
        gan_network_free(again);
    }
    fails(gan_network_open(ctx, path, NULL, &again), GAN_ERROR_FORMAT, "libgan training");
    ck_assert_ptr_null(again);
    fails(gan_network_open(ctx, path, "critic", &again), GAN_ERROR_KEY, "critic");
    ok(gan_trainer_set_average(trainer, NULL));
    gan_network_free(average);
    ok(gan_trainer_save(trainer, path));
    fails(gan_network_open(ctx, path, GAN_PART_AVERAGE, &again), GAN_ERROR_KEY, "average.layer0");
    gan_trainer_free(trainer);
    gan_dataset_free(data);
    gan_network_free(G);
    gan_network_free(D);
    finish();
}
END_TEST

/* ---- Bad descriptions ----------------------------------------------------------------------- */

static edit e;

/* Opens the file with another description; NULL: none. */
static int32_t open_with(const char *text, gan_network **again)
{
    edit changed = e;
    for (int64_t i = 0; i < e.note_count; i++) {
        if (changed.notes[i].value == e.texts[i]) {
            changed.notes[i].value = changed.texts[i];
        }
    }
    for (int64_t i = 0; i < e.count; i++) {
        changed.tensors[i].name = changed.names[i];
        changed.tensors[i].data = &changed.data[i];
    }
    edit_note(&changed, "network", text);
    edit_write(&changed, path);
    return gan_network_open(ctx, path, NULL, again);
}

#define HEAD "{\"name\": \"N\", \"noise\": [\"normal\", 0, 1], \"layers\": ["
#define INPUT "{\"call\": \"input\", \"name\": \"z\", \"shape\": [2]}"
#define DENSE "{\"call\": \"dense\", \"of\": [1], \"units\": 3, \"name\": \"a\""

static const struct {
    const char *text, *message;
} bad[] = {
    {"", "byte 0"},
    {"[]", "no object"},
    {"{}", "no name"},
    {"{\"noise\": [\"normal\", 0, 1]}", "another key"},
    {"{\"name\": \"N\"}", "no name and noise"},
    {"{\"name\": \"N\", \"noise\": [\"odd\", 0, 1], \"layers\": []}", "no kind \"odd\""},
    {"{\"name\": \"N\", \"noise\": [\"normal\", 0, -1], \"layers\": []}", "b >= 0"},
    {"{\"name\": \"N\", \"noise\": [\"normal\", 0], \"layers\": []}", "too few"},
    {"{\"name\": \"N\", \"noise\": [\"normal\", 0, 1, 2], \"layers\": []}", "too many"},
    {"{\"name\": \"N\", \"noise\": [\"normal\", 00, 1]", "begins with 0"},
    {"{\"name\": \"N\", \"noise\": [\"normal\", 0., 1]", "ends with its point"},
    {"{\"name\": \"N\", \"noise\": [\"normal\", 0e, 1]", "exponent"},
    {"{\"name\": \"N\", \"noise\": [\"normal\", 1e999, 1]", "too large"},
    {"{\"name\": \"N\", \"noise\": [\"normal\", nan, 1]", "no number"},
    {HEAD "], \"output\": 1}", "no input"},
    {HEAD "{\"call\": \"odd\"}], \"output\": 1}", "no such building call"},
    {HEAD "{\"call\": \"input\", \"name\": \"z\"}], \"output\": 1}", "is missing"},
    {HEAD "{\"call\": \"input\", \"name\": \"z\", \"shape\": []}], \"output\": 1}", "dimensions"},
    {HEAD "{\"call\": \"input\", \"name\": \"z\", \"shape\": [1,1,1,1,1,1,1,1,1]}]", "dimensions"},
    {HEAD "{\"call\": \"input\", \"name\": \"z\", \"shape\": [0]}], \"output\": 1}", "input"},
    {HEAD "{\"call\": \"input\", \"name\": \"z\", \"shape\": [2], \"shape\": [2]}]", "twice"},
    {HEAD "{\"call\": \"input\", \"name\": \"z\", \"shape\": [2], \"units\": 2}]", "unknown key"},
    {HEAD INPUT "," INPUT "], \"output\": 1}", "has an input"},
    {HEAD INPUT ",{\"call\": \"relu\", \"of\": [2]}], \"output\": 2}", "no tensor 2"},
    {HEAD INPUT ",{\"call\": \"relu\", \"of\": [4294967297]}], \"output\": 2}", "no such tensor"},
    {HEAD INPUT ",{\"call\": \"relu\", \"of\": [1, 1]}], \"output\": 2}", "too many"},
    {HEAD INPUT ",{\"call\": \"add\", \"of\": [1]}], \"output\": 2}", "too few"},
    {HEAD INPUT ",{\"call\": \"relu\"}], \"output\": 2}", "on no tensor"},
    {HEAD INPUT ",{\"call\": \"relu\", \"of\": [1], \"name\": \"a\"}], \"output\": 2}", "without"},
    {HEAD INPUT "," DENSE ", \"max_norm\": -1}], \"output\": 2}", "set_max_norm"},
    {HEAD INPUT "," DENSE ", \"frozen\": [\"weight\", \"statistics\"]}], \"output\": 2}", "has no"},
    {HEAD INPUT "," DENSE ", \"frozen\": []}], \"output\": 2}", "no parts"},
    {HEAD INPUT "," DENSE ", \"frozen\": [\"odd\"]}], \"output\": 2}", "no such part"},
    {HEAD INPUT "," DENSE ", \"spectral_norm\": 4294967297}], \"output\": 2}", "not 0 or 1"},
    {HEAD INPUT "," DENSE ", \"initializer\": [\"odd\", 0, 1]}], \"output\": 2}", "initializer"},
    {HEAD INPUT "," DENSE ", \"initializer\": [\"normal\", 0, -1]}], \"output\": 2}", "b >= 0"},
    {HEAD INPUT ",{\"call\": \"dense\", \"of\": [1], \"units\": 3}], \"output\": 2}", "set_name"},
    {HEAD INPUT ",{\"call\": \"concatenate\", \"of\": [1, 1], \"axis\": 4294967296}]", "axis"},
    {HEAD INPUT "," DENSE "}], \"output\": 4294967298}", "tensor"},
    {HEAD INPUT "," DENSE "}], \"output\": 3}", "tensor"},
    {HEAD INPUT "," DENSE "}], \"output\": 2, \"more\": 1}", "more than that"},
    {HEAD INPUT "," DENSE "}], \"output\": 2} x", "spaces"},
};

START_TEST(descriptions_that_make_no_network_are_refused)
{
    start();
    gan_network *n = critic(), *again;
    ok(gan_network_save(n, path));
    edit_read(&e, path);
    const int64_t live = own.live;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        again = n;
        fails(open_with(bad[i].text, &again), GAN_ERROR_FORMAT, bad[i].message);
        ck_assert_ptr_null(again);
        ck_assert_int_eq(own.live, live);
    }
    fails(open_with(NULL, &again), GAN_ERROR_FORMAT, "does not describe");
    /* A network that the file has no numbers for: nothing is allocated for 4 TB of them. */
    fails(open_with(HEAD INPUT ",{\"call\": \"dense\", \"of\": [1], \"units\": 1000000000000}"
                               "], \"output\": 2}",
                    &again),
          GAN_ERROR_FORMAT, "too large");
    fails(open_with(HEAD INPUT ",{\"call\": \"dense\", \"of\": [1], \"units\": 2000000000,"
                               " \"name\": \"a\"}], \"output\": 2}",
                    &again),
          GAN_ERROR_KEY, "a.weight");
    gan_network_free(n);
    finish();
}
END_TEST

START_TEST(no_byte_of_a_description_does_harm)
{
    start();
    gan_network *const made[] = {pictures(), critic()};
    int64_t opened = 0, refused = 0;
    for (int i = 0; i < 2; i++) {
        char text[8192];
        gan_network *again;
        const int64_t live = own.live;
        static const char other[] = "0 9-.]}\",{[a\\";
        snprintf(text, sizeof text, "%s", text_of(made[i]));
        const int64_t size = (int64_t)strlen(text);
        for (int64_t at = 0; at < size; at++) {
            for (size_t k = 0; k < sizeof other; k++) { /* the last one cuts the text */
                char changed[8192];
                memcpy(changed, text, sizeof changed);
                changed[at] = other[k];
                again = NULL;
                const int32_t status =
                    gan__network_rebuild(ctx, changed, k + 1 < sizeof other ? size : at, &again);
                ck_assert(status == GAN_OK ? again != NULL
                                           : status == GAN_ERROR_FORMAT && again == NULL);
                opened += status == GAN_OK;
                refused += status != GAN_OK;
                gan_network_free(again);
                ck_assert_int_eq(own.live, live);
            }
        }
        gan_network_free(made[i]);
    }
    ck_assert(opened > 1000 && refused > 20000);
    finish();
}
END_TEST

START_TEST(each_allocation_may_fail)
{
    start();
    gan_network *n = pictures(), *again;
    ok(gan_network_save(n, path));
    const int64_t live = own.live;
    int32_t status = GAN_ERROR_MEMORY;
    int64_t failures = 0;
    for (; status != GAN_OK; failures++) {
        own.calls = 0;
        own.fail_at = failures + 1;
        status = gan_network_open(ctx, path, NULL, &again);
        own.fail_at = 0;
        if (status != GAN_OK) {
            ck_assert_int_eq(status, GAN_ERROR_MEMORY);
            ck_assert_ptr_null(again);
            ck_assert_int_eq(own.live, live);
        }
    }
    ck_assert_int_gt(failures, 12);
    check_alike(n, again);
    gan_network_free(again);
    gan_network_free(n);
    finish();
}
END_TEST

int main(void)
{
    return RUN_TESTS("open", everything_comes_back, a_description_is_given_to_whoever_has_room,
                     a_training_has_its_networks, descriptions_that_make_no_network_are_refused,
                     no_byte_of_a_description_does_harm, each_allocation_may_fail);
}
