//! From line to line: whether each follows the one before, and which of those that must be there were met.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Finding, MOST_FINDINGS, Options, Report};
use crate::head::Head;
use crate::line::{Line, Links};
use crate::{AuditError, Fact, Hash, Place, PublicKey};

/// Numbers of lines: no log reaches the end of them, and sums of them do not overflow.
const NUMBERS: std::ops::Range<u64> = 1..u64::MAX / 2;

/// The way over all lines, in their order.
pub(super) struct Walk {
    key: PublicKey,
    pub(super) report: Report,
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
    pub(super) fn new(key: PublicKey, options: &Options, head: Option<&Head>) -> Self {
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

    pub(super) fn found(&mut self, finding: Finding) {
        if self.report.findings.len() < MOST_FINDINGS {
            self.report.findings.push(finding);
        }
    }

    pub(super) fn segment(&mut self, path: &Path, first: u64) -> Result<(), AuditError> {
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
    pub(super) fn ends(&mut self, good: bool) {
        match self.torn.take() {
            Some((.., bytes)) if good => self.report.torn = Some(bytes),
            Some((file, at, _)) => self.found(Finding::NotALine { file, at }),
            None => {}
        }
    }

    /// Whether a line is there as it was.
    pub(super) fn has(&self, place: Place) -> bool {
        self.wanted.get(&place.seq).is_none_or(|wanted| !wanted.contains(&place.hash))
    }

    /// A line must be there as it was.
    pub(super) fn reaches(&mut self, place: Place) {
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

    pub(super) fn report(mut self, key_was_given: bool) -> Report {
        self.report.key_was_given = key_was_given;
        self.report
    }
}
