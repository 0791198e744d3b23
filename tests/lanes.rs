//! Programs on the processor against the same on burn's tensors: outputs, gradients and products of networks
//! with every kind of layer; and these against each other.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use losscope::checkpoint::{Array, Source, StateDict, Values};
use losscope::dataset::Samples;
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::evaluate::{Evaluator, Metrics, Precision};
use losscope::landscape::noise::Sampled as _;
use losscope::landscape::objective::Objective as _;
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::Network;
use losscope::model::graph::{Graph, Layer, Loss};
use losscope::model::layers::{
    self, AdaptiveAveragePool, Add, Attention, AveragePool, BatchNorm, Concatenate, Conv, Dropout,
    Embedding, Flatten, Gelu, GlobalAveragePool, GroupNorm, LayerNorm, LeakyRelu, Linear, MaxPool,
    Multiply, Pad, Prepend, Relu, Reshape, Scale, Shift, Sigmoid, Silu, Softmax, Tanh, Transpose,
};
use losscope::model::params::Params;
use std::sync::Arc;

/// Seventeen blocks of sixteen and a part of one.
const SAMPLES: usize = 277;

fn gaussian(n: usize, seed: u64) -> Vec<f64> {
    use rand::SeedableRng as _;
    use rand_distr::{Distribution as _, StandardNormal};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| StandardNormal.sample(&mut rng)).collect()
}

/// A graph and its tensors in the making.
struct Maker {
    graph: Graph,
    state: StateDict,
    /// Inputs are numbers of so many words.
    words: Option<usize>,
}

impl Maker {
    fn new(input: &[usize], loss: Loss) -> Self {
        Self {
            graph: Graph::new("made", input.to_vec(), loss),
            words: None,
            state: StateDict {
                tensors: Vec::new(),
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
            },
        }
    }

    fn tensor(&mut self, name: &str, shape: &[usize], positive: bool) -> String {
        let seed = 11 + self.state.tensors.len() as u64;
        let values = gaussian(shape.iter().product(), seed).into_iter();
        let values = values.map(|v| if positive { 0.5 + v * v } else { 0.4 * v });
        let array = Array::new(shape.to_vec(), Values::F64(values.collect())).unwrap();
        self.state.tensors.push((name.to_owned(), array));
        name.to_owned()
    }

    fn conv(&mut self, name: &str, shape: &[usize], bias: bool, window: [usize; 3]) -> Layer {
        let axes = shape.len() - 2;
        Layer::Conv(Conv {
            weight: self.tensor(&format!("{name}.weight"), shape, false),
            bias: bias.then(|| self.tensor(&format!("{name}.bias"), &shape[..1], false)),
            stride: vec![window[0]; axes],
            padding: vec![window[1]; axes],
            dilation: vec![window[2]; axes],
            groups: 1,
        })
    }

    fn norm(&mut self, name: &str, channels: usize, weight: bool, bias: bool) -> Layer {
        Layer::BatchNorm(BatchNorm {
            weight: weight.then(|| self.tensor(&format!("{name}.weight"), &[channels], true)),
            bias: bias.then(|| self.tensor(&format!("{name}.bias"), &[channels], false)),
            running_mean: self.tensor(&format!("{name}.running_mean"), &[channels], false),
            running_var: self.tensor(&format!("{name}.running_var"), &[channels], true),
            epsilon: 1e-4,
        })
    }

    fn linear(&mut self, name: &str, [outputs, inputs]: [usize; 2], axis: usize) -> Layer {
        let shape = if axis == 0 {
            [outputs, inputs]
        } else {
            [inputs, outputs]
        };
        Layer::Linear(Linear {
            weight: self.tensor(&format!("{name}.weight"), &shape, false),
            bias: Some(self.tensor(&format!("{name}.bias"), &[outputs], false)),
            output_axis: axis,
        })
    }

