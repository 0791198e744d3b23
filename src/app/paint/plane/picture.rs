//! A surface made ready to show: a texture, iso-lines and what is known of its holes.
//!
//! Making one takes milliseconds, so it is made once for each version of the surface and each look
//! and then only painted. It knows the plane's coordinates; where they lie on the screen is
//! `camera`'s business.

use super::camera::Extent;
use crate::app::paint::sheet::Sheet;
use crate::app::state::Look;
use crate::engine::live::LiveSurface;
use crate::export::figure::Metric;
use crate::model::losses::Score;
use crate::plot::aspect::Aspect;
use crate::plot::colormap::{Colormap, luminance};
use crate::plot::contour::{self, Polyline};
use crate::plot::figure::{ContourFigure, Levels};
use crate::plot::heat;
use crate::plot::number::format_value;
use crate::plot::scale::{Scale, robust_range};
use crate::plot::surface::{Hole, Surface};
use eframe::egui::{Color32, ColorImage};
use std::sync::Arc;

/// Pixels along the longer side of a texture, about: enough that no screen shows more.
const PIXELS: usize = 248;
/// Pixels of a texture between two grid points, at most.
const MOST_PER_CELL: usize = 8;

/// How values become colours.
#[derive(Debug, Clone, PartialEq)]
pub struct Coloring {
    /// What is shown, accuracies in per cent.
    pub metric: Metric,
    /// What the metric's score is.
    pub score: Score,
    /// How colours and levels spread.
    pub scale: Scale,
    /// The values at the ends of the colours; `None` where there is no value.
    pub range: Option<(f64, f64)>,
    /// Which colours.
    pub colormap: Colormap,
    /// The iso-lines: about how many, or which.
    pub levels: Levels,
}

impl Coloring {
    /// One for several surfaces together.
    ///
    /// # Errors
    /// Words where a surface lacks the metric.
    pub fn of(surfaces: &[&LiveSurface], look: &Look) -> Result<Self, String> {
        let mut values = Vec::new();
        let score = surfaces
            .first()
            .map(|s| s.outcome.header.model.criterion.score());
        for surface in surfaces {
            values.extend(values_of(surface, look.metric)?);
        }
        let scale = look
            .scale
            .unwrap_or_else(|| look.metric.usual_scale(&values));
        Ok(Self {
            metric: look.metric,
            score: score.unwrap_or_default(),
            scale,
            range: robust_range(scale, &values),
            colormap: look.colormap,
            levels: look.levels(),
        })
    }

    /// The values of the iso-lines.
    pub fn level_values(&self) -> Vec<f64> {
        match (self.metric.levels(&self.levels, self.score), self.range) {
            (Levels::Given(values), Some(_)) => values,
            (Levels::Auto(count), Some((lo, hi))) if count > 0 => {
                crate::plot::scale::levels(self.scale, lo, hi, count)
            }
            _ => Vec::new(),
        }
    }

    /// The colour of a value.
    pub fn color(&self, value: f64) -> [u8; 3] {
        self.colormap.rgb(self.fraction(value))
    }

    /// Where a value lies between the ends of the colours.
    pub fn fraction(&self, value: f64) -> f64 {
        let (lo, hi) = self.range.unwrap_or((0.0, 0.0));
        let place = |v| self.scale.forward(v);
        heat::fraction(place(value), place(lo), place(hi))
    }

    /// The metric with its unit.
    pub fn name(&self) -> String {
        self.metric.with_unit(self.score)
    }
}

/// The values of a metric as people read them, or words where there are none.
fn values_of(surface: &LiveSurface, metric: Metric) -> Result<Vec<f64>, String> {
    let numbers = surface.surface().ok_or("There is no surface to show")?;
    let missing = || {
        format!(
            "{} isn't computed: metrics are taken over the other split only",
            metric.name(numbers.table.score)
        )
    };
    metric.shown(&numbers.table).map_err(|_| missing())
}

/// Dark on light colours, light on dark ones: never below WCAG's 4.5 to 1.
pub fn ink_on(ground: [u8; 3]) -> Color32 {
    if luminance(ground) < 0.179 {
        Color32::WHITE
    } else {
        Color32::BLACK
    }
}

/// The iso-lines of one value.
pub struct Level {
    /// Its name on the lines.
    pub label: String,
    /// Its colour.
    pub ink: Color32,
    /// The lines, in the plane's coordinates.
    pub lines: Vec<Polyline>,
}

/// A surface ready to show.
pub struct Picture {
    /// What is shown.
    pub shown: Arc<LiveSurface>,
    /// How.
    pub coloring: Coloring,
    /// The values, with stand-ins where they are not computed yet.
    pub surface: Surface,
    /// What it covers.
    pub extent: Extent,
    /// The iso-lines.
    pub levels: Vec<Level>,
    /// Nodes computed, where that is few of them: they get a dot each.
    pub sparse: Vec<(f64, f64)>,
    /// Points without a finite value, and those where nothing is known yet.
    pub holes: [(Hole, usize); 3],
    /// Counts up whenever anything changes.
    pub serial: u64,
    /// The colours over the whole extent.
    pub colors: Sheet,
}

