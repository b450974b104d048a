/* A training as its user sits through it, in one sitting or in several: how far it is, a record of
 * each epoch in metrics.jsonl, Ctrl-C, and its state in a file to go on from. */
#ifndef EXAMPLES_SESSION_H
#define EXAMPLES_SESSION_H

#include "metrics.h"
#include "progress.h"
#include "watch.h"

#include <gan/gan.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct session session;

/* Called at the end of each epoch, after its record. */
typedef void (*session_fn)(void *user, session *s);

struct session {
    /* Set by the program before session_open. */
    gan_context *context;
    gan_trainer *trainer; /* ready to train; one batch of data makes a step */
    gan_monitor *monitor; /* of the trainer, asked at the end of each epoch; NULL for none */
    int64_t epochs;       /* passes over the data in all, earlier sittings included */
    int64_t steps;        /* the same of steps: the training ends with them; 0 for no limit */
    int64_t batches;      /* of an epoch */
    const char *save;     /* file for the state of the training; NULL for none */
    const char *trace;    /* file for the metrics of each step; NULL for none */
    int64_t keep;         /* checkpoints of the last so many epochs; 0 for none */
    session_fn at_epoch;  /* NULL for none */
    void *user;           /* handed to it */

    metrics *log;   /* to be written by the program too */
    double value;   /* of the state, a higher one being better; a session_fn may set it */
    int64_t done;   /* epochs that have ended */
    int64_t step;   /* steps made */
    bool stopped;   /* by Ctrl-C */
    int64_t first;  /* steps made in earlier sittings */
    int64_t saved;  /* the step of the state in the file; -1 for none */
    double earlier; /* seconds trained in earlier sittings, as far as the log tells */
    progress progress;
    watch watch;
    gan_log *steps_log;    /* the file `trace`, or NULL */
    gan_checkpoints *kept; /* NULL for none */
};

/* Opens directory/metrics.jsonl, the file `trace` (JSON lines; CSV if its name ends with .csv;
 * events if it contains "tfevents") and the checkpoints in the directory. Without `resume` both
 * logs start anew; else the training goes on from the state in that file, metrics.jsonl after its
 * last record, `trace` after that of the state.
 *   resume  a file that an earlier sitting saved; GAN_LAST or GAN_BEST where checkpoints are kept;
 *           or NULL */
void session_open(session *s, const char *directory, const char *resume);

/* Trains to the end, or until Ctrl-C. A part of an epoch at the end has a record too. The state is
 * saved at the end of each epoch and of the sitting; a checkpoint is kept of each epoch, with the
 * value that the session_fn has set. */
void session_train(session *s);

/* Seconds trained, earlier sittings included: what took place in a session_fn is not counted. A
 * sitting that was killed counts up to its last record. */
double session_seconds(const session *s);

/* Gives the trainer an average of its generator, see gan_trainer_set_average, which the caller
 * frees; NULL if decay is 0. Call it before session_open. */
gan_network *session_average(gan_context *context, gan_trainer *trainer, gan_network *generator,
                             double decay);

/* Closes the logs. */
void session_close(session *s);

#endif
