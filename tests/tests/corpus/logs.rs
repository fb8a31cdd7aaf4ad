//! The log: what a plugin writes there is bounded, in lines of its own, and obeyed by no terminal.

use crate::host::Attempt;
use crate::item::corpus;
use crate::people::obeyed;

corpus! {
    /// Writes more than a megabyte into the log.
    log_flood,
    held by "`[limits] log`; one line says that the rest is dropped",
    logged [
        "allowed log.log lines",
        "denied log.log volume",
        "allowed ldap.target (no attributes)",
        "allowed ldap.modify replace userPassword with a password",
        "written userPassword",
        "confirmed",
        "ended done",
    ] => async |item| {
        let attempt = Attempt::of(item).set("limits.host-calls", 100_000).set("limits.log", "8 KiB");
        let (_, log) = attempt.done().await;
        let lines = log.of_connectors();
        let bytes: usize = lines.iter().map(String::len).sum();
        assert!(lines.len() > 10 && bytes < (8 << 10) + 200, "{} lines of {bytes} bytes", lines.len());
        assert!(lines.last().unwrap().contains("log volume for this operation is used up"), "{lines:?}");
    };

    /// Clears the screen of who reads the log, forges a line of it, and writes backwards.
    ansi_and_newlines_in_logs,
    held by "every text of a plugin is made one line without control characters and marks of direction",
    logged [
        "allowed log.log lines",
        "allowed ldap.target (no attributes)",
        "allowed ldap.modify replace userPassword with a password",
        "written userPassword",
        "confirmed",
        "ended done",
    ] => async |item| {
        let (_, log) = Attempt::of(item).done().await;
        assert_eq!(log.of_connectors(), [" [2J [31mred  2026-01-01T00:00:00Z ERROR portcullis: forged   end"]);
        assert!(!log.lines().iter().any(|line| line.contains(obeyed)));
    };
}
