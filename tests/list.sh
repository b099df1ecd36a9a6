#!/bin/sh
# list.sh KIND PREFIX: the names of tests/KIND/PREFIX*.c without prefix and ending, for meson.
cd "$(dirname "$0")/$1" 2>/dev/null || exit 0
for file in "$2"*.c; do
    if [ -e "$file" ]; then
        name=${file#"$2"}
        echo "${name%.c}"
    fi
done
