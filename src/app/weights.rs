//! Which of the sets of tensors in a checkpoint is its weights: the choice on a card.
//!
//! One key holds for all checkpoints, as on the command line; what it leads to in each, the reader says.

use super::card::Card;
use super::command::Command;
use super::refused::Refused;
use super::words::of_option;
use crate::checkpoint::Set;
use eframe::egui::{self, ComboBox, Ui};

/// What is chosen where nothing is said.
const USUAL: &str = "Found by usual names";

/// The choice between sets of tensors, where there is one.
pub struct Choice<'a> {
    /// The card it stands on, where what it shows has failed to open.
    pub failed: Option<Card>,
    /// Whose weights, which tells it from the same choice elsewhere.
    pub of: &'a str,
    /// What there is.
    pub sets: &'a [Set],
    /// The key that was given.
    pub key: Option<&'a str>,
    /// Where the weights were found; empty where they weren't, or at the top.
    pub at: &'a str,
}

impl<'a> Choice<'a> {
    /// The choice between the sets of tensors of an open that failed.
    pub fn of(refused: &'a Refused) -> Self {
        let setup = refused.wish.as_ref().map(|wish| &wish.plane.setup);
        Self {
            failed: Some(refused.card),
            of: "what failed",
            sets: &refused.sets,
            key: setup.and_then(|setup| setup.key.as_deref()),
            at: "",
        }
    }

    /// Draws it; nothing where there is nothing to choose between.
    pub fn ui(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        // Where nothing lies at the key, looking by usual names is a way out.
        let lost = self.key.is_some() && matches!(self.failed, Some(Card::Checkpoint(_)));
        if self.sets.is_empty() && !lost {
            return;
        }
        let help = of_option("key");
        let shown = match (self.key, self.at) {
            (Some(key), _) => key,
            (None, "") => USUAL,
            (None, at) => at,
        };
        let mut chosen: Option<Option<String>> = None;
        ui.horizontal(|ui| {
            ui.label("Weights").on_hover_text(help);
            let combo = ComboBox::from_id_salt(("weights", self.of))
                .selected_text(shown)
                .width(ui.available_width().min(190.0))
                .truncate();
            let combo = combo.show_ui(ui, |ui| {
                if ui.selectable_label(self.key.is_none(), USUAL).clicked() {
                    chosen = Some(None);
                }
                for set in self.sets {
                    let is = self.key == Some(set.at.as_str());
                    let words = format!("{} ({} tensors)", set.at, set.tensors);
                    if ui.selectable_label(is, words).clicked() {
                        chosen = Some(Some(set.at.clone()));
                    }
                }
            });
            let response = combo.response.on_hover_text(help);
            let name = format!("Weights of {}", self.of.to_lowercase());
            response.widget_info(|| {
                let mut info = egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name);
                info.current_text_value = Some(shown.to_owned());
                info
            });
        });
        if let Some(key) = chosen.filter(|key| key.as_deref() != self.key) {
            commands.push(Command::ReadAt(self.failed, key));
        }
    }
}
