#!/bin/sh
# Makes sure that what the build needs is installed:  sh .ci/setup.sh [examples] [tests] [format]
# The library's own needs are always looked at; the arguments add those of the examples, of the
# tests and of the formatter.
#
# Does nothing, and needs no network, where everything is there. On Debian and its relatives it
# installs what is missing with apt-get, as root or through sudo. Elsewhere it says what is missing
# and fails if the build cannot do without.
set -u

compiles() # compiles HEADER: does the C compiler find it?
{
    printf '#include <stddef.h>\n#include <%s>\n' "$1" |
        "${CC:-cc}" $(pkg-config --cflags openblas cblas 2>/dev/null) -E -x c - >/dev/null 2>&1
}

has()
{
    command -v "$1" >/dev/null 2>&1
}

has_compiler() # a compiler without the headers of the C library is of no use
{
    has "${CC:-cc}" && compiles stdio.h
}

has_cmake()
{
    has cmake && cmake --version | awk 'NR == 1 { split($3, v, "."); exit !(v[1] > 3 || v[2] >= 25) }'
}

has_build_tool()
{
    has ninja || has make
}

has_blas()
{
    pkg-config --exists cblas 2>/dev/null || pkg-config --exists blas 2>/dev/null ||
        pkg-config --exists openblas 2>/dev/null || compiles cblas.h
}

has_format()
{
    has clang-format-14 || has clang-format
}

# Debian package | how to tell that it is there | what it is, for other systems
library_needs='
gcc|has_compiler|a C11 compiler (gcc or clang) and the headers of the C library
libc6-dev|compiles stdio.h|the headers of the C library
cmake|has_cmake|CMake 3.25 or later
ninja-build|has_build_tool|Ninja or make
pkg-config|has pkg-config|pkg-config
zlib1g-dev|compiles zlib.h|zlib with its headers
libopenblas-dev|has_blas|a BLAS with its C interface, cblas.h (OpenBLAS, BLIS, ...)
librandom123-dev|compiles Random123/philox.h|Random123 (headers only)'
examples_needs='
libcairo2-dev|pkg-config --exists cairo|cairo with its headers'
# The same of what the examples make use of, but do without.
examples_wants='
liblinear-dev|compiles linear.h|liblinear with its headers, for the test of features in gan-dcgan
dataset-fashion-mnist|test -d /usr/share/datasets/fashion-mnist|Fashion-MNIST, for gan-dcgan'
tests_needs='
check|pkg-config --exists check|Check, the unit test framework
g++|has c++|a C++17 compiler
python3|has python3|Python 3
binutils|has nm|nm, of the binutils'
format_needs='
clang-format|has_format|clang-format 14'

needs=$library_needs wants=''
for part in "$@"; do
    case $part in
    examples) needs=$needs$examples_needs wants=$wants$examples_wants ;;
    tests) needs=$needs$tests_needs ;;
    format) needs=$needs$format_needs ;;
    *)
        echo "usage: sh $0 [examples] [tests] [format]" >&2
        exit 2
        ;;
    esac
done

# look LIST: sets `packages` and `missing` to what is not there.
look()
{
    packages='' missing=''
    while IFS='|' read -r package probe text; do
        if [ -n "$package" ] && ! $probe 2>/dev/null; then
            packages="$packages $package"
            missing="$missing
    $text"
        fi
    done <<EOF
$1
EOF
}

# do_without: ends well, if all that is missing can be done without.
do_without()
{
    echo "Not there, and can be done without:$missing"
    exit 0
}

look "$needs"
needed=$packages
look "$needs$wants"
[ -n "$packages" ] || exit 0

if has apt-get && has dpkg; then
    as_root=''
    if [ "$(id -u)" -ne 0 ]; then
        [ -n "$needed" ] || do_without
        as_root=sudo
        if ! has sudo; then
            echo "Missing:$missing"
            echo "Run this as root, or first:  apt-get install$packages" >&2
            exit 1
        fi
    fi
    echo "Installing:$packages"
    # An old or empty list of packages is renewed only when it does not do.
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    install()
    {
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends $packages >"$log" 2>&1 </dev/null
    }
    if ! install; then
        $as_root apt-get update >"$log" 2>&1 && install || {
            cat "$log" >&2
            echo "apt-get could not install:$packages" >&2
            packages=$needed
            [ -z "$packages" ] || install
        }
    fi
    look "$needs$wants"
    [ -n "$packages" ] || exit 0
fi

look "$needs"
if [ -z "$packages" ]; then
    look "$wants"
    do_without
fi
echo "libgan needs what was not found on this system:$missing" >&2
echo "On Debian 12:  apt-get install$packages" >&2
exit 1
