//! Small two-class sets in the plane, made from a seed: enough to watch a landscape without a file.
//!
//! Points are computed in f64 and rounded once; the classes alternate, so that any first part of a
//! split is balanced. The two splits come from two streams of one generator (ChaCha8), so the size
//! of one does not change the other.

use std::f64::consts::PI;
use std::path::PathBuf;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use sha2::{Digest as _, Sha256};

use super::array::Values;
use super::files;
use super::normalize::Auto;
use super::source::{Source, Split};
use super::targets::Targets;

/// Training samples of a synthetic set.
pub const TRAIN_SAMPLES: usize = 1000;
/// Validation samples of a synthetic set.
pub const VALIDATION_SAMPLES: usize = 500;

/// Two interleaved arms: radius s, angle 3πs (plus π for class 1), s = √u with u uniform in 0..1;
/// Gaussian noise of deviation 0.04. Neighbouring arms are 1/3 apart.
pub(super) fn spirals(seed: u64) -> Source {
    source("spirals", 0.04, seed, |class, rng| {
        let radius = rng.random::<f64>().sqrt();
        let angle = 3.0 * PI * radius + PI * class;
        [radius * angle.cos(), radius * angle.sin()]
    })
}

/// Two interlocking half circles: (cos t, sin t) and (1 − cos t, ½ − sin t), t uniform in 0..π;
/// Gaussian noise of deviation 0.15.
pub(super) fn moons(seed: u64) -> Source {
    source("moons", 0.15, seed, |class, rng| {
        let (sin, cos) = (PI * rng.random::<f64>()).sin_cos();
        if class > 0.0 {
            [1.0 - cos, 0.5 - sin]
        } else {
            [cos, sin]
        }
    })
}

/// Two Gaussian clouds around (−1, −1) and (1, 1), deviation 0.7: the best possible classifier is
/// wrong for about 2 % of the samples.
pub(super) fn blobs(seed: u64) -> Source {
    source("blobs", 0.7, seed, |class, _| [2.0 * class - 1.0; 2])
}

/// A set of points made by `point` from a class (0 or 1) and the generator, with Gaussian noise.
fn source(
    name: &str,
    noise: f64,
    seed: u64,
    point: impl Fn(f64, &mut ChaCha8Rng) -> [f64; 2],
) -> Source {
    let split = |samples: usize, stream: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        let labels: Vec<u32> = (0..2).cycle().take(samples).collect();
        let mut values = Vec::with_capacity(2 * samples);
        for &label in &labels {
            for coordinate in point(f64::from(label), &mut rng) {
                let shift: f64 = rng.sample(StandardNormal);
                values.push(coordinate + noise * shift);
            }
        }
        Split::labelled(vec![2], Values::F64(values), labels)
    };
    let (train, validation) = (split(TRAIN_SAMPLES, 0), split(VALIDATION_SAMPLES, 1));
    let mut sha = Sha256::new();
    for Split {
        values, targets, ..
    } in [&train, &validation]
    {
        if let Values::F64(values) = values {
            for value in values {
                sha.update(value.to_le_bytes());
            }
        }
        if let Targets::Classes(labels) = targets {
            for label in labels {
                sha.update(label.to_le_bytes());
            }
        }
    }
    Source {
        path: PathBuf::from(name),
        name: name.to_owned(),
        layout: format!("synthetic {name}, seed {seed}, noise {noise}"),
        classes: Some(2),
        train,
        validation: Some(validation),
        unit: 1.0,
        auto: Auto::Stored,
        class_names: Vec::new(),
        scaled_targets: false,
        sha256: files::hex(sha),
        warnings: Vec::new(),
    }
}
