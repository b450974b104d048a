#include "cases.h"

#include "check.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- What the algorithms need -------------------------------------------------------------- */

/* D's update: G forward; D forward, its gradients by the weights and by the inputs of all layers
 * but the first, on real and on generated samples. */
static double update_d(const subject *s)
{
    const products *g = &s->g.products, *d = &s->d.products;
    return g->all + 2 * (3 * d->all - d->first);
}

/* G's update, once there are samples and D's logits of them: back through D, then both gradients in
 * G, whose input needs none. */
static double back_to_g(const subject *s)
{
    const products *g = &s->g.products, *d = &s->d.products;
    return d->all + 2 * g->all - g->first;
}

/* A multiply-add is two operations. */
static double operations(const subject *s, double multiply_adds)
{
    return 2 * (double)s->batch * multiply_adds;
}

static double alternating(const subject *s)
{
    return operations(s, update_d(s) + s->g.products.all + s->d.products.all + back_to_g(s));
}

static double simultaneous(const subject *s)
{
    return operations(s, update_d(s) + back_to_g(s));
}

/* The example judges the samples of D's update once more, in place of new ones. */
static double same_samples(const subject *s)
{
    return alternating(s) - operations(s, s->g.products.all);
}

/* R1 on top: the gradient by the sample, and the gradients of that gradient by the weights and by
 * what it went through, which for the last layer is constant. */
static double slope(const subject *s)
{
    return operations(s, 3 * s->d.products.all - s->d.products.last);
}

static double r1_needed(const subject *s)
{
    return same_samples(s) + slope(s);
}

static double r1_made(const subject *s)
{
    return alternating(s) + slope(s);
}

static double generated(const subject *s)
{
    return operations(s, s->g.products.all);
}

enum { PIXELS = 784, DIGITS = 60000, SAMPLES = 10000 }; /* DIGITS: as many as MNIST has */

/* The squared distances of all pairs, by the inner products. */
static double distances(const subject *s)
{
    (void)s;
    return 2.0 * SAMPLES * SAMPLES * PIXELS;
}

/* ---- Data ---------------------------------------------------------------------------------- */

enum { DIGITS_ZEROS = 809 }; /* of 1000 pixels of MNIST; products leave zeros out */

/* Numbers that look random, of 1000 so many zeros. */
static uint8_t *noise_bytes(size_t count, uint32_t zeros)
{
    uint8_t *bytes = allocate(count, 1);
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes[i] = (uint32_t)(state >> 40) % 1000 < zeros ? 0 : (uint8_t)(state >> 32);
    }
    return bytes;
}

static gan_dataset *pictures(subject *s, int64_t count, int32_t rank, const int64_t *dims,
                             uint32_t zeros, double scale, double shift)
{
    gan_dataset *bytes = NULL, *scaled = NULL;
    int64_t pixels = 1;
    for (int32_t i = 0; i < rank; i++) {
        pixels *= dims[i];
    }
    uint8_t *values = noise_bytes((size_t)(count * pixels), zeros);
    check(s->context, gan_dataset_from_bytes(s->context, count, rank, dims, values, &bytes));
    check(s->context, gan_dataset_scale(bytes, scale, shift, &scaled));
    gan_dataset_free(bytes);
    free(values);
    return scaled;
}

/* ---- Training ------------------------------------------------------------------------------ */

typedef struct {
    const char *key;
    double value;
} setting;

/* The optimizers of both players.
 *   settings  end with a key of NULL */
static void set_optimizers(subject *s, const char *kind, const setting *settings)
{
    gan_optimizer *of[2] = {NULL, NULL};
    for (int32_t i = 0; i < 2; i++) {
        check(s->context, gan_optimizer_create(s->context, kind, &of[i]));
        for (const setting *set = settings; set->key != NULL; set++) {
            check(s->context, gan_optimizer_set_number(of[i], set->key, set->value));
        }
    }
    check(s->context, gan_trainer_set_generator_optimizer(s->trainer, of[0]));
    check(s->context, gan_trainer_set_discriminator_optimizer(s->trainer, of[1]));
    gan_optimizer_free(of[0]);
    gan_optimizer_free(of[1]);
}

static void draw_parameters(subject *s)
{
    check(s->context, gan_network_initialize(s->g.network, 0));
    check(s->context, gan_network_initialize(s->d.network, 1));
}

