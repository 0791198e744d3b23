//! The tooltips of the table: what every measure is ([`definitions`]), and how the window makes it.

use crate::landscape::definitions::{self, Definition};
use crate::landscape::sharpness::other::Measure;
use crate::model::losses::Score;

/// Of the mean loss.
pub const LOSS: &str = "Mean loss over all samples of the split: nats, or the targets' unit";
/// Of ‖∇f‖.
pub const GRADIENT: &str = "‖∇f‖₂ over the training samples: 0 at a minimizer";
/// Of ‖θ‖.
pub const NORM: &str = "‖θ‖₂ over the trained tensors";
/// Of the distance from the start.
pub const MOVED: &str = "‖θ − θ₀‖₂ over the trained tensors: the distance from the initial weights (Keskar et al. 2017, figure 5; Hoffer et al. 2017)";
/// Of the relative distance.
pub const RELATIVE: &str = "‖θ − θ₀‖₂ / ‖θ₀‖₂";
/// Of the cosine.
pub const COSINE: &str = "Cosine of the angle between θ and the initial weights θ₀";

/// Of the second number.
pub fn score(score: Score) -> String {
    format!("The {} over all samples of the split", score.meaning())
}

/// What a measure is, and how this table makes it.
fn of(definition: &Definition, made: &str) -> String {
    format!("{}.\n\n{made}", definition.tooltip())
}

/// Of Keskar et al.'s sharpness.
pub fn phi() -> String {
    of(
        &definitions::PHI,
        "Here in full space, by projected sign-gradient ascent over the training samples.",
    )
}

/// Of the largest eigenvalues.
pub fn largest() -> String {
    of(
        &definitions::LARGEST,
        "Here over the training samples in eval mode, to 0.1 %; ± is the residual.",
    )
}

/// Of the smallest eigenvalue.
pub fn smallest() -> String {
    of(
        &definitions::SMALLEST,
        "Here over the training samples in eval mode, to 0.1 %; ± is the residual.",
    )
}

/// Of |λ_min/λ_max|.
pub fn ratio() -> String {
    of(&definitions::RATIO, "Here at one point.")
}

/// Of the trace.
pub fn trace() -> String {
    of(&definitions::TRACE, "Here from 100 random vectors.")
}

/// Of the Frobenius norm.
pub fn frobenius() -> String {
    of(&definitions::FROBENIUS, "Here from 100 random vectors.")
}

/// Of the noise scale.
pub fn noise() -> String {
    of(
        &definitions::B_SIMPLE,
        "Here over the training samples; until all are in, ± is the standard error of as many drawn at random.",
    )
}

/// Of the noise scale with curvature.
pub fn bend() -> String {
    of(&definitions::B_NOISE, "Here from 20 random vectors.")
}

/// Of the alignment.
pub fn alignment() -> String {
    of(
        &definitions::ALIGNMENT,
        "Here the mean of 20 batches of 64; losscope noise lists several sizes.",
    )
}

/// Of tr Σ.
pub fn covariance() -> String {
    of(&definitions::COVARIANCE, "Here over the training samples.")
}

/// Of the sharpnesses that are rises of the loss.
pub fn of_measure(measure: Measure) -> String {
    of(measure.definition(), "Here over the training samples.")
}
