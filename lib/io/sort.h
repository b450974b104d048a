/* Sorting in place: no memory, no recursion, never more than about 2 n log n comparisons. The C
 * library's qsort promises none of the three. */
#ifndef GAN_IO_SORT_H
#define GAN_IO_SORT_H

#include <stddef.h>
#include <stdint.h>

enum { GAN__SORT_ITEM = 128 };

/* Sorts `count` items of `size` bytes, at most GAN__SORT_ITEM, into ascending order; equal ones in
 * any. */
void gan__sort(void *items, int64_t count, size_t size, int (*compare)(const void *, const void *));

#endif
