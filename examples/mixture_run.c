#include "mixture_run.h"

#include "check.h"
#include "curves.h"
#include "progress.h"
#include "scatter.h"
#include "trainings.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 400 }; /* with 100 the modes come out narrower */

/* Where the lines are that the benchmark should reach. A share above the mean of a perfect sampler
 * says that modes are too narrow, but half of a perfect sampler's own shares are above it, too. */
static const double LEAST_SHARE = 0.95, SHARE_MARGIN = 2, /* deviations of a perfect sampler */
    LEAST_RATIO = 0.85, MOST_RATIO = 1.15, MOST_KL = 2;   /* times the floor */

typedef struct {
    gan_context *context;
    trainings all;
    gan_score *score; /* which the floor is of */
    mixture_figures floor, floor_deviation;
    double started;
} bench;

static int64_t count_whole(const bench *b)
{
    int64_t count = 0;
    for (int64_t i = 0; i < b->all.seeds; i++) {
        count += b->all.trainings[i].whole;
    }
    return count;
}

/* Those that have begun are the first ones. */
static int64_t count_begun(const bench *b)
{
    int64_t count = 0;
    while (count < b->all.seeds && b->all.trainings[count].records > 0) {
        count++;
    }
    return count;
}

/* What the averaged generator of a training scored last. */
static const mixture_figures *end_of(const training *t)
{
    return &t->figures[t->records - 1];
}

/* ---- The table ------------------------------------------------------------------------------ */

/* A number of a table; a dash where there is none. */
static void print_cell(int width, int decimals, double value)
{
    if (isfinite(value)) {
        printf("%*.*f", width, decimals, value);
    } else {
        printf("%*s", width, "-");
    }
}

static void print_row(const char *who, const mixture_figures *f)
{
    const double *v = f->value;
    printf("%-22s", who);
    print_cell(6, 1, v[MIXTURE_MODES]);
    print_cell(8, 2, 100 * v[MIXTURE_SHARE]);
    print_cell(7, 3, v[MIXTURE_RATIO]);
    printf("  [");
    print_cell(4, 2, v[MIXTURE_LEAST]);
    print_cell(5, 2, v[MIXTURE_GREATEST]);
    printf("]");
    print_cell(9, 4, v[MIXTURE_KL]);
    printf("\n");
    fflush(stdout);
}

static void print_head(const trainings *all)
{
    printf("%s of %d modes, %lld seed%s: %lld steps of %lld samples; %lld samples of the averaged "
           "generator,\ngood within 3 deviations\n",
           all->m->name, all->m->modes, (long long)all->seeds, plural(all->seeds),
           (long long)all->steps, (long long)all->batch, (long long)all->samples);
    printf("%-22s modes  good %%  ratio  [least, most]     KL\n", "");
    fflush(stdout);
}

/* The report of a training; `user` is a trainings. */
static void print_training(void *user, int64_t index)
{
    const trainings *all = user;
    const training *t = &all->trainings[index];
    char who[48];
    snprintf(who, sizeof who, t->whole ? "seed %lld" : "seed %lld (stopped)",
             (long long)(all->first + index));
    print_row(who, end_of(t));
}

/* How many of the trainings reach each line. */
typedef struct {
    int modes, share, ratio, kl;
} reached;

static double most_share(const bench *b)
{
    const int share = MIXTURE_SHARE;
    return fmin(1, b->floor.value[share] + SHARE_MARGIN * b->floor_deviation.value[share]);
}

static reached count_reached(const bench *b)
{
    reached r = {0};
    for (int64_t i = 0; i < b->all.seeds; i++) {
        const training *t = &b->all.trainings[i];
        if (t->whole) {
            const double *v = end_of(t)->value;
            r.modes += v[MIXTURE_MODES] >= b->all.m->modes;
            r.share += v[MIXTURE_SHARE] >= LEAST_SHARE && v[MIXTURE_SHARE] <= most_share(b);
            r.ratio += v[MIXTURE_RATIO] >= LEAST_RATIO && v[MIXTURE_RATIO] <= MOST_RATIO;
            r.kl += v[MIXTURE_KL] <= MOST_KL * b->floor.value[MIXTURE_KL];
        }
    }
    return r;
}

/* Of those that came to their end. */
static mixture_figures mean_of(const bench *b)
{
    const int64_t whole = count_whole(b);
    mixture_figures mean = {{0}};
    for (int64_t i = 0; i < b->all.seeds; i++) {
        const training *t = &b->all.trainings[i];
        for (int figure = 0; figure < MIXTURE_FIGURES && t->whole; figure++) {
            mean.value[figure] += end_of(t)->value[figure] / (double)whole;
        }
    }
    return mean;
}

/* Published rows beside ours, if as many samples were scored: with fewer, even a perfect sampler
 * finds fewer modes and has a greater divergence. */
