//! Reads: by asking for what cannot be read, from where nothing was granted, and where a directory points.

use std::sync::Arc;

use portcullis_capabilities::Context;
use portcullis_capabilities::ldap::RootDseCache;
use portcullis_directory::{Answer, Control, Directory, Failure, Found, Modify, Performer, Scope, Search, SetPassword};
use portcullis_model::Password;

use crate::host::Attempt;
use crate::item::{Item, corpus};

corpus! {
    /// Asks by a filter for the first letter of a password.
    filter_probing_of_an_unreadable_attribute,
    held by "a filter may name only what `[ldap.read]` names",
    logged ["denied ldap.search userpassword", "ended refused not-granted"] => denied;

    /// Searches above the base that it was granted.
    searching_outside_the_base,
    held by "`[ldap.search] bases`, compared as DNs",
    logged ["denied ldap.search dc=people,dc=example", "ended refused not-granted"] => denied;

    /// Is answered with a referral to a server that collects passwords, and writes the password there.
    referral_lures,
    held by "the host follows no referral, and a write goes to the target alone",
    logged [
        "allowed ldap.search ou=people,dc=people,dc=example",
        "denied ldap.modify ldap://127.0.0.1…",
        "ended refused not-granted",
    ] => referral;
}

async fn denied(item: &'static Item) {
    let started = Attempt::of(item).start();
    started.refused().await;
    assert_eq!(started.log.of_connectors(), Vec::<String>::new(), "it was told something");
}

/// Answers the connector's searches with a referral (RFC 4511, section 4.1.10), and is the real directory otherwise.
#[derive(Debug)]
struct Luring {
    real: Arc<dyn Directory>,
    to: String,
}

#[async_trait::async_trait]
impl Directory for Luring {
    async fn search(&self, search: &Search) -> Result<Found, Failure> {
        let found = self.real.search(search).await?;
        // Neither the host's own search for the target nor what the test looks at.
        if search.scope != Scope::Subtree || search.filter != "(cn=*)" {
            return Ok(found);
        }
        let answer = Answer { code: 10, diagnostic: self.to.clone(), ..found.answer };
        Ok(Found { entries: Vec::new(), answer, ..found })
    }

    async fn modify(&self, performer: &Performer, modify: &Modify) -> Result<Answer, Failure> {
        self.real.modify(performer, modify).await
    }

    async fn set_password(&self, performer: &Performer, request: &SetPassword) -> Result<Answer, Failure> {
        self.real.set_password(performer, request).await
    }

    async fn bind(&self, dn: &str, password: &Password, controls: &[Control]) -> Result<Answer, Failure> {
        self.real.bind(dn, password, controls).await
    }
}

async fn referral(item: &'static Item) {
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let to = format!("ldap://{}/uid=alice", trap.local_addr().unwrap());
    let mut started = Attempt::of(item).start();
    let former = &started.running.connector.context;
    let real = Arc::clone(former.directory.as_ref().unwrap());
    started.running.connector.context = Arc::new(Context {
        connector: Arc::clone(&former.connector),
        grants: former.grants.clone(),
        directory: Some(Arc::new(Luring { real, to })),
        limits: former.limits.clone(),
        root_dse: RootDseCache::default(),
    });
    started.refused().await;
    let nobody = trap.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock, "somebody came to the server of the referral");
}
