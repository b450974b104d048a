/* The gradient of a batch's summed logits by the batch is, sample by sample, the gradient of each
 * logit where no sample's logit depends on another sample. Batch normalisation makes it depend:
 * then it is the gradient of the sum. */
#include "train/penalty.h"

/* Under each square root: its slope stays finite at 0. Against norms near 1, the target, it is
 * below the resolution of a float. */
static const double epsilon = 1e-12;

bool gan__penalties_any(const gan__penalties *p)
{
    return p->r1 > 0 || p->r2 > 0 || p->interpolated > 0 || p->dragan > 0;
}

bool gan__penalties_alike(const gan__penalties *a, const gan__penalties *b)
{
    return (a->r1 > 0) == (b->r1 > 0) && (a->r2 > 0) == (b->r2 > 0) &&
           (a->interpolated > 0) == (b->interpolated > 0) && (a->dragan > 0) == (b->dragan > 0) &&
           a->one_sided == b->one_sided && a->sigma == b->sigma;
}

void gan__penalty_weights(const gan__penalties *p, real weights[GAN__WEIGHT_COUNT])
{
    weights[GAN__WEIGHT_R1] = (real)(p->factor * p->r1 / 2);
    weights[GAN__WEIGHT_R2] = (real)(p->factor * p->r2 / 2);
    weights[GAN__WEIGHT_INTERPOLATED] = (real)(p->factor * p->interpolated);
    weights[GAN__WEIGHT_DRAGAN] = (real)(p->factor * p->dragan);
}

static int32_t apply(gan__graph *graph, const gan__critic *critic, uint32_t stream, int32_t x)
{
    const gan__build build = {.parameters = critic->leaves,
                              .training = true,
                              .stream = stream,
                              .conditions = critic->conditions};
    return gan__network_build(critic->network, graph, &build, x);
}

/* The squares of the gradient of each logit by its sample x: x's shape */
static int32_t squared_slopes(gan__graph *graph, int32_t logits, int32_t x)
{
    int32_t slopes;
    const int32_t status = gan__gradient(graph, gan__sum_all(graph, logits), 1, &x, &slopes);
    return status == GAN_OK ? gan__square(graph, slopes) : status;
}

static int64_t samples_of(const gan__graph *graph, const gan__critic *critic)
{
    return gan__node_shape(graph, critic->real_logits).dims[0];
}

/* mean |grad D(x)|^2, of the logits that the objective has */
static int32_t mean_squared_norm(gan__graph *graph, const gan__critic *critic, int32_t x,
                                 int32_t logits)
{
    const int32_t sum = gan__sum_all(graph, squared_slopes(graph, logits, x));
    return gan__affine(graph, sum, 1 / (double)samples_of(graph, critic), 0);
}

/* mean (D(x + sigma e) - D(x))^2 / sigma^2, both with the dropout masks of the second */
static int32_t mean_squared_difference(gan__graph *graph, const gan__critic *critic, double sigma,
                                       int32_t x, int32_t logits, uint32_t masks, uint32_t draws)
{
    const gan__distribution normal = {GAN__NORMAL, 0, sigma};
    const int32_t e =
        gan__random_node(graph, normal, draws, (gan__stack){0}, gan__node_shape(graph, x));
    const int32_t moved = apply(graph, critic, masks, gan__add(graph, x, e));
    const int32_t slope = gan__affine(graph, gan__subtract(graph, moved, logits), 1 / sigma, 0);
    return gan__mean_all(graph, gan__square(graph, slope));
}

/* mean (|grad D(x)| - 1)^2 at samples of its own, with masks of its own */
static int32_t mean_squared_excess(gan__graph *graph, const gan__penalties *p, gan__critic *critic,
                                   int32_t x)
{
    const int64_t m = samples_of(graph, critic);
    const int32_t logits = apply(graph, critic, critic->stream, x);
    critic->stream += (uint32_t)critic->network->dropouts;
    const int32_t squares = squared_slopes(graph, logits, x);
    if (squares < 0) {
        return squares;
    }
    const int64_t elements = gan__shape_elements(gan__node_shape(graph, x)) / m;
    const int32_t rows = gan__reshape(graph, squares, gan__shape_2(m, elements));
    const int32_t sums = gan__sum_to(graph, rows, gan__shape_2(m, 1));
    const int32_t norms = gan__sqrt(graph, gan__affine(graph, sums, 1, epsilon));
    const int32_t excess = gan__affine(graph, norms, 1, -1);
    return gan__mean_all(graph,
                         gan__square(graph, p->one_sided ? gan__relu(graph, excess) : excess));
}

