//! The experiment: a card for each checkpoint, one for the data, and how far apart they are.

use super::command::{Ask, Command, Place};
use super::state::State;
use super::theme::Palette;
use crate::engine::job::{BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_SMALL};
use crate::engine::live::{Snapshot, Stage};
use crate::landscape::evaluate::Metrics;
use crate::plot::number::{format_value, percent};
use eframe::egui::{
    self, Align, Color32, CornerRadius, Frame, Layout, Margin, RichText, Stroke, Ui,
};
use std::path::Path;

/// Draws the cards.
pub fn cards_ui(
    ui: &mut Ui,
    state: &mut State,
    news: &Snapshot,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    ui.add_space(8.0);
    failure_ui(ui, news, palette, commands);
    let facts = news.experiment.as_deref();
    let splits = facts.map_or((true, true), |f| f.splits);
    let wish = &state.wish;
    checkpoint_ui(
        ui,
        palette,
        palette.small,
        if wish.large.is_some() {
            "Small batch"
        } else {
            "Checkpoint"
        },
        Place::Small,
        Some(&wish.small),
        facts.map(|f| f.small.as_slice()),
        splits,
        commands,
    );
    ui.horizontal(|ui| {
        let pair = wish.large.is_some();
        let swap = ui
            .add_enabled(pair, egui::Button::new("↑↓ Swap"))
            .on_hover_text("Exchange the two minimizers");
        if swap.clicked() {
            commands.push(Command::Swap);
        }
        if let Some(apart) = facts.and_then(|f| f.apart.as_ref()) {
            ui.label(RichText::new(format!("{} apart", format_value(apart.total))).color(palette.weak))
                .on_hover_text(format!(
                    "L2 distance of the trained weights, {} of the small-batch minimizer's norm; cosine {}",
                    format_value(apart.relative),
                    format_value(apart.cosine)
                ));
        }
    });
    checkpoint_ui(
        ui,
        palette,
        palette.large,
        "Large batch",
        Place::Large,
        wish.large.as_deref(),
        facts.and_then(|f| f.large.as_deref()),
        splits,
        commands,
    );
    initial_ui(ui, state, news, palette, commands);
    data_ui(ui, state, news, palette, commands);
}

fn card(palette: &Palette) -> Frame {
    Frame::new()
        .fill(palette.card)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin::symmetric(10, 8))
}

/// A file's own name; the built-in ones have words.
pub fn name_of(path: &Path) -> String {
    match path.to_str() {
        Some(BUILTIN_SMALL) => "digits, batches of 16".into(),
        Some(BUILTIN_LARGE) => "digits, batches of 512".into(),
        Some(BUILTIN_INIT) => "digits, before training".into(),
        _ => path.file_name().map_or_else(
            || path.display().to_string(),
            |n| n.to_string_lossy().into(),
        ),
    }
}

#[expect(clippy::too_many_arguments, reason = "what a card shows")]
fn checkpoint_ui(
    ui: &mut Ui,
    palette: &Palette,
    color: Color32,
    title: &str,
    place: Place,
    path: Option<&Path>,
    metrics: Option<&[Metrics]>,
    splits: (bool, bool),
    commands: &mut Vec<Command>,
) {
    card(palette).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(RichText::new("●").color(color));
            ui.label(RichText::new(title).strong().color(color));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if path.is_some() && place != Place::Small {
                    let close = ui.small_button("×").on_hover_text("Close this checkpoint");
                    named_button(&close, &format!("Close {}", title.to_lowercase()));
                    if close.clicked() {
                        commands.push(Command::Close(place));
                    }
                }
                let open = ui.small_button("Open…");
                named_button(&open, &format!("Open {}…", title.to_lowercase()));
                if open.clicked() {
                    commands.push(Command::Ask(Ask::Checkpoint(place)));
                }
            });
        });
        let Some(path) = path else {
            ui.label(
                RichText::new("Open a second checkpoint to see the line between both")
                    .color(palette.weak),
            );
            return;
        };
        ui.add(egui::Label::new(name_of(path)).truncate())
            .on_hover_text(path.display().to_string());
        let mut metrics = metrics.unwrap_or_default().iter();
        for (split, there) in [("train", splits.0), ("valid.", splits.1)] {
            if !there {
                continue;
            }
            let words = metrics.next().map_or_else(
                || format!("{split}  –"),
                |m| {
                    format!(
                        "{split}  {} nats, {}",
                        format_value(m.loss),
                        percent(m.accuracy)
                    )
                },
            );
            ui.label(RichText::new(words).color(palette.weak))
                .on_hover_text(
                    "Mean loss in nats and share of right answers, over all samples of the split",
                );
        }
    });
}

