/* Inside a classifier. */
#ifndef GAN_TRAIN_CLASSIFIER_H
#define GAN_TRAIN_CLASSIFIER_H

#include <gan/classifier.h>

#include "data/dataset.h"
#include "train/player.h"

enum {
    GAN__CLASSIFY_BATCH_SIZE,
    GAN__CLASSIFY_SEED,
    GAN__CLASSIFY_SHUFFLE,
    GAN__CLASSIFY_DROP_LAST,
    GAN__CLASSIFY_OPTION_COUNT
};

typedef enum {
    GAN__CLASSIFY_LOSS,
    GAN__CLASSIFY_ACCURACY,
    GAN__CLASSIFY_GRADIENT,
    GAN__CLASSIFY_RATE,
    GAN__CLASSIFY_STEP,
    GAN__CLASSIFY_EPOCH,
    GAN__CLASSIFY_SAMPLES,
    GAN__CLASSIFY_METRIC_COUNT
} gan__classify_metric;

/* The plan of gradients for batches of one size; NULL where none was needed yet. */
typedef struct {
    int64_t m;
    gan__plan *gradients;
} gan__classifier_plans;

enum { GAN__CLASSIFIER_SIZES = 2 }; /* of full and of short batches */

struct gan_classifier {
    gan_context *context;
    gan_dataset *data, *targets; /* counted, or NULL */
    gan__player player;
    double options[GAN__CLASSIFY_OPTION_COUNT];
    double metrics[GAN__CLASSIFY_METRIC_COUNT];
    bool started; /* the options are fixed */
    bool busy;    /* within a step or the callback after it */
    int64_t steps, samples;

    gan__cursor *cursor; /* NULL until the first run */
    gan__classifier_plans plans[GAN__CLASSIFIER_SIZES];
    int32_t oldest; /* the plan to be given up next */
    gan__workspace workspace;
    real *x, *y, *results; /* results: the loss, and the logits: [1 + capacity * classes] */
    float *batch, *rows;   /* x and y as the data sets deliver them */
    int64_t capacity;      /* samples of x, y, batch and rows */
};

/* The index of the largest of `count` numbers, the first of equals. */
int32_t gan__largest(int64_t count, const float *x);

/* Whether data and targets fit the network. Errors: ARGUMENT, SHAPE. */
int32_t gan__classifier_check(const gan_network *network, const char *call, const gan_dataset *data,
                              const gan_dataset *targets);

#endif
