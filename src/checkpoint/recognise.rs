//! Which format a file has, from its first bytes.
//!
//! Suffixes lie (`.pth.tar` is no tar, `.bin` is anything), so they are never looked at. Formats that
//! are known but unsupported are named, with what to do instead.
//!
//! A safetensors file starts with a number, so its first bytes can be those of any other format; the
//! eight that tell it apart are looked at before anything else.

use super::torch;
use crate::store::archive::{ends_as_archive, is_zip};
use crate::store::bytes::Bytes;
use crate::store::gzip::is_gzip;
use crate::store::hdf5::{is_hdf5, is_hdf5_after_block};
use crate::store::safetensors::is_safetensors;
use crate::store::{Parsed, npy};

/// How many bytes from the start are enough.
pub const HEAD: usize = 4096;

/// A supported format, before what is inside is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Any of the others, gzipped.
    Gzip,
    /// A zip archive: PyTorch or NumPy.
    Zip,
    /// PyTorch before zip archives.
    TorchLegacy,
    /// PyTorch in 2016.
    TorchTar,
    /// One safetensors file.
    Safetensors,
    /// The JSON index of several files.
    ShardIndex,
    /// burn's own format.
    Burnpack,
    /// HDF5.
    Hdf5,
    /// ONNX.
    Onnx,
}

const BURNPACK: &[u8] = &burn_pack::MAGIC_NUMBER.to_le_bytes();
/// UTF-8's mark, which some editors put before text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The format of the whole content of a file.
///
/// # Errors
/// As [`format()`].
pub fn of(bytes: &Bytes) -> Parsed<Format> {
    let head = bytes.peek(0, HEAD as u64);
    let told = format(&head);
    // Text that looks like an index may be the user's own, before something else.
    if !matches!(told, Err(_) | Ok(Format::ShardIndex)) {
        return told;
    }
    if is_hdf5_after_block(bytes, HEAD as u64) {
        return Ok(Format::Hdf5);
    }
    // Whatever stands before an archive, its directory stands at the end.
    if ends_as_archive(bytes) {
        return Ok(Format::Zip);
    }
    told
}

/// The format of a file that starts with `bytes`.
///
/// # Errors
/// Says what the file seems to be instead.
pub fn format(bytes: &[u8]) -> Parsed<Format> {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let json = text(head).starts_with(b"{");
    Ok(match head {
        [] => return Err("the file is empty".into()),
        _ if is_safetensors(head) => Format::Safetensors,
        _ if is_gzip(head) => Format::Gzip,
        _ if is_zip(head) => Format::Zip,
        _ if torch::legacy_start(head).is_some() => Format::TorchLegacy,
        _ if torch::is_tar(head) => Format::TorchTar,
        _ if head.starts_with(BURNPACK) => Format::Burnpack,
        _ if is_hdf5(head) => Format::Hdf5,
        _ if is_onnx(head) => Format::Onnx,
        // The length is absurd; its reader says so.
        _ if head.get(8) == Some(&b'{') && !json => Format::Safetensors,
        // The table may stand behind long metadata; its reader complains where there is none.
        _ if json && (head.len() == HEAD || contains(head, b"\"weight_map\"")) => {
            Format::ShardIndex
        }
        _ => return Err(unsupported(head)),
    })
}

/// Text without what may stand before it.
pub fn text(head: &[u8]) -> &[u8] {
    head.strip_prefix(BYTE_ORDER_MARK)
        .unwrap_or(head)
        .trim_ascii_start()
}

fn unsupported(head: &[u8]) -> String {
    let known = "expected PyTorch, safetensors, burnpack, npz, HDF5 or ONNX";
    let hints: [(&[u8], &str); 6] = [
        (
            npy::MAGIC,
            "this is a single array without a name; save all of them with `numpy.savez`",
        ),
        (
            b"version https://git-lfs",
            "this only points to the file in Git LFS; fetch it with `git lfs pull`",
        ),
        (
            b"GGUF",
            "GGUF holds quantised weights, which aren't supported; use the safetensors they came from",
        ),
        (b"BZh", "this is packed with bzip2; unpack it"),
        (b"\xfd7zXZ", "this is packed with xz; unpack it"),
        (b"\x28\xb5\x2f\xfd", "this is packed with zstd; unpack it"),
    ];
    if let Some((_, hint)) = hints.iter().find(|(magic, _)| head.starts_with(magic)) {
        return (*hint).into();
    }
    if head.get(257..262) == Some(b"ustar") {
        return "this is a tar archive; unpack it and name the checkpoint inside".into();
    }
    if let [0x80, 2..=5, ..] | [b'(', b'd' | b'l' | b't', ..] | [b'}' | b']', b'q', ..] = head {
        return "this pickle wasn't written by `torch.save`; save the weights with \
                `torch.save(model.state_dict(), \"weights.pt\")`"
            .into();
    }
    if text(head).first() == Some(&b'<') {
        return format!(
            "this is a web page or XML, not a checkpoint; {known} (was the download refused?)"
        );
    }
    if let Some(text) = as_text(head) {
        return format!("this is text (\"{text}\"), not a checkpoint; {known}");
    }
    let start: Vec<_> = head.iter().take(8).map(|b| format!("{b:02x}")).collect();
    format!(
        "the format isn't known (it starts with the bytes {}); {known}",
        start.join(" ")
    )
}

