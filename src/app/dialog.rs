//! Asking for paths: the system's own dialogs, or a field in the window where there are none.

use super::command::{Ask, Command};
use super::theme::Palette;
use eframe::egui::Context;

/// Dialogs that are open.
#[derive(Default)]
pub struct Dialogs;

impl Dialogs {
    /// Asks for a path through the system, or in the window where the system has no dialogs.
    pub fn ask(&mut self, _ask: Ask, _ctx: &Context) {}

    /// Asks for a path in the window.
    pub fn type_path(&mut self, _ask: Ask) {}

    /// Answers that have come in.
    pub fn poll(&mut self) -> Vec<Command> {
        Vec::new()
    }

    /// Draws the path field, if it is open.
    pub fn ui(&mut self, _ctx: &Context, _palette: &Palette, _commands: &mut Vec<Command>) {}
}
