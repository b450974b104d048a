#include "base/options.h"

#include <math.h>
#include <string.h>

void gan__options_reset(const gan__option_table *table, double *values)
{
    for (int32_t i = 0; i < table->count; i++) {
        values[i] = table->rows[i].initial;
    }
}

int32_t gan__option_find(gan_context *context, const gan__option_table *table, const char *key,
                         int32_t *index)
{
    if (key == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s: the option's key is NULL", table->owner);
    }
    for (int32_t i = 0; i < table->count; i++) {
        if (strcmp(key, table->rows[i].name) == 0) {
            *index = i;
            return GAN_OK;
        }
    }
    return gan__fail(context, GAN_ERROR_KEY, "%s: no option \"%.64s\"", table->owner, key);
}

/* Finds a key and checks that it is a text option, or that it is a number. */
static int32_t find_kind(gan_context *context, const gan__option_table *table, const char *key,
                         bool text, int32_t *index)
{
    GAN__TRY(gan__option_find(context, table, key, index));
    if ((table->rows[*index].choices != NULL) != text) {
        return gan__fail(context, GAN_ERROR_KEY, "%s: option \"%s\" is a %s", table->owner, key,
                         text ? "number, not a text" : "text, not a number");
    }
    return GAN_OK;
}

int32_t gan__option_set_number(gan_context *context, const gan__option_table *table, double *values,
                               const char *key, double value)
{
    int32_t index;
    GAN__TRY(find_kind(context, table, key, false, &index));
    const gan__option *row = &table->rows[index];
    if (isnan(value)) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s: %s is NaN", table->owner, key);
    }
    if (value < row->minimum || value > row->maximum) {
        return gan__fail(context, GAN_ERROR_RANGE, "%s: %s is %.9g, not within %.17g to %.17g",
                         table->owner, key, value, row->minimum, row->maximum);
    }
    if (row->whole && value != floor(value)) {
        return gan__fail(context, GAN_ERROR_RANGE, "%s: %s is %.9g, not a whole number",
                         table->owner, key, value);
    }
    values[index] = value;
    return GAN_OK;
}

int32_t gan__option_set_text(gan_context *context, const gan__option_table *table, double *values,
                             const char *key, const char *value)
{
    int32_t index;
    GAN__TRY(find_kind(context, table, key, true, &index));
    if (value == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s: %s is NULL", table->owner, key);
    }
    for (int32_t i = 0; table->rows[index].choices[i] != NULL; i++) {
        if (strcmp(value, table->rows[index].choices[i]) == 0) {
            values[index] = i;
            return GAN_OK;
        }
    }
    return gan__fail(context, GAN_ERROR_KEY, "%s: %s has no choice \"%.64s\"", table->owner, key,
                     value);
}

int32_t gan__option_get_number(gan_context *context, const gan__option_table *table,
                               const double *values, const char *key, double *value)
{
    int32_t index;
    GAN__TRY(find_kind(context, table, key, false, &index));
    if (value == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s: value is NULL", table->owner);
    }
    *value = values[index];
    return GAN_OK;
}

int32_t gan__option_get_text(gan_context *context, const gan__option_table *table,
                             const double *values, const char *key, const char **value)
{
    int32_t index;
    GAN__TRY(find_kind(context, table, key, true, &index));
    if (value == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s: value is NULL", table->owner);
    }
    *value = table->rows[index].choices[(int32_t)values[index]];
    return GAN_OK;
}

int32_t gan__option_describe(const gan__option_table *table, int32_t index, const char **name,
                             const char *const **choices, double *minimum, double *maximum,
                             const char **help)
{
    if (index < 0 || index >= table->count) {
        return GAN_ERROR_RANGE;
    }
    const gan__option *row = &table->rows[index];
    if (name != NULL) {
        *name = row->name;
    }
    if (choices != NULL) {
        *choices = row->choices;
    }
    if (minimum != NULL) {
        *minimum = row->minimum;
    }
    if (maximum != NULL) {
        *maximum = row->maximum;
    }
    if (help != NULL) {
        *help = row->help;
    }
    return GAN_OK;
}
