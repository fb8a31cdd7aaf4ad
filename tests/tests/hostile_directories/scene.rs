//! A scripted server, a connector before it, and everything that is said about an operation.

use std::sync::Arc;

use portcullis::{operation, show};
use portcullis_audit::{About, AuditLog, Entry, Fact};
use portcullis_model::{Login, Operation, Password, ResetOptions};
use portcullis_tests::harness::{Draft, Report, Running};
use tempfile::TempDir;
use tokio_rustls::rustls::ServerConfig;

use crate::ber::{self, BIND, EXTENDED, MODIFY, SEARCH, message, octets, tlv};
use crate::certificates::Authority;
use crate::fake::{ALICE, Fake, Request, Step, Tls};
use crate::item::Item;
use crate::log::Log;

pub(crate) const NEW: &str = "Tr0ub4dor-And-3";
pub(crate) const OLD: &str = "h0rse+Staple.81";
pub(crate) const SERVICE: &str = "s3rvice=Canary.77";

/// The time for a request: longer than anything takes on a busy machine, and short where its end is waited for.
const LONG: &str = "30s";
const SHORT: &str = "1s";

/// One server, and the connector that is configured for it.
pub(crate) struct Scene {
    pub(crate) fake: Fake,
    running: Running,
    pub(crate) log: Log,
    audit: AuditLog,
    folder: TempDir,
}

