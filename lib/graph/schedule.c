/* Units: neighbouring element-wise nodes are fused into groups, everything else stands alone.
 *
 * Nodes are taken in order of creation. An element-wise node joins the earliest group that works on
 * as many elements and comes no earlier than its inputs; so independent chains that the graph
 * interleaves still fuse. */
#include "graph/schedule.h"

static const gan__node *node_of(const gan__schedule *schedule, int32_t id)
{
    return &schedule->graph->nodes[id];
}

static gan__class class_of(const gan__schedule *schedule, int32_t id)
{
    return gan__operations[node_of(schedule, id)->op].class;
}

static int64_t elements_of(const gan__schedule *schedule, int32_t id)
{
    return gan__shape_elements(node_of(schedule, id)->shape);
}

static void find_roots_and_sums(gan__schedule *schedule)
{
    for (int32_t id = 0; id < schedule->graph->count; id++) {
        gan__fact *fact = &schedule->facts[id];
        const int32_t in = node_of(schedule, id)->in[0];
        fact->root = class_of(schedule, id) == GAN__CLASS_ALIAS ? gan__root(schedule, in) : id;
        fact->unit = -1;
        fact->is_sum = node_of(schedule, id)->op == GAN__SUM && elements_of(schedule, id) == 1;
    }
}

static void mark_live(gan__schedule *schedule)
{
    for (int32_t i = 0; i < schedule->count; i++) {
        schedule->facts[gan__root(schedule, schedule->outputs[i].node)].live = true;
    }
    for (int32_t id = schedule->graph->count - 1; id >= 0; id--) {
        if (!schedule->facts[id].live) {
            continue;
        }
        for (int32_t i = 0; i < GAN__ARITY_MAX && node_of(schedule, id)->in[i] >= 0; i++) {
            schedule->facts[gan__root(schedule, node_of(schedule, id)->in[i])].live = true;
        }
    }
}

/* Broadcasts that only element-wise nodes read never stand in memory: every group that needs one
 * reads its source through strides. */
static void find_inlined(gan__schedule *schedule)
{
    for (int32_t id = 0; id < schedule->graph->count; id++) {
        gan__fact *fact = &schedule->facts[id];
        fact->inlined = fact->live && node_of(schedule, id)->op == GAN__BROADCAST;
        if (!fact->live || class_of(schedule, id) == GAN__CLASS_ELEMENT) {
            continue;
        }
        for (int32_t i = 0; i < GAN__ARITY_MAX && node_of(schedule, id)->in[i] >= 0; i++) {
            schedule->facts[gan__root(schedule, node_of(schedule, id)->in[i])].inlined = false;
        }
    }
    for (int32_t i = 0; i < schedule->count; i++) {
        schedule->facts[gan__root(schedule, schedule->outputs[i].node)].inlined = false;
    }
}

static int32_t new_unit(gan__schedule *schedule, int64_t elements)
{
    void *units = schedule->units;
    const int32_t status = gan__grow(schedule->graph->context, &units, &schedule->unit_capacity,
                                     (int64_t)schedule->unit_count + 1, sizeof *schedule->units);
    schedule->units = units;
    if (status != GAN_OK) {
        return status;
    }
    schedule->units[schedule->unit_count].elements = elements;
    schedule->units[schedule->unit_count].nodes = 0;
    return schedule->unit_count++;
}

/* Puts a node alone into a new unit. */
static int32_t add_alone(gan__schedule *schedule, int32_t id, int64_t elements)
{
    const int32_t unit = new_unit(schedule, elements);
    if (unit < 0) {
        return unit;
    }
    schedule->units[unit].nodes = 1;
    schedule->facts[id].unit = unit;
    return GAN_OK;
}

/* A fill that is read as a whole must stand in memory before: gives it a unit of its own. */
static int32_t add_filled_inputs(gan__schedule *schedule, int32_t id)
{
    for (int32_t i = 0; i < GAN__ARITY_MAX && node_of(schedule, id)->in[i] >= 0; i++) {
        const int32_t in = gan__root(schedule, node_of(schedule, id)->in[i]);
        if (class_of(schedule, in) == GAN__CLASS_FILL && schedule->facts[in].unit < 0) {
            GAN__TRY(add_alone(schedule, in, elements_of(schedule, in)));
        }
    }
    return GAN_OK;
}

/* The same for what the inlined inputs of a node read. */
static int32_t add_inlined_sources(gan__schedule *schedule, int32_t id)
{
    for (int32_t i = 0; i < GAN__ARITY_MAX && node_of(schedule, id)->in[i] >= 0; i++) {
        const int32_t in = gan__root(schedule, node_of(schedule, id)->in[i]);
        if (schedule->facts[in].inlined) {
            GAN__TRY(add_filled_inputs(schedule, in));
        }
    }
    return GAN_OK;
}

/* Whether a group can hand an input over in a register. */
static bool can_share(const gan__schedule *schedule, int32_t id, int32_t in, int64_t elements)
{
    const gan__fact *fact = &schedule->facts[in];
    return class_of(schedule, id) != GAN__CLASS_VIEW && !fact->is_sum &&
           schedule->units[fact->unit].elements == elements;
}

