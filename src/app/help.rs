//! Help: the keys, and the papers behind what is shown.

use super::command;
use super::theme::Palette;
use super::views::Views;
use eframe::egui::{self, Context, Grid, Id, Modal, RichText, ScrollArea};

/// The papers whose measures and pictures the window shows.
const PAPERS: [(&str, &str, &str); 6] = [
    (
        "Keskar et al. 2017",
        "On large-batch training: the line between two minimizers and the sharpness φ",
        "https://arxiv.org/abs/1609.04836",
    ),
    (
        "Li et al. 2018",
        "Visualizing the loss landscape: filter-normalised directions and surfaces",
        "https://arxiv.org/abs/1712.09913",
    ),
    (
        "Dinh et al. 2017",
        "Sharp minima can generalize: sharpness depends on the parametrisation",
        "https://arxiv.org/abs/1703.04933",
    ),
    (
        "McCandlish et al. 2018",
        "An empirical model of large-batch training: the gradient noise scale",
        "https://arxiv.org/abs/1812.06162",
    ),
    (
        "Foret et al. 2021",
        "Sharpness-aware minimization",
        "https://arxiv.org/abs/2010.01412",
    ),
    (
        "Andriushchenko et al. 2023",
        "A modern look at the relationship between sharpness and generalization",
        "https://arxiv.org/abs/2302.07011",
    ),
];

/// What each key does, in words, for keys that do more than one thing once.
const VIEWS: [(&str, &str); 8] = [
    (
        "Drag, wheel",
        "Pan and zoom a plot, orbit and zoom the surface",
    ),
    ("Click", "Pin a probe on the contour"),
    ("Double click", "Reset the view"),
    ("Arrow keys", "Move the focused slider; with Shift farther"),
    ("Page up, Page down", "Move the focused slider farther"),
    ("Home, End", "Move the focused slider to its ends"),
    ("Tab", "Go to the next control"),
    ("Esc", "Close a dialog"),
];

/// The dialog, open or not.
#[derive(Default)]
pub struct Help {
    open: bool,
}

impl Help {
    /// Opens the dialog.
    pub fn open(&mut self) {
        self.open = true;
    }

    /// Draws the dialog, if it is open.
    pub fn ui(&mut self, ctx: &Context, palette: &Palette, views: &Views) {
        if !self.open {
            return;
        }
        let shown = Modal::new(Id::unique("help")).show(ctx, |ui| {
            ui.set_width(560.0);
            ui.heading(format!("Losscope {}", env!("CARGO_PKG_VERSION")));
            ui.label(
                RichText::new("See and measure the loss landscape of a trained neural network")
                    .color(palette.weak),
            );
            ui.add_space(8.0);
            ScrollArea::vertical().max_height(440.0).show(ui, |ui| {
                ui.label(RichText::new("Keys").strong());
                keys_ui(ui, views);
                ui.add_space(10.0);
                ui.label(RichText::new("Papers").strong());
                for (name, words, address) in PAPERS {
                    ui.horizontal_wrapped(|ui| {
                        ui.hyperlink_to(name, address).on_hover_text(address);
                        ui.label(RichText::new(words).color(palette.weak));
                    });
                }
            });
            ui.add_space(8.0);
            ui.button("Close").clicked()
        });
        if shown.inner || shown.should_close() {
            self.open = false;
        }
    }
}

fn keys_ui(ui: &mut egui::Ui, views: &Views) {
    Grid::new("keys")
        .num_columns(2)
        .striped(true)
        .show(ui, |ui| {
            for (keys, command) in command::shortcuts() {
                let Some(words) = command.words() else {
                    continue;
                };
                ui.label(ui.ctx().format_shortcut(&keys));
                ui.label(words);
                ui.end_row();
            }
            for (index, view) in views.iter().enumerate() {
                let Some(keys) = command::of_view(index) else {
                    break;
                };
                ui.label(ui.ctx().format_shortcut(&keys));
                ui.label(format!("Show {}", view.name().to_lowercase()));
                ui.end_row();
            }
            for (keys, words) in VIEWS {
                ui.label(keys);
                ui.label(words);
                ui.end_row();
            }
        });
}
