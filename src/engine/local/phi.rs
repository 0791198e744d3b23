//! Which ε a curve of φ is drawn over, in the window and in reports.

/// ε of a curve: four a decade from 1e-5 to 1e-1, so that the decades are among them.
pub fn epsilons() -> Vec<f64> {
    (0..=16)
        .map(|i| 10_f64.powf(-5.0 + f64::from(i) / 4.0))
        .collect()
}

/// Steps at each ε of a curve, which starts from the worst point of the ε before.
pub const CURVE_ITERATIONS: usize = 2;
