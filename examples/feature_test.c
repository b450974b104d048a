#include "feature_test.h"

#include "check.h"
#include "progress.h"
#include "svm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    BLOCK = 500,             /* pictures read at a time */
    SCALE_ROWS = 1000,       /* pictures that say how large features are */
    VALIDATION_ROWS = 2000,  /* at most */
    PARTS = DCGAN_LAYERS + 1 /* of a row of features, at most */
};

/* The costs that are tried; the best is seldom one of the outermost. */
static const double COSTS[] = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1};
enum { COSTS_COUNT = sizeof COSTS / sizeof COSTS[0] };

bool features_available(void)
{
    return svm_available();
}

/* ---- Features ------------------------------------------------------------------------------ */

/* Makes rows of features of pictures. A row is the parts one after another. */
typedef struct {
    gan_context *context;
    gan_network *network; /* NULL: the features are the pixels */
    int parts;
    int32_t tensors[PARTS];
    int64_t widths[PARTS], width;
    float scales[PARTS];
} extractor;

static int64_t elements_of(const extractor *e, int32_t tensor)
{
    int64_t dims[GAN_RANK_MAX] = {0}, elements = 1;
    int32_t rank = 0;
    check(e->context, gan_network_tensor_shape(e->network, tensor, &rank, dims, GAN_RANK_MAX));
    for (int32_t i = 0; i < rank; i++) {
        elements *= dims[i];
    }
    return elements;
}

/* Features of `count` pictures, BLOCK at most; part: [count, elements of the largest part] */
static void extract_block(const extractor *e, int64_t count, const float *pictures, float *part,
                          float *rows)
{
    int64_t place = 0;
    for (int p = 0; p < e->parts; p++) {
        const int64_t width = e->widths[p];
        const float *values = pictures;
        if (e->network != NULL) {
            check(e->context, gan_network_evaluate(e->network, e->tensors[p], count, pictures, NULL,
                                                   part, count * width));
            values = part;
        }
        for (int64_t i = 0; i < count; i++) {
            for (int64_t k = 0; k < width; k++) {
                rows[i * e->width + place + k] = e->scales[p] * values[i * width + k];
            }
        }
        place += width;
    }
}

/* Features of `count` pictures of the data; the caller frees them.
 *   chosen  [count] which; NULL: the first ones */
static float *extract(const extractor *e, gan_dataset *data, int64_t count, const int64_t *chosen)
{
    const int64_t elements = gan_dataset_elements(data);
    float *rows = allocate((size_t)(count * e->width), sizeof *rows);
    float *pictures = allocate((size_t)(BLOCK * elements), sizeof *pictures);
    float *part = allocate((size_t)(BLOCK * e->width), sizeof *part);
    for (int64_t first = 0; first < count; first += BLOCK) {
        int64_t size = first + BLOCK <= count ? BLOCK : count - first;
        if (chosen == NULL) {
            check(e->context, gan_dataset_read(data, first, size, pictures, size * elements));
        }
        for (int64_t i = 0; chosen != NULL && i < size; i++) {
            check(e->context,
                  gan_dataset_read(data, chosen[first + i], 1, pictures + i * elements, elements));
        }
        extract_block(e, size, pictures, part, rows + first * e->width);
    }
    free(part);
    free(pictures);
    return rows;
}

/* Sets the scales so that each part has a root mean square of 1 over the first pictures. */
static void find_scales(extractor *e, gan_dataset *data)
{
    int64_t count = gan_dataset_count(data), place = 0;
    count = count < SCALE_ROWS ? count : SCALE_ROWS;
    float *rows = extract(e, data, count, NULL);
    for (int p = 0; p < e->parts; p++) {
        double squares = 0;
        for (int64_t i = 0; i < count; i++) {
            for (int64_t k = 0; k < e->widths[p]; k++) {
                double value = (double)rows[i * e->width + place + k];
                squares += value * value;
            }
        }
        place += e->widths[p];
        if (squares > 0) {
            e->scales[p] = (float)sqrt((double)(count * e->widths[p]) / squares);
        }
    }
    free(rows);
}

