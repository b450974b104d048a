/* Inside a monitor. */
#ifndef GAN_TRAIN_MONITOR_H
#define GAN_TRAIN_MONITOR_H

#include <gan/monitor.h>

#include "eval/bins.h"
#include "eval/spread.h"
#include "train/trainer.h"

/* Values that are judged come first, in the order of their thresholds. */
typedef enum {
    GAN__MONITOR_DISTANCE_RATIO,
    GAN__MONITOR_SUPPORT_RATIO,
    GAN__MONITOR_DUPLICATES,
    GAN__MONITOR_MISSING,
    GAN__MONITOR_FLAT_LATENTS,
    GAN__MONITOR_JUDGED,
    GAN__MONITOR_NEAR_RATIO = GAN__MONITOR_JUDGED,
    GAN__MONITOR_NEAREST_RATIO,
    GAN__MONITOR_SUPPORT,
    GAN__MONITOR_IMBALANCE,
    GAN__MONITOR_LATENT_SENSITIVITY,
    GAN__MONITOR_D_REAL,
    GAN__MONITOR_D_FAKE,
    GAN__MONITOR_D_HELD_OUT,
    GAN__MONITOR_D_GAP,
    GAN__MONITOR_D_RANKING,
    GAN__MONITOR_D_MEMORY,
    GAN__MONITOR_D_GRADIENT,
    GAN__MONITOR_G_GRADIENT,
    GAN__MONITOR_STEP,
    GAN__MONITOR_MEASURED, /* those a measurement makes */
    GAN__MONITOR_KEPT_STEP = GAN__MONITOR_MEASURED,
    GAN__MONITOR_ROLL_BACKS,
    GAN__MONITOR_VALUES
} gan__monitor_value;

typedef enum {
    GAN__WATCH_SAMPLES,
    GAN__WATCH_BINS,
    GAN__WATCH_SEED,
    GAN__WATCH_INTERVAL,
    GAN__WATCH_PATIENCE,
    GAN__WATCH_GRACE,
    GAN__WATCH_KEEP,
    GAN__WATCH_GENERATOR,
    GAN__WATCH_PARTIAL, /* thresholds by value: two each, for partial and for collapsed */
    GAN__WATCH_COLLAPSED,
    GAN__WATCH_OPTIONS = GAN__WATCH_PARTIAL + 2 * GAN__MONITOR_JUDGED
} gan__monitor_option;

enum { GAN__RAW, GAN__AVERAGE }; /* values of GAN__WATCH_GENERATOR */

/* What measurements work on, made by the first one, and what they know of the real samples. */
typedef struct {
    int64_t n, held;         /* real samples of the training, and held out */
    float *real;             /* [n, elements] */
    float *conditions;       /* [n, condition elements], or NULL */
    float *held_out;         /* [held, elements], or NULL */
    float *held_conditions;  /* [held, condition elements], or NULL */
    float *z, *near_z;       /* [n, noise elements], [n / 4, noise elements] */
    float *fake, *near_fake; /* [n, elements], [n / 4, elements] */
    float *logits[3];        /* [n]: of real, generated and held-out samples; the last [held] */
    gan__spread spread;
    gan__bins bins;
    double mean, low, nearest; /* distances of the real samples: the mean, that which 5 % stay
                                  below, the median of the nearest */
    double duplicates;         /* share of real samples */
    int64_t collisions;        /* pairs of them */
} gan__gauge;

/* What training moves, in memory. */
typedef struct {
    bool kept;
    int64_t steps;
    real *values[3];     /* of g, d and the average: [elements]; NULL where there is none */
    real *states[2];     /* of the optimizers of g and d */
    int64_t elements[5]; /* of these arrays */
    int64_t updates[3];  /* of both optimizers and the average */
    const gan__rule *rules[2];
    int64_t average; /* the number of the averaged network, or 0 */
} gan__snapshot;

enum { GAN__REASON_BYTES = 512 };

struct gan_monitor {
    gan_context *context;
    gan_trainer *trainer;         /* counted */
    gan_dataset *held_out, *rows; /* counted, or NULL; rows: its conditions */
    double options[GAN__WATCH_OPTIONS];
    double values[GAN__MONITOR_VALUES];
    gan__gauge *gauge; /* NULL until the first measurement, and after options changed */
    gan__snapshot snapshot;
    bool armed;                                  /* the time of grace is over */
    bool reading, running;                       /* data; within gan_monitor_run */
    int64_t in_a_row[GAN_VERDICT_COLLAPSED + 1]; /* measurements this bad or worse */
    int32_t found, verdict;                      /* of the last measurement; of the last ones */
    int64_t rolled_back;                         /* the step of the last time, or -1 */
    char reason[GAN__REASON_BYTES];
};

/* The table of options; the name of a value, or NULL. */
extern const gan__option_table gan__monitor_options;

/* STATE where the data are being read, for the caller may be a callback of theirs. */
int32_t gan__monitor_check_idle(const gan_monitor *monitor, const char *call);

/* Releases what measurements work on. */
void gan__monitor_forget(gan_monitor *monitor);

/* Measures: values[GAN__MONITOR_MEASURED], NaN where there is none. */
int32_t gan__monitor_gauge(gan_monitor *monitor, double *values);

/* Judges the values, or a step that failed with the context's message. */
void gan__monitor_judge(gan_monitor *monitor);
void gan__monitor_judge_failure(gan_monitor *monitor);

/* Begins anew after a roll back. */
void gan__monitor_pardon(gan_monitor *monitor);

/* Releases what is kept. */
void gan__monitor_discard(gan_monitor *monitor);

#endif
