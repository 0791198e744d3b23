//! Losses against PyTorch and closed forms, what data ask for, and the whole way through the program.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "losses/program.rs"]
mod program;

use losscope::checkpoint::{Array, Source, StateDict, Values};
use losscope::dataset::{IGNORED, Samples, Targets};
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::evaluate::{Evaluator, Metrics, Precision, Split};
use losscope::landscape::noise::Sampled as _;
use losscope::landscape::objective::Objective as _;
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::losses::{self, Loss, Score};
use losscope::model::params::Params;
use losscope::model::{Network, file};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One tensor as a checkpoint.
fn checkpoint(name: &str, shape: &[usize], values: &[f64]) -> StateDict {
    let array = Array::new(shape.to_vec(), Values::F64(values.to_vec())).unwrap();
    StateDict {
        tensors: vec![(name.to_owned(), array)],
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

/// A network whose outputs for sample n are row n of its one tensor, and that point: what is asked of the
/// tensor is asked of the logits.
fn rows(
    loss: &str,
    output: &[usize],
    logits: &[f64],
) -> Result<(Arc<Network>, Params), losscope::error::Error> {
    let size: usize = output.iter().product();
    let text = format!(
        "name = 'rows'\ninput = [1]\nloss = {{ kind = 'mean-squared-error' }}\n\
         [[layer]]\nname = 'row'\nkind = 'embedding'\nweight = 'logits'\n\
         [[layer]]\nname = 'shape'\nkind = 'reshape'\nshape = {output:?}\n"
    );
    let mut graph = file::parse(&text, Path::new("rows.toml")).unwrap();
    graph.loss = loss.parse().unwrap();
    let state = checkpoint("logits", &[logits.len() / size, size], logits);
    let network = Network::new(graph, &state)?;
    let (theta, _) = network.params(&state).unwrap();
    Ok((Arc::new(network), theta))
}

/// Samples that are looked up by their own number.
fn numbered(count: usize, targets: Targets, target_shape: &[usize]) -> Arc<Samples> {
    Arc::new(Samples {
        shape: vec![1],
        inputs: (0..count).map(|i| i as f32).collect(),
        targets,
        target_shape: target_shape.to_vec(),
    })
}

fn evaluator(network: Arc<Network>) -> Evaluator {
    let opened = device::open(DeviceChoice::Flex, Precision::F64).unwrap();
    Evaluator::new(network, opened.device, Precision::F64, 64 << 20).unwrap()
}

fn metrics(evaluator: &Evaluator, theta: &Params, split: &Split) -> Metrics {
    let still = Params::zeros(theta.layout());
    let slice = Slice::new(theta.clone(), vec![still], Buffers::Frozen).unwrap();
    let loaded = evaluator.load(slice, None).unwrap();
    evaluator.evaluate(&loaded, &[vec![0.0]], &[split]).unwrap()[0][0]
}

/// Metrics of logits and targets.
fn measured(
    loss: &str,
    output: &[usize],
    logits: &[f64],
    targets: Targets,
    shape: &[usize],
) -> Metrics {
    let (network, theta) = rows(loss, output, logits).unwrap();
    let size: usize = output.iter().product();
    let samples = numbered(logits.len() / size, targets, shape);
    let evaluator = evaluator(network);
    let split = evaluator.upload(&samples, 0).unwrap();
    metrics(&evaluator, &theta, &split)
}

#[track_caller]
fn close(what: &str, found: f64, expected: f64) {
    // Both sums are taken in double precision, in other orders.
    let allowed = 1e-12 * expected.abs().max(1e-3);
    assert!(
        (found - expected).abs() <= allowed,
        "{what}: {found}, expected {expected}"
    );
}

#[track_caller]
fn all_close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        close(what, *found, *expected);
    }
}

