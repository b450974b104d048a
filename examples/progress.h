/* How far a training run is: a bar with rate and time left when stdout is a terminal, plain lines
 * when it is not. */
#ifndef EXAMPLES_PROGRESS_H
#define EXAMPLES_PROGRESS_H

#include "check.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    bool terminal;
    double started; /* seconds_now() at the start, later by the length of all pauses */
    double paused;  /* when the clock was stopped; 0 while it runs */
    double drawn;   /* when the bar was drawn last; 0 for never */
    double share;   /* done so far, 0 to 1 */
    int64_t steps;  /* made so far */
} progress;

/* Seconds of a clock that never jumps. */
double seconds_now(void);

/* Starts the clock. */
progress progress_start(void);

/* Stops the clock, and lets it go on. */
void progress_pause(progress *run);
void progress_resume(progress *run);

/* Notes how far the run is. */
void progress_update(progress *run, double share, int64_t steps);

/* On a terminal: draws the bar anew, with a text before it, at most ten times a second. */
void progress_bar(progress *run, const char *format, ...) PRINTF_LIKE(2, 3);

/* Not on a terminal: prints the text as a line, then rate and time left. */
void progress_line(const progress *run, const char *format, ...) PRINTF_LIKE(2, 3);

/* Ends the line of the bar, if there is one. Call it before anything else is printed. */
void progress_end(progress *run);

/* Seconds since the start without the pauses. */
double progress_seconds(const progress *run);

/* The ending of a counted word: "s", or nothing if the count is 1. */
const char *plural(int64_t count);

#endif
