//! Where a plane has no colour: hatching for what isn't finite, dots for what isn't computed.
//!
//! A pattern is a small tile that repeats at its own size on the screen, whatever the zoom; one
//! mesh paints all cells of a kind.

use super::camera::Frame;
use super::picture::Picture;
use crate::app::theme::Palette;
use crate::plot::surface::Hole;
use eframe::egui::{
    Color32, ColorImage, Context, Mesh, Painter, Pos2, Rect, Shape, TextureHandle, TextureOptions,
};

/// Side of a tile, in points.
const TILE: f32 = 7.0;
/// Pixels along a tile: enough for a screen of double density.
const PIXELS: usize = 28;

/// The tiles of one theme.
#[derive(Default)]
pub struct Patterns {
    tiles: Option<(bool, [(Hole, TextureHandle); 3])>,
}

impl Patterns {
    fn texture(&mut self, ctx: &Context, palette: &Palette, kind: Hole) -> Option<&TextureHandle> {
        if self
            .tiles
            .as_ref()
            .is_none_or(|(dark, _)| *dark != palette.dark)
        {
            let tile = |kind| {
                let image = tile(kind, palette);
                let options = TextureOptions::LINEAR_REPEAT;
                (kind, ctx.load_texture("hole", image, options))
            };
            let kinds = [Hole::NonFinite, Hole::NotPositive, Hole::NotComputed];
            self.tiles = Some((palette.dark, kinds.map(tile)));
        }
        let (_, tiles) = self.tiles.as_ref()?;
        tiles.iter().find(|(k, _)| *k == kind).map(|(_, t)| t)
    }

    /// Paints the cells of a picture that have no colour.
    pub fn paint(
        &mut self,
        painter: &Painter,
        picture: &Picture,
        frame: &Frame,
        palette: &Palette,
    ) {
        for kind in [Hole::NonFinite, Hole::NotPositive, Hole::NotComputed] {
            let rectangles = picture.surface.rectangles(kind);
            let on_screen = rectangles.into_iter().map(|r| frame.rect_of(r));
            self.fill(painter, palette, kind, on_screen);
        }
    }

    /// Fills rectangles with the pattern of a kind.
    pub fn fill(
        &mut self,
        painter: &Painter,
        palette: &Palette,
        kind: Hole,
        rectangles: impl Iterator<Item = Rect>,
    ) {
        let mut rectangles = rectangles
            .map(|r| r.intersect(painter.clip_rect()))
            .filter(Rect::is_positive)
            .peekable();
        if rectangles.peek().is_none() {
            return;
        }
        let Some(texture) = self.texture(painter.ctx(), palette, kind) else {
            return;
        };
        let mut mesh = Mesh::with_texture(texture.id());
        for rect in rectangles {
            let place = |p: Pos2| Pos2::new(p.x / TILE, p.y / TILE);
            let uv = Rect::from_min_max(place(rect.min), place(rect.max));
            mesh.add_rect_with_uv(rect, uv, Color32::WHITE);
        }
        painter.add(Shape::mesh(mesh));
    }
}

/// One tile of a pattern.
fn tile(kind: Hole, palette: &Palette) -> ColorImage {
    let (ground, ink) = (palette.card, palette.weak);
    let pixel = |x: usize, y: usize| {
        let at = |v: usize| (v as f32 + 0.5) / PIXELS as f32;
        let (u, v) = (at(x), at(y));
        // Distance from the ink's middle, in points.
        let distance = match kind {
            Hole::NonFinite => {
                let t = (u + v).fract();
                (t - 0.5).abs() * TILE / std::f32::consts::SQRT_2
            }
            Hole::NotPositive => (v - 0.5).abs() * TILE,
            Hole::NotComputed => ((u - 0.5).hypot(v - 0.5)) * TILE - 0.3,
        };
        let share = (1.0 - distance).clamp(0.0, 1.0) * 0.8;
        ground.lerp_to_gamma(ink, share)
    };
    let pixels = (0..PIXELS * PIXELS)
        .map(|i| pixel(i % PIXELS, i / PIXELS))
        .collect();
    ColorImage::new([PIXELS, PIXELS], pixels)
}

/// What a kind of hole is called in a legend.
pub fn words(kind: Hole, count: usize) -> String {
    let points = if count == 1 { "point" } else { "points" };
    let kind = match kind {
        Hole::NonFinite => "not finite",
        Hole::NotPositive => "≤ 0, without a logarithm",
        Hole::NotComputed => "not computed",
    };
    format!("{kind}: {count} {points}")
}
