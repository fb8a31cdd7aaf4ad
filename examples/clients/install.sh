#!/bin/sh
# Fetches what the clients in Python need: install.sh
#
# Exit 0: it is there, in target/toolchains. Exit 3: it cannot be had; one line on stderr says what is missing. Nothing
# is installed outside the repository.
set -eu

PYHPKE=0.6.5

[ $# -eq 0 ] || { echo "usage: $0" >&2; exit 2; }
missing() { echo "clients: $1" >&2; exit 3; }

root=$(cd "$(dirname "$0")/../.." && pwd)
tools=$root/target/toolchains

command -v python3 >/dev/null || missing "python3 is missing (3.10 or later)"
mkdir -p "$tools"
# One install at a time where flock is to be had: two would use one folder.
exec 9>"$tools/pyhpke.lock"
flock 9 2>/dev/null || true

venv=$tools/pyhpke-$PYHPKE
# The stamp comes last, so that a broken-off install is not taken for a whole one.
if [ ! -e "$venv/installed" ]; then
    rm -rf "$venv"
    { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet "pyhpke==$PYHPKE"; } >"$tools/pyhpke.log" 2>&1 ||
        missing "pyhpke $PYHPKE cannot be installed from PyPI; see $tools/pyhpke.log"
    touch "$venv/installed"
fi
