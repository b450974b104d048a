# Prints "name version" for each function that the headers given declare with GAN_API: the version
# is that of "Since" in the comment before it, or "none". Declarations that follow each other
# without an empty line share the comment above them, unless they have one of their own.
FNR == 1 { since = "none"; inside = 0 }
/^$/ && !inside { since = "none" }
/^\/\*/ { inside = 1; comment = "" }
inside {
    comment = comment " " $0
    if ($0 ~ /\*\//) {
        inside = 0
        since = "none"
        if (match(comment, /Since [0-9]+\.[0-9]+/)) {
            since = substr(comment, RSTART + 6, RLENGTH - 6)
        }
    }
    next
}
/^GAN_API / {
    text = $0
    while (text !~ /;/ && (getline line) > 0) {
        text = text " " line
    }
    if (match(text, /gan_[a-z0-9_]+\(/)) {
        print substr(text, RSTART, RLENGTH - 1), since
    }
}
