# The dashboard as the C build takes it in (web/tools/build.mjs), sourced by ./dev.
#
# $XDG_CACHE_HOME/reeve/web-HASH holds assets.pack and assets.c, made of sources with that hash; its
# packages are in web-modules-HASH, by the hash of the lock file, and web/node_modules leads there.
# Neither is written to again once it is there. Where the system's node is too old, one of npm's is in
# node-VERSION.

node_least=20 # the major version that web/tools/build.mjs takes
node_version=22.23.5
web_tries=3
web_changed=75 # the status of a build whose sources were changed meanwhile

web_key() {
    (cd "$top/web" && find . ../docs/dashboard.md -path ./node_modules -prune -o -path ./test -prune -o -type f -print0 |
        sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16)
}

# web_once NAME COMMAND...: makes $cache_root/NAME by COMMAND DIR, which fills a new folder; prints it.
web_once() {
    local dir=$cache_root/$1

    shift
    if ! web_has "$dir"; then
        mkdir -p "$cache_root"
        (
            flock 9
            # Left by one that was interrupted.
            find "$cache_root" -maxdepth 1 -name 'work.??????' -mmin +1440 -exec rm -rf {} +
            web_has "$dir" || web_fill "$dir" "$@" >&2
        ) 9>"$cache_root/web-lock" || return
    fi
    echo "$dir"
}

# Something may have emptied it since.
web_has() {
    [ -n "$(ls -A "$1" 2>/dev/null)" ]
}

web_fill() {
    local dir=$1 work status=0

    shift
    work=$(mktemp -d "$cache_root/work.XXXXXX") || return 1
    "$@" "$work" || status=$?
    if [ "$status" -eq 0 ]; then
        rmdir "$dir" 2>/dev/null || :
        mv "$work" "$dir"
    else
        rm -rf "$work"
    fi
    return "$status"
}

web_install() {
    say "fetching what the dashboard is built with"
    cp "$top/web/package.json" "$top/web/package-lock.json" "$1"
    (cd "$1" && npm ci --silent --no-audit --no-fund --ignore-scripts)
}

# Packages for web/, and the link to them.
web_modules() {
    local dir

    dir=$(web_once "web-modules-$(sha256sum "$top/web/package-lock.json" | cut -c1-16)" web_install) ||
        die "npm could not fetch what the dashboard is built with"
    if [ "$(readlink "$top/web/node_modules")" != "$dir/node_modules" ]; then
        [ -L "$top/web/node_modules" ] || rm -rf "$top/web/node_modules"
        ln -sfn "$dir/node_modules" "$top/web/node_modules"
    fi
}

web_fetch_node() {
    local arch

    case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) die "please install node $node_least or newer" ;;
    esac
    say "fetching node $node_version: the system's is older than $node_least"
    (cd "$1" && npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$1" \
        "node-linux-$arch@$node_version" && ln -s "node_modules/node-linux-$arch/bin/node" node)
}

# Prints the node that builds: the first on the path if it is new enough.
web_node() {
    local dir major

    major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null) || major=0
    if [ "$major" -ge "$node_least" ]; then
        command -v node
        return
    fi
    dir=$(web_once "node-$node_version" web_fetch_node) || die "npm could not fetch node $node_version"
    echo "$dir/node"
}

# web_make NODE KEY DIR. What was made while sources changed is made of no sources in particular.
web_make() {
    say "building the dashboard"
    "$1" "$top/web/tools/build.mjs" --out "$3" || return 1
    [ "$(web_key)" = "$2" ] || return "$web_changed"
}

# Prints the directory with the pack.
web_pack() {
    local try key node status=$web_changed

    for ((try = 0; try < web_tries && status == web_changed; try++)); do
        status=0
        key=$(web_key)
        if [ ! -e "$cache_root/web-$key" ]; then
            web_modules >&2
            node=$(web_node) || exit 1
        fi
        web_once "web-$key" web_make "${node:-node}" "$key" || status=$?
    done
    [ "$status" -ne "$web_changed" ] || die "the dashboard's sources change while it is built"
    [ "$status" -eq 0 ] || die "the dashboard could not be built"
}
