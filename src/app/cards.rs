//! The experiment: a card for each checkpoint, one for the data, and how far apart they are.

use super::badge::badge_ui;
use super::card::Card;
use super::card_ui::{card, metrics_ui, named_button};
use super::command::{Ask, Command, Place};
use super::losses;
use super::names::names_of;
use super::others::others_ui;
use super::refused::Refused;
use super::state::State;
use super::theme::Palette;
use super::weights::Choice;
use crate::dataset;
use crate::engine::live::{Inside, Snapshot, Stage};
use crate::landscape::evaluate::Metrics;
use crate::model::losses::Score;
use crate::plot::number::format_value;
use eframe::egui::{self, Align, Color32, Layout, RichText, Ui};
use std::path::{Path, PathBuf};

/// Draws the cards.
pub fn cards_ui(
    ui: &mut Ui,
    state: &mut State,
    news: &Snapshot,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    ui.add_space(8.0);
    top_ui(ui, state, news, palette, commands);
    let facts = news.experiment.as_deref();
    let wish = &state.wish;
    let pair = wish.large.is_some();
    let all = [
        Some(&wish.small),
        wish.large.as_ref(),
        wish.initial.as_ref(),
    ];
    let all: Vec<&Path> = all.into_iter().flatten().map(PathBuf::as_path).collect();
    let names = names_of(&all);
    let mut files = all.into_iter().zip(names.iter().map(String::as_str));
    let mut next = |there: bool| there.then(|| files.next()).flatten();
    let small = Shown {
        color: palette.small,
        title: if pair { "Small batch" } else { "Checkpoint" },
        place: Place::Small,
        file: next(true),
        metrics: facts.map(|f| f.small.as_slice()),
        splits: facts.map_or((true, true), |f| f.splits),
        refused: state.opens.refused(Card::Checkpoint(Place::Small)),
        key: wish.plane.setup.key.as_deref(),
        inside: facts.and_then(|f| f.inside(Place::Small)),
        score: news.score(),
    };
    let large = Shown {
        color: palette.large,
        title: "Large batch",
        place: Place::Large,
        file: next(pair),
        metrics: facts.and_then(|f| f.large.as_deref()),
        refused: state.opens.refused(Card::Checkpoint(Place::Large)),
        inside: facts.and_then(|f| f.inside(Place::Large)),
        ..small
    };
    let initial = next(wish.initial.is_some());
    checkpoint_ui(ui, palette, &small, commands);
    ui.horizontal(|ui| {
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
    checkpoint_ui(ui, palette, &large, commands);
    others_ui(ui, state, news, palette, commands);
    initial_ui(ui, state, initial, news, palette, commands);
    data_ui(ui, state, news, palette, commands);
}

/// What the card of a checkpoint shows.
#[derive(Clone, Copy)]
struct Shown<'a> {
    color: Color32,
    title: &'a str,
    place: Place,
    /// Where the file is, and its name.
    file: Option<(&'a Path, &'a str)>,
    metrics: Option<&'a [Metrics]>,
    /// Whether training and validation samples count.
    splits: (bool, bool),
    refused: Option<&'a Refused>,
    /// Where weights are looked for, if that was said.
    key: Option<&'a str>,
    /// Where they are.
    inside: Option<&'a Inside>,
    /// What the second number of the metrics is.
    score: Score,
}

fn checkpoint_ui(ui: &mut Ui, palette: &Palette, shown: &Shown<'_>, commands: &mut Vec<Command>) {
    let &Shown {
        color,
        title,
        place,
        ..
    } = shown;
    card(palette, shown.refused.is_some()).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(RichText::new("●").color(color));
            ui.label(RichText::new(title).strong().color(color));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if shown.file.is_some() && place != Place::Small {
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
        if let Some(refused) = shown.refused {
            refused_ui(ui, refused, palette, commands);
        }
        let Some((path, name)) = shown.file else {
            if shown.refused.is_none() {
                let words = "Open a second checkpoint to see the line between both";
                ui.label(RichText::new(words).color(palette.weak));
            }
            return;
        };
        ui.add(egui::Label::new(name).truncate())
            .on_hover_text(path.display().to_string());
        if let Some(inside) = shown.inside {
            let choice = Choice {
                failed: None,
                of: title,
                sets: &inside.sets,
                key: shown.key,
                at: &inside.at,
            };
            choice.ui(ui, commands);
        }
        metrics_ui(ui, shown.metrics, shown.splits, shown.score, palette);
    });
}

