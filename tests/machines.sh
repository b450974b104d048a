#!/bin/sh
# The same training on other processors and with other BLAS.
#   machines.sh processors|blas PROGRAM
# processors: the same bits on x86-64 with AVX-512, with AVX2 and with neither, the BLAS always
#   working as on the oldest of them. Those that this machine is not are emulated.
# blas: with every BLAS that Debian's packages bring, the same bits for any number of threads, and
#   the same results as the others to rounding.
set -u
what=$1 program=$2
status=0

# value KEY LINE
value()
{
    printf '%s\n' "$2" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# expect WHAT IS SHOULD
expect()
{
    if [ "$2" != "$3" ]; then
        echo "FAILED: $1 is $2, not $3"
        status=1
    fi
}

# within WHAT IS SHOULD: but for 1 in 10,000; float rounds at 1 in 10 million, before 8 steps.
within()
{
    awk -v a="$2" -v b="$3" 'BEGIN { exit !(a - b <= 1e-4 * b && b - a <= 1e-4 * b) }' || {
        echo "FAILED: $1 is $2, not near $3"
        status=1
    }
}

processors()
{
    if ! command -v qemu-x86_64 >/dev/null || [ "$(uname -m)" != x86_64 ]; then
        echo 'skipped: qemu-x86_64 is not installed (Debian: qemu-user)'
        exit 77
    fi
    export OPENBLAS_CORETYPE=Nehalem OPENBLAS_NUM_THREADS=1
    here=$("$program" 2) || exit 1
    echo "here: $here"
    if [ "$(value blas "$here")" = blis ]; then
        echo 'skipped: BLIS cannot be told to work as on another processor'
        exit 77
    fi
    for one in Haswell:x86-64-v3 Nehalem:baseline; do
        line=$(qemu-x86_64 -cpu "${one%:*}" "$program" 1 2>/dev/null) || exit 1
        echo "$one: $line"
        expect "simd on ${one%:*}" "$(value simd "$line")" "${one#*:}"
        expect "digest on ${one%:*}" "$(value digest "$line")" "$(value digest "$here")"
    done
}

blas()
{
    first='' count=0
    for library in /usr/lib/"$(uname -m)"-linux-gnu/*/libblas.so.3; do
        [ -e "$library" ] || continue
        export LD_LIBRARY_PATH="${library%/*}"
        line=$("$program" 1) || { echo "FAILED: with $library"; status=1; continue; }
        echo "${library%/*}: $line"
        for threads in 2 3 8; do
            expect "digest of $threads threads with $library" \
                "$(value digest "$("$program" $threads)")" "$(value digest "$line")"
        done
        [ -n "$first" ] || first=$line
        for key in G D samples; do
            within "$key with $library" "$(value $key "$line")" "$(value $key "$first")"
        done
        case $library in
        *openblas*) expect "the name of $library" "$(value blas "$line")" openblas ;;
        *blis*) expect "the name of $library" "$(value blas "$line")" blis ;;
        */blas/*) expect "the name of $library" "$(value blas "$line")" other ;;
        esac
        count=$((count + 1))
    done
    if [ $count -lt 2 ]; then
        echo 'skipped: fewer than two BLAS are installed (Debian: libblas3, libblis4-pthread)'
        exit 77
    fi
}

$what
exit $status
