//! How results look: nothing here computes anything anew.

use super::rows::{choice, named, row};
use crate::app::state::Look;
use crate::app::theme::{self, Palette};
use crate::export::figure::Metric;
use crate::model::losses::Score;
use crate::plot::colormap::Colormap;
use crate::plot::scale::Scale;
use eframe::egui::{self, Color32, Rect, Sense, Slider, Ui, Vec2};

const METRICS: [Metric; 4] = [
    Metric::TrainLoss,
    Metric::TrainScore,
    Metric::ValidationLoss,
    Metric::ValidationScore,
];

const SCALES: [(Option<Scale>, &str, &str); 3] = [
    (
        None,
        "Automatic",
        "Logarithmic where a loss spans a factor of 30",
    ),
    (Some(Scale::Linear), "Linear", "Equal steps"),
    (
        Some(Scale::Log),
        "Logarithmic",
        "Equal factors: shows the basin",
    ),
];

/// Draws the controls.
pub fn look_ui(ui: &mut Ui, look: &mut Look, score: Score, palette: &Palette) {
    let meaning = format!("The {}", score.meaning());
    let metrics = METRICS.map(|metric| {
        let help = match (metric.is_loss(), metric.is_of_training()) {
            (true, true) => "Mean over the training samples",
            (true, false) => "Mean over the held-out samples",
            (false, _) => meaning.as_str(),
        };
        (metric, metric.name(score), help)
    });
    choice(
        ui,
        "Metric",
        "What surfaces show",
        &mut look.metric,
        &metrics,
    );
    choice(
        ui,
        "Scale",
        "How colours and iso-lines spread over the values",
        &mut look.scale,
        &SCALES,
    );
    row(
        ui,
        "Colours",
        "The colour map of surfaces; all but plasma read well in grey, cividis for the colour-blind",
        |ui| {
            let combo = egui::ComboBox::from_id_salt("Colours")
                .selected_text(look.colormap.name())
                .show_ui(ui, |ui| {
                    for map in Colormap::ALL {
                        ui.horizontal(|ui| {
                            strip(ui, map, palette);
                            ui.selectable_value(&mut look.colormap, map, map.name());
                        });
                    }
                });
            named(
                &combo.response,
                egui::Role::ComboBox,
                "Colours",
                look.colormap.name(),
            );
            strip(ui, look.colormap, palette);
        },
    );
    row(
        ui,
        "Iso-lines",
        "About how many lines of equal value; 0 for none",
        |ui| {
            theme::slider_colours(ui, palette);
            let slider = ui.add(Slider::new(&mut look.levels, 0..=30));
            named(
                &slider,
                egui::Role::Slider,
                "Number of iso-lines",
                &look.levels.to_string(),
            );
        },
    );
    ui.checkbox(&mut look.level_labels, "Values on iso-lines")
        .on_hover_text("Write the value on each iso-line of the contour");
}

/// A small picture of a colour map.
fn strip(ui: &mut Ui, map: Colormap, palette: &Palette) {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(54.0, 12.0), Sense::hover());
    let steps = 27_u8;
    for i in 0..steps {
        let [r, g, b] = map.rgb((f64::from(i) + 0.5) / f64::from(steps));
        let width = rect.width() / f32::from(steps);
        let left = rect.left() + f32::from(i) * width;
        let cell = Rect::from_min_size(
            egui::pos2(left, rect.top()),
            Vec2::new(width + 0.5, rect.height()),
        );
        ui.painter()
            .rect_filled(cell, 0.0, Color32::from_rgb(r, g, b));
    }
    let line = egui::Stroke::new(1.0, palette.line);
    ui.painter()
        .rect_stroke(rect, 0.0, line, egui::StrokeKind::Outside);
}
