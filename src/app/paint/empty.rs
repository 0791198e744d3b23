//! A view that has nothing to show.

use crate::app::theme::Palette;
use eframe::egui::{Label, RichText, Ui};

/// Words in the middle of an empty view: why it is empty, and what to do.
pub fn empty_ui(ui: &mut Ui, palette: &Palette, text: &str) {
    let room = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((0.5 * room - 12.0).max(0.0));
        let words = RichText::new(text).color(palette.weak);
        ui.add(Label::new(words).wrap());
    });
}
