/* Algorithm 1 followed by hand: a tiny G and D, trained by the library and by the formulas of the
 * paper written out below in double, with nothing of the library in them. Every step on the same
 * batches and noise; parameters and metrics must agree after each. */
#include "support.h"

#include <gan/gan.h>

#include <stdio.h>

enum {
    NOISE = 2, /* z: [2] */
    WIDTH = 4, /* hidden units of both */
    DATA = 3,  /* x: [3] */
    PIECES_MAX = 2,
    M = 5,     /* samples of a batch */
    K_MAX = 3, /* D's updates in a step */
    STEPS = 20,
    G_PARAMETERS = NOISE * WIDTH + WIDTH + WIDTH * DATA + DATA,
    D_PARAMETERS_MAX = DATA * WIDTH * PIECES_MAX + WIDTH * PIECES_MAX + WIDTH + 1
};

static const double tolerance = 1e-5, slope = 0.2;

/* ---- By hand: the networks ------------------------------------------------------------------- */

/* G(z) = softplus(tanh(z W + b) V + c); its parameters in the order W, b, V, c. */
typedef struct {
    double hidden[WIDTH], sum[DATA], out[DATA];
} g_pass;

static void g_forward(const double *p, const double *z, g_pass *pass)
{
    const double *w = p, *b = w + NOISE * WIDTH, *v = b + WIDTH, *c = v + WIDTH * DATA;
    for (int j = 0; j < WIDTH; j++) {
        double sum = b[j];
        for (int i = 0; i < NOISE; i++) {
            sum += z[i] * w[i * WIDTH + j];
        }
        pass->hidden[j] = tanh(sum);
    }
    for (int k = 0; k < DATA; k++) {
        double sum = c[k];
        for (int j = 0; j < WIDTH; j++) {
            sum += pass->hidden[j] * v[j * DATA + k];
        }
        pass->sum[k] = sum;
        pass->out[k] = log(1 + exp(sum));
    }
}

/* Adds the gradient by G's parameters, given that by its output. */
static void g_backward(const double *p, const double *z, const g_pass *pass, const double *by_out,
                       double *gradient)
{
    const double *v = p + NOISE * WIDTH + WIDTH;
    double *w = gradient, *b = w + NOISE * WIDTH, *gv = b + WIDTH, *c = gv + WIDTH * DATA;
    double by_sum[DATA];
    for (int k = 0; k < DATA; k++) {
        by_sum[k] = by_out[k] / (1 + exp(-pass->sum[k]));
        c[k] += by_sum[k];
    }
    for (int j = 0; j < WIDTH; j++) {
        double by_hidden = 0;
        for (int k = 0; k < DATA; k++) {
            gv[j * DATA + k] += pass->hidden[j] * by_sum[k];
            by_hidden += v[j * DATA + k] * by_sum[k];
        }
        const double by_inner = by_hidden * (1 - pass->hidden[j] * pass->hidden[j]);
        b[j] += by_inner;
        for (int i = 0; i < NOISE; i++) {
            w[i * WIDTH + j] += z[i] * by_inner;
        }
    }
}

/* D's logit = act(x W + b) v + c. With 2 pieces act is maxout over columns 2u and 2u + 1, with 1
 * it is the leaky rectifier. Parameters in the order W, b, v, c. */
typedef struct {
    double hidden[WIDTH], logit;
    int chosen[WIDTH];    /* column of W that hidden unit u follows */
    double factor[WIDTH]; /* derivative of hidden unit u by that column's sum */
} d_pass;

static int d_parameters(int pieces)
{
    return DATA * WIDTH * pieces + WIDTH * pieces + WIDTH + 1;
}

static void d_forward(const double *p, int pieces, const double *x, d_pass *pass)
{
    const int columns = WIDTH * pieces;
    const double *w = p, *b = w + DATA * columns, *v = b + columns, *c = v + WIDTH;
    pass->logit = c[0];
    for (int u = 0; u < WIDTH; u++) {
        double best = 0;
        for (int piece = 0; piece < pieces; piece++) {
            const int column = u * pieces + piece;
            double sum = b[column];
            for (int i = 0; i < DATA; i++) {
                sum += x[i] * w[i * columns + column];
            }
            if (piece == 0 || sum > best) {
                best = sum;
                pass->chosen[u] = column;
            }
        }
        pass->factor[u] = pieces == 1 && best < 0 ? slope : 1;
        pass->hidden[u] = best * pass->factor[u];
        pass->logit += pass->hidden[u] * v[u];
    }
}

