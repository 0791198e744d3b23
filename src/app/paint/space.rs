//! Surfaces in space on the screen: what the 3-D view and the comparison share.
//!
//! Each [`Space`] keeps one picture, drawn by `render` into a texture and drawn again only where
//! its surface, its colours, its camera or its size changed. Labels are painted over it.

use super::plane::Coloring;
use crate::app::paint::sheet::Sheet;
use crate::app::state::Look;
use crate::app::theme::Palette;
use crate::engine::live::LiveSurface;
use crate::export::space::Seen;
use crate::plot::camera::Camera;
use crate::plot::space_axes::{self, Letters};
use crate::render::renderer::{Canvas, SurfaceRenderer};
use crate::render::scene::SurfaceScene;
use eframe::egui::emath::GuiRounding as _;
use eframe::egui::{self, Align2, Color32, FontId, Key, Rect, Response, Stroke, Ui, Vec2};
use eframe::egui_wgpu::RenderState;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// One surface in space.
#[derive(Default)]
pub struct Space {
    renderer: Option<SurfaceRenderer>,
    scene: Option<SurfaceScene>,
    drawn: Option<(u64, Camera, Canvas)>,
    sheet: Option<Sheet>,
}

/// What is seen of `shown` in the given colours; `None` where it has no value.
pub fn seen<'a>(shown: &'a LiveSurface, coloring: &Coloring, look: &Look) -> Option<Seen<'a>> {
    Some(Seen {
        outcome: &shown.outcome,
        metric: coloring.metric,
        scale: coloring.scale,
        range: coloring.range?,
        colormap: coloring.colormap,
        levels: if look.lines_on_surface {
            coloring.level_values()
        } else {
            Vec::new()
        },
        height: look.exaggeration,
    })
}

/// Names a scene by what it is made of.
fn key_of(shown: &LiveSurface, coloring: &Coloring, look: &Look, palette: &Palette) -> u64 {
    let mut hasher = DefaultHasher::new();
    shown.version.hash(&mut hasher);
    std::mem::discriminant(&coloring.metric).hash(&mut hasher);
    (coloring.scale, coloring.colormap).hash(&mut hasher);
    for level in coloring.level_values() {
        level.to_bits().hash(&mut hasher);
    }
    coloring
        .range
        .map(|(lo, hi)| (lo.to_bits(), hi.to_bits()))
        .hash(&mut hasher);
    (
        look.exaggeration.to_bits(),
        look.lines_on_surface,
        palette.dark,
    )
        .hash(&mut hasher);
    hasher.finish()
}

impl Space {
    /// Paints the surface into `rect`.
    #[expect(clippy::too_many_arguments, reason = "what a picture depends on")]
    pub fn show(
        &mut self,
        ui: &Ui,
        rect: Rect,
        gpu: &RenderState,
        shown: &LiveSurface,
        coloring: &Coloring,
        look: &Look,
        camera: &Camera,
        palette: &Palette,
    ) {
        let key = key_of(shown, coloring, look, palette);
        if self.scene.as_ref().is_none_or(|s| s.key != key) {
            let ground = palette.panel.to_normalized_gamma_f32();
            let seen = seen(shown, coloring, look);
            self.scene = seen.and_then(|seen| seen.scene(key, ground, palette.dark));
        }
        let Some(scene) = &self.scene else {
            return;
        };
        let pixel = ui.ctx().pixels_per_point();
        // A pixel of the picture is one of the screen.
        let rect = rect.round_to_pixels(pixel);
        let size = [rect.width(), rect.height()].map(|s| (s * pixel).round().max(1.0) as u32);
        // Where other edges are left as they are for the sake of speed, so are these.
        let canvas = Canvas {
            size,
            pixel,
            smooth: ui.ctx().tessellation_options(|o| o.feathering),
        };
        let wanted = (key, *camera, canvas);
        if self.drawn != Some(wanted) {
            let renderer = self
                .renderer
                .get_or_insert_with(|| SurfaceRenderer::new(&gpu.device));
            let resized = self.drawn.is_none_or(|(_, _, old)| old.size != size);
            let view = renderer.render(&gpu.device, &gpu.queue, scene, camera, canvas);
            if resized {
                self.sheet = Some(Sheet::of_view(view.clone()));
            }
            self.drawn = Some(wanted);
        }
        if let Some(sheet) = &self.sheet {
            sheet.paint(ui.painter(), rect, rect);
        }
    }
}

