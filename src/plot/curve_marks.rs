//! What is drawn along one curve: its line, its ground, error bars, dots and the names of points,
//! and pointers from above the plot.

use super::colormap::hex;
use super::contour_label::Block;
use super::curve::{Curve, Form, Plot};
use super::draw::{Anchor, CAP, INK, Style, Svg, number, path_data};
use super::legend::{Entry, SWATCH};
use super::number::format_value;
use super::text;

/// Height of a row of pointers above the plot.
pub const POINTER_ROW: f64 = 13.0;
/// Font size of the names of points and of the values of pointers.
const NAME_SIZE: f64 = 5.8;
const DASHES: &str = r#" stroke-dasharray="3.2 2""#;
/// Radius of dots.
const DOT: f64 = 1.1;
/// Radius of rings.
const RING: f64 = 1.9;

/// A stretch of points on the page that all have a place.
type Run = Vec<(f64, f64)>;

fn runs(curve: &Curve, plot: &Plot) -> Vec<Run> {
    let pairs = curve.x.iter().zip(&curve.y);
    let on_page: Run = pairs.map(|(x, y)| (plot.x.at(*x), plot.y.at(*y))).collect();
    let has_place = |p: &(f64, f64)| p.0.is_finite() && p.1.is_finite();
    on_page
        .split(|p| !has_place(p))
        .filter(|run| !run.is_empty())
        .map(<[_]>::to_vec)
        .collect()
}

