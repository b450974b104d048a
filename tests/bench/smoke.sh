#!/bin/sh
# gan-bench counts what it should, and prints what docs/performance.md says; no time is judged.
#   smoke.sh PROGRAM MOST
# MOST: bytes that the stripped library may have, 0 where it is not built as users build it
set -eu
program=$1
most=$2

fail()
{
    echo "$1" >&2
    exit 1
}

# number LINE FIELD: the value of a field that must be there and be a number above 0.
number()
{
    value=$(echo "$1" | sed -n "s/.*[{,]\"$2\":\([0-9][0-9.e+-]*\)[,}].*/\1/p")
    [ -n "$value" ] || fail "no number \"$2\" in $1"
    echo "$value" | awk '{ exit !($1 > 0) }' || fail "\"$2\" is not above 0 in $1"
    echo "$value"
}

# The products of a step, counted by hand: GFLOP, to 2 %.
counted=$("$program" --repeats 0 --threads 1)
while read -r name expected; do
    line=$(echo "$counted" | grep "\"case\":\"$name\"") || fail "no case $name"
    value=$(number "$line" gflop)
    echo "$name: $value GFLOP, expected $expected"
    echo "$value $expected" | awk '{ exit !($1 > 0.98 * $2 && $1 < 1.02 * $2) }' ||
        fail "$name: not what it should be"
done <<END
mnist-mlp 3.57
mnist-mlp-simultaneous 2.8
dcgan28 16.0
END
for name in toy cifar-conv r1 sample parzen monitor start start-toy library; do
    echo "$counted" | grep -q "^{\"case\":\"$name\",.*}$" || fail "no line for $name"
done

lines=$("$program" --cases toy,mnist-mlp --threads 1,2 --batch 10 --repeats 1 --seconds 0.001)
echo "$lines"
[ "$(echo "$lines" | grep -c '^{"case":"[a-z-]*",.*}$')" -eq 5 ] || fail "not 4 lines and the library's"
echo "$lines" | grep -v '"case":"library"' | while read -r line; do
    for field in threads batch gflop gflop_made repeats steps seconds seconds_min seconds_max gflops \
        reference_gflops gemm_fraction peak_memory library_memory; do
        number "$line" $field >/dev/null
    done
    case $line in
    *'"threads":2,'*)
        for field in handover_ns handover_ns_min handover_ns_max; do
            number "$line" $field >/dev/null
        done
        ;;
    esac
done
bytes=$(number "$(echo "$lines" | grep '"case":"library"')" stripped_bytes)
[ "$most" -eq 0 ] || [ "$bytes" -le "$most" ] ||
    fail "the library has $bytes bytes, not at most $most"
lines=$("$program" --cases toy --threads 1,2 --batch 10,20 --repeats 0)
for threads in 1 2; do
    for batch in 10 20; do
        echo "$lines" | grep -q "\"toy\",\"threads\":$threads,\"batch\":$batch," ||
            fail "no line for toy, $threads threads, batch $batch"
    done
done

lines=$("$program" --cases toy --threads 1 --products auto,blas --repeats 1 --seconds 0.001)
echo "$lines" | sed -n 2p | grep -q '"products":"blas",' || fail 'no line with the products of the BLAS'
if "$program" --products mkl >/dev/null 2>&1; then
    fail '--products mkl was taken'
fi

for name in monitor start start-toy; do
    line=$("$program" --cases $name --threads 1 --repeats 1 --seconds 0.001 | head -n 1)
    for field in seconds peak_memory; do
        number "$line" $field >/dev/null
    done
done

# A command line that makes no sense.
for wrong in '--cases none' '--threads 0' '--batch ,' '--repeats' '--seconds 0' '--speed 1'; do
    status=0
    "$program" $wrong >/dev/null 2>&1 || status=$?
    [ $status -eq 2 ] || fail "'$wrong' ends with status $status"
done
