/* Inside a trainer. */
#ifndef GAN_TRAIN_TRAINER_H
#define GAN_TRAIN_TRAINER_H

#include <gan/trainer.h>

#include "data/dataset.h"
#include "io/tensors.h"
#include "nn/network.h"
#include "train/player.h"
#include "train/step.h"

typedef enum {
    GAN__TRAIN_BATCH_SIZE,
    GAN__TRAIN_DISCRIMINATOR_STEPS,
    GAN__TRAIN_SEED,
    GAN__TRAIN_SHUFFLE,
    GAN__TRAIN_DROP_LAST,
    GAN__TRAIN_SCHEDULE,
    GAN__TRAIN_LAST_FIXED = GAN__TRAIN_SCHEDULE, /* the first step fixes those up to here */
    GAN__TRAIN_OBJECTIVE,
    GAN__TRAIN_BLEND,
    GAN__TRAIN_HALF,
    GAN__TRAIN_R1,
    GAN__TRAIN_R2,
    GAN__TRAIN_GRADIENT_PENALTY,
    GAN__TRAIN_DRAGAN,
    GAN__TRAIN_ONE_SIDED,
    GAN__TRAIN_APPROXIMATE,
    GAN__TRAIN_PENALTY_INTERVAL,
    GAN__TRAIN_WARM_UP,
    GAN__TRAIN_GENERATOR_INTERVAL,
    GAN__TRAIN_AVERAGE_DECAY,
    GAN__TRAIN_SCHEDULE_STEPS,
    GAN__TRAIN_AVERAGE_HALF_LIFE,
    GAN__TRAIN_FINAL_AVERAGE_HALF_LIFE,
    GAN__TRAIN_FINAL_PENALTY,
    GAN__TRAIN_MICRO_BATCH,
    GAN__TRAIN_OPTION_COUNT
} gan__train_option;

enum { GAN__ALTERNATING, GAN__SIMULTANEOUS }; /* values of GAN__TRAIN_SCHEDULE */

typedef enum {
    GAN__METRIC_VALUE,
    GAN__METRIC_D_LOSS,
    GAN__METRIC_G_LOSS,
    GAN__METRIC_D_REAL,
    GAN__METRIC_D_FAKE,
    GAN__METRIC_PENALTY,
    GAN__METRIC_D_GRADIENT,
    GAN__METRIC_G_GRADIENT,
    GAN__METRIC_D_RATE,
    GAN__METRIC_G_RATE,
    GAN__METRIC_STEP,
    GAN__METRIC_EPOCH,
    GAN__METRIC_SAMPLES,
    GAN__METRIC_COUNT
} gan__metric;

/* The averaged generator. */
typedef struct {
    gan_network *network; /* counted, or NULL */
    gan__plan *plan;
    int64_t elements; /* that the plan is for */
    int64_t updates;  /* G's since the average was set */
} gan__average;

/* The plans for batches, or parts of them, of one size; NULL where none was needed yet. */
typedef struct {
    int64_t m;
    gan__plan *gradients[GAN__STEP_KINDS]; /* by gan__step_kind */
    gan__plan *noise_d, *noise_g;
} gan__batch_plans;

/* Sizes whose plans are kept: of full and short batches, and of the last parts of both. */
enum { GAN__BATCH_SIZES = 4 };

struct gan_trainer {
    gan_context *context;
    int64_t references;      /* the user's one and one for each monitor */
    gan_dataset *data;       /* counted, or NULL */
    gan_dataset *conditions; /* of the data; counted, or NULL */
    gan__player d, g;
    gan__average average;
    double options[GAN__TRAIN_OPTION_COUNT];
    double metrics[GAN__METRIC_COUNT];
    bool started;  /* some options are fixed by the first step */
    bool busy;     /* within a step or the callback after it */
    bool stepping; /* within a step: the players may be halfway */
    int64_t steps, samples;

    gan__cursor *cursor; /* NULL until the first run */
    gan__batch_plans plans[GAN__BATCH_SIZES];
    int32_t oldest;          /* the plans to be given up next */
    gan__losses losses;      /* of the plans, but for weights */
    gan__distribution noise; /* of the plans */
    gan__workspace workspace;
    real *x, *z, *y;     /* y: the conditions */
    float *batch, *rows; /* x and y as the data sets deliver them */
    int64_t capacity;    /* samples of x, z, y, batch and rows */
};

/* A step's input: the caller's arrays, or NULL x to draw it. */
typedef struct {
    int64_t m;
    const float *x, *z_d, *z_g, *conditions;
} gan__supply;

