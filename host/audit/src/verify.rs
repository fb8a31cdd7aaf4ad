//! Whether a log is as it was written: every line bound to the one before, every checkpoint signed, the end where the
//! head says. Nothing is written, and nothing is believed that a signature or a hash does not show.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::head::Head;
use crate::key::Key;
use crate::line::{Line, Links};
use crate::{AuditError, Fact, Hash, KeyId, Place, PublicKey, segment};

/// With what a log is compared.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The key that signed, kept elsewhere. Without it the one beside the log is taken, which whoever made a false log
    /// could have made as well.
    pub key: Option<PublicKey>,
    /// Places of the log that were kept elsewhere: their lines must be there as they were.
    pub anchors: Vec<Place>,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
pub enum Finding {
    /// Text that is not a line, or the beginning of one.
    NotALine {
        /// The file.
        file: String,
        /// Counted from 1 in the file.
        at: u64,
    },
    /// Line `seq`, or the `prev` of the line behind it, was changed.
    Edited {
        /// The file of the line behind it.
        file: String,
        /// The line.
        seq: u64,
    },
    /// Lines are gone, or others stand in their place.
    Missing {
        /// The file in which the next line stands.
        file: String,
        /// The first that is gone.
        from: u64,
        /// The last that is gone.
        to: u64,
    },
    /// A line stands where an earlier one was expected: reordered, or written twice.
    Misplaced {
        /// The file.
        file: String,
        /// Its number.
        seq: u64,
        /// The number that was expected.
        expected: u64,
    },
    /// A checkpoint whose signature is not the key's.
    BadCheckpoint {
        /// The checkpoint's number.
        seq: u64,
    },
    /// The log ends before the place that its head, or an anchor, names.
    Cut {
        /// The last line that is there.
        last: u64,
        /// The last line that was.
        expected: u64,
    },
    /// The head is gone, or cannot be read, or its signature is not the key's.
    BadHead {
        /// In words.
        why: String,
    },
    /// The line that an anchor or the head names is another one now.
    NotTheLine {
        /// Its number.
        seq: u64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotALine { file, at } => {
                write!(f, "{file}: its line {at} is not a line of the log, or only a part of one")
            }
            Self::Edited { file, seq } => {
                write!(f, "{file}: line {seq} was changed, or the hash of it in line {}", seq + 1)
            }
            Self::Missing { file, from, to } if from == to => write!(f, "{file}: line {from} is gone"),
            Self::Missing { file, from, to } => write!(f, "{file}: lines {from} to {to} are gone"),
            Self::Misplaced { file, seq, expected } => {
                write!(f, "{file}: line {seq} stands where line {expected} belongs")
            }
            Self::BadCheckpoint { seq } => write!(f, "the signature of the checkpoint in line {seq} is not the key's"),
            Self::Cut { last, expected } => write!(f, "the log was cut: it ends with line {last}, and had {expected}"),
            Self::BadHead { why } => write!(f, "audit.head: {why}"),
            Self::NotTheLine { seq } => write!(f, "line {seq} is not the one that was written"),
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// How many lines there are.
    pub lines: u64,
    /// The first one; later than 1 where old files were taken away.
    pub first: u64,
    /// The last place: kept elsewhere, it is an anchor for the next time.
    #[serde(serialize_with = "as_text")]
    pub last: Place,
    /// When the last line was written.
    pub at: Option<String>,
    /// How many checkpoints were good.
    pub checkpoints: u64,
    /// The last line that a good checkpoint covers.
    pub covered: u64,
    /// The last line that the head names. Lines behind it were written a moment ago, were left by a crash, or were added by
    /// somebody without the key.
    pub signed: Option<u64>,
    /// How many bytes of a line without an end stand behind the last one: written at this moment, or left by a crash. Who
    /// writes next cuts them off and says so. Only where the head is good; otherwise they are a finding.
    pub torn: Option<u64>,
    /// The key with which the signatures were compared.
    pub key: KeyId,
    /// Whether this key was given by who asked, and not found beside the log.
    pub key_was_given: bool,
    /// The numbers of lines that say that a chain was begun anew after damage.
    pub begun_anew: Vec<u64>,
    /// What does not fit, in the order of the lines; at most [`MOST_FINDINGS`].
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether everything fits.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }
}

