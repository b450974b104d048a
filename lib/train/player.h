/* A network in training: its optimizer, and what its updates need. */
#ifndef GAN_TRAIN_PLAYER_H
#define GAN_TRAIN_PLAYER_H

#include "nn/network.h"
#include "train/optimizer.h"

typedef struct {
    const char *name;
    gan_network *network;     /* counted */
    gan_optimizer *optimizer; /* counted; NULL until one is chosen or needed */
    gan__plan *norm;
    int64_t elements; /* of the network, which the arrays are made for */
    real *gradient;   /* zeros where parameters are frozen */
    real *statistics; /* of batch norms, one after the other, as a plan of gradients leaves them */
    real *part;       /* the same of a part of the batch; NULL until parts are asked for */
    gan__plan *mix;   /* adds it to the gradient; NULL as long */
    real *spare; /* parameters before the step, once moved; NULL where a step cannot fail after the
                    player's update */
    bool moved;
    bool still;      /* whether it has nothing to train */
    int64_t freezes; /* of its network when it was prepared last */
} gan__player;

/* Memory in which plans run, large enough for all that were made for it. */
typedef struct {
    real *values;
    int64_t size; /* elements */
} gan__workspace;

/* Makes it large enough for a plan; NULL: just there. Errors: MEMORY. */
int32_t gan__workspace_reserve(gan_context *context, gan__workspace *workspace,
                               const gan__plan *plan);

/* Plans keep a + take b, which takes a's place: one fused pass. a, b: [elements] */
int32_t gan__mix_plan(gan_context *context, int64_t elements, gan__plan **out);
void gan__mix(const gan__plan *plan, real *workspace, double keep, real *a, double take, real *b);

/* Gives it an optimizer in place of the one before.
 *   owner  for messages: "trainer"
 *   fixed  whether there was a step
 *   other  an optimizer that serves somebody else, or NULL
 * Errors: ARGUMENT, STATE. */
int32_t gan__player_set_optimizer(gan__player *player, const char *owner, gan_optimizer *optimizer,
                                  bool fixed, const gan_optimizer *other);

/* What updates need beside the arrays of the network. */
typedef struct {
    bool step_back; /* an update may have to be taken back */
    bool parts;     /* gradients of parts are added up */
} gan__player_needs;

/* Allocates it, where it is not there yet.
 *   changed  becomes true if it trains other parameters than before: plans of gradients are then
 *            of no use any more
 * Errors: MEMORY, STATE (the optimizer serves another network). */
int32_t gan__player_prepare(gan__player *player, gan__player_needs needs, gan__workspace *workspace,
                            bool *changed);

/* Checks a loss with its gradient and the statistics that came with it.
 *   step       the number of the step, for messages
 *   loss_name  for messages
 *   norm       receives the Euclidean norm of the gradient
 * Errors: NUMERIC. */
int32_t gan__player_check(gan__player *player, int64_t step, const char *loss_name, double loss,
                          const gan__workspace *workspace, double *norm);

/* Fails with NUMERIC: what belongs to the player is not finite. */
int32_t gan__player_not_finite(const gan__player *player, int64_t step, const char *what);

/* Marks the start of a step, to which gan__player_rollback returns. */
void gan__player_begin(gan__player *player);
void gan__player_rollback(gan__player *player);

/* Moves it down its gradient and keeps the statistics; aside, the first time in a step, if it may
 * have to step back. It must not be still. epoch counts from 0. */
void gan__player_update(gan__player *player, int64_t epoch);

/* Releases all it holds. */
void gan__player_free(gan_context *context, gan__player *player);

#endif
