//! Files out, so that a reader sees the old one or the new one, never half of one.
//!
//! Outputs behave as with `cp`: a link is followed to the file it names, a pipe or a device is written
//! to as it is, a folder and a file without leave to write are refused. Whatever a library makes of a
//! refused write, the operating system's own reason is the one that is told.

use super::stream::send;
use crate::error::{Error, Result, shown};
use sha2::{Digest as _, Sha256};
use std::ffi::OsStr;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What a file is called while it is written, with six letters or digits between the two.
const TEMPORARY: [&str; 2] = [".losscope-", ".part"];
/// File systems take no longer names, in bytes.
const LONGEST_NAME: usize = 255;

/// Replaces the file at `path` by what `write` writes: into a temporary file in the same folder
/// first, which takes the name only once it is complete. What was killed before that is cleaned up
/// by the next call for the same folder.
///
/// # Errors
/// Whatever `write` gives, or the operating system's refusal; the old file is then untouched.
pub fn replace_file(path: &Path, write: impl FnOnce(&mut Output) -> Result<()>) -> Result<()> {
    let refused = |source| Error::io("write the file", path, source);
    let (place, permissions) = match target(path)? {
        Target::Stream => {
            let mut whole = filled(path, tempfile::tempfile().map_err(refused)?, write)?;
            let sent = whole.rewind().and_then(|()| send(&mut whole, path));
            return sent.map_err(refused);
        }
        Target::File(place, permissions) => (place, permissions),
    };
    let folder = folder_of(&place);
    check_folder(path, folder)?;
    sweep(folder);
    let temporary = temporary_in(folder).map_err(refused)?;
    // Says to others that it is in use. Where locks aren't known, its age has to.
    temporary.as_file().try_lock().ok();
    let (file, name) = temporary.into_parts();
    let file = filled(path, file, write)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions).ok();
    }
    file.sync_all().map_err(refused)?;
    name.persist(&place).map_err(|e| refused(e.error))
}

/// Says now, before hours of computing, that a file can't be written later.
///
/// # Errors
/// Where it is a folder, has a name that no file can have, or it or its folder isn't writable.
pub fn check_place(path: &Path) -> Result<()> {
    match target(path)? {
        Target::Stream => Ok(()),
        Target::File(place, _) => {
            check_folder(path, folder_of(&place))?;
            temporary_in(folder_of(&place))
                .map(drop)
                .map_err(|source| Error::io("write into the folder of the output", path, source))
        }
    }
}

fn check_folder(path: &Path, folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let message = format!("the folder {} doesn't exist; make it first", shown(folder));
    Err(Error::file(path, message))
}

/// A file beside `path` whose name is `stem` and then `ending`; where that is longer than names may be,
/// the end of `stem` gives way to a few digits that depend on all of it.
pub fn beside(path: &Path, stem: &OsStr, ending: &str) -> PathBuf {
    let mut name = stem.to_owned();
    name.push(ending);
    if name.len() > LONGEST_NAME {
        let digest = Sha256::digest(stem.as_encoded_bytes());
        let digits: String = digest.iter().take(4).map(|b| format!("{b:02x}")).collect();
        let room = LONGEST_NAME.saturating_sub(ending.len() + digits.len() + 1);
        let text = stem.to_string_lossy();
        let kept = &text[..text.floor_char_boundary(room)];
        name = format!("{kept}~{digits}{ending}").into();
    }
    path.with_file_name(name)
}

/// A file being written. It remembers the first refusal of the operating system and takes whatever
/// comes after for nothing, so that no library can hide the reason or print words of its own for it.
#[derive(Debug)]
pub struct Output {
    file: File,
    /// The reason, and where the writer believes to be since.
    failed: Option<(io::Error, u64)>,
}

impl Output {
    fn note(&mut self, error: io::Error) {
        let at = self.file.stream_position().unwrap_or(0);
        self.failed.get_or_insert((error, at));
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed.is_none() {
            match self.file.write(bytes) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => self.note(error),
                done => return done,
            }
        }
        if let Some((_, at)) = &mut self.failed {
            *at += bytes.len() as u64;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Err(error) = self.file.flush() {
            self.note(error);
        }
        Ok(())
    }
}

impl Seek for Output {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let Some((_, at)) = &mut self.failed else {
            return self.file.seek(to);
        };
        *at = match to {
            SeekFrom::Start(place) => place,
            SeekFrom::Current(step) | SeekFrom::End(step) => at.saturating_add_signed(step),
        };
        Ok(*at)
    }
}

/// The file after `write` has had it.
fn filled(path: &Path, file: File, write: impl FnOnce(&mut Output) -> Result<()>) -> Result<File> {
    let mut output = Output { file, failed: None };
    let written = write(&mut output);
    output.flush().ok();
    match output.failed {
        Some((reason, _)) => Err(Error::io("write the file", path, reason)),
        None => written.map(|()| output.file),
    }
}

/// Where bytes for a path go.
enum Target {
    /// The file that is or will be here, and the permissions it has.
    File(PathBuf, Option<Permissions>),
    /// A pipe or a device: there is nothing to replace.
    Stream,
}

