#include "train/step.h"

/* One network within the graph of a step. */
typedef struct {
    const gan_network *network;
    int32_t *leaves;             /* [parameter_count] nodes */
    int32_t *statistics;         /* [parameter_count] nodes of statistics to be kept, or 0 */
    int32_t *wanted, *gradients; /* [number of trainable ones] nodes and their gradients */
    int32_t slot, gradient_slot, statistics_slot;
} side;

/* The graph of a step and its outputs so far. */
typedef struct {
    gan__graph graph;
    gan__output *outputs;
    int32_t count;
    uint32_t stream;    /* the next free one for dropout */
    int32_t conditions; /* node: [m, elements], where a network has some */
} step;

bool gan__losses_alike(const gan__losses *a, const gan__losses *b)
{
    return a->objective.kind == b->objective.kind && a->objective.half == b->objective.half &&
           a->objective.blend == b->objective.blend &&
           gan__penalties_alike(&a->penalties, &b->penalties);
}

static int32_t prepare_side(step *s, side *p)
{
    gan_context *context = s->graph.context;
    p->leaves = gan__allocate(context, p->network->parameter_count, sizeof *p->leaves);
    p->wanted = gan__allocate(context, p->network->parameter_count, sizeof *p->wanted);
    p->gradients = gan__allocate(context, p->network->parameter_count, sizeof *p->gradients);
    p->statistics = gan__allocate(context, p->network->parameter_count, sizeof *p->statistics);
    if (p->leaves == NULL || p->wanted == NULL || p->gradients == NULL || p->statistics == NULL) {
        return GAN_ERROR_MEMORY;
    }
    gan__network_leaves(p->network, &s->graph, p->slot, p->leaves);
    return GAN_OK;
}

static void free_side(step *s, side *p)
{
    gan__release(s->graph.context, p->statistics);
    gan__release(s->graph.context, p->gradients);
    gan__release(s->graph.context, p->wanted);
    gan__release(s->graph.context, p->leaves);
}

/* Applies a network in training; every application draws dropout masks of its own. With `keep`, the
 * statistics of this one are those to be kept. */
static int32_t apply(step *s, const side *p, int32_t x, bool keep)
{
    const gan__build build = {.parameters = p->leaves,
                              .training = true,
                              .stream = s->stream,
                              .conditions = &s->conditions,
                              .statistics = keep ? p->statistics : NULL};
    s->stream += (uint32_t)p->network->dropouts;
    return gan__network_build(p->network, &s->graph, &build, x);
}

/* Applies D to generated and real samples as one batch, because longer products are quicker, which
 * is worth a copy of the samples. Masks are those of two batches. D must look at each sample by
 * itself. A penalty takes slopes at samples of one half only, and is better off with two. */
static void apply_to_both(step *s, const side *d, gan__critic *c)
{
    gan__graph *graph = &s->graph;
    const gan__shape half = gan__node_shape(graph, c->real);
    const gan__build build = {.parameters = d->leaves,
                              .training = true,
                              .stream = s->stream,
                              .stack = {half.dims[0], (uint32_t)d->network->dropouts},
                              .statistics = d->statistics};
    c->fake_stream = s->stream;
    c->real_stream = s->stream + build.stack.apart;
    s->stream += 2 * build.stack.apart;
    const int32_t both = gan__concatenate(graph, gan__reshape(graph, c->fake, half), c->real, 0);
    const int32_t logits = gan__network_build(d->network, graph, &build, both);
    gan__shape shape = gan__node_shape(graph, logits);
    int64_t starts[GAN__RANK_MAX] = {0};
    shape.dims[0] = half.dims[0];
    c->fake_logits = gan__slice(graph, logits, starts, shape);
    starts[0] = half.dims[0];
    c->real_logits = gan__slice(graph, logits, starts, shape);
}

static void add_output(step *s, int32_t node, int32_t slot, int64_t offset)
{
    s->outputs[s->count++] = (gan__output){node, slot, offset};
}