fn named_button(response: &egui::Response, name: &str) {
    let (enabled, name) = (response.enabled(), name.to_owned());
    response.widget_info(move || egui::WidgetInfo::labeled(egui::Role::Button, enabled, &name));
}

fn initial_ui(
    ui: &mut Ui,
    state: &State,
    news: &Snapshot,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Initial weights").color(palette.weak));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if state.wish.initial.is_some() {
                let close = ui
                    .small_button("×")
                    .on_hover_text("Close the initial weights");
                named_button(&close, "Close initial weights");
                if close.clicked() {
                    commands.push(Command::Close(Place::Initial));
                }
            }
            let open = ui.small_button("Open…");
            named_button(&open, "Open initial weights…");
            if open.clicked() {
                commands.push(Command::Ask(Ask::Checkpoint(Place::Initial)));
            }
            if let Some(path) = &state.wish.initial {
                ui.add(egui::Label::new(name_of(path)).truncate())
                    .on_hover_text(path.display().to_string());
            }
        });
    });
    let facts = news.experiment.as_deref();
    let distance = |f: Option<&crate::landscape::distance::Distance>| {
        f.map_or_else(|| "–".to_owned(), |d| format_value(d.total))
    };
    if let Some(facts) = facts.filter(|f| f.small_from_initial.is_some()) {
        let mut words = format!(
            "moved {} (small batch)",
            distance(facts.small_from_initial.as_ref())
        );
        if facts.large_from_initial.is_some() {
            words.push_str(&format!(
                ", {} (large batch)",
                distance(facts.large_from_initial.as_ref())
            ));
        }
        ui.label(RichText::new(words).color(palette.weak))
            .on_hover_text("L2 distance of the trained weights from the initial ones");
    }
}

fn data_ui(
    ui: &mut Ui,
    state: &State,
    news: &Snapshot,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    card(palette).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(RichText::new("Network and data").strong());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let open = ui.small_button("Open…");
                named_button(&open, "Open data…");
                if open.clicked() {
                    commands.push(Command::Ask(Ask::Data));
                }
            });
        });
        let Some(facts) = news.experiment.as_deref() else {
            ui.label(RichText::new(&state.wish.plane.setup.data).color(palette.weak));
            return;
        };
        let model = &facts.model;
        let assumed = if model.assumptions.is_empty() {
            String::new()
        } else {
            format!("\n\nAssumed:\n{}", model.assumptions.join("\n"))
        };
        ui.label(format!(
            "{}, {} parameters",
            model.name,
            grouped(model.parameters)
        ))
        .on_hover_text(format!("{}\n{}{assumed}", model.source, model.loss));
        let data = &facts.data;
        let counts = match (data.train_samples, data.validation_samples) {
            (train, 0) => format!("{} training samples", grouped(train)),
            (0, validation) => format!("{} validation samples", grouped(validation)),
            (train, validation) => {
                format!(
                    "{} training, {} validation",
                    grouped(train),
                    grouped(validation)
                )
            }
        };
        ui.label(RichText::new(format!("{}: {counts}", data.name)).color(palette.weak))
            .on_hover_text(&data.description);
    });
}

/// 1234567 as 1,234,567.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What went wrong, where the person looks, and what can be done about it.
fn failure_ui(ui: &mut Ui, news: &Snapshot, palette: &Palette, commands: &mut Vec<Command>) {
    let Some(failure) = &news.failure else { return };
    let title = match failure.stage {
        Stage::Checkpoint => "A checkpoint can't be opened",
        Stage::Network => "The network isn't recognised",
        Stage::Data => "Data and network don't fit",
        Stage::Device => "The device can't be used",
        Stage::Computing => "Computing failed",
    };
    Frame::new()
        .fill(palette.card)
        .stroke(Stroke::new(1.5, palette.error))
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin::symmetric(10, 8))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(RichText::new(title).strong().color(palette.error));
            ui.label(&failure.message);
            ui.horizontal_wrapped(|ui| match failure.stage {
                Stage::Checkpoint => {
                    if ui.button("Built-in experiment").clicked() {
                        commands.push(Command::BuiltIn);
                    }
                }
                Stage::Network => {
                    if ui.button("Choose the network…").clicked() {
                        commands.push(Command::ChooseNetwork);
                    }
                }
                Stage::Data => {
                    if ui.button("Open other data…").clicked() {
                        commands.push(Command::Ask(Ask::Data));
                    }
                }
                Stage::Device | Stage::Computing => {}
            });
        });
    ui.add_space(4.0);
}