/// The curve itself, to be clipped by the frame.
pub fn curve(svg: &mut Svg, curve: &Curve, plot: &Plot) {
    let color = hex(curve.color);
    let runs = runs(curve, plot);
    if curve.form == Form::Area {
        for run in &runs {
            let (Some(first), Some(last)) = (run.first(), run.last()) else {
                continue;
            };
            let mut ground = run.clone();
            ground.extend([(last.0, plot.bottom), (first.0, plot.bottom)]);
            let fill = format!(r#"fill="{color}" fill-opacity="0.16""#);
            svg.path(&path_data(&ground, true), &fill);
        }
    }
    bars(svg, curve, plot);
    let (width, dashes) = match curve.form {
        Form::Rings => (0.0, ""),
        Form::Dashed => (0.8, DASHES),
        Form::Area => (0.7, ""),
        Form::Line | Form::Dotted => (1.0, ""),
    };
    if width > 0.0 {
        let data: String = runs.iter().map(|run| path_data(run, false)).collect();
        let stroke = format!(
            r#"fill="none" stroke="{color}" stroke-width="{width}" stroke-linejoin="round"{dashes}"#
        );
        svg.path(&data, &stroke);
    }
    for point in runs.iter().flatten() {
        match curve.form {
            Form::Dotted => svg.dot(*point, DOT, &color, "none", 0.0),
            Form::Rings => svg.dot(*point, RING, "#fff", &color, 0.9),
            Form::Line | Form::Dashed | Form::Area => {}
        }
    }
}

/// The ends of a curve's error bars.
pub fn bar_ends(curve: &Curve) -> impl Iterator<Item = f64> {
    let pairs = curve.y.iter().zip(&curve.errors);
    let finite = pairs.filter(|(y, e)| y.is_finite() && e.is_finite());
    finite.flat_map(|(y, e)| [y - e, y + e])
}

fn bars(svg: &mut Svg, curve: &Curve, plot: &Plot) {
    let mut data = String::new();
    for ((x, y), error) in curve.x.iter().zip(&curve.y).zip(&curve.errors) {
        let at = plot.x.at(*x);
        let [low, high] = [y - error, y + error].map(|v| plot.y.at(v));
        if !(at.is_finite() && high.is_finite() && error.is_finite()) {
            continue;
        }
        // An end without a logarithm lies below any axis.
        let low = if low.is_finite() { low } else { plot.bottom };
        for end in [low, high] {
            data += &path_data(&[(at - 1.8, end), (at + 1.8, end)], false);
        }
        data += &path_data(&[(at, low), (at, high)], false);
    }
    let color = hex(curve.color);
    svg.path(
        &data,
        &format!(r#"fill="none" stroke="{color}" stroke-width="0.6""#),
    );
}

/// The names of a curve's points, above them and to their right, where the frame leaves room and none
/// of the `taken` blocks lies.
pub fn labels(svg: &mut Svg, curve: &Curve, plot: &Plot, taken: &mut Vec<Block>) {
    let right = plot.left + plot.width;
    let points = curve.x.iter().zip(&curve.y).zip(&curve.labels);
    for ((x, y), label) in points {
        let (x, y) = (plot.x.at(*x), plot.y.at(*y));
        if !(x.is_finite() && y.is_finite()) {
            continue;
        }
        let width = text::width(label, NAME_SIZE);
        let at = (x + 2.6).min(right - width - 2.0);
        let over = y - 3.2;
        let baseline = if over - NAME_SIZE * CAP < plot.top + 1.0 {
            y + 3.2 + NAME_SIZE * CAP
        } else {
            over
        };
        // With room for a space, so that two names don't read as one.
        let (top, room) = (baseline - NAME_SIZE * CAP, width + 3.0);
        let block = Block::upright(at, top, room, NAME_SIZE * CAP);
        if taken.iter().any(|t| t.meets(&block)) {
            continue;
        }
        taken.push(block);
        let mut style = Style::new(NAME_SIZE, Anchor::Start, INK);
        style.halo = Some([255; 3]);
        svg.text(at, baseline, label, style);
    }
}

/// Triangles above the frame that point at values of the horizontal axis, under their numbers, from
/// the largest on as far as these stand apart.
pub fn pointers(svg: &mut Svg, curve: &Curve, plot: &Plot, row: usize) {
    let tip = plot.top - 1.2 - POINTER_ROW * row as f64;
    let right = plot.left + plot.width;
    let mut values = curve.pointers.clone();
    values.sort_by(|a, b| b.total_cmp(a));
    let places: Vec<(f64, f64)> = values
        .iter()
        .map(|v| (*v, plot.x.at(*v)))
        .filter(|(_, at)| (plot.left..=right).contains(at))
        .collect();
    let mut data = String::new();
    let mut free = right + 8.0;
    for (index, &(value, at)) in places.iter().enumerate() {
        let corners = [(at, tip), (at - 1.9, tip - 3.4), (at + 1.9, tip - 3.4)];
        data += &path_data(&corners, true);
        let label = format_value(value);
        let half = text::width(&label, NAME_SIZE) / 2.0;
        // Over two triangles a number would be taken for either's.
        let next = places.get(index + 1).map_or(f64::NEG_INFINITY, |p| p.1);
        if at + half <= free && next <= at - half - 1.0 {
            let style = Style::new(NAME_SIZE, Anchor::Middle, curve.color);
            svg.text(at, tip - 5.2, &label, style);
            free = at - half - 2.5;
        }
    }
    svg.path(&data, &format!(r#"fill="{}""#, hex(curve.color)));
}

/// The legend's entry of a curve.
pub fn entry(curve: &Curve) -> Entry<'_> {
    let color = hex(curve.color);
    let form = curve.form;
    let swatch = move |svg: &mut Svg, left: f64, middle: f64| {
        let line = path_data(&[(left, middle), (left + SWATCH, middle)], false);
        let stroke = |width: f64, dashes: &str| {
            format!(r#"fill="none" stroke="{color}" stroke-width="{width}"{dashes}"#)
        };
        match form {
            Form::Dotted | Form::Line => svg.path(&line, &stroke(1.2, "")),
            Form::Dashed => svg.path(&line, &stroke(0.8, DASHES)),
            Form::Rings => svg.dot((left + SWATCH / 2.0, middle), RING, "#fff", &color, 0.9),
            Form::Area => {
                let [x, y, w] = [left, middle - 2.6, SWATCH].map(number);
                svg.path(
                    &format!("M{x} {y}h{w}v5.2h-{w}Z"),
                    &format!(r#"fill="{color}" fill-opacity="0.16""#),
                );
                let top = path_data(
                    &[(left, middle - 2.6), (left + SWATCH, middle - 2.6)],
                    false,
                );
                svg.path(&top, &stroke(0.9, ""));
            }
        }
    };
    Entry {
        swatch: Some(Box::new(swatch)),
        text: curve.name.clone(),
    }
}
