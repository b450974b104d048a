/* Objectives: what the players minimise, as graphs of D's logits. */
#ifndef GAN_TRAIN_OBJECTIVE_H
#define GAN_TRAIN_OBJECTIVE_H

#include "graph/graph.h"

/* The numbers of the objective; see gan/trainer.h. */
typedef struct {
    double half;  /* h: 1/2 or 1 */
    double blend; /* b in [0, 1] */
} gan__objective;

/* D's side, from the logits of real and of generated samples, each [m, ...]: scalars. */
typedef struct {
    int32_t value;  /* V = mean log D(x) + mean log(1 - D(G(z))) */
    int32_t loss;   /* -h V */
    int32_t d_real; /* mean D(x) */
    int32_t d_fake; /* mean D(G(z)) */
} gan__d_side;

gan__d_side gan__objective_d(gan__graph *graph, gan__objective objective, int32_t real_logits,
                             int32_t fake_logits);

/* G's loss (1 - b) mean softplus(-l) - b h mean softplus(l), from the logits of generated samples.
 */
int32_t gan__objective_g(gan__graph *graph, gan__objective objective, int32_t fake_logits);

#endif
