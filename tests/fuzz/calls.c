/* Sequences of calls: the bytes choose functions, objects and arguments, good and bad. Whatever is
 * called in whatever order, each call gives a code and, on failure, a line of text and NULL; what is
 * not finite does not get into parameters; at the end everything is released. The heap is small, so
 * allocations fail, too. */
#include "fuzz.h"

#include <math.h>

enum { SLOTS = 3, CALLS = 60, HEAP = 8 << 20, FLOATS = 4096, IDS = 24 };

static fuzz_input in;
static fuzz_heap heap;
static gan_context *context;
static gan_network *networks[SLOTS];
static gan_dataset *sets[SLOTS];
static gan_optimizer *optimizers[SLOTS];
static gan_trainer *trainers[SLOTS];
static int32_t ids[IDS]; /* tensors that building calls have returned, of any network */
static float x[FLOATS], y[FLOATS];
static uint8_t labels[FLOATS];
static int64_t widths[SLOTS]; /* of each trainer: the elements of its larger sample */
static int64_t executed;

/* ---- Arguments: mostly such as work ---------------------------------------------------------- */

static bool rarely(void)
{
    return fuzz_byte(&in) >= 244;
}

static int64_t size_of(void)
{
    static const int64_t good[] = {1, 2, 3, 4, 5, 7};
    static const int64_t bad[] = {0,         -1,        INT32_MAX, INT64_MAX, INT64_MIN,
                                  1LL << 31, 1LL << 40, 1000,      65537};
    return rarely() ? fuzz_choose(&in, bad) : fuzz_choose(&in, good);
}

static double number_of(void)
{
    static const double good[] = {0, 1, 0.5, 2, 0.1, 3, 10, 0.01};
    static const double bad[] = {NAN, INFINITY, -INFINITY, -1, 1e308, 1e-320, -0.0, 4.5e15};
    return rarely() ? fuzz_choose(&in, bad) : fuzz_choose(&in, good);
}

static int32_t rank_of(void)
{
    static const int32_t ranks[] = {1, 1, 1, 3, 3, 2, 4, 5};
    static const int32_t bad[] = {0, -1, 6, INT32_MAX, INT32_MIN};
    return rarely() ? fuzz_choose(&in, bad) : fuzz_choose(&in, ranks);
}

/* dims: [5] */
static const int64_t *dims_of(int64_t *dims)
{
    for (int i = 0; i < GAN_RANK_MAX; i++) {
        dims[i] = size_of();
    }
    return rarely() ? NULL : dims;
}

static const int64_t *pair_of(int64_t *dims)
{
    dims[0] = size_of();
    dims[1] = size_of();
    return fuzz_byte(&in) % 4 == 0 ? NULL : dims;
}

static int32_t tensor(void)
{
    static const int32_t bad[] = {0, -1, INT32_MAX, INT32_MIN, 1000, -99};
    return rarely() ? fuzz_choose(&in, bad) : fuzz_choose(&in, ids);
}

static const char *text_of(void)
{
    static const char *const texts[] = {
        "x",
        "layer0",
        "layer0.weight",
        "layer1.bias",
        "",
        "no such",
        "a\nb",
        "\xff\xfe",
        GAN_INIT_UNIFORM,
        GAN_INIT_NORMAL,
        GAN_ADAM,
        GAN_SGD,
        GAN_MOMENTUM,
        GAN_INIT_CONSTANT,
        GAN_NOISE_UNIFORM,
        "__x",
        "a.b",
        GAN_ALTERNATING,
        GAN_SIMULTANEOUS,
        GAN_HINGE,
        "layer2",
        GAN_BATCH_SIZE,
        GAN_SEED,
        GAN_SHUFFLE,
        GAN_R1,
        GAN_SCHEDULE,
        GAN_OBJECTIVE,
        GAN_RMSPROP,
        GAN_UPSAMPLE_BILINEAR,
        "0123456789012345678901234567890123456789012345678901234567890123456789"};
    return rarely() ? NULL : fuzz_choose(&in, texts);
}

#define SLOT(array) (&(array)[fuzz_byte(&in) % SLOTS])
#define ANY(array) (rarely() ? NULL : *SLOT(array))

/* Judges a call. NULL handles have no context to write to. */
static void judge(int32_t status)
{
    must(status <= GAN_OK && gan_error_name(status) != NULL);
    if (status != GAN_OK) {
        must(strpbrk(gan_context_message(context), "\n\r") == NULL);
    }
    executed++;
}

