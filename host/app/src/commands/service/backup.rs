//! `portcullis backup` and `portcullis restore`: the journal, as it is at one moment.

use std::path::Path;

use portcullis_audit::fact::JournalRestored;
use portcullis_journal::{Journal, JournalError, restore};
use serde_json::json;

use crate::audit::report::counted;
use crate::commands::setup::Setup;
use crate::show::{self, ExitCode};

pub(in crate::commands) async fn backup(setup: &Setup, to: &Path) -> ExitCode {
    let done = async { Journal::read_only(&setup.state)?.backup(to).await };
    match done.await {
        Ok(()) if setup.json => setup.print(&show::to_text(&json!({ "backup": to }))),
        Ok(()) => setup.print(&format!(
            "the journal is in {}; its sealed passwords open only with the keys in {}, which are not in it\n",
            to.display(),
            setup.state.join("keys").display()
        )),
        Err(error) => return failed(setup, &error),
    }
    ExitCode::Done
}

pub(in crate::commands) fn put_back(setup: &Setup, from: &Path) -> ExitCode {
    // A log that takes nothing is found before there is something to be written down.
    match setup.audit_log() {
        Ok(log) => log.close(),
        Err(fault) => return setup.fault(&fault),
    }
    let restored = restore(from, &setup.state);
    let told = match &restored {
        Ok(_) => setup.audit(JournalRestored { from: from.display().to_string() }),
        Err(_) => Ok(()),
    };
    if let Err(fault) = told {
        return setup.fault(&fault);
    }
    match restored {
        Ok(restored) if setup.json => setup.print(&show::to_text(&json!({
            "operations": restored.operations,
            "in_doubt": restored.in_doubt,
            "kept": restored.kept,
        }))),
        Ok(restored) => {
            let kept = restored.kept.map(|path| format!("; the journal that was there is {}", path.display()));
            setup.print(&format!(
                "{} {} back; {} were open and are in doubt: the service looks what became of them, and carries none of \
                 them out again by itself{}\n",
                counted(restored.operations, "operation"),
                if restored.operations == 1 { "is" } else { "are" },
                restored.in_doubt,
                kept.unwrap_or_default()
            ));
        }
        Err(error) => return failed(setup, &error),
    }
    ExitCode::Done
}

fn failed(setup: &Setup, error: &JournalError) -> ExitCode {
    setup.fault(&super::journal(error))
}
