//! What is above the ceiling: which line of a connector's file stands against which line of the ceiling.

use std::fmt;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, SourceCode};
use portcullis_model::{Fault, FaultCode};
use serde::Serialize;

use super::check::Above;
use super::rules::Rules;
use crate::config::{ConnectorFile, Place};

/// One thing that a connector's file grants, or that its plugin imports, and that the ceiling does not allow.
///
/// Rendered by miette: the line of the connector's file, and below it the line of the ceiling.
#[derive(Debug, Clone, Serialize)]
pub struct Excess {
    /// Which rule: a stable name.
    pub code: &'static str,
    /// What is granted, and that it is more than what is allowed.
    pub text: String,
    /// Where in the connector's file.
    pub granted: Place,
    /// Where in the ceiling; where it does not name the thing, the section that would.
    pub ceiling: Place,
    /// What the operator does, or asks for.
    pub remedy: String,
    #[serde(skip)]
    shown: Box<Shown>,
}

#[derive(Debug, Clone)]
struct Shown {
    file: NamedSource<Arc<str>>,
    against: Against,
}

/// The line of the ceiling, as a diagnostic below the other.
#[derive(Debug, Clone)]
struct Against {
    text: String,
    source: NamedSource<Arc<str>>,
    place: Place,
    label: String,
}

impl Excess {
    pub(super) fn of(above: Above, file: &ConnectorFile, rules: &Rules) -> Self {
        let granted = file.places.place(&above.granted);
        let ceiling = rules.places.place(&above.ceiling);
        let against = Against {
            text: match ceiling.is_absent() {
                true => format!("stands against {ceiling}"),
                false => format!("stands against {}:{}", ceiling.file, ceiling.line),
            },
            source: rules.places.source(),
            place: ceiling.clone(),
            label: above.label,
        };
        let shown = Box::new(Shown { file: file.places.source(), against });
        Self { code: above.code, text: above.text, granted, ceiling, remedy: above.remedy, shown }
    }
}

impl PartialEq for Excess {
    fn eq(&self, other: &Self) -> bool {
        (self.code, &self.text, &self.granted, &self.ceiling)
            == (other.code, &other.text, &other.granted, &other.ceiling)
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} stands against {}", self.text, self.granted, self.ceiling)
    }
}

impl std::error::Error for Excess {}

impl miette::Diagnostic for Excess {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("portcullis::ceiling::{}", self.code)))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.remedy))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.shown.file)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = LabeledSpan::new_with_span(Some(self.text.clone()), self.granted.range());
        Some(Box::new(std::iter::once(span)))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        Some(Box::new(std::iter::once(&self.shown.against as &dyn miette::Diagnostic)))
    }
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Against {}

impl miette::Diagnostic for Against {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        // Of what is not there no line can be shown.
        (!self.place.is_absent()).then_some(&self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.place.is_absent() {
            return None;
        }
        let span = LabeledSpan::new_with_span(Some(self.label.clone()), self.place.range());
        Some(Box::new(std::iter::once(span)))
    }
}

/// Everything of one connector that is above the ceiling; never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Excesses {
    /// The connector.
    pub connector: String,
    /// In the order of the connector's file.
    pub all: Vec<Excess>,
}

impl Excesses {
    /// Nothing if there is none.
    pub(crate) fn of(connector: &str, mut all: Vec<Excess>) -> Option<Self> {
        all.sort_by_key(|excess| excess.granted.range().start);
        (!all.is_empty()).then(|| Self { connector: connector.to_owned(), all })
    }

    /// The fault of the operator whose file it is. Its detail names every line.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let lines: Vec<String> = self.all.iter().map(ToString::to_string).collect();
        Fault::new(FaultCode::AboveCeiling, lines.join("; "))
    }
}

impl fmt::Display for Excesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (connector, number) = (&self.connector, self.all.len());
        let places = if number == 1 { "1 place".to_owned() } else { format!("{number} places") };
        write!(f, "{connector} is granted more than the ceiling allows, in {places}: it is not started")
    }
}

impl std::error::Error for Excesses {}

impl miette::Diagnostic for Excesses {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(FaultCode::AboveCeiling.name()))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(FaultCode::AboveCeiling.remedy()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        Some(Box::new(self.all.iter().map(|excess| excess as &dyn miette::Diagnostic)))
    }
}
