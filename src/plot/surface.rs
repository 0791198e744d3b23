//! A figure's surface made ready to draw: in ascending order, in scale space, every cell sorted
//! into values and the kinds of holes.
//!
//! A hole is always shown as what it is, never as a colour and never as empty paper, because a
//! diverged loss and a point that wasn't computed mean different things. Here it is decided which
//! is which; how a hole looks is decided in `marks`.

use super::contour::Grid;
use super::figure::{ContourFigure, Levels};
use super::heat::{borders, fraction};
use super::refine;
use super::scale::{self, Scale};
use crate::error::{Error, Result};

/// Why a cell has no colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hole {
    /// Infinite or not a number.
    NonFinite,
    /// Not computed (yet).
    NotComputed,
    /// Zero or negative on a logarithmic scale.
    NotPositive,
}

/// A surface ready to draw.
pub struct Surface {
    /// Coordinates of the columns, ascending.
    pub x: Vec<f64>,
    /// Coordinates of the rows, ascending.
    pub y: Vec<f64>,
    /// Values in scale space, row by row; NaN in holes.
    pub positions: Vec<f64>,
    /// What each cell without a value is.
    pub holes: Vec<Option<Hole>>,
    /// The values at the ends of the colours; `None` when no cell has a value.
    pub range: Option<(f64, f64)>,
    /// The smallest and largest value with a place.
    pub extent: Option<(f64, f64)>,
    scale: Scale,
}

impl Surface {
    /// The figure's surface, if it has one.
    pub fn new(figure: &ContourFigure) -> Result<Option<Self>> {
        let (nx, ny, n) = (figure.x.len(), figure.y.len(), figure.values.len());
        if n == 0 {
            return Ok(None);
        }
        if nx.checked_mul(ny) != Some(n) {
            return Err(Error::Slice(format!(
                "the surface holds {n} values, but its grid is {nx} × {ny}"
            )));
        }
        if !figure.computed.is_empty() && figure.computed.len() != n {
            return Err(Error::Slice(format!(
                "the surface holds {n} values, but {} marks of what was computed",
                figure.computed.len()
            )));
        }
        let (x, x_flipped) = ascending("x", &figure.x)?;
        let (y, y_flipped) = ascending("y", &figure.y)?;
        let source = |i: usize| {
            let (row, column) = (i / nx, i % nx);
            let row = if y_flipped { ny - 1 - row } else { row };
            let column = if x_flipped { nx - 1 - column } else { column };
            row * nx + column
        };
        let hole = |i: usize| match figure.values[i] {
            _ if !figure.computed.is_empty() && !figure.computed[i] => Some(Hole::NotComputed),
            v if !v.is_finite() => Some(Hole::NonFinite),
            v if figure.scale.forward(v).is_nan() => Some(Hole::NotPositive),
            _ => None,
        };
        let holes: Vec<Option<Hole>> = (0..n).map(|i| hole(source(i))).collect();
        let value = |i: usize| {
            if holes[i].is_none() {
                figure.values[source(i)]
            } else {
                f64::NAN
            }
        };
        let values: Vec<f64> = (0..n).map(value).collect();
        let extent = scale::finite_range(values.iter().copied());
        let range = match figure.range {
            Some((lo, hi)) if figure.scale.forward(lo) < figure.scale.forward(hi) => {
                extent.map(|_| (lo, hi))
            }
            Some((lo, hi)) => {
                return Err(Error::Usage(format!(
                    "colours can't spread from {lo} to {hi} on a {} scale",
                    figure.scale
                )));
            }
            None => scale::robust_range(figure.scale, &values),
        };
        let positions = values.iter().map(|v| figure.scale.forward(*v)).collect();
        Ok(Some(Self {
            x,
            y,
            positions,
            holes,
            range,
            extent,
            scale: figure.scale,
        }))
    }

