//! Paths of further training runs, drawn over one plane.

use crate::app::card_ui::named_button;
use crate::app::command::{Ask, Command};
use crate::app::paint::plane::paths::colors;
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::engine::live::Snapshot;
use crate::engine::names;
use eframe::egui::{Align, Color32, Label, Layout, RichText, Ui};

const HELP: &str = "Folders of checkpoints whose paths are drawn in this plane, each in a colour of its own. A plane shows a shadow of a path: the pointer says how far a checkpoint is out of it";

/// Draws the list of paths.
pub fn paths_ui(
    ui: &mut Ui,
    state: &mut State,
    news: &Snapshot,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let paths = state.wish.plane.paths.clone();
    ui.horizontal(|ui| {
        ui.label("Paths of runs").on_hover_text(HELP);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let add = ui.small_button("Add…").on_hover_text(HELP);
            named_button(&add, "Add a path…");
            if add.clicked() {
                commands.push(Command::Ask(Ask::Path));
            }
        });
    });
    let shown = news.surface_near(state.wish.centre());
    let header = shown.map(|surface| &surface.outcome.header);
    let colors: Vec<Color32> = header.map_or_else(Vec::new, colors);
    let own = header.map_or(0, |header| usize::from(header.trajectory.is_some()));
    for (index, (folder, name)) in paths.iter().zip(names::distinct(&paths)).enumerate() {
        ui.horizontal(|ui| {
            let color = colors.get(own + index).copied().unwrap_or(palette.weak);
            ui.label(RichText::new("●").color(color));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let close = ui.small_button("×").on_hover_text("Draw this path no more");
                named_button(&close, &format!("Close the path of {name}"));
                if close.clicked() {
                    state.wish.plane.paths.retain(|path| path != folder);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let label = ui.add(Label::new(&name).truncate());
                    label.on_hover_text(names::place(folder));
                });
            });
        });
    }
}
