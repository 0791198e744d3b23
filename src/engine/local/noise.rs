//! The noise job: noise scales, SGD's noise, alignment, and the table of layers.

use super::limits::rounding;
use super::place::{Place, Pulse, pull};
use crate::engine::drive::{Flow, guarded};
use crate::engine::header::Header;
use crate::engine::job::{NoiseJob, Request as _};
use crate::error::Result;
use crate::landscape::evaluate::gradient::StatisticsMode;
use crate::landscape::noise::Sampled as _;
use crate::landscape::noise::alignment::{Aligned, Alignment};
use crate::landscape::noise::bend::{Bend, BendedNoise};
use crate::landscape::noise::exact::{ExactNoise, ExactPass};
use crate::landscape::noise::layers::{self, LayerNorms};
use crate::landscape::noise::scale::{Tradeoff, relative_costs, sgd_noise};
use crate::landscape::noise::two_batches::{TwoBatchEstimate, TwoBatchOptions, TwoBatches};
use crate::plot::number::significant;
use serde::{Deserialize, Serialize};

/// Costs and noise of training at one batch size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AtBatch {
    /// B
    pub batch: usize,
    /// Steps over the fewest possible, 1 + B_simple/B.
    pub steps: f64,
    /// Examples over the fewest possible, 1 + B/B_simple.
    pub examples: f64,
    /// g = η (N/B − 1)
    pub sgd_noise: f64,
    /// ‖Σ gₙ‖/Σ ‖gₙ‖ within a batch.
    pub alignment: Option<Aligned>,
}

/// What runs that reached the same loss say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Critical {
    /// S_min and E_min.
    #[serde(flatten)]
    pub tradeoff: Tradeoff,
    /// B_crit = E_min/S_min
    pub critical_batch: f64,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoiseResult {
    /// How.
    #[serde(skip)]
    pub header: Header,
    /// What was asked for, which the header holds for files.
    #[serde(skip)]
    pub job: NoiseJob,
    /// B_simple and its parts from all samples.
    pub exact: Option<ExactNoise>,
    /// B_simple from two batch sizes.
    pub estimate: Option<TwoBatchEstimate>,
    /// B_noise.
    pub curved: Option<Bend>,
    /// One row a batch size.
    pub batches: Vec<AtBatch>,
    /// Fewest steps and examples of the runs given, and the batch size between.
    pub tradeoff: Option<Critical>,
    /// Norms of weights and gradients by module.
    pub layers: Vec<LayerNorms>,
}

/// Sees the result so far after every step.
pub type NoiseObserver<'a> = &'a mut dyn FnMut(&NoiseResult, Pulse) -> Flow;

/// Measures what the job asks for.
///
/// # Errors
/// Whatever opening or computing says.
pub fn run(job: &NoiseJob, observer: NoiseObserver<'_>) -> Result<NoiseResult> {
    job.check()?;
    guarded(|| {
        let place = Place::open(job.file.as_deref(), job.clone())?;
        let mut result = NoiseResult {
            header: place.header.clone(),
            job: job.clone(),
            exact: None,
            estimate: None,
            curved: None,
            batches: Vec::new(),
            tradeoff: None,
            layers: Vec::new(),
        };
        let runs: Vec<(f64, f64)> = job
            .reached
            .iter()
            .map(|run| (run.batch as f64, run.steps as f64))
            .collect();
        result.tradeoff = Tradeoff::fit(&runs).map(|tradeoff| Critical {
            critical_batch: tradeoff.critical_batch(),
            tradeoff,
        });
        if result.tradeoff.is_none() && !runs.is_empty() {
            result.header.warnings.push(
                "the runs of --reached give no critical batch size: it takes two batch sizes, the larger one fewer steps".into(),
            );
        }
        result.header.complete = measure(job, &place, &mut result, observer)?;
        result.header.elapsed_seconds = place.elapsed();
        Ok(result)
    })
}

