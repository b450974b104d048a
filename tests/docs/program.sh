#!/bin/sh
# Compiles the program of README.md as it stands there and runs it on the shipped digits.
#   program.sh ROOT WORK LIBRARY
set -eu
root=$1 work=$2 library=$3
mkdir -p "$work"
awk '/^```c$/ { inside = 1; next } /^```$/ { if (inside) exit } inside' "$root/README.md" \
    >"$work/program.c"
grep -q 'gan_trainer_run' "$work/program.c" || { echo "README.md: no program"; exit 1; }
"${CC:-cc}" -Wall -Wextra -Werror -I "$root/include" "$work/program.c" -o "$work/program" \
    "$library" -Wl,-rpath,"$(dirname "$library")"

"$work/program" "$root/examples/data/train-images-10000-idx3-ubyte.gz" >"$work/out"
[ "$(grep -c '^step .* V = -\{0,1\}[0-9.]*$' "$work/out")" -eq 20 ] || { cat "$work/out"; exit 1; }

# Without data it says which file it could not open.
if "$work/program" "$work/missing" >"$work/out" 2>"$work/err"; then
    echo "the program succeeds without data"
    exit 1
fi
grep -q 'missing' "$work/err" || { cat "$work/err"; exit 1; }
echo "README.md: the program compiles, runs, and reports a missing file"
