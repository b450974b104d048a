#include "mixture_run.h"

#include "check.h"
#include "curves.h"
#include "interrupt.h"
#include "metrics.h"
#include "progress.h"
#include "scatter.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 400,          /* with 100 the modes come out narrower */
    RECORDS = 40,         /* of a training, after that of its start */
    SCORE_SEED = 1000000, /* of the samples that are scored; no training has it */
    SHOWN = 1000          /* samples in a picture */
};

/* When the samples of the first training are shown, in records. */
static const int MOMENTS[SCATTER_MOMENTS] = {0, 4, 12, 24, RECORDS};

/* Where the lines are that the benchmark should reach. A share above the mean of a perfect sampler
 * says that modes are too narrow, but half of a perfect sampler's own shares are above it, too. */
static const double LEAST_SHARE = 0.95, SHARE_MARGIN = 2, /* deviations of a perfect sampler */
    LEAST_RATIO = 0.85, MOST_RATIO = 1.15, MOST_KL = 2;   /* times the floor */

/* What the curves show. */
enum { PANELS = 4 };
static const int SHOWN_FIGURES[PANELS] = {MIXTURE_MODES, MIXTURE_SHARE, MIXTURE_RATIO, MIXTURE_KL};

/* All that the trainings leave behind. */
typedef struct {
    gan_context *context;
    const mixture *m;
    gan_score *score;
    metrics *log;
    int64_t seeds, first, steps, batch, samples;
    mixture_figures floor, floor_deviation;
    mixture_figures *ends;         /* [seeds] of the averaged generators */
    double *curves[PANELS];        /* [seeds, RECORDS + 1]; NaN where a training did not come to */
    float *shown[SCATTER_MOMENTS]; /* [SHOWN, 2] of the first training */
    int64_t done;                  /* trainings that have ended */
    bool stopped;                  /* the next one was interrupted */
    double started;
} bench;

/* One training. */
typedef struct {
    bench *b;
    int64_t index;
    gan_network *G, *D, *average;
    gan_trainer *trainer;
} training;

/* ---- One training --------------------------------------------------------------------------- */

static void write_figures(metrics *log, const char *prefix, const mixture_figures *f)
{
    char key[64];
    for (int i = 0; i < MIXTURE_FIGURES; i++) {
        snprintf(key, sizeof key, "%s%s", prefix, MIXTURE_NAMES[i]);
        metrics_number(log, key, f->value[i]);
    }
}

/* Measures both generators, and keeps the samples that are to be shown. */
static void record(training *t, int number, int64_t step)
{
    bench *b = t->b;
    const uint64_t seed = SCORE_SEED + (uint64_t)(b->first + t->index);
    const mixture_figures raw = mixture_measure(b->context, b->score, t->G, b->samples, seed);
    const mixture_figures mean =
        mixture_measure(b->context, b->score, t->average, b->samples, seed);
    for (int panel = 0; panel < PANELS; panel++) {
        b->curves[panel][t->index * (RECORDS + 1) + number] = mean.value[SHOWN_FIGURES[panel]];
    }
    b->ends[t->index] = mean;
    for (int i = 0; i < SCATTER_MOMENTS && t->index == 0; i++) {
        if (MOMENTS[i] == number) {
            b->shown[i] = allocate((size_t)2 * SHOWN, sizeof(float));
            check(b->context,
                  gan_network_sample(t->average, seed, SHOWN, b->shown[i], (int64_t)2 * SHOWN));
        }
    }
    metrics_begin(b->log, "score");
    metrics_whole(b->log, "seed", b->first + t->index);
    metrics_whole(b->log, "step", step);
    write_figures(b->log, "raw_", &raw);
    write_figures(b->log, "", &mean);
    metrics_end(b->log);
}

