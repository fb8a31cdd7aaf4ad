//! One part of an operation, a given number of times and nothing else, for what counts instructions: the difference of two
//! runs is that of their operations, and no other program on the machine changes it.
//!
//! `valgrind --tool=callgrind target/release/deps/operation-... --bench --times 1000 sandbox`; `--tool=dhat` counts
//! allocations.

use portcullis::audit;
use tokio::runtime::Builder;

use crate::Result;
use crate::mock::Mock;

/// The parts.
pub(crate) const PARTS: [&str; 4] = ["nothing", "sandbox", "whole", "audited"];

/// Does it so many times.
pub(crate) fn count(part: &str, times: usize) -> Result {
    // One slot: valgrind has little address space.
    let mock = Mock::start(1)?;
    let state = tempfile::tempdir()?;
    let log = audit::open(state.path())?;
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        for n in 0..times {
            match part {
                "nothing" => mock.nothing(n).await?,
                "sandbox" => mock.in_sandbox(n).await?,
                "whole" => mock.perform(n).await?,
                _ => mock.perform_audited(&log, n).await?,
            }
        }
        Result::Ok(())
    })?;
    log.close();
    Ok(())
}
