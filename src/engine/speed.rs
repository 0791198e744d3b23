//! How fast this machine's devices are: points a second of four usual networks, and what bounds them.
//!
//! The networks are the four of the project's own benchmarks, a multilayer perceptron, a LeNet, a small VGG
//! and a ResNet-20 of an eighth of the usual width, with weights drawn at random: a rate doesn't depend on them. They
//! are evaluated over the built-in digits along two directions, as a surface is.

use crate::checkpoint::{Source, StateDict, Told};
use crate::dataset::{self, DataOptions, Dataset, Samples};
use crate::engine::device::{self, DeviceChoice};
use crate::error::{Error, Result};
use crate::landscape::direction::{Normalization, OneDim, normalise, random};
use crate::landscape::evaluate::{Evaluator, LoadedSlice, Precision, Split};
use crate::landscape::grid::Coordinate;
use crate::landscape::slice::{Buffers, Slice};
use crate::model::Network;
use crate::model::family::{self, Hints};
use crate::model::run::Device;
use crate::store::{Array, Values};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a rate is measured for.
const TIME: Duration = Duration::from_millis(1200);
/// Points of one call, doubled for as long as that is faster.
const POINTS: [usize; 5] = [4, 16, 64, 256, 1024];
/// Bytes that are copied to measure memory.
const COPIED: usize = 128 << 20;
/// Width of the layers whose products bound arithmetic.
const WIDE: usize = 1024;

/// A network by the tensors that it is recognised by.
struct Example {
    name: &'static str,
    tensors: Vec<(String, Vec<usize>)>,
}

/// What was measured of one device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Speed {
    /// How to ask for it.
    pub device: DeviceChoice,
    /// Its name.
    pub name: String,
    /// Of each network.
    pub networks: Vec<Rate>,
    /// Floating-point operations a second of products of wide layers.
    pub flops: f64,
    /// Bytes a second that a copy reads and writes.
    pub bytes: f64,
}

/// How fast one network is evaluated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rate {
    /// The network.
    pub network: String,
    /// Seconds until the first point was there, kernels compiled.
    pub first_seconds: f64,
    /// Points a second afterwards.
    pub points_per_second: f64,
}

fn named(names: &[(&str, &[usize])]) -> Vec<(String, Vec<usize>)> {
    let own = |(name, shape): &(&str, &[usize])| ((*name).to_owned(), shape.to_vec());
    names.iter().map(own).collect()
}

/// Layers with a bias each, by the names of their modules.
fn layers(all: &[(&str, &[usize])]) -> Vec<(String, Vec<usize>)> {
    let both = |(name, shape): &(&str, &[usize])| {
        let weight = (format!("{name}.weight"), shape.to_vec());
        [weight, (format!("{name}.bias"), vec![shape[0]])]
    };
    all.iter().flat_map(both).collect()
}

/// A ResNet-20 for images of one channel.
fn resnet(widths: [usize; 3]) -> Vec<(String, Vec<usize>)> {
    let norm = |name: String, width: usize| {
        let each = ["weight", "bias", "running_mean", "running_var"];
        each.map(|own| (format!("{name}.{own}"), vec![width]))
    };
    let mut all = named(&[("conv1.weight", &[widths[0], 1, 3, 3])]);
    all.extend(norm("bn1".to_owned(), widths[0]));
    let mut before = widths[0];
    for (stage, width) in widths.into_iter().enumerate() {
        for block in 0..3 {
            for half in 1..=2 {
                let at = format!("layer{}.{block}", stage + 1);
                all.push((format!("{at}.conv{half}.weight"), vec![width, before, 3, 3]));
                all.extend(norm(format!("{at}.bn{half}"), width));
                before = width;
            }
        }
    }
    let last: [(&str, &[usize]); 1] = [("linear", &[10, before])];
    all.extend(layers(&last));
    all
}

