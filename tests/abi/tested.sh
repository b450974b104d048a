#!/bin/sh
# Every public function is called by some test.
#   tested.sh ROOT
set -u
root=$1
status=0
for name in $(sed 's/@.*//' "$root/tests/abi/libgan.symbols"); do
    if ! grep -qsw -e "$name" "$root"/tests/*.c "$root"/tests/*.h "$root"/tests/ffi/* \
        "$root"/tests/install/*.c*; then
        echo "no test calls $name"
        status=1
    fi
done
exit $status
