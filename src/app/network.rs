//! The dialog about the network: what was found or recognised, and a family or a model file to choose.

use super::command::{Ask, Command};
use super::state::State;
use super::theme::Palette;
use crate::engine::live::{Failure, Snapshot, Stage};
use crate::model::family;
use eframe::egui::{self, Context, Grid, Id, Modal, RichText, ScrollArea, TextEdit};

/// The dialog, open or not.
#[derive(Default)]
pub struct Chooser {
    open: bool,
    /// Whether the person has opened it.
    asked: bool,
    /// The failure it has opened for by itself.
    seen: Option<Failure>,
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
        let failure = news.failure.as_ref().filter(|f| f.stage == Stage::Network);
        if let Some(failure) = failure
            && self.seen.as_ref() != Some(failure)
        {
            self.seen = Some(failure.clone());
            (self.open, self.asked) = (true, false);
        }
        // What it has opened for by itself is settled.
        self.open &= failure.is_some() || self.asked;
        if !self.open {
            return;
        }
        let facts = news.experiment.as_deref().map(|e| &e.model);
        let shown = Modal::new(Id::unique("network")).show(ctx, |ui| {
            ui.set_width(620.0);
            ui.heading("Which network is this?");
            match (failure, facts) {
                (Some(failure), _) => tensors_ui(ui, failure, &mut self.filter, palette),
                (None, Some(model)) => {
                    ui.label(format!("Read as {}: {}", model.name, model.source));
                    for assumption in &model.assumptions {
                        ui.label(RichText::new(assumption).color(palette.weak));
                    }
                }
                (None, None) => {}
            }
            ui.add_space(6.0);
            ui.label("Read it as a family of networks, or describe it in a model file:");
            let mut done = false;
            ui.horizontal_wrapped(|ui| {
                let auto = ("auto", "From names and shapes of the tensors");
                for (name, words) in std::iter::once(&auto).chain(family::names()) {
                    let chosen = state.wish.plane.setup.model == *name;
                    let label = ui.selectable_label(chosen, *name).on_hover_text(*words);
                    if label.clicked() {
                        state.wish.plane.setup.model = (*name).to_owned();
                        done = true;
                    }
                }
            });
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
        if shown.inner || shown.should_close() {
            self.open = false;
        }
    }
}

/// What was found in a file that isn't recognised.
fn tensors_ui(ui: &mut egui::Ui, failure: &Failure, filter: &mut String, palette: &Palette) {
    ui.label(&failure.message);
    ui.add_space(6.0);
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
