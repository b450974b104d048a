/* A classifier at work: the classes it names, and how often it is right. */
#include "train/classifier.h"

#include <math.h>

enum { ROWS = 256 }; /* that are evaluated at a time */

int32_t gan__largest(int64_t count, const float *x)
{
    int32_t best = 0;
    for (int32_t i = 1; i < count; i++) {
        best = x[i] > x[best] ? i : best;
    }
    return best;
}

int32_t gan__classifier_check(const gan_network *network, const char *call, const gan_dataset *data,
                              const gan_dataset *targets)
{
    gan_context *context = network->context;
    if (data == NULL || targets == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s: %s is NULL", call,
                         data == NULL ? "data" : "targets");
    }
    if (data->context != context || targets->context != context) {
        return gan__fail(context, GAN_ERROR_ARGUMENT,
                         "%s: network, data and targets are of different contexts", call);
    }
    const int64_t elements = gan_network_input_elements(network);
    const int64_t classes = gan_network_output_elements(network);
    if (gan_dataset_elements(data) != elements || gan_dataset_elements(targets) != classes) {
        return gan__fail(context, GAN_ERROR_SHAPE,
                         "%s: samples have %lld elements and targets %lld, %s reads %lld and makes "
                         "%lld",
                         call, (long long)gan_dataset_elements(data),
                         (long long)gan_dataset_elements(targets), network->name,
                         (long long)elements, (long long)classes);
    }
    if (gan_dataset_count(data) != gan_dataset_count(targets)) {
        return gan__fail(context, GAN_ERROR_SHAPE, "%s: %lld samples, %lld targets", call,
                         (long long)gan_dataset_count(data), (long long)gan_dataset_count(targets));
    }
    return GAN_OK;
}

/* ---- How well it does ------------------------------------------------------------------------ */

/* An evaluation in progress. */
typedef struct {
    gan_network *network;
    gan_dataset *data, *targets;
    float *x, *t, *logits; /* [ROWS, ...] */
    double loss;           /* sums over the samples so far */
    int64_t right;
} evaluation;

/* sum_k t_k (log sum_j exp l_j - l_k); l, t: [classes] */
static double cross_entropy(int64_t classes, const float *l, const float *t)
{
    const double top = (double)l[gan__largest(classes, l)];
    double sum = 0, loss = 0;
    for (int64_t k = 0; k < classes; k++) {
        sum += exp((double)l[k] - top);
    }
    for (int64_t k = 0; k < classes; k++) {
        loss += (double)t[k] * (top + log(sum) - (double)l[k]);
    }
    return loss;
}

static int32_t evaluate_rows(evaluation *e, int64_t start, int64_t count)
{
    const int64_t elements = gan_network_input_elements(e->network);
    const int64_t classes = gan_network_output_elements(e->network);
    GAN__TRY(gan_dataset_read(e->data, start, count, e->x, count * elements));
    GAN__TRY(gan_dataset_read(e->targets, start, count, e->t, count * classes));
    GAN__TRY(gan_network_forward(e->network, count, e->x, e->logits, count * classes));
    for (int64_t i = 0; i < count; i++) {
        const float *l = e->logits + i * classes, *t = e->t + i * classes;
        for (int64_t k = 0; k < classes; k++) {
            if (!isfinite(l[k])) {
                return gan__fail(e->network->context, GAN_ERROR_NUMERIC,
                                 "classifier_evaluate: logit %lld of sample %lld is not finite",
                                 (long long)k, (long long)(start + i));
            }
        }
        e->loss += cross_entropy(classes, l, t);
        e->right += gan__largest(classes, l) == gan__largest(classes, t);
    }
    return GAN_OK;
}

static int32_t evaluate(evaluation *e)
{
    const int64_t samples = gan_dataset_count(e->data);
    if (e->x == NULL || e->t == NULL || e->logits == NULL) {
        return GAN_ERROR_MEMORY;
    }
    for (int64_t start = 0; start < samples; start += ROWS) {
        GAN__TRY(evaluate_rows(e, start, samples - start < ROWS ? samples - start : ROWS));
    }
    return GAN_OK;
}

int32_t gan_classifier_evaluate(gan_classifier *classifier, gan_dataset *data, gan_dataset *targets,
                                double *loss, double *accuracy)
{
    if (classifier == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    gan_context *context = classifier->context;
    gan_network *network = classifier->player.network;
    GAN__TRY(gan__classifier_check(network, "classifier_evaluate", data, targets));
    const int64_t classes = gan_network_output_elements(network);
    evaluation e = {.network = network, .data = data, .targets = targets};
    e.x = gan__allocate(context, gan__multiply(ROWS, gan_network_input_elements(network)),
                        sizeof *e.x);
    e.t = gan__allocate(context, gan__multiply(ROWS, classes), sizeof *e.t);
    e.logits = gan__allocate(context, gan__multiply(ROWS, classes), sizeof *e.logits);
    const int32_t status = evaluate(&e);
    gan__release(context, e.logits);
    gan__release(context, e.t);
    gan__release(context, e.x);
    GAN__TRY(status);
    if (loss != NULL) {
        *loss = e.loss / (double)gan_dataset_count(data);
    }
    if (accuracy != NULL) {
        *accuracy = (double)e.right / (double)gan_dataset_count(data);
    }
    return GAN_OK;
}

/* ---- The classes it names -------------------------------------------------------------------- */

/* logits: [ROWS, classes] */
static int32_t predict(gan_network *network, int64_t n, const float *x, float *logits,
                       int32_t *classes)
{
    const int64_t inputs = gan_network_input_elements(network);
    const int64_t outputs = gan_network_output_elements(network);
    for (int64_t start = 0; start < n; start += ROWS) {
        const int64_t count = n - start < ROWS ? n - start : ROWS;
        GAN__TRY(gan_network_forward(network, count, x + start * inputs, logits, count * outputs));
        for (int64_t i = 0; i < count; i++) {
            classes[start + i] = gan__largest(outputs, logits + i * outputs);
        }
    }
    return GAN_OK;
}

int32_t gan_classifier_predict(gan_classifier *classifier, int64_t n, const float *x,
                               int32_t *classes, int64_t capacity)
{
    if (classifier == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    gan_context *context = classifier->context;
    gan_network *network = classifier->player.network;
    if (x == NULL || classes == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "classifier_predict: %s is NULL",
                         x == NULL ? "x" : "classes");
    }
    if (n < 1) {
        return gan__fail(context, GAN_ERROR_RANGE, "classifier_predict: %lld samples, at least 1",
                         (long long)n);
    }
    if (capacity < n) {
        return gan__fail(context, GAN_ERROR_BUFFER,
                         "classifier_predict: %lld samples, the buffer holds %lld", (long long)n,
                         (long long)capacity);
    }
    const int64_t outputs = gan_network_output_elements(network);
    float *logits = gan__allocate(context, gan__multiply(ROWS, outputs), sizeof *logits);
    if (logits == NULL) {
        return GAN_ERROR_MEMORY;
    }
    const int32_t status = predict(network, n, x, logits, classes);
    gan__release(context, logits);
    return status;
}
