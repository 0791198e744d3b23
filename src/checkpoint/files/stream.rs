//! Pipes and devices out: written to as they are.
//!
//! A pipe that nobody reads, or whose reader has stopped reading, holds its writer up. That is waited
//! for, as `cp` does, until the program is asked to end: then waiting is given up and is an error, so
//! that what was to be written can be kept elsewhere. It knows no signals: who hears of them says so.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Whether the program was asked to end.
static GIVEN_UP: AtomicBool = AtomicBool::new(false);
/// Time between two looks whether someone reads.
const PAUSE: Duration = Duration::from_millis(20);

/// From now on nothing waits for the reader of a pipe.
pub fn stop_waiting() {
    GIVEN_UP.store(true, Ordering::SeqCst);
}

/// Copies a file, from where it stands, into the pipe or device at `path`.
///
/// # Errors
/// The operating system's refusal; [`io::ErrorKind::Interrupted`] where nobody reads and the program was
/// asked to end.
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
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => pause()?,
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
    options.write(true).custom_flags(nix::libc::O_NONBLOCK);
    loop {
        match options.open(path) {
            // A pipe without a reader. Sockets say the same, and never have one.
            Err(error)
                if error.raw_os_error() == Some(nix::libc::ENXIO)
                    && path.metadata()?.file_type().is_fifo() =>
            {
                pause()?;
            }
            opened => return opened,
        }
    }
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

fn pause() -> io::Result<()> {
    if GIVEN_UP.load(Ordering::SeqCst) {
        let words = "nobody reads it, and the program was asked to end";
        return Err(io::Error::new(io::ErrorKind::Interrupted, words));
    }
    std::thread::sleep(PAUSE);
    Ok(())
}
