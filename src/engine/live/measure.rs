//! Measures on their way: what the literature measures at a point of the line, one step at a time.
//!
//! Each is what the command line computes with its usual options, so that both say the same number;
//! here it goes out after every step, with the error it still has.

use super::convexity;
use super::open::Workbench;
use super::quantity::{ConvexityMap, Found, MeasureNews, NoiseSoFar, Quantity};
use super::surface::SurfaceWork;
use crate::engine::job::{NoiseJob, Setup};
use crate::engine::local::{rounding, vectors_within};
use crate::error::{Error, Result};
use crate::landscape::curvature::density::{DensityOptions, Quadrature};
use crate::landscape::curvature::lanczos::{Lanczos, LanczosOptions};
use crate::landscape::curvature::ratio::RatioMap;
use crate::landscape::curvature::trace::{Hutchinson, TraceOptions};
use crate::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use crate::landscape::noise::Sampled as _;
use crate::landscape::noise::alignment::Alignment;
use crate::landscape::noise::bend::BendedNoise;
use crate::landscape::noise::exact::ExactPass;
use crate::landscape::noise::layers;
use crate::landscape::objective::Objective as _;
use crate::landscape::sharpness::other::{Measure, Measurement};
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
    theta: Params,
    setup: Setup,
    state: State,
    news: MeasureNews,
}

