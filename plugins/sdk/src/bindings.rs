//! Generated from `wit/`; use the names that the crate's root gives them.
//!
//! Each exported interface is a world of its own over the same imports. So a connector exports what it has and no more,
//! and what it does not call is not among the imports of its binary, `reveal` above all.

/// What the host offers.
pub mod host {
    wit_bindgen::generate!({
        inline: "
            package portcullis:connector-host;
            world imports {
                import portcullis:writeback/types@0.1.0;
                import portcullis:writeback/secrets@0.1.0;
                import portcullis:writeback/reveal@0.1.0;
                import portcullis:writeback/ldap@0.1.0;
                import portcullis:writeback/log@0.1.0;
                import portcullis:writeback/config@0.1.0;
            }
        ",
        path: "../../wit",
        generate_all,
        generate_unused_types: true,
        pub_export_macro: true,
        additional_type_attributes: {
            "portcullis:writeback/types@0.1.0/note": [#[derive(PartialEq, Eq)]],
            "portcullis:writeback/types@0.1.0/receipt": [#[derive(PartialEq, Eq)]],
            "portcullis:writeback/types@0.1.0/fault": [#[derive(PartialEq, Eq)]],
            "portcullis:writeback/ldap@0.1.0/attribute": [#[derive(PartialEq, Eq)]],
            "portcullis:writeback/ldap@0.1.0/entry": [#[derive(PartialEq, Eq)]],
            "portcullis:writeback/ldap@0.1.0/control": [#[derive(PartialEq, Eq)]],
            "portcullis:writeback/ldap@0.1.0/answer": [#[derive(PartialEq, Eq)]],
        },
    });
}

/// `passwords`, exported.
pub mod passwords {
    wit_bindgen::generate!({
        inline: "
            package portcullis:connector-passwords;
            world passwords { export portcullis:writeback/passwords@0.1.0; }
        ",
        path: "../../wit",
        with: {
            "portcullis:writeback/types@0.1.0": crate::bindings::host::portcullis::writeback::types,
            "portcullis:writeback/secrets@0.1.0": crate::bindings::host::portcullis::writeback::secrets,
            "portcullis:writeback/passwords@0.1.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_passwords",
        default_bindings_module: "portcullis_connector::bindings::passwords",
    });
}

/// `accounts`, exported.
pub mod accounts {
    wit_bindgen::generate!({
        inline: "
            package portcullis:connector-accounts;
            world accounts { export portcullis:writeback/accounts@0.1.0; }
        ",
        path: "../../wit",
        with: {
            "portcullis:writeback/types@0.1.0": crate::bindings::host::portcullis::writeback::types,
            "portcullis:writeback/accounts@0.1.0": generate,
        },
        additional_derives: [PartialEq, Eq],
        pub_export_macro: true,
        export_macro_name: "export_accounts",
        default_bindings_module: "portcullis_connector::bindings::accounts",
    });
}

/// `lifecycle`, exported.
pub mod lifecycle {
    wit_bindgen::generate!({
        inline: "
            package portcullis:connector-lifecycle;
            world lifecycle { export portcullis:writeback/lifecycle@0.1.0; }
        ",
        path: "../../wit",
        with: { "portcullis:writeback/lifecycle@0.1.0": generate },
        pub_export_macro: true,
        export_macro_name: "export_lifecycle",
        default_bindings_module: "portcullis_connector::bindings::lifecycle",
    });
}
