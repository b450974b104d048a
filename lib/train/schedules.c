/* Numbers that move with the steps made, by half a cosine. They are functions of the options and
 * of counts that a file has anyway: nothing here is state. */
#include "train/trainer.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* From first to last within schedule_steps. */
static double by_half_a_cosine(const gan_trainer *trainer, double first, double last)
{
    const double steps = trainer->options[GAN__TRAIN_SCHEDULE_STEPS];
    const double t = steps == 0 ? 0 : fmin((double)trainer->steps / steps, 1);
    return first + (last - first) * (1 - cos(pi * t)) / 2;
}

double gan__trainer_penalty_factor(const gan_trainer *trainer)
{
    return by_half_a_cosine(trainer, 1, trainer->options[GAN__TRAIN_FINAL_PENALTY]);
}

double gan__trainer_average_decay(const gan_trainer *trainer, int64_t m)
{
    const double *o = trainer->options;
    const double first = o[GAN__TRAIN_AVERAGE_HALF_LIFE];
    const double last = o[GAN__TRAIN_FINAL_AVERAGE_HALF_LIFE];
    const bool moves = last > 0 && o[GAN__TRAIN_SCHEDULE_STEPS] > 0;
    if (first == 0 && !moves) {
        return o[GAN__TRAIN_AVERAGE_DECAY];
    }
    const double half_life = moves ? fmax(by_half_a_cosine(trainer, first, last), 0) : first;
    return half_life > 0 ? exp2(-(double)m / half_life) : 0;
}
