/* Places: which numbers need memory, for how long, and where.
 *
 * A result stays in a register of its group unless something outside reads it. Memory of the
 * workspace is given first-fit by lifetimes. A buffer is released at the end of the unit that reads
 * it last, never inside: the members of a group run over each other block by block. */
#include "graph/schedule.h"

enum { ALIGNMENT = 64 / sizeof(real) };

/* A buffer that is held while units are gone through. */
typedef struct {
    int64_t start, end;
    int32_t last_use;
} held;

typedef struct {
    gan_context *context;
    held *buffers; /* by start */
    int64_t capacity;
    int32_t count;
    int64_t size; /* of the workspace so far */
} arena;

/* Gives `elements` a place in the workspace until unit last_use has run. */
static int32_t take(arena *memory, int64_t elements, int32_t last_use, gan__place *place)
{
    const int64_t size = (elements + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *buffers = memory->buffers;
    GAN__TRY(gan__grow(memory->context, &buffers, &memory->capacity, (int64_t)memory->count + 1,
                       sizeof *memory->buffers));
    memory->buffers = buffers;
    const int64_t most = INT64_MAX / (int64_t)sizeof(real) - size;
    int64_t start = 0;
    int32_t at = 0;
    while (at < memory->count && memory->buffers[at].start < start + size) {
        start = memory->buffers[at].end;
        at++;
    }
    if (start > most) {
        return gan__fail(memory->context, GAN_ERROR_MEMORY,
                         "out of memory: a workspace of %lld + %lld numbers", (long long)start,
                         (long long)size);
    }
    for (int32_t i = memory->count; i > at; i--) {
        memory->buffers[i] = memory->buffers[i - 1];
    }
    memory->buffers[at] = (held){start, start + size, last_use};
    memory->count++;
    if (start + size > memory->size) {
        memory->size = start + size;
    }
    *place = (gan__place){.where = GAN__IN_WORKSPACE, .offset = start};
    return GAN_OK;
}

static void drop(arena *memory, int32_t unit)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < memory->count; i++) {
        if (memory->buffers[i].last_use > unit) {
            memory->buffers[kept++] = memory->buffers[i];
        }
    }
    memory->count = kept;
}

static const gan__node *node_of(const gan__schedule *schedule, int32_t id)
{
    return &schedule->graph->nodes[id];
}

/* Finds the last reader of every node, and which nodes are read from outside their group. */
static void find_uses(gan__schedule *schedule)
{
    for (int32_t id = 0; id < schedule->graph->count; id++) {
        gan__fact *fact = &schedule->facts[id];
        if (!fact->live || fact->unit < 0) {
            continue;
        }
        fact->in_memory |= fact->is_sum || schedule->units[fact->unit].elements == 0 ||
                           schedule->mode == GAN__PLAN_NAIVE;
        fact->last_use = fact->last_use > fact->unit ? fact->last_use : fact->unit;
        for (int32_t i = 0; i < GAN__ARITY_MAX && node_of(schedule, id)->in[i] >= 0; i++) {
            int32_t read = gan__root(schedule, node_of(schedule, id)->in[i]);
            if (schedule->facts[read].inlined) {
                read = gan__root(schedule, node_of(schedule, read)->in[0]);
            }
            gan__fact *in = &schedule->facts[read];
            in->last_use = in->last_use > fact->unit ? in->last_use : fact->unit;
            in->in_memory |= in->unit >= 0 && in->unit != fact->unit;
        }
    }
}

static void place_callers_arrays(gan__schedule *schedule)
{
    for (int32_t id = 0; id < schedule->graph->count; id++) {
        const gan__node *node = node_of(schedule, id);
        if (node->op == GAN__LEAF) {
            schedule->facts[id].place =
                (gan__place){GAN__IN_SLOT, node->leaf.slot, node->leaf.offset};
        }
    }
    for (int32_t i = 0; i < schedule->count; i++) {
        const gan__output *output = &schedule->outputs[i];
        schedule->facts[gan__root(schedule, output->node)].place =
            (gan__place){GAN__IN_SLOT, output->slot, output->offset};
    }
}

/* What a node needs only while its unit runs: the partial sums of a group, one double for each
 * chunk, or the scratch of a whole node. In elements. */
static int64_t scratch_elements(const gan__schedule *schedule, int32_t id)
{
    const gan__node *node = node_of(schedule, id);
    const gan__operation *operation = &gan__operations[node->op];
    if (schedule->facts[id].is_sum) {
        const int64_t elements = schedule->units[schedule->facts[id].unit].elements;
        const int64_t chunks = (elements + GAN__CHUNK - 1) / GAN__CHUNK;
        return chunks * (int64_t)(sizeof(double) / sizeof(real));
    }
    if (operation->scratch == NULL) {
        return 0;
    }
    gan__shape shapes[GAN__ARITY_MAX];
    for (int32_t i = 0; i < operation->arity; i++) {
        shapes[i] = node_of(schedule, node->in[i])->shape;
    }
    return operation->scratch(node, shapes);
}

static int32_t place_node(gan__schedule *schedule, arena *memory, int32_t id)
{
    gan__fact *fact = &schedule->facts[id];
    const int64_t scratch = scratch_elements(schedule, id);
    const int32_t last = schedule->mode == GAN__PLAN_NAIVE ? INT32_MAX : fact->last_use;
    if (scratch > 0) {
        GAN__TRY(take(memory, scratch, fact->unit, &fact->scratch));
    }
    if (!fact->in_memory || fact->place.where != GAN__NOWHERE) {
        return GAN_OK;
    }
    return take(memory, gan__shape_elements(node_of(schedule, id)->shape), last, &fact->place);
}

int32_t gan__schedule_places(gan__schedule *schedule, int64_t *workspace)
{
    find_uses(schedule);
    place_callers_arrays(schedule);
    arena memory = {.context = schedule->graph->context};
    int32_t status = GAN_OK;
    for (int32_t unit = 0; unit < schedule->unit_count && status == GAN_OK; unit++) {
        for (int32_t i = schedule->starts[unit]; i < schedule->starts[unit + 1] && status == GAN_OK;
             i++) {
            status = place_node(schedule, &memory, schedule->order[i]);
        }
        drop(&memory, unit);
    }
    gan__release(memory.context, memory.buffers);
    *workspace = memory.size;
    return status;
}
