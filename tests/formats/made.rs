//! Formats and layouts that no fixture covers, from files made on the spot by other crates' writers.

use super::{bits, complaint, file, formats, open};
use half::{bf16, f16};
use losscope::checkpoint::{self, Array, Checkpoint, Values, hdf5, npz, safetensors};
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[test]
fn an_index_of_shards_stays_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let index = folder.path().join("model.safetensors.index.json");
    let shard = folder.path().join("a.safetensors");
    let tensor = vec![(
        "w".to_owned(),
        Array::new(vec![1], Values::F32(vec![1.0])).unwrap(),
    )];
    safetensors::write(&shard, &tensor).unwrap();
    for (name, place, words) in [
        ("w", "../a.safetensors", "outside of its folder"),
        ("w", "/etc/passwd", "outside of its folder"),
        ("w", "", "outside of its folder"),
        ("v", "a.safetensors", "promises `v`"),
        ("w", "b.safetensors", "can't read the checkpoint"),
        (
            "w",
            "model.safetensors.index.json",
            "can't be an index itself",
        ),
    ] {
        fs::write(
            &index,
            format!("{{\"weight_map\": {{\"{name}\": \"{place}\"}}}}"),
        )
        .unwrap();
        let message = complaint(&index);
        assert!(message.contains(words), "no \"{words}\" in: {message}");
    }
    fs::write(&index, "{\"weight_map\": {\"w\": \"a.safetensors\"}}").unwrap();
    assert_eq!(open(&index).source.sha256, open(&shard).source.sha256);
}

fn sample() -> Vec<(String, Array)> {
    let array = |shape: &[usize], values| Array::new(shape.to_vec(), values).unwrap();
    vec![
        (
            "z".into(),
            array(&[2, 2], Values::F32(vec![1.0, -0.0, f32::NAN, 1e-40])),
        ),
        ("steps".into(), array(&[], Values::I64(vec![-7]))),
        ("a".into(), array(&[3], Values::F32(vec![1.0, 2.0, 3.0]))),
        (
            "h".into(),
            array(&[1], Values::F16(vec![f16::from_f32(0.1)])),
        ),
        (
            "b".into(),
            array(&[1], Values::BF16(vec![bf16::from_f32(0.1)])),
        ),
        ("d".into(), array(&[0, 5], Values::F64(vec![]))),
    ]
}

#[test]
fn safetensors_are_written_as_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("directions.safetensors");
    fs::write(&path, "an older file").unwrap();
    safetensors::write(&path, &sample()).unwrap();
    let found = open(&path);
    assert_eq!(found.tensors.len(), sample().len());
    for (name, array) in sample() {
        let other = found.get(&name).unwrap();
        assert_eq!(
            (other.shape(), bits(other.values())),
            (array.shape(), bits(array.values())),
            "{name}"
        );
    }
    let order = |wanted: [&str; 2]| wanted.map(|w| found.tensors.iter().position(|(n, _)| n == w));
    assert!(
        order(["z", "a"]).is_sorted(),
        "tensors of one type keep their order"
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no temporary file is left"
    );

    let twice = vec![sample().remove(0), sample().remove(0)];
    assert!(
        safetensors::write(&path, &twice)
            .unwrap_err()
            .to_string()
            .contains("`z`")
    );
    assert_eq!(
        open(&path).tensors.len(),
        sample().len(),
        "a refused write leaves the old file"
    );
}

