//! Data sets from every kind of source, against files written by NumPy, PyTorch's safetensors and
//! the `image` crate, and against files that are damaged or lie.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

/// Data as other programs save it.
#[path = "data/kinds.rs"]
mod kinds;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use losscope::dataset::{
    self, Channels, Color, DataOptions, Dataset, IGNORED, Normalize, Samples, Targets,
};
use proptest::prelude::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/data")).join(name)
}

fn options(data: impl AsRef<Path>) -> DataOptions {
    DataOptions {
        data: data.as_ref().to_str().unwrap().to_owned(),
        ..DataOptions::default()
    }
}

fn open(data: impl AsRef<Path>) -> Dataset {
    dataset::open(&options(data)).unwrap()
}

fn message(data: impl AsRef<Path>) -> String {
    dataset::open(&options(data)).unwrap_err().to_string()
}

/// A folder holding the given files.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An IDX file of bytes.
fn idx(extents: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, extents.len() as u8];
    for extent in extents {
        file.extend(extent.to_be_bytes());
    }
    file.extend(bytes);
    file
}

/// A `.npy` file as `numpy.save` writes it.
fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(bytes);
    file
}

/// The arrays of an archive, each a whole `.npy` file.
type Arrays<'a> = Vec<(&'a str, Vec<u8>)>;

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        let stored = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        archive.start_file(format!("{name}.npy"), stored).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn f32s(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn i64s(values: &[i64]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn bits(inputs: &[f32]) -> Vec<u32> {
    inputs.iter().map(|x| x.to_bits()).collect()
}

fn same(a: &Samples, b: &Samples) {
    assert_eq!(a.shape, b.shape);
    assert_eq!((&a.targets, &a.target_shape), (&b.targets, &b.target_shape));
    assert_eq!(bits(&a.inputs), bits(&b.inputs));
}

// ------------------------------------------------------------------------------------- digits

#[test]
fn built_in_digits_equal_the_reference_bit_for_bit() {
    let (built_in, reference) = (open("digits"), open(fixture("digits.npz")));
    assert_eq!((built_in.name.as_str(), built_in.classes), ("digits", 10));
    assert_eq!(
        (built_in.train.len(), built_in.train.shape.as_slice()),
        (1437, &[1, 8, 8][..])
    );
    same(&built_in.train, &reference.train);
    let validation = built_in.validation.unwrap();
    assert_eq!(validation.len(), 360);
    same(&validation, &reference.validation.unwrap());
    assert!(
        built_in
            .description
            .ends_with("10 classes; input = stored number/16")
    );
    assert_eq!(built_in.warnings, Vec::<String>::new());
    assert_eq!(built_in.sha256.len(), 64);
}

#[test]
fn safetensors_with_the_same_keys_hold_the_same_digits() {
    // The first 60 training and 20 validation digits, saved by safetensors.numpy.save_file.
    let (few, all) = (open(fixture("digits80.safetensors")), open("digits"));
    same(&few.train, &all.train.select(&(0..60).collect::<Vec<_>>()));
    same(
        &few.validation.unwrap(),
        &all.validation.unwrap().select(&(0..20).collect::<Vec<_>>()),
    );
    assert!(
        few.description
            .starts_with("safetensors (x_train, y_train, x_val, y_val); 60")
    );
}

// ---------------------------------------------------------------------------------------- IDX

#[test]
fn idx_digits_on_their_scale_are_the_digits() {
    let digits = open("digits");
    // The folder, the plain held-out and the gzipped training files, all find their partners.
    for name in ["idx", "idx/train-images-idx3-ubyte.gz"] {
        let mut options = options(fixture(name));
        let by_255 = dataset::open(&options).unwrap();
        assert!(
            by_255.warnings[0].contains("--data-normalize scale:16"),
            "{:?}",
            by_255.warnings
        );
        assert_eq!(
            by_255.train.inputs[3],
            digits.train.inputs[3] * 16.0 / 255.0
        );

        options.normalize = Normalize::Scale(16.0);
        let by_16 = dataset::open(&options).unwrap();
        same(&by_16.train, &digits.train);
        same(
            by_16.validation.as_ref().unwrap(),
            digits.validation.as_ref().unwrap(),
        );
        assert_eq!(
            (by_16.name.as_str(), by_16.classes, by_16.warnings.len()),
            ("idx", 10, 0)
        );
    }
    let alone = open(fixture("idx/t10k-images-idx3-ubyte"));
    assert_eq!((alone.train.len(), alone.validation), (360, None));
    assert!(alone.warnings[0].contains("held-out data by its name"));
}

#[test]
fn idx_labels_are_found_under_the_usual_names() {
    let images = idx(&[2, 1, 2], &[0, 255, 51, 17]);
    let labels = idx(&[2], &[1, 0]);
    let packed = gzip(&labels);
    let cases: [(&str, &str, &[u8]); 5] = [
        (
            "train-images-idx3-ubyte",
            "train-labels-idx1-ubyte",
            &labels,
        ),
        (
            "train-images.idx3-ubyte",
            "train-labels.idx1-ubyte",
            &labels,
        ),
        (
            "train-images.idx3-ubyte",
            "train-labels-idx1-ubyte",
            &labels,
        ),
        (
            "emnist-letters-train-images-idx3-ubyte",
            "emnist-letters-train-labels-idx1-ubyte",
            &labels,
        ),
        (
            "train-images-idx3-ubyte",
            "train-labels-idx1-ubyte.gz",
            &packed,
        ),
    ];
    for (images_name, labels_name, labels) in cases {
        let folder = folder(&[(images_name, &images), (labels_name, labels)]);
        let data = open(folder.path().join(images_name));
        assert_eq!(data.train.shape, [1, 1, 2]);
        assert_eq!(data.train.inputs, [0.0, 1.0, 0.2, 17.0 / 255.0]);
        assert_eq!(data.train.labels().unwrap(), [1, 0]);
    }
}

#[test]
fn damaged_idx_files_are_refused_in_words() {
    let labels = idx(&[2], &[1, 0]);
    let good = idx(&[2, 1, 2], &[0, 255, 51, 17]);
    // 2³² − 1 images of 2³² − 1 by 2³² − 1 pixels: more than 64 bits can count.
    let endless = idx(&[u32::MAX, u32::MAX, u32::MAX], &[]);
    let cases: [(&[u8], &str); 8] = [
        (&good[..3], "can't read the data"),
        (&good[..9], "can't read the data"),
        (
            &good[..good.len() - 1],
            "promises 2 × 1 × 2 bytes, the file holds 3",
        ),
        (
            &[&good[..], &[0]].concat(),
            "goes on after the 4 bytes promised",
        ),
        (&endless, "the file holds 0"),
        (&gzip(&endless), "the file holds at most"),
        (&gzip(&good)[..12], "can't read the data"),
        (&[0, 0, 0x0d, 1, 0, 0, 0, 0], "IDX type 0x0d at offset 2"),
    ];
    for (images, expected) in cases {
        let folder = folder(&[
            ("a-images-idx3-ubyte", images),
            ("a-labels-idx1-ubyte", &labels),
        ]);
        let found = message(folder.path().join("a-images-idx3-ubyte"));
        assert!(found.contains(expected), "{found}");
    }
    let few = folder(&[
        ("a-images-idx3-ubyte", &good),
        ("a-labels-idx1-ubyte", &idx(&[1], &[0])),
    ]);
    let found = message(few.path());
    assert!(
        found.contains("1 labels for 2 images in a-images-idx3-ubyte"),
        "{found}"
    );
    let alone = folder(&[("a-images-idx3-ubyte", &good)]);
    let found = message(alone.path());
    assert!(found.contains("looked for a-labels-idx1-ubyte"), "{found}");
}

// -------------------------------------------------------------------------------------- CIFAR

#[test]
fn cifar_inputs_equal_an_independent_numpy_computation() {
    let data = open(fixture("cifar10-like-bin"));
    assert_eq!((data.train.len(), data.classes), (512, 10));
    assert_eq!(data.train.shape, [3, 32, 32]);
    assert_eq!(data.validation.as_ref().unwrap().len(), 64);
    assert_eq!(&data.train.labels().unwrap()[..8], [3, 3, 7, 7, 1, 4, 9, 8]);
    // a = np.frombuffer(gzip.open("data_batch_1.bin.gz").read(), "u1").reshape(-1, 3073)
    // m = np.array([.4914, .4822, .4465]).reshape(3, 1, 1)
    // s = np.array([.2470, .2435, .2616]).reshape(3, 1, 1)
    // x = ((a[:, 1:].reshape(-1, 3, 32, 32) / 255 - m) / s).astype("f4")
    // x[0, :, 0, 0].view("u4"), x[511, :, 31, 31].view("u4"), sha256(x.tobytes()).hexdigest()
    let pixel = |sample: usize, at: usize| {
        let row = data.train.row(sample).unwrap();
        bits(&[row[at], row[1024 + at], row[2048 + at]])
    };
    assert_eq!(pixel(0, 0), [0xbf03_4f7d, 0xbe13_c7d2, 0x3ec0_f98a]);
    assert_eq!(pixel(511, 1023), [0xbe27_91ce, 0xbe8b_db3b, 0xbeb7_1cb1]);
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(f32s(&data.train.inputs));
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "3cd7d7558fc2d9daff158207367b28a7f611dc02a31de867c6bd8cf80365fd5d"
    );
    assert!(
        data.description.contains("mean [0.4914,0.4822,0.4465]"),
        "{}",
        data.description
    );

    // A single batch finds the test batch beside it.
    let batch = open(fixture("cifar10-like-bin/data_batch_1.bin.gz"));
    same(&batch.train, &data.train);
    assert_eq!(batch.validation, data.validation);
}

#[test]
fn cifar_100_uses_the_fine_labels() {
    let record = |coarse: u8, fine: u8| [vec![coarse, fine], vec![128; 3072]].concat();
    let train = [record(0, 99), record(19, 7)].concat();
    let folder = folder(&[("train.bin", &train), ("test.bin", &record(3, 1))]);
    for path in [folder.path().to_owned(), folder.path().join("train.bin")] {
        let data = open(path);
        assert_eq!(
            (data.classes, data.train.labels().unwrap()),
            (100, &[99, 7][..])
        );
        assert_eq!(data.validation.unwrap().labels().unwrap(), [1]);
        let expected = ((128.0 / 255.0 - 0.5071) / 0.2675) as f32;
        assert_eq!(data.train.inputs[0].to_bits(), expected.to_bits());
    }
}

#[test]
fn damaged_cifar_files_are_refused_in_words() {
    let bad = |label: u8| [vec![label], vec![7; 3072]].concat();
    let two = [bad(3), bad(10)].concat();
    let hundred = [vec![20, 0], vec![7; 3072]].concat();
    let cases: [(&str, &[u8], &str); 5] = [
        (
            "data_batch_1.bin",
            &two,
            "record 1 (counted from 0) has label 10",
        ),
        (
            "data_batch_1.bin",
            &two[..4000],
            "4000 bytes are not a whole number of CIFAR-10 records",
        ),
        (
            "train.bin",
            &hundred,
            "record 0 (counted from 0) has label 20, CIFAR-100",
        ),
        (
            "train.bin",
            &two,
            "not a whole number of CIFAR-100 records of 3074 bytes",
        ),
        (
            "other.bin",
            &two[..3072],
            "not a whole number of CIFAR-10 records of 3073 bytes",
        ),
    ];
    for (name, bytes, expected) in cases {
        let folder = folder(&[(name, bytes)]);
        let found = message(folder.path().join(name));
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn the_broken_fixtures_give_clear_errors() {
    let cases = [
        (
            "bad_idx_magic-idx3-ubyte",
            "not an IDX file: it starts with the bytes [01, 02, 03, 04]",
        ),
        (
            "idx_size_lies-idx3-ubyte",
            "promises 4294967295 × 8 × 8 bytes, the file holds 64",
        ),
        (
            "cifar_partial_record.bin",
            "3001 bytes are not a whole number of CIFAR-10 records",
        ),
        (
            "cifar_bad_label.bin",
            "record 0 (counted from 0) has label 200",
        ),
    ];
    for (name, expected) in cases {
        let path = fixture("broken").join(name);
        let found = message(&path);
        assert!(found.contains(expected), "{found}");
        assert!(
            found.ends_with(path.to_str().unwrap()),
            "the path comes last: {found}"
        );
    }
}

// -------------------------------------------------------------------------------------- NumPy

#[test]
fn npz_keys_and_types() {
    let x = f32s(&[0.5, -1.0, 2.0, 0.1]);
    let bytes: Vec<u8> = vec![0, 255, 51, 102];
    // One row each: the arrays, and the training and validation samples expected of them.
    type Case<'a> = (Arrays<'a>, Vec<usize>, Vec<f32>, Vec<u32>, Option<usize>);
    let cases: Vec<Case> = vec![
        (
            vec![
                ("x", npy("<f4", "2, 2", &x)),
                ("y", npy("<i8", "2,", &i64s(&[0, 1]))),
            ],
            vec![2],
            vec![0.5, -1.0, 2.0, 0.1],
            vec![0, 1],
            None,
        ),
        (
            vec![
                ("X", npy("<f4", "4,", &x)),
                ("y", npy("|u1", "4, 1", &[0, 1, 2, 1])),
            ],
            vec![1],
            vec![0.5, -1.0, 2.0, 0.1],
            vec![0, 1, 2, 1],
            None,
        ),
        (
            vec![
                ("x", npy("<f4", "4, 1", &x)),
                ("y", npy("|b1", "4,", &[0, 1, 0, 1])),
                ("split", npy("|i1", "4,", &[0, 1, 1, 0])),
            ],
            vec![1],
            vec![0.5, 0.1],
            vec![0, 1],
            Some(2),
        ),
        (
            vec![
                ("x_train", npy("|u1", "1, 2, 2", &bytes)),
                ("y_train", npy(">i4", "1,", &[0, 0, 0, 1])),
                ("x_test", npy("|u1", "1, 2, 2", &bytes)),
                ("y_test", npy("<u2", "1,", &[0, 0])),
            ],
            vec![1, 2, 2],
            vec![0.0, 1.0, 0.2, 0.4],
            vec![1],
            Some(1),
        ),
        (
            vec![
                ("x", npy("<i2", "2, 1", &[1, 0, 255, 255])),
                ("y", npy("|u1", "2,", &[0, 1])),
            ],
            vec![1],
            vec![1.0, -1.0],
            vec![0, 1],
            None,
        ),
        (
            vec![
                ("x", npy("<f8", "1, 1", &0.1_f64.to_le_bytes())),
                ("y", npy("|u1", "1,", &[0])),
            ],
            vec![1],
            vec![0.1],
            vec![0],
            None,
        ),
    ];
    for (arrays, shape, inputs, labels, validation) in cases {
        let folder = folder(&[("data.npz", &npz(&arrays))]);
        let data = open(folder.path().join("data.npz"));
        assert_eq!(
            (data.train.shape.clone(), bits(&data.train.inputs)),
            (shape, bits(&inputs))
        );
        assert_eq!(data.train.labels().unwrap(), labels);
        assert_eq!(data.validation.map(|v| v.len()), validation);
        assert_eq!(data.name, "data");
        assert!(data.classes >= 2);
    }
}

#[test]
fn npy_files_side_by_side() {
    let x = npy("<f4", "2, 1", &f32s(&[0.5, 1.5]));
    let y = npy("<i8", "2,", &i64s(&[1, 0]));
    let pair = folder(&[("x.npy", &x), ("y.npy", &y)]);
    for path in [pair.path().to_owned(), pair.path().join("x.npy")] {
        assert_eq!(open(path).train.labels().unwrap(), [1, 0]);
    }
    let splits = folder(&[
        ("x_train.npy", &x),
        ("y_train.npy", &y),
        ("x_val.npy", &x),
        ("y_val.npy", &y),
    ]);
    assert_eq!(
        open(splits.path().join("x_train.npy"))
            .validation
            .unwrap()
            .labels()
            .unwrap(),
        [1, 0]
    );
    let alone = folder(&[("picture.npy", &x)]);
    assert!(message(alone.path().join("picture.npy")).contains("name inputs and labels x.npy"));
}

#[test]
fn channels_last_arrays_are_moved_and_said() {
    let values: Vec<f32> = (0..24).map(|x| x as f32).collect();
    let arrays = [
        ("x", npy("<f4", "2, 2, 2, 3", &f32s(&values))),
        ("y", npy("<i8", "2,", &i64s(&[0, 1]))),
    ];
    let folder = folder(&[("data.npz", &npz(&arrays))]);
    let mut options = options(folder.path().join("data.npz"));
    let moved = dataset::open(&options).unwrap();
    assert_eq!(moved.train.shape, [3, 2, 2]);
    // np.arange(24.).reshape(2, 2, 2, 3).transpose(0, 3, 1, 2)[1].ravel()
    let second = [12., 15., 18., 21., 13., 16., 19., 22., 14., 17., 20., 23.];
    assert_eq!(moved.train.row(1).unwrap(), second);
    assert!(
        moved.warnings[0].contains("--data-channels first"),
        "{:?}",
        moved.warnings
    );

    options.channels = Channels::First;
    let kept = dataset::open(&options).unwrap();
    assert_eq!(
        (kept.train.shape, kept.train.inputs),
        (vec![2, 2, 3], values)
    );
}

/// Integers are classes, one a sample or one a position; other numbers are targets as they stand.
#[test]
fn targets_of_every_kind_and_shape() {
    let x = || npy("<f4", "2, 2", &f32s(&[0.5, 1.5, 2.5, 3.5]));
    let words = || npy("<i8", "2, 3", &i64s(&[7, 8, 9, 300, 0, 1]));
    let halves = f32s(&[0.5, 1.0, -1.5, 2.0]);
    let classes = |l: &[u32]| Targets::Classes(l.to_vec());
    let values = |v: &[f32]| Targets::Values(v.to_vec());
    // Inputs, targets; what is expected of them, of how many classes, and the words for it.
    type Case<'a> = (Vec<u8>, Vec<u8>, Targets, Vec<usize>, usize, &'a str);
    let cases: Vec<Case> = vec![
        (
            words(),
            npy(
                "<i4",
                "2, 3",
                &[8, 9, 255, 0, 1, 2].map(|b: u8| [b, 0, 0, 0]).concat(),
            ),
            classes(&[8, 9, 255, 0, 1, 2]),
            vec![3],
            256,
            "labels of shape [3], 256 classes",
        ),
        (
            words(),
            npy("<i8", "2, 3", &i64s(&[1, -100, 2, -100, 0, 1])),
            classes(&[1, IGNORED, 2, IGNORED, 0, 1]),
            vec![3],
            3,
            "3 classes",
        ),
        (
            npy("|u1", "2, 2, 1", &[0, 51, 102, 255]),
            npy("|u1", "2, 2, 1", &[0, 1, 2, 3]),
            classes(&[0, 1, 2, 3]),
            vec![2, 1],
            4,
            "labels of shape [2, 1], 4 classes",
        ),
        (
            x(),
            npy("|u1", "2, 1", &[1, 0]),
            classes(&[1, 0]),
            vec![],
            2,
            "2 classes",
        ),
        (
            x(),
            npy("<f4", "2, 2", &halves),
            values(&[0.5, 1.0, -1.5, 2.0]),
            vec![2],
            0,
            "numbers of shape [2] as targets",
        ),
        (
            x(),
            npy(
                "<f8",
                "2,",
                &[0.25_f64, -1.0].map(f64::to_le_bytes).concat(),
            ),
            values(&[0.25, -1.0]),
            vec![],
            0,
            "one number each as the target",
        ),
        (
            x(),
            npy("<f4", "2, 1", &f32s(&[1.0, 3.0])),
            values(&[1.0, 3.0]),
            vec![1],
            0,
            "numbers of shape [1] as targets",
        ),
        (
            x(),
            npy("<f4", "2,", &f32s(&[1.0, 3.0])),
            classes(&[1, 3]),
            vec![],
            4,
            "4 classes",
        ),
        (
            npy("<f4", "2, 1, 1, 3", &f32s(&[0.0; 6])),
            npy(
                "<f4",
                "2, 1, 2, 3",
                &f32s(&[1., 2., 3., 4., 5., 6., 7., 8., 9., 0., 1., 2.]),
            ),
            values(&[1., 2., 3., 4., 5., 6., 7., 8., 9., 0., 1., 2.]),
            vec![1, 2, 3],
            0,
            "numbers of shape [1, 2, 3]",
        ),
    ];
    for (x, y, targets, shape, classes, words) in cases {
        let folder = folder(&[("data.npz", &npz(&[("x", x), ("y", y)]))]);
        let data = open(folder.path().join("data.npz"));
        assert!(data.description.contains(words), "{}", data.description);
        assert_eq!(
            (&data.train.targets, &data.train.target_shape),
            (&targets, &shape)
        );
        assert_eq!((data.classes, data.train.len()), (classes, 2));
        // A part keeps each sample with its own.
        let part = data.train.select(&[1]);
        assert_eq!(part.len(), 1);
        assert_eq!(part.targets.as_slice(), data.train.targets_of(1..2));
        assert_eq!(data.train.subset(1, 3).len(), 1);
    }
}

#[test]
fn what_is_assumed_of_targets_is_said() {
    let x = || npy("<f4", "3, 1", &f32s(&[0.5, 1.5, 2.5]));
    for (y, words) in [
        (npy("<f4", "3,", &f32s(&[0., 1., 1.])), "taken as classes"),
        (
            npy("|u1", "3, 2", &[0, 1, 1, 0, 0, 1]),
            "taken as one of 2 classes",
        ),
    ] {
        let folder = folder(&[("data.npz", &npz(&[("x", x()), ("y", y)]))]);
        let data = open(folder.path().join("data.npz"));
        assert!(
            data.warnings.join("; ").contains(words),
            "{:?}",
            data.warnings
        );
    }
    // Words with a label each are no pixels, whose scale one would have to know.
    let words = || npy("<i8", "2, 2", &i64s(&[0, 300, 2, 5]));
    for (labels, pixels) in [("2, 2", false), ("2, 2, 1", true)] {
        let arrays = [
            ("x", words()),
            ("y", npy("<i8", labels, &i64s(&[0, 1, 1, 1]))),
        ];
        let folder = folder(&[("data.npz", &npz(&arrays))]);
        let warnings = open(folder.path().join("data.npz")).warnings;
        assert_eq!(
            warnings.iter().any(|w| w.contains("wider than a byte")),
            pixels
        );
    }
}

#[test]
fn splits_have_targets_of_one_kind() {
    let x = || npy("<f4", "1, 1", &f32s(&[0.5]));
    for (train, held_out, words) in [
        (
            npy("<i8", "1, 2", &i64s(&[0, 1])),
            npy("<i8", "1,", &i64s(&[0])),
            "validation samples have classes, training samples labels of shape [2], classes",
        ),
        (
            npy("<f4", "1, 1", &f32s(&[0.5])),
            npy("|u1", "1,", &[0]),
            "training samples numbers of shape [1] as targets",
        ),
    ] {
        let arrays = [
            ("x_train", x()),
            ("y_train", train),
            ("x_val", x()),
            ("y_val", held_out),
        ];
        let folder = folder(&[("data.npz", &npz(&arrays))]);
        let found = message(folder.path().join("data.npz"));
        assert!(found.contains(words), "{found}");
    }
}

/// An autoencoder's data has no `y`; which losses do without one is said where they meet it.
#[test]
fn inputs_alone_are_data_without_targets() {
    let x = || npy("<f4", "2, 2", &f32s(&[0.5, 1.5, 2.5, 3.5]));
    let split = || npy("|u1", "2,", &[0, 1]);
    let cases: [(Arrays, usize, Option<usize>); 3] = [
        (vec![("x", x())], 2, None),
        (vec![("x", x()), ("split", split())], 1, Some(1)),
        (vec![("x_train", x()), ("x_val", x())], 2, Some(2)),
    ];
    for (arrays, train, validation) in cases {
        let folder = folder(&[("data.npz", &npz(&arrays))]);
        let data = open(folder.path().join("data.npz"));
        assert_eq!(data.train.targets, Targets::Missing(train));
        assert_eq!(data.train.len(), train);
        assert_eq!(data.validation.map(|split| split.len()), validation);
        assert_eq!(data.classes, 0);
        assert!(
            data.description.contains("no targets"),
            "{}",
            data.description
        );
        assert_eq!(data.train.subset(1, 0).targets, Targets::Missing(1));
    }
    // Beside anything else it is a slip.
    let arrays = [("x_train", x()), ("y_train", split()), ("x_val", x())];
    let folder = folder(&[("data.npz", &npz(&arrays))]);
    let found = message(folder.path().join("data.npz"));
    assert!(found.contains("no array named y_val"), "{found}");
}

/// One split that happens to hold whole numbers only is no reason to take them for classes.
#[test]
fn whole_numbers_are_classes_in_all_splits_or_in_none() {
    let x = || npy("<f4", "2, 1", &f32s(&[0.5, 1.5]));
    let y = |values: [f32; 2]| npy("<f4", "2,", &f32s(&values));
    let of = |train: Vec<u8>, held_out: Vec<u8>| {
        let arrays = [
            ("x_train", x()),
            ("y_train", train),
            ("x_val", x()),
            ("y_val", held_out),
        ];
        folder(&[("data.npz", &npz(&arrays))])
    };
    let (classes, numbers) = (
        |targets: &Targets| matches!(targets, Targets::Classes(_)),
        |targets: &Targets| matches!(targets, Targets::Values(_)),
    );
    type Kind = fn(&Targets) -> bool;
    let cases: [([f32; 2], [f32; 2], Kind); 4] = [
        ([0.0, 1.0], [1.0, 0.0], classes),
        ([0.5, 1.0], [1.0, 2.0], numbers),
        ([1.0, 2.0], [0.5, 1.0], numbers),
        // Prices.
        ([250_000.0, 310_000.0], [1.0, 2.0], numbers),
    ];
    for (train, held_out, kind) in cases {
        let folder = of(y(train), y(held_out));
        let data = open(folder.path().join("data.npz"));
        assert!(kind(&data.train.targets), "{train:?} {held_out:?}");
        assert!(kind(&data.validation.unwrap().targets));
        // Only what was assumed is warned of.
        let said = data
            .warnings
            .iter()
            .any(|w| w.contains("--data-targets numbers"));
        assert_eq!(said, kind(&Targets::Classes(Vec::new())));
    }
    let integers = |values: [i64; 2]| npy("<i8", "2,", &i64s(&values));
    for (train, held_out, words) in [
        (
            integers([0, 1]),
            y([0.5, 1.0]),
            "floats of shape [samples, 1]",
        ),
        (
            integers([250_000, 1]),
            integers([0, 1]),
            "--data-targets numbers",
        ),
    ] {
        let found = message(of(train, held_out).path().join("data.npz"));
        assert!(found.contains(words), "{found}");
    }
}

/// Marks went through the reader of targets: it warned of regressions and showed −100 as 4294967295.
#[test]
fn marks_of_a_split_are_read_as_what_they_are() {
    let x = || npy("<f4", "2, 1", &f32s(&[0.5, 1.5]));
    let y = || npy("<i8", "2,", &i64s(&[1, 0]));
    let of = |marks: Vec<u8>| {
        let arrays = [("x", x()), ("y", y()), ("split", marks)];
        folder(&[("data.npz", &npz(&arrays))])
    };
    for shape in ["2,", "2, 1"] {
        let folder = of(npy("<f4", shape, &f32s(&[0.0, 1.0])));
        let data = open(folder.path().join("data.npz"));
        assert_eq!((data.train.len(), data.validation.unwrap().len()), (1, 1));
        let said = data.warnings.join("; ");
        assert!(!said.contains("regression"), "{said}");
    }
    for (marks, words) in [
        (
            npy("<i8", "2,", &i64s(&[0, -100])),
            "split[1] is -100, expected 0",
        ),
        (
            npy("<f4", "2,", &f32s(&[0.5, 1.0])),
            "split[0] is 0.5, expected 0",
        ),
        (npy("|u1", "2, 2", &[0; 4]), "split has shape [2, 2]"),
        (
            npy("|u1", "3,", &[0; 3]),
            "split has 3 entries for 2 samples",
        ),
    ] {
        let found = message(of(marks).path().join("data.npz"));
        assert!(found.contains(words), "{found}");
    }
}

/// What isn't asked for may be damaged; what is asked for is named.
#[test]
fn a_damaged_array_costs_only_itself() {
    let x = || npy("<f4", "2, 1", &f32s(&[0.5, 1.5]));
    let y = || npy("<i8", "2,", &i64s(&[1, 0]));
    let damaged = || b"no array at all".to_vec();
    let whole = folder(&[(
        "data.npz",
        &npz(&[("notes", damaged()), ("x", x()), ("y", y())]),
    )]);
    assert_eq!(open(whole.path().join("data.npz")).train.len(), 2);
    let part = folder(&[("data.npz", &npz(&[("x", x()), ("y", damaged())]))]);
    let found = message(part.path().join("data.npz"));
    for words in ["no array named y", "`y` can't be read"] {
        assert!(found.contains(words), "{found}");
    }
}

#[test]
fn unusable_arrays_are_refused_in_words() {
    let x = || npy("<f4", "2, 1", &f32s(&[0.5, 1.5]));
    let y = || npy("<i8", "2,", &i64s(&[1, 0]));
    let cases: Vec<(Arrays, &str)> = vec![
        (
            vec![("a", x()), ("b", y())],
            "no array named x or x_train; found a [2, 1] float32, b [2] int64",
        ),
        (
            vec![("x", x()), ("ages", y())],
            "no array named y; found x [2, 1] float32, ages [2] int64",
        ),
        (
            vec![("x", x()), ("y", npy("<i8", "1,", &i64s(&[1])))],
            "x has 2 samples, y has 1 labels",
        ),
        (
            vec![("x", x()), ("y", npy("<i8", "2,", &i64s(&[1, -1])))],
            "y[1] is -1",
        ),
        (
            vec![("x", x()), ("y", npy("<f4", "2,", &f32s(&[0., f32::NAN])))],
            "training target values are NaN or infinite, the first in sample 1",
        ),
        (
            vec![("x", x()), ("y", npy("<i8", "1, 2", &i64s(&[1, 0])))],
            "x has 2 samples, y has 1 labels",
        ),
        (
            vec![("x", x()), ("y", npy("<i8", "2,", &i64s(&[0, 1 << 20])))],
            "label 1048576",
        ),
        (
            vec![("x", npy("<f4", "", &f32s(&[0.5]))), ("y", y())],
            "x is a single number",
        ),
        (
            vec![("x", npy("<f4", "0, 3", &[])), ("y", npy("<i8", "0,", &[]))],
            "no training sample",
        ),
        (
            vec![("x", npy("<f4", "2, 0", &[])), ("y", y())],
            "hold no number",
        ),
        (
            vec![("x", npy("<f4", "2, 9", &[0; 8])), ("y", y())],
            "promises 2 × 9 numbers",
        ),
        (
            vec![
                ("x", npy("<f4", "4611686018427387905, 4", &[0; 16])),
                ("y", y()),
            ],
            "larger than any memory",
        ),
        (
            vec![("x", npy("|O", "2,", &[0; 16])), ("y", y())],
            "ignored `x`: its type '|O' isn't numeric",
        ),
        (
            vec![
                ("x", npy("<f4", "2, 1", &f32s(&[f32::NAN, f32::INFINITY]))),
                ("y", y()),
            ],
            "2 training input values are NaN or infinite, the first in sample 0",
        ),
        (
            vec![
                (
                    "x",
                    npy(
                        "<f8",
                        "2, 1",
                        &[0.0, 1e300_f64].map(f64::to_le_bytes).concat(),
                    ),
                ),
                ("y", y()),
            ],
            "1 normalised training input values are NaN or infinite, the first in sample 1",
        ),
        (
            vec![("x", x()), ("y", y()), ("split", npy("|u1", "2,", &[0, 2]))],
            "split[1] is 2, expected 0 (training) or 1 (validation)",
        ),
        (
            vec![
                ("x_train", x()),
                ("y_train", y()),
                ("x_val", npy("<f4", "1, 2", &f32s(&[0., 1.]))),
            ],
            "no array named y_val",
        ),
        (
            vec![
                ("x_train", x()),
                ("y_train", y()),
                ("x_val", npy("<f4", "1, 2", &f32s(&[0., 1.]))),
                ("y_val", npy("|u1", "1,", &[0])),
            ],
            "validation inputs have shape [2], training inputs [1]",
        ),
        (
            vec![("x", npy("<c8", "2,", &[0; 16])), ("y", y())],
            "array x: its type is complex64; booleans, integers and floats",
        ),
        (vec![], "a zip archive without .npy arrays"),
    ];
    for (arrays, expected) in cases {
        let folder = folder(&[("data.npz", &npz(&arrays))]);
        let found = message(folder.path().join("data.npz"));
        assert!(
            found.contains(expected),
            "expected {expected}, found {found}"
        );
    }
}

#[test]
fn every_beginning_of_a_file_is_an_error_and_no_panic() {
    let images = npy("|u1", "2, 1, 1", &[0, 255]);
    let labels = npy("|u1", "2,", &[0, 1]);
    let archive = npz(&[("x", images.clone()), ("y", labels.clone())]);
    let safetensors = std::fs::read(fixture("digits80.safetensors")).unwrap();
    let files: [(&str, &[u8], usize); 4] = [
        ("data.npz", &archive, 1),
        ("x.npy", &images, 1),
        ("data.safetensors", &safetensors, 501),
        (
            "a-images-idx3-ubyte.gz",
            &gzip(&idx(&[2, 1, 1], &[0, 255])),
            1,
        ),
    ];
    for (name, bytes, step) in files {
        let beside: [(&str, &[u8]); 2] = [
            ("y.npy", &labels),
            ("a-labels-idx1-ubyte", &idx(&[2], &[0, 1])),
        ];
        let folder = folder(&beside);
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(open(&path).classes.min(2), 2, "the whole of {name}");
        for length in (0..bytes.len()).step_by(step) {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let error = dataset::open(&options(&path));
            assert!(
                error.is_err(),
                "{length} of {} bytes of {name}",
                bytes.len()
            );
        }
    }
}

#[test]
fn damaged_bytes_never_panic() {
    use rand::{RngExt as _, SeedableRng as _};
    let arrays = [
        ("x", npy("<f4", "2, 1", &f32s(&[0.5, 1.5]))),
        ("y", npy("|u1", "2,", &[0, 1])),
    ];
    let mut png = std::io::Cursor::new(Vec::new());
    image::GrayImage::from_fn(5, 4, |x, y| image::Luma([(9 * x + y) as u8]))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    let header = br#"{"x":{"dtype":"U8","shape":[2,1],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#;
    let safetensors = [
        &(header.len() as u64).to_le_bytes()[..],
        header,
        &[0, 255, 0, 1],
    ]
    .concat();
    let folder = folder(&[
        ("y.npy", &arrays[1].1),
        ("a-labels-idx1-ubyte", &idx(&[2], &[0, 1])),
    ]);
    let files: [(&str, Vec<u8>); 6] = [
        ("data.npz", npz(&arrays)),
        ("x.npy", arrays[0].1.clone()),
        ("data.safetensors", safetensors),
        ("a-images-idx3-ubyte", idx(&[2, 1, 1], &[0, 255])),
        ("a-images-idx3-ubyte.gz", gzip(&idx(&[2, 1, 1], &[0, 255]))),
        ("images/class/a.png", png.into_inner()),
    ];
    std::fs::create_dir_all(folder.path().join("images/class")).unwrap();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    for (name, bytes) in files {
        let file = folder.path().join(name);
        let data = if name.starts_with("images") {
            folder.path().join("images")
        } else {
            file.clone()
        };
        std::fs::write(&file, &bytes).unwrap();
        open(&data);
        for _ in 0..200 {
            let mut damaged = bytes.clone();
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..damaged.len());
                damaged[at] = rng.random();
            }
            std::fs::write(&file, damaged).unwrap();
            // Some damage can't be seen; what counts is that the call returns.
            let _ = dataset::open(&options(&data));
        }
    }
}

