//! Accounts that belong to one test, so that tests run side by side on one server.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
};

use super::{Kind, Server};
use crate::Result;

/// An account that one test made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `uid`, or in Active Directory `sAMAccountName`.
    pub name: String,
    /// `mail`, and in Active Directory `userPrincipalName` too: `name@domain`.
    pub login: String,
    /// Where its entry is.
    pub dn: String,
    /// Its password; no other account has the same one.
    pub password: String,
}

/// The password policy of an account. All: at least 10 characters, 3 in history, locked after 3 wrong ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Policy {
    /// Nothing else.
    #[default]
    Usual,
    /// The password must be a day old before it may be changed; it was set just now.
    MinimumAge,
    /// A password that somebody else set must be changed. Not in Active Directory, where `pwdLastSet` says so.
    MustChange,
    /// At least 20 characters.
    Long,
}

impl Server {
    /// Makes an account that no other test knows.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn new_account(&self, prefix: &str) -> Result<Account> {
        self.new_account_with(prefix, Policy::Usual).await
    }

    /// As [`Server::new_account`], under a password policy.
    ///
    /// # Errors
    /// If the server refuses, or has no such policy.
    pub async fn new_account_with(&self, prefix: &str, policy: Policy) -> Result<Account> {
        // Longer names than 20 are none of Windows'.
        if prefix.is_empty() || prefix.len() > 11 {
            return Err(format!("the prefix {prefix:?} has not 1 to 11 characters").into());
        }
        let facts = self.facts();
        let unique = RandomState::new().hash_one(prefix);
        let name = format!("{prefix}-{:08x}", unique & 0xffff_ffff);
        let attribute = if self.kind() == Kind::Samba { "CN" } else { "uid" };
        let account = Account {
            login: format!("{name}@{}", facts.domain),
            dn: format!("{attribute}={name},{}", facts.people_dn),
            // Upper and lower case and digits; nothing of the account's name, which Active Directory refuses.
            password: format!("First-{:08x}-Passw0rd", unique >> 32),
            name,
        };
        let policy = match policy {
            Policy::Usual => None,
            Policy::MinimumAge => Some("min-age"),
            Policy::MustChange => Some("must-change"),
            Policy::Long => Some("long"),
        };
        let policy = policy.map(|name| {
            let attribute = if self.kind() == Kind::Samba { "CN" } else { "cn" };
            format!("{attribute}={name},{}", facts.policies_dn)
        });
        let mut admin = self.admin().await?;
        admin.add(&account.dn, self.person(&account, policy.as_deref())).await?.success()?;
        if let (Kind::Samba, Some(policy)) = (self.kind(), policy) {
            let applies = ldap3::Mod::Add("msDS-PSOAppliesTo", HashSet::from([account.dn.as_str()]));
            admin.modify(&policy, vec![applies]).await?.success()?;
        }
        admin.unbind().await?;
        Ok(account)
    }

    fn person(&self, account: &Account, policy: Option<&str>) -> Vec<(Vec<u8>, HashSet<Vec<u8>>)> {
        let mut attributes = match self.kind() {
            Kind::Samba => vec![
                ("objectClass", b"user".to_vec()),
                ("sAMAccountName", account.name.clone().into()),
                ("userPrincipalName", account.login.clone().into()),
                ("userAccountControl", b"512".to_vec()),
                ("unicodePwd", format!("\"{}\"", account.password).encode_utf16().flat_map(u16::to_le_bytes).collect()),
            ],
            Kind::OpenLdap | Kind::Ds389 => vec![
                ("objectClass", b"inetOrgPerson".to_vec()),
                ("uid", account.name.clone().into()),
                ("cn", account.name.clone().into()),
                ("sn", b"Example".to_vec()),
                ("userPassword", account.password.clone().into()),
            ],
        };
        attributes.push(("mail", account.login.clone().into()));
        if let (Kind::OpenLdap | Kind::Ds389, Some(policy)) = (self.kind(), policy) {
            attributes.push(("pwdPolicySubentry", policy.into()));
            if self.kind() == Kind::Ds389 && policy.starts_with("cn=min-age,") {
                // Counted from the last time that the person set it, and a new account has none.
                attributes.push(("passwordAllowChangeTime", b"20991231235959Z".to_vec()));
            }
        }
        attributes.into_iter().map(|(name, value)| (name.into(), HashSet::from([value]))).collect()
    }
}