    fn case(self) -> Case {
        let network = Network::new(self.graph, &self.state).unwrap();
        let (theta, _) = network.params(&self.state).unwrap();
        let shape = network.graph().input.clone();
        let count = SAMPLES * shape.iter().product::<usize>();
        let labels = network.outputs().max(2) as u32;
        let inputs: Vec<f32> = match self.words {
            Some(words) => (0..count).map(|i| (i * i % words) as f32).collect(),
            None => gaussian(count, 3).into_iter().map(|v| v as f32).collect(),
        };
        let samples = Samples::labelled(
            shape,
            inputs,
            (0..SAMPLES as u32).map(|i| i * i % labels).collect(),
        );
        Case {
            network: Arc::new(network),
            theta,
            samples: Arc::new(samples),
        }
    }
}

struct Case {
    network: Arc<Network>,
    theta: Params,
    samples: Arc<Samples>,
}

fn pair(v: usize) -> Vec<usize> {
    vec![v, v]
}

/// Windows of every kind over maps, and both ways around a block.
fn maps() -> Case {
    let mut m = Maker::new(&[3, 9, 7], Loss::cross_entropy());
    let layer = m.conv("a", &[6, 3, 3, 2], true, [1, 2, 2]);
    m.graph.push("a", layer);
    let layer = m.norm("an", 6, true, true);
    m.graph.push("an", layer);
    m.graph.push("ar", Relu {});
    let pool = MaxPool {
        size: pair(3),
        stride: pair(2),
        padding: pair(1),
        dilation: pair(1),
        ceil: true,
    };
    m.graph.push("ap", pool);
    // Every second position, and channels of zeros: the shortcut of option A.
    for axis in [2, 3] {
        let half = layers::Slice {
            axis,
            start: 0,
            end: None,
            step: 2,
        };
        m.graph.push(format!("s{axis}"), half);
    }
    let zeros = Pad {
        axis: 1,
        before: 1,
        after: 2,
    };
    m.graph.push("sp", zeros);
    let layer = m.conv("b", &[9, 6, 3, 3], false, [2, 1, 1]);
    m.graph.push_from("b", &["ap"], layer);
    let layer = m.norm("bn", 9, false, true);
    m.graph.push("bn", layer);
    m.graph.push("bl", LeakyRelu { slope: 0.2 });
    m.graph.push_from("sum", &["bl", "sp"], Add {});
    m.graph.push("silu", Silu {});
    for (name, count_padding) in [("mean", true), ("mean-inside", false)] {
        let pool = AveragePool {
            size: pair(2),
            stride: pair(1),
            padding: pair(1),
            count_padding,
            ceil: false,
        };
        m.graph.push(name, pool);
    }
    m.graph
        .push("parts", AdaptiveAveragePool { size: vec![2, 3] });
    let layer = m.norm("cn", 9, true, false);
    m.graph.push("cn", layer);
    m.graph.push("down", LeakyRelu { slope: -0.3 });
    m.graph.push("f", Flatten { from: 1 });
    let layer = m.linear("h", [5, 54], 1);
    m.graph.push("h", layer);
    m.graph.push("t", Tanh {});
    m.graph.push("d", Dropout {});
    let layer = m.linear("o", [4, 5], 0);
    m.graph.push("o", layer);
    m.case()
}

/// One axis, one output.
fn lines() -> Case {
    let mut m = Maker::new(&[2, 12], Loss::binary(1));
    m.graph.push("i", Sigmoid {});
    let layer = m.conv("a", &[5, 2, 4], true, [1, 1, 2]);
    m.graph.push("a", layer);
    m.graph.push("as", Sigmoid {});
    let pool = MaxPool {
        size: vec![2],
        stride: vec![2],
        padding: vec![0],
        dilation: vec![1],
        ceil: false,
    };
    m.graph.push("p", pool);
    let scale = Scale {
        weight: None,
        factor: -1.5,
    };
    m.graph.push("x", scale);
    m.graph.push("g", GlobalAveragePool {});
    let layer = m.norm("n", 5, true, true);
    m.graph.push("n", layer);
    let layer = m.linear("o", [1, 5], 0);
    m.graph.push("o", layer);
    m.case()
}