/* Frees `data`. */
static void make_trainer(subject *s, gan_dataset *data, const char *schedule)
{
    check(s->context, gan_trainer_create(s->g.network, s->d.network, data, &s->trainer));
    check(s->context, gan_trainer_set_text(s->trainer, GAN_SCHEDULE, schedule));
    if (s->batch > 0) {
        check(s->context, gan_trainer_set_number(s->trainer, GAN_BATCH_SIZE, (double)s->batch));
    }
    gan_dataset_free(data);
    draw_parameters(s);
}

static void prepare_mnist(subject *s, const bench_case *c)
{
    const bool at_once = c->needed == simultaneous;
    make_trainer(s, pictures(s, DIGITS, 1, (int64_t[]){PIXELS}, DIGITS_ZEROS, 1, 0),
                 at_once ? GAN_SIMULTANEOUS : GAN_ALTERNATING);
    set_optimizers(s, GAN_MOMENTUM,
                   (setting[]){{GAN_LEARNING_RATE, 0.1}, {GAN_MU, 0.5}, {.key = NULL}});
}

static void prepare_toy(subject *s, const bench_case *c)
{
    (void)c;
    gan_dataset *data = NULL;
    check(s->context, gan_dataset_gaussian(s->context, 1 << 20, 4, 0.5, 0, &data));
    make_trainer(s, data, GAN_ALTERNATING);
    set_optimizers(s, GAN_MOMENTUM,
                   (setting[]){{GAN_LEARNING_RATE, 0.01}, {GAN_MU, 0.5}, {.key = NULL}});
}

static void prepare_cifar(subject *s, const bench_case *c)
{
    (void)c;
    make_trainer(s, pictures(s, SAMPLES, 3, (int64_t[]){3, 32, 32}, 0, 1, -0.5), GAN_SIMULTANEOUS);
    set_optimizers(s, GAN_MOMENTUM,
                   (setting[]){{GAN_LEARNING_RATE, 0.004}, {GAN_MU, 0.5}, {.key = NULL}});
}

static void prepare_dcgan(subject *s, const bench_case *c)
{
    make_trainer(s, pictures(s, DIGITS, 3, (int64_t[]){1, 28, 28}, DIGITS_ZEROS, 2, -1),
                 GAN_ALTERNATING);
    set_optimizers(
        s, GAN_ADAM,
        (setting[]){{GAN_LEARNING_RATE, 2e-4}, {GAN_BETA1, 0.5}, {GAN_BETA2, 0.5}, {.key = NULL}});
    if (c->needed == r1_needed) {
        check(s->context, gan_trainer_set_number(s->trainer, GAN_R1, 1));
    }
}

static double train(subject *s, int64_t steps)
{
    const double start = now();
    check(s->context, gan_trainer_run(s->trainer, steps, NULL, NULL));
    return now() - start;
}

/* A step is a measurement of a training in progress, with held-out samples, and keeps it. The
 * first one, which makes what the others use, is not timed. */
static double watch(subject *s, int64_t steps)
{
    const double start = now();
    for (int64_t i = 0; i < steps; i++) {
        check(s->context, gan_monitor_measure(s->monitor));
        check(s->context, gan_monitor_keep(s->monitor));
    }
    return now() - start;
}

static void prepare_monitor(subject *s, const bench_case *c)
{
    prepare_mnist(s, c);
    gan_dataset *held_out = pictures(s, SAMPLES, 1, (int64_t[]){PIXELS}, DIGITS_ZEROS, 1, 0);
    check(s->context, gan_trainer_run(s->trainer, 1, NULL, NULL));
    check(s->context, gan_monitor_create(s->trainer, &s->monitor));
    check(s->context, gan_monitor_set_held_out(s->monitor, held_out, NULL));
    gan_dataset_free(held_out);
    watch(s, 1);
}

/* ---- The others ---------------------------------------------------------------------------- */

static void prepare_sample(subject *s, const bench_case *c)
{
    (void)c;
    s->samples = allocate((size_t)(s->batch * PIXELS), sizeof *s->samples);
    check(s->context, gan_network_initialize(s->g.network, 0));
}

static double sample(subject *s, int64_t steps)
{
    const double start = now();
    for (int64_t i = 0; i < steps; i++) {
        check(s->context, gan_network_sample(s->g.network, (uint64_t)i, s->batch, s->samples,
                                             s->batch * PIXELS));
    }
    return now() - start;
}

