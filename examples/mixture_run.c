#include "mixture_run.h"

#include "check.h"
#include "curves.h"
#include "interrupt.h"
#include "metrics.h"
#include "progress.h"
#include "scatter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    BATCH = 400,          /* with 100 the modes come out narrower */
    RECORDS = 40,         /* of a training, after that of its start */
    SCORE_SEED = 1000000, /* of the samples that are scored; no training has it */
    SHOWN = 1000          /* samples in a picture */
};

/* When the samples of the first training are shown, in records. */
static const int MOMENTS[SCATTER_MOMENTS] = {0, 4, 12, 24, RECORDS};

/* Where the lines are that the benchmark should reach. */
static const double LEAST_SHARE = 0.95, MOST_SHARE = 0.989, LEAST_RATIO = 0.85, MOST_RATIO = 1.15,
                    MOST_KL = 2; /* times the floor */

/* All that the trainings leave behind. */
typedef struct {
    gan_context *context;
    const mixture *m;
    gan_score *score;
    metrics *log;
    int64_t seeds, first, steps, batch, samples;
    mixture_figures floor;
    mixture_figures *ends;         /* [seeds] of the averaged generators */
    double *curves[CURVES_PANELS]; /* [seeds, RECORDS + 1] */
    float *shown[SCATTER_MOMENTS]; /* [SHOWN, 2] of the first training */
    int64_t done;                  /* trainings that have ended */
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
    static const int kept[CURVES_PANELS] = {MIXTURE_MODES, MIXTURE_SHARE, MIXTURE_KL};
    const uint64_t seed = SCORE_SEED + (uint64_t)(b->first + t->index);
    const mixture_figures raw = mixture_measure(b->context, b->score, t->G, b->samples, seed);
    const mixture_figures mean =
        mixture_measure(b->context, b->score, t->average, b->samples, seed);
    for (int panel = 0; panel < CURVES_PANELS; panel++) {
        b->curves[panel][t->index * (RECORDS + 1) + number] = mean.value[kept[panel]];
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

static void print_row(const char *who, const mixture_figures *f)
{
    const double *v = f->value;
    printf("%-22s %5.1f  %6.2f  %5.3f  [%.2f %.2f]  %7.4f\n", who, v[MIXTURE_MODES],
           100 * v[MIXTURE_SHARE], v[MIXTURE_RATIO], v[MIXTURE_LEAST], v[MIXTURE_GREATEST],
           v[MIXTURE_KL]);
}

static void print_head(const bench *b)
{
    printf("%s of %d modes, %lld seed%s: %lld steps of %lld samples; %lld samples of the averaged "
           "generator,\ngood within 3 deviations\n",
           b->m->name, b->m->modes, (long long)b->seeds, plural(b->seeds), (long long)b->steps,
           (long long)b->batch, (long long)b->samples);
    printf("%-22s modes  good %%  ratio  [least, most]      KL\n", "");
    fflush(stdout);
}

/* How many of the trainings reach each line. */
typedef struct {
    int modes, share, ratio, kl;
} reached;

static reached count_reached(const bench *b)
{
    reached r = {0};
    for (int64_t i = 0; i < b->done; i++) {
        const double *v = b->ends[i].value;
        r.modes += v[MIXTURE_MODES] >= b->m->modes;
        r.share += v[MIXTURE_SHARE] >= LEAST_SHARE && v[MIXTURE_SHARE] <= MOST_SHARE;
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

static void print_table(const bench *b)
{
    const mixture_figures mean = mean_of(b);
    const reached r = count_reached(b);
    print_row("mean", &mean);
    print_row("a perfect sampler", &b->floor);
    for (int i = 0; i < MIXTURE_PUBLISHED; i++) {
        const mixture_published *p = &b->m->published[i];
        printf("%-22s %5.1f  %6.1f  %5s  %13s  %7.2f\n", p->who, p->modes, p->share, "", "", p->kl);
    }
    printf("(the last %d rows: Lin et al. 2018, PacGAN, Table 1)\n", MIXTURE_PUBLISHED);
    printf(
        "reached by: all modes %d, good 95 to 98.9 %% %d, ratio 0.85 to 1.15 %d, KL within twice "
        "the floor %d of %lld\n",
        r.modes, r.share, r.ratio, r.kl, (long long)b->done);
}

static void record_result(const bench *b)
{
    const mixture_figures mean = mean_of(b);
    const reached r = count_reached(b);
    metrics_begin(b->log, "result");
    metrics_whole(b->log, "seeds", b->done);
    write_figures(b->log, "", &mean);
    write_figures(b->log, "floor_", &b->floor);
    metrics_whole(b->log, "reached_modes", r.modes);
    metrics_whole(b->log, "reached_share", r.share);
    metrics_whole(b->log, "reached_ratio", r.ratio);
    metrics_whole(b->log, "reached_kl", r.kl);
    metrics_number(b->log, "seconds", seconds_now() - b->started);
    metrics_end(b->log);
}

/* ---- Pictures ------------------------------------------------------------------------------- */

/* "12,000" */
static void step_text(char *text, size_t size, int64_t step)
{
    if (step < 1000) {
        snprintf(text, size, step == 0 ? "before training" : "step %lld", (long long)step);
    } else {
        snprintf(text, size, "step %lld,%03lld", (long long)(step / 1000),
                 (long long)(step % 1000));
    }
}

static void draw_samples(const bench *b, const char *directory)
{
    double centres[2 * MIXTURE_MODES_MAX];
    char title[96];
    mixture_centres(b->m, centres);
    snprintf(title, sizeof title, "A %s of %d Gaussians, seed %lld", b->m->name, b->m->modes,
             (long long)b->first);
    scatter s = {.title = title,
                 .modes = b->m->modes,
                 .centres = centres,
                 .deviation = b->m->deviation,
                 .reach = 1.25 * b->m->reach,
                 .count = SHOWN};
    for (int i = 0; i < SCATTER_MOMENTS; i++) {
        s.moments[i].samples = b->shown[i];
        step_text(s.moments[i].caption, sizeof s.moments[i].caption,
                  b->steps * MOMENTS[i] / RECORDS);
    }
    scatter_save(&s, directory, "modes");
}

static void draw_curves(const bench *b, const char *directory)
{
    double steps[RECORDS + 1];
    char title[96];
    for (int i = 0; i <= RECORDS; i++) {
        steps[i] = (double)(b->steps * i / RECORDS);
    }
    for (int64_t i = 0; i < b->done * (RECORDS + 1); i++) {
        b->curves[1][i] *= 100;
    }
    snprintf(title, sizeof title, "A %s of %d Gaussians, %lld seed%s", b->m->name, b->m->modes,
             (long long)b->done, plural(b->done));
    const double modes = b->m->modes;
    const int modes_parts = b->m->modes % 4 == 0 ? 4 : 5;
    const curves c = {
        .title = title,
        .panels = {{"modes found", false, 0, modes, modes_parts, b->floor.value[MIXTURE_MODES]},
                   {"good samples, percent", false, 0, 100, 4, 100 * b->floor.value[MIXTURE_SHARE]},
                   {"KL from equal modes, nats", true, 1e-3, 10, 0, b->floor.value[MIXTURE_KL]}},
        .runs = (int)b->done,
        .points = RECORDS + 1,
        .steps = steps,
        .values = {b->curves[0], b->curves[1], b->curves[2]}};
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

void mixture_run(gan_context *context, const mixture *m, const mixture_settings *settings)
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
    for (int i = 0; i < CURVES_PANELS; i++) {
        b.curves[i] = allocate((size_t)b.seeds * (RECORDS + 1), sizeof *b.curves[i]);
    }
    record_start(&b);
    print_head(&b);
    while (b.done < b.seeds && train_next(&b)) {
        char who[32];
        snprintf(who, sizeof who, "seed %lld", (long long)(b.first + b.done - 1));
        print_row(who, &b.ends[b.done - 1]);
        fflush(stdout);
    }
    if (b.done > 0) {
        b.floor = mixture_floor(context, b.score);
        print_table(&b);
        draw_samples(&b, settings->out);
        draw_curves(&b, settings->out);
        record_result(&b);
        printf("wrote modes.png, modes.svg, curves.png, curves.svg and metrics.jsonl to %s\n",
               settings->out);
    }
    for (int i = 0; i < CURVES_PANELS; i++) {
        free(b.curves[i]);
    }
    for (int i = 0; i < SCATTER_MOMENTS; i++) {
        free(b.shown[i]);
    }
    free(b.ends);
    gan_score_free(b.score);
    metrics_close(b.log);
}
