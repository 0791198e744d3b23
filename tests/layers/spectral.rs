//! Spectral norms along slices: the vectors go with the weight.
//!
//! W is diagonal, so that its singular vectors are unit vectors and everything can be worked out by hand.

use crate::kinds::{array, state};
use losscope::dataset::Samples;
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::params::Params;
use losscope::model::{Network, file};
use std::path::Path;
use std::sync::Arc;

const PLAIN: &str = "name = 'made'\ninput = [2]\n[loss]\nkind = 'cross-entropy'\n\
    [[layer]]\nname = 'l'\nkind = 'linear'\nweight = 'made'\n\
    [[parametrised]]\nname = 'made'\nkind = 'spectral-norm'\noriginal = 'w'\nleft = 'u'\nright = 'v'\n";

/// Two checkpoints, W = diag(2, 1) and W = diag(1, 3), each with the vectors of its largest singular value.
struct Pair {
    evaluator: Evaluator,
    samples: Arc<Samples>,
    ends: [Params; 2],
}

impl Pair {
    fn new(normalised: bool) -> Self {
        let norm = "[[layer]]\nname = 'n'\nkind = 'batch-norm'\nrunning_mean = 'm'\nrunning_var = 's'\nepsilon = 0.1\n";
        let more = if normalised { norm } else { "" };
        let text = PLAIN.replace("[[parametrised]]", &format!("{more}[[parametrised]]"));
        let graph = file::parse(&text, Path::new("made.toml")).expect("a model");
        let checkpoint = |w: [f64; 2], vector: [f64; 2]| {
            let mut tensors = vec![
                ("w".to_owned(), array(&[2, 2], &[w[0], 0.0, 0.0, w[1]])),
                ("u".to_owned(), array(&[2], &vector)),
                ("v".to_owned(), array(&[2], &vector)),
            ];
            if normalised {
                tensors.push(("m".to_owned(), array(&[2], &[0.0, 0.0])));
                tensors.push(("s".to_owned(), array(&[2], &[1.0, 1.0])));
            }
            state(tensors)
        };
        let states = [
            checkpoint([2.0, 1.0], [1.0, 0.0]),
            checkpoint([1.0, 3.0], [0.0, 1.0]),
        ];
        let network = Network::new(graph, &states[0]).expect("a network");
        let ends = states.map(|state| network.params(&state).expect("its parameters").0);
        let opened = device::open(DeviceChoice::Flex, Precision::F64).expect("the device");
        let evaluator = Evaluator::new(Arc::new(network), opened.device, Precision::F64, 64 << 20);
        let inputs = vec![1.0, 1.0, -0.5, 2.0, 0.25, -1.0];
        Self {
            evaluator: evaluator.expect("an evaluator"),
            samples: Arc::new(Samples::labelled(vec![2], inputs, vec![0, 1, 0])),
            ends,
        }
    }

    fn line(&self, buffers: Buffers) -> Slice {
        Slice::line(self.ends[0].clone(), &self.ends[1], buffers).expect("a line")
    }

    /// The outputs at a point of a slice.
    fn outputs(&self, slice: Slice, at: f64) -> Vec<f64> {
        let split = self.evaluator.upload(&self.samples, 2).expect("samples");
        let train = Some(&self.samples);
        let loaded = self.evaluator.load(slice, train).expect("a slice");
        self.evaluator
            .logits(&loaded, &[at], &split)
            .expect("outputs")
    }

    /// The outputs of one checkpoint alone.
    fn alone(&self, point: &Params, buffers: Buffers) -> Vec<f64> {
        let still = Params::zeros(point.layout());
        self.outputs(
            Slice::new(point.clone(), vec![still], buffers).expect("a slice"),
            0.0,
        )
    }
}

#[track_caller]
fn same(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        // A handful of roundings of f64.
        let off = (found - expected).abs();
        assert!(off < 1e-14, "{found} for {expected}");
    }
}

#[test]
fn the_ends_of_a_line_are_the_checkpoints_though_nothing_is_normalised_by_batches() {
    let pair = Pair::new(false);
    for buffers in [Buffers::Interpolate, Buffers::Recompute] {
        for (end, at) in pair.ends.iter().zip([0.0, 1.0]) {
            let expected = pair.alone(end, Buffers::Frozen);
            same(&pair.outputs(pair.line(buffers), at), &expected);
        }
        // The larger of 1 and 3 is 3.
        same(
            &pair.outputs(pair.line(buffers), 1.0)[..2],
            &[1.0 / 3.0, 1.0],
        );
    }
    // Frozen vectors see the 1.
    same(
        &pair.outputs(pair.line(Buffers::Frozen), 1.0)[..2],
        &[1.0, 3.0],
    );
}

#[test]
fn vectors_keep_their_length_between_checkpoints() {
    let pair = Pair::new(false);
    let line = pair.line(Buffers::Interpolate);
    // W = diag(1.5, 2) and u = v = (1, 1)/√2.
    let found = pair.outputs(line.clone(), 0.5);
    same(&found[..2], &[1.5 / 1.75, 2.0 / 1.75]);
    // What is measured at a point of the slice is measured there.
    let (point, _) = line.at(&[0.5]);
    same(&pair.alone(&point, Buffers::Frozen), &found);
}

#[test]
fn recomputed_statistics_are_those_of_vectors_that_follow() {
    let pair = Pair::new(true);
    let expected = pair.alone(&pair.ends[1], Buffers::Recompute);
    same(&pair.outputs(pair.line(Buffers::Recompute), 1.0), &expected);
    let expected = pair.alone(&pair.ends[1], Buffers::Frozen);
    same(
        &pair.outputs(pair.line(Buffers::Interpolate), 1.0),
        &expected,
    );
}