/// How many findings are told: behind the first ones the rest seldom means anything.
pub const MOST_FINDINGS: usize = 100;

fn as_text<S: serde::Serializer>(place: &Place, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(place)
}

/// Verifies the log of a state folder.
///
/// # Errors
/// A file cannot be read, there is no key, or without a key that was kept elsewhere there is no log at all. What does not fit is no error but a finding.
pub fn verify(state: &Path, options: &Options) -> Result<Report, AuditError> {
    let folder = state.join(crate::FOLDER);
    let key = match &options.key {
        Some(key) => key.clone(),
        None => Key::of_log(state)?.public(),
    };
    // Read before the lines: what is written meanwhile only makes the log longer than its head.
    let head = Head::read(&folder);
    let mut walk = Walk::new(key.clone(), options, head.as_ref().ok().and_then(Option::as_ref));
    for first in segment::all(&folder)? {
        let path = segment::path(&folder, first);
        walk.segment(&path, first)?;
    }
    walk.ends(matches!(&head, Ok(Some(head)) if head.is_signed_by(&key) && walk.has(head.place())));
    match head {
        Ok(Some(head)) if head.is_signed_by(&key) => walk.reaches(head.place()),
        Ok(Some(_)) => walk.found(Finding::BadHead { why: "its signature is not the key's".into() }),
        Ok(None) => walk.found(Finding::BadHead { why: "it is gone or empty".into() }),
        Err(error) => walk.found(Finding::BadHead { why: error.to_string() }),
    }
    options.anchors.iter().for_each(|anchor| walk.reaches(*anchor));
    walk.report.signed =
        Head::read(&folder).ok().flatten().filter(|head| head.is_signed_by(&key)).map(|h| h.place().seq);
    Ok(walk.report(options.key.is_some()))
}

/// Numbers of lines: no log reaches the end of them, and sums of them do not overflow.
const NUMBERS: std::ops::Range<u64> = 1..u64::MAX / 2;

struct Walk {
    key: PublicKey,
    report: Report,
    /// Where the next line must fit; none before the first.
    place: Option<Place>,
    /// The first line of the first file, as the name of the file has it.
    begins: u64,
    /// Lines that must be there as they were, by number, and are not found yet.
    wanted: BTreeMap<u64, Vec<Hash>>,
    /// The line without an end that the last file has: the file, its number there, its bytes.
    torn: Option<(String, u64, u64)>,
}

impl Walk {
    fn new(key: PublicKey, options: &Options, head: Option<&Head>) -> Self {
        let report = Report {
            lines: 0,
            first: 0,
            last: Place::START,
            at: None,
            checkpoints: 0,
            covered: 0,
            signed: None,
            torn: None,
            key: key.id(),
            key_was_given: false,
            begun_anew: Vec::new(),
            findings: Vec::new(),
        };
        let mut wanted: BTreeMap<u64, Vec<Hash>> = BTreeMap::new();
        for place in options.anchors.iter().copied().chain(head.map(Head::place)).filter(|place| place.seq > 0) {
            wanted.entry(place.seq).or_default().push(place.hash);
        }
        Self { key, report, place: None, begins: 0, wanted, torn: None }
    }

    fn found(&mut self, finding: Finding) {
        if self.report.findings.len() < MOST_FINDINGS {
            self.report.findings.push(finding);
        }
    }

