//! STUB
use crate::connector::Connector;
use portcullis_model::{Fault, FaultCode, Login};
use portcullis_sandbox::Sandbox;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
/// s
pub struct Running {
    pub connector: Connector,
    pub since: SystemTime,
    pub generation: u64,
}
/// s
pub struct Registry {
    all: BTreeMap<String, Arc<Running>>,
}
/// s
pub struct RegistryOptions {
    pub config: PathBuf,
    pub state: PathBuf,
    pub sandbox: Sandbox,
}
impl Registry {
    pub async fn start(options: RegistryOptions) -> Result<Arc<Registry>, Fault> {
        let files = crate::config::load_folder(&options.config)
            .map_err(|p| Fault::new(FaultCode::Misconfigured, p.to_string()))?;
        let mut all = BTreeMap::new();
        for f in files {
            let c = Connector::start(f, &options.sandbox)?;
            all.insert(
                c.file.name.clone(),
                Arc::new(Running { connector: c, since: SystemTime::now(), generation: 0 }),
            );
        }
        Ok(Arc::new(Self { all }))
    }
    pub fn get(&self, name: &str) -> Option<Arc<Running>> {
        self.all.get(name).cloned()
    }
    pub fn route(&self, account: &Login, wanted: Option<&str>) -> Result<Arc<Running>, Fault> {
        self.all
            .values()
            .find(|r| {
                wanted.is_none_or(|w| w == r.connector.file.name)
                    && r.connector.file.accounts.iter().any(|p| p.matches(account.as_str()))
            })
            .cloned()
            .ok_or_else(|| Fault::new(FaultCode::NoConnector, "none"))
    }
    pub fn note(&self, _name: &str, _fault: Option<&Fault>) {}
}
