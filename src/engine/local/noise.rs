//! The noise job: noise scales, SGD's noise, alignment, and the table of layers.

use super::limits::rounding;
use super::place::Place;
use super::series::{Measured, Series, Stage};
use crate::engine::header::Header;
use crate::engine::job::{NoiseJob, Request as _};
use crate::engine::work::{Observer, Progress, drive, guarded};
use crate::error::Result;
use crate::landscape::evaluate::gradient::StatisticsMode;
use crate::landscape::measures::found::Found;
use crate::landscape::measures::{bend, curves, noise};
use crate::landscape::noise::bend::Bend;
use crate::landscape::noise::exact::ExactNoise;
use crate::landscape::noise::layers::LayerNorms;
use crate::landscape::noise::scale::{AtBatch, Critical, Tradeoff};
use crate::landscape::noise::two_batches::{TwoBatchEstimate, TwoBatchOptions};
use crate::plot::number::significant;
use serde::Serialize;
use std::sync::Arc;

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

/// Measures what the job asks for; the observer may stop it after any step.
///
/// # Errors
/// Whatever opening or computing says.
pub fn run(job: &NoiseJob, observer: Observer<'_, NoiseResult>) -> Result<NoiseResult> {
    drive(guarded(|| start(job))?, observer)
}

/// Everything opened, and nothing measured.
///
/// # Errors
/// Whatever opening says.
pub fn start(job: &NoiseJob) -> Result<Series<NoiseResult>> {
    job.check()?;
    let place = Place::open(job.file.as_deref(), job.clone())?;
    let objective = place.objective(StatisticsMode::Running);
    let (theta, samples) = (place.theta, place.header.samples);
    let mut result = NoiseResult {
        header: place.header,
        job: job.clone(),
        exact: None,
        estimate: None,
        curved: None,
        batches: Vec::new(),
        tradeoff: None,
        layers: Vec::new(),
    };
    result.fit_runs();
    let point = Arc::new(theta.flatten());
    let at = || {
        let point = Arc::clone(&point);
        move || point.to_vec()
    };
    let [two, bent, aligned] = [at(), at(), at()];
    let stages = vec![
        Stage::noting(
            move |_: &mut NoiseResult| Some(noise::measuring(theta, samples)),
            NoiseResult::note_exact,
        ),
        Stage::new(move |found: &mut NoiseResult| {
            let job = &found.job;
            let options = TwoBatchOptions {
                small: job.small_batch,
                parts: job.parts,
                repeats: job.repeats,
                seed: job.setup.seed,
            };
            job.estimate.then(|| curves::two_batches(two(), options))
        }),
        Stage::new(move |found: &mut NoiseResult| {
            let (probes, seed) = (found.job.curvature_probes, found.job.setup.seed);
            (probes > 0).then(|| bend::measuring(bent(), probes, seed))
        }),
        Stage::new(move |found: &mut NoiseResult| {
            let (repeats, seed) = (found.job.alignment_repeats, found.job.setup.seed);
            let norms = found.exact.as_ref().filter(|_| repeats > 0)?;
            let norms = norms.sample_norms.clone();
            let sizes = found.batches.iter().map(|b| b.batch).collect();
            Some(noise::alignment(aligned(), norms, sizes, repeats, seed))
        }),
    ];
    Ok(Series::new(objective, result, stages))
}

impl NoiseResult {
    /// What the runs that reached the same loss say.
    fn fit_runs(&mut self) {
        let runs = self.job.reached.iter();
        let runs: Vec<(f64, f64)> = runs
            .map(|run| (run.batch as f64, run.steps as f64))
            .collect();
        self.tradeoff = Tradeoff::fit(&runs).map(|tradeoff| Critical {
            critical_batch: tradeoff.critical_batch(),
            tradeoff,
        });
        if self.tradeoff.is_none() && !runs.is_empty() {
            self.header.warn([
                "the runs of --reached give no critical batch size: it takes two batch sizes, the larger one fewer steps".to_owned(),
            ]);
        }
    }

    /// What follows from the gradients of all samples, and what a reader should know of it.
    fn note_exact(&mut self) {
        let Some(exact) = &self.exact else { return };
        let job = &self.job;
        if exact.is_zero() {
            let words =
                "every sample's gradient is zero here: there is no noise, and no scale of it";
            self.header.warn([words.to_owned()]);
        } else if exact.is_rounding(rounding(job.setup.precision).powi(2)) {
            self.header.warn([format!(
                "‖G‖² is {} of the mean ‖gₙ‖²: the gradient is zero here up to rounding, as at a saddle or a minimum, and every ratio to it, B_simple the first, is rounding",
                significant(
                    exact.total.gradient_squared
                        / (exact.total.gradient_squared + exact.total.covariance_trace),
                    2
                )
            )]);
        }
        let row = |&batch: &usize| {
            AtBatch::new(batch, exact.total.scale, job.learning_rate, exact.samples)
        };
        let fitting = job.batches.iter().filter(|b| **b <= exact.samples);
        self.batches = fitting.map(row).collect();
        // Those that nobody named are left out without a word.
        let (n, named) = (exact.samples, job.batches != NoiseJob::default().batches);
        let left_out = job.batches.iter().filter(|b| named && **b > n);
        let left_out: Vec<String> = left_out.map(usize::to_string).collect();
        if !left_out.is_empty() {
            self.header.warn([format!(
                "--batches {}: left out, since there are only {n} samples",
                left_out.join(",")
            )]);
        }
    }
}

impl Measured for NoiseResult {
    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn put(&mut self, found: Found) {
        match found {
            // What the samples so far say may be all that is ever kept.
            Found::Noise(found) => {
                self.exact = Some(found.noise);
                self.layers = found.layers;
            }
            Found::TwoBatches(found) => self.estimate = Some(found),
            Found::Bend(found) => self.curved = Some(found),
            Found::Aligned(found) => {
                if let Some(row) = self.batches.iter_mut().find(|r| r.batch == found.batch) {
                    row.alignment = Some(found);
                }
            }
            _ => {}
        }
    }

    fn stopped(&mut self, _: &Progress) {
        // The rows are made from the gradients of all samples.
        if let Some(exact) = self.exact.as_ref().filter(|_| self.batches.is_empty())
            && exact.samples < self.header.samples
        {
            self.header.warn([format!(
                "stopped after {} of {} samples: the exact scale is over those alone",
                exact.samples, self.header.samples
            )]);
        }
    }
}