/* Records the modes of the samples that were measured last. */
static void record_modes(const training *t)
{
    bench *b = t->b;
    for (int mode = 0; mode < b->m->modes; mode++) {
        int64_t count, good;
        double ratio, offset;
        check(b->context, gan_score_mode(b->score, mode, &count, &good, &ratio, &offset));
        metrics_begin(b->log, "mode");
        metrics_whole(b->log, "seed", b->first + t->index);
        metrics_whole(b->log, "mode", mode);
        metrics_whole(b->log, "samples", count);
        metrics_whole(b->log, "good", good);
        metrics_number(b->log, "deviation_ratio", ratio);
        metrics_number(b->log, "offset", offset);
        metrics_end(b->log);
    }
}

static int32_t watch_interrupts(void *user, gan_trainer *trainer)
{
    (void)user;
    (void)trainer;
    return interrupted();
}

static bool train(training *t)
{
    bench *b = t->b;
    progress run = progress_start();
    record(t, 0, 0);
    for (int i = 1; i <= RECORDS; i++) {
        const int64_t from = b->steps * (i - 1) / RECORDS, to = b->steps * i / RECORDS;
        const int32_t status = gan_trainer_run(t->trainer, to - from, watch_interrupts, NULL);
        if (status == GAN_ERROR_STOPPED) {
            progress_end(&run);
            return false;
        }
        check(b->context, status);
        record(t, i, to);
        progress_update(&run, (double)i / RECORDS, to);
        progress_bar(&run, "seed %lld", (long long)(b->first + t->index));
    }
    progress_end(&run);
    record_modes(t);
    return true;
}

