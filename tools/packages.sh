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
#   libvips-dev            thumbs: the module reeve-image.so, which nothing else needs
#   libarchive-dev         zip files of backups, in the module reeve-archive.so
#   g++, libre2-dev        regular expressions of text fields, matched in linear time
#   libcurl4-openssl-dev   requests to other servers, in the module reeve-net.so
#   ccache                 objects that were compiled before are not compiled again
#   zlib1g-dev             the dashboard, for clients that take nothing compressed
#   pip, npm               fetch the pinned sources that are compiled in (tools/third_party.sh)
#   nodejs                 builds the dashboard (tools/web.sh)
packages_build='gcc=gcc libc6-dev ccache=ccache meson=meson ninja=ninja-build pkg-config=pkg-config
    libuv1-dev libssl-dev libcrypt-dev libcurl4-openssl-dev g++=g++ libre2-dev libvips-dev
    libarchive-dev zlib1g-dev python3=python3 pip=python3-pip npm=npm node=nodejs ca-certificates'

# Testing, besides those above:
#   libcmocka-dev          unit tests
#   clang, libclang-rt     second compiler's warnings, ThreadSanitizer, libFuzzer; llvm-symbolizer
#                          gives their reports names
#   valgrind               counts instructions a request
#   curl                   the README's first steps are run
#   openssl                a certificate that nobody vouches for
#   python3-aiosmtpd       the mail server of tests/mail
#   systemd                hands a socket over; its programs alone, nothing of it has to run
#   chromium               the SDK in a browser; only Debian has it as a package: elsewhere, without
#                          one on the path, these tests are skipped
#   venv                   places for the reference server of ./dev differ and for tools/moto.sh
packages_test='libcmocka-dev clang=clang llvm-symbolizer=llvm valgrind=valgrind curl=curl openssl=openssl
    python3-venv=python3-venv python3-aiosmtpd systemd-socket-activate=systemd'
! grep -qs '^ID=debian' /etc/os-release || packages_test+=' chromium=chromium'
packages_lint='clang-tidy=clang-tidy cppcheck=cppcheck'
packages_bench='wrk=wrk libsqlite3-0'

format_version=14.0.6
apt_wait_s=300

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
    apt_get update -qq
    apt_get install -y -qq --no-install-recommends "${missing[@]}"
}

# apt_get ARGUMENT...: waits for its turn, since machines also update themselves. The option is for
# dpkg's lock; the one on the lists makes apt-get fail at once.
apt_get() {
    local until=$((SECONDS + apt_wait_s)) said status

    while true; do
        status=0
        said=$(as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive \
            apt-get -o "DPkg::Lock::Timeout=$apt_wait_s" "$@" 2>&1) || status=$?
        [ -z "$said" ] || echo "$said" >&2
        [ "$status" -ne 0 ] || return 0
        [[ $said == *"Could not get lock"* ]] || die "apt-get $1 failed"
        [ "$SECONDS" -lt "$until" ] || die "apt-get $1: its lock was not free within $apt_wait_s s"
        sleep 2
    done
}

# What the sources are formatted with: versions differ in what they make of them. The distribution's
# where it is the right one, else the build that the Python registry has.
formatter() {
    local dir=$cache_root/clang-format-$format_version
    local program=$dir/clang_format/data/bin/clang-format # bin/ has a script that finds no module

    if [[ $(clang-format --version 2>/dev/null) == *"version ${format_version%%.*}."* ]]; then
        command -v clang-format
        return
    fi
    if [ ! -x "$program" ]; then
        say "fetching clang-format $format_version"
        "$(pip_python)" -m pip install -q --no-deps --target "$dir" \
            "clang-format==$format_version" >&2 || die "pip could not fetch clang-format $format_version"
    fi
    echo "$program"
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
