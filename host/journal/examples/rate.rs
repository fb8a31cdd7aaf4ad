//! How many operations a second the journal takes from accepted to done, each step on the disk, with 64 tasks.
//!
//! `cargo run -p portcullis-journal --example rate -- [FOLDER] [SECONDS]`

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use portcullis_journal::{Event, Idempotency, Journal, NewOperation};
use portcullis_model::{Login, OperationId, OperationKind, ResetOptions};

const TASKS: usize = 64;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(|| PathBuf::from("journal-rate"), PathBuf::from);
    let seconds: u64 = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let journal = Journal::open(&folder)?;
    let done = Arc::new(AtomicU64::new(0));
    let (start, end) = (Instant::now(), Duration::from_secs(seconds));
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let (journal, done) = (journal.clone(), Arc::clone(&done));
        tasks.spawn(async move {
            let mut longest = Duration::ZERO;
            while start.elapsed() < end {
                let began = Instant::now();
                let new = operation(task)?;
                let id = new.id.clone();
                journal.accept(new).await?;
                journal.record(&id, Event::Acting).await?;
                let receipt =
                    serde_json::json!({ "target": "CN=somebody,OU=people,DC=corp,DC=example", "server": "dc1" });
                journal.record(&id, Event::Done { receipt }).await?;
                longest = longest.max(began.elapsed());
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(longest)
        });
    }
    let mut longest = Duration::ZERO;
    while let Some(task) = tasks.join_next().await {
        longest = longest.max(task??);
    }
    let count = done.load(Ordering::Relaxed);
    let rate = count as f64 / start.elapsed().as_secs_f64();
    println!("{count} operations, {rate:.0}/s with {TASKS} tasks; the slowest took {} ms", longest.as_millis());
    Ok(())
}

fn operation(task: usize) -> Result<NewOperation, Box<dyn std::error::Error + Send + Sync>> {
    let id = OperationId::new()?;
    let mut digest = [0; 32];
    digest.copy_from_slice(id.as_str().as_bytes());
    Ok(NewOperation {
        caller: "portal".to_owned(),
        idempotency: Some(Idempotency { key: id.to_string(), digest }),
        kind: OperationKind::ResetPassword,
        account: Login::new(format!("user{task}@corp.example"))?,
        connector: "corp-ad".to_owned(),
        options: ResetOptions::default(),
        sealed: vec![7; 260],
        envelopes: vec![digest],
        id,
        deadline: SystemTime::now() + Duration::from_secs(3600),
    })
}
