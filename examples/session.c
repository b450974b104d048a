#include "session.h"

#include "check.h"
#include "files.h"
#include "interrupt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char LOG[] = "metrics.jsonl";

/* The step with which the training ends. */
static int64_t last_step(const session *s)
{
    int64_t last = s->epochs * s->batches;
    return s->steps > 0 && s->steps < last ? s->steps : last;
}

static int64_t whole_metric(const session *s, const char *name)
{
    double value = 0;
    check(s->context, gan_trainer_metric(s->trainer, name, &value));
    return (int64_t)value;
}

/* Goes back to a saved state. */
static void load_state(const session *s, const char *resume)
{
    bool named = strcmp(resume, GAN_LAST) == 0 || strcmp(resume, GAN_BEST) == 0;
    int32_t status = s->kept != NULL && named ? gan_checkpoints_load(s->kept, s->trainer, resume)
                                              : gan_trainer_load(s->trainer, resume);
    if (status != GAN_OK) {
        fail("cannot resume %s: %s", resume, gan_context_message(s->context));
    }
}

/* Opens the log of steps, and removes what was logged after the state at hand. */
static void open_trace(session *s)
{
    size_t length = strlen(s->trace);
    bool csv = length >= 4 && strcmp(s->trace + length - 4, ".csv") == 0;
    const char *format = strstr(s->trace, "tfevents") != NULL ? GAN_LOG_TENSORBOARD
                         : csv                                ? GAN_LOG_CSV
                                                              : GAN_LOG_JSONL;
    check(s->context, gan_log_create(s->context, s->trace, format, &s->steps_log));
    check(s->context, gan_log_resume(s->steps_log, s->first > 0 ? s->first : -1));
}

void session_open(session *s, const char *directory, const char *resume)
{
    s->watch.context = s->context;
    s->saved = -1;
    s->value = (double)NAN;
    if (s->save != NULL) {
        require_place(s->save); /* better now than after hours */
    }
    if (s->keep > 0) {
        check(s->context, gan_checkpoints_create(s->context, directory, "training", s->keep,
                                                 GAN_HIGHER, &s->kept));
        if (resume == NULL && gan_checkpoints_count(s->kept) > 0) {
            fail("%s has checkpoints of an earlier training: resume it, or remove them", directory);
        }
    }
    if (resume != NULL) {
        load_state(s, resume);
        s->earlier = metrics_last(directory, LOG, "seconds");
    }
    s->log = resume != NULL ? metrics_append(directory, LOG) : metrics_open(directory, LOG);
    s->first = s->step = whole_metric(s, GAN_METRIC_STEP);
    s->done = whole_metric(s, GAN_METRIC_EPOCH);
    if (s->trace != NULL) {
        open_trace(s);
    }
    s->progress = progress_start();
    progress_pause(&s->progress); /* until session_train */
}

double session_seconds(const session *s)
{
    return s->earlier + progress_seconds(&s->progress);
}

/* Before the state, so that the log of steps is never behind it. */
static void sync_trace(const session *s)
{
    if (s->steps_log != NULL) {
        check(s->context, gan_log_sync(s->steps_log));
    }
}

static void save_state(session *s)
{
    if (s->save != NULL && s->saved != s->step) {
        sync_trace(s);
        check(s->context, gan_trainer_save(s->trainer, s->save));
        s->saved = s->step;
    }
}

/* What the monitor found last; GAN_VERDICT_UNKNOWN without one. */
static int32_t verdict(const session *s)
{
    int32_t found = GAN_VERDICT_UNKNOWN;
    if (s->monitor != NULL) {
        check(s->context, gan_monitor_verdict(s->monitor, &found));
    }
    return found;
}

/* Prints the means since the last record, where there is no bar, and a verdict once there is
 * one. */
static void print_means(const session *s, const char *what, int64_t number, int64_t of)
{
    const int32_t found = verdict(s);
    const bool known = found != GAN_VERDICT_UNKNOWN;
    progress_line(&s->progress, "%s %lld/%lld, V %.3f, D(x) %.3f, D(G(z)) %.3f%s%s", what,
                  (long long)number, (long long)of, watch_value(&s->watch, GAN_METRIC_VALUE),
                  watch_value(&s->watch, GAN_METRIC_D_REAL),
                  watch_value(&s->watch, GAN_METRIC_D_FAKE), known ? ", G is " : "",
                  known ? gan_monitor_verdict_name(found) : "");
}

