#include "train/step.h"

/* One network within the graph of a step. */
typedef struct {
    const gan_network *network;
    int32_t *leaves;             /* [parameter_count] nodes */
    int32_t *wanted, *gradients; /* [number of trainable ones] nodes and their gradients */
    int32_t slot, gradient_slot;
} side;

/* The graph of a step and its outputs so far. */
typedef struct {
    gan__graph graph;
    gan__output *outputs;
    int32_t count;
    uint32_t stream;    /* the next free one for dropout */
    int32_t conditions; /* node: [m, elements], where a network has some */
} step;

static int32_t prepare_side(step *s, side *p)
{
    gan_context *context = s->graph.context;
    p->leaves = gan__allocate(context, p->network->parameter_count, sizeof *p->leaves);
    p->wanted = gan__allocate(context, p->network->parameter_count, sizeof *p->wanted);
    p->gradients = gan__allocate(context, p->network->parameter_count, sizeof *p->gradients);
    if (p->leaves == NULL || p->wanted == NULL || p->gradients == NULL) {
        return GAN_ERROR_MEMORY;
    }
    gan__network_leaves(p->network, &s->graph, p->slot, p->leaves);
    return GAN_OK;
}

static void free_side(step *s, side *p)
{
    gan__release(s->graph.context, p->gradients);
    gan__release(s->graph.context, p->wanted);
    gan__release(s->graph.context, p->leaves);
}

/* Applies a network in training; every application draws dropout masks of its own. */
static int32_t apply(step *s, const side *p, int32_t x)
{
    const gan__build build = {.parameters = p->leaves,
                              .training = true,
                              .stream = s->stream,
                              .conditions = &s->conditions};
    s->stream += (uint32_t)p->network->dropouts;
    return gan__network_build(p->network, &s->graph, &build, x);
}

static void add_output(step *s, int32_t node, int32_t slot, int64_t offset)
{
    s->outputs[s->count++] = (gan__output){node, slot, offset};
}

/* The gradient of a loss by one player's trainable parameters. */
static int32_t add_gradient(step *s, side *p, int32_t loss)
{
    const gan__parameter *parameters = p->network->parameters;
    int32_t count = 0;
    for (int32_t i = 0; i < p->network->parameter_count; i++) {
        if (!parameters[i].frozen) {
            p->wanted[count++] = p->leaves[i];
        }
    }
    GAN__TRY(gan__gradient(&s->graph, loss, count, p->wanted, p->gradients));
    count = 0;
    for (int32_t i = 0; i < p->network->parameter_count; i++) {
        if (!parameters[i].frozen) {
            add_output(s, p->gradients[count++], p->gradient_slot, parameters[i].offset);
        }
    }
    return GAN_OK;
}

int64_t gan__common_conditions(const gan_network *generator, const gan_network *discriminator)
{
    return generator->conditions > 0 ? generator->conditions : discriminator->conditions;
}

/* D's losses and their gradient; c: D and the samples at hand */
static int32_t build_d(step *s, side *d, const gan__losses *losses, bool penalised, gan__critic *c)
{
    gan__graph *graph = &s->graph;
    const gan__d_side made =
        gan__objective_d(graph, losses->objective, c->real_logits, c->fake_logits);
    int32_t loss = made.loss;
    add_output(s, made.value, GAN__SLOT_RESULTS, GAN__RESULT_VALUE);
    add_output(s, made.loss, GAN__SLOT_RESULTS, GAN__RESULT_D_LOSS);
    add_output(s, made.d_real, GAN__SLOT_RESULTS, GAN__RESULT_D_REAL);
    add_output(s, made.d_fake, GAN__SLOT_RESULTS, GAN__RESULT_D_FAKE);
    if (penalised) {
        c->stream = s->stream;
        const int32_t penalty = gan__penalty(graph, &losses->penalties, c);
        add_output(s, penalty, GAN__SLOT_RESULTS, GAN__RESULT_PENALTY);
        loss = gan__add(graph, loss, penalty);
    }
    return add_gradient(s, d, loss);
}

