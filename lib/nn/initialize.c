/* How parameters start, and the constraint they are kept to. */
#include "base/words.h"
#include "nn/network.h"

#include <math.h>
#include <string.h>

/* Turns the numbers a, b of a kind into a distribution of W. */
typedef gan__distribution (*distribution_fn)(const gan__transform *t);

static gan__distribution uniform(const gan__transform *t)
{
    return (gan__distribution){GAN__UNIFORM, t->a, t->b};
}

static gan__distribution normal(const gan__transform *t)
{
    return (gan__distribution){GAN__NORMAL, t->a, t->b};
}

static gan__distribution sparse(const gan__transform *t)
{
    return (gan__distribution){GAN__NORMAL, 0, t->b};
}

static gan__distribution uniform_within(double range)
{
    return (gan__distribution){GAN__UNIFORM, -range, range};
}

static gan__distribution glorot_uniform(const gan__transform *t)
{
    return uniform_within(t->a * sqrt(6.0 / (double)(t->fan_in + t->fan_out)));
}

static gan__distribution glorot_normal(const gan__transform *t)
{
    return (gan__distribution){GAN__NORMAL, 0, t->a * sqrt(2.0 / (double)(t->fan_in + t->fan_out))};
}

static gan__distribution he_uniform(const gan__transform *t)
{
    return uniform_within(t->a * sqrt(6.0 / (double)t->fan_in));
}

static gan__distribution he_normal(const gan__transform *t)
{
    return (gan__distribution){GAN__NORMAL, 0, t->a * sqrt(2.0 / (double)t->fan_in)};
}

static gan__distribution constant(const gan__transform *t)
{
    return (gan__distribution){GAN__UNIFORM, t->a, t->a};
}

/* What the numbers a and b must fulfil, beside being finite. */
typedef enum { LOW_HIGH, DEVIATION_B, COUNT_DEVIATION, GAIN_A, ANY } rule;

static const char *const rule_texts[] = {
    [LOW_HIGH] = "a <= b",
    [DEVIATION_B] = "b >= 0",
    [COUNT_DEVIATION] = "a a whole number from 0 to the inputs, b >= 0",
    [GAIN_A] = "a >= 0",
    [ANY] = "finite numbers",
};

/* The first one is the default. */
static const struct {
    const char *name;
    distribution_fn distribution;
    rule rule;
} kinds[] = {
    {GAN_INIT_GLOROT_UNIFORM, glorot_uniform, GAIN_A},
    {GAN_INIT_GLOROT_NORMAL, glorot_normal, GAIN_A},
    {GAN_INIT_HE_UNIFORM, he_uniform, GAIN_A},
    {GAN_INIT_HE_NORMAL, he_normal, GAIN_A},
    {GAN_INIT_UNIFORM, uniform, LOW_HIGH},
    {GAN_INIT_NORMAL, normal, DEVIATION_B},
    {GAN_INIT_SPARSE, sparse, COUNT_DEVIATION},
    {GAN_INIT_CONSTANT, constant, ANY},
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

const char *gan__initializer_name(int32_t index)
{
    return index < KIND_COUNT ? kinds[index].name : NULL;
}

static bool allowed(rule needed, double a, double b, const gan__transform *t)
{
    switch (needed) {
    case LOW_HIGH:
        return a <= b;
    case DEVIATION_B:
        return b >= 0;
    case COUNT_DEVIATION:
        return a >= 0 && a <= (double)t->fan_in && a == floor(a) && b >= 0;
    case GAIN_A:
        return a >= 0;
    default:
        return true;
    }
}

int32_t gan__initializer_set(gan_network *network, int32_t first, int32_t last, bool apart,
                             const char *kind, double a, double b)
{
    gan_context *context = network->context;
    int32_t index = 0;
    while (kind != NULL && index < KIND_COUNT && strcmp(kind, kinds[index].name) != 0) {
        index++;
    }
    if (kind == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "initializer: kind is NULL");
    }
    if (index == KIND_COUNT) {
        return gan__fail(context, GAN_ERROR_KEY, "initializer: no kind \"%.64s\"", kind);
    }
    for (int32_t i = first; i <= last; i++) {
        const gan__transform *t = &network->transforms[i];
        if (t->apart && !apart) {
            continue;
        }
        if (!gan__is_float(a) || !gan__is_float(b) || !allowed(kinds[index].rule, a, b, t)) {
            return gan__fail(
                context, GAN_ERROR_RANGE,
                "network %s: %s with %lld inputs: initializer %s(a = %g, b = %g) needs %s",
                network->name, t->name, (long long)t->fan_in, kind, a, b,
                rule_texts[kinds[index].rule]);
        }
    }
    for (int32_t i = first; i <= last; i++) {
        gan__transform *t = &network->transforms[i];
        if (apart || !t->apart) {
            t->initializer = index;
            t->a = a;
            t->b = b;
        }
    }
    return GAN_OK;
}

