#!/bin/sh
# Installs the build twice: to DIR/prefix, and to DIR/gone, which then moves to DIR/moved.
#   install.sh BUILD DIR
set -eu
build=$1 dir=$2
rm -rf "$dir"
for place in prefix gone; do
    "${CMAKE:-cmake}" --install "$build" --prefix "$dir/$place" >/dev/null
done
mkdir "$dir/moved"
mv "$dir/gone" "$dir/moved/tree"

# Nothing but what belongs there, and no path of the build in what others read.
cd "$dir/prefix"
find . -type f -name '*.so*' | grep -q . || { echo "no shared library was installed"; exit 1; }
if grep -rlF -e "$build" -e "$dir" --include='*.pc' --include='*.cmake' --include='*.h' .; then
    echo "a path of this machine stands in the files above"
    exit 1
fi
find . -type f -o -type l | sort