#[test]
fn burnpack_is_read() {
    use burn_pack::{Bytes, DType, Tensor, Writer};
    let f32s = Bytes::from_bytes_vec(
        [1.5_f32, -2.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect(),
    );
    let i32s = Bytes::from_bytes_vec((-3_i32).to_le_bytes().to_vec());
    let packed = Writer::new(vec![
        Tensor::new("fc.weight".into(), DType::F32, vec![2, 1], Some(1), f32s),
        Tensor::new("steps".into(), DType::I32, vec![1], None, i32s),
    ]);
    let (_folder, path) = file(&packed.into_bytes().unwrap());
    let found = open(&path);
    assert_eq!(found.source.format, "burnpack");
    assert_eq!(
        found.get("fc.weight").unwrap().values(),
        &Values::F32(vec![1.5, -2.0])
    );
    assert_eq!(found.get("fc.weight").unwrap().shape(), [2, 1]);
    assert_eq!(found.get("steps").unwrap().values(), &Values::I64(vec![-3]));
}

/// A zip archive of these members, compressed where asked.
fn zipped(members: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn npy(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

#[test]
fn npz_arrays_of_every_layout_are_read() {
    let members: Vec<(&str, Vec<u8>, &[usize], Values)> = vec![
        (
            "half.npy",
            npy("'<f2'", "False", "(1,)", &[0, 0x3c]),
            &[1],
            Values::F16(vec![f16::ONE]),
        ),
        (
            "big.npy",
            npy("'>f8'", "False", "()", &1.5_f64.to_be_bytes()),
            &[],
            Values::F64(vec![1.5]),
        ),
        (
            "bool.npy",
            npy("'|b1'", "False", "(2, 1)", &[1, 0]),
            &[2, 1],
            Values::U8(vec![1, 0]),
        ),
        (
            "columns.npy",
            npy("'|u1'", "True", "(2, 3)", &[1, 4, 2, 5, 3, 6]),
            &[2, 3],
            Values::U8(vec![1, 2, 3, 4, 5, 6]),
        ),
        (
            "none.npy",
            npy("'<i4'", "False", "(0, 3)", &[]),
            &[0, 3],
            Values::I64(vec![]),
        ),
    ];
    let text = npy("'<U2'", "False", "(1,)", &[0; 8]);
    for method in [
        zip::CompressionMethod::Stored,
        zip::CompressionMethod::Deflated,
    ] {
        let mut files: Vec<(&str, &[u8])> = members.iter().map(|m| (m.0, &m.1[..])).collect();
        files.push(("text.npy", &text));
        let (_folder, path) = file(&zipped(&files, method));
        let found = open(&path);
        assert_eq!(
            found.warnings,
            ["ignored `text`: its type '<U2' isn't numeric"]
        );
        assert_eq!(npz::read_arrays(&path).unwrap(), found.tensors);
        for (name, _, shape, values) in &members {
            let array = found.get(name.trim_end_matches(".npy")).unwrap();
            assert_eq!((array.shape(), array.values()), (*shape, values), "{name}");
        }
    }
    for (header, words) in [
        (
            npy("'<f4'", "False", "(99999999999, 99999999999)", &[]),
            "larger than any memory",
        ),
        (
            npy("'<f4'", "False", "(9999999999,)", &[0; 4]),
            "39999999996 bytes, found 4",
        ),
        (npy("'<f4'", "False", "(-1,)", &[]), "no `shape`"),
        (
            b"\x93NUMPY\x02\x00\xff\xff\xff\xff{".to_vec(),
            "its header claims 4294967295 bytes",
        ),
    ] {
        let (_folder, path) = file(&zipped(
            &[("a.npy", &header)],
            zip::CompressionMethod::Stored,
        ));
        let message = complaint(&path);
        assert!(message.contains(words), "no \"{words}\" in: {message}");
    }
}

#[test]
fn hdf5_groups_become_dotted_names() {
    let mut builder = hdf5_pure::FileBuilder::new();
    let mut group = builder.create_group("layer");
    group
        .create_dataset("bias")
        .with_f64_data(&[1.0, 2.0])
        .with_shape(&[2, 1]);
    builder.add_group(group.finish());
    builder.create_dataset("0.steps").with_i64_data(&[5]);
    let (_folder, path) = file(&builder.finish().unwrap());
    let found = open(&path);
    assert_eq!(
        found.get("layer.bias").unwrap().values(),
        &Values::F64(vec![1.0, 2.0])
    );
    assert_eq!(found.get("layer.bias").unwrap().shape(), [2, 1]);
    assert_eq!(
        found.get("0.steps").unwrap().values(),
        &Values::I64(vec![5])
    );
    let paths: Vec<_> = hdf5::read_arrays(&path)
        .unwrap()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(paths, ["0.steps", "layer/bias"]);

    let directions = hdf5::read_arrays(&formats("li_style_direction.h5")).unwrap();
    let shape = |wanted: &str| {
        directions
            .iter()
            .find(|(n, _)| n == wanted)
            .map(|(_, a)| a.shape())
    };
    assert_eq!(shape("xdirection/0"), Some(&[128, 64][..]));
    assert_eq!(shape("ydirection/5"), Some(&[10][..]));
}

#[test]
fn exported_programs_are_read_from_their_table() {
    let config = r#"{"config": {"fc.weight": {"path_name": "weight_0", "is_param": true, "use_pickle": false,
        "tensor_meta": {"dtype": 7, "sizes": [{"as_int": 2}], "strides": [{"as_int": 1}],
        "storage_offset": {"as_int": 1}}}}}"#;
    let weights: Vec<u8> = [9.0_f32, 1.0, 2.0]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let members = [
        ("m/data/weights/weight_0", &weights[..]),
        (
            "m/data/weights/model_weights_config.json",
            config.as_bytes(),
        ),
    ];
    let (_folder, path) = file(&zipped(&members, zip::CompressionMethod::Stored));
    let found = open(&path);
    assert_eq!(found.source.format, "PyTorch exported program");
    assert_eq!(
        found.get("fc.weight").unwrap().values(),
        &Values::F32(vec![1.0, 2.0])
    );
    let older = [("serialized_exported_program.json", &b"{}"[..])];
    let (_folder, path) = file(&zipped(&older, zip::CompressionMethod::Stored));
    assert!(complaint(&path).contains("torch.export.load"));
}

