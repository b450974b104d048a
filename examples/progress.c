#include "progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_CELLS = 16 };
static const double BAR_SECONDS = 0.1; /* between two drawings */

double seconds_now(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return 0;
    }
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

progress progress_start(void)
{
    const char *kind = getenv("TERM");
    bool dumb = kind == NULL || kind[0] == '\0' || strcmp(kind, "dumb") == 0;
    return (progress){.terminal = !dumb && isatty(STDOUT_FILENO) == 1, .started = seconds_now()};
}

double progress_seconds(const progress *run)
{
    return (run->paused > 0 ? run->paused : seconds_now()) - run->started;
}

void progress_pause(progress *run)
{
    run->paused = seconds_now();
}

void progress_resume(progress *run)
{
    run->started += seconds_now() - run->paused;
    run->paused = 0;
}

const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

void progress_update(progress *run, double share, int64_t steps)
{
    run->share = fmin(fmax(share, 0), 1);
    run->steps = steps;
}

/* "93 steps/s, 0:47 left" */
static void describe_pace(const progress *run, char *text, size_t size)
{
    double seconds = progress_seconds(run);
    if (run->share <= 0 || seconds <= 0) {
        snprintf(text, size, "...");
        return;
    }
    double rate = (double)run->steps / seconds;
    int64_t left = llround(seconds * (1 - run->share) / run->share);
    int written = snprintf(text, size, "%.*f steps/s, ", rate < 10 ? 1 : 0, rate);
    if (written < 0 || (size_t)written >= size) {
        return;
    }
    text += written;
    size -= (size_t)written;
    if (left >= 3600) {
        snprintf(text, size, "%d:%02d:%02d left", (int)(left / 3600), (int)(left / 60 % 60),
                 (int)(left % 60));
    } else {
        snprintf(text, size, "%d:%02d left", (int)(left / 60), (int)(left % 60));
    }
}

void progress_bar(progress *run, const char *format, ...)
{
    double now = seconds_now();
    bool due = run->drawn <= 0 || now - run->drawn >= BAR_SECONDS || run->share >= 1;
    if (!run->terminal || !due) {
        return;
    }
    run->drawn = now;
    static const char done[] = "################", open[] = "................";
    _Static_assert(sizeof done - 1 == BAR_CELLS && sizeof open - 1 == BAR_CELLS, "bar");
    int filled = (int)(run->share * BAR_CELLS);
    char pace[64];
    describe_pace(run, pace, sizeof pace);
    va_list values;
    va_start(values, format);
    putchar('\r');
    vprintf(format, values);
    va_end(values);
    printf(" [%.*s%.*s] %3.0f%%, %s\033[K", filled, done, BAR_CELLS - filled, open,
           floor(100 * run->share), pace);
    fflush(stdout);
}

void progress_line(const progress *run, const char *format, ...)
{
    if (run->terminal) {
        return;
    }
    char pace[64];
    describe_pace(run, pace, sizeof pace);
    va_list values;
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    printf(", %s\n", pace);
    fflush(stdout);
}

void progress_end(progress *run)
{
    if (run->drawn > 0) {
        putchar('\n');
        fflush(stdout);
        run->drawn = 0;
    }
}
