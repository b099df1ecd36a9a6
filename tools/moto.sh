#!/usr/bin/env bash
#
# moto.sh: prints a Python that has moto and boto3, the S3 server and client of tests/s3.
#
# They come from the Python registry by version, with all that they need, into a place of their own:
# $XDG_CACHE_HOME/reeve/<hash of all that decides the result>-moto. A finished place is never written
# to again, and asks nothing of the network.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache_root=${XDG_CACHE_HOME:-$HOME/.cache}/reeve
packages=$top/tools/moto.txt

say() {
    echo "moto: $*" >&2
}

die() {
    say "$@"
    exit 1
}

moto_key() {
    {
        cat "$packages"
        python3 -c 'import sys; print(sys.version, sys.base_prefix)'
    } | sha256sum | cut -c1-16
}

# Prints the interpreter, making its place first where it is not there.
moto_python() {
    local dir

    dir=$cache_root/$(moto_key)-moto
    if [ ! -e "$dir/done" ]; then
        mkdir -p "$cache_root"
        (
            flock 9
            [ -e "$dir/done" ] || moto_make "$dir" >&2
        ) 9>"$cache_root/moto.lock"
    fi
    echo "$dir/bin/python"
}

moto_make() {
    say "fetching moto and boto3; kept in $1"
    rm -rf "$1"
    python3 -m venv "$1" || die "python3 has no venv (Debian: python3-venv)"
    "$1/bin/python" -m pip install -q --no-deps --disable-pip-version-check -r "$packages" ||
        die "pip could not fetch moto"
    "$1/bin/python" -m pip check -q || die "$packages does not name all that moto needs"
    touch "$1/done"
}

moto_python
