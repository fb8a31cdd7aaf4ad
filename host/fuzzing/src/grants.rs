//! Grants: no spelling of an attribute gets past them.
//!
//! Lines of the input become the calls of a connector; see [`Calls`]. What the grants let pass must be allowed by the
//! judge in this module, which reads attribute descriptions by the grammar of RFC 4512, filters by their parentheses, and
//! compares with the grants as the operator wrote them. So a spelling (`;binary`, an OID, another case, a space, a trailing
//! dot, a look-alike) is denied, or denotes exactly what was granted.

mod judge;

use std::sync::{Arc, LazyLock};

use portcullis_capabilities::ldap::{AttributeName, LdapGrant, Placed, PlacedChange, WriteGrant};
use portcullis_capabilities::secrets::{Held, Label};
use portcullis_directory::dn::Dn;
use portcullis_directory::{ChangeKind, Control, Scope, Search};
use portcullis_model::{Encoding, Password};

use crate::oracle;

/// What may be read.
pub(crate) const READ: [&str; 4] = ["cn", "description;lang-en", "mail", "2.5.4.20"];
/// What may be written, and how.
pub(crate) const WRITE: [(&str, Granted); 4] = [
    ("unicodePwd", Granted::Password),
    ("userPassword", Granted::Password),
    ("pwdLastSet", Granted::Values { values: &["0", "-1"], remove: false }),
    ("description", Granted::Values { values: &["reset"], remove: true }),
];
pub(crate) const CONTROL: &str = "1.2.840.113556.1.4.2239";
pub(crate) const BASE: &str = "ou=people,dc=example";
pub(crate) const TARGET: &str = "uid=alice,ou=people,dc=example";

/// As [`WriteGrant`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum Granted {
    Password,
    Values { values: &'static [&'static str], remove: bool },
}

static GRANT: LazyLock<LdapGrant> = LazyLock::new(|| {
    let name = |text: &str| AttributeName::parse(text).expect("a description");
    let write = WRITE.map(|(attribute, granted)| {
        let grant = match granted {
            Granted::Password => WriteGrant::Password,
            Granted::Values { values, remove } => {
                WriteGrant::Values { values: values.iter().map(|&value| value.to_owned()).collect(), remove }
            }
        };
        (name(attribute), grant)
    });
    LdapGrant {
        read: READ.map(name).into(),
        search: vec![Dn::parse(BASE).expect("a name")],
        write: write.into(),
        controls: [CONTROL.to_owned()].into(),
        set_password: true,
        try_bind: true,
        as_target: true,
    }
});

static PASSWORD: LazyLock<Arc<Password>> =
    LazyLock::new(|| Arc::new(Password::new("A-New Passw0rd".to_owned()).expect("a password")));

/// What a connector calls for: `r` reads an attribute, `s` returns one of a search, `f` is its filter and `b` its base,
/// `+`, `-` and `=` are changes (attribute, then values: `N`, `O`, `C` for a password, `p` and a text), `c` is a control,
/// `d` the entry, `p` whose password binds.
#[derive(Debug, Default)]
pub(crate) struct Calls<'a> {
    pub(crate) read: Vec<&'a str>,
    pub(crate) wanted: Vec<&'a str>,
    pub(crate) filter: Option<&'a str>,
    pub(crate) base: Option<&'a str>,
    pub(crate) changes: Vec<Asked<'a>>,
    pub(crate) controls: Vec<&'a str>,
    pub(crate) entry: Option<&'a str>,
    pub(crate) performer: Option<Label>,
}

/// One change.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) kind: ChangeKind,
    pub(crate) attribute: &'a str,
    pub(crate) values: Vec<Wanted<'a>>,
}

/// One value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted<'a> {
    Password(Label),
    Plain(&'a str),
}

