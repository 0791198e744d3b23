//! Every kind of layer alone against PyTorch in float64: outputs, gradients and Hessian-vector products.
//!
//! `tests/fixtures/layers/kinds.py` made the references and says what is in them. Whatever lies in the folder is
//! tested: a new case needs nothing here.

use losscope::checkpoint::{Array, Source, StateDict, Values, npz};
use losscope::dataset::Samples;
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::objective::Objective as _;
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::graph::Graph;
use losscope::model::params::Params;
use losscope::model::{Network, file};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/layers")
}

/// Tensors under their names, as a checkpoint.
pub(crate) fn state(tensors: Vec<(String, Array)>) -> StateDict {
    StateDict {
        tensors,
        source: Source {
            path: "made".into(),
            format: String::new(),
            state_dict_at: String::new(),
            prefix: String::new(),
            sha256: String::new(),
        },
        told: losscope::checkpoint::Told::default(),
        unreadable: Vec::new(),
        warnings: Vec::new(),
    }
}

/// One layer, or a few that belong together, and what PyTorch makes of it.
struct Case {
    name: String,
    network: Arc<Network>,
    theta: Params,
    samples: Arc<Samples>,
    logits: Vec<f64>,
    gradient: Vec<f64>,
    /// A direction and the Hessian's product with it; absent where PyTorch has no sensible one.
    product: Option<[Vec<f64>; 2]>,
}

type Arrays = Vec<(String, Array)>;

/// (name, graph, arrays) of every case in the folder.
fn read() -> Vec<(String, Graph, Arrays)> {
    let mut found = Vec::new();
    let files = std::fs::read_dir(folder()).expect("the folder");
    for entry in files {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a model file");
        let Some(cases) = text.strip_prefix("## ") else {
            continue; // a single network
        };
        let arrays = npz::read_arrays(&path.with_extension("npz")).expect("the reference");
        for case in cases.split("\n## ") {
            let (name, model) = case.split_once('\n').expect("a name and a model");
            let graph = file::parse(model, &path).expect("a model");
            let own = format!("{name}/");
            let arrays = arrays
                .iter()
                .filter_map(|(key, array)| Some((key.strip_prefix(&own)?.to_owned(), array)));
            let arrays = arrays.map(|(key, array)| (key, array.clone())).collect();
            found.push((name.to_owned(), graph, arrays));
        }
    }
    found
}

/// Numbers over the trained tensors in alphabetical order, in that of the network.
fn in_order(theta: &Params, sorted: &[f64]) -> Vec<f64> {
    let mut specs: Vec<_> = theta.trainable().map(|(spec, _)| spec).collect();
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    let mut start = 0;
    let parts: Vec<(&str, &[f64])> = specs
        .iter()
        .map(|spec| {
            let part = &sorted[start..start + spec.len()];
            start += spec.len();
            (spec.name.as_str(), part)
        })
        .collect();
    assert_eq!(start, sorted.len(), "numbers of all trained tensors");
    let of = |name: &str| parts.iter().find(|(n, _)| *n == name).expect("its part").1;
    let values = theta.trainable().flat_map(|(spec, _)| of(&spec.name));
    values.copied().collect()
}

impl Case {
    fn new(name: String, graph: Graph, arrays: &[(String, Array)]) -> Self {
        let array = |key: &str| {
            let found = arrays.iter().find(|(n, _)| n == key);
            &found.unwrap_or_else(|| panic!("{name} has no {key}")).1
        };
        let tensors = arrays
            .iter()
            .filter_map(|(key, array)| Some((key.strip_prefix("tensors/")?, array)))
            .map(|(key, array)| (key.to_owned(), array.clone()));
        let state = state(tensors.collect());
        let network = Network::new(graph, &state).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (theta, _) = network.params(&state).expect("its parameters");
        let x = array("x");
        let labels = array("labels").to_f64();
        let samples = Samples::labelled(
            x.shape()[1..].to_vec(),
            x.to_f64().into_iter().map(|v| v as f32).collect(),
            labels.into_iter().map(|l| l as u32).collect(),
        );
        let sorted = |key: &str| in_order(&theta, &array(key).to_f64());
        Self {
            logits: array("logits").to_f64(),
            gradient: sorted("gradient"),
            product: arrays
                .iter()
                .any(|(n, _)| n == "product")
                .then(|| [sorted("v"), sorted("product")]),
            network: Arc::new(network),
            theta,
            samples: Arc::new(samples),
            name,
        }
    }

