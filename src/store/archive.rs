//! Members of a zip archive, read where they lie in the file.
//!
//! A reader of its own because every number in the directory is checked against the bytes that are
//! there before anything is allocated for it, and because a member is handed out as a stream: nobody
//! needs to hold it as a whole. It knows no encryption, no split archives, and no compression but
//! deflate. Members that lie over the same bytes are only ever made to fill memories.

use super::Parsed;
use super::bytes::{self, Bytes, Piece};
use super::limits::Allowance;
use flate2::CrcReader;
use flate2::bufread::DeflateDecoder;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufReader, Read, Take};
use std::sync::Arc;

const END_OF_DIRECTORY: &[u8] = b"PK\x05\x06";
const END_OF_DIRECTORY_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL_ENTRY: &[u8] = b"PK\x03\x04";

/// Bytes of the end record before its comment, of the locator and of the 64-bit record.
const END_LENGTH: u64 = 22;
const LOCATOR_LENGTH: u64 = 20;
const END_LENGTH_64: u64 = 56;

/// An archive's directory over its bytes.
#[derive(Debug)]
pub struct Archive {
    bytes: Arc<Bytes>,
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

/// The content of a member as it is unpacked.
pub struct Content<'a> {
    unpacked: CrcReader<Take<Packing<'a>>>,
    size: u64,
    crc: Option<u32>,
}