/// What PyTorch found: see `tests/fixtures/losses/make.py`.
#[derive(Deserialize)]
struct Case {
    name: String,
    loss: String,
    output: Vec<usize>,
    #[serde(default)]
    logits: Vec<f64>,
    labels: Option<Vec<i64>>,
    values: Option<Vec<f32>>,
    #[serde(default)]
    target: Vec<usize>,
    input: Option<Vec<f32>>,
    #[serde(default)]
    shift: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    direction: Vec<f64>,
    product: Vec<f64>,
    score: f64,
}

fn cases() -> Vec<Case> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/losses/losses.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

impl Case {
    fn targets(&self) -> Targets {
        match (&self.labels, &self.values) {
            (Some(labels), _) => {
                let label = |l: &i64| u32::try_from(*l).unwrap_or(IGNORED);
                Targets::Classes(labels.iter().map(label).collect())
            }
            (None, Some(values)) => Targets::Values(values.clone()),
            (None, None) => panic!("{} has no targets", self.name),
        }
    }

    /// The network, its point and the samples.
    fn parts(&self) -> (Arc<Network>, Params, Arc<Samples>) {
        let size: usize = self.output.iter().product();
        let Some(input) = &self.input else {
            let (network, theta) = rows(&self.loss, &self.output, &self.logits).unwrap();
            let samples = numbered(self.logits.len() / size, self.targets(), &self.target);
            return (network, theta, samples);
        };
        let text = format!(
            "name = 'shifted'\ninput = [{size}]\nloss = {{ kind = 'mean-squared-error' }}\n\
             [[layer]]\nname = 'shift'\nkind = 'shift'\nweight = 'shift'\n"
        );
        let mut graph = file::parse(&text, Path::new("shifted.toml")).unwrap();
        graph.loss = self.loss.parse().unwrap();
        let state = checkpoint("shift", &[size], &self.shift);
        let network = Network::new(graph, &state).unwrap();
        let (theta, _) = network.params(&state).unwrap();
        // Their labels are of no interest to an autoencoder.
        let labels = vec![0; input.len() / size];
        let samples = Samples::labelled(vec![size], input.clone(), labels);
        (Arc::new(network), theta, Arc::new(samples))
    }
}

#[test]
fn every_loss_and_option_is_pytorch_s() {
    for case in cases() {
        let (network, theta, samples) = case.parts();
        let evaluator = evaluator(network);
        let split = evaluator.upload(&samples, 0).unwrap();
        let found = metrics(&evaluator, &theta, &split);
        close(&case.name, found.loss, case.value);
        close(&format!("{}: score", case.name), found.score, case.score);
        let x = theta.flatten();
        let mut objective =
            NetworkObjective::new(&evaluator, &theta, &split, StatisticsMode::Running);
        let (value, gradient) = objective.gradient(&x).unwrap();
        close(&case.name, value, case.value);
        close(&case.name, objective.value(&x).unwrap(), case.value);
        all_close(
            &format!("{}: gradient", case.name),
            &gradient,
            &case.gradient,
        );
        let product = objective.hessian_vector(&x, &case.direction).unwrap();
        all_close(&format!("{}: product", case.name), &product, &case.product);
    }
}

/// Positions and weights give samples unequal shares of the mean; the gradients of single samples are
/// those whose mean is the gradient.
#[test]
fn gradients_of_samples_have_the_split_s_gradient_as_their_mean() {
    for case in cases().into_iter().filter(|case| case.input.is_none()) {
        let (network, theta, samples) = case.parts();
        let evaluator = evaluator(network);
        let split = evaluator.upload(&samples, 0).unwrap();
        let x = theta.flatten();
        let mut objective =
            NetworkObjective::new(&evaluator, &theta, &split, StatisticsMode::Running);
        let n = samples.len();
        let all: Vec<usize> = (0..n).collect();
        let shares = vec![1.0 / n as f64; n];
        let mean = objective.weighted_gradient(&x, &all, &shares).unwrap();
        all_close(&case.name, &mean, &case.gradient);
        // Only row n depends on sample n, and is a mean over n of them.
        let norms = objective.squared_norms(&x, 0..n).unwrap();
        let size = case.gradient.len() / n;
        for (norm, row) in norms.iter().zip(case.gradient.chunks(size)) {
            let expected: f64 = row.iter().map(|g| (n as f64 * g).powi(2)).sum();
            close(&format!("{}: norms", case.name), norm[0], expected);
        }
    }
}

