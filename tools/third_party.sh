# The libraries that are compiled in, sourced by ./dev.
#
# Sources come through the package clients by name and version and are refused unless their hash is
# the one written here. They are compiled once per flavour into
# $XDG_CACHE_HOME/reeve/<hash of all that decides the result>/{include,lib}; a finished directory is
# never written to again, so any number of builds may share it.

cache_root=${XDG_CACHE_HOME:-$HOME/.cache}/reeve

llhttp_version=9.3.0.0 # PyPI's llhttp; its sdist carries the generated C of llhttp 9.3.0
llhttp_sha256=0d989363e7fb6f270b9d49956e7a3945c26778f8c70a166815264309ac6a8295
yyjson_version=4.4.0 # PyPI's vtx-yyjson; its sdist carries yyjson 0.10.0
yyjson_sha256=cb90a68eb198908082376d7a4db957e1c823063d9b14c36c8255c655d7cd4ca2
sqlite_version=12.11.1 # npm's better-sqlite3; its tarball carries SQLite 3.53.2
sqlite_sha256=ebf0ed75a7a59dbcb3b24bbd014ef49d9f15bc328e4adcbf516f2a8fadfa2835

# What the design asks of SQLite, then what it cannot find out by itself without its configure
# script: positioned reads and writes, fdatasync, thread-safe time functions.
sqlite_flags=(
    -DSQLITE_THREADSAFE=2 -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_LIKE_DOESNT_MATCH_BLOBS
    -DSQLITE_USE_ALLOCA -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_RTREE
    -DSQLITE_ENABLE_GEOPOLY -DSQLITE_ENABLE_STAT4 -DSQLITE_SOUNDEX
    -DSQLITE_ENABLE_OFFSET_SQL_FUNC -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_SESSION
    -DSQLITE_ENABLE_PREUPDATE_HOOK -DSQLITE_ENABLE_DBSTAT_VTAB
    -DHAVE_FDATASYNC=1 -DHAVE_PREAD=1 -DHAVE_PWRITE=1 -DHAVE_USLEEP=1 -DHAVE_GMTIME_R=1
    -DHAVE_LOCALTIME_R=1 -DHAVE_STRCHRNUL=1 -DHAVE_ISNAN=1
)
plain_flags=(
    -O2 -g -fPIC -fno-omit-frame-pointer -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
    -fstack-protector-strong -fstack-clash-protection
)
# Without UBSan: what it says about these libraries is not ours to fix, and it doubles the time
# that SQLite takes to compile.
asan_flags=(-O1 -g -fPIC -fno-omit-frame-pointer -fsanitize=address)

# Only processors with Intel's control-flow instructions have the last one; others refuse it.
third_party_flags() {
    case $1 in
    plain)
        printf '%s\n' "${plain_flags[@]}"
        case $(gcc -dumpmachine) in x86_64-* | i?86-*) echo -fcf-protection=full ;; esac
        ;;
    asan) printf '%s\n' "${asan_flags[@]}" ;;
    *) die "no such flavour: $1" ;;
    esac
}

third_party_key() {
    {
        echo "$llhttp_sha256 $yyjson_sha256 $sqlite_sha256 ${sqlite_flags[*]}"
        third_party_flags "$1"
        gcc -dumpfullversion
        gcc -dumpmachine
    } | sha256sum | cut -c1-16
}

# third_party_dir FLAVOUR: prints the directory, making it first where it is not there.
third_party_dir() {
    local dir

    dir=$cache_root/$(third_party_key "$1")-$1
    if [ ! -e "$dir/done" ]; then
        mkdir -p "$cache_root"
        (
            flock 9
            [ -e "$dir/done" ] || third_party_make "$1" "$dir" >&2
        ) 9>"$cache_root/lock"
    fi
    echo "$dir"
}

