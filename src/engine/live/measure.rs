//! Measures on their way: what the literature measures at a point of the line, one step at a time.
//!
//! Each is what the command line computes with its usual options, so that both say the same number;
//! here it goes out after every step, with the error it still has.

use super::convexity;
use super::open::Workbench;
use super::quantity::{MeasureNews, Quantity};
use super::surface::SurfaceWork;
use crate::engine::job::{NoiseJob, Setup};
use crate::engine::local::found::{Found, NoiseSoFar};
use crate::engine::local::measuring::{self, Measuring, Reach};
use crate::engine::local::{rounding, vectors_within};
use crate::engine::work::{Progress, Step, Work};
use crate::error::{Error, Result};
use crate::landscape::curvature::density::DensityOptions;
use crate::landscape::curvature::lanczos::LanczosOptions;
use crate::landscape::curvature::trace::TraceOptions;
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::model::params::Params;

/// ρ of the sharpnesses that have one, as `losscope sharpness` has it.
pub const RHO: f64 = 0.05;
/// Draws of an average, and steps of the adaptive worst case, as there.
const DRAWS: usize = 20;
const ASCENT_STEPS: usize = 10;
/// Lanczos vectors that must fit into memory for eigenvalues to make sense.
const FEWEST_VECTORS: usize = 30;
/// Random vectors of the noise scale with curvature, and batches of each size whose alignment is
/// averaged, as `losscope noise` has them.
const BEND_PROBES: usize = 20;
const ALIGNED_BATCHES: usize = 20;

/// A measure being computed.
pub struct MeasureWork {
    objective: NetworkObjective,
    /// `None` where there is nothing to measure.
    measuring: Option<Measuring>,
    quantity: Quantity,
    news: MeasureNews,
}

impl MeasureWork {
    /// Starts at θ(α), or over the plane around it.
    pub fn new(
        quantity: Quantity,
        alpha: f64,
        bench: &Workbench,
        setup: &Setup,
        plane: Option<&SurfaceWork>,
    ) -> Self {
        let map = plane
            .filter(|_| quantity == Quantity::Convexity)
            .and_then(|work| convexity::start(work, setup));
        let (theta, map) = match map {
            Some((map, centre)) => (centre, Some(map)),
            None => (bench.line.slice().at(&[alpha]).0, None),
        };
        let (split, mode) = (&bench.splits[0], StatisticsMode::Running);
        let problem = problem(quantity, &theta, setup);
        let objective = NetworkObjective::new(&bench.evaluator, &theta, split, mode);
        let measuring = match quantity {
            _ if problem.is_some() => None,
            Quantity::Convexity => map,
            other => start(other, theta, split.len(), setup),
        };
        let total = measuring.as_ref().map_or(0, |m| m.count().total);
        Self {
            objective,
            measuring,
            quantity,
            news: MeasureNews {
                alpha,
                quantity,
                found: None,
                steps: (0, total),
                complete: problem.is_some(),
                problem,
            },
        }
    }
}

/// Why a quantity can't be measured at a point, where that is known beforehand.
fn problem(quantity: Quantity, theta: &Params, setup: &Setup) -> Option<String> {
    let parameters = theta.count();
    let vectors = [
        Quantity::Eigenvalues,
        Quantity::Density,
        Quantity::Convexity,
    ];
    if vectors.contains(&quantity) && vectors_within(setup.memory.0, parameters) < FEWEST_VECTORS {
        return Some(format!(
            "{FEWEST_VECTORS} vectors of {parameters} parameters take {} MB: allow more memory",
            (parameters * size_of::<f64>() * FEWEST_VECTORS) >> 20
        ));
    }
    let finite = theta.flatten().iter().all(|w| w.is_finite());
    (!finite).then(|| "the weights aren't finite here".into())
}