    fn segment(&mut self, path: &Path, first: u64) -> Result<(), AuditError> {
        use std::io::BufRead as _;
        self.ends(false);
        if self.place.is_none() {
            self.begins = first;
        }
        let file = std::fs::File::open(path).map_err(AuditError::io("opening", path))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut reader = std::io::BufReader::new(file);
        let mut line = Vec::new();
        for at in 1.. {
            line.clear();
            if reader.read_until(b'\n', &mut line).map_err(AuditError::io("reading", path))? == 0 {
                break;
            }
            let Some(text) = line.strip_suffix(b"\n") else {
                self.torn = Some((name, at, line.len() as u64));
                break;
            };
            match serde_json::from_slice::<Links>(text) {
                Ok(links) if links.v == crate::VERSION && NUMBERS.contains(&links.seq) => {
                    self.line(&name, text, &links)
                }
                _ => self.found(Finding::NotALine { file: name.clone(), at }),
            }
        }
        Ok(())
    }

    fn line(&mut self, file: &str, text: &[u8], links: &Links) {
        let hash = Hash::of(text);
        let file = || file.to_owned();
        // Old files may be taken away; what is left is bound to itself, and begins with the line that its file is named by.
        let named = Place { seq: self.begins.saturating_sub(1), hash: Hash::NONE };
        if self.place.is_none() {
            self.report.first = links.seq;
            // A file begins with a line that says so, unless it is the first one of all.
            let begins = matches!(links.fact.as_str(), "segment" | "begun-anew") || links.seq != self.begins;
            if links.seq > 1 && !begins {
                self.found(Finding::Missing { file: file(), from: 1, to: links.seq - 1 });
            }
        }
        match self.place.or((links.seq != self.begins).then_some(named)) {
            None => {}
            Some(place) if links.seq == place.seq + 1 && links.prev == place.hash => {}
            Some(place) if links.seq == place.seq + 1 => self.found(Finding::Edited { file: file(), seq: place.seq }),
            Some(place) if links.seq > place.seq + 1 => {
                self.found(Finding::Missing { file: file(), from: place.seq + 1, to: links.seq - 1 });
            }
            Some(place) => self.found(Finding::Misplaced { file: file(), seq: links.seq, expected: place.seq + 1 }),
        }
        match links.fact.as_str() {
            "checkpoint" => self.checkpoint(text, links),
            "begun-anew" => self.report.begun_anew.push(links.seq),
            _ => {}
        }
        if let Some(wanted) = self.wanted.get_mut(&links.seq) {
            wanted.retain(|wanted| *wanted != hash);
        }
        let place = Place { seq: links.seq, hash };
        self.place = Some(place);
        self.report.lines += 1;
        self.report.last = place;
        self.report.at = Some(links.at.clone());
    }

    fn checkpoint(&mut self, text: &[u8], links: &Links) {
        let line: Option<Line> = serde_json::from_slice(text).ok();
        match line.map(|line| line.fact) {
            Some(Fact::Checkpoint(fact)) if self.key.signed(links.seq - 1, links.prev, &fact.signature) => {
                self.report.checkpoints += 1;
                self.report.covered = links.seq - 1;
            }
            _ => self.found(Finding::BadCheckpoint { seq: links.seq }),
        }
    }

    /// The end of a file. A line without an end is none of the log's, unless it stands behind a good end of all.
    fn ends(&mut self, good: bool) {
        match self.torn.take() {
            Some((.., bytes)) if good => self.report.torn = Some(bytes),
            Some((file, at, _)) => self.found(Finding::NotALine { file, at }),
            None => {}
        }
    }

    /// Whether a line is there as it was.
    fn has(&self, place: Place) -> bool {
        self.wanted.get(&place.seq).is_none_or(|wanted| !wanted.contains(&place.hash))
    }

    /// A line must be there as it was.
    fn reaches(&mut self, place: Place) {
        let (first, last) = (self.report.first, self.report.last.seq);
        if self.has(place) {
            return;
        }
        let finding = if last < place.seq {
            Finding::Cut { last, expected: place.seq }
        } else if place.seq < first {
            Finding::Missing { file: crate::FOLDER.to_owned(), from: place.seq, to: first - 1 }
        } else {
            Finding::NotTheLine { seq: place.seq }
        };
        if !self.report.findings.contains(&finding) {
            self.found(finding);
        }
    }

    fn report(mut self, key_was_given: bool) -> Report {
        self.report.key_was_given = key_was_given;
        self.report
    }
}
