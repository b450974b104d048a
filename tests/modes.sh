#!/bin/sh
# Runs the benchmarks of modes for a moment: ring and grid with several seeds, and Stacked MNIST on
# the first of the shipped digits.
#   modes.sh WORK GAN_MODES DIGITS
set -eu
. "$(dirname "$0")/on_digits.sh"

# modes FOLDER KIND ARGUMENT...
modes()
{
    folder=$work/$1
    shift
    "$program" "$@" --out "$folder" >"$folder.log" 2>&1 </dev/null
}

# whole FOLDER PICTURE...: PNG files are such, SVG files end, and there is no number that is not
# finite but those of modes without samples.
whole()
{
    folder=$work/$1
    shift
    for file in "$@"; do
        case $file in
        *.png)
            [ "$(head -c 4 "$folder/$file" | od -An -tx1 | tr -d ' ')" = 89504e47 ] ||
                fail "$folder/$file is no PNG"
            ;;
        *.svg) tail -n 1 "$folder/$file" | grep -q '</svg>' || fail "$folder/$file has no end" ;;
        esac
    done
    tail -n 1 "$folder/metrics.jsonl" | grep -q '"event":"result"' ||
        fail "$folder: the last record is no result"
    if grep -iE ':-?(nan|inf)' "$folder/metrics.jsonl"; then
        fail "$folder: not finite"
    fi
    if tr -d '\n' <"$folder.log" | grep -q '[[:cntrl:]]'; then
        fail "$folder.log: control characters in a file"
    fi
}

# field FILE NAME: a number of the last record.
field()
{
    tail -n 1 "$1" | sed -n "s/.*\"$2\":\([^,}]*\).*/\1/p" | grep . || fail "$1: no $2"
}

# between FILE NAME LOW HIGH
between()
{
    field "$1" "$2" | LC_ALL=C awk -v low="$3" -v high="$4" '{ exit !($1 >= low && $1 <= high) }' ||
        fail "$1: $2 is not within $3 to $4"
}

# ---- Ring and grid ---------------------------------------------------------------------------------

for kind in ring grid; do
    modes $kind $kind --seeds 2 --seed 5 --steps 80 --threads 1 ||
        { cat "$work/$kind.log" >&2; fail "failed: $kind"; }
    whole $kind modes.png modes.svg curves.png curves.svg
    [ "$(grep -c '"event":"score"' "$work/$kind/metrics.jsonl")" -eq 82 ] ||
        fail "$kind: no score at the start and 40 on the way of two seeds"
    grep -q "^seed 6 " "$work/$kind.log" || fail "$kind: no row of the second seed"
    grep -q "^PacGAN4 " "$work/$kind.log" || fail "$kind: no published row"
    between "$work/$kind/metrics.jsonl" floor_share 0.985 0.993
    between "$work/$kind/metrics.jsonl" floor_deviation_ratio 0.9 1
    between "$work/$kind/metrics.jsonl" floor_deviation_of_share 0.001 0.004
    tail -n 1 "$work/$kind/metrics.jsonl" | grep -q '"protocol":"modes' ||
        fail "$kind: the result does not say how it was made"
done
[ "$(grep -c '"event":"mode"' "$work/ring/metrics.jsonl")" -eq 16 ] ||
    fail "ring: no record of each of the 8 modes of two seeds"
between "$work/ring/metrics.jsonl" floor_modes 8 8
between "$work/grid/metrics.jsonl" floor_modes 25 25
between "$work/ring/metrics.jsonl" floor_kl 0.0012 0.0016
between "$work/grid/metrics.jsonl" floor_kl 0.0043 0.0053
modes both ring --seeds 2 --seed 5 --steps 80 --threads 2 || fail "failed: two seeds at a time"
for folder in ring both; do
    grep -E '"event":"(score|mode)"' "$work/$folder/metrics.jsonl" | LC_ALL=C sort >"$work/$folder.records"
