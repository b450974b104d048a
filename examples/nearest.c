#include "nearest.h"

#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double squared_distance(const float *a, const float *b, int64_t elements)
{
    double sum = 0;
    for (int64_t i = 0; i < elements; i++) {
        double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return sum;
}

void nearest_rows(gan_context *context, gan_dataset *data, int64_t count, const float *samples,
                  float *nearest)
{
    enum { BLOCK = 1000 }; /* rows read at a time: bytes become floats only in here */
    const int64_t total = gan_dataset_count(data), elements = gan_dataset_elements(data);
    float *rows = allocate((size_t)(BLOCK * elements), sizeof *rows);
    double *least = allocate((size_t)count, sizeof *least);
    for (int64_t i = 0; i < count; i++) {
        least[i] = HUGE_VAL;
    }
    for (int64_t start = 0; start < total; start += BLOCK) {
        int64_t size = start + BLOCK <= total ? BLOCK : total - start;
        check(context, gan_dataset_read(data, start, size, rows, BLOCK * elements));
        for (int64_t i = 0; i < count * size; i++) {
            int64_t sample = i / size;
            const float *row = rows + i % size * elements;
            double distance = squared_distance(samples + sample * elements, row, elements);
            if (distance < least[sample]) {
                least[sample] = distance;
                memcpy(nearest + sample * elements, row, (size_t)elements * sizeof *row);
            }
        }
    }
    free(least);
    free(rows);
}
