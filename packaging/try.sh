#!/bin/bash
# Installs a package on a fresh Debian 12, boots it with systemd, and tells whether unit, user and folders are what they
# should be: packaging/try.sh target/debian/portcullis_*.deb
#
# Needs root and the Debian packages debootstrap and systemd-container; everything happens in a folder of its own, which
# is removed at the end. The package mirror is that of debootstrap.
set -euo pipefail

[ $# = 1 ] || { echo "usage: $0 PACKAGE.deb" >&2; exit 2; }
package=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
machine=$(mktemp -d)
trap 'rm -rf --one-file-system "$machine"' EXIT
# Other users than root live in there.
chmod 755 "$machine"

debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,procps,man-db bookworm "$machine" >/dev/null
cp "$package" "$machine/root/portcullis.deb"
cp "$here/try-inside.sh" "$machine/root/"
chroot "$machine" apt-get install --yes --no-install-recommends /root/portcullis.deb >/dev/null

cat >"$machine/etc/systemd/system/try.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
ExecStart=/root/try-inside.sh
UNIT
mkdir -p "$machine/etc/systemd/system/multi-user.target.wants"
ln -s ../try.service "$machine/etc/systemd/system/multi-user.target.wants/"
timeout 120 systemd-nspawn --quiet --boot --directory="$machine" --register=no --keep-unit --console=pipe \
    </dev/null >"$machine/console" || true

[ -e "$machine/root/result" ] || { echo "it did not boot:" >&2; tail "$machine/console" >&2; exit 1; }
cat "$machine/root/result"
! grep -q '^FAILED' "$machine/root/result" && grep -q '^END' "$machine/root/result"
