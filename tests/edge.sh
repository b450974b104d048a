#!/bin/sh
# A score whose bandwidth is at the edge of those tried is not to be trusted: the examples must say
# so, on stderr and in their records. Black digits make it the least: no bandwidth is too narrow.
#   edge.sh WORK GAN_MNIST DIGITS GAN_PAPER
set -eu
. "$(dirname "$0")/on_digits.sh"
paper=$4
for part in train-images-10000 validation-images-1000 test-images-1000; do
    {
        printf '\000\000\010\003\000\000\000\012\000\000\000\034\000\000\000\034' # 10 x 28 x 28
        head -c 7840 /dev/zero
    } >"$work/data/$part-idx3-ubyte"
done

# warned FOLDER GENERATOR COUNT: so many warnings of that generator.
warned()
{
    [ "$(grep -c "^warning: the bandwidth 0.1 of the $2 generator is at the edge" \
        "$work/$1.log" || true)" -eq "$3" ] ||
        { cat "$work/$1.log" >&2; fail "$1: not $3 warnings of the $2 generator"; }
}

# recorded FOLDER EVENT FIELD COUNT: so many records of that kind have the field.
recorded()
{
    [ "$(grep "\"event\":\"$2\"" "$work/$1/metrics.jsonl" | grep -c "$3[,}]" || true)" -eq "$4" ] ||
        { cat "$work/$1/metrics.jsonl" >&2; fail "$1: not $4 records \"$2\" with $3"; }
}

"$program" --data "$work/data" --epochs 2 --batch 10 --score-every 2 --out "$work/mnist" \
    >"$work/mnist.log" 2>&1
for generator in raw averaged; do
    warned mnist $generator 2 # during the training and after it
done
for event in score result; do
    recorded mnist $event '"edge":true' 1
    recorded mnist $event '"average_edge":true' 1
done

"$paper" mnist --data "$work/data" --width 0.02 --steps 1 --out "$work/paper" \
    >"$work/paper.log" 2>&1
for generator in raw averaged; do
    warned paper $generator 1
done
recorded paper fold '"edge":true' 2
recorded paper result '"edge":true' 1
recorded paper result '"average_edge":true' 1
