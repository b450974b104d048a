/* Optimizers: every rule against its formula in double, schedules and the ramp of momentum, updates
 * in place and aside, stepping back, binding, options. */
#include "support.h"

#include "graph/schedule.h"
#include "train/optimizer.h"

#include <stdbool.h>
#include <stdio.h>

static heap own;
static gan_context *ctx;

/* As ck_assert, but without a note in Check's log each time. */
#define need(condition)                                                                 \
    do {                                                                                \
        if (!(condition)) {                                                             \
            ck_abort_msg("%s; last message: %s", #condition, gan_context_message(ctx)); \
        }                                                                               \
    } while (0)

#define ok(call) need((call) == GAN_OK)

/* Checks a failure: its code, and that the message is one line that contains `text`. */
static void fails(int32_t status, int32_t code, const char *text)
{
    const char *message = gan_context_message(ctx);
    if (status != code || strstr(message, text) == NULL || strchr(message, '\n') != NULL) {
        ck_abort_msg("status %d and \"%s\", not %d and \"%s\"", (int)status, message, (int)code,
                     text);
    }
}

static const char *const kinds[] = {GAN_SGD,     GAN_MOMENTUM, GAN_NESTEROV,
                                    GAN_RMSPROP, GAN_ADAM,     GAN_ADAMW};
static const char *const schedules[] = {GAN_CONSTANT, GAN_EXPONENTIAL, GAN_LINEAR, GAN_COSINE};

enum {
    KINDS = 6,
    SCHEDULES = 4,
    ELEMENTS = 1300 /* some blocks and a part of one */,
    UPDATES = 50
};

static gan_optimizer *create(const char *kind)
{
    gan_optimizer *made;
    ok(gan_optimizer_create(ctx, kind, &made));
    return made;
}

static gan_optimizer *bound(const char *kind, int64_t elements, bool step_back)
{
    gan_optimizer *made = create(kind);
    ok(gan__optimizer_bind(made, 1, elements, step_back));
    return made;
}

static void set(gan_optimizer *optimizer, const char *key, double value)
{
    ok(gan_optimizer_set_number(optimizer, key, value));
}

/* Gradients of one update: some large, some small, some 0. */
static void roll_gradient(int update, int64_t n, real *g)
{
    dice d = {(uint64_t)update + 17};
    roll_array(&d, n, -1, 1, g);
    for (int64_t i = 0; i < n; i++) {
        g[i] *= i % 11 == 0 ? 0 : i % 7 == 0 ? (real)1e-3 : i % 5 == 0 ? (real)30 : 1;
    }
}

/* ---- The rules by their formulas ------------------------------------------------------------- */

typedef struct {
    double rate, final_rate, decay, steps, mu, final_mu, mu_epochs, rho, beta1, beta2, epsilon,
        weight_decay;
} numbers;

static const numbers chosen = {.rate = 0.02,
                               .final_rate = 0.005,
                               .decay = 1.07,
                               .steps = 30,
                               .mu = 0.4,
                               .final_mu = 0.9,
                               .mu_epochs = 6,
                               .rho = 0.8,
                               .beta1 = 0.7,
                               .beta2 = 0.95,
                               .epsilon = 1e-3,
                               .weight_decay = 0.3};

static void choose(gan_optimizer *o)
{
    set(o, GAN_LEARNING_RATE, chosen.rate);
    set(o, GAN_FINAL_LEARNING_RATE, chosen.final_rate);
    set(o, GAN_DECAY, chosen.decay);
    set(o, GAN_SCHEDULE_STEPS, chosen.steps);
    set(o, GAN_MU, chosen.mu);
    set(o, GAN_FINAL_MU, chosen.final_mu);
    set(o, GAN_MU_EPOCHS, chosen.mu_epochs);
    set(o, GAN_RHO, chosen.rho);
    set(o, GAN_BETA1, chosen.beta1);
    set(o, GAN_BETA2, chosen.beta2);
    set(o, GAN_EPSILON, chosen.epsilon);
    set(o, GAN_WEIGHT_DECAY, chosen.weight_decay);
}

/* The learning rate of update u, counted from 0. */
static double rate_at(int schedule, int u)
{
    const numbers *c = &chosen;
    const double part = u < c->steps ? u / c->steps : 1;
    const double rates[] = {
        c->rate,
        fmax(c->final_rate, c->rate * pow(c->decay, -u)),
        c->rate * (1 - part) + c->final_rate * part,
        c->final_rate + (c->rate - c->final_rate) * (1 + cos(acos(-1) * part)) / 2,
    };
    return rates[schedule];
}

/* mu in epoch n, counted from 1. */
static double mu_at(int n)
{
    const double part = fmin((n - 1) / (chosen.mu_epochs - 1), 1);
    return chosen.mu + (chosen.final_mu - chosen.mu) * part;
}

typedef struct {
    double w, a, b; /* a parameter and its state */
} scalar;

/* Update t, counted from 1, of one parameter. */
static void update_scalar(int kind, int t, double r, double mu, double g, scalar *s)
{
    const numbers *c = &chosen;
    switch (kind) {
    case 0:
        s->w -= r * g;
        return;
    case 1:
        s->a = mu * s->a - r * g;
        s->w += s->a;
        return;
    case 2:
        s->a = mu * s->a - r * g;
        s->w += mu * s->a - r * g;
        return;
    case 3:
        s->a = c->rho * s->a + (1 - c->rho) * g * g;
        s->w -= r * g / sqrt(s->a + c->epsilon);
        return;
    default:
        if (kind == 5) {
            s->w -= r * c->weight_decay * s->w;
        }
        s->a = c->beta1 * s->a + (1 - c->beta1) * g;
        s->b = c->beta2 * s->b + (1 - c->beta2) * g * g;
        s->w -= r * (s->a / (1 - pow(c->beta1, t))) /
                (sqrt(s->b / (1 - pow(c->beta2, t))) + c->epsilon);
    }
}

static void follow(int kind, int schedule)
{
    gan_optimizer *o = bound(kinds[kind], ELEMENTS, false);
    scalar *wanted = calloc(ELEMENTS, sizeof *wanted);
    real *w = new_reals(ELEMENTS), *g = new_reals(ELEMENTS);
    dice d = {3};
    choose(o);
    ok(gan_optimizer_set_text(o, GAN_LEARNING_RATE_SCHEDULE, schedules[schedule]));
    roll_array(&d, ELEMENTS, -2, 2, w);
    for (int i = 0; i < ELEMENTS; i++) {
        wanted[i].w = (double)w[i];
    }
    for (int u = 0; u < UPDATES; u++) {
        const int epoch = u / 6;
        const double rate = rate_at(schedule, u), mu = mu_at(epoch + 1);
        roll_gradient(u, ELEMENTS, g);
        gan__optimizer_begin(o);
        gan__optimizer_update(o, epoch, w, g, w);
        need(fabs(o->rate - rate) <= 1e-15 && fabs(o->mu - mu) <= 1e-15);
        ck_assert_int_eq(gan_optimizer_updates(o), u + 1);
        for (int i = 0; i < ELEMENTS; i++) {
            update_scalar(kind, u + 1, rate, mu, (double)g[i], &wanted[i]);
            if (!(fabs((double)w[i] - wanted[i].w) <= 1e-5 * fmax(1, fabs(wanted[i].w)))) {
                ck_abort_msg("%s, %s: update %d: w[%d] is %.9g, not %.9g", kinds[kind],
                             schedules[schedule], u + 1, i, (double)w[i], wanted[i].w);
            }
        }
    }
    free(g);
    free(w);
    free(wanted);
    gan_optimizer_free(o);
}

START_TEST(rules_follow_their_formulas)
{
    ctx = new_context(&own);
    for (int kind = 0; kind < KINDS; kind++) {
        for (int schedule = 0; schedule < SCHEDULES; schedule++) {
            follow(kind, schedule);
        }
    }
    end_context(ctx, &own);
}
END_TEST

/* ---- Schedules ------------------------------------------------------------------------------- */

static double rate_after(gan_optimizer *o, int64_t updates)
{
    real w[1] = {0}, g[1] = {0};
    o->updates = updates;
    gan__optimizer_begin(o);
    gan__optimizer_update(o, 0, w, g, w);
    return o->rate;
}

START_TEST(schedules_have_ends)
{
    ctx = new_context(&own);
    gan_optimizer *o = bound(GAN_SGD, 1, false);
    set(o, GAN_LEARNING_RATE, 0.1);
    set(o, GAN_FINAL_LEARNING_RATE, 1e-6);
    set(o, GAN_DECAY, 1.000004);
    set(o, GAN_SCHEDULE_STEPS, 1000);
    const struct {
        const char *schedule;
        int64_t updates;
        double rate;
    } points[] = {
        {GAN_CONSTANT, 0, 0.1},
        {GAN_CONSTANT, 1 << 30, 0.1},
        {GAN_EXPONENTIAL, 0, 0.1},
        {GAN_EXPONENTIAL, 1000, 0.1 * exp(-1000 * log1p(4e-6))},
        {GAN_EXPONENTIAL, INT64_C(1) << 40, 1e-6}, /* the floor */
        {GAN_LINEAR, 0, 0.1},
        {GAN_LINEAR, 500, (0.1 + 1e-6) / 2},
        {GAN_LINEAR, 1000, 1e-6},
        {GAN_LINEAR, INT64_C(1) << 40, 1e-6},
        {GAN_COSINE, 0, 0.1},
        {GAN_COSINE, 500, (0.1 + 1e-6) / 2},
        {GAN_COSINE, 1000, 1e-6},
        {GAN_COSINE, 2000, 1e-6}, /* flat: it does not come back */
    };
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        ok(gan_optimizer_set_text(o, GAN_LEARNING_RATE_SCHEDULE, points[i].schedule));
        const double rate = rate_after(o, points[i].updates);
        if (!(fabs(rate - points[i].rate) <= 1e-12)) {
            ck_abort_msg("%s after %lld: %.15g, not %.15g", points[i].schedule,
                         (long long)points[i].updates, rate, points[i].rate);
        }
    }
    set(o, GAN_SCHEDULE_STEPS, 0); /* no end: a constant rate */
    ok(gan_optimizer_set_text(o, GAN_LEARNING_RATE_SCHEDULE, GAN_LINEAR));
    ck_assert(rate_after(o, 0) == 0.1 && rate_after(o, 1000) == 0.1);
    set(o, GAN_DECAY, 1e300); /* decay^u overflows, the rate does not */
    ok(gan_optimizer_set_text(o, GAN_LEARNING_RATE_SCHEDULE, GAN_EXPONENTIAL));
    ck_assert(rate_after(o, 5) == 1e-6);
    gan_optimizer_free(o);
    end_context(ctx, &own);
}
END_TEST