third_party_make() {
    local dir=$2 work flags llhttp yyjson sqlite

    third_party_fetch
    say "compiling SQLite, llhttp and yyjson ($1); kept in $dir"
    mapfile -t flags < <(third_party_flags "$1")
    work=$(mktemp -d "$cache_root/work.XXXXXX")
    llhttp=$(third_party_unpack "$llhttp_sha256" "$work/llhttp")/lib
    yyjson=$(third_party_unpack "$yyjson_sha256" "$work/yyjson")/yyjson
    sqlite=$(third_party_unpack "$sqlite_sha256" "$work/sqlite")/deps/sqlite3
    mkdir -p "$work/lib" "$work/include"
    cp "$llhttp/llhttp.h" "$yyjson/yyjson.h" "$sqlite/sqlite3.h" "$work/include/"
    third_party_library "$work" sqlite3 "${flags[@]}" "${sqlite_flags[@]}" -- "$sqlite/sqlite3.c" &
    third_party_library "$work" llhttp "${flags[@]}" -I"$llhttp" -- "$llhttp"/{api,http,llhttp}.c
    third_party_library "$work" yyjson "${flags[@]}" -- "$yyjson/yyjson.c"
    wait $! || die "SQLite did not compile"
    rm -rf "$dir" "$work"/{llhttp,yyjson,sqlite,*.o}
    touch "$work/done"
    mv "$work" "$dir"
}

# third_party_library WORK NAME FLAG... -- SOURCE...
third_party_library() {
    local work=$1 name=$2 flags=() source objects=()

    shift 2
    while [ "$1" != -- ]; do
        flags+=("$1")
        shift
    done
    shift
    for source in "$@"; do
        gcc -w "${flags[@]}" -c "$source" -o "$work/$name-$(basename "$source").o" ||
            die "$name did not compile"
        objects+=("$work/$name-$(basename "$source").o")
    done
    ar rcs "$work/lib/lib$name.a" "${objects[@]}"
}

# Archives are kept under their hash, so what lies there was verified.
third_party_fetch() {
    local work python

    mkdir -p "$cache_root/archives"
    if [ -e "$cache_root/archives/$llhttp_sha256" ] && [ -e "$cache_root/archives/$yyjson_sha256" ] &&
        [ -e "$cache_root/archives/$sqlite_sha256" ]; then
        return
    fi
    say "fetching the sources of SQLite, llhttp and yyjson"
    work=$(mktemp -d "$cache_root/fetch.XXXXXX")
    python=$(pip_python) || die "python3 has no pip"
    # pip checks the hashes before it looks inside an archive.
    printf '%s\n' "llhttp==$llhttp_version --hash=sha256:$llhttp_sha256" \
        "vtx-yyjson==$yyjson_version --hash=sha256:$yyjson_sha256" >"$work/requirements.txt"
    "$python" -m pip download -q --no-deps --no-binary llhttp,vtx-yyjson --require-hashes \
        -d "$work" -r "$work/requirements.txt" || die "pip could not fetch llhttp and yyjson"
    (cd "$work" && npm pack --silent "better-sqlite3@$sqlite_version") >/dev/null ||
        die "npm could not fetch better-sqlite3"
    third_party_keep "$llhttp_sha256" "$work"/llhttp-*.tar.gz
    third_party_keep "$yyjson_sha256" "$work"/vtx?yyjson-*.tar.gz
    third_party_keep "$sqlite_sha256" "$work"/better-sqlite3-*.tgz
    rm -rf "$work"
}

# third_party_keep SHA256 FILE
third_party_keep() {
    echo "$1  $2" | sha256sum --check --quiet - || die "$(basename "$2") is not the file we know"
    mv "$2" "$cache_root/archives/$1"
}

# third_party_unpack SHA256 DIR: prints the one folder that is in the archive.
third_party_unpack() {
    mkdir -p "$2"
    echo "$1  $cache_root/archives/$1" | sha256sum --check --quiet - || die "the cache is damaged"
    tar -xzf "$cache_root/archives/$1" -C "$2"
    echo "$2"/*
}
