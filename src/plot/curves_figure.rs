//! Curves over a common axis, such as φ against ε: both axes linear or logarithmic.
//!
//! What lies along one curve (its ground, error bars, dots and their names) is drawn in
//! `curve_marks`.

use super::axes::{self, Axis};
use super::curve::Plot;
pub use super::curve::{Curve, Form};
use super::curve_marks;
use super::draw::{INK, Svg, path_data, rect_data};
use super::figure;
use super::legend::{self, Entry};
use super::scale::{Scale, finite_range};
use crate::error::{Error, Result};

const MARGIN: f64 = 4.0;
/// Height of the plot over the width of the page, so that plots on pages of one width stand level.
const ASPECT: f64 = 0.55;
/// Air around curves, as a share of the axis.
const AIR: f64 = 0.02;
/// Around dots, which take room themselves.
const DOT_AIR: f64 = 0.04;

/// Curves over a common axis.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CurvesFigure {
    /// The curves.
    pub curves: Vec<Curve>,
    /// The name of the horizontal axis.
    pub x_label: String,
    /// The name of the vertical axis.
    pub y_label: String,
    /// The horizontal scale.
    pub x_scale: Scale,
    /// The vertical scale.
    pub y_scale: Scale,
    /// The least value of the vertical axis; `None` to take it from the curves.
    pub y_floor: Option<f64>,
    /// A marked place on the horizontal axis.
    pub mark: Option<f64>,
    /// A short title; may be empty.
    pub title: String,
    /// Small lines below: how the figure was made.
    pub caption: Vec<String>,
    /// Width of the page in millimetres, held to 40..1000.
    pub width_mm: f64,
}

impl CurvesFigure {
    /// The figure as an SVG document.
    ///
    /// # Errors
    /// Where no curve has a point with a place on both scales.
    pub fn svg(&self) -> Result<String> {
        let (xs, ys) = self.ends()?;
        let page = figure::page_width(self.width_mm);
        let room = page - 2.0 * MARGIN;
        let mut svg = Svg::default();
        let mut top = MARGIN;
        if !self.title.trim().is_empty() {
            top = legend::title(&mut svg, &self.title, MARGIN, top, room) + 2.0;
        }
        let named = self.curves.iter().filter(|c| !c.name.is_empty());
        let entries: Vec<Entry> = named.map(curve_marks::entry).collect();
        top = legend::entries(&mut svg, &entries, (MARGIN, top, room), None) + 4.0;
        let pointing = self.curves.iter().filter(|c| !c.pointers.is_empty());
        top += pointing.count() as f64 * curve_marks::POINTER_ROW;

        let y_name = axes::name_lines(&self.y_label, ASPECT * room + 8.0, 2);
        let axis = |scale, (lo, hi), from, to| Axis {
            scale,
            lo,
            hi,
            from,
            to,
        };
        let bottom = top + ASPECT * room;
        let y = axis(self.y_scale, ys, bottom, top);
        let ticks = y.ticks_up();
        let left = MARGIN + axes::name_depth(&y_name) + axes::reach(&ticks);
        let width = (page - left - MARGIN - 8.0).max(24.0);
        let plot = Plot {
            x: axis(self.x_scale, xs, left, left + width),
            y,
            left,
            top,
            width,
            bottom,
        };
        self.draw(&mut svg, &plot);

        axes::ticks_below(&mut svg, &plot.x, &plot.x.ticks_across(), bottom);
        axes::ticks_beside(&mut svg, &plot.y, &ticks, left, false, INK);
        let name_at = left - axes::reach(&ticks) - axes::name_depth(&y_name);
        axes::name_upwards(&mut svg, name_at, (top + bottom) / 2.0, &y_name, INK);
        let below = bottom + axes::depth() + axes::NAME_GAP;
        let middle = left + width / 2.0;
        let ends = (MARGIN, page - MARGIN);
        let mut end = axes::name_below(&mut svg, &self.x_label, middle, below, ends);
        end = legend::entries(&mut svg, &self.notes(), (MARGIN, end, room), None);
        end = legend::caption(&mut svg, &self.caption, MARGIN, end + 3.0, room);
        Ok(svg.finish(page, end + MARGIN, &self.title, &self.caption.join(" ")))
    }

    fn has_place(&self, (x, y): &(f64, f64)) -> bool {
        self.x_scale.forward(*x).is_finite() && self.y_scale.forward(*y).is_finite()
    }

    /// Where both axes start and end.
    fn ends(&self) -> Result<((f64, f64), (f64, f64))> {
        let points = || {
            let pairs = |c: &Curve| c.x.iter().copied().zip(c.y.clone()).collect::<Vec<_>>();
            self.curves
                .iter()
                .flat_map(pairs)
                .filter(|p| self.has_place(p))
        };
        let pointers = self.curves.iter().flat_map(|c| c.pointers.iter().copied());
        let pointers = pointers.filter(|p| self.x_scale.forward(*p).is_finite());
        let bars = self.curves.iter().flat_map(curve_marks::bar_ends);
        let bars = bars.filter(|v| self.y_scale.forward(*v).is_finite());
        let (Some(xs), Some(mut ys)) = (
            finite_range(points().map(|p| p.0).chain(pointers)),
            finite_range(points().map(|p| p.1).chain(bars)),
        ) else {
            return Err(Error::Slice("the curves have no values to draw".into()));
        };
        let floor = self.y_floor.filter(|f| *f < ys.1);
        ys.0 = floor.unwrap_or(ys.0);
        let dots = self.curves.iter().any(|c| c.form.has_dots());
        let air = if dots { DOT_AIR } else { AIR };
        let below = if floor.is_some() { 0.0 } else { air };
        let mut y_ends = aired(self.y_scale, ys, [below, air]);
        if self.y_scale == Scale::Linear && ys.0 >= 0.0 && ys.1 > 0.0 {
            // What is never negative has no air below zero.
            y_ends.0 = y_ends.0.max(0.0);
        }
        Ok((aired(self.x_scale, xs, [air; 2]), y_ends))
    }

