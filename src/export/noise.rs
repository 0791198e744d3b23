//! The numbers of a gradient noise for its files.
//!
//! | single numbers | |
//! |---|---|
//! | `loss`, `gradient_squared`, `covariance_trace`, `b_simple` | exact, from the gradients of all samples |
//! | `estimate_gradient_squared`, `estimate_covariance_trace`, `estimate_b_simple`, `estimate_low`, `estimate_high` | `--estimate`, with its 95 % interval |
//! | `b_noise`, `b_noise_error` | with the Hessian |
//! | `fewest_steps`, `fewest_examples`, `critical_batch` | of the runs of `--reached` |
//!
//! | tables of the `.csv` | arrays of the `.npz` |
//! |---|---|
//! | `batches` | `batches`, `steps`, `examples`, `sgd_noise`, `alignment`, `alignment_error` `[batch sizes]` |
//! | `layers` | `layer_name`, `layer_parameters`, `layer_weights`, `layer_gradient`, `layer_ratio` `[modules]` |
//! | `tensors` | `tensor_name`, `tensor_gradient_squared`, `tensor_covariance_trace`, `tensor_b_simple` `[tensors]` |
//!
//! Steps are over the fewest possible, examples over the fewest possible; errors are standard errors,
//! infinite where there is but one batch of a size; what wasn't measured is NaN.

pub(super) mod figure;

use super::figure::FigureOptions;
use super::measure::Of::{self, Count, Float, Word};
use super::measure::{Measure, Numbers};
use crate::engine::header::Header;
use crate::engine::local::noise::NoiseResult;
use crate::error::Result;
use crate::landscape::curvature::trace::Estimate;
use crate::landscape::noise::exact::Noise;
use crate::landscape::noise::layers::LayerNorms;
use crate::landscape::noise::scale::AtBatch;

impl Measure for NoiseResult {
    fn header(&self) -> &Header {
        &self.header
    }

    fn numbers(&self) -> Numbers {
        let mut numbers = Numbers::default();
        let single = &mut numbers.single;
        if let Some(exact) = &self.exact {
            single.extend([
                ("loss", exact.loss),
                ("gradient_squared", exact.total.gradient_squared),
                ("covariance_trace", exact.total.covariance_trace),
                ("b_simple", exact.total.scale),
            ]);
        }
        if let Some(found) = &self.estimate {
            single.extend([
                ("estimate_gradient_squared", found.gradient_squared),
                ("estimate_covariance_trace", found.covariance_trace),
                ("estimate_b_simple", found.scale),
                ("estimate_low", found.interval[0]),
                ("estimate_high", found.interval[1]),
            ]);
        }
        if let Some(found) = &self.curved {
            single.extend([
                ("b_noise", found.scale),
                ("b_noise_error", found.standard_error),
            ]);
        }
        if let Some(found) = &self.tradeoff {
            single.extend([
                ("fewest_steps", found.tradeoff.fewest_steps),
                ("fewest_examples", found.tradeoff.fewest_examples),
                ("critical_batch", found.critical_batch),
            ]);
        }
        numbers.rows(("batches", ""), &self.batches, &BATCHES);
        numbers.rows(("layers", "layer_"), &self.layers, &LAYERS);
        if let Some(exact) = &self.exact {
            numbers.rows(("tensors", "tensor_"), &exact.tensors, &TENSORS);
        }
        numbers
    }

    fn document(&self, options: &FigureOptions) -> Result<String> {
        figure::document(self, options)
    }
}

const BATCHES: [(&str, Of<AtBatch>); 6] = [
    ("batches", Count(|r| r.batch)),
    ("steps", Float(|r| r.steps)),
    ("examples", Float(|r| r.examples)),
    ("sgd_noise", Float(|r| r.sgd_noise)),
    ("alignment", Float(|r| aligned(r, |a| a.mean))),
    (
        "alignment_error",
        Float(|r| aligned(r, |a| a.standard_error)),
    ),
];

const LAYERS: [(&str, Of<LayerNorms>); 5] = [
    ("name", Word(|r| &r.name)),
    ("parameters", Count(|r| r.parameters)),
    ("weights", Float(|r| r.weights)),
    ("gradient", Float(|r| r.gradient)),
    ("ratio", Float(|r| r.ratio)),
];

const TENSORS: [(&str, Of<Noise>); 4] = [
    ("name", Word(|r| &r.name)),
    ("gradient_squared", Float(|r| r.gradient_squared)),
    ("covariance_trace", Float(|r| r.covariance_trace)),
    ("b_simple", Float(|r| r.scale)),
];

/// A number of an alignment, where there is one.
fn aligned(row: &AtBatch, of: fn(&Estimate) -> f64) -> f64 {
    row.alignment.map_or(f64::NAN, |a| of(&a.alignment))
}
