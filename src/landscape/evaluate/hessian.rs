//! Products of the Hessian with a vector, by differences of exact gradients.

use crate::error::Result;
use crate::landscape::objective::Objective;

/// ∇²f(x)·v ≈ (∇f(x + h v) − ∇f(x − h v)) / 2h.
///
/// `rounding` is the relative rounding of one gradient: 2⁻⁵² in double precision, 2⁻²³ in single.
/// The step h‖v‖ = rounding^⅓ (1 + ‖x‖) balances it against the neglected third derivative, so that
/// about two thirds of the gradient's digits are right, for two gradients a product.
pub fn by_differences(
    objective: &mut dyn Objective,
    x: &[f64],
    v: &[f64],
    rounding: f64,
) -> Result<Vec<f64>> {
    let norm = |a: &[f64]| a.iter().map(|a| a * a).sum::<f64>().sqrt();
    let length = norm(v);
    if length == 0.0 {
        return Ok(vec![0.0; x.len()]);
    }
    let step = rounding.cbrt() * (1.0 + norm(x)) / length;
    let moved = |step: f64| -> Vec<f64> { x.iter().zip(v).map(|(x, v)| x + step * v).collect() };
    let (_, ahead) = objective.gradient(&moved(step))?;
    let (_, behind) = objective.gradient(&moved(-step))?;
    Ok(ahead
        .iter()
        .zip(&behind)
        .map(|(a, b)| (a - b) / (2.0 * step))
        .collect())
}
