//! The badge on the card of the network: how far it is confirmed that this is the network.

use super::command::Command;
use super::theme::Palette;
use crate::engine::reading::Reading;
use eframe::egui::{self, RichText, Ui};

/// Draws the badge; nothing where nothing was assumed. It opens the list of what was.
pub fn badge_ui(ui: &mut Ui, reading: &Reading, palette: &Palette, commands: &mut Vec<Command>) {
    if reading.assumptions.is_empty() {
        return;
    }
    let (words, color) = match reading.unconfirmed() {
        0 => ("✔ network confirmed".to_owned(), palette.weak),
        1 => ("? 1 thing assumed".to_owned(), palette.error),
        n => (format!("? {n} things assumed"), palette.error),
    };
    let button = egui::Button::new(RichText::new(words).color(color)).small();
    let help = format!(
        "{}\nClick for what else it could be",
        reading.lines().join("\n")
    );
    if ui.add(button).on_hover_text(help).clicked() {
        commands.push(Command::ChooseNetwork);
    }
}
