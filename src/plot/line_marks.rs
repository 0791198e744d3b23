//! What lies inside a line figure: curves, names of minimizers, the barrier, and the marks of
//! points that have no place.
//!
//! It knows axes and values; the page around them is laid out in `line_figure`.

use super::axes::Axis;
use super::colormap::{self, Rgb, hex};
use super::draw::{Anchor, CAP, FAINT, Style, Svg, number, path_data};
use super::figure::LineFigure;
use super::legend::LEGEND_SIZE;
use super::line_range::interpolated;
use super::number::format_value;
use super::text;
use std::borrow::Cow;

/// Width of lines of data.
pub const LINE: f64 = 1.15;
/// The dashes of a validation line, as an attribute.
pub const DASHES: &str = r#" stroke-dasharray="3.2 2""#;

/// One metric as it is drawn.
pub struct Series<'a> {
    pub name: String,
    /// As they stand on the axis: nats, per cent.
    pub values: Cow<'a, [f64]>,
    pub is_loss: bool,
    pub is_dashed: bool,
}

impl Series<'_> {
    pub fn color(&self) -> Rgb {
        if self.is_loss {
            colormap::LOSS
        } else {
            colormap::ACCURACY
        }
    }
}

/// A minimizer's name above the plot.
pub struct Name {
    pub x: f64,
    pub middle: f64,
    pub text: String,
    /// 0 is the row farthest from the plot.
    pub row: usize,
}

/// The minimizers that lie on the axis, from left to right; names that would touch take two rows.
pub fn names(figure: &LineFigure, x: &Axis) -> Vec<Name> {
    let mut markers: Vec<_> = figure
        .markers
        .iter()
        .filter(|m| m.alpha >= x.lo && m.alpha <= x.hi)
        .collect();
    markers.sort_by(|a, b| a.alpha.total_cmp(&b.alpha));
    let mut names: Vec<Name> = Vec::new();
    for marker in markers {
        let text = text::ellipsized(&marker.name, LEGEND_SIZE, x.length() * 0.6);
        let half = text::width(&text, LEGEND_SIZE) / 2.0;
        let at = x.at(marker.alpha);
        let middle = at.max(x.from - 10.0 + half).min(x.to + 10.0 - half);
        names.push(Name {
            x: at,
            middle,
            text,
            row: 0,
        });
    }
    let half = |n: &Name| text::width(&n.text, LEGEND_SIZE) / 2.0;
    let touch = names
        .windows(2)
        .any(|w| w[1].middle - w[0].middle < half(&w[0]) + half(&w[1]) + 5.0);
    if touch {
        names
            .iter_mut()
            .enumerate()
            .for_each(|(i, n)| n.row = i % 2);
    }
    names
}

/// Draws a metric's line, and rings along an accuracy.
pub fn curve(svg: &mut Svg, series: &Series, alpha: &[f64], x: &Axis, y: &Axis) {
    let points: Vec<(f64, f64)> = alpha
        .iter()
        .zip(series.values.iter())
        .map(|(a, v)| (x.at(*a), y.at(*v)))
        .collect();
    let color = hex(series.color());
    let runs = || {
        points
            .split(|p| !p.1.is_finite())
            .filter(|run| !run.is_empty())
    };
    let data: String = runs()
        .filter(|run| run.len() > 1)
        .map(|run| path_data(run, false))
        .collect();
    let dashes = if series.is_dashed { DASHES } else { "" };
    svg.path(
        &data,
        &format!(
            r#"fill="none" stroke="{color}" stroke-width="{LINE}" stroke-linejoin="round"{dashes}"#
        ),
    );
    // A point between two holes has no line to be seen by.
    for run in runs().filter(|run| run.len() == 1) {
        svg.dot(run[0], 1.0, &color, &color, 0.0);
    }
    if !series.is_loss {
        let stride = points.len().div_ceil(12).max(1);
        // Shifted for the dashed line, so that rings of two close lines alternate.
        let shift = if series.is_dashed {
            stride * 3 / 4
        } else {
            stride / 4
        };
        for point in points
            .iter()
            .skip(shift)
            .step_by(stride)
            .filter(|p| p.1.is_finite())
        {
            svg.dot(*point, 1.5, "#fff", &color, 0.8);
        }
    }
}

