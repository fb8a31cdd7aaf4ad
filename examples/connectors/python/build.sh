#!/bin/sh
# Builds the connector: build.sh OUT.wasm
#
# Exit 0: built. Exit 3: the toolchain is not here and cannot be had; one line on stderr says what is missing.
# Anything else: the build failed. The toolchain comes from PyPI into target/toolchains; nothing is installed outside
# the repository.
set -eu

COMPONENTIZE_PY=0.25.1

[ $# -eq 1 ] || { echo "usage: $0 OUT.wasm" >&2; exit 2; }
missing() { echo "python: $1" >&2; exit 3; }

case $1 in /*) out=$1 ;; *) out=$PWD/$1 ;; esac
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
tools=$root/target/toolchains
work=$root/target/connectors/python

command -v python3 >/dev/null || missing "python3 is missing (3.10 or later)"
mkdir -p "$tools" "$work"
# One build at a time where flock is to be had: two would use one folder.
exec 9>"$tools/python.lock"
flock 9 2>/dev/null || true

venv=$tools/componentize-py-$COMPONENTIZE_PY
# The stamp comes last, so that a broken-off install is not taken for a whole one.
if [ ! -e "$venv/installed" ]; then
    rm -rf "$venv"
    { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet "componentize-py==$COMPONENTIZE_PY"; } \
        >"$tools/componentize-py.log" 2>&1 ||
        missing "componentize-py $COMPONENTIZE_PY cannot be installed from PyPI; see $tools/componentize-py.log"
    touch "$venv/installed"
fi

# The package of the host is a dependency of the example's own world.
rm -rf "$work"
mkdir -p "$work/wit/deps/portcullis-writeback"
cp "$here"/wit/*.wit "$work/wit/"
cp "$here/app.py" "$work/"
cp "$root"/wit/*.wit "$work/wit/deps/portcullis-writeback/"

# --stub-wasi: Python's own wishes for files, clocks and randomness end inside the component; the host is asked for
# what the world imports and for nothing else.
"$venv/bin/componentize-py" -d "$work/wit" -w python-connector componentize --stub-wasi -p "$work" app -o "$out"
