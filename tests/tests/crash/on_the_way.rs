//! Killed while a write is on its way: before the server sees it, though the server never sees it, and when the server
//! has answered and nobody heard it.

use std::sync::{Arc, OnceLock};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use portcullis_journal::State;
use portcullis_tests::proxy::{Loss, Request};
use portcullis_tests::servers::{OpenLdap, Server};
use portcullis_tests::{Result, or_skip};

use super::life::{Ended, Victim, begin, live};
use super::scene::{Asked, Scene};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Dead when the server gets the request.
    Before,
    /// Dead, and the server never gets it.
    Instead,
    /// Dead when the server has answered; the answer goes nowhere.
    After,
}

/// `before` is how many writes the directory took before this one.
async fn dies(
    server: &Arc<Server>,
    asked: Asked,
    at: (Request, usize),
    before: usize,
    moment: Moment,
    writes: usize,
) -> Result<State> {
    let scene = Scene::new(server, asked).await?;
    let victim: Arc<OnceLock<Victim>> = Arc::default();
    let known = Arc::clone(&victim);
    let kill = move || known.wait().kill();
    let (request, earlier) = at;
    (0..earlier).for_each(|_| scene.proxy.spare(request));
    match moment {
        Moment::Before => scene.proxy.before(request, kill),
        Moment::Instead => scene.proxy.lose_after(request, Loss::Request, kill),
        Moment::After => scene.proxy.lose_after(request, Loss::Answer, kill),
    }
    let life = begin(&scene.folders, &scene.wanted, None)?;
    victim.set(life.victim()).map_err(|_| "nobody else sets it")?;
    assert_eq!(life.end().await?.0, Ended::Killed);
    scene.says_what_was_sent(before).await?;
    let before = scene.journal().await?.1.last().cloned();
    assert_eq!(live(&scene.folders, &[], None).await?, Ended::Finished);
    let state = scene.is_honest(before.as_ref(), writes).await?;
    println!("{asked:?}: killed at {at:?} {moment:?}: {state}");
    assert!(matches!(state, State::Done | State::Unknown), "{state}");
    Ok(state)
}

async fn each_write(asked: Asked) -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let scene = Scene::new(&server, asked).await?;
    assert_eq!(live(&scene.folders, &scene.wanted, None).await?, Ended::Finished);
    let writes = scene.writes();
    let kinds = [Request::Extended, Request::Modify];
    let at: Vec<_> = kinds.into_iter().flat_map(|kind| (0..scene.proxy.count(kind)).map(move |n| (kind, n))).collect();
    assert_eq!((at.len(), at.is_empty()), (writes, false));
    let moments = [Moment::Before, Moment::Instead, Moment::After];
    // A plugin sets the password (extended) before it writes what else was asked for.
    let cases = at.iter().enumerate().flat_map(|(before, at)| moments.map(|moment| (*at, before, moment)));
    let server = &server;
    let cases = stream::iter(cases).map(|(at, before, moment)| async move {
        let state = dies(server, asked, at, before, moment, writes).await?;
        // With one write there is no doubt about what became of it.
        if writes == 1 {
            let done = moment != Moment::Instead;
            assert_eq!(state, if done { State::Done } else { State::Unknown }, "{asked:?} {moment:?}");
        }
        Result::Ok(())
    });
    cases.buffer_unordered(3).try_collect::<Vec<()>>().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset() -> Result<()> {
    each_write(Asked::Reset).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_unlocks_and_asks_for_a_new_password() -> Result<()> {
    each_write(Asked::ResetUnlockMustChange).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change() -> Result<()> {
    each_write(Asked::Change).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlock() -> Result<()> {
    each_write(Asked::Unlock).await
}