static void judge_id(int32_t id)
{
    if (id > 0) {
        ids[fuzz_byte(&in) % IDS] = id;
    } else {
        must(id < 0);
        judge(id);
    }
}

/* Judges a create call, whose result replaces what was in a slot. */
#define MAKE(type, array, call)                                       \
    do {                                                              \
        gan_##type *made = (gan_##type *)&heap, **slot = SLOT(array); \
        gan_##type **out = &made;                                     \
        const int32_t status = (call);                                \
        judge(status);                                                \
        must((status == GAN_OK) == (made != NULL));                   \
        if (made != NULL) {                                           \
            gan_##type##_free(*slot);                                 \
            *slot = made;                                             \
        }                                                             \
    } while (0)

/* ---- Data sets ------------------------------------------------------------------------------- */

static int32_t deliver(void *user, int64_t index, float *sample)
{
    (void)user;
    sample[0] = index % 97 == 96 ? NAN : (float)(index % 3);
    return index % 101 == 100 ? 3 : 0;
}

static void make_floats(void)
{
    int64_t dims[GAN_RANK_MAX];
    const int64_t *d = dims_of(dims);
    const int32_t rank = rank_of();
    int64_t product = 1, count = size_of();
    for (int i = 0; d != NULL && i < rank && i < GAN_RANK_MAX; i++) {
        product = d[i] > 0 && d[i] < FLOATS ? product * d[i] : FLOATS;
        product = product < FLOATS ? product : FLOATS;
    }
    count = count > FLOATS / product ? 1 : count;
    if (product >= FLOATS && rank >= 1 && rank <= GAN_RANK_MAX) {
        return; /* there are not that many numbers to copy */
    }
    if (fuzz_byte(&in) % 2 == 0) {
        MAKE(dataset, sets, gan_dataset_from_floats(context, count, rank, d, x, out));
    } else {
        MAKE(dataset, sets,
             gan_dataset_from_bytes(context, count, rank, d, (const uint8_t *)y, out));
    }
}

static void make_synthetic(void)
{
    const int64_t count = size_of(), n = size_of();
    const double a = number_of(), b = number_of();
    switch (fuzz_byte(&in) % 4) {
    case 0:
        MAKE(dataset, sets, gan_dataset_gaussian(context, count, a, b, 1, out));
        break;
    case 1:
        MAKE(dataset, sets, gan_dataset_ring(context, count, n, a, b, 2, out));
        break;
    case 2:
        MAKE(dataset, sets, gan_dataset_grid(context, count, n, a, b, 3, out));
        break;
    default:
        MAKE(dataset, sets,
             gan_dataset_from_callback(context, count, 1, (int64_t[]){1}, deliver, NULL, out));
        break;
    }
}

static void make_view(void)
{
    gan_dataset *first = ANY(sets), *second = ANY(sets);
    const double a[] = {number_of(), number_of(), 1, 2, 3, 4, 5};
    const int64_t n = size_of();
    switch (fuzz_byte(&in) % 5) {
    case 0:
        MAKE(dataset, sets, gan_dataset_slice(first, n > 0 ? n - 1 : n, size_of(), out));
        break;
    case 1:
        MAKE(dataset, sets, gan_dataset_scale(first, a[0], a[1], out));
        break;
    case 2:
        MAKE(dataset, sets, gan_dataset_scale_channels(first, n > 7 ? 8 : n, a, a, out));
        break;
    case 3:
        MAKE(dataset, sets, gan_dataset_normalize_contrast(first, a[0], a[1], out));
        break;
    default:
        MAKE(dataset, sets, gan_dataset_join(first, second, out));
        break;
    }
}

static void read_data(void)
{
    gan_dataset *set = ANY(sets);
    int64_t dims[GAN_RANK_MAX];
    int32_t rank;
    judge(gan_dataset_shape(set, &rank, dims, (int32_t)(fuzz_byte(&in) % 7)));
    const int64_t from = size_of(), start = from > 0 ? from - 1 : from, count = size_of();
    judge(gan_dataset_read(set, start, count, rarely() ? NULL : y, FLOATS));
    judge(gan_dataset_read_labels(set, start, count, labels, FLOATS));
}

/* ---- Networks -------------------------------------------------------------------------------- */

