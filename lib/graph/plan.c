#include "graph/plan.h"

#include "graph/schedule.h"

/* ---- Instructions of a fused group --------------------------------------------------------- */

/* The group being compiled. */
typedef struct {
    const gan__schedule *schedule;
    gan__unit *unit;
    int32_t index;                         /* of the unit */
    int32_t registers[GAN__GROUP_NODES];   /* the node each register holds, or FREE */
    int32_t last_reader[GAN__GROUP_NODES]; /* after which it is free again */
} group;

enum { FREE = -1, STAYS = INT32_MAX };

static gan__instruction *append(group *g)
{
    return &g->unit->instructions[g->unit->count++];
}

/* Registers that stay filled are taken from the other end, where no node has been before. */
static gan__place take_register(group *g, int32_t id, int32_t last_reader)
{
    const bool stays = last_reader == STAYS;
    for (int32_t k = 0; k < GAN__GROUP_NODES; k++) {
        const int32_t i = stays ? GAN__GROUP_NODES - 1 - k : k;
        if (g->registers[i] == FREE) {
            g->registers[i] = id;
            g->last_reader[i] = last_reader;
            return (gan__place){.where = GAN__IN_REGISTER, .index = i};
        }
    }
    return (gan__place){.where = GAN__NOWHERE}; /* cannot be: a group has no more nodes */
}

static void free_registers(group *g, int32_t id)
{
    for (int32_t i = 0; i < GAN__GROUP_NODES; i++) {
        if (g->registers[i] != FREE && g->last_reader[i] <= id) {
            g->registers[i] = FREE;
        }
    }
}

/* The last node of the group that reads node `id`. */
static int32_t last_reader_of(const group *g, int32_t id)
{
    const gan__schedule *schedule = g->schedule;
    int32_t last = id;
    for (int32_t i = schedule->starts[g->index]; i < schedule->starts[g->index + 1]; i++) {
        const gan__node *node = &schedule->graph->nodes[schedule->order[i]];
        for (int32_t j = 0; j < GAN__ARITY_MAX && node->in[j] >= 0; j++) {
            if (gan__root(schedule, node->in[j]) == id) {
                last = schedule->order[i];
            }
        }
    }
    return last;
}

/* The instruction that reads a view, still without a place for the result. */
static gan__instruction view_instruction(const gan__schedule *schedule, int32_t id)
{
    const gan__node *node = &schedule->graph->nodes[id];
    return (gan__instruction){
        .what = GAN__DO_VIEW,
        .a = schedule->facts[gan__root(schedule, node->in[0])].place,
        .view = gan__view_of(node, schedule->graph->nodes[node->in[0]].shape),
    };
}

/* The same numbers in every block, as of a bias whose width divides a block: such an instruction
 * fills its register once for many blocks. */
static bool is_same_in_all_blocks(const gan__instruction *it)
{
    if (it->what != GAN__DO_VIEW) {
        return it->what == GAN__DO_CONSTANT;
    }
    int64_t period = 1;
    for (int32_t i = 1; i < it->view.rank; i++) {
        period *= it->view.dims[i];
    }
    return it->view.strides[0] == 0 && GAN__BLOCK % period == 0;
}

/* Where a node's numbers are found by a reader in this group; fills in constants and broadcasts. */
static gan__place operand(group *g, int32_t in)
{
    const gan__schedule *schedule = g->schedule;
    const int32_t id = gan__root(schedule, in);
    const gan__place place = schedule->facts[id].place;
    if (place.where != GAN__NOWHERE && !gan__is_refilled(schedule, id)) {
        return place;
    }
    for (int32_t i = 0; i < GAN__GROUP_NODES; i++) {
        if (g->registers[i] == id) {
            return (gan__place){.where = GAN__IN_REGISTER, .index = i};
        }
    }
    gan__instruction fill = {.what = GAN__DO_CONSTANT};
    if (schedule->facts[id].inlined) {
        fill = view_instruction(schedule, id);
    } else {
        fill.element.shift = (real)schedule->graph->nodes[id].affine.shift;
    }
    fill.once = is_same_in_all_blocks(&fill);
    fill.y = take_register(g, id, fill.once ? STAYS : last_reader_of(g, id));
    *append(g) = fill;
    return fill.y;
}

