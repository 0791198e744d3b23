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
use super::measure::{Measure, Numbers};
use super::npz::Column::{Counts, Floats, Words};
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
        batches(&mut numbers, &self.batches);
        layers(&mut numbers, &self.layers);
        if let Some(exact) = &self.exact {
            tensors(&mut numbers, &exact.tensors);
        }
        numbers
    }

    fn document(&self, options: &FigureOptions) -> Result<String> {
        figure::document(self, options)
    }
}

fn batches(numbers: &mut Numbers, rows: &[AtBatch]) {
    let column = |of: fn(&AtBatch) -> f64| Floats(rows.iter().map(of).collect());
    numbers.table(
        "batches",
        "",
        vec![
            ("batches", Counts(rows.iter().map(|r| r.batch).collect())),
            ("steps", column(|r| r.steps)),
            ("examples", column(|r| r.examples)),
            ("sgd_noise", column(|r| r.sgd_noise)),
            ("alignment", column(|r| aligned(r, |a| a.mean))),
            (
                "alignment_error",
                column(|r| aligned(r, |a| a.standard_error)),
            ),
        ],
    );
}

/// A number of an alignment, where there is one.
fn aligned(row: &AtBatch, of: fn(&Estimate) -> f64) -> f64 {
    row.alignment.map_or(f64::NAN, |a| of(&a.alignment))
}

fn layers(numbers: &mut Numbers, rows: &[LayerNorms]) {
    let column = |of: fn(&LayerNorms) -> f64| Floats(rows.iter().map(of).collect());
    numbers.table(
        "layers",
        "layer_",
        vec![
            ("name", Words(rows.iter().map(|r| r.name.clone()).collect())),
            (
                "parameters",
                Counts(rows.iter().map(|r| r.parameters).collect()),
            ),
            ("weights", column(|r| r.weights)),
            ("gradient", column(|r| r.gradient)),
            ("ratio", column(|r| r.ratio)),
        ],
    );
}

fn tensors(numbers: &mut Numbers, rows: &[Noise]) {
    let column = |of: fn(&Noise) -> f64| Floats(rows.iter().map(of).collect());
    numbers.table(
        "tensors",
        "tensor_",
        vec![
            ("name", Words(rows.iter().map(|r| r.name.clone()).collect())),
            ("gradient_squared", column(|r| r.gradient_squared)),
            ("covariance_trace", column(|r| r.covariance_trace)),
            ("b_simple", column(|r| r.scale)),
        ],
    );
}
