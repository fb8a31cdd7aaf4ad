//! Handles of passwords: numbers that count in one instance, for one call, as long as they are not given back.

use portcullis_model::Outcome;

use crate::host::Attempt;
use crate::item::{Item, corpus};
use crate::text::component;

corpus! {
    /// Sets the password as it should be, and keeps the handle.
    handle_leak,
    held by "the engine ends who returns with a borrowed handle; the caller is told both, the write and the trap",
    logged [
        "allowed ldap.target (no attributes)",
        "allowed ldap.modify replace userPassword with a password",
        "written userPassword",
        "plugin-ended plugin-trapped: borrow handles still remain at the end of the call",
        "confirmed",
        "ended done plugin-trapped",
    ] => async |item| {
        let (report, _) = Attempt::of(item).done().await;
        let Outcome::Done(receipt) = &report.outcome else { panic!("{report}") };
        assert_eq!(receipt.shortfall.as_ref().unwrap().code.name(), "plugin-trapped");
    };

    /// Makes up the number of a handle, and writes the password behind it.
    forged_handle,
    held by "the engine's table of handles: a number that the host did not give leads nowhere",
    logged [
        "allowed config.get handle",
        "allowed ldap.target (no attributes)",
        "plugin-ended plugin-trapped: unknown handle index…",
        "ended refused plugin-trapped",
    ] => forged;

    /// Gives the handle back, and goes on to write the password by its number.
    stale_handle,
    held by "the same table: what was given back is not there",
    logged [
        "allowed ldap.target (no attributes)",
        "plugin-ended plugin-trapped: unknown handle index…",
        "ended refused plugin-trapped",
    ] => async |item| Attempt::of(item).refused().await;

    /// Gives the handle back twice.
    dropped_handle,
    held by "the same table",
    logged [
        "plugin-ended plugin-trapped: unknown handle index…",
        "ended refused plugin-trapped",
    ] => async |item| Attempt::of(item).refused().await;

    /// Returns, and sets the password afterwards: in the function that the host calls to let it tidy up.
    password_handle_after_the_call,
    held by "the engine: after the call an instance calls nobody",
    logged [
        "plugin-ended plugin-trapped: wasm trap: cannot leave component instance",
        "ended refused plugin-trapped",
    ] => async |item: &'static Item| {
        Attempt::made(item, &component(item.name)).set("ldap.allow.set-password", true).refused().await;
    };

    /// Keeps the handle in a static, and writes the password behind it in the next operation.
    password_kept_for_another_operation,
    held by "a fresh instance for each operation: there is no static from before",
    logged [
        "allowed ldap.target (no attributes)",
        "allowed ldap.modify replace userPassword with a password",
        "written userPassword",
        "confirmed",
        "ended done",
    ] => async |item| {
        let started = Attempt::of(item).start();
        for _ in 0..3 {
            started.done().await;
        }
    };
}

async fn forged(item: &'static Item) {
    // No number of the plugin's own: it has one, and the engine counts from 1.
    for number in ["0", "2", "3", "4", "7", "64", "65536", "2147483648", "4294967294"] {
        Attempt::of(item).set("config.handle", number).refused().await;
    }
}
