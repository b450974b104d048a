#!/bin/sh
# Trains each of the published models for a moment, much narrower, on small files made of the bytes
# of shipped digits.
#   models.sh WORK GAN_PAPER DIGITS
set -eu
. "$(dirname "$0")/on_digits.sh"
mkdir "$work/cifar10"

# ---- Data ----------------------------------------------------------------------------------------

gzip -dc "$digits/train-images-10000-idx3-ubyte.gz" >"$work/digits"

# bytes FIRST COUNT: of the digits, after the header.
bytes()
{
    tail -c +$((17 + $1)) "$work/digits" | head -c "$2"
}

faces="$work/faces-idx3-ubyte"
{
    printf '\000\000\010\003\000\000\000\062\000\000\000\060\000\000\000\060' # 50 x 48 x 48
    bytes 0 $((50 * 2304))
} >"$faces"
bytes $((50 * 2304)) $((10 * 2304)) >"$work/faces.raw"
gzip -n "$work/faces.raw"
for batch in 1 2; do
    for picture in 0 1 2 3 4 5 6 7 8 9; do
        printf "\\00$((picture / 2))" # the label
        bytes $(((10 * batch + picture) * 3072)) 3072
    done >"$work/cifar10/data_batch_$batch.bin"
done

# ---- Checks --------------------------------------------------------------------------------------

# train MODEL FOLDER ARGUMENT...: for 20 steps.
train()
{
    model=$1
    folder=$work/$2
    shift 2
    "$program" "$model" --batch 8 --epochs 100 --steps 20 --threads 1 --out "$folder" "$@" \
        >"$folder.log" 2>&1 </dev/null
}

