/* What the tests of monitors share: generators whose layers are set by hand, so that it is known
 * what they reach, and readers of values. Included once by each test program. */
#ifndef GAN_TESTS_MONITORS_H
#define GAN_TESTS_MONITORS_H

#include "training.h"

/* G(z) = centre k + sum_i (z_i - 1/2) direction i, z uniform on 0 to 1: z_0 chooses k. */
typedef struct {
    int32_t elements, used, ways;
    const float *centres;    /* [used, elements], at least -2 */
    const float *directions; /* [ways, elements] */
    double constant;         /* the share of z_0, from 0 up, that leads to one point */
} mixture;

static inline void set_parameter(gan_network *network, int32_t index, float *values)
{
    const char *name = gan_network_parameter_name(network, index);
    ok(gan_network_set_parameter(network, name, values, elements_of(network, name)));
    free(values);
}

static inline float *zeros(int64_t count)
{
    float *made = calloc((size_t)count, sizeof *made);
    ck_assert_ptr_nonnull(made);
    return made;
}

/* The first layer: two units a step, which go from 0 to 1 where z_0 passes it, and the rest of z. */
static inline void set_steps(gan_network *made, const mixture *m, int32_t hidden)
{
    const double steep = 32 * m->used; /* 1 z in 32 is between two centres */
    float *w = zeros((int64_t)(1 + m->ways) * hidden), *b = zeros(hidden);
    for (int32_t k = 0; k < m->used; k++) {
        const double at = m->constant + (1 - m->constant) * k / m->used;
        for (int32_t j = 0; j < 2; j++) {
            w[2 * k + j] = (float)steep;
            b[2 * k + j] = (float)(k == 0 && m->constant == 0 ? 1 - j : -at * steep - j);
        }
    }
    for (int32_t i = 0; i < m->ways; i++) {
        w[(1 + i) * hidden + 2 * m->used + i] = 1;
    }
    set_parameter(made, 0, w);
    set_parameter(made, 1, b);
}

/* The second: the centre, made positive by 2, and z_i where the first step is passed, else 0. */
static inline void set_places(gan_network *made, const mixture *m, int32_t hidden)
{
    const int32_t e = m->elements, wide = e + m->ways;
    float *w = zeros((int64_t)hidden * wide), *b = zeros(wide);
    for (int32_t i = 0; i < e; i++) {
        b[i] = m->centres[i] + 2;
        for (int32_t k = 1; k < m->used; k++) {
            const float rise = m->centres[k * e + i] - m->centres[(k - 1) * e + i];
            w[2 * k * wide + i] = rise;
            w[(2 * k + 1) * wide + i] = -rise;
        }
    }
    for (int32_t i = 0; i < m->ways; i++) {
        w[(2 * m->used + i) * wide + e + i] = 1;
        w[e + i] = 1;
        w[wide + e + i] = -1;
        b[e + i] = -1;
    }
    set_parameter(made, 2, w);
    set_parameter(made, 3, b);
}

static inline gan_network *new_mixture(const mixture *m)
{
    const int32_t e = m->elements, hidden = 2 * m->used + m->ways, wide = e + m->ways;
    gan_network *made;
    ok(gan_network_create(ctx, "mixture", &made));
    int32_t h = gan_network_dense(made, input(made, 1 + m->ways), hidden);
    h = gan_network_dense(made, gan_network_relu(made, h), wide);
    ok(gan_network_output(made, gan_network_dense(made, gan_network_relu(made, h), e)));
    ok(gan_network_set_noise(made, GAN_NOISE_UNIFORM, 0, 1));
    ok(gan_network_initialize(made, 1));
    set_steps(made, m, hidden);
    set_places(made, m, hidden);
    float *w = zeros((int64_t)wide * e), *b = zeros(e);
    for (int32_t i = 0; i < e; i++) {
        w[i * e + i] = 1;
        b[i] = -2;
        for (int32_t j = 0; j < m->ways; j++) {
            w[(e + j) * e + i] = m->directions[j * e + i];
            b[i] -= m->directions[j * e + i] / 2;
        }
    }
    set_parameter(made, 4, w);
    set_parameter(made, 5, b);
    return made;
}

/* [elements] -> logit */
static inline gan_network *new_judge(int64_t elements)
{
    gan_network *made;
    ok(gan_network_create(ctx, "judge", &made));
    int32_t h = gan_network_dense(made, input(made, elements), 16);
    h = gan_network_leaky_relu(made, h, 0.2);
    ok(gan_network_output(made, gan_network_dense(made, h, 1)));
    ok(gan_network_initialize(made, 2));
    return made;
}

static inline double value_of(const gan_monitor *monitor, const char *name)
{
    double value = -1e9;
    ok(gan_monitor_value(monitor, name, &value));
    return value;
}

static inline int32_t verdict_of(const gan_monitor *monitor)
{
    int32_t verdict = -1;
    ok(gan_monitor_verdict(monitor, &verdict));
    return verdict;
}

enum { VALUES_MAX = 32 };

/* All values. values: [VALUES_MAX] */
static inline void values_of(const gan_monitor *monitor, double *values)
{
    memset(values, 0, VALUES_MAX * sizeof *values);
    for (int32_t i = 0; gan_monitor_value_name(i) != NULL; i++) {
        values[i] = value_of(monitor, gan_monitor_value_name(i));
    }
}

#endif