fn examples() -> [Example; 4] {
    let mlp: [(&str, &[usize]); 3] = [("1", &[128, 64]), ("3", &[64, 128]), ("5", &[10, 64])];
    let lenet: [(&str, &[usize]); 5] = [
        ("conv1", &[6, 1, 3, 3]),
        ("conv2", &[16, 6, 3, 3]),
        ("fc1", &[120, 64]),
        ("fc2", &[84, 120]),
        ("fc3", &[10, 84]),
    ];
    let vgg: [(&str, &[usize]); 5] = [
        ("features.0", &[16, 1, 3, 3]),
        ("features.3", &[32, 16, 3, 3]),
        ("features.6", &[64, 32, 3, 3]),
        ("classifier.0", &[64, 64]),
        ("classifier.2", &[10, 64]),
    ];
    let example = |name, tensors| Example { name, tensors };
    [
        example("mlp", layers(&mlp)),
        example("lenet", layers(&lenet)),
        example("vgg", layers(&vgg)),
        example("resnet20", resnet([8, 16, 32])),
    ]
}

/// A network whose time is all in products.
fn wide() -> Example {
    let all: [(&str, &[usize]); 3] = [("1", &[WIDE, 64]), ("3", &[WIDE, WIDE]), ("5", &[10, WIDE])];
    Example {
        name: "wide",
        tensors: layers(&all),
    }
}

/// Values between −1 and 1 that look drawn, of a size that keeps outputs finite.
fn weights(name: &str, shape: &[usize]) -> Vec<f32> {
    let count = shape.iter().product::<usize>();
    if name.ends_with("running_var") {
        return vec![1.0; count];
    }
    let inputs = shape.iter().skip(1).product::<usize>().max(1) as f32;
    let each = (0..count).map(|i| ((i * 7919 % 1000) as f32 / 500.0 - 1.0) / inputs.sqrt());
    each.collect()
}

impl Example {
    fn state(&self) -> Result<StateDict> {
        let tensor = |(name, shape): &(String, Vec<usize>)| {
            let array = Array::new(shape.clone(), Values::F32(weights(name, shape)));
            array.map(|array| (name.clone(), array))
        };
        let tensors: Option<Vec<(String, Array)>> = self.tensors.iter().map(tensor).collect();
        let broken = || Error::Model(format!("the example {} has no tensors", self.name));
        Ok(StateDict {
            tensors: tensors.ok_or_else(broken)?,
            unreadable: Vec::new(),
            source: Source {
                path: PathBuf::from(self.name),
                format: "made for measuring".into(),
                state_dict_at: String::new(),
                prefix: String::new(),
                sha256: String::new(),
            },
            warnings: Vec::new(),
            told: Told::default(),
        })
    }

    fn open(&self, data: &Samples, classes: usize, device: &Device) -> Result<Bench> {
        let state = self.state()?;
        let hints = Hints {
            input: Some(&data.shape),
            classes: Some(classes),
            ..Hints::default()
        };
        let network = Network::new(family::recognise(&state, &hints)?.graph, &state)?;
        let theta = network.params(&state)?.0;
        let direction = |seed| {
            let drawn = random(theta.layout(), 0, seed);
            normalise(&drawn, &theta, Normalization::Filter, OneDim::Zero)
        };
        let directions = vec![direction(0), direction(1)];
        let evaluator = Evaluator::new(Arc::new(network), device.clone(), Precision::F32, 1 << 30)?;
        let parameters = theta.count();
        let split = evaluator.upload(&Arc::new(data.clone()), classes)?;
        let slice = evaluator.load(Slice::new(theta, directions, Buffers::Frozen)?, None)?;
        Ok(Bench {
            evaluator,
            slice,
            split,
            parameters,
        })
    }
}

/// A network on a device.
struct Bench {
    evaluator: Evaluator,
    slice: LoadedSlice,
    split: Split,
    parameters: usize,
}

impl Bench {
    fn evaluate(&self, points: usize) -> Result<()> {
        let at = |i: usize| vec![0.001 * i as f64, -0.0007 * i as f64];
        let points: Vec<Coordinate> = (0..points).map(at).collect();
        let found = self
            .evaluator
            .evaluate(&self.slice, &points, &[&self.split])?;
        match self.evaluator.trouble() {
            None if found.len() == points.len() => Ok(()),
            why => Err(Error::Device(format!(
                "the device failed while it was measured: {}",
                why.unwrap_or("it computed too few points")
            ))),
        }
    }

