//! What libFuzzer says about a run, taken from its log.

/// A run of one target.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stats {
    pub(super) target: String,
    pub(super) executions: u64,
    pub(super) per_second: u64,
    /// Edges of the code that the seeds and what was learned before reach, and those at the end.
    pub(super) coverage: (u64, u64),
    /// Inputs that reached something new.
    pub(super) learned: u64,
    /// The most memory, in MiB.
    pub(super) memory: u64,
    /// The file with the input that broke a promise.
    pub(super) finding: Option<String>,
    /// What the target said of it, and the input in Base64.
    pub(super) said: String,
}

/// As much as is worth reading: a panic's text, not the frames below it.
const SAID: usize = 40;

impl Stats {
    pub(super) fn read(target: &str, log: &str) -> Self {
        let mut stats = Self { target: target.to_owned(), ..Self::default() };
        for line in log.lines() {
            let number = |name: &str| line.strip_prefix(name).and_then(|rest| rest.trim().parse().ok());
            if line.contains("panicked at") || line.contains("ERROR: ") {
                stats.said = log
                    .lines()
                    .skip_while(|said| *said != line)
                    .take(SAID)
                    .fold(String::new(), |text, said| text + said + "\n");
            } else if line.starts_with("Base64: ") {
                stats.said += line;
            } else if let Some((_, rest)) = line.split_once("cov: ") {
                let coverage = rest.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or_default();
                if line.contains("INITED") {
                    stats.coverage.0 = coverage;
                }
                stats.coverage.1 = stats.coverage.1.max(coverage);
            } else if let Some((_, file)) = line.split_once("Test unit written to ") {
                stats.finding = Some(file.trim().to_owned());
            } else if let Some(count) = number("stat::number_of_executed_units:") {
                stats.executions = count;
            } else if let Some(count) = number("stat::average_exec_per_sec:") {
                stats.per_second = count;
            } else if let Some(count) = number("stat::new_units_added:") {
                stats.learned = count;
            } else if let Some(count) = number("stat::peak_rss_mb:") {
                stats.memory = count;
            }
        }
        stats
    }

    pub(super) fn line(&self) -> String {
        let Self { executions, per_second, coverage: (first, last), learned, memory, .. } = self;
        let found = if self.finding.is_some() { "1" } else { "none" };
        format!(
            "{executions} executions ({per_second}/s), coverage {first} -> {last}, {learned} new inputs, {memory} MiB, findings: {found}"
        )
    }
}

/// The runs, one in a line.
pub(super) fn table(ran: &[Stats]) -> String {
    let mut text = format!(
        "{:<12}{:>14}{:>10}{:>12}{:>12}{:>12}{:>8}  {}\n",
        "target", "executions", "per s", "coverage", "new", "inputs", "MiB", "findings"
    );
    for stats in ran {
        let Stats { target, executions, per_second, coverage: (first, last), learned, memory, finding, said: _ } =
            stats;
        let new = last.saturating_sub(*first);
        let found = finding.as_deref().unwrap_or("none");
        text += &format!(
            "{target:<12}{executions:>14}{per_second:>10}{last:>12}{:>12}{learned:>12}{memory:>8}  {found}\n",
            format!("+{new}")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
#21\tINITED cov: 1302 ft: 2950 corp: 20/4kb exec/s: 0 rss: 120Mb
#4096\tpulse  cov: 1400 ft: 3100 corp: 31/6kb lim: 4096 exec/s: 800 rss: 130Mb
stat::number_of_executed_units: 48123
stat::average_exec_per_sec:     802
stat::new_units_added:          311
stat::peak_rss_mb:              412
";

    #[test]
    fn a_finding_is_not_overlooked() {
        let log = format!("{LOG}artifact_prefix='x/'; Test unit written to x/crash-1f\n");
        assert_eq!(Stats::read("dn", &log).finding.as_deref(), Some("x/crash-1f"));
        let log = format!(
            "{LOG}thread 'main' panicked at src/dn.rs:1:\nnot the same\n#0 frame\n{}Base64: Y249eA==\n",
            "#1 frame\n".repeat(99)
        );
        let said = Stats::read("dn", &log).said;
        assert!(said.contains("not the same\n") && said.ends_with("Base64: Y249eA=="), "{said}");
        assert!(said.lines().count() <= SAID + 1, "{said}");
        assert_eq!(Stats::read("dn", "error: could not compile").executions, 0);
    }

    #[test]
    fn a_run_is_counted() {
        let stats = Stats::read("dn", LOG);
        assert_eq!(
            stats.line(),
            "48123 executions (802/s), coverage 1302 -> 1400, 311 new inputs, 412 MiB, findings: none"
        );
        assert!(table(&[stats]).lines().last().is_some_and(|line| line.contains("+98") && line.ends_with("none")));
    }
}
