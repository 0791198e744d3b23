//! What lies over the whole window: the invitation to drop files, and nothing over a dialog.

use super::theme::{self, Palette};
use eframe::egui::{self, Context, Frame, Id, LayerId, Pos2, Tooltip};

/// In the first frame behind a dialog no tooltip is shown: one that was open would stay over the
/// dialog for as long as the pointer rests. A layer has one tooltip at a time, so an empty one takes
/// its place. `had_dialog` is how it was in the frame before.
pub fn hush(ctx: &Context, had_dialog: &mut bool) {
    let dialog = ctx.memory(|m| m.top_modal_layer().is_some());
    if dialog && !*had_dialog {
        let (layer, id) = (LayerId::background(), Id::unique("silence"));
        let mut silence = Tooltip::always_open(ctx.clone(), layer, id, Pos2::ZERO);
        silence.popup = silence.popup.frame(Frame::NONE);
        silence.show(|_| {});
    }
    *had_dialog = dialog;
}

/// Says that files held over the window may be dropped.
pub fn hovering_ui(ctx: &Context, palette: &Palette) {
    if ctx.input(|i| i.raw.hovered_files.is_empty()) {
        return;
    }
    let layer = LayerId::new(egui::Order::Foreground, Id::unique("drop"));
    let painter = ctx.layer_painter(layer);
    let rect = ctx.content_rect();
    painter.rect_filled(rect, 0.0, palette.panel.gamma_multiply(0.85));
    let frame = egui::Stroke::new(3.0, palette.accent);
    painter.rect_stroke(rect.shrink(12.0), 10.0, frame, egui::StrokeKind::Inside);
    painter.text(
        rect.center(),
        egui::Align2::CENTER_CENTER,
        "Drop to open",
        theme::readout(),
        palette.text,
    );
}
