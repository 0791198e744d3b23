//! Figures as plain structs: what is drawn, apart from how.
//!
//! A contour figure shows a surface over a plane, a line figure the way between two minimizers.
//! They hold numbers and words only, so that the window, the command line and a test can all make
//! one; `svg` turns each into an SVG document. What they were computed from is the caller's to say
//! in the caption.

use serde::{Deserialize, Serialize};

use super::colormap::Colormap;
use super::scale::Scale;

/// Width of a figure unless told otherwise, in millimetres: a column of a paper.
pub const WIDTH_MM: f64 = 80.0;

/// Which iso-lines to draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Levels {
    /// About so many at round values; 0 for none.
    Auto(usize),
    /// At these values.
    Given(Vec<f64>),
}

impl Default for Levels {
    fn default() -> Self {
        Self::Auto(12)
    }
}

/// What a marked point is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarkerKind {
    /// A minimizer: a star.
    #[default]
    Minimizer,
    /// Another checkpoint: a dot.
    Point,
    /// Where something starts: a ring.
    Start,
    /// Where something ends: a square.
    End,
}

/// A marked point of the plane.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Marker {
    /// Its coordinate along the first axis.
    pub x: f64,
    /// Its coordinate along the second axis.
    pub y: f64,
    /// Its name; may be empty.
    pub label: String,
    /// What it is.
    pub kind: MarkerKind,
}

/// A path through the plane, in the order of training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trajectory {
    /// Its name in the legend; may be empty.
    pub label: String,
    /// Its points as (x, y).
    pub points: Vec<(f64, f64)>,
}

/// A surface over a plane as colours and iso-lines, or with no values just trajectories in a plane.
/// A unit is as long on both axes, unless that would leave a sliver, which the figure then says.
#[derive(Clone, Debug, PartialEq)]
pub struct ContourFigure {
    /// Coordinates of the columns, strictly ascending or descending.
    pub x: Vec<f64>,
    /// Coordinates of the rows, strictly ascending or descending.
    pub y: Vec<f64>,
    /// Values [y, x], in `unit`; ±∞ and NaN are drawn as non-finite. Empty for no surface.
    pub values: Vec<f64>,
    /// Whether each value was computed; empty when all were.
    pub computed: Vec<bool>,
    /// What the values are, such as "Training loss".
    pub quantity: String,
    /// Their unit, such as "nats"; empty for none.
    pub unit: String,
    /// How colours and levels spread over values.
    pub scale: Scale,
    /// The values at the ends of the colours; `None` to take them from the surface.
    pub range: Option<(f64, f64)>,
    /// Which iso-lines.
    pub levels: Levels,
    /// Which colours.
    pub colormap: Colormap,
    /// The name of the first axis.
    pub x_label: String,
    /// The name of the second axis.
    pub y_label: String,
    /// Marked points.
    pub markers: Vec<Marker>,
    /// Paths.
    pub trajectories: Vec<Trajectory>,
    /// A short title; may be empty.
    pub title: String,
    /// Small lines below: how the figure was made.
    pub caption: Vec<String>,
    /// Width of the page in millimetres, held to 40..1000.
    pub width_mm: f64,
}

impl Default for ContourFigure {
    fn default() -> Self {
        Self {
            x: Vec::new(),
            y: Vec::new(),
            values: Vec::new(),
            computed: Vec::new(),
            quantity: "Training loss".to_owned(),
            unit: String::new(),
            scale: Scale::Linear,
            range: None,
            levels: Levels::default(),
            colormap: Colormap::default(),
            x_label: "α".to_owned(),
            y_label: "β".to_owned(),
            markers: Vec::new(),
            trajectories: Vec::new(),
            title: String::new(),
            caption: Vec::new(),
            width_mm: WIDTH_MM,
        }
    }
}

/// A named place on a line between minimizers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LineMarker {
    /// Where on the line.
    pub alpha: f64,
    /// Its name, such as "small batch".
    pub name: String,
}

/// The largest excess of the loss over the straight chord between the minimizers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Barrier {
    /// Where it is.
    pub alpha: f64,
    /// The loss there less the chord's value there, in the loss's unit.
    pub height: f64,
}

/// Loss and accuracy along a line through two minimizers (Keskar et al. 2017, figure 3).
#[derive(Clone, Debug, PartialEq)]
pub struct LineFigure {
    /// The points of the line, ascending.
    pub alpha: Vec<f64>,
    /// Mean training loss at each point; ±∞ and NaN are marked at the border.
    pub train_loss: Option<Vec<f64>>,
    /// Mean validation loss.
    pub validation_loss: Option<Vec<f64>>,
    /// Training accuracy in [0, 1].
    pub train_accuracy: Option<Vec<f64>>,
    /// Validation accuracy in [0, 1].
    pub validation_accuracy: Option<Vec<f64>>,
    /// The minimizers.
    pub markers: Vec<LineMarker>,
    /// The barrier of the training loss, or of the validation loss where that is the only one.
    pub barrier: Option<Barrier>,
    /// The name of the horizontal axis.
    pub x_label: String,
    /// The unit of the loss; empty for none.
    pub unit: String,
    /// The scale of the loss.
    pub scale: Scale,
    /// A short title; may be empty.
    pub title: String,
    /// Small lines below: how the figure was made.
    pub caption: Vec<String>,
    /// Width of the page in millimetres, held to 40..1000.
    pub width_mm: f64,
}

impl Default for LineFigure {
    fn default() -> Self {
        let marker = |alpha, name: &str| LineMarker {
            alpha,
            name: name.to_owned(),
        };
        Self {
            alpha: Vec::new(),
            train_loss: None,
            validation_loss: None,
            train_accuracy: None,
            validation_accuracy: None,
            markers: vec![marker(0.0, "small batch"), marker(1.0, "large batch")],
            barrier: None,
            x_label: "α".to_owned(),
            unit: "nats".to_owned(),
            scale: Scale::Linear,
            title: String::new(),
            caption: Vec::new(),
            width_mm: WIDTH_MM,
        }
    }
}

/// A quantity with its unit, as the name of an axis.
pub(super) fn with_unit(quantity: &str, unit: &str) -> String {
    if unit.is_empty() {
        quantity.to_owned()
    } else {
        format!("{quantity} ({unit})")
    }
}

/// The width of the page in points.
pub(super) fn page_width(width_mm: f64) -> f64 {
    let mm = if width_mm.is_finite() {
        width_mm.clamp(40.0, 1000.0)
    } else {
        WIDTH_MM
    };
    mm * super::draw::POINTS_PER_MM
}