/* real -> D, z -> G -> D, the losses, and the gradients asked for. */
static int32_t build(step *s, side *g, side *d, const gan__losses *losses, gan__step_kind kind,
                     int64_t m)
{
    gan__graph *graph = &s->graph;
    const gan__objective objective = losses->objective;
    GAN__TRY(prepare_side(s, d));
    GAN__TRY(prepare_side(s, g));
    const gan__shape noise = gan__batch_shape(m, g->network->layers[0].shape);
    const gan__shape data = gan__batch_shape(m, d->network->layers[0].shape);
    gan__critic c = {.network = d->network,
                     .leaves = d->leaves,
                     .conditions = &s->conditions,
                     .real_logits = -1};
    const int64_t given = gan__common_conditions(g->network, d->network);
    if (given > 0) {
        s->conditions = gan__leaf(graph, GAN__SLOT_CONDITIONS, 0, gan__shape_2(m, given));
    }
    c.fake = apply(s, g, gan__leaf(graph, GAN__SLOT_Z, 0, noise));
    c.fake_stream = s->stream;
    c.fake_logits = apply(s, d, c.fake);
    if ((kind & GAN__STEP_D) != 0 || gan__objective_pairs(objective)) {
        c.real = gan__leaf(graph, GAN__SLOT_X, 0, data);
        c.real_stream = s->stream;
        c.real_logits = apply(s, d, c.real);
    }
    if ((kind & GAN__STEP_D) != 0) {
        GAN__TRY(build_d(s, d, losses, (kind & GAN__STEP_PENALTY) != 0, &c));
    }
    if ((kind & GAN__STEP_G) != 0) {
        const int32_t loss = gan__objective_g(graph, objective, c.real_logits, c.fake_logits);
        add_output(s, loss, GAN__SLOT_RESULTS, GAN__RESULT_G_LOSS);
        GAN__TRY(add_gradient(s, g, loss));
    }
    return graph->status;
}

int32_t gan__step_plan(const gan_network *generator, const gan_network *discriminator,
                       const gan__losses *losses, gan__step_kind kind, int64_t m, gan__plan **out)
{
    gan_context *context = generator->context;
    side g = {.network = generator, .slot = GAN__SLOT_G, .gradient_slot = GAN__SLOT_G_GRADIENT};
    side d = {.network = discriminator, .slot = GAN__SLOT_D, .gradient_slot = GAN__SLOT_D_GRADIENT};
    step s = {.graph = gan__graph_create(context), .stream = GAN__STREAM_DROPOUT, .conditions = -1};
    const int32_t most =
        generator->parameter_count + discriminator->parameter_count + GAN__RESULT_COUNT;
    *out = NULL;
    s.outputs = gan__allocate(context, most, sizeof *s.outputs);
    int32_t status = GAN_ERROR_MEMORY;
    if (s.outputs != NULL) {
        status = build(&s, &g, &d, losses, kind, m);
    }
    if (status == GAN_OK) {
        status = gan__plan_create(&s.graph, s.count, s.outputs, GAN__PLAN_FUSED, out);
    }
    free_side(&s, &g);
    free_side(&s, &d);
    gan__release(context, s.outputs);
    gan__graph_free(&s.graph);
    return status;
}

int32_t gan__noise_plan(const gan_network *generator, uint32_t stream, int64_t m, gan__plan **out)
{
    gan__graph graph = gan__graph_create(generator->context);
    const gan__output output = {gan__network_noise_node(generator, &graph, stream, m), GAN__SLOT_Z,
                                0};
    const int32_t status = gan__plan_create(&graph, 1, &output, GAN__PLAN_FUSED, out);
    gan__graph_free(&graph);
    return status;
}

int32_t gan__norm_plan(gan_context *context, int64_t elements, gan__plan **out)
{
    gan__graph graph = gan__graph_create(context);
    const int32_t x = gan__leaf(&graph, 0, 0, gan__shape_1(elements));
    const gan__output output = {gan__sum_all(&graph, gan__square(&graph, x)), 1, 0};
    const int32_t status = gan__plan_create(&graph, 1, &output, GAN__PLAN_FUSED, out);
    gan__graph_free(&graph);
    return status;
}
