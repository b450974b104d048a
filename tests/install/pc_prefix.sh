#!/bin/sh
# libgan.pc finds its prefix whatever the depth of the library folder, and keeps absolute folders.
#   pc_prefix.sh ROOT WORK [cmake option...]
set -eu
root=$1 work=$2
shift 2
pkg_config=${PKG_CONFIG:-pkg-config}
rm -rf "$work"
mkdir -p "$work"

# configure LIBDIR OPTION...: puts the .pc file for that library folder to $work/pc/libgan.pc.
configure()
{
    libdir=$1
    shift
    "${CMAKE:-cmake}" -S "$root" -B "$work/build" -DGAN_BUILD_TESTS=OFF -DGAN_BUILD_EXAMPLES=OFF \
        -DCMAKE_C_COMPILER="${CC:-cc}" -DCMAKE_INSTALL_PREFIX=/opt/gan \
        -DCMAKE_INSTALL_LIBDIR="$libdir" "$@" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}

# variable FOLDER NAME: what pkg-config says, with the dots resolved where the path exists.
variable()
{
    value=$(PKG_CONFIG_PATH=$1 "$pkg_config" --variable="$2" libgan)
    if [ -d "$value" ]; then
        (cd "$value" && pwd -P)
    else
        echo "$value"
    fi
}

status=0
expect()
{
    if [ "$2" != "$3" ]; then
        echo "$1 is $2 and should be $3"
        status=1
    fi
}

for libdir in lib lib64 lib/x86_64-linux-gnu; do
    configure "$libdir" "$@"
    tree=$(cd "$work" && pwd -P)/$(echo "$libdir" | tr / -)
    mkdir -p "$tree/$libdir/pkgconfig" "$tree/include/gan"
    cp "$work/build/pkgconfig/libgan.pc" "$tree/$libdir/pkgconfig"
    expect "$libdir: prefix" "$(variable "$tree/$libdir/pkgconfig" prefix)" "$tree"
    expect "$libdir: libdir" "$(variable "$tree/$libdir/pkgconfig" libdir)" "$tree/$libdir"
    expect "$libdir: includedir" "$(variable "$tree/$libdir/pkgconfig" includedir)" "$tree/include"
done

configure /nowhere/lib "$@"
expect "absolute libdir" "$(variable "$work/build/pkgconfig" libdir)" /nowhere/lib
expect "prefix of it" "$(variable "$work/build/pkgconfig" prefix)" /opt/gan
exit $status
