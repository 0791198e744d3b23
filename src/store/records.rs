//! Records one after the other, each with its length and checksums (TensorFlow's `TFRecord`): what TensorBoard's
//! event files are made of.
//!
//! A record is its length (8 bytes, little endian), a checksum of these, its bytes, and a checksum of those: CRC-32C,
//! turned by 15 bits and moved by a constant. A file that is being written may end within a record.

use super::Parsed;
use super::bytes::Bytes;
use std::borrow::Cow;

/// No record of numbers is longer; pictures and graphs that are don't matter.
const LONGEST: u64 = 256 << 20;
/// Bytes before a record's own, and behind them.
const HEAD: u64 = 12;
const TAIL: u64 = 4;

/// Whether a file's name is that of an event file of TensorBoard.
pub fn is_event_file(name: &str) -> bool {
    name.contains(".tfevents.") || name.ends_with(".tfevents")
}

/// Records of a file, in order.
pub struct Records<'a> {
    of: &'a Bytes,
    at: u64,
    number: usize,
    /// Whether the file ends within a record.
    pub cut: bool,
}

impl<'a> Records<'a> {
    /// From the first on.
    pub fn new(of: &'a Bytes) -> Self {
        Self {
            of,
            at: 0,
            number: 0,
            cut: false,
        }
    }

    /// The next record; `None` after the last whole one.
    ///
    /// # Errors
    /// Where a checksum is wrong, or a record is longer than any.
    pub fn next(&mut self) -> Parsed<Option<Cow<'a, [u8]>>> {
        let left = self.of.len() - self.at;
        self.number += 1;
        if left < HEAD {
            self.cut = left > 0;
            return Ok(None);
        }
        let head = self.of.get(self.at, HEAD)?;
        let (length, sum) = head.split_at(8);
        if masked(length) != number(sum) {
            return Err(format!(
                "record {} at byte {} is damaged: the checksum of its length doesn't fit; expected an event file of TensorBoard",
                self.number, self.at
            ));
        }
        let length = length.try_into().map_or(u64::MAX, u64::from_le_bytes);
        if length > LONGEST {
            return Err(format!(
                "record {} at byte {} is {length} bytes long; expected at most {} MiB",
                self.number,
                self.at,
                LONGEST >> 20
            ));
        }
        if left < HEAD + length + TAIL {
            self.cut = true;
            return Ok(None);
        }
        let bytes = self.of.get(self.at + HEAD, length)?;
        let sum = self.of.get(self.at + HEAD + length, TAIL)?;
        if masked(&bytes) != number(&sum) {
            return Err(format!(
                "record {} at byte {} is damaged: the checksum of its {length} bytes doesn't fit; copy the file again",
                self.number, self.at
            ));
        }
        self.at += HEAD + length + TAIL;
        Ok(Some(bytes))
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(0, u32::from_le_bytes)
}

/// CRC-32C by its polynomial, turned round.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0x82f6_3b78
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

/// The checksum of a record as it is stored.
fn masked(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(!0_u32, |crc, byte| {
        (crc >> 8) ^ TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize]
    });
    (!crc).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of these bytes.
    fn record(bytes: &[u8]) -> Vec<u8> {
        let length = (bytes.len() as u64).to_le_bytes();
        let sums = [masked(&length), masked(bytes)].map(u32::to_le_bytes);
        [&length[..], &sums[0], bytes, &sums[1]].concat()
    }

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // RFC 3720, appendix B.4: CRC-32C of 32 zeros is 8a9136aa, of 32 ones 62a8ab43.
        for (byte, crc) in [(0_u8, 0x8a91_36aa_u32), (0xff, 0x62a8_ab43)] {
            let stored = crc.rotate_right(15).wrapping_add(0xa282_ead8);
            assert_eq!(masked(&[byte; 32]), stored);
        }
    }

    #[test]
    fn a_file_that_ends_within_a_record_has_those_before() {
        let mut file = [record(b"one"), record(b"two")].concat();
        file.truncate(file.len() - 2);
        let bytes = Bytes::in_memory(file);
        let mut records = Records::new(&bytes);
        assert_eq!(records.next().unwrap().as_deref(), Some(&b"one"[..]));
        assert_eq!(records.next().unwrap(), None);
        assert!(records.cut);
    }

    #[test]
    fn a_changed_byte_is_found() {
        let whole = [record(b"one"), record(b"two")].concat();
        for at in 0..whole.len() {
            let mut file = whole.clone();
            file[at] ^= 4;
            let bytes = Bytes::in_memory(file);
            let mut records = Records::new(&bytes);
            let mut found = Ok(Some(Cow::default()));
            while matches!(found, Ok(Some(_))) {
                found = records.next();
            }
            assert!(found.is_err(), "byte {at}");
        }
    }
}
