//! The list of further minimizers: what each is, how far from both ends of the line, and whose place it takes.

use super::card_ui::{card, metrics_ui, named_button};
use super::command::{Ask, Beside, Command, Place};
use super::names::names_of;
use super::state::State;
use super::theme::Palette;
use super::words::in_window;
use crate::engine::live::{OtherFacts, Snapshot};
use crate::plot::number::format_value;
use eframe::egui::{Align, Label, Layout, RichText, Ui};
use std::path::Path;

const HELP: &str = "More checkpoints of the same network. Any two make the line, any three a plane, and all of them stand side by side in Compare";
const THROUGH: &str = "The plane through both ends of the line and this minimizer, true to scale: x towards the large batch, y across it (Garipov et al. 2018)";

/// Draws the list.
pub fn others_ui(
    ui: &mut Ui,
    state: &State,
    news: &Snapshot,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let wish = &state.wish;
    ui.horizontal(|ui| {
        ui.label(RichText::new("Further minimizers").color(palette.weak))
            .on_hover_text(HELP);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let add = ui.small_button("Add…");
            named_button(&add, "Add further minimizers…");
            if add.clicked() {
                commands.push(Command::Ask(Ask::Others));
            }
        });
    });
    let ends = [
        Some(&wish.small),
        wish.large.as_ref(),
        wish.initial.as_ref(),
    ];
    let ends: Vec<&Path> = ends.into_iter().flatten().map(AsRef::as_ref).collect();
    let all: Vec<&Path> = ends
        .iter()
        .copied()
        .chain(wish.others.iter().map(AsRef::as_ref))
        .collect();
    let names = names_of(&all);
    for (index, name) in names.iter().skip(ends.len()).enumerate() {
        let shown = Shown {
            index,
            name,
            pair: wish.large.is_some(),
        };
        other_ui(ui, &shown, state, news, palette, commands);
    }
}

/// One of the list.
struct Shown<'a> {
    index: usize,
    name: &'a str,
    /// Whether there are two ends.
    pair: bool,
}

fn other_ui(
    ui: &mut Ui,
    shown: &Shown<'_>,
    state: &State,
    news: &Snapshot,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let &Shown { index, name, pair } = shown;
    let path = &state.wish.others[index];
    let found = news.other(path).map(|other| &other.found);
    let failed = matches!(found, Some(Err(_)));
    card(palette, failed).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(RichText::new("●").color(palette.other));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let close = ui.small_button("×").on_hover_text("Close this checkpoint");
                named_button(&close, &format!("Close {name}"));
                if close.clicked() {
                    commands.push(Command::Beside(Beside::Close(index)));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(name).truncate())
                        .on_hover_text(path.display().to_string());
                });
            });
        });
        let facts = match found {
            Some(Err(why)) => {
                ui.label(RichText::new(in_window(why)).color(palette.error));
                return;
            }
            Some(Ok(facts)) => Some(facts),
            None => None,
        };
        let splits = news.experiment.as_ref().map_or((true, true), |e| e.splits);
        let metrics = facts.map(|facts| facts.metrics.as_slice());
        metrics_ui(ui, metrics, splits, news.score(), palette);
        if let Some(facts) = facts {
            facts_ui(ui, facts, palette);
        }
        ui.horizontal_wrapped(|ui| {
            let mut button = |words: &str, help: &str, order| {
                let button = ui.small_button(words).on_hover_text(help);
                named_button(&button, &format!("{words}: {name}"));
                if button.clicked() {
                    commands.push(Command::Beside(order));
                }
            };
            let small = Beside::Exchange(Place::Small, index);
            let large = Beside::Exchange(Place::Large, index);
            if pair {
                button(
                    "As small",
                    "Exchange it with the small-batch minimizer",
                    small,
                );
                button(
                    "As large",
                    "Exchange it with the large-batch minimizer",
                    large,
                );
                button("Plane through three", THROUGH, Beside::Through(index));
            } else {
                button(
                    "As small",
                    "Exchange it with the checkpoint that is open",
                    small,
                );
                button("As large", "Take it as the other end of a line", large);
            }
        });
    });
}

fn facts_ui(ui: &mut Ui, facts: &OtherFacts, palette: &Palette) {
    let mut words = format!("{} from small", format_value(facts.from_small.total));
    if let Some(large) = &facts.from_large {
        words.push_str(&format!(", {} from large", format_value(large.total)));
    }
    if let Some(initial) = &facts.from_initial {
        words.push_str(&format!(", moved {}", format_value(initial.total)));
    }
    let help = "L2 distance of the trained weights from those of the small and the large batch, and from the initial ones";
    ui.label(RichText::new(words).color(palette.weak))
        .on_hover_text(help);
    for warning in &facts.warnings {
        ui.label(RichText::new(warning).color(palette.warning));
    }
}