/// A `torch.save` archive of one tensor `w` (float32, in storage "KEY") with this geometry.
fn torch_archive(key: &str, geometry: &[u8], byte_order: &str) -> (TempDir, PathBuf) {
    let key = [
        b"X",
        &u32::try_from(key.len()).unwrap().to_le_bytes()[..],
        key.as_bytes(),
    ]
    .concat();
    let pickle = [
        &b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n"[..],
        &key,
        b"X\x03\0\0\0cpuK\x02tQ",
        geometry,
        b"\x89}tRs.",
    ]
    .concat();
    let members = [
        ("a/data.pkl", &pickle[..]),
        ("a/byteorder", byte_order.as_bytes()),
        ("a/data/0", &[0; 8]),
    ];
    file(&zipped(&members, zip::CompressionMethod::Stored))
}

#[test]
fn tensors_that_claim_more_than_is_stored_are_refused() {
    // offset, shape and strides as a pickle; the storage holds two elements
    let table: [(&[u8], &str); 8] = [
        (b"K\0K\x02\x85K\x01\x85", ""),
        (b"K\x01K\x02\x85K\x01\x85", "to element 3 of a storage of 2"),
        (b"K\0K\x03\x85K\0\x85", "repeats the elements"),
        (b"K\0J\xff\xff\xff\x7f\x85K\0\x85", "doesn't justify"),
        (
            b"K\0J\xff\xff\xff\xff\x85K\x01\x85",
            "isn't a list of sizes",
        ),
        (b"K\0K\x02K\x02\x86K\x01\x85", "strides don't fit"),
        (
            b"K\0K\x02\x85\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85",
            "of a storage of 2",
        ),
        (
            b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f)K\x01\x85",
            "strides don't fit",
        ),
    ];
    for (geometry, words) in table {
        let (_folder, path) = torch_archive("0", geometry, "little");
        if words.is_empty() {
            assert_eq!(
                open(&path).get("w").unwrap().values(),
                &Values::F32(vec![0.0; 2])
            );
        } else {
            let message = complaint(&path);
            assert!(
                message.contains("tensor `w`") && message.contains(words),
                "no \"{words}\" in: {message}"
            );
        }
    }
    let sound = table[0].0;
    for (key, byte_order, words) in [
        (
            "../../../etc/passwd",
            "little",
            "no member `a/data/../../../etc/passwd`",
        ),
        ("1", "little", "no member `a/data/1`"),
        ("0", "big", "big-endian"),
    ] {
        let (_folder, path) = torch_archive(key, sound, byte_order);
        let message = complaint(&path);
        assert!(message.contains(words), "no \"{words}\" in: {message}");
    }
}

