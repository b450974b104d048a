/* Options by key over one describable table: it validates, documents and feeds bindings.
 *
 * An object keeps one double for each row of its table. A row with choices is a text option; its
 * value is the index of the choice. */
#ifndef GAN_BASE_OPTIONS_H
#define GAN_BASE_OPTIONS_H

#include "base/context.h"

typedef struct {
    const char *name;
    const char *const *choices; /* ends with NULL; NULL for a number */
    double initial, minimum, maximum;
    bool whole; /* only whole numbers */
    const char *help;
} gan__option;

typedef struct {
    const char *owner; /* for messages: "trainer" */
    const gan__option *rows;
    int32_t count;
} gan__option_table;

/* Writes the initial values. values: [table->count] */
void gan__options_reset(const gan__option_table *table, double *values);

/* Finds the row of a key. Errors: ARGUMENT (NULL), KEY. */
int32_t gan__option_find(gan_context *context, const gan__option_table *table, const char *key,
                         int32_t *index);

/* The public set, get and describe calls of an object, over its values. Errors: ARGUMENT, KEY,
 * RANGE. */
int32_t gan__option_set_number(gan_context *context, const gan__option_table *table, double *values,
                               const char *key, double value);
int32_t gan__option_set_text(gan_context *context, const gan__option_table *table, double *values,
                             const char *key, const char *value);
int32_t gan__option_get_number(gan_context *context, const gan__option_table *table,
                               const double *values, const char *key, double *value);
int32_t gan__option_get_text(gan_context *context, const gan__option_table *table,
                             const double *values, const char *key, const char **value);
int32_t gan__option_describe(const gan__option_table *table, int32_t index, const char **name,
                             const char *const **choices, double *minimum, double *maximum,
                             const char **help);

#endif