    /// The values in scale space over their coordinates.
    pub fn grid(&self) -> Grid<'_> {
        Grid {
            x: &self.x,
            y: &self.y,
            values: &self.positions,
        }
    }

    /// The ends of the colours in scale space.
    pub fn position_range(&self) -> Option<(f64, f64)> {
        self.range
            .map(|(lo, hi)| (self.scale.forward(lo), self.scale.forward(hi)))
    }

    /// Where a value lies between the ends of the colours.
    pub fn fraction(&self, value: f64) -> f64 {
        let (lo, hi) = self.position_range().unwrap_or((0.0, 0.0));
        fraction(self.scale.forward(value), lo, hi)
    }

    /// Whether the colours end below the largest value.
    pub fn is_cut(&self) -> bool {
        matches!((self.range, self.extent), (Some(range), Some(extent)) if extent.1 > range.1)
    }

    /// Puts stand-ins where nothing is computed yet, as far as they follow from what is; which cells
    /// those are.
    pub fn fill_in(&mut self) -> Vec<bool> {
        let missing = |h: &Option<Hole>| *h == Some(Hole::NotComputed);
        let computed: Vec<bool> = self.holes.iter().map(|h| !missing(h)).collect();
        let filled = refine::fill(self.x.len(), self.y.len(), &self.positions, &computed);
        for (index, _) in filled.estimated.iter().enumerate().filter(|(_, e)| **e) {
            let hole = filled.values[index].is_nan();
            self.holes[index] = hole.then_some(Hole::NonFinite);
        }
        self.positions = filled.values;
        filled.estimated
    }

    /// How many cells are holes of a kind.
    pub fn count(&self, kind: Hole) -> usize {
        self.holes.iter().filter(|h| **h == Some(kind)).count()
    }

    /// The iso-lines' values.
    pub fn levels(&self, levels: &Levels) -> Vec<f64> {
        match (levels, self.range) {
            (Levels::Given(values), _) => values
                .iter()
                .copied()
                .filter(|v| !self.scale.forward(*v).is_nan())
                .collect(),
            (Levels::Auto(count), Some((lo, hi))) if *count > 0 => {
                scale::levels(self.scale, lo, hi, *count)
            }
            _ => Vec::new(),
        }
    }

    /// The cells of a kind as rectangles (x from, x to, y from, y to), joined along rows.
    pub fn rectangles(&self, kind: Hole) -> Vec<[f64; 4]> {
        let (xs, ys) = (borders(&self.x), borders(&self.y));
        let nx = self.x.len();
        let mut rectangles = Vec::new();
        for (row, cells) in self.holes.chunks(nx.max(1)).enumerate() {
            let mut start = None;
            for column in 0..=nx {
                let here = cells.get(column).is_some_and(|c| *c == Some(kind));
                match (start, here) {
                    (None, true) => start = Some(column),
                    (Some(from), false) => {
                        rectangles.push([xs[from], xs[column], ys[row], ys[row + 1]]);
                        start = None;
                    }
                    _ => {}
                }
            }
        }
        rectangles
    }
}

/// The coordinates in ascending order, and whether they had to be turned round.
fn ascending(name: &str, coordinates: &[f64]) -> Result<(Vec<f64>, bool)> {
    let mut sorted = coordinates.to_vec();
    let falls = sorted.first() > sorted.last();
    if falls {
        sorted.reverse();
    }
    let in_order = sorted.windows(2).all(|w| w[0] < w[1]);
    if !in_order || sorted.iter().any(|c| !c.is_finite()) {
        return Err(Error::Slice(format!(
            "the {name} coordinates of the surface aren't finite and in strict order"
        )));
    }
    Ok((sorted, falls))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_sorted_by_their_reason() {
        let figure = ContourFigure {
            x: vec![2.0, 1.0, 0.0],
            y: vec![0.0, 1.0],
            values: vec![1.0, f64::INFINITY, f64::NAN, -1.0, 4.0, 9.0],
            computed: vec![true, true, true, true, true, false],
            scale: Scale::Log,
            ..Default::default()
        };
        let surface = Surface::new(&figure).unwrap().unwrap();
        assert_eq!(surface.x, [0.0, 1.0, 2.0]);
        use Hole::*;
        let expected = [
            Some(NonFinite),
            Some(NonFinite),
            None,
            Some(NotComputed),
            None,
            Some(NotPositive),
        ];
        assert_eq!(surface.holes, expected);
        assert_eq!(surface.range, Some((1.0, 4.0)));
        assert_eq!(surface.rectangles(NonFinite), [[0.0, 1.5, 0.0, 0.5]]);
    }

    #[test]
    fn what_isnt_computed_yet_has_a_stand_in() {
        let figure = ContourFigure {
            x: vec![0.0, 1.0, 2.0],
            y: vec![0.0],
            values: vec![1.0, f64::NAN, 100.0],
            computed: vec![true, false, true],
            scale: Scale::Log,
            ..Default::default()
        };
        let mut surface = Surface::new(&figure).unwrap().unwrap();
        assert_eq!(surface.fill_in(), [false, true, false]);
        // Half way on the logarithmic scale.
        assert_eq!(surface.positions, [0.0, 1.0, 2.0]);
        assert_eq!(surface.count(Hole::NotComputed), 0);
    }

    #[test]
    fn what_doesnt_fit_is_refused() {
        let check = |figure: ContourFigure, part: &str| {
            let error = Surface::new(&figure)
                .err()
                .map(|e| e.to_string())
                .unwrap_or_default();
            assert!(error.contains(part), "{error}");
        };
        let base = ContourFigure {
            x: vec![0.0, 1.0],
            y: vec![0.0],
            values: vec![1.0, 2.0],
            ..Default::default()
        };
        check(
            ContourFigure {
                values: vec![1.0; 3],
                ..base.clone()
            },
            "3 values",
        );
        check(
            ContourFigure {
                computed: vec![true],
                ..base.clone()
            },
            "1 marks",
        );
        check(
            ContourFigure {
                x: vec![0.0, f64::NAN],
                ..base.clone()
            },
            "x coordinates",
        );
        check(
            ContourFigure {
                x: vec![0.0, 0.0],
                ..base.clone()
            },
            "x coordinates",
        );
        check(
            ContourFigure {
                range: Some((1.0, 1.0)),
                ..base.clone()
            },
            "1 to 1",
        );
        assert!(Surface::new(&ContourFigure::default()).unwrap().is_none());
    }
}
