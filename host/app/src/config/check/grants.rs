//! What the connector may read, write and ask for in the directory.

use std::collections::BTreeMap;

use portcullis_capabilities::ldap::AttributeName;
use toml::Spanned;

use crate::config::connector::{Allow, Confirm, WriteGrant};
use crate::config::file::{self, Grant, Section, Text};

use super::Check;
use super::names::{base, gives_passwords_away, is_oid, takes_passwords};

impl Check<'_> {
    /// The readable attributes. `write` is known already: what takes the password in hand cannot be read back.
    pub(crate) fn read(&mut self, read: &file::Read, write: &BTreeMap<String, WriteGrant>) -> Vec<String> {
        let mut seen = Vec::new();
        for name in &read.attributes {
            if matches!(name.get_ref().as_str(), "*" | "+") {
                self.findings.error(
                    "wildcard",
                    name.span(),
                    format!("`{}` stands for every attribute, also for those that hold secrets", name.get_ref()),
                    "not a name",
                    "name the attributes that the connector needs",
                );
                continue;
            }
            let Some(attribute) = self.attribute(name, &mut seen) else { continue };
            let placed = write.iter().any(|(written, grant)| {
                *grant == WriteGrant::Password
                    && AttributeName::parse(written).is_ok_and(|written| base(&written) == base(&attribute))
            });
            if placed || gives_passwords_away(base(&attribute)) {
                self.findings.error(
                    "password-readable",
                    name.span(),
                    format!("`{}` holds passwords: a connector that reads it could learn them", name.get_ref()),
                    "never readable",
                    "take it away; to know whether a password took effect, read for example pwdLastSet or pwdChangedTime",
                );
            } else if is_oid(base(&attribute)) {
                // Which attributes hold passwords is known by their names, and so is it to whoever reviews the file.
                self.findings.error(
                    "read-by-oid",
                    name.span(),
                    format!("`{}` does not show which attribute is read", name.get_ref()),
                    "a number",
                    "write the attribute's name, as in the directory's schema",
                );
            }
        }
        read.attributes.iter().map(|name| name.get_ref().clone()).collect()
    }

    pub(crate) fn write(&mut self, write: BTreeMap<Text, Spanned<Grant>>) -> BTreeMap<String, WriteGrant> {
        let mut seen = Vec::new();
        let mut grants = BTreeMap::new();
        let mut write: Vec<_> = write.into_iter().collect();
        write.sort_by_key(|(name, _)| name.span().start);
        for (name, grant) in write {
            let Some(attribute) = self.attribute(&name, &mut seen) else { continue };
            if let Some(grant) = self.grant(name.get_ref(), base(&attribute), grant) {
                grants.insert(name.into_inner(), grant);
            }
        }
        grants
    }

    fn grant(&mut self, name: &str, base: &str, grant: Spanned<Grant>) -> Option<WriteGrant> {
        let span = grant.span();
        let key = as_key(name);
        let grant = match grant.into_inner() {
            Grant::Word(word) if word == "password" => return Some(WriteGrant::Password),
            _ if takes_passwords(base) => {
                self.findings.error(
                    "password-attribute",
                    span,
                    format!("`{name}` takes passwords: it can only be granted as the password in hand"),
                    "not the password in hand",
                    format!("write: {key} = \"password\""),
                );
                return None;
            }
            Grant::Word(word) if word == "remove" => {
                return Some(WriteGrant::Values { values: Vec::new(), remove: true });
            }
            Grant::Word(word) => {
                let word = word.escape_debug();
                self.findings.error(
                    "unknown-value",
                    span,
                    format!("`{word}` is not a grant"),
                    "neither \"password\" nor \"remove\"",
                    format!("to allow this value alone, write a list: {key} = [\"{word}\"]; there are also \"password\" (the password in hand) and \"remove\" (may be emptied)"),
                );
                return None;
            }
            Grant::Values(values) => file::GrantTable { values, remove: false },
            Grant::Table(table) => table,
        };
        if grant.values.is_empty() && !grant.remove {
            self.findings.error(
                "empty-list",
                span,
                format!("`{name}` is granted without any value"),
                "grants nothing",
                format!("name the values, {key} = [\"0\"], or write {key} = \"remove\" if it may only be emptied"),
            );
            return None;
        }
        let empty = grant.values.iter().find(|value| value.get_ref().is_empty()).map(Spanned::span);
        if let Some(empty) = empty {
            let help = format!("to let the connector empty it: {key} = {{ values = [...], remove = true }}");
            self.findings.error("empty-value", empty, "an attribute has no empty value", "empty", help);
            return None;
        }
        let values = grant.values.into_iter().map(Spanned::into_inner).collect();
        Some(WriteGrant::Values { values, remove: grant.remove })
    }

    pub(crate) fn search(&mut self, search: Option<Spanned<Section<file::Search>>>) -> Vec<String> {
        let Some(search) = search else { return Vec::new() };
        if search.get_ref().0.bases.is_empty() {
            let help = "name the bases, `bases = [\"ou=policies,dc=example\"]`, or take the section away";
            let header = self.header(search.span());
            self.findings.error("empty-list", header, "`[ldap.search]` names no base", "grants nothing", help);
        }
        search.into_inner().0.bases.iter().filter_map(|base| self.dn(base)).collect()
    }

    pub(crate) fn allow(&mut self, allow: file::Allow) -> Allow {
        for control in &allow.controls {
            if !is_oid(control.get_ref()) {
                self.findings.error(
                    "bad-oid",
                    control.span(),
                    format!("`{}` is not an OID", control.get_ref().escape_debug()),
                    "not an OID",
                    "a control is named by numbers, for example \"1.3.6.1.4.1.42.2.27.8.5.1\" (password policy)",
                );
            }
        }
        Allow {
            controls: allow.controls.into_iter().map(Spanned::into_inner).collect(),
            set_password: allow.set_password,
            try_bind: allow.try_bind,
            as_target: allow.as_target,
        }
    }

    pub(crate) fn confirm(
        &mut self,
        confirm: Option<Spanned<Section<file::Confirm>>>,
        read: &[String],
    ) -> Option<Confirm> {
        #[derive(Clone, Copy)]
        enum By {
            Bind,
            ReadBack,
            Nothing,
        }
        let Some(confirm) = confirm else { return Some(Confirm::Bind) };
        let header = self.header(confirm.span());
        let confirm = confirm.into_inner().0;
        let by = self.required(confirm.by, &["ldap", "confirm", "by"], header.clone())?;
        match self.word(
            &by,
            "a way to confirm",
            &[("bind", By::Bind), ("read-back", By::ReadBack), ("none", By::Nothing)],
        )? {
            By::Bind => Some(Confirm::Bind),
            By::Nothing => Some(Confirm::None),
            By::ReadBack => {
                let attribute = self.required(confirm.attribute, &["ldap", "confirm", "attribute"], header)?;
                if !read.iter().any(|name| name.eq_ignore_ascii_case(attribute.get_ref())) {
                    let name = attribute.get_ref().escape_debug();
                    self.findings.error(
                        "confirm-not-readable",
                        attribute.span(),
                        format!("`{name}` is to be read back, and is not in `[ldap.read]`"),
                        "not readable",
                        format!("add it to `attributes` of `[ldap.read]`: attributes = [\"{name}\"]"),
                    );
                }
                Some(Confirm::ReadBack { attribute: attribute.into_inner() })
            }
        }
    }

    /// An attribute that is not among those that were `seen`.
    fn attribute(&mut self, name: &Text, seen: &mut Vec<AttributeName>) -> Option<AttributeName> {
        let written = name.get_ref().escape_debug();
        let Ok(attribute) = AttributeName::parse(name.get_ref()) else {
            self.findings.error(
                "bad-attribute",
                name.span(),
                format!("`{written}` is not the name of an attribute"),
                "not a name",
                "letters, digits and hyphens, a letter first (pwdLastSet), or an OID (2.5.4.3)",
            );
            return None;
        };
        if seen.contains(&attribute) {
            let message = format!("`{written}` is there twice: names of attributes are the same in any case");
            self.findings.error(
                "duplicate-attribute",
                name.span(),
                message,
                "for the second time",
                "keep one of the two",
            );
        }
        seen.push(attribute.clone());
        Some(attribute)
    }
}

/// A name as the key of a TOML file: dots and semicolons need quotation marks.
fn as_key(name: &str) -> String {
    let bare = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if bare { name.to_owned() } else { format!("\"{name}\"") }
}
