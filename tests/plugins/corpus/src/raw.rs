//! Calls with arguments as no binding passes them: lists whose elements are all the same bytes. The shapes are those of
//! the canonical ABI of the component model.

/// A `string`: where it begins, and how many bytes it has.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Text(usize, usize);

/// A `value` of the interface `ldap`: the number of its case, and what it holds.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Value(usize, Text);

/// A `change` of the interface `ldap`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Change(usize, Text, Text);

impl Text {
    /// These bytes, which must live until the call returns.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(bytes.as_ptr().expose_provenance(), bytes.len())
    }
}

impl Value {
    /// The case `text`.
    #[must_use]
    pub fn text(bytes: &[u8]) -> Self {
        Self(0, Text::of(bytes))
    }
}

impl Change {
    /// The kind `replace`.
    #[must_use]
    pub fn replace(attribute: &[u8], values: &[Value]) -> Self {
        Self(2, Text::of(attribute), Text(values.as_ptr().expose_provenance(), values.len()))
    }
}

/// `ldap.target`, whose answer nobody reads.
pub fn target(names: &[Text]) {
    let mut answer = [0_u64; 16];
    std::hint::black_box(&mut answer);
    #[cfg(target_arch = "wasm32")]
    #[allow(unsafe_code, reason = "no binding passes what is not there")]
    {
        #[link(wasm_import_module = "portcullis:writeback/ldap@0.1.0")]
        unsafe extern "C" {
            #[link_name = "target"]
            fn target(names: *const Text, count: usize, answer: *mut u64);
        }
        // SAFETY: the list, the names in it and the room for the answer live until the call returns.
        unsafe { target(names.as_ptr(), names.len(), answer.as_mut_ptr()) }
    }
    let _ = names;
}

/// `ldap.modify` as the service account without controls, whose answer nobody reads.
pub fn modify(dn: &[u8], changes: &[Change]) {
    let mut answer = [0_u64; 16];
    std::hint::black_box(&mut answer);
    #[cfg(target_arch = "wasm32")]
    #[allow(unsafe_code, reason = "no binding passes what is not there")]
    {
        #[link(wasm_import_module = "portcullis:writeback/ldap@0.1.0")]
        unsafe extern "C" {
            #[link_name = "modify"]
            fn modify(
                dn: *const u8,
                dn_len: usize,
                performer: usize,
                performer_handle: usize,
                changes: *const Change,
                count: usize,
                controls: *const u8,
                controls_count: usize,
                answer: *mut u64,
            );
        }
        // SAFETY: the lists, what is in them and the room for the answer live until the call returns.
        unsafe {
            modify(dn.as_ptr(), dn.len(), 0, 0, changes.as_ptr(), changes.len(), dn.as_ptr(), 0, answer.as_mut_ptr());
        }
    }
    let _ = (dn, changes);
}
