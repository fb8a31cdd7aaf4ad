//! A plugin that reads the password and tells it: to the log, to the operator, to the caller, and in every call whose
//! arguments the host writes down. The setting `tell` says where.

use portcullis_connector::ldap::{self, Change, Control, Performer, Query, Scope, Value};
use portcullis_connector::reveal::reveal;
use portcullis_connector::{
    Account, Effect, Fault, FaultCode, Note, Password, Passwords, Receipt, ResetOptions, Verdict, config, export, log,
};

struct Revealing;
export!(Revealing: passwords);

impl Passwords for Revealing {
    fn reset(_: Account, new: &Password, _: ResetOptions) -> Result<Receipt, Fault> {
        let text = read(new)?;
        tell(new, &text)
    }

    fn change(_: Account, old: &Password, new: &Password) -> Result<Receipt, Fault> {
        let text = read(old)?;
        // In a change the directory has to see the old one.
        ldap::try_bind(&ldap::target(&[])?.dn, old, &[])?;
        tell(new, &text)
    }

    fn verify(_: Account, candidate: &Password) -> Result<Verdict, Fault> {
        Err(Fault::new(FaultCode::Internal, read(candidate)?))
    }
}

fn read(password: &Password) -> Result<String, Fault> {
    reveal(password).map_err(|denied| Fault::new(FaultCode::NotGranted, denied.reason))
}

fn tell(new: &Password, text: &str) -> Result<Receipt, Fault> {
    let target = ldap::target(&[])?.dn;
    let change = |attribute: &str| [Change::replace(attribute, ["x".into()])];
    let service = Performer::Service;
    match config::get("tell").unwrap_or_default().as_str() {
        "log" => {
            log::error(text);
            log::error(&format!("the password is {text}, if you ask"));
            log::error(&format!("{text} and {}", text.to_uppercase()));
        }
        // So that the end of the line cuts it in two.
        "long-line" => log::error(&format!("{}{text}", "x".repeat(4_096 - text.len() / 2))),
        "detail" => {
            return Err(Fault { code: FaultCode::DirectoryRefused, detail: format!("no: {text}"), limit: None });
        }
        "long-detail" => {
            let detail = format!("{}{text}", "x".repeat(1_024 - text.len() / 2));
            return Err(Fault { code: FaultCode::DirectoryRefused, detail, limit: None });
        }
        "note" => {
            write(new)?;
            let note = Note { code: text.to_owned(), text: format!("write it down: {text}") };
            return Ok(Receipt { effects: vec![Effect::PasswordSet], notes: vec![note] });
        }
        "dn" => drop(ldap::modify(&format!("cn={text},{target}"), &service, &change("userPassword"), &[])?),
        "attribute" => drop(ldap::modify(&target, &service, &change(text), &[])?),
        "option" => drop(ldap::modify(&target, &service, &change(&format!("cn;{text}")), &[])?),
        "control" => drop(ldap::modify(&target, &service, &change("userPassword"), &[Control::new(text)])?),
        "read" => drop(ldap::target(&[text])?),
        "root-dse" => drop(ldap::root_dse(&[text])?),
        "base" => drop(search(&format!("cn={text},dc=elsewhere"), "(cn=x)")?),
        "granted-base" => drop(search(&format!("cn={text},ou=people,dc=people,dc=example"), "(cn=x)")?),
        "filter" => drop(search("ou=people,dc=people,dc=example", &format!("({text}=x)"))?),
        "bad-filter" => drop(search("ou=people,dc=people,dc=example", &format!("(cn={text}"))?),
        "bind" => drop(ldap::try_bind(text, new, &[])?),
        other => return Err(Fault::new(FaultCode::Misconfigured, format!("`tell` is `{other}`"))),
    }
    write(new)
}

fn search(base: &str, filter: &str) -> Result<Vec<ldap::Entry>, ldap::LdapError> {
    let attributes = vec!["cn".to_owned()];
    ldap::search(&Query {
        base: base.to_owned(),
        scope: Scope::Subtree,
        filter: filter.to_owned(),
        attributes,
        limit: 1,
    })
}

fn write(new: &Password) -> Result<Receipt, Fault> {
    let changes = [Change::replace("userPassword", [Value::utf8(new)])];
    ldap::modify(&ldap::target(&[])?.dn, &Performer::Service, &changes, &[])?;
    Ok(Receipt::of(Effect::PasswordSet))
}
