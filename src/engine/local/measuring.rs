//! One measure at one point on its way: a stepper of the mathematics with its name, how far it is, and
//! what it found in the form that all have.
//!
//! The window and the terminal start the same measures here and differ in options alone.

use super::found::{Found, NoiseSoFar};
use crate::engine::work::Progress;
use crate::error::{Error, Result};
use crate::landscape::curvature::density::{DensityOptions, Quadrature};
use crate::landscape::curvature::lanczos::{Lanczos, LanczosOptions};
use crate::landscape::curvature::line::LineCurvature;
use crate::landscape::curvature::ratio::RatioMap;
use crate::landscape::curvature::trace::{Hutchinson, TraceOptions};
use crate::landscape::curvature::variation::Variation;
use crate::landscape::evaluate::gradient::NetworkObjective;
use crate::landscape::noise::Sampled as _;
use crate::landscape::noise::alignment::Alignment;
use crate::landscape::noise::bend::BendedNoise;
use crate::landscape::noise::exact::ExactPass;
use crate::landscape::noise::layers;
use crate::landscape::noise::two_batches::{TwoBatchOptions, TwoBatches};
use crate::landscape::objective::Objective as _;
use crate::landscape::sharpness::curve::{Advance, Curve};
use crate::landscape::sharpness::other::{Measure, Measurement};
use crate::model::params::Params;

/// Steps done and in all, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Done.
    pub done: usize,
    /// In all.
    pub total: usize,
}

/// One step: what is known now, if anything new; `None` at the end.
type Stepper = Box<dyn FnMut(&mut NetworkObjective, &mut Count) -> Result<Option<Option<Found>>>>;

/// A measure on its way.
pub struct Measuring {
    what: &'static str,
    unit: &'static str,
    count: Count,
    step: Stepper,
}

impl Measuring {
    /// A measure of so many steps, which counts them itself.
    pub fn new(
        what: &'static str,
        unit: &'static str,
        total: usize,
        step: impl FnMut(&mut NetworkObjective, &mut Count) -> Result<Option<Option<Found>>> + 'static,
    ) -> Self {
        Self {
            what,
            unit,
            count: Count { done: 0, total },
            step: Box::new(step),
        }
    }

    /// A measure that knows something new after every step.
    fn told(
        what: &'static str,
        total: usize,
        mut step: impl FnMut(&mut NetworkObjective) -> Result<Option<Found>> + 'static,
    ) -> Self {
        Self::new(what, "step", total, move |objective, count| {
            let found = step(objective)?;
            count.done += usize::from(found.is_some());
            Ok(found.map(Some))
        })
    }

    /// One gradient, product or chunk of samples: what is known now, if anything new; `None` at the end.
    ///
    /// # Errors
    /// Where the device fails, or there is nothing to measure at the point.
    pub fn step(&mut self, objective: &mut NetworkObjective) -> Result<Option<Option<Found>>> {
        (self.step)(objective, &mut self.count)
    }

    /// Steps done and in all.
    pub fn count(&self) -> Count {
        self.count
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        Progress {
            what: self.what.into(),
            unit: self.unit,
            done: self.count.done,
            total: self.count.total.max(self.count.done),
        }
    }
}

/// φ at the ε of a curve (Keskar et al. 2017, metric 2.1).
pub fn phi(mut curve: Curve) -> Measuring {
    let total = curve.epsilons().len();
    Measuring::new(
        "sharpness along ε",
        "point",
        total,
        move |objective, count| {
            Ok(match curve.step(objective)? {
                Advance::Done => None,
                Advance::Working => Some(None),
                Advance::Point(point) => {
                    count.done += 1;
                    let worst = curve.worst().unwrap_or_default().to_vec();
                    Some(Some(Found::Phi(point, worst)))
                }
            })
        },
    )
}

/// How far a sharpness of another paper looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    /// ρ
    pub rho: f64,
    /// Draws of an average.
    pub draws: usize,
    /// Steps of the adaptive worst case.
    pub ascent_steps: usize,
    /// Seed of the draws.
    pub seed: u64,
}

