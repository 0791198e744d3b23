//! Formats and layouts that no fixture covers, from files made on the spot by other crates' writers.

use super::{bits, complaint, file, formats, open};
use half::{bf16, f16};
use losscope::checkpoint::{Array, Values, hdf5, npz, safetensors};
use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;
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
            Values::I64(vec![1, 0]),
        ),
        (
            "columns.npy",
            npy("'|u1'", "True", "(2, 3)", &[1, 4, 2, 5, 3, 6]),
            &[2, 3],
            Values::I64(vec![1, 2, 3, 4, 5, 6]),
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
            "doesn't start as an array",
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
