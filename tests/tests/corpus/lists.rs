//! Lists that are larger than the plugin that passes them.

use crate::host::Attempt;
use crate::item::corpus;

corpus! {
    /// Passes a list of 128 names of 1 MiB, which all are the same bytes of its memory.
    a_list_of_128_mib,
    held by "a limit of bytes that one call passes, counted before they are copied",
    logged [
        "plugin-ended plugin-limit: the plugin went over its limit of bytes in one host call: 1 MiB",
        "ended refused plugin-limit",
    ] => async |item| Attempt::of(item).refused().await;

    /// Passes 1,500 changes, each with the same 1,500 values: two million values out of 50 KiB.
    nested_lists,
    held by "the same limit, which counts the elements of every list in a list",
    logged [
        "allowed ldap.target (no attributes)",
        "plugin-ended plugin-limit: the plugin went over its limit of bytes in one host call: 1 MiB",
        "ended refused plugin-limit",
    ] => async |item| Attempt::of(item).refused().await;
}
