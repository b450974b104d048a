/* Inside the convolutions: pieces of the patch matrix [c kh kw, n oh ow], whose column (n, i, j)
 * has what output (i, j) of sample n reads. */
#ifndef GAN_KERNEL_PATCHES_H
#define GAN_KERNEL_PATCHES_H

#include "kernel/convolution.h"

/* A plane of x, a channel of one sample, as the lines of a block read it: padded, and dealt out by
 * the strides, so that what a tap (an element of the kernel) reads are neighbours. Phase (p, q) has
 * the padded rows p, p + S, ... and of these the columns q, q + S, ... */
typedef struct {
    int64_t rows, columns; /* how many phases; a kernel may not reach all that the strides make */
    int64_t height, width; /* of a phase */
    int64_t elements;      /* of all; 0: the plane itself will do */
    int64_t group;         /* samples whose planes are dealt out at a time */
} gan__phases;

enum { GAN__PATCHES_SLACK = 8 }; /* elements behind patches that may be read, whatever they are */

/* Columns of the patch matrix: some lines of the output of a sample, or all of several samples. */
typedef struct {
    int64_t sample, samples; /* the first one, and how many */
    int64_t line, lines;     /* of the output */
    int64_t columns;         /* samples lines ow */
} gan__block;

/* The phases that blocks of so many lines need. */
gan__phases gan__phases_of(const gan__convolution *c, int64_t lines);

/* Fills rows [from, to) of a block.
 *   goes_on  whether the call before made the rows before `from` of the same block, and `dealt` is
 *            as it left it; a block of several samples it must have left at the end of a channel
 * x: [n, c, h, w]; dealt: [f->group, f->elements], scratch; patches: [to - from, columns] */
void gan__patches_gather(const gan__convolution *c, const gan__phases *f, const gan__block *b,
                         int64_t from, int64_t to, bool goes_on, const real *x, real *dealt,
                         real *patches);

/* The transpose: adds rows [from, to) of a block to its samples. Rows come in their order, from 0
 * on, and only a block of one sample may be left within a channel. x: [n, c, h, w]; patches:
 * [to - from, columns] and GAN__PATCHES_SLACK more */
void gan__patches_scatter(const gan__convolution *c, const gan__phases *f, const gan__block *b,
                          int64_t from, int64_t to, const real *patches, real *dealt, real *x);

/* Puts samples y: [samples, o, oh ow] side by side, joined: [o, samples oh ow]; and the reverse. */
void gan__samples_join(const gan__convolution *c, int64_t samples, const real *y, real *joined);
void gan__samples_part(const gan__convolution *c, int64_t samples, const real *joined, real *y);

#endif
