/* Inside a trainer. */
#ifndef GAN_TRAIN_TRAINER_H
#define GAN_TRAIN_TRAINER_H

#include <gan/trainer.h>

#include "data/dataset.h"
#include "nn/network.h"
#include "train/optimizer.h"
#include "train/step.h"

typedef enum {
    GAN__TRAIN_BATCH_SIZE,
    GAN__TRAIN_DISCRIMINATOR_STEPS,
    GAN__TRAIN_BLEND,
    GAN__TRAIN_HALF,
    GAN__TRAIN_SEED,
    GAN__TRAIN_SHUFFLE,
    GAN__TRAIN_DROP_LAST,
    GAN__TRAIN_SCHEDULE,
    GAN__TRAIN_OPTION_COUNT
} gan__train_option;

enum { GAN__ALTERNATING, GAN__SIMULTANEOUS }; /* values of GAN__TRAIN_SCHEDULE */

typedef enum {
    GAN__METRIC_VALUE,
    GAN__METRIC_D_LOSS,
    GAN__METRIC_G_LOSS,
    GAN__METRIC_D_REAL,
    GAN__METRIC_D_FAKE,
    GAN__METRIC_D_GRADIENT,
    GAN__METRIC_G_GRADIENT,
    GAN__METRIC_D_RATE,
    GAN__METRIC_G_RATE,
    GAN__METRIC_STEP,
    GAN__METRIC_EPOCH,
    GAN__METRIC_SAMPLES,
    GAN__METRIC_COUNT
} gan__metric;

/* One of the two players. */
typedef struct {
    const char *name;
    gan_network *network;     /* counted */
    gan_optimizer *optimizer; /* counted; NULL until one is chosen or needed */
    gan__plan *norm;
    real *gradient;
    real *spare; /* parameters before the step, once moved; NULL where a step cannot fail after the
                    player's update */
    bool moved;
} gan__player;

/* The plans for batches of one size; NULL where the schedule does not need one. */
typedef struct {
    int64_t m;
    gan__plan *d, *g, *both, *noise_d, *noise_g;
} gan__batch_plans;

enum { GAN__BATCH_SIZES = 4 }; /* sizes whose plans are kept: full and short batches */

struct gan_trainer {
    gan_context *context;
    gan_dataset *data; /* counted, or NULL */
    gan__player d, g;
    double options[GAN__TRAIN_OPTION_COUNT];
    double metrics[GAN__METRIC_COUNT];
    bool started; /* some options are fixed by the first step */
    bool busy;    /* within a step or the callback after it */
    int64_t steps, samples;

    gan__cursor *cursor; /* NULL until the first run */
    gan__batch_plans plans[GAN__BATCH_SIZES];
    int32_t oldest;           /* the plans to be given up next */
    gan__objective objective; /* of the plans */
    gan__distribution noise;  /* of the plans */
    real *x, *z, *workspace;
    float *batch;                     /* as the data set delivers it */
    int64_t capacity, workspace_size; /* samples of x, z and batch; elements */
};

/* A step's input: the caller's arrays, or NULL x to draw it. */
typedef struct {
    int64_t m;
    const float *x, *z_d, *z_g;
} gan__supply;

/* Makes one step of the schedule. On an error parameters, optimizers and the place in the data are
 * as they were before. */
int32_t gan__trainer_step(gan_trainer *trainer, const gan__supply *supply);

/* Allocates what steps on batches of up to m samples need; with `draw`, also the cursor. */
int32_t gan__trainer_prepare(gan_trainer *trainer, int64_t m, bool draw);

/* The plans for batches of m samples, made if there are none. */
int32_t gan__trainer_plans(gan_trainer *trainer, int64_t m, gan__batch_plans **out);

/* Releases all plans. */
void gan__trainer_forget_plans(gan_trainer *trainer);

#endif
