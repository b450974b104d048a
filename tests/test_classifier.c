/* Classifiers: what they learn and name, that nothing is lost where something fails, and the same
 * bits for any number of threads. */
#include "training.h"

enum { POINTS = 90, CLASSES = 3 };

/* Three clouds of two dimensions, with labels: the first `labelled` bytes of an IDX file would do,
 * but arrays are simpler. */
typedef struct {
    gan_dataset *points, *targets;
} clouds;

static clouds new_clouds(int32_t count, double spread)
{
    dice d = {5};
    float *x = calloc((size_t)count * 2, sizeof *x),
          *t = calloc((size_t)count * CLASSES, sizeof *t);
    for (int32_t i = 0; i < count; i++) {
        const double angle = 2.1 * (i % CLASSES);
        x[2 * i] = (float)(cos(angle) + spread * roll_between(&d, -1, 1));
        x[2 * i + 1] = (float)(sin(angle) + spread * roll_between(&d, -1, 1));
        t[CLASSES * i + i % CLASSES] = 1;
    }
    clouds c;
    ok(gan_dataset_from_floats(ctx, count, 1, (int64_t[]){2}, x, &c.points));
    ok(gan_dataset_from_floats(ctx, count, 1, (int64_t[]){CLASSES}, t, &c.targets));
    free(t);
    free(x);
    return c;
}

static void free_clouds(clouds *c)
{
    gan_dataset_free(c->targets);
    gan_dataset_free(c->points);
}

/* [2] -> CLASSES logits, with dropout and batch norm */
static gan_network *new_namer(int64_t units)
{
    gan_network *made;
    ok(gan_network_create(ctx, "namer", &made));
    int32_t h = gan_network_dense(made, input(made, 2), units);
    h = gan_network_relu(made, gan_network_batch_norm(made, h, 1, 1e-5, 0.1));
    h = gan_network_dropout(made, h, 0.9);
    ok(gan_network_output(made, gan_network_dense(made, h, CLASSES)));
    ok(gan_network_initialize(made, 3));
    return made;
}

static gan_classifier *new_classifier(gan_network *network, const clouds *c)
{
    gan_classifier *made;
    gan_optimizer *adam = new_optimizer(4);
    ok(gan_classifier_create(network, c->points, c->targets, &made));
    ok(gan_classifier_set_number(made, GAN_BATCH_SIZE, 20));
    ok(gan_classifier_set_optimizer(made, adam));
    gan_optimizer_free(adam);
    return made;
}

static double number_of(const gan_classifier *classifier, const char *name)
{
    double value;
    ok(gan_classifier_metric(classifier, name, &value));
    return value;
}

static int32_t count_steps(void *user, gan_classifier *classifier)
{
    need(gan_classifier_run(classifier, 1, NULL, NULL) == GAN_ERROR_STATE);
    return --*(int32_t *)user == 0 ? 7 : 0;
}

START_TEST(it_learns_and_names)
{
    ctx = new_context(&own);
    clouds c = new_clouds(POINTS, 0.4);
    gan_network *network = new_namer(16);
    gan_classifier *classifier = new_classifier(network, &c);
    double loss, before, accuracy;
    need(isnan(number_of(classifier, GAN_METRIC_LOSS)));
    ok(gan_classifier_evaluate(classifier, c.points, c.targets, &before, NULL));
    ok(gan_classifier_run_epochs(classifier, 30, NULL, NULL));
    ok(gan_classifier_evaluate(classifier, c.points, c.targets, &loss, &accuracy));
    need(before > 0.5 && loss < 0.1 && accuracy == 1);
    near(number_of(classifier, GAN_METRIC_STEP), 150,
         0); /* 90 samples: 4 batches of 20, one of 10 */
    near(number_of(classifier, GAN_METRIC_SAMPLES), 2700, 0);
    near(number_of(classifier, GAN_METRIC_EPOCH), 30, 0);
    near(number_of(classifier, GAN_METRIC_RATE), 0.02, 1e-9);
    need(number_of(classifier, GAN_METRIC_LOSS) < 1 &&
         number_of(classifier, GAN_METRIC_GRADIENT) > 0);
    const float centres[] = {1, 0, -0.505F, 0.863F, -0.490F, -0.872F};
    int32_t named[3] = {9, 9, 9};
    ok(gan_classifier_predict(classifier, 3, centres, named, 3));
    need(named[0] == 0 && named[1] == 1 && named[2] == 2);

    /* A callback ends a run, and cannot start another. */
    int32_t left = 2;
    fails(gan_classifier_run(classifier, 9, count_steps, &left), GAN_ERROR_STOPPED,
          "(7) after step 152");
    near(number_of(classifier, GAN_METRIC_STEP), 152, 0);

    /* What was learned is in the network's file, and another network names the same classes. */
    const char *path = temporary("namer");
    ok(gan_network_save(network, path));
    gan_network *other = new_namer(16);
    ok(gan_network_load(other, path));
    remove(path);
    gan_classifier *asked;
    double again, same_loss;
    ok(gan_classifier_create(other, NULL, NULL, &asked));
    ok(gan_classifier_evaluate(classifier, c.points, c.targets, &again, NULL));
    ok(gan_classifier_evaluate(asked, c.points, c.targets, &same_loss, NULL));
    need(again == same_loss);
    fails(gan_classifier_run(asked, 1, NULL, NULL), GAN_ERROR_STATE, "has no data");
    gan_classifier_free(asked);
    gan_network_free(other);
    gan_network_free(network);
    gan_classifier_free(classifier);
    free_clouds(&c);
    end_context(ctx, &own);
}
END_TEST

