#!/bin/bash
# Build a root folder with Asterisk 22 from Debian packages, without being root.
#
#   build-root.sh DIR
#
# The sandbox and the Dockerfile both use this script. Packages are fetched by apt with a private
# configuration (signatures are checked against the Debian keyring) and unpacked; no maintainer
# script runs, so no privilege is needed and nothing outside DIR, DIR.partial and DIR.lock is
# written. DIR appears only when it is complete. Environment:
#   APT_MIRROR     Debian archive to use; default: the one in this machine's apt sources
#   APT_SUITE      default sid (Debian stable has no Asterisk)
# Exit codes: 0 built or already there, 64 usage, 69 packages or version not usable,
#   75 an Asterisk is running from DIR, 78 this machine lacks a tool.
set -euo pipefail
umask 022
export LC_ALL=C

say() { printf '%s\n' "$*"; }
refuse() { local code=$1; shift; printf 'build-root: %s\n' "$*" >&2; exit "$code"; }

trap 'echo "build-root: failed at line $LINENO: $BASH_COMMAND" >&2' ERR

[ $# -eq 1 ] || refuse 64 "usage: build-root.sh DIR"
script=$(readlink -f "$0")
here=$(dirname "$script")
mkdir -p "$(dirname "$1")"
dir=$(readlink -f "$(dirname "$1")")/$(basename "$1")
stamp=$dir/.jietong-root
script_hash=$(sha256sum < "$script" | cut -c1-16)
suite=${APT_SUITE:-sid}

complete() { [ -f "$stamp" ] && grep -qx "script=$script_hash" "$stamp"; }
finish() { say "Asterisk $(sed -n 's/^asterisk=//p' "$stamp") is in $dir"; exit 0; }

if complete; then finish; fi
for tool in apt-get apt-cache dpkg dpkg-deb tar flock sha256sum; do
    command -v "$tool" > /dev/null ||
        refuse 78 "needs $tool (a Debian or Ubuntu machine); elsewhere use docker/asterisk/compose.yaml"
done

# One build at a time; whoever waited finds the work done.
exec 9> "$dir.lock"
if ! flock -n 9; then
    say "another build of $dir is under way: waiting for it"
    flock 9
fi
if complete; then finish; fi
for lock in "$dir"/srv/*.lock; do
    if [ -e "$lock" ] && ! flock -n "$lock" true; then
        refuse 75 "an Asterisk is running from $dir (${lock##*/}); stop it, then build again"
    fi
done

mirror=${APT_MIRROR:-}
if [ -z "$mirror" ]; then
    mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
        /etc/apt/sources.list.d/*.sources 2> /dev/null || true; } |
        sed -nE 's/^(deb (\[[^]]*\] *)?|URIs: *)(https?:[^ ]*\/debian\/?)( .*)?$/\3/p' | head -n 1)
fi
[ -n "$mirror" ] ||
    refuse 78 "no Debian archive in this machine's apt sources; set APT_MIRROR to the address of one"
keyring=
for file in /usr/share/keyrings/debian-archive-keyring.gpg \
    /usr/share/keyrings/debian-archive-keyring.pgp; do
    if [ -z "$keyring" ] && [ -f "$file" ]; then keyring=$file; fi
done
[ -n "$keyring" ] || refuse 78 "the Debian keyring is missing: install debian-archive-keyring"

partial=$dir.partial
rm -rf "$partial"
root=$partial/root
apt=$partial/apt
mkdir -p "$root" "$apt"/{etc,state/lists/partial,cache/archives/partial,debs}
trap 'kill $(jobs -p) 2> /dev/null || true' EXIT

: > "$apt/state/status"
echo "deb [signed-by=$keyring] $mirror $suite main" > "$apt/etc/sources.list"
# Parts of the machine's own configuration stay in force (proxies), its packages do not count.
cat > "$apt/apt.conf" << CONF
Dir::State "$apt/state";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/etc/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "$(dpkg --print-architecture)";
APT::Sandbox::User "";
APT::Install-Recommends "0";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
export APT_CONFIG=$apt/apt.conf

say "[1/4] package lists of Debian $suite"
apt-get -qq update || refuse 69 "the package lists could not be fetched from $mirror"

# Needed only by maintainer scripts or by modules that docker/asterisk/templates/modules.conf.j2
# does not load. A name that Debian drops does no harm here; what is missing is noticed in step 4.
unused='adduser debconf dirmngr freetds-common gnupg gnupg-l10n gpg gpg-agent gpgconf gpgsm
    libasound2-data libasound2t64 libc-gconv-modules-extra libcodec2-1.2 libglib2.0-0t64
    libgmime-3.0-0t64 libgnutls30t64 libicu78 libpam-modules libpam-modules-bin libperl5.42
    libsnmp-base libsnmp45 libtiff6 libunbound8 libwebp7 login.defs passwd pci.ids perl-base
    perl-modules-5.42 pinentry-curses'
wanted=$(apt-get -s install asterisk asterisk-core-sounds-en-wav asterisk-moh-opsound-wav \
    base-files tzdata | sed -nE 's/^Inst ([^ ]+) .*/\1/p' | grep -vxFf <(printf '%s\n' $unused)) ||
    refuse 69 "Debian $suite at $mirror has no installable Asterisk at the moment; try APT_MIRROR with another date"

