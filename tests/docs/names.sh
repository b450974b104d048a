#!/bin/sh
# What docs/contract.md names in brackets as the test of a promise must be a test, and there is no
# promise without one.
#   names.sh ROOT BUILD
set -eu
root=$1 build=$2
tests=$(cd "$build" && "${CTEST:-ctest}" -N -C long | sed -n 's/^ *Test *#[0-9]*: //p')
names=$(tr '\n' ' ' <"$root/docs/contract.md" | grep -o '\[`[^]]*`\]' | grep -o '`[^`]*`' |
    tr -d '`' | sort -u)
[ -n "$names" ] || { echo "docs/contract.md names no test"; exit 1; }
status=0
for name in $names; do
    if ! echo "$tests" | grep -qx "$name"; then
        echo "docs/contract.md: there is no test \"$name\""
        status=1
    fi
done
# A promise is an item of a list, up to the next empty line or item.
awk '
    function done() { if (item != "" && item !~ /\[`/) { print "no test: " item; bad = 1 } item = "" }
    /^- / { done(); item = $0; count++; next }
    /^$/ || /^#/ { done(); next }
    item != "" { item = item " " $0 }
    END { done(); print "promises: " count; exit bad || !count }' "$root/docs/contract.md" || status=1
echo "tests named: $(echo "$names" | wc -l)"
exit $status
