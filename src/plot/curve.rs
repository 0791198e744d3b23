//! A curve of a figure, and where its plot lies on the page.

use super::axes::Axis;
use super::colormap::Rgb;

/// How a curve is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// A line with a dot at every point.
    #[default]
    Dotted,
    /// A line.
    Line,
    /// A dashed line: a rule to compare with.
    Dashed,
    /// A line over a light ground that reaches down to the axis.
    Area,
    /// Rings without a line.
    Rings,
}

impl Form {
    pub(super) fn has_dots(self) -> bool {
        matches!(self, Self::Dotted | Self::Rings)
    }
}

/// One curve.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curve {
    /// Its name in the legend; without one it has no entry there.
    pub name: String,
    /// Its colour.
    pub color: Rgb,
    /// Where, ascending.
    pub x: Vec<f64>,
    /// Its values, as many; those without a place on the scale are left out.
    pub y: Vec<f64>,
    /// How it is drawn.
    pub form: Form,
    /// Half lengths of error bars, as many as values, or none; those that aren't finite are left out.
    pub errors: Vec<f64>,
    /// Names of the points, as many as values, or none; one that would lie over an earlier one is left
    /// out.
    pub labels: Vec<String>,
    /// Places on the horizontal axis pointed at from above the plot, with their values.
    pub pointers: Vec<f64>,
}

/// Where a plot lies on its page.
pub(super) struct Plot {
    pub x: Axis,
    pub y: Axis,
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub bottom: f64,
}
