/* The score as an object: it takes vectors, knows what its values depend on, and has them computed.
 */
#include "eval/score.h"

#include "eval/check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What every kind has beside its own values. */
enum { ELEMENTS, REAL_COUNT, FAKE_COUNT, REAL_USED, FAKE_USED, SEED, FINGERPRINT, FACTS };

static const char *const facts[FACTS] = {"elements",  "real_count", "fake_count", "real_used",
                                         "fake_used", "seed",       "fingerprint"};

/* The options that samples on their way in depend on. */
static const bool settled[GAN__SCORE_OPTIONS] = {
    [GAN__SCORE_SEED] = true, [GAN__SCORE_SAMPLES] = true, [GAN__SCORE_THRESHOLD] = true};

static const char *const side_names[GAN__SIDES] = {"real", "fake"};

/* ---- The object ---------------------------------------------------------------------------- */

static int32_t check_features(gan_context *context, const char *features, char *out)
{
    GAN__TRY(gan__copy_name(context, "score: features", features, out));
    for (int32_t i = 0; out[i] != '\0'; i++) {
        if ((unsigned char)out[i] < ' ') {
            return gan__fail(context, GAN_ERROR_ARGUMENT,
                             "score: byte %d of features is a control character", (int)i);
        }
    }
    return GAN_OK;
}

static int32_t find_kind(gan_context *context, const char *name, const gan__score_kind **kind)
{
    for (int32_t i = 0; (*kind = gan__score_kind_at(i)) != NULL; i++) {
        if (strcmp((*kind)->name, name) == 0) {
            return GAN_OK;
        }
    }
    return gan__fail(context, GAN_ERROR_KEY, "score: no kind \"%.64s\"", name);
}

int32_t gan_score_create(gan_context *context, const char *kind, int64_t elements,
                         const char *features, gan_score **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__eval_pointer(context, "score", "out", out));
    GAN__TRY(gan__eval_pointer(context, "score", "kind", kind));
    const gan__score_kind *found;
    char name[GAN__NAME_BYTES];
    GAN__TRY(find_kind(context, kind, &found));
    GAN__TRY(check_features(context, features, name));
    if (elements < 1 || elements > found->most_elements) {
        return gan__fail(context, GAN_ERROR_RANGE,
                         "score %s: elements is %lld, not within 1 to %lld", kind,
                         (long long)elements, (long long)found->most_elements);
    }
    gan_score *score = gan__allocate(context, 1, sizeof *score);
    if (score == NULL) {
        return GAN_ERROR_MEMORY;
    }
    score->context = gan__context_retain(context);
    score->kind = found;
    score->elements = elements;
    memcpy(score->features, name, sizeof name);
    gan__options_reset(&gan__score_options, score->options);
    *out = score;
    return GAN_OK;
}

void gan_score_free(gan_score *score)
{
    if (score == NULL) {
        return;
    }
    gan_context *context = score->context;
    for (int32_t i = 0; i < GAN__SIDES; i++) {
        gan__release(context, score->sides[i].kept.values);
        gan__moments_free(context, &score->sides[i].moments);
    }
    gan__modes_free(&score->modes);
    gan__release(context, score);
    gan__context_release(context);
}

const char *gan_score_kind(const gan_score *score)
{
    return score != NULL ? score->kind->name : NULL;
}

const char *gan_score_features(const gan_score *score)
{
    return score != NULL ? score->features : NULL;
}

const char *gan_score_kind_name(int32_t index)
{
    const gan__score_kind *kind = gan__score_kind_at(index);
    return kind != NULL ? kind->name : NULL;
}

/* What was computed holds no more. */
static void forget_results(gan_score *score)
{
    score->computed = score->floored = false;
}

/* ---- Options and modes --------------------------------------------------------------------- */

static int32_t check_empty(const gan_score *score, const char *what)
{
    const int64_t count = score->sides[GAN__REAL].count + score->sides[GAN__FAKE].count;
    if (count > 0) {
        return gan__fail(score->context, GAN_ERROR_STATE,
                         "score: %s cannot change, %lld vectors have been added", what,
                         (long long)count);
    }
    return GAN_OK;
}

