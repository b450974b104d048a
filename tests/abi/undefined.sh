#!/bin/sh
# What the library must not call: it never prints, exits, aborts, touches the state of the process
# or holds state of its own in the C library, and all memory goes through base/context.c.
#   undefined.sh LIBRARY STATIC_LIBRARY
set -u
library=$1 archive=$2
nm=${NM:-nm}
status=0

forbidden='exit _exit _Exit quick_exit atexit abort raise kill
    __assert __assert_fail __assert_perror_fail __errno_fail __chk_fail
    printf vprintf fprintf vfprintf dprintf vdprintf puts fputs putchar putc fputc perror psignal
    __printf_chk __vprintf_chk __fprintf_chk __vfprintf_chk __dprintf_chk syslog
    stdout stderr stdin scanf getchar gets
    rand srand rand_r random srandom drand48 lrand48 mrand48 erand48 srand48 arc4random
    signal sigaction bsd_signal sigset setjmp _setjmp longjmp siglongjmp
    setlocale uselocale setenv putenv unsetenv chdir umask
    system popen fork vfork execl execv execve execvp posix_spawn
    strtok localtime gmtime asctime ctime tmpnam mktemp
    strcpy strcat sprintf vsprintf
    feenableexcept fesetround fesetenv'

undefined=$("$nm" -D --undefined-only "$library" | awk '{ sub(/@.*/, "", $2); print $2 }')
[ -n "$undefined" ] || { echo "$nm lists no undefined symbol of $library"; exit 1; }
for symbol in $forbidden; do
    if echo "$undefined" | grep -qx -e "$symbol"; then
        echo "$library calls $symbol"
        status=1
    fi
done
if echo "$undefined" | grep -E '^(GOMP_|omp_|__kmpc_|_Z|__cxa_throw)'; then
    echo "$library needs OpenMP or a C++ runtime"
    status=1
fi

# nm prints "file.c.o:" before the symbols of each object.
"$nm" --undefined-only "$archive" | awk '
    /:$/ { object = $0 }
    $1 == "U" && $2 ~ /^(malloc|calloc|realloc|reallocarray|free|aligned_alloc|posix_memalign|memalign|strdup|strndup|asprintf|getline|open_memstream)$/ &&
        object !~ /(^|[^a-z_])context\.c/ { print object, $2; bad = 1 }
    END { exit bad }' || { echo "only base/context.c may take memory"; status=1; }

[ $status -eq 0 ] && echo "$(echo "$undefined" | wc -l) undefined symbols, none forbidden"
exit $status