fn initial_ui(
    ui: &mut Ui,
    state: &State,
    file: Option<(&Path, &str)>,
    news: &Snapshot,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    if let Some(refused) = state.opens.refused(Card::Checkpoint(Place::Initial)) {
        card(palette, true).show(ui, |ui| {
            ui.set_width(ui.available_width());
            refused_ui(ui, refused, palette, commands);
        });
    }
    ui.horizontal(|ui| {
        ui.label(RichText::new("Initial weights").color(palette.weak));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if file.is_some() {
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
            if let Some((path, name)) = file {
                ui.add(egui::Label::new(name).truncate())
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
    let refused = state.opens.refused(Card::Data);
    let data = state.wish.plane.setup.data.as_str();
    card(palette, refused.is_some()).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(RichText::new("Network and data").strong());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if !dataset::BUILT_IN.iter().any(|(name, _)| *name == data) {
                    let (name, _) = dataset::BUILT_IN[0];
                    let words = format!("Close these data; back to the built-in {name}");
                    let close = ui.small_button("×").on_hover_text(words);
                    named_button(&close, "Close data");
                    if close.clicked() {
                        commands.push(Command::BuiltInData(name));
                    }
                }
                let open = ui.small_button("Open…");
                named_button(&open, "Open data…");
                if open.clicked() {
                    commands.push(Command::Ask(Ask::Data));
                }
            });
        });
        if let Some(refused) = refused {
            refused_ui(ui, refused, palette, commands);
        }
        let Some(facts) = news.experiment.as_deref() else {
            ui.label(RichText::new(data).color(palette.weak));
            return;
        };
        let model = &facts.model;
        let lines = model.reading.lines();
        let assumed = if lines.is_empty() {
            String::new()
        } else {
            format!("\n\n{}", lines.join("\n"))
        };
        ui.label(format!(
            "{}, {} parameters",
            model.name,
            grouped(model.parameters)
        ))
        .on_hover_text(format!("{}\n{}{assumed}", model.source, model.loss));
        if badge_ui(ui, &model.reading, palette.weak, palette.error) {
            commands.push(Command::ChooseNetwork);
        }
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
        losses::loss_ui(ui, state, &model.criterion, commands);
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

/// What went wrong with no file that has a card of its own.
fn top_ui(
    ui: &mut Ui,
    state: &State,
    news: &Snapshot,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let computing = news.failure.as_ref().filter(|f| !f.stage.is_opening());
    let refused = state.opens.refused(Card::Top);
    if computing.is_none() && refused.is_none() {
        return;
    }
    card(palette, true).show(ui, |ui| {
        ui.set_width(ui.available_width());
        if let Some(failure) = computing {
            ui.label(
                RichText::new("Computing failed")
                    .strong()
                    .color(palette.error),
            );
            ui.label(&failure.message);
            if ui.button("Try again").clicked() {
                commands.push(Command::ComputeAgain);
            }
        }
        if let Some(refused) = refused {
            refused_ui(ui, refused, palette, commands);
        }
    });
    ui.add_space(4.0);
}

/// What went wrong, where the person looks, and the ways out.
fn refused_ui(ui: &mut Ui, refused: &Refused, palette: &Palette, commands: &mut Vec<Command>) {
    ui.label(RichText::new(&refused.title).strong().color(palette.error));
    ui.label(&refused.message);
    Choice::of(refused).ui(ui, commands);
    let card = refused.card;
    let ask = match card {
        Card::Top => Ask::Open,
        Card::Checkpoint(place) => Ask::Checkpoint(place),
        Card::Data => Ask::Data,
    };
    let another = ("Choose another…", Command::Ask(ask));
    let again = ("Try again", Command::TryAgain(card));
    let mut ways = match refused.stage {
        None => vec![another],
        Some(Stage::Checkpoint(_) | Stage::Data) => vec![another, again],
        Some(Stage::Stranger(Place::Large)) => vec![another, ("Open it alone", Command::OpenAlone)],
        Some(Stage::Stranger(_)) => vec![another],
        Some(Stage::Network) => vec![("Choose the network…", Command::ChooseNetwork)],
        Some(Stage::Fit) => vec![("Open data…", Command::Ask(Ask::Data)), another],
        Some(Stage::Plane | Stage::Device | Stage::Computing) => vec![again],
    };
    // On the card of data both ways to data are one.
    if refused.stage == Some(Stage::Fit) && card == Card::Data {
        ways.truncate(1);
    }
    ways.push(("Remove", Command::Dismiss(card)));
    ui.horizontal_wrapped(|ui| {
        for (words, command) in ways {
            if ui.button(words).clicked() {
                commands.push(command);
            }
        }
    });
}
