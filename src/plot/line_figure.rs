//! Lays out a line figure: loss on the left axis, accuracy on the right, over the way between two
//! minimizers.
//!
//! As in the paper's figure, training is solid and validation dashed. Accuracy also bears rings,
//! so that the two axes can be told apart in grey print. Points without a place are marked at the
//! border where they left the plot.

use super::axes::{self, Axis};
use super::colormap::{self, hex};
use super::draw::{Anchor, FAINT, Style, Svg, path_data, rect_data};
use super::figure::{self, LineFigure};
use super::legend::{self, Entry, LEGEND_SIZE, SWATCH};
use super::line_marks::{DASHES, LINE, Series, barrier, curve, marks_of_lost, names};
use super::line_range;
use super::number::format_value;
use super::scale::{self, Scale, Tick};
use crate::error::{Error, Result};
use std::borrow::Cow;

/// Room at the border of the page, in points.
const MARGIN: f64 = 4.0;
/// Height of the plot over its width.
const ASPECT: f64 = 0.68;
/// A vertical axis with its ticks.
struct Side {
    axis: Axis,
    ticks: Vec<Tick>,
    name: Vec<String>,
    is_loss: bool,
    /// The largest value, where the axis ends below it.
    beyond: Option<f64>,
}

impl LineFigure {
    /// The figure as an SVG document. Fails where a metric isn't as long as `alpha`, where α isn't
    /// finite and ascending, or where there is nothing to draw.
    pub fn svg(&self) -> Result<String> {
        drawn(self)
    }
}

