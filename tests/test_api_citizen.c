/* The library as a guest in somebody else's process: every public call leaves the signal mask and
 * handlers, the locale, the floating-point modes, the umask, the working folder, the descriptors,
 * the environment and the threads of the BLAS as they were, and writes nothing to standard output
 * or error. Tried as the process starts, and with each of these set to something unusual. */
#define _GNU_SOURCE /* RTLD_DEFAULT */

#include "hostile.h"

#include <dlfcn.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

/* ---- The surroundings ------------------------------------------------------------------------ */

enum { SIGNALS = 32, DESCRIPTORS = 64 };

typedef struct {
    int blocked[SIGNALS], blas, rounding;
    void (*handlers[SIGNALS])(int);
    char locale[512], working[512], descriptors[DESCRIPTORS];
    unsigned modes, mask; /* of the floating-point unit, and of new files */
    uint64_t environment;
} surroundings;

static int blas_threads(void)
{
    static int (*get)(void);
    static bool looked;
    if (!looked) {
        void *found = dlsym(RTLD_DEFAULT, "openblas_get_num_threads");
        memcpy((void *)&get, (void *)&found, sizeof get);
        looked = true;
    }
    return get != NULL ? get() : -1;
}

static bool set_blas_threads(int count)
{
    void (*set)(int);
    void *found = dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
    memcpy((void *)&set, (void *)&found, sizeof set);
    if (set != NULL) {
        set(count);
    }
    return set != NULL;
}

/* The control bits, without the flags of what has happened. */
static unsigned modes(void)
{
#if defined(__SSE__)
    return _mm_getcsr() & ~0x3fu;
#else
    return 0;
#endif
}

extern char **environ;

static surroundings look(void)
{
    surroundings s;
    memset(&s, 0, sizeof s); /* compared as a whole */
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int i = 1; i < SIGNALS; i++) {
        struct sigaction how;
        memset(&how, 0, sizeof how);
        s.blocked[i] = sigismember(&blocked, i);
        s.handlers[i] = sigaction(i, NULL, &how) == 0 ? how.sa_handler : SIG_DFL;
    }
    snprintf(s.locale, sizeof s.locale, "%s", setlocale(LC_ALL, NULL));
    need(getcwd(s.working, sizeof s.working) != NULL);
    for (int i = 0; i < DESCRIPTORS; i++) {
        s.descriptors[i] = fcntl(i, F_GETFD) >= 0;
    }
    s.blas = blas_threads();
    s.rounding = fegetround();
    s.modes = modes();
    s.mask = umask(0);
    umask(s.mask);
    for (char **one = environ; *one != NULL; one++) {
        for (const char *c = *one; *c != '\0'; c++) {
            s.environment = s.environment * 1099511628211u + (uint64_t)*c;
        }
    }
    return s;
}

/* ---- Calls ----------------------------------------------------------------------------------- */

enum { NAMES_MAX = 256, TEXT_MAX = 1 << 14 };

static surroundings usual; /* those of the round at hand */
static const char *names[NAMES_MAX];
static int64_t calls;
static int name_count;
static char messages[TEXT_MAX]; /* of all failures of the round */

static void check_surroundings(const char *call)
{
    const surroundings now = look();
    if (memcmp(&now, &usual, sizeof now) != 0) {
        ck_abort_msg("%s: locale %s (%s), folder %s (%s), umask %o (%o), rounding %d (%d), "
                     "modes %x (%x), BLAS threads %d (%d), or signals, descriptors, environment",
                     call, now.locale, usual.locale, now.working, usual.working, now.mask,
                     usual.mask, now.rounding, usual.rounding, now.modes, usual.modes, now.blas,
                     usual.blas);
    }
    calls++;
    const size_t length = strcspn(call, "(");
    for (int i = 0; i < name_count; i++) {
        if (strncmp(names[i], call, length) == 0 && names[i][length] == '(') {
            return;
        }
    }
    ck_assert_int_lt(name_count, NAMES_MAX);
    names[name_count++] = call;
}

