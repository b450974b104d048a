#include "io/sort.h"

#include <string.h>

typedef struct {
    char *items;
    size_t size;
    int (*compare)(const void *, const void *);
} heap;

static char *at(const heap *h, int64_t i)
{
    return h->items + (size_t)i * h->size;
}

static void swap(const heap *h, int64_t i, int64_t j)
{
    char held[GAN__SORT_ITEM];
    memcpy(held, at(h, i), h->size);
    memcpy(at(h, i), at(h, j), h->size);
    memcpy(at(h, j), held, h->size);
}

/* Lets item i of the first `count` sink until neither of its children is larger. */
static void sink(const heap *h, int64_t i, int64_t count)
{
    for (int64_t child = 2 * i + 1; child < count; child = 2 * i + 1) {
        if (child + 1 < count && h->compare(at(h, child + 1), at(h, child)) > 0) {
            child++;
        }
        if (h->compare(at(h, child), at(h, i)) <= 0) {
            return;
        }
        swap(h, i, child);
        i = child;
    }
}

/* Heap sort: Williams 1964, building the heap from below as Floyd 1964. */
void gan__sort(void *items, int64_t count, size_t size, int (*compare)(const void *, const void *))
{
    const heap h = {items, size, compare};
    for (int64_t i = count / 2; i-- > 0;) {
        sink(&h, i, count);
    }
    for (int64_t last = count - 1; last > 0; last--) {
        swap(&h, 0, last);
        sink(&h, 0, last);
    }
}