fn measure(
    job: &NoiseJob,
    place: &Place,
    result: &mut NoiseResult,
    observer: NoiseObserver<'_>,
) -> Result<bool> {
    let mut objective = place.objective(StatisticsMode::Running);
    let point = place.theta.flatten();
    let tensors = objective.tensors();
    let mut show = |result: &mut NoiseResult, what, done, total| {
        result.header.elapsed_seconds = place.elapsed();
        observer(result, Pulse { what, done, total })
    };

    let mut pass = ExactPass::new(point.clone());
    let mut all = true;
    while let Some(now) = pass.step(&mut objective)? {
        // What the samples so far say may be all that is ever kept.
        result.exact = pass.noise(&tensors);
        if let Some(gradient) = pass.gradient().filter(|_| result.layers.is_empty()) {
            result.layers = layers::table(&place.theta, gradient);
        }
        if show(result, "gradients of samples", now.done, now.total) == Flow::Stop {
            all = false;
            break;
        }
    }
    let (Some(exact), true) = (result.exact.clone(), all) else {
        if let Some(exact) = &result.exact {
            result.header.warnings.push(format!(
                "stopped after {} of {} samples: the exact scale is over those alone",
                exact.samples, place.header.samples
            ));
        }
        return Ok(false);
    };
    if exact.is_zero() {
        let words = "every sample's gradient is zero here: there is no noise, and no scale of it";
        result.header.warnings.push(words.into());
    } else if exact.is_rounding(rounding(job.setup.precision).powi(2)) {
        result.header.warnings.push(format!(
            "‖G‖² is {} of the mean ‖gₙ‖²: the gradient is zero here up to rounding, as at a saddle or a minimum, and every ratio to it, B_simple the first, is rounding",
            significant(
                exact.total.gradient_squared
                    / (exact.total.gradient_squared + exact.total.covariance_trace),
                2
            )
        ));
    }
    let row = |&batch: &usize| {
        let [steps, examples] = relative_costs(exact.total.scale, batch as f64);
        AtBatch {
            batch,
            steps,
            examples,
            sgd_noise: sgd_noise(job.learning_rate, exact.samples, batch),
            alignment: None,
        }
    };
    let fitting = job.batches.iter().filter(|b| **b <= exact.samples);
    result.batches = fitting.map(row).collect();
    // Those that nobody named are left out without a word.
    let (n, named) = (exact.samples, job.batches != NoiseJob::default().batches);
    let left_out = job.batches.iter().filter(|b| named && **b > n);
    let left_out: Vec<String> = left_out.map(usize::to_string).collect();
    if !left_out.is_empty() {
        result.header.warnings.push(format!(
            "--batches {}: left out, since there are only {n} samples",
            left_out.join(",")
        ));
    }

    let mut finished = true;
    if job.estimate {
        let options = TwoBatchOptions {
            small: job.small_batch,
            parts: job.parts,
            repeats: job.repeats,
            seed: job.setup.seed,
        };
        let mut two = TwoBatches::new(point.clone(), options);
        finished = pull(
            || two.step(&mut objective),
            |found| {
                result.estimate = Some(found);
                show(result, "two batch sizes", found.repeats, job.repeats)
            },
        )?;
    }
    if finished && job.curvature_probes > 0 {
        let mut bend = BendedNoise::new(point.clone(), job.curvature_probes, job.setup.seed);
        finished = pull(
            || bend.step(&mut objective),
            |found| {
                result.curved = Some(found);
                show(
                    result,
                    "noise with curvature",
                    found.probes,
                    job.curvature_probes,
                )
            },
        )?;
    }
    if finished && job.alignment_repeats > 0 {
        let sizes: Vec<usize> = result.batches.iter().map(|b| b.batch).collect();
        let total = sizes.len() * job.alignment_repeats;
        let (norms, seed) = (exact.sample_norms, job.setup.seed);
        let mut alignment = Alignment::new(point, norms, sizes, job.alignment_repeats, seed);
        let mut done = 0;
        finished = pull(
            || alignment.step(&mut objective),
            |found| {
                done += 1;
                if let Some(row) = result.batches.iter_mut().find(|r| r.batch == found.batch) {
                    row.alignment = Some(found);
                }
                show(result, "alignment", done, total)
            },
        )?;
    }
    Ok(finished)
}
