//! What the host is compared with: a program that is written straight on `ldap3`, with a pool of `deadpool`, and sends
//! the same two requests. It has no grants, no events, no sandbox, and trusts its directory.

use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::{self, Metrics, Pool, RecycleError, RecycleResult};
use ldap3::controls::RawControl;
use ldap3::exop::PasswordModify;
use ldap3::{DerefAliases, Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, SearchOptions};
use portcullis_tests::servers::Facts;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::Result;

const PPOLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// Makes connections: TLS, and the bind of the service account.
struct Connections {
    url: String,
    tls: Arc<ClientConfig>,
    dn: String,
    password: String,
}

impl managed::Manager for Connections {
    type Type = Ldap;
    type Error = LdapError;

    async fn create(&self) -> std::result::Result<Ldap, LdapError> {
        let settings =
            LdapConnSettings::new().set_config(Arc::clone(&self.tls)).set_conn_timeout(Duration::from_secs(5));
        let (driver, mut ldap) = LdapConnAsync::with_settings(settings, &self.url).await?;
        ldap3::drive!(driver);
        ldap.simple_bind(&self.dn, &self.password).await?.success()?;
        Ok(ldap)
    }

    async fn recycle(&self, ldap: &mut Ldap, _: &Metrics) -> RecycleResult<LdapError> {
        if ldap.is_closed() { Err(RecycleError::message("closed")) } else { Ok(()) }
    }
}

/// The program.
pub(crate) struct Native {
    pool: Pool<Connections>,
    people: String,
}

impl Native {
    pub(crate) fn new(facts: &Facts, connections: usize) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(&facts.ca_file)? {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let tls = Arc::new(tls.with_root_certificates(roots).with_no_client_auth());
        let (dn, password) = (facts.svc_dn.clone(), facts.svc_pw.clone());
        let manager = Connections { url: facts.ldaps_url.clone(), tls, dn, password };
        let pool = Pool::builder(manager).max_size(connections).build()?;
        Ok(Self { pool, people: facts.people_dn.clone() })
    }

    /// Finds the account and sets its password: one connection for both requests.
    pub(crate) async fn reset(&self, name: &str, password: &str) -> Result {
        let mut ldap = self.pool.get().await.map_err(|e| e.to_string())?;
        let options = SearchOptions::new().deref(DerefAliases::Never).sizelimit(3).timelimit(11);
        let filter = format!("(uid={})", ldap3::ldap_escape(name));
        let ldap = ldap.with_timeout(Duration::from_secs(10)).with_search_options(options);
        let (found, _) = ldap.search(&self.people, Scope::OneLevel, &filter, ["pwdChangedTime"]).await?.success()?;
        let [entry] = <[_; 1]>::try_from(found).map_err(|found| format!("{} entries", found.len()))?;
        let entry = SearchEntry::construct(entry);
        let control = RawControl { ctype: PPOLICY.to_owned(), crit: false, val: None };
        let request = PasswordModify { user_id: Some(&entry.dn), old_pass: None, new_pass: Some(password) };
        ldap.with_timeout(Duration::from_secs(10)).with_controls(control).extended(request).await?.success()?;
        Ok(())
    }
}