/* A call that gives nothing to be judged. */
#define free_of(statement)              \
    do {                                \
        statement;                      \
        check_surroundings(#statement); \
    } while (0)

static void succeed(bool good, const char *call)
{
    if (!good) {
        ck_abort_msg("%s: %s", call, gan_context_message(ctx));
    }
    check_surroundings(call);
}

#define good(call) succeed((call) == GAN_OK, #call)
#define true_of(call, what) succeed((call)what, #call)

static int32_t id_of(int32_t id, const char *call)
{
    succeed(id > 0, call);
    return id;
}

#define id(call) id_of((call), #call)

/* A call that fails; its message is kept. */
static void failing(int32_t status, const char *call)
{
    if (status >= GAN_OK) {
        ck_abort_msg("%s does not fail", call);
    }
    check_surroundings(call);
    const size_t length = strlen(messages);
    snprintf(messages + length, sizeof messages - length, "%s\n", gan_context_message(ctx));
    ck_assert_uint_lt(strlen(messages), sizeof messages - 1);
}

#define bad(call) failing((call), #call)

static float numbers_in[256], numbers_out[4096];
static uint8_t bytes_in[256];
static const int64_t vector[] = {4}, image[] = {1, 2, 2};

static int32_t deliver(void *user, int64_t index, float *sample)
{
    (void)user;
    for (int i = 0; i < 4; i++) {
        sample[i] = (float)(index + i) / 8;
    }
    return 0;
}

static void use_data(void)
{
    gan_dataset *a, *b, *c;
    int64_t dims[GAN_RANK_MAX];
    int32_t rank;
    uint8_t labels[8];
    static const uint8_t file[] = {0, 0, 8, 1, 0, 0, 0, 4, 1, 2, 3, 4};
    memset(numbers_out, 0, sizeof numbers_out);
    write_blob(at("idx"), file, sizeof file);
    write_blob(at("cifar"), numbers_out, 3073); /* zeros */
    write_blob(at("broken"), file, 7);
    const char *path = at("idx"), *broken = at("broken"), *records = at("cifar");
    good(gan_dataset_open_idx(ctx, path, path, &a));
    good(gan_dataset_read_labels(a, 0, 4, labels, 8));
    free_of(gan_dataset_free(a));
    bad(gan_dataset_open_idx(ctx, broken, NULL, &a));
    bad(gan_dataset_open_idx(ctx, "/no/such/file", NULL, &a));
    good(gan_dataset_open_raw(ctx, path, 1, vector, &a));
    free_of(gan_dataset_free(a));
    bad(gan_dataset_open_raw(ctx, broken, 1, vector, &a));
    good(gan_dataset_open_cifar10(ctx, records, &a));
    free_of(gan_dataset_free(a));
    good(gan_dataset_gaussian(ctx, 100, 1.5, 0.25, 3, &a));
    good(gan_dataset_slice(a, 10, 50, &b));
    good(gan_dataset_read(b, 0, 50, numbers_out, 4096));
    good(gan_dataset_scale(b, 0.5, 0.25, &c));
    free_of(gan_dataset_free(b));
    bad(gan_dataset_scale(c, (double)NAN, 0, &b));
    bad(gan_dataset_slice(c, 50, 1, &b));
    good(gan_dataset_join(a, c, &b));
    true_of(gan_dataset_count(b), == 150);
    free_of(gan_dataset_free(a));
    free_of(gan_dataset_free(b));
    free_of(gan_dataset_free(c));
    good(gan_dataset_ring(ctx, 100, 8, 1, 0.01, 3, &a));
    free_of(gan_dataset_free(a));
    good(gan_dataset_grid(ctx, 100, 5, 1, 0.05, 3, &a));
    bad(gan_dataset_ring(ctx, 100, 0, 1.5, 0.25, 3, &b));
    good(gan_dataset_scale_channels(a, 2, (double[]){1, 2}, (double[]){0, 0.5}, &b));
    good(gan_dataset_normalize_contrast(b, 55, 0.5, &c));
    true_of(gan_dataset_elements(c), == 2);
    good(gan_dataset_shape(c, &rank, dims, GAN_RANK_MAX));
    free_of(gan_dataset_free(a));
    free_of(gan_dataset_free(b));
    free_of(gan_dataset_free(c));
    good(gan_dataset_from_bytes(ctx, 4, 3, image, bytes_in, &a));
    free_of(gan_dataset_free(a));
    good(gan_dataset_from_callback(ctx, 20, 1, vector, deliver, NULL, &a));
    good(gan_dataset_read(a, 3, 5, numbers_out, 4096));
    free_of(gan_dataset_free(a));
}

static void use_evaluation(void)
{
    static const double p[] = {0.25, 0.5, 0.25}, q[] = {0.5, 0.25, 0.25}, sigmas[] = {0.1, 0.5};
    double result[8], error;
    int64_t best;
    int32_t edge;
    good(gan_optimal_discriminator(ctx, 3, p, q, result));
    good(gan_jensen_shannon(ctx, 3, p, q, result));
    good(gan_generator_criterion(ctx, 3, p, q, result));
    good(gan_histogram(ctx, 100, numbers_in, 0, 1, 8, result));
    bad(gan_histogram(ctx, 100, numbers_in, 1.5, 0.25, 8, result));
    good(gan_parzen_log_likelihood(ctx, 4, 30, numbers_in, 10, numbers_in + 120, 0.3, result,
                                   &error));
    good(gan_parzen_choose_sigma(ctx, 4, 30, numbers_in, 10, numbers_in + 120, 2, sigmas, result,
                                 &best));
    good(gan_parzen_protocol(ctx, 4, 30, numbers_in, 10, numbers_in + 120, 10, numbers_in + 160,
                             result, result + 1, result + 2, &edge));
}

static void use_images(void)
{
    gan_network *n;
    static const int64_t two[] = {2, 2}, shape[] = {2, 3, 3}, window[] = {2, 2};
    int64_t dims[GAN_RANK_MAX];
    int32_t rank;
    good(gan_network_create(ctx, "images", &n));
    int32_t h = id(gan_network_input(n, "image", 3, shape));
    h = id(gan_network_convolution(n, h, 4, two, NULL, NULL, GAN_BIAS_TIED));
    h = id(gan_network_maxout_channels(n, h, 2));
    h = id(gan_network_upsample(n, h, 2, GAN_UPSAMPLE_BILINEAR));
    h = id(gan_network_transposed_convolution(n, h, 2, two, NULL, NULL, NULL, GAN_BIAS_UNTIED));
    const int32_t most = id(gan_network_max_pool(n, h, window, NULL));
    const int32_t mean = id(gan_network_average_pool(n, h, window, NULL));
    h = id(gan_network_concatenate(n, most, mean, 0));
    h = id(gan_network_reshape(n, h, 1, (int64_t[]){36}));
    good(gan_network_tensor_shape(n, h, &rank, dims, GAN_RANK_MAX));
    good(gan_network_output(n, id(gan_network_softplus(n, h))));
    good(gan_network_forward(n, 5, numbers_in, numbers_out, 4096));
    bad(gan_network_forward(n, 5, numbers_in, numbers_out, 7));
    free_of(gan_network_free(n));
}

static gan_network *make_player(const char *name, int64_t inputs, int64_t outputs)
{
    gan_network *n;
    good(gan_network_create(ctx, name, &n));
    int32_t h = id(gan_network_input(n, "x", 1, &inputs));
    h = id(gan_network_dense(n, h, 8));
    h = id(gan_network_leaky_relu(n, h, 0.2));
    h = id(gan_network_dropout(n, h, 0.75));
    h = id(gan_network_maxout(n, h, 6, 2));
    h = id(gan_network_tanh(n, h));
    h = id(gan_network_affine(n, h, 1.5, 0.25));
    h = id(gan_network_relu(n, id(gan_network_sigmoid(n, h))));
    good(gan_network_output(n, id(gan_network_dense(n, h, outputs))));
    return n;
}

static void use_network(gan_network *n)
{
    gan_network *copy, *longer;
    int64_t dims[GAN_RANK_MAX];
    int32_t rank, copied, trainable;
    good(gan_network_set_name(n, 2, "first"));
    good(gan_network_set_initializer(n, 0, GAN_INIT_NORMAL, 0, 0.125));
    bad(gan_network_set_initializer(n, 0, GAN_INIT_UNIFORM, 1.5, 0.25));
    good(gan_network_set_bias(n, 0, 0.5));
    good(gan_network_set_max_norm(n, 0, 1.5));
    good(gan_network_set_weight_clip(n, 0, 0.75));
    good(gan_network_set_noise(n, GAN_NOISE_UNIFORM, -1.5, 1.5));
    good(gan_network_initialize(n, 5));
    good(gan_network_sample(n, 3, 70, numbers_out, 4096));
    good(gan_network_noise(n, 3, 70, numbers_out, 4096));
    true_of(gan_network_parameter_count(n), == 6);
    const char *name = "first.weight";
    true_of(gan_network_parameter_name(n, 0), != NULL);
    true_of(gan_network_parameter_elements(n), > 0);
    good(gan_network_parameter_shape(n, name, &rank, dims, GAN_RANK_MAX));
    good(gan_network_get_parameter(n, name, numbers_out, 4096));
    good(gan_network_set_parameter(n, name, numbers_out, dims[0] * dims[1]));
    bad(gan_network_set_parameter(n, name, numbers_out, 1));
    bad(gan_network_get_parameter(n, "no such", numbers_out, 1));
    good(gan_network_set_trainable(n, name, 0));
    good(gan_network_get_trainable(n, name, &trainable));
    good(gan_network_clone(n, "copy", &copy));
    good(gan_network_copy_parameters(copy, n, &copied));
    const char *path = at("network");
    good(gan_network_save(copy, path));
    good(gan_network_load(copy, path));
    bad(gan_network_load(copy, "/no/such/file"));
    bad(gan_network_save(copy, "/no/such/file"));
    good(gan_network_create(ctx, "longer", &longer));
    const int32_t h = id(gan_network_input(longer, "x", 1, dims));
    good(gan_network_output(longer, id(gan_network_append(longer, h, copy))));
    true_of(gan_network_input_elements(longer), == dims[0]);
    true_of(gan_network_output_elements(longer), > 0);
    free_of(gan_network_free(longer));
    free_of(gan_network_free(copy));
}

static int32_t on_step(void *user, gan_trainer *t)
{
    double value;
    (void)user;
    good(gan_trainer_metric(t, GAN_METRIC_D_LOSS, &value));
    return 0;
}

static gan_optimizer *use_optimizer(void)
{
    gan_optimizer *o;
    double value;
    const char *text;
    good(gan_optimizer_create(ctx, GAN_ADAM, &o));
    good(gan_optimizer_set_number(o, GAN_LEARNING_RATE, 0.0625));
    bad(gan_optimizer_set_number(o, GAN_LEARNING_RATE, -1.5));
    good(gan_optimizer_get_number(o, GAN_LEARNING_RATE, &value));
    good(gan_optimizer_set_text(o, GAN_LEARNING_RATE_SCHEDULE, GAN_COSINE));
    good(gan_optimizer_get_text(o, GAN_LEARNING_RATE_SCHEDULE, &text));
    good(gan_optimizer_describe_option(0, &text, NULL, NULL, NULL, NULL));
    true_of(gan_optimizer_updates(o), == 0);
    return o;
}

static void use_training(void)
{
    gan_network *g = make_player("G", 3, 4), *d = make_player("D", 4, 1), *average;
    gan_optimizer *first = use_optimizer(), *second = use_optimizer();
    gan_dataset *data;
    gan_trainer *t;
    double value;
    const char *text, *path = at("state");
    use_network(g);
    good(gan_dataset_from_floats(ctx, 50, 1, vector, numbers_in, &data));
    bad(gan_network_set_bias_from_marginals(g, 2, data));
    good(gan_trainer_create(g, d, data, &t));
    good(gan_trainer_set_generator_optimizer(t, first));
    good(gan_trainer_set_discriminator_optimizer(t, second));
    good(gan_network_clone(g, "average", &average));
    good(gan_trainer_set_average(t, average));
    good(gan_trainer_set_number(t, GAN_BATCH_SIZE, 20));
    bad(gan_trainer_set_number(t, GAN_BLEND, 1.5));
    good(gan_trainer_get_number(t, GAN_BATCH_SIZE, &value));
    good(gan_trainer_set_text(t, GAN_SCHEDULE, GAN_SIMULTANEOUS));
    good(gan_trainer_get_text(t, GAN_SCHEDULE, &text));
    good(gan_trainer_describe_option(0, &text, NULL, NULL, NULL, NULL));
    good(gan_trainer_set_number(t, GAN_R1, 0.5));
    good(gan_trainer_run(t, 5, on_step, NULL));
    good(gan_trainer_run_epochs(t, 1, NULL, NULL));
    good(gan_trainer_step(t, 7, numbers_in, numbers_in + 30, NULL));
    true_of(gan_trainer_metric_name(0), != NULL);
    good(gan_trainer_save(t, path));
    good(gan_trainer_load(t, path));
    const char *wrong = at("network");
    bad(gan_trainer_load(t, wrong));
    bad(gan_trainer_save(t, "/no/such/file"));
    bad(gan_trainer_load(t, "/no/such/file"));
    free_of(gan_trainer_free(t));
    free_of(gan_dataset_free(data));
    free_of(gan_optimizer_free(first));
    free_of(gan_optimizer_free(second));
    free_of(gan_network_free(average));
    free_of(gan_network_free(d));
    free_of(gan_network_free(g));
}

/* Files that are only written, logs and checkpoints. What they hold is compared in another locale. */
static void use_files(void)
{
    gan_network *g, *d;
    gan_trainer *t;
    gan_log *log;
    gan_checkpoints *c;
    int64_t index;
    good(gan_network_create(ctx, "g", &g));
    id(gan_network_dense(g, id(gan_network_input(g, "z", 1, vector)), 4));
    good(gan_network_output(g, 2));
    good(gan_network_create(ctx, "d", &d));
    id(gan_network_dense(d, id(gan_network_input(d, "x", 1, vector)), 1));
    good(gan_network_output(d, 2));
    good(gan_trainer_create(g, d, NULL, &t));
    const char *path = at("file"), *wrong = at("broken");
    good(gan_export_npy(ctx, path, 1, vector, numbers_in));
    bad(gan_export_npy(ctx, path, -1, vector, numbers_in));
    good(gan_export_png(ctx, path, 1, 1, 1, 2, 2, numbers_in, -0.5, 1.5));
    bad(gan_export_png(ctx, path, 1, 1, 1, 2, 2, numbers_in, 0.5, 0.5));
    good(gan_network_export_onnx(g, path));
    for (int32_t i = 0; gan_log_format_name(i) != NULL; i++) {
        const char *name = gan_log_format_name(i), *here = at(name);
        remove(here);
        const surroundings before = usual;
        need(gan_log_create(ctx, here, name, &log) == GAN_OK);
        usual = look(); /* a log has a descriptor while it lives */
        good(gan_log_number(log, "half", 0.5));
        good(gan_log_number(log, "third", 1.0 / 3));
        good(gan_log_write(log, 1));
        bad(gan_log_write(log, 0));
        good(gan_log_resume(log, 1));
        good(gan_log_sync(log));
        good(gan_log_trainer(log, t));
        good(gan_log_set_clock(log, NULL, NULL));
        true_of(gan_log_last_step(log), == 1);
        gan_log_free(log);
        usual = before;
        check_surroundings("gan_log_free(");
        bad(gan_log_create(ctx, wrong, name, &log));
    }
    true_of(gan_log_numbers_max(), > 0);
    good(gan_checkpoints_create(ctx, folder, "c", 1, GAN_LOWER, &c));
    static double value; /* lower each time, so that one is kept */
    good(gan_checkpoints_save(c, t, --value));
    good(gan_checkpoints_save(c, t, --value));
    good(gan_checkpoints_find(c, GAN_BEST, &index));
    good(gan_checkpoints_get(c, index, NULL, NULL, NULL, 0));
    bad(gan_checkpoints_get(c, 17, NULL, NULL, NULL, 0));
    good(gan_checkpoints_load(c, t, GAN_LAST));
    true_of(gan_checkpoints_count(c), > 0);
    free_of(gan_checkpoints_free(c));
    bad(gan_checkpoints_create(ctx, "/no/such", "c", 1, GAN_LOWER, &c));
    free_of(gan_trainer_free(t));
    free_of(gan_network_free(d));
    free_of(gan_network_free(g));
}

/* Every kind of call once. threads: of the library */
static void use_all(int32_t threads)
{
    int64_t now;
    messages[0] = '\0';
    for (int i = 0; i < 256; i++) {
        numbers_in[i] = (float)(i % 17) / 16;
        bytes_in[i] = (uint8_t)i;
    }
    usual = look();
    ctx = new_context(&own);
    check_surroundings("gan_context_create_with_allocator(");
    good(gan_context_set_threads(ctx, threads));
    true_of(gan_context_threads(ctx), == threads);
    bad(gan_context_set_threads(ctx, 0));
    use_data();
    use_evaluation();
    use_images();
    use_training();
    use_files();
    good(gan_context_memory(ctx, &now, NULL));
    true_of(gan_context_message(ctx), != NULL);
    true_of(gan_error_name(-1), != NULL);
    true_of(gan_error_text(-1), != NULL);
    true_of(gan_rank_max(), > 0);
    true_of(gan_version(), >= 0);
    true_of(gan_version_text(), != NULL);
    true_of(gan_backend_text(GAN_BACKEND_SIMD), != NULL);
    true_of(gan_backend_text(GAN_BACKEND_BLAS_CORE), != NULL);
    true_of(gan_backend_name(0), != NULL);
    gan_context_free(ctx);
    check_surroundings("gan_context_free(");
    need(own.live == 0);
}

/* ---- Silence --------------------------------------------------------------------------------- */

static int kept[2], silent = -1;

/* Sends standard output and error into a file. */
static void redirect(void)
{
    fflush(stdout);
    fflush(stderr);
    silent = open(at("silent"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    need(silent >= 0);
    for (int i = 0; i < 2; i++) {
        kept[i] = dup(i + 1);
        need(kept[i] >= 0 && dup2(silent, i + 1) == i + 1);
    }
}

/* Returns how many bytes came. */
static int64_t restore(void)
{
    if (silent < 0) {
        return 0;
    }
    fflush(stdout);
    fflush(stderr);
    for (int i = 0; i < 2; i++) {
        dup2(kept[i], i + 1);
        close(kept[i]);
    }
    const int64_t size = lseek(silent, 0, SEEK_END);
    close(silent);
    silent = -1;
    return size;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void begin(void)
{
    make_folder();
    calls = 0;
    name_count = 0;
}

static void tell(const char *what)
{
    printf("%s: %lld calls of %d functions\n", what, (long long)calls, name_count);
    need(name_count >= 90);
}

START_TEST(as_the_process_starts)
{
    begin();
    redirect();
    use_all(1);
    use_all(3);
    const int64_t printed = restore();
    tell("nothing set, 1 and 3 threads");
    ck_assert_int_eq(printed, 0);
    remove_folder();
}
END_TEST

/* Anything that raises SIGPIPE, or a descriptor that is not there, would show. */
START_TEST(without_standard_streams)
{
    begin();
    fflush(stdout);
    fflush(stderr);
    int saved[3];
    for (int i = 0; i < 3; i++) {
        saved[i] = fcntl(i, F_DUPFD, 40);
        need(saved[i] >= 0);
    }
    for (int i = 0; i < 3; i++) {
        close(i);
    }
    use_all(2); /* what is opened gets the numbers 0 to 2, and is closed again */
    for (int i = 0; i < 3; i++) {
        dup2(saved[i], i);
        close(saved[i]);
    }
    tell("descriptors 0 to 2 closed");
    remove_folder();
}
END_TEST

static void ignore(int number)
{
    (void)number;
}

START_TEST(with_signals_and_masks)
{
    begin();
    sigset_t some, before;
    sigemptyset(&some);
    sigaddset(&some, SIGUSR1);
    sigaddset(&some, SIGALRM);
    sigprocmask(SIG_BLOCK, &some, &before);
    void (*const handler)(int) = signal(SIGTERM, ignore),
                 (*const pipe)(int) = signal(SIGPIPE, SIG_IGN);
    const mode_t mask = umask(0027);
    use_all(3);
    struct stat status;
    need(stat(at("state"), &status) == 0);
    ck_assert_int_eq(status.st_mode & 0777, 0640); /* as open would have made it */
    umask(mask);
    signal(SIGTERM, handler);
    signal(SIGPIPE, pipe);
    sigprocmask(SIG_SETMASK, &before, NULL);
    tell("signals blocked, handled and ignored, umask 027");
    remove_folder();
}
END_TEST

START_TEST(with_rounding_modes)
{
    begin();
    static const int rounding[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(fesetround(rounding[i]), 0);
        use_all(1 + i);
        ck_assert_int_eq(fegetround(), rounding[i]);
    }
    ck_assert_int_eq(fesetround(FE_TONEAREST), 0);
#if defined(__SSE__)
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040); /* denormals are zero */
    use_all(2);
    _mm_setcsr(before);
#endif
    tell("rounding up, down and to zero, denormals as zero");
    remove_folder();
}
END_TEST

START_TEST(with_blas_threads)
{
    if (!set_blas_threads(2) || blas_threads() != 2) {
        puts("skipped: the BLAS has no openblas_set_num_threads, or only one thread");
        return;
    }
    begin();
    use_all(1);
    use_all(3);
    tell("BLAS of 2 threads");
    remove_folder();
}
END_TEST

/* A locale with a decimal comma: the system's, or one made for this test. */
static bool set_comma_locale(void)
{
    static const char *const some[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8",
                                       "de_DE",       "fr_FR",      "ru_RU.UTF-8", "pt_BR.UTF-8"};
    for (int made = 0; made < 2; made++) {
        for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
            if (setlocale(LC_ALL, some[i]) != NULL && localeconv()->decimal_point[0] == ',') {
                return true;
            }
        }
        char command[1400], place[400], working[256];
        need(getcwd(working, sizeof working) != NULL);
        snprintf(place, sizeof place, "%s/%s/locales", working, folder);
        snprintf(command, sizeof command,
                 "mkdir '%s' && localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1",
                 place, place);
        if (made == 1 || system(command) != 0 || setenv("LOCPATH", place, 1) != 0) {
            break;
        }
    }
    return false;
}

START_TEST(with_a_decimal_comma)
{
    static char usual_messages[TEXT_MAX];
    begin();
    use_all(2);
    blob state = read_blob(at("state")), network = read_blob(at("network"));
    blob lines = read_blob(at(GAN_LOG_JSONL)), rows = read_blob(at(GAN_LOG_CSV));
    memcpy(usual_messages, messages, sizeof messages);
    if (!set_comma_locale()) {
        setlocale(LC_ALL, "C");
        puts("skipped: there is no locale with a decimal comma, nor can localedef make one");
    } else {
        setlocale(LC_MESSAGES, "C"); /* the system's own texts are in its language */
        char number[16];
        snprintf(number, sizeof number, "%.1f", 0.5);
        ck_assert_str_eq(number, "0,5");
        use_all(2);
        ck_assert_str_eq(setlocale(LC_NUMERIC, NULL), setlocale(LC_MONETARY, NULL));
        blob state_now = read_blob(at("state")), network_now = read_blob(at("network"));
        need(same_blob(state, state_now) && same_blob(network, network_now));
        blob lines_now = read_blob(at(GAN_LOG_JSONL)), rows_now = read_blob(at(GAN_LOG_CSV));
        need(same_blob(lines, lines_now) && same_blob(rows, rows_now));
        free(lines_now.bytes);
        free(rows_now.bytes);
        free(state_now.bytes);
        free(network_now.bytes);
        setlocale(LC_ALL, "C");
        ck_assert_str_eq(messages, usual_messages);
        tell("a locale with a decimal comma: the same files and messages");
    }
    free(lines.bytes);
    free(rows.bytes);
    free(state.bytes);
    free(network.bytes);
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s/locales'", folder);
    need(system(command) == 0);
    remove_folder();
}
END_TEST

/* After a failure, too: or nobody would read of it. */
static void finish(void)
{
    restore();
}

int main(void)
{
    Suite *suite = suite_create("good citizen");
    TCase *all = tcase_create("good citizen");
    tcase_set_timeout(all, 600);
    tcase_add_checked_fixture(all, NULL, finish);
    static const TTest *const *const tests[] = {&as_the_process_starts,  &without_standard_streams,
                                                &with_signals_and_masks, &with_rounding_modes,
                                                &with_blas_threads,      &with_a_decimal_comma};
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        tcase_add_test(all, *tests[i]);
    }
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