/* Adds the gradient by D's parameters, given that by the logit, and writes that by x; either may be
 * NULL. */
static void d_backward(const double *p, int pieces, const double *x, const d_pass *pass,
                       double by_logit, double *gradient, double *by_x)
{
    const int columns = WIDTH * pieces;
    const double *w = p, *v = p + DATA * columns + columns;
    for (int i = 0; by_x != NULL && i < DATA; i++) {
        by_x[i] = 0;
    }
    for (int u = 0; u < WIDTH; u++) {
        const int column = pass->chosen[u];
        const double by_sum = by_logit * v[u] * pass->factor[u];
        for (int i = 0; i < DATA; i++) {
            if (gradient != NULL) {
                gradient[i * columns + column] += x[i] * by_sum;
            }
            if (by_x != NULL) {
                by_x[i] += w[i * columns + column] * by_sum;
            }
        }
        if (gradient != NULL) {
            gradient[DATA * columns + column] += by_sum;
            gradient[DATA * columns + columns + u] += pass->hidden[u] * by_logit;
        }
    }
    if (gradient != NULL) {
        gradient[DATA * columns + columns + WIDTH] += by_logit;
    }
}

/* ---- By hand: the game ----------------------------------------------------------------------- */

typedef struct {
    const char *kind; /* of the optimizer */
    double rate;
    int count;
    double w[D_PARAMETERS_MAX > G_PARAMETERS ? D_PARAMETERS_MAX : G_PARAMETERS];
    double first[D_PARAMETERS_MAX], second[D_PARAMETERS_MAX]; /* state */
    double gradient[D_PARAMETERS_MAX];
    double norm;
    int updates;
} player;

typedef struct {
    int pieces; /* of D's hidden units: 2 maxout, 1 leaky */
    int k;      /* D's updates in a step; 0: simultaneous */
    bool half;
    double blend;
    const char *d_kind, *g_kind;
} settings;

typedef struct {
    settings set;
    player d, g;
    double value, d_loss, g_loss, d_real, d_fake;
} game;

static double sigma(double x)
{
    return 1 / (1 + exp(-x));
}

static void clear(player *p)
{
    memset(p->gradient, 0, sizeof p->gradient);
}

static void measure(player *p)
{
    double sum = 0;
    for (int i = 0; i < p->count; i++) {
        sum += p->gradient[i] * p->gradient[i];
    }
    p->norm = sqrt(sum);
}

static void move(player *p)
{
    const double mu = 0.5, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
    p->updates++;
    for (int i = 0; i < p->count; i++) {
        const double g = p->gradient[i];
        if (strcmp(p->kind, GAN_SGD) == 0) {
            p->w[i] -= p->rate * g;
        } else if (strcmp(p->kind, GAN_MOMENTUM) == 0) {
            p->first[i] = mu * p->first[i] - p->rate * g;
            p->w[i] += p->first[i];
        } else {
            p->first[i] = beta1 * p->first[i] + (1 - beta1) * g;
            p->second[i] = beta2 * p->second[i] + (1 - beta2) * g * g;
            const double mean = p->first[i] / (1 - pow(beta1, p->updates));
            const double square = p->second[i] / (1 - pow(beta2, p->updates));
            p->w[i] -= p->rate * mean / (sqrt(square) + epsilon);
        }
    }
}

/* D's loss h [-mean log D(x) - mean log(1 - D(G(z)))] and its gradient. */
static void look_at_d(game *t, const double *x, const double *z)
{
    const double h = t->set.half ? 0.5 : 1;
    clear(&t->d);
    t->value = t->d_real = t->d_fake = 0;
    for (int s = 0; s < M; s++) {
        d_pass real_pass, fake_pass;
        g_pass made;
        d_forward(t->d.w, t->set.pieces, x + s * DATA, &real_pass);
        g_forward(t->g.w, z + s * NOISE, &made);
        d_forward(t->d.w, t->set.pieces, made.out, &fake_pass);
        const double on_real = sigma(real_pass.logit), on_fake = sigma(fake_pass.logit);
        t->value += (log(on_real) + log(1 - on_fake)) / M;
        t->d_real += on_real / M;
        t->d_fake += on_fake / M;
        d_backward(t->d.w, t->set.pieces, x + s * DATA, &real_pass, -h * (1 - on_real) / M,
                   t->d.gradient, NULL);
        d_backward(t->d.w, t->set.pieces, made.out, &fake_pass, h * on_fake / M, t->d.gradient,
                   NULL);
    }
    t->d_loss = -h * t->value;
    measure(&t->d);
}

