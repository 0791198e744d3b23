//! Small files in, and files out.
//!
//! It knows nothing of what is read or written.

mod output;
mod stream;

use crate::error::{Error, Result};
pub use output::{Output, beside, check_place, replace_file};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
pub use stream::wait_by;

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

/// Whether the file at `path` starts as HDF5 files do.
///
/// # Errors
/// The operating system's refusal.
pub fn is_hdf5(path: &Path, action: &'static str) -> Result<bool> {
    const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";
    let refused = |reason| Error::io(action, path, reason);
    let mut start = Vec::new();
    let file = File::open(path).map_err(refused)?;
    file.take(SIGNATURE.len() as u64)
        .read_to_end(&mut start)
        .map_err(refused)?;
    Ok(start == SIGNATURE)
}
