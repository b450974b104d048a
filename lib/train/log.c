/* What a trainer measures, in a log. */
#include "io/log.h"
#include "train/trainer.h"

int32_t gan_log_trainer(gan_log *log, const gan_trainer *trainer)
{
    if (log == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (trainer == NULL || trainer->context != gan__log_context(log)) {
        return gan__fail(gan__log_context(log), GAN_ERROR_ARGUMENT, "log: the trainer is %s",
                         trainer == NULL ? "NULL" : "of another context");
    }
    const char *names[GAN__METRIC_COUNT];
    for (int32_t i = 0; i < GAN__METRIC_COUNT; i++) {
        names[i] = i != GAN__METRIC_STEP ? gan_trainer_metric_name(i) : NULL; /* the record's own */
    }
    return gan__log_set(log, GAN__METRIC_COUNT, names, trainer->metrics);
}
