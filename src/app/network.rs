//! The dialog for a network that isn't recognised: what was found, and a family or a model file to choose.

use super::command::{Ask, Command};
use super::state::State;
use super::theme::Palette;
use crate::model::family;
use eframe::egui::{self, Context, Grid, Id, Modal, RichText, ScrollArea, TextEdit};

/// The dialog, open or not.
#[derive(Default)]
pub struct Chooser {
    open: bool,
    /// The message it has opened for by itself.
    seen: Option<String>,
    filter: String,
}

impl Chooser {
    /// Opens the dialog.
    pub fn open(&mut self) {
        self.open = true;
    }

    /// Draws the dialog, if it is open; opens it once for every network that isn't recognised.
    pub fn ui(
        &mut self,
        ctx: &Context,
        state: &mut State,
        palette: &Palette,
        commands: &mut Vec<Command>,
    ) {
        let failure = state.opens.unknown().filter(|_| !state.is_opening());
        if let Some(failure) = failure
            && self.seen.as_ref() != Some(&failure.message)
        {
            self.seen = Some(failure.message.clone());
            self.open = true;
        }
        let (Some(failure), true) = (failure, self.open) else {
            self.open = false;
            return;
        };
        let tried = failure.wish.as_ref().map(|w| w.plane.setup.model.as_str());
        let mut model = None;
        let shown = Modal::new(Id::unique("network")).show(ctx, |ui| {
            ui.set_width(620.0);
            ui.heading("Which network is this?");
            ui.label(&failure.message);
            ui.add_space(6.0);
            ui.horizontal(|ui| {
                ui.label(format!("{} tensors", failure.tensors.len()));
                let edit = TextEdit::singleline(&mut self.filter).hint_text("filter by name");
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
                            .filter(|(name, _)| name.contains(self.filter.as_str()));
                        for (name, shape) in matching.take(500) {
                            ui.label(name);
                            ui.label(RichText::new(format!("{shape:?}")).color(palette.weak));
                            ui.end_row();
                        }
                    });
            });
            ui.add_space(6.0);
            ui.label("Read it as a family of networks, or describe it in a model file:");
            let mut done = false;
            ui.horizontal_wrapped(|ui| {
                let auto = ("auto", "From names and shapes of the tensors");
                for (name, words) in std::iter::once(&auto).chain(family::names()) {
                    let chosen = tried == Some(*name);
                    let label = ui.selectable_label(chosen, *name).on_hover_text(*words);
                    if label.clicked() {
                        model = Some((failure.card, (*name).to_owned()));
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
                let help = "losscope inspect FILE --write-model model.toml writes a draft to edit";
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
        if let Some((card, model)) = model {
            self.seen = None;
            state.retry(card, |wish| wish.plane.setup.model.clone_from(&model));
        }
    }
}
