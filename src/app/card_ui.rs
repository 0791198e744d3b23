//! What the cards of the side panel are made of: their frame, metrics of a checkpoint, named buttons.

use super::theme::Palette;
use crate::landscape::evaluate::Metrics;
use crate::model::losses::Score;
use crate::plot::number::{self, format_value};
use eframe::egui::{self, CornerRadius, Frame, Margin, RichText, Stroke, Ui};

/// The frame of a card, marked where something on it has failed.
pub fn card(palette: &Palette, failed: bool) -> Frame {
    let stroke = if failed {
        Stroke::new(1.5, palette.error)
    } else {
        Stroke::new(1.0, palette.line)
    };
    Frame::new()
        .fill(palette.card)
        .stroke(stroke)
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin::symmetric(10, 8))
}

/// Metrics of a checkpoint, a line a split; dashes until they are there.
pub fn metrics_ui(
    ui: &mut Ui,
    metrics: Option<&[Metrics]>,
    splits: (bool, bool),
    score: Score,
    palette: &Palette,
) {
    let mut metrics = metrics.unwrap_or_default().iter();
    for (split, there) in [("train", splits.0), ("valid.", splits.1)] {
        if !there {
            continue;
        }
        let words = metrics.next().map_or_else(
            || format!("{split}  –"),
            |m| {
                format!(
                    "{split}  {}, {}",
                    score.of_loss(&format_value(m.loss)),
                    in_words(score, m.score)
                )
            },
        );
        ui.label(RichText::new(words).color(palette.weak))
            .on_hover_text(format!(
                "Mean loss and {}, over all samples of the split",
                score.meaning()
            ));
    }
}

/// Gives a button whose words are short a name for a screen reader.
pub fn named_button(response: &egui::Response, name: &str) {
    let (enabled, name) = (response.enabled(), name.to_owned());
    response.widget_info(move || egui::WidgetInfo::labeled(egui::Role::Button, enabled, &name));
}

/// An accuracy by its unit, other scores by their name.
fn in_words(score: Score, value: f64) -> String {
    let words = number::score(score, value);
    if score.is_share() {
        words
    } else {
        format!("{} {words}", score.name())
    }
}
