//! Small files in, and files out so that a reader sees the old one or the new one, never half of one.
//!
//! It knows nothing of what is read or written.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

/// Replaces the file at `path` by what `write` writes: into a temporary file in the same folder
/// first, which takes the name only once it is complete.
///
/// # Errors
/// Whatever `write` gives, or the operating system's refusal; the old file is then untouched.
pub fn replace_file(path: &Path, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let refused = |source| Error::io("write the file", path, source);
    if !folder.is_dir() {
        let message = format!(
            "the folder {} doesn't exist; make it first",
            folder.display()
        );
        return Err(Error::file(path, message));
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".losscope-");
    // Temporary files are private by default; this one ends as an ordinary file under the umask.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.tempfile_in(folder).map_err(refused)?;
    write(temporary.as_file_mut())?;
    temporary.as_file_mut().flush().map_err(refused)?;
    temporary.as_file().sync_all().map_err(refused)?;
    temporary.persist(path).map_err(|e| refused(e.error))?;
    Ok(())
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