START_TEST(momentum_rises_with_the_epoch)
{
    const struct {
        double epochs;
        int64_t epoch; /* from 0 */
        double mu;
    } points[] = {{0, 0, 0.5},     {0, 1000, 0.5},  {250, 0, 0.5},       {250, 83, 0.5 + 0.2 / 3},
                  {250, 249, 0.7}, {250, 250, 0.7}, {250, 1 << 30, 0.7}, {1, 0, 0.7},
                  {2, 0, 0.5},     {2, 1, 0.7}};
    real w[1] = {0}, g[1] = {1};
    ctx = new_context(&own);
    gan_optimizer *o = bound(GAN_MOMENTUM, 1, false);
    set(o, GAN_FINAL_MU, 0.7);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        set(o, GAN_MU_EPOCHS, points[i].epochs);
        gan__optimizer_begin(o);
        gan__optimizer_update(o, points[i].epoch, w, g, w);
        need(fabs(o->mu - points[i].mu) <= 1e-15);
    }
    gan_optimizer_free(o);
    end_context(ctx, &own);
}
END_TEST

/* ---- One pass, in place or aside ------------------------------------------------------------- */

START_TEST(an_update_is_one_fused_pass)
{
    static const int64_t sizes[] = {1, 2, ELEMENTS, 20000};
    ctx = new_context(&own);
    for (int kind = 0; kind < KINDS; kind++) {
        for (int i = 0; i < 4; i++) {
            gan_optimizer *o = bound(kinds[kind], sizes[i], true);
            ck_assert_int_eq(o->plan->unit_count, 1);
            ck_assert_int_eq(o->plan->units[0].elements, sizes[i]);
            ck_assert_int_eq(gan__plan_workspace(o->plan), 0);
            gan_optimizer_free(o);
        }
    }
    end_context(ctx, &own);
}
END_TEST

