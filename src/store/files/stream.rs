//! Pipes and devices out: written to as they are.
//!
//! A pipe that nobody reads, or whose reader has stopped reading, holds its writer up. How that is waited
//! for, and until when, is the caller's: nothing here knows a clock or a signal.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::OnceLock;

/// How to wait.
static PAUSE: OnceLock<fn() -> bool> = OnceLock::new();

/// From now on who waits for the reader of a pipe calls `pause` again and again, and gives up where it
/// answers `false`. Before that the system waits, and can't be stopped.
pub fn wait_by(pause: fn() -> bool) {
    PAUSE.get_or_init(|| pause);
}

/// Copies a file, from where it stands, into the pipe or device at `path`.
///
/// # Errors
/// The operating system's refusal; [`io::ErrorKind::Interrupted`] where waiting for a reader was given up.
pub fn send(whole: &mut File, path: &Path) -> io::Result<()> {
    let mut stream = open(path)?;
    let mut piece = vec![0; 1 << 16];
    loop {
        let mut left = match whole.read(&mut piece)? {
            0 => return Ok(()),
            length => &piece[..length],
        };
        while !left.is_empty() {
            match stream.write(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => left = &left[taken..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait()?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
    let mut options = OpenOptions::new();
    options.write(true);
    if PAUSE.get().is_some() {
        options.custom_flags(nix::libc::O_NONBLOCK);
    }
    loop {
        match options.open(path) {
            // A pipe without a reader. Sockets say the same, and can't be opened at all.
            Err(error)
                if error.raw_os_error() == Some(nix::libc::ENXIO)
                    && path.metadata()?.file_type().is_fifo() =>
            {
                wait()?;
            }
            opened => return opened,
        }
    }
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

fn wait() -> io::Result<()> {
    if PAUSE.get().is_some_and(|pause| pause()) {
        return Ok(());
    }
    let words = "nobody reads it, and the program was asked to end";
    Err(io::Error::new(io::ErrorKind::Interrupted, words))
}
