//! The two vertical axes of the line: losses to the left, accuracies or R² to the right, and what lies beyond.

use crate::landscape::table::Column;
use crate::model::losses::Score;
use crate::plot::line_range;
use crate::plot::number::{self, format_value};
use crate::plot::scale::Scale;
use eframe::egui::{self, Color32, Ui};
use egui_plot::PlotTransform;

/// Accuracies and R² share the plot: 0 to 1 are mapped to the losses' range.
#[derive(Clone, Copy)]
pub struct Mapping {
    /// Of the losses.
    pub scale: Scale,
    /// The lowest place on that scale.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

impl Mapping {
    /// Of the range that shows what lies between the minimizers and what goes on from there.
    pub fn of(alpha: &[f64], columns: &[&Column], log: bool) -> Option<Self> {
        let scale = if log { Scale::Log } else { Scale::Linear };
        let losses: Vec<&[f64]> = columns.iter().map(|c| c.loss.as_slice()).collect();
        let (low, high) = line_range::range(scale, alpha, &losses, &[])?;
        let (low, high) = (scale.forward(low), scale.forward(high));
        let margin = 0.04 * (high - low).max(1e-3 * high.abs()).max(1e-9);
        Some(Self {
            scale,
            low: low - margin,
            high: high + margin,
        })
    }

    /// Held to what a screen can tell apart, far beyond the range: a point at 10⁴⁵ has no place there.
    pub fn held(self, position: f64) -> f64 {
        let far = 1e3 * (self.high - self.low);
        position.clamp(self.low - far, self.high + far)
    }

    /// Where a loss lies.
    pub fn loss(self, value: f64) -> f64 {
        self.scale.forward(value)
    }

    /// Where a score lies.
    pub fn score(self, value: f64) -> f64 {
        self.held(self.low + value * (self.high - self.low))
    }

    /// Above all curves, with room for the names of the minimizers.
    pub fn top(self) -> f64 {
        self.score(1.13)
    }
}

/// Accuracies in per cent, or R², along the right edge: the second axis of the plot.
pub fn shares(ui: &Ui, transform: &PlotTransform, mapping: Mapping, color: Color32, score: Score) {
    let frame = transform.frame();
    let painter = ui.painter().with_clip_rect(*frame);
    let place = |share: f64| transform.position_from_point_y(mapping.score(share));
    // Numbers at the ends stand inside of them.
    let all = [0.0, 0.25, 0.5, 0.75, 1.0];
    let every = if place(0.0) - place(0.25) < 18.0 {
        2
    } else {
        1
    };
    for share in all.into_iter().step_by(every) {
        let y = place(share);
        let tick = egui::Stroke::new(1.0, color);
        painter.hline(frame.right() - 4.0..=frame.right(), y, tick);
        let align = match share {
            0.0 => egui::Align2::RIGHT_BOTTOM,
            1.0 => egui::Align2::RIGHT_TOP,
            _ => egui::Align2::RIGHT_CENTER,
        };
        let at = egui::pos2(frame.right() - 7.0, y);
        painter.text(
            at,
            align,
            if score.is_share() {
                number::percent_to(share, 0)
            } else {
                format_value(share)
            },
            egui::FontId::proportional(10.5),
            color,
        );
    }
}

/// Where a loss leaves the top or the bottom of what is seen, an arrow and how far it goes.
pub fn beyond(
    ui: &Ui,
    transform: &PlotTransform,
    (mapping, color): (Mapping, Color32),
    alpha: &[f64],
    losses: &[&[f64]],
) {
    let frame = transform.frame();
    let painter = ui.painter().with_clip_rect(*frame);
    let bounds = transform.bounds();
    let (low, high) = (bounds.min()[1], bounds.max()[1]);
    // Of all curves the value farthest out, −1 below, 1 above.
    let farthest = |i: usize| -> (i8, f64) {
        let values = losses.iter().filter_map(|l| l.get(i)).copied();
        let placed = values.filter(|v| mapping.loss(*v).is_finite());
        placed.fold((0, f64::NAN), |(side, most), v| match mapping.loss(v) {
            y if y > high && (side < 1 || v > most) => (1, v),
            y if y < low && (side == 0 || side == -1 && v < most) => (-1, v),
            _ => (side, most),
        })
    };
    let seen = |a: &f64| (bounds.min()[0]..=bounds.max()[0]).contains(a);
    let out: Vec<(f64, i8, f64)> = alpha
        .iter()
        .enumerate()
        .filter(|(_, a)| seen(a))
        .map(|(i, a)| {
            let (side, value) = farthest(i);
            (*a, side, value)
        })
        .collect();
    for run in out.chunk_by(|a, b| a.1 == b.1) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        let side = first.1;
        if side == 0 {
            continue;
        }
        let x = |at: f64| transform.position_from_point_x(at);
        let y = if side > 0 {
            frame.top() + 1.5
        } else {
            frame.bottom() - 1.5
        };
        let stroke = egui::Stroke::new(3.0, color);
        painter.hline(x(first.0) - 2.0..=x(last.0) + 2.0, y, stroke);
        let values = run.iter().map(|r| r.2);
        let (most, arrow, align) = if side > 0 {
            (
                values.fold(f64::MIN, f64::max),
                "↑",
                egui::Align2::CENTER_TOP,
            )
        } else {
            (
                values.fold(f64::MAX, f64::min),
                "↓",
                egui::Align2::CENTER_BOTTOM,
            )
        };
        let words = format!("{arrow} {}", format_value(most));
        let font = egui::FontId::proportional(10.5);
        let half = 0.5
            * painter
                .layout_no_wrap(words.clone(), font.clone(), color)
                .size()
                .x;
        let middle = (0.5 * (x(first.0) + x(last.0)))
            .min(frame.right() - 44.0 - half)
            .max(frame.left() + 4.0 + half);
        // Below the names of the minimizers, which stand at the top.
        let inwards = if side > 0 { 17.0 } else { -5.0 };
        painter.text(egui::pos2(middle, y + inwards), align, words, font, color);
    }
}