static void make_network(void)
{
    gan_network *from = ANY(networks);
    if (fuzz_byte(&in) % 4 == 0) {
        MAKE(network, networks, gan_network_clone(from, text_of(), out));
    } else {
        MAKE(network, networks, gan_network_create(context, text_of(), out));
    }
}

/* A generator [2] -> [n] or a discriminator [n] -> [1], so that games come about. */
static void make_player(void)
{
    const int64_t n = 1 + fuzz_byte(&in) % 4, m = 2, inputs = fuzz_byte(&in) % 2 == 0 ? m : n;
    gan_network **slot = SLOT(networks), *made;
    if (gan_network_create(context, "player", &made) != GAN_OK) {
        return;
    }
    int32_t h = gan_network_input(made, "x", 1, &inputs);
    h = gan_network_leaky_relu(made, gan_network_dense(made, h, 3), 0.2);
    h = gan_network_dense(made, h, inputs == m && fuzz_byte(&in) % 2 == 0 ? n : 1);
    judge(gan_network_output(made, h));
    gan_network_free(*slot);
    *slot = made;
}

static void build(void)
{
    gan_network *n = ANY(networks);
    int64_t a[GAN_RANK_MAX], b[2], c[2], d[2];
    const int32_t t = tensor(), bias = (int32_t)(fuzz_byte(&in) % 4);
    switch (fuzz_byte(&in) % 18) {
    case 0:
    case 1: {
        const int32_t rank = rank_of();
        judge_id(gan_network_input(n, text_of(), rank, dims_of(a)));
        break;
    }
    case 2:
    case 3:
        judge_id(gan_network_dense(n, t, size_of()));
        break;
    case 4: {
        const int64_t units = size_of();
        judge_id(gan_network_maxout(n, t, units, size_of()));
        break;
    }
    case 5:
        judge_id(gan_network_dropout(n, t, number_of()));
        break;
    case 6:
        judge_id(
            gan_network_convolution(n, t, size_of(), pair_of(a), pair_of(b), pair_of(c), bias));
        break;
    case 7:
        judge_id(gan_network_transposed_convolution(n, t, size_of(), pair_of(a), pair_of(b),
                                                    pair_of(c), pair_of(d), bias));
        break;
    case 8:
        judge_id(gan_network_max_pool(n, t, pair_of(a), pair_of(b)));
        break;
    case 9:
        judge_id(gan_network_average_pool(n, t, pair_of(a), pair_of(b)));
        break;
    case 10:
        judge_id(gan_network_maxout_channels(n, t, size_of()));
        break;
    case 11:
        judge_id(gan_network_upsample(n, t, size_of(),
                                      bias == 0   ? GAN_UPSAMPLE_NEAREST
                                      : bias == 1 ? GAN_UPSAMPLE_BILINEAR
                                                  : text_of()));
        break;
    case 12: {
        static int32_t (*const functions[])(gan_network *, int32_t) = {
            gan_network_relu, gan_network_tanh, gan_network_sigmoid, gan_network_softplus};
        judge_id(functions[bias](n, t));
        break;
    }
    case 13:
        judge_id(gan_network_leaky_relu(n, t, number_of()));
        break;
    case 14: {
        const double scale = number_of();
        judge_id(gan_network_affine(n, t, scale, number_of()));
        break;
    }
    case 15: {
        const int32_t rank = rank_of();
        judge_id(gan_network_reshape(n, t, rank, dims_of(a)));
        break;
    }
    case 16:
        judge_id(gan_network_concatenate(n, t, tensor(), (int32_t)(fuzz_byte(&in) % 7) - 1));
        break;
    default:
        judge_id(gan_network_append(n, t, ANY(networks)));
        break;
    }
}

static void finish_network(void)
{
    judge(gan_network_output(ANY(networks), tensor()));
}

