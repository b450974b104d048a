#!/bin/sh
# Three lists must say the same: the functions that the headers declare, those of lib/libgan.map,
# and those that libgan.so gives away, each with its symbol version; and all three must be what
# tests/abi/libgan.symbols says, so that nobody changes them by accident.
#   exports.sh ROOT LIBRARY
set -u
export LC_ALL=C
root=$1 library=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"${NM:-nm}" -D --defined-only "$library" | awk '$2 != "A" { print $3 }' | sort >"$work/library"
awk '/^GAN_[0-9.]+ \{/ { node = $1 }
     /^ *gan_/ { sub(/;.*/, ""); sub(/^ */, ""); print $0 "@@" node }' "$root/lib/libgan.map" |
    sort >"$work/map"
awk -f "$root/tests/abi/declared.awk" "$root"/include/gan/*.h |
    awk '{ print $1 "@@GAN_" $2 }' | sort >"$work/headers"
sort "$root/tests/abi/libgan.symbols" >"$work/list"

status=0
for other in map headers library; do
    if ! diff "$work/list" "$work/$other" >"$work/diff"; then
        echo "tests/abi/libgan.symbols (<) is not what the $other says (>):"
        grep '^[<>]' "$work/diff"
        status=1
    fi
done
[ -s "$work/list" ] || { echo "tests/abi/libgan.symbols is empty"; status=1; }
[ $status -eq 0 ] && echo "$(wc -l <"$work/list") functions"
exit $status