/// The parts of pickles as PyTorch writes them; `persistent` tensors lie in storages by key.
mod pickled {
    pub fn text(value: &str) -> Vec<u8> {
        let length = u32::try_from(value.len()).unwrap().to_le_bytes();
        [b"X", &length[..], value.as_bytes()].concat()
    }

    pub fn dict(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let items = entries.iter().flat_map(|(k, v)| [text(k), v.clone()]);
        [b"}(", &items.collect::<Vec<_>>().concat()[..], b"u"].concat()
    }

    /// A tensor of two elements in storage `key`, of `width` bytes each.
    pub fn tensor(function: &str, class: &str, key: &str, count: u8, more: &[u8]) -> Vec<u8> {
        [
            format!("ctorch._utils\n{function}\n((").as_bytes(),
            &text("storage"),
            format!("c{class}\n").as_bytes(),
            &text(key),
            &text("cpu"),
            &[b'K', count],
            b"tQK\0K\x02\x85K\x01\x85",
            more,
            b"tR",
        ]
        .concat()
    }

    pub fn floats(key: &str) -> Vec<u8> {
        tensor(
            "_rebuild_tensor_v2",
            "torch\nFloatStorage",
            key,
            2,
            b"\x89}",
        )
    }
}

/// A file of `torch.save` with this object, before its end, and these storages.
fn torch_file(object: &[u8], storages: &[(&str, &[u8])]) -> (TempDir, PathBuf) {
    let pickle = [b"\x80\x02", object, b"."].concat();
    let names: Vec<String> = storages
        .iter()
        .map(|(key, _)| format!("a/data/{key}"))
        .collect();
    let mut members = vec![("a/data.pkl", &pickle[..])];
    members.extend(
        names
            .iter()
            .zip(storages)
            .map(|(name, (_, data))| (&**name, *data)),
    );
    file(&zipped(&members, zip::CompressionMethod::Stored))
}

