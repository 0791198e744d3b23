//! What a view is: a file that says its name, what it needs computed, how it is drawn and what it can be
//! written as.

use crate::app::command::Command;
use crate::app::export::commands;
use crate::app::export::forms::{self, Form};
use crate::app::export::source::Content;
use crate::app::pane::Pane;
use crate::app::state::{Look, State};
use crate::app::theme::Palette;
use crate::engine::live::{Quantity, Snapshot};
use crate::error::Result;
use crate::export::artifact::Eye;
use crate::plot::camera::Camera;
use eframe::egui::Ui;
use eframe::egui_wgpu::RenderState;

/// A view. What it keeps between frames (textures, cameras, zoom) are its own fields.
pub trait View {
    /// Its name on tabs and in menus.
    fn name(&self) -> &'static str;

    /// Its name in layouts and sessions, which never changes.
    fn key(&self) -> &'static str {
        self.name()
    }

    /// Where it usually stands.
    fn home(&self) -> Home;

    /// What it needs computed while it is seen.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// Draws the newest snapshot, and pushes what a person does as commands. It computes nothing and waits for
    /// nothing; what can't be shown says why.
    fn ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>);

    /// What it can be written as, the usual form first.
    fn forms(&self) -> &'static [Form];

    /// Why it has nothing to write whatever was computed, and what to do about it.
    fn why_not(&self, _state: &State) -> Option<&'static str> {
        None
    }

    /// What it shows now, ready to be written.
    ///
    /// # Errors
    /// Where there is nothing yet.
    fn artifact(&self, state: &State, news: &Snapshot) -> Result<Content>;

    /// Whether all of what it shows is there.
    fn is_complete(&self, state: &State, news: &Snapshot) -> bool {
        match self.artifact(state, news) {
            Ok(Content::Artifact(artifact)) => artifact.header().complete,
            Ok(Content::Text(_)) => true,
            Err(_) => false,
        }
    }

    /// Sees surfaces in space from here, where it shows them so.
    fn see_from(&mut self, _camera: Camera) {}

    /// The same as text, for a clipboard and for forms that are text; `None` where it has none.
    fn text(&self, _state: &State, _news: &Snapshot) -> Option<String> {
        None
    }

    /// What is typed at the terminal to write the same; `None` where nothing would.
    fn command(&self, state: &State) -> Option<String> {
        Some(commands::of_view(self.name(), state, self.eye(&state.look)))
    }

    /// From where it shows surfaces in space, where it does.
    fn eye(&self, _look: &Look) -> Option<Eye> {
        None
    }

    /// The narrowest page of it and its usual one, in millimetres.
    fn widths(&self) -> (f64, f64) {
        forms::PAGE
    }

    /// How commands and layouts name it.
    fn pane(&self) -> Pane {
        Pane::named(self.key())
    }
}

/// Views that usually share their tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// Above, left.
    TopLeft,
    /// Above, right.
    TopRight,
    /// Below, left.
    BottomLeft,
    /// Below, right.
    BottomRight,
}

/// What a view needs computed while it is seen, beside what is always there: the surface, the line, φ.
#[derive(Debug, Clone, Copy, Default)]
pub struct Needs {
    /// Quantities at both minimizers and at θ(α).
    pub measures: &'static [Quantity],
    /// The surfaces around both minimizers.
    pub both_ends: bool,
    /// φ along ε. The window has it at all times; an export without a window only where it is needed.
    pub sharpness: bool,
}

/// What every view is given.
pub struct Context<'a> {
    /// What the window remembers.
    pub state: &'a mut State,
    /// What was found.
    pub news: &'a Snapshot,
    /// What the person does here.
    pub commands: &'a mut Vec<Command>,
    /// Colours.
    pub palette: &'a Palette,
    /// The window's graphics device, where there is one.
    pub gpu: Option<&'a RenderState>,
    /// Counts up when every view is to go back to its usual zoom and camera.
    pub reset: u64,
}
