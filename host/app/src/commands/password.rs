//! Where passwords come from: a hidden prompt, standard input, or the host itself. Never an argument: arguments stand
//! in the process list and in the shell's history.

use std::io::{IsTerminal as _, Read as _};

use clap::Args;
use portcullis_model::{Fault, FaultCode, Password};
use zeroize::Zeroizing;

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

impl Source {
    /// Asks for the passwords, in order.
    pub(super) fn ask(&self, prompts: &[&str]) -> Result<Vec<Password>, Fault> {
        if self.password_stdin {
            return from_stdin(prompts.len());
        }
        if !std::io::stdin().is_terminal() {
            return Err(unusable("there is no terminal to ask on: give the password with --password-stdin"));
        }
        prompts.iter().map(|prompt| ask(prompt)).collect()
    }
}

fn ask(prompt: &str) -> Result<Password, Fault> {
    let typed = rpassword::prompt_password(format!("{prompt}: ")).map_err(unusable)?;
    Password::new(Zeroizing::new(typed)).map_err(unusable)
}

/// Asks for a new password twice, since nobody sees what is typed.
pub(super) fn ask_new(source: &Source) -> Result<Password, Fault> {
    if source.password_stdin {
        return source.ask(&["New password"])?.pop().ok_or_else(|| unusable("standard input is empty"));
    }
    let mut typed = source.ask(&["New password", "Again"])?;
    match (typed.pop(), typed.pop()) {
        (Some(again), Some(new)) if new.matches(again.expose_secret().as_bytes()) => Ok(new),
        _ => Err(unusable("the two passwords are not the same")),
    }
}

fn from_stdin(lines: usize) -> Result<Vec<Password>, Fault> {
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
    split(buffer.get(..filled).unwrap_or_default(), lines)
}

fn split(input: &[u8], lines: usize) -> Result<Vec<Password>, Fault> {
    let input = input.strip_suffix(b"\n").unwrap_or(input);
    let parts: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    if parts.len() != lines {
        let text = format!("{lines} line(s) were expected on standard input, and {} came", parts.len());
        return Err(unusable(text));
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
        assert!(texts(b"one\ntwo\n", 1).unwrap_err().contains("1 line(s) were expected"));
        assert!(texts(b"one\n", 2).unwrap_err().contains("2 line(s) were expected"));
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