/// A `ModelProto` starts with its `ir_version`, followed by another of its fields.
pub fn is_onnx(head: &[u8]) -> bool {
    matches!(
        head,
        [
            0x08,
            1..=32,
            0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42,
            ..
        ]
    )
}

fn as_text(head: &[u8]) -> Option<String> {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The head may end amid a character.
        Err(e) if e.error_len().is_none() => {
            std::str::from_utf8(head.get(..e.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let plain = !valid.chars().any(|c| c.is_control() && !c.is_whitespace());
    plain.then(|| {
        valid
            .trim()
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(40)
            .collect()
    })
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::hdf5::SIGNATURE as HDF5;

    /// The official writer makes every length that is divisible by eight, other writers any.
    #[test]
    fn safetensors_are_known_whatever_their_headers_length() {
        let lengths = (2..=0x1_0000_u64 + 2).chain((1..1526).map(|i| i * 65_536 + i % 977));
        for length in lengths {
            let mut head = length.to_le_bytes().to_vec();
            head.extend_from_slice(b"{\"w\":{\"dtype\":\"F32\"");
            assert_eq!(format(&head), Ok(Format::Safetensors), "length {length}");
        }
    }

    #[test]
    fn every_format_is_known_by_every_start_it_can_have() {
        let user_block = |at: usize| {
            let mut bytes = b"{\"notes\": \"PK\"}".to_vec();
            bytes.resize(at, b' ');
            bytes.extend_from_slice(HDF5);
            bytes
        };
        let table: Vec<(Vec<u8>, Format)> = vec![
            // PyTorch writes version 0, others 10 to 45.
            (b"PK\x03\x04\0\0\x08\x08\0\0".to_vec(), Format::Zip),
            (b"PK\x03\x04\x2d\0\0\0\0\0".to_vec(), Format::Zip),
            (b"PK\x03\x04\0\0\0\0\x08\0".to_vec(), Format::Zip),
            (b"PK\x07\x08PK\x03\x04".to_vec(), Format::Zip),
            (b"PK00PK\x03\x04".to_vec(), Format::Zip),
            // gzip without a time, fast and best.
            (b"\x1f\x8b\x08\0\0\0\0\0\x04\x03".to_vec(), Format::Gzip),
            (b"\x1f\x8b\x08\x08\0\0\0\0\x02\x03{".to_vec(), Format::Gzip),
            (
                b"L119547037146038801333356L\n.".to_vec(),
                Format::TorchLegacy,
            ),
            (
                b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M".to_vec(),
                Format::TorchLegacy,
            ),
            (
                b"\x80\x03\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x03M".to_vec(),
                Format::TorchLegacy,
            ),
            (
                b"\x80\x04\x95\r\0\0\0\0\0\0\0\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.".to_vec(),
                Format::TorchLegacy,
            ),
            (
                b"\x80\x05\x95\r\0\0\0\0\0\0\0\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.".to_vec(),
                Format::TorchLegacy,
            ),
            (HDF5.to_vec(), Format::Hdf5),
            (user_block(512), Format::Hdf5),
            (user_block(2048), Format::Hdf5),
            (user_block(4096), Format::Hdf5),
            (user_block(1 << 17), Format::Hdf5),
            (b"{\"weight_map\": {}}".to_vec(), Format::ShardIndex),
            (b" \r\n\t{\"weight_map\": {}}".to_vec(), Format::ShardIndex),
            (
                b"\xef\xbb\xbf{\"weight_map\": {}}".to_vec(),
                Format::ShardIndex,
            ),
            // A brace at byte 8 is text as well.
            (
                b"{\"abcd\":{\"weight_map\": {}}}".to_vec(),
                Format::ShardIndex,
            ),
            (b"NRUB\x01\0\x10\0\0\0".to_vec(), Format::Burnpack),
            (b"\x08\x0a\x12\x07pytorch".to_vec(), Format::Onnx),
        ];
        for (bytes, expected) in table {
            let start = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
            let found = of(&Bytes::in_memory(bytes));
            assert_eq!(found, Ok(expected), "{start:?}");
        }
    }
}
