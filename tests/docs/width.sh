#!/bin/sh
# No line of the sources is over 100 columns; the formatter leaves comments as they are.
#   width.sh ROOT
set -eu
cd "$1"
find include lib examples -name '*.[ch]' -o -name '*.inc' | LC_ALL=C sort | LC_ALL=C.UTF-8 xargs awk '
    { seen++ }
    length > 100 { print FILENAME ":" FNR ": " length " columns"; bad = 1 }
    END { print seen " lines"; exit bad || seen == 0 }'