version=$(apt-cache show --no-all-versions asterisk |
    sed -nE 's/^Version: ([0-9]+:)?([0-9.]+).*/\2/p')
case $version in
    22.11.0) refuse 69 "Asterisk 22.11.0 is refused: calls with a listener on them hang (asterisk issue 2134); use another one through APT_MIRROR" ;;
    22.[89].* | 22.[1-9][0-9].*) ;;
    *) refuse 69 "Asterisk $version is outside the supported range (22.8 or later, below 23); use another one through APT_MIRROR" ;;
esac

count=$(wc -w <<< "$wanted")
total=$(apt-cache show --no-all-versions $wanted | awk '/^Size:/ {sum += $2} END {print int(sum / 1000000)}')
say "[2/4] Asterisk $version: downloading $count packages, $total MB"
(cd "$apt/debs" && exec apt-get -qq download $wanted) &
download=$!
while kill -0 "$download" 2> /dev/null; do
    sleep 1
    have=$(du -sm "$apt/debs" "$apt/cache/archives/partial" 2> /dev/null | awk '{sum += $1} END {print sum}')
    say "      ${have:-0} of $total MB"
done
wait "$download" || refuse 69 "the packages could not be fetched from $mirror"

say "[3/4] unpacking $count packages"
unpack() { dpkg-deb --fsys-tarfile "$1" | tar -x --no-same-owner --keep-directory-symlink -C "$root"; }
unpack "$apt"/debs/base-files_*.deb # first: it holds the links /bin -> usr/bin, /lib -> usr/lib
for deb in "$apt"/debs/*.deb; do unpack "$deb"; done

rm -rf "$root"/usr/share/{man,info,locale,lintian,bug,doc-base} "$root"/etc/asterisk \
    "$root"/usr/share/asterisk/{conf,static-http,rest-api,phoneprov,firmware} "$root"/etc/init.d \
    "$root"/usr/lib/*/{perl,perl-base,gconv} "$root"/usr/share/perl*
find "$root/usr/share/doc" -type f ! -name copyright -delete
find "$root/usr/share/doc" -type d -empty -delete
mkdir -p "$root"/{dev,proc,run,srv,tmp,usr/share/jietong/prompts}
mkdir -p "$root"/var/{lib,log,run,spool,cache}/asterisk
chmod 1777 "$root/tmp"
chmod 755 "$root/root"
printf '127.0.0.1 localhost\n' > "$root/etc/hosts"
printf 'root:x:0:0:root:/:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n' > "$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' > "$root/etc/group"

say "[4/4] checking that Asterisk and its modules find their libraries"
loader=$(echo "$root"/usr/lib*/ld-linux-*.so.* "$root"/usr/lib/*/ld-linux-*.so.* | tr ' ' '\n' |
    while read -r file; do [ -f "$file" ] && echo "$file" && break; done)
libraries=$(dirname "$(find "$root/usr/lib" -name libasteriskpj.so.2 | head -n 1)")
linked() { "$loader" --library-path "$libraries" "$@"; }
got=$(linked "$root/usr/sbin/asterisk" -V) || refuse 69 "the unpacked Asterisk does not start"
modules=$libraries/asterisk/modules
for name in $(sed -nE 's/^load *= *([a-z0-9_]+\.so).*/\1/p' "$here/templates/modules.conf.j2"); do
    [ -f "$modules/$name" ] || refuse 69 "the Debian package has no module $name"
    missing=$(linked --list "$modules/$name" | awk '/not found/ {print $1}')
    [ -z "$missing" ] || refuse 69 "module $name needs $missing, which was left out: edit 'unused' in build-root.sh"
done
case $got in "Asterisk $version"*) ;; *) refuse 69 "expected Asterisk $version, found $got" ;; esac

printf 'asterisk=%s\nsuite=%s\nscript=%s\n' "$version" "$suite" "$script_hash" > "$root/.jietong-root"
sync -f "$root/.jietong-root"
# Instances keep their logs and recordings when the root under them is renewed.
if [ -d "$dir/srv" ]; then
    rmdir "$root/srv"
    mv "$dir/srv" "$root/srv"
fi
rm -rf "$dir.old"
if [ -e "$dir" ]; then mv "$dir" "$dir.old"; fi
mv "$root" "$dir"
rm -rf "$partial" "$dir.old"
say "      $(du -sm "$dir" | cut -f1) MB, $SECONDS s"
finish