// ------------------------------------------------------------------------------------- images

#[test]
fn a_folder_of_images_by_class() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, image: image::DynamicImage| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        image.save(path).unwrap();
    };
    let grey = |value: u8, width: u32| {
        image::DynamicImage::from(image::GrayImage::from_pixel(width, 2, image::Luma([value])))
    };
    // Written out of order: classes and images are taken by name.
    save("train/dog/b.png", grey(51, 3));
    save("train/dog/a.png", grey(255, 3));
    save("train/cat/z.png", grey(0, 3));
    save("val/dog/c.png", grey(102, 3));
    std::fs::write(folder.path().join("train/dog/notes.txt"), "not an image").unwrap();

    let data = open(folder.path());
    assert_eq!(
        (data.classes, data.train.shape.as_slice()),
        (2, &[1, 2, 3][..])
    );
    assert_eq!(data.train.labels().unwrap(), [0, 1, 1]);
    let first: Vec<f32> = (0..3).map(|i| data.train.row(i).unwrap()[0]).collect();
    assert_eq!(first, [0.0, 1.0, 0.2]);
    assert_eq!(data.validation.as_ref().unwrap().labels().unwrap(), [1]);
    assert!(
        data.description.contains("classes cat, dog"),
        "{}",
        data.description
    );
    assert!(
        data.warnings[0].contains("1 entries of the class folders"),
        "{:?}",
        data.warnings
    );

    // One coloured image makes all of them RGB, one odd size is resized.
    let red = image::RgbImage::from_pixel(6, 4, image::Rgb([255, 0, 51]));
    save("train/cat/zz.png", red.into());
    let mixed = open(folder.path());
    assert_eq!(mixed.train.shape, [3, 2, 3]);
    let expected = [[1.0; 6], [0.0; 6], [0.2; 6]].concat();
    assert_eq!(mixed.train.row(1).unwrap(), expected);
    let resized = "1 of 5 images were resized to 2×3 pixels";
    assert!(
        mixed.warnings.iter().any(|w| w.contains(resized)),
        "{:?}",
        mixed.warnings
    );

    let wanted = DataOptions {
        image_size: Some([4, 4]),
        color: Color::Grey,
        ..options(folder.path())
    };
    assert_eq!(dataset::open(&wanted).unwrap().train.shape, [1, 4, 4]);
    let absurd = DataOptions {
        image_size: Some([0, 4]),
        ..options(folder.path())
    };
    assert!(
        dataset::open(&absurd)
            .unwrap_err()
            .to_string()
            .contains("image size 0×4")
    );

    save("val/horse/c.png", grey(102, 3));
    assert!(message(folder.path()).contains("class horse is not among the 2 training classes"));
    std::fs::remove_dir_all(folder.path().join("val")).unwrap();
    std::fs::write(
        folder.path().join("train/cat/broken.png"),
        b"\x89PNG\r\n\x1a\n",
    )
    .unwrap();
    assert!(message(folder.path()).contains("not a readable image"));
    assert!(message(folder.path().join("train/dog/a.png")).contains("one image is no data set"));
}

// ---------------------------------------------------------------------------------- synthetic

#[test]
fn synthetic_sets_depend_on_their_seed_alone() {
    for name in ["spirals", "moons", "blobs"] {
        let seeded = |seed| {
            dataset::open(&DataOptions {
                seed,
                ..options(name)
            })
            .unwrap()
        };
        let data = seeded(7);
        assert_eq!(data, seeded(7));
        assert_ne!(data.sha256, seeded(8).sha256);
        assert_eq!((data.classes, data.train.shape.as_slice()), (2, &[2][..]));
        assert_eq!(data.train.len(), dataset::TRAIN_SAMPLES);
        let validation = data.validation.unwrap();
        assert_eq!(validation.len(), dataset::VALIDATION_SAMPLES);
        assert_ne!(validation.inputs[..4], data.train.inputs[..4]);
        let ones = data
            .train
            .labels()
            .unwrap()
            .iter()
            .filter(|&&label| label == 1)
            .count();
        assert_eq!(ones, dataset::TRAIN_SAMPLES / 2);
        assert!(data.train.inputs.iter().all(|x| x.abs() < 5.0));
    }
}

// ------------------------------------------------------------------------------ normalisation

#[test]
fn normalisation_per_channel_is_measured_on_the_training_split() {
    let mut options = options(fixture("cifar10-like-bin"));
    options.normalize = Normalize::PerChannel;
    let data = dataset::open(&options).unwrap();
    // y = a[:, 1:].reshape(-1, 3, 32, 32) / 255; m, s = y.mean((0, 2, 3)), y.std((0, 2, 3))
    // ((y - m.reshape(3, 1, 1)) / s.reshape(3, 1, 1))[0, :, 0, 0]
    let expected = [-0.648_546_94, -0.138_990_33, 0.457_894_8];
    let row = data.train.row(0).unwrap();
    for (channel, expected) in expected.into_iter().enumerate() {
        // Sums of 524,288 numbers in another order: a few units of the last f32 place at most.
        assert!(
            (row[1024 * channel] - expected).abs() < 1e-6,
            "channel {channel}"
        );
    }
    assert!(
        data.description.contains("mean [0.47187978"),
        "{}",
        data.description
    );
}

#[test]
fn normalisation_is_written_and_read_as_text() {
    let given = Normalize::Given {
        mean: vec![0.5, 0.25, 0.0],
        std: vec![1.0, 2.0, 0.5],
    };
    let cases = [
        ("auto", Normalize::Auto),
        ("none", Normalize::None),
        ("per-channel", Normalize::PerChannel),
        ("scale:16", Normalize::Scale(16.0)),
        ("given:0.5,0.25,0:1,2,0.5", given),
    ];
    for (text, normalize) in cases {
        assert_eq!(text.parse::<Normalize>().unwrap(), normalize);
        assert_eq!(normalize.to_string(), text);
        let options = DataOptions {
            normalize,
            ..DataOptions::default()
        };
        let saved = serde_json::to_string(&options).unwrap();
        assert_eq!(
            serde_json::from_str::<DataOptions>(&saved).unwrap(),
            options
        );
    }
    for text in [
        "",
        "scale",
        "scale:0",
        "scale:-1",
        "scale:nan",
        "given:1",
        "given:1:0",
        "given:1,2:1",
        "x",
    ] {
        assert!(text.parse::<Normalize>().is_err(), "{text}");
    }
}

#[test]
fn given_numbers_must_fit_the_channels() {
    let given = |n: usize| DataOptions {
        normalize: Normalize::Given {
            mean: vec![0.5; n],
            std: vec![0.25; n],
        },
        ..options(fixture("cifar10-like-bin"))
    };
    // One number serves every channel.
    let (one, three) = (
        dataset::open(&given(1)).unwrap(),
        dataset::open(&given(3)).unwrap(),
    );
    same(&one.train, &three.train);
    let error = dataset::open(&given(2)).unwrap_err().to_string();
    assert!(
        error.contains("numbers for 2 channels, the data has 3"),
        "{error}"
    );
}

