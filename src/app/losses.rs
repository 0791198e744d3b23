//! The choice of the loss, on the card of network and data.

use super::command::Command;
use super::state::State;
use crate::engine::job::LossChoice;
use crate::model::losses::Loss;
use eframe::egui::{self, ComboBox, Ui};

/// Losses to choose from, as they are typed after `--loss`, with what they are for.
const LOSSES: [(&str, &str); 9] = [
    ("cross-entropy", "Classes: one a sample, or one a position"),
    (
        "cross-entropy:label-smoothing=0.1",
        "The same with a tenth of every target spread over all classes",
    ),
    (
        "binary-cross-entropy",
        "A target of 0 or 1 for every output",
    ),
    ("mean-squared-error", "Numbers: a regression"),
    (
        "mean-squared-error:target=input",
        "The input itself: an autoencoder",
    ),
    ("mean-absolute-error", "Numbers: a regression"),
    ("mean-absolute-error:target=input", "An autoencoder"),
    ("huber", "Numbers: quadratic near 0, linear beyond"),
    ("smooth-l1", "Numbers: the same in another scale"),
];

/// The loss, and which others there are.
pub fn loss_ui(ui: &mut Ui, state: &State, found: &Loss, commands: &mut Vec<Command>) {
    let chosen = state.wish.plane.setup.loss.as_ref();
    let words = chosen.map_or_else(|| found.to_string(), ToString::to_string);
    let combo = ComboBox::from_id_salt("loss")
        .selected_text(&words)
        .width(ui.available_width().min(220.0))
        // All of them at once.
        .height(320.0)
        .show_ui(ui, |ui| {
            let mut option = |name: &str, help: &str, choice: Option<LossChoice>| {
                let is_chosen = chosen == choice.as_ref();
                let label = ui.selectable_label(is_chosen, name).on_hover_text(help);
                if label.clicked() && !is_chosen {
                    commands.push(Command::Loss(choice));
                }
            };
            option(
                "as the targets ask",
                "Cross-entropy of classes, mean squared error of numbers; a model file's own",
                None,
            );
            for (name, help) in LOSSES {
                option(name, help, name.parse().ok());
            }
        });
    let response = combo
        .response
        .on_hover_text(format!("The loss: {}", found.describe()));
    let enabled = response.enabled();
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ComboBox, enabled, "Loss");
        info.current_text_value = Some(words.clone());
        info
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_a_loss() {
        for (name, _) in LOSSES {
            assert_eq!(name.parse::<Loss>().unwrap().to_string(), name);
        }
    }
}
