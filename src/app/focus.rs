//! Where the keyboard is: what has the focus is scrolled into view and has a ring around it.
//!
//! The ring is there only while the keyboard is used: a pointer says itself where it is.

use super::theme::Palette;
use eframe::egui::{Context, Event, Id, Key, Stroke, StrokeKind, Ui};

/// Keys that move the focus, or what has it.
const MOVING: [Key; 5] = [
    Key::Tab,
    Key::ArrowUp,
    Key::ArrowDown,
    Key::ArrowLeft,
    Key::ArrowRight,
];

fn by_keyboard() -> Id {
    Id::unique("focus by keyboard")
}

/// Notes at the beginning of a frame whether a person goes by keyboard or by pointer.
pub fn note(ctx: &Context) {
    let used = ctx.input(|i| {
        let mut used = i.events.iter().filter_map(|event| match event {
            Event::Key { key, pressed, .. } if *pressed && MOVING.contains(key) => Some(true),
            Event::PointerButton { pressed: true, .. } => Some(false),
            _ => None,
        });
        used.next_back()
    });
    if let Some(keyboard) = used {
        ctx.data_mut(|d| d.insert_temp(by_keyboard(), keyboard));
    }
}

fn is_by_keyboard(ctx: &Context) -> bool {
    ctx.data(|d| d.get_temp(by_keyboard())).unwrap_or(false)
}

/// At the end of what a scroll area holds: scrolls to what has just got the focus in it.
pub fn reveal(ui: &Ui) {
    let id = ui.scope_id().with("revealed");
    let focused = ui.memory(eframe::egui::Memory::focused);
    let before: Option<Id> = ui.data(|d| d.get_temp(id)).unwrap_or_default();
    if focused == before || !is_by_keyboard(ui.ctx()) {
        return;
    }
    ui.data_mut(|d| d.insert_temp(id, focused));
    let Some(response) = focused.and_then(|focused| ui.ctx().read_response(focused)) else {
        return;
    };
    let inside = response.layer_id == ui.layer_id()
        && ui.min_rect().expand(1.0).contains_rect(response.rect);
    let rect = response.rect.expand(6.0);
    if inside && !ui.clip_rect().contains_rect(rect) {
        ui.scroll_to_rect(rect, None);
    }
}

/// At the end of a frame: a ring around what has the focus.
pub fn ring(ctx: &Context, palette: &Palette) {
    if !is_by_keyboard(ctx) {
        return;
    }
    let focused = ctx.memory(eframe::egui::Memory::focused);
    let Some(response) = focused.and_then(|focused| ctx.read_response(focused)) else {
        return;
    };
    // What is scrolled away has no place on the screen.
    let seen = response.interact_rect;
    if !seen.is_positive() {
        return;
    }
    let painter = ctx
        .layer_painter(response.layer_id)
        .with_clip_rect(seen.expand(4.0));
    let stroke = Stroke::new(2.0, palette.accent);
    painter.rect_stroke(response.rect.expand(1.0), 6.0, stroke, StrokeKind::Outside);
}
