#!/bin/sh
# Trains narrow DCGANs for a moment, with and without classes, on the first of the shipped digits.
#   dcgan.sh WORK GAN_DCGAN DIGITS
set -eu
. "$(dirname "$0")/on_digits.sh"
few_labelled train '\003\350' 10000 1000
few_labelled validation '\000\100' 1000 64
few_labelled test '\000\200' 1000 128
mkdir "$work/unlabelled"
cp "$work"/data/*images* "$work/unlabelled"

# dcgan FOLDER ARGUMENT...
dcgan()
{
    folder=$work/$1
    shift
    "$program" --data "$work/data" --filters 4 --batch 50 --seed 3 --out "$folder" "$@" \
        >"$folder.log" 2>&1 </dev/null
}

# learns FOLDER ARGUMENT...: it must end well, with three sheets and three networks.
learns()
{
    dcgan "$@" || { cat "$work/$1.log" >&2; fail "failed: $*"; }
    for file in samples.png samples-raw.png interpolation.png; do
        [ "$(head -c 4 "$work/$1/$file" | od -An -tx1 | tr -d ' ')" = 89504e47 ] ||
            fail "$1/$file is no PNG"
    done
    for file in generator average discriminator; do
        [ -s "$work/$1/$file.safetensors" ] || fail "$1/$file.safetensors is missing"
    done
    if grep -iE ':-?(nan|inf|null)' "$work/$1/metrics.jsonl"; then
        fail "$1: not finite"
    fi
}

# field FILE NAME: a number of the last record, which is the result.
field()
{
    tail -n 1 "$1" | grep '"event":"result"' | sed -n "s/.*\"$2\":\([^,}]*\).*/\1/p" | grep . ||
        fail "$1: the last record is no result with $2"
}

# share FILE NAME...: numbers from 0 to 1, none of them 0 or 1 itself.
share()
{
    file=$1
    shift
    for name in "$@"; do
        field "$file" "$name" | LC_ALL=C awk '{ exit !($1 > 0 && $1 < 1) }' ||
            fail "$file: $name is no share"
    done
}

# ---- Without classes, in one sitting and in two ----------------------------------------------------

learns one --model digits --steps 30 --draws 1 --threads 1 --score-every 1
learns two --model digits --steps 20 --draws 0 --threads 2 --save "$work/state"
learns two --model digits --steps 30 --draws 0 --threads 2 --resume "$work/state"
for file in samples.png samples-raw.png interpolation.png generator.safetensors \
    average.safetensors discriminator.safetensors; do
    cmp "$work/one/$file" "$work/two/$file" || fail "$file of two sittings is another one"
done
[ "$(field "$work/one/metrics.jsonl" step)" -eq 30 ] || fail "the steps are not 30"
[ "$(grep -c '"event":"epoch"' "$work/one/metrics.jsonl")" -eq 1 ] || fail "no record of one epoch"

if grep -q "without liblinear" "$work/one.log"; then
    echo "the test of features is left out"
else
    share "$work/one/metrics.jsonl" pixels random trained
    [ "$(grep -c '"event":"draw"' "$work/one/metrics.jsonl")" -eq 3 ] || fail "no three draws"
    [ "$(grep -c '"event":"score"' "$work/one/metrics.jsonl")" -eq 1 ] || fail "no score"
    dcgan again --model digits --draws 1 --features "$work/one/discriminator.safetensors" ||
        { cat "$work/again.log" >&2; fail "features of a saved discriminator"; }
    [ "$(field "$work/one/metrics.jsonl" trained)" = "$(field "$work/again/features.jsonl" trained)" ] ||
        fail "a saved discriminator has other features"
fi

# ---- By class ---------------------------------------------------------------------------------------

learns classes --model conditional --steps 30 --score-every 1
share "$work/classes/metrics.jsonl" real_1000 generated_10000 generated_50000 average_10000 \
    average_50000
grep '"event":"score"' "$work/classes/metrics.jsonl" | grep -q '"generated_50000":0\.' ||
    fail "no score by class"

# ---- What it says -----------------------------------------------------------------------------------

"$program" --help >"$work/help"
for option in model data filters epochs steps batch average score-every draws features save resume \
    seed threads out; do
    grep -q -e "^  --$option " "$work/help" || fail "--help does not tell of --$option"
done

# refused TEXT ARGUMENT...: it must fail and say so.
refused()
{
    text=$1
    shift
    if dcgan refused "$@"; then
        fail "not refused: $*"
    fi
    grep -q -e "$text" "$work/refused.log" || { cat "$work/refused.log" >&2; fail "not '$text': $*"; }
}
refused "data_batch_1.bin" --model cifar10
refused "no labels" --model digits --data "$work/unlabelled"
refused "no digits" --model fashion --data "$work/two"
refused "none of fashion" --model faces
refused "their class" --model conditional --features "$work/one/discriminator.safetensors"
refused "1000 training pictures, no batch of 2000" --model digits --batch 2000 --steps 1
if ! grep -q "without liblinear" "$work/one.log"; then
    refused "filters 5" --model digits --filters 5 --features "$work/one/discriminator.safetensors"
fi