/* Keeps `a` of the fan_in weights that lead to each unit and zeroes the others. The ones kept are
 * chosen as by drawing balls without putting them back: each stays with probability
 * (still to keep) / (still to come). W is seen as [outer, units, inner] around the unit axis. */
static void thin_out(const gan__transform *t, uint64_t seed, uint64_t step, real *w)
{
    const gan__random_key key = {seed, step, GAN__STREAM_SPARSE};
    const int64_t units = t->weight.dims[t->unit_axis];
    int64_t inner = 1;
    for (int32_t i = t->unit_axis + 1; i < t->weight.rank; i++) {
        inner *= t->weight.dims[i];
    }
    for (int64_t unit = 0; unit < units; unit++) {
        gan__words words = gan__words_start(key, (uint32_t)unit);
        int64_t keep = (int64_t)t->a;
        for (int64_t i = 0; i < t->fan_in; i++) {
            if ((int64_t)gan__words_below(&words, (uint32_t)(t->fan_in - i)) < keep) {
                keep--;
            } else {
                w[(i / inner * units + unit) * inner + i % inner] = 0;
            }
        }
    }
}

/* Draws W, b and direction of one transformation by a plan of their own; its place is the random
 * step. */
static int32_t draw(gan_network *network, int32_t index, uint64_t seed, real *values)
{
    enum { SLOT_VALUES };
    const gan__transform *t = &network->transforms[index];
    if (t->weight.rank == 0) {
        return GAN_OK;
    }
    const int64_t biases = t->offset + gan__shape_elements(t->weight);
    const int32_t direction = gan__transform_tensor(t, GAN__PART_DIRECTION);
    gan__graph graph = gan__graph_create(network->context);
    gan__output outputs[3] = {{gan__random_node(&graph, kinds[t->initializer].distribution(t),
                                                GAN__STREAM_INITIALIZE, (gan__stack){0}, t->weight),
                               SLOT_VALUES, t->offset}};
    int32_t count = 1;
    if (t->bias.rank > 0) {
        outputs[count++] =
            (gan__output){gan__constant(&graph, t->start, t->bias), SLOT_VALUES, biases};
    }
    if (direction >= 0) {
        const gan__parameter *p = &network->parameters[direction];
        const gan__distribution normal01 = {GAN__NORMAL, 0, 1};
        outputs[count++] = (gan__output){
            gan__random_node(&graph, normal01, GAN__STREAM_DIRECTION, (gan__stack){0}, p->shape),
            SLOT_VALUES, p->offset};
    }
    gan__plan *plan;
    int32_t status = gan__plan_create(&graph, count, outputs, GAN__PLAN_FUSED, &plan);
    gan__graph_free(&graph);
    if (status == GAN_OK) {
        status = gan__network_reserve(network, gan__plan_workspace(plan));
    }
    if (status == GAN_OK) {
        gan__plan_run(plan, &(gan__arguments){.slots = &values,
                                              .workspace = network->workspace,
                                              .seed = seed,
                                              .step = (uint64_t)index});
        if (kinds[t->initializer].rule == COUNT_DEVIATION) {
            thin_out(t, seed, (uint64_t)index, values + t->offset);
        }
        if (t->biases != NULL) {
            memcpy(values + biases, t->biases, (size_t)gan__bias_elements(t) * sizeof *values);
        }
    }
    gan__plan_free(plan);
    return status;
}

/* The statistics of batch norm start as means of 0 and variances of 1. */
static void start_statistics(const gan_network *network, const gan__transform *t, real *values)
{
    const int32_t index = gan__transform_tensor(t, GAN__PART_STATISTICS);
    if (index >= 0) {
        real *s = values + network->parameters[index].offset;
        const int64_t channels = t->statistics.dims[1];
        for (int64_t i = 0; i < channels; i++) {
            s[i] = 0;
            s[channels + i] = 1;
        }
    }
}

enum { FIRST_ROUNDS = 20 }; /* of power iteration */

static void turn_directions(gan_network *network, real *values)
{
    if (network->direction_plan != NULL) {
        gan__plan_run(network->direction_plan,
                      &(gan__arguments){.slots = (real *[]){values, values},
                                        .workspace = network->workspace});
    }
}

int32_t gan__network_draw(gan_network *network, uint64_t seed, real *values)
{
    GAN__TRY(gan__network_prepare_constraints(network, true));
    for (int32_t i = 0; i < network->transform_count; i++) {
        GAN__TRY(draw(network, i, seed, values));
        start_statistics(network, &network->transforms[i], values);
    }
    gan__network_constrain(network, values);
    for (int32_t i = 1; i < FIRST_ROUNDS; i++) {
        turn_directions(network, values);
    }
    return GAN_OK;
}

