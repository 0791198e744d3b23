//! Iso-lines of a surface on a rectilinear grid, by marching squares.
//!
//! Cells that touch a hole (a value that isn't finite) have no lines, so a line ends at a hole
//! instead of guessing through it. Lines are joined into few long polylines, because viewers and
//! files pay by the line. Lines go through cell edges at the place where the value, interpolated
//! along the edge, equals the level; in a saddle the mean of the four corners decides. It knows
//! no scale: for a logarithmic one, pass logarithms of values and levels.

/// A surface: values at the crossings of grid lines.
#[derive(Clone, Copy, Debug)]
pub struct Grid<'a> {
    /// Coordinates of the columns, ascending.
    pub x: &'a [f64],
    /// Coordinates of the rows, ascending.
    pub y: &'a [f64],
    /// Values, row by row: `values[row * x.len() + column]`. What isn't finite is a hole.
    pub values: &'a [f64],
}

impl Grid<'_> {
    /// The value at a column and row; outside the grid it is a hole.
    pub fn value(&self, column: usize, row: usize) -> f64 {
        let inside = column < self.x.len() && row < self.y.len();
        let found = inside
            .then(|| self.values.get(row * self.x.len() + column))
            .flatten();
        found.copied().unwrap_or(f64::NAN)
    }
}

/// A piece of an iso-line.
#[derive(Clone, Debug, PartialEq)]
pub struct Polyline {
    /// Its corners as (x, y). A closed line doesn't repeat the first at the end.
    pub points: Vec<(f64, f64)>,
    /// Whether the last corner joins the first; an open line ends at the border or at a hole.
    pub closed: bool,
}

/// No neighbour yet.
const NONE: u32 = u32::MAX;

/// The lines on which the surface has the value `level`.
pub fn iso_lines(grid: &Grid, level: f64) -> Vec<Polyline> {
    let (nx, ny) = (grid.x.len(), grid.y.len());
    if nx < 2 || ny < 2 || nx.saturating_mul(ny) > NONE as usize / 4 || !level.is_finite() {
        return Vec::new();
    }
    // An edge is named by its lower left node: even towards the right, odd upwards. Every edge is
    // crossed at most once and belongs to at most two cells, so the lines form a graph in which
    // an edge has at most two neighbours.
    let mut links = vec![[NONE; 2]; nx * ny * 2];
    let mut join = |a: usize, b: usize| {
        for (from, to) in [(a, b), (b, a)] {
            if let Some(free) = links[from].iter_mut().find(|l| **l == NONE) {
                *free = to as u32;
            }
        }
    };
    for row in 0..ny - 1 {
        for column in 0..nx - 1 {
            let corners =
                [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(i, j)| grid.value(column + i, row + j));
            if corners.iter().any(|v| !v.is_finite()) {
                continue;
            }
            let node = row * nx + column;
            let [bottom, right, top, left] =
                [node * 2, (node + 1) * 2 + 1, (node + nx) * 2, node * 2 + 1];
            let above = corners.map(|v| v > level);
            match above {
                [true, true, true, true] | [false, false, false, false] => {}
                [true, false, true, false] | [false, true, false, true] => {
                    let middle = corners.iter().map(|v| v / 4.0).sum::<f64>() > level;
                    if middle == above[0] {
                        join(bottom, right);
                        join(top, left);
                    } else {
                        join(left, bottom);
                        join(right, top);
                    }
                }
                _ => {
                    let sides = [bottom, right, top, left];
                    let mut crossed = (0..4).filter(|&k| above[k] != above[(k + 1) % 4]);
                    if let (Some(a), Some(b)) = (crossed.next(), crossed.next()) {
                        join(sides[a], sides[b]);
                    }
                }
            }
        }
    }
    trace(&mut links)
        .into_iter()
        .map(|(edges, closed)| polyline(grid, level, &edges, closed))
        .collect()
}

