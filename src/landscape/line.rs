//! The line between two minimizers (Keskar et al. 2017, figures 3 and 4).

use crate::landscape::grid::Coordinate;
use crate::landscape::table::Table;

/// Metrics along θ(α) = (1−α) θ_s + α θ_l.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Where between the small-batch (0) and the large-batch minimizer (1).
    pub alpha: Vec<f64>,
    /// Metrics at each α.
    pub table: Table,
}

/// The largest excess of a loss over the straight chord between its ends.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Barrier {
    /// Where it is, 0 to 1.
    pub alpha: f64,
    /// How much, nats; infinite where the loss is.
    pub height: f64,
}

impl Line {
    /// The coordinate of every point.
    pub fn coordinates(&self) -> Vec<Coordinate> {
        self.alpha.iter().map(|&a| vec![a]).collect()
    }
}

/// The barrier for α in [0, 1], with the chord between the losses at 0 and 1 (interpolated where no
/// point lies there). `None` unless finite losses reach both ends.
///
/// * `alpha`: increasing; `loss`: nats, as many.
pub fn barrier(alpha: &[f64], loss: &[f64]) -> Option<Barrier> {
    let start = interpolate(alpha, loss, 0.0)?;
    let end = interpolate(alpha, loss, 1.0)?;
    let inside = alpha
        .iter()
        .zip(loss)
        .filter(|(a, _)| (0.0..=1.0).contains(*a));
    let excess = inside.map(|(&a, &l)| Barrier {
        alpha: a,
        height: if l.is_nan() {
            f64::INFINITY
        } else {
            l - (start + a * (end - start))
        },
    });
    excess.max_by(|a, b| a.height.total_cmp(&b.height))
}

fn interpolate(x: &[f64], y: &[f64], at: f64) -> Option<f64> {
    let right = x.iter().position(|&v| v >= at - 1e-12)?;
    let (x1, y1) = (*x.get(right)?, *y.get(right)?);
    let value = if (x1 - at).abs() <= 1e-12 {
        y1
    } else {
        let (x0, y0) = (*x.get(right.checked_sub(1)?)?, *y.get(right - 1)?);
        y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    };
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_barrier_is_the_excess_over_the_chord() {
        let alpha = [-1.0, 0.0, 0.5, 1.0, 2.0];
        let found = barrier(&alpha, &[9.0, 1.0, 4.0, 3.0, 9.0]).unwrap();
        assert_eq!(
            found,
            Barrier {
                alpha: 0.5,
                height: 2.0
            }
        );
    }

    #[test]
    fn a_line_below_its_chord_has_no_barrier_but_its_ends() {
        let found = barrier(&[0.0, 0.5, 1.0], &[1.0, 0.0, 1.0]).unwrap();
        assert_eq!(found.height, 0.0);
    }

    #[test]
    fn a_range_that_misses_an_end_has_none() {
        assert_eq!(barrier(&[0.2, 0.8], &[1.0, 1.0]), None);
    }
}
