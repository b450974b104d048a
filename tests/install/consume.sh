#!/bin/sh
# Builds and runs a program against an installed tree, as its users would.
#   consume.sh ROOT PREFIX HOW WORK
#   HOW  pkgconfig_c, pkgconfig_cxx, pkgconfig_static or cmake
set -eu
here=$1/tests/install prefix=$2 how=$3 work=$4
[ -d "$prefix/tree" ] && prefix=$prefix/tree
rm -rf "$work"
mkdir -p "$work"
warnings='-pedantic-errors -Wall -Wextra -Werror'
pkg_config=${PKG_CONFIG:-pkg-config}

libdir=$(dirname "$(find "$prefix" -name libgan.a)")
PKG_CONFIG_PATH=$libdir/pkgconfig
LD_LIBRARY_PATH=$libdir
export PKG_CONFIG_PATH LD_LIBRARY_PATH

need_cxx()
{
    if ! command -v "${CXX:-c++}" >/dev/null 2>&1; then
        echo "skipped: there is no C++ compiler"
        exit 77
    fi
}

case $how in
pkgconfig_c)
    "${CC:-cc}" -std=c11 $warnings -o "$work/consumer" "$here/consumer.c" \
        $("$pkg_config" --cflags --libs libgan)
    "$work/consumer"
    ;;
pkgconfig_cxx)
    need_cxx
    "${CXX:-c++}" -std=c++17 $warnings -o "$work/consumer" "$here/consumer.cpp" \
        $("$pkg_config" --cflags --libs libgan)
    "$work/consumer"
    ;;
pkgconfig_static)
    # A tree without libgan.so, as a distribution that ships static libraries only would have.
    cp -R "$prefix" "$work/tree"
    rm -f "$work"/tree/lib*/libgan.so* "$work"/tree/lib*/*/libgan.so*
    PKG_CONFIG_PATH=$(dirname "$(find "$work/tree" -name libgan.pc)")
    unset LD_LIBRARY_PATH
    "${CC:-cc}" -std=c11 $warnings -o "$work/consumer" "$here/consumer.c" \
        $("$pkg_config" --static --cflags --libs libgan)
    "$work/consumer"
    ;;
cmake)
    need_cxx
    unset LD_LIBRARY_PATH PKG_CONFIG_PATH
    "${CMAKE:-cmake}" -S "$here/project" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_C_COMPILER="${CC:-cc}" -DCMAKE_CXX_COMPILER="${CXX:-c++}" >"$work/log" ||
        { cat "$work/log"; exit 1; }
    "${CMAKE:-cmake}" --build "$work/build" >"$work/log" || { cat "$work/log"; exit 1; }
    for program in consumer_c consumer_cxx consumer_static; do
        "$work/build/$program"
    done
    ;;
*)
    echo "unknown way to build: $how" >&2
    exit 2
    ;;
esac
