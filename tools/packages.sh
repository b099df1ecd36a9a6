# Distribution packages, sourced by ./dev. Each set says what its packages are for; nothing is
# asked of apt unless something is missing, so a second run costs one look into dpkg's database.
#
# A row is PACKAGE, or COMMAND=PACKAGE where any provider of the command will do.

# Building and running:
#   gcc, libc6-dev         the compiler and the C library's headers
#   meson, ninja           the build; pkg-config finds the libraries
#   libuv1-dev             sockets, loops, timers
#   libssl-dev             hashes, HMAC, AES-GCM, random numbers
#   libcrypt-dev           bcrypt, compatible with stored password hashes
#   libpcre2-dev           regular expressions of text fields, with match limits
#   pip, npm               fetch the pinned sources that are compiled in (tools/third_party.sh)
packages_build='gcc=gcc libc6-dev meson=meson ninja=ninja-build pkg-config=pkg-config
    libuv1-dev libssl-dev libcrypt-dev libpcre2-dev
    python3=python3 pip=python3-pip npm=npm node=nodejs ca-certificates'

# Testing, besides those above:
#   libcmocka-dev          unit tests
#   clang, libclang-rt     second compiler's warnings, ThreadSanitizer, libFuzzer; llvm-symbolizer
#                          gives their reports names
#   venv                   a place for the reference server of ./dev differ
packages_test='libcmocka-dev clang=clang clang-format=clang-format llvm-symbolizer=llvm
    python3-venv=python3-venv'
packages_lint='clang-format=clang-format clang-tidy=clang-tidy cppcheck=cppcheck'
packages_bench='wrk=wrk libsqlite3-0'

have_package() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

have_command() {
    case $1 in
    pip) pip_python >/dev/null ;;
    python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

# The python3 that has pip: the first on the path, or the distribution's.
pip_python() {
    local candidate

    for candidate in python3 /usr/bin/python3; do
        if "$candidate" -c 'import pip' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# Prints the packages of the rows given that are not there.
missing_packages() {
    local row plain=()

    for row in "$@"; do
        case $row in
        *=*) have_command "${row%%=*}" || echo "${row#*=}" ;;
        *) plain+=("$row") ;;
        esac
    done
    if [ ${#plain[@]} -gt 0 ]; then
        comm -23 <(printf '%s\n' "${plain[@]}" | sort) <(dpkg-query -W \
            -f '${db:Status-Status} ${Package}\n' "${plain[@]}" 2>/dev/null |
            sed -n 's/^installed //p' | sort)
    fi
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "cannot install packages: neither root nor sudo"
    fi
}

# ensure_packages ROW...: installs what is missing, or says why it cannot.
ensure_packages() {
    local missing

    # shellcheck disable=SC2068 # rows hold no blanks
    mapfile -t missing < <(missing_packages $@)
    if [ ${#missing[@]} -eq 0 ]; then
        return
    fi
    command -v apt-get >/dev/null || die "please install: ${missing[*]}"
    say "installing ${missing[*]}"
    as_root apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# The sanitizers' runtime of whatever clang the distribution has; its package is named by version.
ensure_clang_runtime() {
    local major

    major=$(clang -dumpversion)
    major=${major%%.*}
    if [ ! -e "$(clang -print-file-name=libclang_rt.fuzzer-x86_64.a)" ] &&
        [ ! -e "$(clang -print-file-name=libclang_rt.fuzzer-aarch64.a)" ] &&
        [ ! -e "$(clang -print-runtime-dir 2>/dev/null)/libclang_rt.fuzzer.a" ]; then
        have_package "libclang-rt-$major-dev" || ensure_packages "libclang-rt-$major-dev"
    fi
}