fn drawn(figure: &LineFigure) -> Result<String> {
    let series = series(figure)?;
    let page = figure::page_width(figure.width_mm);
    let room = page - 2.0 * MARGIN;
    let mut svg = Svg::default();
    let mut top = MARGIN;
    if !figure.title.trim().is_empty() {
        top = legend::title(&mut svg, &figure.title, MARGIN, top, room) + 2.0;
    }
    // One line needs no legend: its axis has its name.
    let entries: Vec<Entry> = series
        .iter()
        .filter(|_| series.len() > 1)
        .map(entry)
        .collect();
    let columns = if entries.len() > 2 { 2 } else { entries.len() };
    top = legend::entries(&mut svg, &entries, (MARGIN, top, room), Some(columns)) + 2.0;

    let alpha_ends = match scale::finite_range(figure.alpha.iter().copied()) {
        Some((lo, hi)) if lo < hi => (lo, hi),
        Some((only, _)) => (only - 0.5, only + 0.5),
        None => (-1.0, 2.0),
    };
    let fit = |width: f64| -> (f64, f64) {
        let sides = sides(figure, &series, top, ASPECT * width);
        let reach = |side: Option<&Side>| match side {
            Some(side) => axes::name_depth(&side.name) + axes::reach(&side.ticks) + MARGIN,
            None => MARGIN + 8.0,
        };
        let (left, right) = (reach(sides.first()), reach(sides.get(1)));
        (left, (page - left - right).max(24.0))
    };
    // Ticks depend on the height, the height on the width, the width on the ticks: rounds settle it.
    let (left, width) = (0..3).fold((0.0, 0.75 * room), |(_, width), _| fit(width));
    let x = Axis {
        scale: Scale::Linear,
        lo: alpha_ends.0,
        hi: alpha_ends.1,
        from: left,
        to: left + width,
    };
    let names = names(figure, &x);
    let rows = names.iter().map(|n| n.row + 1).max().unwrap_or(0);
    top += rows as f64 * 8.5 + 1.0;
    let height = ASPECT * width;
    let sides = sides(figure, &series, top, height);
    let (bottom, right) = (top + height, left + width);

    for name in &names {
        svg.path(
            &path_data(&[(name.x, top), (name.x, bottom)], false),
            r##"fill="none" stroke="#9a9a9a" stroke-width="0.6""##,
        );
        let y = top - 3.0 - 8.5 * (rows - 1 - name.row) as f64;
        svg.text(
            name.middle,
            y,
            &name.text,
            Style::new(LEGEND_SIZE, Anchor::Middle, FAINT),
        );
    }
    let clip = svg.define(|name| {
        format!(
            r#"<clipPath id="{name}"><path d="{}"/></clipPath>"#,
            rect_data(left, top, width, height)
        )
    });
    let side_of = |s: &Series| sides.iter().find(|side| side.is_loss == s.is_loss);
    if let Some(side) = sides.iter().find(|s| s.is_loss) {
        barrier(&mut svg, figure, &series, &x, &side.axis, (top, bottom));
    }
    svg.element(&format!(r#"<g clip-path="url(#{clip})">"#));
    // Accuracy first, so that the loss, which the figure is about, lies on top.
    for s in series.iter().rev() {
        if let Some(side) = side_of(s) {
            curve(&mut svg, s, &figure.alpha, &x, &side.axis);
        }
    }
    svg.element("</g>");
    for side in &sides {
        let own: Vec<&Series> = series
            .iter()
            .filter(|s| s.is_loss == side.is_loss)
            .collect();
        marks_of_lost(&mut svg, &own, &figure.alpha, &x, &side.axis);
    }
    axes::frame(&mut svg, left, top, width, height);
    axes::ticks_below(&mut svg, &x, &x.ticks_across(), bottom);
    for (index, side) in sides.iter().enumerate() {
        let color = if side.is_loss {
            colormap::LOSS
        } else {
            colormap::ACCURACY
        };
        let reach = axes::reach(&side.ticks);
        let (at, name_at) = match index {
            0 => (left, left - reach - axes::name_depth(&side.name)),
            _ => (right, right + reach + axes::NAME_GAP),
        };
        axes::ticks_beside(&mut svg, &side.axis, &side.ticks, at, index > 0, color);
        axes::name_upwards(&mut svg, name_at, top + height / 2.0, &side.name, color);
    }

    let mut y = bottom + axes::depth() + axes::NAME_GAP;
    y = axes::name_below(
        &mut svg,
        &figure.x_label,
        left + width / 2.0,
        y,
        (MARGIN, page - MARGIN),
    );
    y = legend::entries(&mut svg, &notes(&series, &sides), (MARGIN, y, room), None) + 3.0;
    y = legend::caption(&mut svg, &figure.caption, MARGIN, y, room);
    let name = if figure.title.trim().is_empty() {
        "Loss and accuracy along a line"
    } else {
        &figure.title
    };
    Ok(svg.finish(page, y + MARGIN - 1.0, name, &figure.caption.join(" ")))
}

fn series(figure: &LineFigure) -> Result<Vec<Series<'_>>> {
    let n = figure.alpha.len();
    let in_order = figure.alpha.windows(2).all(|w| w[0] < w[1]);
    if !in_order || figure.alpha.iter().any(|a| !a.is_finite()) {
        return Err(Error::Slice(
            "the line's coordinates aren't finite and ascending".to_owned(),
        ));
    }
    let mut series = Vec::new();
    for (name, values, is_loss, is_dashed) in [
        ("training loss", &figure.train_loss, true, false),
        ("validation loss", &figure.validation_loss, true, true),
        ("training accuracy", &figure.train_accuracy, false, false),
        (
            "validation accuracy",
            &figure.validation_accuracy,
            false,
            true,
        ),
    ] {
        let Some(values) = values else { continue };
        if values.len() != n {
            return Err(Error::Slice(format!(
                "the {name} has {} values, but the line has {n} points",
                values.len()
            )));
        }
        // People read accuracies in per cent.
        let values = if is_loss {
            Cow::Borrowed(values.as_slice())
        } else {
            Cow::Owned(values.iter().map(|v| 100.0 * v).collect())
        };
        series.push(Series {
            name,
            values,
            is_loss,
            is_dashed,
        });
    }
    if series.is_empty() || n == 0 {
        return Err(Error::Slice(
            "the line holds no loss and no accuracy".to_owned(),
        ));
    }
    Ok(series)
}

fn sides(figure: &LineFigure, series: &[Series], top: f64, height: f64) -> Vec<Side> {
    let side = |is_loss: bool| -> Option<Side> {
        let own = series.iter().filter(|s| s.is_loss == is_loss);
        let values: Vec<f64> = own.flat_map(|s| s.values.iter().copied()).collect();
        if values.is_empty() {
            return None;
        }
        let scale = if is_loss { figure.scale } else { Scale::Linear };
        let range = if is_loss {
            let own = series.iter().filter(|s| s.is_loss);
            let losses: Vec<&[f64]> = own.map(|s| s.values.as_ref()).collect();
            line_range::range(
                scale,
                &figure.alpha,
                &losses,
                &barrier_ends(figure, &losses),
            )
        } else {
            scale::finite_range(values.iter().copied())
        };
        let largest = scale::finite_range(values.iter().copied()).map(|r| r.1);
        let beyond = range.and_then(|r| largest.filter(|l| *l > r.1));
        let (lo, hi) = padded(
            scale,
            range.unwrap_or(if is_loss { (0.1, 1.0) } else { (0.0, 100.0) }),
            is_loss,
        );
        let axis = Axis {
            scale,
            lo,
            hi,
            from: top + height,
            to: top,
        };
        let mut ticks = axis.ticks_up();
        if !is_loss {
            ticks.retain(|t| t.value <= 100.0 + 1e-7);
        }
        let mut own = series.iter().filter(|s| s.is_loss == is_loss);
        let name = match (own.next(), own.next()) {
            // Without a legend the axis tells which one it is.
            (Some(only), None) if series.len() == 1 => capitalised(only.name),
            _ if is_loss => "Loss".to_owned(),
            _ => "Accuracy".to_owned(),
        };
        let unit = if is_loss { &figure.unit } else { "%" };
        let name = figure::with_unit(&name, unit);
        let name = axes::name_lines(&name, height + 8.0, 2);
        Some(Side {
            axis,
            ticks,
            name,
            is_loss,
            beyond,
        })
    };
    [true, false].into_iter().filter_map(side).collect()
}

/// Where a barrier begins and ends: on the chord between the minimizers, and its height above that.
fn barrier_ends(figure: &LineFigure, losses: &[&[f64]]) -> Vec<f64> {
    let at = |alpha| {
        let first = losses.first()?;
        line_range::interpolated(&figure.alpha, first, alpha)
    };
    let ends = figure.barrier.zip(at(0.0)).zip(at(1.0));
    ends.map_or_else(Vec::new, |((barrier, from), to)| {
        let foot = (1.0 - barrier.alpha) * from + barrier.alpha * to;
        vec![foot, foot + barrier.height]
    })
}

/// The range of values with some air, in values.
fn padded(scale: Scale, (lo, hi): (f64, f64), is_loss: bool) -> (f64, f64) {
    let (a, b) = (scale.forward(lo), scale.forward(hi));
    let pad = if a < b {
        0.06 * (b - a)
    } else {
        (0.1 * b.abs()).max(if is_loss { 0.05 } else { 5.0 })
    };
    let (mut from, mut to) = (scale.inverse(a - pad), scale.inverse(b + pad));
    if scale == Scale::Linear {
        // A loss that nearly reaches zero is read better from a zero line.
        if is_loss && lo >= 0.0 && lo < 0.25 * hi {
            from = 0.0;
        }
        if !is_loss && hi <= 100.0 {
            to = to.min(100.0 + 0.35 * pad);
        }
    }
    let fits = from.is_finite() && to.is_finite() && from < to;
    if fits { (from, to) } else { (lo, hi) }
}

/// The legend's entry of a metric.
fn entry<'a>(series: &Series) -> Entry<'a> {
    let (color, is_loss, is_dashed) = (hex(series.color()), series.is_loss, series.is_dashed);
    let swatch = move |svg: &mut Svg, x: f64, y: f64| {
        let dashes = if is_dashed { DASHES } else { "" };
        let attributes = format!(r#"fill="none" stroke="{color}" stroke-width="{LINE}"{dashes}"#);
        svg.path(&path_data(&[(x, y), (x + SWATCH, y)], false), &attributes);
        if !is_loss {
            svg.dot((x + SWATCH / 2.0, y), 1.5, "#fff", &color, 0.8);
        }
    };
    Entry {
        swatch: Some(Box::new(swatch)),
        text: series.name.to_owned(),
    }
}

fn notes<'a>(series: &[Series], sides: &[Side]) -> Vec<Entry<'a>> {
    let mut notes = Vec::new();
    let mut count = |words: &str, is_lost: &dyn Fn(f64, Scale) -> bool| {
        let lost = |s: &Series| {
            let scale = sides
                .iter()
                .find(|side| side.is_loss == s.is_loss)
                .map(|side| side.axis.scale);
            s.values
                .iter()
                .filter(|v| is_lost(**v, scale.unwrap_or_default()))
                .count()
        };
        match series.iter().map(lost).sum::<usize>() {
            0 => {}
            1 => notes.push(format!("{words}: 1 point")),
            n => notes.push(format!("{words}: {n} points")),
        }
    };
    count("non-finite", &|v, _| !v.is_finite());
    count("≤ 0, without a logarithm", &|v, scale| {
        v.is_finite() && scale.forward(v).is_nan()
    });
    for side in sides {
        if let Some(largest) = side.beyond {
            notes.push(format!(
                "the largest finite value is {}",
                format_value(largest)
            ));
        }
    }
    notes
        .into_iter()
        .map(|text| Entry { swatch: None, text })
        .collect()
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
