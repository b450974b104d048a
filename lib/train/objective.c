/* In logits: log D = -softplus(-l) and log(1 - D) = -softplus(l), exact at any size of l. */
#include "train/objective.h"

/* mean log D */
static int32_t mean_log_d(gan__graph *graph, int32_t logits)
{
    return gan__negate(graph,
                       gan__mean_all(graph, gan__softplus(graph, gan__negate(graph, logits))));
}

/* mean log(1 - D) */
static int32_t mean_log_not_d(gan__graph *graph, int32_t logits)
{
    return gan__negate(graph, gan__mean_all(graph, gan__softplus(graph, logits)));
}

gan__d_side gan__objective_d(gan__graph *graph, gan__objective objective, int32_t real_logits,
                             int32_t fake_logits)
{
    const int32_t value =
        gan__add(graph, mean_log_d(graph, real_logits), mean_log_not_d(graph, fake_logits));
    return (gan__d_side){
        .value = value,
        .loss = gan__affine(graph, value, -objective.half, 0),
        .d_real = gan__mean_all(graph, gan__sigmoid(graph, real_logits)),
        .d_fake = gan__mean_all(graph, gan__sigmoid(graph, fake_logits)),
    };
}

int32_t gan__objective_g(gan__graph *graph, gan__objective objective, int32_t fake_logits)
{
    const double b = objective.blend;
    if (b == 0) {
        return gan__negate(graph, mean_log_d(graph, fake_logits));
    }
    const int32_t saturating =
        gan__affine(graph, mean_log_not_d(graph, fake_logits), b * objective.half, 0);
    if (b == 1) {
        return saturating;
    }
    return gan__add(graph, saturating,
                    gan__affine(graph, mean_log_d(graph, fake_logits), b - 1, 0));
}