enum State {
    /// The gradient at the point is to come first.
    Slope(Measure),
    Rise(Box<Measurement>),
    Noise(ExactPass),
    /// All samples are in.
    Aligned(Box<NoiseSoFar>, Box<Alignment>),
    Bend(Box<BendedNoise>),
    Eigenvalues(Box<Lanczos>),
    Trace(Box<Hutchinson>),
    Density(Box<Quadrature>),
    Convexity(Box<(RatioMap, ConvexityMap)>),
    /// There is nothing to measure.
    Nothing,
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
        let theta = match &map {
            Some((_, _, centre)) => centre.clone(),
            None => bench.line.slice().at(&[alpha]).0,
        };
        let (split, mode) = (&bench.splits[0], StatisticsMode::Running);
        let point = theta.flatten();
        let room = vectors_within(setup.memory.0, point.len()).max(1);
        let mut news = MeasureNews {
            alpha,
            quantity,
            found: None,
            steps: (0, 0),
            complete: false,
            problem: None,
        };
        let vectors = [
            Quantity::Eigenvalues,
            Quantity::Density,
            Quantity::Convexity,
        ];
        if vectors.contains(&quantity) && room < FEWEST_VECTORS {
            news.problem = Some(format!(
                "{FEWEST_VECTORS} vectors of {} parameters take {} MB: allow more memory",
                point.len(),
                (point.len() * size_of::<f64>() * FEWEST_VECTORS) >> 20
            ));
            news.complete = true;
        } else if !point.iter().all(|w| w.is_finite()) {
            news.problem = Some("the weights aren't finite here".into());
            news.complete = true;
        }
        let seed = setup.seed;
        let state = match quantity {
            Quantity::Rise(measure) => State::Slope(measure),
            Quantity::Noise => {
                news.steps.1 = split.len();
                State::Noise(ExactPass::new(point))
            }
            Quantity::Bend => {
                news.steps.1 = BEND_PROBES;
                State::Bend(Box::new(BendedNoise::new(point, BEND_PROBES, seed)))
            }
            Quantity::Eigenvalues => {
                let usual = LanczosOptions::default();
                let options = LanczosOptions {
                    seed,
                    rounding: rounding(setup.precision),
                    most_vectors: room,
                    ..usual
                };
                news.steps.1 = options.most_products.min(point.len());
                State::Eigenvalues(Box::new(Lanczos::new(point, options)))
            }
            Quantity::Trace => {
                let options = TraceOptions {
                    seed,
                    ..TraceOptions::default()
                };
                news.steps.1 = options.probes;
                State::Trace(Box::new(Hutchinson::new(point, options)))
            }
            Quantity::Density => {
                let usual = DensityOptions::default();
                let options = DensityOptions {
                    seed,
                    steps: usual.steps.min(room),
                    ..usual
                };
                news.steps.1 = options.probes * options.steps.min(point.len());
                State::Density(Box::new(Quadrature::new(point, options)))
            }
            Quantity::Convexity => match map {
                Some((map, empty, _)) => {
                    news.steps.1 = empty.computed.len();
                    State::Convexity(Box::new((map, empty)))
                }
                None => State::Nothing,
            },
        };
        Self {
            objective: NetworkObjective::new(&bench.evaluator, &theta, split, mode),
            theta,
            setup: setup.clone(),
            state,
            news,
        }
    }

    /// What is known.
    pub fn news(&self) -> &MeasureNews {
        &self.news
    }

    /// One gradient, product or chunk of samples.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn step(&mut self) -> Result<()> {
        if self.news.complete {
            return Ok(());
        }
        match self.advance() {
            Ok(more) => self.news.complete = !more,
            // Something about this point: the device is well.
            Err(Error::Slice(words) | Error::Usage(words)) => {
                self.news.problem = Some(words);
                self.news.complete = true;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Whether there may be more.
    fn advance(&mut self) -> Result<bool> {
        let objective = &mut self.objective;
        let done = &mut self.news.steps.0;
        let found = match &mut self.state {
            State::Slope(measure) => {
                let origin = objective.gradient(&self.theta.flatten())?;
                if !origin.0.is_finite() {
                    return Err(Error::Slice("the loss isn't finite here".into()));
                }
                let steps = match measure {
                    Measure::AdaptiveWorst => ASCENT_STEPS,
                    _ => DRAWS,
                };
                let seed = self.setup.seed;
                let work = Measurement::new(*measure, &self.theta, origin, RHO, steps, seed)?;
                self.news.steps.1 = work.steps();
                self.state = State::Rise(Box::new(work));
                return Ok(true);
            }
            State::Rise(work) => {
                if !work.step(objective)? {
                    return Ok(false);
                }
                *done += 1;
                work.result().map(Found::Rise)
            }
            State::Noise(pass) => {
                let Some(progress) = pass.step(objective)? else {
                    return Ok(false);
                };
                *done = progress.done;
                let noise = pass.noise(&objective.tensors());
                let so_far = noise.map(|noise| NoiseSoFar {
                    standard_error: noise.standard_error(progress.total),
                    noise,
                    aligned: Vec::new(),
                    layers: pass
                        .gradient()
                        .map_or_else(Vec::new, |gradient| layers::table(&self.theta, gradient)),
                });
                if let Some(so_far) = so_far.clone().filter(|_| progress.done == progress.total) {
                    let alignment = alignment(&so_far, &self.theta, self.setup.seed);
                    self.news.steps.1 += alignment.1;
                    self.state = State::Aligned(Box::new(so_far), Box::new(alignment.0));
                }
                so_far.map(|so_far| Found::Noise(Box::new(so_far)))
            }
            State::Aligned(so_far, alignment) => {
                let Some(found) = alignment.step(objective)? else {
                    return Ok(false);
                };
                *done += 1;
                so_far.aligned.retain(|a| a.batch != found.batch);
                so_far.aligned.push(found);
                Some(Found::Noise(so_far.clone()))
            }
            State::Bend(bend) => {
                let Some(found) = bend.step(objective)? else {
                    return Ok(false);
                };
                *done += 1;
                Some(Found::Bend(found))
            }
            State::Eigenvalues(lanczos) => {
                let Some(found) = lanczos.step(objective)? else {
                    return Ok(false);
                };
                *done += 1;
                Some(Found::Eigenvalues(found))
            }
            State::Trace(hutchinson) => {
                let Some(found) = hutchinson.step(objective)? else {
                    return Ok(false);
                };
                *done += 1;
                Some(Found::Trace(found))
            }
            State::Nothing => return Ok(false),
            State::Convexity(both) => {
                let (map, so_far) = both.as_mut();
                let Some(step) = map.step(objective)? else {
                    return Ok(false);
                };
                *done = step.done;
                let Some(cell) = step.finished else {
                    return Ok(true);
                };
                so_far.put(cell);
                Some(Found::Convexity(Box::new(so_far.clone())))
            }
            State::Density(quadrature) => {
                let Some(found) = quadrature.step(objective)? else {
                    return Ok(false);
                };
                *done += 1;
                Some(Found::Density(found))
            }
        };
        self.news.found = found.or_else(|| self.news.found.take());
        Ok(true)
    }
}

/// The alignment of `losscope noise`, and its steps.
fn alignment(so_far: &NoiseSoFar, theta: &Params, seed: u64) -> (Alignment, usize) {
    let norms = so_far.noise.sample_norms.clone();
    let fitting = |batch: &usize| *batch <= norms.len();
    let sizes: Vec<usize> = NoiseJob::default()
        .batches
        .into_iter()
        .filter(fitting)
        .collect();
    let whole = |size: &&usize| **size == norms.len();
    let steps =
        sizes.len() * ALIGNED_BATCHES - sizes.iter().filter(whole).count() * (ALIGNED_BATCHES - 1);
    let alignment = Alignment::new(theta.flatten(), norms.clone(), sizes, ALIGNED_BATCHES, seed);
    (alignment, steps)
}
