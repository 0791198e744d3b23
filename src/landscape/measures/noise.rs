//! The gradient noise scale from the gradients of all samples, and their alignment within batches.

use super::entry::{Entry, Group, Row};
use super::found::{Found, NoiseSoFar, Value};
use super::measuring::Measuring;
use crate::landscape::definitions::{Definition, source};
use crate::landscape::noise::alignment::Alignment;
use crate::landscape::noise::exact::ExactPass;
use crate::landscape::noise::layers;
use crate::model::params::Params;

/// The simple noise scale.
pub const B_SIMPLE: Definition = Definition {
    name: "B_simple",
    formula: "B_simple = tr Σ/‖G‖², tr Σ = mean ‖gₙ‖² − ‖G‖²",
    unit: "samples",
    meaning: "About how many samples a batch needs for its gradient to be more signal than noise; larger batches save few steps. Exact, from the gradients of all samples",
    sources: &[source(
        "McCandlish et al. 2018",
        "equation 2.9",
        "1812.06162",
    )],
};

/// The scatter of the gradients.
pub const COVARIANCE: Definition = Definition {
    name: "tr Σ",
    formula: "tr Σ = mean ‖gₙ‖² − ‖G‖²",
    unit: "squared nats per squared unit of the weights",
    meaning: "How much the gradients gₙ of single samples scatter about their mean G",
    sources: &[source(
        "McCandlish et al. 2018",
        "equation 2.9",
        "1812.06162",
    )],
};

/// How much gradients point the same way.
pub const ALIGNMENT: Definition = Definition {
    name: "Alignment",
    formula: "‖Σ gₙ‖/Σ ‖gₙ‖ over the samples of a batch",
    unit: "none",
    meaning: "1 where all gradients point the same way, about 1/√B where none are related; the mean over random batches, ± its standard error. It falls with the batch size, which is why larger batches step less far",
    sources: &[source(
        "Yin et al. 2018",
        "whose gradient diversity is Σ ‖gₙ‖²/‖Σ gₙ‖²",
        "1706.05699",
    )],
};

/// ‖∇f‖
pub const GRADIENT: Definition = Definition {
    name: "Gradient norm",
    formula: "‖∇f‖₂",
    unit: "nats per unit of the weights",
    meaning: "The slope of the mean loss: 0 at a minimizer",
    sources: &[],
};

/// The batch size at which tables show alignment.
pub const ALIGNED: usize = 64;

/// Batch sizes whose alignment is measured.
pub const BATCHES: [usize; 6] = [1, 4, 16, 64, 256, 1024];

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "noise",
    name: "Gradient noise",
    group: Group::Noise,
    definitions: &[&B_SIMPLE, &COVARIANCE, &ALIGNMENT, &GRADIENT],
    made: "Here over the training samples; until all are in, ± is the standard error of as many drawn at random. Alignment is the mean of 20 batches; losscope noise lists several sizes.",
    needs: &[],
    usual: true,
    whole: "",
    rows: &[
        Row::new("b_simple", "B_simple", &B_SIMPLE).unit("samples"),
        Row::new("covariance_trace", "tr Σ", &COVARIANCE),
        Row::new("alignment_64", "Alignment at B = 64", &ALIGNMENT),
        Row::new("gradient_norm", "Gradient norm", &GRADIENT),
    ],
    begin: |spot, settings| {
        let (batches, seed) = (settings.aligned_batches, settings.seed);
        Ok(with_alignment(spot.theta, spot.samples, batches, seed))
    },
    read: |found| {
        let Found::Noise(found) = found else {
            return Vec::new();
        };
        let total = &found.noise.total;
        let error = found.standard_error;
        let aligned = found.aligned.iter().find(|a| a.batch == ALIGNED);
        let aligned = aligned.map(|a| a.alignment);
        vec![
            Some(Value::so_far(total.scale, error)),
            Some(Value::so_far(
                total.covariance_trace,
                error * total.gradient_squared,
            )),
            aligned.map(|mean| Value::so_far(mean.mean, mean.standard_error)),
            Some(Value {
                number: total.gradient_squared.sqrt(),
                error: 0.0,
                // 0 once all samples are in.
                settled: error == 0.0,
            }),
        ]
    },
};

/// The noise of the gradients of all `samples`, and the table of modules.
pub fn measuring(theta: Params, samples: usize) -> Measuring {
    let mut pass = ExactPass::new(theta.flatten());
    Measuring::new(
        "gradients of samples",
        "sample",
        samples,
        move |objective, count| {
            let Some(now) = pass.step(objective)? else {
                return Ok(None);
            };
            (count.done, count.total) = (now.done, now.total);
            let found = pass.noise(&objective.tensors()).map(|noise| NoiseSoFar {
                standard_error: noise.standard_error(now.total),
                noise,
                aligned: Vec::new(),
                layers: pass
                    .gradient()
                    .map_or_else(Vec::new, |gradient| layers::table(&theta, gradient)),
            });
            Ok(Some(found.map(|found| Found::Noise(Box::new(found)))))
        },
    )
}

/// Alignment within `repeats` batches of each of `sizes`; `norms`: of every sample's gradient.
pub fn alignment(
    point: Vec<f64>,
    norms: Vec<f64>,
    sizes: Vec<usize>,
    repeats: usize,
    seed: u64,
) -> Measuring {
    // There is but one batch of all samples.
    let batches = |size: &usize| if *size == norms.len() { 1 } else { repeats };
    let total = sizes.iter().map(batches).sum();
    let mut work = Alignment::new(point, norms, sizes, repeats, seed);
    Measuring::told("alignment", total, move |objective| {
        Ok(work.step(objective)?.map(Found::Aligned))
    })
}

/// The noise of all samples and, once they are in, alignment within batches.
fn with_alignment(theta: Params, samples: usize, batches: usize, seed: u64) -> Measuring {
    let mut pass = measuring(theta.clone(), samples);
    let mut whole: Option<(Box<NoiseSoFar>, Measuring)> = None;
    Measuring::new("noise", "step", samples, move |objective, count| {
        let Some((so_far, aligning)) = &mut whole else {
            let found = pass.step(objective)?;
            *count = pass.count();
            if let Some(Some(Found::Noise(so_far))) = &found
                && count.done == count.total
            {
                let norms = so_far.noise.sample_norms.clone();
                let mut sizes = BATCHES.to_vec();
                sizes.retain(|size| *size <= norms.len());
                let aligning = alignment(theta.flatten(), norms, sizes, batches, seed);
                count.total += aligning.count().total;
                whole = Some((so_far.clone(), aligning));
            }
            return Ok(found);
        };
        let found = aligning.step(objective)?;
        let Some(Some(Found::Aligned(found))) = found else {
            return Ok(found);
        };
        count.done += 1;
        so_far.aligned.retain(|a| a.batch != found.batch);
        so_far.aligned.push(found);
        Ok(Some(Some(Found::Noise(so_far.clone()))))
    })
}
