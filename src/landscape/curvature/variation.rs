//! How the loss and the gradient change along the gradient direction (Santurkar et al. 2018,
//! arXiv 1805.11604, section 3.1 and figure 4).
//!
//! From x with g = ∇f(x), steps x − η g over a range of η give the variation of the loss, the
//! gradient predictiveness ‖∇f(x) − ∇f(x − η g)‖₂, and the effective smoothness: the largest change
//! of the gradient per distance moved, a lower bound of the Lipschitz constant of ∇f there. Any other
//! direction may take the gradient's place, such as that to another minimizer.

use super::vector::{add_scaled, dot, moved, norm};
use crate::error::Result;
use crate::landscape::objective::Objective;
use serde::{Deserialize, Serialize};

/// One step along the gradient.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VariationPoint {
    /// η, a learning rate.
    pub step: f64,
    /// ‖η g‖₂
    pub distance: f64,
    /// f(x − η g)
    pub value: f64,
    /// ‖∇f(x − η g) − ∇f(x)‖₂
    pub gradient_change: f64,
    /// `gradient_change` / `distance`
    pub smoothness: f64,
    /// Cosine of the angle between both gradients.
    pub cosine: f64,
}

impl VariationPoint {
    /// Whether neither the loss nor its gradient overflows there.
    pub fn is_finite(&self) -> bool {
        self.value.is_finite() && self.gradient_change.is_finite()
    }
}

/// What the steps say together; those that aren't finite are left out, and NaN is what no step says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VariationSummary {
    /// f(x)
    pub value: f64,
    /// ‖∇f(x)‖₂
    pub gradient_norm: f64,
    /// Smallest and largest f over the steps.
    pub loss_range: [f64; 2],
    /// Smallest and largest change of the gradient.
    pub gradient_change_range: [f64; 2],
    /// Effective smoothness: the largest change of the gradient per distance.
    pub effective_smoothness: f64,
}

/// Steps along the gradient, advanced by [`Variation::step`].
#[derive(Debug, Clone)]
pub struct Variation {
    point: Vec<f64>,
    steps: Vec<f64>,
    /// The direction; `None`: down the gradient.
    along: Option<Vec<f64>>,
    start: Option<(f64, Vec<f64>)>,
    points: Vec<VariationPoint>,
}

impl Variation {
    /// At `point` with each η of `steps`.
    pub fn new(point: Vec<f64>, steps: Vec<f64>) -> Self {
        Self {
            point,
            steps,
            along: None,
            start: None,
            points: Vec::new(),
        }
    }

    /// The same along a direction of one's own: at x + t d with each t of the steps.
    #[must_use]
    pub fn towards(self, direction: Vec<f64>) -> Self {
        let along = direction.iter().map(|d| -d).collect();
        Self {
            along: Some(along),
            ..self
        }
    }

    /// One step along the gradient more; `None` after the last.
    ///
    /// # Errors
    /// Where the objective fails.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<Option<VariationPoint>> {
        if self.start.is_none() {
            self.start = Some(objective.gradient(&self.point)?);
        }
        let (Some((_, gradient)), Some(&step)) = (&self.start, self.steps.get(self.points.len()))
        else {
            return Ok(None);
        };
        let down = self.along.as_ref().unwrap_or(gradient);
        let (value, there) = objective.gradient(&moved(&self.point, -step, down))?;
        let mut change = there.clone();
        add_scaled(&mut change, -1.0, gradient);
        let distance = step.abs() * norm(down);
        let norms = norm(gradient) * norm(&there);
        let point = VariationPoint {
            step,
            distance,
            value,
            gradient_change: norm(&change),
            smoothness: if distance == 0.0 {
                0.0
            } else {
                norm(&change) / distance
            },
            cosine: if norms == 0.0 {
                0.0
            } else {
                dot(gradient, &there) / norms
            },
        };
        self.points.push(point);
        Ok(Some(point))
    }

    /// The steps taken so far, together; `None` before the first.
    pub fn summary(&self) -> Option<VariationSummary> {
        let (value, gradient) = self.start.as_ref()?;
        let range = |of: fn(&VariationPoint) -> f64| {
            let all = || self.points.iter().map(of).filter(|v| v.is_finite());
            [
                all().fold(f64::NAN, f64::min),
                all().fold(f64::NAN, f64::max),
            ]
        };
        (!self.points.is_empty()).then(|| VariationSummary {
            value: *value,
            gradient_norm: norm(gradient),
            loss_range: range(|p| p.value),
            gradient_change_range: range(|p| p.gradient_change),
            effective_smoothness: range(|p| p.smoothness)[1],
        })
    }
}
