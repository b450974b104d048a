#!/bin/sh
# What README.md promises of gan-gaussian's defaults: it converges, within 0.01 deviations (0.005) of
# the mean.
#   converges.sh PROGRAM WORK
set -eu
program=$1 work=$2
for seed in 0 1 2; do
    "$program" --seed $seed --out "$work" >"$work.log"
    tail -n 1 "$work/metrics.jsonl" | awk -v seed=$seed '
        { mean = $0; sub(/.*"mean":/, "", mean); sub(/,.*/, "", mean) }
        /"converged":true/ && mean > 3.995 && mean < 4.005 { found = 1 }
        { print "seed " seed ": " $0 }
        END { exit !found }'
done
