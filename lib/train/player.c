#include "train/player.h"

#include "train/step.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int32_t gan__workspace_reserve(gan_context *context, gan__workspace *workspace,
                               const gan__plan *plan)
{
    const int64_t size = plan != NULL ? gan__plan_workspace(plan) : 0;
    if (workspace->values != NULL && size <= workspace->size) {
        return GAN_OK;
    }
    real *values = gan__allocate(context, size, sizeof *values);
    if (values == NULL) {
        return GAN_ERROR_MEMORY;
    }
    gan__release(context, workspace->values);
    *workspace = (gan__workspace){values, size};
    return GAN_OK;
}

int32_t gan__player_set_optimizer(gan__player *player, const char *owner, gan_optimizer *optimizer,
                                  bool fixed, const gan_optimizer *other)
{
    gan_context *context = player->network->context;
    if (optimizer == NULL || optimizer->context != context) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s: the %s's optimizer is %s", owner,
                         player->name, optimizer == NULL ? "NULL" : "of another context");
    }
    const bool serves_other = optimizer == other || (optimizer->network != 0 &&
                                                     optimizer->network != player->network->number);
    if (fixed || serves_other) {
        return gan__fail(context, GAN_ERROR_STATE, "%s: the %s's optimizer %s", owner, player->name,
                         serves_other ? "serves another network" : "is fixed by the first step");
    }
    gan__optimizer_retain(optimizer);
    gan_optimizer_free(player->optimizer);
    player->optimizer = optimizer;
    player->freezes = -1; /* it is not limited to the trainable parameters yet */
    return GAN_OK;
}

/* ---- Adding up two arrays -------------------------------------------------------------------- */

enum { SLOT_SUM, SLOT_PART, SLOT_NUMBERS, SLOT_NEW };

int32_t gan__mix_plan(gan_context *context, int64_t elements, gan__plan **out)
{
    const gan__shape flat = gan__shape_1(elements), one = gan__shape_1(1);
    gan__graph graph = gan__graph_create(context);
    const int32_t kept = gan__multiply_nodes(&graph, gan__leaf(&graph, SLOT_SUM, 0, flat),
                                             gan__leaf(&graph, SLOT_NUMBERS, 0, one));
    const int32_t taken = gan__multiply_nodes(&graph, gan__leaf(&graph, SLOT_PART, 0, flat),
                                              gan__leaf(&graph, SLOT_NUMBERS, 1, one));
    const gan__output output = {gan__add(&graph, kept, taken), SLOT_NEW, 0};
    const int32_t status = gan__plan_create(&graph, 1, &output, GAN__PLAN_FUSED, out);
    gan__graph_free(&graph);
    return status;
}

void gan__mix(const gan__plan *plan, real *workspace, double keep, real *a, double take, real *b)
{
    real numbers[] = {(real)keep, (real)take};
    gan__plan_run(plan,
                  &(gan__arguments){.slots = (real *[]){a, b, numbers, a}, .workspace = workspace});
}

/* ---- What it needs --------------------------------------------------------------------------- */

static void release_arrays(gan_context *context, gan__player *player)
{
    gan__plan_free(player->mix);
    gan__plan_free(player->norm);
    gan__release(context, player->spare);
    gan__release(context, player->statistics);
    gan__release(context, player->part);
    gan__release(context, player->gradient);
    player->norm = player->mix = NULL;
    player->spare = player->statistics = player->part = player->gradient = NULL;
}

void gan__player_free(gan_context *context, gan__player *player)
{
    release_arrays(context, player);
    gan_optimizer_free(player->optimizer);
    gan_network_free(player->network);
}

/* Gives up arrays made for another number of parameters: before they are drawn, settings of layers
 * can change it. */
static void fit(gan__player *player)
{
    if (player->elements != player->network->elements) {
        release_arrays(player->network->context, player);
        player->elements = player->network->elements;
        player->freezes = -1;
    }
}

/* Limits it to its trainable parameters, if these have changed. */
static int32_t limit(gan__player *player, bool *changed)
{
    gan_network *network = player->network;
    GAN__TRY(gan__network_prepare_constraints(network, false));
    if (player->freezes == network->freezes) {
        return GAN_OK;
    }
    gan__range *ranges = gan__allocate(network->context, network->parameter_count, sizeof *ranges);
    if (ranges == NULL) {
        return GAN_ERROR_MEMORY;
    }
    const int32_t count = gan__network_trainable(network, ranges);
    const int32_t status =
        count > 0 ? gan__optimizer_limit(player->optimizer, count, ranges) : GAN_OK;
    gan__release(network->context, ranges);
    GAN__TRY(status);
    memset(player->gradient, 0, (size_t)network->elements * sizeof *player->gradient);
    if (player->part != NULL) {
        memset(player->part, 0, (size_t)network->elements * sizeof *player->part);
    }
    player->still = count == 0;
    player->freezes = network->freezes;
    *changed = true;
    return GAN_OK;
}

/* What adding up gradients of parts takes. */
static int32_t prepare_parts(gan__player *player, gan__workspace *workspace)
{
    gan_context *context = player->network->context;
    if (player->mix == NULL) {
        GAN__TRY(gan__mix_plan(context, player->elements, &player->mix));
    }
    if (player->part == NULL) {
        player->part = gan__allocate(context, player->elements, sizeof(real));
    }
    return player->part != NULL ? gan__workspace_reserve(context, workspace, player->mix)
                                : GAN_ERROR_MEMORY;
}