/* The earliest unit a node may join, and how many instructions it and its fills need. */
static int32_t earliest_unit(const gan__schedule *schedule, int32_t id, int64_t elements,
                             int32_t *nodes)
{
    int32_t earliest = 0;
    *nodes = 1;
    for (int32_t i = 0; i < GAN__ARITY_MAX && node_of(schedule, id)->in[i] >= 0; i++) {
        const int32_t in = gan__root(schedule, node_of(schedule, id)->in[i]);
        const int32_t unit = schedule->facts[in].unit;
        if (schedule->facts[in].inlined) {
            const int32_t source = gan__root(schedule, node_of(schedule, in)->in[0]);
            const int32_t after = schedule->facts[source].unit + 1;
            earliest = after > earliest ? after : earliest;
            ++*nodes;
        } else if (gan__is_refilled(schedule, in) && class_of(schedule, id) != GAN__CLASS_VIEW) {
            ++*nodes;
        } else if (unit >= 0) {
            const int32_t after = can_share(schedule, id, in, elements) ? unit : unit + 1;
            earliest = after > earliest ? after : earliest;
        } else if (class_of(schedule, in) == GAN__CLASS_FILL) {
            ++*nodes;
        }
    }
    return earliest;
}

/* Random inputs that no unit makes yet are drawn in the group of their first reader. */
static void take_random_inputs(gan__schedule *schedule, int32_t id, int32_t unit)
{
    for (int32_t i = 0; i < GAN__ARITY_MAX && node_of(schedule, id)->in[i] >= 0; i++) {
        const int32_t in = gan__root(schedule, node_of(schedule, id)->in[i]);
        if (node_of(schedule, in)->op == GAN__RANDOM && schedule->facts[in].unit < 0) {
            schedule->facts[in].unit = unit;
        }
    }
}

static int32_t add_to_group(gan__schedule *schedule, int32_t id, int64_t elements)
{
    int32_t nodes;
    int32_t unit = earliest_unit(schedule, id, elements, &nodes);
    const bool fused = schedule->mode == GAN__PLAN_FUSED;
    while (unit < schedule->unit_count &&
           (!fused || schedule->units[unit].elements != elements ||
            schedule->units[unit].nodes + nodes > GAN__GROUP_NODES)) {
        unit++;
    }
    if (unit == schedule->unit_count) {
        unit = new_unit(schedule, elements);
        if (unit < 0) {
            return unit;
        }
    }
    schedule->units[unit].nodes += nodes;
    schedule->facts[id].unit = unit;
    take_random_inputs(schedule, id, unit);
    return GAN_OK;
}

static int32_t add_node(gan__schedule *schedule, int32_t id)
{
    const gan__class class = class_of(schedule, id);
    if (class == GAN__CLASS_LEAF || class == GAN__CLASS_ALIAS || class == GAN__CLASS_FILL ||
        schedule->facts[id].inlined) {
        return GAN_OK;
    }
    GAN__TRY(add_inlined_sources(schedule, id));
    const bool is_sum = schedule->facts[id].is_sum;
    if (class == GAN__CLASS_VIEW || (class == GAN__CLASS_WHOLE && !is_sum) ||
        schedule->mode == GAN__PLAN_NAIVE) {
        GAN__TRY(add_filled_inputs(schedule, id));
    }
    if (class == GAN__CLASS_WHOLE && !is_sum) {
        return add_alone(schedule, id, 0);
    }
    const int32_t measured = is_sum ? node_of(schedule, id)->in[0] : id;
    return add_to_group(schedule, id, elements_of(schedule, measured));
}

/* Lists the nodes of each unit. */
static int32_t sort_by_unit(gan__schedule *schedule)
{
    gan_context *context = schedule->graph->context;
    const int32_t count = schedule->graph->count;
    int32_t *starts = gan__allocate(context, (int64_t)schedule->unit_count + 1, sizeof *starts);
    int32_t *order = gan__allocate(context, count, sizeof *order);
    schedule->starts = starts;
    schedule->order = order;
    if (starts == NULL || order == NULL) {
        return GAN_ERROR_MEMORY;
    }
    for (int32_t id = 0; id < count; id++) {
        if (schedule->facts[id].unit >= 0) {
            starts[schedule->facts[id].unit]++;
        }
    }
    for (int32_t unit = 1; unit <= schedule->unit_count; unit++) {
        starts[unit] += starts[unit - 1]; /* the end of the unit, for now */
    }
    for (int32_t id = count - 1; id >= 0; id--) {
        if (schedule->facts[id].unit >= 0) {
            order[--starts[schedule->facts[id].unit]] = id;
        }
    }
    return GAN_OK;
}

int32_t gan__schedule_units(gan__schedule *schedule)
{
    find_roots_and_sums(schedule);
    mark_live(schedule);
    if (schedule->mode == GAN__PLAN_FUSED) {
        find_inlined(schedule);
    }
    for (int32_t id = 0; id < schedule->graph->count; id++) {
        if (schedule->facts[id].live) {
            GAN__TRY(add_node(schedule, id));
        }
    }
    for (int32_t i = 0; i < schedule->count; i++) {
        const int32_t id = gan__root(schedule, schedule->outputs[i].node);
        if (schedule->facts[id].unit < 0) {
            GAN__TRY(add_alone(schedule, id, elements_of(schedule, id)));
        }
    }
    return sort_by_unit(schedule);
}