/// A sharpness other than φ; its first step is the gradient at the point.
pub fn rise(measure: Measure, theta: Params, reach: Reach) -> Measuring {
    let steps = match measure {
        Measure::AdaptiveWorst => reach.ascent_steps,
        _ => reach.draws,
    };
    let total = match measure {
        Measure::Sam | Measure::Asam => 1,
        _ => steps,
    };
    let mut work: Option<Measurement> = None;
    Measuring::new(
        measure.describe(),
        "step",
        total,
        move |objective, count| {
            let Some(work) = &mut work else {
                let origin = objective.gradient(&theta.flatten())?;
                if !origin.0.is_finite() {
                    return Err(Error::Slice("the loss isn't finite here".into()));
                }
                let Reach { rho, seed, .. } = reach;
                work = Some(Measurement::new(measure, &theta, origin, rho, steps, seed)?);
                return Ok(Some(None));
            };
            if !work.step(objective)? {
                return Ok(None);
            }
            count.done += 1;
            Ok(Some(work.result().map(Found::Rise)))
        },
    )
}

/// The noise of the gradients of all `samples`, and the table of modules.
pub fn noise(theta: Params, samples: usize) -> Measuring {
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

/// The noise scale from two batch sizes.
pub fn two_batches(point: Vec<f64>, options: TwoBatchOptions) -> Measuring {
    let mut work = TwoBatches::new(point, options);
    Measuring::told("two batch sizes", options.repeats, move |objective| {
        Ok(work.step(objective)?.map(Found::TwoBatches))
    })
}

/// The noise scale with curvature from so many probes.
pub fn bend(point: Vec<f64>, probes: usize, seed: u64) -> Measuring {
    let mut work = BendedNoise::new(point, probes, seed);
    Measuring::told("noise with curvature", probes, move |objective| {
        Ok(work.step(objective)?.map(Found::Bend))
    })
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

/// The largest eigenvalues and the smallest.
pub fn eigenvalues(point: Vec<f64>, options: LanczosOptions) -> Measuring {
    let total = options.most_products.min(point.len());
    let mut work = Lanczos::new(point, options);
    Measuring::told("eigenvalues", total, move |objective| {
        Ok(work.step(objective)?.map(Found::Eigenvalues))
    })
}

/// Networks of more weights are slow: there a step is one product, so that it can be stopped soon.
const FEW_WEIGHTS: usize = 200_000;

/// Trace and Frobenius norm.
pub fn trace(point: Vec<f64>, options: TraceOptions) -> Measuring {
    let small = point.len() <= FEW_WEIGHTS;
    let mut work = Hutchinson::new(point, options);
    if small {
        work = work.several_at_a_time();
    }
    Measuring::told("trace", options.probes, move |objective| {
        Ok(work.step(objective)?.map(Found::Trace))
    })
}

/// The density of all eigenvalues.
pub fn density(point: Vec<f64>, options: DensityOptions) -> Measuring {
    let total = options.probes * options.steps.min(point.len());
    let mut work = Quadrature::new(point, options);
    Measuring::told("density", total, move |objective| {
        Ok(work.step(objective)?.map(Found::Density))
    })
}

/// Loss and gradient along the gradient, at these learning rates.
pub fn along_gradient(point: Vec<f64>, rates: Vec<f64>) -> Measuring {
    let total = rates.len();
    let mut work = Variation::new(point, rates);
    Measuring::told("along the gradient", total, move |objective| {
        let point = work.step(objective)?;
        Ok(point.map(|point| Found::AlongGradient(point, work.summary())))
    })
}

/// Slope and curvature along a direction, at these coordinates.
pub fn along_line(point: Vec<f64>, direction: Vec<f64>, at: Vec<f64>) -> Measuring {
    let total = at.len();
    let mut work = LineCurvature::new(point, direction, at);
    Measuring::told("line", total, move |objective| {
        Ok(work.step(objective)?.map(Found::AlongLine))
    })
}

/// |λ_min/λ_max| at the points of a plane.
pub fn map(mut work: RatioMap, points: usize) -> Measuring {
    Measuring::new("map", "point", points, move |objective, count| {
        let step = work.step(objective)?;
        Ok(step.map(|step| {
            (count.done, count.total) = (step.done, step.total);
            step.finished.map(Found::Cell)
        }))
    })
}
