//! What is computed and how it looks: every control with its unit and what it means.

use super::command::Command;
use super::state::State;
use super::theme::Palette;
use crate::engine::live::Snapshot;
use eframe::egui::Ui;

/// Draws the controls.
pub fn controls_ui(
    _ui: &mut Ui,
    _state: &mut State,
    _news: &Snapshot,
    _palette: &Palette,
    _commands: &mut Vec<Command>,
) {
}
