#!/bin/sh
# Arrows go down only: a file of lib/ may include headers of its own floor and of those below it.
#   layers.sh ROOT
set -u
root=$1
cd "$root/lib" || exit 1

find . -name '*.[ch]' -o -name '*.inc' | sed 's|^\./||' | sort | xargs awk '
BEGIN {
    count = split("base kernel graph data io eval nn train", floors, " ")
    for (i = 1; i <= count; i++) {
        rank[floors[i]] = i
    }
}
function complain(text) {
    print "lib/" FILENAME ":" FNR ": " text
    bad = 1
}
FNR == 1 {
    files++
    own = FILENAME
    sub(/\/.*/, "", own)
    if (!(own in rank)) {
        complain("is in no known floor")
    }
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, parts, "\"")
    other = parts[2]
    if (!sub(/\/.*/, "", other) || !(other in rank)) {
        complain("\"" parts[2] "\" should begin with the name of its floor")
    } else if (rank[other] > rank[own]) {
        complain(own " includes \"" parts[2] "\", which is above it")
    }
}
/^[ \t]*#[ \t]*include[ \t]*<cblas\.h>/ { blas[FILENAME] = 1; blas_files += !(FILENAME in seen); seen[FILENAME] = 1 }
/^[ \t]*#[ \t]*include[ \t]*<Random123\// {
    if (own != "kernel" && FILENAME != "base/philox.h") {
        complain("only the kernels and base/philox.h may include Random123")
    }
}
END {
    if (blas_files > 1) {
        print "more than one file includes <cblas.h>:"
        for (file in blas) {
            print "    lib/" file
        }
        bad = 1
    }
    if (!files) {
        print "no file was found in lib/"
        bad = 1
    }
    if (!bad) {
        print files " files, no arrow goes up"
    }
    exit bad
}'