int32_t gan_score_set_number(gan_score *score, const char *key, double value)
{
    if (score == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    int32_t index;
    GAN__TRY(gan__option_find(score->context, &gan__score_options, key, &index));
    double values[GAN__SCORE_OPTIONS];
    memcpy(values, score->options, sizeof values);
    GAN__TRY(gan__option_set_number(score->context, &gan__score_options, values, key, value));
    if (settled[index]) {
        GAN__TRY(check_empty(score, key));
    }
    memcpy(score->options, values, sizeof values);
    forget_results(score);
    return GAN_OK;
}

int32_t gan_score_get_number(const gan_score *score, const char *key, double *value)
{
    if (score == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    return gan__option_get_number(score->context, &gan__score_options, score->options, key, value);
}

int32_t gan_score_describe_option(int32_t index, const char **name, const char *const **choices,
                                  double *minimum, double *maximum, const char **help)
{
    return gan__option_describe(&gan__score_options, index, name, choices, minimum, maximum, help);
}

static int32_t check_modes(const gan_score *score, int64_t modes, const double *centres,
                           double deviation)
{
    static const double most = 1e30;
    gan_context *context = score->context;
    GAN__TRY(gan__eval_pointer(context, "score modes", "centres", centres));
    if (modes < 1 || modes > 1 << 20) {
        return gan__fail(context, GAN_ERROR_RANGE, "score modes: modes is %lld, not within 1 to %d",
                         (long long)modes, 1 << 20);
    }
    if (!(deviation >= 1 / most && deviation <= most)) {
        return gan__fail(context, isnan(deviation) ? GAN_ERROR_ARGUMENT : GAN_ERROR_RANGE,
                         "score modes: deviation is %g, not within %g to %g", deviation, 1 / most,
                         most);
    }
    for (int64_t i = 0; i < modes * score->elements; i++) {
        if (!(fabs(centres[i]) <= most)) {
            return gan__fail(context, isnan(centres[i]) ? GAN_ERROR_ARGUMENT : GAN_ERROR_RANGE,
                             "score modes: element %lld of centre %lld is %g, not within +-%g",
                             (long long)(i % score->elements), (long long)(i / score->elements),
                             centres[i], most);
        }
    }
    return GAN_OK;
}

int32_t gan_score_set_modes(gan_score *score, int64_t modes, const double *centres,
                            double deviation)
{
    if (score == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (!score->kind->mixture) {
        return gan__fail(score->context, GAN_ERROR_STATE, "score %s: this kind has no modes",
                         score->kind->name);
    }
    GAN__TRY(check_modes(score, modes, centres, deviation));
    GAN__TRY(check_empty(score, "the mixture"));
    gan__modes made;
    GAN__TRY(gan__modes_make(score->context, modes, score->elements, centres, deviation, &made));
    gan__modes_free(&score->modes);
    score->modes = made;
    forget_results(score);
    return GAN_OK;
}

/* ---- Vectors ------------------------------------------------------------------------------- */

static int32_t check_vectors(const gan_score *score, int32_t side, int64_t n, const float *x)
{
    gan_context *context = score->context;
    const int64_t elements = score->elements;
    GAN__TRY(gan__eval_pointer(context, "score", "x", x));
    GAN__TRY(gan__eval_count(context, "score", "n", n));
    if (gan__multiply(n, elements) < 0 || n > INT64_MAX / 2 - score->sides[side].count) {
        return gan__fail(context, GAN_ERROR_RANGE, "score: %lld vectors of %lld elements",
                         (long long)n, (long long)elements);
    }
    for (int64_t i = 0; i < n * elements; i++) {
        if (!isfinite(x[i])) {
            return gan__fail(context, GAN_ERROR_NUMERIC,
                             "score: element %lld of %s vector %lld is %s",
                             (long long)(i % elements), side_names[side], (long long)(i / elements),
                             isnan(x[i]) ? "NaN" : "infinite");
        }
    }
    return GAN_OK;
}

/* A number that a sum of them tells sets apart by. The multipliers are those of MurmurHash3's
 * finalizer (Appleby 2011). */
static inline uint64_t mix(uint64_t h, uint64_t bits)
{
    h = (h ^ bits) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 32;
}

static uint64_t hash_vector(int64_t n, const float *x)
{
    uint64_t h = (uint64_t)n;
    for (int64_t i = 0; i < n; i++) {
        const float value = x[i] == 0 ? 0 : x[i]; /* -0 is 0 */
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        h = mix(h, bits);
    }
    return mix(h * UINT64_C(0xc4ceb9fe1a85ec53), 1);
}

static uint64_t hash_modes(const gan__modes *modes)
{
    uint64_t h = (uint64_t)modes->count;
    for (int64_t i = 0; i <= modes->count * modes->elements; i++) {
        const double x = i == 0 ? modes->deviation : modes->centres[i - 1];
        const double value = x == 0 ? 0 : x;
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        h = mix(h, bits);
    }
    return mix(h, 1);
}

static int32_t add(gan_score *score, int32_t side, int64_t n, const float *x)
{
    if (score == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(check_vectors(score, side, n, x));
    GAN__TRY(score->kind->reserve(score, side, n));
    score->kind->take(score, side, n, x);
    score->sides[side].count += n;
    if (side == GAN__REAL) {
        for (int64_t i = 0; i < n; i++) {
            score->sides[side].fingerprint += hash_vector(score->elements, x + i * score->elements);
        }
    }
    forget_results(score);
    return GAN_OK;
}

int32_t gan_score_add_real(gan_score *score, int64_t n, const float *x)
{
    return add(score, GAN__REAL, n, x);
}

int32_t gan_score_add_fake(gan_score *score, int64_t n, const float *x)
{
    return add(score, GAN__FAKE, n, x);
}

void gan_score_clear_fake(gan_score *score)
{
    if (score != NULL) {
        score->kind->clear(score, GAN__FAKE);
        score->sides[GAN__FAKE].count = 0;
        forget_results(score);
    }
}

/* ---- Facts --------------------------------------------------------------------------------- */

int64_t gan__score_used(const gan_score *score, int32_t side)
{
    const bool kept = (score->kind->reads & UINT32_C(1) << GAN__SCORE_SAMPLES) != 0;
    return kept ? score->sides[side].kept.count : score->sides[side].count;
}

int32_t gan__score_need(const gan_score *score, int64_t least)
{
    for (int32_t i = 0; i < GAN__SIDES; i++) {
        const int64_t used = gan__score_used(score, i);
        if (used < least) {
            return gan__fail(score->context, GAN_ERROR_STATE,
                             "score %s: %lld %s vectors, at least %lld", score->kind->name,
                             (long long)used, side_names[i], (long long)least);
        }
    }
    return GAN_OK;
}

/* 53 bits, which a double holds. */
static uint64_t fingerprint_of(const gan_score *score)
{
    const uint64_t bits =
        score->kind->mixture ? hash_modes(&score->modes) : score->sides[GAN__REAL].fingerprint;
    return bits >> 11;
}

static double fact_of(const gan_score *score, int32_t fact)
{
    switch (fact) {
    case ELEMENTS:
        return (double)score->elements;
    case REAL_COUNT:
    case FAKE_COUNT:
        return (double)score->sides[fact - REAL_COUNT].count;
    case REAL_USED:
    case FAKE_USED:
        return (double)gan__score_used(score, fact - REAL_USED);
    case SEED:
        return score->options[GAN__SCORE_SEED];
    default:
        return (double)fingerprint_of(score);
    }
}

static bool is_read(const gan_score *score, int32_t option)
{
    return (score->kind->reads >> option & 1) != 0;
}

const char *gan_score_protocol(gan_score *score)
{
    if (score == NULL) {
        return NULL;
    }
    char *text = score->protocol;
    const size_t size = sizeof score->protocol;
    size_t used = (size_t)snprintf(
        text, size,
        "%s; features %s; elements %.0f; real_count %.0f; fake_count %.0f; real_used %.0f; "
        "fake_used %.0f; fingerprint %014" PRIx64,
        score->kind->name, score->features, fact_of(score, ELEMENTS), fact_of(score, REAL_COUNT),
        fact_of(score, FAKE_COUNT), fact_of(score, REAL_USED), fact_of(score, FAKE_USED),
        fingerprint_of(score));
    for (int32_t i = 0; i < GAN__SCORE_OPTIONS; i++) {
        if (is_read(score, i) && used < size) {
            used += (size_t)snprintf(text + used, size - used, "; %s %.17g",
                                     gan__score_options.rows[i].name, score->options[i]);
        }
    }
    return text;
}

static int32_t compare(gan_context *context, const char *what, double a, double b)
{
    if (a != b) {
        return gan__fail(context, GAN_ERROR_STATE,
                         "scores cannot be compared: %s is %.17g and %.17g", what, a, b);
    }
    return GAN_OK;
}

static int32_t compare_text(gan_context *context, const char *what, const char *a, const char *b)
{
    if (strcmp(a, b) != 0) {
        return gan__fail(context, GAN_ERROR_STATE,
                         "scores cannot be compared: %s is \"%s\" and \"%s\"", what, a, b);
    }
    return GAN_OK;
}

int32_t gan_score_comparable(const gan_score *a, const gan_score *b)
{
    if (a == NULL || b == NULL) {
        return a == NULL ? GAN_ERROR_ARGUMENT
                         : gan__fail(a->context, GAN_ERROR_ARGUMENT, "score: b is NULL");
    }
    GAN__TRY(compare_text(a->context, "kind", a->kind->name, b->kind->name));
    GAN__TRY(compare_text(a->context, "features", a->features, b->features));
    for (int32_t i = 0; i < FACTS; i++) {
        if (i != SEED || is_read(a, GAN__SCORE_SEED)) {
            GAN__TRY(compare(a->context, facts[i], fact_of(a, i), fact_of(b, i)));
        }
    }
    for (int32_t i = 0; i < GAN__SCORE_OPTIONS; i++) {
        if (is_read(a, i)) {
            GAN__TRY(
                compare(a->context, gan__score_options.rows[i].name, a->options[i], b->options[i]));
        }
    }
    return GAN_OK;
}

/* ---- Values -------------------------------------------------------------------------------- */

static int32_t value_count(const gan_score *score)
{
    int32_t count = 0;
    while (score->kind->values[count] != NULL) {
        count++;
    }
    return count;
}

const char *gan_score_value_name(const gan_score *score, int32_t index)
{
    if (score == NULL || index < 0) {
        return NULL;
    }
    const int32_t own = value_count(score);
    if (index < own) {
        return score->kind->values[index];
    }
    return index - own < FACTS ? facts[index - own] : NULL;
}

/* index receives the place of a value among the names: the kind's own first. */
static int32_t find_value(const gan_score *score, const char *name, int32_t *index)
{
    GAN__TRY(gan__eval_pointer(score->context, "score", "name", name));
    const char *other;
    for (int32_t i = 0; (other = gan_score_value_name(score, i)) != NULL; i++) {
        if (strcmp(name, other) == 0) {
            *index = i;
            return GAN_OK;
        }
    }
    return gan__fail(score->context, GAN_ERROR_KEY, "score %s: no value \"%.64s\"",
                     score->kind->name, name);
}

static int32_t compute(gan_score *score)
{
    if (score->computed) {
        return GAN_OK;
    }
    double values[GAN__SCORE_VALUES] = {0};
    GAN__TRY(score->kind->compute(score, values));
    for (int32_t i = 0; i < value_count(score); i++) {
        if (isinf(values[i]) || (isnan(values[i]) && !score->kind->mixture)) {
            return gan__fail(score->context, GAN_ERROR_NUMERIC, "score %s: %s is %s",
                             score->kind->name, score->kind->values[i],
                             isnan(values[i]) ? "NaN" : "infinite");
        }
    }
    memcpy(score->values, values, sizeof values);
    score->computed = true;
    return GAN_OK;
}

int32_t gan_score_value(gan_score *score, const char *name, double *value)
{
    if (score == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    int32_t index;
    GAN__TRY(gan__eval_pointer(score->context, "score", "value", value));
    GAN__TRY(find_value(score, name, &index));
    const int32_t own = value_count(score);
    if (index < own) {
        GAN__TRY(compute(score));
    }
    *value = index < own ? score->values[index] : fact_of(score, index - own);
    return GAN_OK;
}

static int32_t compute_floor(gan_score *score)
{
    if (score->floored) {
        return GAN_OK;
    }
    double means[GAN__SCORE_VALUES], deviations[GAN__SCORE_VALUES];
    for (int32_t i = 0; i < GAN__SCORE_VALUES; i++) {
        means[i] = deviations[i] = NAN;
    }
    GAN__TRY(compute(score));
    GAN__TRY(score->kind->floor(score, means, deviations));
    memcpy(score->floor_means, means, sizeof means);
    memcpy(score->floor_deviations, deviations, sizeof deviations);
    score->floored = true;
    return GAN_OK;
}

int32_t gan_score_floor(gan_score *score, const char *name, double *mean, double *deviation)
{
    if (score == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    int32_t index;
    GAN__TRY(find_value(score, name, &index));
    const bool own = index < value_count(score);
    if (own && score->kind->floor != NULL) {
        GAN__TRY(compute_floor(score));
    }
    if (!own || score->kind->floor == NULL ||
        (isnan(score->floor_means[index]) && !score->kind->mixture)) {
        return gan__fail(score->context, GAN_ERROR_UNSUPPORTED,
                         "score %s: the floor of \"%s\" is not known", score->kind->name, name);
    }
    if (mean != NULL) {
        *mean = score->floor_means[index];
    }
    if (deviation != NULL) {
        *deviation = score->floor_deviations[index];
    }
    return GAN_OK;
}

int32_t gan_score_mode(const gan_score *score, int64_t mode, int64_t *count, int64_t *good,
                       double *deviation_ratio, double *offset)
{
    if (score == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    const gan__modes *modes = &score->modes;
    if (modes->count == 0) {
        return gan__fail(score->context, GAN_ERROR_STATE, "score %s: no modes are set",
                         score->kind->name);
    }
    if (mode < 0 || mode >= modes->count) {
        return gan__fail(score->context, GAN_ERROR_RANGE,
                         "score modes: mode is %lld, not within 0 to %lld", (long long)mode,
                         (long long)(modes->count - 1));
    }
    double ratio, distance;
    gan__modes_spread(modes, &modes->tally, mode, &ratio, &distance);
    if (count != NULL) {
        *count = modes->tally.counts[mode];
    }
    if (good != NULL) {
        *good = modes->tally.good[mode];
    }
    if (deviation_ratio != NULL) {
        *deviation_ratio = ratio;
    }
    if (offset != NULL) {
        *offset = distance;
    }
    return GAN_OK;
}
