//! φ along ε: each box starts from the worst point of the smaller one.
//!
//! The boxes lie inside each other, so that the worst point of one, scaled to the next, is a good
//! start, and the point itself a lower bound: the curve never falls.

use super::ascent::{SignAscent, Start};
use super::phi;
use super::region::{Region, check_epsilon};
use crate::error::{Error, Result};
use crate::landscape::objective::Objective;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Steps at each ε of a curve towards a single value.
const VALUE_ITERATIONS: usize = 4;

/// One point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// ε
    pub epsilon: f64,
    /// φ(ε) in percent.
    pub phi: f64,
    /// Gradients spent until here, earlier points included.
    pub gradients: usize,
}

/// What one step of the curve brought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Advance {
    /// One gradient of work.
    Working,
    /// A finished point.
    Point(CurvePoint),
    /// The curve is complete.
    Done,
}

/// The state of a curve that is stepped.
#[derive(Debug)]
pub struct Curve {
    region: Arc<Region>,
    /// Ascending.
    epsilons: Vec<f64>,
    iterations: usize,
    next: usize,
    origin: Option<(f64, Vec<f64>)>,
    /// The worst point of the last box and its loss.
    best: Option<(f64, Vec<f64>)>,
    stage: Stage,
    gradients: usize,
    overflows: usize,
}

#[derive(Debug)]
enum Stage {
    /// The gradient at θ, or the next ε.
    Ready,
    /// One step from the centre.
    Cold(SignAscent),
    /// The scaled worst point is to be evaluated, and compared with the one from the centre.
    Warm(SignAscent, SignAscent),
    /// The better of the two goes on.
    Climb(SignAscent, usize),
}

impl Curve {
    /// `iterations`: steps at each ε, besides the two that choose its start.
    ///
    /// # Errors
    /// Unless there are positive ε.
    pub fn new(region: Arc<Region>, epsilons: &[f64], iterations: usize) -> Result<Self> {
        epsilons.iter().try_for_each(|e| check_epsilon(*e))?;
        if epsilons.is_empty() {
            return Err(Error::Usage("a curve needs at least one ε".into()));
        }
        let mut epsilons = epsilons.to_vec();
        epsilons.sort_by(f64::total_cmp);
        epsilons.dedup();
        Ok(Self {
            region,
            epsilons,
            iterations,
            next: 0,
            origin: None,
            best: None,
            stage: Stage::Ready,
            gradients: 0,
            overflows: 0,
        })
    }

    /// A short curve that ends in one value: over the decade below, since from smaller boxes an ascent
    /// finds what it misses from the centre alone.
    ///
    /// # Errors
    /// Unless ε is a positive number.
    pub fn towards(region: Arc<Region>, epsilon: f64) -> Result<Self> {
        let below = (0..=4).map(|i| epsilon * 10_f64.powf(f64::from(i) / 4.0 - 1.0));
        let mut ladder: Vec<f64> = below.collect();
        if let Some(last) = ladder.last_mut() {
            *last = epsilon;
        }
        Self::new(region, &ladder, VALUE_ITERATIONS)
    }

    /// The next finished point, `None` after the last.
    ///
    /// # Errors
    /// As [`Curve::step`].
    pub fn next(&mut self, objective: &mut dyn Objective) -> Result<Option<CurvePoint>> {
        loop {
            match self.step(objective)? {
                Advance::Working => {}
                Advance::Point(point) => return Ok(Some(point)),
                Advance::Done => return Ok(None),
            }
        }
    }

