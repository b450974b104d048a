/* The way back: what training moves, kept in memory. */
#include "train/monitor.h"

#include <string.h>

enum { G, D, AVERAGE, STATE_G, STATE_D, ARRAYS };

/* An array of the training, and where its copy is kept. */
typedef struct {
    real *live, **kept;
    int64_t elements;
} part;

static void list_parts(gan_monitor *monitor, part parts[ARRAYS])
{
    const gan_trainer *t = monitor->trainer;
    gan__snapshot *s = &monitor->snapshot;
    gan_network *const networks[] = {t->g.network, t->d.network, t->average.network};
    gan_optimizer *const optimizers[] = {t->g.optimizer, t->d.optimizer};
    for (int32_t i = G; i <= AVERAGE; i++) {
        const gan_network *network = networks[i];
        parts[i] = network != NULL ? (part){network->values, &s->values[i], network->elements}
                                   : (part){NULL, &s->values[i], 0};
    }
    for (int32_t i = 0; i < 2; i++) {
        const gan_optimizer *o = optimizers[i];
        parts[STATE_G + i] = o != NULL
                                 ? (part){o->state, &s->states[i], o->rule->states * o->elements}
                                 : (part){NULL, &s->states[i], 0};
    }
}

void gan__monitor_discard(gan_monitor *monitor)
{
    gan__snapshot *s = &monitor->snapshot;
    for (int32_t i = 0; i < 3; i++) {
        gan__release(monitor->context, s->values[i]);
    }
    gan__release(monitor->context, s->states[0]);
    gan__release(monitor->context, s->states[1]);
    *s = (gan__snapshot){0};
}

/* Makes room for the parts where what is there does not fit; on failure nothing is changed. */
static int32_t make_room(gan_monitor *monitor, const part parts[ARRAYS])
{
    gan__snapshot *s = &monitor->snapshot;
    real *made[ARRAYS] = {0};
    int32_t status = GAN_OK;
    for (int32_t i = 0; i < ARRAYS && status == GAN_OK; i++) {
        if (parts[i].elements > 0 && parts[i].elements != s->elements[i]) {
            made[i] = gan__allocate(monitor->context, parts[i].elements, sizeof(real));
            status = made[i] != NULL ? GAN_OK : GAN_ERROR_MEMORY;
        }
    }
    for (int32_t i = 0; i < ARRAYS; i++) {
        if (status != GAN_OK) {
            gan__release(monitor->context, made[i]);
        } else if (parts[i].elements != s->elements[i]) {
            gan__release(monitor->context, *parts[i].kept);
            *parts[i].kept = made[i];
            s->elements[i] = parts[i].elements;
        }
    }
    return status;
}

/* What else decides whether the copy can be put back. */
static void note(const gan_trainer *t, gan__snapshot *s)
{
    s->steps = t->steps;
    s->updates[0] = t->g.optimizer->updates;
    s->updates[1] = t->d.optimizer->updates;
    s->updates[2] = t->average.updates;
    s->rules[0] = t->g.optimizer->rule;
    s->rules[1] = t->d.optimizer->rule;
    s->average = t->average.network != NULL ? t->average.network->number : 0;
}

int32_t gan_monitor_keep(gan_monitor *monitor)
{
    if (monitor == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__monitor_check_idle(monitor, "keep"));
    gan_trainer *trainer = monitor->trainer;
    const gan__drawn before = gan__trainer_drawn(trainer);
    part parts[ARRAYS];
    int32_t status = gan__trainer_players(trainer);
    if (status == GAN_OK) {
        status = gan__trainer_draw(trainer);
    }
    if (status == GAN_OK) {
        list_parts(monitor, parts);
        status = make_room(monitor, parts);
    }
    if (status != GAN_OK) {
        gan__trainer_undraw(trainer, before);
        return status;
    }
    for (int32_t i = 0; i < ARRAYS; i++) {
        if (parts[i].elements > 0) {
            memcpy(*parts[i].kept, parts[i].live, (size_t)parts[i].elements * sizeof(real));
        }
    }
    note(trainer, &monitor->snapshot);
    monitor->snapshot.kept = true;
    monitor->values[GAN__MONITOR_KEPT_STEP] = (double)trainer->steps;
    return GAN_OK;
}

/* Whether the training is still made of the parts that were kept. */
static int32_t check_parts(gan_monitor *monitor, const part parts[ARRAYS])
{
    const gan_trainer *t = monitor->trainer;
    const gan__snapshot *s = &monitor->snapshot;
    const gan_optimizer *const optimizers[] = {t->g.optimizer, t->d.optimizer};
    const char *other = NULL;
    for (int32_t i = 0; i < 2; i++) {
        if (optimizers[i] == NULL || optimizers[i]->rule != s->rules[i]) {
            other = "optimizer";
        }
    }
    if ((t->average.network != NULL ? t->average.network->number : 0) != s->average) {
        other = "average";
    }
    for (int32_t i = 0; i < ARRAYS && other == NULL; i++) {
        const bool fits = parts[i].elements == s->elements[i] &&
                          (parts[i].live != NULL || parts[i].elements == 0);
        other = fits ? NULL : "number of parameters";
    }
    return other == NULL ? GAN_OK
                         : gan__fail(monitor->context, GAN_ERROR_STATE,
                                     "monitor: roll_back: what was kept at step %lld has another "
                                     "%s",
                                     (long long)s->steps, other);
}

int32_t gan_monitor_roll_back(gan_monitor *monitor)
{
    if (monitor == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__monitor_check_idle(monitor, "roll_back"));
    gan_trainer *t = monitor->trainer;
    const gan__snapshot *s = &monitor->snapshot;
    if (!s->kept) {
        return gan__fail(monitor->context, GAN_ERROR_STATE, "monitor: roll_back: nothing is kept");
    }
    part parts[ARRAYS];
    list_parts(monitor, parts);
    GAN__TRY(check_parts(monitor, parts));
    for (int32_t i = 0; i < ARRAYS; i++) {
        if (parts[i].elements > 0) {
            memcpy(parts[i].live, *parts[i].kept, (size_t)parts[i].elements * sizeof(real));
        }
    }
    t->g.optimizer->updates = s->updates[0];
    t->d.optimizer->updates = s->updates[1];
    t->average.updates = s->updates[2];
    monitor->values[GAN__MONITOR_ROLL_BACKS]++;
    monitor->rolled_back = t->steps;
    gan__monitor_pardon(monitor);
    return GAN_OK;
}
