//! The dialog for a network that isn't recognised: what was found, and a family or a model file to choose.

use super::command::Command;
use super::state::State;
use super::theme::Palette;
use crate::engine::live::Snapshot;
use eframe::egui::Context;

/// The dialog, open or not.
#[derive(Default)]
pub struct Chooser {
    open: bool,
}

impl Chooser {
    /// Opens the dialog.
    pub fn open(&mut self) {
        self.open = true;
    }

    /// Draws the dialog, if it is open.
    pub fn ui(
        &mut self,
        _ctx: &Context,
        _state: &mut State,
        _news: &Snapshot,
        _palette: &Palette,
        _commands: &mut Vec<Command>,
    ) {
    }
}
