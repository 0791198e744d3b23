//! The cross-hair and what it reads.

use super::camera::Frame;
use super::picture::Picture;
use crate::app::theme::Palette;
use crate::export::figure::Metric;
use crate::model::losses::Score;
use crate::plot::number::{self, format_value};
use eframe::egui::{Color32, FontId, Galley, Painter, Pos2, Rect, Stroke, StrokeKind, Vec2};
use std::sync::Arc;

/// Between the pointer and its readout.
const AWAY: Vec2 = Vec2::new(14.0, 14.0);
const SIZE: f32 = 11.5;

/// A coordinate to as many digits as the zoom can tell apart.
pub fn coordinate(value: f64, span: f64) -> String {
    let magnitude = value.abs().max(span.abs());
    if !(1e-4..1e5).contains(&magnitude) {
        return format_value(value);
    }
    let decimals = (2.0 - (span / 2.0).abs().log10().floor()).clamp(0.0, 6.0) as usize;
    number::fixed(value, decimals)
}

/// A value of a metric as it is measured, in words: losses as they are, accuracies in per cent.
pub fn value(metric: Metric, value: f64, score: Score) -> String {
    if metric.is_loss() {
        format_value(value)
    } else {
        number::score(score, value)
    }
}

/// What the cross-hair reads at a point.
pub fn readout(picture: &Picture, frame: &Frame, point: (f64, f64)) -> [String; 2] {
    let x = coordinate(point.0, frame.x.1 - frame.x.0);
    let y = coordinate(point.1, frame.y.1 - frame.y.0);
    [format!("x {x}   y {y}"), reading(picture, point)]
}

/// The value at a point, or why there is none.
pub fn reading(picture: &Picture, point: (f64, f64)) -> String {
    let (metric, score) = (picture.coloring.metric, picture.coloring.score);
    match picture.value_at(point) {
        Ok(v) => format!("{} {}", metric.short(score), metric.worded(v, score)),
        Err(why) => why.to_owned(),
    }
}

/// Paints lines through a point, legible on any colour.
pub fn cross(painter: &Painter, frame: &Frame, at: Pos2) {
    let rect = frame.rect;
    let at = Pos2::new(
        painter.round_to_pixel_center(at.x),
        painter.round_to_pixel_center(at.y),
    );
    for (width, color) in [
        (3.0, Color32::from_black_alpha(70)),
        (1.0, Color32::from_white_alpha(220)),
    ] {
        let stroke = Stroke::new(width, color);
        painter.hline(rect.x_range(), at.y, stroke);
        painter.vline(at.x, rect.y_range(), stroke);
    }
}

/// Paints lines of words beside a place, on the side where there is room.
pub fn chip(painter: &Painter, within: Rect, at: Pos2, lines: &[String], palette: &Palette) {
    let galleys: Vec<Arc<Galley>> = lines
        .iter()
        .map(|l| painter.layout_no_wrap(l.clone(), FontId::proportional(SIZE), palette.text))
        .collect();
    let width = galleys.iter().map(|g| g.size().x).fold(0.0, f32::max);
    let height: f32 = galleys.iter().map(|g| g.size().y).sum();
    let size = Vec2::new(width + 14.0, height + 8.0);
    let mut corner = at + AWAY;
    if corner.x + size.x > within.right() {
        corner.x = at.x - AWAY.x - size.x;
    }
    if corner.y + size.y > within.bottom() {
        corner.y = at.y - AWAY.y - size.y;
    }
    let corner = corner.max(within.min);
    let rect = Rect::from_min_size(corner, size);
    painter.rect(
        rect,
        5.0,
        palette.card.gamma_multiply(0.95),
        Stroke::new(1.0, palette.line),
        StrokeKind::Inside,
    );
    let mut y = rect.top() + 4.0;
    for galley in galleys {
        let height = galley.size().y;
        painter.galley(Pos2::new(rect.left() + 7.0, y), galley, palette.text);
        y += height;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_have_the_digits_that_the_zoom_shows() {
        for (value, span, expected) in [
            (-0.214_36, 2.0, "−0.21"),
            (0.214_36, 0.02, "0.2144"),
            (-0.000_1, 2.0, "0.00"),
            (1234.6, 4000.0, "1235"),
            (3e30, 1e31, "3×10³⁰"),
        ] {
            assert_eq!(coordinate(value, span), expected);
        }
    }

    #[test]
    fn accuracies_are_per_cent_and_r2_is_a_number() {
        for (metric, given, score, expected) in [
            (Metric::TrainScore, 0.9953, Score::Accuracy, "99.53 %"),
            (Metric::TrainScore, 0.9953, Score::R2, "0.995"),
            (Metric::ValidationLoss, 0.0123, Score::Accuracy, "0.0123"),
            (Metric::TrainScore, f64::NAN, Score::Accuracy, "NaN"),
        ] {
            assert_eq!(value(metric, given, score), expected);
        }
    }
}
