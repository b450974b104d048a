#!/bin/sh
# Every public function has a comment before it that says since which version it is there.
#   documented.sh ROOT
set -u
root=$1
list=$(awk -f "$root/tests/abi/declared.awk" "$root"/include/gan/*.h)
[ -n "$list" ] || { echo "no function is declared with GAN_API"; exit 1; }
bad=$(echo "$list" | awk '$2 == "none" { print $1 }')
if [ -n "$bad" ]; then
    echo "no comment with \"Since X.Y\" stands before:"
    echo "$bad"
    exit 1
fi
echo "$(echo "$list" | wc -l) functions are documented"
