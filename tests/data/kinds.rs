//! Data as other programs save it: each kind against what its own program reads, as
//! `tests/fixtures/data/make.py` has written it down.

use std::path::{Path, PathBuf};

use losscope::checkpoint;
use losscope::dataset::normalize::likely;
use losscope::dataset::{
    self, Color, DataOptions, Dataset, IGNORED, Normalize, TargetKind, Targets,
};
use losscope::engine::inputs::Inputs;
use losscope::engine::job::SurfaceJob;
use losscope::engine::recognise::{Kind, kind};
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::params::Params;
use serde_json::Value;

use super::{f32s, fixture, folder, gzip, i64s, idx, message, npy, npz, open, options};

fn kinds(name: &str) -> PathBuf {
    fixture("kinds").join(name)
}

/// What the other program found.
fn expected() -> Value {
    serde_json::from_str(&std::fs::read_to_string(kinds("expected.json")).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().unwrap().iter();
    list.map(|v| v.as_f64().unwrap()).collect()
}

fn labels(data: &dataset::Samples) -> Vec<f64> {
    data.labels()
        .unwrap()
        .iter()
        .map(|l| f64::from(*l))
        .collect()
}

fn inputs(data: &dataset::Samples) -> Vec<f64> {
    data.inputs.iter().map(|x| f64::from(*x)).collect()
}

/// As stored, so that numbers can be compared.
fn stored(path: impl AsRef<Path>) -> DataOptions {
    DataOptions {
        normalize: Normalize::None,
        ..options(path)
    }
}

fn sums(data: &dataset::Samples) -> Vec<f64> {
    let rows = data.inputs.chunks(data.width());
    rows.map(|row| row.iter().map(|x| f64::from(*x)).sum())
        .collect()
}

fn with_keys(path: impl AsRef<Path>, keys: &str) -> DataOptions {
    DataOptions {
        keys: keys.parse().unwrap(),
        ..options(path)
    }
}

fn refused(options: &DataOptions, words: &[&str]) {
    let found = dataset::open(options).unwrap_err().to_string();
    for word in words {
        assert!(found.contains(word), "expected {word:?} in: {found}");
    }
}

// -------------------------------------------------------------------------------------- CIFAR

#[test]
fn cifar_for_python_as_it_is_downloaded() {
    let (known, archive) = (expected(), kinds("cifar-10-python.tar.gz"));
    for path in [kinds("cifar-10-batches-py"), archive.clone()] {
        assert_eq!(kind(&path).unwrap(), Kind::Data);
        let data = dataset::open(&stored(&path)).unwrap();
        let wanted = &known["cifar10"];
        assert_eq!(sums(&data.train), numbers(&wanted["sums"]));
        assert_eq!(labels(&data.train), numbers(&wanted["labels"]));
        let held_out = data.validation.as_ref().unwrap();
        assert_eq!(sums(held_out), numbers(&wanted["test_sums"]));
        assert_eq!(labels(held_out), [9.0, 0.0, 3.0]);
        let last = data.train.row(9).unwrap()[..4]
            .iter()
            .map(|x| f64::from(*x));
        assert_eq!(last.collect::<Vec<_>>(), numbers(&wanted["last_row"]));
        assert_eq!((data.classes, data.class_names[9].as_str()), (10, "truck"));
        assert_eq!(data.train.shape, [3, 32, 32]);
        // Whatever the version, CIFAR is scaled as CIFAR.
        let usual = open(&path).description;
        assert!(usual.contains("mean [0.4914,0.4822,0.4465]"), "{usual}");
    }
    let one = dataset::open(&stored(kinds("cifar-10-batches-py/data_batch_2"))).unwrap();
    assert_eq!(one.train.len(), 2);
    assert_eq!(one.validation.unwrap().len(), 3);
    let above = folder(&[]);
    let place = above.path().join("cifar-10-batches-py");
    std::fs::create_dir(&place).unwrap();
    for name in ["data_batch_1", "test_batch"] {
        std::fs::copy(kinds("cifar-10-batches-py").join(name), place.join(name)).unwrap();
    }
    let data = open(above.path());
    assert_eq!(data.train.len(), 2);
    let said = data.warnings.join("; ");
    assert!(
        said.contains("incomplete: data_batch_2, data_batch_3"),
        "{said}"
    );
}

#[test]
fn cifar_100_for_python_has_fine_labels_unless_told() {
    let (path, known) = (kinds("cifar-100-python"), expected());
    let data = dataset::open(&stored(&path)).unwrap();
    for (samples, name) in [
        (&data.train, "train"),
        (data.validation.as_ref().unwrap(), "test"),
    ] {
        let wanted = &known[format!("cifar100_{name}")];
        assert_eq!(sums(samples), numbers(&wanted["sums"]));
        assert_eq!(labels(samples), numbers(&wanted["labels"]));
    }
    assert_eq!(
        (data.classes, data.class_names[99].as_str()),
        (100, "fine99")
    );
    assert_eq!(kind(&path).unwrap(), Kind::Data);
    let coarse = dataset::open(&with_keys(&path, "y=coarse_labels")).unwrap();
    assert_eq!(
        (coarse.classes, labels(&coarse.train)),
        (20, vec![1.0, 19.0, 0.0, 1.0])
    );
    refused(
        &with_keys(&path, "y=colour"),
        &["no labels called colour; found fine_labels"],
    );
}

// ------------------------------------------------------------------------------------- arrays

/// The loss of a small network, which PyTorch computed: 2.303315 whatever the arrays are called.
#[test]
fn the_usual_names_of_arrays_are_the_same_data() {
    let model = fixture("keys/model.pt");
    let state = checkpoint::open(&model).unwrap();
    for name in [
        "images_labels",
        "data_target",
        "float_labels",
        "medmnist",
        "onehot",
        "test_only",
    ] {
        let path = fixture(&format!("keys/{name}.npz"));
        assert_eq!(kind(&path).unwrap(), Kind::Data, "{name}");
        let mut setup = SurfaceJob::default().setup;
        setup.data = path.to_str().unwrap().to_owned();
        // It has learnt nothing, so no data would tell which network it is.
        setup.model = "mlp".to_owned();
        let inputs = Inputs::open(&setup, &state).unwrap();
        let (evaluator, _, splits) = inputs.evaluator(&setup).unwrap();
        let (point, _) = inputs.network.params(&state).unwrap();
        let still = Params::zeros(point.layout());
        let slice = Slice::new(point, vec![still], Buffers::Frozen).unwrap();
        let loaded = evaluator.load(slice, None).unwrap();
        let splits: Vec<_> = splits.iter().collect();
        let found = evaluator.evaluate(&loaded, &[vec![0.0]], &splits).unwrap();
        // Half a unit of the last digit that is given.
        assert!(
            (found[0][0].loss - 2.303_315).abs() < 6e-7,
            "{name}: {:?}",
            found[0][0]
        );
    }
}

#[test]
fn what_was_taken_is_said() {
    let medmnist = open(fixture("keys/medmnist.npz"));
    assert!(
        medmnist.description.starts_with(
            ".npz (train_images, train_labels, test_images, test_labels); 60 training and 60"
        ),
        "{}",
        medmnist.description
    );
    for (name, words) in [
        (
            "onehot",
            "the rows of y are one-hot and taken as one of 10 classes",
        ),
        ("test_only", "x_test is held-out data by its name"),
        ("float_labels", "y is float32 but holds whole numbers only"),
    ] {
        let said = open(fixture(&format!("keys/{name}.npz")))
            .warnings
            .join("; ");
        assert!(said.contains(words), "{name}: {said}");
    }
}

#[test]
fn keys_choose_where_names_dont() {
    let x = || npy("<f4", "2, 1", &f32s(&[0.5, 1.5]));
    let y = |labels: [i64; 2]| npy("<i8", "2,", &i64s(&labels));
    let arrays = [
        ("a", x()),
        ("b", y([1, 0])),
        ("fine", y([0, 5])),
        ("notes", x()),
    ];
    let place = folder(&[("data.npz", &npz(&arrays))]);
    let path = place.path().join("data.npz");
    refused(
        &options(&path),
        &[
            "no array named x or x_train",
            "a [2, 1] float32",
            "fine [2] int64",
            "--data-keys x=NAME",
        ],
    );
    let data = dataset::open(&with_keys(&path, "x=a,y=fine")).unwrap();
    assert_eq!(labels(&data.train), [0.0, 5.0]);
    assert!(
        data.description.contains("not used: b, notes"),
        "{}",
        data.description
    );
    refused(
        &with_keys(&path, "x=a,y=c"),
        &["no array named c; found a [2, 1] float32, b [2] int64"],
    );
    let split = dataset::open(&with_keys(&path, "x=a,y=b,x_test=notes,y_test=fine")).unwrap();
    assert_eq!(labels(&split.validation.unwrap()), [0.0, 5.0]);
    let alone = dataset::open(&with_keys(&path, "x=notes")).unwrap();
    assert_eq!(alone.train.targets, Targets::Missing(2));
    // Written and read as text, in records of jobs, too.
    let keys = with_keys(&path, "x=a, y=b,x_val=notes").keys;
    assert_eq!(keys.to_string(), "x=a,y=b,x_test=notes");
    assert_eq!(
        keys,
        serde_json::from_str(&serde_json::to_string(&keys).unwrap()).unwrap()
    );
    for wrong in ["a", "x=", "z=a", "x=a,x=b", "y_test=b"] {
        assert!(wrong.parse::<dataset::Keys>().is_err(), "{wrong}");
    }
}

/// Bytes as targets were classes whatever the loss wants.
#[test]
fn pictures_are_targets_where_they_are_asked_for() {
    let x = || npy("|u1", "2, 1, 2", &[0, 51, 102, 255]);
    let arrays = [("x", x()), ("y", npy("|u1", "2, 1, 2", &[255, 102, 51, 0]))];
    let place = folder(&[("data.npz", &npz(&arrays))]);
    let of = |targets| DataOptions {
        targets,
        ..options(place.path().join("data.npz"))
    };
    let values = |v: &[f32]| Targets::Values(v.to_vec());
    let scaled = dataset::open(&of(TargetKind::Scaled)).unwrap();
    assert_eq!(scaled.train.targets, values(&[1.0, 0.4, 0.2, 0.0]));
    assert_eq!(scaled.train.target_shape, [1, 1, 2]);
    assert!(scaled.description.contains("scaled as the inputs"));
    let plain = dataset::open(&of(TargetKind::Numbers)).unwrap();
    assert_eq!(plain.train.targets, values(&[255.0, 102.0, 51.0, 0.0]));
    // A loss that takes numbers doesn't say on which scale.
    refused(
        &of(TargetKind::Wanted),
        &["--data-targets scaled", "--data-targets numbers"],
    );
    let classes = dataset::open(&of(TargetKind::Auto)).unwrap();
    assert!(matches!(classes.train.targets, Targets::Classes(_)));
}

#[test]
fn one_hot_rows_stay_answers_where_they_are_asked_for() {
    let path = fixture("keys/onehot.npz");
    let answers = DataOptions {
        targets: TargetKind::Answers,
        ..options(&path)
    };
    let data = dataset::open(&answers).unwrap();
    assert_eq!(data.train.target_shape, [10]);
    let numbers = DataOptions {
        targets: TargetKind::Numbers,
        ..options(fixture("keys/float_labels.npz"))
    };
    let data = dataset::open(&numbers).unwrap();
    assert!(matches!(data.train.targets, Targets::Values(_)));
}

// ------------------------------------------------------------------------------------ PyTorch

#[test]
fn tensors_of_torch_save() {
    let known = expected();
    for path in [kinds("processed"), kinds("processed/training.pt")] {
        assert_eq!(kind(&path).unwrap(), Kind::Data);
        let data = dataset::open(&stored(&path)).unwrap();
        assert_eq!(inputs(&data.train), numbers(&known["processed_training"]));
        let held_out = data.validation.unwrap();
        assert_eq!(inputs(&held_out), numbers(&known["processed_test"]));
        assert_eq!(
            (labels(&held_out), data.name.as_str()),
            (vec![0.0, 1.0], "processed")
        );
        assert_eq!(data.train.shape, [1, 4, 4]);
    }
    for name in ["dataset.pt", "dictionary.pt"] {
        assert_eq!(kind(&kinds(name)).unwrap(), Kind::Data, "{name}");
        let data = open(kinds(name));
        assert_eq!(inputs(&data.train), [0.5, -1.0, 2.0, 0.25], "{name}");
        assert_eq!(labels(&data.train), [1.0, 0.0]);
    }
    // Weights stay weights, however few.
    assert_eq!(kind(&kinds("weights.pt")).unwrap(), Kind::Checkpoint);
    assert_eq!(kind(&fixture("keys/model.pt")).unwrap(), Kind::Checkpoint);
    assert!(message(kinds("weights.pt")).contains("weights of a network, not data"));
    refused(
        &options(kinds("three.pt")),
        &["no array named x", "0 [2, 2] float32", "2 [2] int64"],
    );
    let data = dataset::open(&with_keys(kinds("three.pt"), "x=1,y=2")).unwrap();
    assert_eq!(labels(&data.train), [1.0, 0.0]);
}

// ------------------------------------------------------------------------------------- tables

fn flowers(data: &Dataset, words: &str) {
    let wanted = &expected()["flowers"];
    assert_eq!(inputs(&data.train), numbers(&wanted["inputs"]));
    assert_eq!(labels(&data.train), numbers(&wanted["labels"]));
    assert_eq!(data.class_names, ["daisy", "iris", "rose"]);
    for words in [
        words,
        "text labels in sorted order, classes daisy, iris, rose",
        "inputs width, height; targets class",
    ] {
        assert!(
            data.description.contains(words),
            "no {words:?} in {}",
            data.description
        );
    }
}

#[test]
fn tables_of_pandas() {
    // The delimiter, the header, the index without a name and the classes of text are found.
    assert_eq!(kind(&kinds("flowers.csv")).unwrap(), Kind::Data);
    flowers(
        &open(kinds("flowers.csv")),
        "CSV, semicolons between cells, with a header",
    );
    assert_eq!(kind(&kinds("flowers.parquet")).unwrap(), Kind::Data);
    flowers(&open(kinds("flowers.parquet")), "Parquet, flowers.parquet");
    let numbers = open(kinds("regression.csv"));
    assert_eq!(
        numbers.train.targets,
        Targets::Values(vec![1.25, -0.5, 3.0])
    );
    assert_eq!(inputs(&numbers.train), [0.5, 9.0, 1.5, 8.0, 2.5, 7.0]);
    let some = dataset::open(&with_keys(kinds("regression.csv"), "x=b,y=a")).unwrap();
    assert_eq!(inputs(&some.train), [9.0, 8.0, 7.0]);
}

#[test]
fn a_table_without_header_is_asked_about() {
    let path = kinds("pixels.csv");
    refused(
        &options(&path),
        &["no header", "--data-keys y=0", "--data-keys y=16"],
    );
    let mut first = with_keys(&path, "y=0");
    let data = dataset::open(&first).unwrap();
    assert_eq!(inputs(&data.train), numbers(&expected()["pixels"]));
    assert_eq!(labels(&data.train), [2.0, 0.0, 1.0]);
    assert!(
        data.warnings.join("; ").contains("used as they are"),
        "{:?}",
        data.warnings
    );
    // Whole numbers up to 255 are pixels where a scaling of pixels is named.
    first.normalize = "mnist".parse().unwrap();
    let scaled = dataset::open(&first).unwrap();
    let pixel = f64::from(data.train.inputs[5]);
    assert_eq!(
        scaled.train.inputs[5],
        ((pixel / 255.0 - 0.1307) / 0.3081) as f32
    );
}

#[test]
fn tables_that_arent_plain_are_refused_with_their_line() {
    let cases: [(&str, &[&str]); 10] = [
        (
            "a,label\n1,0\n,1\n",
            &["line 3 has no value in the column \"a\""],
        ),
        ("a,label\n1,0\nnan,1\n", &["line 3 has no value", "\"nan\""]),
        (
            "a,label\n1,0\n2\n",
            &["line 3 has 1 cells, the first line 2"],
        ),
        (
            "a,label\n1,0\nred,1\n",
            &["line 3 has \"red\" in the column \"a\""],
        ),
        (
            "a,b,label\n1,red,0\n2,blue,1\n",
            &["the column b holds text", "--data-keys"],
        ),
        (
            "a,b\n1,2\n",
            &["no column called label", "found a (integers), b (integers)"],
        ),
        (
            "a,label,target\n1,0,1\n",
            &["label and target could each be the target"],
        ),
        ("label,label\n1,0\n", &["two columns are called \"label\""]),
        ("a,label\n", &["a header without rows"]),
        ("a,label\n\"1,0\n", &["line 2 has 1 cells"]),
    ];
    for (text, words) in cases {
        let place = folder(&[("t.csv", text.as_bytes())]);
        refused(&options(place.path().join("t.csv")), words);
    }
    let place = folder(&[("t.tsv", b"a\tlabel\tsplit\n1\t0\ttrain\n2\t1\ttest\n")]);
    let data = open(place.path().join("t.tsv"));
    assert_eq!((data.train.len(), data.validation.unwrap().len()), (1, 1));
}

#[test]
fn parquet_of_hugging_face_has_pictures_and_names() {
    let wanted = expected();
    let file = "hf/data/train-00000-of-00001.parquet";
    for path in [kinds("hf"), kinds("hf/data"), kinds(file)] {
        let data = dataset::open(&stored(&path)).unwrap();
        assert_eq!(
            inputs(&data.train),
            numbers(&wanted["hf"]["train"]["pixels"])
        );
        assert_eq!(labels(&data.train), [2.0, 0.0, 1.0]);
        let held_out = data.validation.as_ref().unwrap();
        assert_eq!(inputs(held_out), numbers(&wanted["hf"]["test"]["pixels"]));
        assert_eq!(data.class_names, ["cat", "dog", "eel"]);
        assert_eq!(
            (data.train.shape.as_slice(), data.classes),
            (&[3, 4, 5][..], 3)
        );
    }
    assert_eq!(kind(&kinds("hf/data")).unwrap(), Kind::Data);
    // A whole repository of a data set, with its README beside the folder; some call the folder otherwise.
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("README.md"), "---\nlicense: mit\n---\n").unwrap();
    std::fs::write(place.path().join("dataset_infos.json"), "{}").unwrap();
    let inside = place.path().join("plain_text");
    std::fs::create_dir(&inside).unwrap();
    for name in ["train", "test"] {
        let name = format!("{name}-00000-of-00001.parquet");
        std::fs::copy(kinds("hf/data").join(&name), inside.join(&name)).unwrap();
    }
    for path in [kinds("hf"), place.path().to_owned()] {
        assert_eq!(kind(&path).unwrap(), Kind::Data, "{}", path.display());
        let data = dataset::open(&stored(&path)).unwrap();
        assert_eq!(labels(&data.train), [2.0, 0.0, 1.0]);
    }
    let grey = DataOptions {
        color: Color::Grey,
        image_size: Some([2, 2]),
        ..options(kinds("hf"))
    };
    assert_eq!(dataset::open(&grey).unwrap().train.shape, [1, 2, 2]);
}

// ------------------------------------------------------------------------------------- tokens

#[test]
fn tokens_are_cut_into_windows_with_the_next_token_as_target() {
    let of = |path: PathBuf, block| DataOptions {
        block_size: Some(block),
        ..options(path)
    };
    for path in [kinds("nano"), kinds("nano/train.bin")] {
        assert_eq!(kind(&path).unwrap(), Kind::Data);
        refused(&options(&path), &["--block-size N"]);
        let data = dataset::open(&of(path, 4)).unwrap();
        // np.arange(11) % 7
        assert_eq!(inputs(&data.train), [0., 1., 2., 3., 4., 5., 6., 0.]);
        let targets = [1, 2, 3, 4, 5, 6, 0, 1];
        assert_eq!(data.train.targets, Targets::Classes(targets.to_vec()));
        assert_eq!(
            (data.train.len(), data.train.target_shape.as_slice()),
            (2, &[4][..])
        );
        assert_eq!(data.classes, 65, "meta.pkl");
        let held_out = data.validation.unwrap();
        assert_eq!(held_out.targets, Targets::Classes(vec![1, 4, 1, 5]));
        assert!(
            data.warnings.join("; ").contains("the last 2 tokens"),
            "{:?}",
            data.warnings
        );
    }
    let array = dataset::open(&of(kinds("tokens.npy"), 8)).unwrap();
    assert_eq!((array.train.len(), array.classes), (1, 9));
    refused(&of(kinds("nano"), 11), &["11 tokens fill no window of 11"]);
}

// ----------------------------------------------------------------------------------- pictures

/// JPEG leaves the last digits to the decoder. PIL's is libjpeg-turbo; this is how far ours is from it.
#[test]
fn jpeg_is_nearly_what_libjpeg_decodes() {
    let (ours, theirs) = (
        dataset::open(&stored(kinds("jpeg"))).unwrap(),
        dataset::open(&stored(kinds("decoded"))).unwrap(),
    );
    assert!(
        ours.description.contains("zune-jpeg"),
        "{}",
        ours.description
    );
    assert!(!theirs.description.contains("zune-jpeg"));
    let (mut most, mut sum) = (0.0_f32, 0.0);
    for (a, b) in ours.train.inputs.iter().zip(&theirs.train.inputs) {
        most = most.max((a - b).abs());
        sum += f64::from((a - b).abs());
    }
    let mean = sum / ours.train.inputs.len() as f64;
    // What the result says: up to 4, 0.2 on the average.
    assert!(most <= 4.0 && mean < 0.25, "{most}, {mean}");
}

#[test]
fn images_with_labels_in_a_table() {
    let path = kinds("labelled");
    assert_eq!(kind(&path).unwrap(), Kind::Data);
    let data = dataset::open(&stored(&path)).unwrap();
    assert_eq!(
        inputs(&data.train)[..7],
        [200., 200., 200., 200., 200., 200., 10.]
    );
    assert_eq!(labels(&data.train), [1.0, 0.0, 1.0]);
    assert_eq!(data.class_names, ["a", "b"]);
    assert!(
        data.description
            .contains("labels.csv: images file_name, targets label")
    );
    let place = folder(&[("labels.csv", b"file_name,age\n0.png,3.5\n../1.png,2.5\n")]);
    std::fs::copy(path.join("img/0.png"), place.path().join("0.png")).unwrap();
    refused(
        &options(place.path()),
        &["no image \"../1.png\" beside this table"],
    );
    std::fs::write(
        place.path().join("labels.csv"),
        "file_name,age\n0.png,3.5\n",
    )
    .unwrap();
    let ages = open(place.path());
    assert_eq!(ages.train.targets, Targets::Values(vec![3.5]));
}

#[test]
fn masks_are_a_class_for_each_pixel() {
    let path = kinds("segmented");
    assert_eq!(kind(&path).unwrap(), Kind::Data);
    let data = open(&path);
    let wanted = [0, 1, 2, IGNORED, 0, 0, 0, 0, 1, 1, 2, 2];
    assert_eq!(data.train.targets, Targets::Classes(wanted.to_vec()));
    assert_eq!(
        (data.train.target_shape.as_slice(), data.classes),
        (&[3, 2][..], 3)
    );
    assert!(
        data.description.contains("255 doesn't count"),
        "{}",
        data.description
    );
    let place = folder(&[]);
    for kind in ["images", "masks"] {
        std::fs::create_dir(place.path().join(kind)).unwrap();
        let from = path.join("images/one.png");
        std::fs::copy(from, place.path().join(kind).join("one.png")).unwrap();
    }
    refused(&options(place.path()), &["a mask in colours"]);
    std::fs::rename(
        place.path().join("masks/one.png"),
        place.path().join("masks/other.png"),
    )
    .unwrap();
    refused(&options(place.path()), &["no mask one.png or one_mask.png"]);
}

// ------------------------------------------------------------------------------------ scaling

#[test]
fn scalings_by_name() {
    let path = kinds("cifar-10-batches-py");
    let of = |name: &str| {
        let normalize = name.parse().unwrap();
        dataset::open(&DataOptions {
            normalize,
            ..options(&path)
        })
    };
    let raw = of("none").unwrap().train.inputs;
    for (name, mean, std) in [
        ("0-1", 0.0, 1.0),
        ("-1-1", 0.5, 0.5),
        ("cifar10", 0.4914, 0.2470),
        ("cifar100", 0.5071, 0.2675),
        ("imagenet", 0.485, 0.229),
        ("mnist", 0.1307, 0.3081),
        ("fashion-mnist", 0.2860, 0.3530),
    ] {
        let data = of(name).unwrap();
        let wanted = ((f64::from(raw[7]) / 255.0 - mean) / std) as f32;
        assert_eq!(data.train.inputs[7], wanted, "{name}");
        assert!(
            data.description.contains(&format!("{name}: input = ")),
            "{}",
            data.description
        );
        let rule: Normalize = name.parse().unwrap();
        let text = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<Normalize>(&text).unwrap(), rule);
        assert!(!likely(&data.stored).contains(&rule), "{name} is in use");
    }
    // Numbers that were scaled before are no pixels.
    let mut scaled = options(kinds("regression.csv"));
    scaled.normalize = "-1-1".parse().unwrap();
    refused(&scaled, &["is for pixels"]);
    // A scaling of three channels for one.
    let mut grey = options("digits");
    grey.normalize = "imagenet".parse().unwrap();
    refused(&grey, &["numbers for 3 channels, the data has 1"]);
    let message = "cifar".parse::<Normalize>().unwrap_err().to_string();
    assert!(
        message.contains("cifar10, cifar10-2023, cifar100, imagenet"),
        "{message}"
    );
}

// ------------------------------------------------------------------------------------- damage

/// Whatever a file holds, the answer is data or words.
#[test]
fn damaged_files_of_every_kind_are_refused_without_a_panic() {
    use rand::{RngExt as _, SeedableRng as _};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let names = [
        "cifar-10-batches-py/data_batch_1",
        "cifar-10-python.tar.gz",
        "flowers.csv",
        "flowers.parquet",
        "hf/data/train-00000-of-00001.parquet",
        "dataset.pt",
        "tokens.npy",
        "labelled/labels.csv",
    ];
    for name in names {
        let bytes = std::fs::read(kinds(name)).unwrap();
        let place = folder(&[]);
        let file = place.path().join(Path::new(name).file_name().unwrap());
        let options = DataOptions {
            block_size: Some(2),
            ..options(&file)
        };
        for step in 0..60 {
            let mut damaged = bytes.clone();
            if step % 3 == 0 {
                damaged.truncate(rng.random_range(0..bytes.len()));
            } else {
                for _ in 0..rng.random_range(1..5) {
                    let at = rng.random_range(0..damaged.len());
                    damaged[at] = rng.random();
                }
            }
            std::fs::write(&file, damaged).unwrap();
            // Some damage can't be seen; what counts is that the calls return.
            let _ = dataset::open(&options);
            let _ = kind(&file);
        }
    }
}

/// A file of a hundred kilobytes claimed a hundred megabytes a hundred times.
#[test]
fn what_a_small_file_unpacks_to_is_bounded() {
    let zeros = npy("|u1", "1200000000,", &[]);
    let long = gzip(&vec![0; 64 << 20]);
    let place = folder(&[
        ("x.npy", &zeros),
        ("y.npy", &zeros),
        ("images-idx3-ubyte.gz", &long),
    ]);
    refused(
        &options(place.path().join("x.npy")),
        &["promises 1200000000 numbers"],
    );
    let wide = idx(&[4_000_000, 28, 28], &[]);
    std::fs::write(place.path().join("images-idx3-ubyte"), wide).unwrap();
    refused(
        &options(place.path().join("images-idx3-ubyte")),
        &["cut short or not IDX"],
    );
}
