//! What rounding and memory allow second derivatives to tell, and the words for what they don't.

use crate::landscape::curvature::lanczos::Eigenvalues;
use crate::landscape::evaluate::Precision;
use crate::plot::number::{power, significant};

/// Whether every Hessian-vector product was zero: a loss without curvature.
pub fn is_flat(found: &Eigenvalues) -> bool {
    found.smallest.value == 0.0 && found.top.iter().all(|pair| pair.value == 0.0)
}

/// What can't be said of eigenvalues after the last product; `None` where all are known as asked for.
pub fn eigenvalue_warning(found: &Eigenvalues, tolerance: f64) -> Option<String> {
    if is_flat(found) {
        return Some(
            "the Hessian is zero here: its eigenvalues have no relative residual and no ratio"
                .to_owned(),
        );
    }
    if found.converged {
        return None;
    }
    if found.exhausted {
        return Some(format!(
            "an eigenvalue is too small beside the largest for a relative residual of {}: the products' own rounding is {}; compute in --precision f64 if this was f32",
            power(tolerance),
            significant(found.smallest.residual, 2)
        ));
    }
    Some(format!(
        "not every eigenvalue is within the tolerance of its own size after {} products; raise --most-products or --tolerance, or compute in --precision f64",
        found.products
    ))
}

/// Vectors of `parameters` numbers that a memory budget holds.
pub fn vectors_within(memory: usize, parameters: usize) -> usize {
    memory / (parameters * size_of::<f64>()).max(1)
}

/// Relative rounding of a Hessian-vector product.
pub fn rounding(precision: Precision) -> f64 {
    match precision {
        Precision::F32 => 1e-6,
        Precision::F64 => 1e-14,
    }
}