impl<'a> Calls<'a> {
    fn read(text: &'a str) -> Self {
        let mut calls = Self::default();
        for line in text.split('\n').filter(|line| line.is_char_boundary(1)) {
            let (what, rest) = line.split_at(line.len().min(1));
            let change = |kind| {
                let mut parts = rest.split('\t');
                let attribute = parts.next().unwrap_or_default();
                Asked { kind, attribute, values: parts.filter_map(value).collect() }
            };
            match what {
                "r" => calls.read.push(rest),
                "s" => calls.wanted.push(rest),
                "f" => calls.filter = Some(rest),
                "b" => calls.base = Some(rest),
                "+" => calls.changes.push(change(ChangeKind::Add)),
                "-" => calls.changes.push(change(ChangeKind::Delete)),
                "=" => calls.changes.push(change(ChangeKind::Replace)),
                "c" => calls.controls.push(rest),
                "d" => calls.entry = Some(rest),
                "p" => calls.performer = label(rest),
                _ => {}
            }
        }
        calls
    }
}

fn label(text: &str) -> Option<Label> {
    match text {
        "N" => Some(Label::New),
        "O" => Some(Label::Old),
        "C" => Some(Label::Candidate),
        _ => None,
    }
}

fn value(text: &str) -> Option<Wanted<'_>> {
    label(text).map(Wanted::Password).or_else(|| text.strip_prefix('p').map(Wanted::Plain))
}

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let calls = Calls::read(text);
    names(&calls);
    if GRANT.permit_read(&owned(&calls.read)).is_ok() {
        calls.read.iter().for_each(|name| judge::readable(name));
    }
    search(&calls);
    modify(&calls);
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Reading a description: the host's grammar is the RFC's, and what it calls equal is equal.
fn names(calls: &Calls<'_>) {
    let texts = calls.read.iter().chain(&calls.wanted).copied().chain(calls.changes.iter().map(|c| c.attribute));
    for text in texts {
        let Ok(name) = AttributeName::parse(text) else { continue };
        let strict = oracle::strict(text).unwrap_or_else(|| panic!("{text:?} is no attribute description"));
        assert_eq!(oracle::strict(name.as_str()), Some(strict), "{text:?} became {name}");
        assert_eq!(AttributeName::parse(name.as_str()), Ok(name.clone()), "{name} has two normal forms");
        for granted in READ {
            let asked = [AttributeName::parse(granted).expect("a description")];
            let same = oracle::strict(granted) == oracle::strict(text);
            assert_eq!(LdapGrant::may_pass(&asked, text), same, "{text:?} came back for {granted}");
        }
    }
}

fn search(calls: &Calls<'_>) {
    let (Some(filter), wanted) = (calls.filter, owned(&calls.wanted)) else { return };
    let base = calls.base.unwrap_or(BASE);
    let search = Search {
        base: base.to_owned(),
        scope: Scope::Subtree,
        filter: filter.to_owned(),
        attributes: wanted,
        limit: 1,
    };
    if GRANT.permit_search(search).is_ok() {
        assert!(!calls.wanted.is_empty(), "a search that wants every attribute was let pass");
        calls.wanted.iter().for_each(|name| judge::readable(name));
        judge::filter(filter);
        judge::base(base);
    }
}

fn modify(calls: &Calls<'_>) {
    let held = |label| Held { label, secret: Arc::clone(&PASSWORD) };
    let changes = calls.changes.iter().map(|change| PlacedChange {
        kind: change.kind,
        attribute: change.attribute.to_owned(),
        values: change
            .values
            .iter()
            .map(|value| match value {
                Wanted::Password(label) => Placed::Password(held(*label), Encoding::QuotedUtf16Le),
                Wanted::Plain(text) => Placed::Plain(text.as_bytes().to_vec()),
            })
            .collect(),
    });
    let controls = calls.controls.iter().map(|&oid| Control { oid: oid.to_owned(), critical: true, value: None });
    let entry = calls.entry.unwrap_or(TARGET);
    let performer = calls.performer.map(held);
    if GRANT.permit_modify(TARGET, entry, performer.as_ref(), changes.collect(), controls.collect()).is_ok() {
        judge::modify(calls);
    }
}
