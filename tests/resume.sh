#!/bin/sh
# Trains in one sitting and in two, and compares what came of it.
#   resume.sh WORK GAN_MNIST DIGITS
set -eu
. "$(dirname "$0")/on_digits.sh"
few train-images-10000-idx3-ubyte '\003\350' 1000
few validation-images-1000-idx3-ubyte '\000\100' 64
few test-images-1000-idx3-ubyte '\000\100' 64

# train ARGUMENT...
train()
{
    "$program" --data "$work/data" --batch 100 --seed 3 "$@" </dev/null
}

# records FOLDER EVENT: how many of them the folder's metrics.jsonl holds.
records()
{
    grep -c "\"event\":\"$2\"" "$1/metrics.jsonl" || true
}

train --epochs 2 --out "$work/one" --log "$work/one.csv"
train --epochs 1 --out "$work/two" --save "$work/state" --log "$work/two.csv"
cp "$work/two.csv" "$work/half.csv"
train --epochs 2 --out "$work/two" --save "$work/state" --resume "$work/state" --log "$work/two.csv"
cmp "$work/one.csv" "$work/two.csv" || fail "the log of two sittings is another one"
[ "$(wc -l <"$work/half.csv")" -eq 11 ] || fail "the log has not a line a step"
for file in generator.safetensors average.safetensors samples.png samples-raw.png; do
    cmp "$work/one/$file" "$work/two/$file" || fail "$file of two sittings is another one"
done
[ "$(records "$work/one" epoch)" -eq 2 ] || fail "one sitting has no two epochs"
[ "$(records "$work/two" epoch)" -eq 2 ] || fail "two sittings have no two epochs"
[ "$(records "$work/two" start)" -eq 2 ] || fail "two sittings have no two starts"
[ "$(records "$work/two" result)" -eq 2 ] || fail "two sittings have no two results"

# The seconds of the second sitting go on after those of the first.
sed -n 's/.*"seconds":\([^,}]*\).*/\1/p' "$work/two/metrics.jsonl" | sort -g -c ||
    fail "the clock went back"

# Everything is trained: nothing changes.
cp "$work/state" "$work/before"
train --epochs 2 --out "$work/two" --save "$work/state" --resume "$work/state" |
    grep "nothing left to train" || fail "trained what was trained already"
cmp "$work/one/generator.safetensors" "$work/two/generator.safetensors"
cmp "$work/before" "$work/state"

# tensors FILE: what stands behind the header, whose length its first 8 bytes say.
tensors()
{
    tail -c +$((9 + $(od -An -t u8 -N 8 "$1"))) "$1"
}

# Truncation changes what the averaged generator draws (its file says so), and no training;
# momentum does.
train --epochs 2 --out "$work/narrow" --truncation 0.5 --log "$work/tfevents.narrow"
head -c 100 "$work/tfevents.narrow" | grep -q "brain.Event:2" || fail "no events"
for file in generator.safetensors samples-raw.png; do
    cmp "$work/one/$file" "$work/narrow/$file" || fail "truncation changed $file"
done
tensors "$work/one/average.safetensors" >"$work/average.one"
tensors "$work/narrow/average.safetensors" | cmp - "$work/average.one" ||
    fail "truncation changed the average"
test -s "$work/average.one" || fail "the average has no tensors"
! cmp -s "$work/one/average.safetensors" "$work/narrow/average.safetensors" ||
    fail "the average's file does not say its truncation"
! cmp -s "$work/one/samples.png" "$work/narrow/samples.png" || fail "truncation changed no sample"
train --epochs 2 --out "$work/fast" --momentum 0.9
! cmp -s "$work/one/generator.safetensors" "$work/fast/generator.safetensors" ||
    fail "momentum changed nothing"
grep -q '"momentum":0.9[,}]' "$work/fast/metrics.jsonl" || fail "momentum is not on record"
grep -q '"truncation":0.5[,}]' "$work/narrow/metrics.jsonl" || fail "truncation is not on record"

# refuse TEXT ARGUMENT...: the program must fail and say so.
refuse()
{
    text=$1
    shift
    if train "$@" --epochs 1 --out "$work/refused" >"$work/refused.log" 2>&1; then
        fail "not refused: $*"
    fi
    grep -q "$text" "$work/refused.log" || { cat "$work/refused.log" >&2; fail "not '$text': $*"; }
}
cp "$work/one.csv" "$work/data/tfevents"
refuse "averaged generator" --average 0 --truncation 0.5
refuse "missing" --resume "$work/missing"
refuse "cannot write" --save "$work/no/such/folder/state"
refuse "is no event of a log" --log "$work/data/tfevents"
refuse "resume $work/state: .*seed" --resume "$work/state" --seed 4
