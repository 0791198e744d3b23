//! What can be measured at a point of the line, and what was found, as plain numbers.

use crate::engine::local::found::Found;
use crate::landscape::sharpness::other::Measure;
use serde::{Deserialize, Serialize};

/// What can be measured at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// A sharpness other than φ.
    Rise(Measure),
    /// The gradient noise scale from all samples, the gradient's norm, and alignment within batches.
    Noise,
    /// The gradient noise scale with curvature.
    Bend,
    /// The largest eigenvalues of the Hessian and the smallest.
    Eigenvalues,
    /// The trace of the Hessian and its Frobenius norm.
    Trace,
    /// The density of all eigenvalues.
    Density,
    /// |λ_min/λ_max| over the plane that is shown.
    Convexity,
}

impl Quantity {
    /// All of them, the cheapest first.
    pub const ALL: [Self; 11] = [
        Self::Rise(Measure::Sam),
        Self::Rise(Measure::Asam),
        Self::Rise(Measure::AdaptiveWorst),
        Self::Rise(Measure::AdaptiveAverage),
        Self::Rise(Measure::FilterAverage),
        Self::Noise,
        Self::Bend,
        Self::Eigenvalues,
        Self::Trace,
        Self::Density,
        Self::Convexity,
    ];

    /// Those that are numbers at a point.
    pub const TABLE: [Self; 9] = [
        Self::Rise(Measure::Sam),
        Self::Rise(Measure::Asam),
        Self::Rise(Measure::AdaptiveWorst),
        Self::Rise(Measure::AdaptiveAverage),
        Self::Rise(Measure::FilterAverage),
        Self::Noise,
        Self::Bend,
        Self::Eigenvalues,
        Self::Trace,
    ];

    /// Its name in the status line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rise(measure) => measure.describe(),
            Self::Noise => "Gradient noise",
            Self::Bend => "Gradient noise with curvature",
            Self::Eigenvalues => "Eigenvalues",
            Self::Trace => "Trace",
            Self::Density => "Spectral density",
            Self::Convexity => "Convexity of the plane",
        }
    }
}

/// One quantity at one point.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureNews {
    /// Where.
    pub alpha: f64,
    /// What.
    pub quantity: Quantity,
    /// As far as it is known.
    pub found: Option<Found>,
    /// Steps done and in all, as far as is known.
    pub steps: (usize, usize),
    /// Whether nothing is left to do.
    pub complete: bool,
    /// Why it can't be measured here.
    pub problem: Option<String>,
}
