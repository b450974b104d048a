# Read by scripts that run an example on a few of the shipped digits:
#   SCRIPT WORK PROGRAM DIGITS ...
# Empties the folder WORK, and makes one for data in it.
work=$1
program=$2
digits=$3
rm -rf "$work"
mkdir -p "$work/data"

fail()
{
    echo "$1" >&2
    exit 1
}

# few NAME COUNT_IN_OCTAL COUNT: the first of a file of pictures.
few()
{
    {
        printf "\\000\\000\\010\\003\\000\\000$2\\000\\000\\000\\034\\000\\000\\000\\034"
        gzip -dc "$digits/$1.gz" | tail -c +17 | head -c $(($3 * 784))
    } >"$work/data/$1"
}

# few_labelled NAME COUNT_IN_OCTAL OF COUNT: pictures and labels.
few_labelled()
{
    few "$1-images-$3-idx3-ubyte" "$2" "$4"
    {
        printf "\\000\\000\\010\\001\\000\\000$2"
        gzip -dc "$digits/$1-labels-$3-idx1-ubyte.gz" | tail -c +9 | head -c "$4"
    } >"$work/data/$1-labels-$3-idx1-ubyte"
}
