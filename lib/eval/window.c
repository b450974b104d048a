#include "eval/window.h"

#include "eval/dense.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Every loop over a group has fixed bounds, and sums and minima are taken in lanes, so that a
 * compiler can make vectors of them without leave to change the arithmetic. */
enum { GROUP = GAN__WINDOW_GROUP, LANES = GAN__LANES };

static const double doubt_element = 1e-6, doubt_most = 1e-3; /* nats */
static const double reach = 25;                              /* exp(-25) is 1e-11 */
static const double cutoff = 40; /* exp(-40) is 4e-18: not worth an exponential */

static const double rounding_unit =
    sizeof(real) == sizeof(float) ? (double)FLT_EPSILON / 2 : DBL_EPSILON / 2;

/* exp x for x from -700 to 0: 2^k times a polynomial on |r| <= log(2) / 2, a Chebyshev fit of this
 * project with relative error 5e-12. No calls and no branches. */
static inline double exp_of(double x)
{
    /* Adding 1.5 * 2^52 rounds to a whole number and leaves it in the low bits. */
    const double magic = 6755399441055744.0;
    const double shifted = x * 1.4426950408889634 + magic;
    const double r = x - (shifted - magic) * 0.6931471805599453;
    double p = 2.485957822263e-5;
    p = p * r + 1.989927395865e-4;
    p = p * r + 1.388885404961e-3;
    p = p * r + 8.333298483755e-3;
    p = p * r + 4.166666671898e-2;
    p = p * r + 0.16666666719;
    p = p * r + 0.5;
    p = p * (r * r) + r + 1;
    uint64_t k, bits;
    memcpy(&k, &shifted, sizeof k);
    memcpy(&bits, &p, sizeof bits);
    bits += k << 52;
    memcpy(&p, &bits, sizeof p);
    return p;
}

static inline double bounded(double x)
{
    return x < -700 ? -700 : x;
}

/* In lanes, which are always added in the same order. terms: [GROUP] */
static double sum_of(const double *terms)
{
    double lane[LANES] = {0};
    for (int32_t i = 0; i < GROUP; i += LANES) {
        for (int32_t j = 0; j < LANES; j++) {
            lane[j] += terms[i + j];
        }
    }
    double sum = 0;
    for (int32_t j = 0; j < LANES; j++) {
        sum += lane[j];
    }
    return sum;
}

/* distances: [GROUP] */
static double sum_exponentials(const double *distances, double nearest, double width)
{
    const double inverse = 1 / width;
    double terms[GROUP];
    for (int32_t i = 0; i < GROUP; i++) {
        terms[i] = bounded((nearest - distances[i]) * inverse);
    }
    for (int32_t i = 0; i < GROUP; i++) {
        terms[i] = exp_of(terms[i]);
    }
    return sum_of(terms);
}

static double least_of(const double *distances)
{
    double lane[LANES];
    memcpy(lane, distances, sizeof lane);
    for (int32_t i = LANES; i < GROUP; i += LANES) {
        for (int32_t j = 0; j < LANES; j++) {
            lane[j] = distances[i + j] < lane[j] ? distances[i + j] : lane[j];
        }
    }
    double least = lane[0];
    for (int32_t j = 1; j < LANES; j++) {
        least = lane[j] < least ? lane[j] : least;
    }
    return least;
}

/* Squared distances by the product; below 0 where rounding has its way. */
static void fill_distances(const double *squares, const real *products, const double *earlier,
                           double row_square, double *distances)
{
    for (int32_t i = 0; i < GROUP; i++) {
        distances[i] = row_square + squares[i] - 2 * (double)products[i];
    }
    if (earlier != NULL) {
        for (int32_t i = 0; i < GROUP; i++) {
            distances[i] -= 2 * earlier[i];
        }
    }
}

/* The squared distance from the caller's numbers, scaled. */
static double exact_distance(const gan__window *window, int64_t row, int64_t sample)
{
    const int64_t n = window->elements;
    return gan__dense_distance(n, window->rows + row * n, window->samples + sample * n) *
           window->scale * window->scale;
}

/* How far beyond the nearest sample distances count for a bandwidth that they are not good enough
 * for; 0 if there is no such bandwidth. */
static double reach_of(const gan__window *window, double doubt)
{
    const double most = fmin(doubt_element * (double)window->elements, doubt_most);
    double widest = 0;
    for (int32_t i = 0; i < window->sigmas; i++) {
        if (doubt > most * window->widths[i] && window->widths[i] > widest) {
            widest = window->widths[i];
        }
    }
    return reach * widest;
}

/* Takes again those distances of a group that may be within `far` of the least one. The least goes
 * first: it keeps the others few.
 *   first  the number of the group's first sample; past the last sample distances are infinite */
static void refine(const gan__window *window, const gan__window_row *row, int64_t first,
                   double slack, double far, double *distances)
{
    int32_t least = 0;
    for (int32_t i = 1; i < GROUP; i++) {
        least = distances[i] < distances[least] ? i : least;
    }
    distances[least] = exact_distance(window, row->index, first + least);
    double nearest = fmin(row->nearest, distances[least]);
    for (int32_t i = 0; i < GROUP; i++) {
        if (i != least && distances[i] - slack <= nearest + far) {
            distances[i] = exact_distance(window, row->index, first + i);
            nearest = fmin(nearest, distances[i]);
        }
    }
}

/* Adds a group's exponentials to the sums. least: of distances, [GROUP] */
static void add_exponentials(const gan__window *window, const double *distances, double least,
                             gan__window_row *row)
{
    const double before = row->nearest;
    row->nearest = fmin(before, least);
    for (int32_t i = 0; i < window->sigmas; i++) {
        const double width = window->widths[i];
        if (row->nearest < before) {
            row->sums[i] *= exp_of(bounded((row->nearest - before) / width));
        }
        if (least - row->nearest <= cutoff * width) {
            row->sums[i] += sum_exponentials(distances, row->nearest, width);
        }
    }
}

void gan__window_add(const gan__window *window, const gan__window_block *block,
                     const real *products, const double *earlier, gan__window_row *row)
{
    const double k = (double)window->product_elements;
    /* Products and centred values too small for a float are lost altogether. */
    const double lost = 4 * (double)window->elements * (double)FLT_MIN;
    for (int64_t i = 0; i < block->count; i += GROUP) {
        double distances[GROUP];
        fill_distances(block->squares + i, products + i, earlier != NULL ? earlier + i : NULL,
                       row->square, distances);
        double least = least_of(distances);
        const double unit = rounding_unit * (row->square + block->greatest[i / GROUP]);
        const double slack = (k + 4) * unit + lost;
        const double far = reach_of(window, sqrt(k) * unit + lost);
        if (far > 0 && least - slack <= row->nearest + far) {
            refine(window, row, block->first + i, slack, far, distances);
            least = least_of(distances);
        }
        if (least < 0) {
            least = 0;
            for (int32_t j = 0; j < GROUP; j++) {
                distances[j] = distances[j] > 0 ? distances[j] : 0;
            }
        }
        add_exponentials(window, distances, least, row);
    }
}