/* Trains with the next seed; returns whether it came to its end. */
static bool train_next(bench *b)
{
    const uint64_t seed = (uint64_t)(b->first + b->done);
    training t = {.b = b, .index = b->done};
    t.G = mixture_generator(b->context, b->m, 2 * seed);
    t.D = mixture_discriminator(b->context, b->m, 2 * seed + 1);
    check(b->context, gan_network_clone(t.G, "average", &t.average));
    gan_dataset *data = mixture_data(b->context, b->m, seed);
    t.trainer = mixture_trainer(b->context, b->m, t.G, t.D, data, b->steps, b->batch, seed);
    check(b->context, gan_trainer_set_average(t.trainer, t.average));
    const bool whole = train(&t);
    gan_trainer_free(t.trainer);
    gan_dataset_free(data);
    gan_network_free(t.average);
    gan_network_free(t.D);
    gan_network_free(t.G);
    b->done += whole;
    return whole;
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

static void print_head(const bench *b)
{
    printf("%s of %d modes, %lld seed%s: %lld steps of %lld samples; %lld samples of the averaged "
           "generator,\ngood within 3 deviations\n",
           b->m->name, b->m->modes, (long long)b->seeds, plural(b->seeds), (long long)b->steps,
           (long long)b->batch, (long long)b->samples);
    printf("%-22s modes  good %%  ratio  [least, most]     KL\n", "");
    fflush(stdout);
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
    for (int64_t i = 0; i < b->done; i++) {
        const double *v = b->ends[i].value;
        r.modes += v[MIXTURE_MODES] >= b->m->modes;
        r.share += v[MIXTURE_SHARE] >= LEAST_SHARE && v[MIXTURE_SHARE] <= most_share(b);
        r.ratio += v[MIXTURE_RATIO] >= LEAST_RATIO && v[MIXTURE_RATIO] <= MOST_RATIO;
        r.kl += v[MIXTURE_KL] <= MOST_KL * b->floor.value[MIXTURE_KL];
    }
    return r;
}

static mixture_figures mean_of(const bench *b)
{
    mixture_figures mean = {{0}};
    for (int i = 0; i < MIXTURE_FIGURES; i++) {
        for (int64_t seed = 0; seed < b->done; seed++) {
            mean.value[i] += b->ends[seed].value[i] / (double)b->done;
        }
    }
    return mean;
}

/* Published rows beside ours, if as many samples were scored: with fewer, even a perfect sampler
 * finds fewer modes and has a greater divergence. */
static void print_published(const bench *b)
{
    if (b->samples != MIXTURE_SAMPLES) {
        printf("(published figures are of %d samples and stand beside such only)\n",
               MIXTURE_SAMPLES);
        return;
    }
    for (int i = 0; i < MIXTURE_PUBLISHED; i++) {
        const mixture_published *p = &b->m->published[i];
        printf("%-15s %5.1f +- %.1f  %6.1f  %5s  %11s  %7.2f\n", p->who, p->modes, p->error,
               p->share, "", "", p->kl);
    }
    printf("(the last %d rows: Lin et al. 2018, PacGAN, Table 1)\n", MIXTURE_PUBLISHED);
}

static void print_table(const bench *b)
{
    const reached r = count_reached(b);
    if (b->done > 0) {
        const mixture_figures mean = mean_of(b);
        print_row("mean", &mean);
    }
    print_row("a perfect sampler", &b->floor);
    print_row("  its deviation", &b->floor_deviation);
    print_published(b);
    if (b->done > 0) {
        printf(
            "reached by: all modes %d, good %.0f to %.1f %% %d, ratio %.2f to %.2f %d, KL within "
            "%.0f times a perfect sampler's %d of %lld\n",
            r.modes, 100 * LEAST_SHARE, 100 * most_share(b), r.share, LEAST_RATIO, MOST_RATIO,
            r.ratio, MOST_KL, r.kl, (long long)b->done);
    }
}

static void record_result(const bench *b)
{
    const reached r = count_reached(b);
    metrics_begin(b->log, "result");
    metrics_text(b->log, "protocol", gan_score_protocol(b->score));
    metrics_whole(b->log, "seeds", b->done);
    if (b->done > 0) {
        const mixture_figures mean = mean_of(b);
        write_figures(b->log, "", &mean);
    }
    write_figures(b->log, "floor_", &b->floor);
    write_figures(b->log, "floor_deviation_of_", &b->floor_deviation);
    metrics_whole(b->log, "reached_modes", r.modes);
    metrics_whole(b->log, "reached_share", r.share);
    metrics_whole(b->log, "reached_ratio", r.ratio);
    metrics_whole(b->log, "reached_kl", r.kl);
    metrics_number(b->log, "seconds", seconds_now() - b->started);
    if (b->stopped) {
        metrics_flag(b->log, "interrupted", true);
    }
    metrics_end(b->log);
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
    for (int i = 0; i < SHOWN; i++) {
        inside +=
            fabs((double)samples[2 * i]) <= reach && fabs((double)samples[2 * i + 1]) <= reach;
    }
    return inside;
}

static void draw_samples(const bench *b, const char *directory)
{
    double centres[2 * MIXTURE_MODES_MAX];
    char title[96];
    mixture_centres(b->m, centres);
    snprintf(title, sizeof title, "A %s of %d Gaussians, averaged generator, seed %lld", b->m->name,
             b->m->modes, (long long)b->first);
    scatter s = {.title = title,
                 .modes = b->m->modes,
                 .centres = centres,
                 .deviation = b->m->deviation,
                 .reach = 1.25 * b->m->reach,
                 .count = SHOWN};
    for (int i = 0; i < SCATTER_MOMENTS; i++) {
        char *caption = s.moments[i].caption;
        const size_t room = sizeof s.moments[i].caption;
        s.moments[i].samples = b->shown[i];
        step_text(caption, room, b->steps * MOMENTS[i] / RECORDS);
        const int inside = b->shown[i] != NULL ? count_inside(b->shown[i], s.reach) : SHOWN;
        if (inside < SHOWN) {
            const size_t length = strlen(caption);
            snprintf(caption + length, room - length, ": %.1f %% inside", 100.0 * inside / SHOWN);
        }
    }
    scatter_save(&s, directory, "modes");
}

static void draw_curves(const bench *b, const char *directory)
{
    double steps[RECORDS + 1];
    char title[128];
    for (int i = 0; i <= RECORDS; i++) {
        steps[i] = (double)(b->steps * i / RECORDS);
    }
    const int runs = (int)(b->done + b->stopped);
    double *others = b->curves[1]; /* in percent, of those that are not good */
    for (int i = 0; i < runs * (RECORDS + 1); i++) {
        others[i] = 100 * (1 - others[i]);
    }
    snprintf(title, sizeof title, "A %s of %d Gaussians, averaged generator, %d seed%s%s",
             b->m->name, b->m->modes, runs, plural(runs),
             b->stopped ? ", the last one stopped" : "");
    const double *floor = b->floor.value;
    const curves c = {
        .title = title,
        .panel_count = PANELS,
        .panels = {{"modes found", false, 0, b->m->modes, floor[MIXTURE_MODES]},
                   {"samples beyond 3 deviations, %", true, 0.1, 100,
                    100 * (1 - floor[MIXTURE_SHARE])},
                   {"deviation, relative to the data's", false, 0, 2, floor[MIXTURE_RATIO]},
                   {"KL from equal modes, nats", true, 1e-3, 10, floor[MIXTURE_KL]}},
        .runs = runs,
        .points = RECORDS + 1,
        .steps = steps,
        .values = {b->curves[0], b->curves[1], b->curves[2], b->curves[3]}};
    curves_save(&c, directory, "curves");
}

/* ---- All of it ------------------------------------------------------------------------------ */

static void record_start(const bench *b)
{
    metrics_begin(b->log, "start");
    metrics_text(b->log, "libgan", gan_version_text());
    metrics_text(b->log, "kind", b->m->name);
    metrics_whole(b->log, "first_seed", b->first);
    metrics_whole(b->log, "seeds", b->seeds);
    metrics_whole(b->log, "steps", b->steps);
    metrics_whole(b->log, "batch", b->batch);
    metrics_whole(b->log, "samples", b->samples);
    metrics_whole(b->log, "threads", gan_context_threads(b->context));
    metrics_end(b->log);
}

static bench bench_open(gan_context *context, const mixture *m, const mixture_settings *settings)
{
    bench b = {.context = context,
               .m = m,
               .seeds = settings->seeds,
               .first = settings->first,
               .steps = settings->steps > 0 ? settings->steps : m->steps,
               .batch = settings->batch > 0 ? settings->batch : BATCH,
               .samples = settings->samples > 0 ? settings->samples : MIXTURE_SAMPLES,
               .started = seconds_now()};
    b.score = mixture_score(context, m);
    b.log = metrics_open(settings->out, "metrics.jsonl");
    b.ends = allocate((size_t)b.seeds, sizeof *b.ends);
    for (int i = 0; i < PANELS; i++) {
        const int64_t count = b.seeds * (RECORDS + 1);
        b.curves[i] = allocate((size_t)count, sizeof *b.curves[i]);
        for (int64_t k = 0; k < count; k++) {
            b.curves[i][k] = (double)NAN;
        }
    }
    return b;
}

static void bench_close(bench *b)
{
    for (int i = 0; i < PANELS; i++) {
        free(b->curves[i]);
    }
    for (int i = 0; i < SCATTER_MOMENTS; i++) {
        free(b->shown[i]);
    }
    free(b->ends);
    gan_score_free(b->score);
    metrics_close(b->log);
}

/* Trains with one seed after the other, until all are done or somebody interrupts. */
static void train_all(bench *b)
{
    while (b->done < b->seeds && !b->stopped) {
        char who[32];
        const int64_t seed = b->first + b->done;
        b->stopped = !train_next(b);
        snprintf(who, sizeof who, b->stopped ? "seed %lld (stopped)" : "seed %lld",
                 (long long)seed);
        print_row(who, &b->ends[seed - b->first]);
    }
}

void mixture_run(gan_context *context, const mixture *m, const mixture_settings *settings)
{
    bench b = bench_open(context, m, settings);
    record_start(&b);
    print_head(&b);
    train_all(&b);
    b.floor = mixture_floor(context, b.score, &b.floor_deviation);
    print_table(&b);
    draw_samples(&b, settings->out);
    draw_curves(&b, settings->out);
    record_result(&b);
    printf("wrote modes.png, modes.svg, curves.png, curves.svg and metrics.jsonl to %s\n",
           settings->out);
    bench_close(&b);
}
