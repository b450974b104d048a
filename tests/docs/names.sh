#!/bin/sh
# What docs/conventions.md names in brackets as the test of a promise must be a test.
#   names.sh ROOT BUILD
set -eu
root=$1 build=$2
tests=$(cd "$build" && "${CTEST:-ctest}" -N | sed -n 's/^ *Test *#[0-9]*: //p')
names=$(tr '\n' ' ' <"$root/docs/conventions.md" | grep -o '\[`[^]]*`\]' | grep -o '`[^`]*`' |
    tr -d '`' | sort -u)
[ -n "$names" ] || { echo "docs/conventions.md names no test"; exit 1; }
status=0
for name in $names; do
    if ! echo "$tests" | grep -qx "$name"; then
        echo "docs/conventions.md: there is no test \"$name\""
        status=1
    fi
done
echo "tests named: $(echo "$names" | wc -l)"
exit $status
