#include "conditional.h"

#include "check.h"
#include "neighbours.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 12 }; /* of a sheet */

/* The conditions of labelled pictures: 1 at the label and 0 elsewhere. */
static float *one_hot(int64_t count, const uint8_t *labels)
{
    float *conditions = allocate((size_t)(count * LABELLED_CLASSES), sizeof *conditions);
    for (int64_t i = 0; i < count; i++) {
        conditions[i * LABELLED_CLASSES + labels[i]] = 1;
    }
    return conditions;
}

/* Labels of `count` pictures; a run of so many has the same one. */
static uint8_t *make_labels(int64_t count, int64_t run)
{
    uint8_t *labels = allocate((size_t)count, sizeof *labels);
    for (int64_t i = 0; i < count; i++) {
        labels[i] = (uint8_t)(i / run % LABELLED_CLASSES);
    }
    return labels;
}

/* ---- Nearest neighbours ---------------------------------------------------------------------- */

neighbour_test conditional_generated(gan_context *context, const dcgan_player *G, gan_dataset *test,
                                     uint64_t seed)
{
    neighbour_test t = {.counts = {10000, 50000}};
    const int64_t count = t.counts[CONDITIONAL_SETS - 1];
    const int64_t all = count * gan_network_output_elements(G->network);
    uint8_t *labels = make_labels(count, 1);
    float *conditions = one_hot(count, labels);
    float *pictures = allocate((size_t)all, sizeof *pictures);
    check(context,
          gan_network_sample_conditional(G->network, seed, count, conditions, pictures, all));
    neighbours_errors(context, test, pictures, labels, CONDITIONAL_SETS, t.counts, t.errors);
    free(pictures);
    free(conditions);
    free(labels);
    return t;
}

neighbour_test conditional_real(gan_context *context, gan_dataset *train, gan_dataset *test)
{
    neighbour_test t = {.counts = {1000, 10000}};
    const int64_t rows = gan_dataset_count(train), elements = gan_dataset_elements(train);
    for (int k = 0; k < CONDITIONAL_SETS; k++) {
        t.counts[k] = t.counts[k] < rows ? t.counts[k] : rows;
    }
    const int64_t count = t.counts[CONDITIONAL_SETS - 1];
    float *pictures = allocate((size_t)(count * elements), sizeof *pictures);
    uint8_t *labels = allocate((size_t)count, sizeof *labels);
    check(context, gan_dataset_read(train, 0, count, pictures, count * elements));
    check(context, gan_dataset_read_labels(train, 0, count, labels, count));
    neighbours_errors(context, test, pictures, labels, CONDITIONAL_SETS, t.counts, t.errors);
    free(labels);
    free(pictures);
    return t;
}

void conditional_print(const neighbour_test *t, const char *what, int64_t tests)
{
    for (int k = 0; k < CONDITIONAL_SETS; k++) {
        double e = t->errors[k];
        printf("  %6lld of the %-20s %6.2f %% +- %.2f\n", (long long)t->counts[k], what, 100 * e,
               100 * sqrt(e * (1 - e) / (double)tests));
    }
}

void conditional_write(const neighbour_test *t, const char *name, metrics *log)
{
    for (int k = 0; k < CONDITIONAL_SETS; k++) {
        char key[64];
        snprintf(key, sizeof key, "%s_%lld", name, (long long)t->counts[k]);
        metrics_number(log, key, t->errors[k]);
    }
}

/* ---- Sheets -------------------------------------------------------------------------------- */

/* Draws G(z) under the class of the row; z: [LABELLED_CLASSES, columns, input elements] */
static void put_rows(gan_context *context, const gallery *g, const dcgan_player *G, int columns,
                     const float *z, const char *directory, const char *name)
{
    gallery by_class = *g;
    by_class.rows = LABELLED_CLASSES;
    const int64_t count = (int64_t)LABELLED_CLASSES * columns;
    const int64_t all = count * gan_network_output_elements(G->network);
    uint8_t *labels = make_labels(count, columns);
    float *conditions = one_hot(count, labels);
    float *pictures = allocate((size_t)all, sizeof *pictures);
    check(context,
          gan_network_evaluate(G->network, G->output, count, z, conditions, pictures, all));
    gallery_grid(&by_class, columns, pictures, directory, name);
    free(pictures);
    free(conditions);
    free(labels);
}

void conditional_sheet(gan_context *context, const gallery *g, const dcgan_player *G, uint64_t seed,
                       const char *directory, const char *name)
{
    const int64_t count = (int64_t)LABELLED_CLASSES * COLUMNS;
    const int64_t all = count * gan_network_input_elements(G->network);
    float *z = allocate((size_t)all, sizeof *z);
    check(context, gan_network_noise(G->network, seed, count, z, all));
    put_rows(context, g, G, COLUMNS, z, directory, name);
    free(z);
}

void conditional_lines(gan_context *context, const gallery *g, const dcgan_player *G, uint64_t seed,
                       const char *directory, const char *name)
{
    float *z = gallery_lines(context, LABELLED_CLASSES, G->network, seed);
    put_rows(context, g, G, GALLERY_STEPS, z, directory, name);
    free(z);
}
