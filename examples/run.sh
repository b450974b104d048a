#!/bin/sh
# Builds the library and trains both examples on real input:  sh examples/run.sh
# Does all set-up on a bare Debian 12. The results go to out/gaussian/ and out/mnist/.
# Ctrl-C ends the example that runs, which still draws what it has, and leaves out the next one.
set -eu
cd "$(dirname "$0")/.."

# result FOLDER NAME FORMAT: a number of the last record of the folder's metrics.jsonl.
result()
{
    tail -n 1 "$1/metrics.jsonl" | sed -n "s/.*\"$2\": *\([^,}]*\).*/\1/p" |
        LC_ALL=C awk -v format="$3" '{ printf format, $1 }'
}

sh .ci/setup.sh examples
generator=''
if [ ! -f build/release/CMakeCache.txt ] && command -v ninja >/dev/null 2>&1; then
    generator='-G Ninja'
fi
mkdir -p build
echo "== building the library and the examples"
log=build/examples.log
{
    cmake --preset release $generator -DGAN_BUILD_TESTS=OFF -DGAN_BUILD_EXAMPLES=ON &&
        cmake --build --preset release --parallel "$(getconf _NPROCESSORS_ONLN)"
} >"$log" 2>&1 || {
    cat "$log" >&2
    exit 1
}

rm -rf out/gaussian out/mnist
stopped=no
trap 'stopped=yes' INT
echo
echo "== gan-gaussian: Figure 1 of the paper"
build/release/bin/gan-gaussian --out out/gaussian
if [ $stopped = no ]; then
    echo
    echo "== gan-mnist: 50 epochs of Algorithm 1 on 10,000 digits"
    build/release/bin/gan-mnist --data examples/data --epochs 50 --schedule alternating --out out/mnist
fi
trap - INT

echo
echo "== summary"
echo "Gaussian: mean $(result out/gaussian mean %.3f), deviation" \
    "$(result out/gaussian deviation %.3f), V $(result out/gaussian value %.3f)," \
    "$(result out/gaussian seconds %.0f) seconds"
if [ -f out/mnist/metrics.jsonl ]; then
    echo "MNIST: Parzen $(result out/mnist parzen_mean %.1f)" \
        "+- $(result out/mnist parzen_se %.1f) nats," \
        "averaged generator $(result out/mnist average_mean %.1f)" \
        "+- $(result out/mnist average_se %.1f), after $(result out/mnist epochs %d) epochs," \
        "$(result out/mnist seconds %.0f) seconds"
fi
echo "Pictures:"
find out -name '*.png' -o -name '*.svg' | LC_ALL=C sort | sed 's/^/    /'
