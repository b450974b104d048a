#!/bin/sh
# Every public header compiles by itself, twice, as strict C11 or as C++17.
#   headers.sh ROOT c|cxx
set -u
root=$1
case $2 in
c) compiler=${CC:-cc} flags='-x c -std=c11 -Wstrict-prototypes' ;;
*) compiler=${CXX:-c++} flags='-x c++ -std=c++17' ;;
esac
if ! command -v "$compiler" >/dev/null 2>&1; then
    echo "skipped: there is no C++ compiler"
    exit 77
fi
status=0
for header in "$root"/include/gan/*.h; do
    name=gan/$(basename "$header")
    printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$name" "$name" |
        "$compiler" $flags -pedantic-errors -Wall -Wextra -Werror -fsyntax-only \
            -I "$root/include" - || { echo "$name does not stand alone"; status=1; }
done
exit $status
