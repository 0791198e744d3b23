//! How convex a plane is: |λ_min/λ_max| at every point of a grid (Li et al. 2018, section 6 and
//! figure 7).
//!
//! The eigenvalues are those of the full Hessian at each point, not of the plane's 2 × 2 one: a
//! plane may look convex while the loss falls in directions it doesn't show. Values near 0 mean
//! that there is next to no negative curvature.

use super::lanczos::{Eigenvalues, Lanczos, LanczosOptions};
use super::vector::add_scaled;
use crate::error::{Error, Result};
use crate::landscape::grid::Coordinate;
use crate::landscape::objective::Objective;
use serde::{Deserialize, Serialize};

/// λ_min is judged beside this share of |λ_max|: a map shows their ratio, whose error is the residual
/// over |λ_max|, and each point would take ten times as many products otherwise.
pub const RATIO_SHARE: f64 = 0.1;

/// One point of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatioCell {
    /// Index into the coordinates.
    pub index: usize,
    /// λ_max
    pub largest: f64,
    /// λ_min
    pub smallest: f64,
    /// |λ_min/λ_max|; NaN where the Hessian is zero or not finite.
    pub ratio: f64,
    /// Products it took.
    pub products: usize,
}

/// |λ_min/λ_max| over a plane; NaN (null in JSON) where it wasn't computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RatioGrid {
    /// Coordinates of the columns.
    pub x: Vec<f64>,
    /// Coordinates of the rows.
    pub y: Vec<f64>,
    /// λ_max, row by row.
    pub largest: Vec<f64>,
    /// λ_min, row by row.
    pub smallest: Vec<f64>,
    /// |λ_min/λ_max|, row by row.
    pub ratio: Vec<f64>,
    /// Whether each was computed; one that was may still be NaN, where the loss overflows.
    #[serde(default)]
    pub computed: Vec<bool>,
    /// Norms of the two directions.
    pub norms: Vec<f64>,
    /// How the directions were made.
    pub rule: String,
}

impl RatioGrid {
    /// Nothing computed yet, at these coordinates.
    pub fn blank(x: Vec<f64>, y: Vec<f64>) -> Self {
        let points = x.len() * y.len();
        let missing = vec![f64::NAN; points];
        Self {
            x,
            y,
            largest: missing.clone(),
            smallest: missing.clone(),
            ratio: missing,
            computed: vec![false; points],
            norms: Vec::new(),
            rule: String::new(),
        }
    }

    /// Notes a finished point.
    pub fn put(&mut self, cell: RatioCell) {
        self.largest[cell.index] = cell.largest;
        self.smallest[cell.index] = cell.smallest;
        self.ratio[cell.index] = cell.ratio;
        self.computed[cell.index] = true;
    }
}

/// Where a map stands after a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioStep {
    /// The point that this step finished, if it finished one.
    pub finished: Option<RatioCell>,
    /// Points finished.
    pub done: usize,
    /// Points in all.
    pub total: usize,
}

/// A map over a slice, advanced by [`RatioMap::step`], one product at a time.
#[derive(Debug, Clone)]
pub struct RatioMap {
    origin: Vec<f64>,
    directions: Vec<Vec<f64>>,
    coordinates: Vec<Coordinate>,
    order: Vec<usize>,
    options: LanczosOptions,
    next: usize,
    current: Option<(Lanczos, Option<Eigenvalues>)>,
}

impl RatioMap {
    /// The slice `origin` + Σ cₖ `directions`ₖ at `coordinates[order[0]]`, `coordinates[order[1]]`, …;
    /// of `options`, `top`, `smallest` and `smallest_share` are fixed here.
    pub fn new(
        origin: Vec<f64>,
        directions: Vec<Vec<f64>>,
        coordinates: Vec<Coordinate>,
        order: Vec<usize>,
        options: LanczosOptions,
    ) -> Self {
        Self {
            origin,
            directions,
            coordinates,
            order,
            options: LanczosOptions {
                top: 1,
                smallest: true,
                smallest_share: RATIO_SHARE,
                ..options
            },
            next: 0,
            current: None,
        }
    }

    /// One product more; `None` after the last point.
    ///
    /// A point where the loss overflows has no eigenvalues: its cell holds NaN, and the map goes on.
    ///
    /// # Errors
    /// Where the objective fails.
    pub fn step(&mut self, objective: &mut dyn Objective) -> Result<Option<RatioStep>> {
        let Some(&index) = self.order.get(self.next) else {
            return Ok(None);
        };
        if self.current.is_none() {
            let mut point = self.origin.clone();
            for (d, &c) in self.directions.iter().zip(&self.coordinates[index]) {
                add_scaled(&mut point, c, d);
            }
            if !objective.value(&point)?.is_finite() {
                return Ok(Some(self.finish(index, None)));
            }
            self.current = Some((Lanczos::new(point, self.options), None));
        }
        let mut step = RatioStep {
            finished: None,
            done: self.next,
            total: self.order.len(),
        };
        if let Some((lanczos, latest)) = &mut self.current {
            match lanczos.step(objective) {
                Ok(Some(estimate)) if !estimate.converged => *latest = Some(estimate),
                Ok(Some(estimate)) => step = self.finish(index, Some(&estimate)),
                Ok(None) => {
                    let latest = latest.take();
                    step = self.finish(index, latest.as_ref());
                }
                // A product that isn't finite.
                Err(Error::Slice(_)) => step = self.finish(index, None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(step))
    }

    fn finish(&mut self, index: usize, found: Option<&Eigenvalues>) -> RatioStep {
        self.current = None;
        self.next += 1;
        let largest = found
            .and_then(|e| e.top.first())
            .map_or(f64::NAN, |e| e.value);
        let smallest = found.map_or(f64::NAN, |e| e.smallest.value);
        RatioStep {
            finished: Some(RatioCell {
                index,
                largest,
                smallest,
                ratio: if largest == 0.0 {
                    f64::NAN
                } else {
                    (smallest / largest).abs()
                },
                products: found.map_or(0, |e| e.products),
            }),
            done: self.next,
            total: self.order.len(),
        }
    }
}
