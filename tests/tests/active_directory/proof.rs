//! What became of an account, from the server's own mouth.

use portcullis_tests::Result;
use portcullis_tests::servers::{Account, Server};

/// A password that every policy of the fixture takes, 20 characters included.
pub(crate) const NEW: &str = "Second-Passw0rd-Of-Mine";
/// Another one.
pub(crate) const NEWER: &str = "Third-Passw0rd-Of-Mine";

/// When the password was set; 0 asks for a new one.
pub(crate) async fn set_at(server: &Server, account: &Account) -> Result<String> {
    Ok(server.get_attr(&account.dn, "pwdLastSet").await?.concat())
}

/// The reason of a refused bind, for example `775`; nothing if the bind succeeded.
pub(crate) async fn refusal(server: &Server, account: &Account, password: &str) -> Result<Option<String>> {
    let answer = server.bind(&account.dn, password).await?;
    if answer.code == 0 {
        return Ok(None);
    }
    let (_, data) = answer.diagnostic.split_once("data ").ok_or("a refusal without a reason")?;
    Ok(data.split(',').next().map(str::to_owned))
}

/// The new password is the account's and the old one is not. One bind each: a third wrong one would lock the account.
#[track_caller]
pub(crate) fn took_effect(server: &Server, account: &Account, new: &str) -> impl Future<Output = Result<()>> {
    let caller = std::panic::Location::caller();
    async move {
        assert_eq!(refusal(server, account, new).await?, None, "the new password, at {caller}");
        let old = refusal(server, account, &account.password).await?;
        assert_eq!(old.as_deref(), Some("52e"), "the old password, at {caller}");
        Ok(())
    }
}

/// The old password is the account's, and was not set again.
#[track_caller]
pub(crate) fn untouched(server: &Server, account: &Account, set_before: &str) -> impl Future<Output = Result<()>> {
    let caller = std::panic::Location::caller();
    async move {
        assert_eq!(set_at(server, account).await?, set_before, "pwdLastSet, at {caller}");
        assert_eq!(refusal(server, account, &account.password).await?, None, "the old password, at {caller}");
        Ok(())
    }
}
