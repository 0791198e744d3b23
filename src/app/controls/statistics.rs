//! How running statistics are recomputed: batches of how many samples, and what each counts.

use super::rows::{choice, number, row};
use crate::app::words::of_option;
use crate::engine::job::help;
use crate::landscape::evaluate::statistics::{BatchSize, BatchWeights, Remeasure};
use eframe::egui::Ui;

/// Samples of a batch, at most: more than any training split here has.
const MOST: usize = 1_000_000;

const WEIGHTS: [(BatchWeights, &str); 2] = [
    (BatchWeights::Batch, "Each the same"),
    (BatchWeights::Sample, "By their samples"),
];

/// Draws the controls.
pub fn statistics_ui(ui: &mut Ui, remeasure: &mut Remeasure) {
    let help = of_option("statistics-batch");
    row(ui, "Batch size", help, |ui| {
        let mut all = remeasure.statistics_batch == BatchSize::All;
        if let BatchSize::Of(samples) = remeasure.statistics_batch
            && let Some(samples) = number(ui, "Batch size", samples, 2..=MOST, 1.0)
        {
            remeasure.statistics_batch = BatchSize::Of(samples);
        }
        let toggled = ui.checkbox(&mut all, "All in one").on_hover_text(help);
        if toggled.changed() {
            remeasure.statistics_batch = if all {
                BatchSize::All
            } else {
                BatchSize::default()
            };
        }
    });
    // One batch has nothing to be weighed against.
    if remeasure.statistics_batch == BatchSize::All {
        return;
    }
    let helps = WEIGHTS.map(|(weights, _)| help::value(&weights));
    let options: Vec<(BatchWeights, &str, &str)> = WEIGHTS
        .iter()
        .zip(&helps)
        .map(|((weights, words), help)| (*weights, *words, help.as_str()))
        .collect();
    let help = of_option("statistics-weights");
    let weights = &mut remeasure.statistics_weights;
    choice(ui, "Batches count", help, weights, &options);
}