fn pair(a: f32, b: f32) -> Vec<u8> {
    [a, b].iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Complex, float8, quantised and sparse tensors blocked whole files; of several dictionaries nobody
/// could choose.
#[test]
fn odd_tensors_are_listed_and_a_key_chooses_among_dictionaries() {
    use pickled::{dict, floats, tensor, text};
    let plain = b"\x89}";
    let sparse = [
        b"ctorch._utils\n_rebuild_sparse_tensor\n(ctorch.serialization\n_get_layout\n",
        &text("torch.sparse_coo")[..],
        b"\x85R(",
        &tensor("_rebuild_tensor_v2", "torch\nLongStorage", "5", 2, plain),
        &floats("0"),
        b"K\x07\x85\x88ttR",
    ]
    .concat();
    let float8 = b"\x89}ctorch\nfloat8_e4m3fn\n";
    let weights = dict(&[
        (
            "c",
            tensor(
                "_rebuild_tensor_v2",
                "torch\nComplexFloatStorage",
                "1",
                2,
                plain,
            ),
        ),
        ("w", floats("0")),
        (
            "q",
            tensor("_rebuild_qtensor", "torch\nQUInt8Storage", "2", 2, plain),
        ),
        (
            "f",
            tensor(
                "_rebuild_tensor_v3",
                "torch.storage\nUntypedStorage",
                "3",
                2,
                float8,
            ),
        ),
        ("s", sparse),
    ]);
    let object = dict(&[
        ("epoch", b"K\x05".to_vec()),
        ("state_dict", weights),
        ("ema", dict(&[("w", floats("4")), ("b", floats("0"))])),
    ]);
    let (own, average) = (pair(1.0, 2.0), pair(3.0, 4.0));
    let storages: [(&str, &[u8]); 6] = [
        ("0", &own),
        ("1", &[0; 16]),
        ("2", &[0; 2]),
        ("3", &[0; 2]),
        ("4", &average),
        ("5", &[0; 16]),
    ];
    let (_folder, path) = torch_file(&object, &storages);
    let found = Checkpoint::open(&path, None).unwrap_or_else(|e| panic!("{e}"));
    let listed: Vec<_> = found
        .entries()
        .iter()
        .map(|e| (&*e.name, e.dtype.name(), &*e.shape))
        .collect();
    assert_eq!(
        listed,
        [
            ("c", "complex64", &[2][..]),
            ("w", "float32", &[2]),
            ("q", "quint8", &[2]),
            ("f", "float8_e4m3fn", &[2]),
            ("s", "sparse_coo float32", &[7]),
        ]
    );
    assert_eq!(found.source.state_dict_at, "state_dict");
    let sets: Vec<_> = found.sets.iter().map(|s| (&*s.at, s.tensors)).collect();
    assert_eq!(sets, [("state_dict", 5), ("ema", 2)]);
    let warning = found.warnings.concat();
    assert!(
        warning.contains("`ema` (2 tensors) (choose with --key)"),
        "{warning}"
    );
    let message = found.read("c").unwrap_err().to_string();
    assert!(
        message.contains("`c`") && message.contains("complex64"),
        "{message}"
    );

    let state = found.read_all().unwrap();
    assert_eq!((state.tensors.len(), state.unreadable.len()), (1, 4));
    assert_eq!(
        state.get("w").unwrap().values(),
        &Values::F32(vec![1.0, 2.0])
    );
    let average = Checkpoint::open(&path, Some("ema"))
        .unwrap()
        .read_all()
        .unwrap();
    assert_eq!(
        average.get("w").unwrap().values(),
        &Values::F32(vec![3.0, 4.0])
    );
    assert_eq!(average.source.state_dict_at, "ema");
    let message = Checkpoint::open(&path, Some("net"))
        .err()
        .unwrap()
        .to_string();
    assert!(
        message.contains("key `net`; the file has `state_dict`, `ema`"),
        "{message}"
    );
}

/// Where nothing is nested, a key is a beginning of names.
#[test]
fn a_key_chooses_among_names_in_flat_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gan.safetensors");
    let tensor = |v| Array::new(vec![1], Values::F32(vec![v])).unwrap();
    let named = [("d.fc.w", 1.0), ("g.fc.w", 2.0)].map(|(n, v)| (n.to_owned(), tensor(v)));
    safetensors::write(&path, &named).unwrap();
    let found = Checkpoint::open(&path, Some("g.fc"))
        .unwrap()
        .read_all()
        .unwrap();
    assert_eq!(found.tensors, [("w".to_owned(), tensor(2.0))]);
    assert_eq!(found.source.state_dict_at, "g.fc");
    let message = Checkpoint::open(&path, Some("x"))
        .err()
        .unwrap()
        .to_string();
    assert!(message.contains("`x`; the file has `d`, `g`"), "{message}");
}

