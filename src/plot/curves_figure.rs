//! Curves over a common axis, such as φ against ε: both axes linear or logarithmic.

use super::axes::{self, Axis};
use super::colormap::{Rgb, hex};
use super::draw::{Svg, path_data, rect_data};
use super::figure;
use super::legend::{self, Entry, SWATCH};
use super::scale::{Scale, finite_range};
use crate::error::{Error, Result};

const MARGIN: f64 = 4.0;
const ASPECT: f64 = 0.68;

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Its name in the legend.
    pub name: String,
    /// Its colour.
    pub color: Rgb,
    /// Where, ascending.
    pub x: Vec<f64>,
    /// Its values, as many; those without a place on the scale are left out.
    pub y: Vec<f64>,
}

/// Curves over a common axis.
#[derive(Debug, Clone, PartialEq)]
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
    /// Whether every value has a dot: few that were measured, not many of a formula.
    pub dots: bool,
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
        let place = |v: f64, scale: Scale| scale.forward(v).is_finite();
        let points: Vec<Vec<(f64, f64)>> = self
            .curves
            .iter()
            .map(|c| {
                let pairs = c.x.iter().copied().zip(c.y.iter().copied());
                pairs
                    .filter(|(x, y)| place(*x, self.x_scale) && place(*y, self.y_scale))
                    .collect()
            })
            .collect();
        let all = || points.iter().flatten();
        let (Some(xs), Some(ys)) = (
            finite_range(all().map(|p| p.0)),
            finite_range(all().map(|p| p.1)),
        ) else {
            return Err(Error::Slice("the curves have no values to draw".into()));
        };
        let page = figure::page_width(self.width_mm);
        let room = page - 2.0 * MARGIN;
        let mut svg = Svg::default();
        let mut top = MARGIN;
        if !self.title.trim().is_empty() {
            top = legend::title(&mut svg, &self.title, MARGIN, top, room) + 2.0;
        }
        let entries: Vec<Entry> = self.curves.iter().map(entry).collect();
        top = legend::entries(&mut svg, &entries, (MARGIN, top, room), None) + 4.0;
        let y_name = axes::name_lines(&self.y_label, 0.6 * room);
        let axis = |scale, (lo, hi): (f64, f64), from, to| Axis {
            scale,
            lo,
            hi: if hi > lo { hi } else { lo + lo.abs().max(1.0) },
            from,
            to,
        };
        let fit = |width: f64| {
            let y = axis(self.y_scale, ys, top + ASPECT * width, top);
            let left = MARGIN + axes::name_depth(&y_name) + axes::reach(&y.ticks_up());
            (left, (page - left - MARGIN - 8.0).max(24.0))
        };
        let (left, width) = (0..3).fold((0.0, 0.75 * room), |(_, width), _| fit(width));
        let bottom = top + ASPECT * width;
        let x = axis(self.x_scale, xs, left, left + width);
        let y = axis(self.y_scale, ys, bottom, top);
        if let Some(mark) = self.mark.map(|m| x.at(m)).filter(|m| m.is_finite()) {
            svg.path(
                &path_data(&[(mark, top), (mark, bottom)], false),
                r##"fill="none" stroke="#9a9a9a" stroke-width="0.6""##,
            );
        }
        let clip = svg.define(|name| {
            let frame = rect_data(left, top, width, bottom - top);
            format!(r#"<clipPath id="{name}"><path d="{frame}"/></clipPath>"#)
        });
        svg.element(&format!(r#"<g clip-path="url(#{clip})">"#));
        for (curve, points) in self.curves.iter().zip(&points) {
            let on_page: Vec<(f64, f64)> = points.iter().map(|p| (x.at(p.0), y.at(p.1))).collect();
            svg.line(&on_page, curve.color, 1.0);
            for point in on_page.into_iter().filter(|_| self.dots) {
                svg.dot(point, 1.1, &hex(curve.color), "none", 0.0);
            }
        }
        svg.element("</g>");
        axes::frame(&mut svg, left, top, width, bottom - top);
        axes::ticks_below(&mut svg, &x, &x.ticks_across(), bottom);
        let ticks = y.ticks_up();
        let ink = super::draw::INK;
        axes::ticks_beside(&mut svg, &y, &ticks, left, false, ink);
        let name_at = left - axes::reach(&ticks) - axes::name_depth(&y_name);
        axes::name_upwards(&mut svg, name_at, (top + bottom) / 2.0, &y_name, ink);
        let below = bottom + axes::depth() + axes::NAME_GAP;
        let middle = left + width / 2.0;
        let mut end = axes::name_below(
            &mut svg,
            &self.x_label,
            middle,
            below,
            (MARGIN, page - MARGIN),
        );
        end = legend::caption(&mut svg, &self.caption, MARGIN, end + 3.0, room);
        Ok(svg.finish(page, end + MARGIN, &self.title, &self.caption.join(" ")))
    }
}

fn entry(curve: &Curve) -> Entry<'_> {
    Entry {
        swatch: Some(Box::new(|svg: &mut Svg, left, middle| {
            svg.line(&[(left, middle), (left + SWATCH, middle)], curve.color, 1.2);
        })),
        text: curve.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_without_a_place_are_an_error_and_others_are_drawn() {
        let mut figure = CurvesFigure {
            curves: vec![Curve {
                name: "small batch".into(),
                color: [0, 0, 0],
                x: vec![1e-3, 1e-2, 1e-1],
                y: vec![0.5, f64::NAN, 50.0],
            }],
            x_label: "ε".into(),
            y_label: "φ (%)".into(),
            x_scale: Scale::Log,
            y_scale: Scale::Log,
            dots: true,
            mark: Some(1e-2),
            title: "Sharpness".into(),
            caption: Vec::new(),
            width_mm: 80.0,
        };
        let svg = figure.svg().unwrap();
        assert!(svg.contains("small batch") && svg.starts_with("<svg"));
        figure.curves[0].y = vec![-1.0, 0.0, f64::NAN];
        assert!(figure.svg().is_err());
    }
}