static void set_network(void)
{
    gan_network *n = ANY(networks);
    const int32_t layer = fuzz_byte(&in) % 2 == 0 ? 0 : tensor();
    const double a = number_of(), b = number_of();
    switch (fuzz_byte(&in) % 9) {
    case 0:
        judge(gan_network_set_name(n, layer, text_of()));
        break;
    case 1: {
        static const char *const inits[] = {
            GAN_INIT_UNIFORM,       GAN_INIT_NORMAL,         GAN_INIT_SPARSE,
            GAN_INIT_GLOROT_NORMAL, GAN_INIT_GLOROT_UNIFORM, GAN_INIT_HE_UNIFORM,
            GAN_INIT_HE_NORMAL,     GAN_INIT_CONSTANT,       "no"};
        judge(gan_network_set_initializer(n, layer, fuzz_choose(&in, inits), a, b));
        break;
    }
    case 2:
        judge(gan_network_set_bias(n, layer, a));
        break;
    case 3:
        judge(gan_network_set_max_norm(n, layer, a));
        break;
    case 4:
        judge(gan_network_set_weight_clip(n, layer, a));
        break;
    case 5:
        judge(gan_network_set_noise(n, fuzz_byte(&in) % 2 == 0 ? GAN_NOISE_UNIFORM : text_of(), a,
                                    b));
        break;
    case 6:
        judge(gan_network_set_trainable(n, text_of(), (int32_t)(fuzz_byte(&in) % 3)));
        break;
    case 7: {
        gan_dataset *data = ANY(sets);
        if (gan_dataset_count(data) <= 10000) { /* it is read to its end */
            judge(gan_network_set_bias_from_marginals(n, layer, data));
        }
        break;
    }
    default:
        judge(gan_network_initialize(n, fuzz_byte(&in)));
        break;
    }
}

/* The numbers that a parameter of this network has, or -1. */
static int64_t elements_of(gan_network *n, const char *name)
{
    int64_t dims[GAN_RANK_MAX], count = 1;
    int32_t rank;
    if (gan_network_parameter_shape(n, name, &rank, dims, GAN_RANK_MAX) != GAN_OK) {
        return -1;
    }
    for (int32_t i = 0; i < rank; i++) {
        count *= dims[i];
    }
    return count;
}

static void use_parameters(void)
{
    gan_network *n = ANY(networks), *from = ANY(networks);
    const int32_t count = gan_network_parameter_count(n);
    const char *name = gan_network_parameter_name(n, count > 0 ? fuzz_byte(&in) % count : 0);
    name = rarely() ? text_of() : name;
    int32_t copied, flag;
    switch (fuzz_byte(&in) % 4) {
    case 0:
        judge(gan_network_get_parameter(n, name, y, FLOATS));
        break;
    case 1: {
        const int64_t elements = elements_of(n, name);
        x[7] = (float)number_of();
        judge(gan_network_set_parameter(n, name, x, elements > FLOATS ? 1 : elements));
        x[7] = 0.5f;
        break;
    }
    case 2:
        judge(gan_network_copy_parameters(n, from, &copied));
        break;
    default:
        judge(gan_network_get_trainable(n, name, &flag));
        break;
    }
}

/* Inference; sizes that the buffers do not have are the library's to refuse for the output, ours
 * for the input. */
static void infer(void)
{
    gan_network *n = ANY(networks);
    const int64_t count = size_of(), inputs = gan_network_input_elements(n);
    switch (fuzz_byte(&in) % 3) {
    case 0:
        if (inputs < FLOATS && (count <= 0 || inputs * (count < 8 ? count : 8) < FLOATS)) {
            const int64_t sane = count < 8 ? count : 8;
            judge(gan_network_forward(n, sane, x, y, FLOATS));
        }
        break;
    case 1:
        judge(gan_network_sample(n, fuzz_byte(&in), count, y, FLOATS));
        break;
    default:
        judge(gan_network_noise(n, fuzz_byte(&in), count, y, FLOATS));
        break;
    }
}

static void use_files(void)
{
    gan_network *n = ANY(networks);
    gan_trainer *t = ANY(trainers);
    const char *path = fuzz_path(fuzz_byte(&in) % 2 == 0 ? "calls-a" : "calls-b");
    path = rarely() ? text_of() : path;
    if (path != NULL && path[0] != '/') {
        path = fuzz_path("no/such/file");
    }
    switch (fuzz_byte(&in) % 5) {
    case 0:
        judge(gan_network_save(n, path));
        break;
    case 1:
        judge(gan_network_load(n, path));
        break;
    case 2:
        judge(gan_trainer_save(t, path));
        break;
    case 3:
        judge(gan_trainer_load(t, path));
        break;
    default:
        MAKE(dataset, sets, gan_dataset_open_idx(context, path, NULL, out));
        break;
    }
}

/* ---- Training -------------------------------------------------------------------------------- */