/// A transformer: a class token, positions, attention of both kinds, layer normalisation.
fn tokens() -> Case {
    let mut m = Maker::new(&[6, 4], Loss::cross_entropy());
    let layer = m.linear("embed", [8, 4], 0);
    m.graph.push("embed", layer);
    let class = Prepend {
        weight: m.tensor("class", &[1, 1, 8], false),
    };
    m.graph.push("class", class);
    let places = Shift {
        weight: m.tensor("places", &[1, 7, 8], false),
    };
    m.graph.push("x0", places);
    for (block, causal) in [("a", false), ("b", true)] {
        let norm = |m: &mut Maker, name: &str| {
            Layer::LayerNorm(LayerNorm {
                weight: Some(m.tensor(&format!("{block}.{name}.weight"), &[8], true)),
                shape: None,
                bias: Some(m.tensor(&format!("{block}.{name}.bias"), &[8], false)),
                epsilon: 1e-5,
            })
        };
        let start = if block == "a" { "x0" } else { "ay" };
        let layer = norm(&mut m, "n1");
        m.graph.push_from(format!("{block}n1"), &[start], layer);
        let attention = Attention {
            in_weight: m.tensor(&format!("{block}.in"), &[24, 8], false),
            in_bias: Some(m.tensor(&format!("{block}.inb"), &[24], false)),
            out_weight: m.tensor(&format!("{block}.out"), &[8, 8], false),
            out_bias: None,
            heads: 2,
            causal,
        };
        m.graph.push(format!("{block}att"), attention);
        let seen = format!("{block}att");
        m.graph
            .push_from(format!("{block}x"), &[start, &seen], Add {});
        let layer = norm(&mut m, "n2");
        m.graph.push(format!("{block}n2"), layer);
        let layer = m.linear(&format!("{block}.up"), [16, 8], 0);
        m.graph.push(format!("{block}up"), layer);
        m.graph.push(format!("{block}g"), Gelu { tanh: causal });
        let layer = m.linear(&format!("{block}.down"), [8, 16], 0);
        m.graph.push(format!("{block}down"), layer);
        let (x, down) = (format!("{block}x"), format!("{block}down"));
        m.graph.push_from(format!("{block}y"), &[&x, &down], Add {});
    }
    let first = layers::Slice {
        axis: 1,
        start: 0,
        end: Some(1),
        step: 1,
    };
    m.graph.push("first", first);
    m.graph.push("flat", Flatten { from: 1 });
    let layer = m.linear("o", [3, 8], 0);
    m.graph.push("o", layer);
    m.case()
}

/// Depthwise and grouped convolutions, group normalisation, gates, branches side by side.
fn groups() -> Case {
    let mut m = Maker::new(&[4, 6, 6], Loss::cross_entropy());
    let mut layer = m.conv("deep", &[4, 1, 3, 3], true, [1, 1, 1]);
    if let Layer::Conv(Conv { groups, .. }) = &mut layer {
        *groups = 4;
    }
    m.graph.push("deep", layer);
    let layer = GroupNorm {
        groups: 2,
        weight: Some(m.tensor("gn.weight", &[4], true)),
        bias: Some(m.tensor("gn.bias", &[4], false)),
        epsilon: 1e-5,
    };
    m.graph.push("gn", layer);
    m.graph.push("r", Silu {});
    let mut layer = m.conv("two", &[6, 2, 2, 2], false, [2, 0, 1]);
    if let Layer::Conv(Conv { groups, .. }) = &mut layer {
        *groups = 2;
    }
    m.graph.push("two", layer);
    m.graph
        .push("pool", AdaptiveAveragePool { size: vec![1, 1] });
    let layer = m.conv("gate", &[6, 6, 1, 1], true, [1, 0, 1]);
    m.graph.push("gate", layer);
    m.graph.push("open", Sigmoid {});
    m.graph.push_from("gated", &["two", "open"], Multiply {});
    m.graph
        .push_from("both", &["gated", "two"], Concatenate { axis: 1 });
    m.graph.push("soft", Softmax { axis: 1 });
    m.graph.push("f", Flatten { from: 1 });
    let layer = m.linear("o", [3, 108], 0);
    m.graph.push("o", layer);
    m.case()
}