/// A bar and a sign at the border for each stretch of points that the plot doesn't show: "∞" and "NaN"
/// above, "≤ 0" below on a logarithmic scale, and how far a line goes on beyond its axis.
pub fn marks_of_lost(svg: &mut Svg, series: &[&Series], alpha: &[f64], x: &Axis, y: &Axis) {
    #[derive(Clone, Copy, PartialEq)]
    enum Lost {
        Infinite,
        NotANumber,
        NotPositive,
        Above,
        Below,
    }
    let lost = |i: usize| -> Option<Lost> {
        let all = || series.iter().filter_map(|s| s.values.get(i));
        let values = || all().filter(|v| y.scale.forward(**v).is_nan());
        Some(match values().next() {
            Some(_) if values().any(|v| v.is_infinite()) => Lost::Infinite,
            Some(v) if v.is_nan() => Lost::NotANumber,
            Some(_) => Lost::NotPositive,
            None if all().any(|v| *v > y.hi) => Lost::Above,
            None if all().any(|v| *v < y.lo) => Lost::Below,
            None => return None,
        })
    };
    // The farthest value of a stretch.
    let farthest = |start: usize, end: usize, worse: fn(f64, f64) -> f64| {
        let values = series.iter().filter_map(|s| s.values.get(start..=end));
        let placed = values.flatten().copied().filter(|v| v.is_finite());
        placed.reduce(worse).map(format_value).unwrap_or_default()
    };
    let Some(color) = series.first().map(|s| s.color()) else {
        return;
    };
    let kinds: Vec<Option<Lost>> = (0..alpha.len()).map(lost).collect();
    let half = x.length() / alpha.len().max(2) as f64 / 2.0;
    let mut start = 0;
    for run in kinds.chunk_by(|a, b| a == b) {
        let end = start + run.len() - 1;
        if let (Some(Some(kind)), Some(a), Some(b)) =
            (run.first(), alpha.get(start), alpha.get(end))
        {
            let (a, b) = ((x.at(*a) - half).max(x.from), (x.at(*b) + half).min(x.to));
            let (word, edge, sign) = match kind {
                Lost::Infinite => ("∞".to_owned(), y.to, 1.0),
                Lost::NotANumber => ("NaN".to_owned(), y.to, 1.0),
                Lost::NotPositive => ("≤ 0".to_owned(), y.from, -1.0),
                Lost::Above => (format!("↑ {}", farthest(start, end, f64::max)), y.to, 1.0),
                Lost::Below => (
                    format!("↓ {}", farthest(start, end, f64::min)),
                    y.from,
                    -1.0,
                ),
            };
            // Accuracy keeps below the loss, should both be lost.
            let inset = if series.first().is_some_and(|s| s.is_loss) {
                0.0
            } else {
                10.0
            };
            let bar = edge + sign * (inset + 1.0);
            svg.line(&[(a, bar), (b, bar)], color, 2.0);
            let size = if word == "∞" { 8.0 } else { LEGEND_SIZE };
            let middle = edge + sign * (inset + 2.6 + size * CAP / 2.0);
            let width = text::width(&word, size) / 2.0;
            let at = ((a + b) / 2.0)
                .max(x.from + width + 1.0)
                .min(x.to - width - 1.0);
            let mut style = Style::new(size, Anchor::Middle, color);
            style.halo = Some([255; 3]);
            svg.text(at, middle + size * CAP / 2.0, &word, style);
        }
        start = end + 1;
    }
}

/// The straight chord between the minimizers at 0 and 1, and the largest excess over it.
pub fn barrier(
    svg: &mut Svg,
    figure: &LineFigure,
    series: &[Series],
    x: &Axis,
    y: &Axis,
    (top, bottom): (f64, f64),
) {
    let (Some(barrier), Some(loss)) = (figure.barrier, series.iter().find(|s| s.is_loss)) else {
        return;
    };
    let at = |alpha: f64| interpolated(&figure.alpha, &loss.values, alpha);
    let (Some(from), Some(to)) = (at(0.0), at(1.0)) else {
        return;
    };
    let chord = |alpha: f64| (1.0 - alpha) * from + alpha * to;
    let (foot, head) = (
        y.at(chord(barrier.alpha)),
        y.at(chord(barrier.alpha) + barrier.height),
    );
    let at_x = x.at(barrier.alpha);
    let inside = |v: f64| v >= top - 0.5 && v <= bottom + 0.5;
    if !inside(foot) || !inside(head) || !(x.from..=x.to).contains(&at_x) {
        return;
    }
    // A chord is straight only on a linear axis.
    let points: Vec<(f64, f64)> = (0..=40)
        .map(|i| f64::from(i) / 40.0)
        .map(|a| (x.at(a), y.at(chord(a))))
        .filter(|p| p.1.is_finite())
        .collect();
    let ink = hex(FAINT);
    svg.path(
        &path_data(&points, false),
        &format!(r#"fill="none" stroke="{ink}" stroke-width="0.6" stroke-dasharray="1 1.4""#),
    );
    if (foot - head).abs() > 2.0 {
        let tip = (foot - head).signum() * 1.6;
        let ends = [head, foot].map(number);
        let cap = |v: &str| format!("M{} {v}h3.2", number(at_x - tip.abs()));
        let data = format!(
            "M{} {}V{}{}{}",
            number(at_x),
            ends[0],
            ends[1],
            cap(&ends[0]),
            cap(&ends[1])
        );
        svg.path(
            &data,
            &format!(r#"fill="none" stroke="{ink}" stroke-width="0.7""#),
        );
    }
    let words = format!("barrier {}", format_value(barrier.height));
    let width = text::width(&words, LEGEND_SIZE);
    // Over the crest, where the loss leaves paper free.
    let at = at_x
        .max(x.from + width / 2.0 + 2.0)
        .min(x.to - width / 2.0 - 2.0);
    let mut style = Style::new(LEGEND_SIZE, Anchor::Middle, FAINT);
    style.halo = Some([255; 3]);
    let over = head.min(foot) - 4.0;
    let baseline = if over - LEGEND_SIZE > top + 10.0 {
        over
    } else {
        head.max(foot) + 4.0 + LEGEND_SIZE * CAP
    };
    svg.text(at, baseline, &words, style);
}
