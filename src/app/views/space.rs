//! Surfaces in space on the screen: what the 3-D view and the comparison share.
//!
//! Each [`Space`] keeps one picture, drawn by `render` into a texture and drawn again only where
//! its surface, its colours, its camera or its size changed. Labels are painted over it.

use super::plane::Coloring;
use crate::app::blit::Sheet;
use crate::app::state::Look;
use crate::app::theme::Palette;
use crate::engine::live::LiveSurface;
use crate::plot::camera::Camera;
use crate::plot::number::format_value;
use crate::plot::refine;
use crate::plot::scale::Scale;
use crate::render::renderer::SurfaceRenderer;
use crate::render::scene::{self, SurfaceScene};
use eframe::egui::emath::GuiRounding as _;
use eframe::egui::{self, Align2, Color32, FontId, Key, Pos2, Rect, Response, Stroke, Ui, Vec2};
use eframe::egui_wgpu::RenderState;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// One surface in space.
#[derive(Default)]
pub struct Space {
    renderer: Option<SurfaceRenderer>,
    scene: Option<SurfaceScene>,
    drawn: Option<(u64, Camera, [u32; 2])>,
    sheet: Option<Sheet>,
}

/// The picture of `shown` in the given colours, as a scene.
pub fn scene_of(
    shown: &LiveSurface,
    coloring: &Coloring,
    look: &Look,
    palette: &Palette,
) -> Option<SurfaceScene> {
    let surface = shown.surface()?;
    let range = coloring.range?;
    let values = coloring.metric.shown(&surface.table).ok()?;
    let filled = refine::fill(
        surface.x.len(),
        surface.y.len(),
        &values
            .iter()
            .map(|v| coloring.scale.forward(*v))
            .collect::<Vec<_>>(),
        &surface.table.computed,
    );
    let values: Vec<f64> = filled
        .values
        .iter()
        .map(|t| coloring.scale.inverse(*t))
        .collect();
    let [r, g, b, a] = palette.panel.to_normalized_gamma_f32();
    let scene_look = scene::Look {
        scale: coloring.scale,
        // One value alone is a flat surface in the middle of the scale.
        range: if range.0 < range.1 {
            range
        } else {
            (range.0 - 1.0, range.0 + 1.0)
        },
        colormap: coloring.colormap,
        levels: if look.lines_on_surface {
            coloring.level_values()
        } else {
            Vec::new()
        },
        exaggeration: look.exaggeration,
        background: [r, g, b, a],
        dark: palette.dark,
    };
    let key = key_of(shown, coloring, look, palette);
    Some(SurfaceScene::new(
        key,
        &surface.x,
        &surface.y,
        &values,
        &scene_look,
    ))
}