/// Walks the graph of crossed edges into chains: open ones first, from their ends, then loops.
fn trace(links: &mut [[u32; 2]]) -> Vec<(Vec<usize>, bool)> {
    let mut chains = Vec::new();
    for ends_only in [true, false] {
        for start in 0..links.len() {
            let degree = links[start].iter().filter(|l| **l != NONE).count();
            if degree == 0 || (ends_only && degree != 1) {
                continue;
            }
            let mut chain = vec![start];
            let mut at = start;
            while let Some(slot) = links[at].iter().position(|l| *l != NONE) {
                let next = links[at][slot] as usize;
                links[at][slot] = NONE;
                if let Some(back) = links[next].iter_mut().find(|l| **l == at as u32) {
                    *back = NONE;
                }
                at = next;
                if at == start {
                    break;
                }
                chain.push(at);
            }
            chains.push((chain, at == start));
        }
    }
    chains
}

fn polyline(grid: &Grid, level: f64, edges: &[usize], closed: bool) -> Polyline {
    let mut points: Vec<(f64, f64)> = edges
        .iter()
        .map(|&edge| crossing(grid, level, edge))
        .collect();
    // A level that passes through a node crosses several edges in the same place.
    points.dedup();
    if closed && points.len() > 1 && points.first() == points.last() {
        points.pop();
    }
    Polyline { points, closed }
}

