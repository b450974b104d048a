#!/bin/sh
# Trains in one sitting and in two, and compares what came of it.
#   resume.sh WORK GAN_MNIST DATA
set -eu
work=$1
program=$2
data=$3
rm -rf "$work"
mkdir -p "$work"

fail()
{
    echo "$1" >&2
    exit 1
}

# train ARGUMENT...: as quick as it gets.
train()
{
    "$program" --data "$data" --batch 500 --seed 3 "$@" </dev/null
}

# records FOLDER EVENT: how many of them the folder's metrics.jsonl holds.
records()
{
    grep -c "\"event\":\"$2\"" "$1/metrics.jsonl" || true
}

train --epochs 2 --out "$work/one"
train --epochs 1 --out "$work/two" --save "$work/state"
train --epochs 2 --out "$work/two" --save "$work/state" --resume "$work/state"
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
refuse "missing" --resume "$work/missing"
refuse "cannot write" --save "$work/no/such/folder/state"
refuse "resume $work/state: .*seed" --resume "$work/state" --seed 4
