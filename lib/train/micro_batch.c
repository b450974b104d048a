/* Gradients of a batch in parts that take turns. Random numbers are functions of a sample's place
 * in the batch, and so the same in parts. */
#include "train/trainer.h"

int64_t gan__trainer_part(const gan_trainer *trainer, int64_t m)
{
    const int64_t most = (int64_t)trainer->options[GAN__TRAIN_MICRO_BATCH];
    return most > 0 && most < m ? most : m;
}

/* What looks at the whole batch, or NULL. */
static const char *coupling(const gan_trainer *trainer)
{
    const double *o = trainer->options;
    return o[GAN__TRAIN_OBJECTIVE] == GAN__RELATIVISTIC_AVERAGE
               ? "the objective " GAN_RELATIVISTIC_AVERAGE
           : o[GAN__TRAIN_DRAGAN] > 0                 ? "the penalty " GAN_DRAGAN
           : gan__network_couples(trainer->g.network) ? "a layer of the generator"
           : gan__network_couples(trainer->d.network) ? "a layer of the discriminator"
                                                      : NULL;
}

int32_t gan__trainer_check_parts(const gan_trainer *trainer, int64_t m)
{
    const int64_t part = gan__trainer_part(trainer, m);
    const char *what = part < m ? coupling(trainer) : NULL;
    return what == NULL ? GAN_OK
                        : gan__fail(trainer->context, GAN_ERROR_STATE,
                                    "trainer: micro_batch is %lld, but %s looks at the whole batch "
                                    "of %lld samples",
                                    (long long)part, what, (long long)m);
}
