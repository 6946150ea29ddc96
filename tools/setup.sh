# Sourced by ./run and ./test: brings a fresh Debian machine to where the project can work.
# Says what it installs and why; does nothing the second time.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\033[1m%s\033[0m\n' "$*"; }
fail() { printf '\033[31m%s\033[0m\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo "$@"
    else return 1
    fi
}

# need PACKAGE COMMAND-THAT-SHOWS-IT-IS-THERE WHY
missing_packages=()
need() {
    if ! eval "$2" >/dev/null 2>&1; then
        say "  $1 is missing: $3"
        missing_packages+=("$1")
    fi
}

install_missing() {
    [ ${#missing_packages[@]} -gt 0 ] || return 0
    say "Installing: ${missing_packages[*]}"
    command -v apt-get >/dev/null || fail "There is no apt-get here. Install by hand: ${missing_packages[*]}"
    as_root apt-get update -qq || fail "This needs root (or sudo) once. As root: apt-get install ${missing_packages[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing_packages[@]}" >/dev/null || fail "apt-get could not install ${missing_packages[*]}"
    missing_packages=()
}

venv_stamp() { cat pyproject.toml <(echo "$1") <(python3 --version) | sha256sum | cut -d' ' -f1; }

make_venv() { # EXTRA; what is made for `test` holds `phones` too
    local made wanted
    wanted=$(venv_stamp "$1")
    made=$(cat .venv/.made-for 2>/dev/null || true)
    if [ -x .venv/bin/python ]; then
        if [ "$made" = "$wanted" ]; then return 0; fi
        if [ "$1" = phones ] && [ "$made" = "$(venv_stamp test)" ]; then return 0; fi
    fi
    say "Making .venv with the Python packages (pinned in pyproject.toml) ..."
    [ -x .venv/bin/python ] && .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
        || { rm -rf .venv; python3 -m venv .venv; }
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$1]" \
        2> >(grep -v '^WARNING: Location' >&2) || fail "pip could not install the packages above"
    echo "$wanted" > .venv/.made-for
}

say "Looking at this machine ..."
command -v python3 >/dev/null || need python3 false "Jietong is written in Python"
need python3-venv "python3 -c 'import venv, ensurepip'" "the packages go into a .venv of the project's own"
install_missing
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or later is needed; this is $(python3 --version)"