#[test]
fn tiny_losses_keep_their_digits_at_every_position() {
    let tiny = |z: f64| (-z).exp().ln_1p();
    let expected = (tiny(40.0) + tiny(60.0)) / 2.0;
    let positions = Targets::Classes(vec![0, 1]);
    let found = measured(
        "cross-entropy",
        &[2, 2],
        &[40.0, 0.0, 0.0, 60.0],
        positions,
        &[2],
    );
    assert!((found.loss / expected - 1.0).abs() < 1e-12, "{found:?}");
    for targets in [
        Targets::Classes(vec![1, 0]),
        Targets::Values(vec![1.0, 0.0]),
    ] {
        let found = measured("binary-cross-entropy", &[2], &[40.0, -60.0], targets, &[2]);
        assert!((found.loss / expected - 1.0).abs() < 1e-12, "{found:?}");
        assert_eq!(found.score, 1.0);
    }
    let small = Targets::Values(vec![0.0, 0.0]);
    let found = measured("huber", &[2], &[1e-9, -1e-9], small, &[2]);
    close("Huber", found.loss * 1e18, 0.5);
}

#[test]
fn what_does_not_count_may_be_anything() {
    let logits = [1.0, 0.0, f64::NAN, f64::INFINITY];
    let labels = Targets::Classes(vec![0, IGNORED]);
    let found = measured("cross-entropy:ignore=-100", &[2, 2], &logits, labels, &[2]);
    close("the first position", found.loss, (-1.0_f64).exp().ln_1p());
    assert_eq!(found.score, 1.0);
    let all = Targets::Classes(vec![IGNORED, IGNORED]);
    let found = measured("cross-entropy:ignore=-100", &[2, 2], &logits, all, &[2]);
    assert!(
        found.loss.is_nan() && found.score.is_nan(),
        "as in PyTorch: {found:?}"
    );
}

#[test]
fn an_output_that_is_no_number_is_never_right() {
    let nan = f64::NAN;
    for (loss, output, logits, label) in [
        ("cross-entropy", vec![2], vec![nan, 1.0], 1),
        ("cross-entropy", vec![2], vec![1.0, nan], 0),
        ("binary-cross-entropy", vec![1], vec![nan], 0),
        (
            "binary-cross-entropy:positive-from=1",
            vec![1],
            vec![nan],
            0,
        ),
        (
            "binary-cross-entropy:positive-from=1",
            vec![1],
            vec![nan],
            1,
        ),
    ] {
        let targets = Targets::Classes(vec![label]);
        let found = measured(loss, &output, &logits, targets, &[]);
        assert_eq!(found.score, 0.0, "{loss}: label {label} of {logits:?}");
        assert!(found.loss.is_nan(), "{loss}: {found:?}");
    }
}

#[test]
fn targets_without_variance_have_no_r2() {
    let same = Targets::Values(vec![0.5; 4]);
    let found = measured(
        "mean-squared-error",
        &[2],
        &[0.5, 1.5, 0.5, 0.5],
        same,
        &[2],
    );
    close("squares", found.loss, 0.25);
    assert!(found.score.is_nan(), "{found:?}");
}

