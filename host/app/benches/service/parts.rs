//! Where the time of an operation goes: its parts, each measured alone, and what waits for what among 64 callers.

use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use portcullis::operation;
use portcullis_journal::{Accepted, Event, Journal, NewOperation};
use portcullis_model::{Login, Operation, OperationId, OperationKind, Password, ResetOptions};
use portcullis_seal::{Binding, KeyRing, Label, seal, unix_seconds};

use super::client::{Door, Way};
use super::requests::{CALLERS, PEOPLE, callers};
use super::server::Server;
use super::world::World;
use super::{audit, batches};
use crate::Result;
use crate::figure::{Figure, Section};
use crate::stats::{each, processor_time};

const METHOD: &str = "Each part alone, in turns. \"Request\" is `GET /health/live` by 64 callers in clear: HTTP on both \
    sides, and nothing behind it. \"Sealing\" is HPKE with the host's key, and \"opening\" the same password again. \"The \
    path\" is `perform` on the service's own connector, with the confirmation. \"The journal\" is `Journal` with the three \
    events of an operation (accepted with a sealed password, acting, done with a receipt), by 64 tasks or by one. \"The \
    audit log\" is `AuditLog` with the nine facts of an operation: five are written before the effect, three synced before \
    anybody is told, and one noted at the end; the service has no switch for it, so this is what it costs. \"A sync\" is \
    `fdatasync` after 4 KiB that were written over, on the same disk. Processor times are user and system, and what 64 \
    callers cost the kernel for their connections is in them.";

/// Measures.
pub(crate) fn measure(quick: bool) -> Result<Section> {
    batches::count();
    let (rounds, time) = if quick { (2, Duration::from_millis(200)) } else { (8, Duration::from_secs(1)) };
    let world = World::new(1, PEOPLE, "")?;
    let server = Server::start(&world)?;
    let (callers, way) = (callers()?, Way::new(&world, &server, Door::Clear)?);
    let sealing = Sealing::new(&world)?;
    let journal = Bare::open(&world)?;
    let [mut request, mut rate, mut seals, mut opens, mut path, mut sync] = [const { Vec::new() }; 6];
    let [mut many, mut many_time, mut batch, mut single] = [const { Vec::new() }; 4];
    let log = audit::Log::open(&world)?;
    let [mut facts, mut facts_time, mut facts_single] = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        let (in_a_second, processor) = callers.block_on(requests(&way, time))?;
        rate.push(in_a_second);
        request.push(processor);
        seals.push(callers.block_on(each(time / 4, async || sealing.seal().map(drop)))?);
        opens.push(callers.block_on(each(time / 4, async || sealing.open()))?);
        path.push(server.block_on(perform(&server, time / 2))?);
        let before = batches::counted();
        let (in_a_second, processor) = server.block_on(journal.operations(CALLERS, time))?;
        batch.push(batches::counted().since(before));
        many.push(in_a_second);
        many_time.push(processor);
        single.push(1e6 / 3.0 / server.block_on(journal.operations(1, time))?.0);
        let (in_a_second, processor) = server.block_on(log.operations(CALLERS, time))?;
        facts.push(in_a_second * audit::FACTS as f64);
        facts_time.push(processor);
        facts_single.push(1e6 / server.block_on(log.operations(1, time))?.0);
        sync.push(one_sync(&world, time / 4)?);
    }
    log.close();
    server.stop()?;
    let figures = vec![
        Figure::of("request, processor time", "us", &request),
        Figure::of("requests of 64 callers", "requests/s", &rate),
        Figure::of("sealing a password", "us", &seals),
        Figure::of("opening it", "us", &opens),
        Figure::of("the path: locate, instance, write, confirm", "us", &path),
        Figure::of("the journal, processor time of an operation, 64 at once", "us", &many_time),
        Figure::of("the journal, 64 at once", "operations/s", &many),
        Figure::of("the journal, events in one commit, 64 at once", "", &batch),
        Figure::of("the journal, an event alone in its commit", "us", &single),
        Figure::of("the audit log, processor time of an operation, 64 at once", "us", &facts_time),
        Figure::of("the audit log, 64 at once", "facts/s", &facts),
        Figure::of("the audit log, the facts of an operation alone", "us", &facts_single),
        Figure::of("a sync", "us", &sync),
    ];
    Ok(Section { title: "The service: where an operation's time goes", method: METHOD.to_owned(), figures })
}

/// Requests in a second, and microseconds of processor time of one.
async fn requests(way: &Way, time: Duration) -> Result<(f64, f64)> {
    let mut clients = Vec::new();
    for _ in 0..CALLERS {
        clients.push(way.connect().await?);
    }
    let (start, before) = (Instant::now(), processor_time()?);
    let mut tasks = tokio::task::JoinSet::new();
    for mut client in clients {
        tasks.spawn(async move {
            let mut count = 0.0;
            while start.elapsed() < time {
                client.live().await?;
                count += 1.0;
            }
            Result::Ok(count)
        });
    }
    let mut count = 0.0;
    while let Some(ended) = tasks.join_next().await {
        count += ended??;
    }
    Ok((count / start.elapsed().as_secs_f64(), (processor_time()? - before) * 1e6 / count))
}

