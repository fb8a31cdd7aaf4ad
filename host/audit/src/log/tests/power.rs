//! What is left after a loss of power: lines that no head promised are gone in part or whole, the head is older than its
//! lines, or is none.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use super::super::chain::SEGMENT;
use super::*;
use crate::head::Head;
use crate::key::Key;
use crate::segment;
use crate::verify::{Finding, Report};

/// A log of a host that lost its power: `promised` lines were written to the disk, `rest` after them were not.
struct Cut {
    state: TempDir,
    /// All that was written, as it stands in the last file, and up to where the head promised it.
    bytes: Vec<u8>,
    promised: usize,
    head: Head,
}

impl Cut {
    /// With files of at least so many bytes.
    fn of(promised: usize, rest: usize, segment: u64) -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut chain = Chain::open(state.path()).unwrap();
        chain.segment = segment;
        for n in 0..promised {
            chain.append(vec![fact(n)], true).unwrap();
        }
        chain.segment = SEGMENT;
        for n in 0..rest {
            chain.append(vec![fact(promised + n)], false).unwrap();
        }
        let head = Head::read(&chain.folder).unwrap().unwrap();
        let bytes = fs::read(segment::path(&chain.folder, head.segment)).unwrap();
        Self { state, bytes, promised: usize::try_from(head.end).unwrap(), head }
    }

    fn folder(&self) -> PathBuf {
        self.state.path().join(crate::FOLDER)
    }

    fn head_file(&self) -> PathBuf {
        self.folder().join(crate::head::FILE)
    }

    fn left(&self, bytes: &[u8]) {
        fs::write(segment::path(&self.folder(), self.head.segment), bytes).unwrap();
    }

    fn verified(&self) -> Report {
        verify(self.state.path(), &Options::default()).unwrap()
    }

    fn text(&self) -> String {
        let all = segment::all(&self.folder()).unwrap();
        all.into_iter().map(|first| fs::read_to_string(segment::path(&self.folder(), first)).unwrap()).collect()
    }

    /// The next start goes on with an intact chain: everything whole that was left, then what is written now.
    fn goes_on(&self, left: &str, torn: usize) {
        let log = AuditLog::open(self.state.path()).unwrap();
        log.append_blocking(vec![fact(1_000)]).unwrap();
        log.close();
        let report = self.verified();
        assert_eq!((report.findings, report.torn), (vec![], None));
        let text = self.text();
        let added = text.strip_prefix(left).unwrap();
        assert!(added.contains("fact 1000"), "{added}");
        let repaired = format!(r#""fact":"repaired","bytes":{torn}}}"#);
        assert_eq!((added.contains("repaired"), added.contains(&repaired)), (torn > 0, torn > 0), "{added}");
    }

    /// The next start says what is wrong and writes nothing; somebody can begin anew after it.
    fn stops(&self, why: &str) {
        let before = self.text();
        let error = AuditLog::open(self.state.path()).unwrap_err();
        assert!(matches!(error, AuditError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(why), "{why}: {error}");
        assert_eq!(self.text(), before);
        AuditLog::begin_anew(self.state.path(), "lost power".into(), "root".into()).unwrap();
        let log = AuditLog::open(self.state.path()).unwrap();
        log.append_blocking(vec![fact(1_000)]).unwrap();
        log.close();
        assert!(self.text().starts_with(&before), "nothing was taken away");
        assert!(!self.verified().begun_anew.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Of what was not promised any part may be gone, and none of it is missed: not by `verify`, not by who goes on.
    #[test]
    fn what_no_head_promised_may_be_cut_anywhere(
        promised in 0..5_usize, rest in 1..6_usize, segment in prop::sample::select(vec![300, SEGMENT]),
        at in any::<prop::sample::Index>(), zeros in 0..3_usize,
    ) {
        let cut = Cut::of(promised, rest, segment);
        let at = cut.promised + at.index(cut.bytes.len() - cut.promised + 1);
        // A file may have grown before what belongs there was on the disk.
        let bytes = [&cut.bytes[..at], &vec![0; zeros]].concat();
        cut.left(&bytes);
        let lines = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let torn = bytes.len() - lines;
        let report = cut.verified();
        prop_assert_eq!(&report.findings, &vec![]);
        prop_assert_eq!(report.torn, (torn > 0).then_some(torn as u64));
        prop_assert_eq!(report.signed, Some(cut.head.place().seq));
        let left = cut.text();
        prop_assert_eq!(report.last.seq, left.matches('\n').count() as u64);
        cut.goes_on(&left[..left.len() - torn], torn);
    }

    /// Of what was promised no byte can go: it is said, and nobody goes on as if nothing had been.
    #[test]
    fn what_a_head_promised_may_be_cut_nowhere(
        promised in 0..5_usize, rest in 0..3_usize, segment in prop::sample::select(vec![300, SEGMENT]),
        at in any::<prop::sample::Index>(),
    ) {
        let cut = Cut::of(promised, rest, segment);
        let at = at.index(cut.promised);
        cut.left(&cut.bytes[..at]);
        let report = cut.verified();
        let expected = Finding::Cut { last: report.last.seq, expected: cut.head.place().seq };
        prop_assert!(report.findings.contains(&expected), "{:?}", report);
        let torn = at > 0 && cut.bytes[at - 1] != b'\n';
        let half = |finding: &Finding| matches!(finding, Finding::NotALine { .. });
        prop_assert_eq!((report.findings.iter().any(half), report.torn), (torn, None));
        cut.stops("is not what its head says");
    }

    /// A head is one sector. Should a disk write a part of it all the same, it is the old one, the new one, or none.
    #[test]
    fn a_head_that_is_half_written_is_none(at in any::<prop::sample::Index>(), rest in 1..4_usize) {
        let cut = Cut::of(2, 0, SEGMENT);
        let old = fs::read(cut.head_file()).unwrap();
        let mut chain = Chain::open(cut.state.path()).unwrap();
        chain.append((0..rest).map(fact).collect(), true).unwrap();
        let new = fs::read(cut.head_file()).unwrap();
        prop_assert_eq!(old.len(), new.len());
        let at = at.index(new.len() + 1);
        let half = [&new[..at], &old[at..]].concat();
        fs::write(cut.head_file(), &half).unwrap();
        let report = cut.verified();
        if half == old || half == new {
            prop_assert_eq!(&report.findings, &vec![]);
            cut.goes_on(&cut.text(), 0);
        } else {
            prop_assert!(matches!(&report.findings[..], [Finding::BadHead { .. }]), "{:?}", report);
            cut.stops("audit.head");
        }
    }
}

#[test]
fn a_head_that_is_older_than_its_lines_is_caught_up_with() {
    let cut = Cut::of(3, 0, SEGMENT);
    let old = fs::read(cut.head_file()).unwrap();
    let mut chain = Chain::open(cut.state.path()).unwrap();
    // Into a further file as well.
    chain.segment = 100;
    for n in 10..14 {
        chain.append(vec![fact(n)], true).unwrap();
    }
    drop(chain);
    assert!(segment::all(&cut.folder()).unwrap().len() > 1);
    fs::write(cut.head_file(), old).unwrap();
    let report = cut.verified();
    assert_eq!((report.signed, report.findings), (Some(cut.head.place().seq), vec![]));
    assert!(report.last.seq > cut.head.place().seq);
    cut.goes_on(&cut.text(), 0);
}

#[test]
fn a_head_that_is_empty_or_gone_is_said_and_nothing_is_begun_in_its_place() {
    let cut = Cut::of(2, 1, SEGMENT);
    fs::write(cut.head_file(), "").unwrap();
    let why = || Finding::BadHead { why: "it is gone or empty".into() };
    assert_eq!(cut.verified().findings, [why()]);
    cut.stops("it is empty or gone");
    let cut = Cut::of(2, 1, SEGMENT);
    fs::remove_file(cut.head_file()).unwrap();
    assert_eq!(cut.verified().findings, [why()]);
    cut.stops("it is empty or gone");
}

#[test]
fn a_torn_line_is_a_finding_where_no_head_tells_that_it_was_promised_to_nobody() {
    let cut = Cut::of(2, 1, SEGMENT);
    cut.left(&cut.bytes[..cut.bytes.len() - 1]);
    fs::write(cut.head_file(), "").unwrap();
    let report = cut.verified();
    assert!(matches!(report.findings[0], Finding::NotALine { at: 4, .. }), "{report:?}");
    assert_eq!(report.torn, None);
}

#[test]
fn a_head_that_is_longer_than_a_head_does_not_outlive_beginning_anew() {
    let cut = Cut::of(2, 0, SEGMENT);
    fs::write(cut.head_file(), "x".repeat(2_000)).unwrap();
    cut.stops("cannot be read");
}

#[test]
fn the_power_goes_while_the_log_is_begun() {
    // The key is there before anything else.
    let state = tempfile::tempdir().unwrap();
    Key::open(state.path(), true).unwrap();
    let cut = Cut { state, ..Cut::of(0, 0, SEGMENT) };
    cut.stops("the log is gone, and its key is there");
    // Nothing in the files, then a part of the first line.
    for bytes in [b"".as_slice(), br#"{"v":1,"se"#] {
        let cut = Cut::of(0, 0, SEGMENT);
        cut.left(bytes);
        fs::write(cut.head_file(), "").unwrap();
        cut.stops("it is empty or gone");
    }
}
