#!/bin/sh
# Builds and runs every test:  sh tests/run.sh
# Does all set-up on a bare Debian 12. Checks the layout of the sources, runs all tests on the
# release build, then those that make sense there again with the address and undefined behaviour
# sanitizers, and those with several threads with the thread sanitizer.
#
#   --quick     the release build only
#   --long      on the release build also what takes minutes: many kills, forks, steps
#   --werror    a compiler warning is an error
#   --tidy      runs clang-tidy over the library, too
#   --format    only brings all sources into the layout of .clang-format, and stops
set -u
cd "$(dirname "$0")/.." || exit 1

quick=no long='' werror=OFF tidy=no format=no
for option in "$@"; do
    case $option in
    --quick) quick=yes ;;
    --long) long='--build-config long' ;;
    --werror) werror=ON ;;
    --tidy) tidy=yes ;;
    --format) format=yes ;;
    *)
        sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
        [ "$option" = --help ] && exit 0
        exit 2
        ;;
    esac
done

jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
started=$(date +%s)
passed=0 failed=0 skipped=0

sources()
{
    find include lib tests examples -name '*.[ch]' -o -name '*.cpp' -o -name '*.def' \
        -o -name '*.inc' | LC_ALL=C sort
}

# The layout depends on the version: only that of Debian 12 decides.
clang_format()
{
    for program in clang-format-14 clang-format; do
        if command -v $program >/dev/null 2>&1 &&
            $program --version | grep -q 'version 14\.'; then
            echo $program
            return 0
        fi
    done
    return 1
}

fail()
{
    echo "FAILED: $1" >&2
    failed=$((failed + 1))
}

check_format()
{
    if ! formatter=$(clang_format); then
        echo "== format: skipped, clang-format 14 is not installed"
        return
    fi
    echo "== format"
    if sources | xargs "$formatter" --dry-run -Werror 2>"build/format.log"; then
        passed=$((passed + 1))
    else
        grep -E 'error:' build/format.log | head -20
        fail 'the layout; "sh tests/run.sh --format" puts it right'
    fi
}

check_tidy()
{
    echo "== clang-tidy"
    find lib -name '*.c' | LC_ALL=C sort |
        xargs -P "$jobs" -n 1 clang-tidy -p build/release --quiet --warnings-as-errors='*' \
            >build/tidy.log 2>/dev/null
    if [ $? -eq 0 ]; then
        passed=$((passed + 1))
    else
        grep -E '(warning|error):' build/tidy.log | sort -u
        fail clang-tidy
    fi
}

# build PRESET: configures and compiles; says nothing more than it must.
build()
{
    generator=''
    if [ ! -f "build/$1/CMakeCache.txt" ] && command -v ninja >/dev/null 2>&1; then
        generator='-G Ninja'
    fi
    echo "== build $1"
    log=build/$1.log
    if ! cmake --preset "$1" $generator -DGAN_BUILD_TESTS=ON -DGAN_WERROR=$werror >"$log" 2>&1 ||
        ! cmake --build --preset "$1" --parallel "$jobs" >"$log" 2>&1; then
        grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' "$log" | tail -n 100
        fail "the build of $1"
        return 1
    fi
    grep -A 4 'warning:' "$log"
    return 0
}

# run PRESET ARGUMENT...: runs ctest and counts what it says.
run()
{
    preset=$1
    shift
    echo "== test $preset"
    log=build/$preset-tests.log
    if ! ctest --preset "$preset" --parallel "$jobs" --output-log "$log" "$@"; then
        # A test program that does not even start is a failure that the counts below must show.
        grep -qE '[1-9][0-9]* tests? failed out of' "$log" || fail "ctest $preset"
    fi
    counts=$(sed -n 's/.*tests passed, \([0-9]*\) tests failed out of \([0-9]*\).*/\1 \2/p' "$log")
    bad=${counts% *} all=${counts#* }
    none=$(grep -cE '\*\*\*(Skipped|Not Run)' "$log")
    failed=$((failed + ${bad:-0}))
    skipped=$((skipped + none))
    passed=$((passed + ${all:-0} - ${bad:-0} - none))
}

if [ $format = yes ]; then
    clang_format >/dev/null || sh .ci/setup.sh format
    formatter=$(clang_format) || { echo "clang-format 14 is not installed" >&2; exit 1; }
    sources | xargs "$formatter" -i
    exit
fi

sh .ci/setup.sh examples tests || exit 1
mkdir -p build
check_format
build release && run release $long
[ $tidy = yes ] && check_tidy
if [ $quick = no ]; then
    build dev && run dev
    build tsan && run tsan --label-regex threads --label-exclude oom
fi

echo
echo "$(($(date +%s) - started)) seconds; logs are in build/"
echo "tests: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