/// `torch.save(…, pickle_protocol=…)` starts legacy files otherwise.
#[test]
fn legacy_files_of_every_protocol_are_read() {
    let object = pickled::dict(&[("w", pickled::floats("0"))]);
    let order = [b"]", &pickled::text("0")[..], b"a"].concat();
    let magic: &[u8] = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.";
    for protocol in 1..=5_u8 {
        let start = match protocol {
            1 => b"L119547037146038801333356L\n.I1001\n.".to_vec(),
            2 | 3 => [
                &[0x80, protocol][..],
                magic,
                &[0x80, protocol],
                b"M\xe9\x03.",
            ]
            .concat(),
            _ => {
                let framed = |n: u8| [&[0x80, protocol, 0x95, n][..], &[0; 7]].concat();
                [&framed(13)[..], magic, &framed(4), b"M\xe9\x03."].concat()
            }
        };
        let bytes = [
            &start[..],
            b"}.",
            &object,
            b".",
            &order,
            b".",
            &2_u64.to_le_bytes(),
            &pair(1.0, 2.0),
        ]
        .concat();
        let (_folder, path) = file(&bytes);
        let found = open(&path);
        assert_eq!(found.source.format, "PyTorch legacy file");
        assert_eq!(
            found.get("w").unwrap().values(),
            &Values::F32(vec![1.0, 2.0])
        );
    }
}

/// Files whose header had 123 bytes modulo 256, or 31520 modulo 65536, were taken for JSON; the latter
/// came from the official writer.
#[test]
fn safetensors_open_whatever_the_length_of_their_header() {
    let table = r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    // As JSON, zip, gzip, NumPy, pickle, HDF5, a web page, a tar's name and IDX start.
    let starts: [u16; 11] = [
        0x7b20, 0x0a7b, 0x4b50, 0x8b1f, 0x4e93, 0x0280, 0x4889, 0x213c, 0x2f2e, 0x0000, 0x7b7b,
    ];
    let starts = starts.map(|start| usize::from(start) + 0x1_0000);
    for length in (table.len()..1500)
        .chain(starts)
        .chain([31520, 19280, 35615])
    {
        let mut header = table.to_owned();
        header.push_str(&" ".repeat(length - table.len()));
        let bytes = [
            &(length as u64).to_le_bytes()[..],
            header.as_bytes(),
            &pair(1.0, 2.0),
        ];
        let found = checkpoint::from_bytes(bytes.concat(), Path::new("w.safetensors"));
        let found = found.unwrap_or_else(|e| panic!("{length}: {e}"));
        assert_eq!(found.source.format, "safetensors");
        assert_eq!(
            found.get("w").unwrap().values(),
            &Values::F32(vec![1.0, 2.0])
        );
    }
}

/// Whatever stands before an archive, its directory stands at its end.
#[test]
fn archives_behind_other_data_are_read() {
    let member = npy("'<f4'", "False", "(2,)", &pair(1.0, 2.0));
    let archive = zipped(&[("w.npy", &member)], zip::CompressionMethod::Deflated);
    let long = vec![7; 70_000];
    for before in [&b"#!/bin/sh\nexit\n"[..], &long] {
        let (_folder, path) = file(&[before, &archive].concat());
        assert_eq!(
            open(&path).get("w").unwrap().values(),
            &Values::F32(vec![1.0, 2.0])
        );
    }
}

/// Five hundred members over the same bytes stood for five hundred times as much.
#[test]
fn members_over_the_same_bytes_are_refused() {
    let member = npy("'<f4'", "False", "(2,)", &pair(1.0, 2.0));
    let mut archive = zipped(&[("w.npy", &member)], zip::CompressionMethod::Deflated);
    let end = archive.split_off(archive.len() - 22);
    let from = u32::from_le_bytes(end[16..20].try_into().unwrap()) as usize;
    let entry = archive[from..].to_vec();
    // The same member once more, under another name.
    let twin: Vec<u8> = entry
        .iter()
        .map(|&b| if b == b'w' { b'v' } else { b })
        .collect();
    let size = u32::try_from(entry.len() + twin.len()).unwrap();
    let end = [&end[..8], &[2, 0, 2, 0], &size.to_le_bytes(), &end[16..]].concat();
    let (_folder, path) = file(&[archive, twin, end].concat());
    let message = complaint(&path);
    assert!(message.contains("`w.npy` and `v.npy`"), "{message}");
    assert!(message.contains("lie over the same bytes"), "{message}");
}
