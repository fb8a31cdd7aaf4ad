//! What a plugin's binary asks for and offers, read without running it.

use portcullis_model::misleads;
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

/// An interface that a plugin imports, with the functions that its code really refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// For example `portcullis:writeback/ldap@0.1.0`.
    pub interface: String,
    /// The functions; empty for an interface that holds only types.
    pub functions: Vec<String>,
}

/// Imports and exports of a plugin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surface {
    /// What it can reach: nothing else exists for it.
    pub imports: Vec<Import>,
    /// What it can do.
    pub exports: Vec<String>,
}

impl Surface {
    pub(crate) fn of(component: &Component, engine: &Engine) -> Self {
        let ty = component.component_type();
        let imports = ty
            .imports(engine)
            .map(|(name, item)| Import { interface: name.to_owned(), functions: functions(&item.ty, engine) })
            .collect();
        let exports = ty.exports(engine).map(|(name, _)| name.to_owned()).collect();
        Self { imports, exports }
    }

    /// People read these names to decide about a plugin: one that rewrites what they see is no name.
    pub(crate) fn can_be_shown(&self) -> bool {
        let imports =
            self.imports.iter().flat_map(|import| std::iter::once(&import.interface).chain(&import.functions));
        !imports.chain(&self.exports).any(|name| name.contains(misleads))
    }

    /// By name: the order in a binary is its compiler's and says nothing, and two builds are compared more easily
    /// without it.
    #[must_use]
    pub fn sorted(&self) -> Self {
        let mut surface = self.clone();
        surface.exports.sort();
        surface.imports.sort_by(|a, b| a.interface.cmp(&b.interface));
        surface.imports.iter_mut().for_each(|import| import.functions.sort());
        surface
    }

    /// Whether the plugin imports this interface.
    #[must_use]
    pub fn imports(&self, interface: &str) -> bool {
        self.imports.iter().any(|i| i.interface == interface)
    }

    /// Whether the plugin exports this interface.
    #[must_use]
    pub fn exports(&self, interface: &str) -> bool {
        self.exports.iter().any(|e| e == interface)
    }
}

fn functions(item: &ComponentItem, engine: &Engine) -> Vec<String> {
    match item {
        ComponentItem::ComponentInstance(instance) => instance
            .exports(engine)
            .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_)))
            .map(|(name, _)| name.to_owned())
            .collect(),
        _ => Vec::new(),
    }
}