/* G's loss (1 - b) (-mean log D(G(z))) + b h mean log(1 - D(G(z))) and its gradient. */
static void look_at_g(game *t, const double *z)
{
    const double h = t->set.half ? 0.5 : 1, blend = t->set.blend;
    clear(&t->g);
    t->g_loss = 0;
    for (int s = 0; s < M; s++) {
        d_pass pass;
        g_pass made;
        double by_out[DATA];
        g_forward(t->g.w, z + s * NOISE, &made);
        d_forward(t->d.w, t->set.pieces, made.out, &pass);
        const double on_fake = sigma(pass.logit);
        t->g_loss += (-(1 - blend) * log(on_fake) + blend * h * log(1 - on_fake)) / M;
        const double by_logit = (-(1 - blend) * (1 - on_fake) - blend * h * on_fake) / M;
        d_backward(t->d.w, t->set.pieces, made.out, &pass, by_logit, NULL, by_out);
        g_backward(t->g.w, z + s * NOISE, &made, by_out, t->g.gradient);
    }
    measure(&t->g);
}

/* One step. x: [k * M, DATA], z_d: [k * M, NOISE], z_g: [M, NOISE] */
static void play(game *t, const double *x, const double *z_d, const double *z_g)
{
    if (t->set.k == 0) {
        look_at_d(t, x, z_d);
        look_at_g(t, z_d);
        move(&t->d);
        move(&t->g);
        return;
    }
    for (int i = 0; i < t->set.k; i++) {
        look_at_d(t, x + i * M * DATA, z_d + i * M * NOISE);
        move(&t->d);
    }
    look_at_g(t, z_g);
    move(&t->g);
}

/* ---- The library ----------------------------------------------------------------------------- */

typedef struct {
    gan_context *context;
    gan_network *g, *d;
    gan_optimizer *g_optimizer, *d_optimizer;
    gan_trainer *trainer;
} library;

static void ok(const library *lib, int32_t status)
{
    if (status != GAN_OK) {
        ck_abort_msg("%s", gan_context_message(lib->context));
    }
}

static void make_networks(library *lib, const settings *set)
{
    ok(lib, gan_network_create(lib->context, "G", &lib->g));
    ok(lib, gan_network_create(lib->context, "D", &lib->d));
    int32_t h = gan_network_input(lib->g, "z", 1, (int64_t[]){NOISE});
    h = gan_network_tanh(lib->g, gan_network_dense(lib->g, h, WIDTH));
    h = gan_network_softplus(lib->g, gan_network_dense(lib->g, h, DATA));
    ok(lib, gan_network_output(lib->g, h));
    int32_t x = gan_network_input(lib->d, "x", 1, (int64_t[]){DATA});
    x = set->pieces == 1
            ? gan_network_leaky_relu(lib->d, gan_network_dense(lib->d, x, WIDTH), slope)
            : gan_network_maxout(lib->d, x, WIDTH, set->pieces);
    ok(lib, gan_network_output(lib->d, gan_network_dense(lib->d, x, 1)));
}

static void make_optimizer(library *lib, const player *p, gan_optimizer **out)
{
    ok(lib, gan_optimizer_create(lib->context, p->kind, out));
    ok(lib, gan_optimizer_set_number(*out, GAN_LEARNING_RATE, p->rate));
}

static library new_library(heap *own, const game *t)
{
    library lib = {.context = new_context(own)};
    ok(&lib, gan_context_set_threads(lib.context, 1));
    make_networks(&lib, &t->set);
    make_optimizer(&lib, &t->d, &lib.d_optimizer);
    make_optimizer(&lib, &t->g, &lib.g_optimizer);
    ok(&lib, gan_trainer_create(lib.g, lib.d, NULL, &lib.trainer));
    ok(&lib, gan_trainer_set_discriminator_optimizer(lib.trainer, lib.d_optimizer));
    ok(&lib, gan_trainer_set_generator_optimizer(lib.trainer, lib.g_optimizer));
    ok(&lib, gan_trainer_set_number(lib.trainer, GAN_HALF, t->set.half));
    ok(&lib, gan_trainer_set_number(lib.trainer, GAN_BLEND, t->set.blend));
    if (t->set.k == 0) {
        ok(&lib, gan_trainer_set_text(lib.trainer, GAN_SCHEDULE, GAN_SIMULTANEOUS));
    } else {
        ok(&lib, gan_trainer_set_number(lib.trainer, GAN_DISCRIMINATOR_STEPS, t->set.k));
    }
    return lib;
}

