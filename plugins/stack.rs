//! The build script of each plugin: a small stack.
//!
//! The host clears a guest's stack between operations, so a small one is cheaper. A connector that needs more traps: it
//! cannot write past the end, because the stack lies below everything else in the memory.

fn main() {
    println!("cargo::rerun-if-changed=../stack.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
    }
}
