//! The preview in the export dialog.

use super::source::{Content, Job};
use crate::app::theme::Palette;
use crate::app::words::in_window;
use crate::error::Result;
use eframe::egui::{self, RichText, TextureHandle};

/// A figure as it will look.
pub struct Preview {
    /// What it depends on.
    pub key: u64,
    /// Its picture, or the one before.
    pub texture: Option<TextureHandle>,
    /// The page's size in millimetres, once it is drawn.
    pub page: Option<(f64, f64)>,
    /// Why there is none.
    pub error: String,
}

/// What the file will look like, in room that stays the same while it is being drawn.
pub fn preview_ui(
    preview: Option<&Preview>,
    ui: &mut egui::Ui,
    palette: &Palette,
    job: &Result<Job>,
    pictured: bool,
) {
    let words = |ui: &mut egui::Ui, words: &str, colour| {
        ui.label(RichText::new(words).color(colour));
    };
    match job {
        Err(error) => words(ui, &in_window(&error.to_string()), palette.error),
        Ok(_) if !pictured && preview.is_none() => {}
        Ok(_) => {
            let room = egui::vec2(440.0, 260.0);
            let centred = egui::Layout::centered_and_justified(egui::Direction::TopDown);
            ui.allocate_ui_with_layout(room, centred, |ui| match preview {
                Some(preview) if !preview.error.is_empty() => {
                    words(ui, &preview.error, palette.error);
                }
                Some(Preview {
                    texture: Some(texture),
                    ..
                }) => {
                    let size = texture.size_vec2();
                    let scale = (room.x / size.x).min(room.y / size.y).min(1.0);
                    ui.image((texture.id(), size * scale));
                }
                _ => words(ui, "Drawing a preview…", palette.weak),
            });
        }
    }
    if let Ok(Job {
        shown: Content::Artifact(artifact),
        ..
    }) = job
        && !artifact.header().complete
    {
        let words = "Not all of it is computed yet; the file says how far it is";
        ui.label(RichText::new(words).color(palette.warning));
    }
}