static void end_library(library *lib, const heap *own)
{
    gan_trainer_free(lib->trainer);
    gan_optimizer_free(lib->g_optimizer);
    gan_optimizer_free(lib->d_optimizer);
    gan_network_free(lib->g);
    gan_network_free(lib->d);
    end_context(lib->context, own);
}

/* Gives a network random parameters, rounded to float, and the same to the player. */
static void draw_parameters(dice *d, library *lib, gan_network *network, player *p)
{
    int at = 0;
    for (int32_t i = 0; i < gan_network_parameter_count(network); i++) {
        const char *name = gan_network_parameter_name(network, i);
        float values[D_PARAMETERS_MAX];
        int64_t dims[2], count = 1;
        int32_t rank;
        ok(lib, gan_network_parameter_shape(network, name, &rank, dims, 2));
        for (int32_t j = 0; j < rank; j++) {
            count *= dims[j];
        }
        for (int64_t j = 0; j < count; j++) {
            values[j] = (float)roll_between(d, -0.8, 0.8);
            p->w[at++] = (double)values[j];
        }
        ok(lib, gan_network_set_parameter(network, name, values, count));
    }
    ck_assert_int_eq(at, p->count);
}

/* ---- Both together --------------------------------------------------------------------------- */

static void same(const settings *set, int step, const char *what, double got, double wanted)
{
    if (!(fabs(got - wanted) <= tolerance * fmax(1, fabs(wanted)))) {
        ck_abort_msg(
            "%d pieces, k %d, half %d, blend %g, D %s, G %s: step %d: %s is %.9g, not %.9g",
            set->pieces, set->k, set->half, set->blend, set->d_kind, set->g_kind, step, what, got,
            wanted);
    }
}

static void same_parameters(const library *lib, gan_network *network, const player *p,
                            const settings *set, int step)
{
    int at = 0;
    for (int32_t i = 0; i < gan_network_parameter_count(network); i++) {
        const char *name = gan_network_parameter_name(network, i);
        float values[D_PARAMETERS_MAX];
        int32_t rank;
        int64_t dims[2];
        ok(lib, gan_network_get_parameter(network, name, values, D_PARAMETERS_MAX));
        ok(lib, gan_network_parameter_shape(network, name, &rank, dims, 2));
        const int64_t count = rank == 2 ? dims[0] * dims[1] : dims[0];
        for (int64_t j = 0; j < count; j++) {
            same(set, step, name, (double)values[j], p->w[at++]);
        }
    }
    ck_assert_int_eq(at, p->count);
}

static void same_metrics(const library *lib, const game *t, int step)
{
    const int k = t->set.k == 0 ? 1 : t->set.k;
    const struct {
        const char *name;
        double wanted;
    } metrics[] = {
        {GAN_METRIC_VALUE, t->value},       {GAN_METRIC_D_LOSS, t->d_loss},
        {GAN_METRIC_G_LOSS, t->g_loss},     {GAN_METRIC_D_REAL, t->d_real},
        {GAN_METRIC_D_FAKE, t->d_fake},     {GAN_METRIC_D_GRADIENT, t->d.norm},
        {GAN_METRIC_G_GRADIENT, t->g.norm}, {GAN_METRIC_D_RATE, t->d.rate},
        {GAN_METRIC_G_RATE, t->g.rate},     {GAN_METRIC_STEP, step},
        {GAN_METRIC_SAMPLES, step * k * M}, {GAN_METRIC_EPOCH, 0},
    };
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        double value;
        ok(lib, gan_trainer_metric(lib->trainer, metrics[i].name, &value));
        same(&t->set, step, metrics[i].name, value, metrics[i].wanted);
    }
}

/* Numbers that are the same in float and in double. */
static void draw_both(dice *d, int count, double low, double high, float *narrow, double *wide)
{
    for (int i = 0; i < count; i++) {
        narrow[i] = (float)roll_between(d, low, high);
        wide[i] = (double)narrow[i];
    }
}

