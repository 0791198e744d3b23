//! What the tests against the reference share: the stored models, data, directions and results,
//! and devices to evaluate on.

pub mod check;

use check::Kind;
use losscope::checkpoint::{self, Array, npz};
use losscope::dataset::{self, DataOptions, Samples};
use losscope::engine::device::{self, DeviceChoice};
use losscope::engine::directions;
use losscope::landscape::evaluate::{Evaluator, Metrics, Precision, Split};
use losscope::landscape::grid::Coordinate;
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::Network;
use losscope::model::family::{self, Hints};
use losscope::model::params::Params;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The path of a fixture.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures")).join(name)
}

/// The value, or a failed test that says why in the library's words.
pub fn ok<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|e| panic!("{e}"))
}

/// Training samples and, where the fixtures have all of them, validation samples.
#[derive(Clone)]
pub struct Data {
    pub train: Arc<Samples>,
    pub validation: Option<Arc<Samples>>,
    /// The first 16 held-out samples, whose outputs are stored.
    pub first16: Arc<Samples>,
}

fn data(name: &str, complete: bool) -> Data {
    let options = DataOptions {
        data: name.to_owned(),
        ..DataOptions::default()
    };
    let found = ok(dataset::open(&options));
    let held_out = found.validation.expect("both data sets are split");
    let first16 = Samples::labelled(
        held_out.shape.clone(),
        held_out.rows(0..16).expect("16 samples").to_vec(),
        held_out.labels().expect("classes")[..16].to_vec(),
    );
    Data {
        train: Arc::new(found.train),
        validation: complete.then(|| Arc::new(held_out)),
        first16: Arc::new(first16),
    }
}

fn digits() -> Data {
    static DIGITS: OnceLock<Data> = OnceLock::new();
    DIGITS.get_or_init(|| data("digits", true)).clone()
}

/// Of the 256 held-out images only 64 are stored, so there are no validation metrics to compare.
fn images() -> Data {
    static IMAGES: OnceLock<Data> = OnceLock::new();
    let folder = || fixture("data/cifar10-like-bin").display().to_string();
    IMAGES.get_or_init(|| data(&folder(), false)).clone()
}

/// One of the reference's networks and the data it was trained on.
pub struct Model {
    pub name: &'static str,
    pub network: Arc<Network>,
    pub data: Data,
    checkpoints: HashMap<&'static str, Params>,
}

/// Opens the stored checkpoints of a model; the first one decides the network.
pub fn model(name: &'static str, checkpoints: &[&'static str]) -> Model {
    let data = match name {
        "resnet20c" | "resnet18n" | "resnet18" => images(),
        _ => digits(),
    };
    let states: Vec<_> = checkpoints
        .iter()
        .map(|c| ok(checkpoint::open(&checkpoint_path(name, c))))
        .collect();
    let hints = Hints {
        input: Some(&data.train.shape),
        classes: Some(10),
        ..Hints::default()
    };
    let found = ok(family::recognise(&states[0], &hints));
    let network = ok(Network::new(found.graph, &states[0]));
    let opened = checkpoints.iter().zip(&states).map(|(&c, state)| {
        let (params, warnings) = ok(network.params(state));
        assert!(warnings.is_empty(), "{name}/{c}: {warnings:?}");
        (c, params)
    });
    let checkpoints = opened.collect();
    Model {
        name,
        network: Arc::new(network),
        data,
        checkpoints,
    }
}

/// The larger files are gzipped.
fn checkpoint_path(model: &str, checkpoint: &str) -> PathBuf {
    if model == "resnet18" {
        return fixture("formats/resnet18_torchvision_full.pt.gz");
    }
    let plain = fixture(&format!("models/{model}/{checkpoint}.pt"));
    if plain.exists() {
        plain
    } else {
        plain.with_extension("pt.gz")
    }
}

impl Model {
    /// The point of parameter space of a checkpoint.
    pub fn at(&self, checkpoint: &str) -> &Params {
        &self.checkpoints[checkpoint]
    }

    /// The two stored directions of one kind, delta and eta.
    pub fn directions(&self, kind: &str) -> Vec<Params> {
        let path = |d| {
            fixture(&format!(
                "directions/{}/{kind}_{d}.safetensors.gz",
                self.name
            ))
        };
        let like = self.checkpoints.values().next().expect("a checkpoint");
        ok(directions::read(&[path("delta"), path("eta")], like))
    }

