//! Samples, taken in turns, and their quantiles.

use std::time::{Duration, Instant};

/// The value below which a share of the samples lies.
pub(crate) fn quantile(samples: &[f64], share: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index of the samples")]
    let at = (last as f64 * share).round() as usize;
    sorted.get(at).copied()
}

/// Quotients of samples of the same round.
pub(crate) fn ratios(over: &[f64], under: &[f64]) -> Vec<f64> {
    over.iter().zip(under).map(|(over, under)| over / under).collect()
}

/// Calls `once` until the time is over and returns microseconds for each call.
pub(crate) async fn each(time: Duration, mut once: impl AsyncFnMut() -> crate::Result) -> crate::Result<f64> {
    let start = Instant::now();
    let mut calls = 0_u32;
    while start.elapsed() < time {
        // Looking at the clock costs: sixteen calls for one look.
        for _ in 0..16 {
            once().await?;
        }
        calls += 16;
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(calls))
}

/// The processor time that this process has used, user and system, in seconds.
pub(crate) fn processor_time() -> crate::Result<f64> {
    /// What the kernel counts in for programs: hundredths of a second, on every architecture that the host runs on.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The program's name is in parentheses and may hold anything; the numbers begin behind it, with field 3.
    let numbers = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = numbers.split_whitespace().skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / TICKS)
}
