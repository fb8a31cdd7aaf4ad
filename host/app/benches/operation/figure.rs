//! What a measurement returns: numbers with their unit, how they were come by, and what was hoped for.

use std::fmt;

use serde::Serialize;

/// Figures that belong together.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    /// What they are about.
    pub(crate) title: &'static str,
    /// How they were measured, and what was not.
    pub(crate) method: String,
    /// In the order in which people read them.
    pub(crate) figures: Vec<Figure>,
}

/// One number.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// What it is.
    pub(crate) name: String,
    /// The median where there are several samples. Nothing if it could not be measured; `note` then says why.
    pub(crate) value: Option<f64>,
    /// In which unit.
    pub(crate) unit: &'static str,
    /// The lower and the upper quartile of the samples.
    pub(crate) quartiles: Option<(f64, f64)>,
    /// What was hoped for.
    pub(crate) goal: Option<Goal>,
    /// Why it could not be measured.
    pub(crate) note: String,
    /// Where the rest goes, for a goal that is missed.
    pub(crate) why: String,
}

/// What was hoped for.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Goal {
    /// Less is better.
    AtMost(f64),
    /// More is better.
    AtLeast(f64),
}

impl Figure {
    /// The median of samples, with its quartiles.
    pub(crate) fn of(name: impl Into<String>, unit: &'static str, samples: &[f64]) -> Self {
        let at = |share| crate::stats::quantile(samples, share);
        Self { value: at(0.5), quartiles: at(0.25).zip(at(0.75)), ..Self::one(name, unit, 0.0) }
    }

    /// A number that was measured once.
    pub(crate) fn one(name: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self {
            name: name.into(),
            value: Some(value),
            unit,
            quartiles: None,
            goal: None,
            note: String::new(),
            why: String::new(),
        }
    }

    /// A number that is not there.
    pub(crate) fn missing(name: impl Into<String>, unit: &'static str, why: impl Into<String>) -> Self {
        Self { value: None, note: why.into(), ..Self::one(name, unit, 0.0) }
    }

    /// With a goal, and what is said if it is missed.
    pub(crate) fn goal(self, goal: Goal, why: impl Into<String>) -> Self {
        Self { goal: Some(goal), why: why.into(), ..self }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Some(value) => write!(f, "{:<62} {value:>10.2} {}", self.name, self.unit)?,
            None => write!(f, "{:<62} not measured", self.name)?,
        }
        if let Some((low, high)) = self.quartiles {
            write!(f, "  ({low:.2} to {high:.2})")?;
        }
        match self.goal {
            Some(Goal::AtMost(most)) => write!(f, "  goal <= {most}")?,
            Some(Goal::AtLeast(least)) => write!(f, "  goal >= {least}")?,
            None => {}
        }
        if self.note.is_empty() { Ok(()) } else { write!(f, "\n      {}", self.note) }
    }
}
