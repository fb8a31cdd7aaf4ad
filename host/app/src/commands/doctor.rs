//! `portcullis doctor`: is it working? Six steps for each connector, with a test reset if a test account is named.
//! Decides nothing: see `crate::doctor`.

use std::collections::HashMap;
use std::time::Duration;

use clap::Args;
use portcullis_journal::{Journal, JournalError};
use portcullis_model::{Fault, FaultCode, Login};

use super::approve::who;
use super::ceiling::{Lying, another, in_force};
use super::duration::duration;
use super::setup::Setup;
use crate::config::{self, ConnectorFile};
use crate::doctor::{self, Recent, RecentSummary, Wanted};
use crate::service::registry::approval::Approvals;
use crate::show::{self, ExitCode};

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// One connector; all of them without it.
    connector: Option<String>,

    /// The test account: its password is reset to one that nobody knows. Without it the one that portcullis.toml names.
    #[arg(long, value_name = "LOGIN", requires = "connector")]
    account: Option<String>,

    /// Look up the rights on the test account's entry, and leave its password alone: nothing is written.
    #[arg(long)]
    no_reset: bool,

    /// How long to wait until the new password shows on every server.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration, allow_hyphen_values = true)]
    wait: Duration,
}

impl Doctor {
    pub(super) async fn run(self, setup: &Setup) -> ExitCode {
        let account = match self.account.map(Login::new).transpose() {
            Ok(account) => account,
            Err(error) => return setup.fault(&Fault::new(FaultCode::AccountUnusable, error.to_string())),
        };
        let (mut files, sandbox) = match setup.files().and_then(|files| setup.sandbox().map(|sandbox| (files, sandbox)))
        {
            Ok(both) => both,
            Err(code) => return code,
        };
        if let Err(code) = setup.only(&mut files, self.connector.as_deref()) {
            return code;
        }
        let test_accounts = match config::load_service(&setup.config) {
            Ok(service) => service.test_accounts,
            Err(problems) => return setup.problems(problems),
        };
        let recent = match recent(setup).await {
            Ok(recent) => recent,
            Err(error) => return setup.fault(&Fault::new(FaultCode::JournalUnwritable, error.to_string())),
        };
        let ceiling = match setup.ceiling() {
            Ok(ceiling) => ceiling,
            Err(code) => return code,
        };
        let approvals = Approvals::read(&setup.state);
        // Where no password is reset nothing is written down.
        let resets = |file: &ConnectorFile| account.is_some() || test_accounts.contains_key(&file.name);
        let audit = match !self.no_reset && files.iter().any(resets) {
            true => setup.audit_log().map(|log| (log, format!("user:{}", who()))),
            false => Err(Fault::new(FaultCode::AuditUnwritable, "nothing is to be reset")),
        };
        let mut beside: Vec<_> = Lying::of(setup, &ceiling).and_then(|lying| lying.warning()).into_iter().collect();
        match in_force(setup).await {
            Ok(state) => beside.extend(state.as_ref().and_then(another)),
            Err(fault) => tracing::warn!("the service was not asked for its ceiling: {fault}"),
        }
        let mut all = Vec::with_capacity(files.len());
        for file in files {
            let account = account.clone().or_else(|| test_accounts.get(&file.name).cloned());
            let recent = recent.as_ref().map(|recent| recent as &dyn Recent);
            let (approvals, ceiling) = (approvals.clone(), ceiling.clone());
            let (reset, wait, audit) = (!self.no_reset, self.wait, &audit);
            let beside = beside.clone();
            let wanted = Wanted { account, ceiling, beside, reset, wait, approvals, audit, recent };
            all.push(doctor::examine(file, &sandbox, &wanted).await);
        }
        if let Err(fault) = setup.tell_altered(&sandbox) {
            tracing::error!("an altered file of the plugins' cache is not in the audit log: {fault}");
        }
        if let Ok((log, _)) = audit {
            log.close();
        }
        setup.print(&if setup.json { show::to_text(&doctor::as_json(&all)) } else { doctor::as_text(&all) });
        doctor::exit_code(&all)
    }
}

/// What the journal says; nothing if no service has run on the state folder.
async fn recent(setup: &Setup) -> Result<Option<HashMap<String, RecentSummary>>, JournalError> {
    match Journal::read_only(&setup.state) {
        Ok(reader) => doctor::summaries(&reader).await.map(Some),
        Err(JournalError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
