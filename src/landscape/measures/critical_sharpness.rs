//! Critical sharpness: how long a step along the gradient may be before the loss rises, by forward passes
//! alone once the gradient is there.

use super::entry::{Entry, Group, Row};
use super::found::{Found, Value, rows};
use super::measuring::Measuring;
use crate::error::{Error, Result};
use crate::landscape::curvature::vector::{dot, moved};
use crate::landscape::definitions::{Definition, PER_SQUARED_WEIGHT, source};
use crate::landscape::objective::Objective;

/// λ_c
pub const CRITICAL_SHARPNESS: Definition = Definition {
    name: "Critical sharpness",
    formula: "λ_c = 2/η_c,  η_c = min { η > 0 : f(θ − η Δ) > f(θ) },  Δ = ∇f(θ)",
    unit: PER_SQUARED_WEIGHT,
    meaning: "The curvature that a training step feels: on a quadratic it is the curvature gᵀHg/gᵀg along the gradient, never above λ_max, and training is stable while λ_c is below 2/η. η_c is bracketed by doubling or halving, then halved into; a rise between two tries that ends before the second isn't seen",
    sources: &[source("Kalra et al. 2026", "", "2601.16979")],
};

/// η_c
pub const CRITICAL_RATE: Definition = Definition {
    name: "Critical learning rate",
    formula: "η_c = min { η > 0 : f(θ − η Δ) > f(θ) }",
    unit: "that of the learning rate",
    meaning: "The smallest learning rate whose step along the gradient raises the loss; ± is half the bracket",
    sources: CRITICAL_SHARPNESS.sources,
};

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "critical-sharpness",
    name: CRITICAL_SHARPNESS.name,
    group: Group::Stability,
    definitions: &[&CRITICAL_SHARPNESS, &CRITICAL_RATE],
    made: "Here along the gradient over the training samples, the bracket within 1 %.",
    needs: &[],
    usual: false,
    whole: "",
    rows: &[
        Row::new("critical_sharpness", "λ_c = 2/η_c", &CRITICAL_SHARPNESS),
        Row::new("critical_rate", "η_c", &CRITICAL_RATE),
    ],
    begin: |spot, _| {
        let search = CriticalRate::new(spot.theta.flatten(), None);
        Ok(measuring(CRITICAL_SHARPNESS.name, search))
    },
    read: rows,
};

/// A search whose bracket is told as λ_c and η_c.
pub fn measuring(what: &'static str, mut search: CriticalRate) -> Measuring {
    Measuring::told(what, USUAL_PASSES, move |objective| {
        if !search.step(objective)? {
            return Ok(None);
        }
        let values = search.bracket().map_or([None; 2], |[low, high]| {
            let half = |a: f64, b: f64| Some(Value::so_far(0.5 * (a + b), 0.5 * (b - a)));
            [half(2.0 / high, 2.0 / low), half(low, high)]
        });
        Ok(Some(Found::Rows(values.to_vec())))
    })
}

/// About how many forward passes a search takes.
const USUAL_PASSES: usize = 16;
/// High over low at which a bracket is narrow enough.
const NARROW: f64 = 1.01;
/// Doublings or halvings after which there is no bracket.
const FARTHEST: usize = 40;

/// A search for η_c, advanced by [`CriticalRate::step`].
#[derive(Debug, Clone)]
pub struct CriticalRate {
    point: Vec<f64>,
    update: Option<Vec<f64>>,
    start: f64,
    /// The next η where there is no bracket yet.
    rate: f64,
    /// The largest η known to lower the loss, and the smallest known not to.
    low: Option<f64>,
    high: Option<f64>,
    begun: bool,
    passes: usize,
}

impl CriticalRate {
    /// Along `update`, or along the gradient, which the first step takes.
    pub fn new(point: Vec<f64>, update: Option<Vec<f64>>) -> Self {
        Self {
            point,
            update,
            start: f64::NAN,
            rate: 1.0,
            low: None,
            high: None,
            begun: false,
            passes: 0,
        }
    }

    /// The largest η known to lower the loss and the smallest known not to, once both are.
    pub fn bracket(&self) -> Option<[f64; 2]> {
        Some([self.low?, self.high?])
    }

    /// Forward passes so far.
    pub fn passes(&self) -> usize {
        self.passes
    }

    /// One forward pass; false once the bracket is narrow.
    ///
    /// # Errors
    /// Where the objective fails; where there is no direction to go, the loss rises at once, or it never
    /// does.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<bool> {
        if !self.begun {
            self.begin(objective)?;
            return Ok(true);
        }
        let Some(update) = &self.update else {
            return Ok(false);
        };
        let rate = match (self.low, self.high) {
            (Some(low), Some(high)) if high <= NARROW * low => return Ok(false),
            (Some(low), Some(high)) => 0.5 * (low + high),
            _ if self.passes <= FARTHEST => self.rate,
            _ => return Err(self.unbounded()),
        };
        let value = objective.value(&moved(&self.point, -rate, update))?;
        self.passes += 1;
        // A loss that overflows has risen; one that stays is rounding, and no step that lowers it.
        if value < self.start {
            self.low = Some(rate);
            self.rate = 2.0 * rate;
        } else {
            self.high = Some(rate);
            self.rate = 0.5 * rate;
        }
        Ok(true)
    }

    /// Why there is no bracket.
    fn unbounded(&self) -> Error {
        Error::Slice(match self.low {
            Some(low) => format!(
                "the loss doesn't rise along it, not even at η = {low}: there is no critical learning rate"
            ),
            None => "the loss rises along it at once: the direction leads up, or the gradient is rounding".into(),
        })
    }

    fn begin(&mut self, objective: &mut dyn Objective) -> Result<()> {
        self.begun = true;
        match &self.update {
            Some(update) => {
                self.start = objective.value(&self.point)?;
                self.passes += 1;
                if update.iter().all(|d| *d == 0.0) {
                    return Err(Error::Slice("the update moves nothing here".into()));
                }
            }
            None => {
                let (value, gradient) = objective.gradient(&self.point)?;
                let square = dot(&gradient, &gradient);
                if square == 0.0 {
                    return Err(Error::Slice(
                        "the gradient is zero here: no step along it leads anywhere".into(),
                    ));
                }
                self.start = value;
                // Where a straight slope would end at zero.
                self.rate = if value > 0.0 { value / square } else { 1.0 };
                self.update = Some(gradient);
            }
        }
        if !(self.start.is_finite() && self.rate.is_finite()) {
            return Err(Error::Slice("the loss isn't finite here".into()));
        }
        Ok(())
    }
}