done
cmp "$work/ring.records" "$work/both.records" || fail "two seeds at a time have other figures"
cmp "$work/ring/curves.png" "$work/both/curves.png" || fail "and another picture"
modes again ring --seeds 1 --seed 6 --steps 80 --threads 2 || fail "failed: one seed"
[ "$(grep '"seed":6,"step":80,' "$work/ring/metrics.jsonl")" = \
    "$(grep '"seed":6,"step":80,' "$work/again/metrics.jsonl")" ] ||
    fail "a seed by itself, on two threads, has other figures"

# Few samples find fewer modes: no published figure stands beside them.
modes few ring --seeds 1 --steps 40 --samples 100 || fail "failed: few samples"
if grep -q "^PacGAN4 " "$work/few.log" || ! grep -q "figures are of 2500 samples" "$work/few.log"; then
    fail "100 samples stand beside published figures of 2,500"
fi

# One that is stopped shows what it has.
timeout -s INT 2 "$program" ring --seeds 3 --steps 1000000 --out "$work/stopped" \
    >"$work/stopped.log" 2>&1 </dev/null || true
whole stopped modes.png modes.svg curves.png curves.svg
grep -q "^seed 0 (stopped) " "$work/stopped.log" || fail "nothing of the training that was stopped"
tail -n 1 "$work/stopped/metrics.jsonl" | grep -q '"seeds":0,.*"interrupted":true' ||
    fail "the result does not say that it was stopped"

# ---- Stacked MNIST ---------------------------------------------------------------------------------

few_labelled train '\007\320' 10000 2000
few_labelled validation '\000\100' 1000 64
few_labelled test '\003\350' 1000 1000

# stacked FOLDER ARGUMENT...
stacked()
{
    name=$1
    shift
    modes "$name" stacked --data "$work/data" --filters 2 --batch 16 --samples 3000 --seed 3 "$@" ||
        { cat "$work/$name.log" >&2; fail "failed: stacked $*"; }
    whole "$name" samples.png moments.png curves.png curves.svg
}
stacked one --steps 20 --classifier-epochs 5 --threads 1
between "$work/one/metrics.jsonl" accuracy 0.85 1
between "$work/one/metrics.jsonl" real_modes 850 1000
between "$work/one/metrics.jsonl" real_kl 0.1 0.3
between "$work/one/metrics.jsonl" modes 1 1000
grep -q "98.5 % are wanted" "$work/one.log" || fail "a classifier of few digits is not questioned"
grep -q "fetch-mnist.sh DIR, then --data DIR" "$work/one.log" ||
    fail "it is not said where more digits come from"
grep -q "^before training " "$work/one.log" || fail "no row of the untrained generator"
grep -q "figures are of 26000 samples" "$work/one.log" ||
    fail "nothing said of published figures of other numbers of samples"
stacked two --steps 12 --classifier "$work/one/classifier.safetensors" --save "$work/state" --threads 2
stacked two --steps 20 --classifier "$work/one/classifier.safetensors" --resume "$work/state"

# ---- What it says ----------------------------------------------------------------------------------

"$program" --help >"$work/help"
for option in seeds seed steps batch samples data filters classifier classifier-epochs save resume \
    threads out; do
    grep -q -e "^  --$option " "$work/help" || fail "--help does not tell of --$option"
done

# refused TEXT ARGUMENT...: it must fail and say so.
refused()
{
    text=$1
    shift
    if modes refused "$@"; then
        fail "not refused: $*"
    fi
    grep -q -e "$text" "$work/refused.log" || { cat "$work/refused.log" >&2; fail "not '$text': $*"; }
}
refused "KIND is missing" --seeds 2
refused "none of ring" square
refused "holds no digits" stacked --data "$work/one"
refused "seeds has no effect on stacked" stacked --seeds 2
refused "data has no effect on ring" ring --data "$work/data"
refused "filters has no effect on grid" grid --filters 2
refused "cannot" stacked --data "$work/data" --classifier "$work/nowhere"
