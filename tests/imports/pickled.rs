//! What checkpoints tell of their networks: pickled modules, configurations of Keras, weights under norms.
//!
//! `tests/fixtures/formats/told/make.py` wrote the files in `told`, with PyTorch's outputs in float64; those in
//! `public` stand for files of public repositories, and the losses here are PyTorch's in float64.

use crate::common::check::check_values;
use crate::common::{FLEX_F64, evaluator, ok};
use crate::shared::{agrees, case, file, imported, outputs};
use losscope::checkpoint::{self, Attribute, Checkpoint, Listing, StateDict};
use losscope::dataset::{self, DataOptions};
use losscope::engine::inputs::open_network;
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::Network;
use losscope::model::family::{self, Hints};
use losscope::model::graph::{Layer, Loss};
use losscope::model::import::pickled::evidence;
use losscope::model::import::{self, Imported};
use losscope::model::losses::MeanSquaredError;
use losscope::model::params::Params;
use std::path::Path;
use std::sync::Arc;

const TOLD: &str = "formats/told";

/// Loss and accuracy of the network that is read from a file by itself, on the data beside it.
fn measured(name: &str, data: &str) -> (f64, f64, Vec<String>) {
    let state = ok(checkpoint::open(&file("formats/public", name)));
    let data = file("formats/public", data).to_string_lossy().into_owned();
    let data = ok(dataset::open(&DataOptions {
        data,
        ..DataOptions::default()
    }));
    let (network, facts) = ok(open_network("auto", &state, Some(&data)));
    let network = Arc::new(network);
    let (theta, _) = ok(network.params(&state));
    let evaluator = evaluator(&network, FLEX_F64, 1 << 30);
    let split = ok(evaluator.upload(&Arc::new(data.train), data.classes));
    let nowhere = Params::zeros(theta.layout());
    let slice = ok(Slice::new(theta, vec![nowhere], Buffers::Frozen));
    let loaded = ok(evaluator.load(slice, None));
    let found = ok(evaluator.evaluate(&loaded, &[vec![0.0]], &[&split]));
    let metrics = &found[0][0];
    let said = [facts.assumptions, state.warnings].concat();
    (metrics.loss, metrics.score, said)
}

/// The reader took ReLU where the pickle names Tanh: loss 0.228 instead of 0.0289.
#[test]
fn files_of_public_kinds_give_the_losses_of_pytorch() {
    for (name, data, expected) in [
        ("sequential-tanh.pt", "rows.npz", 0.028_877),
        ("tar-2016.pt", "rows.npz", 0.072_787),
        ("python2-module.pt", "rows.npz", 0.056_503),
        ("pruned.pt", "rows.npz", 0.864_420),
        ("keras-conv.h5", "images.npz", 2.283_371),
    ] {
        let (loss, ..) = measured(name, data);
        // The expected values have six digits.
        assert!(
            (loss - expected).abs() < 2e-6,
            "{name}: {loss}, expected {expected}"
        );
    }
}

/// Losses take logits: probabilities were put through another sigmoid, loss and accuracy were of no network.
#[test]
fn a_network_that_ends_in_probabilities_has_the_loss_of_pytorch() {
    for (name, expected, right, words) in [
        (
            "sigmoid.pt",
            0.706_761_406_793,
            0.475,
            "as in torch.nn.BCELoss",
        ),
        (
            "softmax.pt",
            0.650_899_458_462,
            0.65,
            "as torch.nn.CrossEntropyLoss does",
        ),
    ] {
        let (loss, accuracy, said) = measured(name, "pairs.npz");
        // The module is in single precision, the expected loss in double.
        assert!(
            (loss - expected).abs() < 1e-9,
            "{name}: {loss}, expected {expected}"
        );
        assert!((accuracy - right).abs() < 1e-12, "{name}: {accuracy}");
        assert!(said.concat().contains(words), "{said:?}");
    }
}

#[test]
fn a_weight_norm_is_formed_as_pytorch_forms_it() {
    let (loss, _, said) = measured("weight-norm.pt", "rows.npz");
    assert!((loss - 0.7354).abs() < 1e-4, "{loss}");
    let said = said.concat();
    assert!(
        said.contains("0.weight is computed from 0.parametrizations.weight.original0"),
        "{said}"
    );
}

#[test]
fn pickled_modules_compute_what_pytorch_computes() {
    for name in [
        "convolutions",
        "rows",
        "wrapped",
        "encoder",
        "shared",
        "resnet",
        "mobilenet",
        "densenet",
        "vit",
    ] {
        agrees(&file(TOLD, &format!("{name}.pt")), &case(TOLD, name));
    }
}

#[test]
fn models_of_keras_compute_what_their_configuration_says() {
    for name in ["sequential.h5", "functional.keras"] {
        let stem = name.split('.').next().unwrap();
        agrees(&file(TOLD, name), &case(TOLD, stem));
        let notes = imported(&file(TOLD, name), None).notes.concat();
        // The losses take logits.
        assert!(
            notes.contains("softmax at the end belongs to the loss"),
            "{notes}"
        );
    }
}

