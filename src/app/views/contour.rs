//! The contour view.

use super::{Context, empty_ui};
use eframe::egui::Ui;

/// What the view keeps between frames.
#[derive(Default)]
pub struct Cache;

/// Draws the view.
pub fn contour_ui(ui: &mut Ui, _cache: &mut Cache, cx: &mut Context<'_>) {
    empty_ui(ui, cx.palette, "contour");
}
