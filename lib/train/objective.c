/* In logits: log D = -softplus(-l) and log(1 - D) = -softplus(l), exact at any size of l. */
#include "train/objective.h"

/* mean softplus(x) and mean softplus(-x) */
static int32_t mean_softplus(gan__graph *graph, int32_t x)
{
    return gan__mean_all(graph, gan__softplus(graph, x));
}

static int32_t mean_softplus_of_minus(gan__graph *graph, int32_t x)
{
    return mean_softplus(graph, gan__negate(graph, x));
}

/* mean log D */
static int32_t mean_log_d(gan__graph *graph, int32_t logits)
{
    return gan__negate(graph, mean_softplus_of_minus(graph, logits));
}

/* mean log(1 - D) */
static int32_t mean_log_not_d(gan__graph *graph, int32_t logits)
{
    return gan__negate(graph, mean_softplus(graph, logits));
}

static int32_t half(gan__graph *graph, int32_t x)
{
    return gan__affine(graph, x, 0.5, 0);
}

/* What a loss is made of. */
typedef struct {
    gan__objective objective;
    int32_t real, fake; /* logits, [m, ...] */
    int32_t value;      /* V, for D's losses */
} parts;

typedef int32_t (*loss_fn)(gan__graph *graph, const parts *p);

static int32_t minimax_d(gan__graph *graph, const parts *p)
{
    return gan__affine(graph, p->value, -p->objective.half, 0);
}

/* (1 - b) mean softplus(-l) - b h mean softplus(l) */
static int32_t minimax_g(gan__graph *graph, const parts *p)
{
    const double b = p->objective.blend;
    if (b == 0) {
        return gan__negate(graph, mean_log_d(graph, p->fake));
    }
    const int32_t saturating =
        gan__affine(graph, mean_log_not_d(graph, p->fake), b * p->objective.half, 0);
    if (b == 1) {
        return saturating;
    }
    return gan__add(graph, saturating, gan__affine(graph, mean_log_d(graph, p->fake), b - 1, 0));
}

/* 1/2 mean (l - target)^2 */
static int32_t half_square(gan__graph *graph, int32_t logits, double target)
{
    const int32_t miss = gan__affine(graph, logits, 1, -target);
    return half(graph, gan__mean_all(graph, gan__square(graph, miss)));
}

static int32_t least_squares_d(gan__graph *graph, const parts *p)
{
    return gan__add(graph, half_square(graph, p->real, 1), half_square(graph, p->fake, 0));
}

static int32_t least_squares_g(gan__graph *graph, const parts *p)
{
    return half_square(graph, p->fake, 1);
}

static int32_t wasserstein_d(gan__graph *graph, const parts *p)
{
    return gan__subtract(graph, gan__mean_all(graph, p->fake), gan__mean_all(graph, p->real));
}

/* Also the hinge's. */
static int32_t wasserstein_g(gan__graph *graph, const parts *p)
{
    return gan__negate(graph, gan__mean_all(graph, p->fake));
}

/* mean max(0, 1 + sign l) */
static int32_t mean_hinge(gan__graph *graph, int32_t logits, double sign)
{
    return gan__mean_all(graph, gan__relu(graph, gan__affine(graph, logits, sign, 1)));
}

static int32_t hinge_d(gan__graph *graph, const parts *p)
{
    return gan__add(graph, mean_hinge(graph, p->real, -1), mean_hinge(graph, p->fake, 1));
}

/* mean softplus(-(a - mean b)) + mean softplus(b - mean a) */
static int32_t above_average(gan__graph *graph, int32_t a, int32_t b)
{
    const int32_t above = gan__subtract(graph, a, gan__mean_all(graph, b));
    const int32_t below = gan__subtract(graph, b, gan__mean_all(graph, a));
    return gan__add(graph, mean_softplus_of_minus(graph, above), mean_softplus(graph, below));
}

static int32_t relativistic_average_d(gan__graph *graph, const parts *p)
{
    return above_average(graph, p->real, p->fake);
}

static int32_t relativistic_average_g(gan__graph *graph, const parts *p)
{
    return above_average(graph, p->fake, p->real);
}

static int32_t relativistic_d(gan__graph *graph, const parts *p)
{
    return mean_softplus(graph, gan__subtract(graph, p->fake, p->real));
}

static int32_t relativistic_g(gan__graph *graph, const parts *p)
{
    return mean_softplus(graph, gan__subtract(graph, p->real, p->fake));
}

static const struct {
    loss_fn d, g;
    bool pairs;
} objectives[GAN__OBJECTIVE_COUNT] = {
    [GAN__MINIMAX] = {minimax_d, minimax_g, false},
    [GAN__LEAST_SQUARES] = {least_squares_d, least_squares_g, false},
    [GAN__WASSERSTEIN] = {wasserstein_d, wasserstein_g, false},
    [GAN__HINGE] = {hinge_d, wasserstein_g, false},
    [GAN__RELATIVISTIC_AVERAGE] = {relativistic_average_d, relativistic_average_g, true},
    [GAN__RELATIVISTIC] = {relativistic_d, relativistic_g, true},
};

gan__d_side gan__objective_d(gan__graph *graph, gan__objective objective, int32_t real_logits,
                             int32_t fake_logits)
{
    const int32_t value =
        gan__add(graph, mean_log_d(graph, real_logits), mean_log_not_d(graph, fake_logits));
    const parts p = {objective, real_logits, fake_logits, value};
    return (gan__d_side){
        .value = value,
        .loss = objectives[objective.kind].d(graph, &p),
        .d_real = gan__mean_all(graph, gan__sigmoid(graph, real_logits)),
        .d_fake = gan__mean_all(graph, gan__sigmoid(graph, fake_logits)),
    };
}

bool gan__objective_pairs(gan__objective objective)
{
    return objectives[objective.kind].pairs;
}

int32_t gan__objective_g(gan__graph *graph, gan__objective objective, int32_t real_logits,
                         int32_t fake_logits)
{
    const parts p = {objective, real_logits, fake_logits, -1};
    return objectives[objective.kind].g(graph, &p);
}

/* The largest logit is taken off all of them, so that no exponential overflows and one is 1. */
int32_t gan__cross_entropy(gan__graph *graph, int32_t logits, int32_t targets)
{
    const int32_t below = gan__subtract(graph, logits, gan__max_axis(graph, logits, 1));
    if (below < 0) {
        return below;
    }
    const int64_t m = gan__node_shape(graph, logits).dims[0];
    const int32_t sum = gan__sum_to(graph, gan__exp(graph, below), gan__shape_2(m, 1));
    const int32_t losses = gan__subtract(graph, gan__log(graph, sum), below); /* of each class */
    const int32_t all = gan__sum_all(graph, gan__multiply_nodes(graph, targets, losses));
    return gan__affine(graph, all, 1 / (double)m, 0);
}
