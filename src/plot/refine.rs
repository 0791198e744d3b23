//! A grid that is still being computed, filled in for display.
//!
//! Grids are computed coarse ones first: every node whose indices are multiples of 2ᵏ before the
//! nodes between them. So a node that isn't there yet lies between neighbours of the next coarser
//! lattice that are, and their mean stands in for it until it comes. Beyond the last row or column
//! of that lattice straight lines go on, but never past what was computed anywhere. What follows
//! from nothing stays missing: a grid computed in another order is never painted over with a guess
//! from one row. It knows no values' meaning; pass positions on a scale where straight lines make
//! sense.

use super::scale::finite_range;

/// A grid with stand-ins.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The values, row by row; NaN in holes and where nothing is known.
    pub values: Vec<f64>,
    /// Which nodes have a stand-in instead of a computed value.
    pub estimated: Vec<bool>,
}

/// Fills in `values` of an `nx` × `ny` grid, row by row, at the nodes not yet `computed`. A value
/// that isn't finite is a hole; where holes are half of the neighbours the stand-in is one, too.
pub fn fill(nx: usize, ny: usize, values: &[f64], computed: &[bool]) -> Filled {
    let mut filled = Filled {
        values: values.to_vec(),
        estimated: vec![false; values.len()],
    };
    if values.len() != nx * ny || computed.len() != nx * ny || computed.iter().all(|&c| c) {
        return filled;
    }
    let mut known = computed.to_vec();
    let Some(bounds) = finite_range(values.iter().copied()) else {
        return filled;
    };
    let mut step = nx.max(ny).next_power_of_two() / 2;
    while step >= 1 {
        for row in (0..ny).step_by(step) {
            for column in (0..nx).step_by(step) {
                let node = row * nx + column;
                if known[node] {
                    continue;
                }
                let (Some(rows), Some(columns)) =
                    (parents(row, step, ny), parents(column, step, nx))
                else {
                    continue;
                };
                let around = rows
                    .iter()
                    .flat_map(|(r, v)| columns.iter().map(move |(c, u)| (r * nx + c, u * v)));
                if around.clone().any(|(parent, _)| !known[parent]) {
                    continue;
                }
                filled.values[node] = blend(around, &filled.values, bounds);
                filled.estimated[node] = true;
                known[node] = true;
            }
        }
        step /= 2;
    }
    filled
}

/// The weighted mean of nodes, within `bounds`; beside holes that of the nearest ones only.
fn blend(
    around: impl Iterator<Item = (usize, f64)> + Clone,
    values: &[f64],
    (lo, hi): (f64, f64),
) -> f64 {
    let straight: f64 = around.clone().map(|(node, w)| w * values[node]).sum();
    if straight.is_finite() {
        return straight.clamp(lo, hi);
    }
    let (mut sum, mut finite, mut all) = (0.0, 0.0, 0.0);
    for (node, _) in around.filter(|(_, w)| *w > 0.0) {
        all += 1.0;
        if values[node].is_finite() {
            sum += values[node];
            finite += 1.0;
        }
    }
    if 2.0 * finite > all {
        sum / finite
    } else {
        f64::NAN
    }
}

/// The indices of the next coarser lattice that say what is at `index`, with their weights: itself
/// where it lies on that lattice, else the one on each side; where the grid ends before the next
/// one, the last two go on in a straight line.
fn parents(index: usize, step: usize, len: usize) -> Option<[(usize, f64); 2]> {
    let coarse = 2 * step;
    let below = index - index % coarse;
    if below == index {
        return Some([(index, 0.5), (index, 0.5)]);
    }
    let above = below + coarse;
    match (above < len, below > 0) {
        (true, _) => Some([(below, 0.5), (above, 0.5)]),
        (false, true) => Some([(below, 1.5), (below - coarse, -0.5)]),
        // One node alone says nothing of its surroundings.
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Nodes in the order in which grids are computed.
    fn coarse_first(nx: usize, ny: usize) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::new();
        let mut step = nx.max(ny).next_power_of_two();
        while step >= 1 {
            for row in (0..ny).step_by(step) {
                for column in (0..nx).step_by(step) {
                    if !order.contains(&(row * nx + column)) {
                        order.push(row * nx + column);
                    }
                }
            }
            step /= 2;
        }
        order
    }

    fn partly(nx: usize, ny: usize, done: usize, f: impl Fn(f64, f64) -> f64) -> Filled {
        let mut computed = vec![false; nx * ny];
        for &node in coarse_first(nx, ny).iter().take(done) {
            computed[node] = true;
        }
        let value = |node: usize| {
            if computed[node] {
                f((node % nx) as f64, (node / nx) as f64)
            } else {
                f64::NAN
            }
        };
        let values: Vec<f64> = (0..nx * ny).map(value).collect();
        fill(nx, ny, &values, &computed)
    }

    #[test]
    fn a_plane_is_met_exactly_between_its_nodes() {
        let f = |x: f64, y: f64| 3.0 + 2.0 * x - y;
        // 9 × 9 nodes of 33 × 33: nothing lies beyond the coarse lattice.
        let filled = partly(33, 33, 81, f);
        for (node, value) in filled.values.iter().enumerate() {
            let expected = f((node % 33) as f64, (node / 33) as f64);
            // Halving is exact; the sums of four are not quite.
            assert!(
                (value - expected).abs() < 1e-12,
                "{node}: {value} {expected}"
            );
        }
        assert_eq!(
            filled.estimated.iter().filter(|e| **e).count(),
            33 * 33 - 81
        );
    }

    #[test]
    fn lines_go_on_beyond_the_lattice_as_far_as_values_reach() {
        // Step 4 on 7 columns: columns 5 and 6 lie beyond the node at 4.
        let filled = partly(7, 7, 4, |x, _| x);
        assert_eq!(filled.values[..7], [0.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.0]);
        // The far corner of the lattice is the largest value there is: 6 = 2 + 4.
        let filled = partly(7, 7, 4, |x, y| x + y / 2.0);
        assert_eq!(filled.values[..7], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn half_a_picture_from_elsewhere_is_not_painted_over() {
        let (nx, ny) = (8, 8);
        let computed: Vec<bool> = (0..nx * ny).map(|node| node < 2 * nx).collect();
        let values: Vec<f64> = computed
            .iter()
            .map(|&c| if c { 1.0 } else { f64::NAN })
            .collect();
        let filled = fill(nx, ny, &values, &computed);
        assert!(filled.estimated.iter().all(|e| !e));
        assert!(filled.values[2 * nx..].iter().all(|v| v.is_nan()));
    }

    #[test]
    fn a_hole_stays_a_hole_between_holes() {
        let filled = partly(5, 5, 4, |x, _| if x > 1.0 { f64::NAN } else { 1.0 });
        assert_eq!(filled.values[0], 1.0);
        assert!(filled.estimated[2] && filled.values[2].is_nan());
    }

    proptest! {
        #[test]
        fn stand_ins_stay_between_what_was_computed(
            nx in 1usize..24, ny in 1usize..24, share in 0.0f64..=1.0,
        ) {
            let done = (share * (nx * ny) as f64) as usize;
            let filled = partly(nx, ny, done, |x, y| (7.3 * x + 1.7 * y).sin());
            for (value, estimated) in filled.values.iter().zip(&filled.estimated) {
                prop_assert!(!estimated || value.abs() <= 1.0);
            }
            let all = partly(nx, ny, nx * ny, |x, _| x);
            prop_assert!(all.estimated.iter().all(|e| !e));
        }
    }
}
