/* Scores where memory runs out: every allocation fails once. The call says so, nothing is lost or
 * leaked, and the same call then succeeds, with the values of a life without a failure. */
#include "scores.h"

enum { K = 5, N = 300, PART = 130, STEPS = 7 };

static float x[N * K], y[N * K];

typedef struct {
    const char *kind;
    gan_score *score;
    double values[VALUES_MAX], floors[VALUES_MAX];
} life;

static int32_t create(life *l)
{
    return gan_score_create(ctx, l->kind, K, "test vectors", &l->score);
}

static int32_t prepare(life *l)
{
    const double centres[2 * K] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
    ok(gan_score_set_number(l->score, GAN_SCORE_SUBSET_SIZE, 50));
    ok(gan_score_set_number(l->score, GAN_SCORE_SUBSETS, 2));
    ok(gan_score_set_number(l->score, GAN_SCORE_PROJECTIONS, 70));
    ok(gan_score_set_number(l->score, GAN_SCORE_SIMULATIONS, 2));
    return strcmp(l->kind, GAN_SCORE_MODES) == 0 ? gan_score_set_modes(l->score, 2, centres, 1)
                                                 : GAN_OK;
}

static int32_t add_real(life *l)
{
    return strcmp(l->kind, GAN_SCORE_MODES) == 0 ? GAN_OK : gan_score_add_real(l->score, N, x);
}

static int32_t add_fake(life *l)
{
    return gan_score_add_fake(l->score, PART, y);
}

static int32_t add_more(life *l)
{
    return gan_score_add_fake(l->score, N - PART, y + PART * K);
}

static int32_t read_values(life *l)
{
    int32_t status = GAN_OK;
    for (int32_t i = 0; gan_score_value_name(l->score, i) != NULL && status == GAN_OK; i++) {
        status = gan_score_value(l->score, gan_score_value_name(l->score, i), &l->values[i]);
    }
    return status;
}

static int32_t read_floors(life *l)
{
    int32_t status = GAN_OK;
    for (int32_t i = 0; gan_score_value_name(l->score, i) != NULL && status == GAN_OK; i++) {
        status = gan_score_floor(l->score, gan_score_value_name(l->score, i), &l->floors[i], NULL);
        status = status == GAN_ERROR_UNSUPPORTED ? GAN_OK : status;
    }
    return status;
}

/* Lives once, with allocation `fail_at` failing; returns whether it did. */
static int64_t live(life *l, int64_t fail_at)
{
    static int32_t (*const steps[STEPS])(life *) = {create,   prepare,     add_real,   add_fake,
                                                    add_more, read_values, read_floors};
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, 1));
    const int64_t before = own.calls;
    own.fail_at = fail_at > 0 ? before + fail_at : 0;
    for (int32_t i = 0; i < STEPS; i++) {
        int32_t status = steps[i](l);
        if (status != GAN_OK) {
            fails(status, GAN_ERROR_MEMORY, "out of memory");
            ck_assert(fail_at > 0 && own.calls >= own.fail_at);
            ck_assert(i > 0 || l->score == NULL);
            own.fail_at = 0;
            status = steps[i](l);
        } else {
            ck_assert(own.fail_at == 0 || own.calls < own.fail_at);
        }
        ok(status);
    }
    const int64_t calls = own.calls - before;
    gan_score_free(l->score);
    end_context(ctx, &own);
    return calls;
}

static void fail_everywhere(const char *kind)
{
    life wanted = {.kind = kind};
    const int64_t calls = live(&wanted, 0);
    ck_assert_int_ge(calls, 8);
    for (int64_t i = 1; i <= calls; i++) {
        life l = {.kind = kind};
        live(&l, i);
        if (memcmp(l.values, wanted.values, sizeof wanted.values) != 0 ||
            memcmp(l.floors, wanted.floors, sizeof wanted.floors) != 0) {
            ck_abort_msg("%s, allocation %lld: other values", kind, (long long)i);
        }
    }
}

START_TEST(every_allocation)
{
    dice d = {1};
    for (int32_t i = 0; i < N * K; i++) {
        x[i] = (float)roll_normal(&d);
        y[i] = (float)roll_normal(&d);
    }
    for (int32_t i = 0; gan_score_kind_name(i) != NULL; i++) {
        fail_everywhere(gan_score_kind_name(i));
    }
}
END_TEST

/* Vectors of many elements. */
START_TEST(many_elements)
{
    begin();
    static float many[1 << 16];
    gan_score *score = new_score(GAN_SCORE_SLICED_WASSERSTEIN, 1 << 16);
    ok(gan_score_add_real(score, 1, many));
    ok(gan_score_add_fake(score, 1, many));
    own.fail_at = own.calls + 5;
    double value;
    fails(gan_score_value(score, "greatest", &value), GAN_ERROR_MEMORY, "out of memory");
    near(value_of(score, "greatest"), 0, 0);
    gan_score_free(score);
    end();
}
END_TEST

int main(void)
{
    return RUN_TESTS("score_oom", every_allocation, many_elements);
}
