//! Resets of a real directory, OpenLDAP's slapd over TLS on loopback: through the host, by a program without it, and by
//! the command `ldappasswd`.
//!
//! slapd runs on the same processors, so the figures of all three are bounded by it; what tells is the ratio of rounds
//! that were taken one after the other. Not in the figures: a network, a disk (slapd does not sync).

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use portcullis::ceiling::Ceiling;
use portcullis::connector::Connector;
use portcullis::{config, operation};
use portcullis_directory::{Control, Performer, Scope, Search, SetPassword};
use portcullis_model::{Login, Operation, Password, ResetOptions};
use portcullis_sandbox::{Sandbox, SandboxOptions};
use portcullis_tests::servers::{Account, Facts, OpenLdap, Server};
use tokio::runtime::Runtime;

use crate::Result;
use crate::figure::{Figure, Goal, Section};
use crate::native::Native;
use crate::stats::{processor_time, quantile, ratios};

const METHOD: &str = "OpenLDAP's slapd with its password policy (three former passwords are compared), without syncing, \
    started for this measurement on the same machine. 64 accounts in turn, a new password each time. \"Through the host\" \
    is `perform` with the connector `openldap` and `[ldap.confirm] by = \"none\"`; \"native\" is a program on `ldap3` with \
    a pool of `deadpool` (benches/operation/native.rs). Both send the same two requests, a search and a password modify \
    with the password policy control, over bound connections with TLS from a pool of 32, on one runtime with two workers. \
    `ldappasswd` is one process for each reset (no search). A round is one second; host and native take turns, and \
    the ratio is that of two neighbouring rounds.";

const ACCOUNTS: usize = 64;
const CONNECTIONS: usize = 32;

