#include "trainings.h"

#include "check.h"
#include "interrupt.h"
#include "progress.h"

#include <pthread.h>
#include <stdlib.h>

enum { SCORE_SEED = 1000000 }; /* of the samples that are scored; no training has it */

const int TRAINING_MOMENT[TRAINING_MOMENTS] = {0, 4, 12, 24, TRAINING_RECORDS};

/* What the threads share; what changes is read and written with the lock only. */
typedef struct {
    const trainings *all;
    int32_t threads; /* of a training */
    pthread_mutex_t lock;
    int64_t begun;    /* trainings */
    int64_t reported; /* those that are over, as are all before them */
    int64_t records;  /* of all trainings */
    progress progress;
} work;

/* One training. A context serves one thread at a time, so each has its own. */
typedef struct {
    work *w;
    int64_t index;
    gan_context *context;
    gan_score *score;
    gan_network *G, *D, *average;
    gan_dataset *data;
    gan_trainer *trainer;
} run;

static void take(work *w)
{
    if (pthread_mutex_lock(&w->lock) != 0) {
        fail("cannot take a lock");
    }
}

static void release(work *w)
{
    if (pthread_mutex_unlock(&w->lock) != 0) {
        fail("cannot release a lock");
    }
}

/* ---- Records --------------------------------------------------------------------------------- */

/* Keeps the samples that are to be shown. */
static void keep_samples(const run *r, int record, uint64_t seed)
{
    training *t = &r->w->all->trainings[r->index];
    const int64_t elements = (int64_t)2 * TRAINING_SHOWN;
    for (int i = 0; i < TRAINING_MOMENTS && r->index == 0; i++) {
        if (TRAINING_MOMENT[i] == record) {
            t->shown[i] = allocate((size_t)elements, sizeof(float));
            check(r->context,
                  gan_network_sample(r->average, seed, TRAINING_SHOWN, t->shown[i], elements));
        }
    }
}

/* Measures both generators. */
static void record(const run *r, int64_t step)
{
    work *w = r->w;
    const trainings *all = w->all;
    training *t = &all->trainings[r->index];
    const uint64_t seed = SCORE_SEED + (uint64_t)(all->first + r->index);
    const mixture_figures raw = mixture_measure(r->context, r->score, r->G, all->samples, seed);
    const mixture_figures mean =
        mixture_measure(r->context, r->score, r->average, all->samples, seed);
    keep_samples(r, t->records, seed);
    t->figures[t->records++] = mean;
    take(w);
    metrics_begin(all->log, "score");
    metrics_whole(all->log, "seed", all->first + r->index);
    metrics_whole(all->log, "step", step);
    mixture_log(all->log, "raw_", &raw);
    mixture_log(all->log, "", &mean);
    metrics_end(all->log);
    release(w);
}

/* Records the modes of the samples that were measured last. */
static void record_modes(const run *r)
{
    const trainings *all = r->w->all;
    take(r->w);
    for (int mode = 0; mode < all->m->modes; mode++) {
        int64_t count, good;
        double ratio, offset;
        check(r->context, gan_score_mode(r->score, mode, &count, &good, &ratio, &offset));
        metrics_begin(all->log, "mode");
        metrics_whole(all->log, "seed", all->first + r->index);
        metrics_whole(all->log, "mode", mode);
        metrics_whole(all->log, "samples", count);
        metrics_whole(all->log, "good", good);
        metrics_number(all->log, "deviation_ratio", ratio);
        metrics_number(all->log, "offset", offset);
        metrics_end(all->log);
    }
    release(r->w);
}

/* Shows how far all trainings are together. */
static void show_progress(work *w)
{
    const trainings *all = w->all;
    const int64_t records = all->seeds * TRAINING_RECORDS;
    take(w);
    w->records++;
    progress_update(&w->progress, (double)w->records / (double)records,
                    w->records * all->steps / TRAINING_RECORDS);
    progress_bar(&w->progress, "%lld of %lld trained", (long long)w->reported,
                 (long long)all->seeds);
    release(w);
}

