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
