//! The choice of what is compared.

use super::places::{names, small};
use crate::app::paint::panel::HERE;
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::engine::live::Compared;
use eframe::egui::{self, RichText, Ui};

const HELP: &str = "Which points stand side by side, on one scale of colours";

/// Draws the choice, where there is more than the line to choose from.
pub fn which_ui(ui: &mut Ui, state: &mut State, palette: &Palette) {
    let all = state.wish.comparable();
    let none_left_out = state.wish.compared().len() == all.len();
    if all.is_empty() || (state.wish.others.is_empty() && none_left_out) {
        return;
    }
    let words = format!("{} of {}", state.wish.compared().len(), all.len());
    let names = names(state);
    let combo = egui::ComboBox::from_id_salt("compared")
        .selected_text(words.as_str())
        .width(64.0)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .show_ui(ui, |ui| {
            for one in all {
                let (name, color) = match &one {
                    Compared::Small => (small(state).to_owned(), palette.small),
                    Compared::Here => (HERE.to_owned(), palette.here),
                    Compared::Large => ("Large batch".to_owned(), palette.large),
                    Compared::Other(path) => {
                        let index = state.wish.others.iter().position(|p| p == path);
                        let name = index.and_then(|i| names.get(i).cloned());
                        (name.unwrap_or_default(), palette.other)
                    }
                };
                let mut shown = !state.wish.left_out.contains(&one);
                let text = RichText::new(name).color(color);
                if ui.checkbox(&mut shown, text).changed() {
                    state.wish.left_out.retain(|left| *left != one);
                    if !shown {
                        state.wish.left_out.push(one);
                    }
                }
            }
        });
    let enabled = combo.response.enabled();
    let response = combo.response.on_hover_text(HELP);
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ComboBox, enabled, "Compared");
        info.current_text_value = Some(words.clone());
        info
    });
}