    /// How far outputs, gradient and product are off, relative to the largest entry of each.
    fn off(&self, choice: DeviceChoice, precision: Precision) -> [f64; 3] {
        let opened = device::open(choice, precision).expect("the device");
        let network = Arc::clone(&self.network);
        let evaluator =
            Evaluator::new(network, opened.device, precision, 64 << 20).expect("an evaluator");
        let split = evaluator
            .upload(&self.samples, self.network.outputs())
            .expect("samples that fit");
        let still = Params::zeros(self.theta.layout());
        let slice = Slice::new(self.theta.clone(), vec![still], Buffers::Frozen).expect("a slice");
        let loaded = evaluator.load(slice, None).expect("a slice on the device");
        let logits = evaluator.logits(&loaded, &[0.0], &split).expect("outputs");
        let mut objective =
            NetworkObjective::new(&evaluator, &self.theta, &split, StatisticsMode::Running);
        let x = self.theta.flatten();
        let (_, gradient) = objective.gradient(&x).expect("a gradient");
        let product = self.product.as_ref().map_or(0.0, |[v, expected]| {
            let product = objective.hessian_vector(&x, v).expect("a product");
            apart(&product, expected)
        });
        [
            apart(&logits, &self.logits),
            apart(&gradient, &self.gradient),
            product,
        ]
    }
}

/// The largest difference over the largest of the expected.
fn apart(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(1e-3_f64, |m, v| m.max(v.abs()));
    let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    // A NaN counts as far off.
    off.fold(0.0, |m: f64, v| if v <= m { m } else { v }) / largest
}

