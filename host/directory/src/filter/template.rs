//! A filter of the operator's with places for the account.
//!
//! A placeholder stands in a value and nowhere else, and what is filled in is escaped: no account name can change what
//! the operator's filter asks.

use portcullis_model::Login;

use super::{BadFilter, Filter, escape};

/// A filter with the placeholders `{account.login}`, `{account.name}` (before the last `@`) and `{account.domain}`
/// (after it). A brace that is part of a value is written `\7b` or `\7d`.
///
/// ```
/// use portcullis_directory::Template;
/// use portcullis_model::Login;
///
/// let template = Template::parse("(&(objectClass=person)(uid={account.name}))").unwrap();
/// let filter = template.render(&Login::new("a*c@corp.example").unwrap()).unwrap();
/// assert_eq!(filter, r"(&(objectClass=person)(uid=a\2ac))");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Account(Field),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Login,
    Name,
    Domain,
}

/// Why there is no filter for an account: an empty value would ask something else (`(mail=*)` instead of `(mail=*x)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unrenderable {
    /// `{account.name}` is empty.
    #[error("the account name has nothing before the last @, and the filter uses {{account.name}}")]
    NoName,
    /// `{account.domain}` is empty.
    #[error("the account name has nothing after an @, and the filter uses {{account.domain}}")]
    NoDomain,
}

impl Field {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Login, "{account.login}"), (Self::Name, "{account.name}"), (Self::Domain, "{account.domain}")];

    fn of(self, login: &Login) -> Result<&str, Unrenderable> {
        let login = login.as_str();
        let (name, domain) = login.rsplit_once('@').unwrap_or((login, ""));
        match self {
            Self::Login => Ok(login),
            Self::Name if name.is_empty() => Err(Unrenderable::NoName),
            Self::Name => Ok(name),
            Self::Domain if domain.is_empty() => Err(Unrenderable::NoDomain),
            Self::Domain => Ok(domain),
        }
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`BadFilter`] for an unknown placeholder, one that does not stand in a value, and a text that is no filter.
    pub fn parse(text: &str) -> Result<Self, BadFilter> {
        let parts = split(text)?;
        // Every placeholder becomes escapes of the same length: positions stay what they are, and an escape is legal in
        // a value alone, and never in the middle of another one.
        let probe: String = parts.iter().map(Part::probe).collect();
        Filter::parse(&probe)?;
        // An escape is at most three times as long as what it stands for.
        if parts.iter().map(Part::longest).sum::<usize>() > Filter::MAX_BYTES {
            let problem = "with a long account name the filter would be longer than 4096 bytes";
            return Err(BadFilter { at: None, problem });
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// As the operator wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The filter for an account. It always parses.
    ///
    /// # Errors
    /// [`Unrenderable`] if a part of the account's name that the filter uses is empty: there is no such account then.
    pub fn render(&self, login: &Login) -> Result<String, Unrenderable> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => Ok(text.clone()),
                Part::Account(field) => field.of(login).map(escape),
            })
            .collect()
    }
}

impl Part {
    fn probe(&self) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Account(field) => {
                let length = Field::ALL.iter().find(|(f, _)| f == field).map_or(0, |(_, name)| name.len());
                r"\ff".repeat(length / 3) + &"x".repeat(length % 3)
            }
        }
    }

    fn longest(&self) -> usize {
        match self {
            Self::Literal(text) => text.len(),
            Self::Account(_) => 3 * Login::MAX_BYTES,
        }
    }
}

fn split(text: &str) -> Result<Vec<Part>, BadFilter> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(['{', '}']) {
        let brace = at + found;
        let Some((field, name)) = Field::ALL.iter().find(|(_, name)| text[brace..].starts_with(name)) else {
            let problem = "this is no placeholder; there are {account.login}, {account.name} and {account.domain}, \
                           and a brace as such is written \\7b or \\7d";
            return Err(BadFilter { at: Some(brace), problem });
        };
        parts.push(Part::Literal(text[at..brace].to_owned()));
        parts.push(Part::Account(*field));
        at = brace + name.len();
    }
    parts.push(Part::Literal(text[at..].to_owned()));
    Ok(parts)
}
