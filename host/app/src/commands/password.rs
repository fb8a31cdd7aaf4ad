//! Where passwords come from: a hidden prompt, standard input, or the host itself. Never an argument: arguments stand
//! in the process list and in the shell's history.

use std::io::{ErrorKind, IsTerminal as _, Read as _};

use clap::Args;
use portcullis_model::{Fault, FaultCode, Password};
use zeroize::Zeroizing;

use super::terminal::Hidden;

/// Where the password of a command comes from.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// Read the password from standard input, one line each: the old one first where there are two.
    #[arg(long)]
    pub(super) password_stdin: bool,
}

/// More than any password and its line break; what is longer is read no further.
const MOST: usize = 8 * Password::MAX_BYTES;

fn unusable(why: impl std::fmt::Display) -> Fault {
    Fault::new(FaultCode::PasswordUnusable, why.to_string())
}

fn missing(why: impl Into<String>) -> Fault {
    Fault::new(FaultCode::PasswordMissing, why)
}

impl Source {
    /// A password that is to be set.
    pub(super) fn new_password(&self) -> Result<Password, Fault> {
        if self.password_stdin {
            return from_stdin().map(|[new]| new);
        }
        let [new, again] = from_terminal(["New password", "Again"])?;
        same(new, &again)
    }

    /// The password that an account has, and one that is to be set.
    pub(super) fn old_and_new(&self) -> Result<(Password, Password), Fault> {
        if self.password_stdin {
            return from_stdin().map(|[old, new]| (old, new));
        }
        let [old, new, again] = from_terminal(["Old password", "New password", "Again"])?;
        Ok((old, same(new, &again)?))
    }

    /// A password that is to be tried.
    pub(super) fn candidate(&self) -> Result<Password, Fault> {
        let [candidate] = if self.password_stdin { from_stdin()? } else { from_terminal(["Password"])? };
        Ok(candidate)
    }
}

/// Nobody sees what is typed, so a new password is typed twice.
fn same(new: Password, again: &Password) -> Result<Password, Fault> {
    if new.matches(again.expose_secret().as_bytes()) {
        return Ok(new);
    }
    let text = "what was typed again differs from what was typed first";
    Err(Fault::new(FaultCode::PasswordMistyped, text))
}

fn from_terminal<const N: usize>(prompts: [&str; N]) -> Result<[Password; N], Fault> {
    if !std::io::stdin().is_terminal() {
        return Err(missing("standard input is no terminal, so nobody can be asked"));
    }
    let mut terminal = Hidden::open().map_err(|error| missing(format!("there is no terminal to ask on: {error}")))?;
    let mut passwords = Vec::with_capacity(N);
    for prompt in prompts {
        let line = terminal.ask(prompt).map_err(|error| match error.kind() {
            ErrorKind::Interrupted => missing("interrupted"),
            ErrorKind::UnexpectedEof => missing("the input ended"),
            _ => missing(format!("the terminal cannot be read: {error}")),
        })?;
        passwords.push(Password::from_bytes(&line).map_err(unusable)?);
    }
    exactly(passwords)
}

fn exactly<const N: usize>(passwords: Vec<Password>) -> Result<[Password; N], Fault> {
    passwords.try_into().map_err(|_| missing("there are too few"))
}

fn from_stdin<const N: usize>() -> Result<[Password; N], Fault> {
    // One buffer of the final size: a growing one leaves copies behind.
    let mut buffer = Zeroizing::new(vec![0_u8; MOST]);
    let mut filled = 0;
    let mut stdin = std::io::stdin().lock();
    while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
        match stdin.read(free).map_err(unusable)? {
            0 => break,
            read => filled += read,
        }
    }
    exactly(split(buffer.get(..filled).unwrap_or_default(), N)?)
}

fn split(input: &[u8], lines: usize) -> Result<Vec<Password>, Fault> {
    let input = input.strip_suffix(b"\n").unwrap_or(input);
    let parts: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    if parts.len() != lines {
        let expected = if lines == 1 { "one line was".to_owned() } else { format!("{lines} lines were") };
        let text = format!("{expected} expected on standard input, and {} came", parts.len());
        return Err(if parts.len() < lines { missing(text) } else { unusable(text) });
    }
    parts
        .into_iter()
        .map(|line| Password::from_bytes(line.strip_suffix(b"\r").unwrap_or(line)).map_err(unusable))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(input: &[u8], lines: usize) -> Result<Vec<String>, String> {
        split(input, lines)
            .map(|all| all.iter().map(|p| p.expose_secret().to_owned()).collect())
            .map_err(|fault| fault.detail)
    }

    #[test]
    fn wrong_input_is_refused_with_a_reason() {
        assert!(texts(b"", 1).unwrap_err().contains("empty"));
        assert!(texts(b"one\ntwo\n", 1).unwrap_err().contains("one line was expected on standard input, and 2 came"));
        assert!(texts(b"one\n", 2).unwrap_err().contains("2 lines were expected on standard input, and 1 came"));
        assert!(texts(&[0xff], 1).unwrap_err().contains("UTF-8"));
        assert!(texts(b"a\0b", 1).unwrap_err().contains("control character"));
        assert!(texts(&[b'x'; 5000], 1).unwrap_err().contains("longer"));
    }

    #[test]
    fn lines_are_passwords_without_their_ends() {
        assert_eq!(texts(b"old\nnew\n", 2).unwrap(), ["old", "new"]);
        assert_eq!(texts(b" spaces stay \r\n", 1).unwrap(), [" spaces stay "]);
    }
}
