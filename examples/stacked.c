#include "stacked.h"

#include "check.h"
#include "digits.h"
#include "player.h"
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 1000,           /* pictures at a time */
    CLASSIFIER_BATCH = 100, /* digits */
    CLASSIFIER_DENSE = 128,
    FEW_DIGITS = 10000, /* those that are shipped */
    NOISE = 64          /* elements of z */
};

static const double SLOPE = 0.2; /* of leaky ReLU below 0 */

/* ---- Pictures ------------------------------------------------------------------------------- */

/* 64 bits that are a function of x; Steele et al. 2014. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* The digit in a channel of picture i. */
static int64_t digit_of(uint64_t seed, int64_t i, int channel, int64_t count)
{
    const uint64_t number = STACKED_CHANNELS * (uint64_t)i + (uint64_t)channel;
    return (int64_t)(mix(mix(seed) + number) % (uint64_t)count);
}

/* A gan_sample_fn over a stacked. */
static int32_t deliver(void *user, int64_t index, float *sample)
{
    const stacked *s = user;
    for (int c = 0; c < STACKED_CHANNELS; c++) {
        const int64_t digit = digit_of(s->seed, index, c, s->count);
        memcpy(sample + (ptrdiff_t)c * DIGIT_PIXELS, s->digits + digit * DIGIT_PIXELS,
               DIGIT_PIXELS * sizeof *sample);
    }
    return 0;
}

stacked *stacked_open(gan_context *context, gan_dataset *source, int64_t pictures, uint64_t seed)
{
    const int64_t dims[] = {STACKED_CHANNELS, DIGIT_SIDE, DIGIT_SIDE};
    stacked *s = allocate(1, sizeof *s);
    s->count = gan_dataset_count(source);
    s->seed = seed;
    s->digits = allocate((size_t)s->count * DIGIT_PIXELS, sizeof *s->digits);
    check(context, gan_dataset_read(source, 0, s->count, s->digits, s->count * DIGIT_PIXELS));
    check(context, gan_dataset_from_callback(context, pictures, 3, dims, deliver, s, &s->pictures));
    return s;
}

void stacked_free(stacked *s)
{
    gan_dataset_free(s->pictures);
    free(s->digits);
    free(s);
}

/* ---- Layers --------------------------------------------------------------------------------- */

/* A convolution of 4 x 4 that halves height and width. */
static int32_t shrink(gan_network *n, int32_t x, int64_t maps)
{
    const int64_t kernel[] = {4, 4}, stride[] = {2, 2}, padding[] = {1, 1};
    return gan_network_convolution(n, x, maps, kernel, stride, padding, GAN_BIAS_TIED);
}

/* Its transpose: to side x side. */
static int32_t enlarge(gan_network *n, int32_t x, int64_t maps, int64_t side)
{
    const int64_t kernel[] = {4, 4}, stride[] = {2, 2}, padding[] = {1, 1}, size[] = {side, side};
    return gan_network_transposed_convolution(n, x, maps, kernel, stride, padding, size,
                                              GAN_BIAS_TIED);
}

/* A convolution of 3 x 3 that keeps height and width. */
static int32_t refine(gan_network *n, int32_t x, int64_t maps)
{
    const int64_t kernel[] = {3, 3}, stride[] = {1, 1}, padding[] = {1, 1};
    return gan_network_convolution(n, x, maps, kernel, stride, padding, GAN_BIAS_TIED);
}

static gan_network *begin(gan_context *context, const char *name)
{
    gan_network *n = NULL;
    check(context, gan_network_create(context, name, &n));
    return n;
}

/* Weights that keep the size of what passes through. */
static gan_network *finish(gan_context *context, gan_network *n, int32_t output, uint64_t seed)
{
    check(context, gan_network_output(n, output));
    check(context, gan_network_set_initializer(n, 0, GAN_INIT_HE_NORMAL, 1, 0));
    check(context, gan_network_initialize(n, seed));
    return n;
}

/* ---- The classifier of digits --------------------------------------------------------------- */

