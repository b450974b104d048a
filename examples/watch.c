#include "watch.h"

#include "check.h"

#include <math.h>
#include <string.h>

void watch_step(watch *w, const gan_trainer *trainer)
{
    const char *name = NULL;
    for (int32_t i = 0; i < WATCH_METRICS && (name = gan_trainer_metric_name(i)) != NULL; i++) {
        check(w->context, gan_trainer_metric(trainer, name, &w->last[i]));
        if (!isnan(w->last[i])) { /* NaN: no value in this training, or not yet */
            w->sums[i] += w->last[i];
            w->steps[i]++;
        }
    }
    w->any = true;
}

/* Whether only the last value of a metric says anything. */
static bool is_count(const char *name)
{
    static const char *const counts[] = {GAN_METRIC_STEP, GAN_METRIC_EPOCH, GAN_METRIC_SAMPLES,
                                         GAN_METRIC_D_RATE, GAN_METRIC_G_RATE};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (strcmp(name, counts[i]) == 0) {
            return true;
        }
    }
    return false;
}

static double value_at(const watch *w, int32_t i, const char *name)
{
    return is_count(name) || w->steps[i] == 0 ? w->last[i] : w->sums[i] / (double)w->steps[i];
}

double watch_value(const watch *w, const char *metric)
{
    const char *name = NULL;
    for (int32_t i = 0; i < WATCH_METRICS && (name = gan_trainer_metric_name(i)) != NULL; i++) {
        if (strcmp(name, metric) == 0) {
            return value_at(w, i, name);
        }
    }
    return (double)NAN;
}

bool watch_any(const watch *w)
{
    return w->any;
}

void watch_write(watch *w, metrics *log)
{
    const char *name = NULL;
    for (int32_t i = 0; i < WATCH_METRICS && (name = gan_trainer_metric_name(i)) != NULL; i++) {
        if (!isnan(w->last[i])) {
            metrics_number(log, name, value_at(w, i, name));
        }
        w->sums[i] = 0;
        w->steps[i] = 0;
    }
    w->any = false;
}