enum Packing<'a> {
    Stored(Piece<'a>),
    Deflated(DeflateDecoder<BufReader<Piece<'a>>>),
}

impl Archive {
    /// Reads the directory at the end of `bytes`.
    ///
    /// # Errors
    /// Where there is none, it contradicts itself, or members overlap.
    pub fn open(bytes: &Arc<Bytes>) -> Parsed<Self> {
        let end = find_end(bytes).ok_or(
            "the zip archive has no directory at its end: the file is cut off (copy or download it again)",
        )?;
        let place = directory(bytes, end).ok_or("the zip archive's end record is damaged")?;
        let table = bytes.get(place.at, place.length)?;
        let (mut members, mut at) = (Vec::new(), 0);
        for index in 0..place.count {
            let (mut member, next) = entry(&table, at).ok_or_else(|| {
                format!(
                    "entry {index} of {} in the zip directory, at byte {}, is damaged",
                    place.count,
                    place.at + at as u64
                )
            })?;
            member.header_at = member.header_at.saturating_add(place.shift);
            at = next;
            members.push(member);
        }
        check_apart(&members)?;
        let mut by_name = HashMap::new();
        for (index, member) in members.iter().enumerate() {
            by_name.entry(member.name.clone()).or_insert(index);
        }
        Ok(Self {
            bytes: Arc::clone(bytes),
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

    /// Bytes of the whole archive.
    pub fn file_length(&self) -> u64 {
        self.bytes.len()
    }

    /// Bytes of the content of the member called `name`, as the directory declares them.
    ///
    /// # Errors
    /// Where there is no such member.
    pub fn size(&self, name: &str) -> Parsed<u64> {
        self.member(name).map(|member| member.size)
    }

    /// Where the content of an uncompressed member lies in the file; `None` for a compressed one.
    ///
    /// # Errors
    /// Where there is no such member, or it is damaged or encrypted.
    pub fn place(&self, name: &str) -> Parsed<Option<u64>> {
        let member = self.member(name)?;
        let start = self.start(member).map_err(|e| of(member, &e))?;
        Ok((member.method == 0).then_some(start))
    }

    /// A stream of the content of the member called `name`.
    ///
    /// # Errors
    /// Where there is no such member, it is damaged, encrypted or compressed by an unknown method.
    pub fn content(&self, name: &str, sum: Checksum) -> Parsed<Content<'_>> {
        let member = self.member(name)?;
        self.stream(member, sum).map_err(|e| of(member, &e))
    }

    /// The whole content of the member called `name`, borrowed where it is in memory as it is.
    ///
    /// # Errors
    /// As [`Archive::content`], or where `allowance` doesn't cover what it unpacks to.
    pub fn read(&self, name: &str, sum: Checksum, allowance: &Allowance) -> Parsed<Cow<'_, [u8]>> {
        let member = self.member(name)?;
        let read = || {
            let mut content = self.stream(member, sum)?;
            if member.method == 0 && sum == Checksum::Ignore {
                return self.bytes.get(self.start(member)?, member.size);
            }
            if member.method != 0 {
                allowance.check(member.size)?;
            }
            let whole = bytes::collect(&mut content, member.size)
                .map_err(|e| format!("it can't be unpacked: {e}"))?;
            content.finish()?;
            Ok(Cow::Owned(whole))
        };
        read().map_err(|e: String| of(member, &e))
    }

    /// The same bytes, for another reader of them.
    pub fn shared(&self) -> Arc<Bytes> {
        Arc::clone(&self.bytes)
    }

    /// The bytes of the file that the archive lies in.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    fn member(&self, name: &str) -> Parsed<&Member> {
        let index = self.by_name.get(name);
        index
            .and_then(|&index| self.members.get(index))
            .ok_or_else(|| format!("the archive has no member `{name}`"))
    }

    fn stream(&self, member: &Member, sum: Checksum) -> Parsed<Content<'_>> {
        let raw = self.bytes.piece(self.start(member)?, member.stored)?;
        let packing = match member.method {
            0 => Packing::Stored(raw),
            _ => Packing::Deflated(DeflateDecoder::new(BufReader::with_capacity(1 << 15, raw))),
        };
        let checked = sum == Checksum::Check || member.method != 0;
        Ok(Content {
            // One byte more than declared is enough to notice a lie.
            unpacked: CrcReader::new(packing.take(member.size.saturating_add(1))),
            size: member.size,
            crc: checked.then_some(member.crc),
        })
    }

    /// Where the stored bytes of a member start.
    fn start(&self, member: &Member) -> Parsed<u64> {
        if member.encrypted {
            return Err("it is encrypted".into());
        }
        if member.method == 0 && member.stored != member.size {
            return Err(format!(
                "it declares {} bytes but stores {}",
                member.size, member.stored
            ));
        }
        if ![0, 8].contains(&member.method) {
            return Err(format!(
                "it is compressed by method {}, where deflate is known",
                member.method
            ));
        }
        let header = self.bytes.peek(member.header_at, 30);
        let skip = || {
            let fields = [u16_at(&header, 26)?, u16_at(&header, 28)?];
            let plain = header.starts_with(LOCAL_ENTRY);
            plain.then_some(30 + fields.map(u64::from).iter().sum::<u64>())
        };
        let start = skip().map(|skip| member.header_at.saturating_add(skip));
        let lies = |start: &u64| start.saturating_add(member.stored) <= self.bytes.len();
        start.filter(lies).ok_or_else(|| {
            format!(
                "its {} bytes at byte {} don't lie within the file of {} bytes",
                member.stored,
                member.header_at,
                self.bytes.len()
            )
        })
    }
}

/// A complaint about a member names it.
fn of(member: &Member, reason: &str) -> String {
    format!("member `{}`: {reason}", member.name)
}

impl Read for Packing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stored(piece) => piece.read(buffer),
            Self::Deflated(decoder) => decoder.read(buffer),
        }
    }
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.unpacked.read(buffer)
    }
}

impl Content<'_> {
    /// Bytes that it declares to have.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Checks, after all of it was read, that this was all and undamaged.
    ///
    /// # Errors
    /// Where more or fewer bytes were unpacked than declared, or their checksum doesn't match.
    pub fn finish(mut self) -> Parsed<()> {
        let rest = io::copy(&mut self.unpacked, &mut io::sink());
        rest.map_err(|e| format!("it can't be unpacked: {e}"))?;
        // One more was allowed for than declared: what is left of that wasn't there.
        let found = self.size.saturating_add(1) - self.unpacked.get_ref().limit();
        if found != self.size {
            let more = if found > self.size { "more" } else { "fewer" };
            return Err(format!(
                "it declares {} bytes but unpacks to {more}",
                self.size
            ));
        }
        if self.crc.is_some_and(|crc| crc != self.unpacked.crc().sum()) {
            return Err(
                "its checksum doesn't match: the file is damaged (copy or download it again)"
                    .into(),
            );
        }
        Ok(())
    }
}

