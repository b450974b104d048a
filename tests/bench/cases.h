/* What is measured: one table of cases. */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include "nets.h"

#include <gan/gan.h>

#include <stdbool.h>
#include <stdint.h>

/* A case that is being measured. */
typedef struct {
    gan_context *context;
    int32_t threads;
    const char *products; /* who makes them, as for gan_context_set_products */
    int64_t batch;        /* samples of a step */
    net g, d;
    gan_trainer *trainer;
    gan_monitor *monitor;
    float *samples, *rows;
} subject;

typedef struct bench_case {
    const char *name;
    int64_t batch; /* samples of a step, unless the command line says so; 0: a step has none */
    bool trains;   /* so that the batch size may be chosen */
    net_fn generator, discriminator; /* NULL: the case needs none */
    /* Floating-point operations of the matrix products of a step: those that the algorithm needs,
     * which the rate is counted from. NULL: none are counted. */
    double (*needed)(const subject *s);
    /* The same, as libgan's step makes them; NULL: as needed. */
    double (*made)(const subject *s);
    /* Brings the subject to where steps can be made. */
    void (*prepare)(subject *s, const struct bench_case *c);
    /* Makes steps; returns the seconds they took. */
    double (*run)(subject *s, int64_t steps);
} bench_case;

extern const bench_case CASES[]; /* the last has no name */

const bench_case *case_find(const char *name);

/* The context and the networks of a case, before `prepare`. batch 0: the case's own. */
subject case_open(const bench_case *c, int32_t threads, const char *by, int64_t batch);
void case_close(subject *s);

/* Seconds since some moment. */
double now(void);

#endif