gan_network *stacked_classifier(gan_context *context, uint64_t seed)
{
    gan_network *n = begin(context, "classifier");
    const int64_t flat[] = {7 * 7 * 32};
    int32_t h = gan_network_input(n, "x", 3, (int64_t[]){1, DIGIT_SIDE, DIGIT_SIDE});
    h = gan_network_relu(n, shrink(n, h, 16));
    h = gan_network_relu(n, shrink(n, h, 32));
    h = gan_network_dropout(n, gan_network_reshape(n, h, 1, flat), 0.7);
    h = gan_network_relu(n, gan_network_dense(n, h, CLASSIFIER_DENSE));
    h = gan_network_dense(n, gan_network_dropout(n, h, 0.5), LABELLED_CLASSES);
    return finish(context, n, h, seed);
}

double stacked_accuracy(gan_context *context, gan_network *network, gan_dataset *source)
{
    gan_dataset *targets = NULL;
    gan_classifier *classifier = NULL;
    double accuracy = 0;
    check(context, gan_dataset_one_hot(source, LABELLED_CLASSES, &targets));
    check(context, gan_classifier_create(network, NULL, NULL, &classifier));
    check(context, gan_classifier_evaluate(classifier, source, targets, NULL, &accuracy));
    gan_classifier_free(classifier);
    gan_dataset_free(targets);
    return accuracy;
}

/* Says that the shipped digits do not suffice for the protocol's classifier. */
static void warn_of_few(int64_t count)
{
    if (count <= FEW_DIGITS) {
        printf(
            "classifier: %lld digits to learn from; the %d that are shipped make about 96 %%,\n"
            "98.5 %% takes the full MNIST: sh examples/data/fetch-mnist.sh DIR, then --data DIR\n",
            (long long)count, FEW_DIGITS);
        fflush(stdout);
    }
}

double stacked_train_classifier(gan_context *context, gan_network *network, const labelled *source,
                                int64_t epochs, uint64_t seed, metrics *log)
{
    const player adam = {GAN_ADAM, GAN_COSINE, .learning_rate = 2e-3, .beta1 = 0.9, .beta2 = 0.999};
    const double started = seconds_now();
    gan_dataset *targets = NULL;
    gan_classifier *classifier = NULL;
    double accuracy = 0;
    warn_of_few(gan_dataset_count(source->train));
    check(context, gan_dataset_one_hot(source->train, LABELLED_CLASSES, &targets));
    check(context, gan_classifier_create(network, source->train, targets, &classifier));
    check(context, gan_classifier_set_number(classifier, GAN_BATCH_SIZE, CLASSIFIER_BATCH));
    check(context, gan_classifier_set_number(classifier, GAN_SEED, (double)seed));
    const int64_t batches =
        (gan_dataset_count(source->train) + CLASSIFIER_BATCH - 1) / CLASSIFIER_BATCH;
    gan_optimizer *optimizer = player_optimizer(context, &adam, epochs * batches);
    check(context, gan_classifier_set_optimizer(classifier, optimizer));
    gan_optimizer_free(optimizer);
    for (int64_t epoch = 1; epoch <= epochs; epoch++) {
        check(context, gan_classifier_run_epochs(classifier, 1, NULL, NULL));
        accuracy = stacked_accuracy(context, network, source->test);
        printf("classifier, epoch %lld/%lld: %.2f %% of %lld test digits right\n", (long long)epoch,
               (long long)epochs, 100 * accuracy, (long long)gan_dataset_count(source->test));
        fflush(stdout);
        metrics_begin(log, "classifier");
        metrics_whole(log, "epoch", epoch);
        metrics_number(log, "accuracy", accuracy);
        metrics_number(log, "seconds", seconds_now() - started);
        metrics_end(log);
    }
    gan_classifier_free(classifier);
    gan_dataset_free(targets);
    return accuracy;
}

/* ---- The score ------------------------------------------------------------------------------ */

void stacked_count(gan_context *context, gan_network *classifier, int64_t n, const float *pictures,
                   int64_t *counts)
{
    const int64_t all = STACKED_CHANNELS * n; /* a channel after the other */
    int32_t *classes = allocate((size_t)all, sizeof *classes);
    gan_classifier *asked = NULL;
    check(context, gan_classifier_create(classifier, NULL, NULL, &asked));
    check(context, gan_classifier_predict(asked, all, pictures, classes, all));
    for (int64_t i = 0; i < n; i++) {
        const int32_t *c = classes + STACKED_CHANNELS * i;
        counts[100 * c[0] + 10 * c[1] + c[2]]++;
    }
    gan_classifier_free(asked);
    free(classes);
}

