//! What holds for OpenLDAP and 389 Directory Server alike: the connector `openldap` serves both.

pub(crate) mod accounts;
pub(crate) mod outages;
pub(crate) mod passwords;
pub(crate) mod reach;
pub(crate) mod refusals;
pub(crate) mod service;

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_tests::harness::{Draft, Running};
use portcullis_tests::proxy::Request;
use portcullis_tests::servers::{Account, Kind, Policy, Server};
use portcullis_tests::{Result, or_skip};

// 389 Directory Server refuses a password that has three characters in a row with the name, the login or the mail address
// of its account in common: these have none with hexadecimal digits, hyphens, and the names that tests give.

/// A password that every policy here takes, and no account has.
pub(crate) const NEW: &str = "Xylophon_Qu1z_Jumps";
/// A second one.
pub(crate) const NEWER: &str = "Vexing_Kw4rtz_Zombi";

/// Makes a test of each scenario, for one kind of server.
macro_rules! scenarios {
    ($kind:ident; $($module:ident: $($name:ident)+;)+) => { $(
        mod $module { $(
            #[tokio::test]
            async fn $name() -> portcullis_tests::Result<()> {
                $crate::both::$module::$name(portcullis_tests::servers::$kind).await
            }
        )+ }
    )+ };
}

/// A server, and on it an account that no other test knows.
pub(crate) struct Scene {
    pub(crate) server: Arc<Server>,
    pub(crate) account: Account,
    pub(crate) before: BTreeMap<String, Vec<String>>,
}

impl Scene {
    /// Nothing if this machine has no such server.
    pub(crate) async fn new(kind: Kind, prefix: &str) -> Result<Option<Self>> {
        Self::with(kind, prefix, Policy::Usual).await
    }

    pub(crate) async fn with(kind: Kind, prefix: &str, policy: Policy) -> Result<Option<Self>> {
        let Some(server) = or_skip(kind.shared()) else { return Ok(None) };
        Self::on(server, prefix, policy).await.map(Some)
    }

    pub(crate) async fn on(server: Arc<Server>, prefix: &str, policy: Policy) -> Result<Self> {
        let account = server.new_account_with(prefix, policy).await?;
        let before = server.entry(&account.dn).await?;
        Ok(Self { server, account, before })
    }

    pub(crate) fn draft(&self) -> Draft {
        Draft::of(&self.server)
    }

    pub(crate) fn connector(&self) -> Running {
        self.draft().start()
    }

    /// By three wrong passwords.
    pub(crate) async fn lock(&mut self) -> Result<()> {
        self.server.lock(&self.account).await?;
        self.remember().await
    }

    /// From here on nothing may change.
    pub(crate) async fn remember(&mut self) -> Result<()> {
        self.before = self.server.entry(&self.account.dn).await?;
        Ok(())
    }

    /// Not one attribute is another one than before.
    pub(crate) async fn is_untouched(&self) -> Result<()> {
        assert_eq!(self.server.entry(&self.account.dn).await?, self.before, "something was written");
        Ok(())
    }

    /// Nothing was written, and the account signs in as before.
    pub(crate) async fn keeps_its_password(&self) -> Result<()> {
        self.is_untouched().await?;
        let answer = self.server.bind(&self.account.dn, &self.account.password).await?;
        assert_eq!(answer.code, 0, "the old password: {answer:?}");
        Ok(())
    }

    /// The account signs in with this password and no longer with the one that it had.
    pub(crate) async fn has_the_password(&self, new: &str) -> Result<()> {
        let answer = self.server.bind(&self.account.dn, new).await?;
        assert_eq!(answer.code, 0, "the new password: {answer:?}");
        let answer = self.server.bind(&self.account.dn, &self.account.password).await?;
        assert_eq!(answer.code, 49, "the old password: {answer:?}");
        Ok(())
    }

    /// How many wrong passwords the server has counted.
    pub(crate) async fn failures(&self) -> Result<usize> {
        Ok(match self.server.kind() {
            Kind::Ds389 => match self.server.get_attr(&self.account.dn, "passwordRetryCount").await?.as_slice() {
                [] => 0,
                [count, ..] => count.parse()?,
            },
            _ => self.server.get_attr(&self.account.dn, "pwdFailureTime").await?.len(),
        })
    }

    /// The request by which the connector sets a password here.
    pub(crate) fn write(&self) -> Request {
        match self.server.kind() {
            Kind::Ds389 => Request::Modify,
            _ => Request::Extended,
        }
    }
}