    /// Everything inside the frame, the frame, and what points into it.
    fn draw(&self, svg: &mut Svg, plot: &Plot) {
        let across = |y: f64| [(plot.left, y), (plot.left + plot.width, y)];
        let thin = r##"fill="none" stroke="#9a9a9a" stroke-width="0.6""##;
        if let Some(mark) = self.mark.map(|m| plot.x.at(m)).filter(|m| m.is_finite()) {
            let ends = [(mark, plot.top), (mark, plot.bottom)];
            svg.path(&path_data(&ends, false), thin);
        }
        if self.y_scale == Scale::Linear && plot.y.lo < 0.0 && plot.y.hi > 0.0 {
            svg.path(&path_data(&across(plot.y.at(0.0)), false), thin);
        }
        let clip = svg.define(|name| {
            let frame = rect_data(plot.left, plot.top, plot.width, plot.bottom - plot.top);
            format!(r#"<clipPath id="{name}"><path d="{frame}"/></clipPath>"#)
        });
        svg.element(&format!(r#"<g clip-path="url(#{clip})">"#));
        for curve in &self.curves {
            curve_marks::curve(svg, curve, plot);
        }
        svg.element("</g>");
        let mut taken = Vec::new();
        for curve in &self.curves {
            curve_marks::labels(svg, curve, plot, &mut taken);
        }
        let (top, height) = (plot.top, plot.bottom - plot.top);
        axes::frame(svg, plot.left, top, plot.width, height);
        let pointing = self.curves.iter().filter(|c| !c.pointers.is_empty());
        for (row, curve) in pointing.enumerate() {
            curve_marks::pointers(svg, curve, plot, row);
        }
    }

    /// How many points are missing.
    fn notes(&self) -> Vec<Entry<'_>> {
        let lost = |c: &Curve| {
            let pairs = c.x.iter().copied().zip(c.y.iter().copied());
            pairs.filter(|p| !self.has_place(p)).count()
        };
        let text = match self.curves.iter().map(lost).sum::<usize>() {
            0 => return Vec::new(),
            1 => "1 point without a place on the axes".to_owned(),
            n => format!("{n} points without a place on the axes"),
        };
        vec![Entry { swatch: None, text }]
    }
}

/// A range with air below and above, as shares of it on its scale.
fn aired(scale: Scale, (lo, hi): (f64, f64), [below, above]: [f64; 2]) -> (f64, f64) {
    let (from, to) = (scale.forward(lo), scale.forward(hi));
    let span = if to > from {
        to - from
    } else {
        // A single value stands in the middle.
        return match scale {
            Scale::Linear if lo == 0.0 => (-1.0, 1.0),
            Scale::Linear => (lo - 0.1 * lo.abs(), lo + 0.1 * lo.abs()),
            Scale::Log => (lo / 2.0, lo * 2.0),
        };
    };
    let ends = (
        scale.inverse(from - below * span),
        scale.inverse(to + above * span),
    );
    let fits = ends.0.is_finite() && ends.1.is_finite() && ends.0 < ends.1;
    if fits { ends } else { (lo, hi) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_without_a_place_are_an_error_and_others_are_drawn() {
        let mut figure = CurvesFigure {
            curves: vec![Curve {
                name: "small batch".into(),
                x: vec![1e-3, 1e-2, 1e-1],
                y: vec![0.5, f64::NAN, 50.0],
                ..Curve::default()
            }],
            x_label: "ε".into(),
            y_label: "φ (%)".into(),
            x_scale: Scale::Log,
            y_scale: Scale::Log,
            mark: Some(1e-2),
            title: "Sharpness".into(),
            width_mm: 80.0,
            ..CurvesFigure::default()
        };
        let svg = figure.svg().unwrap();
        assert!(svg.contains("small batch") && svg.starts_with("<svg"));
        assert!(svg.contains("1 point without a place"));
        figure.curves[0].y = vec![-1.0, 0.0, f64::NAN];
        assert!(figure.svg().is_err());
    }

    #[test]
    fn a_single_value_and_a_constant_have_an_axis() {
        for (x, y) in [(vec![0.0], vec![0.0]), (vec![1.0, 2.0], vec![3.0, 3.0])] {
            let figure = CurvesFigure {
                curves: vec![Curve {
                    x,
                    y,
                    ..Curve::default()
                }],
                ..CurvesFigure::default()
            };
            let svg = figure.svg().unwrap();
            assert!(!svg.contains("NaN") && svg.contains("<circle"), "{svg}");
        }
    }
}
