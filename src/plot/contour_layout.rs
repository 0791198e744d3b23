//! Where the parts of a contour figure lie on its page.
//!
//! Sizes of text are fixed in points and the plot takes what room is left, so that a figure of any
//! width stays legible in print. It draws nothing.

use super::aspect::Aspect;
use super::axes::{self, Axis};
use super::figure::{self, ContourFigure};
use super::heat;
use super::number::format_value;
use super::scale::{self, Scale, Tick};
use super::surface::Surface;
use super::text;
use crate::error::{Error, Result};

/// Room at the border of the page, in points.
pub const MARGIN: f64 = 4.0;
/// Between the plot and the colour bar.
pub const BAR_GAP: f64 = 7.0;
/// Width of the colour bar.
pub const BAR_WIDTH: f64 = 7.0;
/// Height of the arrow on a colour bar that doesn't reach the largest value.
pub const BAR_TIP: f64 = 5.0;
/// A plot is at most this much higher than the room across the page.
const TALLEST: f64 = 1.3;
/// The names of vertical axes have at least this much room, however low the plot.
const NAME_ROOM: f64 = 60.0;
/// On a page narrower than this they have one line, and room for a longer one.
const NARROW: f64 = 140.0;
const NARROW_NAME_ROOM: f64 = 84.0;
/// A plot is at least so wide.
const LEAST: f64 = 12.0;

/// Where the plot lies and what its axes show.
pub struct Layout {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub x: Axis,
    pub y: Axis,
    pub x_ticks: Vec<Tick>,
    pub y_ticks: Vec<Tick>,
    pub y_name: Vec<String>,
    /// The colour bar, if there is anything to show.
    pub bar: Option<(Axis, Vec<Tick>)>,
    pub bar_name: Vec<String>,
    /// How far the names of vertical axes reach beyond the plot, above and below.
    pub over: f64,
    /// The plane's proportions.
    pub aspect: Aspect,
}

impl Layout {
    pub fn bounds(&self) -> (f64, f64, f64, f64) {
        (self.left, self.top, self.width, self.height)
    }

    pub fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.at(x), self.y.at(y))
    }

    /// Takes from the plot what the rounds left too wide or too high for its proportions.
    fn settle(&mut self) {
        let width = self.width.min(self.height * self.aspect.ratio);
        let height = width / self.aspect.ratio;
        self.left += (self.width - width) / 2.0;
        (self.width, self.height) = (width, height);
        (self.x.from, self.x.to) = (self.left, self.left + width);
        self.y.from = self.top + height;
        self.x_ticks = self.x.ticks_across();
        self.y_ticks = self.y.ticks_up();
        if let Some((axis, _)) = &mut self.bar {
            axis.from = self.top + height;
        }
    }
}

/// Lays out a figure over a page `page` points wide, its plot from `top` down.
pub fn layout(
    figure: &ContourFigure,
    surface: Option<&Surface>,
    page: f64,
    top: f64,
) -> Result<Layout> {
    let ends = |coordinates: &[f64], pick: fn(&(f64, f64)) -> f64| -> (f64, f64) {
        let borders = heat::borders(coordinates);
        if let (Some(lo), Some(hi)) = (borders.first(), borders.last()) {
            return (*lo, *hi);
        }
        let marked = figure.markers.iter().map(|m| (m.x, m.y));
        let points = figure
            .trajectories
            .iter()
            .flat_map(|t| t.points.iter().copied())
            .chain(marked);
        match scale::finite_range(points.map(|p| pick(&p))) {
            None => (-1.0, 1.0),
            Some((lo, hi)) => {
                let pad = (0.06 * (hi - lo)).max(1e-6 * hi.abs().max(lo.abs()));
                let pad = if pad > 0.0 { pad } else { 0.5 };
                (lo - pad, hi + pad)
            }
        }
    };
    let (xs, ys) = surface.map_or((&[][..], &[][..]), |s| (&s.x, &s.y));
    let (x_ends, y_ends) = (ends(xs, |p| p.0), ends(ys, |p| p.1));
    let spans = [x_ends, y_ends].map(|(lo, hi)| hi - lo);
    if spans.iter().any(|v| !v.is_finite()) {
        return Err(Error::Slice("the plane is too large to draw".to_owned()));
    }
    let aspect = Aspect::of(spans[0], spans[1]);
    let bar_ends = surface.and_then(|s| s.range).map(|(lo, hi)| {
        // A constant surface has a bar around its one value.
        let pad = if lo < hi {
            0.0
        } else {
            (lo.abs() * 0.1).max(f64::MIN_POSITIVE)
        };
        (lo - pad, hi + pad)
    });
    let tip = if surface.is_some_and(Surface::is_cut) {
        BAR_TIP
    } else {
        0.0
    };
    let quantity = figure::with_unit(&figure.quantity, &figure.unit);
    let fit = |height: f64| -> (Layout, f64) {
        let (limit, lines) = if page < NARROW {
            ((height + 8.0).max(NARROW_NAME_ROOM), 1)
        } else {
            ((height + 8.0).max(NAME_ROOM), 2)
        };
        let y_name = axes::name_lines(&figure.y_label, limit, lines);
        let bar_name = axes::name_lines(&quantity, limit, lines);
        let bar_names: &[String] = if bar_ends.is_some() { &bar_name } else { &[] };
        let longest = y_name.iter().chain(bar_names);
        let longest = longest.map(|line| text::width(line, axes::LABEL_SIZE));
        let over = ((longest.fold(0.0, f64::max) - height) / 2.0 - 4.0).max(0.0);
        let top = top + over;
        let y = Axis {
            scale: Scale::Linear,
            lo: y_ends.0,
            hi: y_ends.1,
            from: top + height,
            to: top,
        };
        let y_ticks = y.ticks_up();
        let bar = bar_ends.map(|(lo, hi)| {
            let axis = Axis {
                scale: figure.scale,
                lo,
                hi,
                from: top + height,
                to: top + tip,
            };
            let ticks = match surface.and_then(|s| s.range) {
                Some((lo, hi)) if lo == hi => vec![Tick {
                    value: lo,
                    label: format_value(lo),
                }],
                _ => axis.ticks_up(),
            };
            (axis, ticks)
        });
        let mut left = MARGIN + axes::name_depth(&y_name) + axes::reach(&y_ticks);
        let right = match &bar {
            Some((_, ticks)) => {
                BAR_GAP
                    + BAR_WIDTH
                    + axes::reach(ticks)
                    + axes::name_depth(&bar_name)
                    + MARGIN
                    + 1.0
            }
            None => MARGIN + 8.0,
        };
        let room = (page - left - right).max(LEAST);
        let wanted = (room / aspect.ratio).min(TALLEST * room);
        let width = wanted * aspect.ratio;
        left += (room - width) / 2.0;
        let x = Axis {
            scale: Scale::Linear,
            lo: x_ends.0,
            hi: x_ends.1,
            from: left,
            to: left + width,
        };
        let x_ticks = x.ticks_across();
        (
            Layout {
                left,
                top,
                width,
                height,
                x,
                y,
                x_ticks,
                y_ticks,
                y_name,
                bar,
                bar_name,
                over,
                aspect,
            },
            wanted,
        )
    };
    // Ticks depend on the height, the height on the width, the width on the ticks: rounds settle it.
    let settled = (0..4).fold(0.55 * page, |height, _| fit(height).1);
    let mut layout = fit(settled).0;
    layout.settle();
    Ok(layout)
}
