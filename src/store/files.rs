//! Small files in, and files out.
//!
//! It knows nothing of what is read or written.

mod output;
mod stream;

use crate::error::{Error, Result};
pub use output::{Output, beside, check_place, replace_file};
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::Path;
pub use stream::wait_by;

/// Refuses a pipe or a device, which would keep whoever opens it waiting or has no end; a folder is refused
/// by whoever reads it.
///
/// # Errors
/// That, and the operating system's refusal.
pub fn regular(path: &Path, action: &'static str) -> Result<()> {
    let facts = path.metadata();
    let facts = facts.map_err(|source| Error::io(action, path, source))?;
    if facts.is_file() || facts.is_dir() {
        return Ok(());
    }
    Err(Error::file(path, "this isn't a regular file"))
}

/// The text of a small file; `action` says in errors what the caller is about.
///
/// # Errors
/// The operating system's refusal, that the file is no text, or that it is far too long for one.
pub fn read_text(path: &Path, action: &'static str) -> Result<String> {
    const LONGEST: u64 = 64 << 20;
    let refused = |reason| Error::io(action, path, reason);
    let mut text = String::new();
    let file = File::open(path).map_err(refused)?;
    let length = file.take(LONGEST + 1).read_to_string(&mut text);
    if length.map_err(refused)? as u64 > LONGEST {
        let message = format!("can't {action}: it is longer than {} MiB", LONGEST >> 20);
        return Err(Error::file(path, message));
    }
    Ok(text)
}

/// Replaces the file at `path` by what `write` gives to a buffer; `action` says in errors what the
/// caller is about.
///
/// # Errors
/// Where the folder is missing or not writable, or the disk is full; the old file is then untouched.
pub fn stream(
    path: &Path,
    action: &'static str,
    write: impl FnOnce(&mut BufWriter<&mut Output>) -> io::Result<()>,
) -> Result<()> {
    replace_file(path, |file| {
        let mut out = BufWriter::new(file);
        write(&mut out)
            .and_then(|()| out.flush())
            .map_err(|source| Error::io(action, path, source))
    })
}

/// Replaces the file at `path` by these bytes, as [`fn@stream`].
///
/// # Errors
/// As [`fn@stream`].
pub fn write(path: &Path, action: &'static str, bytes: &[u8]) -> Result<()> {
    stream(path, action, |out| out.write_all(bytes))
}