/* Appends the instruction of a node, and those that fill in its constants. */
static void compile_node(group *g, int32_t id)
{
    const gan__schedule *schedule = g->schedule;
    const gan__node *node = &schedule->graph->nodes[id];
    const gan__fact *fact = &schedule->facts[id];
    const gan__operation *operation = &gan__operations[node->op];
    gan__instruction made = {.what = GAN__DO_ELEMENT};
    if (operation->arity > 0 && operation->class != GAN__CLASS_VIEW) {
        made.a = operand(g, node->in[0]);
        made.b = operation->arity > 1 ? operand(g, node->in[1]) : made.a;
    }
    made.y = fact->place;
    if (fact->is_sum) {
        made.what = GAN__DO_SUM;
        made.y = fact->scratch;
        made.total = fact->place;
    } else if (operation->class == GAN__CLASS_VIEW) {
        made = view_instruction(schedule, id);
        made.y = fact->place;
    } else if (node->op == GAN__CONSTANT) {
        made.what = GAN__DO_CONSTANT;
        made.element.shift = (real)node->affine.shift;
    } else if (node->op == GAN__RANDOM) {
        made.what = GAN__DO_RANDOM;
        made.random.distribution = node->random.distribution;
        made.random.stream = node->random.stream;
        made.random.stack = node->random.stack;
        made.random.columns =
            gan__shape_elements(node->shape) / (node->shape.rank > 0 ? node->shape.dims[0] : 1);
    } else {
        made.element.function = operation->element;
        made.element.scale = (real)node->affine.scale;
        made.element.shift = (real)node->affine.shift;
    }
    if (made.y.where == GAN__NOWHERE) {
        made.y = take_register(g, id, last_reader_of(g, id));
    }
    *append(g) = made;
    free_registers(g, id);
}

static void compile_group(const gan__schedule *schedule, int32_t index, gan__unit *unit)
{
    group g = {.schedule = schedule, .unit = unit, .index = index};
    for (int32_t i = 0; i < GAN__GROUP_NODES; i++) {
        g.registers[i] = FREE;
    }
    unit->elements = schedule->units[index].elements;
    for (int32_t i = schedule->starts[index]; i < schedule->starts[index + 1]; i++) {
        compile_node(&g, schedule->order[i]);
    }
}

static void compile_whole(const gan__schedule *schedule, int32_t index, gan__unit *unit)
{
    const int32_t id = schedule->order[schedule->starts[index]];
    unit->node = schedule->graph->nodes[id];
    unit->y = schedule->facts[id].place;
    unit->scratch = schedule->facts[id].scratch;
    for (int32_t i = 0; i < GAN__ARITY_MAX && unit->node.in[i] >= 0; i++) {
        unit->x[i] = schedule->facts[gan__root(schedule, unit->node.in[i])].place;
        unit->shapes[i] = schedule->graph->nodes[unit->node.in[i]].shape;
    }
}

/* ---- The plan ------------------------------------------------------------------------------ */

static int64_t products_of(const gan__unit *unit)
{
    if (unit->elements > 0) {
        return 0;
    }
    if (unit->node.op >= GAN__CONVOLVE) { /* each result by each patch, whichever face it is */
        const bool is_y = unit->node.op == GAN__CONVOLVE;
        const gan__shape y =
            is_y ? unit->node.shape : unit->shapes[unit->node.op == GAN__CONVOLVE_INPUT ? 0 : 1];
        const gan__shape kernel =
            unit->node.op == GAN__CONVOLVE_KERNEL ? unit->node.shape : unit->shapes[1];
        return gan__shape_elements(y) * (gan__shape_elements(kernel) / kernel.dims[0]);
    }
    if (unit->node.op != GAN__MATMUL) {
        return 0;
    }
    const int64_t inner = unit->shapes[0].dims[unit->node.matmul.transpose_a ? 0 : 1];
    return gan__shape_elements(unit->node.shape) * inner;
}

static int32_t compile(const gan__schedule *schedule, gan__plan *plan)
{
    int64_t instructions = 0;
    for (int32_t i = 0; i < schedule->unit_count; i++) {
        instructions += schedule->units[i].nodes;
    }
    plan->units = gan__allocate(plan->context, schedule->unit_count, sizeof *plan->units);
    plan->instructions = gan__allocate(plan->context, instructions, sizeof *plan->instructions);
    if (plan->units == NULL || plan->instructions == NULL) {
        return GAN_ERROR_MEMORY;
    }
    plan->unit_count = schedule->unit_count;
    gan__instruction *next = plan->instructions;
    for (int32_t i = 0; i < schedule->unit_count; i++) {
        gan__unit *unit = &plan->units[i];
        unit->instructions = next;
        next += schedule->units[i].nodes;
        if (schedule->units[i].elements > 0) {
            compile_group(schedule, i, unit);
        } else {
            compile_whole(schedule, i, unit);
        }
        plan->products += products_of(unit);
    }
    return GAN_OK;
}

