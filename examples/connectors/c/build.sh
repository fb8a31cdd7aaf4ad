#!/bin/sh
# Builds the connector: build.sh OUT.wasm
#
# Exit 0: built. Exit 3: the toolchain is not here and cannot be had; one line on stderr says what is missing.
# Anything else: the build failed. WASI_CC, if set, is the C compiler for wasm32-wasi, for example
# "clang-19 --target=wasm32-wasi" (Debian: clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32); otherwise Zig's is
# taken from PyPI into target/toolchains. Nothing is installed outside the repository.
set -eu

ZIG=0.17.1

[ $# -eq 1 ] || { echo "usage: $0 OUT.wasm" >&2; exit 2; }
missing() { echo "c: $1" >&2; exit 3; }

case $1 in /*) out=$1 ;; *) out=$PWD/$1 ;; esac
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
tools=$root/target/toolchains
work=$root/target/connectors/c

command -v cargo >/dev/null || missing "cargo is missing, which builds the generator of the bindings"
mkdir -p "$tools" "$work"
# One build at a time where flock is to be had: two would use one folder.
exec 9>"$tools/c.lock"
flock 9 2>/dev/null || true
manifest=$here/bindings/Cargo.toml
if ! cargo fetch --quiet --locked --manifest-path "$manifest" 2>"$tools/c-bindings.log"; then
    # A lock file that does not fit is a mistake in this folder, not a missing toolchain.
    ! grep -q -e --locked "$tools/c-bindings.log" || { cat "$tools/c-bindings.log" >&2; exit 1; }
    missing "the crates of the generator cannot be had from crates.io; see $tools/c-bindings.log"
fi
cargo build --quiet --locked --manifest-path "$manifest" --target-dir "$tools/c-bindings"
generator=$tools/c-bindings/debug/c-bindings

if [ -z "${WASI_CC:-}" ]; then
    zig=$tools/zig-$ZIG
    # The stamp comes last, so that a broken-off install is not taken for a whole one.
    if [ ! -e "$zig/installed" ]; then
        rm -rf "$zig"
        command -v python3 >/dev/null || missing "python3 is missing, which installs Zig's C compiler from PyPI"
        { python3 -m venv "$zig" && "$zig/bin/pip" install --quiet "ziglang==$ZIG"; } >"$tools/zig.log" 2>&1 ||
            missing "ziglang $ZIG cannot be had from PyPI, and WASI_CC names no compiler; see $tools/zig.log"
        touch "$zig/installed"
    fi
    export ZIG_GLOBAL_CACHE_DIR="$tools/zig-cache" ZIG_LOCAL_CACHE_DIR="$tools/zig-cache"
    WASI_CC="$zig/bin/python -m ziglang cc --target=wasm32-wasi"
fi

# The package of the host is a dependency of the example's own world.
rm -rf "$work"
mkdir -p "$work/wit/deps/portcullis-writeback"
cp "$here"/wit/*.wit "$work/wit/"
cp "$root"/wit/*.wit "$work/wit/deps/portcullis-writeback/"

"$generator" bindings "$work/wit" c-connector "$work/generated"
# Unquoted on purpose: a compiler and its options. The stack is memory of the connector: Zig alone would take 16 MiB.
$WASI_CC -mexec-model=reactor -Os -Wl,--strip-debug -Wl,-z,stack-size=65536 -std=c11 -Wall -Wextra -Werror -I"$work/generated" \
    "$here/connector.c" "$work/generated/c_connector.c" "$work/generated/c_connector_component_type.o" \
    -o "$work/core.wasm"
"$generator" component "$work/core.wasm" "$out"