/* ---- One training ---------------------------------------------------------------------------- */

static int32_t watch_interrupts(void *user, gan_trainer *trainer)
{
    (void)user;
    (void)trainer;
    return interrupted();
}

/* Returns whether it came to its end. */
static bool train(const run *r)
{
    const trainings *all = r->w->all;
    record(r, 0);
    for (int i = 1; i <= TRAINING_RECORDS; i++) {
        const int64_t from = all->steps * (i - 1) / TRAINING_RECORDS;
        const int64_t to = all->steps * i / TRAINING_RECORDS;
        const int32_t status = gan_trainer_run(r->trainer, to - from, watch_interrupts, NULL);
        if (status == GAN_ERROR_STOPPED) {
            return false;
        }
        check(r->context, status);
        record(r, to);
        show_progress(r->w);
    }
    record_modes(r);
    return true;
}

static bool open_and_train(work *w, int64_t index)
{
    const trainings *all = w->all;
    const mixture *m = all->m;
    const uint64_t seed = (uint64_t)(all->first + index);
    run r = {.w = w, .index = index};
    check(NULL, gan_context_create(&r.context));
    check(r.context, gan_context_set_threads(r.context, w->threads));
    r.score = mixture_score(r.context, m);
    r.G = mixture_generator(r.context, m, 2 * seed);
    r.D = mixture_discriminator(r.context, m, 2 * seed + 1);
    r.data = mixture_data(r.context, m, seed);
    r.trainer = mixture_trainer(r.context, m, r.G, r.D, r.data, all->steps, all->batch, seed);
    check(r.context, gan_network_clone(r.G, "average", &r.average));
    check(r.context, gan_trainer_set_average(r.trainer, r.average));
    const bool whole = train(&r);
    gan_trainer_free(r.trainer);
    gan_dataset_free(r.data);
    gan_network_free(r.average);
    gan_network_free(r.D);
    gan_network_free(r.G);
    gan_score_free(r.score);
    gan_context_free(r.context);
    return whole;
}

/* ---- All of them ----------------------------------------------------------------------------- */

/* The number of a training that has not begun, or -1. The first one begins in any case: then there
 * is something to show. */
static int64_t begin_next(work *w)
{
    take(w);
    const bool more = w->begun < w->all->seeds && (w->begun == 0 || !interrupted());
    const int64_t index = more ? w->begun++ : -1;
    release(w);
    return index;
}

/* Notes that a training is over, and reports all whose turn it is. */
static void note_end(work *w, int64_t index, bool whole)
{
    const trainings *all = w->all;
    take(w);
    all->trainings[index].over = true;
    all->trainings[index].whole = whole;
    while (w->reported < all->seeds && all->trainings[w->reported].over) {
        progress_end(&w->progress);
        all->report(all->user, w->reported++);
    }
    release(w);
}

/* What each thread does; `shared` is a work. */
static void *train_one_after_the_other(void *shared)
{
    for (int64_t index = begin_next(shared); index >= 0; index = begin_next(shared)) {
        note_end(shared, index, open_and_train(shared, index));
    }
    return NULL;
}

void trainings_run(const trainings *all)
{
    const int64_t at_once = all->seeds < all->threads ? all->seeds : all->threads;
    pthread_t *others = allocate((size_t)at_once, sizeof *others);
    int64_t count = 0;
    work w = {.all = all,
              .threads = (int32_t)(all->threads / at_once),
              .lock = PTHREAD_MUTEX_INITIALIZER,
              .progress = progress_start()};
    while (count < at_once - 1 &&
           pthread_create(&others[count], NULL, train_one_after_the_other, &w) == 0) {
        count++;
    }
    train_one_after_the_other(&w);
    while (count > 0) {
        pthread_join(others[--count], NULL);
    }
    pthread_mutex_destroy(&w.lock);
    free(others);
    progress_end(&w.progress);
}