fn target(path: &Path) -> Result<Target> {
    let refused = |source| Error::io("write the file", path, source);
    let found = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Target::File(path.to_owned(), None));
        }
        found => found.map_err(refused)?,
    };
    // A link to a pipe or a device, such as /dev/stdout, has no place of its own.
    let leads_to = path.metadata();
    if leads_to.is_ok_and(|to| !to.is_file() && !to.is_dir()) {
        return Ok(Target::Stream);
    }
    let (place, found) = if found.is_symlink() {
        let place = path.canonicalize().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::file(
                path,
                "this link leads to a file that doesn't exist; make the file or remove the link",
            ),
            _ => refused(error),
        })?;
        let found = place.metadata().map_err(refused)?;
        (place, found)
    } else {
        (path.to_owned(), found)
    };
    if found.is_dir() {
        return Err(Error::file(path, "this is a folder; name a file in it"));
    }
    if !found.is_file() {
        return Ok(Target::Stream);
    }
    // Its folder would let it be replaced, but who made it read-only meant it.
    let file = OpenOptions::new().write(true).open(&place);
    file.map_err(refused)?;
    Ok(Target::File(place, Some(found.permissions())))
}

fn folder_of(place: &Path) -> &Path {
    let folder = place.parent().filter(|p| !p.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn temporary_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY[0]).suffix(TEMPORARY[1]);
    // Temporary files are private by default; this one ends as an ordinary file under the umask.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Removes what killed writers left in a folder: temporary files that nobody holds.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_temporary(&entry.file_name()) && !is_in_use(&entry.path()) {
            std::fs::remove_file(entry.path()).ok();
        }
    }
}

fn is_temporary(name: &OsStr) -> bool {
    let inner = name.to_str().and_then(|name| {
        let rest = name.strip_prefix(TEMPORARY[0])?;
        rest.strip_suffix(TEMPORARY[1])
    });
    inner.is_some_and(|inner| inner.len() == 6 && inner.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Whether someone writes this file: the lock says so, from a moment after it was made.
fn is_in_use(path: &Path) -> bool {
    const MOMENT: u64 = 2;
    const DAY: u64 = 24 * 60 * 60;
    let age = |file: &File| {
        file.metadata()?
            .modified()?
            .elapsed()
            .map_err(io::Error::other)
    };
    let Ok(file) = File::open(path) else {
        return true;
    };
    let older = |seconds| age(&file).is_ok_and(|age| age.as_secs() >= seconds);
    match file.try_lock() {
        Ok(()) => !older(MOMENT),
        Err(std::fs::TryLockError::WouldBlock) => true,
        Err(std::fs::TryLockError::Error(_)) => !older(DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(path: &Path, text: &str) -> Result<()> {
        replace_file(path, |file| {
            file.write_all(text.as_bytes())
                .map_err(|e| Error::io("write", path, e))
        })
    }

    #[test]
    fn a_refused_write_keeps_the_old_file_and_the_systems_reason() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        written(&path, "old").unwrap();
        // A library that goes on, seeks, and at last says nothing of use.
        let error = replace_file(&path, |file| {
            file.note(io::ErrorKind::StorageFull.into());
            file.write_all(b"new").unwrap();
            let at = file.stream_position().unwrap();
            assert_eq!(file.seek(SeekFrom::Current(-2)).unwrap(), at - 2);
            Err(Error::Usage("i/o error".into()))
        });
        let message = error.unwrap_err().to_string();
        assert!(message.contains("no storage space"), "{message}");
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    /// The archive's own words would be "i/o error", and more of them on standard error.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_named_through_an_archive() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let error = filled(Path::new("a.npz"), full, |file| {
            let mut archive = zip::ZipWriter::new(file);
            for name in ["x.npy", "y.npy"] {
                let options = zip::write::SimpleFileOptions::default();
                archive.start_file(name, options).unwrap();
                archive.write_all(&vec![7; 100_000]).unwrap();
            }
            archive.finish().unwrap();
            Ok(())
        });
        let message = error.unwrap_err().to_string();
        assert_eq!(
            message,
            "can't write the file: No space left on device (os error 28): a.npz"
        );
    }

    #[test]
    fn what_a_killed_writer_left_is_removed_but_no_file_in_use() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name);
        let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
        let old = |name: &str| {
            let made = File::create(file(name)).unwrap();
            made.set_modified(hour_ago).unwrap();
            made
        };
        for name in [
            ".losscope-abc123.part",
            ".losscope-notes.part",
            ".losscope-abc123",
        ] {
            old(name);
        }
        let used = old(".losscope-xyz789.part");
        used.lock().unwrap();
        written(&file("a.txt"), "new").unwrap();
        let mut names: Vec<_> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                ".losscope-abc123",
                ".losscope-notes.part",
                ".losscope-xyz789.part",
                "a.txt"
            ]
        );
    }

    #[test]
    fn a_name_that_would_be_too_long_is_shortened_and_stays_its_own() {
        let long = |last: &str| format!("{}{last}", "ä".repeat(126));
        let of = |stem: &str| beside(Path::new("d/x"), OsStr::new(stem), ".partial.npz");
        let (a, b) = (of(&long("a.h")), of(&long("b.h")));
        assert_ne!(a, b);
        for path in [&a, &b] {
            let name = path.file_name().unwrap();
            assert!(name.len() <= 255 && path.starts_with("d"), "{path:?}");
            assert!(name.to_str().unwrap().ends_with(".partial.npz"));
        }
        assert_eq!(of("s.png"), Path::new("d/s.png.partial.npz"));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_are_kept() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real.txt"), dir.path().join("link.txt"));
        written(&real, "old").unwrap();
        std::fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        symlink("real.txt", &link).unwrap();
        written(&link, "new").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read(&real).unwrap(), b"new");
        let mode = real.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        let lost = dir.path().join("lost.txt");
        symlink("nowhere.txt", &lost).unwrap();
        let message = written(&lost, "x").unwrap_err().to_string();
        assert!(message.contains("doesn't exist"), "{message}");
        assert!(check_place(&lost).is_err() && !dir.path().join("nowhere.txt").exists());
    }
}
