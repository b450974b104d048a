/* The players of the mixtures: what is promised of their first layers. */
#include "support.h"

#include "../examples/mixture.h" /* a folder whose check.h is not that of Check */

enum { UNITS = 192, NOISE = 4 };

static heap own;
static gan_context *context;

static void start(void)
{
    context = new_context(&own);
}

static void finish(void)
{
    end_context(context, &own);
}

/* Each unit of the grid's D is 0 somewhere in the square around the data, and they do not all pass
 * through the same point. */
START_TEST(units_pass_through_the_square)
{
    const mixture *m = mixture_find("grid");
    const float half = (float)(1.1 * m->reach * m->steepness);
    gan_network *D = mixture_discriminator(context, m, 3);
    float w[2][UNITS], bias[UNITS], farthest = 0;
    ck_assert_int_eq(gan_network_get_parameter(D, "first.weight", w[0], 2 * UNITS), GAN_OK);
    ck_assert_int_eq(gan_network_get_parameter(D, "first.bias", bias, UNITS), GAN_OK);
    for (int i = 0; i < UNITS; i++) {
        ck_assert(fabsf(bias[i]) <= half * (fabsf(w[0][i]) + fabsf(w[1][i])) * 1.0001f);
        farthest = fmaxf(farthest, fabsf(bias[i]) / hypotf(w[0][i], w[1][i]));
    }
    ck_assert(farthest > half / 2);
    gan_network_free(D);
}
END_TEST

/* G(z) of the elements of z that choose the mode and those that spread it. */
static void sample(gan_network *G, float a, float b, float c, float d, float *x)
{
    ck_assert_int_eq(gan_network_forward(G, 1, (const float[NOISE]){a, b, c, d}, x, 2), GAN_OK);
}

/* In the grid's G two elements of z have the same effect wherever the others are, and these have
 * one, too; the ring's G has its layers see all of z. */
START_TEST(path_and_layers_share_z)
{
    const char *const names[] = {"grid", "ring"};
    for (int k = 0; k < 2; k++) {
        const mixture *m = mixture_find(names[k]);
        gan_network *G = mixture_generator(context, m, 3);
        float at[4][2];
        sample(G, 0.5f, -1, 0, 0, at[0]);
        sample(G, 0.5f, -1, 2, -1.5f, at[1]);
        sample(G, -2, 0.25f, 0, 0, at[2]);
        sample(G, -2, 0.25f, 2, -1.5f, at[3]);
        float effect = 0, choice = 0, apart = 0;
        for (int i = 0; i < 2; i++) {
            effect = fmaxf(effect, fabsf(at[1][i] - at[0][i]));
            choice = fmaxf(choice, fabsf(at[2][i] - at[0][i]));
            apart = fmaxf(apart, fabsf((at[1][i] - at[0][i]) - (at[3][i] - at[2][i])));
        }
        ck_assert(effect > 0 && choice > 0);
        ck_assert(k == 0 ? apart < 1e-5f : apart > 1e-2f);
        gan_network_free(G);
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS_BETWEEN("mixture", start, finish, units_pass_through_the_square,
                             path_and_layers_share_z);
}
