#include "graph/graph.h"

#include "graph/operations.h"

#include <stdio.h>
#include <string.h>

gan__graph gan__graph_create(gan_context *context)
{
    return (gan__graph){.context = context};
}

void gan__graph_free(gan__graph *graph)
{
    gan__release(graph->context, graph->nodes);
    graph->nodes = NULL;
    graph->capacity = 0;
    graph->count = 0;
}

int32_t gan__graph_fail(gan__graph *graph, int32_t status)
{
    if (graph->status == GAN_OK) {
        graph->status = status;
    }
    return graph->status;
}

int32_t gan__push(gan__graph *graph, gan__node node)
{
    const gan__operation *operation = &gan__operations[node.op];
    if (graph->status != GAN_OK) {
        return graph->status;
    }
    for (int32_t i = 0; i < GAN__ARITY_MAX; i++) {
        if (i >= operation->arity) {
            node.in[i] = -1;
        } else if (node.in[i] < 0 || node.in[i] >= graph->count) {
            return gan__graph_fail(graph, gan__fail(graph->context, GAN_ERROR_ARGUMENT,
                                                    "%s: input %d is no tensor: %d",
                                                    operation->name, (int)i, (int)node.in[i]));
        }
    }
    const int32_t status = operation->shape(graph, &node);
    if (status != GAN_OK) {
        return gan__graph_fail(graph, status);
    }
    void *nodes = graph->nodes;
    if (gan__grow(graph->context, &nodes, &graph->capacity, (int64_t)graph->count + 1,
                  sizeof *graph->nodes) != GAN_OK) {
        return gan__graph_fail(graph, GAN_ERROR_MEMORY);
    }
    graph->nodes = nodes;
    graph->nodes[graph->count] = node;
    return graph->count++;
}

gan__shape gan__shape_of(int32_t rank, const int64_t *dims)
{
    gan__shape shape = {.rank = rank};
    memcpy(shape.dims, dims, (size_t)rank * sizeof *dims);
    return shape;
}

gan__shape gan__shape_1(int64_t a)
{
    return (gan__shape){.rank = 1, .dims = {a}};
}

gan__shape gan__shape_2(int64_t a, int64_t b)
{
    return (gan__shape){.rank = 2, .dims = {a, b}};
}

gan__shape gan__node_shape(const gan__graph *graph, int32_t x)
{
    return x >= 0 && x < graph->count ? graph->nodes[x].shape : (gan__shape){0};
}

int64_t gan__shape_elements(gan__shape shape)
{
    int64_t elements = 1;
    for (int32_t i = 0; i < shape.rank; i++) {
        elements *= shape.dims[i];
    }
    return elements;
}

bool gan__shape_equal(gan__shape a, gan__shape b)
{
    return a.rank == b.rank &&
           (a.rank == 0 || memcmp(a.dims, b.dims, (size_t)a.rank * sizeof a.dims[0]) == 0);
}

const char *gan__shape_text(gan__shape shape, char text[GAN__SHAPE_TEXT])
{
    int32_t length = snprintf(text, GAN__SHAPE_TEXT, "[");
    for (int32_t i = 0; i < shape.rank; i++) {
        length += snprintf(text + length, (size_t)(GAN__SHAPE_TEXT - length), "%s%lld",
                           i > 0 ? ", " : "", (long long)shape.dims[i]);
    }
    snprintf(text + length, (size_t)(GAN__SHAPE_TEXT - length), "]");
    return text;
}
