#include "parzen.h"

#include "check.h"

#include <stdio.h>
#include <stdlib.h>

static float *read_all(gan_context *context, gan_dataset *data)
{
    int64_t count = gan_dataset_count(data), elements = gan_dataset_elements(data);
    float *rows = allocate((size_t)(count * elements), sizeof *rows);
    check(context, gan_dataset_read(data, 0, count, rows, count * elements));
    return rows;
}

parzen parzen_score(gan_context *context, const float *samples, gan_dataset *validation,
                    gan_dataset *scored)
{
    float *chooses = read_all(context, validation), *rows = read_all(context, scored);
    parzen p = {.mean = 0};
    int32_t edge = 0;
    check(context,
          gan_parzen_protocol(context, gan_dataset_elements(scored), PARZEN_SAMPLES, samples,
                              gan_dataset_count(validation), chooses, gan_dataset_count(scored),
                              rows, &p.sigma, &p.mean, &p.standard_error, &edge));
    p.edge = edge != 0;
    free(rows);
    free(chooses);
    return p;
}

void parzen_warn(const parzen *p, const char *whose)
{
    if (p->edge) {
        fflush(stdout);
        fprintf(stderr,
                "warning: the bandwidth %g of the %s generator is at the edge of those tried, the "
                "score is not to be trusted\n",
                p->sigma, whose);
    }
}

void parzen_write(const parzen *p, metrics *log, const char *mean, const char *standard_error,
                  const char *sigma, const char *edge)
{
    metrics_number(log, mean, p->mean);
    metrics_number(log, standard_error, p->standard_error);
    metrics_number(log, sigma, p->sigma);
    metrics_flag(log, edge, p->edge);
}
