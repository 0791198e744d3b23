//! Writing files so that a reader sees the old one or the new one, never half of one.
//!
//! It knows nothing of what is written.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::Write;
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
