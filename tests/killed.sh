#!/bin/sh
# Kills a training at any moments, goes on from its last checkpoint, and compares what came of it with
# a training that nobody disturbed.
#   killed.sh WORK GAN_MNIST DIGITS [KILLS]
set -eu
. "$(dirname "$0")/on_digits.sh"
kills=${4:-2}
few train-images-10000-idx3-ubyte '\000\310' 200
few validation-images-1000-idx3-ubyte '\000\100' 64
few test-images-1000-idx3-ubyte '\000\100' 64

# goes_on: "--resume last" once there is a checkpoint.
goes_on()
{
    for file in "$work"/two/training-*-step-*.safetensors; do
        [ ! -e "$file" ] || { echo "--resume last"; break; }
    done
}

set -- --data "$work/data" --batch 50 --seed 3 --epochs 4 --score-every 2 --keep 2
started=$(date +%s%N)
"$program" "$@" --out "$work/one" --log "$work/one.jsonl"
took=$((($(date +%s%N) - started) / 1000000))

made=0 tries=0
mkdir -p "$work/two"
while [ $made -lt "$kills" ]; do # at moments by chance
    tries=$((tries + 1))
    [ $tries -le $((2 * kills + 10)) ] || fail "killed $made times in $tries tries"
    # shellcheck disable=SC2046
    "$program" "$@" --out "$work/two" --log "$work/two.jsonl" $(goes_on) >"$work/log" 2>&1 &
    child=$!
    wait_ms=$(($(od -An -N 2 -t u2 /dev/urandom) * took / 65536 / 2))
    sleep "$((wait_ms / 1000)).$(printf %03d $((wait_ms % 1000)))"
    kill -9 $child 2>/dev/null || true
    status=0
    wait $child 2>/dev/null || status=$?
    [ $status -eq 137 ] || [ $status -eq 0 ] || { cat "$work/log" >&2; fail "status $status"; }
    made=$((made + (status == 137)))
done
# shellcheck disable=SC2046
"$program" "$@" --out "$work/two" --log "$work/two.jsonl" $(goes_on)

for file in generator.safetensors average.safetensors samples.png samples-raw.png; do
    cmp "$work/one/$file" "$work/two/$file" || fail "$file of the killed training is another one"
done
cmp "$work/one.jsonl" "$work/two.jsonl" || fail "the log of the killed training is another one"
[ "$(wc -l <"$work/one.jsonl")" -eq 16 ] || fail "the log has not one record a step"
[ "$(find "$work/two" -name 'training-*' | wc -l)" -le 3 ] || fail "too many checkpoints"
echo "killed $made times within $took ms of training; $(find "$work/two" -name '.libgan-*' | wc -l)" \
    "temporary files were left"
