/* The number type of the engine: float in the library; double in the build that the gradient tests
 * link, where central differences can prove something. */
#ifndef GAN_KERNEL_REAL_H
#define GAN_KERNEL_REAL_H

#ifdef GAN_REAL_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif
