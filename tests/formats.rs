//! Every checkpoint format loads bit for bit; every broken file is refused in words that help.
//!
//! The fixtures were written by PyTorch, NumPy, h5py and Python's safetensors from the models in
//! `fixtures/models`; `fixtures/formats/formats.json` describes them. Files made on the spot are in
//! `formats/made.rs`.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "formats/made.rs"]
mod made;

use half::{bf16, f16};
use losscope::checkpoint::{self, Array, StateDict, Values};
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/");

fn formats(name: &str) -> PathBuf {
    Path::new(FIXTURES).join("formats").join(name)
}

fn model(name: &str) -> StateDict {
    open(&Path::new(FIXTURES).join("models").join(name).join("sb.pt"))
}

fn open(path: &Path) -> StateDict {
    checkpoint::open(path).unwrap_or_else(|e| panic!("{e}"))
}

fn complaint(path: &Path) -> String {
    match checkpoint::open(path) {
        Ok(_) => panic!("{} should not load", path.display()),
        Err(e) => e.to_string(),
    }
}

/// A file of these bytes in a folder that lives as long as the result.
fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// NaNs and signed zeros count: values are compared by their bits.
fn bits(values: &Values) -> Vec<u64> {
    match values {
        Values::F16(v) => v.iter().map(|x| x.to_bits().into()).collect(),
        Values::BF16(v) => v.iter().map(|x| x.to_bits().into()).collect(),
        Values::F32(v) => v.iter().map(|x| x.to_bits().into()).collect(),
        Values::F64(v) => v.iter().map(|x| x.to_bits()).collect(),
        Values::U8(v) => v.iter().map(|&x| x.into()).collect(),
        Values::I64(v) => v.iter().map(|&x| x.cast_unsigned()).collect(),
    }
}

/// What a float32 tensor becomes when it is saved in another type.
fn converted(values: &Values, dtype: &str) -> Values {
    match (values, dtype) {
        (Values::F32(v), "float16") => Values::F16(v.iter().map(|&x| f16::from_f32(x)).collect()),
        (Values::F32(v), "bfloat16") => {
            Values::BF16(v.iter().map(|&x| bf16::from_f32(x)).collect())
        }
        (Values::F32(v), "float64") => Values::F64(v.iter().map(|&x| x.into()).collect()),
        _ => values.clone(),
    }
}

fn assert_same(found: &StateDict, expected: &StateDict, dtype: &str) {
    let file = found.source.path.display();
    assert_eq!(found.tensors.len(), expected.tensors.len(), "{file}");
    for (name, array) in &expected.tensors {
        let other = found
            .get(name)
            .unwrap_or_else(|| panic!("{file}: {name} is missing"));
        let values = converted(array.values(), dtype);
        assert_eq!(other.shape(), array.shape(), "{file}: {name}");
        assert_eq!(
            other.values().type_name(),
            values.type_name(),
            "{file}: {name}"
        );
        assert!(
            bits(other.values()) == bits(&values),
            "{file}: {name} differs"
        );
    }
}

