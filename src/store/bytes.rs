//! Bytes at rest: a file on the disk, or what was unpacked from one.
//!
//! Readers ask for the pieces they need, so that a tensor is in memory only while somebody looks at
//! it. Every request is held against the length before anything is allocated for it. It knows no
//! format.

use super::Parsed;
use crate::error::{Error, Result};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Bytes that can be read from any place.
#[derive(Debug)]
pub struct Bytes {
    held: Held,
    length: u64,
}

#[derive(Debug)]
enum Held {
    /// A file has one position, which readers must not share.
    File(Mutex<File>),
    Memory(Vec<u8>),
}

/// A part of some [`Bytes`] from its start to its end.
#[derive(Debug)]
pub struct Piece<'a> {
    of: &'a Bytes,
    at: u64,
    left: u64,
}

impl Bytes {
    /// The regular file at `path`; `action` is what the caller is about, for the operating system's
    /// refusals.
    ///
    /// # Errors
    /// The operating system's refusal, and where it is a folder, a pipe or a device.
    pub fn open(path: &Path, action: &'static str) -> Result<Self> {
        let refused = |source| Error::io(action, path, source);
        // A pipe would keep whoever opens it waiting, so its kind is looked at before.
        let facts = path.metadata().map_err(refused)?;
        if facts.is_dir() {
            return Err(Error::file(
                path,
                "this is a folder; name one of the files in it",
            ));
        }
        if !facts.is_file() {
            return Err(Error::file(path, "this isn't a regular file"));
        }
        let file = File::open(path).map_err(refused)?;
        let length = file.metadata().map_err(refused)?.len();
        Ok(Self::of_file(file, length))
    }

    /// The content of an open file of this length.
    pub fn of_file(file: File, length: u64) -> Self {
        Self {
            held: Held::File(Mutex::new(file)),
            length,
        }
    }

    /// Bytes in memory.
    pub fn in_memory(bytes: Vec<u8>) -> Self {
        Self {
            length: bytes.len() as u64,
            held: Held::Memory(bytes),
        }
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// How many of them take memory.
    pub fn in_use(&self) -> u64 {
        match self.held {
            Held::File(_) => 0,
            Held::Memory(_) => self.length,
        }
    }

    /// A reader of `length` bytes from `start`.
    ///
    /// # Errors
    /// Where they don't lie within the file.
    pub fn piece(&self, start: u64, length: u64) -> Parsed<Piece<'_>> {
        let end = start.checked_add(length);
        if end.is_none_or(|end| end > self.length) {
            return Err(format!(
                "its {length} bytes at byte {start} don't lie within the file of {} bytes",
                self.length
            ));
        }
        Ok(Piece {
            of: self,
            at: start,
            left: length,
        })
    }

    /// A reader of all of it.
    pub fn whole(&self) -> Piece<'_> {
        Piece {
            of: self,
            at: 0,
            left: self.length,
        }
    }

    /// `length` bytes from `start`, borrowed where they are in memory.
    ///
    /// # Errors
    /// Where they don't lie within the file, or can't be read.
    pub fn get(&self, start: u64, length: u64) -> Parsed<Cow<'_, [u8]>> {
        let piece = self.piece(start, length)?;
        if let Held::Memory(bytes) = &self.held {
            // The piece lies within, so both numbers fit.
            let (start, length) = (start as usize, length as usize);
            return Ok(Cow::Borrowed(
                bytes.get(start..start + length).unwrap_or_default(),
            ));
        }
        collect(piece, length).map(Cow::Owned)
    }

    /// Up to `length` bytes from `start`; fewer where the file ends before, or can't be read.
    pub fn peek(&self, start: u64, length: u64) -> Cow<'_, [u8]> {
        let length = length.min(self.length.saturating_sub(start));
        self.get(start, length).unwrap_or_default()
    }

    /// Fills `buffer` from the bytes at `start`.
    ///
    /// # Errors
    /// Where they end before it is full, or the operating system refuses.
    pub fn fill(&self, start: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut piece = Piece {
            of: self,
            at: start,
            left: self.length.saturating_sub(start),
        };
        piece.read_exact(buffer)
    }
}

impl Read for Piece<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        let count = match &self.of.held {
            Held::Memory(bytes) => {
                let from = usize::try_from(self.at).ok();
                let mut rest = from.and_then(|at| bytes.get(at..)).unwrap_or_default();
                rest.read(buffer)?
            }
            Held::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(self.at))?;
                file.read(buffer)?
            }
        };
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

/// Exactly `length` bytes of a reader; they are reserved at once, so that no buffer doubles.
///
/// # Errors
/// Where they end before, can't be read, or don't fit into memory.
pub fn collect(mut reader: impl Read, length: u64) -> Parsed<Vec<u8>> {
    let mut bytes = Vec::new();
    let room = usize::try_from(length).map(|length| bytes.try_reserve_exact(length));
    if !matches!(room, Ok(Ok(()))) {
        return Err(format!("its {length} bytes don't fit into memory"));
    }
    (&mut reader)
        .take(length)
        .read_to_end(&mut bytes)
        .map_err(|e| format!("it can't be read: {e}"))?;
    if bytes.len() as u64 != length {
        return Err(format!(
            "it ends after {} of {length} bytes: it is cut off or damaged",
            bytes.len()
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_and_memory_give_the_same_pieces() {
        let content: Vec<u8> = (0..=255).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        for bytes in [Bytes::of_file(file, 256), Bytes::in_memory(content.clone())] {
            assert_eq!(*bytes.get(3, 5).unwrap(), [3, 4, 5, 6, 7]);
            assert_eq!(*bytes.peek(254, 9), [254, 255]);
            assert!(bytes.peek(300, 9).is_empty());
            // Two readers at once don't disturb each other.
            let (mut a, mut b) = (bytes.piece(0, 2).unwrap(), bytes.piece(9, 1).unwrap());
            let (mut one, mut rest) = ([0], Vec::new());
            a.read_exact(&mut one).unwrap();
            b.read_to_end(&mut rest).unwrap();
            a.read_to_end(&mut rest).unwrap();
            assert_eq!((one, &*rest), ([0], &[9, 1][..]));
            assert!(bytes.get(250, 7).unwrap_err().contains("file of 256 bytes"));
            assert!(bytes.get(u64::MAX, 1).is_err());
        }
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_read_is_an_error() {
        let bytes = Bytes::of_file(tempfile::tempfile().unwrap(), 8);
        assert!(bytes.get(0, 8).unwrap_err().contains("ends after 0 of 8"));
    }
}
