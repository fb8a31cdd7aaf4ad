//! A service that ends itself as a crash would: `victim CONFIG STATE [N]` reads what to do as JSON from its input (a
//! list of lists: those of one list one after the other, the lists side by side), and kills itself with SIGKILL as soon
//! as it has seen the N-th entry that its journal takes. Without N it goes on until every operation has ended.
//!
//! It prints a line for each operation that it accepted. It never writes a password anywhere but into the journal, and
//! nothing of it runs in the process of a test: a crash must take everything with it that was not written.

use std::path::PathBuf;
use std::time::Duration;

use portcullis_journal::{Entry, Journal};
use portcullis_tests::Result;
use portcullis_tests::service::{Wanted, start};
use rustix::process::{Signal, getpid, kill_process};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(config), Some(state)) = (arguments.next().map(PathBuf::from), arguments.next().map(PathBuf::from)) else {
        return Err("usage: victim CONFIG STATE [N]".into());
    };
    let dies_after = arguments.next().map(|text| text.parse::<u64>()).transpose()?;
    let wanted: Vec<Vec<Wanted>> = serde_json::from_reader(std::io::stdin())?;
    let journal = Journal::open(&state)?;
    // A thread of its own: it must not wait until the service has time for it.
    let entries = journal.watch();
    std::thread::spawn(move || die(entries, dies_after));
    let mut changes = journal.watch();
    let service = start(&config, &state, journal.clone()).await?;
    let submitting = wanted.into_iter().map(|list| {
        let service = std::sync::Arc::clone(&service);
        tokio::spawn(async move {
            for wanted in list {
                println!("{}", wanted.submit(&service, Duration::ZERO).await?.id);
            }
            Result::Ok(())
        })
    });
    for submitting in submitting.collect::<Vec<_>>() {
        submitting.await??;
    }
    while !journal.open_operations().await?.is_empty() {
        // Whoever lags behind looks again.
        if changes.recv().await == Err(RecvError::Closed) {
            return Err("the journal ended".into());
        }
    }
    service.stop(Duration::from_secs(10)).await;
    Ok(())
}

fn die(mut entries: Receiver<Entry>, after: Option<u64>) {
    let mut seen = 0;
    while let Some(after) = after {
        seen += match entries.blocking_recv() {
            Ok(_) => 1,
            Err(RecvError::Lagged(missed)) => missed,
            Err(RecvError::Closed) => return,
        };
        if seen >= after {
            // It does not come back from this.
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}
