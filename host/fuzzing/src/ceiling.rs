//! The ceiling: a connector's file above it is never taken for one below.
//!
//! The input is a connector's file, a line of `====`, and a ceiling. Where nothing is above, everything that the file grants
//! stands in the ceiling, attribute by attribute by the grammar of RFC 4512, value by value.

use std::path::Path;
use std::sync::LazyLock;

use portcullis::ceiling::{Ceiling, Rules};
use portcullis::config::{Ldap, WriteGrant, load_file};
use portcullis_directory::dn::Dn;
use portcullis_sandbox::Surface;

use crate::config::{Folder, obeyed_by_no_terminal, refused};
use crate::oracle::strict;

static FOLDER: LazyLock<Folder> = LazyLock::new(|| Folder::new("ceiling"));

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((connector, ceiling)) = text.split_once("\n====\n") else { return };
    let ceiling = match Ceiling::of_text(ceiling, Path::new("ceiling.toml")) {
        Ok(ceiling) => ceiling,
        Err(problems) => return refused(&problems, &obeyed_by_no_terminal),
    };
    std::fs::write(&FOLDER.connector, connector).expect("the connector's file is written");
    let Ok(file) = load_file(&FOLDER.connector, &FOLDER.plugins) else { return };
    let above = ceiling.check(&file, &Surface::default());
    assert!(Ceiling::none().check(&file, &Surface::default()).is_empty(), "above a ceiling that there is not");
    if !above.is_empty() {
        return;
    }
    let rules = ceiling.rules().expect("a ceiling that was read has rules");
    assert!(file.operations.iter().all(|kind| rules.operations.contains(kind)), "{:?}", file.operations);
    assert!(file.reveal.iter().flatten().all(|password| rules.reveal.contains(password)), "{:?}", file.reveal);
    assert!(!rules.plugins.require_sha256 || file.sha256.is_some(), "a plugin without its digest was let pass");
    let (limits, most) = (&file.limits, &rules.limits);
    assert!(
        limits.time <= most.time
            && limits.memory <= most.memory
            && limits.concurrency <= most.concurrency
            && limits.host_calls <= most.host_calls
            && limits.log <= most.log,
        "{limits:?} is more than {most:?}"
    );
    file.ldap.iter().for_each(|ldap| directory(ldap, rules));
}

fn directory(ldap: &Ldap, rules: &Rules) {
    let (granted, most) = (ldap, &rules.ldap);
    for name in &granted.read {
        let fits = |allowed: &String| strict(allowed).is_some() && strict(allowed) == strict(name);
        assert!(most.read.iter().any(fits), "{name:?} may be read, and the ceiling has {:?}", most.read);
    }
    for (name, grant) in &granted.write {
        let rule = most.write.iter().find(|(allowed, _)| strict(allowed) == strict(name));
        let fits = match (grant, rule.map(|(_, rule)| rule)) {
            (WriteGrant::Password, Some(WriteGrant::Password)) => true,
            (WriteGrant::Values { values, remove }, Some(WriteGrant::Values { values: most, remove: removable })) => {
                values.iter().all(|value| most.contains(value)) && (*removable || !*remove)
            }
            _ => false,
        };
        assert!(fits, "{name:?} may be written with {grant:?}, and the ceiling has {:?}", most.write);
    }
    let below = |base: &String, bases: &[String]| {
        let inside =
            |outer: &String| Dn::parse(base).is_ok_and(|dn| Dn::parse(outer).is_ok_and(|b| dn.is_below_or_equal(&b)));
        assert!(bases.iter().any(inside), "{base:?} lies below none of {bases:?}");
    };
    below(&granted.locate.base, &most.locate);
    granted.search.iter().for_each(|base| below(base, &most.search));
    let (allow, most) = (&granted.allow, &most.allow);
    assert!(allow.controls.iter().all(|oid| most.controls.contains(oid)), "{:?}", allow.controls);
    for (what, asked, may) in [
        ("set-password", allow.set_password, most.set_password),
        ("try-bind", allow.try_bind, most.try_bind),
        ("as-target", allow.as_target, most.as_target),
    ] {
        assert!(may || !asked, "{what} was let pass");
    }
}
