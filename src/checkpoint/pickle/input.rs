//! The bytes of a pickle and the place reached in them.
//!
//! Lengths are held against the bytes that are left before anything is taken.

use super::graph::Step;

/// A pickle's bytes, read from front to back.
#[derive(Debug)]
pub struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    /// At the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes have been read.
    pub fn at(&self) -> usize {
        self.at
    }

    fn take(&mut self, count: usize) -> Step<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..count).ok_or_else(|| {
            format!(
                "{count} bytes expected, {} left: the file is cut off or damaged",
                rest.len()
            )
        })?;
        self.at += count;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub fn fixed<const N: usize>(&mut self) -> Step<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| "too few bytes".into())
    }

    /// The bytes after a length whose width the opcode tells.
    pub fn counted(&mut self, opcode: u8) -> Step<&'a [u8]> {
        let length = match opcode {
            b'U' | b'C' | 0x8a | 0x8c => u64::from(self.fixed::<1>()?[0]),
            0x8d | 0x8e | 0x96 => u64::from_le_bytes(self.fixed()?),
            _ => u64::from(u32::from_le_bytes(self.fixed()?)),
        };
        self.take(usize::try_from(length).map_err(|_| format!("a length of {length} bytes"))?)
    }

    /// Text up to the next line end, which is not part of it.
    pub fn line(&mut self) -> Step<&'a str> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|&b| b == b'\n')
            .ok_or("a name without an end")?;
        let line = self.take(end)?;
        self.at += 1;
        std::str::from_utf8(line).map_err(|_| "a name that isn't UTF-8".into())
    }
}

/// A little-endian two's complement number of up to eight bytes.
pub fn int_from_le(digits: &[u8]) -> Option<i64> {
    let fill = if digits.last().is_some_and(|b| b & 0x80 != 0) {
        0xff
    } else {
        0
    };
    let mut word = [fill; 8];
    word.get_mut(..digits.len())?.copy_from_slice(digits);
    Some(i64::from_le_bytes(word))
}
