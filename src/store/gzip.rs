//! Gzipped files: unpacked in memory, with an end.
//!
//! What a stream unpacks to isn't known beforehand. So it is unpacked twice: once into nothing, to
//! count, and once into exactly that much memory. A stream that unpacks to too much is refused before
//! it takes any.

use super::Parsed;
use super::bytes::{self, Bytes};
use super::limits::{most, size};
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufReader, Read};

/// True for a gzip stream.
pub fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b])
}

/// The first unpacked bytes, to recognise what is inside before unpacking all of it.
pub fn head(packed: &Bytes, length: u64) -> Vec<u8> {
    let mut head = Vec::new();
    // A damaged stream gives what came before the damage; reading all of it will complain.
    let _ = decoder(packed).take(length).read_to_end(&mut head);
    head
}

/// The unpacked content.
///
/// # Errors
/// Where the stream is damaged or unpacks to more than its size justifies.
pub fn unpack(packed: &Bytes) -> Parsed<Vec<u8>> {
    unpack_within(packed, most(packed.len()))
}

fn unpack_within(packed: &Bytes, limit: u64) -> Parsed<Vec<u8>> {
    let mut counted = decoder(packed).take(limit.saturating_add(1));
    let length = io::copy(&mut counted, &mut io::sink())
        .map_err(|e| format!("the gzip stream is damaged or cut off ({e})"))?;
    if length > limit {
        return Err(format!(
            "{} gzipped bytes unpack to more than {}, which their number doesn't justify (unpack the file first)",
            packed.len(),
            size(limit)
        ));
    }
    bytes::collect(decoder(packed), length).map_err(|e| format!("the gzip stream: {e}"))
}

fn decoder(packed: &Bytes) -> impl Read {
    MultiGzDecoder::new(BufReader::with_capacity(1 << 16, packed.whole()))
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
        let stream = packed(&[7; 5000]);
        let bytes = Bytes::in_memory(stream.clone());
        let whole = unpack_within(&bytes, 5000).unwrap();
        assert_eq!(whole, [7; 5000]);
        assert_eq!(whole.capacity(), 5000, "reserved exactly");
        assert!(
            unpack_within(&bytes, 4999)
                .unwrap_err()
                .contains("doesn't justify")
        );
        // Several streams in a row are one.
        let two = Bytes::in_memory([packed(b"ab"), packed(b"cd")].concat());
        assert_eq!(unpack(&two).unwrap(), b"abcd");
        let cut = Bytes::in_memory(stream[..stream.len() - 4].to_vec());
        assert!(unpack(&cut).unwrap_err().contains("damaged or cut off"));
    }
}
