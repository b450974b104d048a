/* Inside an optimizer: update rules as graphs over flat arrays, and state that can step back. */
#ifndef GAN_TRAIN_OPTIMIZER_H
#define GAN_TRAIN_OPTIMIZER_H

#include <gan/optimizer.h>

#include "base/options.h"
#include "graph/graph.h"
#include "graph/plan.h"
#include "nn/network.h"

enum { GAN__OPTIMIZER_STATES = 2 }; /* at most so many numbers of state for a parameter */

/* Numbers that change from update to update, computed in double on the caller's thread. */
typedef enum {
    GAN__NUMBER_RATE,    /* r; for Adam r / (1 - beta1^t) */
    GAN__NUMBER_KEEP_1,  /* mu, rho or beta1 */
    GAN__NUMBER_TAKE_1,  /* 1 - rho or 1 - beta1 */
    GAN__NUMBER_KEEP_2,  /* beta2 of this update */
    GAN__NUMBER_TAKE_2,  /* 1 - beta2 */
    GAN__NUMBER_ROOT,    /* 1 / sqrt(1 - beta2^t) */
    GAN__NUMBER_EPSILON, /* epsilon */
    GAN__NUMBER_SHRINK,  /* 1 - r weight_decay */
    GAN__NUMBER_COUNT
} gan__number;

/* The nodes an update rule reads and makes; each [elements]. */
typedef struct {
    gan__graph *graph;
    int32_t w, g, state[GAN__OPTIMIZER_STATES]; /* before */
    int32_t new_w, new_state[GAN__OPTIMIZER_STATES];
} gan__update;

typedef struct {
    const char *name;
    int32_t states;
    double rate; /* initial learning rate */
    void (*build)(gan__update *update);
} gan__rule;

struct gan_optimizer {
    gan_context *context;
    int64_t references;
    const gan__rule *rule;
    double options[14];
    int64_t network; /* the number of the one whose parameters it updates, or 0 */
    int64_t elements;
    gan__plan *plan;
    bool partial; /* whether the plan leaves some parameters as they are */
    real *workspace;
    int64_t workspace_size;
    real *state, *spare; /* [rule->states, elements]; spare takes the first update of a step */
    bool step_back;      /* whether spare holds the state before the step */
    bool fresh;          /* no update since gan__optimizer_begin */
    int64_t updates, updates_before;
    double rate, mu; /* of the last update */
};

/* Rules by name, or NULL. */
const gan__rule *gan__rule_find(const char *name);

/* A number of this update, as a node that repeats to the shape of x. */
int32_t gan__update_number(const gan__update *update, gan__number number);

gan_optimizer *gan__optimizer_retain(gan_optimizer *optimizer);

/* Binds the optimizer to the network of that number, with `elements` parameters, and allocates all
 * that updates need. With `step_back` it can return to the start of a step. Errors: STATE (bound to
 * another), MEMORY. */
int32_t gan__optimizer_bind(gan_optimizer *optimizer, int64_t network, int64_t elements,
                            bool step_back);

/* From the next update on, only these parameters and their state change. After binding; a failure
 * (MEMORY) leaves all as it was. */
int32_t gan__optimizer_limit(gan_optimizer *optimizer, int32_t count, const gan__range *ranges);

/* Marks the start of a step, to which gan__optimizer_rollback returns. */
void gan__optimizer_begin(gan_optimizer *optimizer);
void gan__optimizer_rollback(gan_optimizer *optimizer);

/* Makes one update: new_w from w and the gradient g, each [elements]; new_w may be w. epoch counts
 * from 0. */
void gan__optimizer_update(gan_optimizer *optimizer, int64_t epoch, real *w, real *g, real *new_w);

#endif
