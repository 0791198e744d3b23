//! How results look: nothing here computes anything anew.

use super::rows::{choice, named, row};
use crate::app::state::Look;
use crate::app::theme::{self, Palette};
use crate::engine::job::bounds;
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

const LEVELS_HELP: &str = "The values themselves, such as 0.1, 0.5, 1; accuracies from 0 to 1. Empty: spread by themselves";

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
    row(ui, "At values", LEVELS_HELP, |ui| levels_ui(ui, look));
    ui.checkbox(&mut look.level_labels, "Values on iso-lines")
        .on_hover_text("Write the value on each iso-line of the contour");
}

/// The values of iso-lines, as they are typed.
fn levels_ui(ui: &mut Ui, look: &mut Look) {
    let id = ui.scope_id().with("iso-lines at");
    let said = || {
        let values: Vec<String> = look.level_values.iter().map(f64::to_string).collect();
        values.join(", ")
    };
    let mut draft = ui.data(|d| d.get_temp(id)).unwrap_or_else(said);
    let field = egui::TextEdit::singleline(&mut draft)
        .hint_text("spread by themselves")
        .desired_width(ui.available_width().min(190.0));
    let response = ui.add(field).on_hover_text(LEVELS_HELP);
    named(
        &response,
        egui::Role::TextInput,
        "Values of iso-lines",
        &draft,
    );
    if response.has_focus() {
        ui.data_mut(|d| d.insert_temp(id, draft));
        return;
    }
    ui.data_mut(|d| d.remove_temp::<String>(id));
    if response.lost_focus() {
        let numbers = draft.split([',', ';', ' ']).filter(|n| !n.is_empty());
        let values: Option<Vec<f64>> = numbers
            .map(|n| n.parse().ok().filter(|v: &f64| v.is_finite()))
            .collect();
        // What is no list of numbers changes nothing.
        if let Some(mut values) = values.filter(|v| v.len() <= bounds::LEVELS.most()) {
            values.sort_by(f64::total_cmp);
            look.level_values = values;
        }
    }
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
