#!/bin/bash
# Run a command inside a root folder made by build-root.sh, as root or as an ordinary user.
#
#   enter-root.sh DIR COMMAND ARG...
#   enter-root.sh --check          only tell which way works here
#
# The script becomes the command: the process id stays, signals reach it, and it receives SIGTERM
# when the process that started it dies, so that no Asterisk is left behind by a killed launcher.
# The network is the machine's own. Exit code 78: this machine allows none of the ways.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

way=
if [ "$(id -u)" = 0 ]; then
    if unshare --mount true 2> /dev/null; then way=mount; else way=chroot; fi
elif unshare --user --map-root-user --mount true 2> /dev/null; then
    way=user
fi
if [ -z "$way" ]; then
    echo "enter-root: this machine lets an ordinary user make no user namespace (see sysctl" \
        "kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns);" \
        "start as root, or use docker/asterisk/compose.yaml" >&2
    exit 78
fi
if [ "${1:-}" = --check ]; then
    case $way in
        mount) echo "root with a mount namespace" ;;
        chroot) echo "root with a plain chroot" ;;
        user) echo "ordinary user with a user namespace" ;;
    esac
    exit 0
fi
if [ $# -lt 2 ]; then
    echo "usage: enter-root.sh DIR COMMAND ARG... | enter-root.sh --check" >&2
    exit 64
fi
dir=$(readlink -f "$1")
shift
if [ ! -f "$dir/.jietong-root" ]; then
    echo "enter-root: $dir is not a finished root; run docker/asterisk/build-root.sh $dir" >&2
    exit 66
fi

# Asterisk looks its own host name up for every SDP; an unknown name is an error line in its log.
host=$(uname -n)
if ! grep -qw -- "$host" "$dir/etc/hosts" && [ -w "$dir/etc" ]; then
    printf '127.0.0.1 localhost %s\n' "$host" > "$dir/etc/hosts.$$"
    mv "$dir/etc/hosts.$$" "$dir/etc/hosts"
fi

# shellcheck disable=SC2016
inside='
    mount --rbind /dev "$0/dev" && mount --rbind /proc "$0/proc" || exit 77
    exec setpriv --pdeathsig TERM chroot "$0" "$@"'
device() { [ -c "$dir/dev/$1" ] || mknod -m 666 "$dir/dev/$1" c "$2" "$3"; }
case $way in
    mount) exec unshare --mount --propagation private sh -c "$inside" "$dir" "$@" ;;
    user) exec unshare --user --map-root-user --mount --propagation private sh -c "$inside" "$dir" "$@" ;;
    chroot)
        device null 1 3
        device zero 1 5
        device random 1 8
        device urandom 1 9
        exec setpriv --pdeathsig TERM chroot "$dir" "$@"
        ;;
esac
