//! Members of a zip archive, as slices of the file wherever they are stored uncompressed.
//!
//! PyTorch aligns its uncompressed members for exactly this use, so weights are never copied before
//! they are decoded. A reader of its own because every number in the directory is checked against the
//! bytes that are there before anything is allocated for it. It knows no encryption, no split archives,
//! and no compression but deflate.

use super::Parsed;
use super::limits::Allowance;
use flate2::read::DeflateDecoder;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;

const END_OF_DIRECTORY: &[u8] = b"PK\x05\x06";
const END_OF_DIRECTORY_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL_ENTRY: &[u8] = b"PK\x03\x04";

/// An archive's directory over its bytes.
#[derive(Debug)]
pub struct Archive<'a> {
    bytes: &'a [u8],
    members: Vec<Member>,
    by_name: HashMap<String, usize>,
}

#[derive(Debug)]
struct Member {
    name: String,
    encrypted: bool,
    method: u16,
    crc: u32,
    stored: u64,
    size: u64,
    header_at: u64,
}

/// Whether an uncompressed member must match its checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// A mismatch is damage.
    Check,
    /// `torch.serialization.set_crc32_options(False)` writes valid files with wrong checksums.
    Ignore,
}

impl<'a> Archive<'a> {
    /// Reads the directory at the end of `bytes`.
    ///
    /// # Errors
    /// Where there is none or it contradicts itself.
    pub fn open(bytes: &'a [u8]) -> Parsed<Self> {
        let end = find_end(bytes).ok_or(
            "the zip archive has no directory at its end: the file is cut off (copy or download it again)",
        )?;
        let (count, mut at) =
            directory(bytes, end).ok_or("the zip archive's end record is damaged")?;
        let mut members = Vec::new();
        let mut by_name = HashMap::new();
        for index in 0..count {
            let (member, next) = entry(bytes, at).ok_or_else(|| {
                format!("entry {index} of {count} in the zip directory, at byte {at}, is damaged")
            })?;
            at = next;
            by_name.entry(member.name.clone()).or_insert(members.len());
            members.push(member);
        }
        Ok(Self {
            bytes,
            members,
            by_name,
        })
    }

    /// Names in the order of the directory.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|m| m.name.as_str())
    }

    /// True where a member is called `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The content of the member called `name`.
    ///
    /// # Errors
    /// Where there is no such member, it is damaged, encrypted or compressed by an unknown method, or
    /// `allowance` doesn't cover what it unpacks to.
    pub fn read(
        &self,
        name: &str,
        sum: Checksum,
        allowance: &mut Allowance,
    ) -> Parsed<Cow<'a, [u8]>> {
        let member = self
            .by_name
            .get(name)
            .and_then(|&index| self.members.get(index));
        let member = member.ok_or_else(|| format!("the archive has no member `{name}`"))?;
        self.content(member, sum, allowance)
            .map_err(|reason| format!("member `{name}`: {reason}"))
    }

    fn content(
        &self,
        member: &Member,
        sum: Checksum,
        allowance: &mut Allowance,
    ) -> Parsed<Cow<'a, [u8]>> {
        if member.encrypted {
            return Err("it is encrypted".into());
        }
        let raw = self.raw(member).ok_or_else(|| {
            format!(
                "its {} bytes at byte {} don't lie within the file of {} bytes",
                member.stored,
                member.header_at,
                self.bytes.len()
            )
        })?;
        let content = match member.method {
            0 if member.stored == member.size => Cow::Borrowed(raw),
            0 => {
                return Err(format!(
                    "it declares {} bytes but stores {}",
                    member.size, member.stored
                ));
            }
            8 => {
                allowance.take(member.size)?;
                Cow::Owned(inflate(raw, member.size)?)
            }
            other => {
                return Err(format!(
                    "it is compressed by method {other}, where deflate is known"
                ));
            }
        };
        let checked = sum == Checksum::Check || member.method != 0;
        if checked && checksum(&content) != member.crc {
            return Err(
                "its checksum doesn't match: the file is damaged (copy or download it again)"
                    .into(),
            );
        }
        Ok(content)
    }

    fn raw(&self, member: &Member) -> Option<&'a [u8]> {
        let at = usize::try_from(member.header_at).ok()?;
        let header = self.bytes.get(at..)?.get(..30)?;
        if !header.starts_with(LOCAL_ENTRY) {
            return None;
        }
        let skip = 30 + usize::from(u16_at(header, 26)?) + usize::from(u16_at(header, 28)?);
        let stored = usize::try_from(member.stored).ok()?;
        self.bytes.get(at.checked_add(skip)?..)?.get(..stored)
    }
}

