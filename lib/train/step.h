/* The plans of a training step: gradients of both players' losses over shared parameters.
 *
 * "Detach" does not exist here: a plan names the parameters whose gradients it makes. */
#ifndef GAN_TRAIN_STEP_H
#define GAN_TRAIN_STEP_H

#include "nn/network.h"
#include "train/objective.h"
#include "train/penalty.h"

/* The arrays bound when a plan of a step runs. */
enum {
    GAN__SLOT_D,            /* D's parameters */
    GAN__SLOT_G,            /* G's parameters */
    GAN__SLOT_X,            /* real samples */
    GAN__SLOT_Z,            /* noise */
    GAN__SLOT_NUMBERS,      /* the weights of the penalties, see gan__weight */
    GAN__SLOT_D_GRADIENT,   /* of d_loss and the penalty by D's parameters */
    GAN__SLOT_G_GRADIENT,   /* of g_loss by G's parameters */
    GAN__SLOT_RESULTS,      /* numbers, see below */
    GAN__SLOT_D_STATISTICS, /* what D's batch norms keep after this batch, one after the other */
    GAN__SLOT_G_STATISTICS, /* the same of G's */
    GAN__SLOT_CONDITIONS,   /* of both players */
    GAN__SLOT_COUNT
};

/* What stands in GAN__SLOT_RESULTS. */
enum {
    GAN__RESULT_VALUE,
    GAN__RESULT_D_LOSS,
    GAN__RESULT_D_REAL,
    GAN__RESULT_D_FAKE,
    GAN__RESULT_G_LOSS,
    GAN__RESULT_PENALTY, /* where the plan has it */
    GAN__RESULT_COUNT
};

/* What the players minimise. */
typedef struct {
    gan__objective objective;
    gan__penalties penalties;
} gan__losses;

/* Whether both make the same plans: the weights of penalties are not a part of these. */
bool gan__losses_alike(const gan__losses *a, const gan__losses *b);

/* Which losses a plan differentiates: D's, with or without the penalty, G's, or both. */
typedef enum {
    GAN__STEP_D = 1,
    GAN__STEP_G = 2,
    GAN__STEP_BOTH = GAN__STEP_D | GAN__STEP_G,
    GAN__STEP_PENALTY = 4, /* together with GAN__STEP_D */
    GAN__STEP_KINDS = 8
} gan__step_kind;

/* The elements of the conditions of both players, or of the one that has some; 0: neither has. */
int64_t gan__common_conditions(const gan_network *generator, const gan_network *discriminator);

/* Plans the gradients for batches of m samples. With GAN__STEP_BOTH both come from one draw of
 * noise and of dropout masks. G's loss reads real samples if the objective pairs. The statistics of
 * a player's batch norms come with its gradient, D's from the real samples; those that are frozen
 * are left out. Networks that have
 * conditions have as many elements of them, and get the same ones.
 * Errors: MEMORY, SHAPE. */
int32_t gan__step_plan(const gan_network *generator, const gan_network *discriminator,
                       const gan__losses *losses, gan__step_kind kind, int64_t m, gan__plan **out);

/* Plans a classifier's gradients for batches of m samples, as if it were D: its targets, [m,
 * classes], take the place of the conditions; GAN__SLOT_RESULTS receives the loss and then the
 * logits, [m, classes]. Errors: MEMORY, SHAPE. */
int32_t gan__classifier_plan(const gan_network *network, int64_t m, gan__plan **out);

/* Plans m samples of G's noise into GAN__SLOT_Z. */
int32_t gan__noise_plan(const gan_network *generator, uint32_t stream, int64_t m, gan__plan **out);

/* Plans the sum of squares of `elements` numbers: slot 0 to one number in slot 1. */
int32_t gan__norm_plan(gan_context *context, int64_t elements, gan__plan **out);

#endif