static void prepare_parzen(subject *s, const bench_case *c)
{
    (void)c;
    uint8_t *bytes = noise_bytes(2 * SAMPLES * PIXELS, 0);
    s->samples = allocate(SAMPLES * PIXELS, sizeof *s->samples);
    s->rows = allocate(SAMPLES * PIXELS, sizeof *s->rows);
    for (int32_t i = 0; i < SAMPLES * PIXELS; i++) {
        s->samples[i] = (float)bytes[i] / 255;
        s->rows[i] = (float)bytes[SAMPLES * PIXELS + i] / 255;
    }
    free(bytes);
}

static double score(subject *s, int64_t steps)
{
    const double start = now();
    for (int64_t i = 0; i < steps; i++) {
        double mean = 0, error = 0;
        check(s->context, gan_parzen_log_likelihood(s->context, PIXELS, SAMPLES, s->samples,
                                                    SAMPLES, s->rows, 0.2, &mean, &error));
    }
    return now() - start;
}

/* Everything up to the first step, each time from nothing; the frees are not timed. */
static double begin_with(const char *name, const subject *s, int64_t steps)
{
    double seconds = 0;
    for (int64_t i = 0; i < steps; i++) {
        const double start = now();
        subject fresh = case_open(case_find(name), s->threads, s->products, 0);
        make_trainer(&fresh, NULL, GAN_ALTERNATING);
        seconds += now() - start;
        case_close(&fresh);
    }
    return seconds;
}

static double begin(subject *s, int64_t steps)
{
    return begin_with("start", s, steps);
}

static double begin_toy(subject *s, int64_t steps)
{
    return begin_with("start-toy", s, steps);
}

static void prepare_nothing(subject *s, const bench_case *c)
{
    (void)s;
    (void)c;
}

/* ---- The table ----------------------------------------------------------------------------- */

const bench_case CASES[] = {
    {"mnist-mlp", 100, true, net_mnist_g, net_mnist_d, alternating, NULL, prepare_mnist, train},
    {"mnist-mlp-simultaneous", 100, true, net_mnist_g, net_mnist_d, simultaneous, NULL,
     prepare_mnist, train},
    {"toy", 200, true, net_toy, net_toy, alternating, NULL, prepare_toy, train},
    {"dcgan28", 64, true, net_dcgan_g, net_dcgan_d, same_samples, alternating, prepare_dcgan,
     train},
    {"cifar-conv", 128, true, net_cifar_g, net_cifar_d, simultaneous, NULL, prepare_cifar, train},
    {"r1", 64, true, net_dcgan_g, net_dcgan_d, r1_needed, r1_made, prepare_dcgan, train},
    {"sample", SAMPLES, false, net_mnist_g, NULL, generated, NULL, prepare_sample, sample},
    {"parzen", SAMPLES, false, NULL, NULL, distances, NULL, prepare_parzen, score},
    {"monitor", 0, false, net_mnist_g, net_mnist_d, NULL, NULL, prepare_monitor, watch},
    {"start", 0, false, net_mnist_g, net_mnist_d, NULL, NULL, prepare_nothing, begin},
    {"start-toy", 0, false, net_toy, net_toy, NULL, NULL, prepare_nothing, begin_toy},
    {.name = NULL},
};

const bench_case *case_find(const char *name)
{
    const bench_case *c = CASES;
    while (strcmp(c->name, name) != 0) {
        c++; /* the command line names none that is not there */
    }
    return c;
}

subject case_open(const bench_case *c, int32_t threads, const char *by, int64_t batch)
{
    subject s = {.threads = threads, .products = by, .batch = batch > 0 ? batch : c->batch};
    check(NULL, gan_context_create(&s.context));
    check(s.context, gan_context_set_threads(s.context, threads));
    check(s.context, gan_context_set_products(s.context, by));
    if (c->generator != NULL) {
        s.g = c->generator(s.context);
    }
    if (c->discriminator != NULL) {
        s.d = c->discriminator(s.context);
    }
    return s;
}

void case_close(subject *s)
{
    gan_monitor_free(s->monitor);
    gan_trainer_free(s->trainer);
    gan_network_free(s->d.network);
    gan_network_free(s->g.network);
    gan_context_free(s->context);
    free(s->samples);
    free(s->rows);
    *s = (subject){.context = NULL};
}
