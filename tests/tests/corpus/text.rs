//! Plugins from text: what no compiler would make. Each file of `text/` is the part of a core module that is its own; the
//! rest, and the component around it, is the same for all.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::host::here;

/// What every module has: a memory of one page, and the exports of `passwords` besides `reset`.
const REST: &str = r#"
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
    (func (export "portcullis:writeback/passwords@0.1.0#change")
        (param i32 i32 i32 i32 i32 i32) (result i32) unreachable)
    (func (export "portcullis:writeback/passwords@0.1.0#verify") (param i32 i32 i32 i32 i32) (result i32) unreachable)
"#;

/// The worlds of the plugins.
const WORLDS: &str = "text/worlds.wit";

/// The core module of a file.
pub(crate) fn module(name: &str) -> Vec<u8> {
    let own = std::fs::read_to_string(here(&format!("text/{name}.wat"))).unwrap();
    wat::parse_str(format!("(module {own} {REST})")).unwrap()
}

/// The component of a file, for the world `attempt`.
pub(crate) fn component(name: &str) -> Vec<u8> {
    component_of(&module(name), "attempt")
}

/// The component of a core module.
pub(crate) fn component_of(module: &[u8], world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    resolve.push_dir(portcullis_tests::plugins::root().join("wit")).unwrap();
    let package = resolve.push_str(WORLDS, &std::fs::read_to_string(here(WORLDS)).unwrap()).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mut module = module.to_vec();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

/// With so many core instances more: a module without anything in it, and what makes instances of it. They are two
/// sections behind the end, in the binary format of components.
pub(crate) fn with_instances(mut component: Vec<u8>, count: u8) -> Vec<u8> {
    const CORE_MODULE: u8 = 1;
    const CORE_INSTANCES: u8 = 2;
    let module = u8::try_from(sections(&component).into_iter().filter(|id| *id == CORE_MODULE).count()).unwrap();
    component.extend([CORE_MODULE, 8, 0, b'a', b's', b'm', 1, 0, 0, 0]);
    // Each: 0 for "instantiate", the number of the module, no arguments. Below 128 a number is one byte.
    let instances: Vec<u8> = std::iter::once(count).chain((0..count).flat_map(|_| [0, module, 0])).collect();
    assert!(instances.len() < 128, "{count} instances need a longer number");
    component.extend([CORE_INSTANCES, u8::try_from(instances.len()).unwrap()]);
    component.extend(instances);
    component
}

/// The kinds of the sections of a component.
fn sections(component: &[u8]) -> Vec<u8> {
    let (mut at, mut kinds) = (8, Vec::new());
    while at < component.len() {
        kinds.push(component[at]);
        at += 1;
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let byte = component[at];
            at += 1;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        at += length;
    }
    kinds
}
