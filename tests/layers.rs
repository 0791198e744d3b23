//! Every kind of layer against PyTorch in float64: outputs of small networks described in model files.
//!
//! `tests/fixtures/layers/make.py` made the references.

/// Every kind of layer alone.
#[path = "layers/kinds.rs"]
mod kinds;

/// Model files that ask for what can't be.
#[path = "layers/hostile.rs"]
mod hostile;

/// Spectral norms along slices.
#[path = "layers/spectral.rs"]
mod spectral;

use losscope::checkpoint::{self, npz};
use losscope::dataset::Samples;
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::params::Params;
use losscope::model::{Network, file};
use std::path::PathBuf;
use std::sync::Arc;

/// Outputs of the case `name` agree with the reference on `device` within `tolerance`, relative to
/// the largest output.
#[track_caller]
fn check(name: &str, choice: DeviceChoice, precision: Precision, tolerance: f64) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/layers");
    let arrays = npz::read_arrays(&folder.join(format!("{name}.npz"))).expect("the reference");
    let array = |key: &str| &arrays.iter().find(|(n, _)| n == key).expect("an array").1;
    let state = checkpoint::open(&folder.join(format!("{name}.npz"))).expect("the tensors");
    let graph = file::read(folder.join(format!("{name}.toml"))).expect("the model");
    let network = Arc::new(Network::new(graph, &state).expect("a network that fits"));
    let (theta, _) = network.params(&state).expect("its parameters");

    let (x, expected) = (array("x"), array("logits").to_f64());
    let samples = Arc::new(Samples::labelled(
        x.shape()[1..].to_vec(),
        x.to_f64().into_iter().map(|v| v as f32).collect(),
        vec![0; x.shape()[0]],
    ));
    let opened = device::open(choice, precision).expect("the device");
    let evaluator =
        Evaluator::new(network, opened.device, precision, 64 << 20).expect("an evaluator");
    let split = evaluator.upload(&samples, 2).expect("samples that fit");
    let still = Params::zeros(theta.layout());
    let slice = Slice::new(theta, vec![still], Buffers::Frozen).expect("a slice");
    let loaded = evaluator.load(slice, None).expect("a slice on the device");
    let outputs = evaluator.logits(&loaded, &[0.0], &split).expect("outputs");

    let largest = expected.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let off = outputs
        .iter()
        .zip(&expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    assert_eq!(outputs.len(), expected.len());
    assert!(
        off <= tolerance * largest,
        "{name} on {choice:?}: off by {off:e} of {largest}"
    );
}

const CASES: [&str; 5] = [
    "one-dimensional",
    "two-dimensional",
    "transformer",
    "causal-transformer",
    "tokens",
];

#[test]
fn layers_agree_with_pytorch_in_double_precision() {
    for name in CASES {
        for device in [DeviceChoice::Flex, DeviceChoice::Ndarray] {
            // Sums of a few hundred products: far above the rounding of f64, far below a wrong term.
            check(name, device, Precision::F64, 1e-12);
        }
    }
}

#[test]
fn layers_agree_with_pytorch_in_single_precision_on_every_device() {
    for name in CASES {
        for device in [DeviceChoice::Flex, DeviceChoice::Ndarray, DeviceChoice::Gpu] {
            check(name, device, Precision::F32, 2e-5);
        }
    }
}

