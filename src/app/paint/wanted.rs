//! Whether something that takes its time is to be measured.

use crate::engine::live::{Quantity, Wish};
use eframe::egui::Ui;

const HELP: &str = "Measured while this is checked: some seconds on a small network, minutes on a large one. Take the check away to stop; what is known stays";

/// The check box of a quantity.
pub fn wanted_ui(ui: &mut Ui, wish: &mut Wish, quantity: Quantity) {
    let wanted = &mut wish.measures;
    let mut on = wanted.contains(&quantity);
    let checked = ui.checkbox(&mut on, "Measure").on_hover_text(HELP);
    if checked.changed() {
        wanted.retain(|q| *q != quantity);
        if on {
            wanted.push(quantity);
        }
    }
}
