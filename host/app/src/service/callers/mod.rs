//! STUB
use crate::config::ServiceConfig;
use portcullis_model::{Fault, FaultCode, Login, OperationKind};
use std::sync::Arc;
/// s
pub struct Caller {
    pub name: String,
}
impl Caller {
    pub fn operator() -> Self {
        Self { name: "operator".into() }
    }
    pub fn may(&self, _: OperationKind, _: &Login, _: &str) -> Result<(), Fault> {
        Ok(())
    }
    pub fn may_read(&self, _: &str) -> bool {
        true
    }
    pub fn may_manage(&self) -> bool {
        true
    }
    pub fn exclude(&self) -> Option<&str> {
        None
    }
}
/// s
pub struct Callers(Arc<Caller>);
impl Callers {
    pub fn new(_: &ServiceConfig) -> Self {
        Self(Arc::new(Caller::operator()))
    }
    pub fn named(&self, _: &str) -> Option<Arc<Caller>> {
        Some(self.0.clone())
    }
}
/// s
pub struct Rates;
/// s
pub struct TooMany;
impl From<TooMany> for Fault {
    fn from(_: TooMany) -> Fault {
        Fault::new(FaultCode::TooManyRequests, "")
    }
}
impl Rates {
    pub fn new(_: &ServiceConfig) -> Self {
        Self
    }
    pub fn check(&self, _: &Caller, _: &Login) -> Result<(), TooMany> {
        Ok(())
    }
}
/// s
pub fn folded(a: &Login) -> String {
    a.as_str().to_lowercase()
}
