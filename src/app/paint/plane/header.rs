//! Above a plane: which metric on which scale, and how good what is shown is.

use super::picture::Coloring;
use crate::app::state::Look;
use crate::app::theme::Palette;
use crate::engine::job::Job;
use crate::engine::live::{LiveSurface, Quality};
use crate::export::figure::Metric;
use crate::model::losses::Score;
use crate::plot::number;
use crate::plot::scale::Scale;
use eframe::egui::{
    self, Align, Color32, ComboBox, CornerRadius, Frame, Label, Layout, Margin, Response, RichText,
    Ui,
};

const METRICS: [Metric; 4] = [
    Metric::TrainLoss,
    Metric::TrainScore,
    Metric::ValidationLoss,
    Metric::ValidationScore,
];
const SCALES: [Option<Scale>; 3] = [None, Some(Scale::Linear), Some(Scale::Log)];
const METRIC_HELP: &str = "What the colours show at every point of the plane, as a mean over the samples: the loss, or what tells how good the answers are (accuracy, R²)";
const SCALE_HELP: &str = "How colours and iso-lines spread over the values. Auto is logarithmic where a loss spans a factor of 30, since linear levels would leave the basin empty";

/// How far what is shown can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Exactly what was asked for.
    Done,
    /// The right plane, still getting better.
    Rough,
    /// Another plane than the one asked for.
    Other,
}

/// What a view is about to show and what was asked for.
pub struct Asked {
    /// Where the plane's centre is to stand.
    pub alpha: f64,
    /// Whether the plane moves with α.
    pub follows: bool,
    /// Whether what is shown belongs to the plane asked for at all.
    pub current: bool,
    /// Whether refining was stopped by hand.
    pub stopped: bool,
}

/// How good a surface is, in few words.
pub fn badge(shown: &LiveSurface, asked: &Asked) -> (String, Trust) {
    if !asked.current {
        return (
            "before the change, the new plane computes".into(),
            Trust::Other,
        );
    }
    if asked.follows && shown.alpha != asked.alpha {
        let [shown, wanted] = [shown.alpha, asked.alpha].map(number::alpha);
        let words = if asked.stopped {
            format!("around α = {shown}, stopped before α = {wanted}")
        } else {
            format!("around α = {shown} while α = {wanted} computes")
        };
        return (words, Trust::Other);
    }
    let outcome = &shown.outcome;
    let (all, missing) = (outcome.points(), outcome.missing());
    let (nx, ny) = shown.surface().map_or((0, 0), |s| (s.x.len(), s.y.len()));
    let how = match shown.quality {
        Quality::Coarse(samples) => format!("coarse, {samples} samples"),
        Quality::Sampled(samples) => format!("{samples} samples, all to come"),
        Quality::Filling => format!("filling, {} of {all}", all - missing),
        Quality::Full => {
            let samples = match &outcome.header.job {
                Job::Surface(job) => job.setup.samples,
                _ => None,
            };
            let samples = samples.map_or("all samples".into(), |n| format!("{n} samples"));
            match &outcome.header.interpolation {
                Some(facts) => format!("{samples}, {} computed", facts.computed),
                None => samples,
            }
        }
    };
    let words = format!("{nx} × {ny}, {how}");
    if shown.quality == Quality::Full {
        return (words, Trust::Done);
    }
    let stopped = if asked.stopped { ", stopped" } else { "" };
    (format!("{words}{stopped}"), Trust::Rough)
}

/// Draws a badge.
pub fn badge_ui(ui: &mut Ui, (words, trust): &(String, Trust), palette: &Palette) -> Response {
    let (color, help) = match trust {
        Trust::Done => (
            palette.weak,
            "Every point of the grid over every sample asked for; where a tolerance was asked for, points between computed ones are interpolated",
        ),
        Trust::Rough => (
            palette.here,
            "What is shown gets better by itself. Between points not yet computed colours are interpolated; where they are few, each one computed has a dot",
        ),
        Trust::Other => (
            palette.warning,
            "The picture asked for isn't there yet, so that the nearest one stays",
        ),
    };
    Frame::new()
        .fill(
            palette
                .panel
                .lerp_to_gamma(color, if palette.dark { 0.16 } else { 0.1 }),
        )
        .corner_radius(CornerRadius::same(9))
        .inner_margin(Margin::symmetric(7, 3))
        .show(ui, |ui| {
            let text = RichText::new(words).small().color(ink(color, palette));
            ui.add(Label::new(text).truncate())
        })
        .inner
        .on_hover_text(help)
}

/// Coloured words on a tint of their own colour need the stronger ink.
fn ink(color: Color32, palette: &Palette) -> Color32 {
    if color == palette.weak {
        palette.weak
    } else {
        color.lerp_to_gamma(palette.text, 0.25)
    }
}

/// Draws the choice of metric and, where that leaves room for what comes next, of the scale.
pub fn chooser_ui(
    ui: &mut Ui,
    look: &mut Look,
    coloring: Option<&Coloring>,
    score: Score,
    next: f32,
) {
    let metric = ComboBox::from_id_salt("metric")
        .selected_text(look.metric.name(score))
        .width(132.0)
        .show_ui(ui, |ui| {
            for metric in METRICS {
                ui.selectable_value(&mut look.metric, metric, metric.name(score));
            }
        });
    named(
        &metric.response.on_hover_text(METRIC_HELP),
        "Metric",
        look.metric.name(score),
    );
    if ui.available_width() < 110.0 + next {
        return;
    }
    let automatic = coloring.filter(|_| look.scale.is_none()).map(|c| c.scale);
    let words = |scale: Option<Scale>| match (scale, automatic) {
        (Some(Scale::Linear), _) => "Linear",
        (Some(Scale::Log), _) => "Logarithmic",
        (None, Some(Scale::Linear)) => "Auto: linear",
        (None, Some(Scale::Log)) => "Auto: log",
        (None, None) => "Auto",
    };
    let scale = ComboBox::from_id_salt("scale")
        .selected_text(words(look.scale))
        .width(88.0)
        .show_ui(ui, |ui| {
            for scale in SCALES {
                ui.selectable_value(&mut look.scale, scale, words(scale));
            }
        });
    named(
        &scale.response.on_hover_text(SCALE_HELP),
        "Scale",
        words(look.scale),
    );
}

/// A name and a value for a screen reader.
fn named(response: &Response, name: &str, value: &str) {
    let enabled = response.enabled();
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ComboBox, enabled, name);
        info.current_text_value = Some(value.to_owned());
        info
    });
}

/// One line: `left` from the left, the badge from the right, truncated where there is no room.
pub fn header_ui(
    ui: &mut Ui,
    palette: &Palette,
    badge: Option<&(String, Trust)>,
    left: impl FnOnce(&mut Ui),
) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        left(ui);
        if let Some(badge) = badge.filter(|_| ui.available_width() > 60.0) {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                badge_ui(ui, badge, palette);
            });
        }
    });
}