static bool same_reals(const real *a, const real *b, int64_t n)
{
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

static bool same_state(const gan_optimizer *a, const gan_optimizer *b, int64_t n)
{
    return a->updates == b->updates && same_reals(a->state, b->state, a->rule->states * n);
}

/* On one and on several threads, in place and aside, the bits are the same. */
START_TEST(in_place_and_aside_are_the_same)
{
    enum { N = 30000 }; /* several chunks for several threads */
    real *w = new_reals(N), *v = new_reals(N), *spare = new_reals(N), *g = new_reals(N);
    ctx = new_context(&own);
    for (int kind = 0; kind < KINDS; kind++) {
        gan_optimizer *in_place = bound(kinds[kind], N, false);
        gan_optimizer *aside = bound(kinds[kind], N, true);
        dice d = {8};
        choose(in_place);
        choose(aside);
        roll_array(&d, N, -1, 1, w);
        memcpy(v, w, N * sizeof *v);
        for (int u = 0; u < 6; u++) {
            roll_gradient(u, N, g);
            ok(gan_context_set_threads(ctx, 1));
            gan__optimizer_begin(in_place);
            gan__optimizer_update(in_place, u, w, g, w);
            ok(gan_context_set_threads(ctx, 3));
            gan__optimizer_begin(aside);
            gan__optimizer_update(aside, u, v, g, spare);
            real *swapped = v;
            v = spare;
            spare = swapped;
            need(same_reals(w, v, N) && same_state(in_place, aside, N));
        }
        gan_optimizer_free(in_place);
        gan_optimizer_free(aside);
    }
    free(w);
    free(v);
    free(spare);
    free(g);
    end_context(ctx, &own);
}
END_TEST

/* A step of `updates` updates, the first aside as the trainer does it. */
static void step(gan_optimizer *o, int first, int updates, real **w, real **spare, real *g)
{
    gan__optimizer_begin(o);
    for (int u = 0; u < updates; u++) {
        roll_gradient(first + u, ELEMENTS, g);
        gan__optimizer_update(o, 0, *w, g, u == 0 ? *spare : *w);
        if (u == 0) {
            real *swapped = *w;
            *w = *spare;
            *spare = swapped;
        }
    }
}

START_TEST(a_step_can_be_taken_back)
{
    real *g = new_reals(ELEMENTS), *start = new_reals(ELEMENTS);
    ctx = new_context(&own);
    for (int kind = 0; kind < KINDS; kind++) {
        for (int updates = 0; updates <= 3; updates++) {
            gan_optimizer *straight = bound(kinds[kind], ELEMENTS, true);
            gan_optimizer *back = bound(kinds[kind], ELEMENTS, true);
            real *w = new_reals(ELEMENTS), *w_spare = new_reals(ELEMENTS);
            real *v = new_reals(ELEMENTS), *v_spare = new_reals(ELEMENTS);
            dice d = {9};
            roll_array(&d, ELEMENTS, -1, 1, w);
            memcpy(v, w, ELEMENTS * sizeof *v);
            step(straight, 0, 2, &w, &w_spare, g);
            step(back, 0, 2, &v, &v_spare, g);

            memcpy(start, v, ELEMENTS * sizeof *v);
            step(back, 100, updates, &v, &v_spare, g); /* to be undone */
            if (updates > 0) {
                need(!same_reals(v, start, ELEMENTS));
                real *swapped = v;
                v = v_spare;
                v_spare = swapped;
            }
            gan__optimizer_rollback(back);
            gan__optimizer_rollback(back); /* twice is once */
            need(same_reals(v, start, ELEMENTS) && same_state(straight, back, ELEMENTS));

            step(straight, 2, 3, &w, &w_spare, g);
            step(back, 2, 3, &v, &v_spare, g);
            need(same_reals(v, w, ELEMENTS) && same_state(straight, back, ELEMENTS));
            free(w);
            free(w_spare);
            free(v);
            free(v_spare);
            gan_optimizer_free(straight);
            gan_optimizer_free(back);
        }
    }
    free(start);
    free(g);
    end_context(ctx, &own);
}
END_TEST

/* A rate of 0 and a gradient of 0 leave every bit of w. */
START_TEST(nothing_moves_without_reason)
{
    ctx = new_context(&own);
    real w[3] = {1.5f, -1e-30f, 7e20f}, g[3] = {1, -2, 1e10f}, zero[3] = {0};
    real before[3];
    memcpy(before, w, sizeof w);
    for (int kind = 0; kind < KINDS; kind++) {
        gan_optimizer *o = bound(kinds[kind], 3, false);
        set(o, GAN_LEARNING_RATE, 0);
        gan__optimizer_begin(o);
        gan__optimizer_update(o, 0, w, g, w);
        need(same_reals(w, before, 3));
        gan_optimizer_free(o);
        o = bound(kinds[kind], 3, false);
        set(o, GAN_WEIGHT_DECAY, 0);
        gan__optimizer_begin(o);
        gan__optimizer_update(o, 0, w, zero, w);
        need(same_reals(w, before, 3));
        gan_optimizer_free(o);
    }
    end_context(ctx, &own);
}
END_TEST

/* ---- Binding --------------------------------------------------------------------------------- */

START_TEST(an_optimizer_serves_one_network)
{
    ctx = new_context(&own);
    gan_optimizer *o = create(GAN_ADAM);
    ck_assert_int_eq(gan_optimizer_updates(o), 0);
    ok(gan__optimizer_bind(o, 1, 10, false));
    ok(gan__optimizer_bind(o, 1, 10, false));
    ok(gan__optimizer_bind(o, 1, 10, true));
    ok(gan__optimizer_bind(o, 1, 10, false));
    fails(gan__optimizer_bind(o, 2, 10, false), GAN_ERROR_STATE, "another network");
    ck_assert(o->network == 1 && o->elements == 10);
    gan_optimizer *kept = gan__optimizer_retain(o);
    gan_optimizer_free(o);
    set(kept, GAN_BETA1, 0.5);
    gan_optimizer_free(kept);
    end_context(ctx, &own);
}
END_TEST

/* ---- Options --------------------------------------------------------------------------------- */

static const struct {
    const char *key;
    double initial, low, high, below, above; /* below and above are refused */
} options[] = {
    {GAN_LEARNING_RATE, NAN, 0, 3e38, -1e-9, INFINITY}, /* initial: by the kind */
    {GAN_MU, 0.5, 0, 0.9999999, -1e-9, 1},
    {GAN_FINAL_MU, 0.5, 0, 0.9999999, -1e-9, 1},
    {GAN_MU_EPOCHS, 0, 0, 1e9, -1, 1e9 + 1},
    {GAN_RHO, 0.9, 0, 0.9999999, -1e-9, 1},
    {GAN_BETA1, 0.9, 0, 0.9999999, -1e-9, 1},
    {GAN_BETA2, 0.999, 0, 0.9999999, -1e-9, 1},
    {GAN_FINAL_BETA2, 0, 0, 0.9999999, -1e-9, 1},
    {GAN_EPSILON, 1e-8, 1e-30, 1, 0, INFINITY},
    {GAN_WEIGHT_DECAY, 0.01, 0, 10, -1e-9, INFINITY},
    {GAN_DECAY, 1, 1, 1e300, 0.9999999, INFINITY},
    {GAN_FINAL_LEARNING_RATE, 0, 0, 3e38, -1e-9, INFINITY},
    {GAN_SCHEDULE_STEPS, 0, 0, 9007199254740992.0, -1, 9007199254740994.0},
};

enum { OPTIONS = sizeof options / sizeof options[0] };

START_TEST(options_have_defaults_and_ranges)
{
    double value;
    const char *text;
    ctx = new_context(&own);
    for (int kind = 0; kind < KINDS; kind++) {
        gan_optimizer *o = create(kinds[kind]); /* every kind takes every key */
        for (int i = 0; i < OPTIONS; i++) {
            const char *key = options[i].key;
            const double initial = i == 0 ? (kind < 3 ? 0.1 : 0.001) : options[i].initial;
            ok(gan_optimizer_get_number(o, key, &value));
            ck_assert(value == initial);
            fails(gan_optimizer_set_number(o, key, options[i].below), GAN_ERROR_RANGE, key);
            fails(gan_optimizer_set_number(o, key, options[i].above), GAN_ERROR_RANGE, key);
            fails(gan_optimizer_set_number(o, key, NAN), GAN_ERROR_ARGUMENT, key);
            ok(gan_optimizer_get_number(o, key, &value));
            ck_assert(value == initial);
            set(o, key, options[i].low);
            set(o, key, options[i].high);
            ok(gan_optimizer_get_number(o, key, &value));
            ck_assert(value == options[i].high);
        }
        fails(gan_optimizer_set_number(o, GAN_SCHEDULE_STEPS, 0.5), GAN_ERROR_RANGE, "whole");
        fails(gan_optimizer_set_number(o, GAN_MU_EPOCHS, 1.5), GAN_ERROR_RANGE, "whole");
        fails(gan_optimizer_set_number(o, "beta3", 0.5), GAN_ERROR_KEY, "beta3");
        fails(gan_optimizer_set_number(o, GAN_LEARNING_RATE_SCHEDULE, 1), GAN_ERROR_KEY, "text");
        fails(gan_optimizer_set_text(o, GAN_MU, "0.5"), GAN_ERROR_KEY, "number");
        ok(gan_optimizer_get_text(o, GAN_LEARNING_RATE_SCHEDULE, &text));
        ck_assert_str_eq(text, GAN_CONSTANT);
        for (int i = 0; i < SCHEDULES; i++) {
            ok(gan_optimizer_set_text(o, GAN_LEARNING_RATE_SCHEDULE, schedules[i]));
            ok(gan_optimizer_get_text(o, GAN_LEARNING_RATE_SCHEDULE, &text));
            ck_assert_str_eq(text, schedules[i]);
        }
        fails(gan_optimizer_set_text(o, GAN_LEARNING_RATE_SCHEDULE, "step"), GAN_ERROR_KEY, "step");
        gan_optimizer_free(o);
    }
    gan_optimizer *none = (gan_optimizer *)&own;
    fails(gan_optimizer_create(ctx, "lion", &none), GAN_ERROR_KEY, "lion");
    ck_assert_ptr_null(none);
    end_context(ctx, &own);
}
END_TEST

START_TEST(options_describe_themselves)
{
    const char *name, *help;
    const char *const *choices;
    double low, high;
    int32_t index = 0, found = 0;
    for (; gan_optimizer_describe_option(index, &name, &choices, &low, &high, &help) == GAN_OK;
         index++) {
        ck_assert(help != NULL && strlen(help) > 10);
        for (int i = 0; i < OPTIONS; i++) {
            if (strcmp(name, options[i].key) == 0) {
                found++;
                ck_assert(choices == NULL && low <= options[i].low && high >= options[i].high &&
                          low > options[i].below && high < options[i].above);
            }
        }
        if (strcmp(name, GAN_LEARNING_RATE_SCHEDULE) == 0) {
            found++;
            for (int i = 0; i < SCHEDULES; i++) {
                ck_assert_str_eq(choices[i], schedules[i]);
            }
            ck_assert_ptr_null(choices[SCHEDULES]);
        }
    }
    ck_assert_int_eq(index, OPTIONS + 1);
    ck_assert_int_eq(found, OPTIONS + 1);
    ck_assert_int_eq(gan_optimizer_describe_option(-1, &name, NULL, NULL, NULL, NULL),
                     GAN_ERROR_RANGE);
    ck_assert_int_eq(gan_optimizer_describe_option(0, NULL, NULL, NULL, NULL, NULL), GAN_OK);
}
END_TEST

/* Options hold from the next update on. */
START_TEST(options_change_between_updates)
{
    real w[1] = {0}, g[1] = {1};
    ctx = new_context(&own);
    gan_optimizer *o = bound(GAN_SGD, 1, false);
    static const double rates[] = {0.5, 0.25, 2};
    double wanted = 0;
    for (int i = 0; i < 3; i++) {
        set(o, GAN_LEARNING_RATE, rates[i]);
        gan__optimizer_begin(o);
        gan__optimizer_update(o, 0, w, g, w);
        wanted -= rates[i];
        ck_assert((double)w[0] == wanted);
    }
    gan_optimizer_free(o);
    end_context(ctx, &own);
}
END_TEST

int main(void)
{
    return RUN_TESTS("optimizer", rules_follow_their_formulas, schedules_have_ends,
                     momentum_rises_with_the_epoch, an_update_is_one_fused_pass,
                     in_place_and_aside_are_the_same, a_step_can_be_taken_back,
                     nothing_moves_without_reason, an_optimizer_serves_one_network,
                     options_have_defaults_and_ranges, options_describe_themselves,
                     options_change_between_updates);
}
