/* Penalties on the gradient of D's logit by its input, exact: as gradients of gradients. Formulas
 * and sources are those of gan/trainer.h. */
#ifndef GAN_TRAIN_PENALTY_H
#define GAN_TRAIN_PENALTY_H

#include "nn/network.h"

/* Weights, 0 for none of a kind, and numbers. */
typedef struct {
    double r1, r2;       /* gamma */
    double interpolated; /* lambda between real and generated samples */
    double dragan;       /* lambda around real samples */
    bool one_sided;      /* of the last two: only norms above 1 */
    double sigma;        /* of r1 and r2: 0 exact, else of finite differences */
    double factor;       /* of all weights */
} gan__penalties;

bool gan__penalties_any(const gan__penalties *penalties);

/* D, and its use in the objective. */
typedef struct {
    const gan_network *network;
    const int32_t *leaves;     /* its parameters */
    const int32_t *conditions; /* their node: [m, elements]; it is not of a penalty's slope */
    int32_t real, fake;        /* samples: [m, ...] */
    int32_t real_logits, fake_logits;  /* [m, ...] */
    uint32_t real_stream, fake_stream; /* of the dropout masks there */
    uint32_t stream;                   /* the next free one */
} gan__critic;

/* The weighted sum of the penalties: a scalar. At least one weight is not 0. */
int32_t gan__penalty(gan__graph *graph, const gan__penalties *penalties, gan__critic *critic);

#endif
