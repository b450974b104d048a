#include "player.h"

#include "check.h"

#include <stddef.h>

gan_optimizer *player_optimizer(gan_context *context, const player *p, int64_t updates)
{
    const struct {
        const char *key;
        double value;
    } settings[] = {{GAN_LEARNING_RATE, p->learning_rate},
                    {GAN_DECAY, p->decay},
                    {GAN_FINAL_LEARNING_RATE, p->final_learning_rate},
                    {GAN_SCHEDULE_STEPS, (double)updates},
                    {GAN_MU, p->momentum},
                    {GAN_FINAL_MU, p->final_momentum},
                    {GAN_MU_EPOCHS, p->momentum_epochs},
                    {GAN_BETA1, p->beta1},
                    {GAN_BETA2, p->beta2}};
    gan_optimizer *optimizer = NULL;
    check(context, gan_optimizer_create(context, p->kind, &optimizer));
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (settings[i].value > 0) {
            check(context, gan_optimizer_set_number(optimizer, settings[i].key, settings[i].value));
        }
    }
    if (p->schedule != NULL) {
        check(context, gan_optimizer_set_text(optimizer, GAN_LEARNING_RATE_SCHEDULE, p->schedule));
    }
    return optimizer;
}
