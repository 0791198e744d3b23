//! The log: what happened, newest last, to be read and copied.

use super::{Context, empty_ui};
use eframe::egui::{self, RichText, Ui};

use crate::engine::live::Kind;

/// Draws the log.
pub fn log_ui(ui: &mut Ui, cx: &mut Context<'_>) {
    if cx.news.log.is_empty() {
        empty_ui(ui, cx.palette, "Nothing has happened yet");
        return;
    }
    egui::ScrollArea::vertical()
        .stick_to_bottom(true)
        .auto_shrink(false)
        .show(ui, |ui| {
            for entry in cx.news.log.iter() {
                let color = match entry.kind {
                    Kind::Note => cx.palette.text,
                    Kind::Warning => cx.palette.warning,
                    Kind::Error => cx.palette.error,
                };
                ui.label(RichText::new(&entry.text).color(color));
            }
        });
}
