//! Surfaces over a grid of a plane, and the range that shows one well.

use crate::error::Result;
use crate::landscape::adaptive::{self, Next};
use crate::landscape::grid::Coordinate;
use crate::landscape::table::Table;

/// Metrics over a grid, row = y: cell (column i, row j) is at `x[i]`, `y[j]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    /// Coordinates along the first direction.
    pub x: Vec<f64>,
    /// Coordinates along the second direction.
    pub y: Vec<f64>,
    /// Metrics, `[y, x]` in row-major order.
    pub table: Table,
}

impl Surface {
    /// The coordinate of every cell in row-major order.
    pub fn coordinates(&self) -> Vec<Coordinate> {
        self.y
            .iter()
            .flat_map(|&y| self.x.iter().map(move |&x| vec![x, y]))
            .collect()
    }

    /// What to do next where the surface needn't be computed whole, but to `tolerance`, a share of the range of
    /// each loss. Points that are to be computed come coarse ones first.
    pub fn refined(&self, tolerance: f64) -> Next {
        let (nx, ny) = (self.x.len(), self.y.len());
        let lists = self.table.lists();
        let next = adaptive::next(nx, ny, &lists, &self.table.computed, tolerance);
        let Next::Compute(mut order) = next else {
            return next;
        };
        order.sort_by_key(|i| std::cmp::Reverse((i % nx | i / nx).trailing_zeros()));
        Next::Compute(order)
    }
}

/// How much the loss has to grow for a range to count as showing the surroundings of a minimizer.
pub const GROWTH: f64 = 5.0;

/// The half-width at which the loss along an axis has grown [`GROWTH`]-fold, rounded to two digits.
///
/// `loss` gives the loss at a signed distance along the axis. Distances double from 0.01 until both
/// sides together (the larger of the two) have grown enough, are no longer finite, or 1,000 is
/// reached; a few bisections then sharpen the answer.
///
/// # Errors
/// Whatever `loss` returns.
pub fn propose_half_width(centre: f64, mut loss: impl FnMut(f64) -> Result<f64>) -> Result<f64> {
    // Far below a thousandth of a nat, ratios of losses say nothing.
    let target = GROWTH * centre.max(1e-3);
    let mut grown = |r: f64| -> Result<bool> {
        let (left, right) = (loss(-r)?, loss(r)?);
        Ok(!left.is_finite() || !right.is_finite() || left.max(right) >= target)
    };
    let (mut low, mut high) = (0.0, 0.01);
    while !grown(high)? && high < 1e3 {
        low = high;
        high *= 2.0;
    }
    for _ in 0..4 {
        let middle = 0.5 * (low + high);
        if grown(middle)? {
            high = middle;
        } else {
            low = middle;
        }
    }
    let magnitude = 10_f64.powf(high.log10().floor() - 1.0);
    Ok((high / magnitude).ceil() * magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parabola_grows_fivefold_where_it_says() {
        // 0.1 + 0.4 r² reaches 0.5 at r = 1.
        let r = propose_half_width(0.1, |t| Ok(0.1 + 0.4 * t * t)).unwrap();
        assert!((0.95..1.2).contains(&r), "{r}");
    }

    #[test]
    fn a_flat_or_broken_axis_still_gives_a_range() {
        assert!(propose_half_width(1.0, |_| Ok(1.0)).unwrap() >= 1e3);
        assert!(propose_half_width(1.0, |_| Ok(f64::NAN)).unwrap() > 0.0);
    }
}