stacked_score stacked_score_of(const int64_t *counts)
{
    stacked_score s = {0};
    int64_t all = 0;
    for (int i = 0; i < STACKED_MODES; i++) {
        all += counts[i];
    }
    for (int i = 0; i < STACKED_MODES; i++) {
        if (counts[i] > 0) {
            const double q = (double)counts[i] / (double)all;
            s.modes++;
            s.kl += q * log(STACKED_MODES * q);
        }
    }
    return s;
}

stacked_score stacked_score_generator(gan_context *context, gan_network *classifier, gan_network *G,
                                      int64_t samples, uint64_t seed)
{
    const int64_t elements = gan_network_output_elements(G), all = CHUNK * elements;
    const int64_t inputs = gan_network_input_elements(G);
    int64_t counts[STACKED_MODES] = {0};
    float *z = allocate((size_t)(samples * inputs), sizeof *z);
    float *pictures = allocate((size_t)all, sizeof *pictures);
    check(context, gan_network_noise(G, seed, samples, z, samples * inputs));
    for (int64_t start = 0; start < samples; start += CHUNK) {
        const int64_t n = samples - start < CHUNK ? samples - start : CHUNK;
        check(context, gan_network_forward(G, n, z + start * inputs, pictures, all));
        stacked_count(context, classifier, n, pictures, counts);
    }
    free(pictures);
    free(z);
    return stacked_score_of(counts);
}

stacked_score stacked_score_digits(gan_context *context, gan_network *classifier,
                                   gan_dataset *source, int64_t samples, uint64_t seed)
{
    const int64_t all = CHUNK * (int64_t)STACKED_CHANNELS * DIGIT_PIXELS;
    int64_t counts[STACKED_MODES] = {0};
    float *pictures = allocate((size_t)all, sizeof *pictures);
    stacked *s = stacked_open(context, source, samples, seed);
    for (int64_t start = 0; start < samples; start += CHUNK) {
        const int64_t n = samples - start < CHUNK ? samples - start : CHUNK;
        check(context, gan_dataset_read(s->pictures, start, n, pictures, all));
        stacked_count(context, classifier, n, pictures, counts);
    }
    stacked_free(s);
    free(pictures);
    return stacked_score_of(counts);
}

/* ---- The players ----------------------------------------------------------------------------- */

gan_network *stacked_generator(gan_context *context, int64_t filters, uint64_t seed)
{
    gan_network *n = begin(context, "G");
    const int64_t start[] = {4 * filters, 7, 7};
    int32_t h = gan_network_input(n, "z", 1, (int64_t[]){NOISE});
    h = gan_network_leaky_relu(n, gan_network_dense(n, h, start[0] * 7 * 7), SLOPE);
    h = gan_network_reshape(n, h, 3, start);
    h = gan_network_leaky_relu(n, enlarge(n, h, 2 * filters, 14), SLOPE);
    h = gan_network_leaky_relu(n, refine(n, h, 2 * filters), SLOPE);
    h = gan_network_tanh(n, enlarge(n, h, STACKED_CHANNELS, DIGIT_SIDE));
    check(context, gan_network_set_noise(n, GAN_NOISE_NORMAL, 0, 1));
    return finish(context, n, h, seed);
}

gan_network *stacked_discriminator(gan_context *context, int64_t filters, uint64_t seed)
{
    gan_network *n = begin(context, "D");
    const int64_t dims[] = {STACKED_CHANNELS, DIGIT_SIDE, DIGIT_SIDE};
    int32_t h = gan_network_input(n, "x", 3, dims);
    h = gan_network_leaky_relu(n, shrink(n, h, filters), SLOPE);
    h = gan_network_leaky_relu(n, shrink(n, h, 2 * filters), SLOPE);
    h = gan_network_leaky_relu(n, refine(n, h, 4 * filters), SLOPE);
    h = gan_network_leaky_relu(n, shrink(n, h, 4 * filters), SLOPE);
    return finish(context, n, gan_network_dense(n, h, 1), seed);
}
