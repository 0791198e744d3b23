//! A file read from front to back, through gzip where its content asks for it.
//!
//! Sizes in a header are only a claim. An [`Input`] carries the largest number of bytes that can come
//! out of it, so that a claim beyond it is refused before memory is asked for. Nothing here knows what
//! the bytes mean.

use super::gzip::is_gzip;
use super::safetensors::is_safetensors;
use crate::error::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, Read, Seek as _};
use std::path::Path;

/// Deflate can't expand its input by more than this factor (a property of the format: 258 bytes for
/// two bits at best).
pub const DEFLATE_RATIO: u64 = 1032;

/// An open file, decompressed where its first bytes say gzip.
pub struct Input {
    /// The content.
    pub reader: Box<dyn Read>,
    /// No more bytes than this can come out of `reader`.
    pub limit: u64,
    /// True where the limit is the exact length; false for a gzip stream.
    pub exact: bool,
    /// Bytes of the file itself, which the memory for its content is measured by.
    pub stored: u64,
}

impl Input {
    /// Opens the file at `path` for reading from its start; `action` is what the caller is about.
    ///
    /// # Errors
    /// The operating system's refusal, and anything but a regular file, which may have no end.
    pub fn open(path: &Path, action: &'static str) -> Result<Self> {
        let refused = |e| Error::io(action, path, e);
        let facts = path.metadata().map_err(refused)?;
        if !facts.is_file() {
            return Err(Error::file(path, "this isn't a regular file"));
        }
        let stored = facts.len();
        let mut file = File::open(path).map_err(refused)?;
        let mut start = Vec::with_capacity(16);
        (&mut file)
            .take(16)
            .read_to_end(&mut start)
            .map_err(refused)?;
        file.rewind().map_err(refused)?;
        let reader = BufReader::new(file);
        // The first bytes of safetensors are a number, which may look like any other format's.
        let packed = is_gzip(&start) && !is_safetensors(&start);
        Ok(Self {
            reader: if packed {
                Box::new(MultiGzDecoder::new(reader))
            } else {
                Box::new(reader)
            },
            limit: if packed {
                stored.saturating_mul(DEFLATE_RATIO)
            } else {
                stored
            },
            exact: !packed,
            stored,
        })
    }
}