/* An output must be made by a unit, and by its own: leaves, constants and nodes that are an output
 * already get a copy. owned: the outputs with the nodes that will be planned */
static int32_t own_outputs(gan__graph *graph, int32_t count, const gan__output *outputs,
                           gan__output *owned)
{
    for (int32_t i = 0; i < count; i++) {
        owned[i] = outputs[i];
        int32_t id = outputs[i].node;
        if (id < 0 || id >= graph->count) {
            return gan__fail(graph->context, GAN_ERROR_ARGUMENT, "plan: output %d is no tensor: %d",
                             (int)i, (int)id);
        }
        while (graph->nodes[id].op == GAN__RESHAPE) {
            id = graph->nodes[id].in[0];
        }
        const gan__op op = graph->nodes[id].op;
        bool copy = op == GAN__LEAF || op == GAN__CONSTANT;
        for (int32_t j = 0; j < i; j++) {
            copy |= owned[j].node == id;
        }
        owned[i].node =
            copy ? gan__push(graph, (gan__node){.op = GAN__AFFINE, .in = {id}, .affine = {1, 0}})
                 : id;
        if (owned[i].node < 0) {
            return owned[i].node;
        }
    }
    return GAN_OK;
}

static int32_t check_slots(const gan__schedule *schedule)
{
    const gan__graph *graph = schedule->graph;
    for (int32_t id = 0; id < graph->count; id++) {
        const gan__node *node = &graph->nodes[id];
        for (int32_t i = 0; i < schedule->count && node->op == GAN__LEAF; i++) {
            if (schedule->facts[id].live && node->leaf.slot == schedule->outputs[i].slot) {
                return gan__fail(graph->context, GAN_ERROR_UNSUPPORTED,
                                 "plan: slot %d is read and written", (int)node->leaf.slot);
            }
        }
    }
    return GAN_OK;
}

static int32_t build(gan__schedule *schedule, gan__plan *plan)
{
    GAN__TRY(gan__schedule_units(schedule));
    GAN__TRY(check_slots(schedule));
    GAN__TRY(gan__schedule_places(schedule, &plan->workspace));
    return compile(schedule, plan);
}

int32_t gan__plan_create(gan__graph *graph, int32_t count, const gan__output *outputs,
                         gan__plan_mode mode, gan__plan **out)
{
    gan_context *context = graph->context;
    *out = NULL;
    if (graph->status != GAN_OK) {
        return graph->status;
    }
    gan__schedule schedule = {.graph = graph, .mode = mode, .count = count};
    gan__output *owned = gan__allocate(context, count, sizeof *owned);
    gan__plan *plan = gan__allocate(context, 1, sizeof *plan);
    int32_t status = owned != NULL && plan != NULL ? GAN_OK : GAN_ERROR_MEMORY;
    if (plan != NULL) {
        plan->context = context;
    }
    if (status == GAN_OK) {
        status = own_outputs(graph, count, outputs, owned);
    }
    if (status == GAN_OK) {
        schedule.outputs = owned;
        schedule.facts = gan__allocate(context, graph->count, sizeof *schedule.facts);
        status = schedule.facts != NULL ? build(&schedule, plan) : GAN_ERROR_MEMORY;
    }
    gan__release(context, schedule.order);
    gan__release(context, schedule.starts);
    gan__release(context, schedule.units);
    gan__release(context, schedule.facts);
    gan__release(context, owned);
    if (status != GAN_OK) {
        gan__plan_free(plan);
        return status;
    }
    *out = plan;
    return GAN_OK;
}

void gan__plan_free(gan__plan *plan)
{
    if (plan != NULL) {
        gan__release(plan->context, plan->instructions);
        gan__release(plan->context, plan->units);
        gan__release(plan->context, plan);
    }
}

int64_t gan__plan_workspace(const gan__plan *plan)
{
    return plan->workspace;
}

int64_t gan__plan_products(const gan__plan *plan)
{
    return plan->products;
}
