#include "interrupt.h"

#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

static atomic_int noted; /* a signal may come to any thread */

/* Runs inside the signal: it may do nothing but set the flag and hand the next signal back to the
 * system, and what was interrupted must not notice. */
static void note(int number)
{
    (void)number;
    const int error = errno;
    noted = 1;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    errno = error;
}

void catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0) {
        fail("cannot catch SIGINT and SIGTERM");
    }
}

bool interrupted(void)
{
    return noted != 0;
}
