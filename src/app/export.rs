//! Taking pictures and numbers along.

use super::state::State;
use super::theme::Palette;
use super::views::{Caches, Pane};
use crate::engine::live::Snapshot;
use eframe::egui::Context;
use eframe::egui_wgpu::RenderState;

/// Exports under way, and the dialog for the next.
#[derive(Default)]
pub struct Exports;

impl Exports {
    /// Opens the dialog for a view.
    pub fn begin(&mut self, _pane: Pane, _state: &State, _news: &Snapshot) {}

    /// Puts the picture of a view on the clipboard.
    pub fn copy_picture(
        &mut self,
        _ctx: &Context,
        _pane: Pane,
        _state: &mut State,
        _news: &Snapshot,
        _caches: &Caches,
        _gpu: Option<&RenderState>,
    ) {
    }

    /// Whether a file is being written.
    pub fn busy(&self) -> bool {
        false
    }

    /// What is being written, in words.
    pub fn activity(&self) -> Option<String> {
        None
    }

    /// Takes note of what was finished.
    pub fn poll(&mut self, _state: &mut State) {}

    /// Draws the dialog, if it is open.
    pub fn ui(&mut self, _ctx: &Context, _state: &mut State, _news: &Snapshot, _palette: &Palette) {
    }
}
