//! Gzipped checkpoints: unpacked in memory, with an end.
//!
//! What a stream unpacks to isn't known beforehand, so it is read piece by piece up to what
//! [`super::limits::expansion`] allows for its size.

use super::Parsed;
use super::limits::expansion;
use flate2::read::MultiGzDecoder;
use std::io::Read;

/// True for a gzip stream.
pub fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b])
}

/// The first unpacked bytes, to recognise what is inside before unpacking all of it.
pub fn head(bytes: &[u8], length: u64) -> Vec<u8> {
    let mut head = Vec::new();
    // A damaged stream gives what came before the damage; reading all of it will complain.
    let _ = MultiGzDecoder::new(bytes)
        .take(length)
        .read_to_end(&mut head);
    head
}

/// The unpacked content.
///
/// # Errors
/// Where the stream is damaged or unpacks to more than its size justifies.
pub fn unpack(bytes: &[u8]) -> Parsed<Vec<u8>> {
    unpack_within(bytes, expansion(bytes.len()))
}

fn unpack_within(bytes: &[u8], limit: u64) -> Parsed<Vec<u8>> {
    let mut content = Vec::new();
    let read = MultiGzDecoder::new(bytes)
        .take(limit + 1)
        .read_to_end(&mut content);
    read.map_err(|e| format!("the gzip stream is damaged or cut off ({e})"))?;
    if content.len() as u64 > limit {
        return Err(format!(
            "{} gzipped bytes unpack to more than {} MiB, which their number doesn't justify",
            bytes.len(),
            limit >> 20
        ));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_stream_is_unpacked_up_to_its_limit() {
        let bytes = packed(&[7; 5000]);
        assert_eq!(unpack_within(&bytes, 5000).unwrap(), [7; 5000]);
        assert!(
            unpack_within(&bytes, 4999)
                .unwrap_err()
                .contains("doesn't justify")
        );
        // Several streams in a row are one.
        let two = [packed(b"ab"), packed(b"cd")].concat();
        assert_eq!(unpack(&two).unwrap(), b"abcd");
        let cut = &bytes[..bytes.len() - 4];
        assert!(unpack(cut).unwrap_err().contains("damaged or cut off"));
    }
}
