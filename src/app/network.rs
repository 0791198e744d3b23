//! The dialog about the network: what was found or recognised, and a family or a model file to choose.

use super::command::{Ask, Command};
use super::refused::Refused;
use super::state::State;
use super::theme::Palette;
use super::weights::Choice;
use crate::engine::imported::EXPORT;
use crate::engine::live::{Snapshot, Wish};
use crate::engine::reading::Reading;
use crate::error::Question;
use crate::model::family;
use eframe::egui::{self, Context, Grid, Id, Modal, RichText, ScrollArea, TextEdit};

/// The dialog, open or not.
#[derive(Default)]
pub struct Chooser {
    open: bool,
    /// Whether the person has opened it.
    asked: bool,
    /// The message it has opened for by itself.
    seen: Option<String>,
    filter: String,
}

impl Chooser {
    /// Opens the dialog.
    pub fn open(&mut self) {
        (self.open, self.asked) = (true, true);
    }

    /// Draws the dialog, if it is open; it opens by itself once for every network that isn't
    /// recognised.
    pub fn ui(
        &mut self,
        ctx: &Context,
        state: &mut State,
        news: &Snapshot,
        palette: &Palette,
        commands: &mut Vec<Command>,
    ) {
        let failure = state.opens.unknown().filter(|_| !state.is_opening());
        if let Some(failure) = failure
            && self.seen.as_ref() != Some(&failure.message)
        {
            self.seen = Some(failure.message.clone());
            (self.open, self.asked) = (true, false);
        }
        // What it has opened for by itself is settled.
        self.open &= failure.is_some() || self.asked;
        if !self.open {
            return;
        }
        let card = failure.map(|f| f.card);
        let tried = failure
            .and_then(|f| f.wish.as_ref())
            .map_or(&state.wish, |wish| wish)
            .plane
            .setup
            .model
            .clone();
        let mut model: Option<String> = None;
        let mut answer: Option<(&'static str, String)> = None;
        let facts = news.experiment.as_deref().map(|e| &e.model);
        let shown = Modal::new(Id::unique("network")).show(ctx, |ui| {
            ui.set_width(620.0);
            let question = failure.and_then(|failure| failure.question.as_deref());
            let scaled = question.is_some_and(Question::is_about_data);
            ui.heading(if scaled {
                "How were the data scaled?"
            } else {
                "Which network is this?"
            });
            match (failure, facts) {
                (Some(failure), _) if failure.question.is_some() => {
                    answer = question_ui(ui, failure, palette);
                }
                (Some(failure), _) => {
                    tensors_ui(ui, failure, &mut self.filter, palette, commands);
                }
                (None, Some(model)) => {
                    ui.label(format!("Read as {}: {}", model.name, model.source));
                    answer = reading_ui(ui, &model.reading, palette);
                }
                (None, None) => {}
            }
            ui.add_space(6.0);
            ui.label("Read it as a family of networks, or describe it in a model file:");
            let mut done = false;
            ui.horizontal_wrapped(|ui| {
                let auto = ("auto", "From names and shapes of the tensors");
                for (name, words) in std::iter::once(&auto).chain(family::names()) {
                    let chosen = tried == *name;
                    let label = ui.selectable_label(chosen, *name).on_hover_text(*words);
                    if label.clicked() {
                        model = Some((*name).to_owned());
                        done = true;
                    }
                }
            });
            ui.add_space(6.0);
            ui.label("Or write the network itself, with its weights, in Python and open that:");
            ui.label(RichText::new(EXPORT).monospace().color(palette.weak));
            ui.add_space(6.0);
            ui.horizontal(|ui| {
                if ui.button("Open model file…").clicked() {
                    commands.push(Command::Ask(Ask::Model));
                    done = true;
                }
                let help = "In a terminal, losscope inspect FILE --write-model model.toml writes a draft to edit";
                ui.label(RichText::new("how to make one").color(palette.weak))
                    .on_hover_text(help);
                if ui.button("Close").clicked() {
                    done = true;
                }
            });
            done
        });
        if shown.inner || shown.should_close() || answer.is_some() {
            self.open = false;
        }
        let answer = answer.or(model.map(|model| ("model", model)));
        if let Some((option, value)) = answer {
            self.seen = None;
            let change = |wish: &mut Wish| set(wish, option, &value);
            match card {
                Some(card) => state.retry(card, change),
                None => change(&mut state.wish),
            }
        }
    }
}

/// Answers a question: sets one option.
fn set(wish: &mut Wish, option: &str, value: &str) {
    let setup = &mut wish.plane.setup;
    match option {
        "data-normalize" => {
            if let Ok(normalize) = value.parse() {
                setup.data_normalize = normalize;
            }
        }
        _ => value.clone_into(&mut setup.model),
    }
}

/// A question that only a person can answer, with a button for each answer.
fn question_ui(
    ui: &mut egui::Ui,
    failure: &Refused,
    palette: &Palette,
) -> Option<(&'static str, String)> {
    let question = failure.question.as_deref()?;
    let mut chosen = None;
    ui.label(&failure.message);
    ui.add_space(6.0);
    ScrollArea::vertical()
        .max_height(300.0)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for answer in &question.answers {
                ui.horizontal_wrapped(|ui| {
                    if ui.button(&answer.value).clicked() {
                        chosen = Some((answer.option, answer.value.clone()));
                    }
                    ui.label(&answer.told);
                });
                if !answer.words.is_empty() {
                    ui.label(RichText::new(&answer.words).color(palette.weak));
                }
                ui.add_space(4.0);
            }
        });
    if question.more > 0 {
        let words = format!("and {} more", question.more);
        ui.label(RichText::new(words).color(palette.weak));
    }
    chosen
}

