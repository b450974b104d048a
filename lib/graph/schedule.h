/* Inside the planner: units of work, instructions, places. Shared by schedule.c (which node belongs
 * to which unit), place.c (where its numbers stand), plan.c (the plan) and run.c (its run). */
#ifndef GAN_GRAPH_SCHEDULE_H
#define GAN_GRAPH_SCHEDULE_H

#include "graph/graph.h"
#include "graph/operations.h"
#include "graph/plan.h"

enum {
    GAN__BLOCK = 256,     /* elements a fused group works on at a time: its registers stay in L1 */
    GAN__CHUNK = 8192,    /* elements a thread takes at a time; partial sums are per chunk */
    GAN__GROUP_NODES = 24 /* at most so many instructions, and so many registers, in a group */
};

/* Where the numbers of a node stand. */
typedef struct {
    enum { GAN__NOWHERE, GAN__IN_SLOT, GAN__IN_WORKSPACE, GAN__IN_REGISTER } where;
    int32_t index; /* slot or register */
    int64_t offset;
} gan__place;

/* One instruction of a fused group, done block by block. */
typedef struct {
    enum { GAN__DO_ELEMENT, GAN__DO_VIEW, GAN__DO_CONSTANT, GAN__DO_RANDOM, GAN__DO_SUM } what;
    bool once;          /* its register keeps what the first block of a chunk put there */
    gan__place a, b, y; /* y of a sum: its partial sums, one double a chunk */
    union {
        struct {
            gan__element_fn function;
            real scale, shift;
        } element; /* a constant is its shift */
        gan__view view;
        struct {
            gan__distribution distribution;
            uint32_t stream;
            gan__stack stack;
            int64_t columns;
        } random;
        gan__place total; /* of a sum */
    };
} gan__instruction;

/* A step of the plan: a fused group, or one node of class WHOLE. */
typedef struct {
    int64_t elements; /* of a group; 0 for a whole node */
    gan__instruction *instructions;
    int32_t count;
    gan__node node;
    gan__shape shapes[GAN__ARITY_MAX];
    gan__place x[GAN__ARITY_MAX], scratch, y;
} gan__unit;

struct gan__plan {
    gan_context *context; /* borrowed */
    gan__unit *units;
    gan__instruction *instructions;
    int32_t unit_count;
    int64_t workspace, products;
};

/* What the planner knows of a node. */
typedef struct {
    int32_t root;                 /* itself, or what it is an alias of */
    int32_t unit;                 /* -1: none (yet) */
    int32_t last_use;             /* the last unit that reads it */
    bool live, in_memory, is_sum; /* is_sum: a sum to one element, done at the end of a group */
    bool inlined;                 /* a broadcast that each group that needs it reads anew */
    gan__place place;
    gan__place scratch; /* of a whole node; the partial sums of a sum */
} gan__fact;

typedef struct {
    gan__graph *graph;
    gan__plan_mode mode;
    gan__fact *facts; /* one a node */
    struct {
        int64_t elements; /* 0 for a whole node */
        int32_t nodes;    /* instructions, counting constants once for each reader */
    } * units;
    int64_t unit_capacity;
    int32_t unit_count;
    int32_t *starts; /* [unit_count + 1]: where each unit's nodes start in order */
    int32_t *order;  /* the nodes that have a unit, by unit, then by creation */
    int32_t count;   /* of outputs */
    const gan__output *outputs;
} gan__schedule;

/* Finds what is live, resolves aliases, puts every live node into a unit and sorts them by unit. */
int32_t gan__schedule_units(gan__schedule *schedule);

/* Decides where every node's numbers stand, and sets *workspace in elements. */
int32_t gan__schedule_places(gan__schedule *schedule, int64_t *workspace);

/* What operand `id` really is: the node itself, or what it is an alias of. */
static inline int32_t gan__root(const gan__schedule *schedule, int32_t id)
{
    return schedule->facts[id].root;
}

/* Whether a node is filled in anew by each group that reads it. */
static inline bool gan__is_refilled(const gan__schedule *schedule, int32_t id)
{
    return schedule->graph->nodes[id].op == GAN__CONSTANT || schedule->facts[id].inlined;
}

#endif
