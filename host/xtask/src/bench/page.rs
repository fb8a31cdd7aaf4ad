//! BENCHMARKS.md, from the figures of one run. Every number in it was measured in that run.

use std::fmt::Write as _;

use serde_json::Value;

use super::machine::Machine;

const HEAD: &str = "# Benchmarks

Written by `cargo xtask bench` from one run; every figure on this page is from that run. Figures of two runs differ by the \
machine's mood more than by what was changed: compare what stands on one page.

";

const TAIL: &str = "## What is not measured

- Active Directory and 389 Directory Server: their own time for a write is many times that of slapd, and the host's part \
is the same.
- A network. On loopback the host's own part of a reset is as large as it gets.
- Plugins in other languages than Rust. A plugin's own time is the plugin's; one with a large memory costs more to clear.
- Any other machine. A kernel before 6.7 cannot tell which pages a plugin touched, so the host clears all of them.
";

/// The page.
pub(crate) fn page(machine: &Machine, measured: &Value) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("| | |\n| --- | --- |\n");
    for (name, value) in machine {
        let _ = writeln!(page, "| {name} | {value} |");
    }
    let sections = || measured["sections"].as_array().into_iter().flatten();
    page.push_str("\n## Goals\n\n| | goal | measured | |\n| --- | --- | --- | --- |\n");
    let mut missed = String::new();
    for figure in sections().flat_map(|section| section["figures"].as_array().into_iter().flatten()) {
        if let Some(goal) = Goal::of(figure) {
            let value = figure["value"].as_f64();
            let (name, unit) = (text(figure, "name"), text(figure, "unit"));
            let _ = writeln!(page, "| {name} | {goal} {unit} | {} | {} |", shown(figure), goal.verdict(value));
            if !goal.met(value) {
                let _ = writeln!(missed, "- **{name}** {}. {}", goal.verdict(value), text(figure, "why"));
            }
        }
    }
    if !missed.is_empty() {
        let _ = write!(page, "\nWhy goals were missed:\n\n{missed}");
    }
    for section in sections() {
        let _ = write!(page, "\n## {}\n\n{}\n\n", text(section, "title"), text(section, "method"));
        page.push_str("| | median | middle half of the samples |\n| --- | --- | --- |\n");
        for figure in section["figures"].as_array().into_iter().flatten() {
            let quartiles = &figure["quartiles"];
            let spread = match (quartiles[0].as_f64(), quartiles[1].as_f64()) {
                (Some(low), Some(high)) => format!("{} to {}", number(low), number(high)),
                _ => String::new(),
            };
            let _ = writeln!(page, "| {} | {} | {spread} |", text(figure, "name"), shown(figure));
        }
    }
    page.push('\n');
    page.push_str(TAIL);
    page
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn shown(figure: &Value) -> String {
    match figure["value"].as_f64() {
        Some(value) => format!("{} {}", number(value), text(figure, "unit")).trim_end().to_owned(),
        None => format!("not measured: {}", text(figure, "note")),
    }
}

/// Three figures are what such a measurement is worth.
fn number(value: f64) -> String {
    match value.abs() {
        v if v < 10.0 => format!("{value:.2}"),
        v if v < 100.0 => format!("{value:.1}"),
        _ => {
            let digits = format!("{value:.0}");
            let groups: Vec<&str> =
                digits.as_bytes().rchunks(3).rev().map(|g| str::from_utf8(g).unwrap_or("")).collect();
            groups.join(",")
        }
    }
}

/// What was hoped for.
enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "at most {}", number(*most)),
            Self::AtLeast(least) => write!(f, "at least {}", number(*least)),
        }
    }
}

impl Goal {
    fn of(figure: &Value) -> Option<Self> {
        let goal = &figure["goal"];
        goal["at-most"].as_f64().map(Self::AtMost).or_else(|| goal["at-least"].as_f64().map(Self::AtLeast))
    }

    fn met(&self, value: Option<f64>) -> bool {
        value.is_some_and(|value| match self {
            Self::AtMost(most) => value <= *most,
            Self::AtLeast(least) => value >= *least,
        })
    }

    /// Met, or missed by how much of the goal.
    fn verdict(&self, value: Option<f64>) -> String {
        match (value, self) {
            (None, _) => "not measured".to_owned(),
            _ if self.met(value) => "met".to_owned(),
            (Some(value), Self::AtMost(goal) | Self::AtLeast(goal)) => {
                format!("missed by {:.0} %", ((value / goal - 1.0) * 100.0).abs().max(1.0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn figure(value: Option<f64>, goal: Value) -> Value {
        json!({ "name": "a reset", "value": value, "unit": "us", "quartiles": [1.0, 2.0], "goal": goal,
                "note": "no slapd", "why": "Because." })
    }

    fn with(figure: Value) -> String {
        let machine = vec![("Kernel", "6.18".to_owned())];
        page(&machine, &json!({ "sections": [{ "title": "T", "method": "M", "figures": [figure] }] }))
    }

    #[test]
    fn a_missed_goal_is_said_with_its_reason() {
        let page = with(figure(Some(18.0), json!({ "at-most": 15.0 })));
        assert!(page.contains("| a reset | at most 15.0 us | 18.0 us | missed by 20 % |"), "{page}");
        assert!(page.contains("- **a reset** missed by 20 %. Because."), "{page}");
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        let page = with(figure(None, json!({ "at-least": 0.97 })));
        assert!(page.contains("not measured: no slapd | not measured |"), "{page}");
        assert!(!page.contains("| met |"), "{page}");
    }

    #[test]
    fn a_met_goal_needs_no_reason() {
        let page = with(figure(Some(129_696.5), json!({ "at-least": 100_000.0 })));
        assert!(
            page.contains("| at least 100,000 us | 129,697 us | met |") || page.contains("129,696 us | met |"),
            "{page}"
        );
        assert!(!page.contains("Because"), "{page}");
    }

    #[test]
    fn numbers_are_as_long_as_they_are_worth() {
        assert_eq!([0.9712, 14.68, 100.0, 1_234_567.0].map(number), ["0.97", "14.7", "100", "1,234,567"]);
    }
}
