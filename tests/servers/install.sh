#!/bin/bash
# Installs Debian packages as root, and sees to it that none of their services starts: install.sh PACKAGE...
# Called by `cargo xtask`, which says so before. The servers that tests use are started by the scripts beside this one.
set -euo pipefail

POLICY=/usr/sbin/policy-rc.d # what invoke-rc.d asks before it starts a service; 101 is "no"
if [ ! -e $POLICY ]; then
  trap 'rm -f $POLICY' EXIT
  printf '#!/bin/sh\nexit 101\n' >$POLICY
  chmod 755 $POLICY
elif $POLICY slapd start >/dev/null 2>&1 || [ $? != 101 ]; then
  echo "$POLICY lets services start, so that nothing is installed here. Install by hand: $*" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends "$@" >/dev/null
