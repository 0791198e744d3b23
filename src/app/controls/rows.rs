//! One row of a control: its name, what it means, and the value that counts once it is let go.

use eframe::egui::{self, DragValue, Response, Ui};

/// A name on the left, a control on the right, both with the same explanation.
pub fn row<R>(ui: &mut Ui, name: &str, help: &str, control: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let width = 92.0;
        let (rect, response) =
            ui.allocate_exact_size(egui::vec2(width, 22.0), egui::Sense::hover());
        response.on_hover_text(help);
        let color = ui.visuals().text_color();
        ui.painter().text(
            rect.left_center(),
            egui::Align2::LEFT_CENTER,
            name,
            egui::FontId::proportional(13.0),
            color,
        );
        control(ui)
    })
    .inner
}

/// A name and a value for a screen reader.
pub fn named(response: &Response, role: egui::Role, name: &str, value: &str) {
    let enabled = response.enabled();
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(role, enabled, name);
        info.current_text_value = Some(value.to_owned());
        info
    });
}

/// A choice among a few.
pub fn choice<T: PartialEq + Copy>(
    ui: &mut Ui,
    name: &str,
    help: &str,
    value: &mut T,
    options: &[(T, &str, &str)],
) {
    row(ui, name, help, |ui| {
        let chosen = options.iter().find(|(v, ..)| v == value);
        let words = chosen.map_or("", |(_, words, _)| *words);
        let combo = egui::ComboBox::from_id_salt(name)
            .selected_text(words)
            .width(ui.available_width().min(190.0))
            .show_ui(ui, |ui| {
                for (option, words, why) in options {
                    ui.selectable_value(value, *option, *words)
                        .on_hover_text(*why);
                }
            });
        named(&combo.response, egui::Role::ComboBox, name, words);
        combo.response.on_hover_text(help);
    });
}

/// A number that counts when it is let go, or typed and confirmed.
pub fn number<T: egui::emath::Numeric>(
    ui: &mut Ui,
    name: &str,
    value: T,
    range: std::ops::RangeInclusive<T>,
    speed: f64,
) -> Option<T> {
    let id = ui.scope_id().with(("draft", name));
    let mut draft = ui.data(|d| d.get_temp::<f64>(id)).unwrap_or(value.to_f64());
    let (low, high) = (range.start().to_f64(), range.end().to_f64());
    let mut field = DragValue::new(&mut draft).range(low..=high).speed(speed);
    if T::INTEGRAL {
        field = field.fixed_decimals(0);
    } else {
        field = field.max_decimals(4);
    }
    // Room for any usual number, so that what stands beside it doesn't move.
    let size = egui::vec2(64.0, ui.spacing().interact_size.y);
    let response = ui.add(field.min_size(size));
    named(&response, egui::Role::SpinButton, name, &draft.to_string());
    let still = response.dragged() || response.has_focus();
    if still {
        ui.data_mut(|d| d.insert_temp(id, draft));
        return None;
    }
    ui.data_mut(|d| d.remove_temp::<f64>(id));
    let changed = T::from_f64(draft);
    (changed.to_f64() != value.to_f64()).then_some(changed)
}