/* e x + (1 - e) G(z), one e for each sample */
static int32_t between(gan__graph *graph, const gan__critic *critic)
{
    const gan__distribution uniform = {GAN__UNIFORM, 0, 1};
    const gan__shape shape = gan__node_shape(graph, critic->real);
    gan__shape ones = shape;
    for (int32_t i = 1; i < ones.rank; i++) {
        ones.dims[i] = 1;
    }
    const int32_t e =
        gan__random_node(graph, uniform, GAN__STREAM_INTERPOLATE, (gan__stack){0}, ones);
    const int32_t near = gan__multiply_nodes(graph, e, critic->real);
    const int32_t far = gan__multiply_nodes(graph, gan__affine(graph, e, -1, 1),
                                            gan__reshape(graph, critic->fake, shape));
    return gan__add(graph, near, far);
}

/* x + std(x) u / 2, u being uniform for each element and std(x) that of all the batch's elements */
static int32_t around(gan__graph *graph, const gan__critic *critic)
{
    const gan__distribution half = {GAN__UNIFORM, 0, 0.5};
    const int32_t x = critic->real;
    const int32_t off = gan__subtract(graph, x, gan__mean_all(graph, x));
    const int32_t variance = gan__mean_all(graph, gan__square(graph, off));
    const int32_t deviation = gan__sqrt(graph, gan__affine(graph, variance, 1, epsilon));
    const int32_t u = gan__random_node(graph, half, GAN__STREAM_PERTURB, (gan__stack){0},
                                       gan__node_shape(graph, x));
    return gan__add(graph, x, gan__multiply_nodes(graph, deviation, u));
}

/* R1 and R2 without their weights */
static int32_t at_real(gan__graph *graph, const gan__penalties *p, const gan__critic *c)
{
    return p->sigma > 0 ? mean_squared_difference(graph, c, p->sigma, c->real, c->real_logits,
                                                  c->real_stream, GAN__STREAM_DIFFERENCE_REAL)
                        : mean_squared_norm(graph, c, c->real, c->real_logits);
}

static int32_t at_fake(gan__graph *graph, const gan__penalties *p, const gan__critic *c)
{
    return p->sigma > 0 ? mean_squared_difference(graph, c, p->sigma, c->fake, c->fake_logits,
                                                  c->fake_stream, GAN__STREAM_DIFFERENCE_FAKE)
                        : mean_squared_norm(graph, c, c->fake, c->fake_logits);
}

/* A sum, -1 for none yet, and the slot of the weights. */
typedef struct {
    int32_t slot, sum;
} total;

static void add(gan__graph *graph, total *t, gan__weight weight, int32_t x)
{
    const int32_t factor = gan__leaf(graph, t->slot, weight, (gan__shape){0});
    const int32_t term = gan__multiply_nodes(graph, x, factor);
    t->sum = t->sum == -1 ? term : gan__add(graph, t->sum, term);
}

int32_t gan__penalty(gan__graph *graph, const gan__penalties *p, int32_t slot, gan__critic *critic)
{
    total t = {slot, -1};
    if (p->r1 > 0) {
        add(graph, &t, GAN__WEIGHT_R1, at_real(graph, p, critic));
    }
    if (p->r2 > 0) {
        add(graph, &t, GAN__WEIGHT_R2, at_fake(graph, p, critic));
    }
    if (p->interpolated > 0) {
        const int32_t x = between(graph, critic);
        add(graph, &t, GAN__WEIGHT_INTERPOLATED, mean_squared_excess(graph, p, critic, x));
    }
    if (p->dragan > 0) {
        const int32_t x = around(graph, critic);
        add(graph, &t, GAN__WEIGHT_DRAGAN, mean_squared_excess(graph, p, critic, x));
    }
    return t.sum;
}