static void use_optimizer(void)
{
    static const char *const kinds[] = {GAN_SGD,  GAN_MOMENTUM, GAN_NESTEROV, GAN_RMSPROP,
                                        GAN_ADAM, GAN_ADAMW,    "no"};
    const char *name = "no";
    gan_optimizer *o = ANY(optimizers);
    double value;
    switch (fuzz_byte(&in) % 4) {
    case 0:
        MAKE(optimizer, optimizers, gan_optimizer_create(context, fuzz_choose(&in, kinds), out));
        break;
    case 1: {
        const int32_t status =
            gan_optimizer_describe_option(fuzz_byte(&in) % 24, &name, NULL, NULL, NULL, NULL);
        must(status == GAN_OK || status == GAN_ERROR_RANGE);
        judge(gan_optimizer_set_number(o, name, number_of()));
        judge(gan_optimizer_get_number(o, name, &value));
        break;
    }
    case 2:
        judge(gan_optimizer_set_text(o, GAN_LEARNING_RATE_SCHEDULE,
                                     fuzz_byte(&in) % 2 == 0 ? GAN_COSINE : text_of()));
        break;
    default:
        must(gan_optimizer_updates(o) >= 0);
        break;
    }
}

static void make_trainer(void)
{
    gan_network *g = ANY(networks), *d = ANY(networks);
    gan_dataset *data = ANY(sets);
    gan_trainer *made = (gan_trainer *)&heap;
    const int32_t status = gan_trainer_create(g, d, data, &made);
    judge(status);
    must((status == GAN_OK) == (made != NULL));
    if (made != NULL) {
        const int slot = fuzz_byte(&in) % SLOTS;
        const int64_t noise = gan_network_input_elements(g), real = gan_network_input_elements(d);
        gan_trainer_free(trainers[slot]);
        trainers[slot] = made;
        widths[slot] = noise > real ? noise : real;
    }
}

static void set_trainer(void)
{
    gan_trainer *t = ANY(trainers);
    const char *name = "no", *const *choices = NULL;
    double minimum = 0, maximum = 0, value;
    switch (fuzz_byte(&in) % 4) {
    case 0:
        judge(gan_trainer_set_generator_optimizer(t, ANY(optimizers)));
        break;
    case 1:
        judge(gan_trainer_set_discriminator_optimizer(t, ANY(optimizers)));
        break;
    case 2:
        judge(gan_trainer_set_average(t, ANY(networks)));
        break;
    default:
        gan_trainer_describe_option(fuzz_byte(&in) % 32, &name, &choices, &minimum, &maximum, NULL);
        if (strcmp(name, GAN_DISCRIMINATOR_STEPS) == 0 || strcmp(name, GAN_BATCH_SIZE) == 0) {
            judge(gan_trainer_set_number(t, name, (double)(fuzz_byte(&in) % 9)));
        } else if (choices != NULL) {
            judge(gan_trainer_set_text(t, name, rarely() ? text_of() : choices[0]));
        } else {
            judge(gan_trainer_set_number(t, name, rarely() ? maximum : number_of()));
        }
        judge(gan_trainer_get_number(t, name, &value));
        break;
    }
}

/* Calls that a callback must not make are refused. */
static int32_t on_step(void *user, gan_trainer *trainer)
{
    (void)user;
    double value;
    judge(gan_trainer_metric(trainer, GAN_METRIC_D_LOSS, &value));
    must(gan_trainer_run(trainer, 1, NULL, NULL) != GAN_OK);
    judge(gan_trainer_save(trainer, fuzz_path("calls-a")));
    must(gan_trainer_load(trainer, fuzz_path("calls-a")) != GAN_OK);
    return executed % 5 == 4;
}

static void train(void)
{
    gan_trainer *t = ANY(trainers);
    double value;
    const int64_t steps = rarely() ? -1 : fuzz_byte(&in) % 4;
    if (t != NULL && fuzz_byte(&in) % 8 == 0) {
        /* An epoch of what a network has been given: it may be long, so only of what is small. */
        judge(gan_trainer_set_number(t, GAN_BATCH_SIZE, 4));
    }
    judge(gan_trainer_run(t, steps, fuzz_byte(&in) % 4 == 0 ? on_step : NULL, NULL));
    judge(gan_trainer_metric(t, gan_trainer_metric_name(fuzz_byte(&in) % 20), &value));
}

static void step(void)
{
    const int slot = fuzz_byte(&in) % SLOTS;
    gan_trainer *t = rarely() ? NULL : trainers[slot];
    const int64_t m = size_of();
    double k = 0;
    if (t != NULL && (gan_trainer_get_number(t, GAN_DISCRIMINATOR_STEPS, &k) != GAN_OK || k > 9 ||
                      m > 7 || widths[slot] * 63 + 100 > FLOATS)) {
        return; /* there are not that many numbers */
    }
    judge(gan_trainer_step(t, m, x, x, rarely() ? NULL : x + 100));
}