/// What is between the host and the server.
pub(crate) enum Line {
    /// TLS at once, with the certificate that the operator expects.
    Tls,
    /// StartTLS.
    StartTls,
    /// TLS at once, with another certificate: made with the CA that is trusted, or with another one.
    Certificate(fn(&Authority) -> Arc<ServerConfig>),
    /// No TLS on the port.
    Plain,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::over(Line::Tls).await
    }

    /// With little time for a request.
    pub(crate) async fn hasty() -> Self {
        Self::with(Line::Tls, SHORT).await
    }

    /// Over another line.
    pub(crate) async fn over(line: Line) -> Self {
        Self::with(line, LONG).await
    }

    async fn with(line: Line, request_timeout: &str) -> Self {
        let authority = Authority::new("people");
        let tls = match line {
            Line::Tls => Tls::First(authority.server(&["127.0.0.1"])),
            Line::StartTls => Tls::WhenAsked(authority.server(&["127.0.0.1"])),
            Line::Certificate(make) => Tls::First(make(&authority)),
            Line::Plain => Tls::Never,
        };
        let start_tls = matches!(tls, Tls::WhenAsked(_));
        let fake = Fake::start("127.0.0.1:0", tls).await;
        let url = if start_tls { fake.url() } else { format!("ldaps://127.0.0.1:{}", fake.port) };
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, authority.pem()).unwrap();
        let running = Draft::example("openldap")
            .urls(&[&url])
            .bind("cn=service", SERVICE)
            .set("ldap.ca-file", ca_file.display().to_string())
            .set("ldap.locate.base", "dc=example")
            .unset("ldap.locate.exclude")
            .set("ldap.connect-timeout", "2s")
            .set("ldap.request-timeout", request_timeout)
            .set("limits.time", "60s")
            .start();
        let audit = AuditLog::open(folder.path()).unwrap();
        Self { fake, running, log: Log::collect(), audit, folder }
    }

    /// Resets: the password goes in an extended request.
    pub(crate) async fn reset(&self) -> Report {
        self.ask(Operation::reset(alice(), password(NEW), ResetOptions::default()).unwrap()).await
    }

    /// Changes: bound as the person with the old password.
    pub(crate) async fn change(&self) -> Report {
        self.ask(Operation::change(alice(), password(OLD), password(NEW)).unwrap()).await
    }

    /// Unlocks: a modify without a password.
    pub(crate) async fn unlock(&self) -> Report {
        self.ask(Operation::unlock(alice()).unwrap()).await
    }

    /// Does an operation; nothing that anybody reads of it may hold a password, or anything that a terminal obeys.
    async fn ask(&self, operation: Operation) -> Report {
        let report = Report::from(operation::perform(&self.running.connector, &operation).await);
        let json = show::outcome_json(&report.outcome, "", Some(&report.events));
        let mut texts = vec![report.to_string(), json.to_string(), format!("{:?}{:?}", report.outcome, report.events)];
        texts.extend(self.log.lines());
        texts.push(self.audited(&report).await);
        for text in &texts {
            [NEW, OLD, SERVICE].into_iter().for_each(|secret| holds_no(text, secret));
        }
        let details = report.outcome.fault().map(|fault| fault.detail.clone());
        let lines = report.events.iter().map(ToString::to_string).chain(self.log.lines()).chain(details);
        for text in lines {
            assert!(!text.contains(char::is_control), "a terminal would obey this: {text:?}");
        }
        report
    }

    /// The audit log as it stands on the disk, once the facts of an operation are in it.
    async fn audited(&self, report: &Report) -> String {
        let facts = report.events.iter().cloned().map(Fact::from);
        self.audit.append(facts.map(|fact| Entry::now(About::default(), fact)).collect()).await.unwrap();
        self.audit_log()
    }

    fn audit_log(&self) -> String {
        let files = std::fs::read_dir(self.folder.path().join("audit")).unwrap().map(|file| file.unwrap().path());
        let lines = files.filter(|file| file.extension().is_some_and(|ending| ending == "jsonl"));
        let text: String = lines.map(|file| std::fs::read_to_string(file).unwrap()).collect();
        assert!(text.contains(r#""fact":"asked""#), "{text}");
        text
    }

    /// No text that anybody reads holds a part of another text.
    pub(crate) fn nobody_reads(&self, report: &Report, text: &str) {
        holds_no(&self.audit_log(), text);
        holds_no(&report.to_string(), text);
        holds_no(&show::outcome_json(&report.outcome, "", Some(&report.events)).to_string(), text);
        self.log.lines().iter().for_each(|line| holds_no(line, text));
    }

    /// The bind with which the host looks whether the password took effect is refused: it did not.
    pub(crate) fn does_not_take_the_password(&self) {
        self.fake.next_result(BIND, 49, "");
    }

    /// The server behaves from now on, and the operation is done. So is one on another server.
    pub(crate) async fn goes_on(&self) {
        self.reset().await.confirmed();
        Self::new().await.reset().await.confirmed();
    }

    /// As [`Scene::goes_on`], where this server's certificate or name stays what it is.
    pub(crate) async fn others_go_on() {
        Self::new().await.reset().await.confirmed();
    }
}

/// Answers the search for the account in each of these ways; the item is what becomes of each operation.
pub(crate) async fn each_read(scene: Scene, item: &Item, answers: &[fn(&Request) -> Vec<Step>]) {
    for answer in answers {
        scene.fake.next(SEARCH, *answer);
        item.is(&scene.reset().await);
        assert!(scene.fake.requests(EXTENDED).is_empty(), "nothing was written");
    }
    scene.goes_on().await;
}

/// As [`each_read`], for the request that sets the password, of which nobody then finds anything.
pub(crate) async fn each_write(scene: Scene, item: &Item, answers: &[fn(&Request) -> Vec<Step>]) {
    for (round, answer) in answers.iter().enumerate() {
        scene.fake.next(EXTENDED, *answer);
        scene.does_not_take_the_password();
        item.is(&scene.reset().await);
        assert_eq!(scene.fake.requests(EXTENDED).len(), round + 1, "it was sent once");
    }
    scene.goes_on().await;
}

/// As [`each_write`], for the modify of an unlock, of which nothing can be seen.
pub(crate) async fn each_modify(scene: Scene, item: &Item, answers: &[fn(&Request) -> Vec<Step>]) {
    for (round, answer) in answers.iter().enumerate() {
        scene.fake.next(MODIFY, *answer);
        item.is(&scene.unlock().await);
        assert_eq!(scene.fake.requests(MODIFY).len(), round + 1, "it was sent once");
    }
    scene.goes_on().await;
}

/// The answer that a good server would give to this request.
pub(crate) fn success(request: &Request) -> Vec<u8> {
    message(request.id, &[&ber::result(request.op, 0, b"")])
}

/// The notice of disconnection (RFC 4511 section 4.4.1).
pub(crate) fn disconnection() -> Vec<u8> {
    let name = tlv(0x8a, &[b"1.3.6.1.4.1.1466.20036"]);
    message(0, &[&tlv(0x78, &[&[0x0a, 1, 52], &octets(b""), &octets(b"shutting down"), &name])])
}

/// An entry of this name.
pub(crate) fn entry(dn: &[u8]) -> Vec<u8> {
    ber::entry(dn, &[(b"uid", &[b"alice"])])
}

/// Neither the secret, nor six characters of it in a row, in any case.
fn holds_no(text: &str, secret: &str) {
    let (text, secret) = (text.to_lowercase(), secret.to_lowercase());
    let letters: Vec<char> = secret.chars().collect();
    for part in letters.windows(letters.len().min(6)) {
        let part: String = part.iter().collect();
        assert!(!text.contains(&part), "a secret can be read here ({part}): {text}");
    }
}

fn alice() -> Login {
    assert!(ALICE.starts_with("uid=alice,"));
    Login::new("alice@people.example").unwrap()
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}