/* D: NULL for pixels;  data: gives the scales */
static extractor make_extractor(gan_context *context, const dcgan_player *D, gan_dataset *data)
{
    extractor e = {.context = context, .parts = 1, .scales = {1}};
    e.width = e.widths[0] = gan_dataset_elements(data);
    if (D != NULL) {
        e.network = D->network;
        e.parts = D->layers;
        e.width = 0;
    }
    for (int p = 0; D != NULL && p < e.parts; p++) {
        e.tensors[p] = D->features[p];
        e.widths[p] = elements_of(&e, D->features[p]);
        e.width += e.widths[p];
        e.scales[p] = 1;
    }
    find_scales(&e, data);
    return e;
}

/* ---- Draws of labelled pictures -------------------------------------------------------------- */

typedef struct {
    float lot;
    int64_t row;
} ticket;

static int compare(const void *a, const void *b)
{
    const ticket *s = a, *t = b;
    return s->lot != t->lot ? (s->lot < t->lot ? -1 : 1) : (s->row > t->row) - (s->row < t->row);
}

/* Draws FEATURES_LABELS rows of each class, or as many as there are; returns their number.
 *   labels  [count] of all rows
 *   chosen  [LABELLED_CLASSES * FEATURES_LABELS] receives rows */
static int64_t draw_rows(gan_context *context, int64_t count, const uint8_t *labels, uint64_t seed,
                         int64_t draw, int64_t *chosen)
{
    gan_dataset *lots = NULL;
    check(context, gan_dataset_gaussian(context, count, 0, 1, seed * 1000 + (uint64_t)draw, &lots));
    float *values = allocate((size_t)count, sizeof *values);
    check(context, gan_dataset_read(lots, 0, count, values, count));
    gan_dataset_free(lots);
    ticket *tickets = allocate((size_t)count, sizeof *tickets);
    for (int64_t i = 0; i < count; i++) {
        tickets[i] = (ticket){values[i], i};
    }
    qsort(tickets, (size_t)count, sizeof *tickets, compare);
    int64_t taken[UINT8_MAX + 1] = {0}, drawn = 0;
    for (int64_t i = 0; i < count; i++) {
        uint8_t label = labels[tickets[i].row];
        if (label < LABELLED_CLASSES && taken[label]++ < FEATURES_LABELS) {
            chosen[drawn++] = tickets[i].row;
        }
    }
    free(tickets);
    free(values);
    return drawn;
}

static uint8_t *read_labels(gan_context *context, gan_dataset *data, int64_t count)
{
    uint8_t *labels = allocate((size_t)count, sizeof *labels);
    check(context, gan_dataset_read_labels(data, 0, count, labels, count));
    return labels;
}

/* ---- Scores -------------------------------------------------------------------------------- */

static svm_rows make_rows(const extractor *e, gan_dataset *data, int64_t most)
{
    int64_t count = gan_dataset_count(data);
    count = count < most ? count : most;
    return (svm_rows){count, e->width, extract(e, data, count, NULL),
                      read_labels(e->context, data, count)};
}

static void free_rows(svm_rows *r)
{
    free((void *)r->rows);
    free((void *)r->labels);
}

/* Accuracies for each of the draws from `first` on.
 *   chosen  [draws] receives the indices of the C; scores: [draws] */
static void score_draws(const extractor *e, gan_dataset *learned, gan_dataset *validation,
                        gan_dataset *scored, uint64_t seed, int64_t first, int64_t draws,
                        int *chosen, double *scores)
{
    const int64_t pool = gan_dataset_count(learned);
    svm_rows chooses = make_rows(e, validation, VALIDATION_ROWS);
    svm_rows test = make_rows(e, scored, INT64_MAX);
    uint8_t *labels = read_labels(e->context, learned, pool);
    for (int64_t k = 0; k < draws; k++) {
        int64_t rows[LABELLED_CLASSES * FEATURES_LABELS] = {0};
        uint8_t known[LABELLED_CLASSES * FEATURES_LABELS];
        int64_t count = draw_rows(e->context, pool, labels, seed, first + k, rows);
        for (int64_t i = 0; i < count; i++) {
            known[i] = labels[rows[i]];
        }
        float *values = extract(e, learned, count, rows);
        svm_rows drawn = {count, e->width, values, known};
        scores[k] = svm_accuracy(&drawn, &chooses, &test, COSTS_COUNT, COSTS, &chosen[k]);
        free(values);
    }
    free(labels);
    free_rows(&test);
    free_rows(&chooses);
}