/// The last position where an end record fits with its comment.
fn find_end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(22)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    (first..=last).rev().find(|&at| {
        let record = bytes.get(at..).unwrap_or_default();
        let comment = u16_at(record, 20).map(usize::from);
        record.starts_with(END_OF_DIRECTORY) && comment.is_some_and(|n| at + 22 + n <= bytes.len())
    })
}

/// Number of entries and position of the first, from the end record at `end` or its 64-bit twin.
fn directory(bytes: &[u8], end: usize) -> Option<(u64, usize)> {
    let locator = end.checked_sub(20).and_then(|at| bytes.get(at..end));
    if let Some(locator) = locator.filter(|l| l.starts_with(LOCATOR_64)) {
        let at = usize::try_from(u64_at(locator, 8)?).ok()?;
        let record = bytes.get(at..)?;
        if !record.starts_with(END_OF_DIRECTORY_64) {
            return None;
        }
        return Some((
            u64_at(record, 32)?,
            usize::try_from(u64_at(record, 48)?).ok()?,
        ));
    }
    let record = bytes.get(end..)?;
    Some((
        u16_at(record, 10)?.into(),
        usize::try_from(u32_at(record, 16)?).ok()?,
    ))
}

/// The directory entry at `at`, and where the next one starts.
fn entry(bytes: &[u8], at: usize) -> Option<(Member, usize)> {
    let record = bytes.get(at..)?;
    if !record.starts_with(DIRECTORY_ENTRY) {
        return None;
    }
    let [name, extra, comment] = [28, 30, 32].map(|field| u16_at(record, field).map(usize::from));
    let (name, extra, comment) = (name?, extra?, comment?);
    let mut member = Member {
        name: String::from_utf8_lossy(record.get(46..46 + name)?).into_owned(),
        encrypted: u16_at(record, 8)? & 1 != 0,
        method: u16_at(record, 10)?,
        crc: u32_at(record, 16)?,
        stored: u32_at(record, 20)?.into(),
        size: u32_at(record, 24)?.into(),
        header_at: u32_at(record, 42)?.into(),
    };
    widen(&mut member, record.get(46 + name..46 + name + extra)?)?;
    Some((member, at + 46 + name + extra + comment))
}

/// Replaces the numbers that didn't fit into 32 bits by those in the 64-bit extra field.
fn widen(member: &mut Member, mut extra: &[u8]) -> Option<()> {
    let saturated = u64::from(u32::MAX);
    while extra.len() >= 4 {
        let length = usize::from(u16_at(extra, 2)?);
        let field = extra.get(4..4 + length)?;
        if u16_at(extra, 0)? == 1 {
            let mut at = 0;
            for number in [&mut member.size, &mut member.stored, &mut member.header_at] {
                if *number == saturated {
                    *number = u64_at(field, at)?;
                    at += 8;
                }
            }
        }
        extra = extra.get(4 + length..)?;
    }
    Some(())
}

fn inflate(raw: &[u8], size: u64) -> Parsed<Vec<u8>> {
    let mut content = Vec::new();
    // One byte more than declared is enough to notice a lie.
    let mut decoder = DeflateDecoder::new(raw).take(size.saturating_add(1));
    decoder
        .read_to_end(&mut content)
        .map_err(|e| format!("it can't be unpacked: {e}"))?;
    if content.len() as u64 != size {
        return Err(format!(
            "it declares {size} bytes but unpacks to {}",
            content.len()
        ));
    }
    Ok(content)
}

fn checksum(content: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    crc.sum()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
