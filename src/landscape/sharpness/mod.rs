//! Sharpness: how far the loss rises within a small neighbourhood of a minimizer.
//!
//! Keskar et al. 2017 (arXiv 1609.04836), metric 2.1: for a box C_ε around θ,
//!
//! φ(ε, A) = 100 · (max over z ∈ C_ε of f(θ + A z) − f(θ)) / (1 + f(θ)),
//! C_ε = { z ∈ ℝᵖ : |zᵢ| ≤ ε (|(A⁺θ)ᵢ| + 1) }.
//!
//! No method finds the true maximum, so every number is a lower bound of it, and says what was spent
//! on it: [`search::Search`] tries several methods and starts, [`ascent::SignAscent`] is the best of
//! them for its price, [`curve::Curve`] follows it along ε. All of them are states that are stepped
//! with a borrowed [`crate::landscape::objective::Objective`], so that a caller may do other work
//! between two gradients. [`other`] holds sharpnesses of other papers.

pub mod ascent;
pub mod basis;
pub mod curve;
pub mod effort;
pub mod lbfgsb;
pub mod other;
pub mod region;
pub mod search;

/// What must be said beside every sharpness.
pub const CAUTION: &str = "Sharpness depends on the parametrisation: rescaling layers can change it without changing the function (Dinh et al. 2017), and it predicts generalisation poorly in modern settings (Andriushchenko et al. 2023).";

/// Network, φ of the small-batch and of the large-batch minimizer in percent: full space,
/// ε = [`PUBLISHED_EPSILON`] (Keskar et al. 2017, table 3).
pub const PUBLISHED: [(&str, f64, f64); 6] = [
    ("F1", 1.23, 205.0),
    ("F2", 1.39, 311.0),
    ("C1", 28.6, 707.0),
    ("C2", 8.68, 925.0),
    ("C3", 29.9, 259.0),
    ("C4", 12.8, 422.0),
];
/// The ε of [`PUBLISHED`].
pub const PUBLISHED_EPSILON: f64 = 1e-3;

/// φ of equation 4 in percent: what a rise from `loss` to `worst` makes of 1 + f(θ).
pub fn phi(loss: f64, worst: f64) -> f64 {
    100.0 * (worst - loss) / (1.0 + loss)
}