/* The metrics of a step, and its update, against the formula by plain loops: x -> W x + b. */
START_TEST(a_step_is_the_formula)
{
    ctx = new_context(&own);
    clouds c = new_clouds(7, 0.5);
    gan_network *network;
    ok(gan_network_create(ctx, "N", &network));
    const int32_t layer = gan_network_dense(network, input(network, 2), CLASSES);
    ok(gan_network_output(network, layer));
    ok(gan_network_set_name(network, layer, "n"));
    ok(gan_network_initialize(network, 1));
    gan_optimizer *sgd = new_optimizer(0);
    gan_classifier *classifier;
    ok(gan_classifier_create(network, c.points, c.targets, &classifier));
    ok(gan_classifier_set_optimizer(classifier, sgd));
    float w[2 * CLASSES], b[CLASSES], moved[2 * CLASSES], x[14], t[21];
    ok(gan_network_get_parameter(network, gan_network_parameter_name(network, 0), w, 6));
    ok(gan_network_get_parameter(network, gan_network_parameter_name(network, 1), b, 3));
    ok(gan_dataset_read(c.points, 0, 7, x, 14));
    ok(gan_dataset_read(c.targets, 0, 7, t, 21));
    ok(gan_classifier_run(classifier, 1, NULL, NULL));
    double loss = 0, right = 0, gradient[2 * CLASSES] = {0};
    for (int32_t i = 0; i < 7; i++) {
        double l[CLASSES], sum = 0;
        int32_t best = 0;
        for (int32_t k = 0; k < CLASSES; k++) {
            l[k] = (double)x[2 * i] * (double)w[k] + (double)x[2 * i + 1] * (double)w[CLASSES + k] +
                   (double)b[k];
            sum += exp(l[k]);
            best = l[k] > l[best] ? k : best;
        }
        loss += (log(sum) - l[i % CLASSES]) / 7;
        right += best == i % CLASSES;
        for (int32_t k = 0; k < CLASSES; k++) {
            const double by_logit = (exp(l[k]) / sum - (k == i % CLASSES)) / 7;
            gradient[k] += by_logit * (double)x[2 * i];
            gradient[CLASSES + k] += by_logit * (double)x[2 * i + 1];
        }
    }
    near(number_of(classifier, GAN_METRIC_LOSS), loss, 1e-6);
    near(number_of(classifier, GAN_METRIC_ACCURACY), right / 7, 1e-12);
    ok(gan_network_get_parameter(network, gan_network_parameter_name(network, 0), moved, 6));
    for (int32_t i = 0; i < 2 * CLASSES; i++) {
        near(moved[i], (double)w[i] - 0.2 * gradient[i], 1e-6);
    }
    gan_classifier_free(classifier);
    gan_optimizer_free(sgd);
    gan_network_free(network);
    free_clouds(&c);
    end_context(ctx, &own);
}
END_TEST

/* ---- The same bits ---------------------------------------------------------------------------- */

/* Trains with so many threads, in one run or in several; wide enough to be shared among threads. */
static numbers train(int32_t threads, bool pieces)
{
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, threads));
    clouds c = new_clouds(2000, 0.9);
    gan_network *network = new_namer(200);
    gan_classifier *classifier = new_classifier(network, &c);
    ok(gan_classifier_set_number(classifier, GAN_BATCH_SIZE, 600));
    ok(gan_classifier_set_number(classifier, GAN_SEED, 5));
    if (pieces) {
        ok(gan_classifier_run(classifier, 3, NULL, NULL));
        ok(gan_classifier_run_epochs(classifier, 1, NULL, NULL)); /* to the end of the first: 4 */
        ok(gan_classifier_run(classifier, 26, NULL, NULL));
    } else {
        ok(gan_classifier_run(classifier, 30, NULL, NULL));
    }
    const numbers n = all_of(network);
    gan_classifier_free(classifier);
    gan_network_free(network);
    free_clouds(&c);
    end_context(ctx, &own);
    return n;
}

