#include "svm.h"

#include "check.h"

#ifdef GAN_EXAMPLE_LIBLINEAR

#include <linear.h>
#include <stdlib.h>
#include <string.h>

/* Rows as liblinear takes them: pairs of an index from 1 and a value, up to the index -1. */
typedef struct {
    struct problem problem;
    struct feature_node *nodes;
} sparse;

static sparse make_sparse(const svm_rows *r)
{
    const int64_t length = r->width + 2; /* with the constant for the bias, and the end */
    sparse s = {.problem = {.l = (int)r->count, .n = (int)r->width + 1, .bias = 1}};
    s.nodes = allocate((size_t)(r->count * length), sizeof *s.nodes);
    s.problem.x = allocate((size_t)r->count, sizeof *s.problem.x);
    s.problem.y = allocate((size_t)r->count, sizeof *s.problem.y);
    for (int64_t i = 0; i < r->count; i++) {
        struct feature_node *row = s.nodes + i * length;
        for (int64_t k = 0; k < r->width; k++) {
            row[k] = (struct feature_node){(int)k + 1, (double)r->rows[i * r->width + k]};
        }
        row[r->width] = (struct feature_node){(int)r->width + 1, 1};
        row[r->width + 1] = (struct feature_node){-1, 0};
        s.problem.x[i] = row;
        s.problem.y[i] = r->labels[i];
    }
    return s;
}

static void free_sparse(sparse *s)
{
    free(s->problem.y);
    free(s->problem.x);
    free(s->nodes);
}

/* A trained classifier as dense weights: the class with the greatest w x + b. */
typedef struct {
    int classes;
    int labels[UINT8_MAX + 1];
    float *weights; /* [width + 1, classes]; the last row is b */
} classifier;

static void be_silent(const char *text)
{
    (void)text;
}

static classifier fit(const sparse *s, double C)
{
    struct parameter settings = {.solver_type = L2R_L2LOSS_SVC_DUAL, .C = C, .eps = 0.1};
    const char *wrong = check_parameter(&s->problem, &settings);
    if (wrong != NULL) {
        fail("liblinear: %s", wrong);
    }
    set_print_string_function(be_silent);
    srand(1); /* liblinear visits the rows in an order drawn by rand */
    struct model *m = train(&s->problem, &settings);
    classifier c = {.classes = get_nr_class(m)};
    get_labels(m, c.labels);
    c.weights = allocate((size_t)(s->problem.n * c.classes), sizeof *c.weights);
    for (int k = 0; k < c.classes; k++) {
        for (int i = 0; i + 1 < s->problem.n; i++) {
            c.weights[i * c.classes + k] = (float)get_decfun_coef(m, i + 1, k);
        }
        c.weights[(s->problem.n - 1) * c.classes + k] = (float)get_decfun_bias(m, k);
    }
    free_and_destroy_model(&m);
    return c;
}

/* x: [width] */
static int classify(const classifier *c, int64_t width, const float *x)
{
    float sums[UINT8_MAX + 1];
    memcpy(sums, c->weights + width * c->classes, (size_t)c->classes * sizeof *sums);
    for (int64_t i = 0; i < width; i++) {
        for (int k = 0; k < c->classes; k++) {
            sums[k] += x[i] * c->weights[i * c->classes + k];
        }
    }
    int best = 0;
    for (int k = 1; k < c->classes; k++) {
        best = sums[k] > sums[best] ? k : best;
    }
    return c->labels[best];
}

static double share_right(const classifier *c, const svm_rows *r)
{
    int64_t right = 0;
    for (int64_t i = 0; i < r->count; i++) {
        right += classify(c, r->width, r->rows + i * r->width) == r->labels[i];
    }
    return (double)right / (double)r->count;
}

bool svm_available(void)
{
    return true;
}

double svm_accuracy(const svm_rows *learned, const svm_rows *chooses, const svm_rows *scored,
                    int count, const double *Cs, int *chosen)
{
    sparse s = make_sparse(learned);
    classifier best = {.weights = NULL};
    double most = -1;
    for (int i = 0; i < count; i++) {
        classifier c = fit(&s, Cs[i]);
        double right = share_right(&c, chooses);
        classifier worse = c;
        if (right > most) {
            worse = best;
            best = c;
            most = right;
            *chosen = i;
        }
        free(worse.weights);
    }
    double result = share_right(&best, scored);
    free(best.weights);
    free_sparse(&s);
    return result;
}

#else

bool svm_available(void)
{
    return false;
}

double svm_accuracy(const svm_rows *learned, const svm_rows *chooses, const svm_rows *scored,
                    int count, const double *Cs, int *chosen)
{
    (void)learned, (void)chooses, (void)scored, (void)count, (void)Cs, (void)chosen;
    fail("this program was built without liblinear");
}

#endif
