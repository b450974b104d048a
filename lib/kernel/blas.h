/* The BLAS of this process: which one it is, and its threads. */
#ifndef GAN_KERNEL_BLAS_H
#define GAN_KERNEL_BLAS_H

/* Makes the BLAS single-threaded, and puts its setting back. Where the setting belongs to the
 * process, the first thread in saves it and the last one out restores it; where each thread has its
 * own, each does so for itself. OpenBLAS, BLIS and MKL are known; the threads of any other BLAS are
 * left as they are, and then results may depend on them. */
void gan__blas_enter(void);
void gan__blas_leave(void);

/* Around every call of the BLAS, on whatever thread. Waits for its turn where the BLAS cannot serve
 * several threads at a time. */
void gan__blas_begin(void);
void gan__blas_end(void);

/* What gan_backend_text says. Valid for ever; "unknown" where the BLAS does not tell. */
const char *gan__blas_name(void);
const char *gan__blas_version(void);
const char *gan__blas_core(void);
const char *gan__blas_file(void);
const char *gan__blas_threads(void);

#endif