START_TEST(the_same_bits)
{
    const numbers wanted = train(1, false);
    for (int32_t threads = 1; threads <= 8; threads += threads < 3 ? 1 : 5) {
        const numbers n = train(threads, threads == 2);
        need(same(&n, &wanted));
    }
}
END_TEST

/* ---- Failures --------------------------------------------------------------------------------- */

/* A life in which allocation `fail_at` fails; returns their number. */
static int64_t live(int64_t fail_at, numbers *made)
{
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, 1));
    clouds c = new_clouds(POINTS, 0.4);
    gan_network *network = new_namer(4);
    gan_optimizer *adam = new_optimizer(4);
    gan_classifier *classifier = NULL;
    const int64_t before = own.calls;
    own.fail_at = fail_at > 0 ? before + fail_at : 0;
    int32_t failures = 0;
    double loss;
    int32_t named;
    const float x[] = {1, 0};
#define RETRY(call)                                           \
    do {                                                      \
        int32_t status = (call);                              \
        if (status != GAN_OK) {                               \
            fails(status, GAN_ERROR_MEMORY, "out of memory"); \
            failures++;                                       \
            own.fail_at = 0;                                  \
            status = (call);                                  \
        }                                                     \
        ok(status);                                           \
    } while (0)
    RETRY(gan_classifier_create(network, c.points, c.targets, &classifier));
    ok(gan_classifier_set_optimizer(classifier, adam));
    ok(gan_classifier_set_number(classifier, GAN_BATCH_SIZE, 40));
    double step = 0;
    while (step < 4) { /* a run keeps the steps it has made */
        RETRY(gan_classifier_run(classifier, 1, NULL, NULL));
        step = number_of(classifier, GAN_METRIC_STEP);
    }
    RETRY(gan_classifier_evaluate(classifier, c.points, c.targets, &loss, NULL));
    RETRY(gan_classifier_predict(classifier, 1, x, &named, 1));
    const int64_t calls = own.calls - before;
    need(failures == (fail_at > 0 ? 1 : 0));
    *made = all_of(network);
    gan_classifier_free(classifier);
    gan_optimizer_free(adam);
    gan_network_free(network);
    free_clouds(&c);
    end_context(ctx, &own);
    return calls;
}

START_TEST(every_allocation_fails_once)
{
    numbers wanted, got;
    const int64_t calls = live(0, &wanted);
    ck_assert_int_ge(calls, 20);
    for (int64_t i = 1; i <= calls; i++) {
        live(i, &got);
        need(same(&got, &wanted));
    }
}
END_TEST

/* A logit that is not finite ends the run, with the parameters of before. */
START_TEST(not_finite)
{
    ctx = new_context(&own);
    clouds c = new_clouds(POINTS, 0.4);
    gan_network *network = new_namer(4);
    gan_classifier *classifier = new_classifier(network, &c);
    const char *name =
        gan_network_parameter_name(network, gan_network_parameter_count(network) - 2);
    float huge[4 * CLASSES];
    for (int32_t i = 0; i < 4 * CLASSES; i++) {
        huge[i] = i % 2 == 0 ? 3e38F : -3e38F;
    }
    ok(gan_network_set_parameter(network, name, huge, 4 * CLASSES));
    const numbers before = all_of(network);
    double loss;
    fails(gan_classifier_run(classifier, 1, NULL, NULL), GAN_ERROR_NUMERIC, "classifier");
    need(is_still(network, &before));
    fails(gan_classifier_evaluate(classifier, c.points, c.targets, &loss, NULL), GAN_ERROR_NUMERIC,
          "is not finite");
    gan_classifier_free(classifier);
    gan_network_free(network);
    free_clouds(&c);
    end_context(ctx, &own);
}
END_TEST

/* Frozen parameters stay, also where a callback freezes them. */
static int32_t freeze(void *user, gan_classifier *classifier)
{
    (void)classifier;
    ok(gan_network_set_trainable(user, NULL, 0));
    return 0;
}

START_TEST(frozen_parameters_stay)
{
    ctx = new_context(&own);
    clouds c = new_clouds(POINTS, 0.4);
    gan_network *network = new_namer(4), *other = new_namer(4);
    gan_classifier *frozen = new_classifier(network, &c), *single = new_classifier(other, &c);
    ok(gan_classifier_run(single, 1, NULL, NULL));
    ok(gan_classifier_run(frozen, 5, freeze, network));
    const numbers once = all_of(other);
    need(is_still(network, &once));
    gan_classifier_free(single);
    gan_classifier_free(frozen);
    gan_network_free(other);
    gan_network_free(network);
    free_clouds(&c);
    end_context(ctx, &own);
}
END_TEST

int main(void)
{
    return RUN_TESTS("classifier", it_learns_and_names, a_step_is_the_formula, the_same_bits,
                     every_allocation_fails_once, not_finite, frozen_parameters_stay);
}
