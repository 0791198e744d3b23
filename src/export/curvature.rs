//! The numbers of a curvature for its files.
//!
//! | asked for by | single numbers | arrays of the `.npz` |
//! |---|---|---|
//! | always | `loss`, `gradient_norm` | |
//! | `--top` | `smallest`, `smallest_residual` | `eigenvalues`, `residuals`, `converged` `[top]` |
//! | `--trace` | `trace`, `trace_error`, `frobenius_squared`, `frobenius_squared_error` | |
//! | `--density` | `density_width` | `lambda`, `density` `[2001]`; `nodes`, `weights` `[probes · steps]` |
//! | `--to` | | `line_alpha`, `line_loss`, `line_slope`, `line_curvature`, `line_gradient_norm` `[points]` |
//! | `--along-gradient` | `effective_smoothness` | `variation_rate`, `variation_distance`, `variation_loss`, `variation_gradient_change`, `variation_smoothness`, `variation_cosine` `[points]` |
//! | `--map` | | `x` `[nx]`, `y` `[ny]`; `ratio`, `lambda_max`, `lambda_min`, `computed` `[ny, nx]`; `norms` `[2]` |
//!
//! The same tables in `.csv`: `eigenvalues`, `density`, `nodes`, `line`, `variation`, and `map` with a
//! row for every point, `x` running fastest. Errors are standard errors.

pub(super) mod figure;

use super::csv::Table;
use super::figure::FigureOptions;
use super::measure::Of::{self, Flag, Float};
use super::measure::{Measure, Numbers};
use super::npz::Column::{Flags, Floats};
use crate::engine::header::Header;
use crate::engine::local::curvature::CurvatureResult;
use crate::error::Result;
use crate::landscape::curvature::density::Density;
use crate::landscape::curvature::lanczos::{Eigenvalue, Eigenvalues};
use crate::landscape::curvature::line::LinePoint;
use crate::landscape::curvature::ratio::RatioGrid;
use crate::landscape::curvature::variation::VariationPoint;
pub use figure::check_picture;

impl Measure for CurvatureResult {
    fn header(&self) -> &Header {
        &self.header
    }

    fn numbers(&self) -> Numbers {
        let mut numbers = Numbers {
            single: vec![("loss", self.loss), ("gradient_norm", self.gradient_norm)],
            ..Numbers::default()
        };
        if let Some(found) = &self.eigenvalues {
            eigenvalues(&mut numbers, found);
        }
        if let Some(found) = &self.trace {
            numbers.single.extend([
                ("trace", found.trace.mean),
                ("trace_error", found.trace.standard_error),
                ("frobenius_squared", found.squares.mean),
                ("frobenius_squared_error", found.squares.standard_error),
            ]);
        }
        if let Some(found) = &self.density {
            density(&mut numbers, found);
        }
        if !self.line.is_empty() {
            numbers.rows(("line", "line_"), &self.line, &LINE);
        }
        if let Some(found) = &self.variation {
            let smoothness = found.effective_smoothness;
            numbers.single.push(("effective_smoothness", smoothness));
            let points = &self.along_gradient;
            numbers.rows(("variation", "variation_"), points, &VARIATION);
        }
        if let Some(found) = &self.map {
            map(&mut numbers, found);
        }
        numbers
    }

    fn document(&self, options: &FigureOptions) -> Result<String> {
        figure::document(self, options)
    }
}

fn eigenvalues(numbers: &mut Numbers, found: &Eigenvalues) {
    numbers.single.extend([
        ("smallest", found.smallest.value),
        ("smallest_residual", found.smallest.residual),
    ]);
    let columns: [(&str, Of<Eigenvalue>); 3] = [
        ("eigenvalues", Float(|e| e.value)),
        ("residuals", Float(|e| e.residual)),
        ("converged", Flag(|e| e.converged)),
    ];
    numbers.rows(("eigenvalues", ""), &found.top, &columns);
}

fn density(numbers: &mut Numbers, found: &Density) {
    let (lambda, values, width) = figure::drawn(found);
    numbers.single.push(("density_width", width));
    let columns = vec![("lambda", Floats(lambda)), ("density", Floats(values))];
    numbers.table("density", "", columns);
    let columns: [(&str, Of<[f64; 2]>); 2] =
        [("nodes", Float(|n| n[0])), ("weights", Float(|n| n[1]))];
    numbers.rows(("nodes", ""), &found.nodes, &columns);
}

/// The columns of what is found along a line.
const LINE: [(&str, Of<LinePoint>); 5] = [
    ("alpha", Float(|p| p.t)),
    ("loss", Float(|p| p.value)),
    ("slope", Float(|p| p.slope)),
    ("curvature", Float(|p| p.curvature)),
    ("gradient_norm", Float(|p| p.gradient_norm)),
];

/// The columns of what is found along the gradient.
const VARIATION: [(&str, Of<VariationPoint>); 6] = [
    ("rate", Float(|p| p.step)),
    ("distance", Float(|p| p.distance)),
    ("loss", Float(|p| p.value)),
    ("gradient_change", Float(|p| p.gradient_change)),
    ("smoothness", Float(|p| p.smoothness)),
    ("cosine", Float(|p| p.cosine)),
];

fn map(numbers: &mut Numbers, map: &RatioGrid) {
    let values = || {
        [
            ("ratio", Floats(map.ratio.clone())),
            ("lambda_max", Floats(map.largest.clone())),
            ("lambda_min", Floats(map.smallest.clone())),
            ("computed", Flags(map.computed.clone())),
        ]
    };
    let shape = vec![map.y.len(), map.x.len()];
    let axes = [("x", &map.x), ("y", &map.y), ("norms", &map.norms)];
    numbers
        .grids
        .extend(axes.map(|(name, axis)| (name.to_owned(), vec![axis.len()], Floats(axis.clone()))));
    numbers
        .grids
        .extend(values().map(|(name, column)| (name.to_owned(), shape.clone(), column)));
    let points = || {
        map.y
            .iter()
            .flat_map(|y| map.x.iter().map(move |x| (*x, *y)))
    };
    let mut columns = vec![
        ("x", Floats(points().map(|p| p.0).collect())),
        ("y", Floats(points().map(|p| p.1).collect())),
    ];
    columns.extend(values());
    numbers.tables.push((
        None,
        Table {
            name: "map",
            columns,
        },
    ));
}