# learns MODEL PICTURES TEXT ARGUMENT...: it must train, say TEXT, and write so many sheets.
learns()
{
    name=$1
    pictures=$2
    text=$3
    shift 3
    train "$name" "$name" "$@" || { cat "$work/$name.log" >&2; fail "$name does not train"; }
    grep -q "$text" "$work/$name.log" || { cat "$work/$name.log" >&2; fail "$name: not '$text'"; }
    count=0
    for file in "$work/$name"/*.png; do
        [ "$(head -c 4 "$file" | od -An -tx1 | tr -d ' ')" = 89504e47 ] || fail "$file is no PNG"
        count=$((count + 1))
    done
    [ $count -eq "$pictures" ] || fail "$name: $count pictures were written, not $pictures"
    [ -s "$work/$name/generator.safetensors" ] || fail "$name: no parameters"
    tail -n 1 "$work/$name/metrics.jsonl" | grep '"event":"result"' | grep -q '"step":20,' ||
        fail "$name: the last record is no result of 20 steps"
    if grep -iE ':-?(nan|inf|null)' "$work/$name/metrics.jsonl"; then
        fail "$name: not finite"
    fi
}

# numbers FILE TENSOR: of a file of parameters, one a line.
numbers()
{
    size=$(od -An -t u8 -N 8 "$1")
    range=$(head -c $((8 + size)) "$1" | tail -c +9 |
        sed -n "s/.*\"$2\":{[^}]*\"data_offsets\":\[\([0-9]*\),\([0-9]*\)\].*/\1 \2/p")
    [ -n "$range" ] || fail "$1 has no $2"
    tail -c +$((9 + size + ${range% *})) "$1" | head -c $((${range#* } - ${range% *})) |
        od -An -v -t f4 | tr -s ' ' '\n' | sed '/^$/d'
}

# stays TENSOR FILE FILE: its numbers are the same but for what 20 steps of these move them.
stays()
{
    numbers "$2" "$1" >"$work/one"
    numbers "$3" "$1" >"$work/other"
    paste "$work/one" "$work/other" | LC_ALL=C awk '
        { d = $1 - $2; if (NF != 2 || d * d > 1e-8) bad++ }
        END { exit bad > 0 || NR == 0 }' || fail "$1 of $2 was not carried over to $3"
}

# same FOLDER OTHER FILE...: the files are the same in both.
same()
{
    one=$work/$1
    other=$work/$2
    shift 2
    for file; do
        cmp "$one/$file" "$other/$file" || fail "$file in $one and in $other differ"
    done
}

# refused TEXT MODEL ARGUMENT...: it must fail and say so.
refused()
{
    text=$1
    model=$2
    shift 2
    if train "$model" refused "$@"; then
        fail "not refused: $model $*"
    fi
    grep -q -e "$text" "$work/refused.log" ||
        { cat "$work/refused.log" >&2; fail "not '$text': $model $*"; }
}

# folds MODEL NUMBER: how many records of scored folds there are.
folds()
{
    [ "$(grep -c '"event":"fold"' "$work/$1/metrics.jsonl")" -eq "$2" ] ||
        fail "$1: the folds scored are not $2"
}

stage1=$work/tfd-pretrain/generator.safetensors
learns mnist 1 "1 fold, " --width 0.02 --data "$digits" --average 0
folds mnist 1
grep -q "^training: rows 0 to 9999 of train-images-10000-idx3-ubyte in $digits\$" "$work/mnist.log" &&
    grep -q "^bandwidth: rows 0 to 999 of validation-images-1000.*; test: rows 0 to 999 of test-" \
        "$work/mnist.log" || fail "mnist: the rows are not told"
sigma=$(sed -n 's/.*"event":"fold".*"sigma":\([^,}]*\).*/\1/p' "$work/mnist/metrics.jsonl")
tail -n 1 "$work/mnist/metrics.jsonl" | grep "\"pictures\":10000,.*\"sigma\":$sigma,\"edge\":false," |
    grep -q '"samples":10000,' || fail "mnist: the result does not say of what it is"
grep '"event":"fold"' "$work/mnist/metrics.jsonl" | grep -q '"rows":1000,"validation_rows":1000,' ||
    fail "mnist: the fold does not say of what it is"
grep -q "(1 fold, bandwidth $(LC_ALL=C printf %.3f "$sigma"))\$" "$work/mnist.log" ||
    fail "mnist: the bandwidth is not told"
learns tfd-pretrain 2 "^48 pictures" --width 0.005 --data "$faces" "$work/faces.raw.gz"
folds tfd-pretrain 10
[ "$(grep -c '"rows":2,"validation_rows":1,' "$work/tfd-pretrain/metrics.jsonl")" -eq 10 ] ||
    fail "tfd-pretrain: not rows of a fold"
learns tfd 1 "5 folds, bandwidths 0[0-9.]* to [01][0-9.]*)" --width 0.005 --data "$faces" \
    --generator "$stage1" --average 0
folds tfd 5
for layer in h0 h1 y; do # on top of what is new
    stays $layer.weight "$stage1" "$work/tfd/generator.safetensors"
    stays $layer.bias "$stage1" "$work/tfd/generator.safetensors"
done
learns cifar10-full 2 "^16 pictures" --width 0.01 --data "$work/cifar10"
learns cifar10-conv 2 "^8 pictures" --width 0.05 --data "$work/cifar10/data_batch_2.bin"
train cifar10-full recipe --width 0.01 --data "$work/cifar10" --training recipe ||
    { cat "$work/recipe.log" >&2; fail "cifar10-full does not train by the recipe"; }
if cmp -s "$work/recipe/generator.safetensors" "$work/cifar10-full/generator.safetensors"; then
    fail "the recipe trains as published"
fi
grep -q '"training":"recipe"' "$work/recipe/metrics.jsonl" || fail "the recipe is not on record"

# The published folds, in a folder.
mkdir "$work/tfd-folds"
refused "no unlabeled.raw" tfd-pretrain --width 0.005 --data "$work/tfd-folds"
bytes 0 $((30 * 2304)) >"$work/tfd-folds/unlabeled.raw"
for k in 1 2 3 4 5; do
    bytes $(((30 + k) * 2304)) $(((k + 1) * 2304)) >"$work/tfd-folds/valid-$k.raw"
    [ $k -eq 5 ] && refused "no test-5.raw" tfd-pretrain --width 0.005 --data "$work/tfd-folds"
    bytes $(((40 + k) * 2304)) $(((k + 2) * 2304)) | gzip -n >"$work/tfd-folds/test-$k.raw.gz"
done
train tfd-pretrain in-folds --width 0.005 --average 0 --data "$work/tfd-folds" ||
    { cat "$work/in-folds.log" >&2; fail "the published folds are not scored"; }
grep -q "^training: unlabeled.raw in $work/tfd-folds\$" "$work/in-folds.log" &&
    grep -q "^30 pictures" "$work/in-folds.log" || fail "other faces than unlabeled.raw are learned from"
folds in-folds 5
grep '"fold":4,' "$work/in-folds/metrics.jsonl" | grep -q '"rows":7,"validation_rows":6,' ||
    fail "the last fold has not the rows of test-5.raw and valid-5.raw"

# In two sittings, the first of which ends within an epoch.
train cifar10-full half --width 0.01 --data "$work/cifar10" --steps 7 --save "$work/state"
train cifar10-full half --width 0.01 --data "$work/cifar10" --resume "$work/state"
grep -q "^goes on after 7 steps" "$work/half.log" || fail "the second sitting does not go on"
same cifar10-full half generator.safetensors average.safetensors samples.png samples-raw.png
grep -q '"schedule":"simultaneous"' "$work/state" || fail "not the published order of updates"
train tfd half --width 0.005 --data "$faces" --generator "$stage1" --average 0 --steps 7 \
    --save "$work/state"
train tfd half --width 0.005 --data "$faces" --average 0 --resume "$work/state"
same tfd half generator.safetensors samples.png

train cifar10-conv own --width 0.05 --data "$work/cifar10" --batch 0 --epochs 0 --steps 1
grep -q "50 epochs, at most 1 step, batches of 128" "$work/own.log" ||
    { cat "$work/own.log" >&2; fail "cifar10-conv has not its own epochs and batches"; }

refused "width" tfd --width 0.01 --data "$faces" --generator "$stage1"
refused "tfd-pretrain first" tfd --width 0.005 --data "$faces"
refused "48 x 48" tfd-pretrain --data "$work/digits"
refused "Toronto" tfd-pretrain
refused "cs.toronto.edu" cifar10-full
refused "data_batch_1.bin" cifar10-full --data "$digits"
refused "none of mnist" mnist2
refused "none of published" mnist --training 2014
refused "needs a value" tfd-pretrain --data ""
refused "from 0 to 0.999999999 " mnist --average 1
refused "'extra' belongs to no option" mnist --width 0.02 extra
grep -q "at most 20 steps" "$work/mnist.log" || fail "the plan does not tell its steps"
grep -q "^step 20/20, V" "$work/mnist.log" || fail "a part of an epoch has no line"