#[test]
fn every_format_is_read_bit_for_bit() {
    let zip = "PyTorch zip archive";
    // file, model, type, format, where, prefix
    let table = [
        (
            "resnet8_checkpoint.pth.tar",
            "resnet8",
            "float32",
            zip,
            "state_dict",
            "",
        ),
        (
            "resnet8_dataparallel.pt",
            "resnet8",
            "float32",
            zip,
            "",
            "module.",
        ),
        (
            "resnet8_net_acc_epoch.pth",
            "resnet8",
            "float32",
            zip,
            "net",
            "module.",
        ),
        (
            "resnet8_legacy.pt",
            "resnet8",
            "float32",
            "PyTorch legacy file",
            "",
            "",
        ),
        (
            "resnet8.safetensors",
            "resnet8",
            "float32",
            "safetensors",
            "",
            "",
        ),
        ("resnet8_half.pt", "resnet8", "float16", zip, "", ""),
        (
            "resnet8_bf16.safetensors",
            "resnet8",
            "bfloat16",
            "safetensors",
            "",
            "",
        ),
        ("resnet8_full_module.pt", "resnet8", "float32", zip, "", ""),
        (
            "resnet8_torchscript.pt",
            "resnet8",
            "float32",
            "TorchScript archive",
            "",
            "",
        ),
        (
            "resnet8_sharded/model.safetensors.index.json",
            "resnet8",
            "float32",
            "safetensors, 2 shards",
            "",
            "",
        ),
        ("mlps_float64.pt", "mlps", "float64", zip, "", ""),
        ("mlps_transposed_storage.pt", "mlps", "float32", zip, "", ""),
        ("mlps_flat_storage_views.pt", "mlps", "float32", zip, "", ""),
        ("mlps_named_parameters.pt", "mlps", "float32", zip, "", ""),
        ("mlps_protocol4.pt", "mlps", "float32", zip, "", ""),
        (
            "mlps_lightning.ckpt",
            "mlps",
            "float32",
            zip,
            "state_dict",
            "model.",
        ),
        ("mlps_compiled.pt", "mlps", "float32", zip, "", "_orig_mod."),
        (
            "mlps_swa_averaged.pt",
            "mlps",
            "float32",
            zip,
            "",
            "module.",
        ),
        ("mlps.npz", "mlps", "float32", "NumPy npz archive", "", ""),
        ("mlps.h5", "mlps", "float32", "HDF5", "", ""),
        (
            "mlps_full_module_legacy.pt",
            "mlps",
            "float32",
            "PyTorch legacy file",
            "",
            "",
        ),
        ("lenet_channels_last.pt", "lenet", "float32", zip, "", ""),
    ];
    for (name, source, dtype, format, at, prefix) in table {
        let found = open(&formats(name));
        assert_same(&found, &model(source), dtype);
        let facts = &found.source;
        assert_eq!(
            (&*facts.format, &*facts.state_dict_at, &*facts.prefix),
            (format, at, prefix),
            "{name}"
        );
        assert_eq!(found.warnings, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn pytorch_keeps_the_order_of_the_state_dict() {
    let names: Vec<_> = model("mlps")
        .tensors
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["1.weight", "1.bias", "3.weight", "3.bias"]);
}

#[test]
fn the_hash_is_that_of_the_file() {
    let found = open(&formats("resnet8_legacy.pt"));
    let sha256 = "d7b5f0bad35f56b5d36118114262ffafc70e9b5b28ab6e3c9890047fa33b8d0c";
    assert_eq!(found.source.sha256, sha256);
}

/// The full ResNet-18 is too large to keep a second copy: its members are unpacked by the `zip` crate.
#[test]
fn a_gzipped_checkpoint_of_real_size_is_read_bit_for_bit() {
    let path = formats("resnet18_torchvision_full.pt.gz");
    let found = open(&path);
    assert_eq!(found.source.format, "gzipped PyTorch zip archive");
    assert_eq!(found.tensors.len(), 122);
    assert_eq!(
        found.get("fc.weight").map(Array::shape),
        Some(&[10, 512][..])
    );
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(fs::File::open(path).unwrap())
        .read_to_end(&mut bytes)
        .unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    for (index, (name, array)) in found.tensors.iter().enumerate() {
        let mut member = Vec::new();
        archive
            .by_name(&format!("archive/data/{index}"))
            .unwrap()
            .read_to_end(&mut member)
            .unwrap();
        let stored: Vec<u64> = match array.values() {
            Values::F32(_) => member
                .chunks_exact(4)
                .map(|c| u32::from_le_bytes(c.try_into().unwrap()).into())
                .collect(),
            _ => member
                .chunks_exact(8)
                .map(|c| u64::from_le_bytes(c.try_into().unwrap()))
                .collect(),
        };
        assert!(bits(array.values()) == stored, "{name}");
    }
}

#[test]
fn every_format_is_read_gzipped() {
    for name in [
        "mlps_compiled.pt",
        "resnet8_legacy.pt",
        "resnet8.safetensors",
        "mlps.npz",
        "mlps.h5",
    ] {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&fs::read(formats(name)).unwrap()).unwrap();
        let (_folder, path) = file(&packed.finish().unwrap());
        let (found, plain) = (open(&path), open(&formats(name)));
        assert_same(&found, &plain, "");
        assert_eq!(
            found.source.format,
            format!("gzipped {}", plain.source.format)
        );
    }
}

#[test]
fn broken_files_are_refused_in_words_that_help() {
    let table: [(&str, &[&str]); 10] = [
        ("truncated.pt", &["no directory", "cut off"]),
        ("empty.pt", &["the file is empty"]),
        (
            "text.pt",
            &["this is text", "this is not a checkpoint", "PyTorch"],
        ),
        ("zip_without_pickle.pt", &["data.pkl", "archive/byteorder"]),
        ("zip_short_storage.pt", &["1.weight", "100 bytes", "4096"]),
        (
            "huge_header.safetensors",
            &["header", "4611686018427387904", "2 follow"],
        ),
        (
            "offset_out_of_range.safetensors",
            &["1.weight", "4096", "100"],
        ),
        ("overlapping.safetensors", &["`b`", "overlap"]),
        (
            "shape_bytes_disagree.safetensors",
            &["`a`", "1099511627776", "16 bytes"],
        ),
        ("idx_size_lies-idx3-ubyte", &["isn't known", "00 00 08 03"]),
    ];
    for (name, words) in table {
        let path = formats("broken").join(name);
        let message = complaint(&path);
        for word in words {
            assert!(
                message.contains(word),
                "{name}: no \"{word}\" in: {message}"
            );
        }
        assert!(
            message.ends_with(&format!(": {}", path.display())),
            "{message}"
        );
    }
}

#[test]
fn unusual_but_sound_files_load() {
    // What is missing or too much is for the model to say.
    for (name, tensors, warning) in [
        ("ok_tiny.pt", 4, None),
        ("missing_key.pt", 3, None),
        ("extra_key.pt", 5, None),
        ("shape_mismatch.pt", 4, None),
        ("nan_weight.pt", 4, Some("`1.weight` has 1 of 1024 values")),
        ("inf_weight.pt", 4, Some("`1.weight` has 1 of 1024 values")),
    ] {
        let found = open(&formats("broken").join(name));
        assert_eq!(found.tensors.len(), tensors, "{name}");
        assert_eq!(
            found.warnings.len(),
            usize::from(warning.is_some()),
            "{name}"
        );
        assert!(
            warning.is_none_or(|w| found.warnings[0].contains(w)),
            "{:?}",
            found.warnings
        );
    }
}

/// The files would print a line from Python. Here a call is only ever a record, so they load.
#[test]
fn hostile_pickles_execute_nothing() {
    for name in ["hostile_pickle.pt", "hostile_pickle_legacy.pt"] {
        let found = open(&formats("broken").join(name));
        assert_eq!(found.source.state_dict_at, "state_dict");
        assert_same(&found, &open(&formats("broken/ok_tiny.pt")), "");
    }
}

#[test]
fn other_files_are_named_for_what_they_are() {
    let table: [(&[u8], &str); 9] = [
        (
            b"\x08\x08\x12\x07pytorch\x1a\x062.15.0:",
            "the ONNX file is cut off",
        ),
        (b"\x93NUMPY\x01\x00", "numpy.savez"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "git lfs pull",
        ),
        (b"<!DOCTYPE html>", "web page"),
        (b"\x80\x04N.", "wasn't written by `torch.save`"),
        (b"{\"a\": 1}", "this is text"),
        (b"GGUF\x03\0\0\0", "GGUF"),
        (b"\x1f\x8b\x08\x00", "the file is empty"),
        (
            b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            "it holds nothing",
        ),
    ];
    for (bytes, words) in table {
        let (_folder, path) = file(bytes);
        let message = complaint(&path);
        assert!(message.contains(words), "no \"{words}\" in: {message}");
    }
    assert!(complaint(Path::new(FIXTURES)).contains("this is a folder"));
    assert!(complaint(Path::new("no/such/file")).contains("can't read the checkpoint"));
}

/// Whatever is cut off or flipped, a reader answers; it doesn't panic, hang or fill the memory.
#[test]
fn damage_anywhere_ends_in_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged");
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        // xorshift64: the same damage in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for name in [
        "broken/ok_tiny.pt",
        "broken/hostile_pickle_legacy.pt",
        "resnet8_full_module.pt",
        "resnet8_torchscript.pt",
        "mlps_protocol4.pt",
        "resnet8.safetensors",
        "mlps.npz",
        "mlps.h5",
    ] {
        let whole = fs::read(formats(name)).unwrap();
        let rounds = if name.starts_with("broken/ok") || name.ends_with("safetensors") {
            200
        } else {
            60
        };
        for round in 0..rounds {
            let length = if round < rounds / 2 {
                round
            } else {
                random(whole.len())
            };
            fs::write(&path, &whole[..length]).unwrap();
            let _ = checkpoint::open(&path);
            // Structure lies at both ends of these formats; the middle is numbers.
            let mut flipped = whole.clone();
            for _ in 0..=random(4) {
                let near = random(flipped.len().min(3000));
                let at = if random(2) == 0 {
                    near
                } else {
                    flipped.len() - 1 - near
                };
                flipped[at] ^= 1 << random(8);
            }
            fs::write(&path, &flipped).unwrap();
            let _ = checkpoint::open(&path);
        }
    }
}
