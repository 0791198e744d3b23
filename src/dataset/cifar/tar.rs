//! The members of a tar archive, one after the other: only what a download of CIFAR needs.
//!
//! Sizes are held against nothing here; whoever takes a member's content bounds it. Links, long names
//! and sparse files aren't known, since no such archive has them.

use std::io::{self, Read};

/// Bytes of a header, and of the blocks that contents fill.
const BLOCK: u64 = 512;
/// No archive of a data set has more members.
const MOST: usize = 1 << 16;

/// What a member looks like at its start.
pub fn is_header(start: &[u8]) -> bool {
    start.get(257..262) == Some(b"ustar")
}

/// Calls `take` with the name, the size and the content of each regular member.
///
/// # Errors
/// Where a header is damaged or the archive ends within a member, and those of `take`.
pub fn each(
    mut archive: Box<dyn Read>,
    mut take: impl FnMut(&str, u64, &mut dyn Read) -> Result<(), String>,
) -> Result<(), String> {
    for _ in 0..MOST {
        let mut header = [0; BLOCK as usize];
        match archive.read_exact(&mut header) {
            Ok(()) if header.iter().all(|byte| *byte == 0) => return Ok(()),
            Ok(()) => {}
            Err(e) => return Err(format!("the archive is cut off or damaged: {e}")),
        }
        if !is_header(&header) {
            return Err("the archive is damaged: a member has no header".to_owned());
        }
        let (name, size) = (text(&header[..100]), octal(&header[124..136]));
        let size = size.ok_or_else(|| format!("the size of the member {name} isn't a number"))?;
        let mut content = (&mut archive).take(size);
        if matches!(header[156], b'0' | 0) {
            take(&name, size, &mut content)?;
        }
        let rest = content.limit();
        let skip = rest + (BLOCK - size % BLOCK) % BLOCK;
        let skipped = io::copy(&mut (&mut archive).take(skip), &mut io::sink());
        if skipped.map_err(|e| format!("the archive can't be read: {e}"))? != skip {
            return Err(format!("the archive ends within its member {name}"));
        }
    }
    Err(format!("the archive has more than {MOST} members"))
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = text(field);
    u64::from_str_radix(text.trim(), 8)
        .ok()
        .filter(|size| *size < 1 << 40)
}
