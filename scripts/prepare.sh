# Sourced by the other scripts: goes to the project's folder and sees that what a build needs is there.
# On Debian and its kin missing packages are installed; elsewhere they are named.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
PATH="$HOME/.cargo/bin:$PATH"

# Keeps the output of a step off the screen unless the step fails.
quietly() {
    local log status
    log=$(mktemp) || exit 2
    "$@" >"$log" 2>&1
    status=$?
    [ "$status" = 0 ] || cat "$log" >&2
    rm -f "$log"
    return "$status"
}

# Installs Debian packages; the lists are fetched only where they are missing or too old.
install_packages() {
    echo "Installing $* ..." >&2
    if ! command -v apt-get >/dev/null; then
        echo "Please install with your system's package manager: $*" >&2
        exit 2
    fi
    local root=()
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Please run as root: apt-get install $*" >&2
            exit 2
        fi
        root=(sudo -n)
    fi
    local install=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@")
    if ! "${install[@]}" >/dev/null 2>&1; then
        quietly "${root[@]}" apt-get update && quietly "${install[@]}" || exit 2
    fi
}

# Sees that commands are there: pairs of a command and the Debian package it comes from.
need_commands() {
    local missing=()
    while [ $# -ge 2 ]; do
        command -v "$1" >/dev/null || missing+=("$2")
        shift 2
    done
    [ "${#missing[@]}" = 0 ] || install_packages "${missing[@]}"
}

# Whether cargo is there and at least the version Cargo.toml asks for.
cargo_is_new_enough() {
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    found=$(cargo --version 2>/dev/null | cut -d' ' -f2)
    [ -n "$found" ] && [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" = "$wanted" ]
}

# Sees that there is a C compiler to link with and a Rust that is new enough.
need_rust() {
    if ! command -v cc >/dev/null; then
        install_packages gcc libc6-dev
    fi
    if ! cargo_is_new_enough; then
        need_commands curl curl
        [ -e /etc/ssl/certs/ca-certificates.crt ] || install_packages ca-certificates
        echo "Installing Rust with rustup ..." >&2
        local installer
        installer=$(mktemp) || exit 2
        curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs -o "$installer" &&
            quietly sh "$installer" -y --no-modify-path --profile minimal --component rustfmt,clippy
        rm -f "$installer"
        if ! cargo_is_new_enough; then
            echo "mailfw needs a newer Rust than is here; see https://rustup.rs" >&2
            exit 2
        fi
    fi
}

# Sees that OpenSSL's headers are there, and what finds them.
need_openssl() {
    need_commands pkg-config pkg-config
    pkg-config --exists openssl || install_packages libssl-dev
}
