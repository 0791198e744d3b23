//! What plots of curves share: a handle that the pointer moves, names, a readout at the pointer.

use eframe::egui::{self, Align2, FontId, Key, PointerButton, Response, Ui, Vec2};

/// Whether the pointer is moving a vertical line.
#[derive(Default)]
pub struct Handle {
    dragging: bool,
}

impl Handle {
    /// Where the pointer has moved the line to: by a click, or by dragging with the left button.
    pub fn moved(&mut self, response: &Response, pointer: Option<f64>) -> Option<f64> {
        let drags = response.dragged_by(PointerButton::Primary);
        self.dragging = drags;
        if drags || response.clicked() {
            response.request_focus();
            return pointer;
        }
        None
    }

    /// Whether it is being dragged.
    pub fn dragging(&self) -> bool {
        self.dragging
    }
}

/// A name and a value for a screen reader.
pub fn named(response: &Response, name: &str, value: &str) {
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::Image, true, name);
        info.current_text_value = Some(value.to_owned());
        info
    });
}

/// Steps of the arrow keys, which then move nothing else.
pub fn arrow(ui: &Ui, step: f64) -> f64 {
    ui.input_mut(|i| {
        let mut moved = 0.0;
        let none = egui::Modifiers::NONE;
        if i.consume_key(none, Key::ArrowLeft) {
            moved -= step;
        }
        if i.consume_key(none, Key::ArrowRight) {
            moved += step;
        }
        moved
    })
}

/// Words beside the pointer, on a ground of their own.
pub fn beside_pointer(ui: &Ui, words: &str) {
    let Some(pointer) = ui.ctx().pointer_hover_pos() else {
        return;
    };
    let visuals = ui.visuals();
    let painter = ui.painter();
    let font = FontId::proportional(11.5);
    let text = painter.layout_no_wrap(words.to_owned(), font, visuals.text_color());
    let room = ui.clip_rect();
    let size = text.size() + Vec2::new(12.0, 8.0);
    let mut at = pointer + Vec2::new(14.0, 10.0);
    if at.x + size.x > room.right() {
        at.x = pointer.x - 14.0 - size.x;
    }
    at.y = at.y.min(room.bottom() - size.y);
    let rect = Align2::LEFT_TOP.anchor_size(at, size);
    painter.rect(
        rect,
        5.0,
        visuals.window_fill.gamma_multiply(0.95),
        visuals.window_stroke,
        egui::StrokeKind::Inside,
    );
    painter.galley(rect.min + Vec2::new(6.0, 4.0), text, visuals.text_color());
}
