//! What a chosen path is for: checkpoints, results, sessions, data, folders.

use super::cards::name_of;
use super::command::Ask;
use super::state::State;
use super::views::Pane;
use crate::engine::live::{Live, Wish};
use egui_tiles::Tree;
use std::path::PathBuf;

/// Opens what was chosen, dropped or typed.
pub fn chosen(
    _state: &mut State,
    _tree: &mut Tree<Pane>,
    _live: &Live,
    _ask: Ask,
    _paths: Vec<PathBuf>,
) {
}

/// Back to the built-in experiment; device and precision stay.
pub fn built_in(state: &mut State) {
    let setup = &state.wish.plane.setup;
    let (device, precision, memory) = (setup.device, setup.precision, setup.memory);
    state.wish = Wish::default();
    let setup = &mut state.wish.plane.setup;
    (setup.device, setup.precision, setup.memory) = (device, precision, memory);
    state.session = None;
}

/// What the window's title says is open.
pub fn title(state: &State) -> String {
    if let Some(session) = &state.session {
        return name_of(session);
    }
    match &state.wish.large {
        Some(large) => format!("{} and {}", name_of(&state.wish.small), name_of(large)),
        None => name_of(&state.wish.small),
    }
}
