//! `export!`.

/// Makes a type the connector.
///
/// `export!(MyConnector);` exports [`Passwords`](crate::Passwords), [`Accounts`](crate::Accounts) and
/// [`Lifecycle`](crate::Lifecycle). A connector that has fewer names them: `export!(MyConnector: passwords, lifecycle);`.
/// The host offers the operations of the exported interfaces and no others.
///
/// Outside of WebAssembly it only proves that the traits are implemented, so that unit tests run on any machine.
#[macro_export]
macro_rules! export {
    ($connector:ident) => {
        $crate::export!($connector: passwords, accounts, lifecycle);
    };
    ($connector:ident: $($interface:ident),+ $(,)?) => {
        $($crate::__export!($connector, $interface);)+
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($connector:ident, passwords) => {
        const _: fn() = $crate::__implements::passwords::<$connector>;
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::passwords::export_passwords!($connector with_types_in $crate::bindings::passwords);
    };
    ($connector:ident, accounts) => {
        const _: fn() = $crate::__implements::accounts::<$connector>;
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::accounts::export_accounts!($connector with_types_in $crate::bindings::accounts);
    };
    ($connector:ident, lifecycle) => {
        const _: fn() = $crate::__implements::lifecycle::<$connector>;
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::lifecycle::export_lifecycle!($connector with_types_in $crate::bindings::lifecycle);
    };
}
