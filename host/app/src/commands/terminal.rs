//! Questions on the terminal whose answers nobody sees.
//!
//! The terminal is told to show nothing before the first question appears and shows again after the last answer: whoever
//! types at once, or pastes several lines, is not seen either. It is put back whatever happens, an interrupt included.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};

use portcullis_model::Password;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// A terminal that shows nothing of what is typed, until it is dropped.
pub(super) struct Hidden {
    terminal: File,
    before: Termios,
    interrupt: u8,
}

impl Hidden {
    /// The terminal of this process, whatever standard input and output are.
    ///
    /// # Errors
    /// The system's, if there is none.
    pub(super) fn open() -> io::Result<Self> {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let interrupt = before.special_codes[SpecialCodeIndex::VINTR];
        let mut hidden = before.clone();
        hidden.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG;
        // An interrupt ends the line instead of the process, which could not put the terminal back.
        hidden.local_modes |= LocalModes::ICANON;
        hidden.special_codes[SpecialCodeIndex::VEOL] = interrupt;
        tcsetattr(&terminal, OptionalActions::Flush, &hidden)?;
        Ok(Self { terminal, before, interrupt })
    }

    /// Asks, and returns the line without its end.
    ///
    /// # Errors
    /// The system's; `Interrupted` where somebody interrupts, `UnexpectedEof` where somebody ends the input.
    pub(super) fn ask(&mut self, prompt: &str) -> io::Result<Zeroizing<Vec<u8>>> {
        self.terminal.write_all(format!("{prompt}: ").as_bytes())?;
        let line = self.line();
        self.terminal.write_all(b"\n")?;
        line
    }

    fn line(&mut self) -> io::Result<Zeroizing<Vec<u8>>> {
        // One buffer of the final size: a growing one leaves copies behind.
        let mut line = Zeroizing::new(Vec::with_capacity(2 * Password::MAX_BYTES));
        let mut byte = Zeroizing::new([0_u8; 1]);
        loop {
            match self.terminal.read(byte.as_mut())? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ if byte[0] == b'\n' => return Ok(line),
                _ if byte[0] == self.interrupt => return Err(io::ErrorKind::Interrupted.into()),
                // What is longer is no password, and one byte too many says so.
                _ if line.len() <= Password::MAX_BYTES => line.push(byte[0]),
                _ => {}
            }
        }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
