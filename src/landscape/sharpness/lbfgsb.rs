//! L-BFGS-B (Byrd, Lu, Nocedal and Zhu 1995), the maximiser of Keskar et al., through `basin`.

use super::region::Region;
use crate::error::{Error, Result};
use crate::landscape::objective::Objective;
use basin::{
    BoxBounds, ConstraintDescription, ConstraintSet, ConstraintSolveError, Constraints,
    CostFunction, Executor, FirstOrderState, Gradient, Lbfgsb,
};
use std::cell::RefCell;

/// What a run of L-BFGS-B found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The best point evaluated.
    pub z: Vec<f64>,
    /// Its value.
    pub value: f64,
    /// Gradients computed.
    pub gradients: usize,
    /// Points tried, with or without a gradient.
    pub tried: usize,
    /// How many of them have a loss that isn't finite.
    pub overflows: usize,
}

/// −f over the box; remembers the best point, because every evaluation is as good as the last.
struct Negated<'a, 'o> {
    region: &'a Region,
    lower: Vec<f64>,
    upper: Vec<f64>,
    inner: &'a RefCell<Inner<'o>>,
}

struct Inner<'o> {
    objective: &'o mut dyn Objective,
    best: Option<(f64, Vec<f64>)>,
    gradients: usize,
    tried: usize,
    overflows: usize,
}

impl Negated<'_, '_> {
    fn note(inner: &mut Inner<'_>, value: f64, z: &[f64]) {
        inner.tried += 1;
        inner.overflows += usize::from(!value.is_finite());
        if value.is_finite() && inner.best.as_ref().is_none_or(|(best, _)| value > *best) {
            inner.best = Some((value, z.to_vec()));
        }
    }
}

impl Constraints for Negated<'_, '_> {
    type Set = ConstraintSet<BoxBounds<Vec<f64>>>;

    fn constraints(&self) -> <Self::Set as ConstraintDescription>::Borrowed<'_> {
        ConstraintSet::new().with_bounds(BoxBounds::new(Some(&self.lower), Some(&self.upper)))
    }
}

impl CostFunction for Negated<'_, '_> {
    type Param = Vec<f64>;
    type Output = f64;
    type Error = Error;

    fn cost(&self, z: &Vec<f64>) -> Result<f64> {
        let mut inner = self.inner.borrow_mut();
        let value = self.region.value(inner.objective, z)?;
        Self::note(&mut inner, value, z);
        Ok(-value)
    }
}

impl Gradient for Negated<'_, '_> {
    type Gradient = Vec<f64>;

    fn gradient(&self, z: &Vec<f64>) -> Result<Vec<f64>> {
        Ok(self.cost_and_gradient(z)?.1)
    }

    fn cost_and_gradient(&self, z: &Vec<f64>) -> Result<(f64, Vec<f64>)> {
        let mut inner = self.inner.borrow_mut();
        let (value, gradient) = self.region.gradient(inner.objective, z)?;
        inner.gradients += 1;
        Self::note(&mut inner, value, z);
        Ok((-value, gradient.into_iter().map(|g| -g).collect()))
    }
}

/// Climbs from `start` within |zᵢ| ≤ `half_widths`ᵢ for at most `iterations` iterations.
///
/// The variables aren't scaled to the box: scaled ones stall at a small fraction of the maximum.
///
/// # Errors
/// Where the objective fails.
pub fn maximise(
    region: &Region,
    half_widths: &[f64],
    start: Vec<f64>,
    iterations: usize,
    objective: &mut dyn Objective,
) -> Result<Found> {
    let inner = RefCell::new(Inner {
        objective,
        best: None,
        gradients: 0,
        tried: 0,
        overflows: 0,
    });
    let problem = Negated {
        region,
        lower: half_widths.iter().map(|b| -b).collect(),
        upper: half_widths.to_vec(),
        inner: &inner,
    };
    let ended = Executor::new(problem, Lbfgsb::new(), FirstOrderState::new(start.clone()))
        .max_iter(iterations as u64)
        .run();
    if let Err(error) = ended {
        return Err(match error {
            ConstraintSolveError::Evaluation(error) => error,
            other => Error::Slice(format!("L-BFGS-B can't use this box: {other:?}")),
        });
    }
    let inner = inner.into_inner();
    let (value, z) = inner.best.unwrap_or((f64::NEG_INFINITY, start));
    Ok(Found {
        z,
        value,
        gradients: inner.gradients,
        tried: inner.tried,
        overflows: inner.overflows,
    })
}