/// burn stores linear weights as [in, out]; its files give the same network, filters included.
#[test]
fn a_burnpack_file_is_the_same_network() {
    use burn_pack::{Bytes, DType, Tensor, Writer};
    use losscope::dataset::{self, DataOptions};
    use losscope::engine::inputs::open_network;
    use losscope::landscape::direction::{Normalization, OneDim, normalise};

    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let pytorch =
        checkpoint::open(&root.join("tests/fixtures/models/mlps/sb.pt")).expect("weights");
    let tensors = pytorch
        .tensors
        .iter()
        .enumerate()
        .map(|(id, (name, array))| {
            let (values, mut shape) = (array.to_f64(), array.shape().to_vec());
            let values = match *array.shape() {
                [rows, columns] => (0..columns)
                    .flat_map(|c| (0..rows).map(move |r| r * columns + c))
                    .map(|i| values[i])
                    .collect(),
                _ => values,
            };
            shape.reverse();
            let bytes = values
                .iter()
                .flat_map(|v| (*v as f32).to_le_bytes())
                .collect();
            Tensor::new(
                name.clone(),
                DType::F32,
                shape,
                Some(id as u64),
                Bytes::from_bytes_vec(bytes),
            )
        });
    let packed = Writer::new(tensors.collect())
        .into_bytes()
        .expect("a burnpack file");
    let burn =
        checkpoint::from_bytes(packed.to_vec(), &root.join("mlps.bpk")).expect("its tensors");

    let data = dataset::open(&DataOptions::default()).expect("the digits");
    let samples = Arc::new(data.train.clone());
    let outputs = |state: &checkpoint::StateDict| {
        let (network, facts) = open_network("auto", state, Some(&data)).expect("a network");
        let (theta, _) = network.params(state).expect("its parameters");
        // The weights themselves as a direction: normalising filter by filter must leave them alone.
        let along = normalise(&theta, &theta, Normalization::Filter, OneDim::Zero);
        let opened = device::open(DeviceChoice::Flex, Precision::F64).expect("the device");
        let evaluator = Evaluator::new(Arc::new(network), opened.device, Precision::F64, 64 << 20)
            .expect("an evaluator");
        let split = evaluator
            .upload(&samples, data.classes)
            .expect("samples that fit");
        let slice = Slice::new(theta, vec![along], Buffers::Frozen).expect("a slice");
        let loaded = evaluator.load(slice, None).expect("a slice on the device");
        (
            evaluator.logits(&loaded, &[0.5], &split).expect("outputs"),
            facts.assumptions,
        )
    };
    let ((expected, _), (found, assumed)) = (outputs(&pytorch), outputs(&burn));
    let off = found
        .iter()
        .zip(&expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    assert!(off < 1e-9, "off by {off:e}");
    assert!(
        assumed.iter().any(|a| a.contains("[in, out]")),
        "{assumed:?}"
    );
}

/// A network of `tests/fixtures/layers` ready for samples, in double precision on flex.
fn case(name: &str) -> Evaluator {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/layers");
    let state = checkpoint::open(&folder.join(format!("{name}.npz"))).expect("the tensors");
    let graph = file::read(folder.join(format!("{name}.toml"))).expect("the model");
    let network = Arc::new(Network::new(graph, &state).expect("a network that fits"));
    let opened = device::open(DeviceChoice::Flex, Precision::F64).expect("the device");
    Evaluator::new(network, opened.device, Precision::F64, 64 << 20).expect("an evaluator")
}

#[test]
fn tokens_must_be_rows_of_the_table() {
    for (token, fits) in [(29.0, true), (30.0, false), (-1.0, false), (0.5, false)] {
        let samples = Arc::new(Samples::labelled(
            vec![6],
            vec![0.0, 1.0, 2.0, 3.0, 4.0, token],
            vec![0],
        ));
        let uploaded = case("tokens").upload(&samples, 2);
        assert_eq!(uploaded.is_ok(), fits, "{token}");
        if let Err(error) = uploaded {
            assert!(error.to_string().contains("looks up 30 rows"), "{error}");
        }
    }
}

#[test]
fn an_axis_of_one_before_the_sample_changes_nothing() {
    let samples =
        |shape: Vec<usize>| Arc::new(Samples::labelled(shape, vec![0.5; 4 * 23], vec![0]));
    let evaluator = case("one-dimensional");
    assert!(evaluator.upload(&samples(vec![1, 4, 23]), 2).is_ok());
    assert!(evaluator.upload(&samples(vec![23, 4]), 2).is_err());
}

/// 129 samples leave a last batch of one, which has no variance: statistics are those of the 128.
#[test]
fn a_lone_last_sample_measures_no_statistics() {
    use losscope::dataset::{self, DataOptions};
    use losscope::engine::inputs::open_network;

    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let state =
        checkpoint::open(&root.join("tests/fixtures/models/resnet8/sb.pt")).expect("weights");
    let data = dataset::open(&DataOptions::default()).expect("the digits");
    let (network, _) = open_network("auto", &state, Some(&data)).expect("a network");
    let (theta, _) = network.params(&state).expect("its parameters");
    let opened = device::open(DeviceChoice::Flex, Precision::F64).expect("the device");
    let evaluator = Evaluator::new(Arc::new(network), opened.device, Precision::F64, 64 << 20)
        .expect("an evaluator");
    let held_out = Arc::new(data.validation.clone().expect("held-out digits"));
    let split = evaluator
        .upload(&held_out, data.classes)
        .expect("samples that fit");
    let loss = |count: usize| {
        let first = Arc::new(data.train.select(&(0..count).collect::<Vec<_>>()));
        let still = Params::zeros(theta.layout());
        let slice = Slice::new(theta.clone(), vec![still], Buffers::Recompute).expect("a slice");
        let loaded = evaluator
            .load(slice, Some(&first))
            .expect("a slice on the device");
        evaluator
            .evaluate(&loaded, &[vec![0.0]], &[&split])
            .expect("metrics")[0][0]
            .loss
    };
    assert_eq!(loss(129).to_bits(), loss(128).to_bits());
    assert_ne!(loss(130).to_bits(), loss(128).to_bits());
}

/// A batch normalisation of the inputs themselves, so that what it measures can be worked out by hand:
/// 300 samples make batches of 128, 128 and 44, which count the same or by their samples.
#[test]
fn statistics_are_averaged_as_they_say() {
    use losscope::checkpoint::{Array, Source, StateDict, Values};
    use losscope::landscape::evaluate::statistics::{BatchSize, BatchWeights, Remeasure};
    use losscope::model::graph::{Graph, Loss};
    use losscope::model::layers::{BatchNorm, Linear};

    let count = 300;
    // A drift, so that the batches differ.
    let value = |i: usize| (0.7 * i as f64).sin() + 0.01 * i as f64;
    let inputs: Vec<f32> = (0..count).map(|i| value(i) as f32).collect();
    let tensor = |name: &str, shape: &[usize], values: &[f64]| {
        let array = Array::new(shape.to_vec(), Values::F64(values.to_vec()));
        (name.to_owned(), array.expect("values of this shape"))
    };
    let state = StateDict {
        tensors: vec![
            tensor("mean", &[1], &[0.0]),
            tensor("variance", &[1], &[1.0]),
            tensor("weight", &[2, 1], &[1.0, -1.0]),
        ],
        source: Source {
            path: "made".into(),
            format: String::new(),
            state_dict_at: String::new(),
            prefix: String::new(),
            sha256: String::new(),
        },
        warnings: Vec::new(),
        told: losscope::checkpoint::Told::default(),
        unreadable: Vec::new(),
    };
    let mut graph = Graph::new("made", vec![1], Loss::cross_entropy());
    graph.push(
        "norm",
        BatchNorm {
            weight: None,
            bias: None,
            running_mean: "mean".into(),
            running_var: "variance".into(),
            epsilon: 1e-5,
        },
    );
    graph.push(
        "out",
        Linear {
            weight: "weight".into(),
            bias: None,
            output_axis: 0,
        },
    );
    let network = Network::new(graph, &state).expect("a network that fits");
    let (theta, _) = network.params(&state).expect("its parameters");
    let samples = Arc::new(Samples::labelled(
        vec![1],
        inputs.clone(),
        (0..count as u32).map(|i| i % 2).collect(),
    ));
    let opened = device::open(DeviceChoice::Flex, Precision::F64).expect("the device");
    let evaluator = Evaluator::new(Arc::new(network), opened.device, Precision::F64, 64 << 20)
        .expect("an evaluator");
    let split = evaluator.upload(&samples, 2).expect("samples that fit");
    let slice = |theta: &Params, buffers| {
        let still = Params::zeros(theta.layout());
        Slice::new(theta.clone(), vec![still], buffers).expect("a slice")
    };
    let outputs = |loaded| evaluator.logits(&loaded, &[0.0], &split).expect("outputs");
    // Means and unbiased variances of the batches, averaged by hand.
    let by_hand = |batch: usize, weighted: bool| {
        let (mut mean, mut variance, mut total) = (0.0, 0.0, 0.0);
        for part in inputs.chunks(batch) {
            let n = part.len() as f64;
            let own = part.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
            let squares = part.iter().map(|v| (f64::from(*v) - own).powi(2));
            let weight = if weighted { n } else { 1.0 };
            mean += weight * own;
            variance += weight * squares.sum::<f64>() / (n - 1.0);
            total += weight;
        }
        let measured = theta.map(|spec, values| match spec.name.as_str() {
            "mean" => vec![mean / total],
            "variance" => vec![variance / total],
            _ => values.to_vec(),
        });
        let still = slice(&measured, Buffers::Frozen);
        outputs(evaluator.load(still, None).expect("a slice on the device"))
    };
    let mut seen: Vec<Vec<f64>> = Vec::new();
    for (batch, size) in [
        (128, BatchSize::Of(128)),
        (60, BatchSize::Of(60)),
        (300, BatchSize::All),
    ] {
        for weights in [BatchWeights::Batch, BatchWeights::Sample] {
            let how = Remeasure {
                statistics_batch: size,
                statistics_weights: weights,
            };
            let loaded = evaluator
                .load_measured(slice(&theta, Buffers::Recompute), Some(&samples), how)
                .expect("a slice on the device");
            let found = outputs(loaded);
            let expected = by_hand(batch, weights == BatchWeights::Sample);
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (found - expected).abs() < 1e-9,
                    "{how:?}: {found} for {expected}"
                );
            }
            seen.push(found);
        }
    }
    // Batches of 128, 128 and 44 tell the two weights apart; five of 60 don't.
    assert!((seen[0][0] - seen[1][0]).abs() > 1e-4);
    assert!((seen[2][0] - seen[3][0]).abs() < 1e-9);
    let too_many = Remeasure {
        statistics_batch: BatchSize::Of(1 << 40),
        ..Remeasure::default()
    };
    assert_eq!(
        too_many.describe(300),
        "recomputed on the training split (300 samples in one batch, unbiased variances)"
    );
    assert!("1".parse::<BatchSize>().is_err() && "0".parse::<BatchSize>().is_err());
}