impl Picture {
    /// Makes a picture that follows an older one.
    ///
    /// # Errors
    /// Words to show instead.
    pub fn new(
        old: Option<&Self>,
        shown: &Arc<LiveSurface>,
        coloring: Coloring,
    ) -> Result<Self, String> {
        let values = values_of(shown, coloring.metric)?;
        let numbers = shown.surface().ok_or("There is no surface to show")?;
        let figure = ContourFigure {
            x: numbers.x.clone(),
            y: numbers.y.clone(),
            values,
            computed: numbers.table.known(),
            scale: coloring.scale,
            // A single value has no ends to spread between.
            range: coloring.range.filter(|(lo, hi)| lo < hi),
            levels: coloring.levels.clone(),
            ..ContourFigure::default()
        };
        let mut surface = Surface::new(&figure)
            .map_err(|e| e.to_string())?
            .ok_or("The surface has no points")?;
        let extent = Extent::of(&surface.x, &surface.y).ok_or("The surface has no points")?;
        let non_finite = surface.count(Hole::NonFinite);
        let estimated = surface.fill_in();
        let holes = [
            (Hole::NonFinite, non_finite),
            (Hole::NotPositive, surface.count(Hole::NotPositive)),
            (Hole::NotComputed, surface.count(Hole::NotComputed)),
        ];
        let image = image(&surface, &coloring);
        let serial = old.map_or(0, |o| o.serial) + 1;
        Ok(Self {
            shown: Arc::clone(shown),
            levels: levels(&surface, &coloring),
            sparse: sparse(&surface, &estimated, &numbers.table.computed),
            surface,
            extent,
            holes,
            serial,
            coloring,
            colors: Sheet::of_pixels(image),
        })
    }

    /// Whether this is the picture of a version and a look.
    pub fn is(&self, shown: &LiveSurface, coloring: &Coloring) -> bool {
        self.shown.version == shown.version && self.coloring == *coloring
    }

    /// The value shown at a point, or why there is none.
    pub fn value_at(&self, (x, y): (f64, f64)) -> Result<f64, &'static str> {
        let found = heat::value_at(&self.surface.grid(), x, y);
        let (position, column, row) = found.ok_or("outside the grid")?;
        if position.is_finite() {
            return Ok(self.coloring.scale.inverse(position));
        }
        Err(
            match self.surface.holes.get(row * self.surface.x.len() + column) {
                Some(Some(Hole::NotComputed)) => "not computed",
                Some(Some(Hole::NotPositive)) => "≤ 0",
                _ => "not finite",
            },
        )
    }

    /// The distance of grid points along both axes.
    pub fn spacing(&self) -> (f64, f64) {
        let step = |c: &[f64], (lo, hi): (f64, f64)| (hi - lo) / (c.len().max(2) - 1) as f64;
        (
            step(&self.surface.x, self.extent.x),
            step(&self.surface.y, self.extent.y),
        )
    }

    /// The proportions in which it is drawn.
    pub fn aspect(&self) -> Aspect {
        self.extent.aspect()
    }

    /// The name of an axis.
    pub fn axis(&self, index: usize) -> &str {
        let axes = &self.shown.outcome.header.axes;
        axes.get(index).map_or("", |a| a.label.as_str())
    }
}

fn image(surface: &Surface, coloring: &Coloring) -> ColorImage {
    let Some((lo, hi)) = coloring.range else {
        return ColorImage::filled([1, 1], Color32::TRANSPARENT);
    };
    let range = (coloring.scale.forward(lo), coloring.scale.forward(hi));
    let cells = surface.x.len().max(surface.y.len()).max(1);
    let each = PIXELS.div_ceil(cells).clamp(1, MOST_PER_CELL);
    let (width, height) = (surface.x.len() * each, surface.y.len() * each);
    let rgba = heat::rgba(&surface.grid(), range, coloring.colormap, width, height);
    ColorImage::from_rgba_unmultiplied([width, height], &rgba)
}

fn levels(surface: &Surface, coloring: &Coloring) -> Vec<Level> {
    let level = |value: f64| Level {
        label: format_value(value),
        ink: ink_on(coloring.color(value)),
        lines: contour::iso_lines(&surface.grid(), coloring.scale.forward(value)),
    };
    coloring.level_values().into_iter().map(level).collect()
}

/// The computed nodes, where most of the picture only stands in for what is still to come.
fn sparse(surface: &Surface, estimated: &[bool], computed: &[bool]) -> Vec<(f64, f64)> {
    let done = computed.iter().filter(|c| **c).count();
    if 3 * done > computed.len() {
        return Vec::new();
    }
    let nx = surface.x.len().max(1);
    let is_computed = |i: &usize| !estimated[*i] && surface.holes[*i] != Some(Hole::NotComputed);
    (0..computed.len())
        .filter(is_computed)
        .map(|i| (surface.x[i % nx], surface.y[i / nx]))
        .collect()
}