enum { SLOT_BEFORE, SLOT_AFTER }; /* of the constraints: bound to one array */

/* w clip(|w|, 0, c) / (1e-7 + |w|) for the weights w that lead to each unit */
static int32_t limited_norms(gan__graph *graph, const gan__transform *t, int32_t w)
{
    gan__shape units = t->weight;
    for (int32_t i = 0; i < units.rank; i++) {
        units.dims[i] = i == t->unit_axis ? units.dims[i] : 1;
    }
    const int32_t norm = gan__sqrt(graph, gan__sum_to(graph, gan__square(graph, w), units));
    const int32_t least = gan__minimum_node(graph, norm, gan__constant(graph, t->max_norm, units));
    const int32_t ratio = gan__divide(graph, least, gan__affine(graph, norm, 1, 1e-7));
    return gan__multiply_nodes(graph, w, ratio);
}

/* max(-c, min(x, c)) */
static int32_t clipped(gan__graph *graph, const gan__transform *t, int32_t x)
{
    const gan__shape shape = gan__node_shape(graph, x);
    const int32_t below = gan__minimum_node(graph, x, gan__constant(graph, t->clip, shape));
    return gan__maximum_node(graph, below, gan__constant(graph, -t->clip, shape));
}

/* Adds the constraints of one transformation: on W and on b. */
static void constrain(const gan_network *network, const gan__transform *t, bool all,
                      gan__graph *graph, gan__output *outputs, int32_t *count)
{
    const gan__parameter *parameters = &network->parameters[t->parameter];
    if (t->weight.rank == 0) {
        return;
    }
    if ((t->max_norm > 0 || t->clip > 0) && (all || !parameters[0].frozen)) {
        int32_t w = gan__leaf(graph, SLOT_BEFORE, t->offset, t->weight);
        w = t->max_norm > 0 ? limited_norms(graph, t, w) : w;
        w = t->clip > 0 ? clipped(graph, t, w) : w;
        outputs[(*count)++] = (gan__output){w, SLOT_AFTER, t->offset};
    }
    if (t->clip > 0 && t->bias.rank > 0 && (all || !parameters[1].frozen)) {
        const int64_t offset = parameters[1].offset;
        const int32_t b = gan__leaf(graph, SLOT_BEFORE, offset, t->bias);
        outputs[(*count)++] = (gan__output){clipped(graph, t, b), SLOT_AFTER, offset};
    }
}

static bool any_frozen(const gan_network *network)
{
    bool any = false;
    for (int32_t i = 0; i < network->parameter_count; i++) {
        any |= network->parameters[i].frozen;
    }
    return any;
}

int32_t gan__network_prepare_constraints(gan_network *network, bool all)
{
    gan_context *context = network->context;
    if (!all && network->constraint_freezes == network->freezes) {
        return GAN_OK;
    }
    gan__output *outputs =
        gan__allocate(context, 2 * (int64_t)network->transform_count, sizeof *outputs);
    if (outputs == NULL) {
        return GAN_ERROR_MEMORY;
    }
    gan__graph graph = gan__graph_create(context);
    gan__plan *plan = NULL, *directions = NULL;
    int32_t count = 0, status = gan__direction_plan(network, all, &directions);
    for (int32_t i = 0; i < network->transform_count; i++) {
        constrain(network, &network->transforms[i], all, &graph, outputs, &count);
    }
    if (status == GAN_OK && count > 0) {
        status = gan__plan_create(&graph, count, outputs, GAN__PLAN_FUSED, &plan);
    }
    if (status == GAN_OK && plan != NULL) {
        status = gan__network_reserve(network, gan__plan_workspace(plan));
    }
    if (status == GAN_OK && directions != NULL) {
        status = gan__network_reserve(network, gan__plan_workspace(directions));
    }
    gan__graph_free(&graph);
    gan__release(context, outputs);
    if (status != GAN_OK) {
        gan__plan_free(directions);
        gan__plan_free(plan);
        return status;
    }
    gan__plan_free(network->constraint_plan);
    gan__plan_free(network->direction_plan);
    network->constraint_plan = plan;
    network->direction_plan = directions;
    network->constraint_freezes = all && any_frozen(network) ? -1 : network->freezes;
    return GAN_OK;
}

void gan__network_constrain(gan_network *network, real *values)
{
    if (network->constraint_plan != NULL) {
        gan__plan_run(network->constraint_plan,
                      &(gan__arguments){.slots = (real *[]){values, values},
                                        .workspace = network->workspace});
    }
    turn_directions(network, values);
}
