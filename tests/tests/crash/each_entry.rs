//! Killed after each entry of the first life, and after each entry of the second one too.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use portcullis_journal::State;
use portcullis_tests::servers::{OpenLdap, Server};
use portcullis_tests::{Result, or_skip};

use super::life::{Ended, live};
use super::scene::{Asked, Scene};

/// How many cases run side by side.
const AT_ONCE: usize = 3;

/// The first life dies after its N-th entry, the second after its M-th if there is one; a third finishes.
async fn dies(server: &Arc<Server>, asked: Asked, first: usize, second: Option<usize>, writes: usize) -> Result<usize> {
    let scene = Scene::new(server, asked).await?;
    let ended = live(&scene.folders, &scene.wanted, Some(first)).await?;
    let (_, history) = scene.journal().await?;
    let mut before = (ended == Ended::Killed).then(|| history.last().cloned()).flatten();
    if second.is_some() && live(&scene.folders, &[], second).await? == Ended::Killed {
        before = scene.journal().await?.1.last().cloned();
    }
    assert_eq!(live(&scene.folders, &[], None).await?, Ended::Finished);
    let state = scene.is_honest(before.as_ref(), writes).await?;
    println!("{asked:?}: killed after {first} and {second:?}: {state}");
    Ok(scene.journal().await?.1.len().saturating_sub(history.len()))
}

async fn every_entry(asked: Asked, undisturbed: State) -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let scene = Scene::new(&server, asked).await?;
    assert_eq!(live(&scene.folders, &scene.wanted, None).await?, Ended::Finished);
    let writes = scene.writes();
    assert_eq!(scene.is_honest(None, writes).await?, undisturbed);
    let entries = scene.journal().await?.1.len();
    let server = &server;
    let firsts = stream::iter(1..=entries).map(|first| async move {
        let more = dies(server, asked, first, None, writes).await?;
        Result::Ok((first, more))
    });
    let firsts: Vec<(usize, usize)> = firsts.buffer_unordered(AT_ONCE).try_collect().await?;
    let pairs = firsts.into_iter().flat_map(|(first, more)| (1..=more).map(move |second| (first, second)));
    let seconds = stream::iter(pairs).map(|(first, second)| dies(server, asked, first, Some(second), writes));
    seconds.buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
    Ok(())
}

macro_rules! killed_after_every_entry {
    ($($name:ident: $asked:ident -> $state:ident;)+) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() -> Result<()> {
            every_entry(Asked::$asked, State::$state).await
        }
    )+ };
}

killed_after_every_entry! {
    a_reset: Reset -> Done;
    a_reset_with_a_sealed_password: Sealed -> Done;
    a_reset_that_unlocks_and_asks_for_a_new_password: ResetUnlockMustChange -> Done;
    a_reset_that_the_policy_refuses: TooShort -> Refused;
    a_change: Change -> Done;
    an_unlock: Unlock -> Done;
    a_verification: Verify -> Done;
    a_status: Status -> Done;
}