    /// Points a second, in calls of as many points as are fastest.
    fn rate(&self) -> Result<f64> {
        let (mut best, begun) = (0.0_f64, Instant::now());
        for few in POINTS {
            // The first call of a size makes room for it.
            self.evaluate(few)?;
            let (started, mut done) = (Instant::now(), 0);
            while done == 0 || started.elapsed() < TIME / 8 {
                self.evaluate(few)?;
                done += few;
            }
            let rate = done as f64 / started.elapsed().as_secs_f64();
            if rate < 0.9 * best || begun.elapsed() > TIME {
                return Ok(best.max(rate));
            }
            best = best.max(rate);
        }
        Ok(best)
    }
}

/// Measures a device; `tell` is told what comes next.
///
/// # Errors
/// Where it can't be opened or fails.
pub fn measure(choice: DeviceChoice, tell: &mut dyn FnMut(&str)) -> Result<Speed> {
    let opened = device::open(choice, Precision::F32)?;
    let Dataset { train, classes, .. } = dataset::open(&DataOptions::default())?;
    let mut networks = Vec::new();
    for example in examples() {
        tell(&format!("{choice}: {}", example.name));
        let bench = example.open(&train, classes, &opened.device)?;
        let started = Instant::now();
        bench.evaluate(1)?;
        let first_seconds = started.elapsed().as_secs_f64();
        networks.push(Rate {
            network: example.name.to_owned(),
            first_seconds,
            points_per_second: bench.rate()?,
        });
    }
    tell(&format!("{choice}: arithmetic and memory"));
    let bench = wide().open(&train, classes, &opened.device)?;
    bench.evaluate(1)?;
    // A multiplication and an addition for every weight and sample; biases are next to nothing.
    let each = 2.0 * bench.parameters as f64 * train.len() as f64;
    Ok(Speed {
        device: choice,
        networks,
        flops: each * bench.rate()?,
        bytes: memory(&opened.device)?,
        name: opened.name,
    })
}

/// Bytes a second that a copy reads and writes: the fastest of several.
fn memory(device: &Device) -> Result<f64> {
    let copies = || -> Box<dyn FnMut() -> Result<()>> {
        if let Device::Tiles { gpu, .. } = device {
            let gpu = Arc::clone(gpu);
            let bytes = (COPIED as u64).min(gpu.most_bound());
            let usage = wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
            let buffers = ["from", "to"].map(|name| gpu.buffer(name, bytes, usage));
            return Box::new(move || {
                gpu.copy(&buffers[0], &buffers[1]);
                gpu.wait()
            });
        }
        let (from, mut to) = (vec![1_u64; COPIED / 8], vec![0_u64; COPIED / 8]);
        Box::new(move || {
            to.copy_from_slice(std::hint::black_box(&from));
            std::hint::black_box(&to);
            Ok(())
        })
    };
    let mut copy = copies();
    let (mut best, begun) = (f64::INFINITY, Instant::now());
    while best.is_infinite() || begun.elapsed() < TIME / 4 {
        let started = Instant::now();
        copy()?;
        best = best.min(started.elapsed().as_secs_f64());
    }
    Ok(2.0 * COPIED as f64 / best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_a_network_that_can_be_evaluated() {
        let Dataset { train, classes, .. } = dataset::open(&DataOptions::default()).unwrap();
        let few = train.subset(8, 0);
        for example in examples().into_iter().chain([wide()]) {
            let bench = example.open(&few, classes, &Device::Lanes).unwrap();
            bench.evaluate(2).unwrap();
            let named = example.tensors.iter();
            let stored = named.filter(|(name, _)| !name.contains("running"));
            let stored: usize = stored.map(|(_, s)| s.iter().product::<usize>()).sum();
            assert_eq!(bench.parameters, stored, "{}", example.name);
        }
        assert!(memory(&Device::Lanes).unwrap() > 1e8);
    }
}