/// The network of a state dict by its names, with everything that is assumed of it.
fn by_names(state: &StateDict) -> Imported {
    let (network, facts) = ok(open_network("auto", state, None));
    plain(&network, facts.assumptions)
}

/// A network whose outputs are asked for, whatever its loss.
fn plain(network: &Network, notes: Vec<String>) -> Imported {
    let mut graph = network.graph().clone();
    graph.loss = Loss::from(MeanSquaredError::default());
    Imported {
        graph,
        source: String::new(),
        outputs: network.outputs(),
        notes,
    }
}

#[test]
fn weights_under_masks_and_norms_are_those_of_pytorch() {
    for name in [
        "pruned",
        "weight-norm",
        "weight-norm-old",
        "spectral-norm",
        "spectral-norm-old",
    ] {
        let path = file(TOLD, &format!("{name}.pt"));
        let case = case(TOLD, name);
        let found = by_names(&ok(checkpoint::open(&path)));
        let y = outputs(&found, &path, &case.x, &case.y);
        // Weights are stored in single precision, and PyTorch's norms were taken in it where they are stored.
        check_values(name, &y, &case.y, 1e-6);
    }
}

#[test]
fn modules_say_their_classes_settings_and_numbers() {
    let own = ok(Checkpoint::open(&file(TOLD, "own.pt"), None));
    let root = own.told().modules().unwrap();
    let classes: Vec<(String, &str)> = root
        .walk()
        .into_iter()
        .map(|(path, module)| (path, module.name()))
        .collect();
    let expected = [
        ("", "Own"),
        ("fc1", "Linear"),
        ("act", "Tanh"),
        ("fc2", "Linear"),
    ];
    assert_eq!(
        classes,
        expected.map(|(path, class)| (path.to_owned(), class))
    );
    assert_eq!(root.at("fc1").unwrap().tensor("weight"), Some("fc1.weight"));
    let features = root.at("fc1").unwrap().attribute("in_features");
    assert_eq!(features, Some(&Attribute::Integer(6)));

    let convolutions = ok(Checkpoint::open(&file(TOLD, "convolutions.pt"), None));
    let root = convolutions.told().modules().unwrap();
    let stride = root.at("0").unwrap().attribute("stride").unwrap();
    assert_eq!(
        (stride.integers(), stride.to_string().as_str()),
        (Some(vec![2, 2]), "(2, 2)")
    );
    assert_eq!(
        root.at("2")
            .unwrap()
            .attribute("negative_slope")
            .unwrap()
            .float(),
        Some(0.3)
    );

    let pruned = ok(checkpoint::open(&file(TOLD, "pruned.pt")));
    let numbers = [("acc", 0.75), ("epoch", 3.0)].map(|(key, n)| (key.to_owned(), n));
    assert_eq!(pruned.told.numbers, numbers);
}

/// `best_acc1 = torch.tensor(…)`, `np.float64(…)`: what a training loop wrote down counts whatever it is kept in.
#[test]
fn numbers_kept_as_tensors_or_by_numpy_are_told_as_plain_ones_are() {
    let expected = [
        ("acc", 0.79),
        ("best_acc1", 81.5),
        ("epoch", 12.0),
        ("metrics.train_loss", 0.5),
        ("metrics.val_acc", 0.75),
        ("val_loss", 0.625),
    ];
    for name in ["records.pt", "records-old.pt", "records-4.pt"] {
        let state = ok(checkpoint::open(&file(TOLD, name)));
        let mut numbers = state.told.numbers.clone();
        numbers.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(
            numbers,
            expected.map(|(key, n)| (key.to_owned(), n)),
            "{name}"
        );
        let names: Vec<&str> = state
            .tensors
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(
            names,
            ["0.weight", "0.bias", "2.weight", "2.bias"],
            "{name}"
        );
    }
}

/// An own class has no forward in its file, but Tanh in it is no ReLU.
#[test]
fn a_reading_by_names_does_not_contradict_the_modules_in_the_file() {
    let path = file(TOLD, "own.pt");
    let state = ok(checkpoint::open(&path));
    let refused = import::told(&state, Some(&[6])).unwrap_err().to_string();
    assert!(
        refused.contains("Own") && refused.contains("forward isn't in the file"),
        "{refused}"
    );
    let read = open_network("auto", &state, None);
    if let Ok((network, _)) = &read {
        let relu = |layer: &Layer| matches!(layer, Layer::Relu(_));
        assert!(!network.graph().layers.iter().any(|node| relu(&node.layer)));
    }
    // Without a look at the modules it would be one with ReLU.
    let hints = Hints {
        input: Some(&[6]),
        ..Hints::default()
    };
    let read = ok(family::by_name("mlp", &state, &hints));
    let root = state.told.modules().unwrap();
    let against = evidence::contradictions(root, &read.graph);
    assert_eq!(
        against,
        ["the reading has ReLU, but the modules in the file are Tanh and no ReLU"]
    );
}