/* The statistics to be kept; those of a layer beyond the output stay as they are. */
static void add_statistics(step *s, const side *p)
{
    int64_t offset = 0;
    for (int32_t i = 0; i < p->network->transform_count; i++) {
        const gan__transform *t = &p->network->transforms[i];
        const int32_t at = gan__transform_tensor(t, GAN__PART_STATISTICS);
        if (at < 0) {
            continue;
        }
        if (!p->network->parameters[at].frozen) {
            const int32_t made = p->statistics[at];
            add_output(s, made > 0 ? made : p->leaves[at], p->statistics_slot, offset);
        }
        offset += gan__shape_elements(t->statistics);
    }
}

/* The gradient of a loss by one player's trainable parameters, and its statistics. */
static int32_t add_gradient(step *s, side *p, int32_t loss)
{
    const gan__parameter *parameters = p->network->parameters;
    int32_t count = 0;
    add_statistics(s, p);
    for (int32_t i = 0; i < p->network->parameter_count; i++) {
        if (!parameters[i].frozen && !parameters[i].statistic) {
            p->wanted[count++] = p->leaves[i];
        }
    }
    GAN__TRY(gan__gradient(&s->graph, loss, count, p->wanted, p->gradients));
    count = 0;
    for (int32_t i = 0; i < p->network->parameter_count; i++) {
        if (!parameters[i].frozen && !parameters[i].statistic) {
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
        const int32_t penalty = gan__penalty(graph, &losses->penalties, GAN__SLOT_NUMBERS, c);
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
    c.fake = apply(s, g, gan__leaf(graph, GAN__SLOT_Z, 0, noise), true);
    const bool reads_data = (kind & GAN__STEP_D) != 0 || gan__objective_pairs(objective);
    c.real = reads_data ? gan__leaf(graph, GAN__SLOT_X, 0, data) : -1;
    if (kind == GAN__STEP_D && given == 0 && !gan__network_couples(d->network)) {
        apply_to_both(s, d, &c);
    } else {
        c.fake_stream = s->stream;
        c.fake_logits = apply(s, d, c.fake, false);
        c.real_stream = s->stream;
        c.real_logits = reads_data ? apply(s, d, c.real, true) : -1;
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
    side g = {.network = generator,
              .slot = GAN__SLOT_G,
              .gradient_slot = GAN__SLOT_G_GRADIENT,
              .statistics_slot = GAN__SLOT_G_STATISTICS};
    side d = {.network = discriminator,
              .slot = GAN__SLOT_D,
              .gradient_slot = GAN__SLOT_D_GRADIENT,
              .statistics_slot = GAN__SLOT_D_STATISTICS};
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

/* x -> the network, the loss, and its gradient. */
static int32_t build_classifier(step *s, side *p, int64_t m)
{
    gan__graph *graph = &s->graph;
    const int64_t classes = gan_network_output_elements(p->network);
    GAN__TRY(prepare_side(s, p));
    const gan__shape data = gan__batch_shape(m, p->network->layers[0].shape);
    const gan__shape rows = gan__shape_2(m, classes);
    const int32_t made = apply(s, p, gan__leaf(graph, GAN__SLOT_X, 0, data), true);
    const int32_t logits = gan__reshape(graph, made, rows);
    const int32_t targets = gan__leaf(graph, GAN__SLOT_CONDITIONS, 0, rows);
    const int32_t loss = gan__cross_entropy(graph, logits, targets);
    add_output(s, loss, GAN__SLOT_RESULTS, 0);
    add_output(s, logits, GAN__SLOT_RESULTS, 1);
    GAN__TRY(add_gradient(s, p, loss));
    return graph->status;
}

int32_t gan__classifier_plan(const gan_network *network, int64_t m, gan__plan **out)
{
    gan_context *context = network->context;
    side p = {.network = network,
              .slot = GAN__SLOT_D,
              .gradient_slot = GAN__SLOT_D_GRADIENT,
              .statistics_slot = GAN__SLOT_D_STATISTICS};
    step s = {.graph = gan__graph_create(context), .stream = GAN__STREAM_DROPOUT, .conditions = -1};
    *out = NULL;
    s.outputs = gan__allocate(context, network->parameter_count + 2, sizeof *s.outputs);
    int32_t status = s.outputs != NULL ? build_classifier(&s, &p, m) : GAN_ERROR_MEMORY;
    if (status == GAN_OK) {
        status = gan__plan_create(&s.graph, s.count, s.outputs, GAN__PLAN_FUSED, out);
    }
    free_side(&s, &p);
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
