//! Looking at a server and changing it without Portcullis: what a test asserts must not come from what it tests.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Mod, Scope, SearchEntry};

use super::{Account, Server};
use crate::Result;

/// What a failed sign-in writes into an entry.
const FAILURES: [&str; 10] = [
    "pwdfailuretime",
    "entrycsn",
    "modifytimestamp",
    "passwordretrycount",
    "retrycountresettime",
    "badpwdcount",
    "badpasswordtime",
    "lastlogon",
    "lastlogontimestamp",
    "logoncount",
];

/// How a server answered a bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindAnswer {
    /// The LDAP result code; 0 is success.
    pub code: u32,
    /// The server's words.
    pub diagnostic: String,
}

impl Server {
    /// Binds on a connection of its own, over TLS.
    ///
    /// # Errors
    /// If the server does not answer; a refusal is an answer.
    pub async fn bind(&self, dn: &str, password: &str) -> Result<BindAnswer> {
        let mut connection = self.connect().await?;
        let answer = connection.simple_bind(dn, password).await?;
        connection.unbind().await?;
        Ok(BindAnswer { code: answer.rc, diagnostic: answer.text })
    }

    /// Whether a bind succeeds. A wrong password counts towards the lock of the account.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn binds(&self, dn: &str, password: &str) -> Result<bool> {
        Ok(self.bind(dn, password).await?.code == 0)
    }

    /// Reads an attribute as the administrator; operational ones too. Empty if it is not there.
    ///
    /// # Errors
    /// If the entry is not there.
    pub async fn get_attr(&self, dn: &str, attribute: &str) -> Result<Vec<String>> {
        let mut admin = self.admin().await?;
        let (found, _) = admin.search(dn, Scope::Base, "(objectClass=*)", [attribute]).await?.success()?;
        admin.unbind().await?;
        let entry = found.into_iter().next().map(SearchEntry::construct).ok_or("the search found nothing")?;
        let text = entry.attrs.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute));
        let bytes = entry.bin_attrs.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute));
        let bytes = bytes.map(|(_, values)| values.iter().map(|v| String::from_utf8_lossy(v).into_owned()).collect());
        Ok(text.map(|(_, values)| values).or(bytes).unwrap_or_default())
    }

    /// Everything that an entry holds, the password as it is stored and operational attributes included: the same twice
    /// means that nothing was written in between. What a failed sign-in changes is left out.
    ///
    /// # Errors
    /// If the entry is not there.
    pub async fn entry(&self, dn: &str) -> Result<BTreeMap<String, Vec<String>>> {
        let mut admin = self.admin().await?;
        let (found, _) = admin.search(dn, Scope::Base, "(objectClass=*)", ["*", "+"]).await?.success()?;
        admin.unbind().await?;
        let entry = found.into_iter().next().map(SearchEntry::construct).ok_or("the search found nothing")?;
        let shown = |values: Vec<Vec<u8>>| {
            let mut values: Vec<_> = values.iter().map(|value| value.escape_ascii().to_string()).collect();
            values.sort();
            values
        };
        let text = entry.attrs.into_iter().map(|(name, v)| (name, v.into_iter().map(String::into_bytes).collect()));
        let all = text.chain(entry.bin_attrs).map(|(name, values)| (name.to_ascii_lowercase(), shown(values)));
        Ok(all.filter(|(name, _)| !FAILURES.contains(&name.as_str())).collect())
    }

    /// Replaces the values of an attribute as the administrator; removes it if there are none.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn set_attr(&self, dn: &str, attribute: &str, values: &[&str]) -> Result<()> {
        let mut admin = self.admin().await?;
        let values: HashSet<&str> = values.iter().copied().collect();
        admin.modify(dn, vec![Mod::Replace(attribute, values)]).await?.success()?;
        Ok(admin.unbind().await?)
    }

    /// Gives an entry another name beside its siblings; the values of the old name stay.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn rename(&self, dn: &str, rdn: &str) -> Result<()> {
        let mut admin = self.admin().await?;
        admin.modifydn(dn, rdn, false, None).await?.success()?;
        Ok(admin.unbind().await?)
    }

    /// Locks an account the way people do: by three wrong passwords.
    ///
    /// # Errors
    /// If the account can still sign in afterwards.
    pub async fn lock(&self, account: &Account) -> Result<()> {
        for _ in 0..3 {
            self.bind(&account.dn, "Not-The-Passw0rd").await?;
        }
        let answer = self.bind(&account.dn, &account.password).await?;
        if answer.code == 0 {
            Err(format!("{} is not locked after three wrong passwords", account.dn).into())
        } else {
            Ok(())
        }
    }

    pub(super) async fn admin(&self) -> Result<Ldap> {
        let mut connection = self.connect().await?;
        connection.simple_bind(&self.facts().admin_dn, &self.facts().admin_pw).await?.success()?;
        Ok(connection)
    }

    /// Over TLS, with any certificate: whether Portcullis checks certificates is tested elsewhere, and the variants with
    /// a wrong one have to be looked at, too.
    async fn connect(&self) -> Result<Ldap> {
        let settings = LdapConnSettings::new().set_no_tls_verify(true).set_conn_timeout(Duration::from_secs(10));
        let (connection, ldap) = LdapConnAsync::with_settings(settings, &self.facts().ldaps_url).await?;
        tokio::spawn(connection.drive());
        Ok(ldap)
    }
}
