/* The library's own threads: a pool that starts when first needed and runs numbered tasks. */
#ifndef GAN_BASE_THREADS_H
#define GAN_BASE_THREADS_H

#include "base/context.h"

/* Does task number `task`. May run on any thread of the pool, at the same time as others. */
typedef void (*gan__task_fn)(void *argument, int64_t task);

/* Does tasks 0 to tasks - 1, in any order, and returns when all are done. What a task computes must
 * depend on its number only: then results do not depend on the number of threads. Never fails:
 * where threads cannot be had, the calling thread does it all. Tasks must not allocate, and must
 * not call this function. One call at a time on one context. */
void gan__parallel(gan_context *context, int64_t tasks, gan__task_fn function, void *argument);

/* Ends the threads of the context's pool; the next parallel call starts new ones. */
void gan__pool_free(gan_context *context);

/* How many processors this process may run on, 1 to GAN__THREADS_MAX. */
int32_t gan__processors(void);

#endif