#[test]
fn what_a_network_cannot_use_is_left_out_and_said() {
    let state = ok(checkpoint::open(&file(TOLD, "criterion.pt")));
    let names: Vec<&str> = state
        .tensors
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["0.weight", "0.bias", "2.weight", "2.bias", "mask"]);
    let said = state.warnings.concat();
    for words in [
        "left out `criterion.weight` [3]",
        "`0.scale8` float8_e4m3fn",
        "`phase` complex64",
        "`q` qint8",
    ] {
        assert!(said.contains(words), "no \"{words}\" in: {said}");
    }
    assert!(open_network("auto", &state, None).is_ok());
}

/// A tensor's name and extents.
type Shape = (&'static str, &'static [usize]);

/// Keras writes kernels as [height, width, in, out], Flax too; both flatten channels last.
#[test]
fn layouts_of_keras_and_flax_become_those_of_pytorch() {
    let table: [(&str, &[Shape]); 3] = [
        (
            "weights_only.h5",
            &[
                ("first.weight", &[4, 2, 3, 3]),
                ("norm.running_var", &[4]),
                ("deep.weight", &[8, 1, 3, 3]),
                ("out.weight", &[3, 48]),
            ],
        ),
        (
            "functional.keras",
            &[
                ("first.weight", &[4, 2, 3, 3]),
                ("norm.running_var", &[4]),
                ("deep.weight", &[8, 1, 3, 3]),
                ("out.weight", &[3, 48]),
            ],
        ),
        (
            "flax.npz",
            &[
                ("Conv_0.weight", &[4, 1, 3, 3]),
                ("Dense_0.weight", &[10, 144]),
            ],
        ),
    ];
    for (name, expected) in table {
        let state = ok(checkpoint::open(&file(TOLD, name)));
        for (tensor, shape) in expected {
            let array = state
                .get(tensor)
                .unwrap_or_else(|| panic!("{name} lacks {tensor}"));
            assert_eq!(array.shape(), *shape, "{name}: {tensor}");
        }
        let said = state.warnings.concat();
        assert!(
            said.contains("are read as [out, in, height, width]"),
            "{said}"
        );
        assert!(state.told.channels_last.is_some());
    }
    let flax = ok(checkpoint::open(&file(TOLD, "flax.npz")));
    let case = case(TOLD, "flax");
    let data = dataset_of(&case.x, &case.sample);
    let (network, facts) = ok(open_network("auto", &flax, Some(&data)));
    let said = facts.assumptions.concat();
    assert!(
        said.contains("in the order height, width, channels, as Flax"),
        "{said}"
    );
    let found = plain(&network, Vec::new());
    let y = outputs(&found, &file(TOLD, "flax.npz"), &case.x, &case.y);
    check_values("flax", &y, &case.y, 1e-6);
}

/// Data of which only the shape counts.
fn dataset_of(x: &[f64], sample: &[usize]) -> dataset::Dataset {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npz");
    let shape = [&[x.len() / sample.iter().product::<usize>()], sample].concat();
    let labels: Vec<i64> = (0..shape[0] as i64).collect();
    let array = |shape: Vec<usize>, values| checkpoint::Array::new(shape, values).unwrap();
    let arrays = [
        (
            "x".to_owned(),
            array(
                shape.clone(),
                checkpoint::Values::F32(x.iter().map(|v| *v as f32).collect()),
            ),
        ),
        (
            "y".to_owned(),
            array(vec![shape[0]], checkpoint::Values::I64(labels)),
        ),
    ];
    let path = path.with_extension("safetensors");
    ok(checkpoint::safetensors::write(&path, &arrays));
    let data = path.to_string_lossy().into_owned();
    ok(dataset::open(&DataOptions {
        data,
        ..DataOptions::default()
    }))
}

/// Whatever is cut off or flipped, a reader answers; it doesn't panic, hang or fill the memory.
#[test]
fn damaged_descriptions_end_in_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged");
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    for name in [
        "rows.pt",
        "encoder.pt",
        "sequential.h5",
        "functional.keras",
        "flax.npz",
    ] {
        let whole = std::fs::read(file(TOLD, name)).unwrap();
        for round in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..=round % 4 {
                let at = next(bytes.len());
                bytes[at] = u8::try_from(next(256)).unwrap();
            }
            answers(&path, &bytes);
        }
    }
    let whole = std::fs::read(file("formats/public", "tar-2016.pt")).unwrap();
    for _ in 0..120 {
        let mut bytes = whole.clone();
        // Most of the file is numbers; its descriptions lie in the first blocks of the members.
        let at = [next(2048), next(whole.len())][next(2)];
        bytes[at] = u8::try_from(next(256)).unwrap();
        answers(&path, &bytes);
    }
}

fn answers(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    if let Ok(state) = checkpoint::open(path) {
        let _ = import::told(&state, Some(&[6]));
        let _ = import::told(&state, None);
    }
}
