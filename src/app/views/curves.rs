//! What plots of curves share: a handle that the pointer moves, names, a readout at the pointer.

use crate::engine::live::Quantity;
use crate::plot::number::format_value;
use crate::plot::scale::{Scale, ticks};
use eframe::egui::{
    self, Align2, Color32, FontId, Key, PointerButton, Response, RichText, Sense, Stroke, Ui, Vec2,
};
use egui_plot::GridMark;

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

/// Marks of an axis at round values; on a logarithmic one positions are powers of ten, and those
/// between have no number.
pub fn marks(scale: Scale, (low, high): (f64, f64)) -> Vec<GridMark> {
    let found = ticks(scale, scale.inverse(low), scale.inverse(high), 5);
    let step = (high - low) / 5.0;
    let mark = |tick: crate::plot::scale::Tick| GridMark {
        value: scale.forward(tick.value),
        // What has no number is drawn fainter, which is what a smaller step means here.
        step_size: if tick.label.is_empty() {
            0.12 * step
        } else {
            step
        },
    };
    found.into_iter().map(mark).collect()
}

/// An entry of a legend: a stroke and its name.
pub fn key(ui: &mut Ui, name: &str, color: Color32, dashed: bool) {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(16.0, 10.0), Sense::hover());
    let stroke = Stroke::new(2.0, color);
    let ends = [rect.left_center(), rect.right_center()];
    if dashed {
        ui.painter()
            .extend(egui::Shape::dashed_line(&ends, stroke, 4.0, 3.0));
    } else {
        ui.painter().line_segment(ends, stroke);
    }
    ui.spacing_mut().item_spacing.x = 5.0;
    ui.label(RichText::new(name).small().color(color));
    ui.spacing_mut().item_spacing.x = 8.0;
}

/// A tick of a logarithmic axis: whole powers of ten alone have numbers.
pub fn power(mark: GridMark) -> String {
    let nearest = mark.value.round();
    if (mark.value - nearest).abs() > 1e-6 {
        return String::new();
    }
    if (-3.0..=4.0).contains(&nearest) {
        format_value(10_f64.powf(nearest))
    } else {
        format!("1e{}", nearest as i32).replace('-', "−")
    }
}

/// Whether a quantity is being measured.
pub fn wanted_ui(ui: &mut Ui, cx: &mut super::Context<'_>, quantity: Quantity) {
    let wanted = &mut cx.state.wish.measures;
    let mut on = wanted.contains(&quantity);
    let help = "Measured while this is checked: some seconds on a small network, minutes on a large one. Take the check away to stop; what is known stays";
    if ui
        .checkbox(&mut on, "Measure")
        .on_hover_text(help)
        .changed()
    {
        wanted.retain(|q| *q != quantity);
        if on {
            wanted.push(quantity);
        }
    }
}