    /// At most one gradient of work.
    ///
    /// # Errors
    /// Where the objective fails or the loss at θ isn't finite.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<Advance> {
        let Some(&epsilon) = self.epsilons.get(self.next) else {
            return Ok(Advance::Done);
        };
        let Some((loss, gradient)) = &self.origin else {
            let centre = vec![0.0; self.region.dimension()];
            let (value, gradient) = self.region.gradient(objective, &centre)?;
            if !value.is_finite() {
                return Err(Error::Slice(
                    "the loss isn't finite at the checkpoint: there is no sharpness to measure"
                        .into(),
                ));
            }
            self.gradients += 1;
            self.best = Some((value, centre));
            self.origin = Some((value, gradient));
            return Ok(Advance::Working);
        };
        let loss = *loss;
        let half_widths: Arc<[f64]> = self.region.half_widths(epsilon)?.into();
        let ascent =
            |start| SignAscent::new(Arc::clone(&self.region), Arc::clone(&half_widths), start);
        let (stage, finished) = match std::mem::replace(&mut self.stage, Stage::Ready) {
            Stage::Ready => {
                let start = Start::Known {
                    z: vec![0.0; self.region.dimension()],
                    value: loss,
                    gradient: gradient.clone(),
                };
                (Stage::Cold(ascent(start)), false)
            }
            Stage::Cold(mut cold) => {
                advance(
                    &mut cold,
                    objective,
                    &mut self.gradients,
                    &mut self.overflows,
                )?;
                let scaled = self.best.as_ref().filter(|_| self.next > 0).map(|(_, z)| {
                    let factor = epsilon / self.epsilons[self.next - 1];
                    z.iter().map(|z| z * factor).collect()
                });
                match scaled {
                    Some(z) => (Stage::Warm(cold, ascent(Start::At(z))), false),
                    None => (Stage::Climb(cold, self.iterations), false),
                }
            }
            Stage::Warm(cold, mut warm) => {
                advance(
                    &mut warm,
                    objective,
                    &mut self.gradients,
                    &mut self.overflows,
                )?;
                let value = |ascent: &SignAscent| ascent.best().map(|(value, _)| value);
                let better = if value(&warm) > value(&cold) {
                    warm
                } else {
                    cold
                };
                (Stage::Climb(better, self.iterations), false)
            }
            Stage::Climb(mut ascent, left) => {
                let more = left > 0
                    && advance(
                        &mut ascent,
                        objective,
                        &mut self.gradients,
                        &mut self.overflows,
                    )?;
                if more {
                    (Stage::Climb(ascent, left - 1), false)
                } else {
                    if let Some((value, z)) = ascent.best()
                        && self.best.as_ref().is_none_or(|(best, _)| value > *best)
                    {
                        self.best = Some((value, z.to_vec()));
                    }
                    (Stage::Ready, true)
                }
            }
        };
        self.stage = stage;
        if !finished {
            return Ok(Advance::Working);
        }
        self.next += 1;
        let worst = self.best.as_ref().map_or(loss, |(value, _)| *value);
        Ok(Advance::Point(CurvePoint {
            epsilon,
            phi: phi(loss, worst),
            gradients: self.gradients,
        }))
    }

    /// The worst point of the last finished box, as coordinates of the region; θ itself before.
    pub fn worst(&self) -> Option<&[f64]> {
        self.best.as_ref().map(|(_, z)| z.as_slice())
    }

    /// Of the gradients spent, how many came with a loss that isn't finite.
    pub fn overflows(&self) -> usize {
        self.overflows
    }

    /// About how many steps it takes.
    pub fn expected_steps(&self) -> usize {
        1 + self.epsilons.len() * (self.iterations + 4)
    }

    /// ε of every point, ascending.
    pub fn epsilons(&self) -> &[f64] {
        &self.epsilons
    }
}

/// One step, counted; whether there may be another.
fn advance(
    ascent: &mut SignAscent,
    objective: &mut dyn Objective,
    gradients: &mut usize,
    overflows: &mut usize,
) -> Result<bool> {
    let before = (ascent.gradients(), ascent.overflows());
    let more = ascent.step(objective)?.is_some();
    *gradients += ascent.gradients() - before.0;
    *overflows += ascent.overflows() - before.1;
    Ok(more)
}
