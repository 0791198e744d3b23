//! What can be measured at a point of the line, and what was found, as plain numbers.

use crate::landscape::curvature::density::Density;
use crate::landscape::curvature::lanczos::Eigenvalues;
use crate::landscape::curvature::ratio::RatioCell;
use crate::landscape::curvature::trace::Trace;
use crate::landscape::noise::alignment::Aligned;
use crate::landscape::noise::bend::Bend;
use crate::landscape::noise::exact::ExactNoise;
use crate::landscape::noise::layers::LayerNorms;
use crate::landscape::sharpness::other::{Measure, Measured};
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

/// A measured quantity, perhaps not yet final.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A rise of the loss.
    Rise(Measured),
    /// Noise of the samples seen so far.
    Noise(Box<NoiseSoFar>),
    /// The noise scale with curvature.
    Bend(Bend),
    /// Eigenvalues with their residuals.
    Eigenvalues(Eigenvalues),
    /// Trace and squares with their standard errors.
    Trace(Trace),
    /// Quadrature nodes.
    Density(Density),
    /// A map over the plane.
    Convexity(Box<ConvexityMap>),
}

/// Gradient noise from some of the samples.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseSoFar {
    /// What they say.
    pub noise: ExactNoise,
    /// Standard error of B_simple for a random choice of as many of all samples; 0 once all are in.
    pub standard_error: f64,
    /// Alignment at several batch sizes, once all samples are in.
    pub aligned: Vec<Aligned>,
    /// Norms of weights and gradients by module.
    pub layers: Vec<LayerNorms>,
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

/// A map over the plane so far, row by row; NaN where a point isn't computed yet or has no eigenvalues.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvexityMap {
    /// Coordinates of the columns.
    pub x: Vec<f64>,
    /// Coordinates of the rows.
    pub y: Vec<f64>,
    /// |λ_min/λ_max|
    pub ratio: Vec<f64>,
    /// λ_max
    pub largest: Vec<f64>,
    /// λ_min
    pub smallest: Vec<f64>,
    /// Which points are done.
    pub computed: Vec<bool>,
    /// Names of the axes.
    pub axes: [String; 2],
    /// Relative residual to which eigenvalues are found.
    pub tolerance: f64,
}

impl ConvexityMap {
    /// Notes a finished point.
    pub fn put(&mut self, cell: RatioCell) {
        self.ratio[cell.index] = cell.ratio;
        self.largest[cell.index] = cell.largest;
        self.smallest[cell.index] = cell.smallest;
        self.computed[cell.index] = true;
    }
}