/// Names a scene by what it is made of.
fn key_of(shown: &LiveSurface, coloring: &Coloring, look: &Look, palette: &Palette) -> u64 {
    let mut hasher = DefaultHasher::new();
    shown.version.hash(&mut hasher);
    std::mem::discriminant(&coloring.metric).hash(&mut hasher);
    (coloring.scale, coloring.colormap, coloring.levels).hash(&mut hasher);
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
            self.scene = scene_of(shown, coloring, look, palette);
        }
        let Some(scene) = &self.scene else {
            return;
        };
        let pixel = ui.ctx().pixels_per_point();
        // A pixel of the picture is one of the screen.
        let rect = rect.round_to_pixels(pixel);
        let size = [rect.width(), rect.height()].map(|s| (s * pixel).round().max(1.0) as u32);
        let wanted = (key, *camera, size);
        if self.drawn != Some(wanted) {
            let renderer = self
                .renderer
                .get_or_insert_with(|| SurfaceRenderer::new(&gpu.device));
            let resized = self.drawn.is_none_or(|(_, _, old)| old != size);
            let view = renderer.render(&gpu.device, &gpu.queue, scene, camera, size, pixel);
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

/// Paints the names and numbers of the axes, and the marked points with their names.
pub fn labels(
    ui: &Ui,
    rect: Rect,
    shown: &LiveSurface,
    coloring: &Coloring,
    look: &Look,
    camera: &Camera,
    palette: &Palette,
) {
    let Some(surface) = shown.surface() else {
        return;
    };
    let painter = ui.painter().with_clip_rect(rect);
    let place = |point: [f32; 3]| {
        let (x, y, depth) = camera.project(point, (rect.width(), rect.height()))?;
        Some((rect.min + Vec2::new(x, y), depth))
    };
    let floor = -look.exaggeration;
    let [wide, deep] = scene::reach(&surface.x, &surface.y);
    let font = FontId::proportional(11.0);
    let Some((middle, _)) = place([0.0, 0.0, floor]) else {
        return;
    };
    // The edge of the floor nearer to the eye carries the numbers.
    let nearer = |a: [f32; 3], b: [f32; 3]| {
        let depth = |p| place(p).map_or(f32::MAX, |(_, d)| d);
        if depth(a) <= depth(b) { a } else { b }
    };
    let y_front = nearer([0.0, -deep, floor], [0.0, deep, floor])[1];
    let x_front = nearer([-wide, 0.0, floor], [wide, 0.0, floor])[0];
    let outwards = |at: Pos2, by: f32| at + (at - middle).normalized() * by;
    let axis = |i: usize| {
        let axes = &shown.outcome.recipe.axes;
        axes.get(i).map_or("", |a| a.label.as_str())
    };
    let write = |point: [f32; 3], by: f32, text: &str, color: Color32| {
        if let Some((at, _)) = place(point) {
            painter.text(
                outwards(at, by),
                Align2::CENTER_CENTER,
                text,
                font.clone(),
                color,
            );
        }
    };
    for (coordinates, i) in [(&surface.x, 0), (&surface.y, 1)] {
        let (Some(first), Some(last)) = (coordinates.first(), coordinates.last()) else {
            continue;
        };
        for (t, value) in [(-1.0, *first), (1.0, *last)] {
            let at = if i == 0 {
                [0.86 * wide * t, y_front, floor]
            } else {
                [x_front, 0.86 * deep * t, floor]
            };
            write(at, 12.0, &format_value(value), palette.weak);
        }
        let at = if i == 0 {
            [0.0, y_front, floor]
        } else {
            [x_front, 0.0, floor]
        };
        write(at, 24.0, axis(i), palette.text);
    }
    if let Some(words) = scene::aspect(&surface.x, &surface.y).words() {
        let corner = rect.left_bottom() + Vec2::new(4.0, -4.0);
        painter.text(
            corner,
            Align2::LEFT_BOTTOM,
            words,
            font.clone(),
            palette.weak,
        );
    }
    // Marks at one place share a pin: θ(α) stands on a minimizer at α = 0 and 1.
    let mut pins: Vec<(&[f64], String)> = Vec::new();
    for mark in &shown.outcome.recipe.marks {
        if mark.outside > 0.5 {
            continue;
        }
        match pins.iter_mut().find(|(at, _)| *at == mark.coordinate) {
            Some((_, words)) => words.push_str(&format!(", {}", mark.label)),
            None => pins.push((&mark.coordinate, mark.label.clone())),
        }
    }
    for (coordinate, words) in pins {
        let pin = above(surface, coloring, look, coordinate).and_then(place);
        if let Some((at, _)) = pin {
            let top = at - Vec2::new(0.0, 26.0);
            painter.line_segment([at, top], Stroke::new(1.0, palette.text));
            painter.circle(at, 3.5, palette.text, Stroke::new(1.0, palette.panel));
            let text = painter.layout_no_wrap(words, font.clone(), palette.text);
            let corner = top - Vec2::new(0.5 * text.size().x, text.size().y + 2.0);
            let ground = Rect::from_min_size(corner, text.size()).expand2(Vec2::new(4.0, 1.0));
            painter.rect_filled(ground, 4.0, palette.panel.gamma_multiply(0.8));
            painter.galley(corner, text, palette.text);
        }
    }
}

/// Where a coordinate of the plane lies on the surface, in world space; `None` outside.
fn above(
    surface: &crate::landscape::surface::Surface,
    coloring: &Coloring,
    look: &Look,
    coordinate: &[f64],
) -> Option<[f32; 3]> {
    let &[x, y] = coordinate else { return None };
    let share = |c: &[f64], v: f64| -> Option<f64> {
        let (first, last) = (*c.first()?, *c.last()?);
        let t = (v - first) / (last - first);
        (0.0..=1.0).contains(&t).then_some(t)
    };
    let (u, v) = (share(&surface.x, x)?, share(&surface.y, y)?);
    let column = (u * (surface.x.len() - 1) as f64).round() as usize;
    let row = (v * (surface.y.len() - 1) as f64).round() as usize;
    let values = coloring.metric.shown(&surface.table).ok()?;
    let value = *values.get(row * surface.x.len() + column)?;
    let (lo, hi) = coloring.range?;
    let place = |v| Scale::forward(coloring.scale, v);
    let t = ((place(value) - place(lo)) / (place(hi) - place(lo))).clamp(0.0, 1.0);
    t.is_finite().then(|| {
        let height = 2.0 * look.exaggeration * (t as f32 - 0.5);
        let [wide, deep] = scene::reach(&surface.x, &surface.y);
        let at = |share: f64, reach: f32| reach * (2.0 * share - 1.0) as f32;
        [at(u, wide), at(v, deep), height]
    })
}
