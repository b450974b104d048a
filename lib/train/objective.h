/* Objectives: what the players minimise, as graphs of D's logits. Formulas and sources are those of
 * gan/trainer.h. */
#ifndef GAN_TRAIN_OBJECTIVE_H
#define GAN_TRAIN_OBJECTIVE_H

#include "graph/graph.h"

typedef enum {
    GAN__MINIMAX,
    GAN__LEAST_SQUARES,
    GAN__WASSERSTEIN,
    GAN__HINGE,
    GAN__RELATIVISTIC_AVERAGE,
    GAN__RELATIVISTIC,
    GAN__OBJECTIVE_COUNT
} gan__objective_kind;

/* An objective with its numbers. */
typedef struct {
    gan__objective_kind kind;
    double half;  /* of minimax, h: 1/2 or 1 */
    double blend; /* of minimax, b in [0, 1] */
} gan__objective;

/* D's side, from the logits of real and of generated samples, each [m, ...]: scalars. */
typedef struct {
    int32_t value;  /* V = mean log D(x) + mean log(1 - D(G(z))), whatever the objective */
    int32_t loss;   /* what D minimises: -h V for minimax */
    int32_t d_real; /* mean D(x) */
    int32_t d_fake; /* mean D(G(z)) */
} gan__d_side;

gan__d_side gan__objective_d(gan__graph *graph, gan__objective objective, int32_t real_logits,
                             int32_t fake_logits);

/* Whether G's loss depends on the logits of real samples. */
bool gan__objective_pairs(gan__objective objective);

/* What G minimises. real_logits: not used unless gan__objective_pairs */
int32_t gan__objective_g(gan__graph *graph, gan__objective objective, int32_t real_logits,
                         int32_t fake_logits);

/* What a classifier minimises: the mean over samples of sum_k t_k (log sum_j exp l_j - l_k), as a
 * scalar. logits, targets: [m, classes] */
int32_t gan__cross_entropy(gan__graph *graph, int32_t logits, int32_t targets);

#endif