#[test]
fn options_left_out_have_their_defaults() {
    let options: DataOptions = serde_json::from_str(r#"{"data": "moons", "seed": 3}"#).unwrap();
    assert_eq!(
        options,
        DataOptions {
            seed: 3,
            ..self::options("moons")
        }
    );
    assert!(serde_json::from_str::<DataOptions>(r#"{"dta": "moons"}"#).is_err());
}

// --------------------------------------------------------------------------------- recognition

#[test]
fn what_is_no_data_is_said() {
    let files = folder(&[
        ("empty.npz", b""),
        ("text.txt", b"hello, this is no data"),
        ("a/b", b""),
    ]);
    let cases = [
        (
            PathBuf::from("digit"),
            "no data set and no file is named `digit`; accepted are digits,",
        ),
        (PathBuf::from(""), "no data set and no file is named ``"),
        (files.path().join("empty.npz"), "the file is empty"),
        (
            files.path().join("text.txt"),
            "not recognised as data; accepted are digits,",
        ),
        (
            files.path().join("a"),
            "no data in this folder; looked for CIFAR files",
        ),
    ];
    for (path, expected) in cases {
        let found = message(path);
        assert!(found.contains(expected), "{found}");
    }
}

// -------------------------------------------------------------------------------------- subset

#[test]
fn a_subset_keeps_the_proportions_of_the_classes() {
    let digits = open("digits").train;
    let part = digits.subset(500, 0);
    for class in 0..10 {
        let count = |samples: &Samples| {
            let labels = samples.labels().unwrap().iter();
            labels.filter(|&&l| l == class).count()
        };
        let exact = 500.0 * count(&digits) as f64 / 1437.0;
        assert!((count(&part) as f64 - exact).abs() < 1.0, "class {class}");
    }
    assert_ne!(part, digits.subset(500, 1), "another seed, another choice");
    assert_eq!(digits.subset(0, 0).len(), 0);
}

proptest! {
    #[test]
    fn subsets_are_stratified_ordered_and_reproducible(
        labels in prop::collection::vec(0_u32..5, 0..200),
        n in 0_usize..250,
        seed: u64,
    ) {
        let inputs: Vec<f32> = (0..labels.len()).map(|x| x as f32).collect();
        let samples = Samples::labelled(vec![1], inputs, labels);
        let indexes = samples.subset_indexes(n, seed);
        prop_assert_eq!(indexes.len(), n.min(samples.len()));
        prop_assert!(indexes.is_sorted_by(|a, b| a < b), "increasing, none twice");
        prop_assert_eq!(&indexes, &samples.subset_indexes(n, seed));
        let part = samples.subset(n, seed);
        // The one number of each input is the index it was made from.
        let from: Vec<usize> = part.inputs.iter().map(|&x| x as usize).collect();
        prop_assert_eq!(&from, &indexes);
        for class in 0..5 {
            let count = |samples: &Samples| {
            let labels = samples.labels().unwrap().iter();
            labels.filter(|&&l| l == class).count()
        };
            let share = n.min(samples.len()) * count(&samples);
            let floor = share / samples.len().max(1);
            prop_assert!((floor..=floor + 1).contains(&count(&part)));
        }
    }

    #[test]
    fn rows_beyond_the_end_are_none(n in 0_usize..5, start: usize, end: usize) {
        let samples = Samples::labelled(vec![2], vec![0.0; 2 * n], vec![0; n]);
        prop_assert_eq!(samples.row(start).is_some(), start < n);
        prop_assert_eq!(samples.rows(start..end).is_some(), start <= end && end <= n);
    }
}