/// A table of words, and a convolution that sees one of four positions.
fn words() -> Case {
    let mut m = Maker::new(&[4], Loss::cross_entropy());
    m.words = Some(7);
    let table = Embedding {
        weight: m.tensor("table", &[7, 6], false),
    };
    m.graph.push("table", table);
    let axes = vec![0, 2, 1];
    m.graph.push("turned", Transpose { axes });
    let map = Reshape {
        shape: vec![6, 2, 2],
    };
    m.graph.push("map", map);
    let layer = m.conv("one", &[5, 6, 1, 1], true, [2, 0, 1]);
    m.graph.push("one", layer);
    m.graph.push("t", Tanh {});
    m.graph.push("f", Flatten { from: 1 });
    let layer = m.linear("o", [3, 5], 0);
    m.graph.push("o", layer);
    m.case()
}

/// What a device finds: metrics at a point off the centre, the loss, its gradient, a product.
struct Found {
    metrics: Metrics,
    loss: f64,
    gradient: Vec<f64>,
    product: Vec<f64>,
    /// ‖∂fₙ/∂w‖² of some samples and every tensor.
    norms: Vec<f64>,
}

fn found(case: &Case, choice: DeviceChoice, precision: Precision, memory: usize) -> Found {
    let device = device::open(choice, precision).unwrap().device;
    let network = Arc::clone(&case.network);
    let evaluator = Evaluator::new(network, device, precision, memory).unwrap();
    let split = evaluator.upload(&case.samples, 2).unwrap();
    let x = case.theta.flatten();
    let v = gaussian(x.len(), 7);
    let direction = Params::zeros(case.theta.layout()).with_trainable(&v);
    let slice = Slice::new(case.theta.clone(), vec![direction], Buffers::Frozen).unwrap();
    let loaded = evaluator.load(slice, None).unwrap();
    let points: Vec<Vec<f64>> = (0..11).map(|i| vec![0.1 * f64::from(i)]).collect();
    let metrics = evaluator.evaluate(&loaded, &points, &[&split]).unwrap();
    let mut objective =
        NetworkObjective::new(&evaluator, &case.theta, &split, StatisticsMode::Running);
    let (loss, gradient) = objective.gradient(&x).unwrap();
    let product = objective.hessian_vector(&x, &v).unwrap();
    // Once more, now that values and adjoints are at hand.
    assert_eq!(product, objective.hessian_vector(&x, &v).unwrap());
    let norms = objective.squared_norms(&x, 3..40).unwrap().concat();
    Found {
        metrics: metrics[9][0],
        loss,
        gradient,
        product,
        norms,
    }
}

/// Relative distance.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

#[track_caller]
fn agree(what: &str, a: &Found, b: &Found, tolerance: f64) {
    assert!(
        apart(&[a.loss, a.metrics.loss], &[b.loss, b.metrics.loss]) < tolerance,
        "{what}: losses {} {} and {} {}",
        a.loss,
        a.metrics.loss,
        b.loss,
        b.metrics.loss
    );
    let samples = (a.metrics.score - b.metrics.score).abs() * SAMPLES as f64;
    assert!(samples < 1.5, "{what}: {samples} answers differ");
    for (name, a, b) in [
        ("gradient", &a.gradient, &b.gradient),
        ("product", &a.product, &b.product),
        ("norms of samples", &a.norms, &b.norms),
    ] {
        let off = apart(a, b);
        assert!(off < tolerance, "{what}: {name} off by {off:e}");
    }
}