static void follow(settings set, uint64_t seed)
{
    dice d = {seed};
    heap own;
    game t = {.set = set,
              .d = {.kind = set.d_kind, .count = d_parameters(set.pieces)},
              .g = {.kind = set.g_kind, .count = G_PARAMETERS}};
    t.d.rate = strcmp(set.d_kind, GAN_ADAM) == 0 ? 0.01 : 0.1;
    t.g.rate = strcmp(set.g_kind, GAN_ADAM) == 0 ? 0.02 : 0.2;
    library lib = new_library(&own, &t);
    draw_parameters(&d, &lib, lib.d, &t.d);
    draw_parameters(&d, &lib, lib.g, &t.g);
    for (int step = 1; step <= STEPS; step++) {
        float x[K_MAX * M * DATA], z_d[K_MAX * M * NOISE], z_g[M * NOISE];
        double wide_x[K_MAX * M * DATA], wide_d[K_MAX * M * NOISE], wide_g[M * NOISE];
        draw_both(&d, K_MAX * M * DATA, 0, 2, x, wide_x);
        draw_both(&d, K_MAX * M * NOISE, -1.5, 1.5, z_d, wide_d);
        draw_both(&d, M * NOISE, -1.5, 1.5, z_g, wide_g);
        play(&t, wide_x, wide_d, wide_g);
        ok(&lib, gan_trainer_step(lib.trainer, M, x, z_d, set.k == 0 ? NULL : z_g));
        same_metrics(&lib, &t, step);
        same_parameters(&lib, lib.d, &t.d, &set, step);
        same_parameters(&lib, lib.g, &t.g, &set, step);
        ck_assert_int_eq(gan_optimizer_updates(lib.d_optimizer), t.d.updates);
        ck_assert_int_eq(gan_optimizer_updates(lib.g_optimizer), t.g.updates);
    }
    end_library(&lib, &own);
}

static const char *const kinds[] = {GAN_SGD, GAN_MOMENTUM, GAN_ADAM};
static const double blends[] = {0, 0.3, 1};

/* Every objective and every pair of optimizers, for one kind of D and one schedule. */
static void follow_all(int pieces, int k)
{
    for (int i = 0; i < 3 * 2; i++) {
        const settings set = {pieces, k, i % 2 == 0, blends[i / 2], GAN_MOMENTUM, GAN_MOMENTUM};
        follow(set, (uint64_t)(1000 * k + 100 * pieces + i));
    }
    for (int i = 0; i < 3 * 3; i++) {
        const settings set = {pieces, k, true, 0, kinds[i / 3], kinds[i % 3]};
        follow(set, (uint64_t)(5000 + 1000 * k + 100 * pieces + i));
    }
}

START_TEST(alternating_with_one_update_of_d)
{
    follow_all(2, 1);
    follow_all(1, 1);
}
END_TEST

START_TEST(alternating_with_two_updates_of_d)
{
    follow_all(2, 2);
    follow_all(1, 2);
}
END_TEST

START_TEST(alternating_with_three_updates_of_d)
{
    follow_all(2, 3);
    follow_all(1, 3);
}
END_TEST

START_TEST(simultaneous)
{
    follow_all(2, 0);
    follow_all(1, 0);
}
END_TEST

/* The reference itself: its gradients are the slopes of its losses. */
START_TEST(the_hand_written_gradients_are_right)
{
    const double step = 1e-5;
    for (int pieces = 1; pieces <= 2; pieces++) {
        dice d = {(uint64_t)pieces};
        game t = {.set = {pieces, 1, true, 0.3, GAN_SGD, GAN_SGD}};
        double x[M * DATA], z[M * NOISE];
        float unused[D_PARAMETERS_MAX];
        t.d.count = d_parameters(pieces);
        t.g.count = G_PARAMETERS;
        draw_both(&d, M * DATA, 0, 2, unused, x);
        draw_both(&d, M * NOISE, -1, 1, unused, z);
        draw_both(&d, t.d.count, -0.8, 0.8, unused, t.d.w);
        for (int i = 0; i < t.g.count; i++) {
            t.g.w[i] = roll_between(&d, -0.8, 0.8);
        }
        look_at_d(&t, x, z);
        look_at_g(&t, z);
        const game at = t;
        for (int side = 0; side < 2; side++) {
            const player *p = side == 0 ? &at.d : &at.g;
            for (int i = 0; i < p->count; i++) {
                double losses[2];
                for (int sign = 0; sign < 2; sign++) {
                    t = at;
                    (side == 0 ? &t.d : &t.g)->w[i] += sign == 0 ? -step : step;
                    look_at_d(&t, x, z);
                    look_at_g(&t, z);
                    losses[sign] = side == 0 ? t.d_loss : t.g_loss;
                }
                const double slope_here = (losses[1] - losses[0]) / (2 * step);
                ck_assert(fabs(slope_here - p->gradient[i]) < 1e-8);
            }
        }
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("algorithm", the_hand_written_gradients_are_right,
                     alternating_with_one_update_of_d, alternating_with_two_updates_of_d,
                     alternating_with_three_updates_of_d, simultaneous);
}
