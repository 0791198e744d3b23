//! What measures at a point find, in one form for whoever shows or keeps it.

use crate::landscape::curvature::density::Density;
use crate::landscape::curvature::lanczos::Eigenvalues;
use crate::landscape::curvature::line::LinePoint;
use crate::landscape::curvature::ratio::RatioCell;
use crate::landscape::curvature::trace::Trace;
use crate::landscape::curvature::variation::{VariationPoint, VariationSummary};
use crate::landscape::noise::alignment::Aligned;
use crate::landscape::noise::bend::Bend;
use crate::landscape::noise::exact::ExactNoise;
use crate::landscape::noise::layers::LayerNorms;
use crate::landscape::noise::two_batches::TwoBatchEstimate;
use crate::landscape::sharpness::curve::CurvePoint;
use crate::landscape::sharpness::other::Measured;

/// A measured quantity, perhaps not yet final.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// φ at one more ε, and the worst point there, relative to the weights.
    Phi(CurvePoint, Vec<f64>),
    /// A rise of the loss.
    Rise(Measured),
    /// Noise of the samples seen so far.
    Noise(Box<NoiseSoFar>),
    /// The noise scale from two batch sizes.
    TwoBatches(TwoBatchEstimate),
    /// The noise scale with curvature.
    Bend(Bend),
    /// Alignment within batches of one size.
    Aligned(Aligned),
    /// Eigenvalues with their residuals.
    Eigenvalues(Eigenvalues),
    /// Trace and squares with their standard errors.
    Trace(Trace),
    /// Quadrature nodes.
    Density(Density),
    /// One more step along the gradient, and all until now in a few numbers.
    AlongGradient(VariationPoint, Option<VariationSummary>),
    /// One more point of a line.
    AlongLine(LinePoint),
    /// Extreme eigenvalues at one more point of a plane.
    Cell(RatioCell),
    /// A map over the plane.
    Convexity(Box<ConvexityMap>),
    /// The numbers of a measure that gives nothing else, in the order of its rows.
    Rows(Vec<Option<Value>>),
    /// The numbers of a measure part by part of the network, those that are measured.
    Parts(Vec<PartFound>),
}

/// A number, and how far it may still be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// The number.
    pub number: f64,
    /// Standard error or residual; 0 where it is exact to the number type.
    pub error: f64,
    /// Whether it won't change, though its measure may go on.
    pub settled: bool,
}

/// What was found of a part of the network.
#[derive(Debug, Clone, PartialEq)]
pub struct PartFound {
    /// Its name.
    pub name: String,
    /// Number of its trained values.
    pub parameters: usize,
    /// The numbers, in the order of the measure's rows.
    pub values: Vec<Option<Value>>,
    /// Whether nothing is left to do for it.
    pub complete: bool,
    /// Why it can't be measured.
    pub problem: Option<String>,
}

impl Value {
    /// A number that is what it is.
    pub fn exact(number: f64) -> Self {
        Self {
            number,
            error: 0.0,
            settled: true,
        }
    }

    /// A number that more steps may change, with its standard error or residual.
    pub fn so_far(number: f64, error: f64) -> Self {
        Self {
            number,
            error,
            settled: false,
        }
    }
}

/// The numbers of a measure that gives nothing else.
pub fn rows(found: &Found) -> Vec<Option<Value>> {
    match found {
        Found::Rows(values) => values.clone(),
        _ => Vec::new(),
    }
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