static void print_published(const bench *b)
{
    const trainings *all = &b->all;
    if (all->samples != MIXTURE_SAMPLES) {
        printf("(published figures are of %d samples and stand beside such only)\n",
               MIXTURE_SAMPLES);
        return;
    }
    for (int i = 0; i < MIXTURE_PUBLISHED; i++) {
        const mixture_published *p = &all->m->published[i];
        printf("%-15s %5.1f +- %.1f  %6.1f  %5s  %11s  %7.2f\n", p->who, p->modes, p->error,
               p->share, "", "", p->kl);
    }
    printf("(the last %d rows: Lin et al. 2018, PacGAN, Table 1)\n", MIXTURE_PUBLISHED);
}

static void print_table(const bench *b)
{
    const reached r = count_reached(b);
    const int64_t whole = count_whole(b);
    if (whole > 0) {
        const mixture_figures mean = mean_of(b);
        print_row("mean", &mean);
    }
    print_row("a perfect sampler", &b->floor);
    print_row("  its deviation", &b->floor_deviation);
    print_published(b);
    if (whole > 0) {
        printf(
            "reached by: all modes %d, good %.0f to %.1f %% %d, ratio %.2f to %.2f %d, KL within "
            "%.0f times a perfect sampler's %d of %lld\n",
            r.modes, 100 * LEAST_SHARE, 100 * most_share(b), r.share, LEAST_RATIO, MOST_RATIO,
            r.ratio, MOST_KL, r.kl, (long long)whole);
    }
}

static void record_result(const bench *b)
{
    metrics *log = b->all.log;
    const reached r = count_reached(b);
    const int64_t whole = count_whole(b);
    metrics_begin(log, "result");
    metrics_text(log, "protocol", gan_score_protocol(b->score));
    metrics_whole(log, "seeds", whole);
    if (whole > 0) {
        const mixture_figures mean = mean_of(b);
        mixture_log(log, "", &mean);
    }
    mixture_log(log, "floor_", &b->floor);
    mixture_log(log, "floor_deviation_of_", &b->floor_deviation);
    metrics_whole(log, "reached_modes", r.modes);
    metrics_whole(log, "reached_share", r.share);
    metrics_whole(log, "reached_ratio", r.ratio);
    metrics_whole(log, "reached_kl", r.kl);
    metrics_number(log, "seconds", seconds_now() - b->started);
    if (whole < b->all.seeds) {
        metrics_flag(log, "interrupted", true);
    }
    metrics_end(log);
}

/* ---- Pictures ------------------------------------------------------------------------------- */

/* "step 12,000" */
static void step_text(char *text, size_t size, int64_t step)
{
    if (step < 1000) {
        snprintf(text, size, "step %lld", (long long)step);
    } else {
        snprintf(text, size, "step %lld,%03lld", (long long)(step / 1000),
                 (long long)(step % 1000));
    }
}

/* How many samples are within the square that is shown. */
static int count_inside(const float *samples, double reach)
{
    int inside = 0;
    for (int i = 0; i < TRAINING_SHOWN; i++) {
        inside +=
            fabs((double)samples[2 * i]) <= reach && fabs((double)samples[2 * i + 1]) <= reach;
    }
    return inside;
}

static void draw_samples(const bench *b, const char *directory)
{
    _Static_assert((int)SCATTER_MOMENTS == (int)TRAINING_MOMENTS, "all that is kept is shown");
    const trainings *all = &b->all;
    const training *first = &all->trainings[0];
    double centres[2 * MIXTURE_MODES_MAX];
    char title[96];
    mixture_centres(all->m, centres);
    snprintf(title, sizeof title, "A %s of %d Gaussians, averaged generator, seed %lld",
             all->m->name, all->m->modes, (long long)all->first);
    scatter s = {.title = title,
                 .modes = all->m->modes,
                 .centres = centres,
                 .deviation = all->m->deviation,
                 .reach = 1.25 * all->m->reach,
                 .count = TRAINING_SHOWN};
    for (int i = 0; i < SCATTER_MOMENTS; i++) {
        const float *samples = first->shown[i];
        char *caption = s.moments[i].caption;
        const size_t room = sizeof s.moments[i].caption;
        s.moments[i].samples = samples;
        step_text(caption, room, all->steps * TRAINING_MOMENT[i] / TRAINING_RECORDS);
        const int inside = samples != NULL ? count_inside(samples, s.reach) : TRAINING_SHOWN;
        if (inside < TRAINING_SHOWN) {
            const size_t length = strlen(caption);
            snprintf(caption + length, room - length, ": %.1f %% inside",
                     100.0 * inside / TRAINING_SHOWN);
        }
    }
    scatter_save(&s, directory, "modes");
}

/* A figure of all trainings that have begun, [runs, TRAINING_RECORDS + 1], NaN after the last
 * record of one. The caller frees it. */