#[track_caller]
fn agree(precision: Precision, tolerances: [f64; 3]) {
    let mut wrong = Vec::new();
    for (name, graph, arrays) in read() {
        let case = Case::new(name, graph, &arrays);
        let off = case.off(DeviceChoice::Flex, precision);
        let fits = off.iter().zip(tolerances).all(|(off, most)| *off <= most);
        if !fits {
            wrong.push(format!(
                "{}: outputs, gradient, product off by {:.1e}, {:.1e}, {:.1e}",
                case.name, off[0], off[1], off[2]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_agrees_with_pytorch_in_double_precision() {
    // Sums of a few dozen products; second derivatives lose a digit more.
    agree(Precision::F64, [1e-12, 1e-12, 1e-11]);
}

#[test]
fn every_kind_agrees_with_pytorch_in_single_precision() {
    // Some hundred roundings of 6e-8, and functions that are good to two units of the last place.
    agree(Precision::F32, [2e-5, 2e-5, 1e-4]);
}

#[test]
fn a_written_model_is_the_one_that_was_read() {
    let all = read();
    assert!(all.len() > 100, "only {} cases", all.len());
    for (name, graph, _) in all {
        let text = file::write(&graph, &[]);
        let again = file::parse(&text, Path::new("again.toml"));
        assert_eq!(again.expect("a model"), graph, "{name}");
    }
}

pub(crate) fn array(shape: &[usize], values: &[f64]) -> Array {
    Array::new(shape.to_vec(), Values::F64(values.to_vec())).expect("values of this shape")
}

/// A network of these layers between `x` `[width]` and two outputs, with tensors of ones and the numbers 0.1, 0.2, …
fn network(
    layers: &str,
    width: usize,
    tensors: &[(&str, &[usize])],
) -> losscope::error::Result<Network> {
    let text =
        format!("name = 'made'\ninput = [{width}]\n[loss]\nkind = 'cross-entropy'\n{layers}");
    let graph = file::parse(&text, Path::new("made.toml"))?;
    Network::new(graph, &tensors_of(tensors))
}

pub(crate) fn tensors_of(tensors: &[(&str, &[usize])]) -> StateDict {
    let make = |(name, shape): &(&str, &[usize])| {
        let count = shape.iter().product::<usize>();
        let values: Vec<f64> = (1..=count).map(|i| 0.1 * i as f64).collect();
        ((*name).to_owned(), array(shape, &values))
    };
    state(tensors.iter().map(make).collect())
}

#[test]
fn large_arguments_overflow_nowhere_and_nan_stays() {
    for kind in [
        "relu",
        "relu6",
        "leaky-relu\nslope = 0.1",
        "elu",
        "selu",
        "celu",
        "gelu",
        "gelu\ntanh = true",
        "silu",
        "mish",
        "softplus",
        "softplus\nthreshold = 1e9",
        "softsign",
        "tanh",
        "sigmoid",
        "hard-tanh",
        "hard-sigmoid",
        "hard-swish",
        "clamp\nmin = -1.0",
        "clamp\nmin = -inf\nmax = 9.0",
        "clamp\nmin = -9.0\nmax = inf",
        "hard-tanh\nmin = -inf",
        "log-softmax\naxis = 1",
        "softmax\naxis = 1",
        "abs",
        "sin",
    ] {
        let kind = kind.replacen('\n', "'\n", 1);
        let kind = if kind.contains('\'') {
            kind
        } else {
            kind + "'"
        };
        let layers = format!(
            "[[layer]]\nname = 'p'\nkind = 'shift'\nweight = 'p'\n[[layer]]\nname = 'f'\nkind = '{kind}\n"
        );
        let tensors: [(&str, &[usize]); 1] = [("p", &[2])];
        let network = Arc::new(network(&layers, 2, &tensors).expect("a network"));
        let (theta, _) = network.params(&tensors_of(&tensors)).expect("parameters");
        let opened = device::open(DeviceChoice::Flex, Precision::F64).expect("the device");
        let evaluator = Evaluator::new(
            Arc::clone(&network),
            opened.device,
            Precision::F64,
            64 << 20,
        )
        .expect("an evaluator");
        let upload = |inputs: Vec<f32>| {
            let labels = vec![0; inputs.len() / 2];
            let samples = Samples::labelled(vec![2], inputs, labels);
            evaluator.upload(&Arc::new(samples), 2).expect("samples")
        };
        let split = upload(vec![1e4, -1e4, -1e30, 1e30, 700.0, -90.0, 0.0, -0.0]);
        let mut objective =
            NetworkObjective::new(&evaluator, &theta, &split, StatisticsMode::Running);
        let x = theta.flatten();
        let (loss, gradient) = objective.gradient(&x).expect("a gradient");
        let product = objective
            .hessian_vector(&x, &[1.0, -2.0])
            .expect("a product");
        let all = [&[loss][..], &gradient, &product].concat();
        assert!(all.iter().all(|v| v.is_finite()), "{kind}: {all:?}");

        let split = upload(vec![f32::NAN, f32::NAN]);
        let still = Params::zeros(theta.layout());
        let slice = Slice::new(theta, vec![still], Buffers::Frozen).expect("a slice");
        let loaded = evaluator.load(slice, None).expect("a slice on the device");
        let outputs = evaluator.logits(&loaded, &[0.0], &split).expect("outputs");
        assert!(outputs.iter().all(|v| v.is_nan()), "{kind}: {outputs:?}");
    }
}

#[test]
fn a_tensor_of_two_layers_is_one_parameter() {
    let tied = "[[layer]]\nname = 'a'\nkind = 'linear'\nweight = 'w'\n[[layer]]\nname = 'b'\nkind = 'linear'\nweight = 'w'\n";
    let tensors: [(&str, &[usize]); 1] = [("w", &[3, 3])];
    let network = network(tied, 3, &tensors).expect("a network");
    assert_eq!(network.layout().len(), 1);
    assert!(
        network
            .check(&tensors_of(&tensors))
            .expect("a fit")
            .is_empty()
    );
}

#[test]
fn filters_of_a_weight_that_is_used_both_ways_are_counted_as_its_first_layer_does() {
    let tied = "[[layer]]\nname = 'a'\nkind = 'linear'\nweight = 'w'\n[[layer]]\nname = 'b'\nkind = 'linear'\nweight = 'w'\noutput_axis = 1\n";
    let tensors: [(&str, &[usize]); 1] = [("w", &[4, 3])];
    let network = network(tied, 3, &tensors).expect("a network");
    let warnings = network.check(&tensors_of(&tensors)).expect("a fit");
    assert!(
        warnings.len() == 1
            && warnings[0].contains("along axis 0")
            && warnings[0].contains("\"b\""),
        "{warnings:?}"
    );
}

#[test]
fn a_tensor_that_is_trained_here_and_measured_there_is_refused() {
    let layers = "[[layer]]\nname = 'n'\nkind = 'batch-norm'\nweight = 'm'\nrunning_mean = 'm'\nrunning_var = 'v'\nepsilon = 1e-5\n";
    let error = network(layers, 3, &[("m", &[3]), ("v", &[3])]).expect_err("two roles");
    let error = error.to_string();
    assert!(
        error.contains("a trained tensor") && error.contains("a running mean"),
        "{error}"
    );
}

#[test]
fn a_computed_weight_is_neither_stored_nor_missing() {
    let layers = "[[layer]]\nname = 'a'\nkind = 'linear'\nweight = 'w'\n[[parametrised]]\nname = 'w'\nkind = 'weight-norm'\nmagnitude = 'g'\ndirection = 'v'\n";
    let stored: [(&str, &[usize]); 2] = [("g", &[2, 1]), ("v", &[2, 3])];
    let network_of = |tensors: &[(&str, &[usize])]| network(layers, 3, tensors);
    let names: Vec<String> = network_of(&stored)
        .expect("a network")
        .layout()
        .iter()
        .map(|spec| spec.name.clone())
        .collect();
    assert_eq!(names, ["g", "v"]);
    for (tensors, words) in [
        (vec![("v", &[2_usize, 3][..])], "needs \"g\""),
        (
            vec![("g", &[3, 1][..]), ("v", &[2, 3])],
            "\"g\" has shape [3, 1]",
        ),
        (
            vec![("g", &[2, 1][..]), ("v", &[2, 3]), ("w", &[2, 3])],
            "computes \"w\"",
        ),
    ] {
        let error = network_of(&tensors).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn values_have_at_most_six_axes() {
    let layers = |shape: &str| {
        format!(
            "[[layer]]\nname = 'r'\nkind = 'reshape'\nshape = {shape}\n[[layer]]\nname = 'f'\nkind = 'flatten'\nfrom = 1\n"
        )
    };
    assert!(network(&layers("[1, 2, 1, 1, 1, 1]"), 2, &[]).is_ok());
    let error = network(&layers("[1, 2, 1, 1, 1, 1, 1]"), 2, &[]).expect_err("seven axes");
    assert!(error.to_string().contains("1 to 6 axes"), "{error}");
}
