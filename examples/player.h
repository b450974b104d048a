/* How one player of the game learns: a table row becomes an optimizer. */
#ifndef EXAMPLES_PLAYER_H
#define EXAMPLES_PLAYER_H

#include <gan/gan.h>

/* The settings of an optimizer; what is 0 stays at the library's default. Their meaning stands in
 * gan/optimizer.h. */
typedef struct {
    const char *kind;     /* GAN_MOMENTUM, GAN_ADAM, ... */
    const char *schedule; /* of the learning rate: GAN_EXPONENTIAL, GAN_COSINE, ... */
    double learning_rate, decay, final_learning_rate;
    double momentum, final_momentum, momentum_epochs;
    double beta1, beta2;
} player;

/* Makes the optimizer; the caller frees it.
 *   updates  how many it will make, for schedules with an end */
gan_optimizer *player_optimizer(gan_context *context, const player *p, int64_t updates);

#endif