static double *curves_of(const bench *b, int figure, int runs)
{
    double *values = allocate((size_t)runs * (TRAINING_RECORDS + 1), sizeof *values);
    double *to = values;
    for (int run = 0; run < runs; run++) {
        const training *t = &b->all.trainings[run];
        for (int i = 0; i <= TRAINING_RECORDS; i++) {
            *to++ = i < t->records ? t->figures[i].value[figure] : (double)NAN;
        }
    }
    return values;
}

static void draw_curves(const bench *b, const char *directory)
{
    const trainings *all = &b->all;
    const int runs = (int)count_begun(b), stopped = runs - (int)count_whole(b);
    const int points = TRAINING_RECORDS + 1;
    double steps[TRAINING_RECORDS + 1];
    double *modes = curves_of(b, MIXTURE_MODES, runs), *others = curves_of(b, MIXTURE_SHARE, runs);
    double *ratio = curves_of(b, MIXTURE_RATIO, runs), *kl = curves_of(b, MIXTURE_KL, runs);
    for (int i = 0; i < points; i++) {
        steps[i] = (double)(all->steps * i / TRAINING_RECORDS);
    }
    for (int i = 0; i < runs * points; i++) {
        others[i] = 100 * (1 - others[i]); /* in percent, of those that are not good */
    }
    char title[128];
    const int length =
        snprintf(title, sizeof title, "A %s of %d Gaussians, averaged generator, %d seed%s",
                 all->m->name, all->m->modes, runs, plural(runs));
    if (stopped > 0) {
        snprintf(title + length, sizeof title - (size_t)length, ", %d stopped", stopped);
    }
    const double *floor = b->floor.value;
    const curves c = {
        .title = title,
        .panel_count = 4,
        .panels = {{"modes found", false, 0, all->m->modes, floor[MIXTURE_MODES]},
                   {"samples beyond 3 deviations, %", true, 0.1, 100,
                    100 * (1 - floor[MIXTURE_SHARE])},
                   {"deviation, relative to the data's", false, 0, 2, floor[MIXTURE_RATIO]},
                   {"KL from equal modes, nats", true, 1e-3, 10, floor[MIXTURE_KL]}},
        .runs = runs,
        .points = points,
        .steps = steps,
        .values = {modes, others, ratio, kl}};
    curves_save(&c, directory, "curves");
    free(modes);
    free(others);
    free(ratio);
    free(kl);
}

/* ---- All of it ------------------------------------------------------------------------------ */

static void record_start(const trainings *all)
{
    metrics_begin(all->log, "start");
    metrics_text(all->log, "libgan", gan_version_text());
    metrics_text(all->log, "kind", all->m->name);
    metrics_whole(all->log, "first_seed", all->first);
    metrics_whole(all->log, "seeds", all->seeds);
    metrics_whole(all->log, "steps", all->steps);
    metrics_whole(all->log, "batch", all->batch);
    metrics_whole(all->log, "samples", all->samples);
    metrics_whole(all->log, "threads", all->threads);
    metrics_end(all->log);
}

/* What a perfect sampler scores with as many samples. */
static void measure_floor(bench *b)
{
    const trainings *all = &b->all;
    float *x = allocate((size_t)(2 * all->samples), sizeof *x);
    b->score = mixture_score(b->context, all->m);
    check(b->context, gan_score_add_fake(b->score, all->samples, x)); /* only the number matters */
    b->floor = mixture_floor(b->context, b->score, &b->floor_deviation);
    free(x);
}

static void bench_close(bench *b)
{
    for (int i = 0; i < TRAINING_MOMENTS; i++) {
        free(b->all.trainings[0].shown[i]);
    }
    free(b->all.trainings);
    gan_score_free(b->score);
    metrics_close(b->all.log);
}

void mixture_run(gan_context *context, const mixture *m, const mixture_settings *settings)
{
    bench b = {.context = context,
               .all = {.m = m,
                       .seeds = settings->seeds,
                       .first = settings->first,
                       .steps = settings->steps > 0 ? settings->steps : m->steps,
                       .batch = settings->batch > 0 ? settings->batch : BATCH,
                       .samples = settings->samples > 0 ? settings->samples : MIXTURE_SAMPLES,
                       .threads = gan_context_threads(context),
                       .log = metrics_open(settings->out, "metrics.jsonl"),
                       .trainings = allocate((size_t)settings->seeds, sizeof(training)),
                       .report = print_training,
                       .user = &b.all},
               .started = seconds_now()};
    record_start(&b.all);
    print_head(&b.all);
    trainings_run(&b.all);
    measure_floor(&b);
    print_table(&b);
    draw_samples(&b, settings->out);
    draw_curves(&b, settings->out);
    record_result(&b);
    printf("wrote modes.png, modes.svg, curves.png, curves.svg and metrics.jsonl to %s\n",
           settings->out);
    bench_close(&b);
}