/// Where the value along an edge equals the level.
fn crossing(grid: &Grid, level: f64, edge: usize) -> (f64, f64) {
    let nx = grid.x.len();
    let (row, column) = ((edge / 2) / nx, (edge / 2) % nx);
    let upwards = edge % 2 == 1;
    let (column2, row2) = if upwards {
        (column, row + 1)
    } else {
        (column + 1, row)
    };
    let (a, b) = (grid.value(column, row), grid.value(column2, row2));
    // Halves, because the difference of two huge values would overflow.
    let t = ((level / 2.0 - a / 2.0) / (b / 2.0 - a / 2.0)).clamp(0.0, 1.0);
    let mix = |from: f64, to: f64| if t == 1.0 { to } else { from + t * (to - from) };
    if upwards {
        (grid.x[column], mix(grid.y[row], grid.y[row2]))
    } else {
        (mix(grid.x[column], grid.x[column2]), grid.y[row])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn axis(n: usize, lo: f64, hi: f64) -> Vec<f64> {
        (0..n)
            .map(|i| lo + (hi - lo) * i as f64 / (n - 1) as f64)
            .collect()
    }

    fn sample(x: &[f64], y: &[f64], f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        y.iter()
            .flat_map(|&v| x.iter().map(move |&u| (u, v)))
            .map(|(u, v)| f(u, v))
            .collect()
    }

    #[test]
    fn a_paraboloid_has_circles() {
        let (x, y) = (axis(61, -1.0, 1.0), axis(41, -1.0, 1.0));
        let values = sample(&x, &y, |u, v| u * u + v * v);
        let grid = Grid {
            x: &x,
            y: &y,
            values: &values,
        };
        for radius in [0.2f64, 0.5, 0.9] {
            let lines = iso_lines(&grid, radius * radius);
            assert_eq!(lines.len(), 1);
            assert!(lines[0].closed && lines[0].points.len() > 20);
            // Along an edge of length h the chord of a parabola misses it by up to h²/4.
            let slack = 0.05f64.powi(2) / 4.0 / (2.0 * radius) * 1.1;
            for (u, v) in &lines[0].points {
                assert!((u.hypot(*v) - radius).abs() < slack, "{u} {v}");
            }
        }
        // The corners lie beyond radius 1, and there the circle is cut into four open arcs.
        let lines = iso_lines(&grid, 1.2f64.powi(2));
        assert_eq!(
            (lines.len(), lines.iter().filter(|l| l.closed).count()),
            (4, 0)
        );
    }

    #[test]
    fn a_saddle_goes_by_its_middle() {
        let grid = |values| Grid {
            x: &[0.0, 1.0],
            y: &[0.0, 1.0],
            values,
        };
        // The mean 0.6 is above 0.5: the two high corners (0, 0) and (1, 1) hang together, and the
        // lines cut off the low ones.
        let lines = iso_lines(&grid(&[1.2, 0.0, 0.0, 1.2]), 0.5);
        assert_eq!(lines.len(), 2);
        assert!(
            lines
                .iter()
                .all(|l| l.points.iter().all(|p| p.0 > p.1) || l.points.iter().all(|p| p.0 < p.1))
        );
        // The mean 0.4 is below 0.5: each high corner is cut off alone.
        let lines = iso_lines(&grid(&[0.8, 0.0, 0.0, 0.8]), 0.5);
        assert!(
            lines
                .iter()
                .all(|l| l.points.iter().all(|p| p.0 + p.1 < 1.0)
                    || l.points.iter().all(|p| p.0 + p.1 > 1.0))
        );
    }

    #[test]
    fn grids_without_cells_have_no_lines() {
        let check = |x: &[f64], y: &[f64], values: &[f64]| {
            assert_eq!(iso_lines(&Grid { x, y, values }, 0.5), []);
        };
        check(&[], &[], &[]);
        check(&[0.0], &[0.0], &[1.0]);
        check(&[0.0, 1.0], &[0.0], &[0.0, 1.0]);
        check(&[0.0, 1.0], &[0.0, 1.0], &[0.0, 1.0]);
        check(&[0.0, 1.0], &[0.0, 1.0], &[0.5; 4]);
        check(&[0.0, 1.0], &[0.0, 1.0], &[0.0, 1.0, f64::NAN, 1.0]);
    }

    #[test]
    fn huge_values_dont_overflow() {
        let values = [-1.7e308, 1.7e308, -1.7e308, 1.7e308];
        let lines = iso_lines(
            &Grid {
                x: &[0.0, 1.0],
                y: &[0.0, 1.0],
                values: &values,
            },
            0.0,
        );
        assert_eq!(lines[0].points, [(0.5, 0.0), (0.5, 1.0)]);
    }

    /// The value at a point on an edge of the grid, where bilinear interpolation is linear.
    fn on_edge(grid: &Grid, (u, v): (f64, f64)) -> f64 {
        let place = |axis: &[f64], c: f64| {
            let i = axis.partition_point(|a| *a <= c).clamp(1, axis.len() - 1) - 1;
            (i, (c - axis[i]) / (axis[i + 1] - axis[i]))
        };
        let ((i, s), (j, t)) = (place(grid.x, u), place(grid.y, v));
        let at = |di, dj| grid.value(i + di, j + dj);
        let mix = |a: f64, b: f64, w: f64| {
            if w == 0.0 {
                a
            } else if w == 1.0 {
                b
            } else {
                a + w * (b - a)
            }
        };
        mix(mix(at(0, 0), at(1, 0), s), mix(at(0, 1), at(1, 1), s), t)
    }

    proptest! {
        #[test]
        fn lines_lie_on_the_level_and_end_only_where_they_must(
            nx in 2usize..9, ny in 2usize..9,
            raw in proptest::collection::vec((-10i32..10, 0u8..12), 64),
            level in -9.5f64..9.5,
        ) {
            let x: Vec<f64> = (0..nx).map(|i| (i * i) as f64 * 0.1 + i as f64).collect();
            let y: Vec<f64> = (0..ny).map(|i| i as f64 * 0.5 - 1.0).collect();
            // One value in twelve is a hole.
            let values: Vec<f64> = raw.iter().take(nx * ny)
                .map(|(v, hole)| if *hole == 0 { f64::NAN } else { f64::from(*v) }).collect();
            let grid = Grid { x: &x, y: &y, values: &values };
            let is_cell = |i: usize, j: usize| i + 1 < nx && j + 1 < ny
                && [(0, 0), (1, 0), (1, 1), (0, 1)].iter().all(|(a, b)| grid.value(i + a, j + b).is_finite());
            for line in iso_lines(&grid, level) {
                prop_assert!(line.points.len() >= 2);
                for &p in &line.points {
                    let value = on_edge(&grid, p);
                    prop_assert!(value.is_nan() || (value - level).abs() < 1e-9, "{value}");
                }
                if line.closed {
                    continue;
                }
                for &(u, v) in [line.points.first(), line.points.last()].into_iter().flatten() {
                    // An end has a border or a hole on one side: not both cells beside its edge exist.
                    let column = x.iter().position(|a| *a == u);
                    let row = y.iter().position(|a| *a == v);
                    let below = |axis: &[f64], c: f64| axis.partition_point(|a| *a <= c) - 1;
                    let both = match (column, row) {
                        (Some(i), None) => i > 0 && is_cell(i - 1, below(&y, v)) && is_cell(i, below(&y, v)),
                        (None, Some(j)) => j > 0 && is_cell(below(&x, u), j - 1) && is_cell(below(&x, u), j),
                        _ => false,
                    };
                    prop_assert!(!both, "the line ends inside at {u}, {v}");
                }
            }
        }
    }
}
