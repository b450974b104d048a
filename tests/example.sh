#!/bin/sh
# Runs an example for a moment and looks at what it wrote.
#   example.sh WORK PICTURES PROGRAM ARGUMENT...
# Every file in WORK must be whole: so many pictures, which begin with what makes them pictures; the
# last record of metrics.jsonl is the result and holds no number that is not finite.
set -eu
work=$1
expected=$2
shift 2
rm -rf "$work"
"$@" --out "$work" >"$work.log" 2>&1 </dev/null || { cat "$work.log"; exit 1; }
cat "$work.log"

fail()
{
    echo "$1" >&2
    exit 1
}

pictures=0
for file in "$work"/*; do
    [ -s "$file" ] || fail "$file is empty"
    case $file in
    *.png)
        [ "$(head -c 4 "$file" | od -An -tx1 | tr -d ' ')" = 89504e47 ] || fail "$file is no PNG"
        pictures=$((pictures + 1))
        ;;
    *.svg)
        tail -n 1 "$file" | grep -q '</svg>' || fail "$file has no end"
        pictures=$((pictures + 1))
        ;;
    esac
done
[ $pictures -eq "$expected" ] || fail "$pictures pictures were written, not $expected"
tail -n 1 "$work/metrics.jsonl" | grep -q '"event": *"result"' || fail "the last record is no result"
if grep -iE '(:|: )-?(nan|inf)' "$work/metrics.jsonl"; then
    fail "not finite"
fi
# Plain lines where stdout is no terminal: no carriage return, no escape sequence.
if tr -d '\n' <"$work.log" | grep -q '[[:cntrl:]]'; then
    fail "control characters in a file"
fi
