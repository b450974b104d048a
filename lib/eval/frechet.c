/* The Frechet distance of two Gaussians from streaming moments. */
#include "eval/dense.h"
#include "eval/nuclear.h"
#include "eval/score.h"

#include <math.h>

typedef struct {
    gan_context *context;
    int64_t n; /* elements, padded */
    double *means[GAN__SIDES], *factors[GAN__SIDES];
    double *square, *work; /* [n, n] and for the norm */
    int64_t ranks[GAN__SIDES];
    double traces[GAN__SIDES];
} frechet;

static int32_t make(frechet *f, gan_context *context)
{
    const int64_t n = f->n;
    f->context = context;
    for (int32_t i = 0; i < GAN__SIDES; i++) {
        f->means[i] = gan__allocate(context, n, sizeof **f->means);
        f->factors[i] = gan__allocate(context, n * n, sizeof **f->factors);
        if (f->means[i] == NULL || f->factors[i] == NULL) {
            return GAN_ERROR_MEMORY;
        }
    }
    f->square = gan__allocate(context, n * n, sizeof *f->square);
    f->work = gan__allocate(context, gan__nuclear_work(n, n), sizeof *f->work);
    return f->square != NULL && f->work != NULL ? GAN_OK : GAN_ERROR_MEMORY;
}

static void release(const frechet *f)
{
    for (int32_t i = 0; i < GAN__SIDES; i++) {
        gan__release(f->context, f->means[i]);
        gan__release(f->context, f->factors[i]);
    }
    gan__release(f->context, f->square);
    gan__release(f->context, f->work);
}

/* The mean, the trace and the factor of one set's covariance. */
static void factor(frechet *f, const gan__moments *moments, int32_t side)
{
    gan__moments_finish(f->context, moments, f->means[side], f->square);
    for (int64_t i = 0; i < f->n; i++) {
        f->traces[side] += f->square[i * f->n + i];
    }
    f->ranks[side] = gan__factor(f->context, f->n, f->square, f->factors[side]);
}

typedef struct {
    int64_t n, columns;
    const double *a, *b; /* [rows, n], [columns, n] */
    double *c;           /* [rows, columns] */
} product;

static void multiply_row(void *argument, int64_t row)
{
    const product *p = argument;
    for (int64_t j = 0; j < p->columns; j++) {
        p->c[row * p->columns + j] = gan__dense_dot(p->n, p->a + row * p->n, p->b + j * p->n);
    }
}

/* tr (C_x C_y)^(1/2) */
static double cross_trace(const frechet *f)
{
    const int32_t tall = f->ranks[GAN__REAL] >= f->ranks[GAN__FAKE] ? GAN__REAL : GAN__FAKE;
    const int64_t rows = f->ranks[tall], columns = f->ranks[!tall];
    if (columns == 0) {
        return 0;
    }
    product p = {f->n, columns, f->factors[tall], f->factors[!tall], f->square};
    gan__eval_for_each(f->context, rows, rows * columns * f->n, multiply_row, &p);
    return gan__nuclear_norm(f->context, rows, columns, f->square, f->work);
}

int32_t gan__score_frechet(gan_score *score, double *values)
{
    GAN__TRY(gan__score_need(score, 2));
    frechet f = {.n = score->sides[GAN__REAL].moments.padded};
    const int32_t status = make(&f, score->context);
    if (status == GAN_OK) {
        for (int32_t i = 0; i < GAN__SIDES; i++) {
            factor(&f, &score->sides[i].moments, i);
        }
        double distance = 0;
        for (int64_t i = 0; i < f.n; i++) {
            const double difference = f.means[GAN__REAL][i] - f.means[GAN__FAKE][i];
            distance += difference * difference;
        }
        const double spread = f.traces[GAN__REAL] + f.traces[GAN__FAKE] - 2 * cross_trace(&f);
        values[1] = distance;
        values[2] = spread > 0 ? spread : 0; /* below by rounding only */
        values[0] = values[1] + values[2];
    }
    release(&f);
    return status;
}
