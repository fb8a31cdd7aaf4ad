//! What a core file of a process would hold: every page of its memory that it has written to, searched for a password.
//!
//! The memory is read from the living process (`/proc/PID/maps` and `/proc/PID/mem`), which needs root, as a debugger
//! does that attaches to the service.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use super::forms::{Forms, PART};

const PAGE: u64 = 4096;
/// proc_pid_pagemap(5): the page is in memory, or swapped.
const PRESENT: u64 = 0b11 << 62;

/// A place in a process's memory where a part of a password stands.
pub(crate) struct Found {
    form: &'static str,
    mapping: String,
    address: u64,
    around: String,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {} at {:x}: {}", self.form, self.mapping, self.address, self.around)
    }
}

/// Where the password's forms, or a part of one, are in the memory of a process.
///
/// # Errors
/// Where this user may not read another process's memory.
pub(crate) fn search(process: u32, forms: &Forms) -> io::Result<Vec<Found>> {
    let memory = File::open(format!("/proc/{process}/mem"))?;
    let pages = File::open(format!("/proc/{process}/pagemap"))?;
    let maps = fs::read_to_string(format!("/proc/{process}/maps"))?;
    let mut found = Vec::new();
    for line in maps.lines().filter(|line| is_its_own(line)) {
        let mapping = line.split_whitespace().skip(1).step_by(4).collect::<Vec<_>>().join(" ");
        for range in present(&pages, bounds(line))? {
            let mut bytes = vec![0; (range.end - range.start) as usize];
            // A mapping that went away in between holds nothing any more.
            if memory.read_exact_at(&mut bytes, range.start).is_err() {
                continue;
            }
            let mut last = None;
            for (form, at) in forms.find(&bytes) {
                // Parts beside each other are one find.
                if last.is_none_or(|last| at > last + PART * 4) {
                    let address = range.start + at as u64;
                    found.push(Found { form, mapping: mapping.clone(), address, around: around(&bytes, at) });
                }
                last = Some(at);
            }
        }
    }
    Ok(found)
}

/// Whatever the process may write to; what it only reads from a file was never a password.
fn is_its_own(line: &str) -> bool {
    let mut words = line.split_whitespace().skip(1);
    let permissions = words.next().unwrap_or_default();
    let is_a_file = words.nth(3).is_some_and(|name| name.starts_with('/'));
    permissions.starts_with("rw") || (permissions.starts_with('r') && !is_a_file)
}

fn bounds(line: &str) -> Range<u64> {
    let (start, rest) = line.split_once('-').unwrap();
    let end = rest.split(' ').next().unwrap();
    u64::from_str_radix(start, 16).unwrap()..u64::from_str_radix(end, 16).unwrap()
}

/// The parts of a mapping that have a page: most of what the sandbox reserves has none. What the kernel shows of itself
/// (`[vvar]`) lies where no page table is looked at.
fn present(pages: &File, of: Range<u64>) -> io::Result<Vec<Range<u64>>> {
    /// So many pages at once.
    const STEP: u64 = 1 << 16;
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for from in (of.start..of.end).step_by((STEP * PAGE) as usize) {
        let count = STEP.min((of.end - from) / PAGE);
        let mut entries = vec![0; count as usize * 8];
        if pages.read_exact_at(&mut entries, from / PAGE * 8).is_err() {
            continue;
        }
        for (number, entry) in entries.as_chunks::<8>().0.iter().enumerate() {
            if u64::from_ne_bytes(*entry) & PRESENT == 0 {
                continue;
            }
            let page = from + number as u64 * PAGE;
            match ranges.last_mut() {
                Some(last) if last.end == page => last.end += PAGE,
                _ => ranges.push(page..page + PAGE),
            }
        }
    }
    Ok(ranges)
}

/// What stands beside it tells whose buffer it is.
fn around(bytes: &[u8], at: usize) -> String {
    let near = &bytes[at.saturating_sub(96)..(at + 96).min(bytes.len())];
    near.escape_ascii().to_string().replace("\\x00", ".")
}
