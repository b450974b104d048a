/* Gradients of a batch in parts that take turns. Random numbers are functions of a sample's place
 * in the batch, and so the same in parts. */
#include "train/trainer.h"

int64_t gan__trainer_part(const gan_trainer *trainer, int64_t m)
{
    const int64_t most = (int64_t)trainer->options[GAN__TRAIN_MICRO_BATCH];
    return most > 0 && most < m ? most : m;
}

/* What looks at the whole batch, or NULL. */
static const char *coupling(const gan_trainer *trainer)
{
    const double *o = trainer->options;
    return o[GAN__TRAIN_OBJECTIVE] == GAN__RELATIVISTIC_AVERAGE
               ? "the objective " GAN_RELATIVISTIC_AVERAGE
           : o[GAN__TRAIN_DRAGAN] > 0                 ? "the penalty " GAN_DRAGAN
           : gan__network_couples(trainer->g.network) ? "a layer of the generator"
           : gan__network_couples(trainer->d.network) ? "a layer of the discriminator"
                                                      : NULL;
}

int32_t gan__trainer_check_parts(const gan_trainer *trainer, int64_t m)
{
    const int64_t part = gan__trainer_part(trainer, m);
    const char *what = part < m ? coupling(trainer) : NULL;
    return what == NULL ? GAN_OK
                        : gan__fail(trainer->context, GAN_ERROR_STATE,
                                    "trainer: micro_batch is %lld, but %s looks at the whole batch "
                                    "of %lld samples",
                                    (long long)part, what, (long long)m);
}

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
