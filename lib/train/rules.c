/* Update rules. Each is written with the engine's builders, so that one fused pass over memory does
 * the whole update. */
#include "train/optimizer.h"

#include <string.h>

static int32_t times(const gan__update *u, int32_t x, gan__number number)
{
    return gan__multiply_nodes(u->graph, x, gan__update_number(u, number));
}

/* keep x + take y: the running mean of a state */
static int32_t mix(const gan__update *u, int32_t x, gan__number keep, int32_t y, gan__number take)
{
    return gan__add(u->graph, times(u, x, keep), times(u, y, take));
}

static void sgd(gan__update *u)
{
    u->new_w = gan__subtract(u->graph, u->w, times(u, u->g, GAN__NUMBER_RATE));
}

static void momentum(gan__update *u)
{
    const int32_t moved = times(u, u->g, GAN__NUMBER_RATE);
    u->new_state[0] = gan__subtract(u->graph, times(u, u->state[0], GAN__NUMBER_KEEP_1), moved);
    u->new_w = gan__add(u->graph, u->w, u->new_state[0]);
}

static void nesterov(gan__update *u)
{
    const int32_t moved = times(u, u->g, GAN__NUMBER_RATE);
    u->new_state[0] = gan__subtract(u->graph, times(u, u->state[0], GAN__NUMBER_KEEP_1), moved);
    const int32_t ahead = times(u, u->new_state[0], GAN__NUMBER_KEEP_1);
    u->new_w = gan__add(u->graph, u->w, gan__subtract(u->graph, ahead, moved));
}

static void rmsprop(gan__update *u)
{
    gan__graph *graph = u->graph;
    u->new_state[0] =
        mix(u, u->state[0], GAN__NUMBER_KEEP_1, gan__square(graph, u->g), GAN__NUMBER_TAKE_1);
    const int32_t root = gan__sqrt(
        graph, gan__add(graph, u->new_state[0], gan__update_number(u, GAN__NUMBER_EPSILON)));
    u->new_w =
        gan__subtract(graph, u->w, times(u, gan__divide(graph, u->g, root), GAN__NUMBER_RATE));
}

/* Adam's update, of w shrunk before if `decay`. */
static void adam_of(gan__update *u, bool decay)
{
    gan__graph *graph = u->graph;
    u->new_state[0] = mix(u, u->state[0], GAN__NUMBER_KEEP_1, u->g, GAN__NUMBER_TAKE_1);
    u->new_state[1] =
        mix(u, u->state[1], GAN__NUMBER_KEEP_2, gan__square(graph, u->g), GAN__NUMBER_TAKE_2);
    const int32_t root =
        gan__add(graph, times(u, gan__sqrt(graph, u->new_state[1]), GAN__NUMBER_ROOT),
                 gan__update_number(u, GAN__NUMBER_EPSILON));
    const int32_t move = times(u, gan__divide(graph, u->new_state[0], root), GAN__NUMBER_RATE);
    const int32_t w = decay ? times(u, u->w, GAN__NUMBER_SHRINK) : u->w;
    u->new_w = gan__subtract(graph, w, move);
}

static void adam(gan__update *u)
{
    adam_of(u, false);
}

static void adamw(gan__update *u)
{
    adam_of(u, true);
}

static const gan__rule rules[] = {
    {GAN_SGD, 0, 0.1, sgd},           {GAN_MOMENTUM, 1, 0.1, momentum},
    {GAN_NESTEROV, 1, 0.1, nesterov}, {GAN_RMSPROP, 1, 0.001, rmsprop},
    {GAN_ADAM, 2, 0.001, adam},       {GAN_ADAMW, 2, 0.001, adamw},
};

const gan__rule *gan__rule_find(const char *name)
{
    for (int32_t i = 0; i < (int32_t)(sizeof rules / sizeof rules[0]); i++) {
        if (strcmp(name, rules[i].name) == 0) {
            return &rules[i];
        }
    }
    return NULL;
}