/// Orbits by dragging, pans with the right button or Shift, comes nearer by wheel or pinch; arrow
/// keys, + and − do the same where the view has the focus. Double click goes back.
pub fn navigate(ui: &Ui, response: &Response, camera: &mut Camera) {
    let size = response.rect.size().max(Vec2::splat(1.0));
    let drag = response.drag_delta();
    let shift = ui.input(|i| i.modifiers.shift);
    if drag != Vec2::ZERO {
        let pans = shift
            || response.dragged_by(egui::PointerButton::Secondary)
            || response.dragged_by(egui::PointerButton::Middle);
        if pans {
            camera.pan(-drag.x / size.y, drag.y / size.y);
        } else {
            camera.orbit(-4.0 * drag.x / size.x, 3.0 * drag.y / size.y);
        }
    }
    if response.contains_pointer() {
        let (scroll, pinch) = ui.input(|i| (i.smooth_scroll_delta().y, i.zoom_delta()));
        camera.zoom((scroll * 0.004).exp() * pinch);
    }
    if response.has_focus() {
        let step = 0.08;
        ui.input(|i| {
            for (key, yaw, pitch) in [
                (Key::ArrowLeft, -step, 0.0),
                (Key::ArrowRight, step, 0.0),
                (Key::ArrowUp, 0.0, step),
                (Key::ArrowDown, 0.0, -step),
            ] {
                if i.key_pressed(key) {
                    camera.orbit(yaw, pitch);
                }
            }
            if i.key_pressed(Key::Plus) || i.key_pressed(Key::Equals) {
                camera.zoom(1.1);
            }
            if i.key_pressed(Key::Minus) {
                camera.zoom(1.0 / 1.1);
            }
            if i.key_pressed(Key::Home) {
                *camera = Camera::default();
            }
        });
    }
    if response.double_clicked() {
        *camera = Camera::default();
    }
}

/// Font sizes of the axes.
const LETTERS: Letters = Letters {
    number: 11.0,
    name: 12.0,
};
/// From a pin's point to its name.
const PIN: f32 = 26.0;

/// Paints the names and numbers of the axes; with `pins` also the marked points and their names.
pub fn labels(
    ui: &Ui,
    rect: Rect,
    seen: &Seen<'_>,
    camera: &Camera,
    pins: bool,
    palette: &Palette,
) {
    let Some(axes) = seen.axes() else { return };
    let painter = ui.painter().with_clip_rect(rect);
    let at = |(x, y): (f32, f32)| rect.min + Vec2::new(x, y);
    let size = (rect.width(), rect.height());
    let placed = space_axes::lay_out(&axes, camera, size, LETTERS);
    for tick in placed.ticks {
        painter.line_segment(tick.map(at), Stroke::new(1.0, palette.weak));
    }
    for word in placed.words {
        let (size, color) = if word.is_name {
            (LETTERS.name, palette.text)
        } else {
            (LETTERS.number, palette.weak)
        };
        let font = FontId::proportional(size);
        painter.text(
            at(word.middle),
            Align2::CENTER_CENTER,
            word.text,
            font,
            color,
        );
    }
    if let Some(words) = seen.proportions() {
        let corner = rect.left_bottom() + Vec2::new(4.0, -4.0);
        let font = FontId::proportional(LETTERS.number);
        painter.text(corner, Align2::LEFT_BOTTOM, words, font, palette.weak);
    }
    for pin in seen.pins().into_iter().filter(|_| pins) {
        let Some((x, y, _)) = camera.project(pin.at, size) else {
            continue;
        };
        let foot = at((x, y));
        let top = foot - Vec2::new(0.0, PIN);
        painter.line_segment([foot, top], Stroke::new(1.0, palette.text));
        painter.circle(foot, 3.5, palette.text, Stroke::new(1.0, palette.panel));
        let font = FontId::proportional(LETTERS.number);
        let text = painter.layout_no_wrap(pin.words, font, palette.text);
        let corner = top - Vec2::new(0.5 * text.size().x, text.size().y + 2.0);
        let ground = Rect::from_min_size(corner, text.size()).expand2(Vec2::new(4.0, 1.0));
        painter.rect_filled(ground, 4.0, palette.panel.gamma_multiply(0.8));
        painter.galley(corner, text, palette.text);
    }
}

/// The point of the plane under the pointer, where it is over the surface.
pub fn pointed(response: &Response, seen: &Seen<'_>, camera: &Camera) -> Option<(f64, f64)> {
    let pointer = response.hover_pos().filter(|_| !response.dragged())?;
    let at = pointer - response.rect.min;
    let size = (response.rect.width(), response.rect.height());
    seen.nearest(camera, size, (at.x, at.y))
}

/// Marks a point of the plane that is pointed at elsewhere.
pub fn mark(ui: &Ui, rect: Rect, seen: &Seen<'_>, camera: &Camera, at: (f64, f64), color: Color32) {
    let Some(place) = seen.above(&[at.0, at.1]) else {
        return;
    };
    let size = (rect.width(), rect.height());
    let Some((x, y, _)) = camera.project(place, size) else {
        return;
    };
    let painter = ui.painter().with_clip_rect(rect);
    let foot = rect.min + Vec2::new(x, y);
    painter.circle(foot, 5.0, color, Stroke::new(1.5, Color32::WHITE));
}
