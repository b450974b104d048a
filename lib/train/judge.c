/* The verdict of a monitor: values against thresholds, and several measurements in a row. */
#include "train/monitor.h"

#include <string.h>

static const char *const verdicts[] = {[GAN_VERDICT_UNKNOWN] = "unknown",
                                       [GAN_VERDICT_HEALTHY] = "healthy",
                                       [GAN_VERDICT_PARTIAL] = "partial",
                                       [GAN_VERDICT_COLLAPSED] = "collapsed"};

enum { VERDICTS = sizeof verdicts / sizeof verdicts[0] };

/* Which values are bad where they are low; the other ones where they are high. */
static const bool low[GAN__MONITOR_JUDGED] = {
    [GAN__MONITOR_DISTANCE_RATIO] = true, [GAN__MONITOR_SUPPORT_RATIO] = true};

const char *gan_monitor_verdict_name(int32_t verdict)
{
    return verdict >= 0 && verdict < VERDICTS ? verdicts[verdict] : NULL;
}

/* Appends to the reason, which is cut off where it is full. */
#if defined(__GNUC__) || defined(__clang__)
__attribute__((format(printf, 2, 3)))
#endif
static void
say(gan_monitor *monitor, const char *format, ...)
{
    const size_t used = strlen(monitor->reason);
    va_list list;
    va_start(list, format);
    gan__format(monitor->reason + used, sizeof monitor->reason - used, format, list);
    va_end(list);
}

/* How bad a value is. threshold: the one that it crossed */
static int32_t judge_value(const gan_monitor *monitor, int32_t index, double *threshold)
{
    const double value = monitor->values[index];
    for (int32_t verdict = GAN_VERDICT_COLLAPSED; verdict >= GAN_VERDICT_PARTIAL; verdict--) {
        *threshold =
            monitor->options[GAN__WATCH_PARTIAL + 2 * index + verdict - GAN_VERDICT_PARTIAL];
        if (low[index] ? value < *threshold : value > *threshold) {
            return verdict;
        }
    }
    return GAN_VERDICT_HEALTHY;
}

/* Names the values that made a measurement as bad as it is. */
static void explain(gan_monitor *monitor)
{
    const char *comma = "";
    for (int32_t i = 0; i < GAN__MONITOR_JUDGED; i++) {
        double threshold;
        if (monitor->found > GAN_VERDICT_HEALTHY &&
            judge_value(monitor, i, &threshold) == monitor->found) {
            say(monitor, "%s%s is %.3g, %s %g", comma, gan_monitor_value_name(i),
                monitor->values[i], low[i] ? "below" : "above", threshold);
            comma = ", ";
        }
    }
    if (monitor->found == GAN_VERDICT_HEALTHY) {
        say(monitor, "no value is beyond a threshold");
    }
}

/* The mildest of the last measurements, those before the first counting as healthy. */
static void decide(gan_monitor *monitor)
{
    const int64_t patience = (int64_t)monitor->options[GAN__WATCH_PATIENCE];
    monitor->verdict = GAN_VERDICT_HEALTHY;
    for (int32_t i = GAN_VERDICT_PARTIAL; i <= GAN_VERDICT_COLLAPSED; i++) {
        monitor->in_a_row[i] = monitor->found >= i ? monitor->in_a_row[i] + 1 : 0;
        if (monitor->in_a_row[i] >= patience) {
            monitor->verdict = i;
        }
    }
}

void gan__monitor_judge(gan_monitor *monitor)
{
    const int64_t step = monitor->trainer->steps;
    monitor->found = GAN_VERDICT_HEALTHY;
    for (int32_t i = 0; i < GAN__MONITOR_JUDGED; i++) {
        double threshold;
        const int32_t found = judge_value(monitor, i, &threshold);
        monitor->found = found > monitor->found ? found : monitor->found;
    }
    monitor->armed = monitor->armed || monitor->found == GAN_VERDICT_HEALTHY ||
                     (double)step >= monitor->options[GAN__WATCH_GRACE];
    monitor->reason[0] = '\0';
    say(monitor, "step %lld: %s", (long long)step, verdicts[monitor->found]);
    if (!monitor->armed) {
        monitor->verdict = GAN_VERDICT_UNKNOWN;
        say(monitor, ", in the time of grace: ");
    } else {
        decide(monitor);
        if (monitor->found > GAN_VERDICT_HEALTHY) {
            say(monitor, ", %lld in a row", (long long)monitor->in_a_row[monitor->found]);
        }
        say(monitor, ": ");
    }
    explain(monitor);
}

void gan__monitor_judge_failure(gan_monitor *monitor)
{
    monitor->armed = true;
    monitor->found = monitor->verdict = GAN_VERDICT_COLLAPSED;
    monitor->reason[0] = '\0';
    say(monitor, "%s: %s", verdicts[GAN_VERDICT_COLLAPSED], monitor->context->message);
}

void gan__monitor_pardon(gan_monitor *monitor)
{
    memset(monitor->in_a_row, 0, sizeof monitor->in_a_row);
    monitor->found = monitor->verdict = monitor->armed ? GAN_VERDICT_HEALTHY : GAN_VERDICT_UNKNOWN;
    monitor->reason[0] = '\0';
    say(monitor, "step %lld: the parameters of step %lld were put back",
        (long long)monitor->trainer->steps, (long long)monitor->snapshot.steps);
}
