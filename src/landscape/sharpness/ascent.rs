//! Projected sign-gradient ascent: the maximiser of choice in a box.
//!
//! z ← clip(z + s · b ∘ sign ∇f(z)), where b are the half-widths of the box and s starts at 2, the
//! whole width; a step that doesn't raise f is taken back and s is halved. A maximum of a nearly
//! convex function over a box lies in a corner, and the sign of the gradient names a corner: on
//! trained networks the first step alone gives most of the maximum, and ten beat hundreds of
//! iterations of methods that creep along the faces.

use super::region::Region;
use crate::error::Result;
use crate::landscape::objective::Objective;
use std::sync::Arc;

/// A step below this fraction of the box changes nothing that single precision would show.
const SMALLEST_STEP: f64 = 1e-7;

/// Where an ascent starts.
#[derive(Debug, Clone)]
pub enum Start {
    /// At this point of the box; the first step evaluates it.
    At(Vec<f64>),
    /// At a point whose value and derivative are known.
    Known {
        /// The point.
        z: Vec<f64>,
        /// f(θ + A z)
        value: f64,
        /// Its derivative with respect to z.
        gradient: Vec<f64>,
    },
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The largest loss found so far.
    pub best: f64,
    /// Whether this step raised it (or evaluated the start).
    pub accepted: bool,
    /// s of the next step.
    pub size: f64,
}

/// The state of one ascent.
#[derive(Debug, Clone)]
pub struct SignAscent {
    region: Arc<Region>,
    /// Shared by all ascents in one box.
    half_widths: Arc<[f64]>,
    z: Vec<f64>,
    current: Option<(f64, Vec<f64>)>,
    size: f64,
    gradients: usize,
    overflows: usize,
}

impl SignAscent {
    /// An ascent within |zᵢ| ≤ `half_widths`ᵢ; a start outside is moved to the nearest point of the box.
    pub fn new(region: Arc<Region>, half_widths: impl Into<Arc<[f64]>>, start: Start) -> Self {
        let half_widths = half_widths.into();
        let (mut z, current) = match start {
            Start::At(z) => (z, None),
            Start::Known { z, value, gradient } => (z, Some((value, gradient))),
        };
        for (z, b) in z.iter_mut().zip(half_widths.iter()) {
            *z = z.clamp(-b, *b);
        }
        Self {
            region,
            half_widths,
            z,
            current,
            size: 2.0,
            gradients: 0,
            overflows: 0,
        }
    }

    /// Takes one step, which costs one gradient; `None` where no step leads on: the gradient is zero
    /// or points out of the box everywhere, or the steps have become too small.
    ///
    /// A loss or gradient that isn't finite counts as no rise.
    ///
    /// # Errors
    /// Where the objective fails.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<Option<Step>> {
        let Some((value, gradient)) = &self.current else {
            let evaluated = self.region.gradient(objective, &self.z)?;
            self.gradients += 1;
            self.overflows += usize::from(!evaluated.0.is_finite());
            let best = evaluated.0;
            self.current = Some(evaluated);
            return Ok(Some(Step {
                best,
                accepted: true,
                size: self.size,
            }));
        };
        if self.size < SMALLEST_STEP || !value.is_finite() {
            return Ok(None);
        }
        let moved: Vec<f64> = self
            .z
            .iter()
            .zip(self.half_widths.iter())
            .zip(gradient)
            .map(|((z, b), g)| (z + self.size * b * sign(*g)).clamp(-b, *b))
            .collect();
        if moved == self.z {
            return Ok(None);
        }
        let trial = self.region.gradient(objective, &moved)?;
        self.gradients += 1;
        self.overflows += usize::from(!trial.0.is_finite());
        let accepted = trial.0 > *value && trial.0.is_finite();
        let best = if accepted { trial.0 } else { *value };
        if accepted {
            self.z = moved;
            self.current = Some(trial);
        } else {
            self.size *= 0.5;
        }
        Ok(Some(Step {
            best,
            accepted,
            size: self.size,
        }))
    }

    /// The best point so far and its value; `None` before the first step from an unknown start.
    pub fn best(&self) -> Option<(f64, &[f64])> {
        let (value, _) = self.current.as_ref()?;
        value.is_finite().then_some((*value, &*self.z))
    }

    /// Gradients computed so far.
    pub fn gradients(&self) -> usize {
        self.gradients
    }

    /// How many of them came with a loss that isn't finite.
    pub fn overflows(&self) -> usize {
        self.overflows
    }
}

/// −1, 0 or 1; a number that isn't one gives 0.
fn sign(v: f64) -> f64 {
    if v > 0.0 {
        1.0
    } else if v < 0.0 {
        -1.0
    } else {
        0.0
    }
}