/* Records whether the samples are many and different. */
static void record_verdict(session *s)
{
    static const char *const names[] = {GAN_MONITOR_DISTANCE_RATIO, GAN_MONITOR_SUPPORT_RATIO,
                                        GAN_MONITOR_DUPLICATES,     GAN_MONITOR_MISSING,
                                        GAN_MONITOR_FLAT_LATENTS,   GAN_MONITOR_D_GAP,
                                        GAN_MONITOR_D_MEMORY};
    metrics_text(s->log, "verdict", gan_monitor_verdict_name(verdict(s)));
    metrics_text(s->log, "reason", gan_monitor_reason(s->monitor));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        double value = 0;
        check(s->context, gan_monitor_value(s->monitor, names[i], &value));
        metrics_number(s->log, names[i], value);
    }
}

/* Records the means since the last record of this sitting. */
static void record_means(session *s, const char *event)
{
    metrics_begin(s->log, event);
    watch_write(&s->watch, s->log);
    if (s->monitor != NULL) {
        record_verdict(s);
    }
    metrics_number(s->log, "seconds", session_seconds(s));
    metrics_end(s->log);
}

/* Prints and records the means over an epoch that has ended; over what this sitting trained of it
 * if it was resumed within. */
static void end_epoch(session *s)
{
    if (s->monitor != NULL) {
        check(s->context, gan_monitor_measure(s->monitor));
    }
    print_means(s, "epoch", s->done, s->epochs);
    record_means(s, "epoch");
    save_state(s);
    if (s->at_epoch != NULL) {
        progress_pause(&s->progress);
        s->at_epoch(s->user, s);
        progress_resume(&s->progress);
    }
    if (s->kept != NULL) {
        sync_trace(s);
        check(s->context, gan_checkpoints_save(s->kept, s->trainer, s->value));
        s->value = (double)NAN;
    }
}

/* The step callback: shows and records how the training goes. Ctrl-C ends it. */
static int32_t on_step(void *user, gan_trainer *trainer)
{
    session *s = user;
    watch_step(&s->watch, trainer);
    s->step = (int64_t)watch_value(&s->watch, GAN_METRIC_STEP);
    if (s->steps_log != NULL) {
        check(s->context, gan_log_trainer(s->steps_log, trainer));
        check(s->context, gan_log_write(s->steps_log, s->step));
    }
    int64_t epoch = (int64_t)watch_value(&s->watch, GAN_METRIC_EPOCH);
    int64_t made = s->step - s->first, all = last_step(s) - s->first;
    progress_update(&s->progress, (double)made / (double)all, made);
    progress_bar(&s->progress, "epoch %lld/%lld, V %.3f",
                 (long long)(epoch < s->epochs ? epoch + 1 : epoch), (long long)s->epochs,
                 watch_value(&s->watch, GAN_METRIC_VALUE));
    if (epoch > s->done) {
        s->done = epoch;
        end_epoch(s);
    }
    return interrupted();
}

void session_train(session *s)
{
    int64_t left = last_step(s) - s->step;
    if (left <= 0) {
        printf("nothing left to train: %lld epoch%s, %lld step%s are done\n", (long long)s->done,
               plural(s->done), (long long)s->step, plural(s->step));
        fflush(stdout);
        return;
    }
    if (s->first > 0) {
        printf("goes on after %lld step%s", (long long)s->first, plural(s->first));
        printf(s->earlier > 0 ? " in %.0f seconds\n" : "\n", s->earlier);
        fflush(stdout);
    }
    progress_resume(&s->progress);
    int32_t status = gan_trainer_run(s->trainer, left, on_step, s);
    progress_pause(&s->progress);
    progress_end(&s->progress);
    s->stopped = status == GAN_ERROR_STOPPED;
    if (!s->stopped) {
        check(s->context, status);
    }
    if (watch_any(&s->watch)) {
        print_means(s, "step", s->step, last_step(s));
        record_means(s, "part"); /* of an epoch that has not ended */
    }
    save_state(s);
    if (s->stopped) {
        printf("stopped after %lld whole epoch%s; another Ctrl-C ends the program at once\n",
               (long long)s->done, plural(s->done));
        fflush(stdout);
    }
}

gan_network *session_average(gan_context *context, gan_trainer *trainer, gan_network *generator,
                             double decay)
{
    gan_network *average = NULL;
    if (decay > 0) {
        check(context, gan_network_clone(generator, "average", &average));
        check(context, gan_trainer_set_average(trainer, average));
        check(context, gan_trainer_set_number(trainer, GAN_AVERAGE_DECAY, decay));
    }
    return average;
}

void session_close(session *s)
{
    metrics_close(s->log);
    s->log = NULL;
    gan_log_free(s->steps_log);
    gan_checkpoints_free(s->kept);
}
