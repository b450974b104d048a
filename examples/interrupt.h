/* Ctrl-C and termination, noted for the next convenient moment. */
#ifndef EXAMPLES_INTERRUPT_H
#define EXAMPLES_INTERRUPT_H

#include <stdbool.h>

/* From now on the first SIGINT or SIGTERM is noted and the program goes on; the second one ends it
 * as it would have without this call. */
void catch_interrupts(void);

/* Whether one has come. */
bool interrupted(void);

#endif
