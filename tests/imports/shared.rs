//! A file with a graph, the network that is read from it and what that gives.

use crate::common::check::check_values;
use crate::common::{FLEX_F64, evaluator, fixture, ok};
use losscope::checkpoint::{self, npz};
use losscope::dataset::{Samples, Targets};
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::Network;
use losscope::model::graph::Loss;
use losscope::model::import::{self, Imported};
use losscope::model::losses::MeanSquaredError;
use losscope::model::params::Params;
use losscope::store::Array;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A fixture by its folder and name.
pub fn file(folder: &str, name: &str) -> PathBuf {
    fixture(folder).join(name)
}

/// What PyTorch gives for the network called `name`: inputs and outputs.
pub struct Case {
    /// Shape of a sample.
    pub sample: Vec<usize>,
    pub x: Vec<f64>,
    pub y: Vec<f64>,
}

pub fn case(folder: &str, name: &str) -> Case {
    let stored: Vec<(String, Array)> = ["cases.npz", "more.npz", "by_hand.npz", "keras.npz"]
        .iter()
        .map(|name| file(folder, name))
        .filter(|path| path.exists())
        .flat_map(|path| ok(npz::read_arrays(&path)))
        .collect();
    let array = |kind: &str| {
        let wanted = format!("{name}.{kind}");
        let (_, array) = stored.iter().find(|(own, _)| *own == wanted).unwrap();
        array
    };
    Case {
        sample: array("x").shape()[1..].to_vec(),
        x: array("x").to_f64(),
        y: array("y").to_f64(),
    }
}

/// The network of a file, whose samples have the shape `sample`.
pub fn imported(path: &Path, sample: Option<&[usize]>) -> Imported {
    let mut imported = ok(import::open_for(path, sample)).expect("a network");
    imported.graph.loss = Loss::from(MeanSquaredError::default());
    imported
}

/// What the network of `graph` gives with the weights of `checkpoint`.
pub fn outputs(imported: &Imported, checkpoint: &Path, x: &[f64], targets: &[f64]) -> Vec<f64> {
    let state = ok(checkpoint::open(checkpoint));
    let network = Arc::new(ok(Network::new(imported.graph.clone(), &state)));
    let (theta, _) = ok(network.params(&state));
    let samples = Samples {
        shape: network.graph().input.clone(),
        inputs: x.iter().map(|x| *x as f32).collect(),
        targets: Targets::Values(targets.iter().map(|y| *y as f32).collect()),
        target_shape: network.output().to_vec(),
    };
    let evaluator = evaluator(&network, FLEX_F64, 1 << 30);
    let split = ok(evaluator.upload(&Arc::new(samples), 0));
    let nowhere = Params::zeros(theta.layout());
    let slice = ok(Slice::new(theta, vec![nowhere], Buffers::Frozen));
    let loaded = ok(evaluator.load(slice, None));
    ok(evaluator.logits(&loaded, &[0.0], &split))
}

/// The file at `path` is the network of the case, with its own weights.
#[track_caller]
pub fn agrees(path: &Path, case: &Case) {
    let imported = imported(path, Some(&case.sample));
    assert_eq!(imported.graph.input, case.sample, "{}", path.display());
    let found = outputs(&imported, path, &case.x, &case.y);
    // Both compute in double precision; inputs and weights are stored in single.
    check_values(&path.display().to_string(), &found, &case.y, 1e-6);
}

/// The message with which a file is refused.
#[track_caller]
pub fn refusal(path: &Path, sample: Option<&[usize]>) -> String {
    match import::open_for(path, sample) {
        Err(e) => e.to_string(),
        Ok(found) => panic!("{} was read: {}", path.display(), found.is_some()),
    }
}
