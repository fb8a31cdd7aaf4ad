//! Several commands in one transaction: each succeeds or is refused for itself, and all are on the disk or none.

use std::path::Path;

use rusqlite::Connection;
use tokio::sync::broadcast;

use super::{Command, Reply, accept, prune, record};
use crate::{Entry, JournalError};

/// Answers a command: with its own result, or with the error of the whole batch.
type Answer = Box<dyn FnOnce(Option<&str>)>;

/// What a command wrote besides its answer.
#[derive(Default)]
pub(super) struct Written {
    pub(super) entries: Vec<Entry>,
    pub(super) erased: bool,
}

#[derive(Default)]
pub(super) struct Batch {
    commands: Vec<Command>,
}

impl Batch {
    pub(super) fn add(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// Writes everything, commits, answers, and tells the watchers. Says whether passwords were erased.
    pub(super) fn write(self, connection: &Connection, path: &Path, watchers: &broadcast::Sender<Entry>) -> bool {
        if self.commands.is_empty() {
            return false;
        }
        let begun = run(connection, "BEGIN IMMEDIATE").map_err(|e| e.to_string());
        let mut written = Written::default();
        let mut answers: Vec<Answer> = Vec::with_capacity(self.commands.len());
        let mut broken = begun.err();
        for command in self.commands {
            let failed = broken.is_some();
            let answer = match command {
                Command::Accept(new, reply) => settle(failed, reply, || {
                    alone(connection, path, &mut written, |w| accept::accept(connection, *new, w))
                }),
                Command::Record(id, event, reply) => settle(failed, reply, || {
                    alone(connection, path, &mut written, |w| record::record(connection, &id, event, w))
                }),
                Command::Prune(ages, reply) => settle(failed, reply, || {
                    alone(connection, path, &mut written, |w| prune::prune(connection, &ages, w))
                }),
                Command::Checkpoint(_) | Command::Close => continue,
            };
            answers.push(answer);
            // A full disk or an I/O error can end the whole transaction (sqlite.org/lang_transaction.html, 3.0).
            if broken.is_none() && connection.is_autocommit() {
                broken = Some("the transaction was rolled back: the disk is full or failing".to_owned());
            }
        }
        if broken.is_none() {
            broken = run(connection, "COMMIT").err().map(|e| e.to_string());
        }
        if let Some(what) = &broken {
            tracing::error!(journal = %path.display(), what, "the journal cannot be written");
            if !connection.is_autocommit()
                && let Err(error) = run(connection, "ROLLBACK")
            {
                tracing::error!(journal = %path.display(), %error, "and not rolled back");
            }
        } else {
            tracing::trace!(commands = answers.len() as u64, "committed");
            for entry in written.entries {
                // Nobody watching is no error.
                let _ = watchers.send(entry);
            }
        }
        for answer in answers {
            answer(broken.as_deref());
        }
        broken.is_none() && written.erased
    }
}

fn settle<T: 'static>(failed: bool, reply: Reply<T>, work: impl FnOnce() -> Result<T, JournalError>) -> Answer {
    let result = (!failed).then(work);
    Box::new(move |broken| {
        let result = match (broken, result) {
            (None, Some(result)) => result,
            (what, _) => Err(JournalError::Storage { doing: "write", what: what.unwrap_or("not begun").to_owned() }),
        };
        // The caller may have given up waiting; the journal has it all the same.
        let _ = reply.send(result);
    })
}

/// Does the work of one command so that nothing of it stays if it is refused.
fn alone<T>(
    connection: &Connection,
    path: &Path,
    written: &mut Written,
    work: impl FnOnce(&mut Written) -> Result<T, JournalError>,
) -> Result<T, JournalError> {
    let failed = |e: rusqlite::Error| JournalError::sqlite("write", path, &e);
    run(connection, "SAVEPOINT command").map_err(failed)?;
    let mut own = Written::default();
    let result = work(&mut own);
    if result.is_ok() {
        run(connection, "RELEASE command").map_err(failed)?;
        written.entries.append(&mut own.entries);
        written.erased |= own.erased;
    } else if !connection.is_autocommit() {
        run(connection, "ROLLBACK TO command").map_err(failed)?;
        run(connection, "RELEASE command").map_err(failed)?;
    }
    result
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}
