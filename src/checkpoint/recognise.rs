//! Which format a file has, from its first bytes.
//!
//! Suffixes lie (`.pth.tar` is no tar, `.bin` is anything), so they are never looked at. Formats that
//! are known but unsupported are named, with what to do instead.

use super::{Parsed, torch};

/// How many bytes from the start are enough.
pub const HEAD: usize = 4096;

/// A supported format, before what is inside is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A zip archive: PyTorch or NumPy.
    Zip,
    /// PyTorch before zip archives.
    TorchLegacy,
    /// One safetensors file.
    Safetensors,
    /// The JSON index of several files.
    ShardIndex,
    /// burn's own format.
    Burnpack,
    /// HDF5.
    Hdf5,
}

const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";
const BURNPACK: &[u8] = &burn_pack::MAGIC_NUMBER.to_le_bytes();

/// The format of a file that starts with `bytes`.
///
/// # Errors
/// Says what the file seems to be instead.
pub fn format(bytes: &[u8]) -> Parsed<Format> {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let json = head.trim_ascii_start().starts_with(b"{");
    Ok(match head {
        [] => return Err("the file is empty".into()),
        _ if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") => Format::Zip,
        _ if torch::is_legacy(head) => Format::TorchLegacy,
        _ if head.starts_with(BURNPACK) => Format::Burnpack,
        _ if is_hdf5(head) => Format::Hdf5,
        // A length of eight bytes, then a JSON object.
        _ if head.get(8) == Some(&b'{') && !json => Format::Safetensors,
        // The table may stand behind long metadata; its reader complains where there is none.
        _ if json && (head.len() == HEAD || contains(head, b"\"weight_map\"")) => {
            Format::ShardIndex
        }
        _ => return Err(unsupported(head)),
    })
}

/// The signature stands at 0, or after a block of the user's at 512, 1024, 2048.
fn is_hdf5(head: &[u8]) -> bool {
    [0, 512, 1024, 2048]
        .iter()
        .any(|&at| head.get(at..).is_some_and(|h| h.starts_with(HDF5)))
}

fn unsupported(head: &[u8]) -> String {
    let known = "expected PyTorch, safetensors, burnpack, npz or HDF5";
    if is_onnx(head) {
        return "ONNX models aren't supported as checkpoints yet; save the weights with \
                `torch.save(model.state_dict(), \"weights.pt\")`"
            .into();
    }
    let hints: [(&[u8], &str); 7] = [
        (
            b"\x93NUMPY",
            "this is a single array without a name; save all of them with `numpy.savez`",
        ),
        (
            b"version https://git-lfs",
            "this only points to the file in Git LFS; fetch it with `git lfs pull`",
        ),
        (b"\x1f\x8b", "this is gzipped twice; unpack it once"),
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
    if let [0x80, 2..=5, ..] = head {
        return "this pickle wasn't written by `torch.save`; save the weights with \
                `torch.save(model.state_dict(), \"weights.pt\")`"
            .into();
    }
    if head.trim_ascii_start().first() == Some(&b'<') {
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
fn is_onnx(head: &[u8]) -> bool {
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