/// Measures, if there is a slapd.
pub(crate) fn measure(quick: bool) -> Result<Section> {
    let title = "Resets of a real directory";
    let server = match OpenLdap.start() {
        Ok(server) => server,
        Err(portcullis_tests::NotAvailable::Server(why)) => {
            let figures = vec![Figure::missing("resets of OpenLDAP", "resets/s", why)];
            return Ok(Section { title, method: METHOD.to_owned(), figures });
        }
        Err(other) => return Err(other.into()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let both = Arc::new(runtime.block_on(Both::new(&server))?);
    let rounds = if quick { 2 } else { 15 };
    let mut figures = Vec::new();
    for in_flight in [1, 8, 32] {
        let (mut rates, mut times) = ([const { Vec::new() }; 3], [const { Vec::new() }; 3]);
        for round in 0..=rounds {
            // Who begins changes each time, so that nobody always comes second.
            for turn in 0..WAYS.len() {
                let way = (round + turn) % WAYS.len();
                let (rate, time) = both.round(&runtime, in_flight, WAYS[way])?;
                // The first round fills the pools.
                if round > 0 {
                    rates[way].push(rate);
                    times[way].push(time);
                }
            }
        }
        let [host, directory, native] = &rates;
        let name = |what: &str| format!("{what}, {in_flight} in flight");
        figures.push(Figure::of(name("through the host"), "resets/s", host));
        figures.push(Figure::of(name("the host's directory alone"), "resets/s", directory));
        figures.push(Figure::of(name("native"), "resets/s", native));
        let ratio = Figure::of(name("through the host to native"), "ratio", &ratios(host, native));
        figures.push(ratio.goal(Goal::AtLeast(0.97), why(in_flight, &rates)));
        figures.push(Figure::of(name("directory alone to native"), "ratio", &ratios(directory, native)));
        for (who, times) in ["the host", "the directory alone", "native"].into_iter().zip(&times) {
            figures.push(Figure::of(name(&format!("processor time of {who}")), "us/reset", times));
        }
    }
    for in_flight in [1, 8] {
        let rate = ldappasswd(&server, &both.accounts, in_flight, if quick { 20 } else { 200 })?;
        figures.push(Figure::one(format!("ldappasswd, {in_flight} at a time"), "resets/s", rate));
    }
    Ok(Section { title, method: METHOD.to_owned(), figures })
}

/// How long a reset takes more, and where.
fn why(in_flight: usize, rates: &[Vec<f64>; 3]) -> String {
    let [host, directory, native] = rates.each_ref().map(|rates| {
        let rate = quantile(rates, 0.5).unwrap_or(f64::NAN);
        in_flight as f64 * 1e6 / rate
    });
    format!(
        "A reset takes {host:.0} us instead of {native:.0} us: {:+.0} us in the host's LDAP client, which catches what \
         a broken server sends, and {:+.0} us in the instance, its grants and its events.",
        directory - native,
        host - directory
    )
}

/// Who does the resets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The whole operation.
    Host,
    /// The two requests, through the host's pool and client, without a sandbox, a grant or an event.
    Directory,
    /// The two requests, without the host.
    Native,
}

const WAYS: [Way; 3] = [Way::Host, Way::Directory, Way::Native];

/// The host and the native program on one server.
struct Both {
    connector: Connector,
    native: Native,
    accounts: Vec<Account>,
    people: String,
    next: AtomicU64,
    _sandbox: Sandbox,
    _folder: tempfile::TempDir,
}

impl Both {
    async fn new(server: &Server) -> Result<Self> {
        // slapd dates former passwords to the second and trips over two of one account with the same date, which no
        // account has outside of a measurement.
        let policy = format!("cn=default,{}", server.facts().policies_dn);
        server.set_attr(&policy, "pwdInHistory", &["0"]).await?;
        let mut accounts = Vec::new();
        for _ in 0..ACCOUNTS {
            accounts.push(server.new_account("bench").await?);
        }
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("openldap.toml");
        std::fs::write(&file, toml(server.facts(), folder.path())?)?;
        let file = config::load_file(&file, folder.path()).map_err(|e| format!("{e:?}"))?;
        let sandbox = Sandbox::new(SandboxOptions { slots: 64 }, None).map_err(|e| e.to_string())?;
        let connector = Connector::start(file, &sandbox, &Ceiling::none())?;
        let native = Native::new(server.facts(), CONNECTIONS)?;
        let (people, next) = (server.facts().people_dn.clone(), AtomicU64::new(0));
        Ok(Self { connector, native, accounts, people, next, _sandbox: sandbox, _folder: folder })
    }

    /// A second of resets, so many at a time; returns how many a second, and microseconds of this process for each.
    fn round(self: &Arc<Self>, runtime: &Runtime, in_flight: usize, way: Way) -> Result<(f64, f64)> {
        let (start, before) = (Instant::now(), processor_time()?);
        let worker = |_| {
            let both = Arc::clone(self);
            runtime.spawn(async move {
                let mut done = 0_u32;
                while start.elapsed() < Duration::from_secs(1) {
                    both.one(way).await?;
                    done += 1;
                }
                Result::Ok(done)
            })
        };
        let workers: Vec<_> = (0..in_flight).map(worker).collect();
        let mut done = 0;
        for worker in workers {
            done += runtime.block_on(worker)??;
        }
        let time = processor_time()? - before;
        Ok((f64::from(done) / start.elapsed().as_secs_f64(), time * 1e6 / f64::from(done)))
    }

    async fn one(&self, way: Way) -> Result {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let account = &self.accounts[usize::try_from(n)? % ACCOUNTS];
        let password = new_password(n);
        match way {
            Way::Native => self.native.reset(&account.name, &password).await,
            Way::Directory => self.requests(account, Password::new(password)?).await,
            Way::Host => {
                let login = Login::new(account.login.as_str())?;
                let operation = Operation::reset(login, Password::new(password)?, ResetOptions::default())?;
                match operation::perform(&self.connector, &operation).await.outcome.fault() {
                    None => Ok(()),
                    Some(fault) => Err(format!("the reset was not done: {}", fault.detail).into()),
                }
            }
        }
    }

    async fn requests(&self, account: &Account, new: Password) -> Result {
        let directory = self.connector.context.directory.as_ref().ok_or("no directory")?;
        let search = Search {
            base: self.people.clone(),
            scope: Scope::One,
            filter: format!("(uid={})", account.name),
            attributes: vec!["pwdChangedTime".to_owned()],
            limit: 2,
        };
        let entry = directory.search(&search).await?.entries.into_iter().next().ok_or("nobody")?;
        let control = Control { oid: "1.3.6.1.4.1.42.2.27.8.5.1".to_owned(), critical: false, value: None };
        let request = SetPassword { dn: entry.dn, new: Arc::new(new), controls: vec![control] };
        let answer = directory.set_password(&Performer::Service, &request).await?;
        if answer.code == 0 { Ok(()) } else { Err(format!("slapd answered {}", answer.code).into()) }
    }
}

fn new_password(n: u64) -> String {
    format!("Bench-{n:010}-Passw0rd")
}

fn toml(facts: &Facts, folder: &Path) -> Result<String> {
    let secret = folder.join("secret");
    write_private(&secret, &facts.svc_pw)?;
    Ok(format!(
        r#"plugin = "{plugin}"
accounts = ["*@{domain}"]
operations = ["reset-password"]

[ldap]
urls = ["{url}"]
ca-file = "{ca}"
bind-dn = "{dn}"
bind-password = {{ file = "{secret}" }}
connections = {CONNECTIONS}

[ldap.locate]
base = "{people}"
scope = "one"
filter = "(uid={{account.name}})"

[ldap.read]
attributes = ["pwdChangedTime"]

[ldap.allow]
set-password = true
controls = ["1.3.6.1.4.1.42.2.27.8.5.1"]

[ldap.confirm]
by = "none"

[config]
variant = "openldap"
"#,
        plugin = portcullis_tests::plugins::plugin("openldap")?.display(),
        domain = facts.domain,
        url = facts.ldaps_url,
        ca = facts.ca_file.display(),
        dn = facts.svc_dn,
        secret = secret.display(),
        people = facts.people_dn,
    ))
}

fn write_private(path: &Path, text: &str) -> Result {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}

/// One process for each reset, so many at a time; resets a second.
fn ldappasswd(server: &Server, accounts: &[Account], in_flight: usize, resets: usize) -> Result<f64> {
    let facts = server.facts();
    let folder = tempfile::tempdir()?;
    let secret = folder.path().join("secret");
    write_private(&secret, &facts.svc_pw)?;
    let start = Instant::now();
    std::thread::scope(|scope| {
        let worker = |first: usize| {
            let (secret, folder) = (&secret, folder.path());
            scope.spawn(move || {
                let new = folder.join(format!("new-{first}"));
                for n in (first..resets).step_by(in_flight) {
                    // By a file, as a script would do it; the number makes it differ from those before.
                    std::fs::write(&new, format!("Passwd-{in_flight}-{n:08}-Passw0rd"))?;
                    let mut command = Command::new("ldappasswd");
                    command.env("LDAPTLS_CACERT", &facts.ca_file).env("LDAPTLS_REQCERT", "demand");
                    command.args(["-x", "-H", &facts.ldaps_url, "-D", &facts.svc_dn, "-y"]).arg(secret);
                    command.arg("-T").arg(&new).args(["-e", "ppolicy", &accounts[n % accounts.len()].dn]);
                    let output = command.stdin(Stdio::null()).output()?;
                    if !output.status.success() {
                        return Err(format!("ldappasswd: {}", String::from_utf8_lossy(&output.stderr)).into());
                    }
                }
                Result::Ok(())
            })
        };
        let workers: Vec<_> = (0..in_flight).map(worker).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a thread panicked")?)
    })?;
    Ok(resets as f64 / start.elapsed().as_secs_f64())
}
