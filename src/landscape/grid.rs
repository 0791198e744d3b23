//! Coordinates of a slice: axes, grids, and the order in which a grid is computed.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One point of a slice: a coordinate for each of its directions.
pub type Coordinate = Vec<f64>;

/// An inclusive range of evenly spaced coordinates, written `FROM:TO:POINTS`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Axis {
    /// First coordinate.
    pub from: f64,
    /// Last coordinate, included.
    pub to: f64,
    /// Number of coordinates, at least 1.
    pub points: usize,
}

/// More points than this on one axis is a slip of the keyboard.
const MOST_POINTS: usize = 10_001;
/// And on one that another program computed: more than memory should hold.
const MOST_STORED: usize = 4_000_000;
/// Farther out no weight in single precision is left.
const FARTHEST: f64 = 1e30;

impl Axis {
    /// The coordinates; each is formed from the ends, so that both are exact and no error adds up.
    pub fn values(&self) -> Vec<f64> {
        let last = self.points.saturating_sub(1);
        if last == 0 {
            return vec![self.from; self.points];
        }
        (0..=last)
            .map(|i| {
                if i == last {
                    self.to
                } else {
                    self.from + (self.to - self.from) * (i as f64 / last as f64)
                }
            })
            .collect()
    }
}

/// An axis as a file may hold it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    from: f64,
    to: f64,
    points: usize,
}

impl TryFrom<Unchecked> for Axis {
    type Error = String;

    /// Results of other programs may run downwards; what can't be computed at all is refused.
    fn try_from(axis: Unchecked) -> Result<Self, String> {
        let Unchecked { from, to, points } = axis;
        let within = from.is_finite() && to.is_finite();
        if !within || points == 0 || points > MOST_STORED {
            return Err(format!(
                "{from}:{to}:{points} is no range: it needs finite ends and 1 to {MOST_STORED} points"
            ));
        }
        Ok(Self { from, to, points })
    }
}

impl FromStr for Axis {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            Error::Usage(format!(
                "{text:?} is no range: {why}; write FROM:TO:POINTS, such as -1:1:51"
            ))
        };
        let parts: Vec<&str> = text.split(':').collect();
        let &[from, to, points] = parts.as_slice() else {
            return Err(wrong("it needs three parts"));
        };
        let number = |s: &str| {
            s.trim()
                .parse::<f64>()
                .ok()
                .filter(|v| v.is_finite())
                .ok_or_else(|| wrong(&format!("{s:?} is no finite number")))
        };
        let axis = Self {
            from: number(from)?,
            to: number(to)?,
            points: points
                .trim()
                .parse()
                .map_err(|_| wrong(&format!("{points:?} is no number of points")))?,
        };
        if axis.points == 0 || axis.points > MOST_POINTS {
            return Err(wrong(&format!(
                "the number of points must be 1 to {MOST_POINTS}"
            )));
        }
        if axis.from.abs().max(axis.to.abs()) > FARTHEST {
            return Err(wrong("its ends must lie within ±10³⁰"));
        }
        if axis.points > 1 && axis.from >= axis.to {
            return Err(wrong("FROM must be below TO"));
        }
        Ok(axis)
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.from, self.to, self.points)
    }
}

/// Indices of an `nx` × `ny` grid (row = y, index = row·nx + column), coarse ones first.
///
/// Every prefix covers the whole grid as evenly as its length allows, which is what a picture that
/// fills in while it is computed wants.
pub fn coarse_first(nx: usize, ny: usize) -> Vec<usize> {
    let mut order = Vec::with_capacity(nx * ny);
    let mut done = vec![false; nx * ny];
    let mut step = nx.max(ny).max(1).next_power_of_two();
    while step >= 1 {
        for row in (0..ny).step_by(step) {
            for column in (0..nx).step_by(step) {
                let index = row * nx + column;
                if !std::mem::replace(&mut done[index], true) {
                    order.push(index);
                }
            }
        }
        step /= 2;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_includes_both_ends_exactly() {
        let axis: Axis = "-1:1:51".parse().unwrap();
        let values = axis.values();
        assert_eq!(
            (values.len(), values[0], values[25], values[50]),
            (51, -1.0, 0.0, 1.0)
        );
        assert_eq!(axis.to_string(), "-1:1:51");
    }

    #[test]
    fn a_single_point_is_its_own_range() {
        assert_eq!("0.5:0.5:1".parse::<Axis>().unwrap().values(), [0.5]);
    }

    #[test]
    fn a_wrong_range_says_how_to_write_one() {
        for text in [
            "",
            "1:2",
            "1:2:3:4",
            "a:1:5",
            "0:1:0",
            "1:0:5",
            "0:inf:5",
            "0:1:-3",
            "0:1:99999999",
            "-1e300:1e300:3",
            "nan:1:3",
        ] {
            let message = text.parse::<Axis>().unwrap_err().to_string();
            assert!(message.contains("FROM:TO:POINTS"), "{message}");
        }
    }

    #[test]
    fn coarse_first_visits_every_cell_once_and_starts_with_the_corner_grid() {
        for (nx, ny) in [(1, 1), (5, 3), (31, 31), (8, 1), (0, 4)] {
            let mut order = coarse_first(nx, ny);
            if nx * ny > 0 {
                assert_eq!(order[0], 0);
            }
            order.sort_unstable();
            assert_eq!(order, (0..nx * ny).collect::<Vec<_>>());
        }
    }
}