#[test]
fn samples_side_by_side_give_what_burn_gives() {
    let cases = [
        ("maps", maps()),
        ("lines", lines()),
        ("tokens", tokens()),
        ("groups", groups()),
        ("words", words()),
    ];
    for (name, case) in cases {
        let roomy = 64 << 20;
        let expected = found(&case, DeviceChoice::Ndarray, Precision::F64, roomy);
        assert!(apart(&expected.product, &expected.gradient) > 0.1);
        let double = found(&case, DeviceChoice::Flex, Precision::F64, roomy);
        agree(name, &double, &expected, 1e-10);
        assert_eq!(double.metrics.score, expected.metrics.score);
        let single = found(&case, DeviceChoice::Flex, Precision::F32, roomy);
        agree(name, &single, &expected, 1e-4);
    }
}

/// The squared norms of samples' gradients are those of the gradients themselves, and products those of
/// central differences; these networks have no kinks that a difference could step over.
#[test]
fn norms_and_products_are_those_of_gradients() {
    for (name, case) in [
        ("tokens", tokens()),
        ("groups", groups()),
        ("words", words()),
    ] {
        let device = device::open(DeviceChoice::Flex, Precision::F64)
            .unwrap()
            .device;
        let network = Arc::clone(&case.network);
        let evaluator = Evaluator::new(network, device, Precision::F64, 64 << 20).unwrap();
        let split = evaluator.upload(&case.samples, 2).unwrap();
        let mut objective =
            NetworkObjective::new(&evaluator, &case.theta, &split, StatisticsMode::Running);
        let x = case.theta.flatten();
        let tensors = objective.tensors();
        let norms = objective.squared_norms(&x, 3..6).unwrap();
        for (sample, norms) in (3..6).zip(norms) {
            let gradient = objective.weighted_gradient(&x, &[sample], &[1.0]).unwrap();
            let mut rest = gradient.as_slice();
            for ((tensor, len), norm) in tensors.iter().zip(norms) {
                let (own, after) = rest.split_at(*len);
                rest = after;
                let expected: f64 = own.iter().map(|g| g * g).sum();
                assert!(
                    (norm - expected).abs() <= 1e-10 * expected.max(1e-6),
                    "{name}, {tensor} of sample {sample}: {norm} for {expected}"
                );
            }
        }
        let v = gaussian(x.len(), 7);
        let h = 1e-5;
        let mut at = |sign: f64| -> Vec<f64> {
            let moved: Vec<f64> = x.iter().zip(&v).map(|(x, v)| x + sign * h * v).collect();
            objective.gradient(&moved).unwrap().1
        };
        let (ahead, behind) = (at(1.0), at(-1.0));
        let differences: Vec<f64> = ahead
            .iter()
            .zip(&behind)
            .map(|(a, b)| (a - b) / (2.0 * h))
            .collect();
        let product = objective.hessian_vector(&x, &v).unwrap();
        let off = apart(&product, &differences);
        assert!(off < 1e-6, "{name}: off by {off:e}");
    }
}

#[test]
fn products_are_the_same_where_nothing_can_be_kept() {
    let case = maps();
    let kept = found(&case, DeviceChoice::Flex, Precision::F64, 64 << 20);
    // From less than one block takes to more than all of them do.
    for tight in [1 << 18, 1 << 20, 1 << 22, 1 << 24] {
        let again = found(&case, DeviceChoice::Flex, Precision::F64, tight);
        agree("tight", &again, &kept, 1e-12);
    }
}

#[test]
fn the_same_input_gives_the_same_numbers() {
    let case = maps();
    let run = || found(&case, DeviceChoice::Flex, Precision::F32, 64 << 20);
    let (first, second) = (run(), run());
    assert_eq!(first.metrics, second.metrics);
    assert_eq!(first.gradient, second.gradient);
    assert_eq!(first.product, second.product);
}
