//! Makes C bindings from WIT, and a component from the core module that a C compiler made with them.
//!
//! It reads and writes the files that it is told and nothing else.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use wit_bindgen_core::Files;
use wit_component::ComponentEncoder;
use wit_parser::Resolve;

const USAGE: &str = "usage: c-bindings bindings WIT_FOLDER WORLD OUT_FOLDER
       c-bindings component CORE_MODULE OUT_COMPONENT";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["bindings", wit, world, out] => bindings(wit, world, Path::new(out)),
        ["component", core, out] => component(core, out),
        _ => bail!("{USAGE}"),
    }
}

/// Besides the C files this writes an object with the type of the world, which the linker carries into the module.
fn bindings(wit: &str, world: &str, out: &Path) -> Result<()> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(wit)?;
    let world = resolve.select_world(&[package], Some(world))?;
    let mut files = Files::default();
    wit_bindgen_c::Opts::default().build().generate(&mut resolve, world, &mut files)?;
    fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    for (name, content) in files.iter() {
        let path = out.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn component(core: &str, out: &str) -> Result<()> {
    let module = fs::read(core).with_context(|| format!("cannot read {core}"))?;
    let component = ComponentEncoder::default().validate(true).module(&module)?.encode()?;
    fs::write(out, component).with_context(|| format!("cannot write {out}"))
}