/// Refuses members that share bytes: a few of them can stand for any amount of content.
fn check_apart(members: &[Member]) -> Parsed<()> {
    let mut order: Vec<&Member> = members.iter().collect();
    order.sort_by_key(|member| member.header_at);
    for pair in order.windows(2) {
        let [a, b] = pair else { continue };
        // Where the local header has further fields, it is longer still.
        let header = 30 + a.name.len() as u64;
        let end = a.header_at.saturating_add(header).saturating_add(a.stored);
        if end > b.header_at {
            return Err(format!(
                "the members `{}` and `{}` of the zip archive lie over the same bytes: it is damaged, or made to fill the memory",
                a.name, b.name
            ));
        }
    }
    Ok(())
}

/// The last position where an end record fits with its comment.
fn find_end(bytes: &Bytes) -> Option<u64> {
    let last = bytes.len().checked_sub(END_LENGTH)?;
    let first = last.saturating_sub(u64::from(u16::MAX));
    let tail = bytes.get(first, bytes.len() - first).ok()?;
    let fits = |at: &usize| {
        let record = tail.get(*at..).unwrap_or_default();
        let comment = u16_at(record, 20).map(usize::from);
        record.starts_with(END_OF_DIRECTORY)
            && comment.is_some_and(|n| END_LENGTH as usize + n <= record.len())
    };
    let at = (0..=tail.len().checked_sub(END_LENGTH as usize)?)
        .rev()
        .find(fits)?;
    Some(first + at as u64)
}

/// True where a file starts as archives do: a first member, none at all, or the mark of an archive that
/// was once meant to be split.
pub fn is_zip(head: &[u8]) -> bool {
    [
        &b"PK\x03\x04"[..],
        b"PK\x05\x06",
        b"PK\x07\x08PK",
        b"PK00PK",
    ]
    .iter()
    .any(|start| head.starts_with(start))
}

/// True where `bytes` end as a zip archive does; other data may stand before it.
pub fn ends_as_archive(bytes: &Bytes) -> bool {
    find_end(bytes)
        .and_then(|end| directory(bytes, end))
        .is_some_and(|place| {
            place.count > 0 && bytes.peek(place.at, 4).starts_with(DIRECTORY_ENTRY)
        })
}

/// Where the directory is.
#[derive(Debug)]
struct Directory {
    count: u64,
    at: u64,
    length: u64,
    /// What stands before the archive, which positions in it don't count.
    shift: u64,
}

/// The directory, from the end record at `end` or its 64-bit twin.
fn directory(bytes: &Bytes, end: u64) -> Option<Directory> {
    let locator = end.checked_sub(LOCATOR_LENGTH);
    let locator = locator.map(|at| bytes.peek(at, LOCATOR_LENGTH));
    let (count, declared, length, stop) =
        if let Some(locator) = locator.filter(|l| l.starts_with(LOCATOR_64)) {
            let places = [
                u64_at(&locator, 8)?,
                end.checked_sub(LOCATOR_LENGTH + END_LENGTH_64)?,
            ];
            let (at, record) = places
                .into_iter()
                .map(|at| (at, bytes.peek(at, END_LENGTH_64)))
                .find(|(_, record)| record.starts_with(END_OF_DIRECTORY_64))?;
            (
                u64_at(&record, 32)?,
                u64_at(&record, 48)?,
                u64_at(&record, 40)?,
                at,
            )
        } else {
            let record = bytes.peek(end, END_LENGTH);
            (
                u16_at(&record, 10)?.into(),
                u32_at(&record, 16)?.into(),
                u32_at(&record, 12)?.into(),
                end,
            )
        };
    // Positions count from the archive's own start, which other data may stand before.
    let stands = |at: u64| count == 0 || bytes.peek(at, 4).starts_with(DIRECTORY_ENTRY);
    let found = stop.checked_sub(length);
    let shift = match found {
        Some(found) if found > declared && !stands(declared) && stands(found) => found - declared,
        _ => 0,
    };
    let at = declared.checked_add(shift)?;
    Some(Directory {
        count,
        at,
        length: stop.checked_sub(at)?,
        shift,
    })
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

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
