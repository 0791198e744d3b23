//! The badge on the card of the network: how far it is confirmed that this is the network.

use crate::engine::reading::Reading;
use eframe::egui::{self, Color32, RichText, Ui};

/// Draws the badge, in `quiet` where all is confirmed and in `loud` where something isn't; nothing where nothing
/// was assumed. True where the list of what was assumed is asked for.
pub fn badge_ui(ui: &mut Ui, reading: &Reading, quiet: Color32, loud: Color32) -> bool {
    if reading.assumptions.is_empty() {
        return false;
    }
    let (words, color) = match reading.unconfirmed() {
        0 => ("network confirmed".to_owned(), quiet),
        1 => ("? 1 thing assumed".to_owned(), loud),
        n => (format!("? {n} things assumed"), loud),
    };
    let button = egui::Button::new(RichText::new(words).color(color)).small();
    let help = format!(
        "{}\nClick for what else it could be",
        reading.lines().join("\n")
    );
    ui.add(button).on_hover_text(help).clicked()
}
