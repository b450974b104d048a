/* Running a plan: unit after unit, each one in parallel inside. */
#include "base/threads.h"
#include "graph/schedule.h"
#include "kernel/element.h"
#include "kernel/product.h"

#include <stdalign.h>

/* Less work than this (elements times instructions) is not worth waking a thread. */
enum { PARALLEL_WORK = 32768 };

typedef struct {
    const gan__unit *unit;
    const gan__arguments *arguments;
} group_run;

typedef real registers[GAN__GROUP_NODES][GAN__BLOCK];

/* The numbers at a place, from element `start` of the group on. */
static real *resolve(const gan__arguments *arguments, registers file, gan__place place,
                     int64_t start)
{
    switch (place.where) {
    case GAN__IN_SLOT:
        return arguments->slots[place.index] + place.offset + start;
    case GAN__IN_WORKSPACE:
        return arguments->workspace + place.offset + start;
    default:
        return file[place.index];
    }
}

/* Where the partial sums of a group stand: one double a chunk, in the workspace. */
static double *partials(const gan__arguments *arguments, const gan__instruction *sum)
{
    return (double *)(void *)(arguments->workspace + sum->y.offset);
}

/* cursor: of a view, at `start` */
static void do_instruction(const group_run *run, registers file, const gan__instruction *it,
                           gan__view_cursor *cursor, int64_t start, int64_t n)
{
    const gan__arguments *arguments = run->arguments;
    if (it->what == GAN__DO_SUM) {
        partials(arguments, it)[start / GAN__CHUNK] +=
            gan__element_sum(n, resolve(arguments, file, it->a, start));
        return;
    }
    real *y = resolve(arguments, file, it->y, start);
    switch (it->what) {
    case GAN__DO_ELEMENT:
        it->element.function(n, resolve(arguments, file, it->a, start),
                             resolve(arguments, file, it->b, start), it->element.scale,
                             it->element.shift, y);
        break;
    case GAN__DO_VIEW:
        gan__view_read(&it->view, resolve(arguments, file, it->a, 0), cursor, n, y);
        break;
    case GAN__DO_RANDOM: {
        const gan__random_key key = {arguments->seed, arguments->step, it->random.stream};
        gan__random(it->random.distribution, key, arguments->first_sample, it->random.stack,
                    it->random.columns, start, n, y);
        break;
    }
    default:
        for (int64_t i = 0; i < n; i++) {
            y[i] = it->element.shift;
        }
        break;
    }
}

static void run_chunk(void *argument, int64_t chunk)
{
    const group_run *run = argument;
    const gan__unit *unit = run->unit;
    alignas(64) registers file;
    gan__view_cursor cursors[GAN__GROUP_NODES];
    const int64_t from = chunk * GAN__CHUNK;
    const int64_t end = unit->elements - from < GAN__CHUNK ? unit->elements : from + GAN__CHUNK;
    for (int32_t i = 0; i < unit->count; i++) {
        const gan__instruction *it = &unit->instructions[i];
        if (it->what == GAN__DO_SUM) {
            partials(run->arguments, it)[chunk] = 0;
        }
        if (it->what == GAN__DO_VIEW) {
            gan__view_seek(&it->view, from, &cursors[i]);
        }
    }
    for (int64_t start = from; start < end; start += GAN__BLOCK) {
        const int64_t n = end - start < GAN__BLOCK ? end - start : GAN__BLOCK;
        for (int32_t i = 0; i < unit->count; i++) {
            if (start == from || !unit->instructions[i].once) {
                do_instruction(run, file, &unit->instructions[i], &cursors[i], start, n);
            }
        }
    }
}

/* Adds up the partial sums, always in the same order. */
static void finish_sums(const group_run *run, int64_t chunks)
{
    for (int32_t i = 0; i < run->unit->count; i++) {
        const gan__instruction *it = &run->unit->instructions[i];
        if (it->what != GAN__DO_SUM) {
            continue;
        }
        double sum = 0;
        for (int64_t chunk = 0; chunk < chunks; chunk++) {
            sum += partials(run->arguments, it)[chunk];
        }
        *resolve(run->arguments, NULL, it->total, 0) = (real)sum;
    }
}

static void run_group(gan_context *context, group_run *run)
{
    const int64_t chunks = (run->unit->elements + GAN__CHUNK - 1) / GAN__CHUNK;
    if (run->unit->elements * run->unit->count >= PARALLEL_WORK) {
        gan__parallel(context, chunks, run_chunk, run);
    } else {
        for (int64_t chunk = 0; chunk < chunks; chunk++) {
            run_chunk(run, chunk);
        }
    }
    finish_sums(run, chunks);
}

static void run_whole(gan_context *context, const gan__unit *unit, const gan__arguments *arguments)
{
    const gan__operation *operation = &gan__operations[unit->node.op];
    const real *x[GAN__ARITY_MAX] = {NULL};
    for (int32_t i = 0; i < operation->arity; i++) {
        x[i] = resolve(arguments, NULL, unit->x[i], 0);
    }
    real *scratch = operation->scratch != NULL ? resolve(arguments, NULL, unit->scratch, 0) : NULL;
    operation->whole(context, &unit->node, unit->shapes, x, scratch,
                     resolve(arguments, NULL, unit->y, 0));
}

void gan__plan_run(const gan__plan *plan, const gan__arguments *arguments)
{
    gan__products_enter(plan->context);
    for (int32_t i = 0; i < plan->unit_count; i++) {
        if (plan->units[i].elements > 0) {
            run_group(plan->context, &(group_run){&plan->units[i], arguments});
        } else {
            run_whole(plan->context, &plan->units[i], arguments);
        }
    }
    gan__products_leave(plan->context);
}