/// How a network was read: what that rests on, each with what else it could be.
fn reading_ui(
    ui: &mut egui::Ui,
    reading: &Reading,
    palette: &Palette,
) -> Option<(&'static str, String)> {
    let mut chosen = None;
    for words in [reading.how(), reading.told.clone()] {
        if !words.is_empty() {
            ui.label(words);
        }
    }
    if let Some(other) = &reading.runner_up {
        ui.label(RichText::new(format!("Next came {other}")).color(palette.weak));
    }
    ScrollArea::vertical().max_height(260.0).show(ui, |ui| {
        for assumption in &reading.assumptions {
            ui.horizontal_wrapped(|ui| {
                let (mark, color) = match assumption.confirmed {
                    Some(_) => ("·", palette.weak),
                    None => ("?", palette.error),
                };
                ui.label(RichText::new(mark).color(color));
                ui.label(RichText::new(assumption.line()).color(palette.weak));
                if !assumption.instead.is_empty() {
                    ui.menu_button("Change…", |ui| {
                        for way in &assumption.instead {
                            if ui.button(&way.words).clicked() {
                                chosen = Some(("model", way.key.clone()));
                            }
                        }
                    });
                }
            });
        }
    });
    chosen
}

/// What was found in a file that isn't recognised.
fn tensors_ui(
    ui: &mut egui::Ui,
    failure: &Refused,
    filter: &mut String,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    ui.label(&failure.message);
    ui.add_space(6.0);
    Choice::of(failure).ui(ui, commands);
    ui.horizontal(|ui| {
        ui.label(format!("{} tensors", failure.tensors.len()));
        let edit = TextEdit::singleline(filter).hint_text("filter by name");
        ui.add(edit).widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Filter tensors")
        });
    });
    ScrollArea::vertical().max_height(220.0).show(ui, |ui| {
        Grid::new("tensors")
            .striped(true)
            .num_columns(2)
            .show(ui, |ui| {
                let matching = failure
                    .tensors
                    .iter()
                    .filter(|(name, _)| name.contains(filter.as_str()));
                for (name, shape) in matching.take(500) {
                    ui.label(name);
                    ui.label(RichText::new(format!("{shape:?}")).color(palette.weak));
                    ui.end_row();
                }
            });
    });
}
