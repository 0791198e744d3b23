//! NumPy's `.npz`: a zip archive of arrays, each a `.npy`.
//!
//! Which arrays a result or a data set must have is not its business.

use super::Parsed;
use super::archive::{Archive, Checksum};
use super::array::Array;
use super::bytes::Bytes;
use super::container::{Arrays, Container, Entry};
use super::limits::Allowance;
use super::npy::{self, Header};
use crate::error::{Error, Result};
use std::io::{self, Seek, Write};
use std::path::Path;
use std::sync::Arc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The numeric arrays of the `.npz` at `path`, in the order of the archive; others are left out.
///
/// # Errors
/// Where the file can't be read or isn't an `.npz`, with the array at fault.
pub fn read_arrays(path: &Path) -> Result<Vec<(String, Array)>> {
    let bytes = Arc::new(Bytes::open(path, "read the arrays")?);
    let allowance = Allowance::for_file(bytes.len());
    let read = || container(Archive::open(&bytes)?, Damaged::Refused)?.read_all(allowance);
    read().map_err(|message: String| Error::file(path, message))
}

/// True where an archive holds arrays of NumPy's.
pub(crate) fn is_npz(archive: &Archive) -> bool {
    archive.names().any(|name| name.ends_with(".npy"))
}

/// What an array with a header that can't be read does to those beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damaged {
    /// None of them is listed.
    Refused,
    /// A remark says what is wrong with it, and the others are listed.
    PassedOver,
}

/// The numeric arrays of an archive, by their names without `.npy`.
pub(crate) fn container(archive: Archive, damaged: Damaged) -> Parsed<Container> {
    let (mut entries, mut members, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    for member in archive.names() {
        let Some(name) = member.strip_suffix(".npy") else {
            continue;
        };
        match listed(&archive, member, name) {
            Ok(Listed::Entry(entry)) => {
                members.push(entry.is_readable().then(|| member.to_owned()));
                entries.push(entry);
            }
            Ok(Listed::Other(descr)) => {
                warnings.push(format!("ignored `{name}`: its type {descr} isn't numeric"));
            }
            Err(e) if damaged == Damaged::PassedOver => {
                warnings.push(format!("`{name}` can't be read: {e}"));
            }
            Err(e) => return Err(format!("array `{name}`: {e}")),
        }
    }
    let held = archive.bytes().in_use();
    let arrays = Box::new(Members { archive, members });
    let mut container = Container::new("NumPy npz archive", entries, arrays, held);
    container.warnings = warnings;
    Ok(container)
}

/// What a member holds.
enum Listed {
    Entry(Entry),
    /// Something of a type that isn't numeric.
    Other(String),
}

/// What the header of a member says.
fn listed(archive: &Archive, member: &str, name: &str) -> Parsed<Listed> {
    let mut content = archive.content(member, Checksum::Check)?;
    Ok(match npy::header(&mut content)? {
        Header::Numbers(layout) => {
            layout.check(content.size(), true)?;
            let entry = Entry::new(name.to_owned(), layout.shape.clone(), layout.element)?;
            Listed::Entry(entry.beside(layout.beside()?))
        }
        Header::Listed(shape, dtype) => {
            Listed::Entry(Entry::unreadable(name.to_owned(), shape, dtype))
        }
        Header::Other(descr) => Listed::Other(descr),
    })
}

/// The arrays of an archive by the names of their members, `None` for those that aren't read.
struct Members {
    archive: Archive,
    members: Vec<Option<String>>,
}

impl Arrays for Members {
    fn read(&self, index: usize) -> Parsed<Array> {
        let member = self.members.get(index).and_then(Option::as_ref);
        let member = member.ok_or("it isn't numeric")?;
        let mut content = self.archive.content(member, Checksum::Check)?;
        let layout = npy::header(&mut content)?.numbers()?;
        layout.check(content.size(), true)?;
        let array = layout.read(&mut content)?;
        content.finish()?;
        Ok(array)
    }
}

/// An archive being written; the same arrays always give the same bytes.
pub(crate) struct Writer<W: Write + Seek> {
    zip: ZipWriter<W>,
}

impl<W: Write + Seek> Writer<W> {
    /// An empty archive.
    pub(crate) fn new(out: W) -> Self {
        Self {
            zip: ZipWriter::new(out),
        }
    }

    /// Adds the array called `name`: `bytes` are its row-major numbers of NumPy's type `descr`.
    ///
    /// # Errors
    /// The operating system's refusal.
    pub(crate) fn array(
        &mut self,
        name: &str,
        descr: &str,
        shape: &[usize],
        bytes: &[u8],
    ) -> io::Result<()> {
        // The time of writing would make equal results unequal files.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        self.zip.start_file(format!("{name}.npy"), options)?;
        npy::write(&mut self.zip, descr, shape, bytes)
    }

    /// Writes the directory, which makes the archive whole.
    ///
    /// # Errors
    /// The operating system's refusal.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.zip.finish()?;
        Ok(())
    }
}
