//! How long to wait before the next attempt: twice as long each time, up to a limit, and never the same for all.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// After this many attempts the pause no longer grows, whatever the settings.
const STEPS: u32 = 32;

/// The pause after `attempts` attempts in vain: at least `first`, at most `longest`, with up to as much again as the
/// first pause by chance, so that what failed together does not come back together.
pub(super) fn pause(attempts: u32, first: Duration, longest: Duration) -> Duration {
    let steps = ExponentialBuilder::default()
        .with_min_delay(first)
        .with_max_delay(longest)
        .with_factor(2.0)
        .without_max_times()
        .with_jitter()
        .build();
    let at = usize::try_from(attempts.saturating_sub(1).min(STEPS)).unwrap_or_default();
    steps.into_iter().nth(at).unwrap_or(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_to_the_longest_and_is_never_shorter_than_the_first() {
        let (first, longest) = (Duration::from_secs(2), Duration::from_secs(120));
        for attempts in [0, 1, 2, 5, 10, 1_000, u32::MAX] {
            let got = pause(attempts, first, longest);
            let grown = first * (1 << attempts.saturating_sub(1).min(6));
            assert!(got >= grown.min(longest) && got <= longest * 2, "{attempts}: {got:?}");
        }
    }
}
