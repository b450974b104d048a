#include "kernel/filter.h"

#include "base/simd.h"

/* ---- Matrices -------------------------------------------------------------------------------- */

typedef double coefficients[GAN__FILTER_POINTS_MAX][GAN__FILTER_POINTS_MAX];

/* Keeps a matrix and its transpose. */
static void keep(gan__filter_matrix *m, gan__filter_matrix *back, int64_t rows, int64_t columns,
                 coefficients from)
{
    gan__filter_matrix *both[2] = {m, back};
    for (int32_t turned = 0; turned < 2; turned++) {
        gan__filter_matrix *to = both[turned];
        int32_t terms = 0;
        to->rows = (int32_t)(turned ? columns : rows);
        to->columns = (int32_t)(turned ? rows : columns);
        for (int32_t i = 0; i < to->rows; i++) {
            for (int32_t k = 0; k < to->columns; k++) {
                const double value = turned ? from[k][i] : from[i][k];
                if (value != 0) {
                    to->places[terms] = k;
                    to->factors[terms++] = (real)value;
                }
            }
            to->ends[i] = terms;
        }
    }
}

/* A polynomial is known by its values at as many points as it has coefficients, and the values of a
 * product are products of values. So Toom and Cook multiply the polynomial of the gradients by the
 * results (its values: `result`, transposed) by that of the kernel (`kernel`; divided, for the next
 * step's sake) and interpolate (`image`, transposed), which gives the gradient by the image. What
 * makes results from an image is the transpose of that. */
gan__filter gan__filter_create(int64_t points, int64_t taps)
{
    static const double at[GAN__FILTER_POINTS_MAX - 1] = {0, 1, -1, 2};
    const int64_t last = points - 1, results = points - taps + 1; /* last: infinity */
    coefficients image = {{0}}, result = {{0}}, kernel = {{0}};
    for (int64_t p = 0; p <= last; p++) {
        /* The polynomial that is zero at all other finite points, and its value at this one. */
        int64_t degree = 0;
        double value = 1, power = 1;
        image[p][0] = 1;
        for (int64_t q = 0; q < last; q++) {
            if (q == p) {
                continue;
            }
            for (int64_t i = ++degree; i > 0; i--) {
                image[p][i] = image[p][i - 1] - at[q] * image[p][i];
            }
            image[p][0] *= -at[q];
            value *= p < last ? at[p] - at[q] : 1;
        }
        for (int64_t i = 0; p < last && i < points; i++, power *= at[p]) {
            result[i][p] = power;
            kernel[p][i] = power / value;
        }
    }
    result[results - 1][last] = 1;
    kernel[last][taps - 1] = 1;
    gan__filter filter;
    keep(&filter.image, &filter.image_back, points, points, image);
    keep(&filter.result, &filter.result_back, results, points, result);
    keep(&filter.kernel, &filter.kernel_back, points, taps, kernel);
    return filter;
}

/* ---- Transforms ------------------------------------------------------------------------------ */

typedef real vector __attribute__((vector_size(64), may_alias, aligned(sizeof(real))));

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 3")
#endif

/* out[j][i] = sum over k of m[i][k] in[k][j] for so many j, which the compiler knows. */
GAN__INLINE void apply_to(const int columns, const gan__filter_matrix *m, gan__square in,
                          bool accumulate, gan__square out)
{
    for (int32_t i = 0, term = 0; i < m->rows; i++, out.at += out.column) {
        vector sums[3];
        UNROLL
        for (int j = 0; j < columns; j++) {
            sums[j] = accumulate ? *(const vector *)(out.at + j * out.row) : (vector){0};
        }
        for (; term < m->ends[i]; term++) {
            const real *row = in.at + m->places[term] * in.row;
            UNROLL
            for (int j = 0; j < columns; j++) {
                sums[j] += m->factors[term] * *(const vector *)(row + j * in.column);
            }
        }
        UNROLL
        for (int j = 0; j < columns; j++) {
            *(vector *)(out.at + j * out.row) = sums[j];
        }
    }
}

GAN__SIMD static void apply(int64_t columns, const gan__filter_matrix *m, gan__square in,
                            bool accumulate, gan__square out)
{
    for (; columns >= 2; columns -= 2) {
        if (columns == 3) {
            apply_to(3, m, in, accumulate, out);
            return;
        }
        apply_to(2, m, in, accumulate, out);
        in.at += 2 * in.column;
        out.at += 2 * out.row;
    }
}

void gan__filter_transform(const gan__filter_matrix *m, gan__square in, bool accumulate,
                           gan__square out)
{
    _Alignas(64) real half[GAN__FILTER_POINTS_MAX * GAN__FILTER_POINTS_MAX * GAN__FILTER_VECTOR];
    const gan__square turned = {half, GAN__FILTER_POINTS_MAX * GAN__FILTER_VECTOR,
                                GAN__FILTER_VECTOR};
    apply(m->columns, m, in, false, turned);
    apply(m->rows, m, turned, accumulate, out);
}