#[test]
fn a_mean_is_divided_by_what_counts() {
    let labels = |l: &[u32], shape: &[usize]| numbered(2, Targets::Classes(l.to_vec()), shape);
    let values = numbered(2, Targets::Values(vec![0.0; 6]), &[3]);
    for (loss, samples, weight) in [
        ("cross-entropy", labels(&[0, 1], &[]), 2.0),
        ("cross-entropy:weights=0.5:2", labels(&[0, 1], &[]), 2.5),
        ("cross-entropy", labels(&[0, 1, 1, 0], &[2]), 4.0),
        (
            "cross-entropy:ignore=-100",
            labels(&[0, IGNORED, 1, 0], &[2]),
            3.0,
        ),
        (
            "cross-entropy:ignore=1,weights=3:7",
            labels(&[0, 1, 1, 0], &[2]),
            6.0,
        ),
        ("binary-cross-entropy", labels(&[0, 1, 1, 0], &[2]), 4.0),
        ("mean-squared-error", Arc::clone(&values), 6.0),
        ("mean-squared-error:target=input", values, 2.0),
    ] {
        let loss: Loss = loss.parse().unwrap();
        assert_eq!(loss.weight_of(&samples), weight, "{loss}");
    }
}

#[test]
fn losses_that_do_not_fit_are_refused_in_words() {
    let classes = |l: &[u32]| Targets::Classes(l.to_vec());
    let values = |v: &[f32]| Targets::Values(v.to_vec());
    type Row<'a> = (&'a str, &'a [usize], Targets, &'a [usize], &'a [&'a str]);
    let rows_of: [Row; 18] = [
        (
            "binary-cross-entropy:positive-from=3",
            &[1],
            classes(&[IGNORED]),
            &[],
            &["sample 0 has the label -100", "from 3 up"],
        ),
        (
            "cross-entropy",
            &[1],
            classes(&[0]),
            &[],
            &["ends in [1]", "two or more outputs"],
        ),
        (
            "cross-entropy:axis=3",
            &[4, 2],
            classes(&[0]),
            &[],
            &["along axis 3"],
        ),
        (
            "cross-entropy:weights=1:2",
            &[3],
            classes(&[0]),
            &[],
            &["3 classes", "2 class weights"],
        ),
        (
            "cross-entropy:weights=1:-2",
            &[2],
            classes(&[0]),
            &[],
            &["class weight -2"],
        ),
        (
            "cross-entropy:label-smoothing=2",
            &[2],
            classes(&[0]),
            &[],
            &["smoothing 2", "between 0 and 1"],
        ),
        (
            "cross-entropy",
            &[3],
            classes(&[3]),
            &[],
            &["sample 0 has label 3", "3 outputs", "ignore=3"],
        ),
        (
            "cross-entropy",
            &[3],
            classes(&[IGNORED]),
            &[],
            &["-100", "ignore=-100"],
        ),
        (
            "cross-entropy",
            &[3],
            values(&[0.5]),
            &[],
            &["are numbers", "mean-squared-error"],
        ),
        (
            "cross-entropy",
            &[2, 3],
            classes(&[0, 1, 1]),
            &[3],
            &["shape [3]", "[2, 3]", "shape [2]", "axis=N"],
        ),
        (
            "binary-cross-entropy:positive-from=1",
            &[2],
            classes(&[0, 1]),
            &[2],
            &["exactly one output"],
        ),
        (
            "binary-cross-entropy",
            &[2],
            classes(&[0, 2]),
            &[2],
            &["label 2", "positive-from"],
        ),
        (
            "binary-cross-entropy",
            &[2],
            values(&[0.0, 1.5]),
            &[2],
            &["target 1.5", "0 to 1"],
        ),
        (
            "binary-cross-entropy",
            &[2],
            classes(&[0, 1, 1]),
            &[3],
            &["shape [3]", "[2]"],
        ),
        (
            "mean-squared-error",
            &[2],
            classes(&[0]),
            &[],
            &["are classes", "target=input"],
        ),
        (
            "mean-squared-error",
            &[2],
            values(&[0.0; 3]),
            &[3],
            &["shape [3]", "shape [2]"],
        ),
        (
            "mean-squared-error:target=input",
            &[2],
            classes(&[0]),
            &[],
            &["ends in [2]", "takes [1]"],
        ),
        (
            "huber:delta=0",
            &[2],
            values(&[0.0; 2]),
            &[2],
            &["delta 0", "above 0"],
        ),
    ];
    for (loss, output, targets, shape, words) in rows_of {
        let size: usize = output.iter().product();
        let refused = rows(loss, output, &vec![0.0; size]).and_then(|(network, _)| {
            let samples = numbered(1, targets, shape);
            evaluator(network).upload(&samples, 0).map(|_| ())
        });
        let message = refused.expect_err(loss).to_string();
        for word in words {
            assert!(message.contains(word), "{word:?} is missing in: {message}");
        }
    }
}

