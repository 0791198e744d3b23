//! What is computed and how it looks: every control with its unit and what it means.
//!
//! A control changes the wish only when it is let go: a value on its way would start a computation
//! that nobody asked for.

mod look;
mod paths;
mod plane;
pub mod rows;
mod samples;
mod statistics;

use super::command::Command;
use super::state::State;
use super::theme::Palette;
use crate::engine::live::Snapshot;
use eframe::egui::{self, RichText, Ui};

/// Draws the controls.
pub fn controls_ui(
    ui: &mut Ui,
    state: &mut State,
    news: &Snapshot,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    ui.add_space(4.0);
    section(ui, "Plane", true, |ui| {
        plane::plane_ui(ui, state, news, palette, commands);
        paths::paths_ui(ui, state, news, palette, commands);
    });
    section(ui, "Look", true, |ui| {
        look::look_ui(ui, &mut state.look, news.score(), palette);
    });
    section(ui, "Samples and computing", false, |ui| {
        samples::samples_ui(ui, state, news, palette);
    });
    ui.add_space(8.0);
}

fn section(ui: &mut Ui, title: &str, open: bool, content: impl FnOnce(&mut Ui)) {
    egui::CollapsingHeader::new(RichText::new(title).strong())
        .default_open(open)
        .show(ui, content);
}