double features_accuracy(gan_context *context, const dcgan_player *D, gan_dataset *learned,
                         gan_dataset *validation, gan_dataset *scored, uint64_t seed, int64_t draw)
{
    extractor e = make_extractor(context, D, learned);
    double score = 0;
    int chosen = 0;
    score_draws(&e, learned, validation, scored, seed, draw, 1, &chosen, &score);
    return score;
}

static spread spread_of(int64_t count, const double *values)
{
    spread s = {0, 0};
    double squares = 0;
    for (int64_t i = 0; i < count; i++) {
        s.mean += values[i] / (double)count;
    }
    for (int64_t i = 0; i < count; i++) {
        squares += (values[i] - s.mean) * (values[i] - s.mean);
    }
    s.deviation = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;
    return s;
}

/* Scores one kind of features; scores: [draws] */
static void score_kind(gan_context *context, const char *what, const dcgan_player *D,
                       const labelled *data, uint64_t seed, int64_t draws, metrics *log,
                       double *scores)
{
    int *chosen = allocate((size_t)draws, sizeof *chosen), outermost = 0;
    extractor e = make_extractor(context, D, data->train);
    score_draws(&e, data->train, data->validation, data->test, seed, 0, draws, chosen, scores);
    for (int64_t k = 0; k < draws; k++) {
        outermost += chosen[k] == 0 || chosen[k] == COSTS_COUNT - 1;
        metrics_begin(log, "draw");
        metrics_text(log, "features", what);
        metrics_whole(log, "width", e.width);
        metrics_whole(log, "draw", k);
        metrics_number(log, "accuracy", scores[k]);
        metrics_number(log, "C", COSTS[chosen[k]]);
        metrics_end(log);
    }
    spread s = spread_of(draws, scores);
    printf("features: %s, %lld numbers a picture, SVM on %d labels a class: %.2f %% right\n", what,
           (long long)e.width, FEATURES_LABELS, 100 * s.mean);
    if (outermost > 0) {
        printf("  the best C of %d draw%s was the least or the greatest tried\n", outermost,
               plural(outermost));
    }
    fflush(stdout);
    free(chosen);
}

features_result features_test(gan_context *context, const dcgan_player *trained,
                              const dcgan_player *random, const labelled *data, uint64_t seed,
                              int64_t draws, metrics *log)
{
    double *scores = allocate((size_t)(4 * draws), sizeof *scores); /* [kind, draw] */
    double *pixels = scores, *untrained = pixels + draws, *learned = untrained + draws;
    double *gain = learned + draws;
    score_kind(context, "raw pixels", NULL, data, seed, draws, log, pixels);
    score_kind(context, "random D", random, data, seed, draws, log, untrained);
    score_kind(context, "trained D", trained, data, seed, draws, log, learned);
    for (int64_t k = 0; k < draws; k++) {
        gain[k] = learned[k] - untrained[k];
    }
    features_result r = {draws, spread_of(draws, pixels), spread_of(draws, untrained),
                         spread_of(draws, learned), spread_of(draws, gain)};
    free(scores);
    return r;
}

void features_print(const features_result *r)
{
    const struct {
        const char *what;
        spread s;
    } lines[] = {{"raw pixels", r->pixels},
                 {"features of a random D", r->random},
                 {"features of the trained D", r->trained},
                 {"trained minus random", r->gain}};
    printf("linear SVM on %d labels, test accuracy, mean and deviation over %lld draw%s of them:\n",
           FEATURES_LABELS * LABELLED_CLASSES, (long long)r->draws, plural(r->draws));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        printf("  %-26s %6.2f %% +- %.2f\n", lines[i].what, 100 * lines[i].s.mean,
               100 * lines[i].s.deviation);
    }
}

void features_write(const features_result *r, metrics *log)
{
    metrics_whole(log, "draws", r->draws);
    metrics_number(log, "pixels", r->pixels.mean);
    metrics_number(log, "pixels_deviation", r->pixels.deviation);
    metrics_number(log, "random", r->random.mean);
    metrics_number(log, "random_deviation", r->random.deviation);
    metrics_number(log, "trained", r->trained.mean);
    metrics_number(log, "trained_deviation", r->trained.deviation);
    metrics_number(log, "gain", r->gain.mean);
    metrics_number(log, "gain_deviation", r->gain.deviation);
}