static int32_t prepare_arrays(gan__player *player, bool step_back)
{
    gan_context *context = player->network->context;
    if (player->gradient == NULL) {
        player->gradient = gan__allocate(context, player->elements, sizeof(real));
    }
    if (player->statistics == NULL) {
        const int64_t numbers = gan__network_statistics(player->network);
        player->statistics = gan__allocate(context, numbers, sizeof(real));
    }
    if (step_back && player->spare == NULL) {
        player->spare = gan__allocate(context, player->elements, sizeof(real));
    }
    const bool enough = player->gradient != NULL && player->statistics != NULL &&
                        (!step_back || player->spare != NULL);
    return enough ? GAN_OK : GAN_ERROR_MEMORY;
}

int32_t gan__player_prepare(gan__player *player, gan__player_needs needs, gan__workspace *workspace,
                            bool *changed)
{
    gan_context *context = player->network->context;
    fit(player);
    if (player->optimizer == NULL) {
        GAN__TRY(gan_optimizer_create(context, GAN_MOMENTUM, &player->optimizer));
    }
    if (player->elements == 0) {
        player->still = true;
        return GAN_OK;
    }
    GAN__TRY(gan__optimizer_bind(player->optimizer, player->network->number, player->elements,
                                 needs.step_back));
    if (player->norm == NULL) {
        GAN__TRY(gan__norm_plan(context, player->elements, &player->norm));
    }
    GAN__TRY(gan__workspace_reserve(context, workspace, player->norm));
    if (needs.parts) {
        GAN__TRY(prepare_parts(player, workspace));
    }
    GAN__TRY(prepare_arrays(player, needs.step_back));
    return limit(player, changed);
}

/* ---- Checks ---------------------------------------------------------------------------------- */

int32_t gan__player_not_finite(const gan__player *player, int64_t step, const char *what)
{
    return gan__fail(player->network->context, GAN_ERROR_NUMERIC,
                     "step %lld: %s: %s is not finite; the parameters are those before this step",
                     (long long)step, player->name, what);
}

/* Names the first tensor of the gradient that is not finite. */
static int32_t bad_gradient(const gan__player *player, int64_t step)
{
    const gan_network *network = player->network;
    for (int32_t i = 0; i < network->parameter_count; i++) {
        const gan__parameter *parameter = &network->parameters[i];
        const real *g = player->gradient + parameter->offset;
        for (int64_t j = 0; j < gan__shape_elements(parameter->shape); j++) {
            if (!isfinite(g[j])) {
                char what[sizeof parameter->name + 32];
                snprintf(what, sizeof what, "the gradient of %s", parameter->name);
                return gan__player_not_finite(player, step, what);
            }
        }
    }
    return gan__player_not_finite(player, step, "the gradient's norm");
}

/* Takes one tensor of statistics, or checks it. */
typedef int32_t (*statistics_fn)(const gan__player *player, int64_t step,
                                 const gan__parameter *parameter, const real *numbers);

/* For all statistics of batch norms that a plan of gradients has made. */
static int32_t each_statistics(const gan__player *player, int64_t step, statistics_fn take)
{
    const gan_network *network = player->network;
    const real *numbers = player->statistics;
    for (int32_t i = 0; i < network->transform_count; i++) {
        const int32_t at = gan__transform_tensor(&network->transforms[i], GAN__PART_STATISTICS);
        if (at < 0) {
            continue;
        }
        const gan__parameter *parameter = &network->parameters[at];
        if (!parameter->frozen) {
            GAN__TRY(take(player, step, parameter, numbers));
        }
        numbers += gan__shape_elements(parameter->shape);
    }
    return GAN_OK;
}

static int32_t check_statistics(const gan__player *player, int64_t step,
                                const gan__parameter *parameter, const real *numbers)
{
    for (int64_t i = 0; i < gan__shape_elements(parameter->shape); i++) {
        if (!isfinite(numbers[i])) {
            return gan__player_not_finite(player, step, parameter->name);
        }
    }
    return GAN_OK;
}

static int32_t keep_statistics(const gan__player *player, int64_t step,
                               const gan__parameter *parameter, const real *numbers)
{
    (void)step;
    memcpy(player->network->values + parameter->offset, numbers,
           (size_t)gan__shape_elements(parameter->shape) * sizeof *numbers);
    return GAN_OK;
}

int32_t gan__player_check(gan__player *player, int64_t step, const char *loss_name, double loss,
                          const gan__workspace *workspace, double *norm)
{
    if (!isfinite(loss)) {
        return gan__player_not_finite(player, step, loss_name);
    }
    *norm = 0;
    if (player->still) {
        return GAN_OK;
    }
    real squares;
    gan__plan_run(player->norm, &(gan__arguments){.slots = (real *[]){player->gradient, &squares},
                                                  .workspace = workspace->values});
    if (!isfinite(squares)) {
        return bad_gradient(player, step);
    }
    *norm = sqrt((double)squares);
    return each_statistics(player, step, check_statistics);
}

/* ---- Updates --------------------------------------------------------------------------------- */

/* Exchanges the parameters with the spare ones. */
static void swap_values(gan__player *player)
{
    real *values = player->network->values;
    player->network->values = player->spare;
    player->spare = values;
}

void gan__player_begin(gan__player *player)
{
    player->moved = false;
    gan__optimizer_begin(player->optimizer);
}

void gan__player_rollback(gan__player *player)
{
    if (player->moved) {
        swap_values(player);
    }
    gan__optimizer_rollback(player->optimizer);
}

void gan__player_update(gan__player *player, int64_t epoch)
{
    const bool aside = player->spare != NULL && !player->moved;
    real *w = player->network->values;
    gan__optimizer_update(player->optimizer, epoch, w, player->gradient, aside ? player->spare : w);
    if (aside) {
        swap_values(player);
        player->moved = true;
    }
    each_statistics(player, 0, keep_statistics);
    gan__network_constrain(player->network, player->network->values);
}
