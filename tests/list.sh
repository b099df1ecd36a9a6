#!/bin/sh
# list.sh KIND PREFIX: the names of tests/KIND/PREFIX*.c without prefix and ending, for meson.
# list.sh KIND: the .c files of tests/KIND that are no test of their own.
cd "$(dirname "$0")/$1" 2>/dev/null || exit 0
for file in "${2:-}"*.c; do
    case $file in
    '*.c' | "${2:-}*.c") ;;
    test_*.c | fuzz_*.c)
        name=${file#"${2:-}"}
        [ -z "${2:-}" ] || echo "${name%.c}"
        ;;
    *) [ -n "${2:-}" ] || echo "$file" ;;
    esac
done
