//! Files that are offered as plugins: loaded and described, never run.
//!
//! Any bytes are a plugin or an error, in bounded time. What is no component, what an engine compiled before, and what
//! would rewrite the terminal of whoever inspects it, is an error.

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use portcullis_capabilities::{Grants, missing, what_it_is};
use portcullis_sandbox::{Digest, LoadError, Sandbox, SandboxOptions};

/// Far more than a file of this size needs, also with a sanitizer on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);

static SANDBOX: LazyLock<Sandbox> =
    LazyLock::new(|| Sandbox::new(SandboxOptions { slots: 1 }, None).expect("an engine"));

pub(crate) fn run(data: &[u8]) {
    let began = Instant::now();
    match SANDBOX.load_bytes(Path::new("fuzz.wasm"), data) {
        Ok(plugin) => {
            assert!(data.starts_with(b"\0asm"), "native code was loaded");
            assert_ne!(data.get(4..8), Some(&[1, 0, 0, 0][..]), "a core module was loaded");
            assert_eq!((plugin.size(), plugin.digest()), (data.len(), Digest::of(data)));
            let surface = plugin.surface();
            let imports = surface.imports.iter().flat_map(|i| std::iter::once(&i.interface).chain(&i.functions));
            imports.chain(&surface.exports).for_each(|name| quiet(name));
            plugin.version().into_iter().for_each(quiet);
            // What nothing is granted to may import types, passwords as handles and WASI that does nothing.
            let lacking = missing(surface, &Grants::default());
            for import in &surface.imports {
                let given = !lacking.iter().any(|lack| lack.interface == import.interface);
                let inert = ["portcullis:writeback/types@", "portcullis:writeback/secrets@", "wasi:"];
                let harmless = inert.iter().any(|start| import.interface.starts_with(start));
                assert!(!given || harmless, "{} is given to everybody", import.interface);
                quiet(what_it_is(&import.interface));
            }
        }
        Err(error) => {
            let native = matches!(error, LoadError::Precompiled(_));
            assert!(!native || !data.starts_with(b"\0asm"), "WebAssembly was taken for native code");
            quiet(&error.to_string());
        }
    }
    assert!(began.elapsed() < LONGEST, "loading took {:?}", began.elapsed());
}

/// Nothing that a terminal would obey.
fn quiet(text: &str) {
    let obeyed =
        |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c);
    assert!(!text.contains(obeyed), "{text:?}");
}
