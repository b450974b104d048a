/* The plan: everything about running a graph that can be decided once.
 *
 * A plan fixes the order, the fused groups, the place of every number and the workspace. It is
 * immutable and a run allocates nothing. It speaks of operations and buffers, never of cores. */
#ifndef GAN_GRAPH_PLAN_H
#define GAN_GRAPH_PLAN_H

#include "graph/graph.h"

typedef struct gan__plan gan__plan;

/* Where a result goes: the array bound to `slot`, from element `offset` on. A plan must not write
 * to a slot that it reads. Two slots may be bound to one array for an update in place: if
 * everything that reads the old numbers does so element by element in the fused group that writes
 * the new ones, or before it, and was built before the output. */
typedef struct {
    int32_t node, slot;
    int64_t offset;
} gan__output;

typedef enum {
    GAN__PLAN_FUSED,
    GAN__PLAN_NAIVE /* each node by itself, each in memory of its own: the reference in tests */
} gan__plan_mode;

/* What a run needs. */
typedef struct {
    real *const *slots; /* the arrays, as many as the highest slot of the graph + 1 */
    real *workspace;    /* gan__plan_workspace elements, aligned to 64 bytes */
    uint64_t seed, step, first_sample; /* of random nodes */
} gan__arguments;

/* Plans the computation of `count` outputs. May append nodes to the graph, which can be freed
 * afterwards. Errors: the graph's own, MEMORY, ARGUMENT (no such node), UNSUPPORTED (an output slot
 * is read). */
int32_t gan__plan_create(gan__graph *graph, int32_t count, const gan__output *outputs,
                         gan__plan_mode mode, gan__plan **out);

/* NULL does nothing. */
void gan__plan_free(gan__plan *plan);

/* The size of the workspace, in elements. */
int64_t gan__plan_workspace(const gan__plan *plan);

/* The number of multiply-adds in the matrix products of one run. */
int64_t gan__plan_products(const gan__plan *plan);

/* Computes the outputs. */
void gan__plan_run(const gan__plan *plan, const gan__arguments *arguments);

#endif