/// The measure of a quantity at θ over so many samples; `None` for a map, which has a plane.
fn start(quantity: Quantity, theta: Params, samples: usize, setup: &Setup) -> Option<Measuring> {
    let seed = setup.seed;
    let room = vectors_within(setup.memory.0, theta.count()).max(1);
    Some(match quantity {
        Quantity::Rise(measure) => {
            let reach = Reach {
                rho: RHO,
                draws: DRAWS,
                ascent_steps: ASCENT_STEPS,
                seed,
            };
            measuring::rise(measure, theta, reach)
        }
        Quantity::Noise => noise(theta, samples, seed),
        Quantity::Bend => measuring::bend(theta.flatten(), BEND_PROBES, seed),
        Quantity::Eigenvalues => {
            let options = LanczosOptions {
                seed,
                rounding: rounding(setup.precision),
                most_vectors: room,
                ..LanczosOptions::default()
            };
            measuring::eigenvalues(theta.flatten(), options)
        }
        Quantity::Trace => {
            let usual = TraceOptions::default();
            measuring::trace(theta.flatten(), TraceOptions { seed, ..usual })
        }
        Quantity::Density => {
            let usual = DensityOptions::default();
            let options = DensityOptions {
                seed,
                steps: usual.steps.min(room),
                ..usual
            };
            measuring::density(theta.flatten(), options)
        }
        Quantity::Convexity => return None,
    })
}

/// The noise of all samples and, once they are in, alignment within batches, as `losscope noise` has it.
fn noise(theta: Params, samples: usize, seed: u64) -> Measuring {
    let mut pass = measuring::noise(theta.clone(), samples);
    let mut whole: Option<(Box<NoiseSoFar>, Measuring)> = None;
    Measuring::new("noise", "step", samples, move |objective, count| {
        let Some((so_far, alignment)) = &mut whole else {
            let found = pass.step(objective)?;
            *count = pass.count();
            if let Some(Some(Found::Noise(so_far))) = &found
                && count.done == count.total
            {
                let norms = so_far.noise.sample_norms.clone();
                let mut sizes = NoiseJob::default().batches;
                sizes.retain(|size| *size <= norms.len());
                let point = theta.flatten();
                let alignment = measuring::alignment(point, norms, sizes, ALIGNED_BATCHES, seed);
                count.total += alignment.count().total;
                whole = Some((so_far.clone(), alignment));
            }
            return Ok(found);
        };
        let found = alignment.step(objective)?;
        let Some(Some(Found::Aligned(found))) = found else {
            return Ok(found);
        };
        count.done += 1;
        so_far.aligned.retain(|a| a.batch != found.batch);
        so_far.aligned.push(found);
        Ok(Some(Some(Found::Noise(so_far.clone()))))
    })
}

impl Work for MeasureWork {
    type Found = MeasureNews;

    fn step(&mut self) -> Result<Step> {
        let (Some(measuring), false) = (&mut self.measuring, self.news.complete) else {
            self.news.complete = true;
            return Ok(Step::Done);
        };
        let found = measuring.step(&mut self.objective);
        let count = measuring.count();
        self.news.steps = (count.done, count.total);
        match found {
            Ok(Some(found)) => self.news.found = found.or_else(|| self.news.found.take()),
            Ok(None) => self.news.complete = true,
            // Something about this point: the device is well.
            Err(Error::Slice(words) | Error::Usage(words)) => {
                self.news.problem = Some(words);
                self.news.complete = true;
            }
            Err(error) => return Err(error),
        }
        Ok(if self.news.complete {
            Step::Done
        } else {
            Step::More
        })
    }

    fn progress(&self) -> Progress {
        Progress {
            what: self.quantity.name().into(),
            unit: match self.quantity {
                Quantity::Convexity => "point",
                _ => "step",
            },
            done: self.news.steps.0,
            total: self.news.steps.1,
        }
    }

    fn found(&self) -> &MeasureNews {
        &self.news
    }

    fn finish(self) -> MeasureNews {
        self.news
    }
}