/// Microseconds of one operation on the service's connector, one after the other.
async fn perform(server: &Server, time: Duration) -> Result<f64> {
    let running = server.service.registry().get("c0").ok_or("the connector does not run")?;
    let mut n = 0;
    each(time, async || {
        n = (n + 1) % PEOPLE;
        let login = Login::new(format!("p{n}@c0.example"))?;
        let password = Password::new(format!("Fifth-Passw0rd-{n}"))?;
        let operation = Operation::reset(login, password, ResetOptions::default())?;
        let report = operation::perform(&running.connector, &operation).await;
        report.outcome.fault().map_or(Ok(()), |fault| Err(fault.to_string().into()))
    })
    .await
}

/// A password, and what it is sealed for.
struct Sealing {
    keys: KeyRing,
    account: Login,
    password: Password,
    expires: u64,
    sealed: portcullis_seal::Envelope,
}

impl Sealing {
    fn new(world: &World) -> Result<Self> {
        let keys = KeyRing::open(&world.state()?)?;
        let account = Login::new("p1@c0.example")?;
        let password = Password::new("Second-Passw0rd-1".to_owned())?;
        let expires = unix_seconds(SystemTime::now() + Duration::from_secs(3_600));
        let sealed = sealed(&keys, &account, &password, expires)?;
        Ok(Self { keys, account, password, expires, sealed })
    }

    fn seal(&self) -> Result<portcullis_seal::Envelope> {
        sealed(&self.keys, &self.account, &self.password, self.expires)
    }

    fn open(&self) -> Result {
        let kind = OperationKind::ResetPassword;
        self.keys.open_envelope(&self.sealed, kind, &self.account, "bench", Label::New).map(drop)?;
        Ok(())
    }
}

fn sealed(keys: &KeyRing, account: &Login, password: &Password, expires: u64) -> Result<portcullis_seal::Envelope> {
    let key = keys.current();
    let kind = OperationKind::ResetPassword;
    let binding = Binding { kind, account, caller: "bench", label: Label::New, key: &key.id, expires };
    Ok(seal(&key.key, password, &binding)?)
}

/// A journal without a service.
struct Bare {
    journal: Journal,
    next: Arc<AtomicUsize>,
}

impl Bare {
    fn open(world: &World) -> Result<Self> {
        Ok(Self { journal: Journal::open(&world.path("bare"))?, next: Arc::default() })
    }

    /// Operations in a second, and microseconds of processor time of one.
    async fn operations(&self, at_once: usize, time: Duration) -> Result<(f64, f64)> {
        let (start, before) = (Instant::now(), processor_time()?);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..at_once {
            let (journal, next) = (self.journal.clone(), Arc::clone(&self.next));
            tasks.spawn(async move {
                let mut count = 0.0;
                while start.elapsed() < time {
                    one(&journal, next.fetch_add(1, Ordering::Relaxed)).await?;
                    count += 1.0;
                }
                Result::Ok(count)
            });
        }
        let mut count = 0.0;
        while let Some(ended) = tasks.join_next().await {
            count += ended??;
        }
        Ok((count / start.elapsed().as_secs_f64(), (processor_time()? - before) * 1e6 / count))
    }
}

/// The three events of one operation.
async fn one(journal: &Journal, n: usize) -> Result {
    let new = NewOperation {
        id: OperationId::new()?,
        caller: "bench".to_owned(),
        idempotency: None,
        kind: OperationKind::ResetPassword,
        account: Login::new(format!("p{}@c0.example", n % PEOPLE))?,
        connector: "c0".to_owned(),
        options: ResetOptions::default(),
        sealed: vec![7; 200],
        envelopes: Vec::new(),
        deadline: SystemTime::now() + Duration::from_secs(3_600),
    };
    let Accepted::New(record) = journal.accept(new).await? else { return Err("accepted before".into()) };
    journal.record(&record.id, Event::Acting).await?;
    let receipt = serde_json::json!({ "effects": ["password-set"], "notes": [], "confirmed": true,
        "confirmation": "one bind as the account on embedded:c0", "target": "uid=p1,ou=people,dc=people,dc=example",
        "milliseconds": { "total": 1.5, "locate": 0.5, "connector": 0.5, "confirm": 0.5 }, "shortfall": null });
    journal.record(&record.id, Event::Done { receipt }).await?;
    Ok(())
}

/// Microseconds.
fn one_sync(world: &World, time: Duration) -> Result<f64> {
    let mut file = std::fs::File::create(world.path("sync"))?;
    file.write_all(&[0; 1 << 20])?;
    file.sync_all()?;
    let (start, mut count) = (Instant::now(), 0_u64);
    while start.elapsed() < time {
        file.write_all_at(&[1; 4096], count % 256 * 4096)?;
        file.sync_data()?;
        count += 1;
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / count as f64)
}
