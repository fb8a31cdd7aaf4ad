//! Which servers: a pattern for the URLs of a connector's file.

use std::fmt;
use std::net::Ipv6Addr;

use url::Url;

use crate::config::Pattern;

/// A server, or all whose names have one form. `*` stands for any characters of a host's name, dots included.
///
/// Without a port it means the protocol's own (636 and 389), with `:*` any. The path of a local socket is literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerPattern {
    written: String,
    scheme: String,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Host(Pattern, Port),
    Socket(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Port {
    Any,
    Number(u16),
}

impl ServerPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or("has no scheme")?;
        let scheme = scheme.to_ascii_lowercase();
        let place = match scheme.as_str() {
            "ldapi" => Place::Socket(socket(rest).ok_or("does not name a socket by its absolute path")?),
            "ldap" | "ldaps" => host(rest, standard_port(&scheme))?,
            _ => return Err("is not reached by ldaps, ldap or ldapi"),
        };
        Ok(Self { written: text.to_owned(), scheme, place })
    }

    /// Whether a connector's URL is one of these servers. A text that is no URL is none.
    #[must_use]
    pub fn matches(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        if url.scheme() != self.scheme || !matches!(url.path(), "" | "/") {
            return false;
        }
        match (&self.place, url.host()) {
            (Place::Socket(path), Some(host)) => {
                url.port().is_none() && socket(&host.to_string()).is_some_and(|other| other == *path)
            }
            (Place::Host(pattern, port), Some(host)) => {
                let number = url.port().unwrap_or(standard_port(&self.scheme));
                let host = match host {
                    url::Host::Ipv6(address) => address.to_string(),
                    other => other.to_string(),
                };
                pattern.matches(&host) && (*port == Port::Any || *port == Port::Number(number))
            }
            (_, None) => false,
        }
    }
}

impl fmt::Display for ServerPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

fn standard_port(scheme: &str) -> u16 {
    if scheme == "ldaps" { 636 } else { 389 }
}

fn host(text: &str, standard: u16) -> Result<Place, &'static str> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']').ok_or("begins an address with `[` and does not end it")?;
            let address: Ipv6Addr = address.parse().map_err(|_| "holds no IPv6 address between `[` and `]`")?;
            (address.to_string(), rest.strip_prefix(':').or(rest.is_empty().then_some("")))
        }
        None => {
            let (host, port) = text.split_once(':').map_or((text, ""), |(host, port)| (host, port));
            let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._*".contains(&b);
            if host.is_empty() || !host.bytes().all(fits) {
                return Err("names no host, or more than a host and a port");
            }
            (host.to_owned(), Some(port))
        }
    };
    let port = match port.ok_or("has something else than a port after the host")? {
        "" if text.ends_with(':') => return Err("has no port after the colon"),
        "" => Port::Number(standard),
        "*" => Port::Any,
        digits => digits.parse().map(Port::Number).map_err(|_| "has a port that is no number")?,
    };
    Pattern::new(&host).map(|host| Place::Host(host, port)).ok_or("names no host")
}

/// The path of a socket (RFC 3986 section 2.1 in the place of a host), if it is absolute.
fn socket(host: &str) -> Option<String> {
    let mut path = Vec::new();
    let mut bytes = host.bytes();
    while let Some(byte) = bytes.next() {
        path.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                u8::try_from(digit(bytes.next())? * 16 + digit(bytes.next())?).ok()?
            }
            b'/' | b'*' => return None,
            other => other,
        });
    }
    String::from_utf8(path).ok().filter(|path| path.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, url: &str) -> bool {
        ServerPattern::parse(pattern).unwrap().matches(url)
    }

    #[test]
    fn other_servers_are_refused() {
        for url in [
            "ldaps://dc1.corp.example.evil.example",
            "ldaps://corp.example",
            "ldap://dc1.corp.example",
            "ldapi://dc1.corp.example",
            "ldaps://dc1.corp.example:389",
            "ldaps://evil.example/.corp.example",
            "ldaps://evil.example#.corp.example",
            "ldaps://evil.example?.corp.example",
            "ldaps://evil.example%23.corp.example/x",
            "ldaps://[::1]",
            "dc1.corp.example",
            "",
        ] {
            assert!(!matches("ldaps://*.corp.example", url), "{url}");
        }
        assert!(!matches("ldaps://dc1", "ldaps://user@dc2"));
        assert!(!matches("ldapi://%2Frun%2Fslapd", "ldapi://%2Frun%2Fslapd2"));
        assert!(!matches("ldapi://%2Frun%2Fslapd", "ldapi://%2FRUN%2Fslapd"));
        assert!(!matches("ldapi://%2Frun%2Fslapd", "ldapi://%2Frun%2F..%2Frun%2Fslapd"));
        assert!(!matches("ldap://*", "ldap://host:3389"));
    }

    #[test]
    fn the_servers_that_are_meant() {
        assert!(matches("ldaps://*.corp.example", "LDAPS://DC1.corp.example"));
        assert!(matches("ldaps://*.corp.example", "ldaps://dc1.corp.example:636/"));
        assert!(matches("ldap://host:3389", "ldap://HOST:3389") && matches("ldap://*:*", "ldap://host:3389"));
        assert!(matches("ldaps://[0:0::1]", "ldaps://[::1]:636"));
        assert!(matches("ldapi://%2frun%2Fslapd", "ldapi://%2Frun%2fsl%61pd"));
    }

    #[test]
    fn what_is_no_pattern_for_servers() {
        for text in [
            "",
            "*",
            "dc1",
            "https://x",
            "ldap://",
            "ldap://a b",
            "ldap://u@h",
            "ldap://h:",
            "ldap://h:x",
            "ldap://h:1:2",
            "ldap://h/x",
            "ldap://[::1",
            "ldap://[x]",
            "ldap://[::1]x",
            "ldapi://run",
            "ldapi:///run",
            "ldapi://%2F*",
            "ldapi://%2",
            "ldap://h:99999",
            "ldap://h%41",
        ] {
            assert!(ServerPattern::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_literal_pattern_means_its_own_host_alone(one in "[a-z]{1,3}(\\.[a-z]{1,3}){0,2}", other in "[a-z.:/@#?%*-]{1,8}") {
            let url = format!("ldaps://{other}");
            let same = Url::parse(&url).ok().and_then(|url| url.host_str().map(|host| host == one)).unwrap_or(false);
            let met = matches(&format!("ldaps://{one}"), &url);
            prop_assert!(!met || same, "{url} is not {one}");
        }
    }
}
