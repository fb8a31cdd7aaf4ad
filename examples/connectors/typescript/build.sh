#!/bin/sh
# Builds the connector: build.sh OUT.wasm
#
# Exit 0: built. Exit 3: the toolchain is not here and cannot be had; one line on stderr says what is missing.
# Anything else: the build failed. The toolchain comes from npm, as package-lock.json pins it, into target/toolchains;
# nothing is installed outside the repository.
set -eu

[ $# -eq 1 ] || { echo "usage: $0 OUT.wasm" >&2; exit 2; }
missing() { echo "typescript: $1" >&2; exit 3; }

case $1 in /*) out=$1 ;; *) out=$PWD/$1 ;; esac
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
tools=$root/target/toolchains
work=$root/target/connectors/typescript

node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null ||
    missing "node is missing (20 or later)"
command -v npm >/dev/null || missing "npm is missing"
mkdir -p "$tools" "$work"
# One build at a time where flock is to be had: two would use one folder.
exec 9>"$tools/typescript.lock"
flock 9 2>/dev/null || true

# The copy of the lock file comes last, so that a broken-off or an older install is not taken for a whole one.
jco=$tools/jco
if ! cmp -s "$here/package-lock.json" "$jco/installed"; then
    rm -rf "$jco"
    mkdir -p "$jco"
    cp "$here/package.json" "$here/package-lock.json" "$jco/"
    # `install` and not `ci`: the lock need not name the optional binaries of every platform.
    (cd "$jco" && npm install --no-save --no-audit --no-fund --ignore-scripts) >"$tools/jco.log" 2>&1 ||
        missing "jco cannot be installed from npm; see $tools/jco.log"
    cp "$here/package-lock.json" "$jco/installed"
fi
bin=$jco/node_modules/.bin

# The package of the host is a dependency of the example's own world.
rm -rf "$work"
mkdir -p "$work/wit/deps/portcullis-writeback"
cp "$here"/wit/*.wit "$work/wit/"
cp "$root"/wit/*.wit "$work/wit/deps/portcullis-writeback/"
cp "$here/connector.ts" "$work/"
cd "$work"

quietly() { "$@" >log 2>&1 || { cat log >&2; exit 1; }; }
quietly "$bin/jco" guest-types wit -n typescript-connector -o types
quietly "$bin/tsc" --strict --noEmit --target es2022 --lib es2022,esnext.disposable --module esnext \
    --moduleResolution bundler connector.ts types/*.d.ts types/interfaces/*.d.ts
# -d all: the JavaScript engine gets no clock, randomness, files or network.
quietly "$bin/jco" componentize connector.ts -w wit -n typescript-connector -d all -o "$out"
