//! Closing the window, and the question first where something would be lost.

use eframe::egui::{self, Context, ViewportCommand};

/// Whether the window is about to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quitting {
    /// It isn't.
    No,
    /// Something would be lost: the person is asked.
    Asking,
    /// It is.
    Yes,
}

impl Quitting {
    /// Asks, where that is to be asked.
    pub fn ui(&mut self, ctx: &Context) {
        if *self != Self::Asking {
            return;
        }
        let answer = egui::Modal::new(egui::Id::unique("quit")).show(ctx, |ui| {
            ui.heading("A file is still being written");
            ui.label("Closing now leaves it unfinished; nothing that was there before is lost.");
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                let stay = ui.button("Keep writing").clicked();
                let quit = ui.button("Close anyway").clicked();
                (stay, quit)
            })
            .inner
        });
        let (stay, quit) = answer.inner;
        if quit {
            *self = Self::Yes;
            ctx.send_viewport_cmd(ViewportCommand::Close);
        } else if stay || answer.should_close() {
            *self = Self::No;
        }
    }
}
