//! Texts that grow line by line while someone may read them, and folders that one program has at a time.
//!
//! A line is there once it ends; what a killed writer left of one is passed over, and overwritten by who goes
//! on. A folder is held by a lock of the operating system on a file in it, which ends with its holder, however
//! that ends.

use super::files::{read_text, stream};
use crate::error::{Error, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The whole lines of the file at `path`; none where there is no file.
///
/// # Errors
/// The operating system's refusal, or that it is no text.
pub fn read(path: &Path) -> Result<Vec<String>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = read_text(path, "read the lines")?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    Ok(whole.lines().map(str::to_owned).collect())
}

/// Replaces the file at `path` by these lines.
///
/// # Errors
/// The operating system's refusal; the old file is then untouched.
pub fn replace(path: &Path, lines: &[String]) -> Result<()> {
    stream(path, "write the lines", |out| {
        lines.iter().try_for_each(|line| writeln!(out, "{line}"))
    })
}

/// A text that grows.
#[derive(Debug)]
pub struct Growing {
    path: PathBuf,
    file: File,
}

impl Growing {
    /// Opens the file at `path`, new or to go on after its last whole line.
    ///
    /// # Errors
    /// The operating system's refusal.
    pub fn open(path: &Path) -> Result<Self> {
        let refused = |source| Error::io("open the file to write on", path, source);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(refused)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(refused)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n');
        let end = whole.map_or(0, |at| at as u64 + 1);
        file.set_len(end).map_err(refused)?;
        file.seek(SeekFrom::Start(end)).map_err(refused)?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// The operating system's refusal.
    pub fn add(&mut self, line: &str) -> Result<()> {
        let written = self.file.write_all(format!("{line}\n").as_bytes());
        let path = &self.path;
        written.map_err(|source| Error::io("write a line", path, source))
    }
}

/// A folder held.
#[derive(Debug)]
pub struct Held {
    _file: File,
}

/// Name of the file that holds a folder.
const LOCK: &str = ".lock";

impl Held {
    /// Makes the folder where it is missing, and holds it.
    ///
    /// # Errors
    /// Where another program holds it, or the operating system refuses.
    pub fn take(folder: &Path) -> Result<Self> {
        let refused = |source| Error::io("write into the folder", folder, source);
        std::fs::create_dir_all(folder).map_err(refused)?;
        let path = folder.join(LOCK);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).ok();
                return Err(Error::file(
                    folder,
                    format!(
                        "another Losscope (process {}) is writing into this folder; wait for it, or name another folder",
                        holder.trim()
                    ),
                ));
            }
            // Some network file systems have no locks: what can't be known is no reason to refuse.
            Err(TryLockError::Error(_)) => {}
        }
        file.set_len(0).map_err(refused)?;
        file.seek(SeekFrom::Start(0)).map_err(refused)?;
        write!(file, "{}", std::process::id()).map_err(refused)?;
        Ok(Self { _file: file })
    }
}

/// Makes a folder and those above it.
///
/// # Errors
/// The operating system's refusal.
pub fn make_folder(folder: &Path) -> Result<()> {
    let made = std::fs::create_dir_all(folder);
    made.map_err(|source| Error::io("make the folder", folder, source))
}

/// The folders in a folder, in the order of their names.
///
/// # Errors
/// The operating system's refusal.
pub fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let refused = |source| Error::io("read the folder", folder, source);
    let entries = std::fs::read_dir(folder).map_err(refused)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut found: Vec<PathBuf> = paths.collect::<std::io::Result<_>>().map_err(refused)?;
    found.retain(|path| path.is_dir());
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_is_passed_over_and_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        std::fs::write(&path, "one\ntwo\nthr").unwrap();
        assert_eq!(read(&path).unwrap(), ["one", "two"]);
        let mut growing = Growing::open(&path).unwrap();
        growing.add("three").unwrap();
        assert_eq!(read(&path).unwrap(), ["one", "two", "three"]);
        assert_eq!(read(&dir.path().join("none")).unwrap(), [""; 0]);
    }

    #[test]
    fn a_folder_is_held_once_until_its_holder_ends() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("run");
        let held = Held::take(&folder).unwrap();
        let message = Held::take(&folder).unwrap_err().to_string();
        let own = std::process::id().to_string();
        assert!(
            message.contains("another Losscope") && message.contains(&own),
            "{message}"
        );
        drop(held);
        Held::take(&folder).unwrap();
    }
}
