//! What is remembered: between two starts in the system's place for it, and in session files.

use super::state::State;
use super::views::Pane;
use crate::engine::live::Snapshot;
use egui_tiles::Tree;
use std::path::Path;

/// What was there when the window was last closed.
pub fn restore(_storage: &dyn eframe::Storage) -> Option<(State, Tree<Pane>)> {
    None
}

/// Remembers state and layout for the next start.
pub fn keep(_storage: &mut dyn eframe::Storage, _state: &State, _tree: &Tree<Pane>) {}

/// Writes a session file with its results beside it.
pub fn save(_state: &mut State, _tree: &Tree<Pane>, _news: &Snapshot, _path: &Path) {}
