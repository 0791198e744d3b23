//! Figures of an experiment in the window: files read and unpacked on threads of their own.

use crate::app::theme::Palette;
use crate::app::threads;
use eframe::egui::{
    ColorImage, Context, Image, Label, RichText, TextureHandle, TextureOptions, Ui, Vec2,
};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

/// Figures that were looked at.
#[derive(Default)]
pub struct Figures {
    all: HashMap<PathBuf, Figure>,
}

enum Figure {
    Coming(Receiver<Option<ColorImage>>),
    There(TextureHandle),
    Missing,
}

impl Figures {
    /// Draws the figure in a file over its caption.
    pub fn ui(&mut self, ui: &mut Ui, path: &Path, caption: &str, palette: &Palette) {
        let ctx = ui.ctx().clone();
        let figure = self
            .all
            .entry(path.to_owned())
            .or_insert_with(|| fetched(path, &ctx));
        if let Figure::Coming(news) = figure
            && let Ok(found) = news.try_recv()
        {
            *figure = match found {
                Some(image) => {
                    let name = path.display().to_string();
                    Figure::There(ctx.load_texture(name, image, TextureOptions::LINEAR))
                }
                None => Figure::Missing,
            };
        }
        match figure {
            Figure::There(texture) => {
                // A pixel of the file is half a point: sharp on screens of either kind.
                let own = texture.size_vec2() * 0.5;
                let scale = (ui.available_width() / own.x).min(1.0);
                let image = Image::new((texture.id(), own * scale));
                ui.add(image.corner_radius(4.0).alt_text(caption));
            }
            Figure::Coming(_) => {
                ui.allocate_space(Vec2::new(1.0, 200.0));
            }
            Figure::Missing => {
                let words = format!("{} can't be read", path.display());
                ui.label(RichText::new(words).color(palette.error));
            }
        }
        let words = RichText::new(caption).small().color(palette.weak);
        ui.add(Label::new(words).wrap());
        ui.add_space(8.0);
    }
}

/// A figure on its way.
fn fetched(path: &Path, ctx: &Context) -> Figure {
    let (send, news) = channel();
    let (path, ctx) = (path.to_owned(), ctx.clone());
    let read = move || {
        let found = std::fs::read(&path)
            .ok()
            .and_then(|bytes| image::load_from_memory(&bytes).ok());
        let image = found.map(|image| {
            let image = image.to_rgba8();
            let size = [image.width() as usize, image.height() as usize];
            ColorImage::from_rgba_unmultiplied(size, &image)
        });
        send.send(image).ok();
        ctx.request_repaint();
    };
    match threads::spawn("losscope-figure", read) {
        Ok(()) => Figure::Coming(news),
        Err(_) => Figure::Missing,
    }
}