#[test]
fn data_choose_the_loss_where_nobody_does() {
    let plain = Loss::cross_entropy();
    let classes = |l: &[u32], shape: &[usize]| numbered(1, Targets::Classes(l.to_vec()), shape);
    let numbers = numbered(1, Targets::Values(vec![0.5]), &[]);
    for (output, samples, expected, words) in [
        (&[3][..], classes(&[2], &[]), "cross-entropy", ""),
        (
            &[3],
            classes(&[IGNORED], &[]),
            "cross-entropy:ignore=-100",
            "−100",
        ),
        (
            &[2, 5],
            classes(&[4, 0], &[2]),
            "cross-entropy:axis=2",
            "every position",
        ),
        (
            &[5, 2],
            classes(&[4, 0], &[2]),
            "cross-entropy:axis=1",
            "axis 1",
        ),
        (
            &[3, 1, 2],
            classes(&[2, 0], &[1, 2]),
            "cross-entropy:axis=1",
            "axis 1",
        ),
        (
            &[2],
            classes(&[1, 1], &[2]),
            "binary-cross-entropy",
            "every output",
        ),
        (&[1], numbers, "mean-squared-error", "are numbers"),
    ] {
        let (loss, said) = losses::usual(&plain, false, output, &samples);
        assert_eq!(loss.to_string(), expected);
        assert!(said.join(" ").contains(words), "{said:?}");
        // What a person chose stays.
        let own: Loss = "huber".parse().unwrap();
        assert_eq!(
            losses::usual(&own, true, output, &samples),
            (own, Vec::new())
        );
    }
}

#[test]
fn model_files_of_before_and_with_options_are_read() {
    let with = |loss: &str| {
        let text = format!(
            "name = 'n'\ninput = [2]\nloss = {loss}\n[[layer]]\nname = 'w'\nkind = 'linear'\nweight = 'w'\n"
        );
        file::parse(&text, Path::new("n.toml"))
    };
    for (text, expected, score) in [
        (
            "{ kind = 'cross-entropy' }",
            "cross-entropy",
            Score::Accuracy,
        ),
        (
            "{ kind = 'binary-cross-entropy', positive_from = 5 }",
            "binary-cross-entropy:positive-from=5",
            Score::Accuracy,
        ),
        (
            "{ kind = 'cross-entropy', ignore = -100, label_smoothing = 0.1 }",
            "cross-entropy:label-smoothing=0.1,ignore=-100",
            Score::Accuracy,
        ),
        (
            "{ kind = 'mean-squared-error', target = 'input' }",
            "mean-squared-error:target=input",
            Score::R2,
        ),
        (
            "{ kind = 'smooth-l1', beta = 0.5 }",
            "smooth-l1:beta=0.5",
            Score::R2,
        ),
    ] {
        let graph = with(text).unwrap();
        assert_eq!(
            (graph.loss.to_string().as_str(), graph.loss.score()),
            (expected, score)
        );
        // Written and read again it is the same.
        let written = file::write(&graph, &[]);
        assert_eq!(file::parse(&written, Path::new("n.toml")).unwrap(), graph);
    }
    for (text, word) in [
        ("{ kind = 'hinge' }", "hinge"),
        ("{ kind = 'huber', beta = 1.0 }", "beta"),
    ] {
        let message = with(text).unwrap_err().to_string();
        assert!(
            message.contains(word) && message.contains("line 3"),
            "{message}"
        );
    }
}
