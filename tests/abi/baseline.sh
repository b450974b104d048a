#!/bin/sh
# The library is binary compatible with tests/abi/libgan-MACHINE.abi, what the last release gave
# away. New functions are fine.
#   baseline.sh ROOT LIBRARY [--update]
set -u
root=$1 library=$2
baseline=$root/tests/abi/libgan-$(uname -m).abi

for tool in abidw abidiff; do
    if ! command -v $tool >/dev/null 2>&1; then
        echo "skipped: $tool is not installed (Debian: abigail-tools)"
        exit 77
    fi
done
if [ "${3:-}" = --update ]; then
    abidw --headers-dir "$root/include" --no-corpus-path --no-comp-dir-path \
        --no-show-locs --drop-private-types --exported-interfaces-only \
        --no-elf-needed "$library" | sed "s|path='[^']*/lib/|path='lib/|" >"$baseline"
fi
if [ ! -f "$baseline" ]; then
    echo "skipped: there is no baseline for $(uname -m)"
    exit 77
fi
abidiff --no-added-syms --drop-private-types --headers-dir2 "$root/include" "$baseline" "$library"
