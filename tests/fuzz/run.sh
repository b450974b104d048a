#!/bin/sh
# Fuzzes each target for a time, with the address and undefined behaviour sanitizers:
#   sh tests/fuzz/run.sh [--merge] SECONDS [TARGET...]
# SECONDS are of processor time, so that a busy machine does not shorten the search. Prints a line
# for each target: inputs tried, in how many seconds, what was found. What is found lies
# in build/fuzz/found/TARGET; run  build/fuzz/tests/fuzz/fuzz_replay FILE  to see it again, and put
# it into tests/fuzz/corpus/TARGET once it is mended.
#
#   --merge   afterwards the corpus gets the smallest set of inputs that reaches what all reached;
#             with SECONDS 0 that is all that is done
set -u
cd "$(dirname "$0")/../.." || exit 1

merge=no
if [ "${1:-}" = --merge ]; then
    merge=yes
    shift
fi
case ${1:-} in
'' | *[!0-9]*)
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
    exit 2
    ;;
esac
seconds=$1
shift
targets=${*:-tensors network trainer idx gzip cifar raw calls description lines columns events folder}

compiler=${CC:-}
for name in clang clang-14; do
    [ -n "$compiler" ] || compiler=$(command -v $name)
done
[ -n "$compiler" ] || { echo "clang is not installed" >&2; exit 77; }

build=build/fuzz
mkdir -p $build
log=$build/build.log
# The compiler cannot be changed in a folder that was configured before.
[ -f $build/CMakeCache.txt ] || set_compiler=-DCMAKE_C_COMPILER=$compiler
if ! cmake -S . -B $build ${set_compiler:-} -DGAN_BUILD_FUZZERS=ON -DGAN_BUILD_TESTS=OFF \
    -DGAN_BUILD_EXAMPLES=OFF -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG="-O1 -g" \
    -DGAN_SANITIZE=address,undefined >$log 2>&1 ||
    ! cmake --build $build --parallel 2 --target fuzz_replay \
        $(for target in $targets; do echo "fuzz_$target"; done) >$log 2>&1; then
    tail -n 40 $log
    exit 1
fi

# The longest input worth trying.
longest()
{
    case $1 in
    cifar) echo 6400 ;;
    trainer | network) echo 12000 ;;
    description) echo 4096 ;;
    *) echo 2048 ;;
    esac
}

# Sets `now` to the processor seconds of all that this script has started and waited for. (A
# subshell would count its own.)
read_clock()
{
    times >$build/times
    now=$(awk 'NR == 2 {
        for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); sum += 60 * t[1] + t[2] }
        printf "%d", sum
    }' $build/times)
}

# fuzz TARGET: in slices, until the processor has worked at it for so long or something is found.
fuzz()
{
    read_clock
    begun=$now left=$seconds spent=0 result=0
    : >"$log"
    while [ "$left" -gt 0 ] && [ $result -eq 0 ]; do
        "$program" -max_total_time="$left" -max_len="$(longest "$1")" -timeout=60 \
            -rss_limit_mb=2048 -artifact_prefix="$found/" -print_final_stats=1 "$new" "$corpus" \
            >>"$log" 2>&1
        result=$?
        read_clock
        spent=$((now - begun))
        left=$((seconds - spent))
    done
}

status=0
for target in $targets; do
    corpus=tests/fuzz/corpus/$target new=$build/new/$target found=$build/found/$target
    program=$build/tests/fuzz/fuzz_$target
    log=$build/$target.log
    mkdir -p "$corpus" "$new" "$found"
    fuzz "$target"
    awk -v target="$target" -v spent="$spent" -v result=$result -v found="$found" '
        /number_of_executed_units:/ { runs += $2 }
        /cov: [0-9]+/ { sub(/.*cov: /, ""); cov = $1 }
        END {
            printf "%-11s %9d inputs in %5d s, %5d edges, %s\n", target, runs, spent, cov,
                   result == 0 ? "nothing found" : "FOUND: see " found
        }' "$log"
    [ $result -eq 0 ] || status=1
    if [ $merge = yes ]; then
        rm -rf "$build/merged" && mkdir -p "$build/merged"
        if "$program" -set_cover_merge=1 -max_len="$(longest "$target")" "$build/merged" "$corpus" "$new" \
            >"$build/merge.log" 2>&1; then
            for file in "$corpus"/*; do
                # What was once found, and what a person named, stays.
                case ${file##*/} in *-*) ;; *) rm -f "$file" ;; esac
            done
            for file in "$build/merged"/*; do
                sum=$(cksum <"$file")
                for old in "$corpus"/*-*; do
                    [ -f "$old" ] && [ "$(cksum <"$old")" = "$sum" ] && continue 2
                done
                cp "$file" "$corpus"/
            done
            echo "         $(ls "$corpus" | wc -l) files of $(du -bs "$corpus" | cut -f 1) bytes"
        else
            tail -n 3 "$build/merge.log"
            status=1
        fi
    fi
done
exit $status
