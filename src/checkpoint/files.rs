//! Small files in, and files out.
//!
//! It knows nothing of what is read or written.

mod output;

use crate::error::{Error, Result};
pub use output::{Output, beside, check_place, replace_file};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The text of a small file; `action` says in errors what the caller is about.
///
/// # Errors
/// The operating system's refusal, or that the file is no text.
pub fn read_text(path: &Path, action: &'static str) -> Result<String> {
    std::fs::read_to_string(path).map_err(|reason| Error::io(action, path, reason))
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