static void evaluate(void)
{
    double p[8], q[8], result[8], error;
    const int64_t n = size_of(), rows = size_of(), elements = size_of();
    int64_t best;
    for (int i = 0; i < 8; i++) {
        p[i] = number_of();
        q[i] = number_of();
    }
    if (n > 8 || rows > 8 || elements > 8) {
        return; /* there are not that many numbers */
    }
    judge(gan_optimal_discriminator(context, n, p, q, result));
    judge(gan_jensen_shannon(context, n, p, q, result));
    judge(gan_generator_criterion(context, n, p, q, result));
    judge(gan_histogram(context, n, x, p[0], p[1], rows, result));
    judge(gan_parzen_log_likelihood(context, elements, n, x, rows, x + 9, p[2], result, &error));
    judge(gan_parzen_choose_sigma(context, elements, n, x, rows, x, 8, p, result, &best));
}

static void release(void)
{
    switch (fuzz_byte(&in) % 4) {
    case 0: {
        gan_network **slot = SLOT(networks);
        gan_network_free(*slot);
        *slot = NULL;
        break;
    }
    case 1: {
        gan_dataset **slot = SLOT(sets);
        gan_dataset_free(*slot);
        *slot = NULL;
        break;
    }
    case 2: {
        gan_optimizer **slot = SLOT(optimizers);
        gan_optimizer_free(*slot);
        *slot = NULL;
        break;
    }
    default: {
        gan_trainer **slot = SLOT(trainers);
        gan_trainer_free(*slot);
        *slot = NULL;
        break;
    }
    }
}

/* ---- A sequence ------------------------------------------------------------------------------ */

/* Has no parameter that is not finite. */
static void check_network(gan_network *n)
{
    const int32_t count = gan_network_parameter_count(n);
    for (int32_t i = 0; i < count; i++) {
        const char *name = gan_network_parameter_name(n, i);
        const int64_t elements = elements_of(n, name);
        if (elements > 0 && elements <= FLOATS &&
            gan_network_get_parameter(n, name, y, FLOATS) == GAN_OK) {
            for (int64_t j = 0; j < elements; j++) {
                must(!isnan(y[j]));
            }
        }
    }
}

static void (*const calls[])(void) = {
    make_floats, make_synthetic, make_view,    read_data,      make_network,
    make_player, make_player,    build,        build,          build,
    build,       finish_network, set_network,  use_parameters, infer,
    use_files,   use_optimizer,  make_trainer, make_trainer,   set_trainer,
    train,       train,          step,         release,        evaluate};

static void run(const uint8_t *bytes, size_t size)
{
    in = (fuzz_input){bytes, bytes + size};
    heap = (fuzz_heap){.limit = HEAP};
    context = fuzz_context(&heap);
    for (int i = 0; i < FLOATS; i++) {
        x[i] = (float)(i % 5) / 4;
        y[i] = 0;
    }
    for (int i = 0; i < IDS; i++) {
        ids[i] = 1 + i % 8;
    }
    remove(fuzz_path("calls-a"));
    remove(fuzz_path("calls-b"));
    for (int i = 0; i < CALLS && in.next < in.end; i++) {
        fuzz_choose(&in, calls)();
    }
    gan_context *last = context;
    for (int i = 0; i < SLOTS; i++) {
        check_network(networks[i]);
        gan_dataset_free(sets[i]);
        gan_network_free(networks[i]);
        gan_trainer_free(trainers[i]);
        gan_optimizer_free(optimizers[i]);
        sets[i] = NULL;
        networks[i] = NULL;
        trainers[i] = NULL;
        optimizers[i] = NULL;
    }
    must(heap.peak <= HEAP);
    fuzz_end(last, &heap);
}

static void seed(void)
{
    uint64_t state = 1;
    for (int i = 0; i < 24; i++) {
        uint8_t bytes[400];
        const size_t size = 100 + 12 * (size_t)i;
        for (size_t j = 0; j < size; j++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            bytes[j] = (uint8_t)(state >> 56);
            bytes[j] = i % 2 == 0 ? bytes[j] % 240 : bytes[j];
        }
        fuzz_seed(bytes, size);
    }
}

const fuzz_target fuzz_calls = {"calls", run, seed};