    /// A slice that is one point.
    pub fn point(&self, checkpoint: &str) -> Slice {
        let nowhere = Params::zeros(self.network.layout());
        ok(Slice::new(
            self.at(checkpoint).clone(),
            vec![nowhere],
            Buffers::Frozen,
        ))
    }
}

/// The values rounded to f32, as the reference stores its directions.
pub fn rounded(params: &Params) -> Params {
    params.map(|_, values| values.iter().map(|&v| f64::from(v as f32)).collect())
}

/// The arrays of a stored `.npz`, by name.
pub struct Golden(HashMap<String, Array>);

/// Opens a stored result.
pub fn golden(path: &str) -> Golden {
    Golden(ok(npz::read_arrays(&fixture(path))).into_iter().collect())
}

impl Golden {
    pub fn values(&self, name: &str) -> Vec<f64> {
        let array = self.0.get(name);
        array.unwrap_or_else(|| panic!("no array {name}")).to_f64()
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// A device and precision to evaluate on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct On(pub DeviceChoice, pub Precision);

pub const FLEX_F64: On = On(DeviceChoice::Flex, Precision::F64);
pub const NDARRAY_F64: On = On(DeviceChoice::Ndarray, Precision::F64);
pub const FLEX_F32: On = On(DeviceChoice::Flex, Precision::F32);
pub const NDARRAY_F32: On = On(DeviceChoice::Ndarray, Precision::F32);
/// Any adapter, software Vulkan included. Without one the tests that ask for it fail: a device
/// that is never tested is not supported.
pub const GPU_F32: On = On(DeviceChoice::Gpu, Precision::F32);
/// Everything but [`FLEX_F64`], which most tests treat more thoroughly.
pub const OTHERS: [On; 4] = [NDARRAY_F64, FLEX_F32, NDARRAY_F32, GPU_F32];

impl On {
    pub fn kind(self) -> Kind {
        match self.1 {
            Precision::F64 => Kind::Double,
            Precision::F32 => Kind::Single,
        }
    }
}

/// burn's GPU device takes the calls of one thread at a time.
static GPU: Mutex<()> = Mutex::new(());

/// A model's evaluator on a device, with its samples uploaded.
pub struct Bench {
    pub evaluator: Evaluator,
    pub train: Split,
    pub validation: Option<Split>,
    samples: Arc<Samples>,
    pub on: On,
    _alone: Option<MutexGuard<'static, ()>>,
}

/// A network on a device within `memory` bytes.
pub fn evaluator(network: &Arc<Network>, on: On, memory: usize) -> Evaluator {
    let device = ok(device::open(on.0, on.1)).device;
    ok(Evaluator::new(Arc::clone(network), device, on.1, memory))
}

/// A model on a device, with a memory budget that is never reached.
pub fn bench(model: &Model, on: On) -> Bench {
    bench_within(model, on, 1 << 30)
}

/// A model on a device within `memory` bytes.
pub fn bench_within(model: &Model, on: On, memory: usize) -> Bench {
    let alone = || GPU.lock().unwrap_or_else(PoisonError::into_inner);
    let alone = (on.0 == DeviceChoice::Gpu).then(alone);
    let evaluator = evaluator(&model.network, on, memory);
    let upload = |samples| ok(evaluator.upload(samples, 10));
    let train = upload(&model.data.train);
    let validation = model.data.validation.as_ref().map(upload);
    Bench {
        evaluator,
        train,
        validation,
        samples: Arc::clone(&model.data.train),
        on,
        _alone: alone,
    }
}

impl Bench {
    /// Metrics at each coordinate: training, then validation where there is any.
    pub fn evaluate(&self, slice: &Slice, coordinates: &[Coordinate]) -> Vec<Vec<Metrics>> {
        let loaded = ok(self.evaluator.load(slice.clone(), Some(&self.samples)));
        let splits: Vec<&Split> = [&self.train].into_iter().chain(&self.validation).collect();
        let found = ok(self.evaluator.evaluate(&loaded, coordinates, &splits));
        assert_eq!(self.evaluator.trouble(), None, "another device computed it");
        found
    }

    /// Outputs for the first 16 held-out samples at the slice's origin.
    pub fn logits16(&self, model: &Model, slice: &Slice) -> Vec<f64> {
        let loaded = ok(self.evaluator.load(slice.clone(), None));
        let split = ok(self.evaluator.upload(&model.data.first16, 10));
        ok(self.evaluator.logits(&loaded, &[0.0], &split))
    }
}