/* Counts one more user of the trainer, who gives it back with gan_trainer_free; returns it. */
gan_trainer *gan__trainer_retain(gan_trainer *trainer);

/* Makes one step of the schedule. On an error parameters, optimizers and the place in the data are
 * as they were before. */
int32_t gan__trainer_step(gan_trainer *trainer, const gan__supply *supply);

/* Whether the schedule is Algorithm 1's, k (1 if it is not), and whether G moves in the step to
 * come or D alone. */
bool gan__trainer_alternates(const gan_trainer *trainer);
int64_t gan__trainer_d_steps(const gan_trainer *trainer);
bool gan__trainer_generator_moves(const gan_trainer *trainer);

/* D's penalties, with the weights of the step to come. */
gan__penalties gan__trainer_penalties(const gan_trainer *trainer);

/* Whether D's loss has a penalty in some updates. */
bool gan__trainer_penalises(const gan_trainer *trainer);

/* The gradients for D's update `index` of the step to come: with the penalty or without. */
gan__step_kind gan__trainer_d_kind(const gan_trainer *trainer, int64_t index);

/* Allocates what steps on batches of up to m samples need; with `draw`, also the cursor. */
int32_t gan__trainer_prepare(gan_trainer *trainer, int64_t m, bool draw);

/* Both players' part of it, which a change of trainable parameters makes necessary again. */
int32_t gan__trainer_players(gan_trainer *trainer);

/* The place in the data, if there is none yet. */
int32_t gan__trainer_cursor(gan_trainer *trainer);

/* Which networks have parameters. */
typedef struct {
    bool g, d, average;
} gan__drawn;

gan__drawn gan__trainer_drawn(const gan_trainer *trainer);

/* Draws the parameters that nobody drew, of the players and the average; on an error none. */
int32_t gan__trainer_draw(gan_trainer *trainer);

/* Takes draws back: see gan__network_undraw. */
void gan__trainer_undraw(gan_trainer *trainer, gan__drawn before);

/* The plans for batches of m samples, without gradients at first. */
int32_t gan__trainer_plans(gan_trainer *trainer, int64_t m, gan__batch_plans **out);

/* The plan of gradients of this kind, made if there is none yet. */
int32_t gan__trainer_gradients(gan_trainer *trainer, gan__batch_plans *plans, gan__step_kind kind,
                               const gan__plan **out);

/* Before the first step: gives up what was prepared for other options. */
void gan__trainer_forget_preparation(gan_trainer *trainer);

/* Releases all plans. */
void gan__trainer_forget_plans(gan_trainer *trainer);

/* The elements of the conditions that the players share; 0: neither has any. */
int64_t gan__trainer_conditions(const gan_trainer *trainer);

/* Whether the conditions of two players fit together. Errors: SHAPE. */
int32_t gan__trainer_check_pair(const gan_network *g, const gan_network *d);

/* Whether a run has the conditions that the players need. Errors: STATE. */
int32_t gan__trainer_check_source(gan_trainer *trainer, const char *call);

/* Whether the caller of a step gave conditions if the players need some.
 *   taken  whether the call takes any
 * Errors: ARGUMENT. */
int32_t gan__trainer_check_rows(gan_trainer *trainer, const char *call, bool taken,
                                const float *conditions);

/* Makes what moving the average needs, so that it cannot fail. */
int32_t gan__trainer_prepare_average(gan_trainer *trainer);

/* Moves the average after an update of G on a batch of m samples. */
void gan__trainer_move_average(gan_trainer *trainer, int64_t m);

/* What the schedules make of the options in the step to come: the factor of the penalties' weights,
 * and how much of the average an update on m samples keeps. */
double gan__trainer_penalty_factor(const gan_trainer *trainer);
double gan__trainer_average_decay(const gan_trainer *trainer, int64_t m);

/* How many samples a part of a batch of m has; m where it is in one piece. The last part may have
 * less. */
int64_t gan__trainer_part(const gan_trainer *trainer, int64_t m);

/* STATE where a batch of m is to be in parts, but something looks at the whole of it. */
int32_t gan__trainer_check_parts(const gan_trainer *trainer, int64_t m);

/* gan_trainer_save with further notes in the file: [GAN__TRAINER_NOTES], or NULL. */
enum { GAN__TRAINER_NOTES = 2 };
int32_t gan__trainer_save(gan_trainer *trainer, const char *path, const gan__tensor_note *more);

#endif
