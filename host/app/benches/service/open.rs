//! An open loop: requests begin when they should, not when others have ended.

use std::time::Duration;

use tokio::time::Instant;

use super::client::Way;
use super::requests::{CALLERS, PEOPLE};
use crate::Result;

/// Milliseconds of each request, from when it should have begun: a request that had to wait for its connection, because
/// the one before was slow, counts the waiting (no coordinated omission).
pub(super) async fn times(way: &Way, rate: f64, time: Duration) -> Result<Vec<f64>> {
    let mut clients = Vec::new();
    for _ in 0..CALLERS {
        clients.push(way.connect().await?);
    }
    let start = Instant::now() + Duration::from_millis(10);
    let mut tasks = tokio::task::JoinSet::new();
    for (caller, mut client) in clients.into_iter().enumerate() {
        tasks.spawn(async move {
            let mut times = Vec::new();
            for turn in 0.. {
                let number = caller + CALLERS * turn;
                let due = Duration::from_secs_f64(number as f64 / rate);
                if due >= time {
                    break;
                }
                tokio::time::sleep_until(start + due).await;
                client.reset(number % PEOPLE, &format!("Third-Passw0rd-{turn}")).await?;
                times.push((start + due).elapsed().as_secs_f64() * 1e3);
            }
            Result::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        times.append(&mut ended??);
    }
    Ok(times)
}
