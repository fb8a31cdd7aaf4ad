//! Time: what never ends.

use std::time::{Duration, Instant};

use portcullis::service::registry::What;
use portcullis::service::registry::approval::{Approval, Approvals};
use portcullis_tests::harness::sandbox;

use crate::facts;
use crate::files::Serving;
use crate::host::Attempt;
use crate::item::{Item, corpus};
use crate::text::{component, component_of, module};

corpus! {
    /// Turns in a circle when it is asked for something.
    endless_loop_in_an_export,
    held by "the wall clock of `[limits] time`; at every tick of the engine the guest gives way",
    logged [
        "plugin-ended plugin-limit: the plugin did not end within 300 ms",
        "ended refused plugin-limit",
    ] => text_refused;

    /// Turns in a circle in the start function of its module, before it is asked for anything.
    endless_loop_in_start,
    held by "the same clock: instantiating counts as running",
    logged [
        "plugin-ended plugin-limit: the plugin did not end within 300 ms",
        "ended refused plugin-limit",
    ] => text_refused;

    /// Is approved and offered to a running service as the new version of a connector, and its start never ends.
    a_start_that_never_ends,
    held by "a new version is looked at beside the one that runs, which goes on serving",
    logged ["connector-refused plugin-limit"] => offered_to_a_service;

    /// Asks the host the same small question for ever.
    host_call_storm,
    held by "`[limits] host-calls`",
    logged [
        "allowed config.get corpus",
        "plugin-ended plugin-limit: the plugin went over its limit of host calls: 256",
        "ended refused plugin-limit",
    ] => async |item| Attempt::of(item).refused().await;
}

async fn text_refused(item: &'static Item) {
    let started = Instant::now();
    Attempt::made(item, &component(item.name)).set("limits.time", "300ms").refused().await;
    // Far more than the clock and everything around it take on a busy machine.
    assert!(started.elapsed() < Duration::from_secs(10), "{}: it took {:?}", item.name, started.elapsed());
}

async fn offered_to_a_service(item: &'static Item) {
    let serving = Serving::start("[limits]\ntime = \"300ms\"").await;
    let place = serving.plugin();
    std::fs::write(&place, component_of(&module(item.name), "with-check")).unwrap();
    let plugin = sandbox().load(&place).unwrap();
    Approvals::add(serving.folders.state(), Approval::of(&plugin, &place, "tester".into())).unwrap();
    let changes = tokio::time::timeout(Duration::from_secs(20), serving.service.registry().reload()).await.unwrap();
    let [change] = &changes[..] else { panic!("{changes:?}") };
    let What::Refused(fault) = &change.what else { panic!("{change:?}") };
    item.is_told_by(&facts::of_connector(serving.folders.state(), "mock"));
    assert!(fault.detail.contains("did not end within 300 ms"), "{fault}");
    serving.goes_on(item).await;
}
