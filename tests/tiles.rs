//! The executor on a GPU, here on software Vulkan, held against the processor's in double precision.
//!
//! Without a Vulkan driver these tests fail: a device that is never tested is not supported.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
#![allow(
    clippy::print_stdout,
    reason = "times, shares and predictions are of interest under --nocapture"
)]

/// Surfaces computed only where they aren't smooth.
#[path = "tiles/adaptive.rs"]
mod adaptive;
/// The cases that every executor is held to.
#[path = "primitives/cases.rs"]
mod cases;
#[allow(dead_code, reason = "shared with the reference, which uses the rest")]
mod common;
/// Whole networks: outputs, surfaces, gradients, products and norms.
#[path = "tiles/networks.rs"]
mod networks;
/// Every primitive and its derivatives at random shapes.
#[path = "tiles/primitives.rs"]
mod primitives;
/// Several devices that share a surface, and devices that are lost.
#[path = "tiles/several.rs"]
mod several;
/// Surfaces of the four trained networks, and what the device was given to do for them.
#[path = "tiles/surfaces.rs"]
mod surfaces;

use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::evaluate::Precision;
use losscope::model::run::Device;
use losscope::model::run::tiles::Gpu;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// In single precision, sums in another order and a device's own exponential; as for every other device.
const TOLERANCE: f64 = 2e-4;

/// Counters are one device's: tests that read them are alone with it.
fn alone() -> (MutexGuard<'static, ()>, Arc<Gpu>) {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let Device::Tiles { gpu, .. } = opened() else {
        panic!("--device gpu is no GPU");
    };
    (guard, gpu)
}

fn opened() -> Device {
    common::ok(device::open(DeviceChoice::Gpu, Precision::F32)).device
}

/// The largest difference by the largest number; equal infinities and NaN are equal.
fn off(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().filter(|v| v.is_finite());
    let scale = scale.fold(1e-30_f64, |m, v| m.max(v.abs()));
    let pairs = found.iter().zip(expected);
    pairs.fold(0.0, |worst: f64, (a, b)| {
        let same = a == b || a.is_nan() && b.is_nan();
        let own = if same { 0.0 } else { (a - b).abs() / scale };
        if own.is_nan() {
            f64::INFINITY
        } else {
            worst.max(own)
        }
    })
}
