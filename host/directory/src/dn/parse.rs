//! Reading a name. One pass, byte by byte; the positions in errors are those of the text as it was given.

use super::{BadDn, Dn, fold_into};

/// One attribute of an RDN.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    kind: String,
    value: Value,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    /// In normal form, not escaped.
    Text(String),
    /// The BER of the value, as hexadecimal digits in lower case.
    Hex(String),
}

pub(super) fn parse(text: &str) -> Result<Dn, BadDn> {
    if text.len() > Dn::MAX_BYTES {
        return Err(BadDn::TooLong);
    }
    let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
    reader.skip_spaces();
    if reader.peek().is_none() {
        return Err(BadDn::Empty);
    }
    let mut normal = String::with_capacity(text.len());
    let mut starts = Vec::with_capacity(8);
    loop {
        if starts.len() == Dn::MAX_DEPTH {
            return Err(BadDn::TooDeep);
        }
        let start = u16::try_from(normal.len()).map_err(|_| BadDn::TooLong)?;
        starts.push(start);
        write(&reader.rdn()?, &mut normal);
        if reader.peek().is_none() {
            return Ok(Dn { normal: normal.into(), starts: starts.into() });
        }
        // `rdn` stops at the end or at a comma.
        reader.at += 1;
        normal.push(',');
    }
}

/// The pairs of one RDN that is already in normal form.
pub(super) fn pairs(rdn: &str) -> Vec<(String, Option<String>)> {
    let pairs = Reader { bytes: rdn.as_bytes(), at: 0 }.rdn().unwrap_or_default();
    let text = |value| match value {
        Value::Text(text) => Some(text),
        Value::Hex(_) => None,
    };
    pairs.into_iter().map(|pair| (pair.kind, text(pair.value))).collect()
}

fn write(rdn: &[Pair], normal: &mut String) {
    for (n, pair) in rdn.iter().enumerate() {
        if n > 0 {
            normal.push('+');
        }
        normal.push_str(&pair.kind);
        normal.push('=');
        match &pair.value {
            Value::Hex(digits) => {
                normal.push('#');
                normal.push_str(digits);
            }
            Value::Text(text) => {
                for (at, c) in text.char_indices() {
                    let last = at + c.len_utf8() == text.len();
                    let escaped = match c {
                        '"' | '+' | ',' | ';' | '<' | '>' | '\\' => true,
                        '#' => at == 0,
                        ' ' => at == 0 || last,
                        _ => false,
                    };
                    if escaped {
                        normal.push('\\');
                    }
                    normal.push(c);
                }
            }
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &[u8] {
        let start = self.at;
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
        &self.bytes[start..self.at]
    }

    /// One RDN, sorted; stops at a comma or at the end.
    fn rdn(&mut self) -> Result<Vec<Pair>, BadDn> {
        let start = self.at;
        let mut pairs: Vec<Pair> = Vec::with_capacity(1);
        loop {
            let kind = self.kind()?;
            let value = self.value()?;
            if pairs.iter().any(|pair| pair.kind == kind) {
                return Err(BadDn::TypeTwice(start));
            }
            pairs.push(Pair { kind, value });
            if self.peek() != Some(b'+') {
                pairs.sort();
                return Ok(pairs);
            }
            self.at += 1;
        }
    }

    /// A keystring or a numericoid (RFC 4512 section 1.4), and the `=`.
    fn kind(&mut self) -> Result<String, BadDn> {
        self.skip_spaces();
        let start = self.at;
        let kind = self.take_while(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
        let mut kind = String::from_utf8(kind.to_vec()).map_err(|_| BadDn::Type(start))?;
        let is_keystring = kind.starts_with(|c: char| c.is_ascii_alphabetic()) && !kind.contains('.');
        let number = |arc: &str| {
            let digits = !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit());
            digits && (arc == "0" || !arc.starts_with('0'))
        };
        let is_oid = kind.contains('.') && kind.split('.').all(number);
        if !is_keystring && !is_oid {
            return Err(BadDn::Type(start));
        }
        self.skip_spaces();
        if self.peek() != Some(b'=') {
            return Err(BadDn::Type(start));
        }
        self.at += 1;
        self.skip_spaces();
        kind.make_ascii_lowercase();
        Ok(kind)
    }

    fn value(&mut self) -> Result<Value, BadDn> {
        let start = self.at;
        if self.peek() == Some(b'#') { self.hex(start).map(Value::Hex) } else { self.text(start).map(Value::Text) }
    }

    fn hex(&mut self, start: usize) -> Result<String, BadDn> {
        self.at += 1;
        let mut digits = String::from_utf8_lossy(self.take_while(|b| b.is_ascii_hexdigit())).into_owned();
        self.skip_spaces();
        let ended = matches!(self.peek(), None | Some(b',' | b'+'));
        if !ended || digits.is_empty() || !digits.len().is_multiple_of(2) {
            return Err(BadDn::Hex(start));
        }
        digits.make_ascii_lowercase();
        Ok(digits)
    }

    fn text(&mut self, start: usize) -> Result<String, BadDn> {
        let mut bytes = Vec::new();
        // Spaces at the end that are not escaped belong to the separator after them.
        let mut kept = 0;
        while let Some(byte) = self.peek() {
            let here = self.at;
            match byte {
                b',' | b'+' => break,
                b'"' | b';' | b'<' | b'>' => return Err(BadDn::Unescaped(here)),
                0..=0x1f | 0x7f => return Err(BadDn::ControlCharacter(here)),
                b'\\' => {
                    bytes.push(self.escape(here)?);
                    kept = bytes.len();
                }
                _ => {
                    bytes.push(byte);
                    self.at += 1;
                    if byte != b' ' {
                        kept = bytes.len();
                    }
                }
            }
        }
        bytes.truncate(kept);
        let text = str::from_utf8(&bytes).map_err(|_| BadDn::NotText(start))?;
        if text.chars().any(char::is_control) {
            return Err(BadDn::ControlCharacter(start));
        }
        if text.bytes().all(|b| b == b' ') {
            return Err(BadDn::NoValue(start));
        }
        let mut folded = String::with_capacity(text.len());
        fold_into(text, &mut folded);
        Ok(folded)
    }

    fn escape(&mut self, here: usize) -> Result<u8, BadDn> {
        let digit = |b: Option<&u8>| b.and_then(|&b| char::from(b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        let first = self.bytes.get(here + 1);
        if let Some(&b @ (b'"' | b'+' | b',' | b';' | b'<' | b'>' | b' ' | b'#' | b'=' | b'\\')) = first {
            self.at = here + 2;
            return Ok(b);
        }
        match (digit(first), digit(self.bytes.get(here + 2))) {
            (Some(high), Some(low)) => {
                self.at = here + 3;
                Ok(high << 4 | low)
            }
            _ => Err(BadDn::Escape(here)),
        }
    }
}
